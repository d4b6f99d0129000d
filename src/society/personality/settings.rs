//! The numbers of character.

use crate::base::clock::GameSpan;
use crate::base::contract::MemoryKind;
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How each trait changes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct TraitShift {
    /// Of O.
    pub openness: f64,
    /// Of C.
    pub conscientiousness: f64,
    /// Of E.
    pub extraversion: f64,
    /// Of A.
    pub agreeableness: f64,
    /// Of N.
    pub neuroticism: f64,
}

/// What living through something of weight 1 does to a member.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Effect {
    /// Above 0: takes this part of the way from the present anger to 1; below 0: to 0.
    pub anger: f64,
    /// The same of fear.
    pub fear: f64,
    /// How it shifts traits.
    pub drift: TraitShift,
}

impl Effect {
    const fn new(anger: f64, fear: f64, extraversion: f64, agreeableness: f64, neuroticism: f64) -> Self {
        let drift = TraitShift { openness: 0.0, conscientiousness: 0.0, extraversion, agreeableness, neuroticism };
        Self { anger, fear, drift }
    }
}

/// Who members are, what they feel and what they remember.
#[derive(Resource, Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct PersonalitySettings {
    /// Mean of each drawn trait.
    pub trait_mean: f64,
    /// Standard deviation of each drawn trait.
    pub trait_deviation: f64,
    /// No drawn trait is below this.
    pub trait_min: f64,
    /// No drawn trait is above this.
    pub trait_max: f64,
    /// Standard deviation of each trait around an archetype's.
    pub archetype_deviation: f64,
    /// Standard deviation of the taste, in points of the voter's score.
    pub taste_deviation: f64,
    /// What anger is above or below the member's own halves in this time.
    pub anger_half_life: GameSpan,
    /// The same of fear.
    pub fear_half_life: GameSpan,
    /// Memories of one member: the least salient leaves as an outward fact.
    pub memories_kept: usize,
    /// What a memory weighs halves in this time.
    pub memory_half_life: GameSpan,
    /// The same about the same within this time is one memory.
    pub one_memory_within: GameSpan,
    /// Memories that a member recalls when it votes, at most.
    pub recalled: usize,
    /// Nothing that is less salient than this is recalled.
    pub recall_min: f64,
    /// No trait moves farther than this within one week of the campaign.
    pub drift_week: f64,
    /// No trait drifts farther than this from what the member was born with.
    pub drift_max: f64,
    /// What each thing does to who lives through it; what is not listed does nothing.
    pub effects: BTreeMap<MemoryKind, Effect>,
}

impl Default for PersonalitySettings {
    fn default() -> Self {
        use MemoryKind::{
            Attacked, Betrayed, Failed, Held, Helped, LetDown, LostVillage, Peace, TookVillage, WarDeclared, Won,
        };
        let effects = BTreeMap::from([
            (Attacked, Effect::new(0.30, 0.20, 0.0, 0.0, 0.004)),
            (Held, Effect::new(0.10, -0.20, 0.004, 0.0, -0.004)),
            (LostVillage, Effect::new(0.50, 0.30, 0.0, 0.0, 0.015)),
            (TookVillage, Effect::new(-0.20, -0.30, 0.015, 0.0, 0.0)),
            (Won, Effect::new(-0.20, -0.20, 0.008, 0.0, 0.0)),
            (Failed, Effect::new(0.10, 0.25, -0.004, 0.0, 0.008)),
            (Helped, Effect::new(0.0, -0.25, 0.0, 0.008, 0.0)),
            (LetDown, Effect::new(0.15, 0.05, 0.0, -0.008, 0.0)),
            (Betrayed, Effect::new(0.40, 0.15, 0.0, -0.015, 0.004)),
            (WarDeclared, Effect::new(0.15, 0.20, 0.0, 0.0, 0.0)),
            (Peace, Effect::new(-0.25, -0.25, 0.0, 0.004, 0.0)),
        ]);
        Self {
            trait_mean: 0.5,
            trait_deviation: 0.18,
            trait_min: 0.05,
            trait_max: 0.95,
            archetype_deviation: 0.06,
            taste_deviation: 0.05,
            anger_half_life: GameSpan::hours(60),
            fear_half_life: GameSpan::hours(36),
            memories_kept: 64,
            memory_half_life: GameSpan::days(7),
            one_memory_within: GameSpan::hours(12),
            recalled: 5,
            recall_min: 0.05,
            drift_week: 0.03,
            drift_max: 0.15,
            effects,
        }
    }
}
