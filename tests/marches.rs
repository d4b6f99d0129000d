//! What becomes of marches: on time, called back, together, before the gates, as guests, unseen.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::action::operations::{GROUP_LAUNCHES, Group, GroupStatus, Operation, OperationStatus};
use bevy_alliance::base::clock::{Agenda, GameSpan, GameTime};
use bevy_alliance::base::contract::{Fact, Inbox, Input, Manner, PlayerKind, Rank};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, OrderId, PlayerId, ProposalId, SiteId, StableId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::council::{Goal, proposal_key};
use bevy_alliance::decision::planning::allocation::Errand;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::{Cause, ObservationLog, Seen};
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::village::stores::read_stores;
use common::*;

const SIEGE: Manner = Manner::Siege;

/// When each march arrived, and from where.
fn arrivals(app: &TestApp) -> Vec<(u32, GameTime)> {
    let arrival = |f: &bevy_alliance::base::contract::CampaignFact| match f.fact {
        Fact::MarchArrived { origin, .. } => Some((origin.0, f.at)),
        _ => None,
    };
    app.facts.iter().filter_map(arrival).collect()
}

/// Alliance 1 with players 1 and 2, alliance 2 with players 3 and 4; none of them deliberates.
fn two_sides() -> Made {
    let (member, npc) = (Rank::Member, PlayerKind::Active);
    let made = Made::new().quiet_alliance(1).quiet_alliance(2);
    made.player(1, 1, member, npc).player(2, 1, member, npc).player(3, 2, member, npc).player(4, 2, member, npc)
}

#[test]
fn a_march_arrives_to_the_millisecond() {
    let made = two_sides().village(1, 1, (1, 2), &[(LEGIONNAIRE, 50)]).village(2, 2, (30, 0), &[(LEGIONNAIRE, 50)]);
    let made = made.with(|site| site.tournament_square = Some(10)).village(9, 3, (0, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    app.run(GameSpan(777));
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], SIEGE);
    leaves(&mut app, 2, 9, &[(LEGIONNAIRE, 10)], SIEGE);
    app.run(GameSpan::hours(5));
    // sqrt(5) fields at 6 an hour: 1,341,640.79 ms. 20 fields at 6 an hour and 10 at 18: 14,000,000 ms.
    assert_eq!(arrivals(&app), [(1, GameTime(777 + 1_341_641)), (2, GameTime(777 + 14_000_000))]);
}

#[test]
fn an_order_that_would_miss_its_instant_stays_at_home() {
    let made = two_sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 50)]).village(9, 3, (0, 0), &[]);
    for (off, launched) in [(0, true), (1, false), (-1, false)] {
        let mut app = made.start_with_orders(Ruleset::extended());
        let due = at(GameSpan::hours(3) + GameSpan(off));
        order(&mut app, at(GameSpan::hours(2)), 0, (1, 9), &[(LEGIONNAIRE, 50)], SIEGE, due);
        until(&mut app, at(GameSpan::mins(210)));
        assert_eq!(arrivals(&app) == [(1, due)], launched);
        let rule = app.facts.iter().find_map(|f| match &f.fact {
            Fact::GroupFailed { rule, .. } => Some(rule.as_str()),
            _ => None,
        });
        assert_eq!(rule, (!launched).then_some("arrives_at_another_instant"));
        assert_eq!(home(&app, 1).total(), if launched { 0 } else { 50 });
    }
}

/// One group of 50 from village 1, launched at 2 h to arrive at 8 h, called back at an instant; with the hand.
fn called_back(rules: Ruleset, after: GameSpan) -> TestApp {
    let made = two_sides().village(1, 1, (36, 0), &[(LEGIONNAIRE, 50)]).village(9, 3, (0, 0), &[]);
    let mut app = made.start_with_orders(rules);
    let left = at(GameSpan::hours(2));
    let id = order(&mut app, left, 0, (1, 9), &[(LEGIONNAIRE, 50)], SIEGE, at(GameSpan::hours(8)));
    recall(&mut app, left + after, id, march_id(1, 1));
    until(&mut app, left + after);
    app
}

