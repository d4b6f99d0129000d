//! What a member carries.

use bevy::prelude::{Component, Reflect};
use serde::{Deserialize, Serialize};

/// The five traits, each 0..=1 with 0.5 for a mean member. Formulas take them as d = trait - 0.5.
#[derive(Component, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Traits {
    /// O: likes the new, minds old intel less.
    pub openness: f64,
    /// C: keeps to the aim, minds old intel and an empty home.
    pub conscientiousness: f64,
    /// E: bold, minds losses and weariness less.
    pub extraversion: f64,
    /// A: trusts, helps, gives.
    pub agreeableness: f64,
    /// N: angry and afraid, minds losses, threats and retaliation.
    pub neuroticism: f64,
}

impl Traits {
    /// The mean member: N of the acceptance table in `behavior.md`.
    pub const NEUTRAL: Self =
        Self { openness: 0.5, conscientiousness: 0.5, extraversion: 0.5, agreeableness: 0.5, neuroticism: 0.5 };
    /// A bold and quarrelsome member: Ag of the acceptance table.
    pub const AGGRESSIVE: Self =
        Self { openness: 0.6, conscientiousness: 0.4, extraversion: 0.85, agreeableness: 0.3, neuroticism: 0.35 };
    /// A careful member that stays at home: Tu of the acceptance table.
    pub const TURTLE: Self =
        Self { openness: 0.3, conscientiousness: 0.7, extraversion: 0.2, agreeableness: 0.5, neuroticism: 0.8 };
}

impl Default for Traits {
    fn default() -> Self {
        Self::NEUTRAL
    }
}

/// What a member adds to the score of every proposal: fixed for its life, so that two members with equal traits and
/// knowledge still differ.
#[derive(Component, Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Taste(pub f64);
