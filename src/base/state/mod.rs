//! One registration per component gives the state hash and the save.
//!
//! A registered component is encoded with `postcard` (a stable, compact format) in the order of its entity's
//! [`StableId`]; a registered resource as one value. The hash is XXH3 with 128 bits over all registrations in the
//! order of their names. It is promised per lockfile: a change of a library may change it, a change of pace,
//! threads or frame rate may not.
//!
//! What is *not* here: files and their format (`edge::snapshot`). This module copies, encodes, decodes and puts back
//! what one registration holds.

mod registration;
mod rows;

pub(crate) use registration::{Registration, StateKind};
pub use rows::RowsError;
pub(crate) use rows::{StateCopy, StateRows};

use crate::base::id::StableId;
use bevy::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

/// The name under which a save lists all entities. No registration may take it.
pub(crate) const ENTITIES: &str = "entities";

/// What belongs to the campaign's state.
#[derive(Resource, Default, Debug)]
pub struct StateRegistry {
    entries: BTreeMap<&'static str, Registration>,
}

impl StateRegistry {
    /// The names of all registrations, in the order in which they are hashed and saved.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.keys().copied()
    }

    /// All registrations, in the order of their names.
    pub(crate) fn all(world: &World) -> Vec<(&'static str, Registration)> {
        world.get_resource::<Self>().map(|r| r.entries.iter().map(|(n, e)| (*n, *e)).collect()).unwrap_or_default()
    }

    fn add(&mut self, name: &'static str, registration: Registration) {
        let taken = name == ENTITIES || self.entries.get(name).is_some_and(|other| !other.is_same_type(&registration));
        assert!(!taken, "the name `{name}` of a state registration belongs to another type");
        self.entries.insert(name, registration);
    }
}

/// What is saved although it is no part of the hash: what an app can only copy out of its own structures, such as the
/// agenda.
pub trait Kept: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Copies it out of the world. This runs on the main thread: sorting and the like belong into `serialize`.
    fn take(world: &World) -> Self;

    /// Puts it back into a world whose registered resources and components stand already.
    fn put(self, world: &mut World);
}

/// Registers state with an app.
pub trait StateAppExt {
    /// Makes a component part of the state, under a name that stays the same for good. Only entities with a
    /// [`StableId`] count.
    ///
    /// # Panics
    /// If another type has the name: a mistake in the code of the game, found at start-up.
    fn register_state<C: Component + Clone + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Makes a resource part of the state.
    ///
    /// # Panics
    /// If another type has the name.
    fn register_state_resource<R: Resource + Clone + Serialize + DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> &mut Self;

    /// Makes something part of the save, but not of the hash.
    ///
    /// # Panics
    /// If another type has the name.
    fn register_kept<K: Kept>(&mut self, name: &'static str) -> &mut Self;

    /// Adds a function that builds anew what is not saved because it follows from the state: indices, models. It runs
    /// after a load, by rank; ranks below 1000 belong to this crate. A loader of a scenario that needs the same thing
    /// calls the same function.
    fn add_state_rebuilder(&mut self, rank: u16, rebuild: fn(&mut World)) -> &mut Self;
}

impl StateAppExt for App {
    fn register_state<C: Component + Clone + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        let mut registry = self.world_mut().get_resource_or_init::<StateRegistry>();
        registry.add(name, Registration::component::<C>());
        self
    }

    fn register_state_resource<R: Resource + Clone + Serialize + DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> &mut Self {
        let mut registry = self.world_mut().get_resource_or_init::<StateRegistry>();
        registry.add(name, Registration::resource::<R>());
        self
    }

    fn register_kept<K: Kept>(&mut self, name: &'static str) -> &mut Self {
        self.world_mut().get_resource_or_init::<StateRegistry>().add(name, Registration::kept::<K>());
        self
    }

    fn add_state_rebuilder(&mut self, rank: u16, rebuild: fn(&mut World)) -> &mut Self {
        self.world_mut().get_resource_or_init::<StateRebuilders>().0.entry(rank).or_default().push(rebuild);
        self
    }
}

/// What is built anew after a load.
#[derive(Resource, Default, Debug)]
struct StateRebuilders(BTreeMap<u16, Vec<fn(&mut World)>>);

/// Builds all that follows from the state anew.
pub(crate) fn rebuild_state(world: &mut World) {
    let rebuilders: Vec<_> = world.get_resource_or_init::<StateRebuilders>().0.values().flatten().copied().collect();
    for rebuild in rebuilders {
        rebuild(world);
    }
    world.flush();
}

/// The hash of the whole campaign: 128 bits.
#[must_use]
pub fn state_hash(world: &mut World) -> u128 {
    hash_parts(world)
        .into_iter()
        .fold(Xxh3::new(), |mut all, (name, hash)| {
            all.update(name.as_bytes());
            all.update(&hash.to_le_bytes());
            all
        })
        .digest128()
}

/// The hash of each registration by itself: where two runs differ, this tells in what.
#[must_use]
pub fn hash_parts(world: &mut World) -> Vec<(&'static str, u128)> {
    let mut bytes = Vec::new();
    StateRegistry::all(world)
        .into_iter()
        .filter(|(_, registration)| registration.kind != StateKind::Kept)
        .map(|(name, registration)| {
            bytes.clear();
            if let Err(error) = registration.encode(world, &mut bytes) {
                error_once!("state `{name}` cannot be encoded and is not part of the hash: {error}");
            }
            (name, xxhash_rust::xxh3::xxh3_128(&bytes))
        })
        .collect()
}

/// The ids of all entities of the campaign with their entities, sorted.
pub(crate) fn all_entities(world: &mut World) -> Vec<(StableId, Entity)> {
    let mut ids: Vec<_> = world.query::<(&StableId, Entity)>().iter(world).map(|(id, entity)| (*id, entity)).collect();
    ids.sort_unstable();
    ids
}
