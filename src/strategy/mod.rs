//! What an alliance wants.

pub mod victory;
pub mod war_council;
pub mod wonder;
