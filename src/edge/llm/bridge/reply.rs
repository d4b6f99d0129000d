//! What a server answers, in both protocols, as loosely as it can be read.
//!
//! Unknown fields are passed over and missing ones allowed, as servers differ; only what would change the meaning of an
//! answer is an error. What the answer says is not looked at here: see [`super::extract`].

use super::settings::Protocol;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Usage beyond this is taken for nonsense, in tokens.
const USAGE_MAX: u64 = 100_000_000;

/// How an answer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model was done.
    Stop,
    /// It reached the limit of tokens.
    Length,
    /// It refused, or a filter cut it off.
    Filter,
    /// Anything else, or not said.
    Other,
}

impl fmt::Display for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "a stop",
            Self::Length => "the limit of tokens",
            Self::Filter => "a filter",
            Self::Other => "something unknown",
        })
    }
}

/// A model's answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// What it says; the arguments of a tool as JSON.
    pub text: String,
    /// How it ended.
    pub finish: Finish,
    /// Tokens of the prompt, those from a cache included, where the server says it.
    pub tokens_in: Option<u64>,
    /// Tokens of the answer, where the server says it.
    pub tokens_out: Option<u64>,
}

/// What a body of status 200 holds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Body {
    /// An answer.
    Reply(Reply),
    /// The input of a tool: the server knows what it is told of the answer's form.
    Tool(Reply),
    /// An error, as some servers put it there.
    Error(ErrorBody),
}

/// What cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unreadable {
    /// The path of the field; `.` of the whole.
    pub(crate) at: String,
    /// What is wrong there.
    pub(crate) reason: String,
}

/// What a server says of an error, in any of the usual forms.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ErrorBody {
    pub(crate) message: String,
    /// `type` and `code`, where they are texts.
    pub(crate) names: Vec<String>,
    /// `code`, where it is a status.
    pub(crate) status: Option<u16>,
    /// The parameter that it is about, where the server says so.
    pub(crate) param: Option<String>,
}

impl ErrorBody {
    /// Reads `{"error": {"message", "type", "code", "param"}}`, `{"error": "message"}`, `{"message"}` and
    /// `{"detail"}`; of anything else the message is empty.
    pub(crate) fn of(body: &[u8]) -> Self {
        serde_json::from_slice::<Value>(body).map_or_else(|_| Self::default(), |value| Self::of_value(&value))
    }

    fn of_value(value: &Value) -> Self {
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let message = error.as_str().or_else(|| text("message")).or_else(|| text("detail")).unwrap_or_default();
        let names = ["type", "code"].into_iter().filter_map(text).map(str::to_owned).collect();
        let status = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let status = status.filter(|status| (400..600).contains(status));
        Self { message: message.to_owned(), names, status, param: text("param").map(str::to_owned) }
    }

    /// Whether the prompt was too long for the model. The field has no common name for it.
    pub(crate) fn is_context_overflow(&self) -> bool {
        let named = |name: &String| matches!(name.as_str(), "exceed_context_size_error" | "context_length_exceeded");
        let message = self.message.to_ascii_lowercase();
        let phrases = ["context length", "context size", "context window", "prompt is too long"];
        self.names.iter().any(named) || phrases.iter().any(|phrase| message.contains(phrase))
    }
}

/// Reads the body of an answer.
///
/// # Errors
/// A body that is not of the protocol, with the path of the field.
pub(crate) fn read(protocol: Protocol, body: &[u8]) -> Result<Body, Unreadable> {
    let reply = match protocol {
        Protocol::OpenAi => typed::<Chat>(body).map(Chat::reply),
        Protocol::Anthropic => typed::<Message>(body).map(Message::reply),
    };
    reply.map(|reply| reply.unwrap_or_else(|error| Body::Error(ErrorBody::of_value(&error))))
}

