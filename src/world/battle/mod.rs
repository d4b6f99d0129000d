//! Battles by the classic rules: raid, siege, rams and catapults, scouting, loot, joint assaults, blockades.
//!
//! What is *not* here: why anyone attacks, what an alliance makes of the result, and how a site changes hands
//! (`conquest`).

mod changes;
mod chiefs;
mod loot;
mod points;
mod resolve;
pub mod rules;
mod scene;
mod scouting;
mod siege;
mod stays;
mod storm;
mod systems;
#[cfg(test)]
mod tests;

pub(crate) use changes::{Change, Changes};

use crate::base::clock::{Campaign, CampaignAppExt};
use crate::base::contract::WorldSystems;
use bevy::prelude::*;

/// Battles of the default world.
#[derive(Debug, Default)]
pub struct BattlePlugin;

impl Plugin for BattlePlugin {
    fn build(&self, app: &mut App) {
        app.add_pass_resource::<Changes>().add_systems(Campaign, systems::resolve_arrivals.in_set(WorldSystems::Fight));
    }
}
