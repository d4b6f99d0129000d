//! A host frame in which nothing is due, with a thousand and with a million marches under way, against the usual
//! design: a system that looks at every march on every tick.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]

mod support;

use bevy::ecs::schedule::{ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;
use bevy_alliance::base::clock::{Agenda, ClockPlugin, GameClock, GameSpan, GameTime, PassStats};
use bevy_alliance::base::contract::Manner;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{MarchId, PlayerId, SiteId, UnitClass};
use bevy_alliance::base::ruleset::Force;
use bevy_alliance::world::march::{MARCH_ARRIVES, March};
use criterion::{Criterion, criterion_group, criterion_main};
use support::{Dice, in_turn, tell};

const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
/// Frames of one round: 16 ms of game time each.
const FRAMES: u32 = 4_000;
const POLLED_FRAMES: u32 = 3;
const ROUNDS: usize = 15;
/// No march arrives before this.
const EARLIEST: GameTime = GameTime(7 * 86_400_000);

fn march(n: u32, arrival: GameTime) -> March {
    let mut force = Force::new();
    force.set(UnitClass(0), 100 + n % 50);
    force.set(UnitClass(7), 10);
    March {
        id: MarchId { site: SiteId(n), n: 1 },
        home: SiteId(n),
        target: SiteId(n / 2),
        owner: PlayerId(n / 8),
        manner: Manner::Raid,
        wave: 0,
        homeward: false,
        order: None,
        launched: GameTime(0),
        arrival,
        detour: GameSpan(0),
        force,
        loot: Goods::ZERO,
        aims: [None; 2],
    }
}

/// An app whose schedules run on one thread: waking others would cost more than all that is measured here.
fn bare_app() -> App {
    let mut app = App::new();
    app.init_schedule(Update);
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    app
}

/// An app with this many marches, all of them days from their targets.
fn app_with(marches: u32) -> App {
    let mut app = bare_app();
    app.add_plugins(ClockPlugin { host: Update.intern() }).insert_resource(GameClock::manual());
    app.add_message::<Landed>();
    let mut dice = Dice(1);
    let marches: Vec<March> =
        (0..marches).map(|n| march(n, EARLIEST + GameSpan::millis(dice.below(86_400_000).into()))).collect();
    let mut agenda = app.world_mut().resource_mut::<Agenda>();
    for march in &marches {
        agenda.push(MARCH_ARRIVES.entry(march.arrival, march.id.site.0.into(), march.id.n));
    }
    app.world_mut().spawn_batch(marches);
    app
}

fn frames(app: &mut App, frames: u32) {
    for _ in 0..frames {
        app.world_mut().resource_mut::<GameClock>().advance(GameSpan::millis(16));
        app.update();
    }
}

/// A march of the naive design is there.
#[derive(Message)]
struct Landed(#[expect(dead_code, reason = "nobody is there to read it")] MarchId);

fn poll_marches(clock: Res<GameClock>, marches: Query<&March>, mut landed: MessageWriter<Landed>) {
    let now = clock.now();
    for march in &marches {
        if !march.homeward && march.arrival <= now {
            landed.write(Landed(march.id));
        }
    }
}

fn nothing_due(criterion: &mut Criterion) {
    let (mut few, mut many, mut polled) = (app_with(FEW), app_with(MANY), app_with(MANY));
    let mut bare = bare_app();
    polled.add_systems(Update, poll_marches);
    let (few_frames, many_frames) = (&mut || frames(&mut few, FRAMES), &mut || frames(&mut many, FRAMES));
    let polled_frames = &mut || frames(&mut polled, POLLED_FRAMES);
    let bare_frames = &mut || (0..FRAMES).for_each(|_| bare.update());
    let taken = in_turn(ROUNDS, [few_frames, many_frames, polled_frames, bare_frames]);
    for app in [&few, &many, &polled] {
        let (clock, stats) = (app.world().resource::<GameClock>(), app.world().resource::<PassStats>());
        assert!(clock.now() < EARLIEST && stats.passes == 0, "nothing was due");
    }
    let (few_nanos, many_nanos) = (taken[0] / f64::from(FRAMES), taken[1] / f64::from(FRAMES));
    let polled_nanos = taken[2] / f64::from(POLLED_FRAMES);
    let bare_nanos = taken[3] / f64::from(FRAMES);
    println!(
        "an idle frame: {few_nanos:.0} ns with 1 k marches, {many_nanos:.0} ns with 1 M, {polled_nanos:.0} ns polled, \
         {bare_nanos:.0} ns of an empty app"
    );
    tell("idle frame with 1 M marches / with 1 k", many_nanos / few_nanos, 1.1);
    tell("idle frame with 1 M marches / polling them", many_nanos / polled_nanos, 0.001);

    let mut group = criterion.benchmark_group("idle_frame");
    group.bench_function("1k_marches", |bencher| bencher.iter(|| frames(&mut few, 1)));
    group.bench_function("1M_marches", |bencher| bencher.iter(|| frames(&mut many, 1)));
    group.finish();
}

criterion_group!(benches, nothing_due);
criterion_main!(benches);
