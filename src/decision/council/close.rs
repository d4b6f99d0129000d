//! Closing a vote: count, settle conditions by fixpoint, plan with who is left, test everything again with the intel
//! of this moment.

use super::components::{Ballots, CouncilSettings, Proposal, ProposalStatus};
use super::muster::{Pledge, muster};
use super::rules::charter::{BallotState, Charter, Decision, Tally, decide, settled_early, tally};
use super::rules::conditions::{PlanFacts, settle_conditions};
use super::situation::{Situation, Threats};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Ballot, Condition, Rank, Vote};
use crate::base::id::PlayerId;
use crate::base::limits::Limits;
use crate::decision::planning::allocation::{AllocationProblem, AllocationSettings, Plan, TargetSpec, allocate};
use crate::decision::planning::{Library, earliest_covering};
use crate::society::alliance::MemberInfo;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// What closing reads beside the situation.
#[derive(SystemParam, Debug)]
pub(super) struct Closing<'w> {
    charter: Res<'w, Charter>,
    settings: Res<'w, CouncilSettings>,
    library: Res<'w, Library>,
    allocation: Res<'w, AllocationSettings>,
    limits: Res<'w, Limits>,
}

/// How each member on the roll stands now: who left voids its ballot and shrinks the roll.
fn states(proposal: &Proposal, ballots: &Ballots, situation: &Situation) -> Vec<BallotState> {
    proposal
        .roll
        .iter()
        .filter_map(|member| {
            let info = situation.member_of(proposal.id.alliance, *member)?;
            let leads = info.rank == Rank::Leader;
            Some(match ballots.cast.get(member) {
                Some(b) if b.vote == Vote::Approve && !b.conditions.is_empty() => {
                    BallotState::conditional(*member, leads)
                }
                Some(b) => BallotState::cast(*member, leads, b.vote),
                None => BallotState::open(*member, leads),
            })
        })
        .collect()
}

/// Whether no open or conditional ballot can change the result any more.
pub(super) fn settled(charter: &Charter, proposal: &Proposal, ballots: &Ballots, situation: &Situation) -> bool {
    settled_early(charter, &states(proposal, ballots, situation))
}

/// Decides a proposal whose vote ends. Dropped conditions are noted in the ballots.
pub(super) fn settle(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    ballots: &mut Ballots,
    now: GameTime,
) -> ProposalStatus {
    let alliance = proposal.id.alliance;
    let threats = situation.threats(alliance, now);
    let members = situation.voters(alliance);
    let unconditional: Vec<(PlayerId, Pledge)> = approvals(ballots, false);
    let conditional: Vec<(PlayerId, Vec<Condition>)> = ballots
        .cast
        .iter()
        .filter(|(_, b)| b.vote == Vote::Approve && !b.conditions.is_empty())
        .map(|(m, b)| (*m, b.conditions.clone()))
        .collect();
    let mut plan = None;
    let settlement = settle_conditions(&conditional, |set| {
        let mut pledges: BTreeMap<PlayerId, Pledge> = unconditional.iter().copied().collect();
        for member in set {
            if let Some(ballot) = ballots.cast.get(member) {
                pledges.insert(*member, pledge_of(ballot));
            }
        }
        let made = plan_with(closing, situation, proposal, &members, &pledges, &threats, now);
        let facts = facts_of(situation, proposal, made.as_ref(), now);
        plan = made;
        facts
    });
    for (member, condition) in &settlement.dropped {
        ballots.dropped.insert(*member, condition.to_string());
    }
    let states: Vec<BallotState> = states(proposal, ballots, situation)
        .into_iter()
        .map(|s| s.settled(|member| settlement.kept.contains(&member)))
        .collect();
    let count: Tally = tally(&states);
    let participants = plan.as_ref().map_or(0, Plan::participants);
    // A plan may be smaller than the trial was; what counts is that enough members stand behind it.
    let needed = proposal.participants_needed.min(count.approve);
    let feasible = plan.as_ref().is_some_and(|p| p.meets_any(closing.settings.floor_ratio));
    match decide(&closing.charter, &count, participants, needed, feasible, true) {
        Decision::Passed => match plan {
            Some(plan) => ProposalStatus::Passed(Box::new(plan)),
            None => ProposalStatus::Rejected { test: "feasibility".to_owned() },
        },
        Decision::Expired => ProposalStatus::Expired,
        Decision::Rejected { test } => ProposalStatus::Rejected { test: test.name().to_owned() },
        Decision::Open => ProposalStatus::Expired,
    }
}

fn approvals(ballots: &Ballots, conditional: bool) -> Vec<(PlayerId, Pledge)> {
    ballots
        .cast
        .iter()
        .filter(|(_, b)| b.vote == Vote::Approve && b.conditions.is_empty() != conditional)
        .map(|(m, b)| (*m, pledge_of(b)))
        .collect()
}

fn pledge_of(ballot: &Ballot) -> Pledge {
    Pledge { share: ballot.pledge_share, ..Pledge::ALL }.with(&ballot.conditions)
}

/// The plan with these pledges: the proposed arrival if it still covers the goals, else up to 12 hours later, never
/// earlier.
fn plan_with(
    closing: &Closing,
    situation: &Situation,
    proposal: &Proposal,
    members: &[MemberInfo],
    pledges: &BTreeMap<PlayerId, Pledge>,
    threats: &Threats,
    now: GameTime,
) -> Option<Plan> {
    let alliance = proposal.id.alliance;
    let sources = muster(situation, alliance, members, pledges, threats, now);
    let targets: Vec<TargetSpec> = proposal
        .targets
        .iter()
        .filter_map(|t| {
            let estimate = situation.view.estimate(alliance, t.site, now)?;
            Some(TargetSpec { site: t.site, estimate, value: t.value })
        })
        .collect();
    let pattern = closing.library.get(&proposal.pattern)?;
    let model = situation.view.model();
    let latest = proposal.arrival + closing.settings.arrival_slack;
    let arrival = earliest_covering(&**model.0, &sources, &targets, proposal.arrival, latest, now)
        .unwrap_or(proposal.arrival);
    let problem = AllocationProblem {
        sources,
        targets,
        pattern: pattern.clone(),
        arrival,
        not_before: now,
        groups_max: closing.limits.groups_per_operation,
        seed: u64::from(proposal.id.n),
    };
    Some(allocate(&problem, &closing.allocation, &**model.0))
}

fn facts_of(situation: &Situation, proposal: &Proposal, plan: Option<&Plan>, now: GameTime) -> PlanFacts {
    let (_, oldest, _) = situation.intel_of(proposal, now);
    let mut members = BTreeMap::new();
    if let Some(plan) = plan {
        for group in &plan.groups {
            let span = members.entry(group.member).or_insert((group.launch, group.arrival));
            span.0 = span.0.min(group.launch);
            span.1 = span.1.max(group.arrival);
        }
    }
    PlanFacts { participants: plan.map_or(0, Plan::participants), oldest_intel: oldest, members, goods_granted: 0 }
}
