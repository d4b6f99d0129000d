//! What players do by themselves when others march on them: hold, dodge, retaliate, from their own knowledge.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::action::defense::{Defenses, Reprisals};
use bevy_alliance::base::clock::{Agenda, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    DefenseAnswer, Fact, LaunchMarch, Manner, PlayerKind, Rank, Rhythm, SetStance, Stance,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::planning::{Commitment, Commitments};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::intel::{Movements, ObservationLog};
use bevy_alliance::world::audit::Audit;
use common::*;

const IMPERIAN: &str = "imperian";
const PRAETORIAN: &str = "praetorian";
const SCOUT: &str = "equites_legati";
const HUMAN: PlayerKind = PlayerKind::Human;
const LONE: PlayerKind = PlayerKind::Bystander;

/// Player 1 owns village 1 with a hammer and answers no alarms. Player 2, alone, owns village 2, 40 fields away.
fn attacked_by_a_hammer(garrison: &[(&str, u32)]) -> Made {
    let made = Made::new().player(1, 0, Rank::Member, HUMAN).player(2, 0, Rank::Member, LONE);
    made.village(1, 1, (0, 0), &[(IMPERIAN, 2_000), (SCOUT, 20)]).village(2, 2, (40, 0), garrison)
}

fn sleeping(mut made: Made, player: u32, start_mins: u16, mins: u16) -> Made {
    let sleeper = made.0.players.iter_mut().find(|p| p.id == PlayerId(player)).unwrap();
    sleeper.rhythm = Some(Rhythm { utc_offset_mins: 0, sleep_start_mins: start_mins, sleep_mins: mins });
    made
}

fn launch(app: &mut TestApp, from: u32, to: u32, units: &[(&str, u32)], manner: Manner) -> GameTime {
    let march = LaunchMarch { origin: SiteId(from), target: SiteId(to), force: force(units), manner, aims: [None; 2] };
    assert_eq!(refusals(app.send(march)), []);
    let n = marches_of(app, from);
    common::march(app, from, n).unwrap().arrival
}

/// How many marches a site has sent so far.
fn marches_of(app: &TestApp, site: u32) -> u32 {
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().site(SiteId(site)).unwrap();
    world.get::<bevy_alliance::world::village::Garrison>(entity).unwrap().marches
}

fn answers(app: &TestApp) -> Vec<(u32, DefenseAnswer, String)> {
    let answer = |f: &bevy_alliance::base::contract::CampaignFact| match &f.fact {
        Fact::AlarmAnswered { site, answer, reason, .. } => Some((site.0, *answer, reason.clone())),
        _ => None,
    };
    app.facts.iter().filter_map(answer).collect()
}

fn answer(site: u32, answer: DefenseAnswer, reason: &str) -> (u32, DefenseAnswer, String) {
    (site, answer, reason.to_owned())
}

fn battles(app: &TestApp) -> Vec<(u32, GameTime, i64)> {
    let battle = |f: &bevy_alliance::base::contract::CampaignFact| match &f.fact {
        Fact::BattleFought { site, defenders_lost, .. } => Some((site.0, f.at, *defenders_lost)),
        _ => None,
    };
    app.facts.iter().filter_map(battle).collect()
}

fn retaliations(app: &TestApp) -> Vec<(u32, u32)> {
    let raid = |f: &bevy_alliance::base::contract::CampaignFact| match &f.fact {
        Fact::Retaliated { player, target, .. } => Some((player.0, target.0)),
        _ => None,
    };
    app.facts.iter().filter_map(raid).collect()
}

/// A component of a site or a player.
fn of_site<C: bevy::prelude::Component + Clone>(app: &TestApp, site: u32) -> Option<C> {
    let entity = app.app.world().resource::<EntityIndex>().site(SiteId(site)).unwrap();
    app.app.world().get::<C>(entity).cloned()
}

fn of_player<C: bevy::prelude::Component + Clone>(app: &TestApp, player: u32) -> Option<C> {
    let entity = app.app.world().resource::<EntityIndex>().player(PlayerId(player)).unwrap();
    app.app.world().get::<C>(entity).cloned()
}

const WEAK: &[(&str, u32)] = &[(LEGIONNAIRE, 10), (IMPERIAN, 5)];
const HAMMER: &[(&str, u32)] = &[(IMPERIAN, 2_000)];
const SECOND: GameSpan = GameSpan::secs(1);
const HOUR: GameSpan = GameSpan::hours(1);

#[test]
fn a_weak_lone_village_dodges_a_hammer_and_loses_nobody() {
    let mut app = attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit - GameSpan::mins(3));
    assert_eq!(home(&app, 2), force(WEAK), "nobody leaves earlier than he must");
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Dodge, "not_worth_it")]);
    until(&mut app, hit - SECOND);
    let out = march(&app, 2, 1).unwrap();
    assert_eq!((home(&app, 2), out.force, out.target), (Force::new(), force(WEAK), SiteId(3)));
    let early = hit - out.launched;
    assert!((GameSpan::secs(30)..=GameSpan::secs(120)).contains(&early), "left {early} before the hit");
    until(&mut app, hit + SECOND);
    assert_eq!(battles(&app), [(2, hit, 0)]);
    // The way back takes the time elapsed.
    let back = hit + SECOND + (hit + SECOND - out.launched);
    until(&mut app, back - GameSpan::millis(1));
    assert_eq!(home(&app, 2), Force::new());
    until(&mut app, back);
    assert_eq!((home(&app, 2), away(&app, 2)), (force(WEAK), Force::new()));
    assert_eq!(of_site::<Defenses>(&app, 2).unwrap().dodges, []);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_strong_anvil_holds() {
    let anvil = [(PRAETORIAN, 3_000)];
    let mut app = attacked_by_a_hammer(&anvil).village(3, 2, (90, 0), &[]).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit - SECOND);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Hold, "covered")]);
    assert_eq!(home(&app, 2), force(&anvil));
    until(&mut app, hit + HOUR);
    assert!(battles(&app)[0].2 > 0, "it fought");
}

