//! What fights and settlers change about sites themselves: noted here, carried out right of `battle` in
//! [`WorldSystems::Change`](crate::base::contract::WorldSystems::Change) of the same pass.

use crate::base::clock::PassScratch;
use crate::base::id::{PlayerId, SiteId};
use bevy::prelude::{Entity, Resource};
use std::collections::BTreeSet;

/// A site changes hands, is razed or founded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// Chiefs took it.
    Taken {
        /// Which site.
        site: SiteId,
        /// Who holds it from now on.
        by: PlayerId,
    },
    /// Nobody lives there any more.
    Razed {
        /// Which site.
        site: SiteId,
    },
    /// Settlers reached a free tile.
    Founded {
        /// The march that brought them: what it is when it is its turn, as changes before may have found it a new home.
        entity: Entity,
    },
}

/// The changes of a pass, in the order in which they happened.
#[derive(Resource, Default, Debug)]
pub(crate) struct Changes {
    /// What is to be carried out.
    pub(crate) now: Vec<Change>,
    /// Sites at which nobody else arrives in this pass: who comes later at the same instant meets what they will be.
    sealed: BTreeSet<SiteId>,
}

impl Changes {
    /// Keeps later arrivals of this pass from the site.
    pub(crate) fn seal(&mut self, site: SiteId) {
        self.sealed.insert(site);
    }

    /// Whether arrivals wait for the next pass.
    pub(crate) fn is_sealed(&self, site: SiteId) -> bool {
        self.sealed.contains(&site)
    }
}

impl PassScratch for Changes {
    fn clear(&mut self) {
        self.now.clear();
        self.sealed.clear();
    }
}
