//! What an army is worth in a fight: upgraded stats, offense and defense sums, wall, morale and exponent.
//!
//! Source: rules of the world, T4. Sums run in the order of groups, then of classes, so that they are the same on
//! every machine.

use super::rules::{Attackers, Defenders};
use crate::base::id::UnitClass;
use crate::base::ruleset::{Arm, Force, Levels, Ruleset, UnitRole, UnitType};

/// Morale never falls below this.
const MORALE_MIN: f64 = 0.667;

/// 1.007 to the power of each level.
const GROWTH: [f64; 256] = {
    let mut table = [1.0; 256];
    let mut level = 1;
    while level < 256 {
        table[level] = table[level - 1] * 1.007;
        level += 1;
    }
    table
};

/// What the attacking side is worth before walls and morale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offense {
    infantry: f64,
    cavalry: f64,
    /// Units of all groups.
    pub(super) units: u64,
    /// The groups' populations, weighted by their offense.
    pub(super) population: f64,
    /// Whether there is nothing but scouts.
    pub(super) scouts_only: bool,
}

impl Offense {
    /// Sums the groups, each with its own upgrades. Scouts among themselves count with their scouting value.
    pub(super) fn of(rules: &Ruleset, groups: &[Attackers<'_>]) -> Self {
        let scouts_only = groups
            .iter()
            .flat_map(|group| group.force.iter())
            .all(|(class, _)| rules.unit(class).is_some_and(|unit| unit.role == UnitRole::Scout));
        let mut side = Self { infantry: 0.0, cavalry: 0.0, units: 0, population: 0.0, scouts_only };
        let mut weighted = 0.0;
        for group in groups {
            let (mut infantry, mut cavalry) = (0.0, 0.0);
            for (_, n, unit, level) in units(rules, group.force, group.upgrades) {
                let attack = if scouts_only { rules.scout_attack } else { unit.attack };
                let points = n * stat(attack, unit.upkeep, level);
                match unit.arm {
                    Arm::Infantry => infantry += points,
                    Arm::Cavalry => cavalry += points,
                }
            }
            side.infantry += infantry;
            side.cavalry += cavalry;
            side.units = side.units.saturating_add(group.force.total());
            weighted += people(group.population) * (infantry + cavalry);
        }
        side.population = match groups {
            // Exact for a single group, where weighing could cost the last bit.
            [only] => people(only.population),
            _ if side.total() > 0.0 => weighted / side.total(),
            _ => 0.0,
        };
        side
    }

    /// Infantry and cavalry together.
    pub(super) fn total(self) -> f64 {
        self.infantry + self.cavalry
    }
}

/// The defending armies against this offense: `Di * round4(Oi/O) + Dc * round4(Oc/O)`. The offense must not be 0.
pub(super) fn defense(rules: &Ruleset, armies: &[Defenders<'_>], offense: Offense) -> f64 {
    let (mut infantry, mut cavalry) = (0.0, 0.0);
    for army in armies {
        for (_, n, unit, level) in units(rules, army.force, army.upgrades) {
            infantry += n * stat(unit.defense_infantry, unit.upkeep, level);
            cavalry += n * stat(unit.defense_cavalry, unit.upkeep, level);
        }
    }
    let share = |arm: f64| round_to(arm / offense.total(), 10_000.0);
    infantry * share(offense.infantry) + cavalry * share(offense.cavalry)
}

/// What the scouts among the defenders are worth against scouts.
pub(super) fn scout_defense(rules: &Ruleset, armies: &[Defenders<'_>]) -> f64 {
    let mut points = 0.0;
    for army in armies {
        for (_, n, unit, level) in units(rules, army.force, army.upgrades) {
            if unit.role == UnitRole::Scout {
                points += n * stat(rules.scout_defense, unit.upkeep, level);
            }
        }
    }
    points
}

/// The wall's factor: `round3(base^level)`.
pub(super) fn wall_factor(base: f64, level: u8) -> f64 {
    if level == 0 { 1.0 } else { round_to(libm::pow(base, f64::from(level)), 1_000.0) }
}

/// Morale of `attackers` inhabitants against `defenders`, at this ratio of offense to final defense:
/// `max(0.667, round3((Pa / max(Pd, 3))^(-0.2 min(ratio, 1))))`, and 1 where the attackers are not the larger.
pub(super) fn morale(attackers: f64, defenders: u64, ratio: f64) -> f64 {
    let defenders = people(defenders);
    if attackers <= defenders {
        return 1.0;
    }
    let factor = libm::pow(attackers / defenders.max(3.0), -0.2 * ratio.min(1.0));
    round_to(factor, 1_000.0).clamp(MORALE_MIN, 1.0)
}

/// The exponent of a fight among `units` of both sides: `clamp(3.7184 - 2 N^0.015, 1.2578, 1.5)` to the nearest
/// 0.0002.
pub(super) fn exponent(units: u64) -> f64 {
    let raw = 3.7184 - 2.0 * libm::pow(people(units), 0.015);
    round_to(raw.clamp(1.2578, 1.5), 5_000.0)
}

/// A stat at an upgrade level: `round4(s + (s + 300k/7)(1.007^l - 1) + 0.0021k)` with `k = upkeep / 1.007`.
pub(super) fn stat(base: f64, upkeep: i64, level: u8) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "upkeep is a small number")]
    let k = upkeep as f64 / 1.007;
    let growth = GROWTH[usize::from(level)] - 1.0;
    round_to(base + (base + 300.0 * k / 7.0) * growth + 0.0021 * k, 10_000.0)
}

/// `value` to whole multiples of `1 / parts`, halves up.
pub(super) fn round_to(value: f64, parts: f64) -> f64 {
    (value * parts + 0.5).floor() / parts
}

/// The units of a group, with what the ruleset says of them and their upgrade level; unknown classes are left out.
pub(super) fn units<'a>(
    rules: &'a Ruleset,
    force: &'a Force,
    upgrades: &'a Levels,
) -> impl Iterator<Item = (UnitClass, f64, &'a UnitType, u8)> {
    force.iter().filter_map(|(class, n)| {
        let level = upgrades.get(rules.slot(class)).copied().unwrap_or(0);
        Some((class, f64::from(n), rules.unit(class)?, level))
    })
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "no count of people or units comes near 2^53")]
pub(super) fn people(n: u64) -> f64 {
    n as f64
}
