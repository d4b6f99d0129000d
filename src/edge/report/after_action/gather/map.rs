//! Where everybody is, and where the largest operations went.

use super::Source;
use crate::base::contract::{Player, Site};
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{PlayerId, ProposalId, SiteId};
use crate::edge::report::after_action::data::{Arrow, Map, Operation};
use crate::knowledge::territory::rules::InfluenceMap;
use bevy::prelude::World;
use std::collections::BTreeMap;

/// Villages of others that are shown at most.
const OTHERS_SHOWN: usize = 8_000;
/// Operations with arrows.
const OPERATIONS_SHOWN: usize = 10;
/// Arrows of one operation.
const ARROWS_EACH: usize = 6;

pub(super) fn map(world: &mut World, source: &Source, operations: &[Operation]) -> Map {
    let torus = source.torus;
    let mut map = Map {
        half_width: torus.half_width,
        villages: vec![Vec::new(); source.order.len()],
        land: vec![Vec::new(); source.order.len()],
        ..Map::default()
    };
    let sides: BTreeMap<PlayerId, usize> = {
        let mut players = world.query::<&Player>();
        players.iter(world).filter_map(|p| Some((p.id, source.side(p.alliance?)?))).collect()
    };
    let mut sites: Vec<(SiteId, Tile, PlayerId)> =
        world.query::<&Site>().iter(world).map(|site| (site.id, site.at, site.owner)).collect();
    sites.sort_unstable_by_key(|(id, ..)| *id);
    let at: BTreeMap<SiteId, Tile> = sites.iter().map(|(id, at, _)| (*id, *at)).collect();
    for (_, tile, owner) in &sites {
        match sides.get(owner) {
            Some(side) => map.villages[*side].push((tile.x, tile.y)),
            None if map.others.len() < OTHERS_SHOWN => map.others.push((tile.x, tile.y)),
            None => {}
        }
    }
    for change in &source.history.changed {
        if let (Some(_), Some((owner, _)), Some(tile)) = (change.from, change.to, at.get(&change.site)) {
            map.taken.push((tile.x, tile.y, sides.get(&owner).copied()));
        }
    }
    if let Some(influence) = world.get_resource::<InfluenceMap>() {
        land(source, influence, &mut map);
    }
    arrows(source, torus, &at, operations, &mut map);
    map
}

/// Claimed tiles of each side, in stretches from west to east.
fn land(source: &Source, influence: &InfluenceMap, map: &mut Map) {
    for (tile, claim) in influence.claims() {
        let Some(side) = source.side(claim.alliance) else { continue };
        match map.land[side].last_mut() {
            Some((x, y, n)) if *y == tile.y && i32::from(*x) + i32::from(*n) == i32::from(tile.x) => *n += 1,
            _ => map.land[side].push((tile.x, tile.y, 1)),
        }
    }
}

/// From the middle of those who send to each target.
fn arrows(source: &Source, torus: Torus, at: &BTreeMap<SiteId, Tile>, operations: &[Operation], map: &mut Map) {
    let mut largest: Vec<(i64, ProposalId, usize)> = source
        .places
        .iter()
        .filter_map(|(id, place)| Some((operations.get(*place)?, *id, *place)))
        .filter(|(operation, ..)| operation.fought())
        .map(|(operation, id, place)| (operation.sent, id, place))
        .collect();
    largest.sort_unstable_by_key(|(sent, id, _)| (core::cmp::Reverse(*sent), *id));
    for (_, id, place) in largest.into_iter().take(OPERATIONS_SHOWN) {
        let Some(story) = source.tally.stories.get(&id) else { continue };
        for target in story.targets.iter().take(ARROWS_EACH) {
            let Some(goal) = at.get(target) else { continue };
            let rows = story.rows.iter().filter(|row| row.target == *target);
            let offsets: Vec<(f64, f64)> =
                rows.filter_map(|row| Some(offset(torus, *goal, *at.get(&row.origin)?))).collect();
            if offsets.is_empty() {
                continue;
            }
            let n = offsets.len() as f64;
            let middle = offsets.iter().fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x / n, sum.1 + y / n));
            let to = (f64::from(goal.x), f64::from(goal.y));
            map.arrows.push(Arrow { operation: place, from: (to.0 + middle.0, to.1 + middle.1), to });
        }
    }
}

/// The way from a goal back to where somebody comes from, over the edge of the map where that is shorter.
fn offset(torus: Torus, goal: Tile, origin: Tile) -> (f64, f64) {
    let side = torus.side();
    let half = i32::from(torus.half_width);
    let short = |d: i32| {
        if d > half {
            d - side
        } else if d < -half {
            d + side
        } else {
            d
        }
    };
    let (dx, dy) = (i32::from(origin.x) - i32::from(goal.x), i32::from(origin.y) - i32::from(goal.y));
    (f64::from(short(dx)), f64::from(short(dy)))
}
