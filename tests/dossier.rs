//! What is learned of foreign players by watching them, in numbers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]
#![allow(clippy::float_cmp, reason = "what is not rounded is compared as it is")]

mod common;

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan};
use bevy_alliance::base::contract::{Estates, Manner, Model, SetStance, SiteState, Stance};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId, TribeId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::{Force, Levels, Ruleset};
use bevy_alliance::edge::snapshot::SnapshotExt;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::dossier::rules::{QuietHours, Threat};
use bevy_alliance::knowledge::intel::{
    Act, ActSeen, Dossier, Dossiers, IntelSystems, MemberStates, PlayerDossier, View,
};
use bevy_alliance::society::alliance::Roster;
use bevy_alliance::world::economy::EconomySystems;
use bevy_alliance::world::village::Garrison;
use common::*;

const SCOUT: &str = "equites_legati";
const IMPERIAN: &str = "imperian";
const PRAETORIAN: &str = "praetorian";
/// Who watches: a player without an alliance that deliberates.
const WATCHER: Knower = Knower::Player(PlayerId(1));

/// Village 1 of player 1 with scouts, village 9 of player 3, 8 fields apart: scouts need half an hour.
fn watched(troops: &[(&str, u32)]) -> Made {
    sides().village(1, 1, (0, 0), &[(SCOUT, 60)]).village(9, 3, (8, 0), troops)
}

fn look(app: &mut TestApp, site: u32) {
    leaves(app, 1, site, &[(SCOUT, 10)], Manner::Scout);
    app.run(GameSpan::hours(3));
}

fn station(app: &mut TestApp, site: u32, troops: &[(&str, u32)]) {
    let entity = app.app.world().resource::<EntityIndex>().site(SiteId(site)).unwrap();
    app.app.world_mut().get_mut::<Garrison>(entity).unwrap().home = force(troops);
}

fn learned(app: &TestApp, player: u32) -> Dossier {
    all_learned(app).0.get(&PlayerId(player)).cloned().unwrap_or_default()
}

fn all_learned(app: &TestApp) -> Dossiers {
    let entity = app.app.world().resource::<EntityIndex>().knower(WATCHER).unwrap();
    app.app.world().get::<Dossiers>(entity).cloned().unwrap_or_default()
}

fn ask<T: Send + Sync + 'static>(
    app: &mut TestApp,
    question: impl Fn(&View, &Roster, bevy_alliance::base::clock::GameTime) -> T + Send + Sync + 'static,
) -> T {
    let now = app.now();
    app.app.world_mut().run_system_once(move |view: View, roster: Roster| question(&view, &roster, now)).unwrap()
}

fn dossier(app: &mut TestApp, player: u32) -> PlayerDossier {
    ask(app, move |view, _, now| view.player_dossier(WATCHER, PlayerId(player), now))
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-7 * expected.abs().max(1.0), "{found}, not {expected}");
}

#[test]
fn a_village_that_is_seen_twice_tells_how_its_owner_grows() {
    let mut app = watched(&[(IMPERIAN, 100)]).start(Ruleset::extended());
    look(&mut app, 9);
    assert_eq!(dossier(&mut app, 3).growth, None, "once tells nothing");
    station(&mut app, 9, &[(IMPERIAN, 150)]);
    look(&mut app, 9);
    assert_eq!(dossier(&mut app, 3).growth, None, "3 hours later is too soon");
    app.run(GameSpan::hours(45));
    station(&mut app, 9, &[(IMPERIAN, 300)]);
    look(&mut app, 9);
    // 150 and 300 imperians of 600 goods each, 48 hours apart.
    let growth = libm::log(181_000.0 / 91_000.0) / 2.0;
    let trend = learned(&app, 3).trend;
    near(trend.growth, growth);
    near(trend.weight, 136_000.0);
    near(dossier(&mut app, 3).growth.unwrap(), growth);
    // A save keeps it, and goes on alike: the next look grows by the last.
    let save = app.app.save_campaign().encode().unwrap();
    let mut loaded = TestApp::unstarted(|_| {});
    loaded.app.load_campaign(&save).unwrap();
    for app in [&mut app, &mut loaded] {
        app.run(GameSpan::hours(21));
        look(app, 9);
        assert!(learned(app, 3).trend.weight > 200_000.0);
    }
    assert_eq!(app.hash_parts(), loaded.hash_parts());
    app.run(GameSpan::days(7));
    assert_eq!(dossier(&mut app, 3).growth, None, "too long ago");
}

#[derive(Resource)]
struct Hand(Option<(SiteId, PlayerId)>);

fn hand_over(mut hand: ResMut<Hand>, mut estates: Estates, batch: Res<DueBatch>) {
    if let Some((site, to)) = hand.0.take() {
        assert!(estates.hand_over(site, to, batch.now()));
    }
}

