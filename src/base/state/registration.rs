//! What is known of one registered type, with the type forgotten.

use super::Kept;
use super::rows::{self, ComponentRows, RowsError, StateCopy, StateRows, ValueRow};
use crate::base::id::StableId;
use bevy::prelude::*;
use core::any::TypeId;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a registration is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum StateKind {
    /// A resource: hashed, and put back first.
    Resource,
    /// A component: hashed, and put back when all entities stand.
    Component,
    /// Saved only, and put back last.
    Kept,
}

/// The functions of one registered type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registration {
    /// What it is.
    pub(crate) kind: StateKind,
    of: TypeId,
    encode: fn(&mut World, &mut Vec<u8>) -> Result<(), postcard::Error>,
    copy: fn(&mut World) -> Box<dyn StateCopy>,
    decode: fn(u64, &[u8]) -> Result<Box<dyn StateRows>, RowsError>,
}

impl Registration {
    pub(super) fn component<C: Component + Clone + Serialize + DeserializeOwned>() -> Self {
        Self {
            kind: StateKind::Component,
            of: TypeId::of::<C>(),
            encode: |world, out| {
                let mut query = world.query::<(&StableId, &C)>();
                rows::encode_sorted(query.iter(world).collect(), out).map(drop)
            },
            copy: |world| {
                let mut query = world.query::<(&StableId, &C)>();
                Box::new(ComponentRows(query.iter(world).map(|(id, c)| (*id, c.clone())).collect::<Vec<_>>()))
            },
            decode: |rows, bytes| Ok(Box::new(ComponentRows::<C>(rows::decode_sorted(rows, bytes)?))),
        }
    }

    pub(super) fn resource<R: Resource + Clone + Serialize + DeserializeOwned>() -> Self {
        Self {
            kind: StateKind::Resource,
            of: TypeId::of::<R>(),
            encode: |world, out| world.get_resource::<R>().map_or(Ok(()), |resource| rows::append(resource, out)),
            copy: |world| Box::new(ValueRow::<R> { value: world.get_resource::<R>().cloned(), put: put_resource }),
            decode: |rows, bytes| {
                Ok(Box::new(ValueRow::<R> { value: rows::decode_value(rows, bytes)?, put: put_resource }))
            },
        }
    }

    pub(super) fn kept<K: Kept>() -> Self {
        Self {
            kind: StateKind::Kept,
            of: TypeId::of::<K>(),
            encode: |world, out| rows::append(&K::take(world), out),
            copy: |world| Box::new(ValueRow::<K> { value: Some(K::take(world)), put: put_kept }),
            decode: |rows, bytes| match rows::decode_value(rows, bytes)? {
                None => Err(RowsError::Count(0)),
                value => Ok(Box::new(ValueRow::<K> { value, put: put_kept })),
            },
        }
    }

    pub(super) fn is_same_type(&self, other: &Self) -> bool {
        self.of == other.of && self.kind == other.kind
    }

    /// Appends what is hashed.
    pub(crate) fn encode(&self, world: &mut World, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
        (self.encode)(world, out)
    }

    /// Copies what is there now: nothing is sorted or encoded yet.
    pub(crate) fn copy(&self, world: &mut World) -> Box<dyn StateCopy> {
        (self.copy)(world)
    }

    /// Reads this many rows, which must be all of the bytes.
    pub(crate) fn decode(&self, rows: u64, bytes: &[u8]) -> Result<Box<dyn StateRows>, RowsError> {
        (self.decode)(rows, bytes)
    }
}

fn put_resource<R: Resource>(value: Option<R>, world: &mut World) {
    match value {
        Some(resource) => world.insert_resource(resource),
        None => {
            world.remove_resource::<R>();
        }
    }
}

fn put_kept<K: Kept>(value: Option<K>, world: &mut World) {
    if let Some(kept) = value {
        kept.put(world);
    }
}
