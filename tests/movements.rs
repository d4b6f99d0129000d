//! What is known of foreign marches: who sees them pass, how fast they are and what they can be, how one army is spread
//! over them, and who is home when.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    Estates, Fact, LaunchMarch, Manner, MarchSighted, PlayerKind, Rank, RecallMarch, SetStance, Stance,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::council::{Situation, army_home_at};
use bevy_alliance::decision::planning::allocation::{AllocationSettings, TargetSpec};
use bevy_alliance::decision::planning::rules::circumstance::CircumstanceSettings;
use bevy_alliance::decision::planning::{Incoming, believed, known_offense};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::movement::rules::TILE_ERROR;
use bevy_alliance::knowledge::intel::rules::{TROOPS_HALF_LIFE, faded};
use bevy_alliance::knowledge::intel::{Act, ActSeen, Movements, Track, View};
use bevy_alliance::world::economy::EconomySystems;
use common::*;

const IMPERIAN: &str = "imperian";
const RIDER: &str = "equites_imperatoris";
const SCOUT: &str = "equites_legati";
const CATAPULT: &str = "fire_catapult";
const HOUR: GameSpan = GameSpan::hours(1);
const MILLI: GameSpan = GameSpan::millis(1);

/// Players 1 and 2 are at war with 3 and 4, and player 6 is alone. All are people, who do nothing by themselves; each knows
/// what it sees itself.
fn war() -> Made {
    let (member, kind) = (Rank::Member, PlayerKind::Human);
    let made = Made::new().quiet_alliance(1).quiet_alliance(2).stance(1, 2, Stance::War);
    let made = made.player(1, 1, member, kind).player(2, 1, member, kind).player(3, 2, member, kind);
    made.player(4, 2, member, kind).player(6, 0, member, kind)
}

fn movements(app: &TestApp, player: u32) -> Movements {
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().player(PlayerId(player)).unwrap();
    world.get::<Movements>(entity).cloned().unwrap_or_default()
}

fn tracks(app: &TestApp, player: u32) -> Vec<Track> {
    movements(app, player).tracks
}

/// What the view of a player says.
fn ask<T: Send + Sync + 'static>(
    app: &mut TestApp,
    question: impl FnOnce(View, GameTime) -> T + Send + Sync + 'static,
) -> T {
    let (now, mut question) = (app.now(), Some(question));
    app.app.world_mut().run_system_once(move |view: View| question.take().unwrap()(view, now)).unwrap()
}

fn beliefs(app: &mut TestApp, player: u32) -> Vec<Incoming> {
    ask(app, move |view, now| believed(&view, Knower::Player(PlayerId(player)), now))
}

/// What a march of these troops to that site is believed to be: the probability that it is real, attack points, troops.
fn belief(app: &mut TestApp, player: u32, target: u32) -> (f64, f64, Force) {
    let of = beliefs(app, player).into_iter().find(|i| i.target == SiteId(target)).unwrap();
    (of.real, of.attack, of.force)
}

fn assert_near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{a} is not {b}");
}

fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

#[test]
fn a_march_is_seen_at_the_millisecond_at_which_it_comes_within_six_fields() {
    let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (40, 0), &[]);
    let made = made.village(4, 4, (20, 3), &[]).village(2, 2, (20, -3), &[]).village(6, 6, (20, 2), &[]);
    // Just too far to the side, and behind the target.
    let made = made.village(5, 4, (30, 7), &[]).village(7, 4, (47, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    listen::<MarchSighted>(&mut app);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 100)], Manner::Raid);
    // 20 - sqrt(36 - 9) = 14.803848 fields at 6 an hour: 8,882,308.5 ms.
    let passes = GameTime(8_882_309);
    until(&mut app, passes - MILLI);
    assert_eq!(tracks(&app, 4), []);
    until(&mut app, passes);
    let arrival = at(GameSpan::mins(400));
    let seen = |witness, seen_at, tile| MarchSighted {
        witness: PlayerId(witness),
        origin: SiteId(1),
        target: SiteId(9),
        seen_at,
        arrival,
        at: Some(tile),
    };
    until(&mut app, arrival - MILLI);
    assert_eq!(
        said::<MarchSighted>(&app),
        [seen(3, GameTime(0), Tile::new(0, 0)), seen(4, passes, Tile::new(15, 0))],
        "allies and those without a war see nothing"
    );
    let track = tracks(&app, 4)[0];
    assert_eq!((track.first_seen, track.sightings, track.player), (passes, 1, Some(PlayerId(1))));
    // 15,117,691 ms to go, 25 of 40 fields: x 40 / 25.71 to x 40 / 24.29, rounded outward.
    assert_eq!(track.travel, (GameSpan(23_520_328), GameSpan(24_895_334)));
    assert_eq!(tracks(&app, 3)[0].travel, (GameSpan::mins(400), GameSpan::mins(400)));
}