fn typed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    let wrong = |at: String, reason: String| Unreadable { at: if at.is_empty() { ".".to_owned() } else { at }, reason };
    // A list would be read as the fields in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(wrong(String::new(), "not an object".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| wrong(error.path().to_string(), error.inner().to_string()))?;
    reader.end().map_err(|error| wrong(String::new(), error.to_string()))?;
    Ok(value)
}

/// Of any other type than a whole number that can be true, nothing is known.
fn tokens(usage: &Value, name: &str) -> Option<u64> {
    usage.get(name).and_then(Value::as_u64).filter(|tokens| *tokens <= USAGE_MAX)
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `choices`")]
struct Chat {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    message: Option<ChatMessage>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct ChatMessage {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of parts")]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

impl Chat {
    fn reply(self) -> Result<Body, Value> {
        if self.choices.is_none() && !self.error.is_null() {
            return Err(self.error);
        }
        let choice = self.choices.unwrap_or_default().into_iter().next();
        let (message, reason) = choice.map(|c| (c.message, c.finish_reason)).unwrap_or_default();
        let message = message.unwrap_or_default();
        let refused = message.refusal.is_some_and(|refusal| !refusal.is_empty());
        let text = match message.content {
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => parts.into_iter().filter_map(|part| part.text).collect(),
            None => String::new(),
        };
        let finish = match reason.as_deref() {
            _ if refused => Finish::Filter,
            Some("stop") => Finish::Stop,
            Some("length") => Finish::Length,
            Some("content_filter") => Finish::Filter,
            _ => Finish::Other,
        };
        let (tokens_in, tokens_out) = (tokens(&self.usage, "prompt_tokens"), tokens(&self.usage, "completion_tokens"));
        Ok(Body::Reply(Reply { text, finish, tokens_in, tokens_out }))
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `content`")]
struct Message {
    #[serde(default)]
    content: Option<Vec<Block>>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    input: Value,
}

impl Message {
    /// The input of the tool is the answer; a server that knows no tools puts it into the text.
    fn reply(self) -> Result<Body, Value> {
        if self.content.is_none() && !self.error.is_null() {
            return Err(self.error);
        }
        let blocks = self.content.unwrap_or_default();
        // Several calls are joined, so that whoever wants one object sees that there are more.
        let tools = blocks.iter().filter(|block| block.r#type == "tool_use");
        let mut text: String = tools.map(|block| block.input.to_string()).collect();
        let by_tool = !text.is_empty();
        if !by_tool {
            text = blocks.into_iter().filter(|b| b.r#type == "text").filter_map(|block| block.text).collect();
        }
        let finish = match self.stop_reason.as_deref() {
            Some("end_turn" | "stop_sequence" | "tool_use") => Finish::Stop,
            Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
            Some("refusal") => Finish::Filter,
            _ => Finish::Other,
        };
        let usage = |name| tokens(&self.usage, name);
        let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"].into_iter().filter_map(usage);
        let tokens_in = usage("input_tokens").map(|fresh| fresh + cached.sum::<u64>());
        let reply = Reply { text, finish, tokens_in, tokens_out: usage("output_tokens") };
        Ok(if by_tool { Body::Tool(reply) } else { Body::Reply(reply) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(protocol: Protocol, body: &str) -> Reply {
        match read(protocol, body.as_bytes()) {
            Ok(Body::Reply(reply) | Body::Tool(reply)) => reply,
            other => panic!("{body}: {other:?}"),
        }
    }

    fn is(text: &str, finish: Finish, tokens_in: Option<u64>, tokens_out: Option<u64>) -> Reply {
        Reply { text: text.to_owned(), finish, tokens_in, tokens_out }
    }

    #[test]
    fn forms_of_open_ai() {
        let cases = [
            (
                r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
                is("a", Finish::Stop, Some(5), Some(2)),
            ),
            (
                r#"{"choices":[{"message":{"content":"a"},"finish_reason":"length"}]}"#,
                is("a", Finish::Length, None, None),
            ),
            (r#"{"choices":[{"message":{"content":"a"}}],"usage":null}"#, is("a", Finish::Other, None, None)),
            (
                r#"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}"#,
                is("", Finish::Filter, None, None),
            ),
            (
                r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"x"},{"text":"b"}]},"finish_reason":"stop"}]}"#,
                is("ab", Finish::Stop, None, None),
            ),
            (
                r#"{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1e99}}"#,
                is("", Finish::Other, None, None),
            ),
            (
                r#"{"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":"2"}}"#,
                is("", Finish::Other, None, None),
            ),
            (
                r#"{"choices":[{"message":null,"finish_reason":null,"logprobs":null}],"x":[[[]]]}"#,
                is("", Finish::Other, None, None),
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(reply(Protocol::OpenAi, body), expected, "{body}");
        }
    }

    #[test]
    fn forms_of_anthropic() {
        let cases = [
            (
                r#"{"content":[{"type":"text","text":"so"},{"type":"tool_use","name":"b","input":{"vote":"yes"}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":2,"cache_read_input_tokens":7}}"#,
                is(r#"{"vote":"yes"}"#, Finish::Stop, Some(12), Some(2)),
            ),
            (
                r#"{"content":[{"type":"thinking","thinking":"x"},{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#,
                is("a", Finish::Stop, None, None),
            ),
            (
                r#"{"content":[{"type":"tool_use","input":{}},{"type":"tool_use","input":{}}],"stop_reason":"tool_use"}"#,
                is("{}{}", Finish::Stop, None, None),
            ),
            (r#"{"content":[],"stop_reason":"refusal"}"#, is("", Finish::Filter, None, None)),
            (r#"{"content":null,"stop_reason":"max_tokens"}"#, is("", Finish::Length, None, None)),
        ];
        for (body, expected) in cases {
            assert_eq!(reply(Protocol::Anthropic, body), expected, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_path() {
        let cases = [
            (r#"{"choices":[{"message":{"content":5}}]}"#, "choices[0].message.content"),
            (r#"{"choices":"x"}"#, "choices"),
            ("null", "."),
            ("5", "."),
            ("[]", "."),
            ("{} {}", "."),
            (r#"{"choices":[],"choices":[]}"#, "."),
            ("", "."),
        ];
        for (body, at) in cases {
            let error = read(Protocol::OpenAi, body.as_bytes()).expect_err(body);
            assert_eq!(error.at, at, "{body}: {error:?}");
        }
    }

    #[test]
    fn errors_in_all_their_forms() {
        let of = |body: &str| ErrorBody::of(body.as_bytes());
        let llama = of(r#"{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}"#);
        assert!(llama.is_context_overflow() && llama.status == Some(400));
        assert!(of(r#"{"error":{"code":"context_length_exceeded","message":"m","param":null}}"#).is_context_overflow());
        assert!(
            of(r#"{"type":"error","error":{"type":"x","message":"prompt is too long: 9 > 8"}}"#).is_context_overflow()
        );
        assert_eq!(of(r#"{"error":{"code":null,"message":"m"}}"#).message, "m");
        assert_eq!(of(r#"{"error":"m"}"#).message, "m");
        assert_eq!(of(r#"{"detail":"m","error":null}"#).message, "m");
        for other in ["", "null", "[]", "<html>", r#"{"error":5}"#, r#"{"error":{"code":99999}}"#] {
            assert_eq!(of(other), ErrorBody::default(), "{other}");
        }
    }

    #[test]
    fn an_error_of_status_200_is_one() {
        for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
            let body = read(protocol, br#"{"error":{"code":503,"message":"loading"}}"#).expect("readable");
            assert!(matches!(body, Body::Error(ErrorBody { status: Some(503), .. })), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(Protocol::OpenAi, &body);
            let _ = read(Protocol::Anthropic, &body);
            let _ = ErrorBody::of(&body);
        }
    }
}
