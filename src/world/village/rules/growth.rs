//! How a village grows by itself: inhabitants, production between two levels of its fields, and repairs.
//!
//! A village's day begins at an instant of its own, so that not everything changes at midnight. Within a day all rates
//! are constant; that makes what a village has a function of (value, since), however often it is read.

use super::building::{BuildingLevels, FIELD_STEPS, field_level};
use super::store::{FIELD_PER_HOUR, FIELDS, production_per_hour};
use crate::base::clock::GameTime;
use crate::base::goods::Goods;
use crate::base::id::SiteId;
use serde::{Deserialize, Serialize};

const DAY_MILLIS: i64 = 86_400_000;
/// Levels by which a damaged wall rises in a day.
const WALL_PER_DAY: u8 = 4;
/// Levels by which each other damaged or outgrown building rises in a day.
const LEVELS_PER_DAY: u8 = 2;

/// How fast villages grow. A village of p inhabitants gains (share x p + base) x (1 - p / limit) in a day, and
/// nothing from the limit on.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Growth {
    /// Share of its inhabitants that a small village gains in a day.
    pub share: f64,
    /// Inhabitants that a village gains in a day beside that.
    pub base: f64,
    /// Inhabitants at which growth ends: from there on all fields are at their highest level, and each newcomer
    /// would eat more than he makes.
    pub limit: f64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { share: 0.008, base: 2.0, limit: 720.0 }
    }
}

/// The instant after `after` at which the village's next day begins.
#[must_use]
pub fn next_day(site: SiteId, after: GameTime) -> GameTime {
    // Fibonacci hashing spreads neighboring ids over the day.
    let phase = i64::from(site.0.wrapping_mul(2_654_435_769) % 86_400) * 1_000;
    GameTime(
        (after.0 - phase).div_euclid(DAY_MILLIS).saturating_add(1).saturating_mul(DAY_MILLIS).saturating_add(phase),
    )
}

/// Inhabitants, in thousandths, one day later.
///
/// ```
/// use bevy_alliance::world::village::rules::{Growth, grown};
/// // 360 inhabitants: (0.008 x 360 + 2) x (1 - 360 / 720) = 2.44 more.
/// assert_eq!(grown(360_000, &Growth::default()), 362_440);
/// assert_eq!(grown(720_000, &Growth::default()), 720_000);
/// ```
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "millions")]
pub fn grown(inhabitants_milli: u64, growth: &Growth) -> u64 {
    let p = inhabitants_milli as f64 / 1_000.0;
    let more = (growth.share * p + growth.base) * (1.0 - p / growth.limit);
    if more <= 0.0 { inhabitants_milli } else { inhabitants_milli.saturating_add((more * 1_000.0 + 0.5) as u64) }
}

/// Inhabitants at an instant, in thousandths, for a village to which nothing has happened since.
#[must_use]
pub fn inhabitants_at(site: SiteId, inhabitants_milli: u64, since: GameTime, now: GameTime, growth: &Growth) -> u64 {
    let (mut inhabitants, mut day) = (inhabitants_milli, next_day(site, since));
    while day <= now {
        let next = grown(inhabitants, growth);
        if next == inhabitants {
            break;
        }
        inhabitants = next;
        day = GameTime(day.0 + DAY_MILLIS);
    }
    inhabitants
}

/// What a village's fields make per hour, inhabitants not yet fed.
///
/// Fields are raised one by one, so between two steps of population the production lies between those of the two
/// levels. Fields that are damaged make what their level makes.
///
/// ```
/// use bevy_alliance::world::village::rules::production_at;
/// assert_eq!(production_at(380, 8).crop, 840); // level 8 from 380 inhabitants on
/// assert_eq!(production_at(460, 8).crop, 1029); // halfway to level 9 at 540
/// assert_eq!(production_at(460, 3).crop, 126); // catapulted down to level 3
/// ```
#[must_use]
pub fn production_at(population: u32, fields: u8) -> Goods {
    let level = field_level(population);
    if fields < level {
        return production_per_hour(fields);
    }
    let level = usize::from(level);
    let (Some(step), Some(next)) = (FIELD_STEPS.get(level.saturating_sub(1)), FIELD_STEPS.get(level)) else {
        return production_per_hour(fields);
    };
    let (span, into) = (i64::from(next - step), i64::from(population - step));
    let (low, high) = (FIELD_PER_HOUR[level], FIELD_PER_HOUR[level + 1]);
    FIELDS.map(|fields| (fields * (low * span + (high - low) * into) * 14 + 5 * span) / (10 * span))
}