#[test]
fn marches_to_others_are_movements_and_only_those_to_own_sites_are_incoming() {
    let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (40, 0), &[]);
    let mut app = made.village(4, 4, (3, 3), &[]).start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Siege);
    let count = |app: &mut TestApp, player: u32| {
        ask(app, move |view, now| {
            let knower = Knower::Player(PlayerId(player));
            (view.movements(knower, now).count(), view.incoming(knower, now).count())
        })
    };
    assert_eq!((count(&mut app, 3), count(&mut app, 4), count(&mut app, 6)), ((1, 1), (1, 0), (0, 0)));
    // It left within sight, on the tile of its origin; who watches an area cannot tell that it had not gone yet.
    let travel = tracks(&app, 4)[0].travel;
    assert!(travel.0 == GameSpan::mins(400) && travel.1 > travel.0);
}

#[test]
fn a_second_area_narrows_what_the_first_told() {
    let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (60, 0), &[]);
    let made = made.village(4, 4, (20, 3), &[]).village(5, 4, (29, -4), &[]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 100)], Manner::Raid);
    app.run(GameSpan::hours(3));
    let first = tracks(&app, 4)[0];
    app.run(GameSpan::hours(2));
    let second = tracks(&app, 4)[0];
    assert_eq!((first.sightings, second.sightings, second.first_seen), (1, 2, first.first_seen));
    let width = |track: Track| track.travel.1 - track.travel.0;
    assert!(width(second) < width(first), "{first:?}, {second:?}");
    let truth = second.arrival - GameTime(0);
    assert!(second.travel.0 < truth && truth < second.travel.1, "{truth}, {second:?}");
}

#[test]
fn scouts_reinforcements_and_marches_home_pass_unseen_and_classic_knows_no_areas() {
    for (rules, manner, seen) in [
        (Ruleset::extended(), Manner::Siege, 1),
        (Ruleset::extended(), Manner::Blockade, 1),
        (Ruleset::extended(), Manner::Scout, 0),
        (Ruleset::classic(), Manner::Siege, 0),
    ] {
        let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100), (SCOUT, 9)]).village(9, 3, (40, 0), &[]);
        let mut app = made.village(4, 4, (20, 3), &[]).start(rules);
        let unit = if manner == Manner::Scout { SCOUT } else { LEGIONNAIRE };
        leaves(&mut app, 1, 9, &[(unit, 9)], manner);
        app.run(GameSpan::hours(20));
        assert_eq!(tracks(&app, 4).len(), seen, "{manner:?}");
    }
    let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (40, 0), &[]);
    let made = made.village(4, 4, (20, 3), &[]).village(2, 2, (41, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 2, &[(LEGIONNAIRE, 9)], Manner::Reinforce);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 9)], Manner::Siege);
    // On its way out it comes in sight at 14.8 fields and leaves it at 25.2; it turns at 30 and passes once more.
    app.run(GameSpan::hours(5));
    assert_eq!((tracks(&app, 4).len(), tracks(&app, 4)[0].sightings), (1, 1));
    listen::<MarchSighted>(&mut app);
    app.send(RecallMarch { march: march_id(1, 2) });
    assert!(march(&app, 1, 2).unwrap().homeward);
    app.run(GameSpan::hours(6));
    assert_eq!((said::<MarchSighted>(&app), march(&app, 1, 2)), (Vec::new(), None), "nobody sees it go home");
    assert_eq!(tracks(&app, 4)[0].sightings, 1);
}

