//! The influence of all alliances on all tiles, and how it follows what changes.

use super::claim::{Claim, Influence, claim};
use super::falloff::Falloff;
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{AllianceId, SiteId};
use crate::knowledge::territory::TerritorySettings;
use bevy::prelude::Resource;
use std::collections::{BTreeMap, BTreeSet};

/// How many tiles a block is wide. Where nobody has influence there is no block.
const BLOCK: usize = 32;
/// From one changed site in this many on, building all anew is cheaper than following each.
const REBUILD_SHARE: usize = 6;

/// A site that has influence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// Where it lies.
    pub at: Tile,
    /// The alliance of its owner.
    pub alliance: AllianceId,
    /// Its inhabitants at the last census.
    pub population: u32,
}

/// On how many tiles an alliance counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct TileCount {
    influenced: u32,
    claimed: u32,
}

/// The influences on one tile, sorted by alliance, none of them 0.
type Cell = Vec<Influence>;

/// The influence of each alliance on each tile: the sum over its sites of population x
/// [`weight_milli`](super::weight_milli). All of it is in integers, so that following changes gives exactly what
/// building anew gives.
///
/// An index over public facts that can be rebuilt at any time; it is neither saved nor hashed.
///
/// ```
/// use bevy_alliance::base::{geometry::{Tile, Torus}, id::{AllianceId, SiteId}};
/// use bevy_alliance::knowledge::territory::{TerritorySettings, rules::{InfluenceMap, Source}};
/// let site = |x, population| Source { at: Tile::new(x, 0), alliance: AllianceId(1), population };
/// let settings = TerritorySettings::default(); // nothing from 12 fields on
/// let mut map = InfluenceMap::build(Torus::default(), settings, [(SiteId(1), site(0, 100))]);
/// assert_eq!(map.influence_milli(AllianceId(1), Tile::new(6, 0)), 50_000);
/// map.apply([(SiteId(2), Some(site(9, 200)))]); // founded: 200 x 0.75 more
/// assert_eq!(map.influence_milli(AllianceId(1), Tile::new(6, 0)), 200_000);
/// map.apply([(SiteId(1), None)]); // razed
/// assert_eq!(map.influence_milli(AllianceId(1), Tile::new(6, 0)), 150_000);
/// assert_eq!(map.influence_milli(AllianceId(1), Tile::new(-3, 0)), 0);
/// ```
#[derive(Resource, Clone, Debug)]
pub struct InfluenceMap {
    torus: Torus,
    settings: TerritorySettings,
    falloff: Falloff,
    sources: BTreeMap<SiteId, Source>,
    by_alliance: BTreeSet<(AllianceId, SiteId)>,
    blocks_per_side: usize,
    blocks: Vec<Option<Box<[Cell]>>>,
    counts: BTreeMap<AllianceId, TileCount>,
}

impl Default for InfluenceMap {
    fn default() -> Self {
        Self::build(Torus::default(), TerritorySettings::default(), [])
    }
}

/// Equal if everything that can be read of both is.
impl PartialEq for InfluenceMap {
    fn eq(&self, other: &Self) -> bool {
        self.torus == other.torus
            && self.settings == other.settings
            && self.sources == other.sources
            && self.by_alliance == other.by_alliance
            && self.counts == other.counts
            && self.tiles().eq(other.tiles())
    }
}

impl InfluenceMap {
    /// Builds it anew from all sites that have influence.
    #[must_use]
    pub fn build(
        torus: Torus,
        settings: TerritorySettings,
        sources: impl IntoIterator<Item = (SiteId, Source)>,
    ) -> Self {
        let blocks_per_side = usize::try_from(torus.side()).unwrap_or(1).div_ceil(BLOCK);
        let mut map = Self {
            torus,
            settings,
            falloff: Falloff::new(&settings, torus.half_width),
            sources: sources.into_iter().collect(),
            by_alliance: BTreeSet::new(),
            blocks_per_side,
            blocks: Vec::new(),
            counts: BTreeMap::new(),
        };
        map.spread_all();
        map
    }

