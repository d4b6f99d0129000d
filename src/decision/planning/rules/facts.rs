//! Facts of a proposed attack: how sure we are, how likely it wins, what it costs, whether it pays.
//!
//! Source of every formula: `docs/behavior.md`, "Facts of a proposed attack". A game's own combat enters through
//! [`expected_loss_by`], which takes its loss curve.

use crate::base::clock::GameSpan;
use serde::{Deserialize, Serialize};

/// The numbers in the formulas of the facts.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactSettings {
    /// Hours after which confidence in seen troops has halved. Default 48.
    pub confidence_half_life_hours: f64,
    /// Uncertainty of ln r with fresh and certain intel. Default 0.12.
    pub sigma_base: f64,
    /// Uncertainty added per square root of a day of age. Default 0.10.
    pub sigma_per_root_day: f64,
    /// Uncertainty added for confidence missing before age. Default 0.5.
    pub sigma_of_doubt: f64,
    /// K of the loss curve min(1, q^-K). Default 1.5.
    pub loss_exponent: f64,
}

impl Default for FactSettings {
    fn default() -> Self {
        Self {
            confidence_half_life_hours: 48.0,
            sigma_base: 0.12,
            sigma_per_root_day: 0.10,
            sigma_of_doubt: 0.5,
            loss_exponent: 1.5,
        }
    }
}

/// What is believed of a proposed attack before anything is derived.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct AttackEstimate {
    /// r: planned offense over estimated defense, wall and morale included; 1 is even.
    pub ratio: f64,
    /// Confidence in the report when it was made, 0..=1.
    pub confidence: f64,
    /// How old the report is.
    pub age: GameSpan,
    /// V: value to gain, in goods.
    pub value_goods: f64,
    /// C: what the troops sent cost, in goods.
    pub cost_goods: f64,
}

/// What follows from an [`AttackEstimate`].
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct AttackFacts {
    /// r, as estimated.
    pub ratio: f64,
    /// c: confidence after its age, 0..=1.
    pub confidence: f64,
    /// sigma: the uncertainty of ln r.
    pub sigma: f64,
    /// p: chance to win, 0..=1.
    pub win_chance: f64,
    /// L: expected fraction of the own troops that is lost, 0..=1.
    pub own_loss: f64,
    /// x of the term `gain`, -1..=1.
    pub gain: f64,
}

impl AttackFacts {
    /// Derives the facts with the loss curve of the settings.
    #[must_use]
    pub fn derive(estimate: &AttackEstimate, settings: &FactSettings) -> Self {
        let sigma = uncertainty(estimate.confidence, estimate.age, settings);
        let own_loss = expected_loss(estimate.ratio, sigma, settings.loss_exponent);
        let win_chance = win_chance(estimate.ratio, sigma);
        Self {
            ratio: estimate.ratio,
            confidence: confidence_after(estimate.confidence, estimate.age, settings),
            sigma,
            win_chance,
            own_loss,
            gain: gain(win_chance, estimate.value_goods, own_loss, estimate.cost_goods),
        }
    }
}

/// c = confidence x 0.5^(age / half-life), 0..=1. An age in the future counts as 0.
#[must_use]
pub fn confidence_after(confidence: f64, age: GameSpan, settings: &FactSettings) -> f64 {
    let half_lives = age.as_hours().max(0.0) / settings.confidence_half_life_hours;
    (confidence * libm::pow(0.5, half_lives)).clamp(0.0, 1.0)
}

/// sigma = 0.12 + 0.10 sqrt(age in days) + 0.5 (1 - confidence before age): how far ln r may be off.
#[must_use]
pub fn uncertainty(confidence: f64, age: GameSpan, settings: &FactSettings) -> f64 {
    let days = age.as_hours().max(0.0) / 24.0;
    settings.sigma_base
        + settings.sigma_per_root_day * days.sqrt()
        + settings.sigma_of_doubt * (1.0 - confidence.clamp(0.0, 1.0))
}