#[test]
fn what_a_village_lost_when_it_was_taken_is_no_shrinking_of_who_took_it() {
    let mut app = watched(&[(IMPERIAN, 300)]).village(4, 4, (0, 40), &[]).start(Ruleset::extended());
    app.app
        .insert_resource(Hand(None))
        .add_systems(Campaign, hand_over.in_set(CampaignSystems::Battle).after(EconomySystems::AfterFights));
    look(&mut app, 9);
    app.app.insert_resource(Hand(Some((SiteId(9), PlayerId(4)))));
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Neutral });
    assert_eq!(owner(&app, 9), Some(4));
    // The garrison went with its owner: what stands there now is not known.
    assert_eq!((dossier(&mut app, 3).sites_known, dossier(&mut app, 4).sites_known), (0, 0));
    let report = |app: &mut TestApp| ask(app, |view, _, _| view.report(WATCHER, SiteId(9)).cloned()).unwrap();
    let kept = report(&mut app);
    assert!(kept.troops.is_none() && kept.goods.is_some() && kept.wall.is_some(), "stores and walls stay");
    app.run(GameSpan::hours(21));
    station(&mut app, 9, &[(IMPERIAN, 10)]);
    look(&mut app, 9);
    assert_eq!(dossier(&mut app, 4).growth, None);
    assert_eq!(report(&mut app).troops.map(|f| f.value), Some(force(&[(IMPERIAN, 10)])));
    app.run(GameSpan::hours(21));
    look(&mut app, 9);
    assert_eq!(dossier(&mut app, 4).growth, Some(0.0));
}

/// What is told as seen, in the next pass.
#[derive(Resource, Default)]
struct Told(Vec<ActSeen>);

fn with_acts(app: &mut TestApp) {
    app.app.init_resource::<Told>().add_systems(
        Campaign,
        (|mut told: ResMut<Told>, mut acts: MessageWriter<ActSeen>| {
            acts.write_batch(told.0.drain(..));
        })
        .in_set(CampaignSystems::Settle)
        .before(IntelSystems::Admit),
    );
}

fn tell(app: &mut TestApp, acts: impl IntoIterator<Item = (u32, i64, Act)>) {
    let seen =
        |(player, mins, act)| ActSeen { knower: WATCHER, player: PlayerId(player), at: at(GameSpan::mins(mins)), act };
    app.app.world_mut().resource_mut::<Told>().0.extend(acts.into_iter().map(seen));
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Neutral });
}

#[test]
fn acts_tell_when_a_player_sleeps() {
    let mut app = watched(&[]).start(Ruleset::extended());
    with_acts(&mut app);
    // Two days, a march each hour from 7 to 23: an even day would have 34 x 7/24 acts in the other seven.
    let hours = |day: i64| (7..24).map(move |hour| (3, (day * 24 + hour) * 60, Act::Launched));
    tell(&mut app, hours(0).chain(hours(1)));
    assert_eq!(dossier(&mut app, 3).quiet, Some(QuietHours { from_hour: 0, hours: 7 }));
    near(dossier(&mut app, 3).activity.unwrap()[7], 1.0 / 17.0);
    // Twenty marches of one hour are one act.
    tell(&mut app, (0..20).map(|n| (3, 51 * 60 + n, Act::Launched)));
    assert_eq!(learned(&app, 3).acts()[3], 1);
    tell(&mut app, [(3, 10, Act::Came { real: true }), (3, 20, Act::Came { real: false })]);
    let (known, own) = (dossier(&mut app, 3), dossier(&mut app, 1));
    assert_eq!((known.real, known.fake), (1, 1));
    tell(&mut app, [(1, 30, Act::Launched)]);
    assert_eq!(dossier(&mut app, 1), own, "nobody keeps a dossier of oneself");
}

#[test]
fn the_dossier_that_is_longest_without_an_act_goes_first() {
    let mut app = watched(&[]).start(Ruleset::extended());
    app.app.world_mut().resource_mut::<Limits>().lone_dossiers_kept = 2;
    with_acts(&mut app);
    tell(&mut app, [(3, 50, Act::Launched), (2, 10, Act::Launched), (2, 90, Act::Launched), (4, 95, Act::Launched)]);
    assert_eq!(all_learned(&app).0.keys().copied().collect::<Vec<_>>(), [PlayerId(2), PlayerId(4)]);
}

