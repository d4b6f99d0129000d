//! Movements: what was seen of foreign marches, told apart by where they left, where they go and when they arrive, and
//! the forces that were seen to turn home.
//!
//! What is *not* here: how much army a march is taken for (`decision::planning`).

mod components;
pub mod rules;
mod tracking;

pub use components::{MovementSettings, Movements, Returning, Track, TrackKey};
pub(super) use tracking::{Glance, Ground, acts, follow, take_along};
