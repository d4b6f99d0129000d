//! How long a march takes, where it is under way, and when it passes a place.
//!
//! Source: rules of the world, T4.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::geometry::{Tile, Torus};
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

/// The straight way of a march, the shorter way around the map, at an even pace between its two instants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Way {
    /// The map.
    pub torus: Torus,
    /// Where it left.
    pub from: Tile,
    /// Where it goes.
    pub to: Tile,
    /// When it left.
    pub launched: GameTime,
    /// When it is there.
    pub arrival: GameTime,
}

impl Way {
    /// Milliseconds that it takes.
    fn span(&self) -> i128 {
        i128::from((self.arrival - self.launched).0)
    }

    /// From one tile to another, the shorter way around.
    fn offset(&self, from: Tile, to: Tile) -> (i64, i64) {
        let side = i64::from(self.torus.side());
        let along = |a: i16, b: i16| {
            let d = (i64::from(b) - i64::from(a)).rem_euclid(side);
            if 2 * d > side { d - side } else { d }
        };
        (along(from.x, to.x), along(from.y, to.y))
    }

    /// The tile that it is on, to the nearest, halves to the north and the east.
    ///
    /// ```
    /// use bevy_alliance::base::{clock::GameTime, geometry::{Tile, Torus}};
    /// use bevy_alliance::world::march::rules::Way;
    /// let torus = Torus { half_width: 100 };
    /// let (from, to) = (Tile::new(90, 0), Tile::new(-91, 0)); // 20 fields around the seam
    /// let way = Way { torus, from, to, launched: GameTime(0), arrival: GameTime(20_000) };
    /// assert_eq!(way.tile_at(GameTime(10_499)), Tile::new(100, 0));
    /// assert_eq!(way.tile_at(GameTime(10_500)), Tile::new(-100, 0));
    /// ```
    #[must_use]
    pub fn tile_at(&self, at: GameTime) -> Tile {
        let span = self.span();
        if span <= 0 {
            return self.to;
        }
        let elapsed = i128::from((at - self.launched).0).clamp(0, span);
        let (x, y) = self.offset(self.from, self.to);
        let nearest =
            |along: i64| i32::try_from((2 * i128::from(along) * elapsed + span).div_euclid(2 * span)).unwrap_or(0);
        self.torus.shifted(self.from, nearest(x), nearest(y))
    }

    /// The first whole millisecond, before it arrives, at which it is within `sight_fields` of a place (the border
    /// included); `None` if it never is. All in integers: exact.
    ///
    /// ```
    /// use bevy_alliance::base::{clock::{GameSpan, GameTime}, geometry::{Tile, Torus}};
    /// use bevy_alliance::world::march::rules::Way;
    /// // 20 fields at 5 an hour; the place lies 3 fields beside the tenth: 10 - sqrt(6^2 - 3^2) = 4.803848 fields.
    /// let (from, to, launched) = (Tile::new(0, 0), Tile::new(20, 0), GameTime(0));
    /// let way = Way { torus: Torus::default(), from, to, launched, arrival: launched + GameSpan::hours(4) };
    /// assert_eq!(way.passes(Tile::new(10, 3), 6), Some(GameTime(3_458_771)));
    /// assert_eq!(way.passes(Tile::new(2, 0), 6), Some(launched));
    /// assert_eq!(way.passes(Tile::new(10, 7), 6), None);
    /// ```
    #[must_use]
    pub fn passes(&self, place: Tile, sight_fields: u16) -> Option<GameTime> {
        let (side, sight) = (i64::from(self.torus.side()), i64::from(sight_fields));
        let ((x, y), (dx, dy)) = (self.offset(self.from, place), self.offset(self.from, self.to));
        let beside = |s: i64, d: i64| s < d.min(0) - sight || s > d.max(0) + sight;
        // Around the seam a place lies on either side.
        let images = |s: i64, d: i64| [s - side, s, s + side].into_iter().filter(move |s| !beside(*s, d));
        let images = images(x, dx).flat_map(|x| images(y, dy).map(move |y| (x, y)));
        let first = images.filter_map(|image| self.comes_near((dx, dy), image, sight)).min()?;
        Some(self.launched + GameSpan(first))
    }

    /// Milliseconds after its launch at which it comes near a place that lies so far from its origin.
    fn comes_near(&self, (dx, dy): (i64, i64), (x, y): (i64, i64), sight: i64) -> Option<i64> {
        let span = (self.arrival - self.launched).0;
        if span <= 0 {
            return None;
        }
        let is_near = |elapsed: i64| {
            let wide = i128::from;
            let off = |d: i64, s: i64| wide(d) * wide(elapsed) - wide(s) * wide(span);
            let (px, py, reach) = (off(dx, x), off(dy, y), wide(sight) * wide(span));
            px * px + py * py <= reach * reach
        };
        let (length, along) = (dx * dx + dy * dy, x * dx + y * dy);
        let closest = (i128::from(span) * i128::from(along)).div_euclid(i128::from(length.max(1)));
        let closest = i64::try_from(closest).unwrap_or(0).clamp(0, span - 1);
        // Up to the closest point it only comes nearer.
        let mut near = [closest, closest + 1].into_iter().find(|e| *e < span && is_near(*e))?;
        let mut far = -1;
        // The root of the equation is right to a millisecond or two: that leaves little to search.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a guess that is checked")]
        let guess = {
            let root = (along * along - length * (x * x + y * y - sight * sight)).max(0) as f64;
            ((along as f64 - root.sqrt()) / length.max(1) as f64 * span as f64) as i64
        };
        if (0..near).contains(&(guess + 2)) && is_near(guess + 2) {
            near = guess + 2;
        }
        if (0..near).contains(&(guess - 2)) && !is_near(guess - 2) {
            far = guess - 2;
        }
        while near - far > 1 {
            let middle = far + (near - far) / 2;
            if is_near(middle) { near = middle } else { far = middle }
        }
        Some(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map_and_places() -> impl Strategy<Value = (Torus, Tile, Tile, Tile)> {
        (8_i16..60).prop_flat_map(|half_width| {
            let tile = || (-half_width..=half_width, -half_width..=half_width).prop_map(|(x, y)| Tile::new(x, y));
            (Just(Torus { half_width }), tile(), tile(), tile())
        })
    }

    proptest! {
        #[test]
        fn it_passes_when_a_look_at_every_step_first_finds_it_near(
            (torus, from, to, place) in map_and_places(), span in 1_i64..400, sight in 0_u16..9,
        ) {
            let way = Way { torus, from, to, launched: GameTime(7), arrival: GameTime(7 + span) };
            let (dx, dy) = way.offset(from, to);
            let side = f64::from(torus.side());
            let around = |d: f64| { let d = d.rem_euclid(side); d.min(side - d) };
            let distance = |elapsed: i64| {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let part = |d: i64| d as f64 * elapsed as f64 / span as f64;
                let x = around(f64::from(from.x) + part(dx) - f64::from(place.x));
                let y = around(f64::from(from.y) + part(dy) - f64::from(place.y));
                (x * x + y * y).sqrt()
            };
            let found = (0..span).find(|e| distance(*e) <= f64::from(sight) + 1e-9);
            prop_assert_eq!(way.passes(place, sight), found.map(|e| GameTime(7 + e)));
        }
    }

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
