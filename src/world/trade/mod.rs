//! Goods between villages: merchants carry them there and come back.
//!
//! They carry for pools of alliances too, where an order of the pool says so. What is *not* here: why anyone sends goods. Merchants are seen by nobody and are never called back.

mod components;
pub mod rules;
mod systems;

pub use components::{MERCHANTS_RETURN, POOL_GOODS_COME, PoolCargo, SHIPMENT_ARRIVES, Shipment};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems, Mechanics};
use crate::base::contract::WorldSystems;
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Where merchants stand within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TradeSystems {
    /// In `March`, after troops have left and come home: merchants return, arrive and leave.
    Carry,
}

/// Merchants of the default world.
#[derive(Debug, Default)]
pub struct TradePlugin;

impl Plugin for TradePlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(SHIPMENT_ARRIVES)
            .add_due_kind(MERCHANTS_RETURN)
            .add_due_kind(POOL_GOODS_COME)
            .register_state::<Shipment>("shipment")
            .configure_sets(Campaign, TradeSystems::Carry.in_set(CampaignSystems::March).after(WorldSystems::Move))
            .configure_sets(Mechanics, TradeSystems::Carry.after(WorldSystems::Move))
            .add_systems(
                Campaign,
                (systems::return_merchants, systems::deliver, systems::send_goods, systems::send_for_pools)
                    .chain()
                    .in_set(TradeSystems::Carry),
            )
            .add_systems(Mechanics, (systems::return_merchants, systems::deliver).chain().in_set(TradeSystems::Carry));
    }
}