/// p = 1 / (1 + exp(-1.702 ln r / sigma)): the logistic curve nearest to the normal one. 0 for a ratio of 0.
#[must_use]
pub fn win_chance(ratio: f64, sigma: f64) -> f64 {
    const LOGISTIC: f64 = 1.702;
    1.0 / (1.0 + libm::exp(-LOGISTIC * libm::log(ratio.max(0.0)) / sigma))
}

/// L with the loss curve f(q) = min(1, q^-exponent), see [`expected_loss_by`].
#[must_use]
pub fn expected_loss(ratio: f64, sigma: f64, exponent: f64) -> f64 {
    expected_loss_by(ratio, sigma, |q| if q > 1.0 { libm::pow(q, -exponent) } else { 1.0 })
}

/// L: the loss curve at r e^(-sqrt3 sigma), r and r e^(sqrt3 sigma), weighted 1/6, 4/6, 1/6. `loss_at` gives the
/// fraction lost (0..=1) at exactly a ratio, as `WorldModel::forecast` does.
#[must_use]
pub fn expected_loss_by(ratio: f64, sigma: f64, loss_at: impl Fn(f64) -> f64) -> f64 {
    let spread = libm::exp(3.0_f64.sqrt() * sigma);
    let ratio = ratio.max(0.0);
    (loss_at(ratio / spread) + 4.0 * loss_at(ratio) + loss_at(ratio * spread)) / 6.0
}

/// (pV - LC) / (pV + LC), -1..=1; 0 where nothing is to be won or lost.
#[must_use]
pub fn gain(win_chance: f64, value_goods: f64, own_loss: f64, cost_goods: f64) -> f64 {
    let won = win_chance * value_goods.max(0.0);
    let lost = own_loss * cost_goods.max(0.0);
    if won + lost > 0.0 { (won - lost) / (won + lost) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(got: f64, expect: f64) {
        assert!((got - expect).abs() < 5e-4, "got {got}, expected {expect}");
    }

    #[test]
    fn worked_by_hand() {
        let settings = FactSettings::default();
        check(confidence_after(0.8, GameSpan::hours(48), &settings), 0.4);
        check(confidence_after(0.8, GameSpan::hours(-5), &settings), 0.8);
        check(uncertainty(0.8, GameSpan::hours(24), &settings), 0.32);
        check(win_chance(1.0, 0.3), 0.5);
        check(win_chance(1.2, 0.32), 0.7251);
        check(win_chance(0.0, 0.32), 0.0);
        check(expected_loss(2.5, 0.0, 1.5), 0.25298);
        // r = 1.2, sigma = 0.32: 1/6 x 1 + 4/6 x 0.76073 + 1/6 x 0.33125.
        check(expected_loss(1.2, 0.32, 1.5), 0.72903);
        check(expected_loss(0.0, 0.3, 1.5), 1.0);
        check(gain(0.5, 100.0, 0.25, 200.0), 0.0);
        check(gain(0.0, 100.0, 1.0, 200.0), -1.0);
        check(gain(0.0, 0.0, 0.0, 0.0), 0.0);
    }

    proptest! {
        #[test]
        fn a_higher_ratio_is_never_worse(
            r in 0.0..6.0_f64, more in 0.0..3.0_f64, confidence in 0.0..1.0_f64, age_h in 0_i64..300,
            value in 0.0..1e6_f64, cost in 0.0..1e6_f64,
        ) {
            let settings = FactSettings::default();
            let age = GameSpan::hours(age_h);
            let at = |ratio| AttackFacts::derive(
                &AttackEstimate { ratio, confidence, age, value_goods: value, cost_goods: cost }, &settings);
            let (low, high) = (at(r), at(r + more));
            prop_assert!(high.win_chance >= low.win_chance);
            prop_assert!(high.own_loss <= low.own_loss + 1e-12);
            prop_assert!(high.gain >= low.gain - 1e-12);
            for facts in [low, high] {
                prop_assert!((0.0..=1.0).contains(&facts.win_chance));
                prop_assert!((0.0..=1.0 + 1e-12).contains(&facts.own_loss));
                prop_assert!((-1.0..=1.0).contains(&facts.gain));
            }
        }
    }
}
