//! What a knower learns of foreign players by watching them for long: when they act, whether their marches are real, how
//! their troops grow, and how much of a threat they are.
//!
//! What is *not* here: totals that are kept. Strength is read from reports whenever somebody asks.

mod components;
pub mod rules;
mod systems;
mod view;

pub use components::{Act, ActSeen, Dossier, Dossiers, Trend};
pub use view::{PlayerDossier, Weighed};

pub(super) use systems::learn;
