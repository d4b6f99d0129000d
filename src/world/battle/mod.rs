//! Battles by the classic rules: raid, siege, rams and catapults, scouting, loot, joint assaults, blockades.
//!
//! What is *not* here: why anyone attacks, and what an alliance makes of the result.

mod loot;
mod points;
mod resolve;
pub mod rules;
mod siege;
mod systems;
#[cfg(test)]
mod tests;

use crate::base::clock::Campaign;
use crate::base::contract::WorldSystems;
use bevy::prelude::*;

/// Battles of the default world.
#[derive(Debug, Default)]
pub struct BattlePlugin;

impl Plugin for BattlePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Campaign, systems::resolve_arrivals.in_set(WorldSystems::Fight));
    }
}
