//! bevy_alliance

pub mod base;
pub mod world;
pub mod society;
pub mod knowledge;
pub mod decision;