#[test]
fn who_has_nowhere_to_go_holds() {
    let mut app = attacked_by_a_hammer(WEAK).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Hold, "nowhere_to_go")]);
    assert_eq!(home(&app, 2), Force::new());
}

#[test]
fn sleepers_static_players_and_humans_answer_nothing() {
    for garrison in [WEAK, &[(PRAETORIAN, 3_000)]] {
        let made = sleeping(attacked_by_a_hammer(garrison).village(3, 2, (90, 0), &[]), 2, 0, 1_200);
        let mut app = made.start(Ruleset::extended());
        let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        until(&mut app, hit - SECOND);
        assert_eq!(answers(&app), [answer(2, DefenseAnswer::None, "asleep")]);
        assert_eq!(home(&app, 2), force(garrison));
    }
    for kind in [PlayerKind::Static, HUMAN] {
        let mut made = attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]);
        made.0.players[1].kind = kind;
        let mut app = made.start(Ruleset::extended());
        let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        until(&mut app, hit - SECOND);
        assert_eq!(answers(&app), []);
        assert_eq!(home(&app, 2), force(WEAK));
        assert_eq!(of_player::<Movements>(&app, 2).is_some(), kind == HUMAN, "who never acts never knows");
    }
}

#[test]
fn who_goes_to_bed_before_the_hit_leaves_before_and_is_called_back_asleep() {
    // Bed at 5:00; the hit comes at about 5:43.
    let made = sleeping(attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]), 2, 300, 480);
    let mut app = made.start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    let bed = at(GameSpan::hours(5));
    assert!(hit > bed);
    until(&mut app, bed);
    assert_eq!(march(&app, 2, 1).unwrap().launched, bed - GameSpan::millis(1));
    until(&mut app, hit + GameSpan::hours(1));
    assert_eq!(home(&app, 2), force(WEAK));
    // Under `classic` such a march could not be called back, and a later one needs someone awake.
    let made = sleeping(attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]), 2, 300, 480);
    let mut app = made.start(Ruleset::classic());
    launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, bed);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Hold, "asleep")]);
}

