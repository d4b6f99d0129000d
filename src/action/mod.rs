//! What players and alliances do.

pub mod defense;
pub mod operations;