#[test]
fn a_war_that_begins_under_way_opens_the_areas_ahead() {
    let mut made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (60, 0), &[]);
    made.0.stances.clear();
    let made = made.village(4, 4, (20, 3), &[]).village(5, 4, (40, 3), &[]);
    let mut app = made.start(Ruleset::extended());
    listen::<MarchSighted>(&mut app);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 100)], Manner::Raid);
    app.run(GameSpan::hours(4));
    assert_eq!(tracks(&app, 4), []);
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War });
    app.run(GameSpan::hours(6));
    // 40 - sqrt(27) fields at 6 an hour.
    let seen: Vec<_> = said::<MarchSighted>(&app).iter().map(|s| (s.witness.0, s.seen_at)).collect();
    assert_eq!(seen, [(3, GameTime(0)), (4, GameTime(20_882_309))]);
}

#[test]
fn whoever_takes_a_site_sees_what_will_pass_it() {
    let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (60, 0), &[]);
    let made = made.village(7, 6, (30, 3), &[]).village(5, 4, (30, 11), &[(IMPERIAN, 500), ("senator", 6)]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 100)], Manner::Raid);
    leaves(&mut app, 5, 7, &[(IMPERIAN, 500), ("senator", 6)], Manner::Siege);
    app.run(GameSpan::hours(3));
    assert_eq!((owner(&app, 7), tracks(&app, 4)), (Some(4), Vec::new()));
    app.run(GameSpan::hours(3));
    // 30 - sqrt(27) fields at 6 an hour.
    assert_eq!(tracks(&app, 4)[0].first_seen, GameTime(14_882_309));
}

#[test]
fn a_march_at_the_pace_of_catapults_is_taken_for_real_and_a_fast_one_is_not() {
    // 15 fields, where no square helps; 200 inhabitants stand for 1,600 attack points.
    for (unit, speed) in [(CATAPULT, 1.0), (RIDER, -0.5), ("battering_ram", 1.0), ("praetorian", -0.5)] {
        let made = war().village(1, 1, (0, 0), &[(unit, 10)]).village(9, 3, (15, 0), &[]);
        let mut app = made.start(Ruleset::extended());
        leaves(&mut app, 1, 9, &[(unit, 10)], Manner::Siege);
        let (real, attack, force) = belief(&mut app, 3, 9);
        // The only village of its owner: + 0.5.
        assert_near(real, sigmoid(speed + 0.5));
        assert_near(attack, 1_600.0 * real);
        assert!(force.is_empty());
    }
    // 60 fields: catapults with the best square are as fast as foot without one, and nothing can be told.
    let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 10)]).village(9, 3, (60, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(IMPERIAN, 10)], Manner::Siege);
    assert_near(belief(&mut app, 3, 9).0, sigmoid(0.5));
}

/// Village 1 of player 1 with a known army, and villages 9, 8 and 7 of player 3, all 15 fields away; the confidence in what
/// its scouts saw, now.
fn scouted(army: &[(&str, u32)]) -> (TestApp, f64) {
    let made = war().village(1, 1, (0, 0), army).village(9, 3, (15, 0), &[(SCOUT, 20)]).village(8, 3, (0, 15), &[]);
    let mut app = made.village(7, 3, (-15, 0), &[]).start(Ruleset::extended());
    leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
    app.run(GameSpan::hours(2));
    // 15 fields at 16 an hour.
    let age = app.now() - at(GameSpan(3_375_000));
    (app, faded(0.8, age, TROOPS_HALF_LIFE))
}