/// Crop per hour that a village of this size has left when its inhabitants have eaten: what its army can live on.
#[must_use]
pub fn net_crop(population: u32) -> i64 {
    production_at(population, field_level(population)).crop - i64::from(population)
}

/// Inhabitants, in thousandths, that stay when catapults lower buildings: the share of the levels that were lost leaves.
/// `levels_before` counts all levels that can be laid in ruins; where there was none nobody leaves.
///
/// ```
/// use bevy_alliance::world::village::rules::remaining_inhabitants;
/// assert_eq!(remaining_inhabitants(200_000, 5, 20), 150_000);
/// assert_eq!(remaining_inhabitants(200_000, 20, 20), 0);
/// ```
#[must_use]
pub fn remaining_inhabitants(inhabitants_milli: u64, levels_lost: u32, levels_before: u32) -> u64 {
    let left = u128::from(levels_before.saturating_sub(levels_lost));
    let stay = (u128::from(inhabitants_milli) * left).checked_div(u128::from(levels_before));
    stay.map_or(inhabitants_milli, |stay| u64::try_from(stay).unwrap_or(inhabitants_milli))
}

/// The levels a day later: what is below its due level rises, nothing falls.
#[must_use]
pub fn repaired(now: BuildingLevels, due: BuildingLevels) -> BuildingLevels {
    let rise = |level: u8, due: u8, by: u8| if level >= due { level } else { level.saturating_add(by).min(due) };
    let one = |level, due| rise(level, due, LEVELS_PER_DAY);
    BuildingLevels {
        field: one(now.field, due.field),
        warehouse: one(now.warehouse, due.warehouse),
        granary: one(now.granary, due.granary),
        residence: one(now.residence, due.residence),
        wall: rise(now.wall, due.wall, WALL_PER_DAY),
        tournament_square: one(now.tournament_square, due.tournament_square),
        stonemason: one(now.stonemason, due.stonemason),
        marketplace: one(now.marketplace, due.marketplace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_village_always_feeds_those_who_come() {
        for population in 0..720 {
            assert!(net_crop(population + 1) >= net_crop(population), "{population}");
        }
    }

    #[test]
    fn a_day_begins_once_a_day() {
        for site in [0, 1, 77, u32::MAX].map(SiteId) {
            let first = next_day(site, GameTime(0));
            assert!(first.0 > 0 && first.0 <= DAY_MILLIS);
            assert_eq!(next_day(site, first), GameTime(first.0 + DAY_MILLIS));
            assert_eq!(next_day(site, GameTime(first.0 - 1)), first);
        }
    }

    #[test]
    fn a_broken_wall_stands_again_after_days() {
        let due = BuildingLevels { wall: 10, field: 8, ..BuildingLevels::default() };
        let one = repaired(BuildingLevels { field: 9, ..BuildingLevels::default() }, due);
        assert_eq!((one.wall, one.field), (4, 9));
        assert_eq!(repaired(repaired(one, due), due).wall, 10);
    }

    proptest! {
        #[test]
        fn who_loses_all_levels_loses_all_inhabitants(inhabitants in 0..2_000_000_u64, before in 1..60_u32, lost in 0..60_u32) {
            let stay = remaining_inhabitants(inhabitants, lost, before);
            prop_assert!(stay <= inhabitants);
            prop_assert_eq!(stay == 0, lost >= before || inhabitants * u64::from(before - lost) < u64::from(before));
            prop_assert_eq!(remaining_inhabitants(inhabitants, 0, before), inhabitants);
            prop_assert_eq!(remaining_inhabitants(inhabitants, lost, 0), inhabitants);
        }

        #[test]
        fn reading_the_inhabitants_composes(start in 0..2_000_000_u64, site in 0..9_999_u32, a in 0..50_i64, b in 0..50_i64) {
            let (site, growth) = (SiteId(site), Growth::default());
            let (t0, t1, t2) = (GameTime(0), GameTime(a * 40_000_000), GameTime((a + b) * 40_000_000));
            let midway = inhabitants_at(site, start, t0, t1, &growth);
            prop_assert_eq!(inhabitants_at(site, midway, t1, t2, &growth), inhabitants_at(site, start, t0, t2, &growth));
        }
    }
}
