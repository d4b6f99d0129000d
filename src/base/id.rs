//! Stable ids and the one index from an id to its [`Entity`].
//!
//! Bevy's `Entity` order and query order change with despawns and archetype moves, so everything that needs an
//! order sorts by these ids, and nothing that is saved or hashed holds an `Entity`.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number_id!(
    /// A place that can hold troops: a village in the default world, whatever a game makes of it elsewhere.
    SiteId
);
impl SiteId {
    /// Ids from here on belong to sites that are founded while the campaign runs, see [`SiteId::plot`].
    pub const PLOTS: u32 = 1 << 31;

    /// The id of the site that is founded on a free tile, by the tile's number
    /// ([`Torus::tile_id`](crate::base::geometry::Torus::tile_id)): no counter tells how many others were founded.
    ///
    /// ```
    /// use bevy_alliance::base::id::SiteId;
    /// assert_eq!(SiteId::plot(80_401).tile_id(), Some(80_401));
    /// assert_eq!(SiteId(80_401).tile_id(), None);
    /// ```
    #[must_use]
    pub const fn plot(tile_id: u32) -> Self {
        Self(Self::PLOTS | tile_id)
    }

    /// The number of the tile on which a site with this id is founded; `None` for sites of the beginning.
    #[must_use]
    pub const fn tile_id(self) -> Option<u32> {
        if self.0 >= Self::PLOTS { Some(self.0 & !Self::PLOTS) } else { None }
    }
}

number_id!(
    /// The owner of sites: a person or an NPC.
    PlayerId
);
number_id!(
    /// An alliance of players.
    AllianceId
);

/// A march (or merchants on their way), counted by the site that it left. There is no global counter: it would leak how much others march.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct MarchId {
    /// The site that the march left.
    pub site: SiteId,
    /// Which march of that site, counted from 1.
    pub n: u32,
}

impl fmt::Display for MarchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.site, self.n)
    }
}

/// A proposal, counted by the alliance that decides on it. The operation that it becomes keeps this id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct ProposalId {
    /// The alliance that decides.
    pub alliance: AllianceId,
    /// Which proposal of that alliance, counted from 1.
    pub n: u32,
}

impl fmt::Display for ProposalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.alliance, self.n)
    }
}

/// An order to move: a group of an operation, or a move that the owner of a site orders by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderId {
    /// One group of an operation.
    Group {
        /// The operation, named by the proposal that it came from.
        operation: ProposalId,
        /// The group within the operation, counted from 0.
        group: u16,
    },
    /// A move of the defense: a dodge, relief, or a raid in return.
    Defense {
        /// The site that it leaves.
        site: SiteId,
        /// Which such move of that site, counted from 1.
        n: u32,
    },
}

impl OrderId {
    /// The order of an operation's group, counted from 0.
    #[must_use]
    pub fn of_group(operation: ProposalId, group: usize) -> Self {
        Self::Group { operation, group: u16::try_from(group).unwrap_or(u16::MAX) }
    }

    /// The operation that it belongs to, if it does.
    #[must_use]
    pub const fn operation(self) -> Option<ProposalId> {
        match self {
            Self::Group { operation, .. } => Some(operation),
            Self::Defense { .. } => None,
        }
    }

    /// The group within its operation, if it is one.
    #[must_use]
    pub const fn group(self) -> Option<u16> {
        match self {
            Self::Group { group, .. } => Some(group),
            Self::Defense { .. } => None,
        }
    }
}

impl Default for OrderId {
    fn default() -> Self {
        Self::Group { operation: ProposalId::default(), group: 0 }
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { operation, group } => write!(f, "{operation} group {group}"),
            Self::Defense { site, n } => write!(f, "{site} defense {n}"),
        }
    }
}

/// Who keeps knowledge: an alliance that deliberates for all its members, or a player by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knower {
    /// All members share what each of them sees.
    Alliance(AllianceId),
    /// Knows only what it sees itself.
    Player(PlayerId),
}

impl From<AllianceId> for Knower {
    fn from(id: AllianceId) -> Self {
        Self::Alliance(id)
    }
}