#[test]
fn one_army_is_spread_over_three_marches_by_what_they_can_hold() {
    let (mut app, confidence) = scouted(&[(IMPERIAN, 1_000), (RIDER, 100)]);
    leaves(&mut app, 1, 9, &[(IMPERIAN, 500)], Manner::Siege);
    leaves(&mut app, 1, 8, &[(RIDER, 50)], Manner::Siege);
    leaves(&mut app, 1, 7, &[(IMPERIAN, 100)], Manner::Raid);
    // From where all known offense stands + 1, too fast for rams - 0.5, three targets - 0.5 ln 3.
    let p = sigmoid(0.5 - 0.5 * libm::log(3.0));
    let [slow, fast, also_slow] = [9, 8, 7].map(|target| belief(&mut app, 3, target));
    for march in [&slow, &fast, &also_slow] {
        assert_near(march.0, p);
    }
    // Foot (70 attack) goes at 7 an hour, and the second march is faster: 2 p < 1. Riders (120) may be in any: 3 p > 1.
    let (foot, riders) = (70_000.0 * confidence, 12_000.0 * confidence);
    assert!(2.0 * p < 1.0 && 3.0 * p > 1.0);
    assert_near(slow.1, p * foot + riders / 3.0);
    assert_near(fast.1, riders / 3.0);
    assert_near(also_slow.1, slow.1);
    assert_eq!(fast.2.count(class(IMPERIAN)), 0);
    let troops: u32 = [&slow, &fast, &also_slow].iter().map(|m| m.2.count(class(RIDER))).sum();
    assert!(troops <= 100);
    let total: f64 = beliefs(&mut app, 3).iter().map(|i| i.attack).sum();
    assert!(total <= foot + riders);
}

#[test]
fn the_real_one_among_fakes_is_known_by_its_pace_and_what_came_is_remembered() {
    let (mut app, _) = scouted(&[(IMPERIAN, 1_000), (CATAPULT, 20)]);
    listen::<ActSeen>(&mut app);
    let launched = app.now();
    leaves(&mut app, 1, 9, &[(IMPERIAN, 1)], Manner::Siege);
    leaves(&mut app, 1, 8, &[(IMPERIAN, 900), (CATAPULT, 20)], Manner::Siege);
    leaves(&mut app, 1, 7, &[(IMPERIAN, 1)], Manner::Siege);
    let [one, real, other] = [9, 8, 7].map(|target| belief(&mut app, 3, target));
    assert!(real.0 > 0.7 && one.0 < 0.5 && other.0 < 0.5, "{real:?}, {one:?}");
    assert!(real.1 > 1.5 * one.1, "{real:?}, {one:?}");
    assert_eq!((one.2.count(class(CATAPULT)), real.2.count(class(CATAPULT)) > 0), (0, true));
    app.run(GameSpan::hours(6));
    let act = |at, act| ActSeen { knower: Knower::Player(PlayerId(3)), player: PlayerId(1), at, act };
    let (foot, engines) = (launched + GameSpan(7_714_286), launched + GameSpan::hours(5));
    let (left, fake, real) =
        (act(launched, Act::Launched), act(foot, Act::Came { real: false }), Act::Came { real: true });
    assert_eq!(said::<ActSeen>(&app), [left, left, left, fake, fake, act(engines, real)]);
}

#[test]
fn an_area_tells_when_a_march_left_if_it_tells_it_within_half_an_hour() {
    // Seen 5 of 60 fields away from its target the bounds are hours apart; seen early they are close.
    for (place, known) in [((59, 7), false), ((7, 2), true)] {
        let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (60, 0), &[]);
        let mut app = made.village(4, 4, place, &[]).village(5, 4, (9, -3), &[]).start(Ruleset::extended());
        if !known {
            app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Neutral });
        }
        listen::<ActSeen>(&mut app);
        leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Raid);
        app.run(GameSpan::hours(6));
        app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War });
        app.run(GameSpan::hours(3));
        let of_area: Vec<ActSeen> =
            said::<ActSeen>(&app).into_iter().filter(|a| a.knower == Knower::Player(PlayerId(4))).collect();
        assert_eq!(of_area.len(), usize::from(known), "once for each march: {of_area:?}");
        let near = |act: &ActSeen| (act.at - GameTime(0)).0.abs() < GameSpan::mins(15).0 && act.act == Act::Launched;
        assert!(of_area.iter().all(near), "{of_area:?}");
    }
}

