//! One exchange with a server over HTTP.
//!
//! Nothing is followed, inflated, cached or repeated here (but what a server refuses for a parameter that can be sent otherwise, or answers
//! without regard to its form, see [`super::dialect`]), and no proxy is used, not even one that the environment
//! names: the key goes to the address of the settings and nowhere else. The certificates trusted are those of Mozilla's
//! list, built in.

use super::backend::{Attempt, Backend};
use super::clock::{LONGEST_WAIT, utc_now};
use super::dialect::{Dialect, Prefill};
use super::failure::{Failure, StartError, shown};
use super::form::Form;
use super::key::{ApiKey, headers};
use super::parts::Parts;
use super::reply::{Body, ErrorBody, Finish, Reply, read};
use super::request::Completion;
use super::settings::{LlmSettings, Protocol};
use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect, retry};
use std::cell::Cell;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Of an error no more is read, in bytes.
const ERROR_BYTES_MAX: usize = 64 * 1_024;

/// A server over HTTP, by either protocol.
#[derive(Debug)]
pub struct HttpBackend {
    client: Client,
    url: Url,
    settings: LlmSettings,
    key: Option<ApiKey>,
    /// What this server wants otherwise than most, as far as it said so.
    dialect: Cell<Dialect>,
}

/// What a server said.
enum Said {
    Answer { reply: Reply, by_tool: bool },
    Refusal { status: u16, error: ErrorBody, retry_after: Option<Duration> },
}

impl HttpBackend {
    /// Makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// Settings or a key that cannot be used.
    pub fn new(settings: &LlmSettings, key: Option<ApiKey>) -> Result<Self, StartError> {
        settings.check()?;
        let failed = |error: &dyn Error| StartError::Client { reason: shown(&cause(error), key.as_ref()) };
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(headers(settings.protocol, key.as_ref())?)
            .user_agent("bevy_alliance")
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .connect_timeout(settings.connect_timeout())
            .timeout(settings.total_timeout())
            .pool_max_idle_per_host(settings.in_flight)
            .build()
            .map_err(|error| failed(&error))?;
        let dialect = Cell::default();
        Ok(Self { client, url: settings.endpoint()?, settings: settings.clone(), key, dialect })
    }

    /// Asks, and where the server refuses a parameter by name, asks at once without it; where it ignores the schema, it is asked at once
    /// with the answer begun.
    async fn exchange(&self, completion: &Completion, parts: &Parts) -> Result<Reply, Failure> {
        // It ends: a refusal counts only if it teaches what was not known when this was sent.
        loop {
            let dialect = self.dialect.get();
            if let Some(form) = self.form(completion).filter(|_| dialect.prefill == Prefill::Wanted) {
                match self.fill(completion, form, parts).await? {
                    Some(reply) => return Ok(reply),
                    None => continue,
                }
            }
            match self.ask(completion.body(&self.settings, dialect)).await? {
                Said::Answer { reply, by_tool: true } => {
                    // Who answers so once holds to the schema, whatever it says another time.
                    self.learn(Dialect { prefill: Prefill::Refused, ..self.dialect.get() });
                    return Ok(self.without_key(reply));
                }
                Said::Answer { reply, by_tool: false } => return self.within_schema(completion, reply, parts).await,
                Said::Refusal { status, error, retry_after } => match dialect.after(status, &error) {
                    Some(learned) => self.learn(learned),
                    None => return Err(self.refused(status, &error, retry_after)),
                },
            }
        }
    }

