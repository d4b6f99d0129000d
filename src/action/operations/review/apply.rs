//! Doing what was decided: groups stay, come back, or go too.

use super::{Change, OPERATION_REVIEWED, Revise, decision_points};
use crate::action::operations::components::{GROUP_LAUNCHES, GROUP_RECALLED};
use crate::action::operations::systems::{book, group_n, group_of, row};
use crate::action::operations::{GroupStatus, Operation, OperationStatus, rules};
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{CampaignFact, LaunchRow, Model};
use crate::base::id::{EntityIndex, OrderId, ProposalId, SiteId};
use crate::base::ruleset::RecallRule;
use crate::decision::council::proposal_key;
use crate::decision::planning::allocation::PlannedGroup;
use crate::decision::planning::{Commitment, Commitments};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// What a change of course touches.
#[derive(SystemParam)]
pub(in crate::action::operations) struct Course<'w, 's> {
    batch: Res<'w, DueBatch>,
    index: Res<'w, EntityIndex>,
    model: Res<'w, Model>,
    commitments: Query<'w, 's, &'static mut Commitments>,
    agenda: ResMut<'w, Agenda>,
    commands: Commands<'w, 's>,
}

/// Does what was decided in this pass, forgets the alerts that it answers, and ends what nobody strikes for any more.
pub(in crate::action::operations) fn apply_revisions(
    mut course: Course,
    mut revisions: MessageReader<Revise>,
    mut operations: Query<&mut Operation>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let reviewed = super::decide::reviewed(&course.batch);
    for id in &reviewed {
        if let Some(mut operation) = course.index.proposal(*id).and_then(|e| operations.get_mut(e).ok())
            && !operation.alerts.is_empty()
        {
            operation.alerts.clear();
        }
    }
    // What was decided and changed nothing: it is told only if the operation ends by it.
    let mut untold: BTreeMap<ProposalId, &Revise> = BTreeMap::new();
    for revise in revisions.read() {
        let found = course.index.proposal(revise.operation).and_then(|e| operations.get_mut(e).ok());
        let Some(mut operation) = found else { continue };
        if !course.apply(&mut operation, revise, &mut facts) && matches!(revise.change, Change::CallOff(_)) {
            untold.insert(revise.operation, revise);
        }
    }
    let now = course.batch.now();
    for id in reviewed {
        let Some(mut operation) = course.index.proposal(id).and_then(|e| operations.get_mut(e).ok()) else { continue };
        if end_without_blow(&mut operation, &mut course.turning(now))
            && let Some(Revise { reason, cites, .. }) = untold.get(&id)
        {
            facts.write(operation.revise(now, "call_off_target", reason.clone(), cites.clone()));
        }
    }
}

/// With no blow to come, whoever draws eyes from it goes home too; with no group left the operation is aborted. Returns
/// whether that changed anything. Where a look is still to come at this instant, it decides first: a gap may be filled.
pub(in crate::action::operations) fn end_without_blow(operation: &mut Operation, turning: &mut Turning) -> bool {
    if operation.status != OperationStatus::Running || !operation.alerts.is_empty() {
        return false;
    }
    let mut changed = false;
    if !operation.groups.iter().any(|g| rules::is_active(g) && g.errand.strikes()) {
        changed = turn(operation, |_, _| true, turning).changed;
    }
    if !operation.groups.iter().any(rules::is_active) {
        operation.status = OperationStatus::Aborted;
        changed = true;
    }
    changed
}

impl<'w, 's> Course<'w, 's> {
    /// Does what was decided. False if nothing changed by it: then nothing is told.
    fn apply(
        &mut self,
        operation: &mut Operation,
        Revise { change, reason, cites, .. }: &Revise,
        facts: &mut MessageWriter<CampaignFact>,
    ) -> bool {
        let now = self.batch.now();
        let (decision, rows) = match change {
            Change::AddWave(groups) => ("add_wave", self.add(operation, groups, now)),
            Change::HoldBack(groups) | Change::Recall(groups) => {
                if !self.turn(operation, |i, _| groups.contains(&i), reason, facts) {
                    return false;
                }
                (if matches!(change, Change::Recall(_)) { "recall" } else { "hold_back" }, Vec::new())
            }
            Change::CallOff(site) => {
                if !self.turn(operation, |_, target| target == *site, reason, facts) {
                    return false;
                }
                ("call_off_target", Vec::new())
            }
            Change::Rests { site, seen_at } => {
                // From now on the attack rests on the new sight. What was believed when it started stays: it is judged by
                // that.
                operation.targets.iter_mut().filter(|t| t.site == *site).for_each(|t| t.seen_at = *seen_at);
                return true;
            }
        };
        facts.write(operation.revise_with(now, decision, reason.clone(), cites.clone(), rows));
        true
    }

