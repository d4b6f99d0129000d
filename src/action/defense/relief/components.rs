//! What is remembered of relief: nothing of a player who never sent any.

use crate::base::clock::{CampaignSystems, DueKind, GameTime};
use crate::base::id::{MarchId, OrderId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Relief leaves. Owner: the helping player, n: its relief.
pub const RELIEF_LEAVES: DueKind =
    DueKind::new(74, "relief_leaves", &[CampaignSystems::March, CampaignSystems::Settle]);

/// Relief goes home unless it is needed where it is. Owner: the helping player, n: its relief.
pub const RELIEF_RETURNS: DueKind = DueKind::new(75, "relief_returns", &[CampaignSystems::March]);

/// How far a relief is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReliefStatus {
    /// Promised: its troops are at home until it leaves.
    Promised,
    /// On its way, or a guest.
    Out {
        /// Its march, where the default world moves it.
        march: Option<MarchId>,
        /// When it is next judged whether it goes home.
        judged_at: GameTime,
    },
}

/// Troops of one site that help another one of the alliance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Relief {
    /// Its number among those of the player.
    pub n: u32,
    /// The order that it carries out.
    pub order: OrderId,
    /// The site that it leaves.
    pub origin: SiteId,
    /// The site that it helps.
    pub site: SiteId,
    /// What was promised; once it left, what left.
    pub force: Force,
    /// When it leaves.
    pub leaves_at: GameTime,
    /// When it is there.
    pub arrives: GameTime,
    /// The hit after which it is to land, of relief that snipes: what the defenders dodge is over by then.
    pub after: Option<GameTime>,
    /// The first hit for which it was asked.
    pub hit: GameTime,
    /// The last hit for which it stays.
    pub until: GameTime,
    /// Points of defense that were missing when it was promised, with all that was promised together.
    pub deficit_left: i64,
    /// Whether the site that it helps has been given up: its troops leave it before the hit.
    pub called_off: bool,
    /// How far it is.
    pub status: ReliefStatus,
}

/// The relief that a player promised or sent and that is not on its way home: there from the first on.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reliefs {
    /// Reliefs so far.
    pub count: u32,
    /// Those that are promised or out, by their number.
    pub reliefs: Vec<Relief>,
}

impl Reliefs {
    /// Takes in one more relief and returns its number.
    pub(super) fn add(&mut self, mut relief: Relief) -> u32 {
        self.count += 1;
        relief.n = self.count;
        self.reliefs.push(relief);
        self.count
    }
}
