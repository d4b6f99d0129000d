//! From a tally to a decision, at the deadline or as soon as nothing can change it.

use super::charter::Charter;
use super::roll::{ApprovalRule, Tally};
use crate::base::contract::Vote;
use serde::{Deserialize, Serialize};

/// What the plan of those who approve gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanCheck {
    /// Members whose pledges reach the target in time.
    pub pledged: u32,
    /// How many are needed; 0 for actions without troops.
    pub needed: u32,
    /// Whether the plan meets its goal with the intel of this moment.
    pub feasible: bool,
}

/// The tests of a proposal, in the order in which the first that fails is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Enough ballots were cast.
    Quorum,
    /// Enough of them approve.
    Approval,
    /// Enough members take part.
    Participants,
    /// The plan works.
    Feasibility,
}

impl Test {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::Approval => "approval",
            Self::Participants => "participants",
            Self::Feasibility => "feasibility",
        }
    }
}

/// What has become of a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The vote goes on.
    Open,
    /// All tests passed.
    Passed,
    /// There was a quorum, and a test failed.
    Rejected {
        /// The first test that failed.
        failed_test: Test,
    },
    /// The deadline came without a quorum.
    Expired,
}

impl Decision {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Passed => "passed",
            Self::Rejected { .. } => "rejected",
            Self::Expired => "expired",
        }
    }

    /// The first test that failed, if one did.
    #[must_use]
    pub fn failed_test(self) -> Option<Test> {
        match self {
            Self::Open | Self::Passed => None,
            Self::Rejected { failed_test } => Some(failed_test),
            Self::Expired => Some(Test::Quorum),
        }
    }
}

/// The decision on settled votes: open until the deadline, then passed, expired without a quorum, or rejected by the
/// first test that fails. An approval whose conditions have not settled counts as an abstention.
#[must_use]
pub fn decide(charter: &Charter, tally: &Tally, plan: PlanCheck, deadline_reached: bool) -> Decision {
    if !deadline_reached {
        return Decision::Open;
    }
    let approved = match tally.approval {
        ApprovalRule::Leader(vote) => vote == Some(Vote::Approve),
        ApprovalRule::Portion => {
            charter.approval_margin(tally.approve, tally.reject, tally.abstain + tally.conditional) > 0
        }
    };
    let tests = [
        (Test::Quorum, charter.has_quorum(tally.cast, tally.eligible)),
        (Test::Approval, approved),
        (Test::Participants, plan.pledged >= plan.needed),
        (Test::Feasibility, plan.feasible),
    ];
    match tests.into_iter().find(|(_, passed)| !passed) {
        None => Decision::Passed,
        Some((Test::Quorum, _)) => Decision::Expired,
        Some((failed_test, _)) => Decision::Rejected { failed_test },
    }
}

/// The decision before the deadline, if no open or conditional ballot can change it any more.
///
/// `tally` is that of [`tally_open`](super::roll::tally_open); `plan` is made with the approvals that stand, without
/// the conditional ones. It is exact: an open seat may stay silent or cast any ballot, a conditional approval ends as
/// approval or abstention, each further approval may or may not add one participant; and further pledges can make a
/// plan feasible, but not break one, as it need not use them.
#[must_use]
pub fn settled_early(charter: &Charter, tally: &Tally, plan: PlanCheck) -> Option<Decision> {
    let open = tally.eligible - tally.cast;
    if !charter.has_quorum(tally.cast, tally.eligible) {
        let out_of_reach = !charter.has_quorum(tally.cast + open, tally.eligible);
        return out_of_reach.then_some(Decision::Expired);
    }
    let rejected = |failed_test| Some(Decision::Rejected { failed_test });
    if !approval_settled(charter, tally, open)? {
        return rejected(Test::Approval);
    }
    if plan.pledged.saturating_add(tally.unsettled_seats) < plan.needed {
        return rejected(Test::Participants);
    }
    let settled = tally.unsettled_seats == 0;
    match (plan.pledged >= plan.needed, plan.feasible) {
        (true, true) => Some(Decision::Passed),
        (true, false) if settled => rejected(Test::Feasibility),
        _ => None,
    }
}

/// Whether approval is certain, or certainly out of reach; `None` while it can go either way.
fn approval_settled(charter: &Charter, tally: &Tally, open: u32) -> Option<bool> {
    if let ApprovalRule::Leader(vote) = tally.approval {
        return vote.map(|v| v == Vote::Approve);
    }
    let steps = charter.approval_steps();
    let stands = charter.approval_margin(tally.approve, tally.reject, tally.abstain);
    let best = stands + steps.approve * i64::from(open + tally.conditional);
    let worst = stands + steps.reject * i64::from(open) + steps.abstain * i64::from(tally.conditional);
    match (worst > 0, best > 0) {
        (true, _) => Some(true),
        (_, false) => Some(false),
        _ => None,
    }
}
