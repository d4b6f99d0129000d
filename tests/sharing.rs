//! What allies tell each other, and what members take along when they leave.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::base::clock::{Agenda, GameSpan, GameTime};
use bevy_alliance::base::contract::{Fact, Manner, PlayerKind, Rank, Scenario, SetMembership, SetStance, Stance};
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, PlayerId, ProposalId, SiteId, StableId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::planning::PlanningSettings;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::rules::{EXPIRES_AFTER, SharingSettings};
use bevy_alliance::knowledge::intel::{
    Cause, Dossiers, Field, IntelReport, KnownForces, Movements, ObservationLog, REPORT_TOLD, SourceKind,
    forces_rebuilt,
};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use common::*;
use std::collections::BTreeMap;

const SCOUT: &str = "equites_legati";

/// Alliances 1, 2 and 4, and their enemy 3; alliance n is led by player n in village n. Player 5 is a member of 1.
fn neighbours(stances: &[(u32, u32, Stance)]) -> TestApp {
    let mut made = Made::new();
    for id in 1..=4 {
        made = made.active_alliance(id).player(id, id, Rank::Leader, PlayerKind::Human);
    }
    made = made.player(5, 1, Rank::Member, PlayerKind::Human);
    for (a, b, stance) in stances {
        made = made.stance(*a, *b, *stance);
    }
    let scouts = [(SCOUT, 50)];
    let made = made
        .village(1, 1, (0, 0), &scouts)
        .village(2, 2, (0, 12), &scouts)
        .village(3, 3, (16, 0), &[(LEGIONNAIRE, 300)])
        .village(4, 4, (0, -12), &scouts)
        .village(5, 5, (0, 1), &scouts);
    made.start(Ruleset::extended())
}

/// Sends scouts of a village to the enemy's and returns when they are there: (16, 0) at 16 fields an hour.
fn look(app: &mut TestApp, from: u32) -> GameTime {
    leaves(app, from, 3, &[(SCOUT, 20)], Manner::Scout);
    let before = logged(app, Knower::Alliance(AllianceId(1))).len();
    for _ in 0..300 {
        app.run(GameSpan::mins(1));
        if logged(app, Knower::Alliance(AllianceId(1))).len() > before {
            let last = logged(app, Knower::Alliance(AllianceId(1))).last().unwrap().0;
            return last;
        }
    }
    panic!("the scouts never came there");
}

fn logged(app: &TestApp, knower: Knower) -> Vec<(GameTime, Cause)> {
    let world = app.app.world();
    let log = world.resource::<EntityIndex>().knower(knower).and_then(|e| world.get::<ObservationLog>(e));
    log.map_or_else(Vec::new, |l| l.latest.iter().map(|o| (o.at, o.cause)).collect())
}

fn known(app: &TestApp, knower: impl Into<Knower>) -> Option<&IntelReport> {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().report(knower.into(), SiteId(3))?)
}

fn by(app: &TestApp, alliance: u32) -> Option<&IntelReport> {
    known(app, AllianceId(alliance))
}

fn set_stance(app: &mut TestApp, a: u32, b: u32, stance: Stance) {
    app.app.world_mut().write_message(SetStance { a: AllianceId(a), b: AllianceId(b), stance });
}

fn moves(app: &mut TestApp, player: u32, to: Option<u32>) {
    app.app.world_mut().write_message(SetMembership { player: PlayerId(player), alliance: to.map(AllianceId) });
    app.run(GameSpan::mins(1));
}

const AT_WAR: [(u32, u32, Stance); 2] = [(1, 3, Stance::War), (2, 3, Stance::War)];

