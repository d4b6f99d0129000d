//! The calls of one attempt, each within the budget.

use super::budget::{Budget, Reserved};
use super::counters::Tally;
use super::failure::Failure;
use super::reply::Reply;
use super::settings::BudgetSettings;
use std::cell::RefCell;
use std::rc::Rc;

/// What the calls of one attempt use, where it takes several: each is set aside before it is sent.
#[derive(Debug)]
pub struct Parts {
    budget: Rc<RefCell<Budget>>,
    day: i64,
    parts: RefCell<Vec<Part>>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    reserved: Reserved,
    /// Tokens in and out of one that was answered.
    used: Option<(Option<u64>, Option<u64>)>,
}

/// How a last call ended that has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// Nothing reached the server.
    Unsent,
    /// The model did no work.
    Free,
    /// What it used is not known.
    Unknown,
}

impl Parts {
    /// Those of an attempt whose first call was set aside.
    pub(crate) fn new(budget: Rc<RefCell<Budget>>, day: i64, first: Reserved) -> Self {
        Self { budget, day, parts: RefCell::new(vec![Part { reserved: first, used: None }]) }
    }

    /// Those of an attempt that nobody limits.
    #[must_use]
    pub fn unlimited() -> Self {
        let mut budget = Budget::new(BudgetSettings::default());
        let parts = budget.reserve(0, 0).ok().map(|reserved| Part { reserved, used: None });
        Self { budget: Rc::new(RefCell::new(budget)), day: 0, parts: RefCell::new(parts.into_iter().collect()) }
    }

    /// One more call may be sent, of so many tokens, as the last one was answered so.
    ///
    /// # Errors
    /// [`Failure::OverBudget`]: it may not.
    pub fn another(&self, last: &Reply, tokens: u64) -> Result<(), Failure> {
        self.answered(last);
        let reserved = self.budget.borrow_mut().reserve(self.day, tokens);
        let reserved = reserved.map_err(|which| Failure::OverBudget { which })?;
        self.parts.borrow_mut().push(Part { reserved, used: None });
        Ok(())
    }

    fn answered(&self, reply: &Reply) {
        if let Some(last) = self.parts.borrow_mut().last_mut() {
            last.used = last.used.or(Some((reply.tokens_in, reply.tokens_out)));
        }
    }

    /// The attempt has an answer, by the last call: its tokens become those of all calls; where those of one are not known, nor are
    /// they.
    pub(crate) fn add_up(&self, reply: &mut Reply) {
        self.answered(reply);
        let parts = self.parts.borrow();
        let used = || parts.iter().filter_map(|part| part.used);
        reply.tokens_in = used().map(|(tokens, _)| tokens).sum();
        reply.tokens_out = used().map(|(_, tokens)| tokens).sum();
    }

    /// The attempt is over: books what its calls used, the last as said if it has no answer.
    pub(crate) fn end(&self, last: End, tally: &Tally) {
        let mut budget = self.budget.borrow_mut();
        for Part { reserved, used } in self.parts.take() {
            match (used, last) {
                (Some((tokens_in, tokens_out)), _) => {
                    tally.add_tokens(tokens_in, tokens_out);
                    budget.settle(reserved, tokens_in.zip(tokens_out).map(|(i, o)| i.saturating_add(o)));
                }
                (None, End::Unsent) => budget.give_back(reserved),
                (None, End::Free) => budget.settle(reserved, Some(0)),
                (None, End::Unknown) => budget.settle(reserved, None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget::Used;
    use super::super::failure::BudgetLimit;
    use super::super::reply::Finish;
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    fn reply(tokens_in: u64, tokens_out: Option<u64>) -> Reply {
        Reply { text: "x".to_owned(), finish: Finish::Stop, tokens_in: Some(tokens_in), tokens_out }
    }

    fn parts(calls: Option<u64>) -> (Rc<RefCell<Budget>>, Parts) {
        let budget = Rc::new(RefCell::new(Budget::new(BudgetSettings { calls, ..BudgetSettings::default() })));
        let first = budget.borrow_mut().reserve(3, 100).expect("free");
        let parts = Parts::new(budget.clone(), 3, first);
        (budget, parts)
    }

    #[test]
    fn all_calls_of_an_attempt_are_counted() {
        let (budget, parts) = parts(None);
        let tally = Tally::default();
        parts.another(&reply(10, Some(1)), 100).expect("free");
        parts.another(&reply(20, Some(2)), 100).expect("free");
        let mut last = reply(30, Some(3));
        parts.add_up(&mut last);
        parts.end(End::Unknown, &tally);
        assert_eq!((last.tokens_in, last.tokens_out), (Some(60), Some(6)));
        assert_eq!((tally.tokens_in.load(Relaxed), tally.tokens_out.load(Relaxed)), (60, 6));
        assert_eq!(budget.borrow().of_day(3), Used { calls: 3, tokens: 66 });
        parts.end(End::Unknown, &tally);
        assert_eq!(budget.borrow().total(), Used { calls: 3, tokens: 66 }, "once");
    }

    #[test]
    fn what_was_answered_before_a_failure_was_used() {
        for (end, used) in [
            (End::Unsent, Used { calls: 1, tokens: 11 }),
            (End::Free, Used { calls: 2, tokens: 11 }),
            (End::Unknown, Used { calls: 2, tokens: 61 }),
        ] {
            let (budget, parts) = parts(None);
            let tally = Tally::default();
            parts.another(&reply(10, Some(1)), 50).expect("free");
            parts.end(end, &tally);
            assert_eq!(budget.borrow().total(), used, "{end:?}");
            assert_eq!(tally.tokens_in.load(Relaxed), 10);
        }
    }

    #[test]
    fn no_call_goes_beyond_the_budget() {
        let (budget, parts) = parts(Some(2));
        let tally = Tally::default();
        parts.another(&reply(10, Some(1)), 50).expect("free");
        let refused = Err(Failure::OverBudget { which: BudgetLimit::Calls });
        assert_eq!(parts.another(&reply(10, None), 50), refused);
        parts.end(End::Free, &tally);
        // What the second used is not known: what was set aside for it counts.
        assert_eq!(budget.borrow().total(), Used { calls: 2, tokens: 61 });
    }
}
