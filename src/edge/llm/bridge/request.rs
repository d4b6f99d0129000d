//! What is asked, and the bytes in which each protocol asks it.
//!
//! The same completion gives the same bytes: keys are sorted, and nothing of the moment is in them. What changes least
//! comes first, so that the prefix caches of servers hit.

use super::dialect::Dialect;
use super::form::Begun;
use super::settings::{LlmSettings, Protocol};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Names of schemas are cut to this, as both protocols want.
const NAME_CHARS_MAX: usize = 64;

/// Texts that many requests begin with: they are shared, and not copied with each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Blocks(Arc<[String]>);

impl Blocks {
    /// Whether both are the very same; others may be equal.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Blocks {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl From<Vec<String>> for Blocks {
    fn from(texts: Vec<String>) -> Self {
        Self(texts.into())
    }
}

impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0[..].serialize(to)
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(|texts: Vec<String>| texts.into())
    }
}

/// One request to a model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Completion {
    /// Given back with the outcome.
    pub id: u64,
    /// The game day, for the budget.
    pub day: i64,
    /// Lower is sent first; ties by id.
    pub priority: u8,
    /// What rarely changes, from the most stable to the least: rules, charter, roster.
    pub system: Blocks,
    /// What changes with each request.
    pub user: String,
    /// A name for the schema; other characters than letters, digits, `_` and `-` are replaced.
    pub schema_name: String,
    /// The JSON schema of the answer, an object; `null` for free text.
    pub schema: Value,
    /// The answer has no more tokens.
    pub max_tokens: u32,
    /// The outcome is there this long after sending, whatever happens; longer than a day is a day.
    pub patience: Duration,
}

impl Completion {
    /// What the model sees, as a text: completions with equal ones are one call.
    #[must_use]
    pub fn prompt_key(&self) -> String {
        let seen = json!([self.system, self.user, self.schema_name, self.max_tokens]);
        format!("{seen}{}", sorted(&self.schema))
    }

    /// What it costs at most, roughly, in tokens: a third of the prompt's bytes, and the longest answer.
    #[must_use]
    pub fn tokens_estimate(&self) -> u64 {
        let system: usize = self.system.iter().map(String::len).sum();
        let schema = if self.schema.is_null() { 0 } else { self.schema.to_string().len() };
        let bytes = u64::try_from(system + self.user.len() + schema).unwrap_or(u64::MAX);
        (bytes / 3).saturating_add(u64::from(self.max_tokens))
    }

    /// The body of the HTTP request.
    #[must_use]
    pub fn body(&self, settings: &LlmSettings, dialect: Dialect) -> Vec<u8> {
        let body = match settings.protocol {
            Protocol::OpenAi => self.open_ai(settings, dialect),
            Protocol::Anthropic => self.anthropic(settings, dialect),
        };
        sorted(&body).to_string().into_bytes()
    }

    /// The body of an HTTP request with an answer that is begun, by Anthropic's protocol: without the tool, which would end it.
    #[must_use]
    pub fn body_begun(&self, settings: &LlmSettings, dialect: Dialect, begun: &Begun) -> Vec<u8> {
        let mut body = self.words(settings, dialect);
        if let Some(messages) = body["messages"].as_array_mut() {
            messages.push(json!({ "role": "assistant", "content": begun.text }));
        }
        body["max_tokens"] = begun.max_tokens.into();
        body["stop_sequences"] = begun.stops.into();
        sorted(&body).to_string().into_bytes()
    }