#[test]
fn an_ally_is_told_ten_minutes_later_at_half_the_confidence() {
    let mut app = neighbours(&[AT_WAR[0], AT_WAR[1], (1, 2, Stance::Pact), (2, 4, Stance::Confederacy)]);
    let seen = look(&mut app, 1);
    assert!(by(&app, 2).is_none(), "not yet");
    until(&mut app, seen + GameSpan::mins(10) - GameSpan::millis(1));
    assert!(by(&app, 2).is_none(), "one millisecond before");
    until(&mut app, seen + GameSpan::mins(10));
    let told = by(&app, 2).unwrap().troops.clone().unwrap();
    assert_eq!(told.value, force(&[(LEGIONNAIRE, 300)]));
    assert_eq!((told.observed_at, told.source), (seen, PlayerId(1)), "as old as the look");
    assert_eq!((told.kind, told.confidence), (SourceKind::Hearsay, 0.4));
    assert_eq!(logged(&app, AllianceId(2).into()), [(seen + GameSpan::mins(10), Cause::AllyTold)]);
    // Hearsay is not told on, not even to a confederate, and the enemy hears nothing.
    app.run(GameSpan::hours(2));
    assert!(by(&app, 4).is_none() && by(&app, 3).is_none());
    // It goes seven days after the look, not after the telling.
    until(&mut app, seen + EXPIRES_AFTER - GameSpan::millis(1));
    assert!(by(&app, 2).is_some());
    until(&mut app, seen + EXPIRES_AFTER);
    assert!(by(&app, 2).is_none());
}

#[test]
fn a_partner_of_a_pact_hears_of_common_enemies_only() {
    let mut app = neighbours(&[AT_WAR[0], (1, 2, Stance::Pact), (1, 4, Stance::Confederacy)]);
    look(&mut app, 1);
    app.run(GameSpan::mins(11));
    assert!(by(&app, 2).is_none(), "not at war with them");
    assert!(by(&app, 4).is_some(), "a confederate hears everything");
}

#[test]
fn who_is_not_trusted_hears_nothing() {
    let mut app = neighbours(&[AT_WAR[0], AT_WAR[1], (1, 2, Stance::Pact)]);
    app.app.insert_resource(SharingSettings { trust_common: 99.0, ..SharingSettings::default() });
    look(&mut app, 1);
    app.run(GameSpan::hours(1));
    assert!(by(&app, 2).is_none());
}

#[test]
fn a_pact_that_ends_before_the_telling_ends_it() {
    let mut app = neighbours(&[AT_WAR[0], AT_WAR[1], (1, 2, Stance::Pact)]);
    look(&mut app, 1);
    set_stance(&mut app, 1, 2, Stance::Neutral);
    app.run(GameSpan::hours(1));
    assert!(by(&app, 1).is_some() && by(&app, 2).is_none());
}

#[test]
fn own_eyes_stand_against_hearsay() {
    let mut app = neighbours(&[AT_WAR[0], AT_WAR[1], (1, 2, Stance::Confederacy)]);
    look(&mut app, 1);
    leaves(&mut app, 2, 3, &[(SCOUT, 20)], Manner::Scout);
    app.run(GameSpan::hours(3));
    for alliance in [1, 2] {
        let troops = by(&app, alliance).unwrap().troops.clone().unwrap();
        assert_eq!((troops.kind, troops.source), (SourceKind::Scout, PlayerId(alliance)), "alliance {alliance}");
    }
    // Each told the other once: to be told something is no reason to tell what was told before.
    app.run(GameSpan::hours(6));
    for alliance in [1, 2] {
        let told =
            logged(&app, AllianceId(alliance).into()).iter().filter(|(_, cause)| *cause == Cause::AllyTold).count();
        assert_eq!(told, 1, "alliance {alliance}");
    }
}

#[test]
fn who_leaves_takes_along_what_it_saw_and_leaves_what_it_told() {
    let mut app = neighbours(&[AT_WAR[0]]);
    let seen = look(&mut app, 5);
    moves(&mut app, 5, None);
    let own = known(&app, PlayerId(5)).unwrap().clone();
    let troops = own.troops.clone().unwrap();
    assert_eq!((troops.observed_at, troops.kind, troops.confidence), (seen, SourceKind::Scout, 0.8));
    assert_eq!(by(&app, 1).unwrap().troops, own.troops, "reports that were shared stay");
    // Into the next alliance it comes as what it is: seen with own eyes.
    moves(&mut app, 5, Some(2));
    assert_eq!(by(&app, 2).unwrap().troops, own.troops);
    assert!(known(&app, PlayerId(5)).is_none(), "it knows what its alliance knows");
    assert_eq!(logged(&app, AllianceId(2).into()).last().unwrap().1, Cause::BroughtAlong);
    until(&mut app, seen + EXPIRES_AFTER);
    assert!(by(&app, 1).is_none() && by(&app, 2).is_none());
}