#[test]
fn the_way_back_takes_as_long_as_the_way_so_far() {
    let after = GameSpan(37 * 60_000 + 123);
    let mut app = called_back(Ruleset::extended(), after);
    assert!(march(&app, 1, 1).unwrap().homeward);
    let back = at(GameSpan::hours(2)) + after + after;
    until(&mut app, back - GameSpan(1));
    assert_eq!((home(&app, 1).total(), away(&app, 1).total()), (0, 50));
    app.run(GameSpan(1));
    assert_eq!((home(&app, 1).total(), away(&app, 1).total()), (50, 0));
    assert!(march(&app, 1, 1).is_none());
    until(&mut app, at(GameSpan::hours(20)));
    assert_eq!(arrivals(&app), []);
}

#[test]
fn a_march_at_the_gates_is_not_called_back() {
    let mut app = called_back(Ruleset::extended(), GameSpan::hours(6));
    until(&mut app, at(GameSpan::hours(9)));
    assert_eq!(arrivals(&app), [(1, at(GameSpan::hours(8)))]);
}

#[test]
fn under_classic_a_march_is_called_back_within_ninety_seconds_only() {
    let app = called_back(Ruleset::classic(), GameSpan::secs(90));
    assert!(march(&app, 1, 1).unwrap().homeward);
    let mut app = called_back(Ruleset::classic(), GameSpan(90_001));
    assert!(!march(&app, 1, 1).unwrap().homeward);
    until(&mut app, at(GameSpan::hours(9)));
    assert_eq!(arrivals(&app), [(1, at(GameSpan::hours(8)))]);
}

/// A running operation of one group, as if a council had passed it.
fn operation(app: &mut TestApp) -> OrderId {
    let id = ProposalId { alliance: AllianceId(1), n: 1 };
    let (launch, arrival) = (at(GameSpan::hours(2)), at(GameSpan::hours(8)));
    let group = Group {
        member: PlayerId(1),
        site: SiteId(1),
        target: SiteId(9),
        wave: 0,
        manner: SIEGE,
        force: force(&[(LEGIONNAIRE, 50)]),
        upgrades: bevy_alliance::base::ruleset::Levels::default(),
        launch,
        travel: arrival - launch,
        arrival,
        aims: [None; 2],
        errand: Errand::Strike,
        status: GroupStatus::Waiting,
        lost: Force::new(),
        loot: Goods::ZERO,
        written_off: false,
    };
    let operation = Operation {
        id,
        proposer: PlayerId(1),
        goal: Goal::BreakDefense { share: 0.8 },
        groups: vec![group],
        targets: Vec::new(),
        status: OperationStatus::Running,
        started: GameTime(0),
        scouting: false,
        alerts: Vec::new(),
        revisions: Vec::new(),
    };
    app.app.world_mut().spawn((StableId::Proposal(id), operation));
    app.app.world_mut().resource_mut::<Agenda>().push(GROUP_LAUNCHES.entry(launch, proposal_key(id), 0));
    OrderId::Group { operation: id, group: 0 }
}

#[test]
fn a_recall_that_the_rules_forbid_is_refused_and_changes_nothing() {
    let made = two_sides().village(1, 1, (36, 0), &[(LEGIONNAIRE, 50)]).village(9, 3, (0, 0), &[]);
    for (rules, after, refused) in [
        (Ruleset::classic(), GameSpan::secs(90), None),
        (Ruleset::classic(), GameSpan(90_001), Some("recall")),
        (Ruleset::extended(), GameSpan::hours(5), None),
        (Ruleset::extended(), GameSpan::hours(7), Some("group_is_under_way")),
        (Ruleset::extended(), GameSpan(-1), Some("group_is_under_way")),
    ] {
        let mut app = made.start(rules);
        let id = operation(&mut app);
        until(&mut app, at(GameSpan::hours(2)) + after);
        app.app.world().resource::<Inbox>().sender().send(Input::Recall(id)).unwrap();
        let before = app.facts.len();
        app.update();
        let refusals = refusals(&app.facts[before..]);
        assert_eq!(
            refusals.iter().map(|r| r.rule.as_str()).collect::<Vec<_>>(),
            refused.into_iter().collect::<Vec<_>>()
        );
        until(&mut app, at(GameSpan::hours(9)));
        assert_eq!(arrivals(&app).len(), usize::from(refused.is_some()), "{refused:?}");
    }
}

