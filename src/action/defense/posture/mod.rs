//! Posture: spare defenders stand in villages of the frontier before anybody marches on them.
//!
//! Each alliance that deliberates looks at its frontier every 12 hours. Where a village could not hold against what is known to
//! reach it, villages in the rear send a part of the defenders that they can spare; those stay at least a day, and leave
//! for another village only if that needs them clearly more. It is a standing order, booked like relief.

pub mod rules;
mod systems;

pub use rules::PostureSettings;
pub use systems::POSTURE_REVIEWED;
pub(super) use systems::{ask_states, part_ways, review_postures, schedule_reviews};
