//! Leaves a server alone that fails again and again.
//!
//! Closed, all calls pass. After so many failures in a row it opens and none does. After a rest it is half open: one
//! call tries the server, the others wait for it, and its end closes or opens it again. Times are counted from any
//! fixed moment.

use super::settings::BreakerSettings;
use std::time::Duration;

/// Where a breaker stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration },
    HalfOpen,
}

/// A leave to send one call. [`Breaker::settle`] must be told how it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pass {
    turn: u64,
}

/// What a breaker says to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// Send it.
    Go(Pass),
    /// Another call tries the server: wait for its end.
    Wait,
    /// Do not send it.
    Refuse,
}

/// Decides whether calls are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// Counts the changes of state: what was sent before the last one says nothing of the present.
    turn: u64,
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 }, turn: 0 }
    }

    /// Asks for leave to send a call now.
    pub fn ask(&mut self, now: Duration) -> Gate {
        match self.state {
            State::Closed { .. } => Gate::Go(Pass { turn: self.turn }),
            State::Open { until } if now < until => Gate::Refuse,
            State::Open { .. } => {
                self.enter(State::HalfOpen);
                Gate::Go(Pass { turn: self.turn })
            }
            State::HalfOpen => Gate::Wait,
        }
    }

    /// A call ended; `lives` if the server answered it, if only with a complaint about the call.
    pub fn settle(&mut self, pass: Pass, lives: bool, now: Duration) {
        if pass.turn != self.turn {
            return;
        }
        let open = State::Open { until: now.saturating_add(Duration::from_millis(self.settings.rest_ms)) };
        match self.state {
            State::Closed { .. } if lives => self.state = State::Closed { failures: 0 },
            State::Closed { failures } if failures + 1 < self.settings.failures => {
                self.state = State::Closed { failures: failures + 1 };
            }
            State::HalfOpen if lives => self.enter(State::Closed { failures: 0 }),
            State::Closed { .. } | State::HalfOpen => self.enter(open),
            State::Open { .. } => {}
        }
    }

    /// Whether calls are refused now.
    #[must_use]
    pub fn is_open(&self, now: Duration) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.turn += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, rest_ms: 100 })
    }

    fn pass(breaker: &mut Breaker, ms: u64) -> Pass {
        match breaker.ask(at(ms)) {
            Gate::Go(pass) => pass,
            other => panic!("{other:?} at {ms}"),
        }
    }

    fn end(breaker: &mut Breaker, lives: bool, ms: u64) {
        let pass = pass(breaker, ms);
        breaker.settle(pass, lives, at(ms));
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut breaker = breaker();
        for lives in [false, false, true, false, false, true, false, false] {
            end(&mut breaker, lives, 0);
        }
        assert!(!breaker.is_open(at(0)));
        end(&mut breaker, false, 0);
        assert!(breaker.is_open(at(0)));
        assert_eq!(breaker.ask(at(99)), Gate::Refuse);
    }

    #[test]
    fn after_its_rest_one_call_tries_the_server() {
        let mut breaker = breaker();
        for _ in 0..3 {
            end(&mut breaker, false, 0);
        }
        let probe = pass(&mut breaker, 100);
        assert_eq!(breaker.ask(at(101)), Gate::Wait);
        breaker.settle(probe, false, at(150));
        assert_eq!(breaker.ask(at(249)), Gate::Refuse, "it rests anew");
        let probe = pass(&mut breaker, 250);
        breaker.settle(probe, true, at(260));
        for _ in 0..5 {
            pass(&mut breaker, 260);
        }
    }

    #[test]
    fn what_was_sent_before_says_nothing_of_the_present() {
        let mut breaker = breaker();
        let early: Vec<Pass> = (0..6).map(|_| pass(&mut breaker, 0)).collect();
        for pass in &early[..3] {
            breaker.settle(*pass, false, at(10));
        }
        breaker.settle(early[3], true, at(20));
        assert_eq!(breaker.ask(at(20)), Gate::Refuse, "an old answer does not close it");
        let probe = pass(&mut breaker, 110);
        breaker.settle(early[4], false, at(111));
        assert_eq!(breaker.ask(at(112)), Gate::Wait, "nor does an old failure open it");
        breaker.settle(probe, true, at(113));
        breaker.settle(early[5], false, at(114));
        assert!(matches!(breaker.ask(at(114)), Gate::Go(_)));
    }
}
