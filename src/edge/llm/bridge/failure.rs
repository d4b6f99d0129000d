//! Why a request has no answer: one variant per cause.

use super::key::{ApiKey, KeyError};
use super::reply::Finish;
use super::settings::SettingsError;
use crate::base::text::is_format;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::time::Duration;
use thiserror::Error;

/// So many characters of a server's message are kept.
pub const MESSAGE_CHARS_MAX: usize = 200;

/// The limit of a budget that was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetLimit {
    /// Calls of the game day.
    CallsPerDay,
    /// Tokens of the game day.
    TokensPerDay,
    /// Calls in all.
    Calls,
    /// Tokens in all.
    Tokens,
}

impl fmt::Display for BudgetLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CallsPerDay => "calls per day",
            Self::TokensPerDay => "tokens per day",
            Self::Calls => "calls",
            Self::Tokens => "tokens",
        })
    }
}

/// Why a request has no answer. Texts of the server are cut to [`MESSAGE_CHARS_MAX`] characters, without control
/// characters and without the key.
#[derive(Debug, Error, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// No connection: refused, no such host, no TLS.
    #[error("llm: no connection to the server: {reason}")]
    Unreachable {
        /// What the system says.
        reason: String,
    },
    /// No connection within the connect time-out.
    #[error("llm: no connection to the server in time")]
    ConnectTimeout,
    /// No whole answer within the total time-out, or within the patience of a request that was sent.
    #[error("llm: no whole answer in time")]
    Timeout,
    /// The connection ended before the head of an answer.
    #[error("llm: the server closed the connection before it answered")]
    Reset,
    /// The connection ended within the body, or its framing is wrong.
    #[error("llm: the body of the answer broke off")]
    BodyBroken,
    /// The body is longer than is read.
    #[error("llm: the body of the answer has more than {limit} bytes")]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The server sends elsewhere; it is not followed, as the key must not go there.
    #[error("llm: the server redirects (status {status}); redirects are not followed")]
    Redirect {
        /// 300 to 399.
        status: u16,
    },
    /// Any other status than those with a variant of their own.
    #[error("llm: status {status}: {message}")]
    Status {
        /// The status; of an error within a body of status 200, its code where it has one.
        status: u16,
        /// What the server says.
        message: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// Status 401 or 403: the key is missing or wrong.
    #[error("llm: the server refuses the key (status {status}): {message}")]
    Unauthorized {
        /// The status.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// The prompt is longer than the model reads.
    #[error("llm: the prompt is longer than the model reads: {message}")]
    ContextOverflow {
        /// What the server says.
        message: String,
    },
    /// Status 429.
    #[error("llm: the server asks for fewer requests: {message}")]
    RateLimited {
        /// What the server says.
        message: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer is no JSON by its header, or compressed.
    #[error("llm: the answer is {found}, not application/json")]
    WrongType {
        /// What it is.
        found: String,
    },
    /// The answer is not of the protocol.
    #[error("llm: the answer cannot be read at `{at}`: {reason}")]
    Malformed {
        /// The path of the field; `http` of the head of the answer, `.` of the whole body.
        at: String,
        /// What is wrong there.
        reason: String,
    },
    /// The answer has no text.
    #[error("llm: the answer is empty")]
    Empty,
    /// The model did not end by itself.
    #[error("llm: the answer ended by {finish}")]
    NotStopped {
        /// How it ended.
        finish: Finish,
    },
    /// The server failed too often, and is left alone for a while.
    #[error("llm: the server failed too often and is left alone for a while")]
    BreakerOpen,
    /// A budget is used up.
    #[error("llm: the budget of {which} is used up")]
    OverBudget {
        /// Which one.
        which: BudgetLimit,
    },
    /// More urgent requests fill the queue.
    #[error("llm: the queue is full")]
    QueueFull,
    /// The patience ended before the request was sent.
    #[error("llm: the patience ended before the request was sent")]
    Impatient,
    /// The backend panicked.
    #[error("llm: the backend panicked")]
    Panicked,
    /// The worker ended.
    #[error("llm: the worker has ended")]
    Closed,
}

impl Failure {
    /// The variant's name, for counters and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::ConnectTimeout => "connect_timeout",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::BodyBroken => "body_broken",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Redirect { .. } => "redirect",
            Self::Status { .. } => "status",
            Self::Unauthorized { .. } => "unauthorized",
            Self::ContextOverflow { .. } => "context_overflow",
            Self::RateLimited { .. } => "rate_limited",
            Self::WrongType { .. } => "wrong_type",
            Self::Malformed { .. } => "malformed",
            Self::Empty => "empty",
            Self::NotStopped { .. } => "not_stopped",
            Self::BreakerOpen => "breaker_open",
            Self::OverBudget { .. } => "over_budget",
            Self::QueueFull => "queue_full",
            Self::Impatient => "impatient",
            Self::Panicked => "panicked",
            Self::Closed => "closed",
        }
    }

    /// Whether the same request may fare better a moment later. Not after a time-out: a server that is too slow is not
    /// helped by asking it again.
    #[must_use]
    pub fn retries(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::ConnectTimeout
            | Self::Reset
            | Self::BodyBroken
            | Self::RateLimited { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 500..=599),
            _ => false,
        }
    }

    /// Whether it says that the server, its address or the key is at fault, and so the next request fails as well.
    #[must_use]
    pub fn blames_server(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 404 | 408 | 425 | 500..=599),
            Self::ContextOverflow { .. }
            | Self::Empty
            | Self::NotStopped { .. }
            | Self::BreakerOpen
            | Self::OverBudget { .. }
            | Self::QueueFull
            | Self::Impatient
            | Self::Closed => false,
            _ => true,
        }
    }

    /// Whether the model did no work, so that no tokens were used.
    #[must_use]
    pub fn is_free(&self) -> bool {
        match self {
            Self::Redirect { .. }
            | Self::Status { .. }
            | Self::Unauthorized { .. }
            | Self::ContextOverflow { .. }
            | Self::RateLimited { .. } => true,
            _ => self.was_unsent(),
        }
    }

    /// Whether nothing reached the server.
    #[must_use]
    pub fn was_unsent(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::ConnectTimeout)
    }

    /// How long the server asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } | Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why a worker cannot be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The HTTP client cannot be built.
    #[error("llm: the HTTP client cannot be built: {reason}")]
    Client {
        /// What it says.
        reason: String,
    },
    /// The system gives no thread, or no means to wait for sockets.
    #[error("llm: the worker's thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// A text of the server as it may be shown: without the key, on one line, and short.
