//! The rows of one registration: copied out of a world, encoded, decoded, and put back.

use crate::base::id::StableId;
use bevy::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Rows that are not what was saved.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum RowsError {
    /// A row is not a value of the registered type.
    #[error("row {row} is not what was registered: {error}")]
    Decode {
        /// Which row, counted from 0.
        row: u64,
        /// What the decoder says.
        error: postcard::Error,
    },
    /// Two rows of one entity.
    #[error("{0:?} stands twice")]
    Duplicate(StableId),
    /// Rows are not in the order of their ids.
    #[error("row {0} is out of order")]
    Order(u64),
    /// A row of an entity that the save does not list.
    #[error("{0:?} is not among the entities")]
    Stranger(StableId),
    /// A resource with more than one value, or a kept value that is missing.
    #[error("{0} values where one belongs")]
    Count(u64),
    /// Bytes that belong to no row.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
}

/// A copy of what one registration holds. It needs no world, so any thread may encode it.
pub(crate) trait StateCopy: Send + Sync {
    /// Appends the rows in the order of their ids, and returns how many there are.
    fn encode(&self, out: &mut Vec<u8>) -> Result<u64, postcard::Error>;
}

/// Decoded rows that wait to be put into a world.
pub(crate) trait StateRows {
    /// The first row of an entity that is not in this sorted list.
    fn stranger(&self, entities: &[StableId]) -> Option<StableId>;

    /// Puts them into the world. `entities` are all that the save lists, sorted.
    fn put(self: Box<Self>, world: &mut World, entities: &[(StableId, Entity)]);
}

/// A component of many entities.
pub(super) struct ComponentRows<C>(pub(super) Vec<(StableId, C)>);

impl<C: Component + Serialize> StateCopy for ComponentRows<C> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<u64, postcard::Error> {
        encode_sorted(self.0.iter().map(|(id, c)| (id, c)).collect(), out)
    }
}

impl<C: Component> StateRows for ComponentRows<C> {
    fn stranger(&self, entities: &[StableId]) -> Option<StableId> {
        let mut known = entities.iter();
        self.0.iter().map(|(id, _)| *id).find(|id| !known.any(|other| other == id))
    }

    fn put(self: Box<Self>, world: &mut World, entities: &[(StableId, Entity)]) {
        // Both lists are sorted, and each row has its entity.
        let mut known = entities.iter();
        let rows = self.0.into_iter().filter_map(|(id, c)| known.find(|(other, _)| *other == id).map(|(_, e)| (*e, c)));
        world.insert_batch(rows.collect::<Vec<_>>());
    }
}

/// A resource, or a kept value.
pub(super) struct ValueRow<T> {
    pub(super) value: Option<T>,
    pub(super) put: fn(Option<T>, &mut World),
}

impl<T: Serialize + Send + Sync> StateCopy for ValueRow<T> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<u64, postcard::Error> {
        self.value.as_ref().map_or(Ok(0), |value| append(value, out).map(|()| 1))
    }
}

impl<T> StateRows for ValueRow<T> {
    fn stranger(&self, _: &[StableId]) -> Option<StableId> {
        None
    }

    fn put(self: Box<Self>, world: &mut World, _: &[(StableId, Entity)]) {
        (self.put)(self.value, world);
    }
}

pub(super) fn append<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
    *out = postcard::to_extend(value, core::mem::take(out))?;
    Ok(())
}

pub(super) fn encode_sorted<C: Serialize>(
    mut rows: Vec<(&StableId, &C)>,
    out: &mut Vec<u8>,
) -> Result<u64, postcard::Error> {
    rows.sort_unstable_by_key(|(id, _)| **id);
    for row in &rows {
        append(row, out)?;
    }
    Ok(rows.len() as u64)
}

/// Reads rows whose ids must ascend. Memory grows with what is really there, never with what a count claims.
pub(super) fn decode_sorted<C: DeserializeOwned>(rows: u64, bytes: &[u8]) -> Result<Vec<(StableId, C)>, RowsError> {
    let (mut list, mut rest) = (Vec::<(StableId, C)>::new(), bytes);
    for row in 0..rows {
        let (next, left) =
            postcard::take_from_bytes::<(StableId, C)>(rest).map_err(|error| RowsError::Decode { row, error })?;
        match list.last() {
            Some((last, _)) if *last == next.0 => return Err(RowsError::Duplicate(next.0)),
            Some((last, _)) if *last > next.0 => return Err(RowsError::Order(row)),
            _ => {}
        }
        rest = left;
        list.push(next);
    }
    if rest.is_empty() { Ok(list) } else { Err(RowsError::LeftOver(rest.len())) }
}

pub(super) fn decode_value<T: DeserializeOwned>(rows: u64, bytes: &[u8]) -> Result<Option<T>, RowsError> {
    let (value, rest) = match rows {
        0 => (None, bytes),
        1 => postcard::take_from_bytes::<T>(bytes)
            .map(|(value, rest)| (Some(value), rest))
            .map_err(|error| RowsError::Decode { row: 0, error })?,
        more => return Err(RowsError::Count(more)),
    };
    if rest.is_empty() { Ok(value) } else { Err(RowsError::LeftOver(rest.len())) }
}
