//! Groups that a game moves by itself: it says when they arrive, as an input or as a message within a pass.

use super::components::{GROUP_ARRIVES, GroupStatus, Operation};
use crate::base::clock::{Agenda, DueBatch};
use crate::base::contract::{CampaignFact, Fact, GroupArrived, INPUT, Input, Inputs, RequestRefused};
use crate::base::id::{EntityIndex, MarchId, OrderId};
use crate::decision::council::{proposal_key, proposal_of_key};
use bevy::prelude::*;

/// Takes what games say about arrivals: now or later, never in the past, and only of groups that have left.
pub(super) fn take_arrivals(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    mut messages: MessageReader<GroupArrived>,
    index: Res<EntityIndex>,
    operations: Query<&Operation>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    let outside = inputs.now.iter().filter(|_| !batch.of(INPUT).is_empty()).filter_map(|logged| match logged.input {
        Input::Arrived(arrived) => Some(arrived),
        _ => None,
    });
    for arrived in messages.read().copied().chain(outside) {
        // Moves of the defense are followed by whoever ordered them: nothing waits for their arrival.
        let OrderId::Group { operation: id, group } = arrived.order else { continue };
        let operation = index.proposal(id).and_then(|e| operations.get(e).ok());
        let left = operation
            .and_then(|o| o.groups.get(usize::from(group)))
            .is_some_and(|g| matches!(g.status, GroupStatus::Launched { .. }));
        let refused = if !left {
            Some(("group_has_left", "a group that has left".to_owned(), "it has not, or does not exist".to_owned()))
        } else if arrived.at < now {
            Some(("arrival_not_past", format!("{now} or later"), arrived.at.to_string()))
        } else {
            None
        };
        if let Some((rule, limit, value)) = refused {
            let request = format!("group_arrived {}", arrived.order);
            let refused = RequestRefused { request, rule: rule.to_owned(), limit, value, retry_after: None };
            facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
        } else {
            agenda.push(GROUP_ARRIVES.entry(arrived.at, proposal_key(id), u32::from(group)));
        }
    }
}

/// Tells of the arrivals that are due.
pub(super) fn tell_arrivals(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    operations: Query<&Operation>,
    mut facts: MessageWriter<CampaignFact>,
) {
    for entry in batch.of(GROUP_ARRIVES) {
        let operation = index.proposal(proposal_of_key(entry.owner)).and_then(|e| operations.get(e).ok());
        let group = usize::try_from(entry.n).unwrap_or(usize::MAX);
        let Some((operation, g)) = operation.and_then(|o| Some((o, o.groups.get(group)?))) else { continue };
        let GroupStatus::Launched { march, .. } = g.status else { continue };
        let fact = Fact::MarchArrived {
            march: march.unwrap_or(MarchId { site: g.site, n: 0 }),
            origin: g.site,
            target: g.target,
            manner: g.manner,
            order: Some(operation.order(group)),
            wave: g.wave,
            planned: g.arrival,
        };
        facts.write(CampaignFact { at: batch.now(), fact });
    }
}
