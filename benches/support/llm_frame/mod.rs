//! What the bench of host frames is made of.

pub(crate) mod figures;
pub(crate) mod models;
