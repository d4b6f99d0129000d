//! Production and stores.

use crate::base::clock::GameTime;
use crate::base::goods::Goods;

/// What one field makes per hour at levels 0 to 10, before the world's factor of 1.4.
pub(super) const FIELD_PER_HOUR: [i64; 11] = [2, 5, 9, 15, 22, 33, 50, 70, 100, 145, 200];
/// Fields of a village: wood, clay, iron, crop.
pub(super) const FIELDS: Goods = Goods { wood: 4, clay: 4, iron: 4, crop: 6 };
const HOUR_MILLIS: i128 = 3_600_000;

/// What 18 fields of this level make per hour, inhabitants not yet fed: 1.4 times the table, to the nearest whole.
///
/// ```
/// use bevy_alliance::world::village::rules::production_per_hour;
/// assert_eq!(production_per_hour(10).amounts(), [1120, 1120, 1120, 1680]);
/// ```
#[must_use]
pub fn production_per_hour(field_level: u8) -> Goods {
    let each = FIELD_PER_HOUR[usize::from(field_level).min(FIELD_PER_HOUR.len() - 1)];
    FIELDS.map(|fields| (fields * each * 14 + 5) / 10)
}

/// What a warehouse or granary of this level holds of each good: `2120 * 1.2^L - 1320` to the nearest 100; 800
/// without one.
///
/// ```
/// use bevy_alliance::world::village::rules::storage_capacity;
/// assert_eq!([0, 1, 10, 20].map(storage_capacity), [800, 1200, 11_800, 80_000]);
/// ```
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "below 10^24 / 100 even at level 255, and the cast saturates")]
pub fn storage_capacity(level: u8) -> i64 {
    let exact = 2120.0 * libm::pow(1.2, f64::from(level)) - 1320.0;
    (libm::round(exact / 100.0) as i64).saturating_mul(100)
}

/// A share (0..=1) of an amount, rounded down.
#[must_use]
pub fn part(amount: i64, share: f64) -> i64 {
    super::garrison::floor(super::garrison::as_float(amount) * share)
}

/// Whole goods that a rate per hour has made from the epoch to an instant.
fn made_by(rate: i64, at: GameTime) -> i128 {
    (i128::from(rate) * i128::from(at.0)).div_euclid(HOUR_MILLIS)
}

/// Whole goods (or thousandths of units) that flow at a rate per hour between two instants. Flows add up exactly:
/// from a to b and from b to c is the same as from a to c.
#[must_use]
pub fn flow(rate: i64, since: GameTime, until: GameTime) -> i64 {
    i64::try_from(made_by(rate, until.max(since)) - made_by(rate, since)).unwrap_or(i64::MAX)
}

/// Stores as a function of (amount, since, rate per hour, cap): what lies there `now`.
///
/// A good grows to its cap and falls to 0; what lies above its cap (a generous import) stays until it is spent.
/// Whole units appear at instants counted from the campaign's epoch, not from `since`. So reading and keeping the
/// result loses nothing: reading at t1 and from there at t2 gives exactly what reading at t2 gives, however often it
/// is done, as long as the rate stays. A change of rate costs less than one unit.
#[must_use]
pub fn stores_at(amount: Goods, since: GameTime, rate: Goods, cap: Goods, now: GameTime) -> Goods {
    let one = |amount: i64, rate: i64, cap: i64| {
        let made = made_by(rate, now.max(since)) - made_by(rate, since);
        let high = i128::from(cap.max(amount).max(0));
        i64::try_from((i128::from(amount) + made).clamp(0, high)).unwrap_or(i64::MAX)
    };
    let (a, r, c) = (amount.amounts(), rate.amounts(), cap.amounts());
    Goods::new([0, 1, 2, 3].map(|i| one(a[i], r[i], c[i])))
}

/// The first instant at which a good that shrinks has run out, by [`stores_at`]; none if it never does.
#[must_use]
pub fn empty_at(amount: i64, since: GameTime, rate: i64) -> Option<GameTime> {
    if amount <= 0 {
        return Some(since);
    }
    if rate >= 0 {
        return None;
    }
    // The first t with floor(rate * t / hour) <= last, so with -rate * t > -(last + 1) * hour.
    let last = made_by(rate, since) - i128::from(amount);
    let millis = (-(last + 1) * HOUR_MILLIS).div_euclid(-i128::from(rate)) + 1;
    i64::try_from(millis).ok().map(GameTime)
}

/// Splits an account's surplus of crop over its villages in proportion to their production; the parts are whole and
/// add up to the surplus. Accounts feed their troops across villages, so no village starves beside a full one.
#[must_use]
pub fn share_surplus(surplus: i64, production: &[i64]) -> Vec<i64> {
    super::garrison::split(surplus, production)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn goods(n: i64) -> Goods {
        Goods::new([n; 4])
    }

    proptest! {
        #[test]
        fn reading_composes_exactly(
            amount in 0..100_000_i64, rate in -5_000..5_000_i64, cap in 800..80_000_i64,
            since in -1_000_000_000..1_000_000_000_i64, first in 0..100_000_000_i64, second in 0..100_000_000_i64,
        ) {
            let (t0, t1, t2) = (GameTime(since), GameTime(since + first), GameTime(since + first + second));
            let direct = stores_at(goods(amount), t0, goods(rate), goods(cap), t2);
            let midway = stores_at(goods(amount), t0, goods(rate), goods(cap), t1);
            // An amount above its cap is a cap of its own only until it is spent.
            prop_assume!(amount <= cap);
            prop_assert_eq!(stores_at(midway, t1, goods(rate), goods(cap), t2), direct);
            prop_assert!(direct.wood >= 0 && direct.wood <= cap);
        }

        #[test]
        fn shrinking_stores_end_when_told(amount in 1..10_000_i64, rate in -5_000..-1_i64, since in -9_999_999..9_999_999_i64) {
            let end = empty_at(amount, GameTime(since), rate).unwrap();
            let read = |t| stores_at(goods(amount), GameTime(since), goods(rate), goods(80_000), t).crop;
            prop_assert_eq!(read(end), 0);
            prop_assert!(read(GameTime(end.0 - 1)) > 0);
        }

        #[test]
        fn shares_add_up(surplus in -10_000..10_000_i64, production in prop::collection::vec(0..2_000_i64, 1..30)) {
            prop_assume!(production.iter().sum::<i64>() > 0);
            let shares = share_surplus(surplus, &production);
            prop_assert_eq!(shares.iter().sum::<i64>(), surplus);
            prop_assert!(shares.iter().all(|s| *s == 0 || s.signum() == surplus.signum()));
        }
    }

    #[test]
    fn an_hour_makes_the_rate() {
        let read = stores_at(goods(10), GameTime(0), goods(1120), goods(5_000), GameTime(3_600_000));
        assert_eq!(read, goods(1_130));
        assert_eq!(stores_at(goods(10), GameTime(0), goods(1120), goods(500), GameTime(3_600_000)), goods(500));
        assert_eq!(stores_at(goods(900), GameTime(0), goods(1120), goods(500), GameTime(3_600_000)), goods(900));
    }
}
