//! What sightings tell of a march: how fast it is, what it can be, whether it is real, and who is home when.

use super::components::{MovementSettings, Returning};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::UnitClass;
use crate::base::ruleset::Force;

/// A march that is said to be on a tile is at most this far from its middle, in fields: half a diagonal, rounded up.
pub const TILE_ERROR: f64 = 0.71;
/// Waves of one sender that reach a site within this time belong together.
pub const WAVES_WITHIN: GameSpan = GameSpan::mins(1);
/// A launch is known well enough to say when its player was active if its bounds are no farther apart.
pub const LAUNCH_KNOWN_WITHIN: GameSpan = GameSpan::mins(30);

/// The shortest and the longest time that a whole way can take.
pub type Bounds = (GameSpan, GameSpan);

/// How far a march was when it was seen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Place {
    /// It just left.
    Origin,
    /// On a tile.
    Tile {
        /// Fields from its origin to its target.
        whole: f64,
        /// Fields from the middle of that tile to its target.
        left: f64,
    },
    /// Somewhere.
    Unknown,
}

/// Narrows what is known of how long the whole way of a march takes by a sighting with `left` to go: at an even pace it
/// takes `left` times the whole way over the way that is left, and a tile tells the latter to within [`TILE_ERROR`]. A
/// sighting that contradicts all before (a march that does not walk straight) tells nothing.
///
/// ```
/// use bevy_alliance::base::clock::GameSpan;
/// use bevy_alliance::knowledge::intel::movement::rules::{Place, narrow};
/// let anything = (GameSpan(0), GameSpan(i64::MAX));
/// // Two hours before its arrival it is on a tile 10 of 20 fields away: 2 h x 20 / 10.71 to 2 h x 20 / 9.29.
/// let seen = narrow(anything, GameSpan::hours(2), Place::Tile { whole: 20.0, left: 10.0 });
/// assert_eq!(seen, (GameSpan(13_445_378), GameSpan(15_500_539)));
/// // Half an hour earlier it was 12.5 fields away: 2.5 h x 20 / 13.21 to 2.5 h x 20 / 11.79.
/// let both = narrow(seen, GameSpan::mins(150), Place::Tile { whole: 20.0, left: 12.5 });
/// assert_eq!(both, (GameSpan(13_626_040), GameSpan(15_267_176)));
/// assert_eq!(narrow(both, GameSpan::hours(4), Place::Origin), (GameSpan::hours(4), GameSpan::hours(4)));
/// assert_eq!(narrow(anything, GameSpan::hours(4), Place::Unknown), (GameSpan::hours(4), GameSpan(i64::MAX)));
/// ```
#[must_use]
pub fn narrow(known: Bounds, left: GameSpan, place: Place) -> Bounds {
    let (least, most) = match place {
        Place::Origin => (left, left),
        Place::Unknown => (left, GameSpan(i64::MAX)),
        Place::Tile { whole, left: fields } => {
            let takes = |fields: f64| millis(left) * whole / fields;
            let most = if fields > TILE_ERROR { span(takes(fields - TILE_ERROR).ceil()) } else { GameSpan(i64::MAX) };
            (span(takes(fields + TILE_ERROR).floor()).max(left), most)
        }
    };
    let both = (known.0.max(least), known.1.min(most));
    if both.0 <= both.1 { both } else { known }
}

#[expect(clippy::cast_precision_loss, reason = "spans of a campaign, far below 2^53 ms")]
fn millis(span: GameSpan) -> f64 {
    span.0 as f64
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn span(millis: f64) -> GameSpan {
    GameSpan(millis as i64)
}

/// How long a class takes from one site to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Which class.
    pub class: UnitClass,
    /// With the best building that helps it.
    pub fastest: GameSpan,
    /// Without any.
    pub plain: GameSpan,
    /// Whether only real attacks bring it: siege engines and chiefs.
    pub heavy: bool,
}

/// What the speed of a march tells of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deduction {
    /// Classes that can be its slowest, in the order in which they were given.
    pub slowest: Vec<UnitClass>,
    /// Classes that are too slow to be in it.
    pub excluded: Vec<UnitClass>,
    /// Whether siege engines or chiefs can be in it.
    pub can_hold_siege: bool,
    /// Whether nothing but siege engines or chiefs can have slowed it.
    pub must_hold_siege: bool,
}

