//! Members of an alliance help a village of theirs that is attacked, and go home when that is over.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;
#[path = "../examples/support/planner/input.rs"]
mod input;
#[path = "../examples/support/planner/defense.rs"]
mod planner;

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::Component;
use bevy_alliance::action::defense::{
    ALARM_ANSWERED, DefenseSettings, Defenses, PostureSettings, Relief, Reliefs, Vital,
};
use bevy_alliance::base::clock::{Agenda, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, DefenseAnswer, Fact, LaunchMarch, Manner, PlayerKind, Rank, Rhythm, SetMembership, Stance,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, OrderId, PlayerId, SiteId, StableId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::planning::{Commitment, Commitments, believed};
use bevy_alliance::edge::report::CampaignTally;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::View;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::Garrison;
use common::*;
use proptest::prelude::*;
use serde_json::json;

const IMPERIAN: &str = "imperian";
const PRAETORIAN: &str = "praetorian";
const SCOUT: &str = "equites_legati";
const ACTIVE: PlayerKind = PlayerKind::Active;
const SECOND: GameSpan = GameSpan::secs(1);
const WEAK: &[(&str, u32)] = &[(PRAETORIAN, 10)];
const STRONG: &[(&str, u32)] = &[(PRAETORIAN, 1_000)];
/// 14,000 attack points: what a march from a village of 3,500 inhabitants, of which nothing is known, is taken for. Its
/// whole army is taken for 28,000 points, and a march from it for real at even odds.
const HAMMER: &[(&str, u32)] = &[(IMPERIAN, 200)];

/// Player 1, who answers nothing, owns village 1 with a hammer. Players 2, 3 and 4 are an alliance that deliberates;
/// village 2 lies 40 fields from village 1: imperians take 5 h 43 min.
fn attacked() -> Made {
    let made = Made::new().active_alliance(7).player(1, 0, Rank::Member, PlayerKind::Human);
    let made = made.player(2, 7, Rank::Leader, ACTIVE).player(3, 7, Rank::Member, ACTIVE);
    let made = made.player(4, 7, Rank::Member, ACTIVE);
    let made = made.village(1, 1, (0, 0), HAMMER).with(|v| v.population = 3_500);
    // As many inhabitants as the attacker has: morale changes nothing.
    made.village(2, 2, (40, 0), WEAK).with(|v| v.population = 3_500)
}

/// The same, but player 1 is of an alliance that is at war with that of the others, and holds a village near village 2, which
/// lies at the frontier so. Village 3 has 1,000 praetorians who can help.
fn at_the_frontier() -> Made {
    let made = Made::new().active_alliance(7).active_alliance(8).stance(7, 8, Stance::War);
    let made = made.player(1, 8, Rank::Leader, PlayerKind::Human);
    let made = made.player(2, 7, Rank::Leader, ACTIVE).player(3, 7, Rank::Member, ACTIVE);
    let made = made.village(1, 1, (0, 0), HAMMER).with(|v| v.population = 3_500);
    let made = made.village(2, 2, (40, 0), WEAK).with(|v| v.population = 3_500);
    made.village(3, 3, (50, 0), STRONG).village(4, 1, (40, 6), &[]).with(|v| v.population = 3_500)
}

fn launch(app: &mut TestApp, from: u32, to: u32, units: &[(&str, u32)], manner: Manner) -> GameTime {
    let march = LaunchMarch { origin: SiteId(from), target: SiteId(to), force: force(units), manner, aims: [None; 2] };
    assert_eq!(refusals(app.send(march)), []);
    let n = of_village::<Garrison>(app, from).unwrap().marches;
    common::march(app, from, n).unwrap().arrival
}

fn of_player<C: Component + Clone>(app: &TestApp, player: u32) -> Option<C> {
    let entity = app.app.world().resource::<EntityIndex>().get(StableId::Player(PlayerId(player))).unwrap();
    app.app.world().get::<C>(entity).cloned()
}

/// The relief of a player that is promised or out.
fn reliefs(app: &TestApp, player: u32) -> Vec<Relief> {
    of_player::<Reliefs>(app, player).map_or_else(Vec::new, |r| r.reliefs)
}

fn promised(app: &TestApp, site: u32) -> Force {
    of_village::<Commitments>(app, site).map_or_else(Force::new, |c| c.promised())
}

fn facts<T>(app: &TestApp, pick: impl Fn(&CampaignFact) -> Option<T>) -> Vec<T> {
    app.facts.iter().filter_map(pick).collect()
}

fn answers(app: &TestApp) -> Vec<(u32, DefenseAnswer, String)> {
    facts(app, |f| match &f.fact {
        Fact::AlarmAnswered { site, answer, reason, .. } => Some((site.0, *answer, reason.clone())),
        _ => None,
    })
}

fn answer(site: u32, answer: DefenseAnswer, reason: &str) -> (u32, DefenseAnswer, String) {
    (site, answer, reason.to_owned())
}

/// Relief that left: which village, whose, when it is there, what was missing.
fn sent(app: &TestApp) -> Vec<(u32, u32, GameTime, i64)> {
    facts(app, |f| match &f.fact {
        Fact::ReliefSent { site, helper, arrives, deficit_left, .. } => {
            Some((site.0, helper.0, *arrives, *deficit_left))
        }
        _ => None,
    })
}

/// Relief that was called home: when, from which village, whose.
fn returned(app: &TestApp) -> Vec<(GameTime, u32, u32)> {
    facts(app, |f| match &f.fact {
        Fact::ReliefReturned { site, helper, .. } => Some((f.at, site.0, helper.0)),
        _ => None,
    })
}

/// Goods that attackers and defenders lost, by battle.
fn battles(app: &TestApp) -> Vec<(u32, i64, i64)> {
    facts(app, |f| match &f.fact {
        Fact::BattleFought { site, attackers_lost, defenders_lost, .. } => {
            Some((site.0, *attackers_lost, *defenders_lost))
        }
        _ => None,
    })
}

#[test]
fn relief_lands_before_the_hit_wins_and_goes_home() {
    for rules in [Ruleset::extended(), Ruleset::classic()] {
        let mut app = attacked().village(3, 3, (50, 0), STRONG).start(rules);
        let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        until(&mut app, hit - SECOND);
        assert_eq!(answers(&app), [answer(2, DefenseAnswer::Hold, "relieved")]);
        let [(2, 3, arrives, 0)] = sent(&app)[..] else { panic!("{:?}", sent(&app)) };
        assert!(arrives < hit);
        let [guest] = &guests(&app, 2).0.values().cloned().collect::<Vec<_>>()[..] else { panic!("no guest") };
        assert_eq!((promised(&app, 3), home(&app, 3).total() + guest.force.total()), (Force::new(), 1_000));
        // The least that covers 1.2 x 14,000 with the ten that are there.
        let with = |n: u64| defense(&app, &Force::of(class(PRAETORIAN), u32::try_from(n).unwrap()));
        let n = guest.force.total() + 10;
        assert!(with(n) >= 16_800.0 && with(n - 1) < 16_800.0, "{n} are {} points", with(n));
        until(&mut app, hit + SECOND);
        let [(2, killed, lost)] = battles(&app)[..] else { panic!("{:?}", battles(&app)) };
        assert!(killed > lost && away(&app, 1).is_empty(), "{killed} killed, {lost} lost");
        assert_eq!(returned(&app), [(hit + SECOND, 2, 3)]);
        assert_eq!((guests(&app, 2).0.len(), reliefs(&app, 3)), (0, vec![]));
        app.run(GameSpan::hours(2));
        assert_eq!(away(&app, 3), Force::new());
        // 14,000 against 16,800 points: three quarters of the 327 who went die.
        assert!(home(&app, 3).total() > 700 && home(&app, 2).total() > 0);
        assert_eq!(app.audit(), Audit::default());
    }
}

#[test]
fn who_cannot_land_before_the_hit_is_not_asked() {
    // 29 fields are 5 h 48 min for praetorians.
    let mut app = attacked().village(3, 3, (40, 29), STRONG).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit + SECOND);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Dodge, "not_worth_it")]);
    assert_eq!((reliefs(&app, 3), promised(&app, 3), battles(&app)[0].2), (vec![], Force::new(), 0));
    for (radius, marches) in [(9, 0), (10, 1)] {
        let mut app = attacked().village(3, 3, (50, 0), STRONG).start(Ruleset::extended());
        app.app.world_mut().resource_mut::<DefenseSettings>().relief_radius = radius;
        let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        until(&mut app, hit);
        assert_eq!(sent(&app).len(), marches, "10 fields away, asked within {radius}");
    }
}

