//! The incremental view tells what walking all reports of all enemy sites tells, bit for bit, at whatever instant.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]
#![allow(clippy::float_cmp, reason = "both ways must give the same bits")]

mod common;

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan, GameTime};
use bevy_alliance::base::contract::{Estates, Manner, SetStance, SiteState, Stance};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, Knower, PlayerId, SiteId};
use bevy_alliance::base::ruleset::{Force, Levels, Ruleset};
use bevy_alliance::decision::council::Situation;
use bevy_alliance::decision::planning::{KnownOffense, REACH};
use bevy_alliance::edge::snapshot::SnapshotExt;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::intel::movement::rules as movement;
use bevy_alliance::knowledge::intel::{KnownForces, REPORT_EXPIRES, View, forces_rebuilt, rules};
use bevy_alliance::world::economy::EconomySystems;
use common::*;

/// How often what was compared held anything.
#[derive(Resource, Default, Debug)]
struct Compared {
    passes: u32,
    offenses: u32,
    forces: u32,
    expiries: u32,
}

/// The old way: the report of each enemy site, and its points worked out anew.
fn offense_by_walking(view: &View, alliance: AllianceId, site: SiteId, now: GameTime) -> Option<KnownOffense> {
    let troops = rules::live(view.report(alliance, site)?.troops.as_ref(), now)?;
    let public = view.site(site)?;
    let confidence = rules::faded(troops.confidence, now - troops.observed_at, rules::TROOPS_HALF_LIFE);
    let model = &*view.model().0;
    let known = KnownOffense::of(public.owner, site, public.at, &troops.value, confidence, model)?;
    // Who is on the way home for longer than 12 hours is not ready.
    let returning = view.returning_to(alliance, site);
    let away = movement::away_until(troops.observed_at, returning, now + REACH).min(&troops.value);
    if away.is_empty() {
        return Some(known);
    }
    let left = KnownOffense::of(public.owner, site, public.at, &troops.value.minus(&away), confidence, model);
    Some(KnownOffense { ready: left.map_or(0.0, |l| l.attack), ..known })
}

#[expect(clippy::cast_precision_loss, reason = "goods of an alliance")]
fn strength_by_walking(situation: &Situation, knower: AllianceId, of: AllianceId, now: GameTime) -> f64 {
    let (view, mut total) = (&situation.view, 0.0);
    for member in situation.roster.members(of) {
        for site in view.sites_of(member.player) {
            total += match view.report(knower, *site).and_then(|r| rules::live(r.troops.as_ref(), now)) {
                Some(troops) => view.model().cost(&troops.value) as f64,
                None => view.model().goods_per_inhabitant() * f64::from(view.site(*site).unwrap().population),
            };
        }
    }
    total
}

fn defense_by_walking(view: &View, knower: Knower, site: SiteId, now: GameTime) -> Option<f64> {
    let believed = view.estimate(knower, site, now)?;
    let state = SiteState {
        site,
        at: believed.at,
        owner: view.site(site)?.owner,
        tribe: believed.tribe,
        population: believed.population,
        home: Force::new(),
        away: Force::new(),
        guests: Force::new(),
        upgrades: Levels::default(),
        wall: believed.wall,
        residence: believed.residence,
        mobility: 0,
        stores: Goods::ZERO,
        per_hour: Goods::ZERO,
        carriers: 0,
    };
    Some(view.model().defense(&state, &believed.troops))
}

fn compare(situation: &Situation, now: GameTime, compared: &mut Compared) {
    for alliance in situation.roster.active_alliances() {
        let wars: Vec<AllianceId> = situation.roster.relations(alliance).unwrap().0.wars().collect();
        let mut walked = Vec::new();
        for enemy in wars {
            let strength = situation.believed_strength(alliance, enemy, now);
            assert_eq!(
                strength,
                strength_by_walking(situation, alliance, enemy, now),
                "{alliance} of {enemy} at {now}"
            );
            for member in situation.roster.members(enemy) {
                for site in situation.view.sites_of(member.player) {
                    walked.extend(offense_by_walking(&situation.view, alliance, *site, now));
                    compared.forces += compare_site(&situation.view, alliance.into(), *site, now);
                }
            }
        }
        walked.sort_by_key(|o| (o.player, o.site));
        assert_eq!(situation.threats(alliance, now).known, walked, "{alliance} at {now}");
        compared.offenses += u32::try_from(walked.len()).unwrap();
    }
    compared.passes += 1;
}

/// How many forces there are: 0 or 1.
fn compare_site(view: &View, knower: Knower, site: SiteId, now: GameTime) -> u32 {
    let force = view.force(knower, site, now);
    let defense = force.map(|force| view.defense_of(knower, force, now).unwrap());
    assert_eq!(defense, defense_by_walking(view, knower, site, now), "site {site} at {now}");
    u32::from(force.is_some())
}

/// What a decision of this pass would see: after what expired is gone, before anything new is admitted.
fn compare_before_decisions(situation: Situation, batch: Res<DueBatch>, mut compared: ResMut<Compared>) {
    let expired = u32::try_from(batch.of(REPORT_EXPIRES).len()).unwrap();
    compared.expiries += expired;
    if expired > 0 || compared.passes.is_multiple_of(16) {
        compare(&situation, batch.now(), &mut compared);
    } else {
        compared.passes += 1;
    }
}