/// Deduces from how long a march takes what it can be. A class can be its slowest if it can take that long; it can be in
/// it at all if with all help it is no slower than the march.
///
/// ```
/// use bevy_alliance::base::{clock::GameSpan, id::UnitClass};
/// use bevy_alliance::knowledge::intel::movement::rules::{Pace, deduce};
/// // 15 fields; no building helps up to 20. Catapults go 3 an hour, foot 6, riders 10.
/// let pace = |class, mins, heavy| {
///     let time = GameSpan::mins(mins);
///     Pace { class: UnitClass(class), fastest: time, plain: time, heavy }
/// };
/// let roster = [pace(1, 300, true), pace(2, 150, false), pace(3, 90, false)];
/// // Seen on a tile 10 fields from its target with 100 minutes to go: the march is faster than 10.71 fields in 100
/// // minutes allow for nobody slower than foot, v <= 10.71 / 100 min = 6.4 an hour: it takes 140.1 to 161.5 minutes.
/// let march = deduce(&roster, (GameSpan::millis(8_403_361), GameSpan::millis(9_687_837)));
/// assert_eq!((march.slowest, march.excluded), (vec![UnitClass(2)], vec![UnitClass(1)]));
/// assert!(!march.can_hold_siege);
/// // With five hours it can hold anything, and only catapults are that slow.
/// let march = deduce(&roster, (GameSpan::mins(300), GameSpan::mins(300)));
/// assert!(march.must_hold_siege && march.excluded.is_empty());
/// ```
#[must_use]
pub fn deduce(roster: &[Pace], travel: Bounds) -> Deduction {
    let can_slow = |p: &&Pace| p.fastest <= travel.1 && travel.0 <= p.plain;
    let slowest: Vec<&Pace> = roster.iter().filter(can_slow).collect();
    Deduction {
        must_hold_siege: !slowest.is_empty() && slowest.iter().all(|p| p.heavy),
        slowest: slowest.into_iter().map(|p| p.class).collect(),
        excluded: roster.iter().filter(|p| p.fastest > travel.1).map(|p| p.class).collect(),
        can_hold_siege: roster.iter().any(|p| p.heavy && p.fastest <= travel.1),
    }
}

/// What speaks for a march being real, and what against it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Evidence {
    /// Whether nothing but siege engines or chiefs can have slowed it (true), or it is too fast for them (false); `None` if
    /// its speed does not tell.
    pub slow: Option<bool>,
    /// Share of its owner's known offense that stands at its origin, 0..=1; `None` if no offense of its owner is known.
    pub offense_share: Option<f64>,
    /// Whether it left the most populous site of its owner.
    pub from_largest: bool,
    /// Earlier marches of its owner that came with force.
    pub real: u32,
    /// Earlier marches of its owner that came with next to nothing.
    pub fake: u32,
    /// Sites to which its sender's marches go that are under way.
    pub targets: u32,
    /// Marches of its sender that reach the same site within [`WAVES_WITHIN`] of it, itself included.
    pub waves: u32,
}

/// The probability that a march is what it can be at most, by a sum of log-odds.
///
/// ```
/// use bevy_alliance::knowledge::intel::movement::rules::{Evidence, probability_real};
/// use bevy_alliance::knowledge::intel::MovementSettings;
/// let weights = MovementSettings::default();
/// // From the village where 70% of the known offense stands: 1.0 (2 x .7 - 1) = .4, 1 / (1 + e^-.4).
/// let alone = Evidence { offense_share: Some(0.7), targets: 1, waves: 1, ..Evidence::default() };
/// assert!((probability_real(&alone, &weights) - 0.5987).abs() < 1e-4);
/// // One of five that go everywhere, too fast for rams, of a player who faked 5 times out of 6:
/// // .4 - .5 ln 5 - .5 + ln(2 / 6) = -2.0033.
/// let fake = Evidence { slow: Some(false), real: 1, fake: 5, targets: 5, ..alone };
/// assert!((probability_real(&fake, &weights) - 0.1189).abs() < 1e-4);
/// ```
#[must_use]
pub fn probability_real(evidence: &Evidence, weights: &MovementSettings) -> f64 {
    let home = match (evidence.offense_share, evidence.from_largest) {
        (Some(share), _) => weights.home * (2.0 * share - 1.0),
        (None, true) => weights.home_unseen,
        (None, false) => 0.0,
    };
    let speed = evidence.slow.map_or(0.0, |slow| if slow { weights.slow } else { -weights.fast });
    let (real, fake) = (f64::from(evidence.real) + 1.0, f64::from(evidence.fake) + 1.0);
    let waves = if evidence.waves > 1 { weights.waves } else { 0.0 };
    let odds = weights.prior + speed + home + weights.history * libm::log(real / fake)
        - weights.targets * libm::log(f64::from(evidence.targets.max(1)))
        + waves;
    let least = weights.probability_min.clamp(0.0, 0.5);
    (1.0 / (1.0 + libm::exp(-odds))).clamp(least, 1.0 - least)
}

/// Shares of one army over the marches of its sender: each that can hold it gets its probability of being real over the
/// sum of these, or over 1 where that is more. Together never more than the army, and one march alone its probability.
///
/// ```
/// use bevy_alliance::knowledge::intel::movement::rules::spread;
/// assert_eq!(spread(&[0.75, 0.75, 0.5], |_| true), [0.375, 0.375, 0.25]);
/// assert_eq!(spread(&[0.75, 0.75, 0.5], |march| march != 1), [0.6, 0.0, 0.4]);
/// assert_eq!(spread(&[0.75], |_| true), [0.75]);
/// ```
#[must_use]
pub fn spread(probabilities: &[f64], can_hold: impl Fn(usize) -> bool) -> Vec<f64> {
    let held = |(march, p): (usize, &f64)| if can_hold(march) { *p } else { 0.0 };
    let sum: f64 = probabilities.iter().enumerate().map(held).sum();
    probabilities.iter().enumerate().map(|march| held(march) / sum.max(1.0)).collect()
}

