//! The key that a server asks for: read from the environment, sent, and never shown.

use super::settings::Protocol;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::env::{self, VarError};
use std::fmt;
use thiserror::Error;

/// The variable that holds the key.
pub const KEY_VARIABLE: &str = "ALLIANCE_LLM_KEY";
/// What stands where a key stood.
pub const REDACTED: &str = "[key]";
/// What shorter keys are may stand in an answer by chance, so answers are searched for longer ones only.
const SECRET_BYTES_MIN: usize = 8;
/// The version of Anthropic's protocol that is spoken.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// A key that cannot be used. It is not shown.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// Only visible characters of ASCII can be sent.
    #[error("{KEY_VARIABLE}: the key holds characters that cannot be sent in a header")]
    Characters,
    /// Longer than any key is.
    #[error("{KEY_VARIABLE}: the key has {bytes} bytes, more than {limit}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// A secret. It cannot be saved, and printing it prints [`REDACTED`].
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// No key has more bytes.
    pub const BYTES_MAX: usize = 4_096;

    /// Takes a key; space around it is removed.
    ///
    /// # Errors
    /// One that cannot be sent in a header.
    pub fn new(key: &str) -> Result<Self, KeyError> {
        let key = key.trim();
        if key.len() > Self::BYTES_MAX {
            return Err(KeyError::TooLong { bytes: key.len(), limit: Self::BYTES_MAX });
        }
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(KeyError::Characters);
        }
        Ok(Self(key.to_owned()))
    }

    /// The key of [`KEY_VARIABLE`]; `None` where that is not set or empty, as servers of one's own need none.
    ///
    /// # Errors
    /// One that cannot be sent in a header.
    pub fn from_env() -> Result<Option<Self>, KeyError> {
        match env::var(KEY_VARIABLE) {
            Ok(key) if !key.trim().is_empty() => Self::new(&key).map(Some),
            Ok(_) | Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(KeyError::Characters),
        }
    }

    /// Replaces the key wherever it stands in a text that is shown.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, REDACTED)
    }

    /// The same for an answer, which a short key would only spoil.
    pub(crate) fn redact_answer(&self, text: String) -> String {
        if self.0.len() >= SECRET_BYTES_MIN && text.contains(&self.0) { self.redact(&text) } else { text }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([key])")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// The headers that name the caller, as each protocol wants them.
///
/// # Errors
/// A key that cannot be sent.
pub(crate) fn headers(protocol: Protocol, key: Option<&ApiKey>) -> Result<HeaderMap, KeyError> {
    let mut headers = HeaderMap::new();
    let sensitive = |text: &str| {
        let mut value = HeaderValue::from_str(text).map_err(|_| KeyError::Characters)?;
        value.set_sensitive(true);
        Ok(value)
    };
    if protocol == Protocol::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static(ANTHROPIC_VERSION));
    }
    if let Some(ApiKey(key)) = key {
        match protocol {
            Protocol::OpenAi => headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {key}"))?),
            Protocol::Anthropic => headers.insert(HeaderName::from_static("x-api-key"), sensitive(key)?),
        };
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" sk-very-secret\n").expect("valid");
        assert_eq!(format!("{key} {key:?} {:?}", Some(&key)), "[key] ApiKey([key]) Some(ApiKey([key]))");
        assert_eq!(key.redact("no such key: sk-very-secret!"), "no such key: [key]!");
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_refused_without_showing_it() {
        for bad in ["sk\nsecret", "sk secret", "sk-sécret", "\0secret", "", "sk\rsecret"] {
            let error = ApiKey::new(bad).expect_err(bad);
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        assert!(matches!(ApiKey::new(&"k".repeat(5_000)), Err(KeyError::TooLong { .. })));
    }

    #[test]
    fn headers_hold_it_as_sensitive() {
        let key = ApiKey::new("sk-very-secret").expect("valid");
        for (protocol, name) in [(Protocol::OpenAi, "authorization"), (Protocol::Anthropic, "x-api-key")] {
            let headers = headers(protocol, Some(&key)).expect("valid");
            assert!(headers[name].is_sensitive());
            assert!(!format!("{headers:?}").contains("secret"));
            assert_eq!(headers.contains_key("anthropic-version"), protocol == Protocol::Anthropic);
        }
        assert!(headers(Protocol::OpenAi, None).expect("valid").is_empty());
    }
}