#[test]
fn of_one_instant_the_first_launched_comes_first_then_the_lower_id() {
    let troops = [(LEGIONNAIRE, 100)];
    let made = two_sides().village(40, 1, (2, 0), &troops).village(30, 2, (1, 0), &troops);
    let made = made.village(20, 1, (-1, 0), &troops).village(9, 3, (0, 0), &[(LEGIONNAIRE, 500)]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 40, 9, &troops, SIEGE);
    until(&mut app, at(GameSpan::mins(10)));
    leaves(&mut app, 30, 9, &troops, SIEGE);
    leaves(&mut app, 20, 9, &troops, SIEGE);
    app.run(GameSpan::hours(1));
    let together = at(GameSpan::mins(20));
    assert_eq!(arrivals(&app), [(40, together), (20, together), (30, together)]);
    let losses = app.facts.iter().filter_map(|f| match &f.fact {
        Fact::BattleFought { defender_loss, .. } => Some(*defender_loss),
        _ => None,
    });
    let losses: Vec<f64> = losses.collect();
    assert_eq!(losses.len(), 3, "without a common operation each fights alone");
    assert!(losses[0] < losses[1] && losses[1] < losses[2], "each meets what the one before left: {losses:?}");
}

/// Ten groups from ten distances, together 1.2 times the defense, at one instant.
fn ten_groups(rules: Ruleset) -> TestApp {
    // As many inhabitants on both sides: nobody's morale suffers.
    let mut made = two_sides().village(9, 3, (0, 0), &[(LEGIONNAIRE, 1_000)]);
    made = made.village(8, 3, (50, 50), &[]).with(|site| site.population = 1_800);
    for n in 1..=10_i16 {
        made = made.village(10 + u32::from(n.unsigned_abs()), 1, (n, 0), &[(LEGIONNAIRE, 106)]);
    }
    let mut app = made.start_with_orders(rules);
    let arrival = at(GameSpan::hours(3));
    for n in 1..=10_u16 {
        let left = at(GameSpan::hours(3) - GameSpan::mins(10 * i64::from(n)));
        order(&mut app, left, n, (10 + u32::from(n), 9), &[(LEGIONNAIRE, 106)], SIEGE, arrival);
    }
    until(&mut app, arrival);
    assert_eq!(arrivals(&app).iter().filter(|(_, t)| *t == arrival).count(), 10);
    app
}

fn sent_away(app: &TestApp) -> u64 {
    (11..=20).map(|site| away(app, site).total()).sum()
}