#[test]
fn sleepers_humans_and_other_alliances_send_nothing() {
    let sleeper = |mut made: Made| {
        let player = made.0.players.iter_mut().find(|p| p.id == PlayerId(3)).unwrap();
        player.rhythm = Some(Rhythm { utc_offset_mins: 0, sleep_start_mins: 0, sleep_mins: 600 });
        made
    };
    let human = |mut made: Made| {
        made.0.players.iter_mut().find(|p| p.id == PlayerId(3)).unwrap().kind = PlayerKind::Human;
        made
    };
    let stranger = |made: Made| {
        let mut made = made.active_alliance(8);
        let player = made.0.players.iter_mut().find(|p| p.id == PlayerId(3)).unwrap();
        player.membership = Some((AllianceId(8), Rank::Leader));
        made
    };
    for change in [&sleeper as &dyn Fn(Made) -> Made, &human, &stranger] {
        let mut app = change(attacked().village(3, 3, (50, 0), STRONG)).start(Ruleset::extended());
        let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        until(&mut app, hit);
        assert_eq!((sent(&app), promised(&app, 3), home(&app, 3)), (vec![], Force::new(), force(STRONG)));
    }
}

#[test]
fn an_alliance_that_does_not_deliberate_sends_nothing() {
    let mut made = attacked().village(3, 3, (50, 0), STRONG);
    made.0.alliances[0].active = false;
    let mut app = made.start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert_eq!(sent(&app), []);
}

