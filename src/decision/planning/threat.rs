//! What could hit us: the force that is known to be able to reach a site, and what is seen to come.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::WorldModel;
use crate::base::geometry::Tile;
use crate::base::id::{Knower, PlayerId, SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::knowledge::intel::{KnownForce, Sighting, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Known offense that reaches a site within this time is a threat to it.
pub const REACH: GameSpan = GameSpan::hours(12);
/// What could come to one village weighs this much: a player's offense can hit one of the many villages in its reach.
pub const LIKELIHOOD: f64 = 0.35;
/// Hostile marches due within this time are a threat.
pub const INCOMING_WITHIN: GameSpan = GameSpan::hours(24);

/// Probability that a hostile march is what it could be at most.
pub const REAL: f64 = 0.5;

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

/// The offense that a knower has seen at a site and not yet forgotten; none if it has seen none.
#[must_use]
pub fn known_offense(view: &View, knower: Knower, site: SiteId, now: GameTime) -> Option<KnownOffense> {
    let owner = view.site(site)?.owner;
    offense_in(owner, view.force(knower, site, now)?, now)
}

/// All offense of a player that a knower has seen and not yet forgotten, sorted by site.
pub fn offense_of_player(
    view: &View,
    knower: Knower,
    player: PlayerId,
    now: GameTime,
) -> impl Iterator<Item = KnownOffense> {
    view.forces(knower, player, now).filter_map(move |force| offense_in(player, force, now))
}

/// The offense in a known force.
fn offense_in(player: PlayerId, force: &KnownForce, now: GameTime) -> Option<KnownOffense> {
    let attack = force.attack * force.confidence_at(now);
    Some(KnownOffense { player, site: force.site, at: force.at, attack, fastest: force.fastest? })
}

/// What an army that nobody has seen is taken for, in attack points: by the inhabitants of its site.
#[must_use]
pub fn unseen_attack(view: &View, site: SiteId) -> f64 {
    view.model().scale().attack_per_inhabitant * view.site(site).map_or(0.0, |s| f64::from(s.population))
}

/// What the marches that are seen coming are believed to be, in the same order. The army of each sender counts once
/// over all its marches, evenly, and times the probability of being real; `army` tells its attack points.
pub fn believed(seen: &[Sighting], mut army: impl FnMut(SiteId) -> f64) -> Vec<Incoming> {
    let mut senders: BTreeMap<SiteId, (f64, f64)> = BTreeMap::new();
    for march in seen {
        senders.entry(march.origin).or_insert_with(|| (army(march.origin), 0.0)).1 += 1.0;
    }
    seen.iter()
        .filter_map(|march| {
            let (attack, marches) = senders.get(&march.origin)?;
            let attack = REAL * attack / marches;
            Some(Incoming { origin: march.origin, target: march.target, arrival: march.arrival, attack })
        })
        .collect()
}

/// A hostile march as far as it counts as a threat.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Incoming {
    /// Where it left.
    pub origin: SiteId,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sighting(origin: u32, target: u32, arrival: i64) -> Sighting {
        let (origin, target) = (SiteId(origin), SiteId(target));
        Sighting { arrival: GameTime(arrival), target, origin, seen_at: GameTime(0) }
    }

    #[test]
    fn an_army_counts_once_over_all_its_marches() {
        let seen = [sighting(1, 8, 10), sighting(1, 9, 20), sighting(2, 8, 30)];
        let believed = believed(&seen, |site| if site == SiteId(1) { 1_000.0 } else { 300.0 });
        let attacks: Vec<f64> = believed.iter().map(|i| i.attack).collect();
        assert_eq!(attacks, [250.0, 250.0, 150.0]);
        assert_eq!((believed[1].target, believed[1].arrival), (SiteId(9), GameTime(20)));
    }

    proptest! {
        #[test]
        fn more_marches_of_a_sender_are_no_more_army(marches in 1_u32..40) {
            let seen: Vec<Sighting> = (0..marches).map(|n| sighting(1, n % 3, i64::from(n))).collect();
            let total: f64 = believed(&seen, |_| 800.0).iter().map(|i| i.attack).sum();
            prop_assert!((total - 400.0).abs() < 1e-6);
        }
    }
}
