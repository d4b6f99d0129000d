//! What a save costs: the copy that the game waits for, against nothing but cloning the same components, in one run;
//! and what may run on another thread.

#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a bench tells wall time")]

mod support;

use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::action::defense::{Defenses, Reliefs, Reprisals};
use bevy_alliance::action::operations::{Operation, RunningOperations};
use bevy_alliance::base::clock::{Agenda, GameClock, GameSpan};
use bevy_alliance::base::contract::{AccountRole, Player, Rhythm, ScenarioAppExt, Site, Stances};
use bevy_alliance::base::id::StableId;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::state::StateRegistry;
use bevy_alliance::decision::council::{Ballots, Decisions, Proposal};
use bevy_alliance::decision::planning::{Commitments, Lessons};
use bevy_alliance::edge::snapshot::{Snapshot, SnapshotExt};
use bevy_alliance::knowledge::intel::{Dossiers, IntelReport, Movements, ObservationLog, TargetClaims};
use bevy_alliance::society::alliance::{
    Alliance, Credit, Grievances, Membership, ProposalCount, Reliability, Trust, WarRecord, Wars,
};
use bevy_alliance::society::personality::{Taste, Traits};
use bevy_alliance::strategy::war_council::CouncilCalendar;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::{Blockades, Buildings, Economy, Garrison, Guests, Stores};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{in_turn, nanos, tell};

const ROUNDS: usize = 25;
const VILLAGES: u32 = 15_000;
const DAYS: i64 = 3;

fn game() -> App {
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update));
    app.finish();
    app.cleanup();
    app
}

/// A large world after a few days of war.
fn world() -> App {
    let options = GeneratorOptions { seed: 1, villages: VILLAGES, ..GeneratorOptions::default() };
    let mut app = game();
    app.start_campaign(&generate_world(&options, &Ruleset::extended()).unwrap()).unwrap();
    for _ in 0..DAYS * 24 {
        app.world_mut().resource_mut::<GameClock>().advance(GameSpan::hours(1));
        app.update();
    }
    app
}

/// Copies of one component and how many they are.
fn copies<C: Component + Clone>(world: &mut World) -> (Vec<C>, usize) {
    let copies: Vec<C> = world.query_filtered::<&C, With<StableId>>().iter(world).cloned().collect();
    let count = copies.len();
    (copies, count)
}

/// Clones the components named and nothing else, keeps them all until the end, and counts their types and copies.
macro_rules! clone_all {
    ($world:expr, $($component:ty),+ $(,)?) => {{
        let mut count = (0, 0);
        let all = ($({
            let (copies, copied) = copies::<$component>($world);
            count = (count.0 + 1, count.1 + copied);
            copies
        }),+);
        (black_box(all), count).1
    }};
}

/// Two tuples, as one would be longer than tuples may be in a debugger's view.
fn clone_components(world: &mut World) -> (usize, usize) {
    let public = clone_all!(world, Site, Player, Rhythm, Traits, Taste, Alliance, ProposalCount, Membership, Stances);
    let social =
        clone_all!(world, Grievances, Wars, Credit, Trust, Reliability, WarRecord, IntelReport, Movements, Dossiers);
    let plans = clone_all!(
        world,
        ObservationLog,
        TargetClaims,
        Commitments,
        Lessons,
        Proposal,
        Ballots,
        Decisions,
        Defenses,
        Reprisals,
        Reliefs
    );
    let acts = clone_all!(world, Operation, RunningOperations, CouncilCalendar, March, Economy, Garrison, Guests);
    let rest = clone_all!(world, Buildings, Stores, Blockades, AccountRole);
    let parts = [public, social, plans, acts, rest];
    (parts.iter().map(|p| p.0).sum(), parts.iter().map(|p| p.1).sum())
}

/// The dropping of the copies is part of both sides.
fn against_cloning(app: &mut App) {
    let (types, copies) = clone_components(app.world_mut());
    let registered = app.world().resource::<StateRegistry>().names().count();
    println!(
        "{types} types of components, {copies} copies; {registered} registrations in all, {} entries in the agenda",
        app.world().resource::<Agenda>().len()
    );
    let world = core::cell::RefCell::new(app.world_mut());
    let [taken, cloned] = in_turn(
        ROUNDS,
        [&mut || drop(black_box(Snapshot::take(&mut world.borrow_mut()))), &mut || {
            black_box(clone_components(&mut world.borrow_mut()));
        }],
    );
    println!("taking a snapshot: {:.2} ms, cloning alone: {:.2} ms", taken / 1e6, cloned / 1e6);
    tell("taking a snapshot / cloning the same components", taken / cloned, 1.5);
}

fn whole_path(app: &mut App) {
    let snapshot = app.save_campaign();
    let mut bytes = Vec::new();
    let encoding = nanos(|| bytes = snapshot.encode().unwrap());
    let mut other = game();
    let loading = nanos(|| other.load_campaign(&bytes).unwrap());
    let megabytes = f64::from(u32::try_from(bytes.len()).unwrap()) / 1e6;
    println!("encoding: {:.0} ms for {megabytes:.1} MB; loading: {:.0} ms", encoding / 1e6, loading / 1e6);
}

fn snapshots(criterion: &mut Criterion) {
    let mut app = world();
    against_cloning(&mut app);
    whole_path(&mut app);
    let mut group = criterion.benchmark_group("snapshot");
    group.sample_size(10);
    group.bench_function("take", |bencher| bencher.iter(|| Snapshot::take(app.world_mut())));
    let snapshot = app.save_campaign();
    group.bench_function("encode", |bencher| bencher.iter(|| snapshot.encode().unwrap()));
    group.finish();
}

criterion_group!(benches, snapshots);
criterion_main!(benches);