    /// More groups: each is ordered and promised like those of the plan.
    fn add(&mut self, operation: &mut Operation, groups: &[PlannedGroup], now: GameTime) -> Vec<LaunchRow> {
        let recall = self.model.capabilities().recall;
        let before = decision_points(&operation.groups, recall, now);
        let mut rows = Vec::new();
        for planned in groups {
            let i = operation.groups.len();
            let group = group_of(planned);
            let (order, key) = (operation.order(i), proposal_key(operation.id));
            self.agenda.push(GROUP_LAUNCHES.entry(group.launch.max(now), key, group_n(i)));
            let promise = Commitment { order, force: group.force.clone(), until: group.launch };
            book(&self.index, &mut self.commitments, &mut self.commands, group.site, promise);
            rows.push(row(i, &group, &self.model));
            operation.groups.push(group);
        }
        for at in decision_points(&operation.groups, recall, now).difference(&before) {
            self.agenda.push(OPERATION_REVIEWED.entry(*at, proposal_key(operation.id), 1));
        }
        rows
    }

    fn turning(&mut self, now: GameTime) -> Turning<'_, 'w, 's> {
        Turning {
            now,
            recall: self.model.capabilities().recall,
            index: &self.index,
            commitments: &mut self.commitments,
            agenda: &mut self.agenda,
        }
    }

    /// Turns groups, and says what of them is too late to be called back: it goes on and fights, and what it cost is counted
    /// as lost already. Each is said once. Returns whether any stays, or comes back.
    fn turn(
        &mut self,
        operation: &mut Operation,
        which: impl Fn(usize, SiteId) -> bool,
        reason: &str,
        facts: &mut MessageWriter<CampaignFact>,
    ) -> bool {
        let now = self.batch.now();
        let done = turn(operation, which, &mut self.turning(now));
        let (mut groups, mut goods) = (0, 0);
        for i in done.too_late {
            let Some(group) = operation.groups.get_mut(i).filter(|g| !g.written_off) else { continue };
            group.written_off = true;
            (groups, goods) = (groups + 1, goods + self.model.cost(&group.force));
        }
        if groups > 0 {
            let reason = format!("too_late_to_recall: {groups} groups of {goods} goods; {reason}");
            facts.write(operation.revise(now, "write_off", reason, Vec::new()));
        }
        done.changed
    }
}

/// What became of groups that were called off.
#[derive(Default)]
pub(in crate::action::operations) struct CalledOff {
    /// Whether any stays, or comes back.
    pub(in crate::action::operations) changed: bool,
    /// Those that can no longer be called back.
    too_late: Vec<usize>,
}

/// What turning groups needs, and touches.
pub(in crate::action::operations) struct Turning<'a, 'w, 's> {
    pub(in crate::action::operations) now: GameTime,
    pub(in crate::action::operations) recall: RecallRule,
    pub(in crate::action::operations) index: &'a EntityIndex,
    pub(in crate::action::operations) commitments: &'a mut Query<'w, 's, &'static mut Commitments>,
    pub(in crate::action::operations) agenda: &'a mut Agenda,
}

/// Of the groups that `which` names by number and target: keeps at home what has not left and calls back what still can
/// be. What can not be called back any more goes on and fights.
pub(in crate::action::operations) fn turn(
    operation: &mut Operation,
    which: impl Fn(usize, SiteId) -> bool,
    turning: &mut Turning,
) -> CalledOff {
    let (id, now, mut done) = (operation.id, turning.now, CalledOff::default());
    for (i, group) in operation.groups.iter_mut().enumerate() {
        if !which(i, group.target) || group.arrival <= now {
            continue;
        }
        match group.status {
            GroupStatus::Waiting => {
                group.status = GroupStatus::HeldBack;
                done.changed = true;
                let site = turning.index.site(group.site);
                if let Some(mut promises) = site.and_then(|e| turning.commitments.get_mut(e).ok()) {
                    promises.release(OrderId::of_group(id, i));
                }
            }
            GroupStatus::Launched { march, at } if turning.recall.allows(now - at) => {
                group.status = GroupStatus::Recalled { march };
                done.changed = true;
                // Marches turn in `March`: one more pass at this instant.
                turning.agenda.push(GROUP_RECALLED.entry(now, proposal_key(id), group_n(i)));
            }
            GroupStatus::Launched { .. } => done.too_late.push(i),
            GroupStatus::Failed | GroupStatus::HeldBack | GroupStatus::Recalled { .. } => {}
        }
    }
    done
}
