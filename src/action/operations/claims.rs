//! What an operation has to itself: each of its targets from its passing until an hour after the last army has come there.

use super::components::{CLAIMS_TOLD, GROUP_LAUNCHES, Operation, OperationSettings};
use super::review::OPERATION_REVIEWED;
use super::rules;
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::id::{EntityIndex, SiteId};
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

/// For how long each target is claimed: until an hour after the last army that is still to fight for the goal there comes,
/// reserves included; not at all where none is.
fn claims_of(operation: &Operation, settings: &OperationSettings, now: GameTime) -> Vec<(SiteId, TargetClaim)> {
    let blows = || operation.groups.iter().filter(|g| matches!(g.errand, Errand::Strike | Errand::Reserve));
    let targets: BTreeSet<SiteId> = blows().map(|g| g.target).collect();
    let claim = |site: SiteId| {
        let coming = blows().filter(|g| g.target == site && rules::is_active(g));
        let until = coming.map(|g| g.arrival + settings.claim_after_arrival).max().unwrap_or(now);
        (site, TargetClaim { since: operation.started, until })
    };
    targets.into_iter().map(claim).collect()
}

/// Says what operations claim that began or changed their course at this instant: a look and a launch that did not happen
/// change it too.
pub(super) fn tell_claims(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    settings: Res<OperationSettings>,
    operations: Query<&Operation>,
    mut claimed: MessageWriter<TargetClaimed>,
) {
    let kinds = [CLAIMS_TOLD, OPERATION_REVIEWED, GROUP_LAUNCHES];
    let changed: BTreeSet<u64> = kinds.into_iter().flat_map(|kind| batch.of(kind)).map(|e| e.owner).collect();
    for id in changed.into_iter().map(proposal_of_key) {
        let operation = index.proposal(id).and_then(|e| operations.get(e).ok()).filter(|o| !o.scouting);
        let Some(operation) = operation else { continue };
        let claims = claims_of(operation, &settings, batch.now());
        claimed.write_batch(claims.into_iter().map(|(site, claim)| TargetClaimed { operation: id, site, claim }));
    }
}
