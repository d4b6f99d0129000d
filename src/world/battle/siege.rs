//! What rams and catapults do: siege points, and the levels that they cost a wall or a building.
//!
//! Source: rules of the world, T4.

use super::points::{people, round_to, units};
use super::rules::Attackers;
use crate::base::ruleset::{Ruleset, UnitRole};

/// How much harder a wall is to lower before the fight than the formula says. 1 for every tribe of this ruleset.
const WALL_DURABILITY: f64 = 1.0;

/// The rams or the catapults of all groups together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Engines {
    count: u64,
    /// Mean of `1.0205^level` to the nearest 0.005, weighted by count.
    upgrade: f64,
}

impl Engines {
    /// Pools the engines of one role.
    pub(super) fn of(rules: &Ruleset, groups: &[Attackers<'_>], role: UnitRole) -> Self {
        let of_role = || {
            groups
                .iter()
                .flat_map(|group| units(rules, group.force, group.upgrades))
                .filter(|(_, _, unit, _)| unit.role == role)
        };
        let total: f64 = of_role().map(|(_, n, ..)| n).sum();
        let upgrade =
            of_role().map(|(_, n, _, level)| round_to(libm::pow(1.0205, f64::from(level)), 200.0) * (n / total)).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
        Self { count: total as u64, upgrade }
    }

    /// Whether there are none.
    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    /// Siege points of a fight with this ratio: `4 sigma floor(n / durability) upgrade`, with a durability of 1 and
    /// 0.1 for each level of the stonemason.
    pub(super) fn points(self, ratio: f64, stonemason: u8) -> f64 {
        let durability = 1.0 + 0.1 * f64::from(stonemason);
        4.0 * sigma(ratio) * (people(self.count) / durability).floor() * self.upgrade
    }
}

/// How much of their work engines get done: `q^1.5 / 2` up to an even fight, `(2 - q^-1.5) / 2` beyond.
fn sigma(ratio: f64) -> f64 {
    let x = ratio * ratio.sqrt();
    if ratio <= 1.0 { x / 2.0 } else { (2.0 - 1.0 / x) / 2.0 }
}

/// The share of their points that catapults of the larger side keep: `clamp((Pa/Pd)^-0.3, 1/3, 1)`.
pub(super) fn population_factor(attackers: f64, defenders: u64) -> f64 {
    let defenders = people(defenders).max(1.0);
    if attackers <= defenders { 1.0 } else { libm::pow(attackers / defenders, -0.3).clamp(1.0 / 3.0, 1.0) }
}

/// The level that is left after lasting damage: 0.5 points are lost, then each level costs itself.
pub(super) fn demolish(level: u8, points: f64) -> u8 {
    let (mut level, mut points) = (level, points - 0.5);
    while level > 0 && points >= f64::from(level) {
        points -= f64::from(level);
        level -= 1;
    }
    level
}

/// The level of a wall for the fight itself, after the rams' first strike with this many points.
pub(super) fn wall_in_battle(level: u8, points: f64) -> u8 {
    let removed = (1..=level).take_while(|removed| points >= breach_cost(level, *removed)).last();
    level - removed.unwrap_or(0)
}

/// Points that it takes to lower a wall of `level` by `removed` levels for one fight: `-2 l^2 + (2L + 1) l` down to
/// half, beyond that `1.25 e^2 + 49.75 e + L (L + 1) / 2 + 20` with `e = l - floor(L / 2) - 1`; rounded down.
fn breach_cost(level: u8, removed: u8) -> f64 {
    let (whole, gone, half) = (f64::from(level), f64::from(removed), level / 2);
    let cost = if removed <= half {
        -2.0 * gone * gone + (2.0 * whole + 1.0) * gone
    } else {
        let beyond = f64::from(removed - half - 1);
        1.25 * beyond * beyond + 49.75 * beyond + whole * (whole + 1.0) / 2.0 + 20.0
    };
    (cost * WALL_DURABILITY).floor()
}
