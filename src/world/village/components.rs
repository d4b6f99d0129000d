//! What a village holds: hidden truth, reached by nobody but the world itself.

use super::rules::{BuildingLevels, Drills, Growth, Standing};
use crate::base::clock::GameTime;
use crate::base::contract::AccountRole;
use crate::base::goods::Goods;
use crate::base::id::{MarchId, PlayerId, SiteId};
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
    /// Of those away, the ones that stay as guests elsewhere: they eat there, all others at home.
    pub stationed: Force,
    /// Marches and merchants that left so far: the n of the last [`MarchId`].
    pub marches: u32,
    /// Upgrades by roster slot.
    pub upgrades: Levels,
}

impl Garrison {
    /// Troops that marched have come to stay elsewhere.
    pub fn station(&mut self, force: &Force) {
        self.stationed.add_all(force);
    }

    /// Troops that stayed elsewhere are on their way again.
    pub fn unstation(&mut self, force: &Force) {
        self.stationed = self.stationed.minus(force);
    }

    /// Troops on their way died.
    pub fn bury(&mut self, dead: &Force) {
        self.away = self.away.minus(dead);
    }

    /// Troops that stayed elsewhere died.
    pub fn bury_stationed(&mut self, dead: &Force) {
        self.unstation(dead);
        self.bury(dead);
    }
}

/// Troops of one march that stay in a foreign village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guest {
    /// Whose they are.
    pub owner: PlayerId,
    /// The village that they belong to: the one that they left, or the one that took them in when it was lost.
    pub home: SiteId,
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

    /// The number by which orders name it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Fields => 0,
            Self::Warehouse => 1,
            Self::Granary => 2,
            Self::Residence => 3,
        }
    }

    /// The kind with this number, as an order names it.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl From<BuildingLevels> for Buildings {
    fn from(levels: BuildingLevels) -> Self {
        Self {
            wall: levels.wall,
            residence: levels.residence,
            stonemason: levels.stonemason,
            tournament_square: levels.tournament_square,
            marketplace: levels.marketplace,
            warehouse: levels.warehouse,
            granary: levels.granary,
            fields: levels.field,
        }
    }
}

impl From<Buildings> for BuildingLevels {
    fn from(buildings: Buildings) -> Self {
        Self {
            wall: buildings.wall,
            residence: buildings.residence,
            stonemason: buildings.stonemason,
            tournament_square: buildings.tournament_square,
            marketplace: buildings.marketplace,
            warehouse: buildings.warehouse,
            granary: buildings.granary,
            field: buildings.fields,
        }
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

    /// Levels of all kinds together: what of a village can be laid in ruins. All fields count as one.
    #[must_use]
    pub fn levels(&self) -> u32 {
        BuildingKind::ALL.into_iter().map(|kind| u32::from(self.level(kind))).sum()
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

/// What a village lives on and grows toward. Everything between two of its days is computed from (value, since); see
/// [`upkeep`](super::upkeep). Villages of static owners have none: nothing changes in them by itself.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Economy {
    /// Inhabitants in thousandths, at `since`. The public [`Site`](crate::base::contract::Site) shows the last census.
    pub inhabitants_milli: u64,
    /// Until when the village was brought up to date.
    pub since: GameTime,
    /// What its account is built for.
    pub role: AccountRole,
    /// What the village is to its account.
    pub standing: Standing,
    /// The army that it keeps at `reference` inhabitants; losses are trained anew.
    pub establishment: Force,
    /// Inhabitants at which `establishment` is kept.
    pub reference: u32,
    /// Crop per hour that comes from the other villages of the account (positive) or goes to them (negative). The sum
    /// over an account is 0.
    pub allowance: i64,
    /// Crop per hour that inhabitants, own troops and guests eat.
    pub eating: i64,
    /// Goods per hour that training and building take.
    pub spending: Goods,
    /// What is in training.
    pub drills: Drills,
}

impl Economy {
    /// Inhabitants, whole.
    #[must_use]
    pub fn population(&self) -> u32 {
        u32::try_from(self.inhabitants_milli / 1_000).unwrap_or(u32::MAX)
    }
}

/// How villages live. Frozen at the start of a campaign.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct EconomySettings {
    /// Whether villages live at all. If not, nobody eats, trains, builds or grows, as on a battlefield simulator.
    pub alive: bool,
    /// Share of its production that a village spends on troops while some are missing, 0..=1.
    pub training_share: f64,
    /// Share of its production that a village spends on building while it grows or repairs, 0..=1.
    pub building_share: f64,
    /// How fast villages grow.
    pub growth: Growth,
    /// Units that the army of a village may be enlarged to by requests.
    pub army_max: u64,
}

impl Default for EconomySettings {
    fn default() -> Self {
        Self { alive: true, training_share: 0.5, building_share: 0.25, growth: Growth::default(), army_max: 100_000 }
    }
}

impl EconomySettings {
    /// A world in which nobody eats, trains, builds or grows: for tests that count troops.
    #[must_use]
    pub fn still() -> Self {
        Self { alive: false, ..Self::default() }
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
    /// Units that were trained since.
    pub troops_trained: Force,
    /// Units that died, those that starved included.
    pub troops_dead: Force,
    /// Units that starved.
    pub troops_starved: Force,
    /// Goods that were in store at the beginning.
    pub goods_at_start: Goods,
    /// Goods that were made, those that did not fit included.
    pub goods_made: Goods,
    /// Goods that were spent on training and building.
    pub goods_spent: Goods,
    /// Crop that was eaten.
    pub goods_eaten: Goods,
    /// Goods that did not fit, and those that were on their way to or from somebody who was gone.
    pub goods_wasted: Goods,
    /// Units that became inhabitants: settlers, and chiefs in the villages that they took.
    pub troops_settled: Force,
    /// Goods of which villages were founded.
    pub goods_founding: Goods,
    /// Goods that lay in villages when they were razed.
    pub goods_razed: Goods,
    /// Goods that went into pools of alliances, less those that came out of them.
    pub goods_pooled: Goods,
}

/// What is left of a village's loyalty to its owner. Only villages that chiefs have worn down have one.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Loyalty {
    /// Thousandths at `since`; see [`loyalty_at`](super::rules::loyalty_at).
    pub milli: u32,
    /// When it was that.
    pub since: GameTime,
}

/// The merchants of a village: as many as its marketplace has levels.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Merchants {
    /// On their way with goods, or back.
    pub busy: u32,
}

/// Marches that villages had sent when they were razed. A village that is founded on the same tile goes on counting, so
/// that no [`MarchId`] is used twice.
#[derive(Resource, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RazedMarches(pub BTreeMap<SiteId, u32>);

/// The marches that stay before a village against reinforcements, in the order in which they came.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Blockades(pub Vec<MarchId>);
