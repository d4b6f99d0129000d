//! Doing what was decided: groups stay, come back, or go too.

use super::{Change, Revise};
use crate::action::operations::components::{GROUP_LAUNCHES, GROUP_RECALLED};
use crate::action::operations::systems::{book, group_n, group_of, row};
use crate::action::operations::{GroupStatus, Operation, OperationStatus, rules};
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{CampaignFact, LaunchRow, Model};
use crate::base::id::{EntityIndex, OrderId, PlayerId, SiteId};
use crate::base::ruleset::RecallRule;
use crate::decision::council::proposal_key;
use crate::decision::planning::allocation::PlannedGroup;
use crate::decision::planning::{Commitment, Commitments};
use crate::society::alliance::Reliability;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// What a change of course touches.
#[derive(SystemParam)]
pub(in crate::action::operations) struct Course<'w, 's> {
    batch: Res<'w, DueBatch>,
    index: Res<'w, EntityIndex>,
    model: Res<'w, Model>,
    commitments: Query<'w, 's, &'static mut Commitments>,
    reliability: Query<'w, 's, &'static mut Reliability>,
    agenda: ResMut<'w, Agenda>,
    commands: Commands<'w, 's>,
}

/// Does what was decided in this pass, and forgets the alerts that it answers.
pub(in crate::action::operations) fn apply_revisions(
    mut course: Course,
    mut revisions: MessageReader<Revise>,
    mut operations: Query<&mut Operation>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = course.batch.now();
    for id in super::decide::reviewed(&course.batch) {
        if let Some(mut operation) = course.index.proposal(id).and_then(|e| operations.get_mut(e).ok())
            && !operation.alerts.is_empty()
        {
            operation.alerts.clear();
        }
    }
    for Revise { operation, change, reason, cites } in revisions.read() {
        let Some(mut operation) = course.index.proposal(*operation).and_then(|e| operations.get_mut(e).ok()) else {
            continue;
        };
        let (decision, rows) = match change {
            Change::AddWave(groups) => ("add_wave", course.add(&mut operation, groups, now)),
            Change::HoldBack(groups) | Change::Recall(groups) => {
                let done = course.turn(&mut operation, |i, _| groups.contains(&i), now);
                course.write_off(&mut operation, &done, reason, &mut facts);
                let decision = if matches!(change, Change::Recall(_)) { "recall" } else { "hold_back" };
                (decision, Vec::new())
            }
            Change::CallOff(site) => {
                let done = course.turn(&mut operation, |_, target| target == *site, now);
                course.write_off(&mut operation, &done, reason, &mut facts);
                if !done.changed {
                    continue;
                }
                ("call_off_target", Vec::new())
            }
            Change::Rests { site, seen_at } => {
                // From now on the attack rests on the new sight. What was believed when it started stays: it is judged by
                // that.
                operation.targets.iter_mut().filter(|t| t.site == *site).for_each(|t| t.seen_at = *seen_at);
                continue;
            }
        };
        facts.write(operation.revise_with(now, decision, reason.clone(), cites.clone(), rows));
        if !operation.groups.iter().any(|g| rules::is_active(g) && g.errand.strikes()) {
            // With no blow to come, whoever draws eyes from it goes home too.
            course.turn(&mut operation, |_, _| true, now);
        }
        if !operation.groups.iter().any(rules::is_active) {
            operation.status = OperationStatus::Aborted;
        }
    }
}

impl Course<'_, '_> {
    /// More groups: each is ordered and promised like those of the plan.
    fn add(&mut self, operation: &mut Operation, groups: &[PlannedGroup], now: GameTime) -> Vec<LaunchRow> {
        let mut rows = Vec::new();
        for planned in groups {
            let i = operation.groups.len();
            let group = group_of(planned);
            let (order, key) = (operation.order(i), proposal_key(operation.id));
            self.agenda.push(GROUP_LAUNCHES.entry(group.launch.max(now), key, group_n(i)));
            let promise = Commitment { order, force: group.force.clone(), until: group.launch };
            book(&self.index, &mut self.commitments, &mut self.commands, group.site, promise);
            if let Some(mut record) = self.record(group.member) {
                record.ordered += 1;
            }
            rows.push(row(i, &group, &self.model));
            operation.groups.push(group);
        }
        rows
    }

    fn record(&mut self, member: PlayerId) -> Option<Mut<'_, Reliability>> {
        self.reliability.get_mut(self.index.player(member)?).ok()
    }

    fn turn(&mut self, operation: &mut Operation, which: impl Fn(usize, SiteId) -> bool, now: GameTime) -> CalledOff {
        let recall = self.model.capabilities().recall;
        turn(operation, which, now, recall, &self.index, &mut self.commitments, &mut self.agenda)
    }

    /// Says what is too late to be called back: it goes on and fights, and what it cost is counted as lost already.
    fn write_off(
        &self,
        operation: &mut Operation,
        done: &CalledOff,
        reason: &str,
        facts: &mut MessageWriter<CampaignFact>,
    ) {
        if done.too_late.is_empty() {
            return;
        }
        let force = |i: &usize| operation.groups.get(*i).map_or(0, |g| self.model.cost(&g.force));
        let goods: i64 = done.too_late.iter().map(force).sum();
        let reason = format!("too_late_to_recall: {} groups of {goods} goods; {reason}", done.too_late.len());
        facts.write(operation.revise(self.batch.now(), "write_off", reason, Vec::new()));
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

/// Of the groups that `which` names by number and target: keeps at home what has not left and calls back what still can
/// be. What can not be called back any more goes on and fights.
pub(in crate::action::operations) fn turn(
    operation: &mut Operation,
    which: impl Fn(usize, SiteId) -> bool,
    now: GameTime,
    recall: RecallRule,
    index: &EntityIndex,
    commitments: &mut Query<&mut Commitments>,
    agenda: &mut Agenda,
) -> CalledOff {
    let (id, mut done) = (operation.id, CalledOff::default());
    for (i, group) in operation.groups.iter_mut().enumerate() {
        if !which(i, group.target) || group.arrival <= now {
            continue;
        }
        let order = OrderId::of_group(id, i);
        match group.status {
            GroupStatus::Waiting => {
                group.status = GroupStatus::HeldBack;
                done.changed = true;
                if let Some(mut promises) = index.site(group.site).and_then(|e| commitments.get_mut(e).ok()) {
                    promises.release(order);
                }
            }
            GroupStatus::Launched { march, at } if recall.allows(now - at) => {
                group.status = GroupStatus::Recalled { march };
                done.changed = true;
                // Marches turn in `March`: one more pass at this instant.
                agenda.push(GROUP_RECALLED.entry(now, proposal_key(id), group_n(i)));
            }
            GroupStatus::Launched { .. } => done.too_late.push(i),
            GroupStatus::Failed | GroupStatus::HeldBack | GroupStatus::Recalled { .. } => {}
        }
    }
    done
}
