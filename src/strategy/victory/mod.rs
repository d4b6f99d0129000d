//! Victory: conditions that are data, how far each alliance has come, and who has won.
//!
//! All of it follows from public facts: land, wonders, members, inhabitants. A campaign goes on when somebody has won: what
//! becomes of it is the game's to say. What is *not* here: what an alliance does about a rival (`war_council`).

mod condition;
pub mod rules;
mod systems;

pub use condition::{VictoryCondition, VictoryConditions, VictoryError};
pub use systems::{VICTORY_CHECKED, VictoryRanking, VictoryResult, VictoryStanding, VictorySystems};

use crate::action::operations::OperationSystems;
use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use crate::knowledge::territory::TerritorySystems;
use bevy::prelude::*;

/// Conditions of victory, the ranking, and the result.
#[derive(Debug, Default)]
pub struct VictoryPlugin;

impl Plugin for VictoryPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(VICTORY_CHECKED)
            .init_resource::<VictoryConditions>()
            .init_resource::<VictoryRanking>()
            .register_state_resource::<VictoryConditions>("victory_conditions")
            .register_state_resource::<VictoryRanking>("victory_ranking")
            .add_scenario_loader(41, systems::begin)
            .configure_sets(
                Campaign,
                VictorySystems::Rank
                    .in_set(CampaignSystems::Settle)
                    .after(TerritorySystems::Follow)
                    .after(OperationSystems::Conclude),
            )
            .add_systems(Campaign, systems::rank.in_set(VictorySystems::Rank));
    }
}
