//! Villages that are worn down, taken and razed, and what becomes of those who belong to them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{
    BattleFought, Fact, Holdings, LaunchMarch, Manner, MarchSighted, Player, PlayerKind, Rank, RecallMarch,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::society::alliance::Grievances;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::village::{Economy, Ledger, Loyalty};
use common::*;

const SENATOR: &str = "senator";
const CATAPULT: &str = "fire_catapult";

/// Village 1 of player 1 with soldiers and chiefs, twelve fields (three hours for chiefs) from the empty village 9 of
/// player 3.
fn siege() -> Made {
    sides().village(1, 1, (12, 0), &[(LEGIONNAIRE, 2_000), (SENATOR, 8)]).village(9, 3, (0, 0), &[])
}

/// What chiefs did so far: before and after.
fn lowered(app: &TestApp) -> Vec<(u8, u8)> {
    let lowered = |f: &bevy_alliance::base::contract::CampaignFact| match f.fact {
        Fact::LoyaltyLowered { before, after, .. } => Some((before, after)),
        _ => None,
    };
    app.facts.iter().filter_map(lowered).collect()
}

fn aim(app: &mut TestApp, from: u32, to: u32, units: &[(&str, u32)], aims: [Option<u8>; 2]) {
    let (origin, target, manner) = (SiteId(from), SiteId(to), Manner::Siege);
    assert_eq!(refusals(app.send(LaunchMarch { origin, target, force: force(units), manner, aims })), []);
}

fn population(app: &TestApp, player: u32) -> u64 {
    let world = app.app.world();
    world.get::<Player>(world.resource::<EntityIndex>().player(PlayerId(player)).unwrap()).unwrap().population
}

fn ledger(app: &TestApp) -> &Ledger {
    app.app.world().resource::<Ledger>()
}

#[test]
fn chiefs_wear_loyalty_down_and_it_comes_back_by_one_an_hour() {
    let mut app = siege().start(Ruleset::extended());
    listen::<BattleFought>(&mut app);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 2)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(10)));
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 1)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(13)));
    let [(100, first), (before, second)] = lowered(&app)[..] else { panic!("{:?}", lowered(&app)) };
    assert!((40..=60).contains(&first), "two chiefs take 40 to 60: {first}");
    assert_eq!(before, first + 10, "ten hours later");
    assert!((20..=30).contains(&(before - second)));
    assert_eq!(owner(&app, 9), Some(3));
    let reports: Vec<_> = said::<BattleFought>(&app).iter().map(|b| (b.witness.0, b.loyalty)).collect();
    assert_eq!(reports, [(1, Some(first)), (3, Some(first)), (1, Some(second)), (3, Some(second))]);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn no_chief_works_where_a_residence_stands_or_somebody_defends_or_in_a_raid() {
    let chiefs = [(LEGIONNAIRE, 1_000), (SENATOR, 6), (CATAPULT, 50)];
    let attack = |made: Made, manner: Manner, aims: [Option<u8>; 2]| {
        let mut app = made.start(Ruleset::extended());
        let (origin, target) = (SiteId(1), SiteId(9));
        assert_eq!(refusals(app.send(LaunchMarch { origin, target, force: force(&chiefs), manner, aims })), []);
        app.run(GameSpan::hours(5));
        (owner(&app, 9).unwrap(), lowered(&app).len())
    };
    let made = || sides().village(1, 1, (12, 0), &chiefs).village(9, 3, (0, 0), &[]);
    let seat = [Some(3), None];
    assert_eq!(attack(made(), Manner::Siege, [None; 2]), (1, 1));
    assert_eq!(attack(made(), Manner::Raid, [None; 2]), (3, 0));
    let seated = || made().with(|site| site.residence = Some(4));
    assert_eq!(attack(seated(), Manner::Siege, [None; 2]), (3, 0));
    assert_eq!(attack(seated(), Manner::Siege, seat), (1, 1), "the catapults go first");
    let held = sides().village(1, 1, (12, 0), &chiefs).village(9, 3, (0, 0), &[("praetorian", 9_000)]);
    assert_eq!(attack(held, Manner::Siege, [None; 2]), (3, 0));
    let natars = made().player(7, 0, Rank::Member, PlayerKind::Static).with(|site| site.owner = PlayerId(7));
    assert_eq!(attack(natars, Manner::Siege, [None; 2]), (7, 0), "static owners keep what they have");
}

