//! Tiles on a torus, their distances, and a grid that finds the sites within a radius.

use crate::base::id::SiteId;
use bevy::prelude::{Reflect, Resource};
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// A place on the map. Both coordinates run from `-half_width` to `half_width`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Tile {
    /// East is positive.
    pub x: i16,
    /// North is positive.
    pub y: i16,
}

impl Tile {
    /// The tile at x and y.
    #[must_use]
    pub const fn new(x: i16, y: i16) -> Self {
        Self { x, y }
    }
}

/// A square map whose edges meet: x and y from `-half_width` to `half_width`.
#[derive(Resource, Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub struct Torus {
    /// The largest coordinate.
    pub half_width: i16,
}

impl Default for Torus {
    fn default() -> Self {
        Self { half_width: 200 }
    }
}

impl Torus {
    /// How many tiles a side has.
    #[must_use]
    pub fn side(self) -> i32 {
        2 * i32::from(self.half_width) + 1
    }

    fn along(self, a: i16, b: i16) -> i32 {
        let d = (i32::from(a) - i32::from(b)).abs();
        if d > i32::from(self.half_width) { self.side() - d } else { d }
    }

    /// The square of the distance in fields.
    #[must_use]
    pub fn distance_squared(self, a: Tile, b: Tile) -> i32 {
        let (dx, dy) = (self.along(a.x, b.x), self.along(a.y, b.y));
        dx * dx + dy * dy
    }

    /// The distance in fields, the shorter way around.
    ///
    /// ```
    /// use bevy_alliance::base::geometry::{Tile, Torus};
    /// let map = Torus { half_width: 200 };
    /// assert_eq!(map.distance(Tile::new(-200, 0), Tile::new(200, 0)), 1.0); // across the seam
    /// assert_eq!(map.distance(Tile::new(0, 0), Tile::new(3, 4)), 5.0);
    /// ```
    #[must_use]
    pub fn distance(self, a: Tile, b: Tile) -> f64 {
        f64::from(self.distance_squared(a, b)).sqrt()
    }

    /// Whether the tile lies on the map.
    #[must_use]
    pub fn holds(self, tile: Tile) -> bool {
        tile.x.abs() <= self.half_width && tile.y.abs() <= self.half_width
    }

    /// The number of a tile in `map.sql`: `(W - y)(2W + 1) + x + W + 1`, so 1 is the north-west corner.
    #[must_use]
    pub fn tile_id(self, tile: Tile) -> i64 {
        let w = i64::from(self.half_width);
        (w - i64::from(tile.y)) * (2 * w + 1) + i64::from(tile.x) + w + 1
    }

    /// The tile with a number of `map.sql`; `None` for a number that is not on the map.
    ///
    /// ```
    /// use bevy_alliance::base::geometry::{Tile, Torus};
    /// let map = Torus { half_width: 200 };
    /// assert_eq!(map.tile(map.tile_id(Tile::new(-7, 42))), Some(Tile::new(-7, 42)));
    /// assert_eq!(map.tile(0), None);
    /// ```
    #[must_use]
    pub fn tile(self, tile_id: i64) -> Option<Tile> {
        let (side, w) = (i64::from(self.side()), i64::from(self.half_width));
        let from_corner = tile_id.checked_sub(1).filter(|n| (0..side * side).contains(n))?;
        let (x, y) = (from_corner % side - w, w - from_corner / side);
        Some(Tile { x: i16::try_from(x).ok()?, y: i16::try_from(y).ok()? })
    }

    /// The id of the site that is founded on this tile.
    #[must_use]
    pub fn plot(self, tile: Tile) -> SiteId {
        SiteId::plot(u32::try_from(self.tile_id(tile)).unwrap_or(0))
    }

    /// The tile `dx` and `dy` away, brought back onto the map.
    #[must_use]
    pub fn shifted(self, tile: Tile, dx: i32, dy: i32) -> Tile {
        let wrap = |v: i32| {
            let w = i32::from(self.half_width);
            i16::try_from((v + w).rem_euclid(self.side()) - w).unwrap_or_default()
        };
        Tile { x: wrap(i32::from(tile.x) + dx), y: wrap(i32::from(tile.y) + dy) }
    }
}

/// How many tiles a cell of the [`SiteGrid`] is wide.
const CELL: i32 = 16;

