//! What could hit us: the force that is known to be able to reach a site.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::WorldModel;
use crate::base::geometry::Tile;
use crate::base::id::{PlayerId, SiteId, UnitClass};
use crate::base::ruleset::Force;
use serde::{Deserialize, Serialize};

/// Known offense that reaches a site within this time is a threat to it.
pub const REACH: GameSpan = GameSpan::hours(12);
/// What could come to one village weighs this much: a player's offense can hit one of the many villages in its reach.
pub const LIKELIHOOD: f64 = 0.35;
/// Hostile marches due within this time are a threat.
pub const INCOMING_WITHIN: GameSpan = GameSpan::hours(24);

/// Offense of one enemy site, as far as it is known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct KnownOffense {
    /// Whose.
    pub player: PlayerId,
    /// Where it stands.
    pub site: SiteId,
    /// Where that lies.
    pub at: Tile,
    /// Attack points, times the confidence in them now.
    pub attack: f64,
    /// Its fastest class of offense.
    pub fastest: UnitClass,
}

impl KnownOffense {
    /// The offense within a force that was seen at a site; none if there is none.
    #[must_use]
    pub fn of(
        player: PlayerId,
        site: SiteId,
        at: Tile,
        seen: &Force,
        confidence: f64,
        model: &dyn WorldModel,
    ) -> Option<Self> {
        let offense: Force = seen.iter().filter(|(class, _)| model.is_offense(*class)).collect();
        // Any distance tells the fastest: one that is the same for all.
        let far = Tile::new(at.x.saturating_add(1), at.y);
        let fastest =
            offense.iter().map(|(class, _)| class).min_by_key(|class| model.travel_between(at, far, *class))?;
        Some(Self { player, site, at, attack: model.attack(&offense) * confidence, fastest })
    }

    fn reaches(&self, to: Tile, model: &dyn WorldModel) -> bool {
        model.travel_between(self.at, to, self.fastest).is_some_and(|t| t <= REACH)
    }
}

/// The largest known offense of one enemy player that reaches a place within 12 hours, in attack points.
/// `known` must be sorted by player.
#[must_use]
pub fn strongest_in_reach(known: &[KnownOffense], to: Tile, model: &dyn WorldModel) -> f64 {
    known
        .chunk_by(|a, b| a.player == b.player)
        .map(|of_player| of_player.iter().filter(|o| o.reaches(to, model)).map(|o| o.attack).sum::<f64>())
        .fold(0.0, f64::max)
}

/// A hostile march as far as it counts as a threat.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Incoming {
    /// Where it goes.
    pub target: SiteId,
    /// When it arrives.
    pub arrival: GameTime,
    /// What it is believed to be, in attack points.
    pub attack: f64,
}

/// The threat at a site in attack points: the larger of what is on its way and due within 24 hours, and what could
/// come within 12.
#[must_use]
pub fn threat(
    site: SiteId,
    at: Tile,
    now: GameTime,
    known: &[KnownOffense],
    incoming: &[Incoming],
    model: &dyn WorldModel,
) -> f64 {
    let marching: f64 =
        incoming.iter().filter(|i| i.target == site && i.arrival - now <= INCOMING_WITHIN).map(|i| i.attack).sum();
    marching.max(LIKELIHOOD * strongest_in_reach(known, at, model))
}
