//! Everything has a limit, and each is a named setting here.

use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// The limits of a campaign. What a limit turns away ends as a
/// [`RequestRefused`](crate::base::contract::RequestRefused) fact, never as a silent drop.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct Limits {
    /// Follow-up passes at one instant before [`CampaignError::TooManyPasses`](crate::base::error::CampaignError).
    pub passes_per_instant: u32,
    /// Game milliseconds that one host update may advance at most (`SliceLimit`).
    pub slice_millis: i64,
    /// Passes that one host update may run at most (`SliceLimit`).
    pub slice_passes: u32,
    /// Inputs from outside that may wait for the next host update.
    pub inbox: usize,
    /// Open proposals of one alliance.
    pub open_proposals: usize,
    /// Targets of one operation.
    pub targets_per_operation: usize,
    /// Groups of one operation.
    pub groups_per_operation: usize,
    /// Members of one alliance.
    pub members_per_alliance: usize,
    /// Decisions that an alliance keeps in full; older ones leave as an outward fact.
    pub decisions_kept: usize,
    /// Raw observations that an alliance keeps as history.
    pub observations_kept: usize,
    /// Raw observations that a player without a deliberating alliance keeps as history.
    pub lone_observations_kept: usize,
    /// Foreign marches that a knower keeps track of, and forces on their way home; whoever is home first goes first.
    pub movements_kept: usize,
    /// Foreign players of whom an alliance keeps a dossier.
    pub dossiers_kept: usize,
    /// Foreign players of whom a player without a deliberating alliance keeps a dossier.
    pub lone_dossiers_kept: usize,
    /// Results of operations that an alliance keeps.
    pub results_kept: usize,
    /// Conditions of one ballot.
    pub conditions_per_ballot: usize,
    /// Characters of a text that a person writes, with a vote or to its alliance.
    pub text_chars: usize,
    /// Characters of a name taken from a file or a game.
    pub name_chars: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            passes_per_instant: 64,
            slice_millis: 3_600_000,
            slice_passes: 10_000,
            inbox: 1_024,
            open_proposals: 8,
            targets_per_operation: 4,
            groups_per_operation: 120,
            members_per_alliance: 60,
            decisions_kept: 64,
            observations_kept: 2_000,
            lone_observations_kept: 32,
            movements_kept: 1_024,
            dossiers_kept: 1_024,
            lone_dossiers_kept: 64,
            results_kept: 64,
            conditions_per_ballot: 6,
            text_chars: 1_000,
            name_chars: 128,
        }
    }
}