/// When a council of alliance 2, if it knew what player 3 knows, would reckon the army of village 1 home.
fn army_home(app: &mut TestApp, settings: CircumstanceSettings) -> Option<GameTime> {
    let now = app.now();
    let question = move |situation: Situation| {
        let (knower, site, model) = (Knower::Player(PlayerId(3)), SiteId(1), &*situation.view.model().0);
        let coming = believed(&situation.view, knower, now);
        let estimate = situation.view.estimate(knower, site, now).unwrap();
        let target = TargetSpec::new(site, estimate, 100_000.0, &AllocationSettings::default(), model);
        army_home_at(&situation, AllianceId(2), &coming, &target, &settings, now)
    };
    app.app.world_mut().run_system_once(question).unwrap()
}

#[test]
fn an_army_on_its_way_to_us_will_come_home() {
    let (mut app, _) = scouted(&[(IMPERIAN, 1_000)]);
    let settings = CircumstanceSettings::default();
    assert_eq!(army_home(&mut app, settings), None, "it stands at home");
    let left = app.now();
    leaves(&mut app, 1, 9, &[(IMPERIAN, 1_000)], Manner::Siege);
    // 15 fields at 7 an hour, there and back.
    let back = left + GameSpan(2 * 7_714_286);
    assert_eq!(army_home(&mut app, settings), Some(back));
    let small = CircumstanceSettings { army_share: 2.0, ..settings };
    assert_eq!(army_home(&mut app, small), None, "not worth waiting for");
    until(&mut app, back - MILLI);
    assert_eq!(home(&app, 1).count(class(IMPERIAN)), 0);
    until(&mut app, back);
    assert!(home(&app, 1).count(class(IMPERIAN)) > 900);
    assert_eq!(army_home(&mut app, settings), None, "it is home");

    // One of three may well be real, of somebody who sent a fake before none is believed.
    for (fakes, believed) in [(0, true), (1, false)] {
        let (mut app, _) = scouted(&[(IMPERIAN, 1_000)]);
        for _ in 0..fakes {
            leaves(&mut app, 1, 9, &[(IMPERIAN, 1)], Manner::Siege);
            app.run(GameSpan::hours(6));
        }
        for target in [9, 8, 7] {
            leaves(&mut app, 1, target, &[(IMPERIAN, 300)], Manner::Siege);
        }
        let likely = beliefs(&mut app, 3)[0].real;
        assert!(if believed { (0.4..0.5).contains(&likely) } else { likely < 0.4 }, "{likely}");
        assert_eq!(army_home(&mut app, settings).is_some(), believed);
    }

    // Who looks when it has left plans against what stayed, not against it.
    let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 1_000)]).village(9, 3, (15, 0), &[(SCOUT, 20)]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(IMPERIAN, 900)], Manner::Siege);
    leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
    app.run(GameSpan::hours(1));
    app.run(GameSpan::mins(55));
    assert_eq!(army_home(&mut app, settings), None);
}

#[test]
fn survivors_are_home_at_their_instant() {
    let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 500), (RIDER, 40), (LEGIONNAIRE, 30)]);
    let made = made.village(9, 3, (15, 0), &[("praetorian", 100), (SCOUT, 20)]);
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(IMPERIAN, 500)], Manner::Siege);
    app.run(HOUR);
    leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
    // 15 fields at 7 an hour there and as long back: no square helps so near.
    let (hit, back) = (GameSpan(7_714_286), GameSpan(2 * 7_714_286));
    until(&mut app, at(hit));
    let survivors = march(&app, 1, 1).unwrap().force;
    assert!(survivors.total() > 0 && survivors.total() < 500);
    let known = movements(&app, 3);
    assert_eq!(known.tracks, [], "the battle tells more than the track");
    let returning = &known.returning[0];
    assert_eq!((returning.site, returning.player, &returning.force), (SiteId(1), PlayerId(1), &survivors));
    assert_eq!((returning.left_at, returning.home_at), ((at(GameSpan(0)), at(GameSpan(0))), (at(back), at(back))));
    // The scouts were there at 1:56:15, between launch and return.
    let stands = |app: &mut TestApp, then: GameTime| {
        ask(app, move |view, now| {
            let (knower, site) = (Knower::Player(PlayerId(3)), SiteId(1));
            let away = view.away(knower, site, now);
            let estimate = view.estimate_at(knower, site, now, then).unwrap();
            assert_eq!(Some(estimate.troops), view.home_at(knower, site, now, then));
            (view.home_at(knower, site, now, then).unwrap(), away.returning.len())
        })
    };
    assert_eq!(stands(&mut app, at(back) - MILLI), (home(&app, 1), 1));
    let expected = stands(&mut app, at(back)).0;
    until(&mut app, at(back));
    assert_eq!(home(&app, 1), expected);
    app.run(HOUR);
    assert_eq!(stands(&mut app, at(back) + HOUR), (expected, 0), "at home, and still no part of the old report");
}

