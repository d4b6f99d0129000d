//! Closing a vote: settle conditions by fixpoint, plan with who is left, test everything again with the intel of this
//! moment.

use super::components::{
    ActionKind, Ballots, CouncilCharter, CouncilSettings, Goal, Proposal, ProposalStatus, ProposedTarget,
};
use super::muster::{Muster, Pledge};
use super::rules::conditions::{self, MemberPart, PlanFacts};
use super::rules::decide::{Decision, PlanCheck, Test, decide, settled_early};
use super::rules::roll::{Roll, tally, tally_open};
use super::situation::{Situation, Threats};
use super::surroundings::{army_home_at, elsewhere};
use crate::base::clock::GameTime;
use crate::base::contract::Vote;
use crate::base::id::{Knower, PlayerId, SiteId};
use crate::base::limits::Limits;
use crate::decision::fair_play::{Case, Referee};
use crate::decision::planning::allocation::{
    AllocationProblem, AllocationSettings, LeftOut, Plan, Source, TargetSpec, allocate,
};
use crate::decision::planning::{Covering, Library, PlanningSettings, in_time, plan_settling};
use crate::society::alliance::MemberInfo;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What closing reads beside the situation.
#[derive(SystemParam, Debug)]
pub(super) struct Closing<'w, 's> {
    charter: Res<'w, CouncilCharter>,
    settings: Res<'w, CouncilSettings>,
    library: Res<'w, Library>,
    planning: Res<'w, PlanningSettings>,
    allocation: Res<'w, AllocationSettings>,
    limits: Res<'w, Limits>,
    referee: Referee<'w, 's>,
}

/// The roll as it stands now: who left voids its ballot and shrinks it.
fn roll_now(proposal: &Proposal, situation: &Situation) -> Roll {
    let mut roll = proposal.roll.clone();
    for seat in proposal.roll.seats() {
        if situation.member_of(proposal.id.alliance, seat.member).is_none() {
            roll.leave(seat.member);
        }
    }
    roll
}

/// Whether somebody else has all of its targets to itself by now: then there is nothing to decide.
fn is_claimed(proposal: &Proposal, situation: &Situation, now: GameTime) -> bool {
    let claimed = |t: &ProposedTarget| situation.view.claim(proposal.id.alliance, t.site, now).is_some();
    !proposal.targets.is_empty() && proposal.targets.iter().all(claimed)
}

/// Whether a vote can close before its deadline: its targets are spoken for, nobody who answers in time is left, or no open
/// or conditional ballot can change the result. A passing vote waits for those who are asked to send troops: their pledges
/// are its force.
pub(super) fn can_close(
    charter: &CouncilCharter,
    proposal: &Proposal,
    ballots: &Ballots,
    situation: &Situation,
    now: GameTime,
) -> bool {
    let answers = |m: &PlayerId| situation.member_of(proposal.id.alliance, *m).is_some();
    let pending: Vec<PlayerId> = ballots
        .answer_at
        .iter()
        .filter(|(member, at)| **at < proposal.deadline && answers(member))
        .map(|(member, _)| *member)
        .collect();
    if pending.is_empty() || is_claimed(proposal, situation, now) {
        return true;
    }
    let count = tally_open(&roll_now(proposal, situation), &ballots.cast);
    let pledged = ballots.cast.values().filter(|b| b.vote == Vote::Approve && b.pledge_share > 0.0).count();
    let pledged = u32::try_from(pledged).unwrap_or(u32::MAX);
    let check = PlanCheck { pledged, needed: proposal.participants_needed, feasible: true };
    match settled_early(charter, &count, check) {
        Some(Decision::Passed) => !pending.iter().any(|m| proposal.asked.contains_key(m)),
        decision => decision.is_some(),
    }
}

/// Decides a proposal whose vote ends. Dropped conditions are noted in the ballots.
pub(super) fn settle(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    ballots: &mut Ballots,
    now: GameTime,
) -> ProposalStatus {
    if is_claimed(proposal, situation, now) {
        let left_out = proposal.targets.iter().map(|t| (t.site, LeftOut::Claimed)).collect();
        return ProposalStatus::Rejected { test: Test::Feasibility.name().to_owned(), left_out };
    }
    let threats = situation.threats(proposal.id.alliance, now);
    let members = situation.voters(proposal.id.alliance);
    let roll = roll_now(proposal, situation);
    let mut last: Option<Attempt> = None;
    let settlement = conditions::settle(&roll, &ballots.cast, |approved| {
        let pledges = pledges(proposal, ballots, approved);
        let attempt = attempt(closing, situation, proposal, &members, &pledges, &threats, now);
        let facts = facts_of(situation, proposal, attempt.as_ref(), now);
        last = attempt;
        facts
    });
    for dropped in &settlement.dropped {
        ballots.dropped.insert(dropped.member, dropped.condition.to_string());
    }
    let count = tally(&roll, &settlement.votes(&ballots.cast));
    let check = PlanCheck {
        pledged: last.as_ref().map_or(0, |a| a.pledged),
        needed: proposal.participants_needed,
        feasible: last.as_ref().is_some_and(|a| match proposal.action {
            ActionKind::MassAttack => a.plan.meets_any(closing.settings.floor_ratio),
            ActionKind::Expansion => !a.plan.groups.is_empty(),
            // There is nothing to plan, or the two already stand to each other in a way that rules it out.
            _ => true,
        }),
    };
    match (decide(&closing.charter, &count, check, true), last) {
        (Decision::Passed, Some(attempt)) => ProposalStatus::Passed(Box::new(attempt.plan)),
        (Decision::Rejected { failed_test }, last) => ProposalStatus::Rejected {
            test: failed_test.name().to_owned(),
            left_out: last.map_or_else(Vec::new, |a| a.plan.left_out),
        },
        _ => ProposalStatus::Expired,
    }
}

