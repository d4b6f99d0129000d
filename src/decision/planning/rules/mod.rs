//! Facts of a proposed attack, the score of a target, and the scores of the council's options.
//!
//! Nothing here decides or sends: these are sums over plain values, each with its breakdown for `explain`.

pub mod breakdown;
pub mod circumstance;
pub mod diplomacy;
pub mod facts;
pub mod option;
pub mod scouting;
pub mod target;
