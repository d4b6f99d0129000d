#![doc = include_str!("../README.md")]

pub mod base;

pub mod world;

pub mod society;

pub mod knowledge;

pub mod decision;

pub mod action;

pub mod strategy;

pub mod edge;

mod plugins;

pub use plugins::{AlliancePlugins, CampaignPlugin, ClassicWorldPlugin};