    /// The system blocks are joined to one message: many chat templates take only one, and a prefix of it is cached
    /// just as well.
    fn open_ai(&self, settings: &LlmSettings, dialect: Dialect) -> Value {
        let mut messages = Vec::new();
        if !self.system.is_empty() {
            messages.push(json!({ "role": "system", "content": self.system.join("\n\n") }));
        }
        messages.push(json!({ "role": "user", "content": self.user }));
        let mut body = json!({
            "model": settings.model,
            "messages": messages,
            "stream": false,
        });
        let limit = if dialect.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
        body[limit] = self.max_tokens.into();
        if let Some(temperature) = settings.temperature.filter(|_| !dialect.without_temperature) {
            body["temperature"] = temperature.into();
        }
        if let Some(seed) = settings.seed.filter(|_| !dialect.without_seed) {
            body["seed"] = seed.into();
        }
        if !self.schema.is_null() {
            let schema = json!({ "name": self.tool_name(), "strict": true, "schema": self.schema });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
        }
        body
    }

    /// The schema is that of a tool which must be used: of the ways to ask for JSON the one that most servers know.
    fn anthropic(&self, settings: &LlmSettings, dialect: Dialect) -> Value {
        let mut body = self.words(settings, dialect);
        if !self.schema.is_null() {
            let name = self.tool_name();
            let about = "Gives the answer. Use it exactly once.";
            body["tools"] = json!([{ "name": name, "description": about, "input_schema": self.schema }]);
            body["tool_choice"] = json!({ "type": "tool", "name": name, "disable_parallel_tool_use": true });
        }
        body
    }

    /// The prompt by Anthropic's protocol.
    fn words(&self, settings: &LlmSettings, dialect: Dialect) -> Value {
        let mut system: Vec<Value> = self.system.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        if let Some(last) = system.last_mut() {
            last["cache_control"] = json!({ "type": "ephemeral" });
        }
        let mut body = json!({
            "model": settings.model,
            "messages": [{ "role": "user", "content": self.user }],
            "max_tokens": self.max_tokens,
            "stream": false,
        });
        if let Some(temperature) = settings.temperature.filter(|_| !dialect.without_temperature) {
            body["temperature"] = temperature.into();
        }
        if !system.is_empty() {
            body["system"] = system.into();
        }
        body
    }

    fn tool_name(&self) -> String {
        let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
        let name: String = self.schema_name.chars().map(allowed).take(NAME_CHARS_MAX).collect();
        if name.is_empty() { "answer".to_owned() } else { name }
    }
}