#[test]
fn who_leaves_takes_nothing_that_others_saw() {
    let mut app = neighbours(&[AT_WAR[0]]);
    look(&mut app, 1);
    moves(&mut app, 5, Some(2));
    assert!(by(&app, 1).is_some() && by(&app, 2).is_none());
}

#[test]
fn a_report_is_there_until_seven_days_are_over_at_any_pace() {
    for step in [GameSpan::secs(10), GameSpan::mins(37), GameSpan::hours(7), GameSpan::days(30)] {
        let mut app = neighbours(&[AT_WAR[0]]);
        let seen = look(&mut app, 1);
        let left = seen + EXPIRES_AFTER - GameSpan::millis(1) - app.now();
        app.run_in_steps(left, step);
        let last = by(&app, 1).unwrap().troops.as_ref().map(|f| f.observed_at);
        assert_eq!((last, app.now() - seen), (Some(seen), EXPIRES_AFTER - GameSpan::millis(1)), "pace {step}");
        app.run_in_steps(GameSpan::millis(1), step);
        assert!(by(&app, 1).is_none(), "gone at seven days, pace {step}");
    }
}

#[test]
fn who_joins_with_villages_is_no_more_reported_on() {
    let mut app = neighbours(&[AT_WAR[0]]);
    look(&mut app, 1);
    assert!(by(&app, 1).is_some());
    moves(&mut app, 3, Some(1));
    assert!(by(&app, 1).is_none(), "nobody needs a report of its own");
    let rebuilt = forces_rebuilt(app.app.world_mut());
    assert_eq!(*app.app.world().resource::<KnownForces>(), rebuilt);
    // What somebody brings along of a village that is the alliance's own by now is nothing either.
    let mut app = neighbours(&[AT_WAR[0]]);
    look(&mut app, 5);
    moves(&mut app, 5, None);
    assert!(known(&app, PlayerId(5)).is_some());
    moves(&mut app, 5, Some(3));
    assert!(by(&app, 3).is_none() && known(&app, PlayerId(5)).is_none());
}

#[test]
fn nobody_tells_of_its_own() {
    let mut app = neighbours(&[(1, 2, Stance::Confederacy)]);
    let wall = Some(Field {
        value: 9,
        observed_at: GameTime(0),
        source: PlayerId(1),
        kind: SourceKind::Scout,
        confidence: 0.8,
    });
    // A report that a game left there of a site of the teller's own.
    let (knower, site) = (Knower::Alliance(AllianceId(1)), SiteId(5));
    let report = IntelReport { knower, site, troops: None, goods: None, wall, buildings: None };
    app.app.world_mut().spawn((StableId::Report(knower, site), report));
    let due = at(GameSpan::mins(5));
    app.app.world_mut().resource_mut::<Agenda>().push(REPORT_TOLD.entry(due, 1 << 32 | 5, 2));
    app.run(GameSpan::mins(10));
    assert_eq!(logged(&app, AllianceId(2).into()), []);
}

fn of_knower<C: bevy::prelude::Component + Clone>(app: &TestApp, knower: impl Into<Knower>) -> Option<C> {
    let world = app.app.world();
    world.resource::<EntityIndex>().knower(knower.into()).and_then(|e| world.get::<C>(e)).cloned()
}