fn pledges(proposal: &Proposal, ballots: &Ballots, approved: &BTreeSet<PlayerId>) -> BTreeMap<PlayerId, Pledge> {
    approved.iter().filter_map(|m| Some((*m, Pledge::of(proposal, ballots, *m)?))).collect()
}

/// A plan with some pledges.
struct Attempt {
    plan: Plan,
    /// Members whose pledge can be at a target in time.
    pledged: u32,
    /// Army value of each member, in goods.
    armies: BTreeMap<PlayerId, i64>,
}

/// A target that can still be attacked, as it is believed to be by now; or why it cannot be.
fn target_now(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    target: &ProposedTarget,
    latest: GameTime,
    now: GameTime,
) -> Result<TargetSpec, LeftOut> {
    let (alliance, model, site) = (proposal.id.alliance, situation.view.model(), target.site);
    // Somebody else's village by now is nobody's target, unless the same enemy holds it.
    let owner = situation.view.site(site).map(|s| s.owner);
    if owner != Some(target.owner) && owner.is_none_or(|o| situation.roster.alliance_of(o) != proposal.enemy) {
        return Err(LeftOut::NotTheirs);
    }
    // Peace may have come while it was voted on.
    if situation.forbids_attack(alliance, site) {
        return Err(LeftOut::Pact);
    }
    if situation.view.claim(alliance, site, now).is_some() {
        return Err(LeftOut::Claimed);
    }
    if let Some(owner) = owner {
        let (by, takes) = (Knower::Alliance(alliance), proposal.goal == Goal::Take);
        let case = Case { by, first: proposal.arrival, last: latest, takes };
        if closing.referee.foul_known(owner, &case, now).is_some() {
            return Err(LeftOut::FairPlay);
        }
    }
    // Whoever can be home before the latest arrival may stand there, as when it was proposed.
    let mut estimate = situation.view.estimate_at(alliance, site, now, latest).ok_or(LeftOut::Unknown)?;
    let mistakes = closing.referee.mistakes_against(&situation.roster, alliance, target.owner);
    if let Some(mistakes) = mistakes {
        estimate.troops = mistakes.misjudged(site, estimate.seen_at, &estimate.troops);
    }
    // A garrison that was led away since is none that can be broken.
    let worth_it = model.cost(&estimate.troops) >= model.scale().defense_goods_min;
    if !worth_it && proposal.goal.needs_defenders() {
        return Err(LeftOut::NothingToBreak);
    }
    let spec = TargetSpec::new(site, estimate, target.value, &closing.allocation, &*model.0);
    Ok(situation.reckoned(alliance, spec, &closing.planning.help, now))
}

/// The targets that can still be attacked, and those that cannot, with why.
fn targets_now(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    latest: GameTime,
    now: GameTime,
) -> (Vec<TargetSpec>, Vec<(SiteId, LeftOut)>) {
    let (mut targets, mut left_out) = (Vec::new(), Vec::new());
    for target in &proposal.targets {
        match target_now(closing, situation, proposal, target, latest, now) {
            Ok(spec) => targets.push(spec),
            Err(why) => left_out.push((target.site, why)),
        }
    }
    (targets, left_out)
}

