//! How believable campaigns are: that each metric is measured as it says, that looking changes nothing, and that planted
//! stupidities turn their bands red.
//!
//! `cargo test --release --test behavior -- --ignored --nocapture` plays 20 weeks and takes a while.
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::print_stdout, reason = "the table of the nightly run")]

#[allow(dead_code, reason = "the example runs by itself; here is what it plays")]
#[path = "../examples/behavior.rs"]
mod behavior;
mod common;

use behavior::patterns::AddedPatterns;
use behavior::plants::Plant;
use behavior::tune::tune;
use behavior::{Options, Played, Row, Verdict, csv, play, play_all, rows, table};
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{Manner, PlayerKind, Rank, ScenarioAppExt, SetMembership, Stance};
use bevy_alliance::base::id::{AllianceId, PlayerId};
use bevy_alliance::base::state::state_hash;
use bevy_alliance::decision::council::VotingSettings;
use bevy_alliance::decision::planning::LearningSettings;
use bevy_alliance::edge::report::behavior::{Band, Horizon, Metric};
use bevy_alliance::edge::report::{Behavior, CampaignTally, ReportPlugin};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::audit::army_values;
use bevy_alliance::world::village::EconomySettings;
use clap::Parser;
use common::*;

const IMPERIAN: &str = "imperian";

fn options(line: &str) -> Options {
    Options::try_parse_from(["behavior"].into_iter().chain(line.split_whitespace())).unwrap()
}

/// Worlds that are played in seconds.
fn small(more: &str) -> Options {
    options(&format!("--seeds 3 --from 1 --days 3 --synthetic 400 --alliances 4 --charter war_cabinet {more}"))
}

fn row(rows: &[Row], metric: Metric) -> &Row {
    rows.iter().find(|row| row.metric == metric).unwrap()
}

/// An app with a report, whose villages stay as the scenario says.
fn reported(made: &Made) -> TestApp {
    let mut app = TestApp::unstarted_with(
        |app| {
            app.insert_resource(EconomySettings::still());
        },
        |app| {
            app.add_plugins(ReportPlugin { host: Update.intern() });
        },
    );
    app.app.start_campaign(&made.0).unwrap();
    app
}

fn is(behavior: &Behavior, metric: Metric, expected: f64) {
    let found = behavior.of(metric);
    assert!(found.is_some_and(|f| (f - expected).abs() < 1e-9), "{}: {found:?}, not {expected}", metric.key());
}

/// Alliances 1 and 2, both of which deliberate, each of one person: players 1 and 2 with a village each, 60 fields apart.
fn two() -> Made {
    let mut made = Made::new().stance(1, 2, Stance::War);
    for id in 1..=2 {
        made = made.active_alliance(id).player(id, id, Rank::Leader, PlayerKind::Human);
    }
    made.village(1, 1, (0, 0), &[(IMPERIAN, 100), (LEGIONNAIRE, 100)]).village(2, 2, (60, 0), &[(IMPERIAN, 100)])
}

#[test]
fn a_scripted_campaign_is_measured_as_worked_out_by_hand() {
    let mut app = reported(&two());
    // Looked at when it began, and after 3 and 6 hours; an imperian's 60 fields take more than 8.
    app.run(GameSpan::hours(1));
    leaves(&mut app, 1, 2, &[(IMPERIAN, 80), (LEGIONNAIRE, 10)], Manner::Siege);
    app.run(GameSpan::hours(6));
    let armies = army_values(app.app.world_mut(), |_| true);
    let (one, legionnaires, imperians) = (armies[0], 400, 600);
    assert_eq!((one.site.0, one.owner.0), (1, 1));
    assert_eq!((one.goods, one.away), (100 * (legionnaires + imperians), 80 * imperians + 10 * legionnaires));
    assert_eq!((one.offense, one.offense_away), (100 * imperians, 80 * imperians), "legionnaires are no offense");
    let behavior = app.app.world().resource::<CampaignTally>().behavior();
    // Of 200 imperians none, then 80 at two looks; of one alliance 80 of 100.
    is(&behavior, Metric::OffenseAway, 160.0 / 600.0);
    is(&behavior, Metric::OffenseAwayMax, 0.8);
    is(&behavior, Metric::ArmyEnd, 1.0);
    is(&behavior, Metric::WarsOpen, 1.0);
    is(&behavior, Metric::WarsOnOne, 0.5);
    is(&behavior, Metric::RankChange, 1.0);
    assert_eq!(behavior.of(Metric::Starved), None, "nobody has died");
    app.run(GameSpan::hours(30));
    let behavior = app.app.world().resource::<CampaignTally>().behavior();
    let left: i64 = army_values(app.app.world_mut(), |_| true).iter().map(|army| army.goods).sum();
    let began = 100 * (legionnaires + imperians) + 100 * imperians;
    assert!(left < began, "they fought");
    #[expect(clippy::cast_precision_loss, reason = "goods of a few troops")]
    is(&behavior, Metric::ArmyAll, left as f64 / began as f64);
    is(&behavior, Metric::Starved, 0.0);
    // A person's own march, which its owner, a person too, did nothing about.
    is(&behavior, Metric::Answered, 0.0);
    assert_eq!(behavior.of(Metric::Bullying), None, "no operation");
}

