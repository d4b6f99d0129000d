//! What touches the outside: reports, and a small app for tests.

pub mod report;
#[cfg(feature = "test_app")]
pub mod test_app;
