//! Relief: members of an alliance that deliberates send defenders to a village of theirs that could not hold alone.
//!
//! It is a standing order: nobody votes on it. Whoever answers an alarm asks all members with villages near by; each of
//! them sends at the next instant at which it has thought and is awake, and only what is there before the first hit. What
//! is promised is booked like the troops of an operation.

mod components;
mod pledging;
pub mod rules;
mod systems;

pub use components::{PostureEnd, Purpose, RELIEF_LEAVES, RELIEF_RETURNS, Relief, ReliefStatus, Reliefs};
pub(super) use pledging::{Call, Desk, Landing, Pool, Terms, release};
pub(super) use systems::{ask_helpers, note_losses, note_reliefs, release_reliefs, return_reliefs};
