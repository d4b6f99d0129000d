//! Our default world: villages, marches, battles, import and generator.

pub mod battle;
pub mod generator;
pub mod import;
pub mod march;
pub mod village;