/// What stands at a site at an instant: the troops that were seen there, and the forces that were out when they were seen
/// and are surely back by then.
///
/// ```
/// use bevy_alliance::base::{clock::GameTime, id::{PlayerId, SiteId, UnitClass}, ruleset::Force};
/// use bevy_alliance::knowledge::intel::{Returning, movement::rules::home_at};
/// let foot = |n| Force::of(UnitClass(1), n);
/// let between = |from, to| (GameTime(from), GameTime(to));
/// let back = Returning {
///     home_at: between(90, 100), site: SiteId(1), from: SiteId(2), player: PlayerId(1), left_at: between(10, 20),
///     force: foot(60),
/// };
/// let at = |seen, at| home_at(&foot(40), GameTime(seen), [&back].into_iter(), GameTime(at));
/// assert_eq!((at(30, 99), at(30, 100)), (foot(40), foot(100)));
/// // Who was seen before they left, or may have been seen after they came home, is no news.
/// assert_eq!((at(5, 100), at(95, 100)), (foot(40), foot(40)));
/// ```
#[must_use]
pub fn home_at<'a>(
    troops: &Force,
    seen_at: GameTime,
    returning: impl Iterator<Item = &'a Returning>,
    at: GameTime,
) -> Force {
    let mut all = troops.clone();
    let was_out = |r: &&Returning| r.left_at.1 <= seen_at && seen_at < r.home_at.0;
    returning.filter(was_out).filter(|r| r.home_at.1 <= at).for_each(|r| all.add_all(&r.force));
    all
}

/// What of the troops that were seen at a site is surely away until after an instant: survivors that were still there when
/// they were seen, and are on their way home.
#[must_use]
pub fn away_until<'a>(seen_at: GameTime, returning: impl Iterator<Item = &'a Returning>, after: GameTime) -> Force {
    let mut away = Force::new();
    let is_away = |r: &&Returning| seen_at < r.left_at.0 && r.home_at.0 > after;
    returning.filter(is_away).for_each(|r| away.add_all(&r.force));
    away
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sightings_narrow_and_never_exclude_the_truth(
            whole in 1.0..200.0_f64, travel in 60_000_i64..400_000_000, seen in prop::collection::vec((0.0..1.0_f64, -0.7..0.7_f64), 1..6),
        ) {
            let mut known = (GameSpan(0), GameSpan(i64::MAX));
            for (gone, error) in seen {
                #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "whole milliseconds")]
                let elapsed = (travel as f64 * gone) as i64;
                #[expect(clippy::cast_precision_loss, reason = "whole milliseconds")]
                let fields = whole * (travel - elapsed) as f64 / travel as f64;
                let place = Place::Tile { whole, left: (fields + error).max(0.0) };
                let next = narrow(known, GameSpan(travel - elapsed), place);
                prop_assert!(known.0 <= next.0 && next.1 <= known.1);
                prop_assert!(next.0.0 <= travel && travel <= next.1.0, "{next:?}");
                known = next;
            }
            prop_assert_eq!(narrow(known, GameSpan(travel), Place::Origin), (GameSpan(travel), GameSpan(travel)));
        }

        #[test]
        fn an_army_is_spread_once(marches in prop::collection::vec((0.05..0.95_f64, any::<bool>()), 1..40)) {
            let probabilities: Vec<f64> = marches.iter().map(|m| m.0).collect();
            let shares = spread(&probabilities, |march| marches[march].1);
            prop_assert!(shares.iter().sum::<f64>() <= 1.0 + 1e-9);
            for (share, (p, can_hold)) in shares.iter().zip(&marches) {
                prop_assert!(*share <= *p + 1e-9 && (*share > 0.0) == *can_hold);
            }
        }

        #[test]
        fn a_march_is_never_certain(
            slow in any::<Option<bool>>(), share in 0.0..=1.0_f64, real in 0_u32..50, fake in 0_u32..50, targets in 1_u32..50, waves in 1_u32..5,
        ) {
            let weights = MovementSettings::default();
            let of = |evidence: &Evidence| probability_real(evidence, &weights);
            let seen = Evidence { slow, offense_share: Some(share), from_largest: true, real, fake, targets, waves };
            prop_assert!((0.05..=0.95).contains(&of(&seen)));
            let more = [
                (of(&seen), of(&Evidence { real: real + 1, ..seen })),
                (of(&Evidence { fake: fake + 1, ..seen }), of(&seen)),
                (of(&Evidence { targets: targets + 1, ..seen }), of(&seen)),
                (of(&seen), of(&Evidence { waves: waves + 1, ..seen })),
            ];
            prop_assert!(more.iter().all(|(less, more)| less <= more));
        }
    }
}
