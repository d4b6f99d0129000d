//! The referee at the start of operations: what passed a vote starts only as far as it is fair to persons.

use crate::base::clock::DueBatch;
use crate::base::contract::{CampaignFact, Fact, RequestRefused};
use crate::base::id::{EntityIndex, Knower, ProposalId};
use crate::decision::council::{ActionKind, Goal, Proposal, ProposalPassed, ProposalStatus};
use crate::decision::fair_play::{AttackId, Foul, Whistle, blows};
use crate::decision::planning::Plan;
use crate::knowledge::intel::View;
use crate::society::alliance::Roster;
use bevy::prelude::*;

/// A proposal that passed may start, as its plan is now. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cleared {
    pub(super) proposal: ProposalId,
}

/// Lets passed proposals through, one after another: of two that pass at one instant against the same person the first starts.
/// Groups that may not go are left out of the plan; where no blow is left the operation does not start.
pub(super) fn clear_operations(
    batch: Res<DueBatch>,
    mut passed: MessageReader<ProposalPassed>,
    index: Res<EntityIndex>,
    view: View,
    roster: Roster,
    mut whistle: Whistle,
    mut proposals: Query<&mut Proposal>,
    mut cleared: MessageWriter<Cleared>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    for message in passed.read() {
        let id = message.proposal;
        let attack = AttackId::Operation(id);
        let judged = index.proposal(id).filter(|_| whistle.has_persons());
        let judged = judged.and_then(|e| proposals.get_mut(e).ok());
        if let Some(mut proposal) = judged.filter(|p| p.action == ActionKind::MassAttack) {
            let takes = proposal.goal == Goal::Take;
            let ProposalStatus::Passed(plan) = &mut proposal.status else { continue };
            let groups = plan.groups.iter().map(|g| (g.target, &g.force, g.arrival));
            let by = Knower::Alliance(id.alliance);
            for (victim, blow) in blows(&view, |player| whistle.is_person(player), groups, takes) {
                if let Err(foul) = whistle.let_through((&view, &roster), (attack, by), victim, &blow, now) {
                    plan.spare(&blow.sites);
                    let Foul { rule, limit, value, retry_after } = foul;
                    let (request, rule) = (format!("start_operation {id} on {victim}"), rule.name().to_owned());
                    let refused = RequestRefused { request, rule, limit, value, retry_after };
                    facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
                }
            }
            if !strikes(plan) {
                // Whoever would only have drawn eyes from the blow stays too.
                whistle.call_off(attack);
                continue;
            }
        }
        cleared.write(Cleared { proposal: id });
    }
}

/// Whether anything of a plan fights for its goal.
fn strikes(plan: &Plan) -> bool {
    plan.groups.iter().any(|g| g.errand.strikes())
}
