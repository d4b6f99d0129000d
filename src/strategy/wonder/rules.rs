//! What a level costs, and what speaks for building.
//!
//! Source of the costs: "World Wonder" of the rules of the world (`docs/rules.md`).

use crate::base::clock::GameSpan;
use crate::base::contract::Reason;
use crate::base::goods::Goods;
use crate::decision::planning::rules::breakdown::Breakdown;
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// How wonders are built.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct WonderSettings {
    /// Levels of a wonder that is whole.
    pub levels: u8,
    /// What a level costs, as a part of what the rules of the world say: small worlds need smaller wonders.
    pub cost: f64,
    /// A level takes this long at least.
    pub level_takes: GameSpan,
    /// A vote binds those who approved for this long.
    pub work_lasts: GameSpan,
    /// The part of its surplus that each of them gives.
    pub share: f64,
    /// What an alliance without a wonder thinks of beginning one in peace.
    pub begin: f64,
    /// What each further part of it is worth.
    pub progress: f64,
    /// What it costs that there is a war.
    pub per_war: f64,
    /// What a refusal costs, halved in 36 hours.
    pub refusal: f64,
}

impl Default for WonderSettings {
    fn default() -> Self {
        Self {
            levels: 100,
            cost: 1.0,
            level_takes: GameSpan::hours(1),
            work_lasts: GameSpan::days(7),
            share: 0.7,
            begin: 0.2,
            progress: 0.5,
            per_war: 0.1,
            refusal: 0.4,
        }
    }
}

impl WonderSettings {
    /// How long a level takes: a minute at least, as a pool may pay for many.
    #[must_use]
    pub fn pace(&self) -> GameSpan {
        self.level_takes.max(GameSpan::mins(1))
    }
}

/// Goods of the first level.
const FIRST: Goods = Goods::new([66_700, 69_050, 72_200, 13_200]);
/// Each level costs so many times as much as the one before.
const GROWTH: f64 = 1.0275;
/// No good of a level exceeds this.
const MOST: f64 = 1_000_000.0;

/// What level `level` costs, from 1 on: first x 1.0275^(level - 1), each good at most 1,000,000, all times the part that is set.
///
/// ```
/// use bevy_alliance::base::goods::Goods;
/// use bevy_alliance::strategy::wonder::{WonderSettings, rules::cost};
/// let settings = WonderSettings::default();
/// assert_eq!(cost(1, &settings), Goods::new([66_700, 69_050, 72_200, 13_200]));
/// assert_eq!(cost(2, &settings), Goods::new([68_534, 70_948, 74_185, 13_563]));
/// assert_eq!(cost(100, &settings).amounts()[2], 1_000_000);
/// assert_eq!(cost(1, &WonderSettings { cost: 0.01, ..settings }), Goods::new([667, 690, 722, 132]));
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "goods of one level, far below 2^53")]
pub fn cost(level: u8, settings: &WonderSettings) -> Goods {
    let factor = libm::pow(GROWTH, f64::from(level.max(1) - 1));
    Goods::new(FIRST.amounts().map(|good| ((good as f64 * factor).min(MOST) * settings.cost.max(0.0)) as i64))
}

/// What an alliance knows when it thinks of building.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct WonderInputs {
    /// Levels built / levels of a whole one.
    pub built: f64,
    /// Wars that it is in.
    pub wars: u32,
    /// Hours since members refused to build.
    pub hours_since_refusal: Option<f64>,
}

/// The score of building as an option of a session.
///
/// ```
/// use bevy_alliance::strategy::wonder::{WonderSettings, rules::{WonderInputs, wonder_score}};
/// let score = |built, wars| {
///     wonder_score(&WonderInputs { built, wars, hours_since_refusal: None }, &WonderSettings::default()).score
/// };
/// assert!((score(0.0, 0) - 0.2).abs() < 1e-9); // .2
/// assert!((score(0.0, 1) - 0.1).abs() < 1e-9); // .2 - .1
/// assert!((score(0.4, 1) - 0.3).abs() < 1e-9); // .2 + .5 x .4 - .1
/// ```
#[must_use]
pub fn wonder_score(inputs: &WonderInputs, settings: &WonderSettings) -> Reason {
    let refused = inputs.hours_since_refusal.map(|hours| -libm::exp2(-hours / 36.0));
    Breakdown::default()
        .with("begin", settings.begin, Some(1.0))
        .with("progress", settings.progress, Some(inputs.built.clamp(0.0, 1.0)))
        .with("wars", settings.per_war, Some(-f64::from(inputs.wars)))
        .with("refusal", settings.refusal, refused)
        .finish()
}
