//! How much was asked and answered, for diagnostics.

use super::settings::Price;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A moment's counts since the start of a worker.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counters {
    /// Requests that were accepted.
    pub requests: u64,
    /// Those that ended with an answer.
    pub answered: u64,
    /// Those that ended without one.
    pub failed: u64,
    /// Attempts that repeated one that failed.
    pub retried: u64,
    /// Requests that shared the call of another.
    pub coalesced: u64,
    /// Answers that came too late for the game. Only the host knows, and sets it.
    pub late: u64,
    /// Tokens of prompts, as the server counts.
    pub tokens_in: u64,
    /// Tokens of answers, as the server counts.
    pub tokens_out: u64,
    /// What they cost, by [`Price`].
    pub cost: f64,
}

/// The same while the worker counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) coalesced: AtomicU64,
    pub(crate) tokens_in: AtomicU64,
    pub(crate) tokens_out: AtomicU64,
}

impl Tally {
    pub(crate) fn one_more(count: &AtomicU64) {
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn add_tokens(&self, tokens_in: Option<u64>, tokens_out: Option<u64>) {
        self.tokens_in.fetch_add(tokens_in.unwrap_or_default(), Relaxed);
        self.tokens_out.fetch_add(tokens_out.unwrap_or_default(), Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^53")]
    pub(crate) fn counters(&self, price: Price) -> Counters {
        let (tokens_in, tokens_out) = (self.tokens_in.load(Relaxed), self.tokens_out.load(Relaxed));
        let cost = tokens_in as f64 * price.per_million_in + tokens_out as f64 * price.per_million_out;
        Counters {
            requests: self.requests.load(Relaxed),
            answered: self.answered.load(Relaxed),
            failed: self.failed.load(Relaxed),
            retried: self.retried.load(Relaxed),
            coalesced: self.coalesced.load(Relaxed),
            late: 0,
            tokens_in,
            tokens_out,
            cost: cost / 1e6,
        }
    }
}
