//! The attack problem and its plan.

use super::exact::prove_attack;
use super::search::AttackSearch;

/// Units of one class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Troop {
    /// How many there are.
    pub count: u32,
    /// Points of one: offense in an attack, defense in a defense. At least 0.
    pub points: i64,
    /// Crop per hour of one. At least 0.
    pub upkeep: i64,
}

/// A village that may send groups.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AttackVillage {
    /// What may leave, by slot of its roster: at most 16.
    pub troops: Vec<Troop>,
}

/// A target.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AttackTarget {
    /// What it is worth if its requirement is met: finite and at least 0.
    pub value: f64,
    /// Offense points that must arrive.
    pub required: i64,
    /// By village: the slots whose units can be there in time, slot 0 in the lowest bit.
    pub reach: Vec<u16>,
}

/// Which village sends which troops to which target, at most one group for each pair of them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AttackProblem {
    /// Groups that one village may send.
    pub groups_per_village: u32,
    /// Who may send.
    pub villages: Vec<AttackVillage>,
    /// To where.
    pub targets: Vec<AttackTarget>,
}

/// How long to search: steps, each a change of a plan in the making. Equal numbers give equal plans.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Budget(pub u64);

impl Default for Budget {
    /// About 40 ms for 60 villages and 20 targets.
    fn default() -> Self {
        Self(10_000)
    }
}

/// A group of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelGroup {
    /// Index of the village.
    pub village: usize,
    /// Index of the target.
    pub target: usize,
    /// How many leave, by slot.
    pub troops: Vec<u32>,
}

/// Why a target is not attacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leave {
    /// Nobody with offense can be there in time.
    NoForceInTime,
    /// All that could be there is not enough.
    TooStrong,
    /// It could be met alone, but others are worth more (or it is worth nothing).
    Outbid,
}

impl Leave {
    /// Its name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoForceInTime => "no_force_in_time",
            Self::TooStrong => "too_strong",
            Self::Outbid => "outbid",
        }
    }
}

/// The best plan that was found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AttackPlan {
    /// Sorted by target, then village.
    pub groups: Vec<KernelGroup>,
    /// Value of the targets whose requirement is met.
    pub value: f64,
    /// No plan is worth more.
    pub bound: f64,
    /// Upkeep of all that is sent.
    pub upkeep: i64,
    /// Targets that are not met, by index, with why.
    pub left_out: Vec<(usize, Leave)>,
    /// Steps that were taken.
    pub iterations: u64,
}

/// Greatest value, then least upkeep, as far as the budget goes; small problems are solved to the end.
///
/// ```
/// use bevy_alliance::decision::planning::kernel::*;
/// let clubs = |count| AttackVillage { troops: vec![Troop { count, points: 40, upkeep: 1 }] };
/// let target = |value, required| AttackTarget { value, required, reach: vec![1, 1] };
/// let problem = AttackProblem {
///     groups_per_village: 1,
///     villages: vec![clubs(100), clubs(60)], // 4,000 and 2,400 points
///     targets: vec![target(9.0, 6_000), target(7.0, 3_500), target(5.0, 2_000)],
/// };
/// let plan = solve_attack(&problem, Budget(1_000));
/// assert_eq!((plan.value, plan.upkeep), (12.0, 138)); // 88 and 50 clubs to the second and third
/// assert_eq!(plan.left_out, [(0, Leave::Outbid)]);
/// ```
#[must_use]
pub fn solve_attack(problem: &AttackProblem, budget: Budget) -> AttackPlan {
    let mut search = AttackSearch::new(problem);
    search.run(budget);
    prove_attack(problem, search.plan())
}
