//! Loading: everything is decoded and checked first, then everything is replaced.

use super::envelope::{Kind, Section, open, read_sections};
use super::error::LoadError;
use super::{SAVE_MAGIC, SAVE_VERSION};
use crate::base::id::StableId;
use crate::base::state::{
    ENTITIES, Registration, RowsError, StateKind, StateRegistry, StateRows, all_entities, rebuild_state,
};
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Decoded sections in the order in which they are put into a world.
type Parts = BTreeMap<(StateKind, &'static str), Box<dyn StateRows>>;

/// Resources without which nothing can go on.
const EVERY_CAMPAIGN_HAS: [&str; 2] = ["torus", "world_seed"];

pub(super) fn load(world: &mut World, save: &[u8]) -> Result<(), LoadError> {
    let body = open(&Kind { magic: SAVE_MAGIC, version: SAVE_VERSION, name: "save" }, save)?;
    let mut sections = read_sections(body)?;
    let at = sections.binary_search_by_key(&ENTITIES, |s| s.name);
    let at = at.map_err(|_| LoadError::MissingSection { section: ENTITIES.to_owned() })?;
    let ids = decode_ids(&sections.remove(at)).map_err(|error| fault(ENTITIES, error))?;
    let parts = decode_parts(&StateRegistry::all(world), &sections)?;
    let is_empty = |name: &&&str| sections.iter().any(|s| s.name == **name && s.rows == 0);
    if let Some(section) = EVERY_CAMPAIGN_HAS.iter().find(is_empty) {
        return Err(LoadError::NoCampaign { section });
    }
    for ((_, name), rows) in &parts {
        if let Some(id) = rows.stranger(&ids) {
            return Err(fault(name, RowsError::Stranger(id)));
        }
    }
    replace(world, ids, parts);
    Ok(())
}

/// Decodes sections, which must be exactly those of these registrations.
pub(super) fn decode_parts(
    registrations: &[(&'static str, Registration)],
    sections: &[Section<'_>],
) -> Result<Parts, LoadError> {
    if let Some(unknown) = sections.iter().find(|s| !registrations.iter().any(|(name, _)| *name == s.name)) {
        return Err(LoadError::UnknownSection { section: unknown.name.to_owned() });
    }
    let mut parts = Parts::new();
    for (name, registration) in registrations {
        let section = sections.iter().find(|s| s.name == *name);
        let section = section.ok_or_else(|| LoadError::MissingSection { section: (*name).to_owned() })?;
        let rows = registration.decode(section.rows, section.payload).map_err(|error| fault(name, error))?;
        parts.insert((registration.kind, name), rows);
    }
    Ok(parts)
}

fn decode_ids(section: &Section<'_>) -> Result<Vec<StableId>, RowsError> {
    let (mut ids, mut rest) = (Vec::<StableId>::new(), section.payload);
    for row in 0..section.rows {
        let (id, left) =
            postcard::take_from_bytes::<StableId>(rest).map_err(|error| RowsError::Decode { row, error })?;
        match ids.last() {
            Some(last) if *last == id => return Err(RowsError::Duplicate(id)),
            Some(last) if *last > id => return Err(RowsError::Order(row)),
            _ => {}
        }
        rest = left;
        ids.push(id);
    }
    if rest.is_empty() { Ok(ids) } else { Err(RowsError::LeftOver(rest.len())) }
}

fn fault(section: &str, error: RowsError) -> LoadError {
    LoadError::Section { section: section.to_owned(), error }
}

/// Resources first, then all entities with nothing but their ids, so that whatever reacts to a component finds every
/// other entity in the index; then their components; then what is kept beside the state; then what follows from it.
fn replace(world: &mut World, ids: Vec<StableId>, mut parts: Parts) {
    for (_, entity) in all_entities(world) {
        // What stands on another's despawn list is gone already.
        if world.get_entity(entity).is_ok() {
            world.despawn(entity);
        }
    }
    world.flush();
    let components = parts.split_off(&(StateKind::Component, ""));
    for (_, rows) in parts {
        rows.put(world, &[]);
    }
    let spawned: Vec<Entity> = world.spawn_batch(ids.clone()).collect();
    world.flush();
    let entities: Vec<(StableId, Entity)> = ids.into_iter().zip(spawned).collect();
    for (_, rows) in components {
        rows.put(world, &entities);
        world.flush();
    }
    rebuild_state(world);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_into_the_world_by_kind() {
        let kinds = [StateKind::Resource, StateKind::Component, StateKind::Kept];
        assert!(kinds.is_sorted(), "`replace` relies on this order");
    }
}
