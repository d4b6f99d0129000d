//! Which model is asked, how long, how often, and for how much.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::time::Duration;
use thiserror::Error;

/// How a server is talked to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// `chat/completions`, as of `OpenAI`, llama.cpp, Ollama, vLLM, LM Studio and most hosts.
    #[default]
    OpenAi,
    /// `messages`, as of Anthropic.
    Anthropic,
}

impl Protocol {
    /// What is added to the base URL.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "chat/completions",
            Self::Anthropic => "messages",
        }
    }
}

/// When a server that fails is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// After so many failures in a row nothing is sent; 1 to 1,000.
    pub failures: u32,
    /// For so long; then one call tries it; 1 to 3,600,000.
    pub rest_ms: u64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, rest_ms: 30_000 }
    }
}

/// How much may be used; `None` is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetSettings {
    /// Calls in one game day.
    pub calls_per_day: Option<u64>,
    /// Tokens, in and out together, in one game day.
    pub tokens_per_day: Option<u64>,
    /// Calls since the start of the worker.
    pub calls: Option<u64>,
    /// Tokens, in and out together, since the start of the worker.
    pub tokens: Option<u64>,
}

/// What a million tokens cost, in any currency; finite and not negative.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// Of the prompt.
    pub per_million_in: f64,
    /// Of the answer.
    pub per_million_out: f64,
}

/// Which model is asked, and within which limits. Holds no key: see [`super::key::ApiKey`].
///
/// [`LlmSettings::check`] says whether the values are within the ranges given here.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlmSettings {
    /// The base URL, `http` or `https`, such as `http://127.0.0.1:8080/v1`; [`Protocol::path`] is added to it.
    pub url: String,
    /// How the server is talked to.
    pub protocol: Protocol,
    /// The model's name, as the server knows it; 1 to 200 characters.
    pub model: String,
    /// A connection is made within this time; 1 to 600,000.
    pub connect_timeout_ms: u64,
    /// One exchange, from connecting to the last byte, ends within this time; 1 to 600,000.
    pub total_timeout_ms: u64,
    /// So many calls run at once; 1 to 4,096.
    pub in_flight: usize,
    /// So many requests wait; 1 to 65,536.
    pub queue: usize,
    /// No more of an answer is read, in bytes; 1,024 to 16,777,216.
    pub body_cap: usize,
    /// A call that failed is repeated so often; at most 10.
    pub retries: u32,
    /// The longest wait before the first repetition; it doubles with each, and a random part of it is waited; 1 to
    /// 600,000.
    pub retry_base_ms: u64,
    /// The wait grows no longer than this; at least the above, at most 600,000.
    pub retry_cap_ms: u64,
    /// When a server that fails is left alone.
    pub breaker: BreakerSettings,
    /// How much may be used.
    pub budget: BudgetSettings,
    /// What it costs, for the counters.
    pub price: Price,
    /// 0 to 2; at 0 a model is as repeatable as its server allows. `None` where the model takes none.
    pub temperature: Option<f64>,
    /// Sent to servers of `OpenAI`'s protocol; Anthropic's has none.
    pub seed: Option<u64>,
}

impl Default for LlmSettings {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8080/v1".to_owned(),
            protocol: Protocol::default(),
            model: "default".to_owned(),
            connect_timeout_ms: 3_000,
            total_timeout_ms: 30_000,
            in_flight: 4,
            queue: 256,
            body_cap: 256 * 1_024,
            retries: 2,
            retry_base_ms: 500,
            retry_cap_ms: 8_000,
            breaker: BreakerSettings::default(),
            budget: BudgetSettings::default(),
            price: Price::default(),
            temperature: Some(0.0),
            seed: Some(1),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("llm settings: `{field}` is {value}, which {why}")]
