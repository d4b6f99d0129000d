//! Influence and what follows from it, over plain data.

mod claim;
mod falloff;
mod influence;
#[cfg(test)]
mod influence_tests;
mod plot;

pub use claim::{Claim, Influence, claim};
pub use falloff::weight_milli;
pub use influence::{InfluenceMap, Source};
pub use plot::Plot;
