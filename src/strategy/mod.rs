//! What an alliance wants.

pub mod war_council;