/// The same with every object's keys sorted, whether or not `serde_json` was built to keep their order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            Value::Object(keys.into_iter().map(|key| (key.clone(), sorted(&map[key]))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot() -> Completion {
        Completion {
            id: 1,
            day: 0,
            priority: 0,
            system: vec!["rules".to_owned(), "charter".to_owned()].into(),
            user: "vote".to_owned(),
            schema_name: "ballot v1".to_owned(),
            schema: json!({ "type": "object", "properties": { "vote": { "enum": ["yes", "no"] } } }),
            max_tokens: 160,
            patience: Duration::from_secs(1),
        }
    }

    fn text(completion: &Completion, protocol: Protocol) -> String {
        text_in(completion, protocol, Dialect::default())
    }

    fn text_in(completion: &Completion, protocol: Protocol, dialect: Dialect) -> String {
        let settings = LlmSettings { protocol, model: "m".to_owned(), ..LlmSettings::default() };
        String::from_utf8(completion.body(&settings, dialect)).expect("JSON")
    }

    #[test]
    fn bytes_of_open_ai() {
        let expected = concat!(
            r#"{"max_tokens":160,"messages":[{"content":"rules\n\ncharter","role":"system"},"#,
            r#"{"content":"vote","role":"user"}],"model":"m","response_format":{"json_schema":{"name":"ballot_v1","#,
            r#""schema":{"properties":{"vote":{"enum":["yes","no"]}},"type":"object"},"strict":true},"#,
            r#""type":"json_schema"},"seed":1,"stream":false,"temperature":0.0}"#,
        );
        assert_eq!(text(&ballot(), Protocol::OpenAi), expected);
    }

    #[test]
    fn bytes_of_anthropic() {
        let expected = concat!(
            r#"{"max_tokens":160,"messages":[{"content":"vote","role":"user"}],"model":"m","stream":false,"#,
            r#""system":[{"text":"rules","type":"text"},"#,
            r#"{"cache_control":{"type":"ephemeral"},"text":"charter","type":"text"}],"temperature":0.0,"#,
            r#""tool_choice":{"disable_parallel_tool_use":true,"name":"ballot_v1","type":"tool"},"#,
            r#""tools":[{"description":"Gives the answer. Use it exactly once.","#,
            r#""input_schema":{"properties":{"vote":{"enum":["yes","no"]}},"type":"object"},"name":"ballot_v1"}]}"#,
        );
        assert_eq!(text(&ballot(), Protocol::Anthropic), expected);
    }

    #[test]
    fn bytes_of_a_begun_answer() {
        let settings = LlmSettings { protocol: Protocol::Anthropic, model: "m".to_owned(), ..LlmSettings::default() };
        let begun = Begun { text: r#"{"vote":""#.to_owned(), stops: &["\""], max_tokens: 4 };
        let body = ballot().body_begun(&settings, Dialect::default(), &begun);
        let expected = concat!(
            r#"{"max_tokens":4,"messages":[{"content":"vote","role":"user"},"#,
            r#"{"content":"{\"vote\":\"","role":"assistant"}],"model":"m","stop_sequences":["\""],"stream":false,"#,
            r#""system":[{"text":"rules","type":"text"},"#,
            r#"{"cache_control":{"type":"ephemeral"},"text":"charter","type":"text"}],"temperature":0.0}"#,
        );
        assert_eq!(String::from_utf8(body).expect("JSON"), expected);
    }

    #[test]
    fn a_dialect_renames_and_leaves_out() {
        let dialect = Dialect {
            max_completion_tokens: true,
            without_temperature: true,
            without_seed: true,
            ..Dialect::default()
        };
        let open_ai = text_in(&ballot(), Protocol::OpenAi, dialect);
        assert!(open_ai.starts_with(r#"{"max_completion_tokens":160,"#), "{open_ai}");
        for name in ["max_tokens", "temperature", "seed"] {
            assert!(!open_ai.contains(name), "{name}: {open_ai}");
        }
        let anthropic = text_in(&ballot(), Protocol::Anthropic, dialect);
        assert!(anthropic.contains(r#""max_tokens":160"#) && !anthropic.contains("temperature"), "{anthropic}");
    }

    #[test]
    fn free_text_asks_for_no_schema() {
        let completion = Completion { schema: Value::Null, system: Blocks::default(), ..ballot() };
        assert!(!text(&completion, Protocol::OpenAi).contains("response_format"));
        let anthropic = text(&completion, Protocol::Anthropic);
        assert!(!anthropic.contains("tool") && !anthropic.contains("system"), "{anthropic}");
    }

    #[test]
    fn who_asks_and_when_is_not_seen_by_the_model() {
        let later = Completion { id: 9, day: 3, priority: 7, patience: Duration::ZERO, ..ballot() };
        assert_eq!(later.prompt_key(), ballot().prompt_key());
        assert_eq!(text(&later, Protocol::OpenAi), text(&ballot(), Protocol::OpenAi));
        let other = Completion { user: "vote!".to_owned(), ..ballot() };
        assert_ne!(other.prompt_key(), ballot().prompt_key());
    }

    #[test]
    fn names_are_made_to_fit() {
        let name = |name: &str| Completion { schema_name: name.to_owned(), ..ballot() }.tool_name();
        assert_eq!(name(""), "answer");
        assert_eq!(name("räte/x"), "r_te_x");
        assert_eq!(name(&"a".repeat(99)).len(), 64);
    }

    #[test]
    fn the_estimate_counts_prompt_and_answer() {
        let completion = Completion { schema: Value::Null, ..ballot() };
        assert_eq!(completion.tokens_estimate(), (5 + 7 + 4) / 3 + 160);
    }
}
