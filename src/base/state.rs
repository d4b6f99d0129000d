//! One registration per component gives the state hash and, later, the save.
//!
//! A registered component is encoded with `postcard` (a stable, compact format) in the order of its entity's
//! [`StableId`]; a registered resource as one value. The hash is XXH3 with 128 bits over all registrations in the
//! order of their names. It is promised per lockfile: a change of a library may change it, a change of pace,
//! threads or frame rate may not.

use crate::base::id::StableId;
use bevy::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

type Encode = fn(&mut World, &mut Vec<u8>);

/// What belongs to the campaign's state.
#[derive(Resource, Default, Debug)]
pub struct StateRegistry {
    entries: BTreeMap<&'static str, Encode>,
}

/// Registers state with an app.
pub trait StateAppExt {
    /// Makes a component part of the state, under a name that stays the same for good. Only entities with a
    /// [`StableId`] count.
    fn register_state<C: Component + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Makes a resource part of the state.
    fn register_state_resource<R: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;
}

impl StateAppExt for App {
    fn register_state<C: Component + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.world_mut().get_resource_or_init::<StateRegistry>().entries.insert(name, encode_component::<C>);
        self
    }

    fn register_state_resource<R: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.world_mut().get_resource_or_init::<StateRegistry>().entries.insert(name, encode_resource::<R>);
        self
    }
}

fn encode_component<C: Component + Serialize>(world: &mut World, out: &mut Vec<u8>) {
    let mut query = world.query::<(&StableId, &C)>();
    let mut rows: Vec<_> = query.iter(world).collect();
    rows.sort_by_key(|(id, _)| **id);
    for row in rows {
        append(&row, out);
    }
}

fn encode_resource<R: Resource + Serialize>(world: &mut World, out: &mut Vec<u8>) {
    if let Some(resource) = world.get_resource::<R>() {
        append(resource, out);
    }
}

fn append<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    match postcard::to_extend(value, core::mem::take(out)) {
        Ok(bytes) => *out = bytes,
        Err(error) => error_once!("state that cannot be encoded is not part of the hash: {error}"),
    }
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
    let entries: Vec<_> = match world.get_resource::<StateRegistry>() {
        Some(registry) => registry.entries.iter().map(|(name, encode)| (*name, *encode)).collect(),
        None => return Vec::new(),
    };
    let mut bytes = Vec::new();
    entries
        .into_iter()
        .map(|(name, encode)| {
            bytes.clear();
            encode(world, &mut bytes);
            (name, xxhash_rust::xxh3::xxh3_128(&bytes))
        })
        .collect()
}