#[test]
fn a_village_that_is_taken_is_the_new_owners_with_all_that_stands_there() {
    let mut app = siege().village(8, 3, (0, 30), &[]).start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 6)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(3)));
    assert_eq!(owner(&app, 9), Some(1));
    assert_eq!(of_village::<Loyalty>(&app, 9), Some(Loyalty { milli: 25_000, since: at(GameSpan::hours(3)) }));
    let holdings = app.app.world().resource::<Holdings>();
    assert_eq!((holdings.of(PlayerId(1)), holdings.of(PlayerId(3))), (&[SiteId(1), SiteId(9)][..], &[SiteId(8)][..]));
    assert_eq!((population(&app, 1), population(&app, 3)), (400, 200));
    assert_eq!(ledger(&app).troops_settled, force(&[(SENATOR, 1)]), "one chief stays");
    assert_eq!(away(&app, 1).count(class(SENATOR)), 5);
    let change = |f: &bevy_alliance::base::contract::CampaignFact| {
        matches!(f.fact, Fact::SiteChanged { site: SiteId(9), from: Some(PlayerId(3)), to: Some(PlayerId(1)) })
    };
    assert_eq!(app.facts.iter().filter(|f| change(f)).count(), 1);
    app.run(GameSpan::hours(4));
    assert_eq!(home(&app, 1).count(class(SENATOR)), 7);
    assert_eq!(app.audit(), Audit::default());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 5)], Manner::Reinforce);
    app.run(GameSpan::hours(2));
    assert_eq!(guests(&app, 9).0.len(), 1, "it is an own village now");
}

#[test]
fn of_joint_groups_whose_chief_brings_it_to_zero_takes_the_village() {
    // Eight and twelve fields; whoever has farther to go leaves first.
    for (first, second) in [((12, 0), (8, 0)), ((8, 0), (12, 0))] {
        let made = sides().village(1, 1, first, &[(LEGIONNAIRE, 300), (SENATOR, 3)]);
        let made = made.village(2, 2, second, &[(LEGIONNAIRE, 300), (SENATOR, 3)]).village(9, 3, (0, 0), &[]);
        let mut app = made.start_with_orders(Ruleset::extended());
        let arrival = at(GameSpan::hours(4));
        for (group, (origin, way)) in (0..).zip([(1, first), (2, second)]) {
            let left = at(GameSpan::hours(4) - GameSpan::mins(15 * i64::from(way.0)));
            let units = [(LEGIONNAIRE, 300), (SENATOR, 3)];
            order(&mut app, left, group, (origin, 9), &units, Manner::Siege, arrival);
        }
        until(&mut app, arrival);
        // Three chiefs take 90 at most: the fourth or fifth is one of the group that left later.
        let later = if first.0 > second.0 { 2 } else { 1 };
        assert_eq!(owner(&app, 9), Some(later));
        assert_eq!(away(&app, later).count(class(SENATOR)), 2);
        assert_eq!(away(&app, 3 - later).count(class(SENATOR)), 3);
        app.run(GameSpan::hours(5));
        assert_eq!(app.audit(), Audit::default());
    }
}

/// A siege of village 9 that takes it at 3 h, while of its troops a raid of 100 is on its way to village 5 of player 1
/// (36 fields, until 6 h), a raid of 60 comes home from village 6 of player 6 (10 fields, at 3 h 20), and 40 stay with
/// the ally 7 (6 fields). If `spare`, player 3 has village 8 too, 12 fields away.
fn lose_a_home(spare: bool) -> TestApp {
    let made = sides().village(1, 1, (12, 0), &[(LEGIONNAIRE, 2_000), (SENATOR, 8)]);
    let made = made.village(9, 3, (0, 0), &[(LEGIONNAIRE, 200)]).village(5, 1, (36, 0), &[]);
    let mut made = made.village(6, 6, (0, -10), &[]).village(7, 4, (-6, 0), &[]);
    if spare {
        made = made.village(8, 3, (0, 12), &[]).village(80, 3, (0, 40), &[]);
    }
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 6)], Manner::Siege);
    leaves(&mut app, 9, 5, &[(LEGIONNAIRE, 100)], Manner::Raid);
    leaves(&mut app, 9, 6, &[(LEGIONNAIRE, 60)], Manner::Raid);
    leaves(&mut app, 9, 7, &[(LEGIONNAIRE, 40)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(3)) - GameSpan(1));
    assert_eq!((owner(&app, 9), away(&app, 9).total()), (Some(3), 200));
    app.run(GameSpan(1));
    assert_eq!(owner(&app, 9), Some(1));
    assert_eq!(away(&app, 9), Force::new(), "nobody belongs to the lost village any more");
    assert_eq!(app.audit(), Audit::default());
    app
}