    /// An answer that is no tool's: if it shows that the schema is ignored, another is asked for that is begun. Where the server or the
    /// budget does not allow that, it is the answer.
    async fn within_schema(&self, completion: &Completion, reply: Reply, parts: &Parts) -> Result<Reply, Failure> {
        let form = self.form(completion).filter(|form| form.is_ignored_by(&reply));
        if let Some(form) = form {
            self.learn(Dialect { prefill: Prefill::Wanted, ..self.dialect.get() });
            if self.dialect.get().prefill == Prefill::Wanted
                && parts.another(&reply, completion.tokens_estimate()).is_ok()
            {
                let filled = self.fill(completion, form, parts).await?;
                // What it used is counted.
                let spoken = Reply { tokens_in: Some(0), tokens_out: Some(0), ..reply };
                return Ok(filled.unwrap_or_else(|| self.without_key(spoken)));
            }
        }
        Ok(self.without_key(reply))
    }

    /// What the answer to a question is begun by, where it can be.
    fn form(&self, completion: &Completion) -> Option<Form> {
        let speaks = self.settings.protocol == Protocol::Anthropic;
        speaks.then(|| Form::of(&completion.schema, completion.max_tokens)).flatten()
    }

    /// Has the model fill in a form, a call for each field; `None` where the server refuses answers that are begun.
    async fn fill(&self, completion: &Completion, mut form: Form, parts: &Parts) -> Result<Option<Reply>, Failure> {
        while let Some(begun) = form.begun() {
            let dialect = self.dialect.get();
            match self.ask(completion.body_begun(&self.settings, dialect, &begun)).await? {
                Said::Answer { reply, .. } => {
                    // Before anything is cut off it: half a key would not be found.
                    let reply = self.without_key(reply);
                    let goes_on = form.fill(&begun, &reply);
                    if goes_on && form.begun().is_some() {
                        parts.another(&reply, completion.tokens_estimate())?;
                        continue;
                    }
                    let finish = match reply.finish {
                        Finish::Filter => Finish::Filter,
                        _ if goes_on && !form.is_whole() => Finish::Length,
                        // Another limit of tokens is the field's, and not the answer's.
                        _ => Finish::Stop,
                    };
                    return Ok(Some(self.without_key(Reply { text: form.into_text(), finish, ..reply })));
                }
                Said::Refusal { status, error, retry_after } => match dialect.after(status, &error) {
                    Some(learned) => self.learn(learned),
                    None => match dialect.after_begun(status, &error) {
                        Some(learned) => {
                            self.learn(learned);
                            return Ok(None);
                        }
                        None => return Err(self.refused(status, &error, retry_after)),
                    },
                },
            }
        }
        Err(Failure::NotStopped { finish: Finish::Length })
    }

    fn learn(&self, learned: Dialect) {
        self.dialect.set(self.dialect.get().and(learned));
    }