#[test]
fn who_leaves_knows_who_went_home_from_its_sites_and_who_joins_has_nothing_of_its_own_left() {
    let mut app = neighbours(&[AT_WAR[0]]);
    // One attack on village 5, and one on village 1 that is no business of player 5.
    leaves(&mut app, 3, 5, &[(LEGIONNAIRE, 100)], Manner::Raid);
    leaves(&mut app, 3, 1, &[(LEGIONNAIRE, 100)], Manner::Raid);
    app.run(GameSpan::hours(3));
    let from = |app: &TestApp, knower: Knower| -> Vec<u32> {
        of_knower::<Movements>(app, knower).unwrap_or_default().returning.iter().map(|r| r.from.0).collect()
    };
    let (alone, second) = (Knower::Player(PlayerId(5)), Knower::Alliance(AllianceId(2)));
    let mut both = from(&app, AllianceId(1).into());
    both.sort_unstable();
    assert_eq!(both, [1, 5]);
    moves(&mut app, 5, None);
    assert_eq!(from(&app, alone), [5]);
    app.run(GameSpan::hours(3));
    leaves(&mut app, 3, 5, &[(LEGIONNAIRE, 10)], Manner::Raid);
    assert!(of_knower::<Dossiers>(&app, alone).is_some_and(|d| d.0.contains_key(&PlayerId(3))));
    moves(&mut app, 5, Some(2));
    assert_eq!(from(&app, second), [5]);
    assert_eq!(of_knower::<Movements>(&app, alone), Some(Movements::default()));
    assert_eq!(of_knower::<Dossiers>(&app, alone), None);
    // Nothing old is there again on the day on which it leaves.
    app.run(GameSpan::days(9));
    moves(&mut app, 5, None);
    assert_eq!(
        (of_knower::<Movements>(&app, alone), of_knower::<Dossiers>(&app, alone)),
        (Some(Movements::default()), None)
    );
}

/// How often, in two weeks of some worlds, an operation of one of two partners starts for a village to which one of the other
/// is on its way, and how often it proposes to go there and is refused.
fn meetings(bound: Stance) -> [usize; 2] {
    let (mut met, mut tried, mut started) = (0, 0, 0);
    for seed in 1..=3 {
        let mut scenario = close_world(seed);
        let active: Vec<AllianceId> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
        let [a, b, enemy] = active[..] else { panic!("three alliances that deliberate") };
        scenario.stances = vec![(a, b, bound), (a, enemy, Stance::War), (b, enemy, Stance::War)];
        // How they stand to each other stays.
        let lasting = WarCouncilSettings { diplomacy: false, ..WarCouncilSettings::default() };
        // Nobody rests or is spared, so that both always look for something to attack.
        let mut restless = PlanningSettings { rest: GameSpan(0), ..PlanningSettings::default() };
        restless.scores.owner = 0.0;
        let mut app = TestApp::with(&scenario, |app| {
            app.insert_resource(lasting).insert_resource(restless);
        });
        app.run(GameSpan::days(14));
        let mut until: BTreeMap<(AllianceId, SiteId), GameTime> = BTreeMap::new();
        let mut targets: BTreeMap<ProposalId, Vec<SiteId>> = BTreeMap::new();
        for fact in &app.facts {
            match &fact.fact {
                // Fakes go elsewhere too, and claim nothing there.
                Fact::ProposalSubmitted { proposal, targets: of, .. } => {
                    targets.insert(*proposal, of.clone());
                }
                // What is called off is given up, and what stays at home may have been all that goes there.
                Fact::OperationRevised { operation, decision, .. } if decision != "add_wave" => {
                    until.retain(|(by, site), _| *by != operation.alliance || !targets[operation].contains(site));
                }
                _ => {}
            }
            // What is proposed all the same is refused: sessions must not try.
            tried += usize::from(matches!(&fact.fact, Fact::RequestRefused(r) if r.rule == "claimed_target"));
            let Fact::OperationStarted { operation, rows, goal, .. } = &fact.fact else { continue };
            started += 1;
            for row in rows.iter().filter(|row| goal != "found" && targets[operation].contains(&row.target)) {
                let other = if operation.alliance == a { b } else { a };
                met += usize::from(until.get(&(other, row.target)).is_some_and(|until| *until > fact.at));
                until.insert((operation.alliance, row.target), row.arrival + GameSpan::hours(1));
            }
        }
    }
    eprintln!("{bound:?}: {met} met, {tried} tried, {started} started");
    [met, tried]
}

fn close_world(seed: u64) -> Scenario {
    let options = GeneratorOptions { seed, villages: 120, half_width: 20, alliances: 3, ..GeneratorOptions::default() };
    generate_world(&options, &Ruleset::extended()).unwrap()
}

#[test]
fn confederates_do_not_go_where_the_other_goes() {
    assert!(meetings(Stance::Pact)[0] > 0, "partners of a pact do");
    assert_eq!(meetings(Stance::Confederacy), [0; 2]);
}