impl From<PlayerId> for Knower {
    fn from(id: PlayerId) -> Self {
        Self::Player(id)
    }
}

/// A unit class of the [`Ruleset`](crate::base::ruleset::Ruleset): the index into its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct UnitClass(pub u16);

/// A tribe (a roster of unit classes) of the ruleset: the index into its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct TribeId(pub u8);

/// What an entity of the campaign is: the order in which entities are hashed, saved and spoken of.
#[derive(Component, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[component(immutable)]
pub enum StableId {
    /// A player, see [`PlayerId`].
    Player(PlayerId),
    /// An alliance, see [`AllianceId`].
    Alliance(AllianceId),
    /// A site, see [`SiteId`].
    Site(SiteId),
    /// A march, see [`MarchId`].
    March(MarchId),
    /// Merchants on their way, counted with the marches of the site that they left.
    Shipment(MarchId),
    /// A proposal or the operation that it became, see [`ProposalId`].
    Proposal(ProposalId),
    /// What one knower knows of one site.
    Report(Knower, SiteId),
    /// An entity of the game's own: a kind and a number that the game chooses.
    Game(u32, u64),
}

/// The one index from a [`StableId`] to its entity. It is kept by component hooks of [`StableId`] and is never
/// iterated, saved or hashed.
#[derive(Resource, Default, Debug)]
pub struct EntityIndex {
    by_id: HashMap<StableId, Entity>,
}

impl EntityIndex {
    /// The entity with this id, if there is one now.
    #[must_use]
    pub fn get(&self, id: StableId) -> Option<Entity> {
        self.by_id.get(&id).copied()
    }

    /// The entity of a site.
    #[must_use]
    pub fn site(&self, id: SiteId) -> Option<Entity> {
        self.get(StableId::Site(id))
    }

    /// The entity of a player.
    #[must_use]
    pub fn player(&self, id: PlayerId) -> Option<Entity> {
        self.get(StableId::Player(id))
    }

    /// The entity of an alliance.
    #[must_use]
    pub fn alliance(&self, id: AllianceId) -> Option<Entity> {
        self.get(StableId::Alliance(id))
    }

    /// The entity of a march.
    #[must_use]
    pub fn march(&self, id: MarchId) -> Option<Entity> {
        self.get(StableId::March(id))
    }

    /// The entity of merchants on their way.
    #[must_use]
    pub fn shipment(&self, id: MarchId) -> Option<Entity> {
        self.get(StableId::Shipment(id))
    }

    /// The entity of a proposal or operation.
    #[must_use]
    pub fn proposal(&self, id: ProposalId) -> Option<Entity> {
        self.get(StableId::Proposal(id))
    }

    /// The entity of a report.
    #[must_use]
    pub fn report(&self, knower: impl Into<Knower>, site: SiteId) -> Option<Entity> {
        self.get(StableId::Report(knower.into(), site))
    }

    /// The entity that carries what a knower knows: the alliance's or the player's.
    #[must_use]
    pub fn knower(&self, knower: Knower) -> Option<Entity> {
        match knower {
            Knower::Alliance(id) => self.alliance(id),
            Knower::Player(id) => self.player(id),
        }
    }

    /// How many entities of the campaign there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether the campaign is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// Keeps [`EntityIndex`] equal to the entities that carry a [`StableId`].
pub(crate) fn plug_index(app: &mut App) {
    app.init_resource::<EntityIndex>();
    app.add_observer(|add: On<Insert, StableId>, ids: Query<&StableId>, mut index: ResMut<EntityIndex>| {
        if let Ok(id) = ids.get(add.entity) {
            index.by_id.insert(*id, add.entity);
        }
    });
    app.add_observer(|gone: On<Remove, StableId>, ids: Query<&StableId>, mut index: ResMut<EntityIndex>| {
        if let Ok(id) = ids.get(gone.entity)
            && index.by_id.get(id) == Some(&gone.entity)
        {
            index.by_id.remove(id);
        }
    });
}
