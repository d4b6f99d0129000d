//! From votes to wars and treaties.

use super::components::{OfferRefused, OwnOffer, OwnOffers};
use crate::base::clock::{Agenda, DueBatch};
use crate::base::contract::{CampaignFact, Fact, Scenario, Stance, StanceChanged, Treaty};
use crate::base::id::EntityIndex;
use crate::decision::council::{ActionKind, Proposal, ProposalFailed, ProposalPassed, ProposalStatus, VotingSettings};
use crate::decision::planning::rules::diplomacy::change_score;
use crate::knowledge::intel::{EnvoyMessage, Offers, envoy};
use crate::society::alliance::{STANCE_CHANGES, StanceSettings, change_of, stance_change};
use bevy::prelude::*;

/// Where diplomacy acts within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiplomacySystems {
    /// In `Plan`: what was voted for is carried out, what was refused is told.
    CarryOut,
    /// In `Settle`: what came of agreements is told.
    Conclude,
}

pub(super) fn spawn_offers(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert(OwnOffers::default());
        }
    }
}

/// Wars that were voted for are declared, treaties offered, and offers that wait for just that are accepted. It takes effect
/// in another pass of this instant.
pub(super) fn carry_out(
    batch: Res<DueBatch>,
    mut passed: MessageReader<ProposalPassed>,
    index: Res<EntityIndex>,
    settings: Res<StanceSettings>,
    voting: Res<VotingSettings>,
    proposals: Query<&Proposal>,
    received: Query<&Offers>,
    mut offers: Query<&mut OwnOffers>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    for message in passed.read() {
        let own = message.proposal.alliance;
        let proposal = index.proposal(message.proposal).and_then(|e| proposals.get(e).ok());
        let Some((proposal, other)) = proposal.and_then(|p| Some((p, p.enemy?))) else { continue };
        if proposal.action == ActionKind::DeclareWar {
            agenda.push(stance_change(own, other, Stance::War, now));
        }
        let Some(treaty) = proposal.action.treaty() else { continue };
        let Some(entity) = index.alliance(own) else { continue };
        let dealings = proposal.dealings.map(|d| d.plain()).unwrap_or_default();
        let score = change_score(treaty.stance(), &dealings, &voting.diplomacy).map_or(0.0, |reason| reason.score);
        if received.get(entity).is_ok_and(|offers| offers.open(now).any(|offer| offer == (other, treaty))) {
            // Who offered it is named first: it is the one that asked.
            agenda.push(stance_change(other, own, treaty.stance(), now));
        } else if let Ok(mut offers) = offers.get_mut(entity) {
            let until = now + settings.offer_stands;
            offers.0.insert((other, treaty), OwnOffer { made_at: now, until, score });
            agenda.push(envoy(own, other, EnvoyMessage::Offer(treaty), now));
            facts.write(CampaignFact { at: now, fact: Fact::OfferMade { by: own, to: other, treaty, score } });
        }
    }
}

/// Tells what came of agreements that took effect at this instant, or could not: what two have offered each other is void then.
pub(super) fn note_agreements(
    batch: Res<DueBatch>,
    mut changed: MessageReader<StanceChanged>,
    index: Res<EntityIndex>,
    mut offers: Query<&mut OwnOffers>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let at = batch.now();
    let changed: Vec<StanceChanged> = changed.read().copied().collect();
    for entry in batch.of(STANCE_CHANGES) {
        let Some((to, by, stance)) = change_of(entry) else { continue };
        let Some(treaty) = Treaty::ALL.into_iter().find(|t| t.stance() == stance) else { continue };
        let accepted = changed.contains(&StanceChanged { a: to, b: by, stance });
        let reason = if accepted { "both voted for it" } else { "it is not possible any more" }.to_owned();
        if !accepted {
            agenda.push(envoy(by, to, EnvoyMessage::Refusal(treaty), at));
        }
        facts.write(CampaignFact { at, fact: Fact::OfferAnswered { by, to, treaty, accepted, reason } });
    }
    for change in changed {
        for (one, other) in [(change.a, change.b), (change.b, change.a)] {
            if let Some(mut own) = index.alliance(one).and_then(|e| offers.get_mut(e).ok()) {
                own.0.retain(|(with, _), _| *with != other);
            }
        }
    }
}

/// Offers that a council refused, or whose acceptance failed in the vote, are sent back.
pub(super) fn refuse(
    batch: Res<DueBatch>,
    mut refused: MessageReader<OfferRefused>,
    mut failed: MessageReader<ProposalFailed>,
    index: Res<EntityIndex>,
    proposals: Query<&Proposal>,
    received: Query<&Offers>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    let voted_down = |message: &ProposalFailed| {
        let proposal = index.proposal(message.proposal).and_then(|e| proposals.get(e).ok())?;
        let (to, treaty) = (proposal.enemy?, proposal.action.treaty()?);
        let test = match &proposal.status {
            ProposalStatus::Rejected { test, .. } => test.as_str(),
            _ => "quorum",
        };
        Some(OfferRefused { by: message.proposal.alliance, to, treaty, reason: format!("voted down: {test}") })
    };
    let refused: Vec<OfferRefused> = refused.read().cloned().chain(failed.read().filter_map(voted_down)).collect();
    for OfferRefused { by, to, treaty, reason } in refused {
        let offers = index.alliance(by).and_then(|e| received.get(e).ok());
        if !offers.is_some_and(|offers| offers.open(now).any(|offer| offer == (to, treaty))) {
            continue;
        }
        agenda.push(envoy(by, to, EnvoyMessage::Refusal(treaty), now));
        let fact = Fact::OfferAnswered { by, to, treaty, accepted: false, reason };
        facts.write(CampaignFact { at: now, fact });
    }
}
