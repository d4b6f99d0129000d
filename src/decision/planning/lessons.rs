//! What an alliance learns from its operations: how strong an enemy really was, and how often its patterns do what they
//! promise.

use crate::base::id::AllianceId;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How fast alliances learn.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearningSettings {
    /// Whether what is learned changes what is planned. It is noted in any case. Default true.
    pub enabled: bool,
    /// What is known of an enemy, or a pattern, before the first operation weighs as much as so many of them. Default 1.
    pub prior: f64,
    /// With each operation the weight of earlier ones falls to this. Default 0.95.
    pub keep: f64,
    /// How far (natural logarithm) an enemy may be taken to be stronger, or weaker, than what is seen of it. Default 0.5.
    pub bias_max: f64,
    /// Of patterns that never worked at least this share of the promised chance is still believed. Default 0.1.
    pub hit_rate_min: f64,
}

impl Default for LearningSettings {
    fn default() -> Self {
        Self { enabled: true, prior: 1.0, keep: 0.95, bias_max: 0.5, hit_rate_min: 0.1 }
    }
}

/// Weighted sums of what was seen again and again; what was seen last weighs most.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Moments {
    /// Sum of weights.
    pub weight: f64,
    /// Weighted sum of the values.
    pub sum: f64,
    /// Weighted sum of their squares.
    pub squares: f64,
}

impl Moments {
    /// Adds a value of weight 1; earlier ones fall to `keep` of theirs.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::Moments;
    /// let mut seen = Moments::default();
    /// seen.add(1.0, 0.5);
    /// seen.add(2.0, 0.5);
    /// assert_eq!((seen.weight, seen.sum), (1.5, 2.5));
    /// // Half of it is the prior, 0: 2.5 / (1.5 + 1.5).
    /// assert!((seen.mean(1.5) - 2.5 / 3.0).abs() < 1e-12);
    /// ```
    pub fn add(&mut self, value: f64, keep: f64) {
        self.weight = self.weight * keep + 1.0;
        self.sum = self.sum * keep + value;
        self.squares = self.squares * keep + value * value;
    }

    /// The mean, with `prior` values of 0.
    #[must_use]
    pub fn mean(&self, prior: f64) -> f64 {
        if self.weight + prior > 0.0 { self.sum / (self.weight + prior) } else { 0.0 }
    }

    /// The variance around the mean of what was seen, with `prior` values that do not deviate.
    #[must_use]
    pub fn variance(&self, prior: f64) -> f64 {
        if self.weight <= 0.0 {
            return 0.0;
        }
        let mean = self.sum / self.weight;
        (self.squares - self.weight * mean * mean).max(0.0) / (self.weight + prior)
    }
}

/// How often a pattern did what it promised.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Weighted sum of the chances that forecasts gave it.
    pub promised: f64,
    /// Weighted sum of the shares of targets met.
    pub met: f64,
}

impl TrackRecord {
    /// Notes an operation.
    pub fn add(&mut self, promised: f64, met: f64, keep: f64) {
        self.promised = self.promised * keep + promised;
        self.met = self.met * keep + met;
    }

    /// What a promised chance is to be multiplied with: met over promised, with `prior` operations that kept their promise.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::{LearningSettings, TrackRecord};
    /// let mut record = TrackRecord::default();
    /// let settings = LearningSettings { prior: 2.0, ..LearningSettings::default() };
    /// assert_eq!(record.hit_rate(&settings), 1.0);
    /// record.add(1.0, 0.0, 1.0);
    /// record.add(1.0, 1.0, 1.0);
    /// assert_eq!(record.hit_rate(&settings), 0.75);
    /// ```
    #[must_use]
    pub fn hit_rate(&self, settings: &LearningSettings) -> f64 {
        let (met, promised) = (self.met + settings.prior, self.promised + settings.prior);
        if promised > 0.0 { (met / promised).clamp(settings.hit_rate_min, 1.0) } else { 1.0 }
    }
}

/// What an alliance has learned.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Lessons {
    /// Of each enemy alliance: the logarithm of what stood at its sites over what was believed.
    pub enemies: BTreeMap<AllianceId, Moments>,
    /// Of each pattern, by its name.
    pub patterns: BTreeMap<String, TrackRecord>,
}

/// What is believed of an enemy's strength beside what is seen of it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Lesson {
    /// The logarithm of what stands there over what is seen.
    pub bias: f64,
    /// How far that varies.
    pub sigma: f64,
}

impl Lesson {
    /// What stands there over what is seen.
    #[must_use]
    pub fn factor(self) -> f64 {
        libm::exp(self.bias)
    }
}

impl Lessons {
    /// What is learned of an enemy.
    #[must_use]
    pub fn of(&self, enemy: AllianceId, settings: &LearningSettings) -> Lesson {
        let Some(seen) = self.enemies.get(&enemy).filter(|_| settings.enabled) else { return Lesson::default() };
        let bias = seen.mean(settings.prior).clamp(-settings.bias_max, settings.bias_max);
        Lesson { bias, sigma: seen.variance(settings.prior).sqrt() }
    }

    /// How much of a pattern's promise is believed.
    #[must_use]
    pub fn hit_rate(&self, pattern: &str, settings: &LearningSettings) -> f64 {
        let record = self.patterns.get(pattern).filter(|_| settings.enabled);
        record.map_or(1.0, |record| record.hit_rate(settings))
    }
}

/// The logarithm of what stood at a site over what was believed, both in goods; none where nothing was believed, or where so
/// little stood there that it had been led away: that tells nothing of strength.
///
/// ```
/// use bevy_alliance::decision::planning::misjudged_by;
/// assert_eq!(misjudged_by(100_000, 100_000), Some(0.0));
/// assert!((misjudged_by(200_000, 100_000).unwrap() - 0.693_147).abs() < 1e-6);
/// assert_eq!(misjudged_by(9_000, 100_000), None);
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
pub fn misjudged_by(stood: i64, believed: i64) -> Option<f64> {
    (believed > 0 && 10 * stood >= believed).then(|| libm::log(stood as f64 / believed as f64))
}
