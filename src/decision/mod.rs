//! How an alliance decides.

pub mod council;
pub mod planning;
