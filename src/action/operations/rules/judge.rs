//! Judging an operation that is over.

use crate::action::operations::{Group, GroupStatus, Target};
use crate::decision::council::Goal;

/// The share of the defenders that were killed, where reports show it: of those that stood there, or of those that
/// were believed to, whichever is more. A blow at a garrison that has left hits nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
pub fn broken_share(target: &Target, cost: impl Fn(&crate::base::ruleset::Force) -> i64) -> Option<f64> {
    let before = cost(target.defenders.as_ref()?).max(cost(&target.believed));
    if before == 0 { Some(1.0) } else { Some(cost(&target.killed) as f64 / before as f64) }
}

/// Whether the goal was met at a target whose defenders were broken to this share, and which a member holds in the end
/// or not.
#[must_use]
pub fn goal_met(goal: Goal, broken: Option<f64>, held: bool) -> bool {
    match goal {
        Goal::BreakDefense { share } => broken.is_some_and(|b| b >= share),
        Goal::Look => broken.is_some(),
        Goal::Take | Goal::Found => held,
        // What is agreed on or built is no operation.
        Goal::Agree | Goal::Build { .. } => false,
    }
}

/// The word for a result: all targets met, some (or half of a single one), none.
#[must_use]
pub fn verdict(met: usize, targets: usize, best_broken: f64, aborted: bool) -> &'static str {
    if aborted {
        "aborted"
    } else if met == targets && targets > 0 {
        "goal_met"
    } else if met > 0 || best_broken >= 0.5 {
        "partly"
    } else {
        "failed"
    }
}

/// Whether a group took part: it left and went on, or turned home, by plan or by decision, after it had fought.
#[must_use]
pub fn took_part(group: &Group) -> bool {
    matches!(group.status, GroupStatus::Launched { .. }) || !group.lost.is_empty()
}

/// Whether a group takes part in what is still to come.
#[must_use]
pub fn is_active(group: &Group) -> bool {
    matches!(group.status, GroupStatus::Waiting | GroupStatus::Launched { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        assert_eq!(verdict(2, 2, 1.0, false), "goal_met");
        assert_eq!(verdict(1, 2, 1.0, false), "partly");
        assert_eq!(verdict(0, 1, 0.6, false), "partly");
        assert_eq!(verdict(0, 1, 0.4, false), "failed");
        assert_eq!(verdict(2, 2, 1.0, true), "aborted");
    }

    #[test]
    fn a_goal_without_a_report_is_not_met() {
        assert!(!goal_met(Goal::BreakDefense { share: 0.8 }, None, false));
        assert!(goal_met(Goal::BreakDefense { share: 0.8 }, Some(0.8), false));
    }

    #[test]
    fn a_site_that_is_broken_is_not_taken() {
        assert!(!goal_met(Goal::Take, Some(1.0), false));
        assert!(goal_met(Goal::Take, None, true));
    }
}