#[test]
fn who_loses_his_home_walks_on_to_the_owners_nearest_village() {
    let mut app = lose_a_home(true);
    assert_eq!((away(&app, 8).total(), away(&app, 80).total()), (200, 0));
    let guest = guests(&app, 7).0[&march_id(9, 3)].clone();
    assert_eq!((guest.home, guest.force.total()), (SiteId(8), 40));
    let homeward = march(&app, 9, 2).unwrap();
    assert_eq!((homeward.home, homeward.arrival), (SiteId(8), at(GameSpan::mins(200 + 120))));
    until(&mut app, at(GameSpan::mins(320)) - GameSpan(1));
    assert_eq!(home(&app, 8).total(), 0);
    app.run(GameSpan(1));
    assert_eq!(home(&app, 8).total(), 60);
    until(&mut app, at(GameSpan::hours(6)));
    let raid = march(&app, 9, 1).unwrap();
    // From (36|0) to (0|12): 37.947 fields at 6 an hour.
    assert_eq!(raid.arrival - at(GameSpan::hours(6)), GameSpan(22_768_399));
    app.run(GameSpan::hours(7));
    assert_eq!(home(&app, 8).total(), 160);
    assert_eq!(app.audit(), Audit::default());
    assert_eq!(refusals(app.send(RecallMarch { march: march_id(9, 3) })), []);
    app.run(GameSpan::hours(3));
    assert_eq!(home(&app, 8).total(), 200, "the guests come home, too");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn who_is_called_back_passes_the_lost_village() {
    let mut app = lose_a_home(true);
    until(&mut app, at(GameSpan::hours(4)));
    assert_eq!(refusals(app.send(RecallMarch { march: march_id(9, 1) })), []);
    // Four hours back, and two on to the new home.
    assert_eq!(march(&app, 9, 1).unwrap().arrival, at(GameSpan::hours(10)));
    until(&mut app, at(GameSpan::hours(10)));
    assert_eq!(home(&app, 8).total(), 160);
    assert_eq!(turned(&app), [(9, "recalled".to_owned())]);
}

#[test]
fn without_another_village_they_disband() {
    let mut app = lose_a_home(false);
    assert!(march(&app, 9, 1).is_none() && march(&app, 9, 2).is_none());
    assert!(guests(&app, 7).0.is_empty());
    assert_eq!(ledger(&app).troops_dead.count(class(LEGIONNAIRE)), 200);
    assert!(ledger(&app).goods_wasted.total() >= 60 * 50, "the loot of those on their way home");
    app.run(GameSpan::hours(12));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn stationed_troops_whose_host_takes_them_in_are_guests_no_longer() {
    let made = siege().village(8, 3, (0, 6), &[]).with(|_| {});
    let mut made = made;
    made.0.sites[1].troops = Some(force(&[(LEGIONNAIRE, 30)]));
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 6)], Manner::Siege);
    leaves(&mut app, 9, 8, &[(LEGIONNAIRE, 20)], Manner::Reinforce);
    until(&mut app, at(GameSpan::mins(150)));
    // These arrive after their village is lost, at the one that takes them in.
    leaves(&mut app, 9, 8, &[(LEGIONNAIRE, 10)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(3)));
    assert_eq!((home(&app, 8).total(), guests(&app, 8).0.len(), away(&app, 8).total()), (20, 0, 10));
    app.run(GameSpan::hours(1));
    assert_eq!((home(&app, 8).total(), guests(&app, 8).0.len(), away(&app, 8).total()), (30, 0, 0));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn who_arrives_later_at_that_millisecond_meets_the_new_owner() {
    let made = siege().village(2, 2, (0, 12), &[(LEGIONNAIRE, 50)]).village(8, 4, (0, -12), &[(LEGIONNAIRE, 50)]);
    let mut app = made.village(6, 6, (-12, 0), &[(LEGIONNAIRE, 50)]).start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 6)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(1)));
    leaves(&mut app, 2, 9, &[(LEGIONNAIRE, 50)], Manner::Siege);
    leaves(&mut app, 8, 9, &[(LEGIONNAIRE, 50)], Manner::Reinforce);
    leaves(&mut app, 6, 9, &[(LEGIONNAIRE, 50)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(3)));
    assert_eq!(owner(&app, 9), Some(1));
    assert_eq!(turned(&app), [(2, "friends_now".to_owned()), (8, "cannot_enter".to_owned())]);
    let defenders: Vec<_> = app
        .facts
        .iter()
        .filter_map(|f| if let Fact::BattleFought { defender, .. } = f.fact { Some(defender.0) } else { None })
        .collect();
    assert_eq!(defenders, [3, 1], "the lone player fights the new owner");
    until(&mut app, at(GameSpan::hours(5)));
    assert_eq!((home(&app, 2).total(), home(&app, 8).total()), (50, 50), "the way back is as long as the way there");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn the_new_owner_sees_what_comes_and_his_friends_leave_the_gates() {
    let made = siege().village(2, 2, (6, 0), &[("praetorian", 50)]).village(6, 6, (-30, 0), &[(LEGIONNAIRE, 90)]);
    let made = made.village(5, 6, (-5, 0), &[("praetorian", 40)]).village(4, 4, (0, 60), &[(LEGIONNAIRE, 9)]);
    let mut app = made.start(Ruleset::extended());
    listen::<MarchSighted>(&mut app);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 500), (SENATOR, 6)], Manner::Siege);
    leaves(&mut app, 2, 9, &[("praetorian", 50)], Manner::Blockade);
    leaves(&mut app, 5, 9, &[("praetorian", 40)], Manner::Blockade);
    leaves(&mut app, 6, 9, &[(LEGIONNAIRE, 90)], Manner::Raid);
    leaves(&mut app, 4, 9, &[(LEGIONNAIRE, 9)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(2)));
    assert_eq!(blockades(&app, 9), [march_id(5, 1), march_id(2, 1)]);
    let seen = said::<MarchSighted>(&app).len();
    until(&mut app, at(GameSpan::hours(3)));
    assert_eq!(blockades(&app, 9), [march_id(5, 1)], "who is no friend stays");
    assert_eq!(turned(&app), [(2, "friends_now".to_owned())]);
    let seen_at = at(GameSpan::hours(3));
    let raid = MarchSighted {
        witness: PlayerId(1),
        origin: SiteId(6),
        target: SiteId(9),
        seen_at,
        arrival: at(GameSpan::hours(5)),
        at: None,
    };
    assert_eq!(said::<MarchSighted>(&app)[seen..], [raid]);
    // Six fields at 5 an hour.
    until(&mut app, at(GameSpan::hours(3) + GameSpan::mins(72)));
    assert_eq!(home(&app, 2).total(), 50);
    app.run(GameSpan::hours(20));
    assert_eq!(turned(&app)[1..], [(4, "cannot_enter".to_owned())]);
    assert_eq!(app.audit(), Audit::default());
}