#[test]
fn under_classic_a_dodge_leaves_at_most_80_seconds_before_the_last_hit() {
    let mut app = attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]).start(Ruleset::classic());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit - SECOND);
    let out = march(&app, 2, 1).unwrap();
    let early = hit - out.launched;
    assert!((GameSpan::secs(30)..=GameSpan::secs(80)).contains(&early), "left {early} before the hit");
    until(&mut app, hit + GameSpan::mins(3));
    assert_eq!((home(&app, 2), away(&app, 2)), (force(WEAK), Force::new()));
    assert_eq!(battles(&app), [(2, hit, 0)]);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn under_classic_hits_far_apart_are_sat_out_as_guests_who_walk_home() {
    let mut app = attacked_by_a_hammer(WEAK).village(3, 2, (60, 0), &[]).start(Ruleset::classic());
    launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
    app.run(GameSpan::mins(4));
    let last = launch(&mut app, 1, 2, &[(IMPERIAN, 900)], Manner::Siege);
    until(&mut app, last + HOUR);
    let lost: i64 = battles(&app).iter().map(|b| b.2).sum();
    assert_eq!((battles(&app).len(), lost), (2, 0));
    // 20 fields at 6 an hour there; then they walk back at once.
    let arrival = march(&app, 2, 1).unwrap().arrival;
    until(&mut app, arrival);
    assert_eq!(guests(&app, 3).0.len(), 1);
    until(&mut app, arrival + SECOND);
    assert_eq!(guests(&app, 3).0.len(), 0);
    assert!(march(&app, 2, 1).unwrap().homeward);
    until(&mut app, arrival + SECOND + GameSpan::mins(200));
    assert_eq!((home(&app, 2), away(&app, 2)), (force(WEAK), Force::new()));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn troops_stay_out_until_the_last_hit() {
    for (refuge, walks) in [(90, false), (42, true)] {
        let mut app = attacked_by_a_hammer(WEAK).village(3, 2, (refuge, 0), &[]).start(Ruleset::extended());
        let first = launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
        app.run(GameSpan::hours(3));
        assert_eq!(answers(&app).len(), 1);
        let last = launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
        assert_eq!(last - first, GameSpan::hours(3));
        until(&mut app, last);
        assert_eq!(home(&app, 2), Force::new());
        assert_eq!(guests(&app, 3).0.len(), usize::from(walks));
        assert_eq!(battles(&app), [(2, first, 0), (2, last, 0)]);
        until(&mut app, last + GameSpan::hours(4));
        assert_eq!((home(&app, 2), away(&app, 2)), (force(WEAK), Force::new()));
        assert_eq!(app.audit(), Audit::default());
    }
}

#[test]
fn a_hit_seen_while_the_troops_are_out_keeps_them_out() {
    let made = attacked_by_a_hammer(WEAK).village(3, 2, (99, 0), &[]).village(4, 1, (28, 0), &[(IMPERIAN, 900)]);
    let mut app = made.start(Ruleset::extended());
    let first = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, first - GameSpan::mins(1));
    // 12 fields away: it is there 103 minutes later.
    let last = launch(&mut app, 4, 2, &[(IMPERIAN, 900)], Manner::Siege);
    until(&mut app, last);
    let all: Vec<(u32, i64)> = battles(&app).iter().map(|b| (b.0, b.2)).collect();
    assert_eq!(all, [(2, 0), (2, 0)], "{:?}", answers(&app));
    app.run(GameSpan::hours(10));
    assert_eq!((home(&app, 2), away(&app, 2)), (force(WEAK), Force::new()));
}

#[test]
fn who_has_one_village_dodges_to_one_of_its_alliance() {
    let made = Made::new().quiet_alliance(7).player(1, 0, Rank::Member, HUMAN).player(2, 7, Rank::Member, LONE);
    let made = made.player(3, 7, Rank::Member, LONE);
    let made = made.village(1, 1, (0, 0), HAMMER).village(2, 2, (40, 0), WEAK).village(3, 3, (90, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit);
    assert_eq!(march(&app, 2, 1).unwrap().target, SiteId(3));
    until(&mut app, hit + HOUR);
    assert_eq!(home(&app, 2), force(WEAK));
}

#[test]
fn members_of_a_deliberating_alliance_defend_themselves_too() {
    let made = Made::new().active_alliance(7).player(1, 0, Rank::Member, HUMAN);
    let made = made.player(2, 7, Rank::Leader, PlayerKind::Active);
    let made = made.village(1, 1, (0, 0), HAMMER).village(2, 2, (40, 0), WEAK).village(3, 2, (90, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    until(&mut app, hit + HOUR);
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Dodge, "not_worth_it")]);
    assert_eq!(home(&app, 2), force(WEAK));
    assert!(of_player::<Movements>(&app, 2).is_none(), "a member's knowledge is its alliance's");
}

