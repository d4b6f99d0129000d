//! What a village holds: hidden truth, reached by nobody but the world itself.

use crate::base::clock::GameTime;
use crate::base::goods::Goods;
use crate::base::id::{MarchId, PlayerId};
use crate::base::ruleset::{Force, Levels};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Own troops: those at home, and those on their way or stationed elsewhere.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Garrison {
    /// At home.
    pub home: Force,
    /// Marching or stationed elsewhere.
    pub away: Force,
    /// Marches that left so far: the n of the next [`MarchId`].
    pub marches: u32,
    /// Upgrades by roster slot.
    pub upgrades: Levels,
}

/// Troops of one march that stay in a foreign village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guest {
    /// Whose they are.
    pub owner: PlayerId,
    /// The troops.
    pub force: Force,
    /// Their upgrades.
    pub upgrades: Levels,
}

/// Reinforcements that stay in the village, by the march that brought them.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Guests(pub BTreeMap<MarchId, Guest>);

/// Levels of what stands in a village.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Buildings {
    /// The wall.
    pub wall: u8,
    /// The residence: adds 2 x level^2 to the defense.
    pub residence: u8,
    /// Makes buildings durable.
    pub stonemason: u8,
    /// Speeds up marches beyond 20 fields.
    pub tournament_square: u8,
    /// One merchant per level.
    pub marketplace: u8,
    /// Stores wood, clay and iron.
    pub warehouse: u8,
    /// Stores crop.
    pub granary: u8,
    /// All 18 fields.
    pub fields: u8,
}

/// A kind of building that catapults can aim at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildingKind {
    /// Fields: production.
    Fields,
    /// Stores wood, clay and iron.
    Warehouse,
    /// Stores crop.
    Granary,
    /// Adds to the defense.
    Residence,
}

impl BuildingKind {
    /// All kinds, by number.
    pub const ALL: [Self; 4] = [Self::Fields, Self::Warehouse, Self::Granary, Self::Residence];

    /// The kind with this number, as an order names it.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl Buildings {
    /// The level of a kind.
    #[must_use]
    pub fn level(&self, kind: BuildingKind) -> u8 {
        match kind {
            BuildingKind::Fields => self.fields,
            BuildingKind::Warehouse => self.warehouse,
            BuildingKind::Granary => self.granary,
            BuildingKind::Residence => self.residence,
        }
    }

    /// Sets the level of a kind.
    pub fn set_level(&mut self, kind: BuildingKind, level: u8) {
        match kind {
            BuildingKind::Fields => self.fields = level,
            BuildingKind::Warehouse => self.warehouse = level,
            BuildingKind::Granary => self.granary = level,
            BuildingKind::Residence => self.residence = level,
        }
    }
}

/// Goods in store as (amount, since, rate, cap): computed when read, never ticked.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stores {
    /// In store at `since`.
    pub amount: Goods,
    /// When `amount` was true.
    pub since: GameTime,
    /// Made per hour of each.
    pub per_hour: Goods,
    /// The most that fits of each.
    pub cap: Goods,
}

/// What the whole world has made, lost and wasted since it began: with it every unit and good is accounted for.
#[derive(Resource, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Units there were at the beginning.
    pub troops_at_start: Force,
    /// Units that died.
    pub troops_dead: Force,
    /// Goods that were in store at the beginning.
    pub goods_at_start: Goods,
    /// Goods that were made, those that did not fit included.
    pub goods_made: Goods,
    /// Goods that did not fit.
    pub goods_wasted: Goods,
}

/// The marches that stay before a village against reinforcements, in the order in which they came.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Blockades(pub Vec<MarchId>);
