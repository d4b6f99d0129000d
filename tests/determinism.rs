//! One seed, one history: whatever the pace, the frames and the threads.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy::app::TaskPoolOptions;
use bevy::prelude::*;
use bevy::tasks::ComputeTaskPool;
use bevy::time::{TimePlugin, TimeUpdateStrategy};
use bevy_alliance::base::clock::{Campaign, CampaignSystems, ClockMode, GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{Holdings, LaunchMarch, Manner, Player, SetStance, Site, Stance};
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId, StableId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::state::StateAppExt;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::world::village::Garrison;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

#[test]
fn random_streams_are_pinned() {
    let mut s = Stream::new(1, 2, Purpose::EXAMPLE, 3);
    let words: [u64; 4] = std::array::from_fn(|_| s.next());
    let expected =
        [7_250_616_044_855_124_506, 14_859_524_211_291_876_308, 108_912_802_250_298_653, 14_967_989_536_085_136_850];
    assert_eq!(words, expected);
    assert_eq!(std::array::from_fn(|_| s.below(1_000)), [301, 148, 736, 196, 351, 274]);
    assert_eq!(std::array::from_fn(|_| s.between(-5, 5)), [-4, 5, 1, -1, 4, 2]);
    let units: [u64; 3] = std::array::from_fn(|_| s.unit().to_bits());
    assert_eq!(units, [4_585_105_345_054_116_688, 4_599_363_284_305_730_514, 4_594_419_677_285_572_316]);
    let normals: [u64; 3] = std::array::from_fn(|_| s.normal(10.0, 2.0).to_bits());
    assert_eq!(normals, [4_625_554_669_862_461_546, 4_622_405_951_202_024_494, 4_624_054_079_926_387_273]);
    assert_eq!(std::array::from_fn(|_| s.weighted(&[1.0, 0.0, 2.0, -1.0, 3.0])), [2, 4, 2, 4, 4, 2]);
}

const SEED: u64 = 7;
const VILLAGES: u32 = 300;

fn world_of(seed: u64, setup: impl FnOnce(&mut App)) -> TestApp {
    TestApp::with(&small_world(seed, VILLAGES), setup)
}

/// What comes from outside in every history here, at fixed game times: a march of everything that a village holds and
/// a pact.
fn speak(app: &mut TestApp, part: usize) {
    if part == 0 {
        let world = app.app.world_mut();
        let mut villages = world.query::<(&Site, &Garrison)>();
        let mut villages: Vec<_> = villages.iter(world).map(|(s, g)| (s.id, s.owner, g.home.clone())).collect();
        villages.sort_by_key(|(id, ..)| *id);
        let (origin, owner, force) = villages[0].clone();
        let target = villages.iter().find(|(_, o, _)| *o != owner).map_or(SiteId(0), |(id, ..)| *id);
        app.send(LaunchMarch { origin, target, force, manner: Manner::Siege, aims: [None; 2] });
    } else {
        let world = app.app.world_mut();
        let mut players = world.query::<&Player>();
        let mut alliances: Vec<AllianceId> = players.iter(world).filter_map(|p| p.alliance).collect();
        alliances.sort_unstable();
        alliances.dedup();
        app.send(SetStance { a: alliances[0], b: alliances[1], stance: Stance::Pact });
    }
}

const SPAN: GameSpan = GameSpan::hours(30);
const SPEAKS_AT: [GameSpan; 2] = [GameSpan(5 * 3_600_000 + 1_234), GameSpan(18 * 3_600_000)];

/// Thirty hours with two inputs, brought to each instant by `bring`.
fn history(mut app: TestApp, mut bring: impl FnMut(&mut TestApp, GameTime)) -> TestApp {
    for (part, at) in SPEAKS_AT.into_iter().enumerate() {
        bring(&mut app, GameTime(0) + at);
        assert_eq!(app.now(), GameTime(0) + at);
        speak(&mut app, part);
    }
    bring(&mut app, GameTime(0) + SPAN);
    assert_eq!(app.now(), GameTime(0) + SPAN);
    app
}

fn in_steps(step: GameSpan) -> TestApp {
    history(world_of(SEED, |_| {}), |app, until| app.run_in_steps(until - app.now(), step))
}

/// Names the parts of the state in which two runs differ.
fn differences(a: &mut TestApp, b: &mut TestApp) -> Vec<&'static str> {
    let (a, b) = (a.hash_parts(), b.hash_parts());
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect()
}