#[test]
fn who_left_takes_its_army_along() {
    let mut app = reported(&two());
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    app.run(GameSpan::hours(3));
    let behavior = app.app.world().resource::<CampaignTally>().behavior();
    // 100 000 of 160 000 goods are left, and the war of an alliance that ended is over.
    is(&behavior, Metric::ArmyAll, 0.625);
    is(&behavior, Metric::ArmyEnd, 1.0);
    is(&behavior, Metric::WarsOpen, 0.0);
}

#[test]
fn looking_changes_nothing() {
    let scenario = small_world(3, 200);
    let hash = |report: bool| {
        let mut app = TestApp::unstarted_with(
            |_| {},
            |app| {
                if report {
                    app.add_plugins(ReportPlugin { host: Update.intern() });
                }
            },
        );
        app.app.start_campaign(&scenario).unwrap();
        app.run(GameSpan::days(1));
        state_hash(app.app.world_mut())
    };
    assert_eq!(hash(true), hash(false));
}

#[test]
fn every_metric_has_a_value_or_a_reason() {
    let options = small("");
    let played = play_all(&options).unwrap();
    let rows = rows(&played, Horizon::Week);
    let text = table(&rows, &options, false);
    for metric in Metric::ALL {
        let row = row(&rows, *metric);
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(metric.key())).unwrap();
        let band = Band::of(*metric).and_then(|band| band.at(Horizon::Week));
        assert_eq!(row.verdict.is_some(), band.is_some() && !row.values.is_empty(), "{line}");
        assert_eq!(line.ends_with("green") || line.ends_with("red"), row.verdict.is_some(), "{line}");
        let reason = format!("  {} has no value: no {}", metric.key(), metric.counted_over());
        assert_eq!(text.lines().any(|line| line == reason), row.values.is_empty(), "{text}");
        assert!(row.values.iter().all(|v| v.is_finite()), "{line}");
        if metric.unit() == "share" {
            assert!(row.values.iter().all(|v| (0.0..=1.0).contains(v)), "{line}");
        }
    }
    // What a war of three days must have.
    for metric in [Metric::Passed, Metric::OffenseAway, Metric::SessionsProposing, Metric::ArmyEnd, Metric::ScoutsLost]
    {
        assert_eq!(row(&rows, metric).values.len(), 3, "{text}");
    }
    assert!(table(&rows, &options, true).contains("\x1b[3"));
    let csv = csv(&played);
    let columns = |line: &str| line.split(',').count();
    assert_eq!(csv.lines().count(), 1 + 3 * 5, "a row for each seed and for each of its alliances");
    assert!(csv.lines().all(|line| columns(line) == 2 + Metric::ALL.len()));
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(head[..3], ["seed", "alliance", "passed"]);
    let compares = head.iter().position(|key| *key == Metric::AttackGini.key()).unwrap();
    for line in csv.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        let of_alliance = !line[1].is_empty();
        assert_eq!(of_alliance, line[compares].is_empty(), "one alliance is compared with nobody: {line:?}");
    }
}

/// How metrics turn out in the small worlds, with a stupidity or without.
fn verdicts(played: &[Played], metrics: &[Metric]) -> Vec<Option<Verdict>> {
    let rows = rows(played, Horizon::Week);
    metrics.iter().map(|metric| row(&rows, *metric).verdict).collect()
}

#[test]
fn yes_men_and_dogpiles_turn_their_bands_red() {
    let metrics = [Metric::Agreement, Metric::WarsOnOne];
    let (green, red) = (Some(Verdict::Green), Some(Verdict::Red));
    let of = |more: &str| verdicts(&play_all(&small(more)).unwrap(), &metrics);
    assert_eq!(of(""), [green, green], "without a plant");
    assert_eq!(of("--plant yes-men")[0], red);
    assert_eq!(of("--plant dogpile")[1], red);
}