#[test]
fn an_army_on_a_long_way_home_hits_nobody_within_twelve_hours() {
    let made = war().village(1, 1, (-45, 0), &[(IMPERIAN, 1_000)]);
    let mut app = made.village(9, 3, (45, 0), &[("praetorian", 50), (SCOUT, 20)]).start(Ruleset::extended());
    leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
    app.run(GameSpan::hours(6));
    leaves(&mut app, 1, 9, &[(IMPERIAN, 1_000)], Manner::Siege);
    let ready = |app: &mut TestApp| {
        let known = ask(app, |view, now| known_offense(&view, Knower::Player(PlayerId(3)), SiteId(1), now)).unwrap();
        known.ready / known.attack
    };
    assert_near(ready(&mut app), 1.0);
    // 90 fields at 7 an hour are 12.86 hours; a square may make that 4.86, and then they could be home in time.
    let hit = march(&app, 1, 1).unwrap().arrival;
    until(&mut app, hit);
    let left = march(&app, 1, 1).unwrap().force.total();
    assert!(left > 900, "{left}");
    let track_says = movements(&app, 3).returning[0].home_at;
    assert_eq!(track_says.0, march(&app, 1, 1).unwrap().arrival, "the way back takes as long as the way there did");
    #[expect(clippy::cast_precision_loss, reason = "few units")]
    let dead = (1_000 - left) as f64 / 1_000.0;
    assert_near(ready(&mut app), dead);
    app.run(GameSpan::hours(1));
    assert_near(ready(&mut app), 1.0);
}

#[test]
fn who_is_home_first_is_forgotten_first() {
    let made = war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100), (IMPERIAN, 9)]).village(9, 3, (40, 0), &[]);
    let mut app = made.village(8, 3, (10, 0), &[]).village(7, 3, (70, 0), &[]).start(Ruleset::extended());
    app.app.world_mut().resource_mut::<Limits>().movements_kept = 2;
    for target in [9, 8, 7] {
        leaves(&mut app, 1, target, &[(LEGIONNAIRE, 10)], Manner::Raid);
    }
    let kept: Vec<u32> = tracks(&app, 3).iter().map(|t| t.target.0).collect();
    assert_eq!(kept, [9, 7]);
}

#[test]
fn a_track_is_kept_until_the_march_is_surely_home() {
    let made =
        war().village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]).village(9, 3, (40, 0), &[]).village(4, 4, (20, 3), &[]);
    let mut app =
        made.village(2, 1, (0, 30), &[(LEGIONNAIRE, 9)]).village(5, 4, (0, 40), &[]).start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 100)], Manner::Raid);
    app.run(GameSpan::hours(9));
    let track = tracks(&app, 4)[0];
    let out = |app: &mut TestApp| {
        ask(app, |view, now| view.away(Knower::Player(PlayerId(4)), SiteId(1), now).out.iter().map(|t| **t).collect())
    };
    assert!(track.arrival < app.now());
    assert_eq!((out(&mut app), ask(&mut app, |view, now| view.movements(PlayerId(4), now).count())), (vec![track], 0));
    until(&mut app, track.home_at().1);
    assert_eq!(out(&mut app), [track]);
    app.run(MILLI);
    assert_eq!(out(&mut app), []);
    // The next observation makes room.
    leaves(&mut app, 2, 5, &[(LEGIONNAIRE, 9)], Manner::Raid);
    assert_eq!(tracks(&app, 4).len(), 1);
}

