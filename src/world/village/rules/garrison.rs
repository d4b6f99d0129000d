//! Which units an army of some upkeep holds.

use crate::base::contract::AccountRole;
use crate::base::id::{TribeId, UnitClass};
use crate::base::ruleset::{Arm, Force, Ruleset, UnitRole, UnitType};

/// What share of its upkeep an account spends on what.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RoleMix {
    /// How much of the usual army the account keeps at all.
    pub size: f64,
    /// Offense units.
    pub offense: f64,
    /// Defense units.
    pub defense: f64,
    /// Scouts.
    pub scouts: f64,
    /// Rams among the offense units, by number.
    pub rams: f64,
    /// Catapults among the offense units, by number.
    pub catapults: f64,
}

/// The mix of a role; `scouts` is the drawn share of ordinary accounts, 0.03 to 0.08. Scout accounts spend 0.3 on
/// scouts; economy accounts keep 0.3 of the usual army.
#[must_use]
pub fn role_mix(role: AccountRole, scouts: f64) -> RoleMix {
    let (size, scouts, offense_of_rest, rams, catapults) = match role {
        AccountRole::Hammer => (1.0, scouts, 0.85, 0.06, 0.04),
        AccountRole::Anvil => (1.0, scouts, 0.05, 0.0, 0.0),
        AccountRole::Mixed => (1.0, scouts, 0.5, 0.03, 0.02),
        AccountRole::Scout => (1.0, 0.3, 0.3, 0.0, 0.0),
        AccountRole::Economy => (0.3, scouts, 0.1, 0.0, 0.0),
    };
    let rest = 1.0 - scouts;
    RoleMix { size, offense: rest * offense_of_rest, defense: rest * (1.0 - offense_of_rest), scouts, rams, catapults }
}

/// Shares by number of the classes of a tribe.
pub(super) struct UnitMix(Vec<(UnitClass, f64)>);

impl UnitMix {
    /// Offense: the strongest offensive foot and horse, with rams and catapults.
    pub(super) fn offense(rules: &Ruleset, tribe: TribeId, mix: &RoleMix, foot: f64) -> Self {
        let strongest =
            |arm, role| best(rules, tribe, |u| u.role == role && u.arm == arm && u.is_offense(), |u| u.attack);
        let siege = |role| rules.classes_of(tribe, role).next();
        let fighters = 1.0 - mix.rams - mix.catapults;
        let (infantry, cavalry) =
            (strongest(Arm::Infantry, UnitRole::Infantry), strongest(Arm::Cavalry, UnitRole::Cavalry));
        Self::of([
            (infantry, fighters * if cavalry.is_some() { foot } else { 1.0 }),
            (cavalry, fighters * if infantry.is_some() { 1.0 - foot } else { 1.0 }),
            (siege(UnitRole::Ram), mix.rams),
            (siege(UnitRole::Catapult), mix.catapults),
        ])
    }

    /// Defense: the foot that is best against foot, the foot that is best against horse, and the best horse.
    pub(super) fn defense(rules: &Ruleset, tribe: TribeId) -> Self {
        let keeps = |u: &UnitType, role| u.role == role && u.is_fighter() && !u.is_offense();
        let both = |u: &UnitType| u.defense_infantry + u.defense_cavalry;
        let per_upkeep = |points: f64, u: &UnitType| points / upkeep_of(u);
        let foot = |u: &UnitType| keeps(u, UnitRole::Infantry);
        Self::of([
            (best(rules, tribe, foot, |u| per_upkeep(u.defense_infantry, u)), 0.45),
            (best(rules, tribe, foot, |u| per_upkeep(u.defense_cavalry, u)), 0.35),
            (best(rules, tribe, |u| keeps(u, UnitRole::Cavalry), |u| per_upkeep(both(u), u)), 0.2),
        ])
    }

    /// Scouts only.
    pub(super) fn scouts(rules: &Ruleset, tribe: TribeId) -> Self {
        Self::of([(rules.classes_of(tribe, UnitRole::Scout).next(), 1.0)])
    }

    fn of<const N: usize>(shares: [(Option<UnitClass>, f64); N]) -> Self {
        Self(shares.into_iter().filter_map(|(class, share)| class.map(|c| (c, share))).collect())
    }

