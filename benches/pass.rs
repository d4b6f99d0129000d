//! What a pass of the campaign costs: by the number of systems, gated off and woken, and in a world ten times as large
//! of which no more is due.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]

mod support;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::base::clock::{
    Agenda, Campaign, CampaignAppExt, CampaignSystems, ClockPlugin, DueBatch, DueKind, GameClock, GameSpan, PassStats,
};
use bevy_alliance::base::id::{SiteId, StableId};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{Dice, in_turn, tell};

/// Passes of one host update: one due entry each, a millisecond apart.
const PASSES: u32 = 5_000;
const ROUNDS: usize = 15;
/// The sites of which something is due, in small worlds and large ones.
const DUE_SITES: u32 = 1_000;

/// The sets between the hooks: five systems in each.
const WORKING: [CampaignSystems; 8] = [
    CampaignSystems::Intake,
    CampaignSystems::Sense,
    CampaignSystems::Deliberate,
    CampaignSystems::Plan,
    CampaignSystems::March,
    CampaignSystems::Battle,
    CampaignSystems::Settle,
    CampaignSystems::Publish,
];
const QUIET: DueKind = DueKind::new(1_000, "quiet", &[]);
const BUSY: DueKind = DueKind::new(1_001, "busy", &WORKING);
const VISIT: DueKind = DueKind::new(1_002, "visit", &[CampaignSystems::Settle]);

/// A campaign with five such systems in each of the first `sets` working sets.
fn campaign(sets: usize) -> App {
    let mut app = App::new();
    app.add_plugins(ClockPlugin { host: Update.intern() }).insert_resource(GameClock::manual());
    app.add_due_kind(QUIET).add_due_kind(BUSY).add_due_kind(VISIT);
    for set in &WORKING[..sets] {
        for _ in 0..5 {
            let system = |batch: Res<DueBatch>, mut seen: Local<usize>| *seen += black_box(batch.of(BUSY)).len();
            app.add_systems(Campaign, system.in_set(*set));
        }
    }
    app
}

/// One host update with [`PASSES`] passes, an entry of this kind each.
fn run(app: &mut App, kind: DueKind) {
    let world = app.world_mut();
    let (now, before) = (world.resource::<GameClock>().now(), world.resource::<PassStats>().passes);
    let mut agenda = world.resource_mut::<Agenda>();
    for n in 0..PASSES {
        agenda.push(kind.entry(now + GameSpan::millis(i64::from(n) + 1), (n % DUE_SITES).into(), n));
    }
    world.resource_mut::<GameClock>().advance(GameSpan::millis(PASSES.into()));
    app.update();
    assert_eq!(app.world().resource::<PassStats>().passes - before, u64::from(PASSES), "one pass an entry");
}

/// Filling the agenda and the frame around the passes are part of all three figures.
fn by_number_of_systems() {
    let (mut none, mut quiet, mut busy) = (campaign(0), campaign(8), campaign(8));
    let taken =
        in_turn(ROUNDS, [&mut || run(&mut none, QUIET), &mut || run(&mut quiet, QUIET), &mut || run(&mut busy, BUSY)]);
    let [none, quiet, busy] = taken.map(|nanos| nanos / f64::from(PASSES));
    println!("a pass: {none:.0} ns without systems, {quiet:.0} ns with 40 asleep, {busy:.0} ns with 40 woken");
    tell("pass with 40 systems asleep / 40 woken", quiet / busy, 1.0);
    tell("pass with 40 systems asleep / no systems", quiet / none, 2.0);
}

/// A site of the bench: what a visit changes.
#[derive(Component)]
struct Visits(u64);

/// The bench's index from a site's number to its entity.
#[derive(Resource)]
struct Sites(Vec<Entity>);

fn world_of(sites: u32) -> App {
    let mut app = campaign(8);
    let mut dice = Dice(1);
    let entities: Vec<Entity> =
        (0..sites).map(|n| app.world_mut().spawn((StableId::Site(SiteId(n)), Visits(0))).id()).collect();
    // Whatever is not visited has its own entry, days ahead.
    let now = app.world().resource::<GameClock>().now();
    let mut agenda = app.world_mut().resource_mut::<Agenda>();
    for n in DUE_SITES..sites {
        let due = now + GameSpan::days(1) + GameSpan::millis(dice.below(86_400_000).into());
        agenda.push(QUIET.entry(due, n.into(), 0));
    }
    app.insert_resource(Sites(entities));
    let visit = |batch: Res<DueBatch>, sites: Res<Sites>, mut visits: Query<&mut Visits>| {
        for entry in batch.of(VISIT) {
            let site = usize::try_from(entry.owner).ok().and_then(|n| sites.0.get(n));
            if let Some(mut visits) = site.and_then(|e| visits.get_mut(*e).ok()) {
                visits.0 += 1;
            }
        }
    };
    app.add_systems(Campaign, visit.in_set(CampaignSystems::Settle));
    app
}

fn by_size_of_the_world() {
    let (mut small, mut large) = (world_of(20_000), world_of(200_000));
    let taken = in_turn(ROUNDS, [&mut || run(&mut small, VISIT), &mut || run(&mut large, VISIT)]);
    let [small, large] = taken.map(|nanos| nanos / f64::from(PASSES));
    println!("a pass that visits one site: {small:.0} ns among 20 k sites, {large:.0} ns among 200 k");
    tell("pass in a world 10 times as large, same due load", large / small, 1.1);
}

fn passes(criterion: &mut Criterion) {
    by_number_of_systems();
    by_size_of_the_world();
    let mut group = criterion.benchmark_group("pass");
    group.sample_size(10);
    for (name, sets, kind) in [("no_systems", 0, QUIET), ("40_asleep", 8, QUIET), ("40_woken", 8, BUSY)] {
        let mut app = campaign(sets);
        group.bench_function(name, |bencher| bencher.iter(|| run(&mut app, kind)));
    }
    group.finish();
}

criterion_group!(benches, passes);
criterion_main!(benches);
