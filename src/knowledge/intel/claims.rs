//! Which targets are spoken for: an operation claims its targets, and confederates tell each other, so that no two armies
//! of one bloc set out for the same village.
//!
//! What is *not* here: what a claim forbids. Sessions, votes and running operations ask [`View::claim`](super::View::claim).

use super::components::{Cause, Observation, Seen};
use super::sharing::{Relayed, leader};
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{Scenario, Stance, StanceChanged};
use crate::base::id::{AllianceId, EntityIndex, Knower, ProposalId, SiteId};
use crate::society::alliance::Roster;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For how long an operation has a target to itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TargetClaim {
    /// Since when: the instant at which the operation was passed. The first claim holds, of equals that of the lowest alliance.
    pub since: GameTime,
    /// Until when, exclusive. Not after now: it is given up.
    pub until: GameTime,
}

/// An alliance claims a target for one of its operations, for longer or shorter than before, or gives it up: it knows so by
/// itself, and its confederates are told at this instant. Written in `Settle`, before [`Admit`](super::IntelSystems::Admit).
/// Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct TargetClaimed {
    /// For which operation, and so by whom.
    pub operation: ProposalId,
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
pub struct TargetClaims(BTreeMap<SiteId, BTreeMap<ProposalId, TargetClaim>>);

impl TargetClaims {
    /// The claim that holds on a site: the first of those that are not over; of equals that of the lowest alliance.
    #[must_use]
    pub fn first(&self, site: SiteId, now: GameTime) -> Option<(ProposalId, TargetClaim)> {
        let live = self.0.get(&site)?.iter().filter(|(_, claim)| claim.until > now);
        live.map(|(id, claim)| (*id, *claim)).min_by_key(|(id, claim)| (claim.since, *id))
    }

    /// All sites on which there is a claim, sorted.
    pub fn sites(&self, now: GameTime) -> impl Iterator<Item = SiteId> + '_ {
        self.0.iter().filter(move |(_, claims)| claims.values().any(|c| c.until > now)).map(|(site, _)| *site)
    }

    /// Takes a claim down, and drops what is over by now. False if it says nothing new.
    fn note(&mut self, told: &TargetClaimed, now: GameTime) -> bool {
        let before = self.0.get(&told.site).and_then(|claims| claims.get(&told.operation)).copied();
        let live = |claim: &TargetClaim| claim.until > now;
        if before.filter(live) == Some(told.claim).filter(live) {
            return false;
        }
        self.0.entry(told.site).or_default().insert(told.operation, told.claim);
        self.keep(|_, claim| live(claim));
        true
    }

    /// Forgets what an alliance claims.
    fn forget(&mut self, alliance: AllianceId) {
        self.keep(|id, _| id.alliance != alliance);
    }

    fn keep(&mut self, which: impl Fn(ProposalId, &TargetClaim) -> bool) {
        self.0.retain(|_, claims| {
            claims.retain(|id, claim| which(*id, claim));
            !claims.is_empty()
        });
    }

    /// The claims of an alliance that are not over.
    fn of(&self, alliance: AllianceId, now: GameTime) -> impl Iterator<Item = TargetClaimed> + '_ {
        let all = self.0.iter().flat_map(|(site, claims)| claims.iter().map(|(id, claim)| (*site, *id, *claim)));
        all.filter(move |(_, id, claim)| id.alliance == alliance && claim.until > now)
            .map(|(site, operation, claim)| TargetClaimed { operation, site, claim })
    }
}

pub(super) fn spawn_claims(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert(TargetClaims::default());
        }
    }
}

/// Tells confederates what is claimed at this instant; who becomes one is told all that is. Who is one no more counts no
/// more: how alliances stand to each other is public.
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
        if !roster.alliance(listener).is_some_and(|a| a.active) {
            return;
        }
        // Who is told something witnesses it for its alliance.
        let Some(witness) = leader(listener, &roster) else { return };
        let TargetClaimed { operation, site, claim } = *told;
        let seen = Seen::Claimed { operation, claim };
        relayed.write(Relayed(Observation { at: now, witness, site, cause: Cause::AllyTold, seen }));
    };
    for change in stances.read() {
        for (one, other) in [(change.a, change.b), (change.b, change.a)] {
            let Some(mut known) = index.alliance(one).and_then(|e| claims.get_mut(e).ok()) else { continue };
            if change.stance == Stance::Confederacy {
                known.of(one, now).for_each(|own| tell(other, &own));
            } else {
                known.forget(other);
            }
        }
    }
    for own in claimed.read() {
        let alliance = own.operation.alliance;
        let known = index.alliance(alliance).and_then(|e| claims.get_mut(e).ok());
        if !known.is_some_and(|mut known| known.note(own, now)) {
            continue;
        }
        let Some((stances, ..)) = roster.relations(alliance) else { continue };
        stances.confederates().for_each(|listener| tell(listener, own));
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
        let Seen::Claimed { operation, claim } = told.seen else { continue };
        let Some(Knower::Alliance(alliance)) = roster.knower_of(told.witness) else { continue };
        let claim = TargetClaimed { operation, site: told.site, claim };
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
        TargetClaimed { operation: ProposalId { alliance: AllianceId(alliance), n: 1 }, site: SITE, claim }
    }

    fn holder(claims: &TargetClaims, at: GameTime) -> Option<u32> {
        claims.first(SITE, at).map(|(id, _)| id.alliance.0)
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
        assert_eq!(claims.sites(hour(29)).collect::<Vec<_>>(), [SITE]);
        assert_eq!(claims.sites(hour(30)).count(), 0);
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
