//! How many battles a second: in full, and as a forecast.

use bevy_alliance::base::id::{TribeId, UnitClass};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Levels, Ruleset};
use bevy_alliance::world::battle::rules::{Assault, Attackers, Battle, Defended, Defenders, fight, strength};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const BATTLES: usize = 1_024;
const SEED: u64 = 1;

/// A battle that owns what [`Battle`] borrows.
struct Generated {
    groups: Vec<Army>,
    assault: Assault,
    armies: Vec<Army>,
    village: Defended,
}

struct Army {
    force: Force,
    upgrades: Levels,
    population: u64,
}

impl Army {
    /// Up to five kinds of one tribe's eight kinds of fighters.
    fn generate(rules: &Ruleset, stream: &mut Stream) -> Self {
        let tribe = any_tribe(stream);
        let class = |slot| rules.class(tribe, slot).unwrap_or(UnitClass(0));
        let mut force = Force::new();
        for _ in 0..5 {
            force.set(class(small(stream, 8).into()), u32::try_from(stream.between(1, 3_000)).unwrap_or(1));
        }
        Self { force, upgrades: core::array::from_fn(|_| small(stream, 21)), population: 50 + stream.below(3_000) }
    }
}

impl Generated {
    fn generate(rules: &Ruleset, index: usize) -> Self {
        let mut stream = Stream::new(SEED, index as u64, Purpose::EXAMPLE, 0);
        let mut armies = |n| (0..n).map(|_| Army::generate(rules, &mut stream)).collect();
        let (groups, guards) = (armies(1 + index % 4), armies(1 + index % 3));
        Self {
            groups,
            armies: guards,
            assault: if stream.chance(0.5) { Assault::Attack } else { Assault::Raid },
            village: Defended {
                tribe: any_tribe(&mut stream),
                population: 50 + stream.below(3_000),
                is_static: false,
                wall: small(&mut stream, 21),
                residence_defense: 800.0,
                stonemason: 0,
                buildings: vec![small(&mut stream, 21), small(&mut stream, 21)],
            },
        }
    }

    /// Borrows the battle and hands it to `judge`.
    fn with<R>(&self, judge: impl Fn(&Battle<'_>) -> R) -> R {
        let attackers: Vec<Attackers<'_>> = self
            .groups
            .iter()
            .map(|army| Attackers { force: &army.force, upgrades: &army.upgrades, population: army.population })
            .collect();
        let defenders: Vec<Defenders<'_>> =
            self.armies.iter().map(|army| Defenders { force: &army.force, upgrades: &army.upgrades }).collect();
        judge(&Battle { attackers: &attackers, assault: self.assault, defenders: &defenders, village: &self.village })
    }
}

fn any_tribe(stream: &mut Stream) -> TribeId {
    TribeId(small(stream, 7))
}

fn small(stream: &mut Stream, below: u64) -> u8 {
    u8::try_from(stream.below(below)).unwrap_or(0)
}

fn battles_per_second(criterion: &mut Criterion) {
    let rules = Ruleset::extended();
    let battles: Vec<Generated> = (0..BATTLES).map(|index| Generated::generate(&rules, index)).collect();
    let mut group = criterion.benchmark_group("battle");
    group.throughput(Throughput::Elements(BATTLES as u64));
    group.bench_function("fight", |bencher| {
        bencher.iter(|| {
            for battle in &battles {
                black_box(battle.with(|battle| fight(&rules, battle)));
            }
        });
    });
    group.bench_function("strength", |bencher| {
        bencher.iter(|| {
            for battle in &battles {
                black_box(battle.with(|battle| strength(&rules, battle)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, battles_per_second);
criterion_main!(benches);