/// Plans with these pledges: at the proposed arrival if it still covers the goals, else up to 12 hours later, never
/// earlier.
fn attempt(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    members: &[MemberInfo],
    pledges: &BTreeMap<PlayerId, Pledge>,
    threats: &Threats,
    now: GameTime,
) -> Option<Attempt> {
    let alliance = proposal.id.alliance;
    if proposal.action == ActionKind::Expansion {
        return settle_anew(closing, situation, proposal, pledges, now);
    }
    if let Some(stance) = proposal.action.stance() {
        proposal.enemy.filter(|other| situation.may_come_to(alliance, *other, stance))?;
    }
    if !proposal.action.sends_troops() {
        return Some(Attempt { plan: Plan::default(), pledged: 0, armies: BTreeMap::new() });
    }
    let pattern = closing.library.get(&proposal.pattern)?;
    let muster = Muster { situation, alliance, members, pledges, threats, rest: closing.planning.rest, now };
    let (sources, guards) = if pattern.has_guards() { muster.with_guards() } else { (muster.offense(), Vec::new()) };
    let latest = proposal.arrival + closing.settings.arrival_slack;
    let model = situation.view.model();
    let (targets, left_out) = targets_now(closing, situation, proposal, latest, now);
    let covering = || Covering::of(&*model.0, &sources, &targets, now)?.earliest(proposal.arrival, latest);
    // What follows armies home is there when the last of those that still come is, as early as was proposed where none does.
    let settings = &closing.planning.circumstances;
    let home = |t: &TargetSpec| army_home_at(situation, alliance, &threats.incoming, t, settings, now);
    let homes = targets.iter().filter(|_| pattern.follows_home()).filter_map(home);
    let home = homes.filter(|home| (proposal.arrival..=latest).contains(home)).max();
    let arrival = home.or_else(covering).unwrap_or(proposal.arrival);
    let reaches = |s: &&Source| {
        targets.iter().any(|t| in_time(&*model.0, s, &s.available, t.estimate.at, arrival, now).is_some())
    };
    let pledged: BTreeSet<PlayerId> = sources.iter().chain(&guards).filter(reaches).map(|s| s.site.owner).collect();
    let problem = AllocationProblem {
        sources,
        elsewhere: elsewhere(situation, alliance, proposal.enemy, &targets, pattern, &closing.planning, now),
        targets,
        guards,
        pattern: pattern.clone(),
        arrival,
        not_before: now,
        groups_max: closing.limits.groups_per_operation,
        seed: u64::from(proposal.id.n),
        hit_rate: situation.hit_rate(alliance, &proposal.pattern),
    };
    let mut plan = allocate(&problem, &closing.allocation, &*model.0);
    if plan.left_out.iter().any(|(_, why)| *why == LeftOut::NobodyBeside) {
        // Those who would have stood beside the blow do not come: it falls without them.
        let blow = AllocationProblem { pattern: pattern.blow(), ..problem };
        plan = allocate(&blow, &closing.allocation, &*model.0);
    }
    plan.left_out.extend(left_out);
    spare_persons(closing, situation, proposal, &mut plan, now);
    let pledged = u32::try_from(pledged.len()).unwrap_or(u32::MAX);
    Some(Attempt { plan, pledged, armies: situation.armies(alliance) })
}

/// What of a plan would be foul to a person, as far as the alliance knows, is left out: waves beside the blow, and more than can be
/// met.
fn spare_persons(closing: &Closing, situation: &Situation, proposal: &Proposal, plan: &mut Plan, now: GameTime) {
    let Situation { view, roster, .. } = situation;
    let groups = plan.groups.iter().map(|g| (g.target, &g.force, g.arrival));
    let (by, takes) = (Knower::Alliance(proposal.id.alliance), proposal.goal == Goal::Take);
    for (_, blow, _) in closing.referee.fouls_known((view, roster), by, groups, takes, now) {
        plan.spare(&blow.sites);
    }
}

/// Plans an expansion with what its village and its tile are now.
fn settle_anew(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    pledges: &BTreeMap<PlayerId, Pledge>,
    now: GameTime,
) -> Option<Attempt> {
    let target = proposal.targets.first()?;
    let origin = proposal.asked.values().flat_map(|a| a.sites.keys()).next()?;
    let site = situation.view.own(proposal.id.alliance).iter().find(|s| s.site == *origin)?;
    pledges.get(&site.owner)?;
    let rhythm = situation.member_of(proposal.id.alliance, site.owner)?.rhythm;
    let plan = plan_settling(&situation.view, site, &situation.free(site), rhythm, target.site, now)?;
    let in_time = plan.groups.iter().all(|g| g.arrival <= proposal.arrival + closing.settings.arrival_slack);
    in_time.then(|| Attempt { plan, pledged: 1, armies: BTreeMap::new() })
}

#[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
fn facts_of(situation: &Situation, proposal: &Proposal, attempt: Option<&Attempt>, now: GameTime) -> PlanFacts {
    let model = situation.view.model();
    let (_, oldest, _) = situation.intel_of(proposal, now);
    let mut parts: BTreeMap<PlayerId, MemberPart> = BTreeMap::new();
    if let Some(attempt) = attempt {
        for group in &attempt.plan.groups {
            let army = attempt.armies.get(&group.member).copied().unwrap_or(0).max(1) as f64;
            let part = parts.entry(group.member).or_insert(MemberPart {
                share_of_army: 0.0,
                first_launch: group.launch,
                last_arrival: group.arrival,
            });
            part.share_of_army += model.cost(&group.force) as f64 / army;
            part.first_launch = part.first_launch.min(group.launch);
            part.last_arrival = part.last_arrival.max(group.arrival);
        }
    }
    PlanFacts { parts, granted_goods: BTreeMap::new(), intel_age: Some(oldest) }
}
