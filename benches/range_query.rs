//! Which allies lie within 30 fields, among 100,000 villages: the site grid against a grid written by hand, and a
//! look at every village.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]

mod support;

use bevy_alliance::base::geometry::{GridEntry, SiteGrid, Tile, Torus};
use bevy_alliance::base::id::SiteId;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{Dice, in_turn, tell};

const TORUS: Torus = Torus { half_width: 400 };
const VILLAGES: u32 = 100_000;
const ALLIANCES: u32 = 200;
const RADIUS: i32 = 30;
const QUESTIONS: usize = 4_096;
const ROUNDS: usize = 15;

/// A grid as anyone would write it: a vector of villages per cell, looked at cell by cell.
struct PlainGrid {
    cells_per_side: i32,
    cells: Vec<Vec<GridEntry>>,
}

impl PlainGrid {
    /// The best of 8, 16 and 32 fields.
    const CELL: i32 = 16;

    fn build(villages: &[GridEntry]) -> Self {
        let cells_per_side = (TORUS.side() + Self::CELL - 1) / Self::CELL;
        let mut cells = vec![Vec::new(); (cells_per_side * cells_per_side).unsigned_abs() as usize];
        for village in villages {
            let cell = Self::cell(village.at.y) * cells_per_side + Self::cell(village.at.x);
            cells[cell.unsigned_abs() as usize].push(*village);
        }
        Self { cells_per_side, cells }
    }

    fn cell(v: i16) -> i32 {
        (i32::from(v) + i32::from(TORUS.half_width)) / Self::CELL
    }

    /// From the cell of `v - RADIUS` to that of `v + RADIUS`, on around the seam.
    fn touched(&self, v: i16) -> (i32, i32) {
        let at = |dv| TORUS.shifted(Tile::new(v, 0), dv, 0).x;
        let (from, to) = (Self::cell(at(-RADIUS)), Self::cell(at(RADIUS)));
        (from, if to < from { to + self.cells_per_side } else { to })
    }

    fn allies_within(&self, at: Tile, tag: u32) -> Vec<SiteId> {
        let ((left, right), (bottom, top)) = (self.touched(at.x), self.touched(at.y));
        let mut found = Vec::new();
        for cy in bottom..=top {
            for cx in left..=right {
                let cell = cy % self.cells_per_side * self.cells_per_side + cx % self.cells_per_side;
                for village in &self.cells[cell.unsigned_abs() as usize] {
                    if village.tag == tag && TORUS.distance_squared(at, village.at) <= RADIUS * RADIUS {
                        found.push(village.site);
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }
}

fn look_at_all(villages: &[GridEntry], at: Tile, tag: u32) -> Vec<SiteId> {
    let near = |v: &&GridEntry| v.tag == tag && TORUS.distance_squared(at, v.at) <= RADIUS * RADIUS;
    villages.iter().filter(near).map(|v| v.site).collect()
}

fn any_tile(dice: &mut Dice) -> Tile {
    let mut coordinate = || {
        let v = dice.below(TORUS.side().unsigned_abs());
        i16::try_from(v).unwrap_or(0) - TORUS.half_width
    };
    Tile::new(coordinate(), coordinate())
}

fn allies_within_thirty_fields(criterion: &mut Criterion) {
    let mut dice = Dice(1);
    let villages: Vec<GridEntry> = (0..VILLAGES)
        .map(|n| GridEntry { at: any_tile(&mut dice), tag: dice.below(ALLIANCES), site: SiteId(n) })
        .collect();
    let questions: Vec<(Tile, u32)> = (0..QUESTIONS).map(|_| (any_tile(&mut dice), dice.below(ALLIANCES))).collect();
    let (ours, plain) = (SiteGrid::build(TORUS, villages.iter().copied()), PlainGrid::build(&villages));
    for (at, tag) in &questions[..256] {
        let expected = look_at_all(&villages, *at, *tag);
        assert_eq!(ours.tagged_within(*at, RADIUS, *tag), expected, "the site grid at {at:?}");
        assert_eq!(plain.allies_within(*at, *tag), expected, "the plain grid at {at:?}");
    }
    let ask = |answer: &dyn Fn(Tile, u32) -> Vec<SiteId>, questions: &[(Tile, u32)]| {
        for (at, tag) in questions {
            black_box(answer(*at, *tag));
        }
    };
    let few = &questions[..QUESTIONS / 256];
    let [site_grid, plain_grid, all] = in_turn(
        ROUNDS,
        [
            &mut || ask(&|at, tag| ours.tagged_within(at, RADIUS, tag), &questions),
            &mut || ask(&|at, tag| plain.allies_within(at, tag), &questions),
            &mut || ask(&|at, tag| look_at_all(&villages, at, tag), few),
        ],
    );
    let each = QUESTIONS as f64;
    let (site_grid, plain_grid, all) = (site_grid / each, plain_grid / each, all / few.len() as f64);
    println!("site grid {site_grid:.0} ns, plain grid {plain_grid:.0} ns, all villages {all:.0} ns a question");
    tell("site grid / plain grid, allies within 30 fields of 100 k villages", site_grid / plain_grid, 1.25);
    tell("site grid / look at all villages", site_grid / all, 1.0);

    let mut group = criterion.benchmark_group("range_query");
    group.bench_function("site_grid", |bencher| {
        let mut next = questions.iter().cycle();
        bencher.iter(|| next.next().map(|(at, tag)| ours.tagged_within(*at, RADIUS, *tag)));
    });
    group.bench_function("plain_grid", |bencher| {
        let mut next = questions.iter().cycle();
        bencher.iter(|| next.next().map(|(at, tag)| plain.allies_within(*at, *tag)));
    });
    group.finish();
}

criterion_group!(benches, allies_within_thirty_fields);
criterion_main!(benches);