#[test]
fn what_is_promised_to_leave_before_the_hit_is_not_taken() {
    for (before, taken) in [(true, 6), (false, 10)] {
        let mut app = attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]).start(Ruleset::extended());
        let hit = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        let order = OrderId::of_group(ProposalId { alliance: AllianceId(1), n: 1 }, 0);
        let until_then = if before { hit - SECOND } else { hit + SECOND };
        let promise = Commitment { order, force: force(&[(LEGIONNAIRE, 4)]), until: until_then };
        let world = app.app.world_mut();
        let entity = world.resource::<EntityIndex>().site(SiteId(2)).unwrap();
        world.entity_mut(entity).insert(Commitments(vec![promise]));
        until(&mut app, hit - SECOND);
        assert_eq!(march(&app, 2, 1).unwrap().force, force(&[(LEGIONNAIRE, taken), (IMPERIAN, 5)]));
    }
}

#[test]
fn lone_players_and_alliances_never_share_what_they_know() {
    let made = Made::new().active_alliance(7).player(1, 7, Rank::Leader, HUMAN).player(2, 0, Rank::Member, LONE);
    let troops = [(SCOUT, 10), (LEGIONNAIRE, 10)];
    let made = made.village(1, 1, (0, 0), &troops).village(2, 2, (10, 0), &troops).village(9, 5, (5, 9), &[]);
    let made = made.player(5, 0, Rank::Member, PlayerKind::Static).village(8, 5, (5, -9), &[]);
    let mut app = made.start(Ruleset::extended());
    assert!(of_player::<ObservationLog>(&app, 2).is_none(), "nothing happened: there is no memory");
    launch(&mut app, 1, 9, &[(SCOUT, 5)], Manner::Scout);
    launch(&mut app, 2, 8, &[(SCOUT, 5)], Manner::Scout);
    app.run(GameSpan::hours(4));
    let report = |knower: bevy_alliance::base::id::Knower, site: u32| {
        app.app.world().resource::<EntityIndex>().report(knower, SiteId(site)).is_some()
    };
    let (alliance, lone) = (AllianceId(7).into(), PlayerId(2).into());
    assert_eq!((report(alliance, 9), report(alliance, 8)), (true, false));
    assert_eq!((report(lone, 9), report(lone, 8)), (false, true));
    assert_eq!(of_player::<ObservationLog>(&app, 2).unwrap().total, 1);
    assert!(of_player::<ObservationLog>(&app, 1).is_none());
    app.run(GameSpan::days(7));
    let index = app.app.world().resource::<EntityIndex>();
    assert_eq!(index.report(PlayerId(2), SiteId(8)), None, "it is forgotten like any other");
}

#[test]
fn the_memory_of_a_lone_player_is_small() {
    let mut app = attacked_by_a_hammer(WEAK).start(Ruleset::extended());
    app.app.world_mut().resource_mut::<Limits>().lone_observations_kept = 2;
    for _ in 0..3 {
        launch(&mut app, 1, 2, &[(IMPERIAN, 1)], Manner::Raid);
    }
    let log = of_player::<ObservationLog>(&app, 2).unwrap();
    assert_eq!((log.latest.len(), log.total), (2, 3));
}

/// As [`attacked_by_a_hammer`], with offense of player 2 next to the village that the hammer left.
fn with_a_raider(own: u32, other: u32) -> Made {
    let made = Made::new().quiet_alliance(7).quiet_alliance(8);
    let made = made.player(1, other, Rank::Member, HUMAN).player(2, own, Rank::Member, LONE);
    let made = made.village(1, 1, (0, 0), &[(IMPERIAN, 2_000), (LEGIONNAIRE, 50)]);
    made.village(2, 2, (40, 0), &[]).village(3, 2, (5, 0), &[(IMPERIAN, 400), (LEGIONNAIRE, 30)])
}

