//! How many merchants goods take, and how long they are on their way.
//!
//! Source: rules of the world, T4: one merchant per level of the marketplace; carry and speed are the tribe's.

use crate::base::clock::GameSpan;
use crate::base::goods::Goods;
use crate::base::ruleset::{Ruleset, Tribe};
use crate::world::march::rules::travel_time;

/// Merchants that carry these goods, each at most `carry` goods of all kinds together. Too many to count where nobody
/// carries anything.
///
/// ```
/// use bevy_alliance::base::goods::Goods;
/// use bevy_alliance::world::trade::rules::merchants_needed;
/// assert_eq!(merchants_needed(Goods::new([500, 0, 0, 0]), 500), 1);
/// assert_eq!(merchants_needed(Goods::new([500, 1, 0, 0]), 500), 2);
/// ```
#[must_use]
pub fn merchants_needed(goods: Goods, carry: i64) -> u32 {
    if carry <= 0 {
        return u32::MAX;
    }
    let total = goods.total().max(0);
    u32::try_from(total / carry + i64::from(total % carry > 0)).unwrap_or(u32::MAX)
}

/// Merchants at home of a marketplace of this level.
#[must_use]
pub fn merchants_free(marketplace: u8, busy: u32) -> u32 {
    u32::from(marketplace).saturating_sub(busy)
}

/// How long merchants of a tribe take over a distance; no building makes them faster.
#[must_use]
pub fn merchant_time(distance_fields: f64, tribe: &Tribe, ruleset: &Ruleset) -> GameSpan {
    travel_time(distance_fields, tribe.merchant_fields_per_hour, 0, ruleset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tribes_carry_as_the_rules_say() {
        let rules = Ruleset::extended();
        for (name, hours, carry) in [("romans", 3, 500), ("teutons", 4, 1_000), ("gauls", 2, 750)] {
            let tribe = rules.tribe(rules.tribe_named(name).unwrap()).unwrap();
            assert_eq!(tribe.merchant_carry, carry);
            // 48 fields, beyond those where a tournament square would help.
            assert_eq!(merchant_time(48.0, tribe, &rules), GameSpan::hours(hours));
        }
    }

    proptest! {
        #[test]
        fn as_few_merchants_as_can_carry_it(goods in prop::array::uniform4(0..9_000_i64), carry in 1..2_000_i64) {
            let (goods, n) = (Goods::new(goods), i64::from(merchants_needed(Goods::new(goods), carry)));
            prop_assert!(n * carry >= goods.total() && (n - 1) * carry < goods.total().max(1));
        }

        #[test]
        fn nobody_sends_more_merchants_than_there_are(level: u8, busy: u32) {
            prop_assert!(merchants_free(level, busy) <= u32::from(level));
        }
    }
}
