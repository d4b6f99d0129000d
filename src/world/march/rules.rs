//! How long a march takes.
//!
//! Source: rules of the world, T4.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::ruleset::Ruleset;

/// How long a march takes over `distance_fields` at the speed of its slowest unit.
///
/// Up to 20 fields: `distance / speed`. Beyond them the speed grows by a fifth for each level of the sending village's
/// tournament square (both numbers are the ruleset's). Whole milliseconds, rounded to nearest. Without any speed the
/// march never arrives: the longest span there is.
///
/// ```
/// use bevy_alliance::base::{clock::GameSpan, ruleset::Ruleset};
/// use bevy_alliance::world::march::rules::travel_time;
/// let rules = Ruleset::extended();
/// assert_eq!(travel_time(20.0, 5.0, 10, &rules), GameSpan::hours(4));
/// assert_eq!(travel_time(50.0, 5.0, 10, &rules), GameSpan::hours(6)); // the last 30 fields at triple speed
/// ```
#[must_use]
pub fn travel_time(distance_fields: f64, fields_per_hour: f64, square_level: u8, rules: &Ruleset) -> GameSpan {
    const MILLIS_PER_HOUR: f64 = 3_600_000.0;
    if distance_fields <= 0.0 {
        return GameSpan(0);
    }
    if fields_per_hour <= 0.0 {
        return GameSpan(i64::MAX);
    }
    let near = distance_fields.min(rules.travel_bonus_from_fields);
    let far = distance_fields - near;
    let far_speed = fields_per_hour * (1.0 + rules.travel_bonus_per_level * f64::from(square_level));
    let millis = (near / fields_per_hour + far / far_speed) * MILLIS_PER_HOUR;
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    GameSpan(millis.round() as i64)
}

/// How long a march that is called back takes home: as long as it was under way.
#[must_use]
pub fn way_back(launched: GameTime, recalled: GameTime) -> GameSpan {
    (recalled - launched).max(GameSpan(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_square_helps_only_beyond_twenty_fields() {
        let rules = Ruleset::extended();
        assert_eq!(travel_time(10.0, 4.0, 20, &rules), travel_time(10.0, 4.0, 0, &rules));
        assert_eq!(travel_time(20.0, 4.0, 20, &rules), GameSpan::hours(5));
        assert_eq!(travel_time(60.0, 4.0, 5, &rules), GameSpan::hours(10));
    }

    #[test]
    fn millis_are_rounded_to_nearest() {
        let rules = Ruleset::extended();
        // 1 field at 7 an hour: 514,285.71 ms; at 11: 327,272.73 ms; at 17: 211,764.71 ms; at 13: 276,923.08 ms.
        assert_eq!(travel_time(1.0, 7.0, 0, &rules), GameSpan(514_286));
        assert_eq!(travel_time(1.0, 13.0, 0, &rules), GameSpan(276_923));
    }

    #[test]
    fn no_distance_takes_no_time_and_no_speed_takes_for_ever() {
        let rules = Ruleset::extended();
        assert_eq!(travel_time(0.0, 5.0, 0, &rules), GameSpan(0));
        assert_eq!(travel_time(1.0, 0.0, 0, &rules), GameSpan(i64::MAX));
    }

    #[test]
    fn the_way_back_takes_the_time_elapsed() {
        assert_eq!(way_back(GameTime(1_000), GameTime(91_000)), GameSpan::secs(90));
        assert_eq!(way_back(GameTime(1_000), GameTime(400)), GameSpan(0));
    }

    proptest! {
        #[test]
        fn farther_takes_longer_and_faster_takes_less(
            distance in 0.0..600.0_f64, more in 0.1..50.0_f64, speed in 3.0..25.0_f64, level in 0..20_u8,
        ) {
            let rules = Ruleset::extended();
            let time = travel_time(distance, speed, level, &rules);
            prop_assert!(travel_time(distance + more, speed, level, &rules) > time);
            prop_assert!(travel_time(distance, speed + 1.0, level, &rules) <= time);
            prop_assert!(travel_time(distance, speed, level + 1, &rules) <= time);
        }
    }
}