#[test]
fn what_cannot_be_covered_is_helped_only_where_that_pays() {
    // 60 praetorians against 14,000 points would only die with the others.
    let mut app = attacked().village(3, 3, (50, 0), &[(PRAETORIAN, 60)]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Dodge, "not_worth_it")]);
    assert_eq!((sent(&app), promised(&app, 3)), (vec![], Force::new()));
    // Unless the village is vital: then all come who can.
    let mut app = attacked().village(3, 3, (50, 0), &[(PRAETORIAN, 60)]).start(Ruleset::extended());
    let of_village = app.app.world().resource::<EntityIndex>().site(SiteId(2)).unwrap();
    app.app.world_mut().entity_mut(of_village).insert(Vital);
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Hold, "vital")]);
    assert_eq!((sent(&app).len(), home(&app, 3)), (1, Force::new()));
    // 300 do not cover 1.2 x 14,000 points, but kill more than they lose.
    let mut app = attacked().village(3, 3, (50, 0), &[(PRAETORIAN, 300)]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit - SECOND);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Hold, "relieved")]);
    let [(2, 3, _, left)] = sent(&app)[..] else { panic!("{:?}", sent(&app)) };
    let missing = 16_800.0 - defense(&app, &force(&[(PRAETORIAN, 310)]));
    let left = f64::from(i32::try_from(left).unwrap());
    assert!(missing > 0.0 && (left - missing).abs() < 1.0, "{left} instead of {missing}");
    assert_eq!(home(&app, 3), Force::new());
}

#[test]
fn the_least_upkeep_covers() {
    // A praetorian has nearly twice the points of a legionnaire for the same crop.
    let made = attacked().village(3, 3, (50, 0), &[(LEGIONNAIRE, 2_000)]).village(4, 4, (40, 10), STRONG);
    let mut app = made.start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert_eq!(sent(&app).iter().map(|s| s.1).collect::<Vec<_>>(), [4]);
    // Where they are too few, others are added: no more than are missing.
    let made = attacked().village(3, 3, (50, 0), &[(LEGIONNAIRE, 2_000)]).village(4, 4, (40, 10), &[(PRAETORIAN, 100)]);
    let mut app = made.start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit - SECOND);
    assert_eq!(sent(&app).len(), 2);
    assert_eq!(home(&app, 4), Force::new());
    let there = |app: &TestApp, less: u32| {
        let mut all = home(app, 2);
        guests(app, 2).0.values().for_each(|g| all.add_all(&g.force));
        defense(app, &all.minus(&force(&[(LEGIONNAIRE, less)])))
    };
    assert!(there(&app, 0) >= 16_800.0 && there(&app, 1) < 16_800.0, "{}", there(&app, 0));
}

#[test]
fn a_helper_in_danger_stays_at_home() {
    let made = attacked().village(3, 3, (50, 0), STRONG).village(5, 1, (90, 0), &[(IMPERIAN, 100)]);
    let mut app = made.village(4, 4, (40, 60), &[]).start(Ruleset::extended());
    launch(&mut app, 5, 3, &[(IMPERIAN, 100)], Manner::Siege);
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert!(answers(&app).contains(&answer(2, DefenseAnswer::Dodge, "not_worth_it")), "{:?}", answers(&app));
    assert_eq!((sent(&app), promised(&app, 3)), (vec![], Force::new()));
}

/// Runs until something is promised by a village, minute by minute.
fn until_promised(app: &mut TestApp, site: u32, hit: GameTime) {
    while promised(app, site).is_empty() {
        assert!(app.now() < hit, "nothing was promised: {:?}", answers(app));
        app.run(GameSpan::mins(1));
    }
}