/// Two sieges that lay all of village 9 in ruins within a minute, in a world that lives. Its 60 troops are with their
/// ally 7, and ten of that ally's are there.
fn lay_in_ruins(spare: bool) -> TestApp {
    let rich = |made: Made| made.with(|site| site.stores = Some(Goods::new([10_000_000; 4])));
    let made = rich(sides().village(1, 1, (6, 0), &[(LEGIONNAIRE, 4_000), (CATAPULT, 400)]));
    let mut made =
        rich(rich(made.village(9, 3, (0, 0), &[(LEGIONNAIRE, 60)])).village(7, 4, (0, 6), &[(LEGIONNAIRE, 40)]));
    if spare {
        made = rich(made.village(8, 3, (0, 12), &[]));
    }
    let mut app = rich(made.village(6, 6, (-60, 0), &[(LEGIONNAIRE, 80)])).start_living();
    leaves(&mut app, 9, 7, &[(LEGIONNAIRE, 60)], Manner::Reinforce);
    leaves(&mut app, 6, 9, &[(LEGIONNAIRE, 80)], Manner::Raid);
    aim(&mut app, 1, 9, &[(LEGIONNAIRE, 2_000), (CATAPULT, 200)], [Some(0), Some(1)]);
    app.run(GameSpan::mins(1));
    // Catapults alone carry nothing away.
    aim(&mut app, 1, 9, &[(CATAPULT, 200)], [Some(2), Some(3)]);
    until(&mut app, at(GameSpan::hours(2)));
    // Six fields for the first half: 11 of 16 levels.
    assert_eq!(of_village::<Economy>(&app, 9).unwrap().population(), 200 * 5 / 16);
    app.run(GameSpan::mins(1));
    assert_eq!(app.audit(), Audit::default());
    app
}