#[test]
fn bounds_hold_the_truth_whatever_passes() {
    let mut made = war();
    for (id, x) in (10..60_u32).zip((-100..100).step_by(4)) {
        made = made.village(id, 4, (x, i16::try_from(id % 7).unwrap() * 5 - 15), &[]);
    }
    let made = made.village(1, 1, (-90, 4), &[(LEGIONNAIRE, 100), (IMPERIAN, 100), (RIDER, 100)]);
    let made = made.village(9, 3, (70, -2), &[]).village(8, 3, (-20, 17), &[]).village(7, 3, (90, 3), &[]);
    let mut app = made.start(Ruleset::extended());
    for (target, unit) in [(9, LEGIONNAIRE), (8, IMPERIAN), (7, RIDER), (9, RIDER)] {
        let march = LaunchMarch {
            origin: SiteId(1),
            target: SiteId(target),
            force: force(&[(unit, 5)]),
            manner: Manner::Raid,
            aims: [None; 2],
        };
        app.app.world_mut().write_message(march);
    }
    app.update();
    let left = app.facts.iter().filter(|f| matches!(f.fact, Fact::MarchLeft { .. })).count();
    assert_eq!(left, 4);
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..24 {
        app.run(HOUR);
        for track in tracks(&app, 4) {
            let truth = track.arrival - GameTime(0);
            assert!(track.travel.0 <= truth && truth <= track.travel.1, "{track:?}");
            let last = seen.insert((track.target, track.arrival), track).unwrap_or(track);
            assert!(last.travel.0 <= track.travel.0 && track.travel.1 <= last.travel.1);
        }
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.values().any(|t| t.sightings == 5), "{seen:?}");
    const { assert!(TILE_ERROR > core::f64::consts::FRAC_1_SQRT_2) };
}

/// What a world of its own does to sites, once.
#[derive(Resource, Default)]
struct Edit(Option<fn(&mut Estates, GameTime)>);

fn edit(mut edit: ResMut<Edit>, mut estates: Estates, batch: Res<DueBatch>) {
    if let Some(change) = edit.0.take() {
        change(&mut estates, batch.now());
    }
}

/// Lets sites change hands at the end of the next pass.
fn with_edits(app: &mut TestApp) {
    app.app
        .init_resource::<Edit>()
        .add_systems(Campaign, edit.in_set(CampaignSystems::Battle).after(EconomySystems::AfterFights));
}

fn change(app: &mut TestApp, edit: fn(&mut Estates, GameTime)) {
    app.app.insert_resource(Edit(Some(edit)));
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War });
}

#[test]
fn what_stood_there_after_a_march_left_is_not_in_it() {
    for known_before in [true, false] {
        let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 1_000)]).village(9, 3, (15, 0), &[(SCOUT, 40)]);
        let mut app = made.village(8, 3, (0, 15), &[]).start(Ruleset::extended());
        let mut seen = app.now();
        if known_before {
            leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
            app.run(GameSpan::hours(2));
            seen = at(GameSpan(3_375_000));
        }
        leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
        leaves(&mut app, 1, 9, &[(IMPERIAN, 900)], Manner::Siege);
        app.run(HOUR);
        let stands = ask(&mut app, |view, now| view.home_at(PlayerId(3), SiteId(1), now, now));
        assert_eq!(stands, Some(force(&[(IMPERIAN, 100)])), "the second look came after the march had left");
        let (real, attack, troops) = belief(&mut app, 3, 9);
        if known_before {
            let confidence = faded(0.8, app.now() - seen, TROOPS_HALF_LIFE);
            assert_near(attack, real * confidence * 70_000.0);
            assert!(troops.count(class(IMPERIAN)) > 100);
        } else {
            assert_near(attack, real * 1_600.0);
            assert!(troops.is_empty());
        }
        // What leaves now is of what was seen last, and the first army is not counted twice.
        leaves(&mut app, 1, 8, &[(IMPERIAN, 50)], Manner::Siege);
        let (real, attack, _) = belief(&mut app, 3, 8);
        assert!(attack <= real * 0.8 * 7_000.0 && attack > 0.5 * real * 7_000.0, "{attack}");
    }
}

