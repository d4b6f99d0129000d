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
    /// Whether what is learned, and what is assumed before the first operation (`prior` and the fields named after it), change
    /// what is planned. It is noted in any case. Default true.
    pub enabled: bool,
    /// What is known of an enemy, or a pattern, before the first operation weighs as much as so many of them. Default 1.
    pub prior: f64,
    /// How much stronger (natural logarithm) than what is seen of it an enemy that coordinates is taken to be before it was fought:
    /// between the look and the blow it is warned, and helped more than was reckoned. Default 0.2.
    pub prior_bias: f64,
    /// How far that may be off. Default 0.2.
    pub prior_sigma: f64,
    /// Of patterns that were never tried this share of the promised chance is believed: garrisons are led away, and groups stay at
    /// home. Default 0.83.
    pub prior_hit_rate: f64,
    /// With each operation the weight of earlier ones falls to this. Default 0.95.
    pub keep: f64,
    /// How far (natural logarithm) an enemy may be taken to be stronger, or weaker, than what is seen of it. Default 1.0.
    pub bias_max: f64,
    /// Of patterns that never worked at least this share of the promised chance is still believed. Default 0.1.
    pub hit_rate_min: f64,
}

impl Default for LearningSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            prior: 1.0,
            prior_bias: 0.2,
            prior_sigma: 0.2,
            prior_hit_rate: 0.83,
            keep: 0.95,
            bias_max: 1.0,
            hit_rate_min: 0.1,
        }
    }
}

/// Weighted sums of what was seen again and again; what was seen last weighs most.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Moments {
    /// Sum of weights.
    pub weight: f64,
    /// Weighted sum of the values.
    pub sum: f64,
    /// Weighted sum of their squares, less that of the squares of their noise.
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
    /// // Half of it is a prior of 0: 2.5 / (1.5 + 1.5).
    /// assert!((seen.with(1.5, 0.0, 0.0).mean() - 2.5 / 3.0).abs() < 1e-12);
    /// ```
    pub fn add(&mut self, value: f64, keep: f64) {
        self.weight = self.weight * keep + 1.0;
        self.sum = self.sum * keep + value;
        self.squares = self.squares * keep + value * value;
    }

    /// The same of a value that noise of this deviation moved: what is left of the variance is that of what lies behind the noise.
    /// Of few values that may be less than nothing, which [`variance`](Self::variance) takes for 0: they are surer than they should be.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::Moments;
    /// let mut seen = Moments::default();
    /// seen.add_noisy(-0.5, 0.3, 1.0);
    /// seen.add_noisy(0.5, 0.3, 1.0);
    /// assert!((seen.variance() - (0.25 - 0.09)).abs() < 1e-12);
    /// ```
    pub fn add_noisy(&mut self, value: f64, noise: f64, keep: f64) {
        self.add(value, keep);
        self.squares -= noise * noise;
    }

    /// The same with `weight` values more of this mean and this deviation.
    #[must_use]
    pub fn with(self, weight: f64, mean: f64, deviation: f64) -> Self {
        Self {
            weight: self.weight + weight,
            sum: self.sum + weight * mean,
            squares: self.squares + weight * (mean * mean + deviation * deviation),
        }
    }

    /// The mean; 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }

    /// The variance around the mean.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        if self.weight > 0.0 { (self.squares / self.weight - mean * mean).max(0.0) } else { 0.0 }
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

    /// What a promised chance is to be multiplied with: met over promised, with `prior` operations that kept it as often as
    /// `prior_hit_rate` says.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::{LearningSettings, TrackRecord};
    /// let mut record = TrackRecord::default();
    /// let settings = LearningSettings { prior: 2.0, prior_hit_rate: 1.0, ..LearningSettings::default() };
    /// assert_eq!(record.hit_rate(&settings), 1.0);
    /// record.add(1.0, 0.0, 1.0);
    /// record.add(1.0, 1.0, 1.0);
    /// assert_eq!(record.hit_rate(&settings), 0.75);
    /// ```
    #[must_use]
    pub fn hit_rate(&self, settings: &LearningSettings) -> f64 {
        let (met, promised) = (self.met + settings.prior * settings.prior_hit_rate, self.promised + settings.prior);
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
    /// What is believed of an enemy: what was learned of it, and before that what is to be expected of one that coordinates, or of
    /// one that does not.
    ///
    /// ```
    /// use bevy_alliance::base::id::AllianceId;
    /// use bevy_alliance::decision::planning::{LearningSettings, Lessons};
    /// let settings = LearningSettings { prior_bias: 0.6, prior_sigma: 0.6, ..LearningSettings::default() };
    /// let mut lessons = Lessons::default();
    /// let before = lessons.of(AllianceId(3), true, &settings);
    /// assert!((before.bias - 0.6).abs() < 1e-12 && (before.sigma - 0.6).abs() < 1e-12);
    /// assert_eq!(lessons.of(AllianceId(3), false, &settings).bias, 0.0);
    /// // One operation at which it was as strong as it was seen: half of what was expected.
    /// lessons.enemies.entry(AllianceId(3)).or_default().add(0.0, settings.keep);
    /// assert!((lessons.of(AllianceId(3), true, &settings).bias - 0.3).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn of(&self, enemy: AllianceId, coordinates: bool, settings: &LearningSettings) -> Lesson {
        if !settings.enabled {
            return Lesson::default();
        }
        let seen = self.enemies.get(&enemy).copied().unwrap_or_default();
        let (bias, sigma) = if coordinates { (settings.prior_bias, settings.prior_sigma) } else { (0.0, 0.0) };
        let all = seen.with(settings.prior, bias, sigma);
        Lesson { bias: all.mean().clamp(-settings.bias_max, settings.bias_max), sigma: all.variance().sqrt() }
    }

    /// How much of a pattern's promise is believed.
    #[must_use]
    pub fn hit_rate(&self, pattern: &str, settings: &LearningSettings) -> f64 {
        if !settings.enabled {
            return 1.0;
        }
        let record = self.patterns.get(pattern);
        record.copied().unwrap_or_default().hit_rate(settings)
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
