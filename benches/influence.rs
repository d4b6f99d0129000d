//! Territory: the influence of 166 alliances with 15,000 villages on 401 x 401 tiles, against a sum over all villages
//! for each tile, and one village that changes, or all of them, against building all anew. The alliances are scattered at
//! random, so that many more of them meet on a tile than where members settle side by side.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]

mod support;

use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::{AllianceId, SiteId};
use bevy_alliance::knowledge::territory::TerritorySettings;
use bevy_alliance::knowledge::territory::rules::{Influence, InfluenceMap, Source, weight_milli};
use criterion::{Criterion, criterion_group, criterion_main};
use std::collections::BTreeMap;
use std::hint::black_box;
use support::{Dice, in_turn, tell};

const TORUS: Torus = Torus { half_width: 200 };
const VILLAGES: u32 = 15_000;
const ALLIANCES: u32 = 166;
/// Tiles for which the naive sum is taken; its time is scaled to all 160,801.
const SAMPLED: usize = 256;
/// Villages that change one after another in a round.
const CHANGED: usize = 256;
const ROUNDS: usize = 7;

fn any_tile(dice: &mut Dice) -> Tile {
    let mut coordinate = || i16::try_from(dice.below(TORUS.side().unsigned_abs())).unwrap_or(0) - TORUS.half_width;
    Tile::new(coordinate(), coordinate())
}

/// As anyone would write it: for one tile, look at every village.
fn sum_over_all(villages: &[(SiteId, Source)], radius: u16, at: Tile) -> Vec<Influence> {
    let limit = i32::from(radius).pow(2);
    let mut sums: BTreeMap<AllianceId, u64> = BTreeMap::new();
    for (_, village) in villages {
        let distance_squared = TORUS.distance_squared(village.at, at);
        if distance_squared < limit {
            let weight = weight_milli(distance_squared.unsigned_abs(), radius);
            *sums.entry(village.alliance).or_default() += u64::from(village.population) * u64::from(weight);
        }
    }
    sums.into_iter().filter(|(_, m)| *m > 0).map(|(alliance, milli)| Influence { alliance, milli }).collect()
}

fn influence(criterion: &mut Criterion) {
    let (mut dice, settings) = (Dice(1), TerritorySettings::default());
    let villages: Vec<(SiteId, Source)> = (0..VILLAGES)
        .map(|n| {
            let (at, alliance) = (any_tile(&mut dice), AllianceId(dice.below(ALLIANCES)));
            (SiteId(n), Source { at, alliance, population: 1 + dice.below(1_000) })
        })
        .collect();
    let tiles: Vec<Tile> = (0..SAMPLED).map(|_| any_tile(&mut dice)).collect();
    let build = || InfluenceMap::build(TORUS, settings, villages.iter().copied());
    let mut map = build();
    for at in &tiles {
        assert_eq!(map.influences(*at), sum_over_all(&villages, settings.radius, *at), "at {at:?}");
    }
    let all_tiles = f64::from(TORUS.side()).powi(2);
    let lists: u32 = (0..ALLIANCES).map(|a| map.tiles_influenced(AllianceId(a))).sum();
    println!("{:.1} alliances a tile", f64::from(lists) / all_tiles);
    let mut day = 0;
    let mut census = map.clone();
    let [anew, naive, one, all] =
        in_turn(
            ROUNDS,
            [
                &mut || drop(black_box(build())),
                &mut || {
                    for at in &tiles {
                        black_box(sum_over_all(&villages, settings.radius, *at));
                    }
                },
                &mut || {
                    for _ in 0..CHANGED {
                        let (site, mut village) = villages[dice.below(VILLAGES) as usize];
                        // Taken by another alliance: gone from one, come to the other.
                        village.alliance = AllianceId(dice.below(ALLIANCES));
                        map.apply([(site, Some(village))]);
                    }
                },
                &mut || {
                    day += 1;
                    census.apply(villages.iter().map(|(site, village)| {
                        (*site, Some(Source { population: village.population + day, ..*village }))
                    }));
                },
            ],
        );
    let (naive, one) = (naive / SAMPLED as f64 * all_tiles, one / CHANGED as f64);
    println!(
        "anew {:.1} ms, by a sum over all villages {:.0} ms (scaled from {SAMPLED} tiles), one village taken {:.1} us, \
         all counted {:.1} ms",
        anew / 1e6,
        naive / 1e6,
        one / 1e3,
        all / 1e6
    );
    tell("influence anew / a sum over all villages for each tile (scaled)", anew / naive, 0.1);
    tell("one village that is taken / influence anew", one / anew, 0.001);
    tell("a census that changes all villages / influence anew", all / anew, 1.25);

    let mut group = criterion.benchmark_group("influence");
    group.sample_size(10);
    group.bench_function("anew", |bencher| bencher.iter(build));
    group.finish();
}

criterion_group!(benches, influence);
criterion_main!(benches);
