//! Territory: the influence of alliances over the map, who holds which tile, where the frontier runs, and where a new
//! site would stand best.
//!
//! All of it follows from public facts: where sites lie, whose they are, and their population at the last census. It is
//! an index that follows what changes: [`SiteChanged`](crate::base::contract::SiteChanged),
//! [`PopulationChanged`](crate::base::contract::PopulationChanged) and
//! [`MembershipChanged`](crate::base::contract::MembershipChanged) tell it, and a load builds it anew. What is *not*
//! here: armies (nobody but their owner knows all of them), and what an alliance makes of its territory.

pub mod rules;
mod settings;
mod systems;
mod view;

pub use settings::TerritorySettings;
pub use systems::{TerritorySystems, rebuilt};
pub use view::Territory;

use crate::base::clock::{Campaign, CampaignSystems};
use crate::base::contract::{ScenarioAppExt, WorldSystems};
use crate::base::state::StateAppExt;
use crate::society::alliance::AllianceSystems;
use bevy::prelude::*;

/// Influence, claims and frontiers.
#[derive(Debug, Default)]
pub struct TerritoryPlugin;

impl Plugin for TerritoryPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<TerritorySettings>()
            .init_resource::<rules::InfluenceMap>()
            .register_state_resource::<TerritorySettings>("territory_settings")
            .add_scenario_loader(22, systems::on_start)
            .add_state_rebuilder(22, systems::build_anew)
            .configure_sets(
                Campaign,
                (
                    TerritorySystems::Count.in_set(CampaignSystems::Sense).after(WorldSystems::Report),
                    TerritorySystems::Follow.in_set(CampaignSystems::Settle).after(AllianceSystems::Eliminate),
                ),
            )
            .add_systems(
                Campaign,
                (systems::follow.in_set(TerritorySystems::Count), systems::follow.in_set(TerritorySystems::Follow)),
            );
    }
}
