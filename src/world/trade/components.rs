//! Merchants on their way.

use crate::base::clock::{CampaignSystems, DueEntry, DueKind, GameTime};
use crate::base::contract::PoolOrder;
use crate::base::goods::Goods;
use crate::base::id::{MarchId, SiteId};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Merchants arrive with goods. Owner: the site that they left, n: their number there.
pub const SHIPMENT_ARRIVES: DueKind = DueKind::mechanical(51, "shipment_arrives");

/// Merchants are home again. Owner: the site that they left, n: their number there.
pub const MERCHANTS_RETURN: DueKind = DueKind::mechanical(52, "merchants_return");

/// Merchants with goods of a pool are at an end of their way. Owner: the site that they left, n: their number there.
pub const POOL_GOODS_COME: DueKind =
    DueKind::new(53, "pool_goods_come", &[CampaignSystems::March, CampaignSystems::Settle]);

/// Goods on their way with merchants, or merchants on their way home.
#[derive(Component, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shipment {
    /// Its id, counted with the marches of the site that it left.
    pub id: MarchId,
    /// Where the goods go.
    pub target: SiteId,
    /// What the merchants carry.
    pub goods: Goods,
    /// How many merchants of the site that they left; 0 once it was razed.
    pub merchants: u32,
    /// Whether they are on their way home.
    pub homeward: bool,
    /// The pool that the goods go to or come from, if they do.
    pub pool: Option<PoolCargo>,
    /// When they left, or turned.
    pub launched: GameTime,
    /// When they are there.
    pub arrival: GameTime,
}

/// Goods of a pool among merchants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PoolCargo {
    /// Which order of the pool.
    pub order: PoolOrder,
    /// Whether the pool gives it; else it gets it.
    pub granted: bool,
}

impl Shipment {
    /// What is due when they are there.
    pub(super) fn due(&self) -> DueEntry {
        // Where goods become a pool's, or are none of it any more, its alliance takes note of it.
        let tells = self.pool.is_some() && !self.goods.is_zero();
        let kind = match self.homeward {
            _ if tells => POOL_GOODS_COME,
            true => MERCHANTS_RETURN,
            false => SHIPMENT_ARRIVES,
        };
        kind.entry(self.arrival, u64::from(self.id.site.0), self.id.n)
    }

    /// Sends the merchants home: the way back takes as long as the way there.
    pub(super) fn turn(&mut self, now: GameTime) {
        let way = self.arrival - self.launched;
        self.homeward = true;
        self.launched = now;
        self.arrival = now + way;
    }
}
