//! The report of a campaign on one page: well-formed, without a network, safe with what players write, equal for equal campaigns,
//! and of the same numbers as the tally.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{CampaignFact, Fact, Manner, PlayerKind, Rank, Scenario, ScenarioAppExt, Stance};
use bevy_alliance::base::state::state_hash;
use bevy_alliance::edge::report::{AfterAction, CampaignTally, History, ReportPlugin};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::world::village::EconomySettings;
use common::*;

const IMPERIAN: &str = "imperian";
const EVIL: &str = "<script>alert(1)</script>\"'& <b";

/// An app with a report and its history.
fn reported(scenario: &Scenario, setup: impl FnOnce(&mut App)) -> TestApp {
    let with_report = |app: &mut App| {
        app.add_plugins(ReportPlugin { host: Update.intern() });
    };
    let mut app = TestApp::unstarted_with(
        |app| {
            app.init_resource::<History>();
            setup(app);
        },
        with_report,
    );
    app.app.start_campaign(scenario).unwrap();
    app
}

/// Five days of a small world in which whoever can be is called by the worst of names.
fn campaign() -> TestApp {
    let mut scenario = small_world(7, 600);
    for (i, player) in scenario.players.iter_mut().enumerate() {
        if i % 2 == 0 {
            player.name = format!("{EVIL}{i}");
        }
    }
    for site in scenario.sites.iter_mut().step_by(3) {
        site.name = EVIL.to_owned();
    }
    scenario.alliances[0].name = EVIL.to_owned();
    let mut app = reported(&scenario, |_| {});
    app.run(GameSpan::days(5));
    app
}

fn html(app: &mut TestApp) -> String {
    AfterAction::of(app.app.world_mut()).html()
}

/// Tags that have no end.
const VOID: [&str; 4] = ["meta", "br", "hr", "img"];

/// What is wrong with a page: tags that do not match, attributes without quotes, signs that should be escaped. It reads what this
/// crate writes, not any HTML.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = page.strip_prefix("<!doctype html>").unwrap_or_else(|| {
        faults.push("no doctype".to_owned());
        page
    });
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        if text.contains('>') {
            faults.push(format!("a bare > in {text:?}"));
        }
        rest = &rest[start + 1..];
        let Some(end) = rest.find('>') else {
            faults.push("a tag without an end".to_owned());
            break;
        };
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last.as_deref() != Some(name) {
                faults.push(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
        if name.is_empty() {
            faults.push(format!("<{tag}> is no tag"));
        }
        let closed = tag.ends_with('/');
        faults.extend(attribute_faults(tag[name.len()..].trim_end_matches('/')));
        if name == "style" || name == "script" {
            // What is in them is no markup.
            let close = format!("</{name}>");
            let to = rest.find(&close).unwrap();
            rest = &rest[to + close.len()..];
        } else if !closed && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    if !open.is_empty() {
        faults.push(format!("left open: {open:?}"));
    }
    faults
}

fn attribute_faults(attributes: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-:".contains(*c)).collect();
        if name.is_empty() {
            faults.push(format!("no attribute: {rest:?}"));
            break;
        }
        rest = &rest[name.len()..];
        if let Some(value) = rest.strip_prefix("=\"") {
            let Some(end) = value.find('"') else {
                faults.push(format!("{name} has no end"));
                break;
            };
            rest = &value[end + 1..];
        } else if rest.starts_with('=') {
            faults.push(format!("{name} has no quotes"));
            break;
        }
        rest = rest.trim_start();
    }
    faults
}

#[test]
fn the_checker_finds_what_is_wrong() {
    assert!(faults("<!doctype html><p class=\"a\">x<br>y<i a=\"1\"/></p>").is_empty());
    for page in [
        "<!doctype html><p>",
        "<!doctype html><p></b></p>",
        "<!doctype html><p a=1></p>",
        "<!doctype html>a > b<p></p>",
    ] {
        assert!(!faults(page).is_empty(), "{page}");
    }
    assert!(!faults(&format!("<!doctype html><p>{EVIL}</p>")).is_empty());
}

#[test]
fn a_campaign_is_one_page_that_holds_its_numbers_and_nothing_foreign() {
    let mut app = campaign();
    let page = html(&mut app);
    assert_eq!(faults(&page), Vec::<String>::new());
    // What players write is text, wherever it stands.
    assert!(!page.contains("alert(1)</script>") && !page.contains("<script>alert"), "a name became markup");
    assert!(page.contains("&lt;script&gt;alert(1)"), "the name is there");
    // Nothing comes from elsewhere, and nothing is needed but the page.
    let lower = page.to_lowercase();
    for word in ["http:", "https:", "//", "src=", "@import", "url(", "<link", "<iframe", "<img", "<object", "fetch("] {
        assert!(!lower.contains(word), "{word}");
    }
    assert!(page.contains("content=\"default-src 'none';"));
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
    // The numbers are the tally's.
    let tally = app.app.world().resource::<CampaignTally>().clone();
    let summary = tally.summary();
    assert!(summary.operations.started > 2 && summary.battles > 4, "nothing happened: {:?}", summary.operations);
    let says = |what: &str, value: String| {
        let row = format!("<dt>{what}</dt><dd>{value}</dd>");
        assert!(page.contains(&row), "{row}");
    };
    let (p, o) = (summary.proposals, &summary.operations);
    says("battles", summary.battles.to_string());
    says("proposals", format!("{}: {} passed, {} rejected, {} expired", p.submitted, p.passed, p.rejected, p.expired));
    says(
        "joint operations",
        format!(
            "{}: {} met their goals, {} partly, {} failed, {} called off",
            o.started, o.goal_met, o.partly, o.failed, o.aborted
        ),
    );
    says("latest launch after its plan", "0 ms".to_owned());
    assert_eq!(page.matches("class=\"stack\"").count(), 1, "a ranking");
    assert!(page.contains("class=\"stick\""), "and a table of operations");
    // Who reads it need not know the names of gates and reasons.
    for word in ["_above_threshold", "no_intel", "no_war", "no_plan", "vote_is_open", "too_costly", ">?<", ": ?."] {
        assert!(!page.contains(word), "{word}");
    }
    let hash = format!("{:032x}", state_hash(app.app.world_mut()));
    assert!(page.contains(&hash));
}

