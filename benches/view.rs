//! The incremental view: an alliance of 60 members that knows 1,000 villages of three enemies. One new report against
//! building the view anew; the threats of a ballot against walking all enemy villages; the states of the members' own
//! villages.

#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a bench tells wall time")]

mod support;

use bevy::ecs::system::SystemState;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    Model, PlayerKind, Rank, Scenario, ScenarioAlliance, ScenarioPlayer, ScenarioSite, Site, SiteState, Stance,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, Knower, PlayerId, SiteId, StableId, TribeId, UnitClass};
use bevy_alliance::base::ruleset::{Force, Levels};
use bevy_alliance::decision::council::Situation;
use bevy_alliance::decision::planning::KnownOffense;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::{
    Field, IntelReport, KnownForces, MemberStates, SourceKind, forces_rebuilt, rules,
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{Dice, in_turn, tell};

const MEMBERS: u32 = 60;
/// Enemy alliances, of as many members.
const ENEMIES: u32 = 3;
/// Villages of all enemies together, of each of which there is a report.
const KNOWN: u32 = 1_000;
/// Villages of the alliance's own.
const OWN: u32 = 600;
/// Reports that come one after another in a round.
const REPORTS: u32 = 256;
const ROUNDS: usize = 15;
const US: AllianceId = AllianceId(1);

fn scenario(dice: &mut Dice) -> Scenario {
    let alliance = |n| ScenarioAlliance { id: AllianceId(n), name: format!("A{n}"), active: true };
    let players = (0..MEMBERS * (1 + ENEMIES)).map(|n| ScenarioPlayer {
        id: PlayerId(n + 1),
        name: format!("P{n}"),
        kind: PlayerKind::Active,
        membership: Some((AllianceId(1 + n / MEMBERS), if n % MEMBERS == 0 { Rank::Leader } else { Rank::Member })),
        role: None,
        rhythm: None,
        archetype: None,
    });
    let sites = (0..OWN + KNOWN).map(|n| {
        let owner = if n < OWN { n % MEMBERS } else { MEMBERS + dice.below(MEMBERS * ENEMIES) };
        let at = Tile::new(i16::try_from(n % 160).unwrap() - 80, i16::try_from(n / 160).unwrap() * 4);
        let (id, name, owner) = (SiteId(n + 1), format!("V{n}"), PlayerId(owner + 1));
        ScenarioSite { id, at, name, owner, tribe: TribeId(0), population: 100 + dice.below(900), ..default() }
    });
    Scenario {
        seed: 1,
        half_width: 100,
        sites: sites.collect(),
        players: players.collect(),
        alliances: (1..=1 + ENEMIES).map(alliance).collect(),
        stances: (2..=1 + ENEMIES).map(|enemy| (US, AllianceId(enemy), Stance::War)).collect(),
    }
}

/// Five classes of troops, in most villages some offense.
fn troops(dice: &mut Dice) -> Force {
    [0, 1, 2, 4, 6].map(|class| (UnitClass(class), dice.below(400))).into_iter().filter(|(_, n)| *n > 0).collect()
}

fn report(dice: &mut Dice, site: u32) -> IntelReport {
    fn seen<T>(value: T) -> Option<Field<T>> {
        let (source, kind) = (PlayerId(1), SourceKind::Scout);
        Some(Field { value, observed_at: GameTime(0), source, kind, confidence: 0.8 })
    }
    IntelReport {
        knower: US.into(),
        site: SiteId(site),
        troops: seen(troops(dice)),
        goods: seen(Goods::new([5_000; 4])),
        wall: seen(10),
        buildings: seen(10),
    }
}

fn game(dice: &mut Dice) -> TestApp {
    let mut app = TestApp::new(&scenario(dice));
    for n in 0..KNOWN {
        let report = report(dice, OWN + n + 1);
        app.app.world_mut().spawn((StableId::Report(US.into(), report.site), report));
    }
    let forces = forces_rebuilt(app.app.world_mut());
    app.app.insert_resource(forces);
    app
}

/// As it was before: one walk for threats, working out the points of each report anew ...
fn offense_by_walking(situation: &Situation, now: GameTime) -> Vec<KnownOffense> {
    let (view, mut known) = (&situation.view, Vec::new());
    for enemy in situation.roster.relations(US).unwrap().0.wars() {
        for member in situation.roster.members(enemy) {
            for site in view.sites_of(member.player) {
                let Some(report) = view.report(US, *site) else { continue };
                let Some(troops) = rules::live(report.troops.as_ref(), now) else { continue };
                let public = view.site(*site).unwrap();
                let confidence = rules::faded(troops.confidence, now - troops.observed_at, rules::TROOPS_HALF_LIFE);
                let model = &*view.model().0;
                known.extend(KnownOffense::of(public.owner, *site, public.at, &troops.value, confidence, model));
            }
        }
    }
    known.sort_by_key(|o| (o.player, o.site));
    known
}

/// ... and one for the strength of each enemy.
#[expect(clippy::cast_precision_loss, reason = "goods of an alliance")]
fn strength_by_walking(situation: &Situation, enemy: AllianceId, now: GameTime) -> f64 {
    let (view, mut total) = (&situation.view, 0.0);
    for member in situation.roster.members(enemy) {
        for site in view.sites_of(member.player) {
            let seen = view.report(US, *site).and_then(|r| rules::live(r.troops.as_ref(), now));
            total += seen.map_or(0.0, |troops| view.model().cost(&troops.value) as f64);
        }
    }
    total
}

fn by_walking(situation: &Situation, now: GameTime) -> (Vec<KnownOffense>, f64) {
    let wars = situation.roster.relations(US).unwrap().0.wars();
    let strength = wars.map(|enemy| strength_by_walking(situation, enemy, now)).sum();
    (offense_by_walking(situation, now), strength)
}

fn incremental(situation: &Situation, now: GameTime) -> (Vec<KnownOffense>, f64) {
    let wars = situation.roster.relations(US).unwrap().0.wars();
    let strength = wars.map(|enemy| situation.believed_strength(US, enemy, now)).sum();
    (situation.threats(US, now).known, strength)
}

fn own_states() -> Vec<(Knower, SiteState)> {
    let mut dice = Dice(3);
    let mut state = |n: u32| SiteState {
        site: SiteId(n + 1),
        at: Tile::new(0, 0),
        owner: PlayerId(n % MEMBERS + 1),
        tribe: TribeId(0),
        population: 500,
        home: troops(&mut dice),
        away: Force::new(),
        guests: Force::new(),
        upgrades: Levels::default(),
        wall: 10,
        residence: 10,
        mobility: 0,
        stores: Goods::new([5_000; 4]),
        per_hour: Goods::new([100; 4]),
        carriers: 0,
    };
    (0..OWN).map(|n| (Knower::Alliance(US), state(n))).collect()
}

fn one_report_against_all(app: &mut TestApp, dice: &mut Dice) {
    let model = app.app.world().resource::<Model>().clone();
    let mut forces = app.app.world().resource::<KnownForces>().clone();
    let sites: Vec<Site> = app.app.world_mut().query::<&Site>().iter(app.app.world()).cloned().collect();
    let enemies: Vec<&Site> = sites.iter().filter(|s| s.owner.0 > MEMBERS).collect();
    let mut news: Vec<(&Site, IntelReport)> = Vec::new();
    for _ in 0..REPORTS {
        let site = enemies[dice.below(KNOWN) as usize];
        news.push((site, report(dice, site.id.0)));
    }
    let world = app.app.world_mut();
    let [one, anew] = in_turn(
        ROUNDS,
        [
            &mut || {
                for (site, report) in &news {
                    forces = black_box(core::mem::take(&mut forces).with_report(report, site, &*model.0, GameTime(0)));
                }
            },
            &mut || drop(black_box(forces_rebuilt(world))),
        ],
    );
    let one = one / f64::from(REPORTS);
    println!("one new report {:.2} us, {KNOWN} anew {:.0} us", one / 1e3, anew / 1e3);
    tell("one new report into the view / the view anew", one / anew, 0.01);
}

fn view(criterion: &mut Criterion) {
    let mut dice = Dice(1);
    let mut app = game(&mut dice);
    one_report_against_all(&mut app, &mut dice);
    let now = GameTime(0) + GameSpan::hours(20);
    let mut state: SystemState<Situation> = SystemState::new(app.app.world_mut());
    let situation = state.get(app.app.world()).unwrap();
    let (known, strength) = incremental(&situation, now);
    assert_eq!((known, strength), by_walking(&situation, now), "both ways tell the same");
    let [fast, walked] = in_turn(
        ROUNDS,
        [&mut || drop(black_box(incremental(&situation, now))), &mut || drop(black_box(by_walking(&situation, now)))],
    );
    println!("threats and strength for a ballot {:.1} us, by walking {:.1} us", fast / 1e3, walked / 1e3);
    tell("threats from the incremental view / by walking all enemy villages", fast / walked, 0.2);
    let states = own_states();
    let [taken, cloned] = in_turn(
        ROUNDS,
        [
            &mut || {
                let mut members = MemberStates::default();
                members.fill(states.iter().cloned());
                black_box(members.of(US).len());
            },
            &mut || drop(black_box(states.clone())),
        ],
    );
    println!("{OWN} states of {MEMBERS} members {:.1} us, cloning alone {:.1} us", taken / 1e3, cloned / 1e3);
    tell("taking in the members' states / cloning them", taken / cloned, 2.0);

    let mut group = criterion.benchmark_group("view");
    group.sample_size(10);
    group.bench_function("threats", |bencher| bencher.iter(|| incremental(&situation, now)));
    group.finish();
}

criterion_group!(benches, view);
criterion_main!(benches);
