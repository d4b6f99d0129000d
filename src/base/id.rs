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
number_id!(
    /// The owner of sites: a person or an NPC.
    PlayerId
);
number_id!(
    /// An alliance of players.
    AllianceId
);

/// A march, counted by the site that it left. There is no global counter: it would leak how much others march.
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

/// One group of an operation: which operation and which of its groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct OrderId {
    /// The operation, named by the proposal that it came from.
    pub operation: ProposalId,
    /// The group within the operation, counted from 0.
    pub group: u16,
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
    /// A proposal or the operation that it became, see [`ProposalId`].
    Proposal(ProposalId),
    /// What one alliance knows of one site.
    Report(AllianceId, SiteId),
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

    /// The entity of a proposal or operation.
    #[must_use]
    pub fn proposal(&self, id: ProposalId) -> Option<Entity> {
        self.get(StableId::Proposal(id))
    }

    /// The entity of a report.
    #[must_use]
    pub fn report(&self, knower: AllianceId, site: SiteId) -> Option<Entity> {
        self.get(StableId::Report(knower, site))
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
