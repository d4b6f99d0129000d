//! What a look is worth: the chance that it finds an army that an attack on it pays.

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

/// What makes an army one that an attack on it pays.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Odds {
    /// Smaller armies, in goods, are no target of an operation.
    pub least_goods: f64,
    /// Armies above this, in goods, are those of defenders.
    pub weak_goods: f64,
    /// The chance at a defender's, over that at another's of the same size.
    pub strong: f64,
    /// The army, in goods, at which every second attack would pay.
    pub even_goods: f64,
}

impl Odds {
    /// The chance that an attack pays if this army (goods) stands at a site: 1 / (1 + army / `even_goods`), times `strong`
    /// above `weak_goods`, and 0 below `least_goods`. A smaller army costs less to break and leaves more offense for the
    /// next.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::rules::scouting::Odds;
    /// let odds = Odds { least_goods: 30_000.0, weak_goods: 75_000.0, strong: 0.25, even_goods: 50_000.0 };
    /// assert_eq!(odds.at(20_000.0), 0.0);
    /// assert_eq!(odds.at(50_000.0), 0.5);
    /// assert_eq!(odds.at(150_000.0), 0.0625);
    /// ```
    #[must_use]
    pub fn at(&self, army: f64) -> f64 {
        if army < self.least_goods {
            return 0.0;
        }
        let by_size = 1.0 / (1.0 + army / self.even_goods.max(f64::MIN_POSITIVE));
        if army <= self.weak_goods { by_size } else { by_size * self.strong }
    }

    /// The chance that a look finds such an army: the mean over what may stand there.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::rules::scouting::{Guess, Odds};
    /// let odds = Odds { least_goods: 0.0, weak_goods: 1e9, strong: 1.0, even_goods: 100.0 };
    /// let known = Guess { median_goods: 100.0, sigma: 0.0 };
    /// assert_eq!(odds.of_look(&known), 0.5);
    /// ```
    #[must_use]
    pub fn of_look(&self, guess: &Guess) -> f64 {
        guess.armies().into_iter().map(|army| self.at(army)).sum::<f64>() / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn odds_are_a_chance_and_smaller_armies_have_better_ones(
            army in 1e3..1e7_f64, more in 1.0..10.0_f64, weak in 1e3..1e7_f64, strong in 0.0..1.0_f64, even in 1e3..1e6_f64,
        ) {
            let odds = Odds { least_goods: 0.0, weak_goods: weak, strong, even_goods: even };
            let (small, large) = (odds.at(army), odds.at(army * more));
            prop_assert!((0.0..=1.0).contains(&small) && large <= small, "{small} {large}");
        }
    }

    #[test]
    fn a_look_at_an_owner_whose_others_were_weak_is_worth_more() {
        let odds = Odds { least_goods: 3e4, weak_goods: 7.5e4, strong: 0.25, even_goods: 1e5 };
        let look = |seen: &[f64]| odds.of_look(&Guess::of_owner(1e5, seen, 0.6, 0.7));
        let (weak, unknown, strong) = (look(&[libm::log(0.5)]), look(&[]), look(&[libm::log(1.4)]));
        assert!(weak > unknown && unknown > strong, "{weak} {unknown} {strong}");
    }

    #[test]
    fn the_parts_of_a_guess_have_its_mean() {
        let guess = Guess::unseen(1_000.0, 0.5);
        let mean = guess.armies().iter().sum::<f64>() / 8.0;
        assert!((mean - 1_000.0).abs() < 30.0, "{mean}");
    }
}
