//! How conditional approvals settle: all in, plan, drop every unmet one, repeat until none drops.

use super::roll::Roll;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Ballot, Condition, Vote};
use crate::base::id::PlayerId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A member's part in a plan.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct MemberPart {
    /// Share of its army that it sends, 0..=1.
    pub share_of_army: f64,
    /// Its first launch.
    pub first_launch: GameTime,
    /// Its last arrival.
    pub last_arrival: GameTime,
}

/// What conditions are tested against.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct PlanFacts {
    /// The part of each member that the plan uses.
    pub parts: BTreeMap<PlayerId, MemberPart>,
    /// Goods that the pool gives to a member first.
    pub granted_goods: BTreeMap<PlayerId, i64>,
    /// Age of the oldest report on a target; `None` if a target was never seen.
    pub intel_age: Option<GameSpan>,
}

/// Whether a plan meets a member's condition. Limits on a member's own troops are met where none of them go.
#[must_use]
pub fn is_met(condition: &Condition, member: PlayerId, plan: &PlanFacts) -> bool {
    /// Shares are quotients of whole troops: what allocation keeps to exactly may miss by this much.
    const ROUNDING: f64 = 1e-9;
    let part = plan.parts.get(&member);
    match *condition {
        Condition::MaxShareOfArmy(most) => part.is_none_or(|p| p.share_of_army <= most + ROUNDING),
        Condition::NotBefore(at) => part.is_none_or(|p| p.first_launch >= at),
        Condition::NotAfter(at) => part.is_none_or(|p| p.last_arrival <= at),
        Condition::MinParticipants(n) => u32::try_from(plan.parts.len()).unwrap_or(u32::MAX) >= n,
        Condition::NeedsGoods(n) => plan.granted_goods.get(&member).copied().unwrap_or(0) >= n,
        Condition::FreshIntel { max_age } => plan.intel_age.is_some_and(|age| age <= max_age),
    }
}

/// An approval that was dropped, and its first condition that was unmet.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Dropped {
    /// Whose.
    pub member: PlayerId,
    /// What was unmet.
    pub condition: Condition,
}

/// Who takes part in the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settlement {
    /// The members whose approvals stand; only they take part.
    pub approved: BTreeSet<PlayerId>,
    /// How many of these had conditions.
    pub conditions_met: u32,
    /// Those dropped, in the order of dropping, then by member.
    pub dropped: Vec<Dropped>,
    /// The plan of the final set.
    pub plan: PlanFacts,
}

impl Settlement {
    /// The votes after settlement: a dropped approval counts as an abstention.
    #[must_use]
    pub fn votes(&self, ballots: &BTreeMap<PlayerId, Ballot>) -> BTreeMap<PlayerId, Vote> {
        let dropped = |member| self.dropped.iter().any(|d| d.member == member);
        ballots.iter().map(|(m, ballot)| (*m, if dropped(*m) { Vote::Abstain } else { ballot.vote })).collect()
    }
}

/// Settles the conditions: starts with all approvals of the roll in, lets `plan` plan with them, drops every one
/// with an unmet condition, and repeats until none drops: at most one round more than there are conditional
/// approvals. The proposer's approval has no conditions. `plan` must depend on the set alone.
#[must_use]
pub fn settle(
    roll: &Roll,
    ballots: &BTreeMap<PlayerId, Ballot>,
    mut plan: impl FnMut(&BTreeSet<PlayerId>) -> PlanFacts,
) -> Settlement {
    let approves = |m: &PlayerId| *m == roll.proposer() || ballots.get(m).is_some_and(|b| b.vote == Vote::Approve);
    let conditions_of = |m: PlayerId| match ballots.get(&m) {
        Some(ballot) if m != roll.proposer() => ballot.conditions.as_slice(),
        _ => &[],
    };
    let mut approved: BTreeSet<PlayerId> = roll.seats().iter().map(|s| s.member).filter(approves).collect();
    let mut dropped = Vec::new();
    loop {
        let facts = plan(&approved);
        let unmet = |m: &PlayerId| conditions_of(*m).iter().find(|c| !is_met(c, *m, &facts));
        let unmet: Vec<Dropped> = approved
            .iter()
            .filter_map(|m| unmet(m).map(|condition| Dropped { member: *m, condition: *condition }))
            .collect();
        if unmet.is_empty() {
            let met = approved.iter().filter(|m| !conditions_of(**m).is_empty()).count();
            let conditions_met = u32::try_from(met).unwrap_or(u32::MAX);
            return Settlement { approved, conditions_met, dropped, plan: facts };
        }
        for drop in unmet {
            approved.remove(&drop.member);
            dropped.push(drop);
        }
    }
}
