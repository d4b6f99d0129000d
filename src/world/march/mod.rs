//! Troops on their way: launch, recall, return, who sees them pass, and new homes for those whose village is lost.
//!
//! What is *not* here: what happens on arrival (`battle`), and why anyone marches.

mod components;
mod launch;
pub mod rules;
mod systems;
mod watch;
mod ways;

pub use components::{MARCH_ARRIVES, MARCH_PASSES, MARCH_RETURNS, March};
pub(crate) use components::{march_of, owner_key};
pub(crate) use systems::homes_of_returns;
pub(crate) use watch::follow_owners;
pub(crate) use ways::Ways;

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
            .add_due_kind(MARCH_PASSES)
            .register_state::<March>("march")
            .add_systems(
                Campaign,
                (
                    systems::return_marches,
                    systems::follow_relations,
                    systems::recall_groups,
                    systems::recall_inputs,
                    systems::withdraw_guests,
                    launch::launch_groups,
                    launch::launch_inputs,
                    watch::follow_enemies,
                    watch::see_marches,
                )
                    .chain()
                    .in_set(WorldSystems::Move),
            )
            .add_systems(Mechanics, systems::return_marches.in_set(WorldSystems::Move));
    }
}
