//! What the example `headless` tells of intel, and what the counts under `intel` and `looks` hold.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;
#[allow(dead_code, reason = "the example runs by itself; here are its options and its account")]
#[path = "../examples/headless.rs"]
mod headless;

use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, Citation, Cited, Fact, Manner, OperationReport, PlayerKind, Rank, SetMembership, Stance,
};
use bevy_alliance::base::id::{AllianceId, Knower, MarchId, OrderId, PlayerId, ProposalId, SiteId, StableId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::report::{
    CampaignTally, Directory, IntelSummary, LookCounts, OLD_INTEL, intel_account, rested_on_old_intel,
};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::{Field, IntelReport, SourceKind};
use clap::Parser;
use common::*;
use headless::{Options, check, told};

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
    assert!(told(&busiest, &mut app.app, &tally).contains("What A2 knows"));
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    assert!(told(&busiest, &mut app.app, &tally).contains("What A3 knows"), "the busiest of those that are left");
    let ended = told(&options("--account intel --of 2").unwrap(), &mut app.app, &tally);
    assert!(ended.contains("alliance 2 does not deliberate") && ended.contains("3 (A3)"), "{ended}");
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
    Fact::CouncilMet { alliance: AllianceId(alliance), best: None, gate: None, cites: vec![cite] }
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

#[test]
fn old_intel_has_one_meaning() {
    let operation = |hours, result: &str| OperationReport {
        operation: ProposalId { alliance: AllianceId(1), n: 1 },
        goal: "break".to_owned(),
        result: result.to_owned(),
        pyrrhic: false,
        targets: Vec::new(),
        participants: 1,
        groups: 1,
        launched: 1,
        sent_goods: 0,
        lost_goods: 0,
        killed_goods: 0,
        loot: bevy_alliance::base::goods::Goods::ZERO,
        expected_loss: 0.0,
        expected_win: 0.0,
        intel_age_hours: hours,
        members: Vec::new(),
        lessons: Vec::new(),
    };
    let old = OLD_INTEL.as_hours();
    assert_eq!(rested_on_old_intel(&operation(Some(old), "goal_met")), Some(false));
    assert_eq!(rested_on_old_intel(&operation(Some(old + 0.1), "failed")), Some(true));
    assert_eq!(rested_on_old_intel(&operation(Some(old + 0.1), "aborted")), None);
    assert_eq!(rested_on_old_intel(&operation(None, "failed")), None);
}
