//! Planning: scores of targets, attack patterns, timing, allocation of forces, and what is promised.
//!
//! What is *not* here: votes (`council`), and carrying a plan out (`operations`).

pub mod allocation;
mod commitment;
mod help;
pub mod kernel;
mod lessons;
mod pattern;
pub mod rules;
mod settling;
mod threat;
mod timing;

pub use allocation::Plan;
pub use commitment::{Commitment, Commitments, LastBlow};
pub use help::{HelpSettings, expected_help, share_that_helps};
pub use lessons::{LearningSettings, Lesson, Lessons, Moments, TrackRecord, misjudged_by};
pub use pattern::{Aim, Library, Need, Pattern, PatternError, PatternGoal, UnitFilter, WaveRole, WaveSite, WaveSpec};
pub use settling::{plan_settling, settlers};
pub use threat::{
    INCOMING_WITHIN, Incoming, KnownOffense, LIKELIHOOD, REACH, believed, known_offense, offense_of_player, ready,
    sites_in_reach, strongest_in_reach, threat, unseen_attack,
};
pub use timing::{Covering, earliest_with_chiefs, in_time, too_close};

use crate::base::clock::GameSpan;
use crate::base::state::StateAppExt;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How targets and options are scored.
#[derive(Resource, Clone, Debug, Serialize, Deserialize)]
pub struct PlanningSettings {
    /// Weights and thresholds of the scores.
    pub scores: rules::target::ScoreSettings,
    /// How intel fades and what a ratio costs.
    pub facts: rules::facts::FactSettings,
    /// When the circumstances hold that patterns ask for.
    pub circumstances: rules::circumstance::CircumstanceSettings,
    /// How much help an enemy is reckoned to send.
    pub help: HelpSettings,
    /// A village that sent troops to a blow is asked for none for so long. Default 44 h.
    pub rest: GameSpan,
}

impl Default for PlanningSettings {
    fn default() -> Self {
        Self {
            scores: rules::target::ScoreSettings::default(),
            facts: rules::facts::FactSettings::default(),
            circumstances: rules::circumstance::CircumstanceSettings::default(),
            help: HelpSettings::default(),
            rest: GameSpan::hours(44),
        }
    }
}

/// Planning: its settings and what is promised.
#[derive(Debug, Default)]
pub struct PlanningPlugin;

impl Plugin for PlanningPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Library>()
            .init_resource::<allocation::AllocationSettings>()
            .init_resource::<PlanningSettings>()
            .init_resource::<LearningSettings>()
            .register_state::<Lessons>("lessons")
            .register_state_resource::<LearningSettings>("learning_settings")
            .register_state::<Commitments>("commitments")
            .register_state::<LastBlow>("last_blow")
            .register_state_resource::<Library>("patterns")
            .register_state_resource::<allocation::AllocationSettings>("allocation_settings")
            .register_state_resource::<PlanningSettings>("planning_settings");
    }
}