#[test]
fn groups_of_one_operation_win_together() {
    let mut app = ten_groups(Ruleset::extended());
    assert_eq!(home(&app, 9), Force::new());
    let left = sent_away(&app);
    assert!(left > 100 && left < 500, "{left} of 1,060 are left");
    app.run(GameSpan::hours(3));
    assert_eq!((11..=20).map(|site| home(&app, site).total()).sum::<u64>(), left);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn under_classic_the_same_groups_lose_one_after_another() {
    let mut app = ten_groups(Ruleset::classic());
    assert_eq!(sent_away(&app), 0);
    assert!(home(&app, 9).total() > 300, "{} are left", home(&app, 9).total());
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_blockade_stops_the_enemy() {
    let made = two_sides().village(1, 1, (6, 0), &[("praetorian", 1_000)]).village(2, 2, (3, 0), &[(LEGIONNAIRE, 50)]);
    let made = made.village(8, 4, (0, 6), &[(LEGIONNAIRE, 200)]).village(9, 3, (0, 0), &[(LEGIONNAIRE, 10)]);
    let mut app = made.start_with_orders(Ruleset::extended());
    leaves(&mut app, 1, 9, &[("praetorian", 1_000)], Manner::Blockade);
    until(&mut app, at(GameSpan::hours(2)));
    assert_eq!(blockades(&app, 9), [march_id(1, 1)]);
    assert_eq!(home(&app, 9).total(), 10, "a blockade fights nobody inside");
    leaves(&mut app, 8, 9, &[(LEGIONNAIRE, 100)], Manner::Reinforce);
    assert_eq!(launch(&mut app, 2, 9, &[(LEGIONNAIRE, 50)], Manner::Reinforce)[0].rule, "not_a_friend");
    until(&mut app, at(GameSpan::hours(4)));
    assert!(guests(&app, 9).0.is_empty());
    assert_eq!(away(&app, 8), Force::new(), "the reinforcements died before the gates");
    let holds = march(&app, 1, 1).unwrap().force;
    assert!(holds.total() > 900 && holds.total() < 1_000, "the blockade lost some: {}", holds.total());
    assert_eq!(away(&app, 1), holds);

    let order = OrderId::Group { operation: ProposalId { alliance: AllianceId(1), n: 1 }, group: 0 };
    recall(&mut app, at(GameSpan::hours(5)), order, march_id(1, 1));
    until(&mut app, at(GameSpan::hours(5)));
    assert_eq!(blockades(&app, 9), []);
    leaves(&mut app, 8, 9, &[(LEGIONNAIRE, 100)], Manner::Reinforce);
    // Six fields at 5 an hour: 72 minutes, as on the way there.
    until(&mut app, at(GameSpan::mins(5 * 60 + 72)) - GameSpan(1));
    assert_eq!(home(&app, 1), Force::new());
    app.run(GameSpan(1));
    assert_eq!(home(&app, 1), holds);
    assert_eq!(guests(&app, 9).0.len(), 1, "with the blockade gone the way is free");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn under_classic_nobody_blockades() {
    let made = two_sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 50)]).village(9, 3, (0, 0), &[]);
    let mut app = made.start(Ruleset::classic());
    let refused = launch(&mut app, 1, 9, &[(LEGIONNAIRE, 50)], Manner::Blockade);
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].rule, "blockade");
    assert_eq!(home(&app, 1).total(), 50);
}

#[test]
fn loot_is_carried_home() {
    let made = two_sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 10)]).with(|site| site.stores = Some(Goods::ZERO));
    let mut app = made.village(9, 3, (0, 0), &[]).start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Raid);
    until(&mut app, at(GameSpan::hours(1)));
    let loot = march(&app, 1, 1).unwrap().loot;
    assert_eq!(loot.total(), 50 * i64::try_from(away(&app, 1).total()).unwrap());
    until(&mut app, at(GameSpan::hours(2)) - GameSpan(1));
    let before = read_stores(&stores(&app, 1), at(GameSpan::hours(2))).amount;
    assert_eq!(app.audit(), Audit::default());
    app.run(GameSpan(1));
    assert_eq!(read_stores(&stores(&app, 1), app.now()).amount, before + loot);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn reinforcements_stay_and_die_with_the_village() {
    let made = two_sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 6_000)]).village(8, 4, (0, 3), &[("praetorian", 200)]);
    let mut app = made.village(9, 3, (0, 0), &[("praetorian", 100)]).start(Ruleset::extended());
    leaves(&mut app, 8, 9, &[("praetorian", 200)], Manner::Reinforce);
    until(&mut app, at(GameSpan::days(2)));
    assert_eq!(guests(&app, 9).0[&march_id(8, 1)].force, force(&[("praetorian", 200)]));
    assert_eq!((home(&app, 8).total(), away(&app, 8).total()), (0, 200));
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 150)], SIEGE);
    app.run(GameSpan::hours(1));
    let (own, foreign) = (home(&app, 9).total(), away(&app, 8).total());
    assert!(own < 100 && foreign < 200, "both lose: {own}, {foreign}");
    assert!(own.abs_diff(foreign / 2) <= 1, "and the same share: {own}, {foreign}");
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 5_000)], SIEGE);
    app.run(GameSpan::hours(1));
    assert_eq!((home(&app, 9).total(), away(&app, 8).total()), (0, 0));
    assert!(guests(&app, 9).0.is_empty());
    assert_eq!(app.audit(), Audit::default());
}

