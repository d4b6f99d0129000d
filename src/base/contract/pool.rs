//! Goods on their way into an alliance's pool and out of it. The messages between pool and world live for one pass.

use crate::base::clock::GameTime;
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, SiteId};
use bevy::prelude::{Message, Reflect};
use serde::{Deserialize, Serialize};

/// Why a member asks for goods.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantReason {
    /// It feeds troops of others that help it.
    Relief,
    /// Its army is far below what it was.
    Rebuilding,
    /// It lost troops in operations lately.
    WarEffort,
    /// It joined lately and is smaller than the others.
    NewMember,
    /// It builds the wonder.
    Wonder,
}

impl GrantReason {
    /// All of them: those that are served first come first.
    pub const ALL: [Self; 5] = [Self::Relief, Self::Rebuilding, Self::WarEffort, Self::NewMember, Self::Wonder];
}

/// A member gives goods to its alliance's pool: merchants carry them there.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GiveToPool {
    /// From where: a site of a member.
    pub site: SiteId,
    /// How much of each.
    pub goods: Goods,
}

/// A member asks its alliance's pool for goods.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AskPool {
    /// For which site: one of a member.
    pub site: SiteId,
    /// How much of each.
    pub goods: Goods,
    /// Why.
    pub reason: GrantReason,
}

/// Goods that belong to an alliance's pool, on one way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
pub struct PoolOrder {
    /// Whose pool.
    pub alliance: AllianceId,
    /// The pool's own number of it.
    pub n: u32,
}

/// Goods are to leave now: a member's for the pool, or the pool's for a member. The world (or the game's own trade) takes it
/// and answers [`GoodsLeft`] or [`GoodsStayed`] in the same pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct GoodsDue {
    /// Which.
    pub order: PoolOrder,
    /// From where: of what the pool gives, the site where it is kept, whose merchants carry it.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// How much of each.
    pub goods: Goods,
    /// Whether the pool gives it. Then the goods are none of the origin's.
    pub granted: bool,
}

/// Goods have left.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct GoodsLeft {
    /// Which.
    pub order: PoolOrder,
    /// How much of each.
    pub goods: Goods,
    /// When they are there.
    pub arrival: GameTime,
}

/// Goods could not leave.
#[derive(Message, Clone, PartialEq, Eq, Debug)]
pub struct GoodsStayed {
    /// Which.
    pub order: PoolOrder,
    /// The rule that forbids it.
    pub rule: &'static str,
    /// What it allows.
    pub limit: String,
    /// What was asked for.
    pub value: String,
}

/// Goods that belong to a pool came to an end of their way.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct GoodsCame {
    /// Which.
    pub order: PoolOrder,
    /// How much of each.
    pub goods: Goods,
    /// Whether they are the pool's now: brought as a contribution, or brought back because nobody was there to take a grant.
    pub into_pool: bool,
}