#[track_caller]
fn assert_same(a: &mut TestApp, b: &mut TestApp) {
    assert_eq!(differences(a, b), [""; 0], "parts of the state differ");
    assert_eq!(a.hash(), b.hash());
    assert_eq!(a.facts, b.facts, "the same state came about in another way");
}

#[test]
fn the_same_seed_gives_the_same_history_at_any_step() {
    let mut hours = in_steps(GameSpan::hours(1));
    assert!(hours.facts.len() > 20, "the world is too quiet to tell anything: {} facts", hours.facts.len());
    assert_same(&mut hours, &mut in_steps(GameSpan::hours(1)));
    assert_same(&mut hours, &mut in_steps(GameSpan::secs(1)));
    assert_same(&mut hours, &mut in_steps(GameSpan::mins(1)));
    // Everything between two inputs in one host update.
    let limits = Limits { slice_millis: i64::MAX / 2, slice_passes: u32::MAX, ..Limits::default() };
    let app = world_of(SEED, |app| {
        app.insert_resource(limits);
    });
    let mut updates = 0;
    let mut whole = history(app, |app, until| {
        app.run_in_steps(until - app.now(), until - app.now());
        updates += 1;
    });
    assert_eq!(updates, 3);
    assert_same(&mut hours, &mut whole);
}

/// Brings a clock that follows Bevy's time to an instant: whole frames as long as they fit, then the rest by hand.
fn frames(app: &mut TestApp, until: GameTime, frame: Duration) -> u32 {
    let game_nanos = 1_000 * frame.as_nanos();
    let longest = GameSpan(i64::try_from(game_nanos / 1_000_000).unwrap() + 1);
    let mut frames = 0;
    app.app.world_mut().resource_mut::<GameClock>().mode = ClockMode::Scaled { numerator: 1_000, denominator: 1 };
    while app.app.world().resource::<GameClock>().goal() + longest < until {
        app.update();
        frames += 1;
    }
    app.app.world_mut().resource_mut::<GameClock>().mode = ClockMode::Manual;
    app.run(until - app.now());
    frames
}

#[test]
fn frames_of_a_scaled_clock_change_nothing() {
    let mut reference = in_steps(GameSpan::hours(1));
    for (frame, least) in [(Duration::from_millis(100), 1_000), (Duration::from_nanos(4_166_667), 25_000)] {
        let app = world_of(SEED, |app| {
            app.add_plugins(TimePlugin).insert_resource(TimeUpdateStrategy::ManualDuration(frame));
        });
        let mut count = 0;
        let mut run = history(app, |app, until| count += frames(app, until, frame));
        assert!(count > least, "{count} frames of {frame:?} is not the pace that was asked for");
        assert_same(&mut reference, &mut run);
    }
}

#[test]
fn sixteen_seeds_give_sixteen_histories_each_the_same_at_two_paces() {
    let mut hashes: Vec<u128> = (100..116)
        .map(|seed| {
            let (mut a, mut b) = (world_of(seed, |_| {}), world_of(seed, |_| {}));
            a.run(GameSpan::days(1));
            b.run_in_steps(GameSpan::days(1), GameSpan::mins(7));
            assert_same(&mut a, &mut b);
            a.hash()
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 16, "two seeds gave one history");
}

const THREADS: &str = "ALLIANCE_TEST_THREADS";

/// Task pools belong to the process, so each count of threads gets a process of its own: this same test, which then
/// prints its hash instead of comparing.
#[test]
fn threads_change_nothing() {
    if let Ok(threads) = std::env::var(THREADS) {
        TaskPoolOptions::with_num_threads(threads.parse().unwrap()).create_default_pools();
        let mut app = in_steps(GameSpan::hours(1));
        println!("\nhash {:032x} {}", app.hash(), ComputeTaskPool::get().thread_num());
        return;
    }
    let run = |threads: u32| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "threads_change_nothing", "--nocapture"])
            .env(THREADS, threads.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|l| l.strip_prefix("hash ")).unwrap().to_owned();
        let (hash, pool) = line.split_once(' ').unwrap();
        (hash.to_owned(), pool.parse::<u32>().unwrap())
    };
    let ((one, single), (many, several)) = (run(1), run(8));
    assert_eq!(single, 1);
    assert!(several > 1);
    assert_eq!(one, many);
    assert_eq!(one, format!("{:032x}", in_steps(GameSpan::hours(1)).hash()));
}

