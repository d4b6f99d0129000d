//! Which targets are spoken for: an operation claims its targets, and confederates tell each other, so that no two armies
//! of one bloc set out for the same village.
//!
//! What is *not* here: what a claim forbids. Sessions, votes and running operations ask [`View::claim`](super::View::claim).

use super::components::{Cause, Observation, Seen};
use super::sharing::Relayed;
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{Scenario, StanceChanged, Stances};
use crate::base::id::{AllianceId, EntityIndex, Knower, SiteId};
use crate::society::alliance::Roster;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// For how long an alliance has a target to itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TargetClaim {
    /// Since when: the instant at which its operation was passed. The first claim holds, of equals that of the lowest alliance.
    pub since: GameTime,
    /// Until when, exclusive. Not after now: it is given up.
    pub until: GameTime,
}

/// An alliance claims a target for its operations, for longer or shorter than before, or gives it up: it knows so by itself,
/// and its confederates are told at this instant. Which of its operations it is for it does not say: their numbers count what
/// it proposes. Written in `Settle`, before [`Admit`](super::IntelSystems::Admit). Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct TargetClaimed {
    /// Who claims it.
    pub by: AllianceId,
    /// Which site, or which plot for settlers.
    pub site: SiteId,
    /// For how long.
    pub claim: TargetClaim,
}

/// A confederate's claim became known, or changed. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ClaimHeard {
    /// Who was told.
    pub alliance: AllianceId,
    /// Of which site.
    pub site: SiteId,
}

/// What an alliance claims, and what its confederates told it that they do. Part of an alliance that deliberates.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TargetClaims(BTreeMap<SiteId, BTreeMap<AllianceId, TargetClaim>>);

impl TargetClaims {
    /// The claim that holds on a site, of those alliances that count: the first of those that are not over; of equals that of
    /// the lowest alliance.
    #[must_use]
    pub fn first(
        &self,
        site: SiteId,
        now: GameTime,
        counts: impl Fn(AllianceId) -> bool,
    ) -> Option<(AllianceId, TargetClaim)> {
        let live = self.0.get(&site)?.iter().filter(|(by, claim)| claim.until > now && counts(**by));
        live.map(|(by, claim)| (*by, *claim)).min_by_key(|(by, claim)| (claim.since, *by))
    }

    /// All sites on which one of those alliances that count has a claim, sorted.
    pub fn sites(&self, now: GameTime, counts: impl Fn(AllianceId) -> bool) -> impl Iterator<Item = SiteId> {
        self.0.keys().copied().filter(move |site| self.first(*site, now, &counts).is_some())
    }

    /// Takes a claim down, and drops what is over by now. False if it says nothing new.
    fn note(&mut self, told: &TargetClaimed, now: GameTime) -> bool {
        let before = self.0.get(&told.site).and_then(|claims| claims.get(&told.by)).copied();
        let live = |claim: &TargetClaim| claim.until > now;
        if before.filter(live) == Some(told.claim).filter(live) {
            return false;
        }
        self.0.entry(told.site).or_default().insert(told.by, told.claim);
        self.keep(|_, claim| live(claim));
        true
    }

    /// Forgets what an alliance claims.
    fn forget(&mut self, alliance: AllianceId) {
        self.keep(|by, _| by != alliance);
    }

    fn keep(&mut self, which: impl Fn(AllianceId, &TargetClaim) -> bool) {
        self.0.retain(|_, claims| {
            claims.retain(|by, claim| which(*by, claim));
            !claims.is_empty()
        });
    }

    /// The claims of an alliance that are not over.
    fn of(&self, by: AllianceId, now: GameTime) -> impl Iterator<Item = TargetClaimed> + '_ {
        let of = move |claims: &BTreeMap<AllianceId, TargetClaim>| claims.get(&by).copied().filter(|c| c.until > now);
        self.0.iter().filter_map(move |(site, claims)| Some(TargetClaimed { by, site: *site, claim: of(claims)? }))
    }
}

pub(super) fn spawn_claims(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert(TargetClaims::default());
        }
    }
}

