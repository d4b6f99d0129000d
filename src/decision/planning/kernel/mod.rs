//! Allocation kernels: which village sends which troops to which target so that value is greatest, and which ally helps
//! so that upkeep is least.
//!
//! They work on bare numbers of one kind of points and take no [`WorldModel`](crate::base::contract::WorldModel): whoever
//! calls them says beforehand which troops are there in time. They read no clock, and equal problems with equal numbers
//! of steps give equal plans.
//!
//! What is *not* here: forecasts, losses, waves and waking hours, which the live allocation of
//! [`allocation`](crate::decision::planning::allocation) weighs.

mod alone;
mod attack;
mod bound;
mod cover;
mod defense;
mod draft;
mod exact;
mod moves;
mod pack;
mod polish;
mod search;

pub use attack::{
    AttackPlan, AttackProblem, AttackTarget, AttackVillage, Budget, KernelGroup, Leave, Troop, solve_attack,
};
pub use cover::{CoverItem, cover};
pub use defense::{DefensePlan, DefenseProblem, Helper, solve_defense};
pub use exact::prove_attack;
pub use search::AttackSearch;
