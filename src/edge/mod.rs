//! What touches the outside: saves and replays, reports, and a small app for tests.

pub mod report;
pub mod snapshot;
#[cfg(feature = "test_app")]
pub mod test_app;