pub struct SettingsError {
    /// The field's name; of a nested one with its path.
    pub field: &'static str,
    /// Its value; not shown where it may hold a secret.
    pub value: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl LlmSettings {
    /// Looks at every value.
    ///
    /// # Errors
    /// The first field that is not within its documented range.
    pub fn check(&self) -> Result<(), SettingsError> {
        const MS: (u64, u64) = (1, 600_000);
        self.endpoint()?;
        let length = self.model.chars().count();
        let named = (1..=200).contains(&length) && !self.model.chars().any(char::is_control);
        require("model", format_args!("{:?}", self.model), named, "is not 1 to 200 printable characters")?;
        within("connect_timeout_ms", self.connect_timeout_ms, MS)?;
        within("total_timeout_ms", self.total_timeout_ms, MS)?;
        within("in_flight", self.in_flight, (1, 4_096))?;
        within("queue", self.queue, (1, 65_536))?;
        within("body_cap", self.body_cap, (1_024, 16 * 1_024 * 1_024))?;
        within("retries", self.retries, (0, 10))?;
        within("retry_base_ms", self.retry_base_ms, MS)?;
        within("retry_cap_ms", self.retry_cap_ms, (self.retry_base_ms, 600_000))?;
        within("breaker.failures", self.breaker.failures, (1, 1_000))?;
        within("breaker.rest_ms", self.breaker.rest_ms, (1, 3_600_000))?;
        within("price.per_million_in", self.price.per_million_in, (0.0, 1e9))?;
        within("price.per_million_out", self.price.per_million_out, (0.0, 1e9))?;
        within("temperature", self.temperature.unwrap_or_default(), (0.0, 2.0))
    }

    /// The address that requests are sent to.
    ///
    /// # Errors
    /// A URL that is none, or has another scheme, user info, a query or a fragment.
    pub fn endpoint(&self) -> Result<Url, SettingsError> {
        // Who writes a key into the URL must not find it in a log.
        let may_tell = !self.url.contains(['@', '?', '#']);
        let shown = if may_tell { format!("{:?}", self.url) } else { "not shown".to_owned() };
        let wrong = |why| SettingsError { field: "url", value: shown.clone(), why };
        let mut url = Url::parse(&self.url).map_err(|_| wrong("is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds user info: the key belongs into the environment"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("holds a query or a fragment"));
        }
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", self.protocol.path()));
        Ok(url)
    }

    /// A connection is made within this time.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// One exchange ends within this time.
    #[must_use]
    pub fn total_timeout(&self) -> Duration {
        Duration::from_millis(self.total_timeout_ms)
    }

    /// So many requests are accepted whose outcome the host has not taken: twice what runs and waits, so that a full
    /// queue still hears of more urgent ones.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.in_flight.saturating_add(self.queue).saturating_mul(2)
    }
}

/// Refuses a value outside of its range, and what cannot be compared.
fn within<T: PartialOrd + Display>(field: &'static str, value: T, (least, most): (T, T)) -> Result<(), SettingsError> {
    let fits = value >= least && value <= most;
    require(field, format_args!("{value}"), fits, "is outside of its range")
}

fn require(field: &'static str, value: impl Display, holds: bool, why: &'static str) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError { field, value: value.to_string(), why }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut LlmSettings)) -> LlmSettings {
        let mut settings = LlmSettings::default();
        change(&mut settings);
        settings
    }

    fn refused(change: impl FnOnce(&mut LlmSettings)) -> SettingsError {
        settings(change).check().expect_err("this was accepted")
    }

    #[test]
    fn the_default_is_valid() {
        LlmSettings::default().check().expect("valid");
    }

    #[test]
    fn the_path_is_added_with_one_slash() {
        for base in ["http://h:1/v1", "http://h:1/v1/", "http://h:1/v1//"] {
            let url = settings(|s| s.url = base.to_owned()).endpoint().expect("valid");
            assert_eq!(url.as_str(), "http://h:1/v1/chat/completions");
        }
        let anthropic = settings(|s| {
            s.url = "https://h".to_owned();
            s.protocol = Protocol::Anthropic;
        });
        assert_eq!(anthropic.endpoint().expect("valid").as_str(), "https://h/messages");
    }

    #[test]
    fn urls_that_cannot_be_used_are_named_without_secrets() {
        for url in ["", "h:1", "ftp://h/v1", "file:///etc", "http://", "unix:/x"] {
            let error = refused(|s| s.url = url.to_owned());
            assert_eq!(error.field, "url", "{url}");
        }
        for url in ["http://u:s3cret@h/v1", "http://s3cret@h/v1", "http://h/v1?key=s3cret", "http://h/v1#s3cret"] {
            let error = refused(|s| s.url = url.to_owned());
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn values_outside_of_their_range_are_named() {
        assert_eq!(refused(|s| s.in_flight = 0).field, "in_flight");
        assert_eq!(refused(|s| s.queue = 70_000).field, "queue");
        assert_eq!(refused(|s| s.body_cap = 0).field, "body_cap");
        assert_eq!(refused(|s| s.retry_cap_ms = 1).field, "retry_cap_ms");
        assert_eq!(refused(|s| s.breaker.failures = 0).field, "breaker.failures");
        assert_eq!(refused(|s| s.price.per_million_in = -1.0).field, "price.per_million_in");
        assert_eq!(refused(|s| s.model = "a\nb".to_owned()).field, "model");
        let error = refused(|s| s.temperature = Some(f64::NAN));
        assert_eq!(error.to_string(), "llm settings: `temperature` is NaN, which is outside of its range");
    }

    #[test]
    fn a_file_of_settings_cannot_hold_a_key() {
        let text = serde_json::to_string(&LlmSettings::default()).expect("data");
        assert_eq!(serde_json::from_str::<LlmSettings>(&text).expect("data"), LlmSettings::default());
        assert!(serde_json::from_str::<LlmSettings>(r#"{"api_key":"x"}"#).is_err());
        assert_eq!(serde_json::from_str::<LlmSettings>("{}").expect("all by default"), LlmSettings::default());
    }
}
