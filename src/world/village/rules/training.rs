//! What a village trains: toward the army that it keeps, as fast as goods, crop and barracks allow.

use super::growth::net_crop;
use crate::base::goods::Goods;
use crate::base::id::UnitClass;
use crate::base::ruleset::{Arm, Force, Ruleset, UnitRole, UnitType};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A deficit is filled over at least this many hours: the length of a village's day, so that nothing is overshot.
const HOURS_TO_FILL: f64 = 24.0;
/// Share of what a village spends on training that chiefs and settlers may take: they cost as much as a small army.
const RARE_SHARE: f64 = 0.3;
/// The barracks, the stable and the workshop each save a tenth of the time with each level.
const TIME_PER_LEVEL: f64 = 0.9;
/// Inhabitants per level of those buildings, up to level 20.
const INHABITANTS_PER_LEVEL: u32 = 40;

/// Units of one class in training.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Drill {
    /// Which class.
    pub class: UnitClass,
    /// Thousandths of a unit that are trained in an hour.
    pub per_hour: u32,
    /// Thousandths of a unit that are finished of the next one.
    pub done: u32,
}

/// What is in training, by class.
pub type Drills = SmallVec<[Drill; 6]>;

/// What a plan of training rests on.
#[derive(Clone, Copy, Debug)]
pub struct TrainingNeed<'a> {
    /// Units and their costs.
    pub rules: &'a Ruleset,
    /// The army that the village keeps.
    pub target: &'a Force,
    /// Its living troops, wherever they are.
    pub living: &'a Force,
    /// Goods that may be spent per hour. Crop is what is left over when everyone is fed.
    pub budget: Goods,
    /// Crop per hour that is left over when everyone is fed: new troops may not eat more.
    pub crop_left: i64,
    /// Inhabitants, for the levels of barracks, stable and workshop.
    pub population: u32,
}

/// The army that a village keeps at `population`, when it kept `establishment` at `reference` inhabitants: in
/// proportion to what is left of its crop when the inhabitants have eaten. Growth never makes it smaller.
#[must_use]
pub fn army_at(establishment: &Force, reference: u32, population: u32) -> Force {
    let (then, now) = (net_crop(reference).max(1), net_crop(population).max(0));
    let (then, now) = if population >= reference { (then, now.max(then)) } else { (then, now.min(then)) };
    let scale = |n: u32| u32::try_from(i128::from(n) * i128::from(now) / i128::from(then)).unwrap_or(u32::MAX);
    establishment.iter().map(|(class, n)| (class, scale(n))).collect()
}

/// The establishment and its reference, changed so that [`army_at`] at today's population is exactly `wanted`.
///
/// Where the village has grown since its reference, today becomes the reference. Where it has shrunk the old one stays, so
/// that it gets its old army back when it grows again: the fewest units that today come to what is wanted. `None` if
/// no army can live on today's population.
#[must_use]
pub fn establish(establishment: &Force, reference: u32, population: u32, wanted: &Force) -> Option<(Force, u32)> {
    if population >= reference {
        return Some((wanted.clone(), population));
    }
    let kept = army_at(establishment, reference, population);
    let then = i128::from(net_crop(reference).max(1));
    let now = i128::from(net_crop(population).max(0)).min(then);
    if now == 0 {
        return None;
    }
    let scale = |n: u32| u32::try_from((i128::from(n) * then + now - 1) / now).unwrap_or(u32::MAX);
    let mut changed = establishment.clone();
    for (class, n) in wanted.iter().chain(kept.iter().map(|(class, _)| (class, wanted.count(class)))) {
        if n != kept.count(class) {
            changed.set(class, scale(n));
        }
    }
    Some((changed, reference))
}

/// How fast each class is trained, in thousandths of a unit per hour, and what all of it takes of each good per hour.
///
/// Each class fills what is missing within a day at the earliest. All classes are slowed down alike until no good takes
/// more than its budget, barracks, stable and workshop each have the time, and the crop feeds who comes out.
/// Chiefs and settlers take at most 30% of the budget, the others what they leave.
#[must_use]
pub fn training_plan(need: &TrainingNeed) -> (SmallVec<[(UnitClass, u32); 6]>, Goods) {
    let missing = need.target.minus(need.living);
    let is_rare = |class: UnitClass| {
        need.rules.unit(class).is_some_and(|u| matches!(u.role, UnitRole::Chief | UnitRole::Settler))
    };
    let mut paces = SmallVec::new();
    if missing.is_empty() || need.crop_left <= 0 {
        return (paces, Goods::ZERO);
    }
    let (mut cost, mut eaten) = ([0.0; 4], 0.0);
    for rare in [true, false] {
        let wanted: SmallVec<[(&UnitType, UnitClass, f64); 6]> = missing
            .iter()
            .filter(|(class, _)| is_rare(*class) == rare)
            .filter_map(|(class, n)| Some((need.rules.unit(class)?, class, f64::from(n) / HOURS_TO_FILL)))
            .collect();
        let share = if rare { RARE_SHARE } else { 1.0 };
        let slower = slow_down(need, &wanted, share, &cost, eaten);
        for (unit, class, per_hour) in wanted {
            let pace = milli(per_hour * slower);
            if pace == 0 {
                continue;
            }
            let per_hour = f64::from(pace) / 1_000.0;
            for (sum, c) in cost.iter_mut().zip(unit.cost.amounts()) {
                *sum += per_hour * as_float(c);
            }
            eaten += per_hour * HOURS_TO_FILL * as_float(unit.upkeep);
            paces.push((class, pace));
        }
    }
    paces.sort_unstable();
    (paces, Goods::new(cost.map(ceil)))
}