#[test]
fn a_march_whose_origin_is_gone_counts_as_one_that_nobody_saw() {
    for known in [false, true] {
        let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 10)]).village(9, 3, (15, 0), &[(SCOUT, 20)]);
        let mut app = made.village(2, 1, (0, -40), &[]).start(Ruleset::extended());
        with_edits(&mut app);
        if known {
            leaves(&mut app, 9, 1, &[(SCOUT, 20)], Manner::Scout);
            app.run(GameSpan::hours(2));
        }
        leaves(&mut app, 1, 9, &[(IMPERIAN, 10)], Manner::Siege);
        let before = belief(&mut app, 3, 9);
        change(&mut app, |estates, now| assert!(estates.raze(SiteId(1), now)));
        assert_eq!(owner(&app, 1), None);
        let after = belief(&mut app, 3, 9);
        if known {
            assert_near(after.1 / after.0, before.1 / before.0);
            assert!(!after.2.is_empty(), "what was seen there before it left is in it still");
        } else {
            assert_near(after.1, after.0 * 1_600.0);
        }
        assert!(ask(&mut app, |view, _| view.report(PlayerId(3), SiteId(1)).is_none()));
    }
}

#[test]
fn who_goes_home_to_a_lost_village_is_no_garrison_of_its_new_owner() {
    let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 500)]).village(2, 1, (0, -60), &[]);
    let made = made.village(9, 3, (15, 0), &[("praetorian", 100)]).village(8, 3, (-15, 0), &[(SCOUT, 20)]);
    let mut app = made.start(Ruleset::extended());
    with_edits(&mut app);
    leaves(&mut app, 1, 9, &[(IMPERIAN, 500)], Manner::Siege);
    until(&mut app, at(GameSpan(7_714_286)));
    let away = |app: &mut TestApp| ask(app, |view, now| view.away(PlayerId(3), SiteId(1), now).returning.len());
    assert_eq!((away(&mut app), movements(&app, 3).returning.len()), (1, 1));
    change(&mut app, |estates, now| assert!(estates.hand_over(SiteId(1), PlayerId(6), now)));
    assert_eq!((away(&mut app), movements(&app, 3).returning.len()), (0, 0));
    leaves(&mut app, 8, 1, &[(SCOUT, 20)], Manner::Scout);
    app.run(GameSpan::hours(1));
    let stands = |view: View, now: GameTime| view.home_at(PlayerId(3), SiteId(1), now, now + GameSpan::hours(10));
    assert_eq!(ask(&mut app, stands), Some(Force::new()), "the survivors walk on to their owner's other village");
}

#[test]
fn a_sight_is_judged_by_who_held_what_when_it_was_seen() {
    let made = war().village(1, 1, (0, 0), &[(IMPERIAN, 10)]).village(9, 3, (40, 0), &[]).village(8, 3, (70, 0), &[]);
    let mut app = made.village(4, 4, (3, 3), &[]).village(5, 1, (0, -50), &[]).start(Ruleset::extended());
    with_edits(&mut app);
    listen::<ActSeen>(&mut app);
    // At the instant at which it leaves, its origin and its target change hands.
    app.app.insert_resource(Edit(Some(|estates, now| {
        assert!(estates.hand_over(SiteId(9), PlayerId(4), now) && estates.hand_over(SiteId(1), PlayerId(6), now));
    })));
    leaves(&mut app, 1, 9, &[(IMPERIAN, 10)], Manner::Siege);
    let of_area = tracks(&app, 4)[0];
    assert!(of_area.travel.1 > of_area.travel.0, "who watches an area does not see it leave: {of_area:?}");
    let of_holder = tracks(&app, 3)[0];
    assert_eq!(of_holder.travel.1, of_holder.travel.0, "who held the target then does");
    assert_eq!([of_area.player, of_holder.player], [Some(PlayerId(1)); 2]);
    let players: Vec<u32> = said::<ActSeen>(&app).iter().map(|act| act.player.0).collect();
    assert_eq!(players, [1, 1], "it was sent by whoever held the origin then");
}
