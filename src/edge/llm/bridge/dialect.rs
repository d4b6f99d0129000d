//! What a server wants otherwise than most, learned from what it refuses.
//!
//! Most servers take `max_tokens`, `temperature` and `seed`. Some models of some hosts refuse one of them by name, with status 400;
//! it is then renamed or left out, in this request and in all later ones of the same backend. Some servers take a schema and do not hold
//! the model to it: then answers are begun for it (see [`super::form`]), unless the server refuses that.

use super::reply::ErrorBody;

/// How the body of a request differs from the usual one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dialect {
    /// The limit of the answer is sent as `max_completion_tokens`, not as `max_tokens`; of `OpenAI`'s protocol only.
    pub max_completion_tokens: bool,
    /// No `temperature` is sent.
    pub without_temperature: bool,
    /// No `seed` is sent.
    pub without_seed: bool,
    /// Whether answers are begun for the model; of Anthropic's protocol only.
    pub prefill: Prefill,
}

/// Whether answers are begun for the model, where a server does not hold it to the schema.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Prefill {
    /// The schema was not ignored so far.
    #[default]
    Unneeded,
    /// It was ignored.
    Wanted,
    /// The server refused it, or answered by the tool that it was offered: it is not tried, or not again.
    Refused,
}

/// The status of a refusal that may be about a parameter.
const BAD_REQUEST: u16 = 400;
const UNPROCESSABLE: u16 = 422;

impl Dialect {
    /// The dialect after a request in this one was refused; `None` where the refusal is about nothing that can be sent otherwise.
    pub(crate) fn after(self, status: u16, error: &ErrorBody) -> Option<Self> {
        if status != BAD_REQUEST {
            return None;
        }
        let message = error.message.to_ascii_lowercase();
        let objects = || {
            let named = |name: &String| matches!(name.as_str(), "unsupported_parameter" | "unsupported_value");
            let phrases = ["unsupported", "not support", "deprecated"];
            error.names.iter().any(named) || phrases.iter().any(|phrase| message.contains(phrase))
        };
        // Of several that a message names, the field says which it is.
        let about = |name: &str| error.param.as_deref().map_or_else(|| message.contains(name), |param| param == name);
        let learned = match () {
            () if message.contains("max_completion_tokens") => Self { max_completion_tokens: true, ..self },
            () if about("temperature") && objects() => Self { without_temperature: true, ..self },
            () if about("seed") && objects() => Self { without_seed: true, ..self },
            () => self,
        };
        (learned != self).then_some(learned)
    }

    /// The dialect after a request whose answer was begun was refused for nothing else that is known. Servers say in many ways that the
    /// last word must be the user's.
    pub(crate) fn after_begun(self, status: u16, error: &ErrorBody) -> Option<Self> {
        let is_about_it = matches!(status, BAD_REQUEST | UNPROCESSABLE) && !error.is_context_overflow();
        is_about_it.then_some(Self { prefill: Prefill::Refused, ..self })
    }

    /// What either has learned: calls that run at one time learn each for itself.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            max_completion_tokens: self.max_completion_tokens || other.max_completion_tokens,
            without_temperature: self.without_temperature || other.without_temperature,
            without_seed: self.without_seed || other.without_seed,
            prefill: self.prefill.max(other.prefill),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(body: &str) -> Option<Dialect> {
        Dialect::default().after(400, &ErrorBody::of(body.as_bytes()))
    }

    #[test]
    fn a_refusal_that_names_a_parameter_teaches_it() {
        let tokens = Dialect { max_completion_tokens: true, ..Dialect::default() };
        let full = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#;
        assert_eq!(after(full), Some(tokens));
        let bare =
            r#"{"error":{"message":"'max_tokens' is not supported, use 'max_completion_tokens'","code":"invalid"}}"#;
        assert_eq!(after(bare), Some(tokens));

        let no_temperature = Dialect { without_temperature: true, ..Dialect::default() };
        for body in [
            r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.","param":"temperature","code":"unsupported_value"}}"#,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` is deprecated for this model."}}"#,
        ] {
            assert_eq!(after(body), Some(no_temperature), "{body}");
        }
        let seed = r#"{"error":{"message":"Unsupported parameter: seed","param":"seed"}}"#;
        assert_eq!(after(seed), Some(Dialect { without_seed: true, ..Dialect::default() }));
    }

    #[test]
    fn a_server_that_refuses_begun_answers_is_not_sent_them_again() {
        let wanted = Dialect { prefill: Prefill::Wanted, ..Dialect::default() };
        let refused = Dialect { prefill: Prefill::Refused, ..Dialect::default() };
        let after = |status, body: &str| wanted.after_begun(status, &ErrorBody::of(body.as_bytes()));
        let claude = r#"{"type":"error","error":{"type":"invalid_request_error","message":"This model does not support assistant message prefill. The conversation must end with a user message."}}"#;
        assert_eq!(after(400, claude), Some(refused));
        assert_eq!(after(422, r#"{"detail":"roles must alternate"}"#), Some(refused));
        assert_eq!(after(400, r#"{"error":{"message":"prompt is too long: 9 > 8"}}"#), None);
        assert_eq!(after(500, claude), None);
        // Whoever learned it otherwise meanwhile.
        for other in [wanted, Dialect::default()] {
            assert_eq!((refused.and(other), other.and(refused)), (refused, refused));
        }
    }

    #[test]
    fn any_other_refusal_teaches_nothing() {
        for body in [
            "",
            r#"{"error":{"message":"max_tokens is too large: 9000","param":"max_tokens"}}"#,
            r#"{"error":{"message":"temperature must be from 0 to 2","param":"temperature"}}"#,
            r#"{"error":{"message":"this model does not support 'response_format' with a temperature","param":"response_format"}}"#,
            r#"{"error":"bad request"}"#,
        ] {
            assert_eq!(after(body), None, "{body}");
        }
        let tokens = br#"{"error":{"message":"use max_completion_tokens"}}"#;
        assert_eq!(Dialect::default().after(401, &ErrorBody::of(tokens)), None);
        let knows = Dialect { max_completion_tokens: true, ..Dialect::default() };
        assert_eq!(knows.after(400, &ErrorBody::of(tokens)), None, "it was sent so");
    }
}