/// The causes of what an alliance has observed.
fn observed(app: &mut TestApp, alliance: u32) -> Vec<(Cause, Seen)> {
    let world = app.app.world_mut();
    let mut logs = world.query::<(&StableId, &ObservationLog)>();
    let log = logs.iter(world).find(|(id, _)| **id == StableId::Alliance(AllianceId(alliance)));
    log.unwrap().1.latest.iter().map(|o| (o.cause, o.seen.clone())).collect()
}

#[test]
fn scouts_report_and_only_a_dead_scout_gives_them_away() {
    let (leader, npc) = (Rank::Leader, PlayerKind::Human);
    let made = Made::new().active_alliance(1).active_alliance(2).player(1, 1, leader, npc).player(3, 2, leader, npc);
    let made = made.village(1, 1, (4, 0), &[("equites_legati", 30)]);
    let made = made.village(8, 3, (0, 0), &[(LEGIONNAIRE, 77)]).village(9, 3, (0, 1), &[("equites_legati", 500)]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 8, &[("equites_legati", 10)], Manner::Scout);
    app.run(GameSpan::hours(1));
    let [(Cause::OwnScouts, Seen::Site { troops: Some(troops), goods: Some(_), wall: Some(0), residence: Some(0) })] =
        &observed(&mut app, 1)[..]
    else {
        panic!("{:?}", observed(&mut app, 1));
    };
    assert_eq!(*troops, force(&[(LEGIONNAIRE, 77)]));
    assert_eq!(observed(&mut app, 2), [], "nobody saw them");
    assert_eq!(home(&app, 1).total(), 30, "and they are home again");

    leaves(&mut app, 1, 9, &[("equites_legati", 10)], Manner::Scout);
    app.run(GameSpan::hours(1));
    assert_eq!(home(&app, 1).total(), 20, "these never came home");
    assert_eq!(observed(&mut app, 1)[1..], [(Cause::OwnScoutsLost, Seen::ScoutsKilled { killed: 10 })]);
    assert_eq!(observed(&mut app, 2), [(Cause::ScoutsCaught, Seen::ScoutsKilled { killed: 10 })]);
    let mixed = launch(&mut app, 1, 9, &[("equites_legati", 1), (LEGIONNAIRE, 1)], Manner::Scout);
    assert_eq!(mixed[0].rule, "troops_at_home");
}

#[test]
fn soldiers_do_not_scout() {
    let made = two_sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 9), ("equites_legati", 9)]);
    let mut app = made.village(9, 3, (0, 0), &[]).start(Ruleset::extended());
    for units in [&[(LEGIONNAIRE, 9)][..], &[(LEGIONNAIRE, 1), ("equites_legati", 8)]] {
        assert_eq!(launch(&mut app, 1, 9, units, Manner::Scout)[0].rule, "scouts_only");
    }
}

#[test]
fn the_own_alliance_cannot_be_attacked() {
    let made = two_sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 50), ("equites_legati", 5)]);
    let mut app = made.village(2, 2, (0, 0), &[]).village(3, 1, (1, 0), &[]).start(Ruleset::extended());
    for target in [2, 3] {
        for manner in [SIEGE, Manner::Raid, Manner::Blockade] {
            assert_eq!(launch(&mut app, 1, target, &[(LEGIONNAIRE, 40)], manner)[0].rule, "own_alliance");
        }
        assert_eq!(launch(&mut app, 1, target, &[("equites_legati", 5)], Manner::Scout)[0].rule, "own_alliance");
        leaves(&mut app, 1, target, &[(LEGIONNAIRE, 5)], Manner::Reinforce);
    }
}