#[test]
fn a_village_without_buildings_is_razed_with_all_that_lies_there() {
    let mut app = lay_in_ruins(true);
    assert!(site(&app, SiteId(9)).is_none());
    assert_eq!((population(&app, 3), app.app.world().resource::<Holdings>().of(PlayerId(3))), (200, &[SiteId(8)][..]));
    assert!(ledger(&app).goods_razed.total() > 0);
    // Troops that stayed elsewhere walk to their new home.
    assert!(guests(&app, 7).0.is_empty());
    let walking = march(&app, 9, 1).unwrap();
    assert_eq!((walking.home, walking.homeward, walking.force.total()), (SiteId(8), true, 60));
    assert_eq!(away(&app, 8).total(), 60);
    until(&mut app, at(GameSpan::hours(10)));
    assert_eq!(turned(&app), [(6, "target_gone".to_owned())], "60 fields at 6 an hour");
    let raid = march(&app, 6, 1).unwrap();
    assert_eq!((raid.homeward, raid.arrival), (true, at(GameSpan::hours(20))));
    app.run(GameSpan::days(2));
    assert_eq!(home(&app, 6).count(class(LEGIONNAIRE)), 80);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn one_inhabitant_stays_in_a_players_last_village() {
    let mut app = lay_in_ruins(false);
    assert_eq!(owner(&app, 9), Some(3));
    assert_eq!(of_village::<Economy>(&app, 9).unwrap().population(), 1);
    app.run(GameSpan::days(40));
    assert!(site(&app, SiteId(9)).unwrap().population > 20, "and it grows again");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn guests_of_a_razed_village_walk_home() {
    let rich = |made: Made| made.with(|site| site.stores = Some(Goods::new([10_000_000; 4])));
    let made = rich(sides().village(1, 1, (6, 0), &[(CATAPULT, 800)]));
    let made = rich(rich(made.village(9, 3, (0, 0), &[])).village(7, 4, (0, 6), &[("praetorian", 1_000)]));
    let mut app = rich(made.village(8, 3, (0, 12), &[])).start_living();
    leaves(&mut app, 7, 9, &[("praetorian", 1_000)], Manner::Reinforce);
    // Even catapults that are lost do some damage.
    aim(&mut app, 1, 9, &[(CATAPULT, 400)], [Some(0), Some(1)]);
    aim(&mut app, 1, 9, &[(CATAPULT, 400)], [Some(2), Some(3)]);
    until(&mut app, at(GameSpan::hours(2)));
    assert!(site(&app, SiteId(9)).is_none());
    let left = march(&app, 7, 1).unwrap();
    assert!(left.homeward && left.force.total() > 200, "{left:?}");
    // Six fields at 5 an hour.
    until(&mut app, at(GameSpan::mins(120 + 72)));
    assert!(home(&app, 7).count(class("praetorian")) >= u32::try_from(left.force.total()).unwrap());
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_conquest_is_held_against_those_who_took_the_village() {
    let mut app = siege().village(8, 3, (0, 30), &[]).start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 400), (SENATOR, 6)], Manner::Siege);
    app.run(GameSpan::hours(3));
    assert_eq!(owner(&app, 9), Some(1));
    let world = app.app.world();
    let victim = world.resource::<EntityIndex>().alliance(AllianceId(2)).unwrap();
    let grievances = &world.get::<Grievances>(victim).unwrap().0;
    assert!(grievances.get(&AllianceId(1)).is_some_and(|held| held.value >= 10.0), "{grievances:?}");
}
