//! The worker's thread: sends what waits, repeats what failed, and ends every request in time.

use super::backend::Backend;
use super::breaker::{Breaker, Gate, Pass};
use super::budget::{Budget, Reserved};
use super::clock::{LONGEST_WAIT, now};
use super::counters::Tally;
use super::failure::Failure;
use super::parts::{End, Parts};
use super::queue::{Asker, Queue, Waiting};
use super::reply::{Finish, Reply};
use super::request::Completion;
use super::settings::LlmSettings;
use super::ticket::{Shared, Ticket};
use crossbeam_channel::Receiver;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time;

/// A request on its way to the thread.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) completion: Completion,
    pub(crate) ticket: Ticket,
}

/// Ends what was accepted and not taken: a bounded channel keeps its content for as long as it has a sender.
pub(crate) fn end_all(requests: &Receiver<Asked>) {
    while requests.try_recv().is_ok() {}
}

/// What the host tells the thread besides requests.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    closing: AtomicBool,
    wake: Notify,
}

impl Signals {
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.wake();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }
}

/// Where a call stands that has one of the places in flight.
#[derive(Debug)]
enum Stage {
    Sent { pass: Pass, parts: Rc<Parts>, task: AbortHandle },
    Resting { until: Duration, failure: Failure },
}

#[derive(Debug)]
struct Call {
    key: Rc<str>,
    completion: Rc<Completion>,
    /// At least one; the call is given up with the last.
    askers: Vec<Asker<Ticket>>,
    attempts: u32,
    stage: Stage,
}

impl Call {
    fn end(self, result: &Result<Reply, Failure>) {
        for asker in self.askers {
            asker.ticket.end(result.clone(), self.attempts, asker.coalesced);
        }
    }

    fn last_deadline(&self) -> Duration {
        self.askers.iter().map(|asker| asker.deadline).max().unwrap_or_default()
    }
}

/// All that the thread knows. Moments are counted from its start.
pub(crate) struct Driver {
    settings: LlmSettings,
    backend: Rc<dyn Backend>,
    requests: Receiver<Asked>,
    shared: Arc<Shared>,
    signals: Arc<Signals>,
    start: Instant,
    queue: Queue<Ticket>,
    calls: BTreeMap<u64, Call>,
    call_of_prompt: BTreeMap<Rc<str>, u64>,
    call_of_task: BTreeMap<Id, u64>,
    /// When which call is looked at: a patience or a rest ends. To look at all calls at every event would cost more than they do.
    moments: BTreeSet<(Duration, u64)>,
    /// Calls that have rested, and wait for leave to be repeated.
    rested: BTreeSet<u64>,
    calls_made: u64,
    tasks: JoinSet<Result<Reply, Failure>>,
    breaker: Breaker,
    /// With whatever calls attempts under way take besides their first.
    budget: Rc<RefCell<Budget>>,
    /// Nothing new is sent before, as the server asked for it.
    hold: Duration,
    jitter: ChaCha8Rng,
}

impl Driver {
    pub(crate) fn new(
        settings: LlmSettings,
        backend: Box<dyn Backend>,
        requests: Receiver<Asked>,
        shared: Arc<Shared>,
        signals: Arc<Signals>,
    ) -> Self {
        Self {
            backend: Rc::from(backend),
            requests,
            shared,
            signals,
            start: now(),
            queue: Queue::new(settings.queue),
            calls: BTreeMap::new(),
            call_of_prompt: BTreeMap::new(),
            call_of_task: BTreeMap::new(),
            moments: BTreeSet::new(),
            rested: BTreeSet::new(),
            calls_made: 0,
            tasks: JoinSet::new(),
            breaker: Breaker::new(settings.breaker),
            budget: Rc::new(RefCell::new(Budget::new(settings.budget))),
            hold: Duration::ZERO,
            // Hosts that failed together must not come back together.
            jitter: ChaCha8Rng::seed_from_u64(RandomState::new().hash_one(0_u8)),
            settings,
        }
    }

