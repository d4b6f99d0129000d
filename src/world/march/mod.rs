//! Troops on their way: launch, recall, return.
//!
//! What is *not* here: what happens on arrival (`battle`), and why anyone marches.

mod components;
pub mod rules;
mod systems;

pub(crate) use components::owner_key;
pub use components::{MARCH_ARRIVES, MARCH_RETURNS, March};

use crate::base::clock::{Campaign, CampaignAppExt, Mechanics};
use crate::base::contract::WorldSystems;
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Marches of the default world.
#[derive(Debug, Default)]
pub struct MarchPlugin;

impl Plugin for MarchPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(MARCH_ARRIVES)
            .add_due_kind(MARCH_RETURNS)
            .register_state::<March>("march")
            .add_systems(
                Campaign,
                (
                    systems::return_marches,
                    systems::recall_groups,
                    systems::withdraw_guests,
                    systems::launch_groups,
                    systems::launch_inputs,
                )
                    .chain()
                    .in_set(WorldSystems::Move),
            )
            .add_systems(Mechanics, systems::return_marches.in_set(WorldSystems::Move));
    }
}
