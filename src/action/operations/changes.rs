//! What changed hands while an operation waits or is under way: orders that make no sense any more are called off.

use super::claims::tell_claims_of;
use super::components::{Group, GroupStatus, Operation, OperationStatus, RunningOperations};
use super::review::{Turning, end_without_blow, raise, turn};
use super::rules::Occasion;
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

/// Why what follows stays at home, or turns back: a member took the target, for this operation or for another one.
const TARGET_WON: &str = "target_won";

/// What is public of those whom an operation concerns.
#[derive(SystemParam)]
pub(super) struct Public<'w, 's> {
    index: Res<'w, EntityIndex>,
    sites: Query<'w, 's, &'static Site>,
    relations: Relations<'w, 's>,
    model: Res<'w, Model>,
}

impl Public<'_, '_> {
    /// Who holds a site.
    pub(super) fn owner(&self, site: SiteId) -> Option<PlayerId> {
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
            Some(alliance) if alliance == own => {
                let before = operation.targets.iter().find(|t| t.site == target).map(|t| t.owner);
                Some(if before.is_some_and(|b| b != owner) { TARGET_WON } else { "own_alliance" })
            }
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
    mut commitments: Query<&'static mut Commitments>,
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
        let mut turning = Turning {
            now,
            recall: public.model.capabilities().recall,
            index: &public.index,
            commitments: &mut commitments,
            agenda: &mut agenda,
        };
        let done = public.call_off(&mut operation, &mut turning);
        for site in done.gaps {
            raise(&mut operation, Occasion::NoShow, site, now, turning.agenda);
        }
        if done.found {
            tell_claims_of(&operation, now, turning.agenda);
            end_without_blow(&mut operation, &mut turning);
        }
        if !operation.scouting {
            for (decision, reason) in done.why {
                facts.write(operation.revise(now, decision, reason, Vec::new()));
            }
        }
    }
}

/// What became of an operation by what changed hands.
#[derive(Default)]
struct Followed {
    /// Whether anything of it makes no sense any more.
    found: bool,
    /// What is decided, and why.
    why: BTreeSet<(&'static str, String)>,
    /// Targets for which others may go instead.
    gaps: BTreeSet<SiteId>,
}

/// The word for what is done for this reason: what was won is not called off.
fn decision(reason: &str, when_won: &'static str) -> &'static str {
    if reason == TARGET_WON { when_won } else { "call_off_target" }
}

impl Public<'_, '_> {
    /// Keeps at home, and calls back, what makes no sense any more.
    fn call_off(&self, operation: &mut Operation, turning: &mut Turning) -> Followed {
        let (id, mut done) = (operation.id, Followed::default());
        let targets: BTreeSet<SiteId> = operation.groups.iter().map(|g| g.target).collect();
        let lost: Vec<(SiteId, &'static str)> =
            targets.into_iter().filter_map(|t| Some((t, self.hopeless(operation, t)?))).collect();
        let waiting = operation.groups.iter().enumerate().filter(|(_, g)| g.status == GroupStatus::Waiting);
        let keeps: Vec<(usize, &'static str)> =
            waiting.filter_map(|(i, g)| Some((i, self.stays(operation, g)?))).collect();
        done.found = !lost.is_empty() || !keeps.is_empty();
        for (i, reason) in keeps {
            let group = &mut operation.groups[i];
            group.status = GroupStatus::HeldBack;
            if matches!(reason, "member_left" | "origin_lost") && !lost.iter().any(|(site, _)| *site == group.target) {
                done.gaps.insert(group.target);
            }
            let why = format!("{reason}: site {} to site {}", group.site, group.target);
            done.why.insert((decision(reason, "hold_back"), why));
            let site = turning.index.site(group.site);
            if let Some(mut promises) = site.and_then(|e| turning.commitments.get_mut(e).ok()) {
                promises.release(OrderId::of_group(id, i));
            }
        }
        let recall = turning.recall;
        for (site, reason) in lost {
            // Marches against friends turn at once, whatever the rules say of recalls.
            let friends = matches!(reason, "own_alliance" | "pact" | TARGET_WON);
            turning.recall = if friends { RecallRule::UntilArrival } else { recall };
            if turn(operation, |_, target| target == site, turning).changed {
                done.why.insert((decision(reason, "recall"), format!("{reason}: site {site}")));
            }
        }
        turning.recall = recall;
        done
    }
}