/// The factor, 0..=1, by which all wanted paces are slowed down.
fn slow_down(
    need: &TrainingNeed,
    wanted: &[(&UnitType, UnitClass, f64)],
    share: f64,
    spent: &[f64; 4],
    eaten: f64,
) -> f64 {
    let mut slower: f64 = 1.0;
    let mut limit = |used: f64, allowed: f64| {
        if used > 0.0 {
            slower = slower.min(allowed.max(0.0) / used);
        }
    };
    for (good, budget) in need.budget.amounts().into_iter().enumerate() {
        let used = wanted.iter().map(|(u, _, n)| n * as_float(u.cost.amounts()[good])).sum();
        limit(used, as_float(budget) * share - spent[good]);
    }
    let mouths = wanted.iter().map(|(u, _, n)| n * HOURS_TO_FILL * as_float(u.upkeep)).sum();
    limit(mouths, as_float(need.crop_left) * share - eaten);
    let level = (need.population / INHABITANTS_PER_LEVEL).min(20);
    let faster = (0..level).fold(1.0, |time, _| time * TIME_PER_LEVEL);
    for workplace in [Workplace::Barracks, Workplace::Stable, Workplace::Workshop, Workplace::Residence] {
        let hours = wanted
            .iter()
            .filter(|(u, ..)| Workplace::of(u) == workplace)
            .map(|(u, _, n)| n * as_float(u.train_secs) / 3_600.0 * faster)
            .sum();
        limit(hours, 1.0);
    }
    slower
}

/// Where a unit is trained: each place trains one unit at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Workplace {
    Barracks,
    Stable,
    Workshop,
    Residence,
}

impl Workplace {
    fn of(unit: &UnitType) -> Self {
        match (unit.role, unit.arm) {
            (UnitRole::Ram | UnitRole::Catapult, _) => Self::Workshop,
            (UnitRole::Chief | UnitRole::Settler, _) => Self::Residence,
            (_, Arm::Cavalry) => Self::Stable,
            (_, Arm::Infantry) => Self::Barracks,
        }
    }
}

fn as_float(value: i64) -> f64 {
    super::garrison::as_float(value)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is never negative")]
fn milli(units: f64) -> u32 {
    (units * 1_000.0) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn ceil(value: f64) -> i64 {
    libm::ceil(value) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::TribeId;
    use proptest::prelude::*;

    fn plan(rules: &Ruleset, target: &Force, living: &Force, budget: i64, crop_left: i64) -> (Force, Goods) {
        let budget = Goods::new([budget; 4]);
        let need = TrainingNeed { rules, target, living, budget, crop_left, population: 400 };
        let (paces, goods) = training_plan(&need);
        (paces.into_iter().collect(), goods)
    }

    #[test]
    fn nothing_is_trained_beyond_the_army_that_is_kept() {
        let rules = Ruleset::extended();
        let army = Force::of(UnitClass(0), 100);
        assert_eq!(plan(&rules, &army, &army, 1_000, 500), (Force::new(), Goods::ZERO));
        let missing_one = Force::of(UnitClass(0), 99);
        let (paces, goods) = plan(&rules, &army, &missing_one, 1_000, 500);
        assert_eq!(paces, Force::of(UnitClass(0), 41)); // one unit in 24 hours
        assert!(goods.total() > 0);
    }

    #[test]
    fn an_army_is_kept_in_proportion_to_its_crop() {
        let army = Force::of(UnitClass(3), 1_000);
        // Net crop: 840 - 380 = 460 at 380 inhabitants, 1029 - 460 = 569 at 460.
        assert_eq!(army_at(&army, 380, 460).count(UnitClass(3)), 1_236);
        assert_eq!(army_at(&army, 800, 880), army);
        assert!(army_at(&army, 380, 100).count(UnitClass(3)) < 400);
    }

    proptest! {
        #[test]
        fn an_army_is_established_exactly(
            kept in 0..500_u32, wanted in 0..900_u32, reference in 0..900_u32, population in 0..900_u32,
        ) {
            let (class, other) = (UnitClass(3), UnitClass(4));
            let mut army = Force::of(class, kept);
            army.add(other, 100);
            let mut asked = army_at(&army, reference, population);
            let others = asked.count(other);
            asked.set(class, wanted);
            let (changed, reference) = establish(&army, reference, population, &asked).unwrap();
            let today = army_at(&changed, reference, population);
            prop_assert_eq!((today.count(class), today.count(other)), (wanted, others));
        }

        #[test]
        fn training_stays_within_what_there_is(
            tribe in 0..3_u8, missing in prop::collection::vec(0..500_u32, 10), budget in 0..2_000_i64,
            crop_left in 0..2_000_i64,
        ) {
            let rules = Ruleset::extended();
            let target: Force = missing
                .iter()
                .enumerate()
                .filter_map(|(slot, n)| Some((rules.class(TribeId(tribe), u16::try_from(slot).ok()?)?, *n)))
                .collect();
            let (paces, goods) = plan(&rules, &target, &Force::new(), budget, crop_left);
            prop_assert!(goods.amounts().into_iter().all(|g| g <= budget.max(0) + 1), "{goods:?}");
            let eaten: i64 = paces.iter().map(|(c, n)| rules.unit(c).unwrap().upkeep * i64::from(n) * 24).sum();
            prop_assert!(eaten <= crop_left * 1_000);
            for (class, pace) in paces.iter() {
                prop_assert!(u64::from(pace) * 24 <= u64::from(target.count(class)) * 1_000);
            }
        }
    }
}
