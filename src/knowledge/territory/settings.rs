//! What territory is measured by.

use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// How influence reaches, and what it means. It is frozen with the start of a campaign like all settings; where a game
/// changes it all the same, the next pass that looks at territory builds it anew.
#[derive(Resource, Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub struct TerritorySettings {
    /// Fields from a site at which its influence has fallen to nothing; at least 1, at most
    /// [`RADIUS_MAX`](Self::RADIUS_MAX).
    pub radius: u16,
    /// Inhabitants count in begun steps of this many, at least 1: a village that grows by two a day changes the map every
    /// five days instead of every day.
    pub population_step: u32,
    /// The least influence that claims a tile, in inhabitants.
    pub claim_min: u32,
    /// A claimed tile is contested where the second influence is at least this many thousandths of the first.
    pub contested_milli: u32,
    /// Fields around a site in which tiles of others make it a frontier site; at most `RADIUS_MAX` count.
    pub frontier_radius: u16,
    /// Fields around a place in which plots are looked for; at most `RADIUS_MAX` count.
    pub plot_radius: u16,
    /// What each field of distance takes from the score of a plot, in inhabitants.
    pub plot_field_cost: u32,
}

impl TerritorySettings {
    /// The largest radius that counts, in fields: what one change costs grows with its square.
    pub const RADIUS_MAX: u16 = 64;

    /// A radius as it counts on a map of this half-width: never so long that a tile would be met twice.
    pub(super) fn reach(radius: u16, half_width: i16) -> i32 {
        i32::from(radius.min(Self::RADIUS_MAX)).min(i32::from(half_width))
    }
}

impl Default for TerritorySettings {
    fn default() -> Self {
        Self {
            radius: 12,
            population_step: 10,
            claim_min: 50,
            contested_milli: 500,
            frontier_radius: 6,
            plot_radius: 10,
            plot_field_cost: 10,
        }
    }
}