#[test]
fn a_setting_is_changed_by_name() {
    let mut app = TestApp::unstarted(|_| {});
    let world = app.app.world_mut();
    for change in [
        "war_council_settings.period=90m",
        "war_council_settings.scouting.parties_per_session=3",
        "voting_settings.voter.home.weight=0",
        "voting_settings.conditions.share_steps=[0.5]",
        "war_council_settings.diplomacy=false",
        "learning_settings.prior_bias=.3",
    ] {
        tune(world, change).unwrap();
    }
    let council = world.resource::<WarCouncilSettings>();
    assert_eq!(council.period, GameSpan::mins(90));
    assert_eq!((council.scouting.parties_per_session, council.diplomacy), (3, false));
    assert!((world.resource::<LearningSettings>().prior_bias - 0.3).abs() < 1e-12);
    let voting = world.resource::<VotingSettings>();
    assert!(voting.voter.home.weight.abs() < 1e-12 && voting.conditions.share_steps.len() == 1);
    for (change, says) in [
        ("war_council_settings", "must be NAME.FIELD=VALUE"),
        ("council.period=1", "no settings are called `council`; there are allocation_settings,"),
        ("war_council_settings.perod=1", "no field `perod`; there are "),
        ("war_council_settings.period.hours=1", "no field `hours`: this is one value"),
        ("war_council_settings.period=often", "invalid type: string \"often\""),
        ("learning_settings.prior_bias=nan", "invalid type: string \"nan\""),
    ] {
        let error = tune(world, change).unwrap_err();
        let told = error.strip_prefix(&format!("--set {change}: "));
        assert!(told.is_some_and(|told| told.contains(says)), "{error}");
    }
    let unknown = small("--set nothing.at=1");
    assert!(
        play(&unknown, &AddedPatterns::default(), 1)
            .unwrap_err()
            .to_string()
            .starts_with("--set nothing.at=1: no settings")
    );
}

#[test]
fn samples_can_be_cut_by_alliance() {
    let played = play(&small(""), &AddedPatterns::default(), 1).unwrap();
    let parts: f64 = played.samples.of(Metric::SessionsProposing).iter().map(|s| s.whole).sum();
    assert_eq!(played.by_alliance.len(), 4);
    assert!(parts > 0.0 && played.by_alliance.keys().all(|id| *id != AllianceId(0)));
    let shares: Vec<f64> = played.by_alliance.values().filter_map(|b| b.of(Metric::SessionsProposing)).collect();
    let (least, most) = (shares.iter().copied().fold(1.0, f64::min), shares.iter().copied().fold(0.0, f64::max));
    let whole = played.behavior.of(Metric::SessionsProposing).unwrap();
    assert!((least..=most).contains(&whole), "{least} <= {whole} <= {most}");
}

/// Each stupidity with a band that is green without it, and the days after which it shows.
const PLANTS: [(Plant, Metric, i64); 5] = [
    (Plant::YesMen, Metric::Passed, 7),
    // Whoever struck rests, so that not all of an army is away at once: what shows is that nobody can stand against all that is sent.
    (Plant::NoHomeGuard, Metric::KillRatio, 7),
    (Plant::Dogpile, Metric::WarsOnOne, 7),
    (Plant::NoRebuilding, Metric::ArmyEnd, 30),
    (Plant::ReliefPingPong, Metric::ReliefPingPong, 7),
];

#[test]
#[ignore = "20 weeks and 20 months, and as many for each plant"]
fn planted_stupidities_turn_bands_red_in_twenty_campaigns() {
    for days in [7, 30] {
        let honest = options(&format!("--seeds 20 --charter war_cabinet --days {days}"));
        let horizon = Horizon::of_days(f64::from(i32::try_from(days).unwrap()));
        let rows_of = |options: &Options| rows(&play_all(options).unwrap(), horizon);
        let without = rows_of(&honest);
        println!("{}", table(&without, &honest, false));
        for (plant, metric, _) in PLANTS.into_iter().filter(|(.., of)| *of == days) {
            let planted = Options { plant: vec![plant], ..honest.clone() };
            let with = rows_of(&planted);
            println!("{plant:?}\n{}", table(&with, &planted, false));
            assert_eq!(row(&without, metric).verdict, Some(Verdict::Green), "{}", metric.key());
            assert_eq!(row(&with, metric).verdict, Some(Verdict::Red), "{plant:?}: {}", metric.key());
        }
    }
}

/// What a metric is in a week of four alliances with a setting changed.
fn with_setting(metric: Metric, set: &str) -> f64 {
    let options = options(&format!("--seeds 1 --from 3 --days 7 --synthetic 1500 --alliances 4 --set {set}"));
    let value = play(&options, &AddedPatterns::default(), 3).unwrap().behavior.of(metric);
    value.unwrap_or_else(|| panic!("{} has no value", metric.key()))
}

#[test]
fn who_is_elsewhere_answers_less() {
    let there = with_setting(Metric::Answered, "defense_settings.elsewhere=0");
    let elsewhere = with_setting(Metric::Answered, "defense_settings.elsewhere=1 --set defense_settings.absence=3d");
    assert!(elsewhere < there, "{elsewhere} and {there}");
}