    /// Attack points that one crop of upkeep buys.
    pub(super) fn attack_per_upkeep(&self, rules: &Ruleset) -> f64 {
        let sum = |value: fn(&UnitType) -> f64| -> f64 {
            self.0.iter().filter_map(|(class, share)| rules.unit(*class).map(|u| share * value(u))).sum()
        };
        let upkeep = sum(upkeep_of);
        if upkeep > 0.0 { sum(|u| u.attack) / upkeep } else { 0.0 }
    }

    /// Adds units that eat at most `upkeep` crop per hour and says how much of it is left over. Counts are rounded
    /// down and the rest goes to the classes in the order of the mix.
    pub(super) fn fill(&self, rules: &Ruleset, upkeep: i64, force: &mut Force) -> i64 {
        let of_one: f64 =
            self.0.iter().filter_map(|(class, share)| rules.unit(*class).map(|u| share * upkeep_of(u))).sum();
        if upkeep <= 0 || of_one <= 0.0 {
            return upkeep.max(0);
        }
        let (units, mut left) = (as_float(upkeep) / of_one, upkeep);
        for (class, share) in &self.0 {
            let Some(unit) = rules.unit(*class) else { continue };
            let count = floor(units * share).min(left / unit.upkeep).max(0);
            left -= count * unit.upkeep;
            force.add(*class, u32::try_from(count).unwrap_or(u32::MAX));
        }
        for (class, share) in &self.0 {
            let Some(unit) = rules.unit(*class).filter(|_| *share > 0.0) else { continue };
            let count = left / unit.upkeep;
            left -= count * unit.upkeep;
            force.add(*class, u32::try_from(count).unwrap_or(u32::MAX));
        }
        left
    }
}

/// The class of a tribe with the highest value among those that `keep` accepts; the first of equals.
fn best(
    rules: &Ruleset,
    tribe: TribeId,
    keep: impl Fn(&UnitType) -> bool,
    value: impl Fn(&UnitType) -> f64,
) -> Option<UnitClass> {
    let size = rules.tribe(tribe)?.size;
    let mut found: Option<(UnitClass, f64)> = None;
    for class in (0..size).filter_map(|slot| rules.class(tribe, slot)) {
        let Some(unit) = rules.unit(class).filter(|u| keep(u)) else { continue };
        let points = value(unit);
        if found.is_none_or(|(_, most)| points > most) {
            found = Some((class, points));
        }
    }
    found.map(|(class, _)| class)
}

fn upkeep_of(unit: &UnitType) -> f64 {
    as_float(unit.upkeep)
}

/// Splits a whole amount in proportion to weights; the parts are whole and add up to it. Without any weight nothing
/// is given out.
pub(super) fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|w| i128::from((*w).max(0))).sum();
    let (mut before, mut given) = (0_i128, 0_i128);
    let part = |weight: &i64| {
        before += i128::from((*weight).max(0));
        let up_to_here = if total == 0 { 0 } else { i128::from(amount) * before / total };
        let part = up_to_here - given;
        given = up_to_here;
        i64::try_from(part).unwrap_or(0)
    };
    weights.iter().map(part).collect()
}

/// The fewest units of a force that together eat at least `missing` crop per hour: the most numerous class first
/// (of equals the one that eats more, then the later one), and of the last class no more than needed. All of them
/// if even that is not enough.
#[must_use]
pub fn starved(force: &Force, missing: i64, rules: &Ruleset) -> Force {
    let mut classes: Vec<(u32, i64, UnitClass)> =
        force.iter().filter_map(|(class, n)| Some((n, rules.unit(class)?.upkeep, class))).collect();
    classes.sort_unstable_by(|a, b| b.cmp(a));
    let (mut dead, mut missing) = (Force::new(), missing);
    for (n, upkeep, class) in classes {
        if missing <= 0 {
            break;
        }
        let needed = u32::try_from((missing + upkeep - 1) / upkeep.max(1)).unwrap_or(u32::MAX).min(n);
        dead.add(class, needed);
        missing -= i64::from(needed) * upkeep;
    }
    dead
}

/// Rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
pub(super) fn floor(value: f64) -> i64 {
    libm::floor(value) as i64
}

/// As a floating number; exact below 2^53.
pub(super) fn as_float(value: i64) -> f64 {
    value as f64
}
