//! Who answers: a server over HTTP ([`super::http::HttpBackend`]), a function, or whatever a game brings.

use super::failure::Failure;
use super::parts::Parts;
use super::reply::Reply;
use super::request::Completion;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// An attempt under way. It need not be `Send`: it is polled on the worker's thread only.
pub type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + 'a>>;

/// A model, or the way to one.
///
/// One call is one attempt: the worker repeats it, limits it in time and number, counts it, and looks at how the answer
/// ended. Dropping the attempt must give it up. A panic becomes [`Failure::Panicked`].
///
/// An attempt must not block the thread: while it does, nothing else is sent, and outcomes come late. A model that
/// computes belongs on a thread of its own, with a channel to here.
pub trait Backend: Send + 'static {
    /// Asks once.
    fn complete<'a>(&'a self, completion: &'a Completion) -> Attempt<'a>;

    /// Asks once, by several calls where one is not enough; each but the first is had from `parts`, and the tokens of the reply are those
    /// of the last. The worker asks by this one. A backend that wraps another forwards it: calls that the other makes for one
    /// [`complete`](Self::complete) are within no budget.
    fn complete_in_parts<'a>(&'a self, completion: &'a Completion, parts: &'a Parts) -> Attempt<'a> {
        let _ = parts;
        self.complete(completion)
    }
}

/// A function as a model: for tests, and for scripted characters.
pub struct FnBackend<F> {
    answer: F,
    delay: Duration,
}

impl<F> FnBackend<F>
where
    F: Fn(&Completion) -> Result<Reply, Failure> + Send + 'static,
{
    /// Answers at once.
    #[must_use]
    pub fn new(answer: F) -> Self {
        Self { answer, delay: Duration::ZERO }
    }

    /// Calls the function only after this time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl<F> fmt::Debug for FnBackend<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnBackend").field("delay", &self.delay).finish_non_exhaustive()
    }
}

impl<F> Backend for FnBackend<F>
where
    F: Fn(&Completion) -> Result<Reply, Failure> + Send + 'static,
{
    fn complete<'a>(&'a self, completion: &'a Completion) -> Attempt<'a> {
        Box::pin(async move {
            if !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            (self.answer)(completion)
        })
    }
}
