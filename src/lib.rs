//! bevy_alliance

pub mod action;
pub mod base;
pub mod decision;
pub mod edge;
pub mod knowledge;
mod plugins;
pub mod society;
pub mod strategy;
pub mod world;

pub use plugins::{AlliancePlugins, CampaignPlugin, ClassicWorldPlugin};
