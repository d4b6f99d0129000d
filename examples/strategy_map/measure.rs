//! What a frame takes: an empty scene and the full one in turns in one run, so that what else the machine does falls on both.

use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{Manner, Site};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{MarchId, PlayerId, SiteId};
use bevy_alliance::base::ruleset::Force;
use bevy_alliance::world::march::March;
use std::time::Instant;

/// Marches that are added.
const MARCHES: u32 = 5_000;
/// Frames of one kind before those of the other.
const BLOCK: u32 = 10;
/// Frames at the beginning of a block that do not count.
const SETTLE: u32 = 2;

/// Whether nothing is drawn, panels neither.
#[derive(Resource, Debug, Default)]
pub(crate) struct Empty(pub(crate) bool);

#[derive(Resource, Debug)]
struct Measure {
    frames: u32,
    frame: u32,
    last: Option<Instant>,
    /// Milliseconds of frames of the empty scene and of the full one.
    taken: [Vec<f64>; 2],
}

pub(crate) fn plug(app: &mut App, frames: u32) {
    app.insert_resource(Measure { frames, frame: 0, last: None, taken: [Vec::new(), Vec::new()] })
        .add_systems(Startup, send_marches)
        .add_systems(First, count);
}

/// Marches between villages by lot, only to be drawn: the clock stands still.
fn send_marches(mut commands: Commands, sites: Query<&Site>, clock: Res<GameClock>) {
    let mut all: Vec<(SiteId, PlayerId)> = sites.iter().map(|site| (site.id, site.owner)).collect();
    all.sort_unstable();
    if all.is_empty() {
        return;
    }
    let now = clock.now();
    // Steps that have no factor in common with most counts spread over all villages.
    let nth = |n: u32, step: usize| all[(usize::try_from(n).unwrap_or(0) * step + step) % all.len()];
    for n in 0..MARCHES {
        let ((home, owner), (target, _)) = (nth(n, 7_919), nth(n, 104_729));
        let manner = if n % 5 == 0 { Manner::Reinforce } else { Manner::Siege };
        commands.spawn(March {
            id: MarchId { site: home, n: 1_000_000 + n },
            home,
            target,
            owner,
            manner,
            wave: 0,
            homeward: n % 3 == 0,
            order: None,
            launched: GameTime(now.0 - GameSpan::mins(i64::from(n % 300)).0),
            arrival: now + GameSpan::mins(1 + i64::from(n % 217)),
            detour: GameSpan(0),
            force: Force::new(),
            loot: Goods::ZERO,
            aims: [None; 2],
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "what a frame takes is wall time")]
fn count(mut measure: ResMut<Measure>, mut empty: ResMut<Empty>, watch: Res<Watch>, mut exit: MessageWriter<AppExit>) {
    let now = Instant::now();
    let kind = usize::from(!empty.0);
    let place = measure.frame % BLOCK;
    if let Some(last) = measure.last.replace(now)
        && place > SETTLE
    {
        measure.taken[kind].push(now.duration_since(last).as_secs_f64() * 1_000.0);
    }
    measure.frame += 1;
    if measure.frame.is_multiple_of(BLOCK) {
        empty.0 = !empty.0;
    }
    if measure.frame >= measure.frames.max(4 * BLOCK) {
        report(&mut measure.taken, watch.layers.labels);
        exit.write(AppExit::Success);
    }
}

/// The value below which this share of them lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let at = (share * (sorted.len().max(1) - 1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

fn report(taken: &mut [Vec<f64>; 2], labels: bool) {
    for times in taken.iter_mut() {
        times.sort_by(f64::total_cmp);
    }
    let [empty, full] = taken;
    println!("milliseconds a frame, {} frames of each, labels {}", full.len(), if labels { "on" } else { "off" });
    for (name, times) in [("empty scene", &*empty), ("full map", &*full)] {
        let (half, most) = (quantile(times, 0.5), quantile(times, 0.95));
        println!("  {name:<12} median {half:7.2}   95% {most:7.2}");
    }
    let (half, most) =
        (quantile(full, 0.5) / quantile(empty, 0.5).max(1e-9), quantile(full, 0.95) / quantile(empty, 0.95).max(1e-9));
    println!("  ratio        median {half:7.2}   95% {most:7.2}");
}