pub(crate) fn shown(text: &str, key: Option<&ApiKey>) -> String {
    let text = key.map_or_else(|| text.to_owned(), |key| key.redact(text));
    let printable =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control() && !is_format(*c));
    printable.take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_shortened_and_cleaned() {
        let key = ApiKey::new("sk-secret").expect("valid");
        assert_eq!(shown("no\nkey \u{1b}[31msk-secret\u{202e}", Some(&key)), "no key [31m[key]");
        assert_eq!(shown(&"é".repeat(500), None).chars().count(), MESSAGE_CHARS_MAX);
        // The key is removed before the text is cut, so that no half of it is left.
        assert!(!shown(&format!("{}sk-secret", "x".repeat(196)), Some(&key)).contains("sk-"));
    }

    #[test]
    fn a_failure_survives_being_saved() {
        let failures = [
            Failure::RateLimited { message: "slow".to_owned(), retry_after: Some(Duration::from_secs(2)) },
            Failure::NotStopped { finish: Finish::Length },
            Failure::Malformed { at: "choices[0]".to_owned(), reason: "x".to_owned() },
            Failure::OverBudget { which: BudgetLimit::TokensPerDay },
            Failure::Closed,
        ];
        for failure in failures {
            let text = serde_json::to_string(&failure).expect("data");
            assert_eq!(serde_json::from_str::<Failure>(&text).expect(&text), failure);
            assert!(text.contains(&format!("\"kind\":\"{}\"", failure.kind())), "{text}");
        }
    }
}
