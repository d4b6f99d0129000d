//! Where everyone lives: alliances around centers, players around homes, villages beside each other.

use super::people::{PlannedPlayer, Seat, Standing};
use super::{scatter, whole};
use crate::base::geometry::{Tile, Torus};
use crate::base::rng::Stream;

/// Deviation of homes around their alliance's center on a map of half-width 200. Two normal draws lie a median 1.67
/// deviations apart, so these give 58 to 93 fields.
const SPREAD_FIELDS: (f64, f64) = (35.0, 56.0);
/// Deviation of a player's villages around his home.
const VILLAGE_SPREAD_FIELDS: (f64, f64) = (2.5, 8.0);
/// Places of which the one farthest from all earlier centers becomes a center.
const CENTER_TRIES: usize = 6;
/// Rings around a wanted tile that are searched for a free one, before any free tile will do.
const RINGS: i32 = 10;

/// Where an alliance lives.
#[derive(Debug)]
pub(super) struct Center {
    at: Tile,
    spread_fields: f64,
}

impl Center {
    /// The home of a seat: homes are distributed like two normal draws of the spread.
    fn home(&self, torus: Torus, seat: Seat) -> Tile {
        let radius = self.spread_fields * (-2.0 * libm::log(1.0 - seat.share.min(1.0 - 1e-9))).sqrt();
        let angle = core::f64::consts::TAU * seat.turn;
        torus.shifted(self.at, whole(radius * libm::cos(angle)), whole(radius * libm::sin(angle)))
    }
}

/// Draws the centers of the alliances, apart from each other.
pub(super) fn draw_centers(stream: &mut Stream, torus: Torus, count: usize) -> Vec<Center> {
    let mut centers: Vec<Center> = Vec::with_capacity(count);
    let scale = f64::from(torus.half_width) / 200.0;
    for _ in 0..count {
        let room = |at: Tile| centers.iter().map(|c| torus.distance_squared(at, c.at)).min().unwrap_or(0);
        let mut best = anywhere(stream, torus);
        for _ in 1..CENTER_TRIES {
            let other = anywhere(stream, torus);
            if room(other) > room(best) {
                best = other;
            }
        }
        let spread_fields = stream.range(SPREAD_FIELDS.0, SPREAD_FIELDS.1) * scale;
        centers.push(Center { at: best, spread_fields });
    }
    centers
}

fn anywhere(stream: &mut Stream, torus: Torus) -> Tile {
    let w = i64::from(torus.half_width);
    let mut along = || i16::try_from(stream.between(-w, w)).unwrap_or(0);
    Tile::new(along(), along())
}

/// The tiles that are free.
pub(super) struct Ground {
    torus: Torus,
    /// By tile: itself while it is free, else a tile further on; followed and shortened to the next free one.
    next: Vec<usize>,
}

impl Ground {
    pub(super) fn new(torus: Torus) -> Self {
        let side = usize::try_from(torus.side()).unwrap_or(0);
        // One more than there are tiles: the end, from which the search starts over.
        Self { torus, next: (0..=side * side).collect() }
    }

    /// Gives a player his tiles.
    pub(super) fn settle(&mut self, stream: &mut Stream, centers: &[Center], player: &PlannedPlayer) -> Vec<Tile> {
        let torus = self.torus;
        let home = match player.alliance.and_then(|(a, seat)| centers.get(a).map(|c| (c, seat))) {
            Some((center, seat)) => center.home(torus, seat),
            None => anywhere(stream, torus),
        };
        let spread = stream.range(VILLAGE_SPREAD_FIELDS.0, VILLAGE_SPREAD_FIELDS.1);
        let mut tiles = Vec::new();
        for _ in 0..player.villages {
            let wanted = match player.standing {
                Standing::Static => anywhere(stream, torus),
                _ => scatter(stream, torus, home, spread),
            };
            tiles.extend(self.take(wanted));
        }
        tiles
    }

    /// Takes the nearest free tile; none if there is none at all.
    fn take(&mut self, wanted: Tile) -> Option<Tile> {
        for ring in 0..=RINGS {
            for dy in -ring..=ring {
                // Only the border of the square: whole rows above and below, two tiles between.
                let step = if dy.abs() == ring { 1 } else { (2 * ring).max(1) };
                let mut dx = -ring;
                while dx <= ring {
                    let tile = self.torus.shifted(wanted, dx, dy);
                    let i = self.index(tile);
                    if self.next[i] == i {
                        self.next[i] = i + 1;
                        return Some(tile);
                    }
                    dx += step;
                }
            }
        }
        let end = self.next.len() - 1;
        let from = self.index(wanted);
        let found = [self.find_free(from), self.find_free(0)].into_iter().find(|i| *i < end)?;
        self.next[found] = found + 1;
        Some(self.tile(found))
    }

    fn find_free(&mut self, from: usize) -> usize {
        let mut free = from;
        while self.next[free] != free {
            free = self.next[free];
        }
        let mut at = from;
        while at != free {
            let next = self.next[at];
            self.next[at] = free;
            at = next;
        }
        free
    }

    fn index(&self, tile: Tile) -> usize {
        usize::try_from(self.torus.tile_id(tile) - 1).unwrap_or(0)
    }

    fn tile(&self, index: usize) -> Tile {
        let w = self.torus.half_width;
        let index = i32::try_from(index).unwrap_or(0);
        self.torus.shifted(Tile::new(-w, w), index % self.torus.side(), -(index / self.torus.side()))
    }
}