#[test]
fn each_decision_leads_to_what_was_known_then() {
    let mut app = campaign();
    let page = html(&mut app);
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{link}\"")), "#{link} leads nowhere");
    }
    let told = page.matches("<article class=\"op").count();
    assert!(told >= 2, "operations are told");
    let blows = page.matches(" id=\"blow-").count();
    assert_eq!(page.matches("<h4 id=\"known-").count() + blows, told, "and of each that was voted on what was known");
    assert_eq!(page.matches("<p class=\"told\">Told as ").count(), told, "and why it is told");
    assert!(!page.contains("It was not kept"), "what was known is kept");
    for id in ["op-", "known-"] {
        let mut ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|i| i.starts_with(id))
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "each place is there once");
    }
}

#[test]
fn looking_changes_nothing_and_equal_campaigns_have_equal_reports() {
    let (mut one, mut other) = (campaign(), campaign());
    let before = one.hash();
    let first = html(&mut one);
    assert_eq!(one.hash(), before, "a report changes nothing");
    assert_eq!(first, html(&mut one), "and is the same when it is made again");
    assert_eq!(first, html(&mut other));
    let mut plain = TestApp::new(&small_world(7, 600));
    let mut told = reported(&small_world(7, 600), |_| {});
    plain.run(GameSpan::days(1));
    told.run(GameSpan::days(1));
    assert_eq!(plain.hash(), told.hash(), "nor does keeping a history");
}

#[test]
fn who_won_a_scripted_war_is_said_with_its_numbers() {
    let mut made = Made::new().stance(1, 2, Stance::War);
    for id in 1..=2 {
        made = made.active_alliance(id).player(id, id, Rank::Leader, PlayerKind::Human);
    }
    let made = made.village(1, 1, (0, 0), &[(IMPERIAN, 400)]).village(2, 2, (4, 0), &[(LEGIONNAIRE, 50)]);
    let mut app = reported(&made.0, |app| {
        app.insert_resource(EconomySettings::still());
    });
    let report = AfterAction::of(app.app.world_mut());
    assert_eq!(
        (report.headline().as_str(), report.why().as_str()),
        ("Nobody leads yet.", "No battle has been fought.")
    );
    assert_eq!(faults(&report.html()), Vec::<String>::new());
    leaves(&mut app, 1, 2, &[(IMPERIAN, 400)], Manner::Siege);
    app.run(GameSpan::hours(12));
    let losses = app.app.world().resource::<CampaignTally>().summary().losses;
    assert!(losses.defenders_goods > losses.attackers_goods, "{losses:?}");
    let report = AfterAction::of(app.app.world_mut());
    assert!(report.headline().starts_with("A1 is winning, "), "{}", report.headline());
    assert!(report.why().contains("its fight against A2: "), "{}", report.why());
    let page = report.html();
    assert_eq!(faults(&page), Vec::<String>::new());
    assert!(page.contains("An attack outside any joint operation</a>, of P1"), "the turning point is no operation");
    assert!(page.contains("href=\"#blow-0\"") && page.contains("id=\"blow-0\""), "and is told all the same");
    assert!(page.contains("It belongs to no joint operation"), "as what it is");
    assert!(report.why().contains("It had one enemy"), "{}", report.why());
    assert!(report.why().contains("What set it back most was an attack of A1, day\u{a0}1, "), "{}", report.why());
}

#[test]
fn what_fell_is_counted_though_nobody_came_back_to_tell() {
    // Each operation's killed goods on the page are what its battles say, however little its alliance knows.
    let mut app = campaign();
    let page = html(&mut app);
    let tally = app.app.world().resource::<CampaignTally>().clone();
    let (mut checked, mut told) = (0, 0);
    for (id, story) in tally.stories.iter().filter(|(_, story)| !story.rows.is_empty()) {
        let fell = |fact: &CampaignFact| match &fact.fact {
            Fact::BattleFought { defenders_lost, .. } => *defenders_lost,
            _ => 0,
        };
        let truth: i64 = story.battles.iter().map(fell).sum();
        let Some(report) = story.report.as_ref() else { continue };
        assert!(report.killed_goods <= truth, "{id}: nobody knows of more than fell");
        // Of those that are told in full the page says so where a twentieth or more is missing.
        let (_, card) = page.split_once(&format!("id=\"op-{}-{}\">\n<h3>", id.alliance.0, id.n)).unwrap_or_default();
        let card = card.split("</article>").next().unwrap_or_default();
        let fought = report.result != "aborted";
        if fought && !card.is_empty() {
            let says = card.contains("Of what it killed it came to know");
            assert_eq!(says, (truth - report.killed_goods) * 20 > truth, "{id}: {} of {truth}", report.killed_goods);
            told += 1;
        }
        checked += 1;
    }
    assert!(checked > 2 && told > 1, "operations ended: {checked}, told: {told}");
}

#[test]
fn without_a_history_there_is_a_page_all_the_same() {
    let mut app = TestApp::new(&small_world(7, 300));
    app.run(GameSpan::hours(6));
    let page = html(&mut app);
    assert_eq!(faults(&page), Vec::<String>::new());
}
