//! Merchants on their way.

use crate::base::clock::{DueEntry, DueKind, GameTime};
use crate::base::goods::Goods;
use crate::base::id::{MarchId, SiteId};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Merchants arrive with goods. Owner: the site that they left, n: their number there.
pub const SHIPMENT_ARRIVES: DueKind = DueKind::mechanical(51, "shipment_arrives");

/// Merchants are home again. Owner: the site that they left, n: their number there.
pub const MERCHANTS_RETURN: DueKind = DueKind::mechanical(52, "merchants_return");

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
    /// When they left, or turned.
    pub launched: GameTime,
    /// When they are there.
    pub arrival: GameTime,
}

impl Shipment {
    /// What is due when they are there.
    pub(super) fn due(&self) -> DueEntry {
        let kind = if self.homeward { MERCHANTS_RETURN } else { SHIPMENT_ARRIVES };
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