#[test]
fn a_dossier_sums_up_what_the_reports_say() {
    let mut app = watched(&[(IMPERIAN, 100), (PRAETORIAN, 100)])
        .village(10, 3, (0, 8), &[(PRAETORIAN, 50)])
        .with(|site| site.wall = Some(5))
        .village(11, 3, (0, 80), &[(IMPERIAN, 900)])
        .start(Ruleset::extended());
    look(&mut app, 9);
    app.run(GameSpan::hours(45));
    look(&mut app, 10);
    let known = dossier(&mut app, 3);
    assert_eq!((known.sites, known.sites_known), (3, 2));
    near(known.offense.seen, 7_000.0);
    near(known.troops.seen, 600.0 * 100.0 + 460.0 * 150.0);
    let stores =
        ask(&mut app, |view, _, _| [9, 10].map(|id| view.report(WATCHER, SiteId(id)).unwrap().goods.clone().unwrap()));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let stores = stores.map(|field| field.value.total() as f64);
    near(known.goods.seen, stores[0] + stores[1]);
    near(known.goods.weighed, stores[0] * 0.8 * libm::exp2(-50.5 / 12.0) + stores[1] * 0.8 * libm::exp2(-2.5 / 12.0));
    let model = app.app.world().resource::<Model>().clone();
    let point = |troops: &[(&str, u32)], wall| model.defense(&state(1, 3, wall), &force(troops));
    let (first, second) = (point(&[(IMPERIAN, 100), (PRAETORIAN, 100)], 0), point(&[(PRAETORIAN, 50)], 5));
    near(known.defense.seen, first + second);
    // Seen 50 h 30 min and 2 h 30 min ago, by scouts.
    let confidence = [50.5, 2.5].map(|age: f64| 0.8 * libm::exp2(-age / 48.0));
    assert_eq!(known.oldest, Some(GameSpan::mins(50 * 60 + 30)));
    assert_eq!(known.youngest, Some(GameSpan::mins(2 * 60 + 30)));
    near(known.offense.weighed, 7_000.0 * confidence[0]);
    near(known.defense.weighed, first * confidence[0] + second * confidence[1]);
    let weakest = ask(&mut app, |view, _, now| view.weakest(WATCHER, [SiteId(9), SiteId(10), SiteId(11)], now));
    assert_eq!(weakest, Some(SiteId(10)), "nobody knows of 11");
    let both = ask(&mut app, |view, _, now| view.alliance_dossier(WATCHER, [PlayerId(3), PlayerId(4)], now));
    assert_eq!(both, known, "of player 4 nothing is known, and it has nothing");
}

fn state(site: u32, owner: u32, wall: u8) -> SiteState {
    SiteState {
        site: SiteId(site),
        at: Tile::new(0, 0),
        owner: PlayerId(owner),
        tribe: TribeId(0),
        population: 200,
        home: force(&[(PRAETORIAN, 100)]),
        away: Force::new(),
        guests: Force::new(),
        upgrades: Levels::default(),
        wall,
        residence: 0,
        mobility: 0,
        stores: Goods::ZERO,
        per_hour: Goods::ZERO,
        carriers: 0,
    }
}

fn threats(app: &mut TestApp) -> Vec<(u32, Threat)> {
    app.app.world_mut().resource_mut::<MemberStates>().fill([(WATCHER, state(1, 1, 0))].into_iter());
    let found = ask(app, |view, roster, now| view.who_threatens(roster, WATCHER, SiteId(1), now));
    found.into_iter().map(|(player, threat)| (player.0, threat)).collect()
}

#[test]
fn who_threatens_is_told_by_force_distance_and_intent() {
    let made = watched(&[(IMPERIAN, 400)]).village(10, 4, (0, 42), &[(IMPERIAN, 400)]).village(6, 6, (16, 0), &[]);
    let mut app = made.village(7, 6, (16, 2), &[(IMPERIAN, 40)]).start(Ruleset::extended());
    assert_eq!(threats(&mut app), [], "nobody is known");
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War });
    for site in [9, 10, 7] {
        leaves(&mut app, 1, site, &[(SCOUT, 10)], Manner::Scout);
    }
    app.run(GameSpan::hours(6));
    let known = threats(&mut app);
    assert_eq!(known.iter().map(|(player, _)| *player).collect::<Vec<_>>(), [3, 4, 6]);
    let defense = app.app.world().resource::<Model>().defense(&state(1, 1, 0), &state(1, 1, 0).home);
    // 28,000 points seen by scouts 5 h 30 min ago.
    let attack = 28_000.0 * 0.8 * libm::exp2(-5.5 / 48.0);
    let first = known[0].1;
    near(first.force.unwrap(), attack / (attack + defense));
    // 8 fields at 7 an hour; the other 42.
    near(first.distance.unwrap(), libm::exp2(-8.0 / 7.0 / 12.0));
    near(known[1].1.distance.unwrap(), 0.5_f64.sqrt());
    assert_eq!((first.intent, first.trend), (Some(1.0), None));
    near(first.total.unwrap(), first.force.unwrap() * (0.4 * first.distance.unwrap() + 0.4) / 0.8);
    // The village of player 6 that nobody saw counts by its inhabitants: 200 x 8 beside 40 x 70 points.
    let unseen = 1_600.0 + 2_800.0 * 0.8 * libm::exp2(-(6.0 - (260.0_f64.sqrt() / 16.0)) / 48.0);
    let lone = known[2].1;
    assert!((lone.force.unwrap() - unseen / (unseen + defense)).abs() < 1e-4, "{lone:?}");
    assert_eq!(lone.intent, Some(0.3));
    leaves(&mut app, 7, 1, &[(IMPERIAN, 1)], Manner::Raid);
    let marching = threats(&mut app);
    assert_eq!(marching.iter().find(|(p, _)| *p == 6).unwrap().1.intent, Some(0.8));
    let mean = ask(&mut app, |view, roster, now| view.threat_of(roster, WATCHER, PlayerId(6), now));
    assert_eq!(Some(mean), marching.iter().find(|(p, _)| *p == 6).map(|(_, threat)| *threat), "its only village");
}
