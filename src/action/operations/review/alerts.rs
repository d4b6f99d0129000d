//! What has an operation looked at again.

use super::{Alert, OPERATION_REVIEWED};
use crate::action::operations::rules::{self, Occasion};
use crate::action::operations::{Group, GroupStatus, Operation, OperationStatus, RunningOperations};
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{MarchSighted, Relations};
use crate::base::id::{AllianceId, EntityIndex, Knower, SiteId};
use crate::base::ruleset::RecallRule;
use crate::decision::council::proposal_key;
use crate::knowledge::intel::{ClaimHeard, NewIntel};
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// So long before the last instant at which something can be decided it is looked at.
const BEFORE: GameSpan = GameSpan::secs(1);

/// Has an operation looked at again at this instant.
pub(in crate::action::operations) fn raise(
    operation: &mut Operation,
    occasion: Occasion,
    site: SiteId,
    now: GameTime,
    agenda: &mut Agenda,
) {
    let alert = Alert { occasion, site };
    if operation.scouting || operation.status != OperationStatus::Running || operation.alerts.contains(&alert) {
        return;
    }
    if operation.alerts.is_empty() {
        agenda.push(OPERATION_REVIEWED.entry(now, proposal_key(operation.id), 0));
    }
    operation.alerts.push(alert);
}

/// When an operation is looked at whether anything happened or not: just before the last group leaves for each target, and
/// just before a group can no longer be recalled. Where marches can be recalled until they arrive, that is just before the
/// first of a target's waves arrives. Sorted, each once, all after `now`.
pub(in crate::action::operations) fn decision_points(
    groups: &[Group],
    recall: RecallRule,
    now: GameTime,
) -> BTreeSet<GameTime> {
    // Of each target: the last launch, and the first arrival.
    let mut targets: BTreeMap<SiteId, (GameTime, GameTime)> = BTreeMap::new();
    let mut points: BTreeSet<GameTime> = BTreeSet::new();
    for group in groups.iter().filter(|g| g.errand.strikes()) {
        let (last, first) = targets.entry(group.target).or_insert((group.launch, group.arrival));
        (*last, *first) = ((*last).max(group.launch), (*first).min(group.arrival));
        if let RecallRule::WithinSecs(secs) = recall {
            points.insert(group.launch + GameSpan::secs(secs) - BEFORE);
        }
    }
    for (last, first) in targets.into_values() {
        points.insert(last - BEFORE);
        if recall == RecallRule::UntilArrival {
            points.insert(first - BEFORE);
        }
    }
    points.retain(|at| *at > now);
    points
}

/// New intel on a target, a confederate's claim on one, and marches that are seen to come to a site that sends.
pub(in crate::action::operations) fn raise_alerts(
    batch: Res<DueBatch>,
    mut news: MessageReader<NewIntel>,
    mut sighted: MessageReader<MarchSighted>,
    mut claims: MessageReader<ClaimHeard>,
    index: Res<EntityIndex>,
    relations: Relations,
    running: Query<&RunningOperations>,
    mut operations: Query<&mut Operation>,
    mut agenda: ResMut<Agenda>,
) {
    if news.is_empty() && sighted.is_empty() && claims.is_empty() {
        return;
    }
    let now = batch.now();
    let mut alerts: BTreeSet<(AllianceId, Alert)> = BTreeSet::new();
    for news in news.read() {
        if let Knower::Alliance(alliance) = news.knower {
            alerts.insert((alliance, Alert { occasion: Occasion::NewIntel, site: news.site }));
        }
    }
    for claim in claims.read() {
        alerts.insert((claim.alliance, Alert { occasion: Occasion::Claimed, site: claim.site }));
    }
    for march in sighted.read().filter(|m| m.arrival > now) {
        if let Some(alliance) = relations.alliance_of(march.witness) {
            alerts.insert((alliance, Alert { occasion: Occasion::AttackedAtHome, site: march.target }));
        }
    }
    for (alliance, Alert { occasion, site }) in alerts {
        let Some(ids) = index.alliance(alliance).and_then(|e| running.get(e).ok()) else { continue };
        for id in &ids.0 {
            let Some(mut operation) = index.proposal(*id).and_then(|e| operations.get_mut(e).ok()) else { continue };
            let concerns = |g: &Group| match occasion {
                Occasion::AttackedAtHome => g.site == site && g.status == GroupStatus::Waiting,
                _ => g.target == site && rules::is_active(g) && g.arrival > now,
            };
            if operation.groups.iter().any(concerns) {
                raise(&mut operation, occasion, site, now, &mut agenda);
            }
        }
    }
}
