//! What is decided of an operation, as plain functions: how it is judged when it is over, and how it reacts before.

mod judge;
mod react;

pub use judge::{broken_share, goal_met, is_active, took_part, verdict};
pub use react::{Leaver, Occasion, ReactSettings, Reason, Step, TargetOutlook, react, stay_home};
