//! The pool: goods that an alliance holds in common. Members give of their surplus, those in need are granted from it, and all
//! of it is in a ledger; merchants carry it.
//!
//! It is kept at the largest village of the leader: from there its goods leave, with the merchants of that village, and
//! there they come. Nobody can loot it. What is *not* here: how merchants travel (a world).

mod components;
mod meeting;
pub mod rules;
mod systems;

pub use components::{
    Account, EntryKind, Levy, MEETS_FOR_RELIEF, MEETS_REGULARLY, POOL_MEETS, Pool, PoolEntry, Underway,
};
pub use rules::PoolSettings;
pub use systems::{PoolSystems, seat};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use crate::society::alliance::AllianceSystems;
use bevy::prelude::*;

/// Pools of alliances.
#[derive(Debug, Default)]
pub struct PoolPlugin;

impl Plugin for PoolPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(POOL_MEETS)
            .init_resource::<PoolSettings>()
            .register_state::<Pool>("pool")
            .register_state::<Levy>("levies")
            .register_state_resource::<PoolSettings>("pool_settings")
            .add_scenario_loader(29, systems::spawn_pools)
            .configure_sets(
                Campaign,
                (
                    PoolSystems::Ask.in_set(CampaignSystems::Intake).after(AllianceSystems::Stances),
                    PoolSystems::Meet.in_set(CampaignSystems::Plan),
                    PoolSystems::Enter.in_set(CampaignSystems::Settle).after(AllianceSystems::Eliminate),
                ),
            )
            .add_systems(
                Campaign,
                (
                    systems::ask_states.in_set(PoolSystems::Ask),
                    (meeting::hold_meetings, meeting::answer_requests).chain().in_set(PoolSystems::Meet),
                    (systems::note_orders, systems::give_up_orders, systems::note_arrivals, systems::follow_members)
                        .chain()
                        .in_set(PoolSystems::Enter),
                ),
            );
    }
}
