//! Reading territory.

use super::TerritorySettings;
use super::rules::{Claim, InfluenceMap, Plot};
use crate::base::contract::Relations;
use crate::base::geometry::{SiteGrid, Tile};
use crate::base::id::{AllianceId, SiteId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Whose land is whose: for those who decide, and for games that draw it.
///
/// ```
/// use bevy::ecs::system::RunSystemOnce;
/// use bevy_alliance::base::id::AllianceId;
/// use bevy_alliance::edge::test_app::{TestApp, small_world};
/// use bevy_alliance::knowledge::territory::Territory;
///
/// let mut app = TestApp::new(&small_world(7, 300)); // 201 x 201 tiles
/// app.app.world_mut().run_system_once(|territory: Territory| {
///     let (at, claim) = territory.claims().next().unwrap(); // the northernmost, for drawing
///     assert_eq!(territory.claim(at), Some(claim));
///     assert_eq!(territory.influence(claim.alliance, at), claim.milli as f64 / 1000.0);
///     let own = territory.claims().filter(|(_, c)| c.alliance == claim.alliance).count();
///     assert_eq!(territory.claimed_share(claim.alliance), own as f64 / (201.0 * 201.0));
///     assert!(territory.share(claim.alliance) > territory.claimed_share(claim.alliance));
///     let plots = territory.best_plots(claim.alliance, at, 3);
///     assert_eq!(plots.len(), 3);
///     assert!(plots[0].score_milli >= plots[1].score_milli);
///     assert_eq!(territory.share(AllianceId(9_999)), 0.0);
/// }).unwrap();
/// ```
#[derive(SystemParam)]
pub struct Territory<'w, 's> {
    map: Res<'w, InfluenceMap>,
    grid: Res<'w, SiteGrid>,
    relations: Relations<'w, 's>,
}

impl core::fmt::Debug for Territory<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Territory")
    }
}

impl Territory<'_, '_> {
    /// All influences in exact integers.
    #[must_use]
    pub fn map(&self) -> &InfluenceMap {
        &self.map
    }

    /// The influence of an alliance on a tile, in inhabitants.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for display and scores; the map has the integer")]
    pub fn influence(&self, alliance: AllianceId, at: Tile) -> f64 {
        self.map.influence_milli(alliance, at) as f64 / 1_000.0
    }

    /// Who holds a tile, and who contests it.
    #[must_use]
    pub fn claim(&self, at: Tile) -> Option<Claim> {
        self.map.claim(at)
    }

    /// Whether a tile is claimed by one alliance, and another is nearly as strong there.
    #[must_use]
    pub fn is_contested(&self, at: Tile) -> bool {
        self.claim(at).is_some_and(|claim| claim.is_contested())
    }

    /// All claimed tiles by rows: from the north, each row from the west.
    pub fn claims(&self) -> impl Iterator<Item = (Tile, Claim)> + '_ {
        self.map.claims()
    }

    /// The sites of an alliance near tiles that others claim or contest with whom it has neither truce nor pact nor
    /// confederacy, with the number of such tiles; the one with the most first, of equals the lower id.
    #[must_use]
    pub fn frontier(&self, alliance: AllianceId) -> Vec<(SiteId, u32)> {
        self.map.frontier(alliance, |other| self.relations.stance(alliance, other).forbids_attack())
    }

    /// For each other alliance how many sites of this one lie near tiles that it claims or contests, whether friend or not.
    #[must_use]
    pub fn pressed_by(&self, alliance: AllianceId) -> BTreeMap<AllianceId, u32> {
        self.map.pressed_by(alliance)
    }

    /// The share of all tiles on which an alliance has influence, 0..=1.
    #[must_use]
    pub fn share(&self, alliance: AllianceId) -> f64 {
        self.of_all(self.map.tiles_influenced(alliance))
    }

    /// The share of all tiles that an alliance holds, 0..=1.
    #[must_use]
    pub fn claimed_share(&self, alliance: AllianceId) -> f64 {
        self.of_all(self.map.tiles_claimed(alliance))
    }

    /// The best `n` free tiles for a new site of an alliance near a place, best first; none where the alliance has no
    /// influence. The formula stands at [`InfluenceMap::best_plots`].
    #[must_use]
    pub fn best_plots(&self, alliance: AllianceId, near: Tile, n: usize) -> Vec<Plot> {
        let mut taken = BTreeSet::new();
        let radius = self.map.settings().plot_radius.min(TerritorySettings::RADIUS_MAX);
        self.grid.for_each_within(near, i32::from(radius), |entry| {
            taken.insert(entry.at);
        });
        self.map.best_plots(alliance, near, |tile| !taken.contains(&tile), n)
    }

    fn of_all(&self, tiles: u32) -> f64 {
        let side = f64::from(self.map.torus().side());
        f64::from(tiles) / (side * side)
    }
}
