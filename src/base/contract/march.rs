//! Orders to march and what comes of them. All of these live for one pass.

use crate::base::clock::GameTime;
use crate::base::geometry::Tile;
use crate::base::goods::Goods;
use crate::base::id::{MarchId, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::{Message, Reflect};
use serde::{Deserialize, Serialize};

/// In what manner a group comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// Fights to the end, with rams and catapults.
    Siege,
    /// Takes what it can carry and leaves: no rams, catapults or chiefs at work.
    Raid,
    /// Looks. Scouts only.
    Scout,
    /// Stays before the village against reinforcements.
    Blockade,
    /// Stays in the village as its guest.
    Reinforce,
    /// Founds a site on the free tile that the target's id names, see [`SiteId::plot`].
    Settle,
}

impl Manner {
    /// Whether it does harm to whoever holds the target.
    #[must_use]
    pub const fn is_hostile(self) -> bool {
        match self {
            Self::Siege | Self::Raid | Self::Scout | Self::Blockade => true,
            Self::Reinforce | Self::Settle => false,
        }
    }

    /// Whether the holder of the target sees it coming, and enemies whose sites it passes see it.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        matches!(self, Self::Siege | Self::Raid | Self::Blockade)
    }
}

/// A group is to leave now. The world (or the game's own movement) takes it and answers [`GroupLaunched`] or
/// [`GroupFailed`] in the same pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct LaunchDue {
    /// Which group.
    pub order: OrderId,
    /// From where.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// With what.
    pub force: Force,
    /// In what manner.
    pub manner: Manner,
    /// Groups of one operation, target and wave fight as one where the rules allow it.
    pub wave: u8,
    /// The instant at which it must be there; `None`: as soon as it can.
    pub arrival: Option<GameTime>,
    /// Levels that catapults aim at: the ids of building kinds, at most two.
    pub aims: [Option<u8>; 2],
}

/// A group under way is to turn back.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecallGroup {
    /// Which group.
    pub order: OrderId,
    /// Its march, where the default world moves it.
    pub march: Option<MarchId>,
}

/// Troops that stay in a site as guests are to walk home. Those that died or left before are no fault.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct WithdrawGuests {
    /// The order that brought them there.
    pub order: OrderId,
    /// The march that brought them there.
    pub march: MarchId,
    /// Where they stay.
    pub site: SiteId,
}

/// A group has left.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct GroupLaunched {
    /// Which group.
    pub order: OrderId,
    /// The march, where the default world moves it.
    pub march: Option<MarchId>,
    /// What really left (losses at home may have taken a part).
    pub force: Force,
    /// When it left.
    pub at: GameTime,
    /// When it will be there.
    pub arrival: GameTime,
}

/// A group could not leave.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct GroupFailed {
    /// Which group.
    pub order: OrderId,
    /// The rule that forbids it.
    pub rule: &'static str,
}

/// A group has reached its target. A game's own movement sends this; an `at` in the past is refused.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupArrived {
    /// Which group.
    pub order: OrderId,
    /// When.
    pub at: GameTime,
}

/// A group is home again, or will never be.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct GroupHome {
    /// Which group.
    pub order: OrderId,
    /// What came home.
    pub force: Force,
    /// Goods that it brought.
    pub loot: Goods,
}

/// Somebody sees a hostile march: the owner of the site that it goes to, or an enemy past whose site it goes. Where it
/// left, where it goes, when it arrives, and where it is. Not what it is.
#[derive(Message, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct MarchSighted {
    /// Who sees it.
    pub witness: PlayerId,
    /// Where it left.
    pub origin: SiteId,
    /// Where it goes.
    pub target: SiteId,
    /// When it was seen.
    pub seen_at: GameTime,
    /// When it arrives.
    pub arrival: GameTime,
    /// Where it was then: the tile of its origin when it was seen at its launch by the owner of its target; `None` if the
    /// sight does not tell.
    pub at: Option<Tile>,
}

/// An attacking group, as the defender sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EnemyGroup {
    /// Where it came from.
    pub origin: SiteId,
    /// Whose it is.
    pub player: PlayerId,
    /// What is left of it and goes home.
    pub left: Force,
}

/// What one party saw of a battle. Each party gets its own; nobody's holds more than that party may know.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BattleFought {
    /// Who saw it.
    pub witness: PlayerId,
    /// Where.
    pub site: SiteId,
    /// When.
    pub at: GameTime,
    /// Whether the witness attacked.
    pub attacked: bool,
    /// The order of the witness's own group, if it has one: to attack, or to stay before the site.
    pub order: Option<OrderId>,
    /// The site that the witness's own troops came from.
    pub origin: SiteId,
    /// The witness's own troops before.
    pub own_before: Force,
    /// The witness's own troops lost.
    pub own_lost: Force,
    /// Troops of the other side before, where the report is full.
    pub enemy_before: Option<Force>,
    /// Troops of the other side lost, where the report is full.
    pub enemy_lost: Option<Force>,
    /// The largest part of the other side: who led it.
    pub enemy: PlayerId,
    /// The groups of the other side as the defender sees them; empty for an attacker.
    pub enemy_groups: Vec<EnemyGroup>,
    /// Wall level afterwards, where the report is full.
    pub wall: Option<u8>,
    /// Wall levels lost.
    pub wall_lost: u8,
    /// Building levels lost to catapults.
    pub levels_lost: u8,
    /// What is left of the site's loyalty to its owner, 0..=100, where chiefs of the witness or of the other side worked
    /// on it.
    pub loyalty: Option<u8>,
    /// Goods that the witness's group took, or that the defender lost.
    pub loot: Goods,
    /// Goods that were left in store, where the report is full.
    pub left_in_store: Option<Goods>,
}

impl BattleFought {
    /// Whether the witness held the site when it was attacked; guests come along. Whoever holds it by now, this was done
    /// to the witness.
    #[must_use]
    pub fn is_victim(&self) -> bool {
        !self.attacked && self.origin == self.site
    }
}

/// Scouts found out what a site holds.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScoutReturned {
    /// Whose scouts.
    pub witness: PlayerId,
    /// What they looked at.
    pub site: SiteId,
    /// When.
    pub at: GameTime,
    /// Troops there, guests included.
    pub troops: Force,
    /// Goods there.
    pub goods: Goods,
    /// Wall level.
    pub wall: u8,
    /// Residence level.
    pub residence: u8,
    /// Scouts lost on the way in.
    pub lost: u32,
}

/// A defender killed scouts: the only way in which it learns of them. Also sent to their owner when none came back.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScoutsKilled {
    /// Who learns it.
    pub witness: PlayerId,
    /// Where.
    pub site: SiteId,
    /// When.
    pub at: GameTime,
    /// The site that the scouts came from.
    pub origin: SiteId,
    /// How many died.
    pub killed: u32,
    /// Whether the witness sent them (none came back) or killed them.
    pub own: bool,
}