/// Sites by place: answers "which sites lie within r fields of here" without looking at the others.
///
/// It is an index over public coordinates that can be rebuilt at any time; it is never saved or hashed. Each entry
/// carries a small `tag` (the owner's alliance in this crate) so that "allies within r" touches no other memory.
#[derive(Resource, Clone, Debug, Default)]
pub struct SiteGrid {
    torus: Torus,
    cells_per_side: i32,
    /// Where each cell begins in `entries`. Cells of one row follow each other, so a row's share of a circle is at most
    /// two slices.
    starts: Vec<u32>,
    entries: Vec<GridEntry>,
    /// The tags of `entries` once more, close together: most searches look at nothing else of most sites.
    tags: Vec<u32>,
}

/// A site in a [`SiteGrid`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GridEntry {
    /// Where it lies.
    pub at: Tile,
    /// Whatever the builder of the grid wants to filter by.
    pub tag: u32,
    /// Which site.
    pub site: SiteId,
}

impl SiteGrid {
    /// Builds the grid anew from all sites.
    #[must_use]
    pub fn build(torus: Torus, sites: impl IntoIterator<Item = GridEntry>) -> Self {
        let cells_per_side = ((torus.side() + CELL - 1) / CELL).max(1);
        let count = usize::try_from(cells_per_side * cells_per_side).unwrap_or(0);
        let mut keyed: Vec<(usize, GridEntry)> =
            sites.into_iter().map(|e| (Self::cell_of(torus, cells_per_side, e.at), e)).collect();
        keyed.sort_by_key(|(cell, e)| (*cell, e.site));
        let mut starts = vec![0_u32; count + 1];
        for (cell, _) in &keyed {
            starts[cell + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let entries: Vec<GridEntry> = keyed.into_iter().map(|(_, e)| e).collect();
        let tags = entries.iter().map(|e| e.tag).collect();
        Self { torus, cells_per_side, starts, entries, tags }
    }

    fn cell_of(torus: Torus, cells_per_side: i32, at: Tile) -> usize {
        let w = i32::from(torus.half_width);
        let cell = |v: i16| ((i32::from(v) + w) / CELL).clamp(0, cells_per_side - 1);
        usize::try_from(cell(at.y) * cells_per_side + cell(at.x)).unwrap_or(0)
    }

    /// The site on a tile, if there is one.
    #[must_use]
    pub fn on_tile(&self, at: Tile) -> Option<SiteId> {
        let mut found = None;
        self.for_each_within(at, 0, |entry| found = Some(entry.site));
        found
    }

    /// Calls `found` for each site within `radius` fields of `at` (the border included), in no promised order:
    /// sort by id before the order can matter.
    pub fn for_each_within(&self, at: Tile, radius: i32, mut found: impl FnMut(&GridEntry)) {
        let limit = radius.saturating_mul(radius);
        self.for_each_slice(at, radius, |slice| {
            for entry in &self.entries[slice] {
                if self.torus.distance_squared(at, entry.at) <= limit {
                    found(entry);
                }
            }
        });
    }

    /// The sites with this tag within `radius` fields, sorted by id.
    #[must_use]
    pub fn tagged_within(&self, at: Tile, radius: i32, tag: u32) -> Vec<SiteId> {
        /// Tags that are compared at once.
        const LANES: usize = 16;
        let limit = radius.saturating_mul(radius);
        let mut sites = Vec::new();
        self.for_each_slice(at, radius, |slice| {
            let (entries, tags) = (&self.entries[slice.clone()], &self.tags[slice]);
            for (entries, tags) in entries.chunks(LANES).zip(tags.chunks(LANES)) {
                // Without an early exit, so that it becomes a few vector instructions.
                if !tags.iter().fold(false, |any, t| any | (*t == tag)) {
                    continue;
                }
                let near = |e: &&GridEntry| e.tag == tag && self.torus.distance_squared(at, e.at) <= limit;
                sites.extend(entries.iter().filter(near).map(|e| e.site));
            }
        });
        sites.sort_unstable();
        sites
    }

    /// Adds a site. Rare: it moves everything behind it.
    pub fn insert(&mut self, entry: GridEntry) {
        if self.cells_per_side == 0 {
            *self = Self::build(self.torus, [entry]);
            return;
        }
        let cell = Self::cell_of(self.torus, self.cells_per_side, entry.at);
        let slice = self.starts[cell] as usize..self.starts[cell + 1] as usize;
        let place = slice.start + self.entries[slice].partition_point(|e| e.site < entry.site);
        self.entries.insert(place, entry);
        self.tags.insert(place, entry.tag);
        for start in &mut self.starts[cell + 1..] {
            *start += 1;
        }
    }

    /// Takes a site away. Rare: it moves everything behind it.
    pub fn remove(&mut self, at: Tile, site: SiteId) {
        let Some(place) = self.place_of(at, site) else { return };
        self.entries.remove(place);
        self.tags.remove(place);
        let cell = Self::cell_of(self.torus, self.cells_per_side, at);
        for start in &mut self.starts[cell + 1..] {
            *start -= 1;
        }
    }

    /// Changes the tag of a site.
    pub fn tag(&mut self, at: Tile, site: SiteId, tag: u32) {
        if let Some(place) = self.place_of(at, site) {
            self.entries[place].tag = tag;
            self.tags[place] = tag;
        }
    }

    fn place_of(&self, at: Tile, site: SiteId) -> Option<usize> {
        let cell = Self::cell_of(self.torus, self.cells_per_side, at);
        let slice = *self.starts.get(cell)? as usize..*self.starts.get(cell + 1)? as usize;
        let within = self.entries[slice.clone()].binary_search_by_key(&site, |e| e.site).ok()?;
        Some(slice.start + within)
    }

    /// The free tile nearest to a place, other than the place itself, within `radius` fields; of equals the one with the
    /// lowest number. Tiles that `taken` names do not count as free.
    ///
    /// ```
    /// use bevy_alliance::base::geometry::{GridEntry, SiteGrid, Tile, Torus};
    /// use bevy_alliance::base::id::SiteId;
    /// let site = |id, x, y| GridEntry { at: Tile::new(x, y), tag: 0, site: SiteId(id) };
    /// let grid = SiteGrid::build(Torus { half_width: 200 }, [site(1, 0, 0), site(2, 0, 1), site(3, -1, 0)]);
    /// assert_eq!(grid.nearest_free(Tile::new(0, 0), 5, |_| false), Some(Tile::new(1, 0)));
    /// assert_eq!(grid.nearest_free(Tile::new(0, 0), 5, |t| t.x == 1), Some(Tile::new(0, -1)));
    /// ```
    #[must_use]
    pub fn nearest_free(&self, at: Tile, radius: i32, taken: impl Fn(Tile) -> bool) -> Option<Tile> {
        let mut sites = std::collections::BTreeSet::new();
        self.for_each_within(at, radius, |entry| {
            sites.insert(entry.at);
        });
        let around = |v: i32| -v..=v;
        around(radius)
            .flat_map(|dy| around(radius).map(move |dx| (dx, dy)))
            .filter(|(dx, dy)| (1..=radius * radius).contains(&(dx * dx + dy * dy)))
            .map(|(dx, dy)| self.torus.shifted(at, dx, dy))
            .filter(|tile| *tile != at && !sites.contains(tile) && !taken(*tile))
            .min_by_key(|tile| (self.torus.distance_squared(at, *tile), self.torus.tile_id(*tile)))
    }

    /// All sites, sorted by cell, then id.
    #[must_use]
    pub fn entries(&self) -> &[GridEntry] {
        &self.entries
    }

    /// Calls `found` with the slices of `entries` that cover the circle.
    fn for_each_slice(&self, at: Tile, radius: i32, mut found: impl FnMut(Range<usize>)) {
        if radius < 0 || self.entries.is_empty() {
            return;
        }
        // No two tiles are as far apart as a side is long.
        let radius = radius.min(self.torus.side());
        let (rows, columns) = (self.cells_touched(at.y, radius), self.cells_touched(at.x, radius));
        for (bottom, top) in rows.parts() {
            for cy in bottom..=top {
                for (left, right) in columns.parts() {
                    let cell = |cx: i32| usize::try_from(cy * self.cells_per_side + cx).unwrap_or(0);
                    if left <= right {
                        found(self.starts[cell(left)] as usize..self.starts[cell(right) + 1] as usize);
                    }
                }
            }
        }
    }

    fn cells_touched(&self, center: i16, radius: i32) -> CellSpan {
        let w = i32::from(self.torus.half_width);
        let (low, high) = (i32::from(center) - radius, i32::from(center) + radius);
        if high - low + 1 >= self.torus.side() {
            return CellSpan { first: (0, self.cells_per_side - 1), second: None };
        }
        let cell = |v: i32| (v + w) / CELL;
        if low < -w {
            // The last row of cells is narrower than the others, so both parts are found by coordinate.
            let wrapped = cell(low + self.torus.side());
            CellSpan { first: (0, cell(high).min(wrapped - 1)), second: Some((wrapped, self.cells_per_side - 1)) }
        } else if high > w {
            let wrapped = cell(high - self.torus.side());
            CellSpan { first: (cell(low).max(wrapped + 1), self.cells_per_side - 1), second: Some((0, wrapped)) }
        } else {
            CellSpan { first: (cell(low), cell(high)), second: None }
        }
    }
}

/// The cells from a first to a last one, in one part, or in two where they reach around the seam.
#[derive(Clone, Copy)]
struct CellSpan {
    first: (i32, i32),
    second: Option<(i32, i32)>,
}

impl CellSpan {
    fn parts(self) -> impl Iterator<Item = (i32, i32)> {
        core::iter::once(self.first).chain(self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sites(half_width: i16) -> impl Strategy<Value = Vec<GridEntry>> {
        let place = (-half_width..=half_width, -half_width..=half_width, 0_u32..3);
        prop::collection::vec(place, 0..120).prop_map(|places| {
            let entry = |(site, (x, y, tag)): (u32, (i16, i16, u32))| GridEntry {
                at: Tile::new(x, y),
                tag,
                site: SiteId(site),
            };
            (0..).zip(places).map(entry).collect()
        })
    }

    /// A world, a place in it and a radius from nothing to more than the map.
    fn question() -> impl Strategy<Value = (Torus, Vec<GridEntry>, Tile, i32)> {
        (0_i16..120).prop_flat_map(|half_width| {
            let side = 2 * i32::from(half_width) + 1;
            // Places close to the seam are drawn as often as all others together.
            let edge = prop_oneof![Just(-half_width), Just(half_width), -half_width..=half_width];
            let at = (edge.clone(), edge).prop_map(|(x, y)| Tile::new(x, y));
            let radius = prop_oneof![4 => 0..=side / 2 + 1, 2 => 0..=40, 1 => side..=2 * side, 1 => Just(i32::MAX)];
            (Just(Torus { half_width }), sites(half_width), at, radius)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_changed_grid_is_the_grid_of_what_is_left((torus, sites, at, _) in question(), gone in 0_usize..120) {
            let mut grid = SiteGrid::build(torus, sites.iter().copied());
            let mut left = sites.clone();
            if !left.is_empty() {
                let gone = left.remove(gone % sites.len());
                grid.remove(gone.at, gone.site);
            }
            if let Some(first) = left.first_mut() {
                first.tag = 7;
                grid.tag(first.at, first.site, 7);
            }
            let new = GridEntry { at, tag: 9, site: SiteId(60) };
            if left.iter().all(|e| e.site != new.site) {
                left.push(new);
                grid.insert(new);
            }
            let built = SiteGrid::build(torus, left);
            prop_assert_eq!(&grid.entries, &built.entries);
            prop_assert_eq!(&grid.tags, &built.tags);
            prop_assert_eq!(&grid.starts, &built.starts);
        }

        #[test]
        fn the_grid_finds_what_a_look_at_all_finds((torus, sites, at, radius) in question()) {
            let grid = SiteGrid::build(torus, sites.iter().copied());
            let near = |e: &&GridEntry| torus.distance(at, e.at) <= f64::from(radius);
            let expected: Vec<SiteId> = sites.iter().filter(near).map(|e| e.site).collect();
            let mut found = Vec::new();
            grid.for_each_within(at, radius, |e| found.push(e.site));
            found.sort_unstable();
            prop_assert_eq!(found, expected);
            for tag in 0..3 {
                let tagged: Vec<SiteId> =
                    sites.iter().filter(near).filter(|e| e.tag == tag).map(|e| e.site).collect();
                prop_assert_eq!(grid.tagged_within(at, radius, tag), tagged);
            }
        }
    }

    #[test]
    fn nothing_lies_within_less_than_nothing_or_in_an_empty_world() {
        let here = GridEntry { at: Tile::new(0, 0), tag: 0, site: SiteId(0) };
        let grid = SiteGrid::build(Torus::default(), [here]);
        assert_eq!(grid.tagged_within(here.at, 0, 0), [SiteId(0)]);
        assert_eq!(grid.tagged_within(here.at, -1, 0), []);
        assert_eq!(SiteGrid::default().tagged_within(here.at, 10, 0), []);
    }
}