#[test]
fn an_attack_is_answered_by_one_raid_on_the_village_that_it_left_empty() {
    let mut app = with_a_raider(0, 0).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
    until(&mut app, hit - SECOND);
    assert!(of_player::<Reprisals>(&app, 2).is_none());
    let second = launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
    until(&mut app, hit + GameSpan::mins(95));
    assert_eq!(retaliations(&app), [(2, 1)]);
    assert_eq!(away(&app, 3), force(&[(IMPERIAN, 400)]), "the offense, not what guards the home");
    until(&mut app, second + GameSpan::hours(12));
    assert_eq!(retaliations(&app), [(2, 1)], "once in 48 hours");
    let raid = battles(&app).into_iter().find(|b| b.0 == 1).unwrap();
    assert!(raid.1 > hit && raid.2 > 0);
    assert!(home(&app, 3).count(class(IMPERIAN)) > 300);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn nobody_raids_a_partner_or_one_of_its_own() {
    for (own, other, stance, raids) in
        [(7, 8, None, 1), (7, 8, Some(Stance::War), 1), (7, 8, Some(Stance::Pact), 0), (7, 8, Some(Stance::Truce), 0)]
    {
        let mut app = with_a_raider(own, other).start(Ruleset::extended());
        let hit = launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
        until(&mut app, hit);
        if let Some(stance) = stance {
            app.send(SetStance { a: AllianceId(own), b: AllianceId(other), stance });
        }
        until(&mut app, hit + GameSpan::mins(95));
        assert_eq!(retaliations(&app).len(), raids, "{stance:?}");
    }
}

#[test]
fn no_raid_against_what_is_not_known_to_be_weak() {
    // What came is less than a village of that size holds on the mean: the rest may be at home.
    let mut app = with_a_raider(0, 0).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, &[(IMPERIAN, 100)], Manner::Siege);
    until(&mut app, hit + GameSpan::hours(12));
    assert_eq!((battles(&app).len(), retaliations(&app).len()), (1, 0));
    // Promised troops stay.
    let mut app = with_a_raider(0, 0).start(Ruleset::extended());
    let hit = launch(&mut app, 1, 2, &[(IMPERIAN, 1_000)], Manner::Siege);
    let order = OrderId::of_group(ProposalId { alliance: AllianceId(1), n: 1 }, 0);
    let promise = Commitment { order, force: force(&[(IMPERIAN, 395)]), until: hit + GameSpan::days(1) };
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().site(SiteId(3)).unwrap();
    world.entity_mut(entity).insert(Commitments(vec![promise]));
    until(&mut app, hit + GameSpan::hours(12));
    assert_eq!((retaliations(&app).len(), home(&app, 3)), (0, force(&[(IMPERIAN, 400), (LEGIONNAIRE, 30)])));
}

#[test]
fn a_world_in_peace_pays_nothing_and_one_at_war_is_the_same_at_any_pace() {
    let quiet = attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]).start(Ruleset::extended());
    assert!(quiet.app.world().resource::<Agenda>().is_empty());
    assert!(of_site::<Defenses>(&quiet, 2).is_none());
    let played = |step: GameSpan| {
        let mut app = TestApp::new(&small_world(11, 240));
        app.run_in_steps(GameSpan::days(3), step);
        let alarms = app.facts.iter().filter(|f| matches!(f.fact, Fact::AlarmRaised { .. })).count();
        (app.hash(), alarms, answers(&app).len(), app.audit())
    };
    let (slow, fast) = (played(GameSpan::hours(6)), played(GameSpan::mins(17)));
    assert_eq!(slow, fast);
    assert!(slow.1 > 0, "nothing came to anyone");
    assert_eq!(slow.3, Audit::default());
}

#[test]
fn who_takes_a_village_answers_its_alarm_in_its_own_time() {
    let troops = [(LEGIONNAIRE, 500), ("senator", 6)];
    let made = sides().village(1, 1, (12, 0), &troops).village(9, 3, (0, 0), &[]).village(8, 3, (0, 90), &[]);
    // Player 3 sleeps over the loss of its village.
    let made = sleeping(made.village(6, 6, (60, 0), &troops), 3, 160, 180);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 300), ("senator", 6)], Manner::Siege);
    until(&mut app, at(GameSpan::mins(170)));
    leaves(&mut app, 6, 9, &[(LEGIONNAIRE, 100)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(12)));
    assert_eq!(owner(&app, 9), Some(1));
    let raised = |f: &bevy_alliance::base::contract::CampaignFact| match f.fact {
        Fact::AlarmRaised { site: SiteId(9), player, answers_at, .. } => Some((player.0, answers_at)),
        _ => None,
    };
    let raised: Vec<_> = app.facts.iter().filter_map(raised).collect();
    let woken = Some(at(GameSpan::mins(340)));
    assert!(
        matches!(raised[..], [(3, _), (3, asleep), (1, Some(own))] if asleep == woken && Some(own) < woken),
        "{raised:?}"
    );
}