    /// The map.
    #[must_use]
    pub fn torus(&self) -> Torus {
        self.torus
    }

    /// What it was built by.
    #[must_use]
    pub fn settings(&self) -> &TerritorySettings {
        &self.settings
    }

    /// Follows what changed: for each site what it is now, or `None` where it has no influence (any more); of a
    /// site that is named twice the last counts. Sites that are what they were cost next to nothing.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = (SiteId, Option<Source>)>) {
        let mut changed: BTreeMap<SiteId, Option<Source>> = changes.into_iter().collect();
        changed.retain(|site, now| self.sources.get(site) != now.as_ref());
        if changed.len() * REBUILD_SHARE > self.sources.len() {
            for (site, now) in changed {
                match now {
                    Some(source) => self.sources.insert(site, source),
                    None => self.sources.remove(&site),
                };
            }
            self.spread_all();
        } else {
            for (site, now) in changed {
                self.set(site, now);
            }
        }
    }

    /// The influences on a tile, sorted by alliance, none of them 0.
    #[must_use]
    pub fn influences(&self, at: Tile) -> &[Influence] {
        let w = i32::from(self.torus.half_width);
        let (row, column) = (usize::try_from(w - i32::from(at.y)), usize::try_from(i32::from(at.x) + w));
        let (Ok(row), Ok(column), true) = (row, column, self.torus.holds(at)) else { return &[] };
        let (block, cell) = place(self.blocks_per_side, row, column);
        self.blocks.get(block).and_then(Option::as_ref).map_or(&[], |cells| &cells[cell])
    }

    /// The influence of an alliance on a tile, in thousandths of an inhabitant.
    #[must_use]
    pub fn influence_milli(&self, alliance: AllianceId, at: Tile) -> u64 {
        let on_tile = self.influences(at);
        on_tile.binary_search_by_key(&alliance, |i| i.alliance).map_or(0, |i| on_tile[i].milli)
    }

    /// Who holds a tile.
    #[must_use]
    pub fn claim(&self, at: Tile) -> Option<Claim> {
        claim(self.influences(at), &self.settings)
    }

    /// All claimed tiles by rows: from the north, each row from the west.
    pub fn claims(&self) -> impl Iterator<Item = (Tile, Claim)> + '_ {
        self.tiles().filter_map(|(at, on_tile)| Some((at, claim(on_tile, &self.settings)?)))
    }

    /// On how many tiles an alliance has influence.
    #[must_use]
    pub fn tiles_influenced(&self, alliance: AllianceId) -> u32 {
        self.counts.get(&alliance).map_or(0, |c| c.influenced)
    }

    /// How many tiles an alliance holds.
    #[must_use]
    pub fn tiles_claimed(&self, alliance: AllianceId) -> u32 {
        self.counts.get(&alliance).map_or(0, |c| c.claimed)
    }

    /// The sites of an alliance that count, with their places, sorted by id.
    pub fn sites_of(&self, alliance: AllianceId) -> impl Iterator<Item = (SiteId, Tile)> + '_ {
        let own = self.by_alliance.range((alliance, SiteId(0))..=(alliance, SiteId(u32::MAX)));
        own.filter_map(|(_, site)| Some((*site, self.sources.get(site)?.at)))
    }

    /// The sites of an alliance that lie at its frontier, with the number of tiles within `frontier_radius` that
    /// somebody claims or contests who is no friend; the one with the most comes first, of equals the lower id.
    #[must_use]
    pub fn frontier(&self, alliance: AllianceId, is_friend: impl Fn(AllianceId) -> bool) -> Vec<(SiteId, u32)> {
        let foreign = |other: AllianceId| other != alliance && !is_friend(other);
        let presses = |claim: Claim| foreign(claim.alliance) || claim.contested_by.is_some_and(foreign);
        let radius = self.settings.frontier_radius;
        let pressed = |at| self.around(at, radius).filter(|(tile, _)| self.claim(*tile).is_some_and(presses)).count();
        let mut sites: Vec<(SiteId, u32)> = self
            .sites_of(alliance)
            .map(|(site, at)| (site, u32::try_from(pressed(at)).unwrap_or(u32::MAX)))
            .filter(|(_, tiles)| *tiles > 0)
            .collect();
        sites.sort_unstable_by_key(|(site, tiles)| (core::cmp::Reverse(*tiles), *site));
        sites
    }

    /// For each other alliance the number of this one's sites within `frontier_radius` of which it claims or contests a tile.
    #[must_use]
    pub fn pressed_by(&self, alliance: AllianceId) -> BTreeMap<AllianceId, u32> {
        let mut pressed: BTreeMap<AllianceId, u32> = BTreeMap::new();
        for (_, at) in self.sites_of(alliance) {
            let claims = self.around(at, self.settings.frontier_radius).filter_map(|(tile, _)| self.claim(tile));
            let others: BTreeSet<AllianceId> =
                claims.flat_map(|claim| [Some(claim.alliance), claim.contested_by]).flatten().collect();
            for other in others.into_iter().filter(|other| *other != alliance) {
                *pressed.entry(other).or_default() += 1;
            }
        }
        pressed
    }

    /// The tiles within a radius with the squares of their distances, each once.
    pub(super) fn around(&self, at: Tile, radius: u16) -> impl Iterator<Item = (Tile, u64)> + '_ {
        let reach = TerritorySettings::reach(radius, self.torus.half_width);
        let limit = u64::from(radius).pow(2);
        let torus = self.torus;
        (-reach..=reach)
            .flat_map(move |dy| (-reach..=reach).map(move |dx| (dx, dy)))
            .map(move |(dx, dy)| (torus.shifted(at, dx, dy), u64::from((dx * dx + dy * dy).unsigned_abs())))
            .filter(move |(_, distance_squared)| *distance_squared <= limit)
    }

    /// All tiles with influence by rows.
    fn tiles(&self) -> impl Iterator<Item = (Tile, &[Influence])> + '_ {
        let side = usize::try_from(self.torus.side()).unwrap_or(1);
        (0..side).flat_map(move |row| {
            (0..self.blocks_per_side).flat_map(move |block| {
                let (index, first) = place(self.blocks_per_side, row, block * BLOCK);
                let cells = self.blocks[index].as_ref().map_or(&[][..], |cells| &cells[first..first + BLOCK]);
                let columns = block * BLOCK..side;
                let filled = columns.zip(cells).filter(|(_, cell)| !cell.is_empty());
                filled.filter_map(move |(column, cell)| Some((self.tile(row, column)?, cell.as_slice())))
            })
        })
    }

    fn tile(&self, row: usize, column: usize) -> Option<Tile> {
        let w = i32::from(self.torus.half_width);
        let (x, y) = (i32::try_from(column).ok()? - w, w - i32::try_from(row).ok()?);
        Some(Tile { x: i16::try_from(x).ok()?, y: i16::try_from(y).ok()? })
    }

    /// One site is something else now.
    fn set(&mut self, site: SiteId, now: Option<Source>) {
        let old = match now {
            Some(source) => self.sources.insert(site, source),
            None => self.sources.remove(&site),
        };
        match (old, now) {
            (Some(old), Some(now)) if (old.at, old.alliance) == (now.at, now.alliance) => {
                self.spread(now, i64::from(now.population) - i64::from(old.population));
            }
            _ => {
                if let Some(old) = old {
                    self.by_alliance.remove(&(old.alliance, site));
                    self.spread(old, -i64::from(old.population));
                }
                if let Some(now) = now {
                    self.by_alliance.insert((now.alliance, site));
                    self.spread(now, i64::from(now.population));
                }
            }
        }
    }

    /// This many more inhabitants around one site, with what follows for the counts of tiles.
    fn spread(&mut self, source: Source, inhabitants: i64) {
        let Self { torus, settings, falloff, blocks_per_side, blocks, counts, .. } = self;
        if inhabitants == 0 {
            return;
        }
        falloff.for_each(torus.half_width, source.at, |row, column, weight| {
            let cell = cell_of(blocks, *blocks_per_side, row, column);
            let (held, had) = (claim(cell, settings), cell.len());
            add(cell, source.alliance, inhabitants * i64::from(weight));
            let holds = claim(cell, settings).map(|c| c.alliance);
            let held = held.map(|c| c.alliance);
            if cell.len() != had {
                count(counts, source.alliance, |c| step(&mut c.influenced, cell.len() > had));
            }
            if held != holds {
                for (alliance, gains) in [(held, false), (holds, true)] {
                    if let Some(alliance) = alliance {
                        count(counts, alliance, |c| step(&mut c.claimed, gains));
                    }
                }
            }
        });
    }

    /// All tiles anew. Alliance by alliance, so that each tile's list only grows at its end.
    fn spread_all(&mut self) {
        self.blocks.clear();
        self.blocks.resize(self.blocks_per_side * self.blocks_per_side, None);
        self.by_alliance = self.sources.iter().map(|(site, source)| (source.alliance, *site)).collect();
        let Self { torus, falloff, blocks_per_side, blocks, .. } = self;
        for source in self.by_alliance.iter().filter_map(|(_, site)| self.sources.get(site)) {
            let inhabitants = i64::from(source.population);
            if inhabitants > 0 {
                falloff.for_each(torus.half_width, source.at, |row, column, weight| {
                    let cell = cell_of(blocks, *blocks_per_side, row, column);
                    add(cell, source.alliance, inhabitants * i64::from(weight));
                });
            }
        }
        let mut counts = BTreeMap::new();
        for cell in self.blocks.iter().flatten().flatten() {
            for influence in cell {
                count(&mut counts, influence.alliance, |c| step(&mut c.influenced, true));
            }
            if let Some(claim) = claim(cell, &self.settings) {
                count(&mut counts, claim.alliance, |c| step(&mut c.claimed, true));
            }
        }
        self.counts = counts;
    }
}

