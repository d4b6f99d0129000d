//! What operations have to themselves: each of their targets, from the passing until an hour after the last army has come
//! there.

use super::components::{CLAIMS_TOLD, GROUP_LAUNCHES, Group, Operation, OperationSettings, RunningOperations};
use super::review::OPERATION_REVIEWED;
use super::rules;
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::id::{EntityIndex, ProposalId, SiteId};
use crate::decision::council::{proposal_key, proposal_of_key};
use crate::decision::planning::allocation::Errand;
use crate::knowledge::intel::{TargetClaim, TargetClaimed};
use bevy::prelude::*;
use std::collections::BTreeSet;

/// Has the claims of an operation told at this instant, as they are once it is over: what changed nothing is not told.
pub(super) fn tell_claims_of(operation: &Operation, now: GameTime, agenda: &mut Agenda) {
    if !operation.scouting {
        agenda.push(CLAIMS_TOLD.entry(now, proposal_key(operation.id), 0));
    }
}

/// The targets of an operation.
fn targets(operation: &Operation) -> impl Iterator<Item = SiteId> {
    blows(operation).map(|g| g.target)
}

/// Its groups that fight for the goal, reserves included.
fn blows(operation: &Operation) -> impl Iterator<Item = &Group> {
    operation.groups.iter().filter(|g| matches!(g.errand, Errand::Strike | Errand::Reserve))
}

/// For how long an alliance has a site to itself that all these operations of its make for: until an hour after the last
/// army that is still to fight there comes; not at all where none is.
fn claim_on<'a>(
    site: SiteId,
    operations: impl Iterator<Item = &'a Operation>,
    settings: &OperationSettings,
    now: GameTime,
) -> TargetClaim {
    let none = TargetClaim { since: now, until: now };
    let claim = |operation: &Operation| {
        let coming = blows(operation).filter(|g| g.target == site && rules::is_active(g));
        let last = coming.map(|g| g.arrival).max()?;
        Some(TargetClaim { since: operation.started, until: last + settings.claim_after_arrival })
    };
    let both =
        |a: TargetClaim, b: TargetClaim| TargetClaim { since: a.since.min(b.since), until: a.until.max(b.until) };
    operations.filter_map(claim).reduce(both).unwrap_or(none)
}

/// Says what is claimed for operations that began or changed their course at this instant: a look and a launch that did not
/// happen change it too.
pub(super) fn tell_claims(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    settings: Res<OperationSettings>,
    running: Query<&RunningOperations>,
    operations: Query<&Operation>,
    mut claimed: MessageWriter<TargetClaimed>,
) {
    let now = batch.now();
    let kinds = [CLAIMS_TOLD, OPERATION_REVIEWED, GROUP_LAUNCHES];
    let changed: BTreeSet<u64> = kinds.into_iter().flat_map(|kind| batch.of(kind)).map(|e| e.owner).collect();
    let attack = |id: ProposalId| index.proposal(id).and_then(|e| operations.get(e).ok()).filter(|o| !o.scouting);
    let changed = changed.into_iter().filter_map(|id| attack(proposal_of_key(id)));
    let touched: BTreeSet<_> = changed.flat_map(|o| targets(o).map(|site| (o.id.alliance, site))).collect();
    for (by, site) in touched {
        let Some(running) = index.alliance(by).and_then(|e| running.get(e).ok()) else { continue };
        let claim = claim_on(site, running.0.iter().filter_map(|id| attack(*id)), &settings, now);
        claimed.write(TargetClaimed { by, site, claim });
    }
}
