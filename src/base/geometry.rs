//! Tiles on a torus, their distances, and a grid that finds the sites within a radius.

use crate::base::id::SiteId;
use bevy::prelude::{Reflect, Resource};
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
    starts: Vec<u32>,
    entries: Vec<GridEntry>,
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
        let cells_per_side = (torus.side() + CELL - 1) / CELL;
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
        Self { torus, cells_per_side, starts, entries: keyed.into_iter().map(|(_, e)| e).collect() }
    }

    fn cell_of(torus: Torus, cells_per_side: i32, at: Tile) -> usize {
        let w = i32::from(torus.half_width);
        let (cx, cy) = ((i32::from(at.x) + w) / CELL, (i32::from(at.y) + w) / CELL);
        usize::try_from(cy * cells_per_side + cx).unwrap_or(0)
    }

    /// Calls `found` for each site within `radius` fields of `at` (the border included), in no promised order:
    /// sort by id before the order can matter.
    pub fn for_each_within(&self, at: Tile, radius: i32, mut found: impl FnMut(&GridEntry)) {
        let limit = radius.saturating_mul(radius);
        let rows = self.cells_touched(at.y, radius);
        for cy in rows.iter() {
            for cx in self.cells_touched(at.x, radius).iter() {
                let cell = usize::try_from(cy * self.cells_per_side + cx).unwrap_or(0);
                let (from, to) = (self.starts[cell] as usize, self.starts[cell + 1] as usize);
                for entry in &self.entries[from..to] {
                    if self.torus.distance_squared(at, entry.at) <= limit {
                        found(entry);
                    }
                }
            }
        }
    }

    /// The sites with this tag within `radius` fields, sorted by id.
    #[must_use]
    pub fn tagged_within(&self, at: Tile, radius: i32, tag: u32) -> Vec<SiteId> {
        let mut sites = Vec::new();
        self.for_each_within(at, radius, |e| {
            if e.tag == tag {
                sites.push(e.site);
            }
        });
        sites.sort_unstable();
        sites
    }

    /// All sites, sorted by cell, then id.
    #[must_use]
    pub fn entries(&self) -> &[GridEntry] {
        &self.entries
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

#[derive(Clone, Copy)]
struct CellSpan {
    first: (i32, i32),
    second: Option<(i32, i32)>,
}

impl CellSpan {
    fn iter(self) -> impl Iterator<Item = i32> {
        let second = self.second.map_or(0..0, |(a, b)| a..b + 1);
        (self.first.0..self.first.1 + 1).chain(second)
    }
}
