//! What the example `headless` tells, what its counts hold, and what it and its neighbors say of options that are wrong.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]
#![allow(clippy::duplicate_mod, reason = "examples share modules, and stand beside each other here")]

mod common;
#[allow(dead_code, reason = "the example runs by itself; here are its options and its account")]
#[path = "../examples/headless.rs"]
mod headless;
#[allow(dead_code, reason = "the example runs by itself; here are its options")]
#[path = "../examples/value_of_coordination.rs"]
mod value_of_coordination;
#[allow(dead_code, reason = "the example runs by itself; here are its options")]
#[path = "../examples/value_of_scouting.rs"]
mod value_of_scouting;

use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, Citation, Cited, Fact, LaunchRow, Manner, OperationReport, PlayerKind, Rank, SetMembership, Stance,
};
use bevy_alliance::base::id::{AllianceId, Knower, MarchId, OrderId, PlayerId, ProposalId, SiteId, StableId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::planning::Library;
use bevy_alliance::edge::report::{
    CampaignTally, Directory, IntelSummary, LookCounts, OLD_INTEL, account, intel_account, rested_on_old_intel,
};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::{Field, IntelReport, SourceKind};
use clap::Parser;
use common::*;
use headless::json::{Outcome, json};
use headless::patterns::AddedPatterns;
use headless::{Armies, Options, check, run, told};
use serde_json::Value;
use std::collections::BTreeSet;
use value_of_scouting::paired;

const SCOUT: &str = "equites_legati";

fn options(line: &str) -> Result<Options, clap::Error> {
    Options::try_parse_from(["headless"].into_iter().chain(line.split_whitespace()))
}

/// Alliances 1, 2 and 3, all of which deliberate, each of one person with one village; player 9 is alone.
fn three() -> TestApp {
    let mut made = Made::new().stance(1, 2, Stance::War).stance(1, 3, Stance::War);
    for id in 1..=3 {
        made = made.active_alliance(id).player(id, id, Rank::Leader, PlayerKind::Human);
    }
    made = made.player(9, 0, Rank::Member, PlayerKind::Human);
    for (id, x) in [(1, 0), (2, 16), (3, 32), (9, 48)] {
        let scouts = [(SCOUT, if id == 3 { 0 } else { 50 })];
        made = made.village(id, id, (x, 0), &scouts);
    }
    made.start(Ruleset::extended())
}

fn directory(app: &mut TestApp) -> Directory {
    Directory::of_world(app.app.world_mut())
}

fn tally(app: &mut TestApp) -> CampaignTally {
    let mut tally = CampaignTally::default();
    tally.directory = directory(app);
    tally
}

fn seen<T>(value: T, hours: i64, kind: SourceKind) -> Option<Field<T>> {
    Some(Field { value, observed_at: at(GameSpan::hours(hours)), source: PlayerId(1), kind, confidence: 0.8 })
}

fn report(app: &mut TestApp, site: u32, change: impl FnOnce(&mut IntelReport)) {
    let (knower, site) = (Knower::Alliance(AllianceId(1)), SiteId(site));
    let mut report = IntelReport { knower, site, troops: None, goods: None, wall: None, buildings: None };
    change(&mut report);
    app.app.world_mut().spawn((StableId::Report(knower, site), report));
}

#[test]
fn whose_knowledge_is_told_needs_the_account_that_tells_it() {
    assert!(options("--of 3").is_err());
    assert!(check(&options("--of 3 --json").unwrap()).is_err());
    assert!(check(&options("--of 3 --account campaign").unwrap()).is_err());
    assert!(check(&options("--of 3 --account intel").unwrap()).is_ok());
    assert!(check(&options("--account intel").unwrap()).is_ok());
}

#[test]
fn an_alliance_that_ended_is_told_of_in_a_line() {
    let mut app = three();
    let mut tally = tally(&mut app);
    for (alliance, operations) in [(2, 5), (3, 1)] {
        for n in 0..operations {
            let operation = ProposalId { alliance: AllianceId(alliance), n };
            let (rows, left_out) = (Vec::new(), Vec::new());
            let fact = Fact::OperationStarted { operation, goal: "break".to_owned(), rows, left_out };
            tally.count(&CampaignFact { at: GameTime(0), fact });
        }
    }
    let busiest = options("--account intel").unwrap();
    assert!(told(&busiest, &mut app.app, &tally).contains("What A2 (2) knows"));
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    assert!(told(&busiest, &mut app.app, &tally).contains("What A3 (3) knows"), "the busiest of those that are left");
    let ended = told(&options("--account intel --of 2").unwrap(), &mut app.app, &tally);
    assert!(ended.contains("alliance A2 (2) does not deliberate") && ended.contains("A3 (3)"), "{ended}");
    for player in [1, 3] {
        app.send(SetMembership { player: PlayerId(player), alliance: None });
    }
    assert_eq!(told(&busiest, &mut app.app, &tally), "No alliance deliberates any more.\n");
}

#[test]
fn own_sites_and_alliances_that_ended_count_for_nothing() {
    let mut app = three();
    leaves(&mut app, 1, 3, &[(SCOUT, 20)], Manner::Scout);
    leaves(&mut app, 2, 3, &[(SCOUT, 20)], Manner::Scout);
    app.run(GameSpan::hours(3));
    let count = |app: &mut TestApp| {
        let summary = IntelSummary::of(app.app.world_mut(), &LookCounts::default());
        (summary.reports_live, summary.observations)
    };
    // Two looks, and two catches, or none.
    let before = count(&mut app);
    assert!(before.0 == 2 && before.1 >= 2, "{before:?}");
    report(&mut app, 1, |r| r.wall = seen(9, 1, SourceKind::Scout));
    assert_eq!(count(&mut app), before, "a report that is left of an own site");
    let names = directory(&mut app);
    let account = intel_account(app.app.world_mut(), &names, AllianceId(1)).unwrap();
    assert!(account.contains("1 live reports in all") && !account.contains("V1"), "{account}");
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    let after = count(&mut app);
    assert!(after.0 == 1 && after.1 < before.1, "{before:?} {after:?}");
}

#[test]
fn how_age_and_certainty_are_of_one_thing_that_is_named() {
    let mut app = three();
    app.run(GameSpan::hours(30));
    report(&mut app, 2, |r| {
        r.goods = seen(bevy_alliance::base::goods::Goods::new([7; 4]), 20, SourceKind::Scout);
        r.wall = seen(3, 29, SourceKind::Hearsay);
    });
    report(&mut app, 3, |r| {
        r.troops = seen(force(&[(LEGIONNAIRE, 9)]), 2, SourceKind::Battle);
        r.goods = seen(bevy_alliance::base::goods::Goods::new([7; 4]), 20, SourceKind::Scout);
    });
    let names = directory(&mut app);
    let account = intel_account(app.app.world_mut(), &names, AllianceId(1)).unwrap();
    let row = |name: &str| -> Vec<String> {
        let line = account.lines().find(|l| l.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().skip(2).take(5).map(str::to_owned).collect()
    };
    assert_eq!(row("V2 "), ["stores", "scouts", "10", "h", "45%"]);
    assert_eq!(row("V3 "), ["troops", "battle", "28", "h", "53%"]);
    assert!(account.lines().all(|l| l.chars().count() <= 120));
}

fn fact(tally: &mut CampaignTally, hours: i64, fact: Fact) {
    tally.count(&CampaignFact { at: at(GameSpan::hours(hours)), fact });
}

fn looked(site: u32, by: u32, lost: u32) -> Fact {
    Fact::SiteScouted { site: SiteId(site), by: PlayerId(by), sent: 5, lost }
}

fn cites(alliance: u32, site: u32, seen: i64) -> Fact {
    let cite =
        Citation { site: SiteId(site), what: Cited::Troops, observed_at: at(GameSpan::hours(seen)), confidence: 0.5 };
    Fact::CouncilMet { alliance: AllianceId(alliance), best: None, gate: None, diplomacy: None, cites: vec![cite] }
}

#[test]
fn a_look_is_its_alliances_own_and_no_decoy() {
    let mut app = three();
    let mut tally = tally(&mut app);
    let looks = |tally: &CampaignTally| (tally.summary().looks.came_back, tally.summary().looks.cited);
    // Two alliances look at one site at one instant, and one of them cites what it saw.
    fact(&mut tally, 1, looked(3, 1, 0));
    fact(&mut tally, 1, looked(3, 2, 1));
    fact(&mut tally, 2, cites(2, 3, 1));
    assert_eq!(looks(&tally), (2, 1));
    // Who belongs to nobody that deliberates, and scouts that died, are no looks.
    fact(&mut tally, 3, looked(3, 9, 0));
    fact(&mut tally, 3, looked(3, 1, 5));
    assert_eq!(looks(&tally), (2, 1));
    let order = |n| OrderId::of_group(ProposalId { alliance: AllianceId(1), n }, 0);
    for (n, decoy, expected) in [(1, true, 2), (2, false, 3)] {
        let (origin, target, hours) = (SiteId(1), SiteId(2), 4 + i64::from(n));
        fact(&mut tally, 3, Fact::ScoutsSent { alliance: AllianceId(1), order: order(n), origin, target, decoy });
        let (march, manner, planned) = (MarchId { site: origin, n }, Manner::Scout, at(GameSpan::hours(hours)));
        let there = Fact::MarchArrived { march, origin, target, manner, order: Some(order(n)), wave: 0, planned };
        fact(&mut tally, hours, there);
        fact(&mut tally, hours, looked(2, 1, 0));
        assert_eq!(looks(&tally).0, expected, "decoy: {decoy}");
    }
    // More than 72 hours later is too late.
    fact(&mut tally, 74, cites(1, 3, 1));
    assert_eq!(looks(&tally), (3, 1));
    fact(&mut tally, 73, cites(1, 3, 1));
    assert_eq!(looks(&tally), (3, 2));
}

fn operation(hours: Option<f64>, result: &str) -> OperationReport {
    OperationReport {
        operation: ProposalId { alliance: AllianceId(1), n: 1 },
        goal: "break".to_owned(),
        result: result.to_owned(),
        pyrrhic: false,
        targets: Vec::new(),
        participants: 1,
        groups: 1,
        launched: 1,
        failed: 0,
        sent_goods: 0,
        lost_goods: 0,
        killed_goods: 0,
        loot: bevy_alliance::base::goods::Goods::ZERO,
        expected_loss: 0.0,
        expected_win: 0.0,
        intel_age_hours: hours,
        members: Vec::new(),
        lessons: Vec::new(),
    }
}

#[test]
fn old_intel_has_one_meaning() {
    let old = OLD_INTEL.as_hours();
    assert_eq!(rested_on_old_intel(&operation(Some(old), "goal_met")), Some(false));
    assert_eq!(rested_on_old_intel(&operation(Some(old + 0.1), "failed")), Some(true));
    assert_eq!(rested_on_old_intel(&operation(Some(old + 0.1), "aborted")), None);
    assert_eq!(rested_on_old_intel(&operation(None, "failed")), None);
}

#[test]
fn an_option_that_is_wrong_is_named_with_its_value() {
    let headless = |line: &str| match options(line) {
        Err(error) => error.to_string(),
        Ok(options) => check(&options).unwrap_err().to_string(),
    };
    let scouting = |line: &str| {
        let options = value_of_scouting::Options::try_parse_from(["x"].into_iter().chain(line.split_whitespace()));
        options.unwrap_err().to_string()
    };
    let coordination = |line: &str| {
        let options = value_of_coordination::Options::try_parse_from(["x"].into_iter().chain(line.split_whitespace()));
        options.unwrap_err().to_string()
    };
    let whole = "must be a whole number from";
    let cases: [(String, &[&str]); 16] = [
        (headless("--days week"), &["'week'", "--days", "must be a number"]),
        (headless("--seed -1"), &["'-1'", "--seed", whole]),
        (headless("--seed 1.5"), &["'1.5'", "--seed", whole]),
        (headless("--synthetic 0"), &["'0'", "--synthetic", whole, "from 1 to"]),
        (headless("--alliances -3"), &["'-3'", "--alliances", whole]),
        (headless("--threads 0"), &["'0'", "--threads", whole, "from 1 to 256"]),
        (headless("--pace -5"), &["--pace", "not -5"]),
        (headless("--days -1"), &["--days", "not -1"]),
        (headless("--save x --save-every 0"), &["--save-every", "not 0"]),
        (headless("--account intel --quiet"), &["--account", "--quiet", "cannot be used with"]),
        (headless("--world /"), &["--world /", "a folder"]),
        (scouting("--seeds 0"), &["'0'", "--seeds", whole, "from 1 to"]),
        (scouting("--days 0"), &["'0'", "--days", whole]),
        (scouting("--alliances 1"), &["'1'", "--alliances", whole, "from 2 to"]),
        (coordination("--seeds 0"), &["'0'", "--seeds", whole, "from 1 to"]),
        (coordination("--days 3"), &["--learning"]),
    ];
    for (error, parts) in cases {
        assert!(parts.iter().all(|part| error.contains(part)), "{error}\n{parts:?}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_option() {
    let error = |line: &str| run(&options(line).unwrap()).map(|_| ()).unwrap_err().to_string();
    for (line, start) in [
        ("--replay no-such-file", "--replay no-such-file: "),
        ("--load no-such-file", "--load no-such-file: "),
        ("--world no-such-file", "--world no-such-file: "),
        ("--pattern no-such-file", "--pattern no-such-file: "),
        ("--synthetic 20", "--synthetic 20 --alliances 8: "),
        (
            "--synthetic 100 --account intel --of nobody",
            "--of nobody: no alliance has this name or id; those that deliberate: ",
        ),
    ] {
        assert!(error(line).starts_with(start), "{}", error(line));
    }
    #[cfg(target_os = "linux")]
    {
        let full = error("--synthetic 300 --days 0.5 --quiet --events /dev/full");
        assert!(full.starts_with("--events /dev/full: "), "{full}");
    }
}

#[test]
fn one_world_has_no_interval() {
    let pair = |n: usize| paired::compare(0, true, &[(3.0, 1.0), (2.0, 2.0)][..n]).unwrap();
    assert_eq!((pair(1).low, pair(1).high), (None, None));
    assert_eq!(pair(1).say_interval(2), "needs 2 worlds or more");
    assert_eq!(pair(2).say_interval(2), "[+0.00, +2.00]");
}

#[test]
fn an_alliance_is_found_by_name_and_by_id() {
    let mut app = three();
    let mut names = directory(&mut app);
    names.alliances.insert(AllianceId(7), "a3".to_owned());
    names.alliances.insert(AllianceId(8), "2".to_owned());
    assert_eq!(names.find_alliance("2"), Ok(AllianceId(2)), "an id comes first");
    assert_eq!(names.find_alliance(" a2 "), Ok(AllianceId(2)));
    assert!(names.find_alliance("A3").unwrap_err().ends_with("give an id, 3, 7"));
    assert_eq!(names.find_alliance("9"), Err("no alliance has this name or id".to_owned()));
    let mut tally = CampaignTally::default();
    tally.directory = directory(&mut app);
    let by_name = options("--account intel --of a3").unwrap();
    assert!(told(&by_name, &mut app.app, &tally).starts_with("What A3 (3) knows"));
    assert!(account(&tally).contains("A2 (2) "), "ids are shown");
}

/// An operation of alliance 1 of which everything is told that changes its course.
fn told_operation(tally: &mut CampaignTally) {
    let id = ProposalId { alliance: AllianceId(1), n: 1 };
    let row = |group, site: u32| LaunchRow {
        group,
        member: PlayerId(site),
        origin: SiteId(site),
        target: SiteId(2),
        wave: 0,
        units: vec![("legionnaire".to_owned(), 5)],
        launch: at(GameSpan::hours(5)),
        travel: GameSpan::hours(5),
        arrival: at(GameSpan::hours(10)),
    };
    let revised = |decision: &str, reason: &str, rows| Fact::OperationRevised {
        operation: id,
        decision: decision.to_owned(),
        reason: reason.to_owned(),
        cites: Vec::new(),
        rows,
    };
    let (targets, other, cites) = (vec![SiteId(2)], None, Vec::new());
    let pattern = "pin".to_owned();
    let (proposer, action, arrival) = (PlayerId(1), "mass_attack".to_owned(), at(GameSpan::hours(10)));
    let deadline = at(GameSpan::hours(2));
    let submitted =
        Fact::ProposalSubmitted { proposal: id, proposer, action, targets, other, pattern, arrival, deadline, cites };
    fact(tally, 1, submitted);
    let (goal, rows, left_out) = ("break".to_owned(), vec![row(0, 1), row(1, 9)], Vec::new());
    fact(tally, 2, Fact::OperationStarted { operation: id, goal, rows, left_out });
    let seen = "reinforcements_seen: offense over defense at site 2 is 1.10, 2.05 with 1 more";
    fact(tally, 3, revised("add_wave", seen, vec![row(2, 3)]));
    fact(tally, 4, revised("hold_back", "origin_lost: group 1", Vec::new()));
    fact(tally, 5, revised("hold_back", "needed_at_home: site 1, 3", Vec::new()));
    let battle = |site: u32| Fact::BattleFought {
        site: SiteId(site),
        defender: PlayerId(2),
        attackers: vec![(PlayerId(1), 100)],
        operation: Some(id),
        manner: Manner::Siege,
        attacker_loss: 0.5,
        defender_loss: 1.0,
        attackers_lost: 50,
        defenders_lost: 10,
        loot: bevy_alliance::base::goods::Goods::ZERO,
        wall: (1, 1),
        levels_lost: 0,
    };
    fact(tally, 10, battle(2));
    fact(tally, 11, revised("write_off", "too_late_to_recall: 2 groups of 900 goods; wave_lost: site 2", Vec::new()));
    fact(tally, 12, battle(2));
    fact(tally, 13, Fact::OperationConcluded(Box::new(operation(None, "goal_met"))));
}

#[test]
fn an_operation_is_told_in_order_in_plain_words_and_with_names() {
    let mut app = three();
    let mut tally = tally(&mut app);
    told_operation(&mut tally);
    let text = account(&tally);
    let course: Vec<&str> = text.lines().skip_while(|l| !l.trim_start().starts_with("member ")).skip(4).collect();
    let hour = |line: &&str| line.split_whitespace().nth(2).map(str::to_owned);
    let hours: Vec<String> = course.iter().filter(|l| l.starts_with("  day ")).filter_map(hour).collect();
    assert_eq!(hours, ["03:00:00:", "04:00:00:", "05:00:00:", "10:00:00:", "11:00:00:", "12:00:00:"], "{text}");
    let expected = [
        "more troops are sent: more troops were seen there than was believed (offense over defense at V2 (16|0) is 1.10, 2.05 with 1 more)",
        "troops are kept at home: its village has another owner (P9's group from V9 (48|0))",
        "troops are kept at home: needed at home (V1 (0|0), V3 (32|0))",
        "groups that cannot turn any more go on and fight: too late to turn (2 groups of 900 goods); the wave before was beaten (V2 (16|0))",
    ];
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in expected {
        assert!(flat.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("site ") && text.lines().all(|l| l.chars().count() <= 120), "{text}");
    assert_eq!(tally.summary().operations.groups, 3, "what is added later counts too");
}

#[test]
fn a_pattern_that_takes_anothers_place_is_noted() {
    let folder = std::env::temp_dir();
    let file = |name: &str| {
        let path = folder.join(format!("bevy_alliance_{name}_{}.json", std::process::id()));
        let waves = r#"[{"role": "main", "offset_millis": 0, "units": "all", "manner": "raid"}]"#;
        std::fs::write(&path, format!(r#"{{"name": "{name}", "waves": {waves}}}"#)).unwrap();
        path
    };
    let (pin, mine) = (file("pin"), file("mine"));
    let options = options(&format!("--pattern {} --pattern {}", pin.display(), mine.display())).unwrap();
    let mut app = three();
    let added = AddedPatterns::read(&options.pattern, Ruleset::extended().capabilities).unwrap();
    let notes = added.add_to(&mut app.app.world_mut().resource_mut::<Library>());
    let expected = format!("--pattern {}: takes the place of the pattern `pin` that was there", pin.display());
    assert_eq!(notes, [expected]);
    assert!(app.app.world().resource::<Library>().get("mine").is_some());
    for path in [pin, mine] {
        std::fs::remove_file(path).unwrap();
    }
}

/// All paths of an object; those whose keys are data are one.
fn paths(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
    let data =
        ["gates", "operations.patterns", "operations.revisions", "operations.findings", "operations_by_alliance"]
            .contains(&prefix);
    match value.as_object().filter(|_| !data) {
        Some(object) => {
            for (key, value) in object {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                paths(&path, value, found);
            }
        }
        None => {
            found.insert(prefix.to_owned());
        }
    }
}

#[test]
fn every_key_of_the_json_object_is_explained() {
    let mut app = three();
    let tally = tally(&mut app);
    let mut armies = Armies::default();
    armies.look(&mut app.app);
    let (end, as_recorded) = (app.now(), Some(true));
    let outcome = Outcome { seed: 1, end, state: 1, as_recorded, wall_secs: 1.0, times_real_time: 1.0 };
    let object = json(&mut app.app, &tally, &armies, &outcome).unwrap();
    let mut printed = BTreeSet::new();
    paths("", &object, &mut printed);
    let page = include_str!("../docs/report.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    // Those of a model are there with the feature and `--llm` only; `tests/llm_campaign.rs` has them.
    let explained: BTreeSet<String> = rows.filter(|key| !key.starts_with("llm.")).map(str::to_owned).collect();
    assert_eq!(printed, explained);
}

#[test]
fn a_report_is_written_into_a_folder_that_is_made_for_it() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("headless_report");
    let _ = std::fs::remove_dir_all(&folder);
    let deep = folder.join("of/a/week");
    let line = format!("--synthetic 300 --alliances 3 --days 0.5 --quiet --report {}", deep.display());
    run(&options(&line).unwrap()).unwrap();
    let page = std::fs::read_to_string(deep.join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{}", page.len());
    let line = format!("--report {}", deep.join("report.html").display());
    let refused = check(&options(&line).unwrap()).unwrap_err().to_string();
    assert!(refused.starts_with("--report ") && refused.ends_with(": this is no folder"), "{refused}");
}

#[test]
fn the_readme_names_every_option() {
    let readme = include_str!("../README.md");
    let options = <Options as clap::CommandFactory>::command();
    let names = options.get_arguments().filter_map(|arg| arg.get_long()).collect::<Vec<_>>();
    assert!(names.len() > 20, "{names:?}");
    // Neither `--save-every` nor `--replay-transcript` names `--save` or `--replay`.
    let ends = [" ", "`", "\n"];
    let told = |name: &str| ends.iter().any(|end| readme.contains(&format!("`--{name}{end}")));
    let missing: Vec<&&str> = names.iter().filter(|name| !told(name)).collect();
    assert!(missing.is_empty(), "options that the README does not name: {missing:?}");
}
