//! What an alliance knows.

pub mod intel;
