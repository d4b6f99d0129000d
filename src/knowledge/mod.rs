//! What an alliance knows.

pub mod intel;
pub mod territory;
