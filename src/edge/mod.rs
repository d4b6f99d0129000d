//! What touches the outside: language models, saves and replays, reports, and a small app for tests.

#[cfg(feature = "llm")]
pub mod llm;
pub mod report;
pub mod snapshot;
#[cfg(feature = "test_app")]
pub mod test_app;