/// Player 2 alone, with 40 praetorians and a refuge. Villages 1 and 5 of player 1 are taken for 14,000 and 1,000 attack points,
/// and send what is far less.
fn followed_up(follower_at: (i16, i16)) -> TestApp {
    let mut made = attacked_by_a_hammer(&[(PRAETORIAN, 40)]).village(3, 2, (90, 0), &[]);
    made = made.village(5, 1, follower_at, &[(IMPERIAN, 20)]).village(6, 1, (68, 0), HAMMER);
    for (village, population) in made.0.sites.iter_mut().zip([3_500, 3_500, 100, 250, 3_500]) {
        village.population = population;
    }
    made.start(Ruleset::extended())
}

#[test]
fn troops_that_dodge_the_hammer_are_back_for_what_follows_it() {
    for gap in [GameSpan(500), GameSpan::mins(7)] {
        // Both are 40 fields away.
        let mut app = followed_up((40, 40));
        let first = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
        let sent = march(&app, 1, 1).unwrap().launched;
        until(&mut app, sent + gap - GameSpan(1));
        let second = launch(&mut app, 5, 2, &[(IMPERIAN, 10)], Manner::Siege);
        let middle = first + GameSpan((second - first).0 / 2);
        until(&mut app, first - SECOND);
        assert_eq!(answers(&app), [answer(2, DefenseAnswer::Snipe, "between_waves")]);
        assert_eq!(home(&app, 2), Force::new(), "they are out");
        until(&mut app, middle - GameSpan(2));
        assert_eq!(home(&app, 2), Force::new());
        until(&mut app, middle);
        assert_eq!(home(&app, 2), force(&[(PRAETORIAN, 40)]), "in the middle of the gap, to the millisecond");
        until(&mut app, second);
        assert_eq!(battles(&app).iter().map(|b| (b.0, b.1)).collect::<Vec<_>>(), [(2, first), (2, second)]);
        assert_eq!(battles(&app)[0].2, 0, "nobody was at home for the first");
        assert!(home(&app, 2).total() > 25, "ten fell to forty");
        assert_eq!(of_site::<Defenses>(&app, 2).unwrap().dodges, []);
        assert_eq!(app.audit(), Audit::default());
    }
}

#[test]
fn troops_stay_out_when_what_follows_grows_too_strong() {
    let mut app = followed_up((40, 80));
    let first = launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    let second = launch(&mut app, 5, 2, &[(IMPERIAN, 10)], Manner::Siege);
    until(&mut app, first - GameSpan::mins(5));
    assert_eq!(answers(&app), [answer(2, DefenseAnswer::Snipe, "between_waves")]);
    let third = launch(&mut app, 6, 2, HAMMER, Manner::Siege);
    let middle = first + GameSpan((second - first).0 / 2);
    assert!(middle < third && third < second);
    until(&mut app, second);
    assert_eq!(answers(&app).last(), Some(&answer(2, DefenseAnswer::Dodge, "stays_out")));
    assert_eq!(battles(&app).iter().map(|b| b.2).collect::<Vec<_>>(), [0; 3]);
    assert_eq!(home(&app, 2), Force::new());
    until(&mut app, second + GameSpan::hours(7));
    assert_eq!(home(&app, 2), force(&[(PRAETORIAN, 40)]));
}

#[test]
fn who_answers_two_alarms_before_bed_leaves_once_and_comes_home() {
    // Both hits come in its sleep; it answers each of them before, and leaves at the last moment before bed.
    let made = sleeping(attacked_by_a_hammer(WEAK).village(3, 2, (90, 0), &[]), 2, 4 * 60, 480);
    let mut app = made.village(5, 1, (0, 30), HAMMER).start(Ruleset::extended());
    launch(&mut app, 1, 2, HAMMER, Manner::Siege);
    app.run(GameSpan::mins(100));
    let second = launch(&mut app, 5, 2, HAMMER, Manner::Siege);
    until(&mut app, at(GameSpan::hours(4)));
    assert_eq!(answers(&app).len(), 2, "{:?}", answers(&app));
    assert_eq!(away(&app, 2), force(WEAK));
    until(&mut app, second + GameSpan::hours(10));
    assert_eq!((home(&app, 2), away(&app, 2)), (force(WEAK), Force::new()));
    assert_eq!(of_site::<Defenses>(&app, 2).unwrap().dodges, []);
}

