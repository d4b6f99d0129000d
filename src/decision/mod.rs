//! How an alliance decides.

pub mod council;
pub mod fair_play;
pub mod planning;
