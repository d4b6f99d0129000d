//! What the rules would vote in the person's place, as advice: reckoned from what its alliance knows, at the instant at which a
//! proposal opens, for then the states of its members are at hand.

use super::Seat;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::DueBatch;
use bevy_alliance::base::contract::Vote;
use bevy_alliance::base::id::EntityIndex;
use bevy_alliance::decision::council::rules::voter::{Veto, vote_for};
use bevy_alliance::decision::council::{Decisions, Proposal, Situation, VotingSettings, own_score};

/// What the rules would vote.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Advice {
    pub(super) vote: Vote,
    pub(super) score: f64,
    /// The rule that forbids an approval whatever the score.
    pub(super) veto: Option<&'static str>,
}

/// Judges proposals that are new.
pub(super) fn advise(
    watch: Res<Watch>,
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    voting: Res<VotingSettings>,
    situation: Situation,
    decisions: Query<&Decisions>,
    proposals: Query<&Proposal>,
    mut seat: ResMut<Seat>,
) {
    let Some(me) = watch.person else { return };
    let Some(alliance) = situation.roster.alliance_of(me) else { return };
    let Some(open) = index.alliance(alliance).and_then(|e| decisions.get(e).ok()) else { return };
    let known = |seat: &Seat| open.open.iter().all(|id| seat.advice.contains_key(id));
    if known(&seat) || situation.view.own_of(alliance, me).next().is_none() {
        return;
    }
    let Some(member) = situation.member_of(alliance, me) else { return };
    let now = batch.now();
    seat.advice.retain(|id, _| open.open.contains(id));
    for id in &open.open {
        let Some(proposal) = index.proposal(*id).and_then(|e| proposals.get(e).ok()) else { continue };
        let hit = proposal.action.sends_troops() && situation.case(proposal, &member, now).incoming_at_home;
        let veto = situation.forbidden(proposal).map(Veto::name);
        let veto = veto.or(hit.then_some("hit_before_return"));
        let score = own_score(&situation, proposal, &member, &voting, now);
        let vote = if veto.is_some() { Vote::Reject } else { vote_for(score, &voting.voter) };
        seat.advice.insert(*id, Advice { vote, score, veto });
    }
}