    async fn ask(&self, body: Vec<u8>) -> Result<Said, Failure> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        let request = request.header(ACCEPT, "application/json").body(body);
        let response = request.send().await.map_err(|error| self.unanswered(&error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), utc_now());
        if response.status().is_redirection() {
            return Err(Failure::Redirect { status });
        }
        if !response.status().is_success() {
            // The status says enough where the body cannot be read.
            let body = whole_body(response, ERROR_BYTES_MAX).await.unwrap_or_default();
            return Ok(Said::Refusal { status, error: ErrorBody::of(&body), retry_after });
        }
        self.check_type(response.headers())?;
        let body = whole_body(response, self.settings.body_cap).await?;
        if body.trim_ascii().is_empty() {
            return Err(Failure::Empty);
        }
        match read(self.settings.protocol, &body) {
            Ok(Body::Reply(reply)) => Ok(Said::Answer { reply, by_tool: false }),
            Ok(Body::Tool(reply)) => Ok(Said::Answer { reply, by_tool: true }),
            Ok(Body::Error(error)) => Ok(Said::Refusal { status: error.status.unwrap_or(status), error, retry_after }),
            Err(error) => Err(Failure::Malformed { at: self.shown(&error.at), reason: self.shown(&error.reason) }),
        }
    }

    /// Why no head of an answer came.
    fn unanswered(&self, error: &reqwest::Error) -> Failure {
        let parsing = |error: &hyper::Error| error.is_parse();
        let refused = causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(parsing);
        match () {
            () if error.is_timeout() && error.is_connect() => Failure::ConnectTimeout,
            () if error.is_timeout() => Failure::Timeout,
            () if error.is_connect() => Failure::Unreachable { reason: self.shown(&cause(error)) },
            () if refused => Failure::Malformed { at: "http".to_owned(), reason: self.shown(&cause(error)) },
            () => Failure::Reset,
        }
    }

    fn refused(&self, status: u16, error: &ErrorBody, retry_after: Option<Duration>) -> Failure {
        let message = self.shown(&error.message);
        match status {
            401 | 403 => Failure::Unauthorized { status, message },
            429 => Failure::RateLimited { message, retry_after },
            _ if error.is_context_overflow() => Failure::ContextOverflow { message },
            _ => Failure::Status { status, message, retry_after },
        }
    }

    /// A compressed body was not asked for, and is not inflated: it may be a bomb.
    fn check_type(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let header =
            |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
        let wrong = |found: &str| Err(Failure::WrongType { found: self.shown(found) });
        if let Some(encoding) = header(CONTENT_ENCODING).filter(|encoding| encoding.trim() != "identity") {
            return wrong(&format!("compressed ({encoding})"));
        }
        let Some(media) = header(CONTENT_TYPE) else { return Ok(()) };
        let essence = media.split(';').next().unwrap_or_default().trim();
        if essence == "application/json" || essence.ends_with("+json") { Ok(()) } else { wrong(&media) }
    }

    fn without_key(&self, mut reply: Reply) -> Reply {
        if let Some(key) = &self.key {
            reply.text = key.redact_answer(reply.text);
        }
        reply
    }

    fn shown(&self, text: &str) -> String {
        shown(text, self.key.as_ref())
    }

    /// How this backend talks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.settings.protocol
    }
}

impl Backend for HttpBackend {
    fn complete<'a>(&'a self, completion: &'a Completion) -> Attempt<'a> {
        Box::pin(async move {
            let parts = Parts::unlimited();
            let mut reply = self.complete_in_parts(completion, &parts).await?;
            parts.add_up(&mut reply);
            Ok(reply)
        })
    }

    fn complete_in_parts<'a>(&'a self, completion: &'a Completion, parts: &'a Parts) -> Attempt<'a> {
        Box::pin(self.exchange(completion, parts))
    }
}

/// Reads a body, but never more than so many bytes of it.
async fn whole_body(mut response: Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let too_large = || Failure::BodyTooLarge { limit };
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).map_or(true, |announced| announced > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.len() > limit - body.len() => return Err(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err(Failure::Timeout),
            Err(_) => return Err(Failure::BodyBroken),
        }
    }
}

/// How long a server asks to wait, in seconds or until a date; `None` of anything else.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are longer than anything waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)).min(LONGEST_WAIT));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    Some((date - now).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// The innermost cause, which alone does not name the address.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = DateTime::parse_from_rfc2822("Wed, 21 Oct 2015 07:28:00 GMT").expect("a date").with_timezone(&Utc);
        let of = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            retry_after(&headers, now)
        };
        let secs = |secs| Some(Duration::from_secs(secs));
        assert_eq!(of("0"), secs(0));
        assert_eq!(of(" 120 "), secs(120));
        assert_eq!(of("99999999999999999999999999"), Some(LONGEST_WAIT));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:30 GMT"), secs(30));
        assert_eq!(of("Wed, 21 Oct 2015 07:27:00 GMT"), secs(0), "a date that has passed");
        assert_eq!(of("Mon, 21 Oct 2115 07:28:00 GMT"), Some(LONGEST_WAIT));
        for garbage in ["", "-1", "1.5", "soon", "Wed, 99 Oct 2015 07:28:00 GMT"] {
            assert_eq!(of(garbage), None, "{garbage}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
