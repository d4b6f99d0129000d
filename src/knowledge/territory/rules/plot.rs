//! Where a new site would stand best.

use super::influence::InfluenceMap;
use crate::base::geometry::Tile;
use crate::base::id::AllianceId;
use core::cmp::Reverse;

/// A free tile for a new site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plot {
    /// Which tile.
    pub at: Tile,
    /// How good it is, in thousandths of an inhabitant; negative where others weigh more.
    pub score_milli: i64,
}

impl InfluenceMap {
    /// The best free tiles for a new site of an alliance within `plot_radius` of a place, best first; the place itself
    /// is none. Only tiles count on which the alliance has influence. The score is the own influence, less that of all
    /// others, less `plot_field_cost` inhabitants for each field of distance; of equals the nearer is better, then the
    /// one with the lower number.
    ///
    /// ```
    /// use bevy_alliance::base::{geometry::{Tile, Torus}, id::{AllianceId, SiteId}};
    /// use bevy_alliance::knowledge::territory::{TerritorySettings, rules::{InfluenceMap, Source}};
    /// let site = |id, alliance, x| (SiteId(id), Source { at: Tile::new(x, 0), alliance: AllianceId(alliance), population: 120 });
    /// let settings = TerritorySettings { plot_radius: 1, ..TerritorySettings::default() };
    /// let map = InfluenceMap::build(Torus::default(), settings, [site(1, 1, 0), site(2, 2, 6)]);
    /// let plots = map.best_plots(AllianceId(1), Tile::new(0, 0), |_| true, 4);
    /// // Away from the neighbor: 120 x 0.917 - 120 x 0.417 - 10 inhabitants.
    /// assert_eq!((plots[0].at, plots[0].score_milli), (Tile::new(-1, 0), 120 * 917 - 120 * 417 - 10_000));
    /// assert_eq!(plots[3].at, Tile::new(1, 0));
    /// ```
    #[must_use]
    pub fn best_plots(&self, alliance: AllianceId, near: Tile, free: impl Fn(Tile) -> bool, n: usize) -> Vec<Plot> {
        let torus = self.torus();
        let score = |at: Tile, distance_squared: u64| {
            let (mut own, mut others) = (0_u64, 0_u64);
            for influence in self.influences(at) {
                *(if influence.alliance == alliance { &mut own } else { &mut others }) += influence.milli;
            }
            let fields_milli = (distance_squared * 1_000_000).isqrt();
            let cost = u64::from(self.settings().plot_field_cost).saturating_mul(fields_milli);
            let signed = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
            (own > 0).then(|| signed(own).saturating_sub(signed(others)).saturating_sub(signed(cost)))
        };
        let mut plots: Vec<_> = self
            .around(near, self.settings().plot_radius)
            .filter(|(at, distance_squared)| *distance_squared > 0 && free(*at))
            .filter_map(|(at, d)| Some((Reverse(score(at, d)?), d, torus.tile_id(at), at)))
            .collect();
        plots.sort_unstable_by_key(|(score, distance_squared, tile_id, _)| (*score, *distance_squared, *tile_id));
        plots.truncate(n);
        plots.into_iter().map(|(Reverse(score_milli), .., at)| Plot { at, score_milli }).collect()
    }
}
