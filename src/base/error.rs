//! Errors of the campaign itself. Each feature has an error enum of its own beside its code.

use thiserror::Error;

/// What can go wrong while the campaign runs.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum CampaignError {
    /// Follow-ups kept coming at one instant: two features wake each other without end.
    #[error(
        "at game time {at_ms} ms the campaign ran {passes} passes and more were due; the last kind was `{kind}` of {owner} (limit `passes_per_instant`)"
    )]
    TooManyPasses {
        /// Game time in milliseconds.
        at_ms: i64,
        /// Passes that were run at this instant.
        passes: u32,
        /// The name of the due kind that asked for one more.
        kind: &'static str,
        /// The owner key of that entry.
        owner: u64,
    },
    /// Two due kinds share a rank, or a kind was used without being registered.
    #[error("due kind `{name}` has rank {rank}, which belongs to `{other}`")]
    DueKindTaken {
        /// The kind that came second.
        name: &'static str,
        /// The rank that both want.
        rank: u16,
        /// The kind that has it.
        other: &'static str,
    },
    /// The inbox is full: the sender keeps its input and may try again after the next host update.
    #[error("the campaign's inbox holds {limit} inputs, its limit `inbox`; try again after the next host update")]
    InboxFull {
        /// The limit.
        limit: usize,
    },
}
