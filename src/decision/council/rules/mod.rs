//! How members vote, how their conditions settle, and how a charter turns ballots into a decision.
//!
//! Nothing here knows of entities or messages: the systems gather, call, and apply.

pub mod charter;
pub mod conditions;
pub mod decide;
pub mod inputs;
pub mod pledge;
pub mod roll;
pub mod stance;
pub mod voter;

#[cfg(test)]
mod conditions_tests;
#[cfg(test)]
mod decide_tests;
#[cfg(test)]
mod voter_tests;