    /// Works until the host closes. What is left then is dropped, which ends its requests as closed.
    pub(crate) async fn run(mut self) {
        while !self.signals.is_closing() {
            self.admit();
            self.expire();
            self.resume();
            self.send_waiting();
            debug_assert_eq!(self.calls.len(), self.call_of_prompt.len(), "each call in flight has its own prompt");
            let next = self.next_moment();
            let signals = self.signals.clone();
            tokio::select! {
                () = signals.wake.notified() => {}
                Some(ended) = self.tasks.join_next_with_id() => self.on_ended(ended),
                () = time::sleep_until((self.start + next).into()) => {}
            }
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.on_ended(ended);
            }
        }
    }

    fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.start)
    }

    /// Takes new requests from the host: each joins an equal call, or waits.
    fn admit(&mut self) {
        while let Ok(Asked { completion, ticket }) = self.requests.try_recv() {
            let sent = ticket.sent().saturating_duration_since(self.start);
            let deadline = sent + completion.patience.min(LONGEST_WAIT);
            let (priority, id) = (completion.priority, completion.id);
            let mut asker = Asker { priority, id, deadline, coalesced: false, ticket };
            let key: Rc<str> = completion.prompt_key().into();
            let running = self.call_of_prompt.get(&key).and_then(|call| Some((*call, self.calls.get_mut(call)?)));
            if let Some((id, call)) = running {
                self.moments.insert((deadline, id));
                asker.coalesced = true;
                call.askers.push(asker);
                continue;
            }
            if let Some(last) = self.queue.push(key, completion, asker) {
                last.ticket.end(Err(Failure::QueueFull), 0, last.coalesced);
            }
        }
    }

    /// Ends whoever has waited long enough, and gives up calls that nobody waits for.
    fn expire(&mut self) {
        let now = self.elapsed();
        for asker in self.queue.expire(now) {
            asker.ticket.end(Err(Failure::Impatient), 0, asker.coalesced);
        }
        let mut due = BTreeSet::new();
        while let Some((_, id)) = self.moments.first().copied().filter(|(at, _)| *at <= now) {
            self.moments.pop_first();
            due.insert(id);
        }
        for id in due {
            self.look_at(id, now);
        }
    }

    /// A moment of a call has come: who has waited long enough is ended, and what has rested may be repeated.
    fn look_at(&mut self, id: u64, now: Duration) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let failure = match &call.stage {
            Stage::Sent { .. } => Failure::Timeout,
            Stage::Resting { failure, .. } => failure.clone(),
        };
        let gone: Vec<Asker<Ticket>> = call.askers.extract_if(.., |asker| asker.deadline <= now).collect();
        let attempts = call.attempts;
        if call.askers.is_empty() {
            self.give_up(id, now);
        } else if matches!(call.stage, Stage::Resting { until, .. } if until <= now) {
            self.rested.insert(id);
        }
        for asker in gone {
            asker.ticket.end(Err(failure.clone()), attempts, asker.coalesced);
        }
    }

    /// Ends a call that nobody waits for.
    fn give_up(&mut self, id: u64, now: Duration) {
        let Some(call) = self.remove(id) else { return };
        if let Stage::Sent { pass, parts, task } = call.stage {
            task.abort();
            // The server did not answer in the time that there was; what it spent on it is not known.
            self.breaker.settle(pass, false, now);
            parts.end(End::Unknown, &self.shared.tally);
        }
    }

    /// Repeats calls that have rested.
    fn resume(&mut self) {
        let now = self.elapsed();
        let rested: Vec<u64> = self.rested.iter().copied().collect();
        for id in rested {
            let Some(call) = self.calls.get(&id) else { continue };
            let (day, tokens) = (call.completion.day, call.completion.tokens_estimate());
            let leave =
                self.budget.borrow_mut().reserve(day, tokens).ok().map(|reserved| (reserved, self.breaker.ask(now)));
            match leave {
                Some((reserved, Gate::Go(pass))) => {
                    Tally::one_more(&self.shared.tally.retried);
                    self.rested.remove(&id);
                    self.send(id, pass, reserved);
                }
                Some((reserved, Gate::Wait)) => self.budget.borrow_mut().give_back(reserved),
                Some((reserved, Gate::Refuse)) => {
                    self.budget.borrow_mut().give_back(reserved);
                    self.end_resting(id);
                }
                None => self.end_resting(id),
            }
        }
    }

    /// Sends what waits while there are places in flight, and the server, the breaker and the budget allow it.
    fn send_waiting(&mut self) {
        let now = self.elapsed();
        while self.calls.len() < self.settings.in_flight && self.hold <= now {
            let Some(first) = self.queue.peek() else { return };
            let reserved = self.budget.borrow_mut().reserve(first.day, first.tokens_estimate());
            let reserved = match reserved {
                Ok(reserved) => reserved,
                Err(which) => {
                    self.refuse_first(&Failure::OverBudget { which });
                    continue;
                }
            };
            match self.breaker.ask(now) {
                Gate::Go(pass) => self.send_first(pass, reserved),
                Gate::Wait => return self.budget.borrow_mut().give_back(reserved),
                Gate::Refuse => {
                    self.budget.borrow_mut().give_back(reserved);
                    self.refuse_first(&Failure::BreakerOpen);
                }
            }
        }
    }

    fn refuse_first(&mut self, failure: &Failure) {
        for asker in self.queue.pop().into_iter().flat_map(|waiting| waiting.askers) {
            asker.ticket.end(Err(failure.clone()), 0, asker.coalesced);
        }
    }

    fn send_first(&mut self, pass: Pass, reserved: Reserved) {
        let Some(Waiting { key, completion, askers, .. }) = self.queue.pop() else { return };
        self.calls_made += 1;
        let id = self.calls_made;
        self.call_of_prompt.insert(key.clone(), id);
        self.moments.extend(askers.iter().map(|asker| (asker.deadline, id)));
        // Replaced at once: a call is never seen at rest before it was sent.
        let stage = Stage::Resting { until: Duration::ZERO, failure: Failure::Closed };
        self.calls.insert(id, Call { key, completion: Rc::new(completion), askers, attempts: 0, stage });
        self.send(id, pass, reserved);
    }

    fn send(&mut self, id: u64, pass: Pass, reserved: Reserved) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (backend, completion) = (self.backend.clone(), call.completion.clone());
        let limit = self.settings.total_timeout();
        let parts = Rc::new(Parts::new(self.budget.clone(), completion.day, reserved));
        let parts_there = parts.clone();
        let task = self.tasks.spawn_local(async move {
            let attempt = async { backend.complete_in_parts(&completion, &parts_there).await };
            time::timeout(limit, attempt).await.unwrap_or(Err(Failure::Timeout))
        });
        self.call_of_task.insert(task.id(), id);
        call.attempts += 1;
        call.stage = Stage::Sent { pass, parts, task };
    }

    fn on_ended(&mut self, ended: Result<(Id, Result<Reply, Failure>), JoinError>) {
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(error) => (error.id(), Err(Failure::Panicked)),
        };
        // A task that was given up belongs to no call.
        let id = self.call_of_task.remove(&task);
        let Some((id, call)) = id.and_then(|id| Some((id, self.calls.get(&id)?))) else { return };
        let Stage::Sent { pass, parts, .. } = &call.stage else { return };
        let (pass, result) = (*pass, self.account(parts, result));
        let now = self.elapsed();
        self.breaker.settle(pass, !result.as_ref().is_err_and(Failure::blames_server), now);
        if let Some(asked) = result.as_ref().err().and_then(Failure::retry_after) {
            // An absurd time is cut to the rest that the breaker gives.
            let most = Duration::from_millis(self.settings.breaker.rest_ms);
            self.hold = self.hold.max(now + asked.min(most));
        }
        match result {
            Err(failure) if self.rest(id, &failure, now) => {}
            result => {
                if let Some(call) = self.remove(id) {
                    call.end(&result);
                }
            }
        }
    }

    /// Books what an attempt used, and tells whether its answer is one.
    fn account(&self, parts: &Parts, result: Result<Reply, Failure>) -> Result<Reply, Failure> {
        let tally = &self.shared.tally;
        match result {
            Ok(mut reply) => {
                parts.add_up(&mut reply);
                parts.end(End::Unknown, tally);
                whole(reply)
            }
            Err(failure) => {
                let end = match &failure {
                    failure if failure.was_unsent() => End::Unsent,
                    failure if failure.is_free() => End::Free,
                    _ => End::Unknown,
                };
                parts.end(end, tally);
                Err(failure)
            }
        }
    }

    /// Lets a call rest before it is repeated; `false` where repeating it is no use, or would come too late.
    fn rest(&mut self, id: u64, failure: &Failure, now: Duration) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if !failure.retries() || call.attempts > self.settings.retries || self.breaker.is_open(now) {
            return false;
        }
        let doubled = self.settings.retry_base_ms.saturating_mul(1 << (call.attempts - 1).min(16));
        // Full jitter: any part of the longest wait.
        let longest = match failure.retry_after() {
            Some(_) => self.settings.retry_base_ms,
            None => doubled.min(self.settings.retry_cap_ms),
        };
        let jitter = Duration::from_millis(self.jitter.random_range(0..=longest));
        let until = now + failure.retry_after().unwrap_or_default() + jitter;
        if until >= call.last_deadline() {
            return false;
        }
        call.stage = Stage::Resting { until, failure: failure.clone() };
        self.moments.insert((until, id));
        true
    }

    fn end_resting(&mut self, id: u64) {
        let Some(call) = self.remove(id) else { return };
        if let Stage::Resting { failure, .. } = &call.stage {
            let result = Err(failure.clone());
            call.end(&result);
        }
    }

    fn remove(&mut self, id: u64) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        self.call_of_prompt.remove(&call.key);
        self.rested.remove(&id);
        for asker in &call.askers {
            self.moments.remove(&(asker.deadline, id));
        }
        if let Stage::Resting { until, .. } = call.stage {
            self.moments.remove(&(until, id));
        }
        Some(call)
    }

    /// When something is due next, if nothing else happens.
    fn next_moment(&self) -> Duration {
        let now = self.elapsed();
        // What has rested waits for no moment, but for the call that tries the server.
        let moment = self.moments.first().map(|(at, _)| *at);
        let hold = (self.hold > now).then_some(self.hold);
        let next = moment.into_iter().chain(self.queue.next_deadline()).chain(hold).min();
        next.unwrap_or(now + LONGEST_WAIT)
    }
}

