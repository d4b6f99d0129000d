//! How long the kernels take: a defense of 60 allies to the optimum, and steps of an attack of 60 villages on 20 targets.

use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{ROSTER, Ruleset, UnitType};
use bevy_alliance::decision::planning::kernel::{
    AttackProblem, AttackTarget, AttackVillage, Budget, DefenseProblem, Helper, Troop, solve_attack, solve_defense,
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Instant;

const ALLIES: usize = 60;
const TARGETS: usize = 20;
const PROBLEMS: usize = 2_000;

/// A few classes of one tribe.
fn army(rules: &Ruleset, stream: &mut Stream, points: impl Fn(&UnitType) -> f64) -> Vec<Troop> {
    let tribe = &rules.tribes[usize::try_from(stream.below(rules.tribes.len() as u64)).unwrap_or(0)];
    let first = usize::from(tribe.first.0);
    let troop = |unit: &UnitType| {
        let count = if stream.below(2) == 0 { 0 } else { u32::try_from(stream.below(800)).unwrap_or(0) };
        #[expect(clippy::cast_possible_truncation, reason = "points of one unit")]
        let points = points(unit) as i64;
        Troop { count, points, upkeep: unit.upkeep }
    };
    rules.units[first..].iter().take(usize::from(tribe.size).min(ROSTER)).map(troop).collect()
}

fn defenses() -> Vec<DefenseProblem> {
    let rules = Ruleset::extended();
    let mut stream = Stream::new(1, 0, Purpose::EXAMPLE, 0);
    let points = |unit: &UnitType| unit.defense_infantry + unit.defense_cavalry;
    let mut problem = || {
        let helpers: Vec<Helper> =
            (0..ALLIES as u64).map(|id| Helper { id, troops: army(&rules, &mut stream, points) }).collect();
        let all: i64 = helpers.iter().flat_map(|h| &h.troops).map(|t| i64::from(t.count) * t.points).sum();
        let share = i64::try_from(stream.below(110)).unwrap_or(0);
        DefenseProblem { deficit: all * share / 100 + share, helpers }
    };
    (0..PROBLEMS).map(|_| problem()).collect()
}

/// Which class reaches which target is drawn one by one, which is harder than any map: there slower units reach less.
fn attack() -> AttackProblem {
    let rules = Ruleset::extended();
    let mut stream = Stream::new(2, 0, Purpose::EXAMPLE, 0);
    let villages: Vec<AttackVillage> =
        (0..ALLIES).map(|_| AttackVillage { troops: army(&rules, &mut stream, |unit| unit.attack) }).collect();
    let all: i64 = villages.iter().flat_map(|v| &v.troops).map(|t| i64::from(t.count) * t.points).sum();
    let mut target = |_| AttackTarget {
        value: 1_000.0 + f64::from(u32::try_from(stream.below(9_000)).unwrap_or(0)),
        required: all / 20 + i64::try_from(stream.below(all.unsigned_abs() / 10)).unwrap_or(0),
        reach: (0..ALLIES).map(|_| u16::try_from(stream.below(1_024)).unwrap_or(0)).collect(),
    };
    let targets = (0..TARGETS).map(&mut target).collect();
    AttackProblem { groups_per_village: 2, villages, targets }
}

#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures and tells")]
fn planner(criterion: &mut Criterion) {
    let problems = defenses();
    let mut micros: Vec<f64> = Vec::new();
    for problem in &problems {
        let begun = Instant::now();
        black_box(solve_defense(black_box(problem)));
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    println!(
        "defense of {ALLIES} allies: p50 {:.1} us, p99 {:.1} us",
        micros[PROBLEMS / 2],
        micros[PROBLEMS * 99 / 100]
    );
    let mut next = problems.iter().cycle();
    criterion.bench_function("defense", |bencher| bencher.iter(|| next.next().map(solve_defense)));
    let attack = attack();
    criterion.bench_function("attack_1000_steps", |b| b.iter(|| solve_attack(black_box(&attack), Budget(1_000))));
}

criterion_group!(benches, planner);
criterion_main!(benches);
