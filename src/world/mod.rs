//! Our default world: villages, marches and battles by the classic rules, with an import of real maps and a
//! generator of synthetic ones.
//!
//! It imports `base` alone, and nothing but the plugin bundle imports it: coordination works as well with a world of
//! the game's own. The modules stand in this order and each imports only from those before it: `village`, `march`,
//! `trade`, `battle`, `conquest`, `economy`, `model`, `audit`, `import`, `generator`.

pub mod audit;
pub mod battle;
pub mod conquest;
pub mod economy;
pub mod generator;
pub mod import;
pub mod march;
pub mod model;
pub mod trade;
pub mod village;