#[test]
fn another_seed_gives_another_hash() {
    let (mut a, mut b) = (world_of(1, |_| {}), world_of(2, |_| {}));
    assert_ne!(a.hash(), b.hash());
    let mut again = world_of(1, |_| {});
    assert_same(&mut a, &mut again);
    a.run(GameSpan::hours(6));
    assert_ne!(a.hash(), again.hash(), "six hours left no trace");
    b.run(GameSpan::hours(6));
    assert_ne!(a.hash(), b.hash());
}

/// What a careless system writes down.
#[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct FirstSeen(PlayerId);

/// Iterates a hash map whose order differs in every map.
fn write_in_hash_order(holdings: Res<Holdings>, players: Query<&Player>, mut seen: Query<&mut FirstSeen>) {
    let map: HashMap<PlayerId, usize> = players.iter().map(|p| (p.id, holdings.of(p.id).len())).collect();
    #[expect(clippy::iter_over_hash_type, reason = "the mistake that is to be caught")]
    for (player, _) in map {
        for mut first in &mut seen {
            first.0 = player;
        }
    }
}

fn planted(system: fn(&mut App)) -> TestApp {
    let mut app = world_of(SEED, |app| {
        app.register_state::<FirstSeen>("first_seen");
    });
    system(&mut app.app);
    app.app.world_mut().spawn((StableId::Game(1, 1), FirstSeen(PlayerId(0))));
    app.run(GameSpan::hours(6));
    app
}

#[test]
fn planted_hash_order_is_caught_and_named() {
    let careless = |app: &mut App| {
        app.add_systems(Campaign, write_in_hash_order.in_set(CampaignSystems::Last));
    };
    let mut reference = planted(careless);
    assert_ne!(reference.app.world_mut().query::<&FirstSeen>().single(reference.app.world()).unwrap().0, PlayerId(0));
    // Two of some hundred random orders may end alike; four do not.
    let caught = (0..4).find_map(|_| {
        let mut other = planted(careless);
        let differing = differences(&mut reference, &mut other);
        (!differing.is_empty()).then(|| (differing, reference.hash() != other.hash()))
    });
    assert_eq!(caught, Some((vec!["first_seen"], true)));
    let sound = |_: &mut App| {};
    assert_same(&mut planted(sound), &mut planted(sound));
}

#[derive(Resource, Default)]
struct Shared(u32);

fn first(mut shared: ResMut<Shared>) {
    shared.0 += 1;
}

fn second(mut shared: ResMut<Shared>) {
    // Once in each pass, of which there may be many.
    shared.0 = shared.0.wrapping_mul(2);
}

fn with_two_systems(add: fn(&mut App)) -> std::thread::Result<u32> {
    std::panic::catch_unwind(|| {
        let mut app = world_of(SEED, |_| {});
        app.app.init_resource::<Shared>();
        add(&mut app.app);
        app.run(GameSpan::hours(6));
        app.app.world().resource::<Shared>().0
    })
}

#[test]
fn two_systems_without_an_order_are_an_error() {
    let ordered = with_two_systems(|app| {
        app.add_systems(Campaign, (first, second).chain().in_set(CampaignSystems::First));
    });
    assert!(ordered.unwrap() > 0);
    let ambiguous = with_two_systems(|app| {
        app.add_systems(Campaign, (first, second).in_set(CampaignSystems::First));
    });
    let panic = ambiguous.unwrap_err();
    let message = panic.downcast_ref::<String>().map_or("", String::as_str);
    assert!(message.to_lowercase().contains("ambig"), "{message}");
}
