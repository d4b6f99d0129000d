//! How traits, taste and think time are drawn, and what follows from traits.

use super::components::{Taste, Traits};
use crate::base::clock::GameSpan;
use crate::base::id::PlayerId;
use crate::base::rng::{Purpose, Stream};

/// Mean of each drawn trait.
pub const TRAIT_MEAN: f64 = 0.5;
/// Standard deviation of each drawn trait.
pub const TRAIT_DEVIATION: f64 = 0.18;
/// No drawn trait is below this.
pub const TRAIT_MIN: f64 = 0.05;
/// No drawn trait is above this.
pub const TRAIT_MAX: f64 = 0.95;
/// Standard deviation of the taste, in points of the voter's score.
pub const TASTE_DEVIATION: f64 = 0.05;
/// Nobody answers sooner than this.
pub const THINK_MIN: GameSpan = GameSpan::mins(5);
/// Nobody awake answers later than this.
pub const THINK_MAX: GameSpan = GameSpan::mins(90);

/// The stream counters of [`Purpose::PERSONALITY`].
const TRAITS: u64 = 0;
const TASTE: u64 = 1;

/// The traits of a player: each normal with mean 0.5 and deviation 0.18, kept within 0.05..=0.95.
#[must_use]
pub fn draw_traits(seed: u64, player: PlayerId) -> Traits {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::PERSONALITY, TRAITS);
    let mut draw = || stream.normal(TRAIT_MEAN, TRAIT_DEVIATION).clamp(TRAIT_MIN, TRAIT_MAX);
    Traits {
        openness: draw(),
        conscientiousness: draw(),
        extraversion: draw(),
        agreeableness: draw(),
        neuroticism: draw(),
    }
}

/// The taste of a player: normal with deviation 0.05, the same for every proposal.
#[must_use]
pub fn draw_taste(seed: u64, player: PlayerId) -> Taste {
    Taste(Stream::new(seed, u64::from(player.0), Purpose::PERSONALITY, TASTE).normal(0.0, TASTE_DEVIATION))
}

/// How long a player thinks about its `counter`-th question, in whole milliseconds from [`THINK_MIN`] to
/// [`THINK_MAX`]. Most answers come early: it is the smaller of two even draws, 33 minutes in the mean.
#[must_use]
pub fn think_time(seed: u64, player: PlayerId, counter: u64) -> GameSpan {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::THINKING, counter);
    let mut draw = || stream.between(THINK_MIN.0, THINK_MAX.0);
    GameSpan(draw().min(draw()))
}

/// How much a grievance moves the member, 0..=1: 0.5 + 0.5 dN until moods exist.
#[must_use]
pub fn anger(traits: &Traits) -> f64 {
    temper(traits)
}

/// How much a strong enemy frightens the member, 0..=1: 0.5 + 0.5 dN until moods exist.
#[must_use]
pub fn fear(traits: &Traits) -> f64 {
    temper(traits)
}

/// How likely a member is to send what it was ordered to, 0..=1: from .94 to 1 with conscientiousness, .97 in the mean.
///
/// ```
/// use bevy_alliance::society::personality::{Traits, rules::reliability};
/// assert!((reliability(&Traits::NEUTRAL) - 0.97).abs() < 1e-12);
/// ```
#[must_use]
pub fn reliability(traits: &Traits) -> f64 {
    0.94 + 0.06 * traits.conscientiousness.clamp(0.0, 1.0)
}

fn temper(traits: &Traits) -> f64 {
    (0.5 + 0.5 * (traits.neuroticism - 0.5)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / 2_000.0
    }

    fn deviation(values: &[f64]) -> f64 {
        let centre = mean(values);
        mean(&values.iter().map(|v| (v - centre) * (v - centre)).collect::<Vec<_>>()).sqrt()
    }

    #[test]
    fn traits_are_fixed_per_player_and_spread_as_stated() {
        assert_eq!(draw_traits(7, PlayerId(3)), draw_traits(7, PlayerId(3)));
        assert_ne!(draw_traits(7, PlayerId(3)), draw_traits(7, PlayerId(4)));
        assert_ne!(draw_traits(7, PlayerId(3)), draw_traits(8, PlayerId(3)));
        let all: Vec<Traits> = (0..2_000).map(|n| draw_traits(7, PlayerId(n))).collect();
        for of in [|t: &Traits| t.openness, |t: &Traits| t.neuroticism] {
            let values: Vec<f64> = all.iter().map(of).collect();
            assert!((mean(&values) - 0.5).abs() < 0.02, "mean {}", mean(&values));
            assert!((deviation(&values) - 0.18).abs() < 0.015, "deviation {}", deviation(&values));
            assert!(values.iter().all(|v| (TRAIT_MIN..=TRAIT_MAX).contains(v)));
        }
    }

    #[test]
    fn taste_has_its_deviation_and_no_bias() {
        let values: Vec<f64> = (0..2_000).map(|n| draw_taste(1, PlayerId(n)).0).collect();
        assert!(mean(&values).abs() < 0.005);
        assert!((deviation(&values) - TASTE_DEVIATION).abs() < 0.005);
    }

    #[test]
    fn most_answers_come_early() {
        let mut mins: Vec<i64> = (0..2_000).map(|n| think_time(1, PlayerId(2), n).0 / 60_000).collect();
        mins.sort_unstable();
        assert!(mins.iter().all(|m| (5..=90).contains(m)));
        assert!((25..=35).contains(&mins[1_000]), "median {}", mins[1_000]);
        assert!(mins[1_990] > 75, "a few are late");
    }

    #[test]
    fn temper_follows_neuroticism() {
        assert!(close(anger(&Traits::NEUTRAL), 0.5));
        assert!(close(fear(&Traits::TURTLE), 0.65));
        assert!(close(fear(&Traits { neuroticism: 9.0, ..Traits::NEUTRAL }), 1.0));
    }
}