/// The block of a tile, and its place there.
fn place(blocks_per_side: usize, row: usize, column: usize) -> (usize, usize) {
    (row / BLOCK * blocks_per_side + column / BLOCK, row % BLOCK * BLOCK + column % BLOCK)
}

fn cell_of(blocks: &mut [Option<Box<[Cell]>>], blocks_per_side: usize, row: usize, column: usize) -> &mut Cell {
    let (block, cell) = place(blocks_per_side, row, column);
    &mut blocks[block].get_or_insert_with(|| vec![Cell::new(); BLOCK * BLOCK].into_boxed_slice())[cell]
}

/// Adds to an alliance's influence, and drops it at 0.
fn add(cell: &mut Cell, alliance: AllianceId, milli: i64) {
    let place = match cell.last() {
        Some(last) if last.alliance == alliance => Ok(cell.len() - 1),
        Some(last) if last.alliance > alliance => cell.binary_search_by_key(&alliance, |i| i.alliance),
        _ => Err(cell.len()),
    };
    match place {
        Ok(i) => {
            cell[i].milli = cell[i].milli.saturating_add_signed(milli);
            if cell[i].milli == 0 {
                cell.remove(i);
            }
        }
        Err(i) => {
            if let Ok(milli) = u64::try_from(milli) {
                cell.insert(i, Influence { alliance, milli });
            }
        }
    }
}

/// Changes the count of an alliance, and drops it when nothing is left.
fn count(counts: &mut BTreeMap<AllianceId, TileCount>, alliance: AllianceId, change: impl FnOnce(&mut TileCount)) {
    let entry = counts.entry(alliance).or_default();
    change(entry);
    if *entry == TileCount::default() {
        counts.remove(&alliance);
    }
}

fn step(count: &mut u32, up: bool) {
    *count = if up { count.saturating_add(1) } else { count.saturating_sub(1) };
}
