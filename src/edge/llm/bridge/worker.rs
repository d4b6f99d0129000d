//! The host's side: sends requests to the private thread, and takes outcomes from it.

use super::backend::Backend;
use super::clock::LONGEST_WAIT;
use super::counters::{Counters, Tally};
use super::driver::{Asked, Driver, Signals, end_all};
use super::failure::{Failure, StartError};
use super::reply::Reply;
use super::request::Completion;
use super::settings::{LlmSettings, Price};
use super::ticket::{Shared, Ticket};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::runtime;
use tokio::task::LocalSet;

/// Longer the end of the thread is not waited for; beyond that it ends by itself.
const CLOSING_MAX: Duration = Duration::from_secs(1);
/// Threads that look up the names of hosts.
const LOOKUP_THREADS: usize = 2;
/// How urgent the thread is, 0 to 99 of what the system offers; the host's threads have about 50. Much less, and on a machine that is
/// busy throughout a server that floods it with headers could keep it from ending a request in time.
const URGENCY: u8 = 36;

/// Lets the host go first where both want the processor: a frame is worth more than an answer a moment sooner. Where the system
/// does not allow it, or would change more than this thread, all stays as it is.
fn step_back() {
    const BY_THREAD: bool = cfg!(any(target_os = "linux", target_os = "android", target_os = "macos", windows));
    if BY_THREAD && let Ok(urgency) = ThreadPriorityValue::try_from(URGENCY) {
        let _ = ThreadPriority::Crossplatform(urgency).set_for_current();
    }
}

/// How a request ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The request's.
    pub id: u64,
    /// The answer, which ended by itself and is not blank, or why there is none.
    pub result: Result<Reply, Failure>,
    /// From sending the request to the host's reach.
    pub latency: Duration,
    /// How often the backend was asked.
    pub attempts: u32,
    /// It shared the call of an earlier request with the same prompt.
    pub coalesced: bool,
}

/// A thread that asks a model. Each request it accepts ends in exactly one [`Outcome`], by its patience.
///
/// Dropping it ends the thread and gives up what is under way, within a second, whatever the server does.
pub struct Worker {
    asked: Sender<Asked>,
    /// The thread's end of the same channel, to end what it did not take.
    requests: Receiver<Asked>,
    outcomes: Receiver<Outcome>,
    shared: Arc<Shared>,
    signals: Arc<Signals>,
    under_way: AtomicUsize,
    under_way_max: usize,
    price: Price,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// Settings that cannot be used, or a system that gives no thread.
    pub fn start(settings: &LlmSettings, backend: Box<dyn Backend>) -> Result<Self, StartError> {
        settings.check()?;
        let under_way_max = settings.under_way();
        let (asked, requests) = bounded(under_way_max);
        let (sender, outcomes) = bounded(under_way_max);
        let (end, ended) = bounded::<()>(1);
        let shared = Arc::new(Shared { outcomes: sender, tally: Tally::default() });
        let signals = Arc::new(Signals::default());
        let mut runtime = runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(LOOKUP_THREADS).thread_name("llm lookup").build()?;
        let (settings_there, requests_there) = (settings.clone(), requests.clone());
        let (shared_there, signals_there) = (shared.clone(), signals.clone());
        let body = move || {
            // Dropped last, and by a panic as well.
            let _end = end;
            step_back();
            let local = LocalSet::new();
            let driver = Driver::new(settings_there, backend, requests_there, shared_there, signals_there);
            local.block_on(&runtime, driver.run());
            drop(local);
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("llm".to_owned()).spawn(body)?;
        let (under_way, price, thread) = (AtomicUsize::new(0), settings.price, Some(thread));
        Ok(Self { asked, requests, outcomes, shared, signals, under_way, under_way_max, price, ended, thread })
    }

    /// Sends a request, and never waits.
    ///
    /// # Errors
    /// [`Failure::QueueFull`] while [`LlmSettings::under_way`] outcomes were not taken, [`Failure::Closed`] after the
    /// end. Then the request has no outcome.
    pub fn try_send(&self, completion: Completion) -> Result<(), Failure> {
        if self.signals.is_closing() {
            return Err(Failure::Closed);
        }
        let free = |under_way: usize| (under_way < self.under_way_max).then_some(under_way + 1);
        if self.under_way.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).is_err() {
            return Err(Failure::QueueFull);
        }
        let ticket = Ticket::new(completion.id, self.shared.clone());
        let Err(error) = self.asked.try_send(Asked { completion, ticket }) else {
            Tally::one_more(&self.shared.tally.requests);
            self.signals.wake();
            if self.signals.is_closing() {
                // The thread ended in between, and may not have seen this one.
                end_all(&self.requests);
            }
            return Ok(());
        };
        self.under_way.fetch_sub(1, Ordering::AcqRel);
        let full = error.is_full();
        error.into_inner().ticket.disarm();
        Err(if full { Failure::QueueFull } else { Failure::Closed })
    }

    /// Takes an outcome if there is one.
    pub fn try_recv(&self) -> Option<Outcome> {
        self.taken(self.outcomes.try_recv().ok())
    }

    /// Whether there is an outcome to be taken.
    #[must_use]
    pub fn has_outcome(&self) -> bool {
        !self.outcomes.is_empty()
    }

    /// Waits for an outcome, for hosts without frames; not at all where nothing is under way.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Outcome> {
        if self.under_way() == 0 {
            return None;
        }
        self.taken(self.outcomes.recv_timeout(timeout.min(LONGEST_WAIT)).ok())
    }

    /// How many requests were accepted whose outcome was not taken.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Acquire)
    }

    /// What was asked and answered so far; `late` is the host's to set.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.tally.counters(self.price)
    }

    /// Gives up what is under way: each such request ends as [`Failure::Closed`], and no more are accepted. Returns
    /// within a second; the outcomes are there then, but for those that a backend holds which blocks the thread.
    pub fn close(&mut self) {
        self.signals.close();
        let Some(thread) = self.thread.take() else { return };
        // A backend that blocks must not hold up the host: its thread ends when it lets go.
        let has_ended = self.ended.recv_timeout(CLOSING_MAX) == Err(RecvTimeoutError::Disconnected);
        end_all(&self.requests);
        if has_ended {
            // A panic of a backend's destructor is not the host's.
            let _ = thread.join();
        }
    }

    fn taken(&self, outcome: Option<Outcome>) -> Option<Outcome> {
        if outcome.is_some() {
            self.under_way.fetch_sub(1, Ordering::AcqRel);
        }
        outcome
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("under_way", &self.under_way()).finish_non_exhaustive()
    }
}
