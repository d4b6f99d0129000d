//! Who the members are, and how they stand to each other.

pub mod alliance;
pub mod personality;
