//! What changes hands: sites between players, players between alliances. All of it is public, and lives for one pass.

use crate::base::clock::GameTime;
use crate::base::contract::Stance;
use crate::base::id::{AllianceId, PlayerId, SiteId};
use bevy::prelude::Message;
use serde::{Deserialize, Serialize};

/// A site was founded, taken or razed. The world, ours or a game's own, writes it when [`Site`](super::Site) and
/// [`Holdings`](super::Holdings) already say so.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SiteChanged {
    /// Which site.
    pub site: SiteId,
    /// When.
    pub at: GameTime,
    /// Who held it before; `None`: it was founded.
    pub from: Option<PlayerId>,
    /// Who holds it now; `None`: it was razed.
    pub to: Option<PlayerId>,
}

/// A census found another population in a site. The world, ours or a game's own, writes it when
/// [`Site`](super::Site) already says so, in a pass that wakes `Settle`, or in `Sense` up to
/// [`WorldSystems::Report`](super::WorldSystems::Report).
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PopulationChanged {
    /// Which site.
    pub site: SiteId,
}

/// A player left an alliance, joined one, or both.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MembershipChanged {
    /// Who.
    pub player: PlayerId,
    /// The alliance that it left.
    pub from: Option<AllianceId>,
    /// The alliance that it joined.
    pub to: Option<AllianceId>,
}

/// Two alliances stand to each other in another way.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StanceChanged {
    /// One.
    pub a: AllianceId,
    /// The other.
    pub b: AllianceId,
    /// How they stand now.
    pub stance: Stance,
}
