//! What a look is worth: how much better the best option is expected to be once it is known what stands at a site.

use crate::base::clock::GameSpan;
use crate::decision::planning::rules::facts::{FactSettings, uncertainty};

/// A normal deviate of each of eight equally likely parts, its middle: -1.534 is the 1/16 quantile.
const EIGHTHS: [f64; 8] = [-1.534, -0.887, -0.489, -0.157, 0.157, 0.489, 0.887, 1.534];

/// What may stand at a site, in goods: lognormal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Guess {
    /// As likely more as less.
    pub median_goods: f64,
    /// The deviation of its logarithm.
    pub sigma: f64,
}

impl Guess {
    /// Of a site that nobody has seen: the mean is what its inhabitants suggest, so the median is that times
    /// e^(-sigma^2 / 2).
    ///
    /// ```
    /// use bevy_alliance::decision::planning::rules::scouting::Guess;
    /// let guess = Guess::unseen(100_000.0, 1.0);
    /// assert!((guess.median_goods - 60_653.0).abs() < 1.0);
    /// ```
    #[must_use]
    pub fn unseen(mean_goods: f64, sigma: f64) -> Self {
        Self { median_goods: mean_goods.max(0.0) * libm::exp(-sigma * sigma / 2.0), sigma }
    }

    /// Of a site that nobody has seen, of an owner of whom other sites were: armies of one owner resemble one another. `seen`
    /// has of each of those ln(army / what its inhabitants suggest); `sigma` is the deviation over all owners, of whose
    /// square the share `alike` lies between owners and the rest between the sites of one. With n seen, the weight of their
    /// mean is w = n alike / (n alike + 1 - alike), and of the square (1 - alike) + alike (1 - w) is left: the normal
    /// distribution's rule for a mean with a prior.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::rules::scouting::Guess;
    /// let half = libm::log(0.5);
    /// let guess = Guess::of_owner(100_000.0, &[half], 0.6, 0.7);
    /// assert!((guess.sigma - 0.428).abs() < 1e-3 && (guess.median_goods - 58_321.0).abs() < 10.0);
    /// assert_eq!(Guess::of_owner(100_000.0, &[], 0.6, 0.7), Guess::unseen(100_000.0, 0.6));
    /// ```
    #[must_use]
    pub fn of_owner(mean_goods: f64, seen: &[f64], sigma: f64, alike: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "sites of one owner")]
        let n = seen.len() as f64;
        let prior = Self::unseen(mean_goods, sigma);
        if seen.is_empty() {
            return prior;
        }
        let weight = n * alike / (n * alike + 1.0 - alike).max(f64::MIN_POSITIVE);
        let average = seen.iter().sum::<f64>() / n;
        // What was seen is held against what inhabitants suggest, not against the median.
        let usual = libm::log(prior.median_goods.max(f64::MIN_POSITIVE) / mean_goods.max(f64::MIN_POSITIVE));
        let median_goods = mean_goods.max(0.0) * libm::exp(usual + weight * (average - usual));
        Self { median_goods, sigma: sigma * ((1.0 - alike) + alike * (1.0 - weight)).sqrt() }
    }

    /// Of a site that was seen: what stood there, the less certain the older it is (see [`uncertainty`]).
    ///
    /// ```
    /// use bevy_alliance::base::clock::GameSpan;
    /// use bevy_alliance::decision::planning::rules::{facts::FactSettings, scouting::Guess};
    /// let guess = Guess::seen(80_000.0, 0.8, GameSpan::days(4), &FactSettings::default());
    /// assert!((guess.sigma - 0.42).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn seen(goods: f64, confidence: f64, age: GameSpan, settings: &FactSettings) -> Self {
        Self { median_goods: goods.max(0.0), sigma: uncertainty(confidence, age, settings) }
    }

    /// Eight armies that are as likely as one another, the smallest first.
    #[must_use]
    pub fn armies(&self) -> [f64; 8] {
        EIGHTHS.map(|z| self.median_goods * libm::exp(self.sigma * z))
    }
}

/// The expected improvement: the mean, over what may stand there, of how far the best option with it exceeds the best
/// option that is known. `score` is that of an attack on the site if this army (goods) stood there, none if there would be
/// no such option. Never negative: what is worse than what is known is not done.
///
/// Two of eight armies would make an attack of 0.7, the others none; 0.3 is known:
///
/// ```
/// use bevy_alliance::decision::planning::rules::scouting::{Guess, expected_improvement};
/// let guess = Guess { median_goods: 100.0, sigma: 1.0 };
/// let score = |army: f64| (army > 200.0).then_some(0.7);
/// assert!((expected_improvement(&guess, 0.3, score) - 0.1).abs() < 1e-12);
/// assert_eq!(expected_improvement(&guess, 0.8, score), 0.0);
/// ```
#[must_use]
pub fn expected_improvement(guess: &Guess, best_known: f64, score: impl Fn(f64) -> Option<f64>) -> f64 {
    let improved: f64 = guess.armies().into_iter().filter_map(score).map(|s| (s - best_known).max(0.0)).sum();
    improved / 8.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_look_is_never_worth_less_than_nothing(
            median in 0.0..1e6_f64, sigma in 0.0..2.0_f64, best in -1.0..1.0_f64, more in 0.0..1.0_f64,
        ) {
            let guess = Guess { median_goods: median, sigma };
            let score = |army: f64| (army > 1e4).then(|| libm::log(army) / 20.0);
            let (low, high) = (expected_improvement(&guess, best + more, score), expected_improvement(&guess, best, score));
            prop_assert!(low >= 0.0 && high >= low, "{low} {high}");
        }

        #[test]
        fn the_less_is_known_the_more_a_look_is_worth(best in 0.0..1.0_f64, sigma in 0.0..1.0_f64, more in 0.0..1.0_f64) {
            // A score that is linear in the logarithm: what is gained above and lost below are alike, but losses do not count.
            let score = |army: f64| Some(libm::log(army) / 20.0);
            let at = |sigma| expected_improvement(&Guess { median_goods: 1e5, sigma }, best, score);
            prop_assert!(at(sigma + more) >= at(sigma) - 1e-12);
        }
    }

    #[test]
    fn the_parts_of_a_guess_have_its_mean() {
        let guess = Guess::unseen(1_000.0, 0.5);
        let mean = guess.armies().iter().sum::<f64>() / 8.0;
        assert!((mean - 1_000.0).abs() < 30.0, "{mean}");
    }
}