/// Player 2 has seen the army of village 1, which is to hit its empty village 2 and walks home then; 400 imperians stand five
/// fields from there.
fn hit_by_a_known_army(own: u32, other: u32) -> (TestApp, GameTime) {
    let made = Made::new().quiet_alliance(7).quiet_alliance(8);
    let made = made.player(1, other, Rank::Member, HUMAN).player(2, own, Rank::Member, LONE);
    let made = made.village(1, 1, (0, 0), &[(IMPERIAN, 100), (LEGIONNAIRE, 10)]).village(2, 2, (40, 0), &[]);
    let made = made.village(3, 2, (5, 0), &[(IMPERIAN, 400), (LEGIONNAIRE, 30), (SCOUT, 40)]);
    let mut app = made.start(Ruleset::extended());
    launch(&mut app, 3, 1, &[(SCOUT, 40)], Manner::Scout);
    app.run(GameSpan::hours(1));
    let hit = launch(&mut app, 1, 2, &[(IMPERIAN, 100)], Manner::Siege);
    (app, hit)
}

#[test]
fn a_raid_whose_village_was_hit_while_it_waited_stays_at_home() {
    let (mut app, hit) = hit_by_a_known_army(0, 0);
    until(&mut app, hit + GameSpan::mins(95));
    assert_eq!(of_player::<Reprisals>(&app, 2).unwrap().strikes.len(), 1);
    // Half of them fall in between.
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().site(SiteId(3)).unwrap();
    let mut garrison = world.get_mut::<bevy_alliance::world::village::Garrison>(entity).unwrap();
    garrison.home = garrison.home.share(0.5);
    until(&mut app, hit + GameSpan::hours(7));
    assert_eq!((battles(&app).len(), away(&app, 3)), (1, Force::new()), "fewer than were weighed go nowhere");
    assert_eq!(of_site::<Commitments>(&app, 3).unwrap().promised(), Force::new());
}

#[test]
fn an_army_that_comes_home_is_met_there() {
    let (mut app, hit) = hit_by_a_known_army(0, 0);
    let home_at = hit + (hit - march(&app, 1, 1).unwrap().launched);
    until(&mut app, hit + GameSpan::mins(95));
    let told = app.facts.iter().find_map(|f| match f.fact {
        Fact::Retaliated { waits_until, target: SiteId(1), .. } => waits_until,
        _ => None,
    });
    let leaves = told.unwrap();
    let promised = of_site::<Commitments>(&app, 3).unwrap().promised();
    assert_eq!((home(&app, 3).count(class(IMPERIAN)), promised), (400, force(&[(IMPERIAN, 400)])));
    until(&mut app, leaves - GameSpan(1));
    assert_eq!(away(&app, 3), Force::new());
    until(&mut app, leaves);
    assert_eq!((away(&app, 3), march(&app, 3, 2).unwrap().arrival), (promised_force(), home_at + SECOND));
    assert!(of_site::<Commitments>(&app, 3).unwrap().0.is_empty());
    until(&mut app, home_at + SECOND);
    let raid = battles(&app).into_iter().find(|b| b.0 == 1).unwrap();
    assert_eq!(raid.1, home_at + SECOND);
    assert!(home(&app, 1).count(class(IMPERIAN)) < 50, "those who came home fell");
    assert_eq!(app.audit(), Audit::default());
}

fn promised_force() -> Force {
    force(&[(IMPERIAN, 400)])
}

#[test]
fn nobody_waits_for_an_army_with_whose_owner_there_is_peace_by_then() {
    let (mut app, hit) = hit_by_a_known_army(7, 8);
    until(&mut app, hit + GameSpan::mins(95));
    assert_eq!(of_player::<Reprisals>(&app, 2).unwrap().strikes.len(), 1);
    app.send(SetStance { a: AllianceId(7), b: AllianceId(8), stance: Stance::Truce });
    until(&mut app, hit + GameSpan::hours(7));
    assert_eq!((battles(&app).len(), home(&app, 3).count(class(IMPERIAN))), (1, 400));
    assert_eq!(of_player::<Reprisals>(&app, 2).unwrap().strikes, []);
    assert_eq!(of_site::<Commitments>(&app, 3).unwrap().promised(), Force::new());
}