fn compare_now(app: &mut TestApp) {
    let now = app.now();
    let question = move |situation: Situation, mut compared: ResMut<Compared>| compare(&situation, now, &mut compared);
    app.app.world_mut().run_system_once(question).unwrap();
    let anew = forces_rebuilt(app.app.world_mut());
    let forces = app.app.world().resource::<KnownForces>();
    assert_eq!(summary(forces), summary(&anew), "at {now}");
}

/// All that time and a census leave as it is.
fn summary(forces: &KnownForces) -> Vec<String> {
    let knowers = (0..40).map(|id| Knower::Alliance(AllianceId(id))).chain((0..400).map(|id| PlayerId(id).into()));
    let mut all = Vec::new();
    for knower in knowers {
        for player in forces.players(knower) {
            all.extend(forces.of(knower, player).iter().map(|f| {
                let seen = (f.site, f.at, f.observed_at, f.confidence, f.attack, f.fastest, f.cost);
                format!("{knower:?} {player} {seen:?}")
            }));
        }
    }
    all
}

fn comparing(app: &mut TestApp) {
    app.app.init_resource::<Compared>().add_systems(
        Campaign,
        compare_before_decisions.after(CampaignSystems::Sense).before(CampaignSystems::Deliberate),
    );
}

#[test]
fn a_campaign_sees_the_same_both_ways_at_every_instant() {
    let mut app = TestApp::new(&small_world(3, 240));
    comparing(&mut app);
    for _ in 0..40 {
        app.run(GameSpan::hours(5) + GameSpan::mins(7));
        compare_now(&mut app);
    }
    let compared = app.app.world().resource::<Compared>();
    assert!(compared.offenses > 500 && compared.forces > compared.offenses && compared.expiries > 0, "{compared:?}");
    // A load builds it anew, and both go on alike.
    let save = app.app.save_campaign().encode().unwrap();
    let mut loaded = TestApp::unstarted(|_| {});
    loaded.app.load_campaign(&save).unwrap();
    loaded.app.init_resource::<Compared>();
    compare_now(&mut loaded);
    for app in [&mut app, &mut loaded] {
        app.run(GameSpan::days(2));
        compare_now(app);
    }
    assert_eq!(app.hash_parts(), loaded.hash_parts());
}

/// What a world of its own does to sites, once.
#[derive(Resource)]
struct Edit(Option<fn(&mut Estates, GameTime)>);

fn edit(mut edit: ResMut<Edit>, mut estates: Estates, batch: Res<DueBatch>) {
    if let Some(change) = edit.0.take() {
        change(&mut estates, batch.now());
    }
}

#[test]
fn villages_that_change_hands_grow_or_go_are_followed() {
    let scout = "equites_legati";
    let mut app = sides()
        .village(1, 1, (0, 0), &[(scout, 40)])
        .village(9, 3, (8, 0), &[("imperian", 70)])
        .village(8, 3, (8, 4), &[("praetorian", 70)])
        .village(4, 4, (60, 0), &[])
        .start(Ruleset::extended());
    app.app
        .insert_resource(Edit(None))
        .init_resource::<Compared>()
        .add_systems(Campaign, edit.in_set(CampaignSystems::Battle).after(EconomySystems::AfterFights));
    for site in [9, 8] {
        leaves(&mut app, 1, site, &[(scout, 10)], Manner::Scout);
    }
    app.run(GameSpan::hours(2));
    let knower = Knower::Player(PlayerId(1));
    let known = |app: &mut TestApp, change: Option<fn(&mut Estates, GameTime)>| {
        app.app.insert_resource(Edit(change));
        app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Neutral });
        compare_now(app);
        let now = app.now();
        let question = move |view: View| {
            for site in [8, 9] {
                compare_site(&view, knower, SiteId(site), now);
            }
            [3, 4].map(|player| view.forces(knower, PlayerId(player), now).map(|f| f.site.0).collect::<Vec<_>>())
        };
        app.app.world_mut().run_system_once(question).unwrap()
    };
    assert_eq!(known(&mut app, None), [vec![8, 9], vec![]]);
    assert_eq!(known(&mut app, Some(|e, _| assert!(e.recount(SiteId(9), 900)))), [vec![8, 9], vec![]]);
    // The garrison goes with its owner: of what stands there now nothing is known.
    assert_eq!(known(&mut app, Some(|e, now| assert!(e.hand_over(SiteId(9), PlayerId(4), now)))), [vec![8], vec![]]);
    let look = |app: &mut TestApp, site| {
        leaves(app, 1, site, &[(scout, 5)], Manner::Scout);
        app.run(GameSpan::hours(2));
    };
    look(&mut app, 9);
    assert_eq!(known(&mut app, None), [vec![8], vec![9]]);
    let back_and_forth = |e: &mut Estates, now| {
        assert!(e.hand_over(SiteId(9), PlayerId(3), now) && e.hand_over(SiteId(9), PlayerId(4), now));
        assert!(e.hand_over(SiteId(8), PlayerId(4), now));
    };
    assert_eq!(known(&mut app, Some(back_and_forth)), [vec![], vec![] as Vec<u32>]);
    look(&mut app, 9);
    look(&mut app, 8);
    assert_eq!(known(&mut app, None), [vec![], vec![8, 9]]);
    assert_eq!(known(&mut app, Some(|e, now| assert!(e.raze(SiteId(9), now)))), [vec![], vec![8]]);
    app.run(GameSpan::days(8));
    assert_eq!(known(&mut app, None), [vec![], vec![] as Vec<u32>]);
}
