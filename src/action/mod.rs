//! What players and alliances do.

pub mod defense;
pub mod diplomacy;
pub mod operations;
pub mod pool;