impl Drop for Driver {
    /// However the thread ends: first nothing more is accepted, then what was is ended.
    fn drop(&mut self) {
        self.signals.close();
        end_all(&self.requests);
    }
}

/// Only what a model ended by itself, and that says something, is an answer.
fn whole(reply: Reply) -> Result<Reply, Failure> {
    let blank = reply.text.trim().is_empty();
    match reply.finish {
        Finish::Stop | Finish::Other if blank => Err(Failure::Empty),
        Finish::Stop => Ok(reply),
        finish => Err(Failure::NotStopped { finish }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::backend::FnBackend;
    use super::super::request::Blocks;
    use super::*;
    use crossbeam_channel::bounded;
    use serde_json::Value;

    #[test]
    fn a_thread_that_ends_in_any_way_ends_what_it_did_not_take() {
        let (asked, requests) = bounded(4);
        let (outcomes, ended) = bounded(4);
        let shared = Arc::new(Shared { outcomes, tally: Tally::default() });
        let signals = Arc::new(Signals::default());
        let backend = Box::new(FnBackend::new(|_| Err(Failure::Empty)));
        let driver = Driver::new(LlmSettings::default(), backend, requests, shared.clone(), signals.clone());
        let completion = Completion {
            id: 7,
            day: 0,
            priority: 0,
            system: Blocks::default(),
            user: String::new(),
            schema_name: String::new(),
            schema: Value::Null,
            max_tokens: 1,
            patience: Duration::ZERO,
        };
        asked.send(Asked { completion, ticket: Ticket::new(7, shared) }).expect("room");
        drop(driver);
        assert!(signals.is_closing());
        let outcome = ended.try_recv().expect("an outcome");
        assert_eq!((outcome.id, outcome.result), (7, Err(Failure::Closed)));
    }
}
