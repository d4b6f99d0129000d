//! Troops on their way.

use crate::base::clock::{CampaignSystems, DueEntry, DueKind, GameSpan, GameTime};
use crate::base::contract::Manner;
use crate::base::goods::Goods;
use crate::base::id::{MarchId, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A march arrives at its target. Owner: the site that it left, n: its number there.
pub const MARCH_ARRIVES: DueKind =
    DueKind::new(60, "march_arrives", &[CampaignSystems::Battle, CampaignSystems::Settle]);

/// A march comes within sight of an enemy's site. Owner: the site that it left, n: its number there.
pub const MARCH_PASSES: DueKind = DueKind::new(55, "march_passes", &[CampaignSystems::March, CampaignSystems::Settle]);

/// A march comes home.
pub const MARCH_RETURNS: DueKind = DueKind::mechanical(50, "march_returns");

/// A march: never moved while it is idle; whoever draws it interpolates between its two instants.
#[derive(Component, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct March {
    /// Its id: the site that it left and its number there. It never changes.
    pub id: MarchId,
    /// The village that it belongs to and comes home to: the one that it left, or the one that took it in when that was
    /// lost.
    pub home: SiteId,
    /// Where it goes, or comes from when it is on its way home.
    pub target: SiteId,
    /// Whose it is.
    pub owner: PlayerId,
    /// In what manner it comes.
    pub manner: Manner,
    /// Groups of one operation, target and wave fight as one where the rules allow it.
    pub wave: u8,
    /// Whether it is on its way home.
    pub homeward: bool,
    /// The order that it carries out.
    pub order: Option<OrderId>,
    /// When it left, or turned.
    pub launched: GameTime,
    /// When it is there.
    pub arrival: GameTime,
    /// How far it is from the village that it left to its home: what it walks on if it turns back under way.
    pub detour: GameSpan,
    /// The troops.
    pub force: Force,
    /// What it carries: loot, or the goods that its settlers found a village with.
    pub loot: Goods,
    /// Buildings that catapults aim at.
    pub aims: [Option<u8>; 2],
}

impl March {
    /// Turns it back: it is home after `way_back` and what it has to walk on from the village that it left. Returns what
    /// is due then.
    pub(crate) fn turn(&mut self, now: GameTime, way_back: GameSpan) -> DueEntry {
        self.homeward = true;
        self.launched = now;
        self.arrival = now + way_back + self.detour;
        self.detour = GameSpan(0);
        MARCH_RETURNS.entry(self.arrival, owner_key(self.id), self.id.n)
    }

    /// Goods that it took somewhere: what settlers carry was their own.
    #[must_use]
    pub fn spoils(&self) -> Goods {
        if self.manner == Manner::Settle { Goods::ZERO } else { self.loot }
    }
}

/// The march that an entry of the agenda names.
#[must_use]
pub(crate) fn march_of(entry: &DueEntry) -> MarchId {
    MarchId { site: SiteId(u32::try_from(entry.owner).unwrap_or(0)), n: entry.n }
}

/// The owner key of a march's entry in the agenda.
#[must_use]
pub(crate) fn owner_key(march: MarchId) -> u64 {
    u64::from(march.site.0)
}