#[test]
fn a_helper_that_comes_into_danger_stays_and_the_others_think_again() {
    let made = attacked().village(3, 3, (50, 0), STRONG).village(4, 4, (40, 10), &[(LEGIONNAIRE, 2_000)]);
    let mut app = made.village(5, 1, (90, 0), &[(IMPERIAN, 100)]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until_promised(&mut app, 3, hit);
    assert!(promised(&app, 4).is_empty());
    launch(&mut app, 5, 3, &[(IMPERIAN, 100)], Manner::Siege);
    until(&mut app, hit - SECOND);
    assert_eq!((sent(&app).iter().map(|s| s.1).collect::<Vec<_>>(), promised(&app, 3)), (vec![4], Force::new()));
    let at_two: Vec<_> = answers(&app).into_iter().filter(|a| a.0 == 2).collect();
    assert_eq!(at_two, vec![answer(2, DefenseAnswer::Hold, "relieved"); 2]);
}

#[test]
fn a_village_that_dodges_takes_along_what_it_promised_to_others() {
    let mut app = attacked().village(4, 4, (40, 60), &[]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    let order = OrderId::Defense { site: SiteId(2), n: 9 };
    let promise = Commitment { order, force: force(&[(PRAETORIAN, 4)]), until: hit - SECOND };
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().site(SiteId(2)).unwrap();
    world.entity_mut(entity).insert(Commitments(vec![promise]));
    until(&mut app, hit);
    assert_eq!((home(&app, 2), battles(&app)[0].2), (Force::new(), 0));
}

#[test]
fn who_leaves_the_alliance_sends_nothing() {
    let mut app = attacked().village(3, 3, (50, 0), STRONG).village(4, 4, (40, 60), &[]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until_promised(&mut app, 3, hit);
    app.send(SetMembership { player: PlayerId(3), alliance: None });
    until(&mut app, hit);
    assert_eq!((sent(&app), promised(&app, 3), home(&app, 3)), (vec![], Force::new(), force(STRONG)));
    assert_eq!(reliefs(&app, 3), []);
    assert_eq!(answers(&app).last(), Some(&answer(2, DefenseAnswer::Dodge, "not_worth_it")));
}

#[test]
fn whose_helper_leaves_the_alliance_loses_the_guest() {
    let mut app = attacked().village(3, 3, (50, 0), STRONG).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit - SECOND);
    assert_eq!(guests(&app, 2).0.len(), 1);
    app.send(SetMembership { player: PlayerId(3), alliance: None });
    until(&mut app, hit + GameSpan::hours(3));
    assert_eq!((guests(&app, 2).0.len(), home(&app, 3), away(&app, 3)), (0, force(STRONG), Force::new()));
    assert_eq!(reliefs(&app, 3), []);
    assert_eq!(app.audit(), Audit::default());
}

/// Raises the alarm at these villages anew: both are answered in one pass.
fn answer_together(app: &mut TestApp, sites: &[u32], at: GameTime) {
    let world = app.app.world_mut();
    for site in sites {
        let entity = world.resource::<EntityIndex>().site(SiteId(*site)).unwrap();
        world.get_mut::<Defenses>(entity).unwrap().alarm = Some(at);
        world.resource_mut::<Agenda>().push(ALARM_ANSWERED.entry(at, u64::from(*site), 0));
    }
}

#[test]
fn two_emergencies_of_one_instant_never_promise_the_same_troops_twice() {
    // Village 6 is hit first, though village 2 has the lower number; the 260 suffice for one of them.
    let made = attacked().village(6, 4, (38, 8), WEAK).with(|v| v.population = 3_500).village(
        3,
        3,
        (46, 4),
        &[(PRAETORIAN, 260)],
    );
    let made = made.village(5, 1, (0, 10), HAMMER).with(|v| v.population = 3_500);
    let mut app = made.start(Ruleset::extended());
    let later = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    let first = launch(&mut app, 5, 6, HAMMER, Manner::Siege);
    assert!(first < later);
    let both = app.now() + GameSpan::mins(1);
    answer_together(&mut app, &[2, 6], both);
    until(&mut app, both);
    assert_eq!(
        answers(&app),
        [answer(6, DefenseAnswer::Hold, "relieved"), answer(2, DefenseAnswer::Dodge, "not_worth_it")]
    );
    let held = reliefs(&app, 3);
    assert_eq!(held.iter().map(|r| r.site.0).collect::<Vec<_>>(), [6]);
    assert_eq!(promised(&app, 3), held[0].force);
    // With enough for both, both get theirs out of one pool, even at one instant and of one village.
    let made = attacked().village(6, 4, (38, 8), WEAK).with(|v| v.population = 3_500).village(
        3,
        3,
        (46, 4),
        &[(PRAETORIAN, 900)],
    );
    let made = made.village(5, 1, (0, 10), HAMMER).with(|v| v.population = 3_500);
    let mut app = made.start(Ruleset::extended());
    launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    launch(&mut app, 5, 6, HAMMER, Manner::Siege);
    answer_together(&mut app, &[2, 6], both);
    until(&mut app, both);
    let held = reliefs(&app, 3);
    assert_eq!(held.iter().map(|r| (r.n, r.site.0)).collect::<Vec<_>>(), [(1, 6), (2, 2)]);
    assert_ne!(held[0].order, held[1].order);
    assert_eq!(promised(&app, 3).total(), held.iter().map(|r| r.force.total()).sum::<u64>());
    assert!(promised(&app, 3).total() <= 900);
    until(&mut app, later + SECOND);
    assert_eq!((sent(&app).len(), returned(&app).len()), (2, 2));
}

#[test]
fn fakes_draw_off_what_one_army_is_worth_and_no_more() {
    let drawn = |targets: &[u32]| {
        let made = attacked().village(6, 4, (40, 4), WEAK).village(7, 4, (38, 2), WEAK);
        let mut app = made.village(3, 3, (46, 2), STRONG).start(Ruleset::extended());
        let mut first = at(GameSpan::hours(24));
        for (site, n) in targets.iter().zip([198, 1, 1]) {
            first = first.min(launch(&mut app, 1, *site, &[(IMPERIAN, n)], Manner::Siege));
        }
        until(&mut app, first);
        let relieved: Vec<u32> = sent(&app).iter().map(|s| s.0).collect();
        (relieved, defense(&app, &force(STRONG)) - defense(&app, &home(&app, 3)))
    };
    // Each village has ten men, 500 points. One march: 1.2 x 14,000 points in all.
    let (relieved, points) = drawn(&[2]);
    assert_eq!(relieved, [2]);
    assert!((16_300.0..16_360.0).contains(&points), "{points}");
    // Three marches of one army: nobody knows which is real. All together are the army, 28,000 points, and not 3 x 14,000.
    let (mut relieved, points) = drawn(&[2, 6, 7]);
    relieved.sort_unstable();
    assert_eq!(relieved, [2, 6, 7]);
    assert!(points <= 1.2 * 28_000.0 - 3.0 * 500.0 + 3.0 * 50.0, "{points}");
    assert!(points > 16_360.0, "the fakes draw off some: {points}");
}

#[test]
fn relief_stays_for_the_next_hit_and_counts_for_it() {
    let made = attacked().village(3, 3, (44, 0), STRONG).village(5, 1, (0, 1), &[(IMPERIAN, 100)]);
    let mut app = made.with(|v| v.population = 1_000).start(Ruleset::extended());
    let first = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until_promised(&mut app, 3, first);
    let guest = promised(&app, 3);
    // 4,000 points more: 1.2 x 18,000 in all.
    let last = launch(&mut app, 5, 2, &[(IMPERIAN, 57)], Manner::Siege);
    assert!(last > first);
    until(&mut app, last - SECOND);
    let of = sent(&app);
    assert_eq!(of.iter().map(|s| (s.0, s.1)).collect::<Vec<_>>(), [(2, 3), (2, 3)]);
    let more: u64 = guests(&app, 2).0.values().map(|g| g.force.total()).sum();
    assert!(more < guest.total() * 3 / 2, "{more}: the first relief counts for the second hit");
    assert_eq!(returned(&app), []);
    until(&mut app, last + SECOND);
    assert_eq!(returned(&app).len(), 2);
    app.run(GameSpan::hours(3));
    assert_eq!((away(&app, 3), reliefs(&app, 3), guests(&app, 2).0.len()), (Force::new(), vec![], 0));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_village_that_is_given_up_sends_its_relief_home_before_the_hit() {
    let made = attacked().village(3, 3, (50, 0), &[(PRAETORIAN, 400)]);
    // A second army that is taken for 300,000 points, seen after the relief has left.
    let made = made.village(5, 1, (40, 20), &[(IMPERIAN, 2_900)]).with(|v| v.population = 75_000);
    let mut app = made.start(Ruleset::extended());
    // Nobody steps between the two.
    app.app.world_mut().resource_mut::<DefenseSettings>().snipe_gap = GameSpan::days(1);
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    while sent(&app).is_empty() {
        assert!(app.now() < hit, "{:?}", answers(&app));
        app.run(GameSpan::mins(1));
    }
    launch(&mut app, 5, 2, &[(IMPERIAN, 2_900)], Manner::Siege);
    app.run(GameSpan::mins(100));
    assert_eq!(answers(&app).last(), Some(&answer(2, DefenseAnswer::Dodge, "not_worth_it")), "{:?}", answers(&app));
    until(&mut app, hit + GameSpan::hours(4));
    assert_eq!(battles(&app).iter().map(|b| b.2).collect::<Vec<_>>(), [0, 0], "nobody was there");
    assert_eq!((home(&app, 3), away(&app, 3)), (force(&[(PRAETORIAN, 400)]), Force::new()));
    assert_eq!(reliefs(&app, 3), []);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn the_tally_counts_relief() {
    let mut app = attacked().village(3, 3, (50, 0), STRONG).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit + SECOND);
    let mut tally = CampaignTally::default();
    app.facts.iter().for_each(|f| tally.count(f));
    let tally = tally.summary().defense;
    assert_eq!((tally.alarms, tally.held, tally.dodged), (1, 1, 0));
    assert_eq!((tally.reliefs, tally.in_time, tally.sent_home, tally.unused), (1, 1, 1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever comes whenever: no village promises more than it has, nobody is asked for what lands after the hit, and all
    /// who are left are at home in the end.
    #[test]
    fn no_troops_are_promised_twice(
        helpers in prop::collection::vec((0_i16..24, 0_i16..6, 0_u32..600), 1..5),
        attacks in prop::collection::vec((0_usize..3, 1_u32..120, 0_i64..120), 1..7),
        classic in any::<bool>(),
    ) {
        let mut made = attacked().village(6, 4, (38, 8), WEAK).village(7, 2, (44, 6), WEAK);
        made = made.village(5, 1, (0, 10), &[(IMPERIAN, 840)]).with(|v| v.population = 900);
        for ((i, row), (x, y, n)) in (20_u32..).zip(0_i16..).zip(&helpers) {
            made = made.village(i, 2 + i % 3, (46 + x, 9 + 5 * y + row), &[(PRAETORIAN, *n)]);
        }
        let mut app = made.start(if classic { Ruleset::classic() } else { Ruleset::extended() });
        let mut minutes: Vec<(i64, u32, u32)> =
            attacks.iter().map(|(to, n, minute)| (*minute, [2, 6, 7][*to], *n)).collect();
        minutes.sort_unstable();
        let mut left = minutes.into_iter().peekable();
        for minute in 0..9 * 60 {
            while let Some((_, to, n)) = left.next_if(|(at, ..)| *at <= minute) {
                launch(&mut app, 5, to, &[(IMPERIAN, n)], Manner::Siege);
            }
            app.run(GameSpan::mins(1));
            for i in (20..).take(helpers.len()) {
                prop_assert!(home(&app, i).covers(&promised(&app, i)), "village {} has {:?}", i, home(&app, i));
            }
        }
        let late = facts(&app, |f| match &f.fact {
            Fact::ReliefSent { arrives, hit, .. } if arrives >= hit => Some((*arrives, *hit)),
            _ => None,
        });
        prop_assert_eq!(late, vec![]);
        app.run(GameSpan::hours(24));
        for player in 2..5 {
            prop_assert_eq!(reliefs(&app, player), vec![]);
        }
        for i in (20..).take(helpers.len()) {
            prop_assert_eq!((away(&app, i), promised(&app, i)), (Force::new(), Force::new()));
        }
        prop_assert_eq!(app.audit(), Audit::default());
    }
}

#[test]
fn allies_land_between_the_hammer_and_what_follows_it() {
    let made = attacked().village(3, 3, (50, 0), &[(PRAETORIAN, 60)]);
    let made = made.village(5, 1, (40, 40), &[(IMPERIAN, 20)]).with(|v| v.population = 500);
    let mut made = made;
    made.0.sites[1].troops = Some(force(&[(PRAETORIAN, 1)]));
    let mut app = made.start(Ruleset::extended());
    let first = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    app.run_in_steps(GameSpan(500), GameSpan(500));
    let second = launch(&mut app, 5, 2, &[(IMPERIAN, 20)], Manner::Siege);
    assert_eq!(second - first, GameSpan(500));
    until(&mut app, first - SECOND);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Snipe, "between_waves")]);
    assert_eq!(sent(&app), [(2, 3, first + GameSpan(250), 0)], "the exact window");
    let points = defense(&app, &home(&app, 3));
    assert!(points > 0.0 && points < 3_000.0, "no more than it takes: {points} points stayed");
    until(&mut app, second);
    let fought = battles(&app);
    assert_eq!((fought.len(), fought[0].2), (2, 0), "the village was empty for the hammer");
    assert!(fought[1].1 > fought[1].2, "{fought:?}");
    assert_eq!(home(&app, 1).total() + away(&app, 1).total(), 200, "the hammer met nobody");
    app.run(GameSpan::hours(3));
    assert_eq!((away(&app, 3), guests(&app, 2).0.len(), reliefs(&app, 3)), (Force::new(), 0, vec![]));
    assert_eq!(app.audit(), Audit::default());
}

/// Ten villages send a token each and two a hammer, all with as many inhabitants, to twelve villages of the alliance: points of
/// relief that went to the two, and to all.
fn twelve_marches(scouted: bool) -> (f64, f64) {
    let mut made = attacked().village(3, 3, (52, 6), &[(PRAETORIAN, 900), (SCOUT, 200)]);
    for n in 0..12_u32 {
        let y = i16::try_from(n).unwrap();
        let army: &[(&str, u32)] = if n == 4 || n == 9 { &[(IMPERIAN, 300)] } else { &[(IMPERIAN, 6)] };
        made = made.village(100 + n, 1, (-2, y), army).with(|v| v.population = 1_750);
        made = made.village(200 + n, 4, (45, y), WEAK).with(|v| v.population = 1_750);
    }
    let mut app = made.start(Ruleset::extended());
    if scouted {
        for n in 0..12 {
            launch(&mut app, 3, 100 + n, &[(SCOUT, 10)], Manner::Scout);
        }
    }
    app.run(GameSpan::hours(10));
    let mut hit = at(GameSpan::days(9));
    for n in 0..12 {
        let army = if n == 4 || n == 9 { 300 } else { 1 };
        hit = hit.min(launch(&mut app, 100 + n, 200 + n, &[(IMPERIAN, army)], Manner::Siege));
    }
    let real = [204, 209];
    until(&mut app, hit - SECOND);
    let (mut to_real, mut all) = (0.0, 0.0);
    for relief in reliefs(&app, 3) {
        let points = defense(&app, &relief.force);
        all += points;
        to_real += if real.contains(&relief.site.0) { points } else { 0.0 };
    }
    (to_real, all)
}

#[test]
fn of_ten_fakes_and_two_real_attacks_the_real_ones_get_the_relief() {
    let (to_real, all) = twelve_marches(true);
    assert!(all > 0.0 && to_real >= 0.6 * all, "{to_real} of {all} points");
    // It is what the scouts saw that tells them apart.
    let (to_real, all) = twelve_marches(false);
    assert!(all > 0.0 && to_real < 0.5 * all, "{to_real} of {all} points");
}

/// What `planner defense` says for the alarm at village 2, by helper: legionnaires and praetorians; and the upkeep.
fn planned(app: &mut TestApp, helpers: &[(u32, (i16, i16), [u32; 2])]) -> (Vec<(u64, u64, u64)>, i64) {
    let now = app.now();
    let incoming = app
        .app
        .world_mut()
        .run_system_once(move |view: View| believed(&view, Knower::Alliance(AllianceId(7)), now))
        .unwrap();
    let time = |t: GameTime| {
        let secs = t.0 / 1_000;
        format!("2026-03-01T{:02}:{:02}:{:02}Z", secs / 3_600, secs / 60 % 60, secs % 60)
    };
    let attacks: Vec<_> = incoming.iter().map(|i| json!({"arrival": time(i.arrival), "force": i.attack})).collect();
    let allies: Vec<_> = helpers
        .iter()
        .map(|(id, at, [legionnaires, praetorians])| {
            json!({"id": id, "member": 3, "x": at.0, "y": at.1, "tribe": "romans", "tournament_square": 0,
                "troops": [legionnaires, praetorians, 0, 0, 0, 0, 0, 0, 0, 0]})
        })
        .collect();
    let defended = defense(app, &force(WEAK));
    let input = json!({"now": time(now), "half_width": 200, "radius": 30,
        "village": {"id": 2, "x": 40, "y": 0, "defense": defended}, "attacks": attacks, "allies": allies});
    let answer = planner::Defense::read(&input).expect("good input").solve();
    let answer = serde_json::to_value(answer).unwrap();
    let sent = answer["reinforcements"].as_array().unwrap().iter();
    let n = |v: &serde_json::Value| v.as_u64().unwrap();
    let sent = sent.map(|r| (n(&r["village"]), n(&r["troops"][0]), n(&r["troops"][1]))).collect();
    (sent, answer["upkeep"].as_i64().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn members_send_what_the_planner_says(
        near in prop::array::uniform3([0_u32..150, 0_u32..150]), attack in 50_u32..200,
    ) {
        let places = [(44, 2), (46, -3), (38, 6)];
        let mut made = attacked();
        let helpers: Vec<_> = (11..).zip(places).zip(near).map(|((id, at), n)| (id, at, n)).collect();
        for (id, at, [legionnaires, praetorians]) in &helpers {
            made = made.village(*id, 3, *at, &[(LEGIONNAIRE, *legionnaires), (PRAETORIAN, *praetorians)]);
        }
        let mut app = made.start(Ruleset::extended());
        launch(&mut app, 1, 2, &[(IMPERIAN, attack)], Manner::Siege);
        let soon = app.now() + GameSpan::mins(1);
        answer_together(&mut app, &[2], soon);
        until(&mut app, soon);
        let (planned, upkeep) = planned(&mut app, &helpers);
        let mut sent: Vec<_> = reliefs(&app, 3)
            .iter()
            .map(|r| (u64::from(r.origin.0), r.force.count(class(LEGIONNAIRE)), r.force.count(class(PRAETORIAN))))
            .map(|(site, l, p)| (site, u64::from(l), u64::from(p)))
            .collect();
        sent.sort_unstable();
        let pays = answers(&app).last().is_some_and(|a| a.1 == DefenseAnswer::Hold);
        prop_assert!(pays || sent.is_empty());
        if pays {
            prop_assert_eq!(sent.iter().map(|(_, l, p)| l + p).sum::<u64>(), u64::try_from(upkeep).unwrap());
            prop_assert_eq!(sent, planned);
        }
    }
}

/// Whether somebody took up a post in a village, and why posts were left.
fn posts(app: &TestApp) -> (Vec<(GameTime, u32)>, Vec<(GameTime, String)>) {
    let taken = facts(app, |f| match &f.fact {
        Fact::PostureTaken { site, .. } => Some((f.at, site.0)),
        _ => None,
    });
    let left = facts(app, |f| match &f.fact {
        Fact::PostureLeft { reason, .. } => Some((f.at, reason.clone())),
        _ => None,
    });
    (taken, left)
}

#[test]
fn relief_stays_at_the_frontier_as_a_post_until_that_is_looked_at() {
    let mut app = at_the_frontier().start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    app.run(hit + GameSpan::hours(2) - app.now());
    assert_eq!(sent(&app).len(), 1, "{:?}", answers(&app));
    assert_eq!(returned(&app), [], "it stays");
    let (taken, left) = posts(&app);
    assert_eq!((taken, left.len()), (vec![(hit + SECOND, 2)], 0));
    let [post] = &reliefs(&app, 3)[..] else { panic!("{:?}", reliefs(&app, 3)) };
    assert!(post.is_posted() && !post.called_off);
    // What is remembered of it is what lives: not what left.
    let lives: Force = guests(&app, 2).0.values().flat_map(|g| g.force.iter().collect::<Vec<_>>()).collect();
    assert_eq!(post.force, lives);
    // The hammer fell: once a day is over nobody threatens the village, and its helpers go home.
    app.run(GameSpan::hours(48));
    let (_, left) = posts(&app);
    let [(when, why)] = &left[..] else { panic!("{left:?}") };
    assert_eq!(why, "threat_over");
    assert!(*when - post.arrives >= GameSpan::hours(24), "{when} after {}", post.arrives);
    assert_eq!(reliefs(&app, 3), []);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn relief_that_fell_takes_up_no_post_and_games_without_posture_call_it_home() {
    // Thirty times what anybody could know of: nobody lives.
    let mut app = at_the_frontier().start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    app.run(hit - GameSpan::mins(1) - app.now());
    assert_eq!(sent(&app).len(), 1);
    let world = app.app.world_mut();
    let mut marches = world.query::<&mut March>();
    for mut march in marches.iter_mut(world).filter(|m| m.manner == Manner::Siege) {
        march.force = force(&[(IMPERIAN, 6_000)]);
    }
    app.run(hit + GameSpan::hours(2) - app.now());
    assert_eq!(posts(&app).0, [], "nobody is left to stay");
    assert_eq!(returned(&app).len(), 1);
    assert_eq!(reliefs(&app, 3), []);

    let mut app = at_the_frontier().start(Ruleset::extended());
    app.app.insert_resource(PostureSettings { period: GameSpan(0), ..PostureSettings::default() });
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    app.run(hit + GameSpan::hours(2) - app.now());
    assert_eq!((sent(&app).len(), returned(&app).len(), posts(&app).0.len()), (1, 1, 0));
}
