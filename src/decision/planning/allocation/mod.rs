//! Allocation: which village sends what to which target, so that all arrive together.
//!
//! Maximises the value of goals met, then minimises the goods expected to be lost, then travel. Required offense is a
//! result, not an input: forces are chosen so that the world model's own forecast meets the goal. A constructive start
//! is improved by local search within a budget of iterations; the same input gives the same plan.

mod beside;
mod improve;
mod problem;
mod train;

pub use problem::{
    AllocationProblem, AllocationSettings, Assignment, Elsewhere, Errand, LeftOut, PARTS, Plan, PlannedGroup, Source,
    TargetPlan, TargetSpec, by_home, part_of,
};

use crate::base::contract::WorldModel;
use improve::Draft;

/// Plans.
#[must_use]
pub fn allocate(problem: &AllocationProblem, settings: &AllocationSettings, model: &dyn WorldModel) -> Plan {
    if train::takes(problem) {
        return train::allocate_train(problem, settings, model);
    }
    if beside::has_waves(problem) {
        return beside::allocate_beside(problem, settings, model);
    }
    let mut draft = Draft::new(problem, settings, model);
    draft.construct();
    draft.improve();
    draft.into_plan()
}
