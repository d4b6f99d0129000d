//! Troops on their way.

use crate::base::clock::{CampaignSystems, DueKind, GameTime};
use crate::base::contract::Manner;
use crate::base::goods::Goods;
use crate::base::id::{MarchId, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A march arrives at its target. Owner: the site that it left, n: its number there.
pub const MARCH_ARRIVES: DueKind =
    DueKind::new(60, "march_arrives", &[CampaignSystems::Battle, CampaignSystems::Settle]);

/// A march comes home.
pub const MARCH_RETURNS: DueKind = DueKind::mechanical(50, "march_returns");

/// A march: never moved while it is idle; whoever draws it interpolates between its two instants.
#[derive(Component, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct March {
    /// Its id: the site that it left and its number there.
    pub id: MarchId,
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
    /// The troops.
    pub force: Force,
    /// What it carries.
    pub loot: Goods,
    /// Buildings that catapults aim at.
    pub aims: [Option<u8>; 2],
}

/// The owner key of a march's entry in the agenda.
#[must_use]
pub(crate) fn owner_key(march: MarchId) -> u64 {
    u64::from(march.site.0)
}
