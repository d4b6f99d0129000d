//! The promise that each accepted request ends in exactly one outcome.

use super::clock::now;
use super::counters::Tally;
use super::failure::Failure;
use super::reply::Reply;
use super::worker::Outcome;
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What both sides of the channels have.
#[derive(Debug)]
pub(crate) struct Shared {
    /// It holds as many outcomes as requests are accepted, so that sending never fails.
    pub(crate) outcomes: Sender<Outcome>,
    pub(crate) tally: Tally,
}

/// An accepted request. However it goes out of scope, a panic included, its outcome is sent once.
#[derive(Debug)]
pub(crate) struct Ticket {
    id: u64,
    sent: Instant,
    shared: Option<Arc<Shared>>,
}

impl Ticket {
    pub(crate) fn new(id: u64, shared: Arc<Shared>) -> Self {
        Self { id, sent: now(), shared: Some(shared) }
    }

    pub(crate) fn sent(&self) -> Instant {
        self.sent
    }

    pub(crate) fn end(mut self, result: Result<Reply, Failure>, attempts: u32, coalesced: bool) {
        self.send(result, attempts, coalesced);
    }

    /// The request was not accepted after all: it has no outcome.
    pub(crate) fn disarm(mut self) {
        self.shared = None;
    }

    fn send(&mut self, result: Result<Reply, Failure>, attempts: u32, coalesced: bool) {
        let Some(shared) = self.shared.take() else { return };
        Tally::one_more(if result.is_ok() { &shared.tally.answered } else { &shared.tally.failed });
        if coalesced {
            Tally::one_more(&shared.tally.coalesced);
        }
        let latency = now().saturating_duration_since(self.sent).max(Duration::from_nanos(1));
        // It fails only where the host is gone, who would have read it.
        let _ = shared.outcomes.try_send(Outcome { id: self.id, result, latency, attempts, coalesced });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.send(Err(Failure::Closed), 0, false);
    }
}
