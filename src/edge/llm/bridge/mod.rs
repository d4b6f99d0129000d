//! A private thread that asks a language model over HTTP, and cannot hold up the host.
//!
//! The host sends a [`request::Completion`] with [`worker::Worker::try_send`] and takes each [`worker::Outcome`] with
//! [`worker::Worker::try_recv`]; neither blocks. Each accepted request ends in exactly one outcome, by its patience,
//! whatever the server does. Two protocols are spoken: `chat/completions` of `OpenAI` and the many servers like it, and
//! `messages` of Anthropic; a game can bring its own model as a [`backend::Backend`].
//!
//! What this does *not* do: it knows nothing of the game, judges no answer beyond that it is one, streams nothing,
//! follows no redirect, uses no proxy, and inflates no compressed body. All of it runs on wall time.

pub mod backend;
pub mod breaker;
pub mod budget;
mod clock;
pub mod counters;
pub mod dialect;
pub mod extract;
pub mod failure;
pub mod form;
pub mod http;
pub mod key;
pub mod parts;
pub mod queue;
pub mod reply;
pub mod request;
pub mod settings;
pub mod worker;

mod driver;
mod ticket;
