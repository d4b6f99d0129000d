//! Sites that change hands: taken by chiefs, razed by catapults, founded by settlers.
//!
//! Fights and arrivals (`battle`) note what is to happen; here it happens, at the end of the same pass, so that whoever
//! arrives later at that instant meets the new owner. What is *not* here: how loyalty falls and who leaves a village
//! whose buildings are gone (`battle`), and what an alliance makes of it.

mod found;
mod systems;

use crate::base::clock::Campaign;
use crate::base::contract::WorldSystems;
use crate::world::battle::Changes;
use crate::world::march::follow_owners;
use bevy::prelude::*;

/// Conquest, razing and settling in the default world.
#[derive(Debug, Default)]
pub struct ConquestPlugin;

impl Plugin for ConquestPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(
            Campaign,
            (systems::change_sites.run_if(|changes: Res<Changes>| !changes.now.is_empty()), follow_owners)
                .chain()
                .in_set(WorldSystems::Change),
        );
    }
}
