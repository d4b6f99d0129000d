//! How loyal a village is to its owner, and what chiefs make of that.
//!
//! Source: rules of the world, T4: loyalty is 100, each chief of a won attack takes 20 to 30, and it comes back by one
//! an hour. All numbers are thousandths, so that part of an hour counts.

use crate::base::clock::GameTime;
use crate::base::id::MarchId;
use crate::base::rng::{Purpose, Stream};

/// The loyalty of a village that nobody wears down, in thousandths.
pub const LOYALTY_FULL_MILLI: u32 = 100_000;
/// The loyalty of a village to somebody who has just taken it, in thousandths.
pub const LOYALTY_TAKEN_MILLI: u32 = 25_000;
/// Milliseconds in which a thousandth comes back: 1 an hour.
const MILLIS_PER_MILLI: i64 = 3_600;

/// Loyalty now, in thousandths: one an hour comes back, up to 100.
///
/// ```
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// use bevy_alliance::world::village::rules::loyalty_at;
/// let later = |hours| GameTime(0) + GameSpan::hours(hours);
/// assert_eq!(loyalty_at(40_000, GameTime(0), later(7)), 47_000);
/// assert_eq!(loyalty_at(40_000, GameTime(0), later(70)), 100_000);
/// ```
#[must_use]
pub fn loyalty_at(milli: u32, since: GameTime, now: GameTime) -> u32 {
    let back = (now - since).0.max(0) / MILLIS_PER_MILLI;
    u32::try_from(i64::from(milli).saturating_add(back)).unwrap_or(u32::MAX).min(LOYALTY_FULL_MILLI)
}

/// Loyalty as reports show it, 0..=100: part of a point counts as a whole one, so that 0 means lost.
#[must_use]
pub fn shown_loyalty(milli: u32) -> u8 {
    u8::try_from(milli.div_ceil(1_000)).unwrap_or(100)
}

/// Points that one chief takes, from and to, each as likely.
const CHIEF_TAKES: (u8, u8) = (20, 30);

/// The chance that so many chiefs take a loyal village.
///
/// ```
/// use bevy_alliance::world::village::rules::take_chance;
/// // Four take 100 in the mean, five at the least.
/// assert_eq!([0, 3, 5, 6].map(take_chance), [0.0, 0.0, 1.0, 1.0]);
/// assert!((take_chance(4) - 0.530_4).abs() < 1e-3);
/// ```
#[must_use]
pub fn take_chance(chiefs: u32) -> f64 {
    let full = usize::try_from(LOYALTY_FULL_MILLI / 1_000).unwrap_or(0);
    let (low, high) = (usize::from(CHIEF_TAKES.0), usize::from(CHIEF_TAKES.1));
    let part = 1.0 / f64::from(CHIEF_TAKES.1 - CHIEF_TAKES.0 + 1);
    // By points that were taken: the last are all of them.
    let mut chances = vec![0.0; full + 1];
    chances[0] = 1.0;
    for _ in 0..chiefs.min(LOYALTY_FULL_MILLI / 1_000 / u32::from(CHIEF_TAKES.0)) {
        let mut next = vec![0.0; full + 1];
        for (points, chance) in chances.iter().enumerate() {
            (low..=high).for_each(|taken| next[(points + taken).min(full)] += chance * part);
        }
        chances = next;
    }
    // Sums of elevenths miss 1 by a hair.
    if chances[full] > 1.0 - 1e-9 { 1.0 } else { chances[full] }
}

/// What one chief of a march takes, in thousandths: 20 to 30 whole points, each as likely. `chief` counts the chiefs of
/// the march from 0.
#[must_use]
pub fn chief_takes(seed: u64, march: MarchId, chief: u32) -> u32 {
    let actor = u64::from(march.site.0) << 32 | u64::from(march.n);
    let points = Stream::new(seed, actor, Purpose::LOYALTY, u64::from(chief))
        .between(i64::from(CHIEF_TAKES.0), i64::from(CHIEF_TAKES.1));
    u32::try_from(points).unwrap_or(25) * 1_000
}

/// Lets the chiefs of marches work one after another. `chiefs` has each march with the number of its surviving chiefs, in
/// the order in which they work. Returns the loyalty after each march, in thousandths; nobody works on after it is 0,
/// so the list ends with the march that brought it there.
#[must_use]
pub fn wear_down(seed: u64, milli: u32, chiefs: &[(MarchId, u32)]) -> Vec<u32> {
    let (mut milli, mut after) = (milli, Vec::new());
    for (march, count) in chiefs {
        for chief in 0..*count {
            milli = milli.saturating_sub(chief_takes(seed, *march, chief));
            if milli == 0 {
                break;
            }
        }
        after.push(milli);
        if milli == 0 {
            break;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::GameSpan;
    use crate::base::id::SiteId;
    use proptest::prelude::*;

    fn march(site: u32) -> MarchId {
        MarchId { site: SiteId(site), n: 1 }
    }

    #[test]
    fn nothing_is_shown_as_lost_before_it_is() {
        assert_eq!([0, 1, 1_000, 1_001, 99_500, 100_000].map(shown_loyalty), [0, 1, 1, 2, 100, 100]);
    }

    #[test]
    fn five_chiefs_take_a_loyal_village_and_three_do_not() {
        for seed in 0..200 {
            assert_eq!(wear_down(seed, LOYALTY_FULL_MILLI, &[(march(1), 5)]), [0]);
            assert!(wear_down(seed, LOYALTY_FULL_MILLI, &[(march(1), 3)])[0] >= 10_000);
        }
    }

    proptest! {
        #[test]
        fn a_chief_takes_twenty_to_thirty(seed: u64, site: u32, n: u32, chief in 0..50_u32) {
            let takes = chief_takes(seed, MarchId { site: SiteId(site), n }, chief);
            prop_assert!((20_000..=30_000).contains(&takes) && takes.is_multiple_of(1_000));
        }

        #[test]
        fn it_does_not_matter_how_chiefs_are_split_over_marches(seed: u64, milli in 1..=100_000_u32, counts in prop::collection::vec(0..4_u32, 1..5)) {
            let chiefs: Vec<_> = (1..).map(march).zip(counts).collect();
            let after = wear_down(seed, milli, &chiefs);
            prop_assert!(after.windows(2).all(|w| w[1] <= w[0] && w[0] > 0));
            prop_assert!(after.len() == chiefs.len() || after.last() == Some(&0));
            let first: u32 = (0..chiefs[0].1).map(|c| chief_takes(seed, chiefs[0].0, c)).sum();
            prop_assert_eq!(after[0], milli.saturating_sub(first));
        }

        #[test]
        fn reading_it_changes_nothing(milli in 0..=100_000_u32, hours in 0..200_i64, more in 0..200_i64) {
            let at = |h| GameTime(0) + GameSpan::hours(h);
            let midway = loyalty_at(milli, at(0), at(hours));
            prop_assert_eq!(loyalty_at(midway, at(hours), at(hours + more)), loyalty_at(milli, at(0), at(hours + more)));
        }
    }
}
