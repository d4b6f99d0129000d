//! What an alliance does.

pub mod operations;