/// Tells confederates what is claimed at this instant; who becomes one is told all that is. How they stand to each other at
/// the end of the instant's changes decides.
pub(super) fn tell_confederates(
    batch: Res<DueBatch>,
    mut stances: MessageReader<StanceChanged>,
    mut claimed: MessageReader<TargetClaimed>,
    roster: Roster,
    index: Res<EntityIndex>,
    mut claims: Query<&mut TargetClaims>,
    mut relayed: MessageWriter<Relayed>,
) {
    let now = batch.now();
    let mut tell = |listener: AllianceId, told: &TargetClaimed| {
        // Who is told something witnesses it for its alliance: its leader, or whoever is there.
        let witness = roster.leader(listener).or_else(|| roster.members(listener).first().map(|m| m.player));
        let Some(witness) = witness.filter(|_| roster.alliance(listener).is_some_and(|a| a.active)) else { return };
        let TargetClaimed { by, site, claim } = *told;
        relayed.write(Relayed(Observation {
            at: now,
            witness,
            site,
            cause: Cause::AllyTold,
            seen: Seen::Claimed { by, claim },
        }));
    };
    let confederates = |one: AllianceId| {
        let stances = roster.relations(one).map(|(stances, ..)| stances);
        stances.into_iter().flat_map(Stances::confederates).collect::<BTreeSet<_>>()
    };
    let pairs: BTreeSet<_> = stances.read().flat_map(|change| [(change.a, change.b), (change.b, change.a)]).collect();
    for (one, other) in pairs {
        let Some(mut known) = index.alliance(one).and_then(|e| claims.get_mut(e).ok()) else { continue };
        // What it was told in an earlier confederacy may have changed since.
        known.forget(other);
        if confederates(one).contains(&other) {
            known.of(one, now).for_each(|own| tell(other, &own));
        }
    }
    for own in claimed.read() {
        let known = index.alliance(own.by).and_then(|e| claims.get_mut(e).ok());
        if known.is_some_and(|mut known| known.note(own, now)) {
            confederates(own.by).into_iter().for_each(|listener| tell(listener, own));
        }
    }
}

/// What confederates told becomes knowledge of those who were told.
pub(super) fn admit_claims(
    batch: Res<DueBatch>,
    mut relayed: MessageReader<Relayed>,
    roster: Roster,
    index: Res<EntityIndex>,
    mut claims: Query<&mut TargetClaims>,
    mut heard: MessageWriter<ClaimHeard>,
) {
    for Relayed(told) in relayed.read() {
        let Seen::Claimed { by, claim } = told.seen else { continue };
        let Some(Knower::Alliance(alliance)) = roster.knower_of(told.witness) else { continue };
        let claim = TargetClaimed { by, site: told.site, claim };
        let known = index.alliance(alliance).and_then(|e| claims.get_mut(e).ok());
        if known.is_some_and(|mut known| known.note(&claim, batch.now())) {
            heard.write(ClaimHeard { alliance, site: told.site });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::GameSpan;

    const SITE: SiteId = SiteId(7);

    fn hour(n: i64) -> GameTime {
        GameTime(0) + GameSpan::hours(n)
    }

    fn claimed(alliance: u32, since: i64, until: i64) -> TargetClaimed {
        let claim = TargetClaim { since: hour(since), until: hour(until) };
        TargetClaimed { by: AllianceId(alliance), site: SITE, claim }
    }

    fn holder(claims: &TargetClaims, at: GameTime) -> Option<u32> {
        claims.first(SITE, at, |_| true).map(|(by, _)| by.0)
    }

    #[test]
    fn the_first_claim_holds_and_of_equals_the_lowest_alliance() {
        let mut claims = TargetClaims::default();
        for claim in [claimed(5, 2, 20), claimed(3, 2, 30), claimed(9, 1, 10)] {
            assert!(claims.note(&claim, hour(2)));
        }
        assert_eq!(holder(&claims, hour(10) - GameSpan::millis(1)), Some(9), "it was the first");
        assert_eq!(holder(&claims, hour(10)), Some(3), "and is over");
        assert_eq!(holder(&claims, hour(29)), Some(3));
        assert_eq!(holder(&claims, hour(30)), None);
        assert_eq!(claims.first(SITE, hour(2), |by| by != AllianceId(9)).unwrap().0, AllianceId(3), "9 does not count");
        assert_eq!(claims.sites(hour(29), |_| true).collect::<Vec<_>>(), [SITE]);
        assert_eq!(claims.sites(hour(30), |_| true).count(), 0);
    }

    #[test]
    fn only_what_is_new_is_told() {
        let mut claims = TargetClaims::default();
        assert!(!claims.note(&claimed(1, 0, 0), hour(0)), "nothing was claimed that could be given up");
        assert!(claims.note(&claimed(1, 0, 9), hour(0)));
        assert!(!claims.note(&claimed(1, 0, 9), hour(1)));
        assert!(claims.note(&claimed(1, 0, 12), hour(1)), "it takes longer");
        assert!(claims.note(&claimed(1, 0, 2), hour(2)), "it is given up");
        assert!(!claims.note(&claimed(1, 0, 2), hour(3)));
        assert_eq!(claims, TargetClaims::default(), "nothing stays of what is over");
    }

    #[test]
    fn who_is_no_confederate_any_more_is_forgotten() {
        let mut claims = TargetClaims::default();
        assert!(claims.note(&claimed(1, 0, 9), hour(0)) && claims.note(&claimed(2, 0, 9), hour(0)));
        claims.forget(AllianceId(1));
        assert_eq!(holder(&claims, hour(1)), Some(2));
    }
}
