//! What changed hands while an operation waits or is under way: orders that make no sense any more are called off.

use super::components::{Group, GroupStatus, Operation, OperationStatus, RunningOperations};
use super::review::{raise, turn};
use super::rules::{self, Occasion};
use crate::base::clock::{Agenda, DueBatch};
use crate::base::contract::{
    CampaignFact, MembershipChanged, Model, Relations, Site, SiteChanged, Stance, StanceChanged,
};
use crate::base::id::{EntityIndex, OrderId, PlayerId, SiteId};
use crate::base::ruleset::RecallRule;
use crate::decision::council::Goal;
use crate::decision::planning::Commitments;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::BTreeSet;

/// What is public of those whom an operation concerns.
#[derive(SystemParam)]
pub(super) struct Public<'w, 's> {
    index: Res<'w, EntityIndex>,
    sites: Query<'w, 's, &'static Site>,
    relations: Relations<'w, 's>,
    model: Res<'w, Model>,
}

impl Public<'_, '_> {
    fn owner(&self, site: SiteId) -> Option<PlayerId> {
        self.sites.get(self.index.site(site)?).ok().map(|s| s.owner)
    }

    /// Why a group that has not left must stay, if it must.
    pub(super) fn stays(&self, operation: &Operation, group: &Group) -> Option<&'static str> {
        if self.relations.alliance_of(group.member) != Some(operation.id.alliance) {
            Some("member_left")
        } else if self.owner(group.site) != Some(group.member) {
            Some("origin_lost")
        } else {
            self.hopeless(operation, group.target).or_else(|| self.others_war(operation, group.target))
        }
    }

    /// Whether a target was taken by somebody with whom there is no war: what has left fights him, nothing else leaves.
    fn others_war(&self, operation: &Operation, target: SiteId) -> Option<&'static str> {
        let (own, owner) = (operation.id.alliance, self.owner(target)?);
        let before = operation.targets.iter().find(|t| t.site == target)?.owner;
        let at_war = |other| self.relations.stance(own, other) == Stance::War;
        let enemy = owner == before || self.relations.alliance_of(owner).is_some_and(at_war);
        (!enemy && operation.goal != Goal::Found).then_some("not_our_war")
    }

    /// Why nothing of an operation should go to a target any more, if nothing should.
    fn hopeless(&self, operation: &Operation, target: SiteId) -> Option<&'static str> {
        let Some(owner) = self.owner(target) else {
            // A plot is free until somebody founds a site there.
            return (operation.goal != Goal::Found).then_some("target_gone");
        };
        let own = operation.id.alliance;
        match self.relations.alliance_of(owner) {
            Some(alliance) if alliance == own => Some("own_alliance"),
            Some(other) if self.relations.stance(own, other).forbids_attack() => Some("pact"),
            _ => (operation.goal == Goal::Found).then_some("tile_taken"),
        }
    }
}

/// Sites, memberships and stances changed: what waits for them is kept at home, what is under way is called back as far
/// as the rules allow it; against those who are friends now in any case.
pub(super) fn follow_changes(
    batch: Res<DueBatch>,
    mut sites: MessageReader<SiteChanged>,
    mut memberships: MessageReader<MembershipChanged>,
    mut stances: MessageReader<StanceChanged>,
    public: Public,
    running: Query<&RunningOperations>,
    mut operations: Query<&mut Operation>,
    mut commitments: Query<&mut Commitments>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if sites.is_empty() && memberships.is_empty() && stances.is_empty() {
        return;
    }
    sites.clear();
    memberships.clear();
    stances.clear();
    let now = batch.now();
    let mut concerned: Vec<_> = running.iter().flat_map(|r| r.0.iter().copied()).collect();
    concerned.sort_unstable();
    for id in concerned {
        let Some(mut operation) = public.index.proposal(id).and_then(|e| operations.get_mut(e).ok()) else { continue };
        if operation.status != OperationStatus::Running {
            continue;
        }
        let targets: BTreeSet<SiteId> = operation.groups.iter().map(|g| g.target).collect();
        let lost: Vec<(SiteId, &'static str)> =
            targets.into_iter().filter_map(|t| Some((t, public.hopeless(&operation, t)?))).collect();
        let keeps: Vec<(usize, &'static str)> = operation
            .groups
            .iter()
            .enumerate()
            .filter(|(_, g)| g.status == GroupStatus::Waiting)
            .filter_map(|(i, g)| Some((i, public.stays(&operation, g)?)))
            .collect();
        if lost.is_empty() && keeps.is_empty() {
            continue;
        }
        let mut why: BTreeSet<String> = BTreeSet::new();
        // Others may fill what they leave.
        let mut gaps: BTreeSet<SiteId> = BTreeSet::new();
        for (i, reason) in keeps {
            let group = &mut operation.groups[i];
            group.status = GroupStatus::HeldBack;
            if matches!(reason, "member_left" | "origin_lost") && !lost.iter().any(|(site, _)| *site == group.target) {
                gaps.insert(group.target);
            }
            why.insert(format!("{reason}: site {} to site {}", group.site, group.target));
            if let Some(mut promises) = public.index.site(group.site).and_then(|e| commitments.get_mut(e).ok()) {
                promises.release(OrderId::of_group(id, i));
            }
        }
        let recall = public.model.capabilities().recall;
        for (site, reason) in lost {
            // Marches against friends turn at once, whatever the rules say of recalls.
            let recall = if matches!(reason, "own_alliance" | "pact") { RecallRule::UntilArrival } else { recall };
            let of_site = |_, target| target == site;
            if turn(&mut operation, of_site, now, recall, &public.index, &mut commitments, &mut agenda).changed {
                why.insert(format!("{reason}: site {site}"));
            }
        }
        for site in gaps {
            raise(&mut operation, Occasion::NoShow, site, now, &mut agenda);
        }
        if !operation.groups.iter().any(rules::is_active) {
            operation.status = OperationStatus::Aborted;
        }
        if !operation.scouting {
            for reason in why {
                facts.write(operation.revise(now, "call_off_target", reason, Vec::new()));
            }
        }
    }
}
