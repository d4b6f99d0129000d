//! Changing course: what was seen anew is held against what is planned.

use super::components::{GROUP_RECALLED, Group, GroupStatus, Operation, OperationSettings, OperationStatus};
use super::components::{RunningOperations, Target};
use super::rules;
use super::systems::group_n;
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{AttackGroup, CampaignFact, Manner, Player};
use crate::base::id::{AllianceId, EntityIndex, Knower, OrderId, SiteId};
use crate::base::ruleset::RecallRule;
use crate::decision::council::proposal_key;
use crate::decision::planning::Commitments;
use crate::knowledge::intel::{NewIntel, View};
use bevy::prelude::*;
use std::collections::BTreeSet;

/// New intel on a target: if what is planned no longer beats what stands there, or nothing is left to beat, what is not
/// launched is held back, and what is under way is called back as far as the rules still allow it.
pub(super) fn review_operations(
    batch: Res<DueBatch>,
    mut news: MessageReader<NewIntel>,
    view: View,
    settings: Res<OperationSettings>,
    players: Query<&Player>,
    index: Res<EntityIndex>,
    running: Query<&RunningOperations>,
    operations: Query<&Operation>,
    mut commitments: Query<&mut Commitments>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    if news.is_empty() {
        return;
    }
    let now = batch.now();
    let news: BTreeSet<(AllianceId, SiteId)> = news
        .read()
        .filter_map(|n| match n.knower {
            Knower::Alliance(id) => Some((id, n.site)),
            Knower::Player(_) => None,
        })
        .collect();
    let alliances: BTreeSet<AllianceId> = news.iter().map(|(alliance, _)| *alliance).collect();
    let affected = alliances
        .iter()
        .filter_map(|a| running.get(index.alliance(*a)?).ok())
        .flat_map(|r| &r.0)
        .filter_map(|id| operations.get(index.proposal(*id)?).ok())
        .filter(|o| o.status == OperationStatus::Running && !o.scouting);
    let recall = view.model().capabilities().recall;
    for operation in affected {
        let mut changed = operation.clone();
        for target in operation.targets.iter().filter(|t| news.contains(&(operation.id.alliance, t.site))) {
            let why = match review(operation, target, &view, &settings, (&index, &players), now) {
                None => continue,
                Some(Review::Holds { seen_at }) => {
                    // From now on the attack rests on the new sight. What was believed when it started stays: it is judged
                    // by that.
                    changed.targets.iter_mut().filter(|t| t.site == target.site).for_each(|t| t.seen_at = seen_at);
                    continue;
                }
                Some(Review::Hopeless { why }) => why,
            };
            if call_off(&mut changed, target.site, now, recall, &index, &mut commitments, &mut agenda) {
                let cites = view.cite(operation.id.alliance, target.site, now);
                facts.write(changed.revise(now, "call_off_target", format!("new intel: {why}"), cites));
            }
        }
        if &changed != operation {
            if !changed.groups.iter().any(rules::is_active) {
                changed.status = OperationStatus::Aborted;
            }
            if let Some(entity) = index.proposal(operation.id) {
                commands.entity(entity).insert(changed);
            }
        }
    }
}

/// What a new look at a target means for what is still to come there.
enum Review {
    /// It goes on.
    Holds { seen_at: GameTime },
    /// Nothing should go there any more.
    Hopeless { why: String },
}

/// None where nothing can be changed any more: once the first wave has fought, what follows follows.
fn review(
    operation: &Operation,
    target: &Target,
    view: &View,
    settings: &OperationSettings,
    (index, players): (&EntityIndex, &Query<&Player>),
    now: GameTime,
) -> Option<Review> {
    let coming = |g: &&Group| g.target == target.site && rules::is_active(g) && g.arrival > now;
    let groups: Vec<&Group> = operation.groups.iter().filter(coming).collect();
    let first = groups.iter().map(|g| g.arrival).min().filter(|_| target.defenders.is_none())?;
    // Whoever is back by then stands there.
    let estimate = view.estimate_at(operation.id.alliance, target.site, now, first)?;
    let model = view.model();
    let attack: Vec<AttackGroup> = groups.iter().map(|g| attack_group(g, index, players)).collect();
    let ratio = model.forecast(&attack, &estimate, Manner::Siege).ratio;
    let (seen, believed) = (model.cost(&estimate.troops), model.cost(&target.believed));
    let (site, floor) = (target.site, settings.floor_ratio);
    Some(if ratio < floor {
        Review::Hopeless { why: format!("offense over defense at site {site} is {ratio:.2}, the floor is {floor:.2}") }
    } else if operation.goal.needs_defenders() && rules::is_evacuated(seen, believed, settings.evacuated_share) {
        Review::Hopeless { why: format!("site {site} is evacuated, {seen} of {believed} goods of troops are left") }
    } else {
        Review::Holds { seen_at: target.seen_at.max(estimate.seen_at) }
    })
}

fn attack_group(group: &Group, index: &EntityIndex, players: &Query<&Player>) -> AttackGroup {
    let population = index.player(group.member).and_then(|e| players.get(e).ok()).map_or(0, |p| p.population);
    AttackGroup {
        origin: group.site,
        player: group.member,
        population,
        force: group.force.clone(),
        upgrades: group.upgrades,
    }
}

/// Keeps at home what has not left and calls back what still can be; true if that changed anything. What can not be
/// called back any more goes on and fights.
pub(super) fn call_off(
    operation: &mut Operation,
    site: SiteId,
    now: GameTime,
    recall: RecallRule,
    index: &EntityIndex,
    commitments: &mut Query<&mut Commitments>,
    agenda: &mut Agenda,
) -> bool {
    let (id, mut changed) = (operation.id, false);
    for (i, group) in operation.groups.iter_mut().enumerate().filter(|(_, g)| g.target == site && g.arrival > now) {
        let order = OrderId::of_group(id, i);
        match group.status {
            GroupStatus::Waiting => {
                group.status = GroupStatus::HeldBack;
                changed = true;
                if let Some(mut promises) = index.site(group.site).and_then(|e| commitments.get_mut(e).ok()) {
                    promises.release(order);
                }
            }
            GroupStatus::Launched { march, at } if recall.allows(now - at) => {
                group.status = GroupStatus::Recalled { march };
                changed = true;
                // Marches turn in `March`, which is over at this point of the pass: one more pass at this instant.
                agenda.push(GROUP_RECALLED.entry(now, proposal_key(id), group_n(i)));
            }
            GroupStatus::Launched { .. }
            | GroupStatus::Failed
            | GroupStatus::HeldBack
            | GroupStatus::Recalled { .. } => {}
        }
    }
    changed
}
