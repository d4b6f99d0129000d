//! Villages: what stands and lies in them, the draw of what a map dump does not say.
//!
//! A village lives by itself ([`upkeep`]): it makes and eats, trains, grows and repairs, all computed when somebody
//! needs to know. What is *not* here: when that is (`economy`), and anything that decides.

mod components;
mod founding;
mod owners;
pub mod rules;
pub mod stores;
mod systems;
pub mod upkeep;

use crate::base::clock::Campaign;
use crate::base::contract::{AccountRole, ScenarioAppExt, WorldSystems};
use crate::base::state::StateAppExt;
use bevy::prelude::*;
pub use components::{
    Blockades, BuildingKind, Buildings, Economy, EconomySettings, Garrison, Guest, Guests, Ledger, Loyalty, Merchants,
    RazedMarches, Stores,
};
pub(crate) use founding::found_village;
pub(crate) use owners::Owners;

/// Villages of the default world.
#[derive(Debug, Default)]
pub struct VillagePlugin;

impl Plugin for VillagePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Ledger>()
            .init_resource::<EconomySettings>()
            .init_resource::<RazedMarches>()
            .register_state::<Economy>("economy")
            .register_state::<Garrison>("garrison")
            .register_state::<Guests>("guests")
            .register_state::<Buildings>("buildings")
            .register_state::<Stores>("stores")
            .register_state::<Blockades>("blockades")
            .register_state::<Loyalty>("loyalty")
            .register_state::<Merchants>("merchants")
            .register_state_resource::<RazedMarches>("razed_marches")
            .register_state::<AccountRole>("account_role")
            .register_state_resource::<EconomySettings>("economy_settings")
            .register_state_resource::<Ledger>("ledger")
            .add_scenario_loader(5, systems::spawn_villages)
            .add_systems(Campaign, systems::report_states.in_set(WorldSystems::Report));
    }
}
