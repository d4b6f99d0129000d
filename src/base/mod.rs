//! Plain values that every floor shares, the campaign's time, the state registry and the contract.
//!
//! The modules stand in this order and each imports only from those before it:
//! `error`, `id`, `goods`, `geometry`, `rng`, `limits`, `text`, `state`, `clock`, `ruleset`, `contract`.
//!
//! What is *not* here: any behavior. Nothing in `base` knows what a council or a battle is.

pub mod clock;
pub mod contract;
pub mod error;
pub mod geometry;
pub mod goods;
pub mod id;
pub mod limits;
pub mod rng;
pub mod ruleset;
pub mod state;
pub mod text;
