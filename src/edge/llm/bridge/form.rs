//! An answer that is begun for the model, field by field, where a server does not hold it to the schema.
//!
//! The model goes on with what stands there already (`{"vote":"`) and is stopped at the end of the value. Of a closed set only what is
//! exactly in it is taken; a text is cut to its length. Closed sets come first: who has said why at length often forgets what for.
//!
//! Schemas of other shapes than those of this crate's own questions have no form.

use super::extract::{ExtractError, extract};
use super::reply::{Finish, Reply};
use serde_json::{Map, Value};

/// So many tokens a number has at most.
const WHOLE_TOKENS_MAX: u32 = 20;

/// How an answer is begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Begun {
    /// What the model goes on with.
    pub text: String,
    /// What ends the value.
    pub stops: &'static [&'static str],
    /// What it says has no more tokens.
    pub max_tokens: u32,
}

/// An object of a schema, of which some fields are filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    fields: Vec<(String, Kind)>,
    filled: usize,
    text: String,
    tokens_left: u32,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    /// One of some words.
    Word(Vec<String>),
    /// A list of some words; a form has one of them.
    Words(Vec<String>),
    /// A whole number, from and to.
    Whole(i64, i64),
    /// Any text, of so many characters.
    Text(usize),
}

impl Kind {
    fn of(schema: &Value) -> Option<Self> {
        let words = |of: &Value| -> Option<Vec<String>> {
            of.get("enum")?.as_array()?.iter().map(|word| Some(word.as_str()?.to_owned())).collect()
        };
        let whole = |name: &str, otherwise: i64| schema.get(name).map_or(Some(otherwise), Value::as_i64);
        match schema.get("type")?.as_str()? {
            "string" if schema.get("enum").is_some() => words(schema).map(Self::Word),
            "string" => {
                let chars = schema.get("maxLength").and_then(Value::as_u64);
                Some(Self::Text(chars.map_or(usize::MAX, |chars| usize::try_from(chars).unwrap_or(usize::MAX))))
            }
            "integer" => Some(Self::Whole(whole("minimum", i64::MIN)?, whole("maximum", i64::MAX)?)),
            "array" if schema.get("minItems").and_then(Value::as_u64).unwrap_or_default() <= 1 => {
                words(schema.get("items")?).map(Self::Words)
            }
            _ => None,
        }
    }

    /// What stands around a value, and what ends it.
    fn marks(&self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Word(_) | Self::Text(_) => ("\"", "\"", &["\""]),
            Self::Words(_) => ("[\"", "\"]", &["\""]),
            Self::Whole(..) => ("", "", &[",", "}"]),
        }
    }

    fn tokens_max(&self) -> u32 {
        let longest = |words: &[String]| words.iter().map(String::len).max().unwrap_or_default() + 1;
        let tokens = match self {
            Self::Word(words) | Self::Words(words) => longest(words),
            Self::Whole(..) => return WHOLE_TOKENS_MAX,
            Self::Text(chars) => *chars,
        };
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    /// What of a model's words stands between the marks; `None` where nothing does that was offered. `cut`: more would have come.
    fn value(&self, said: &str, cut: bool) -> Option<String> {
        match self {
            Self::Word(words) | Self::Words(words) => {
                let end = said.find('"').or((!cut).then_some(said.len()))?;
                let word = said[..end].trim();
                words.iter().find(|offered| *offered == word).cloned()
            }
            Self::Whole(least, most) => {
                let said = said.trim_start();
                let digits = |c: char| c.is_ascii_digit() || c == '-';
                let end = said.find(|c| !digits(c)).or((!cut).then_some(said.len()))?;
                let ends = said[end..].chars().next().is_none_or(|c| matches!(c, ',' | '}') || c.is_whitespace());
                let number: i64 = said[..end].parse().ok().filter(|_| ends)?;
                (*least..=*most).contains(&number).then(|| number.to_string())
            }
            Self::Text(chars) => {
                let words: String = unquoted(said).trim().chars().take(*chars).collect();
                let quoted = Value::from(words.trim_end()).to_string();
                Some(quoted[1..quoted.len() - 1].to_owned())
            }
        }
    }

    fn allows(&self, value: &Value) -> bool {
        let offered = |words: &[String], value: &Value| value.as_str().is_some_and(|v| words.iter().any(|w| w == v));
        match self {
            Self::Word(words) => offered(words, value),
            Self::Words(words) => {
                value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(|item| offered(words, item)))
            }
            Self::Whole(least, most) => value.as_i64().is_some_and(|number| (*least..=*most).contains(&number)),
            Self::Text(_) => value.is_string(),
        }
    }
}

/// What a text in JSON says up to its closing mark. Where it is not strictly JSON, what it seems to say.
fn unquoted(said: &str) -> String {
    let mut escaped = false;
    let end = said.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let raw = &said[..end.unwrap_or(said.len())];
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.replace(['\\', '\n', '\r', '\t'], " "))
}

impl Form {
    /// An empty one, for an answer of so many tokens; `None` of a schema that has none, and of one that asks for less than all of its
    /// fields.
    pub(crate) fn of(schema: &Value, max_tokens: u32) -> Option<Self> {
        let properties = schema.get("properties")?.as_object()?;
        let kinds = properties.iter().map(|(name, of)| Some((name.clone(), Kind::of(of)?)));
        let required: Vec<&str> = schema.get("required")?.as_array()?.iter().filter_map(Value::as_str).collect();
        if !properties.keys().all(|name| required.contains(&name.as_str())) {
            return None;
        }
        let mut fields: Vec<(String, Kind)> = kinds.collect::<Option<_>>()?;
        fields.sort_by(|(a, of_a), (b, of_b)| {
            let is_open = |kind: &Kind| matches!(kind, Kind::Text(_));
            (is_open(of_a), a).cmp(&(is_open(of_b), b))
        });
        (!fields.is_empty()).then_some(Self { fields, filled: 0, text: String::new(), tokens_left: max_tokens })
    }

    /// Whether an object has all fields, each as it must be.
    fn allows(&self, object: &Map<String, Value>) -> bool {
        self.fields.iter().all(|(name, kind)| object.get(name).is_some_and(|value| kind.allows(value)))
    }

    /// Whether words that a server did not say through the schema show that it does not hold the model to it. What was filtered, is
    /// blank or was cut within an object shows nothing.
    pub(crate) fn is_ignored_by(&self, reply: &Reply) -> bool {
        let says = reply.finish != Finish::Filter && !reply.text.trim().is_empty();
        says && match extract(&reply.text) {
            Ok(object) => !self.allows(&object),
            Err(ExtractError::Truncated { .. }) => reply.finish == Finish::Stop,
            Err(_) => true,
        }
    }

    /// The next field; `None` where all are filled in, or no tokens are left for it.
    pub(crate) fn begun(&self) -> Option<Begun> {
        let (name, kind) = self.fields.get(self.filled)?;
        let (open, _, stops) = kind.marks();
        let before = if self.filled == 0 { "{" } else { "," };
        let text = format!("{}{before}{}:{open}", self.text, Value::from(name.as_str()));
        let max_tokens = kind.tokens_max().min(self.tokens_left);
        (max_tokens > 0).then_some(Begun { text, stops, max_tokens })
    }

    /// Takes what the model went on with, whether or not the server repeats what it was begun with. `false` where that was not offered:
    /// then the form is broken, and ends with it.
    pub(crate) fn fill(&mut self, begun: &Begun, reply: &Reply) -> bool {
        let Some((_, kind)) = self.fields.get(self.filled) else { return false };
        let said = reply.text.trim_start().strip_prefix(&begun.text).unwrap_or(&reply.text);
        let spent = reply.tokens_out.and_then(|tokens| u32::try_from(tokens).ok()).unwrap_or(begun.max_tokens);
        self.tokens_left = self.tokens_left.saturating_sub(spent);
        let value = kind.value(said, reply.finish != Finish::Stop).filter(|_| reply.finish != Finish::Filter);
        let (_, close, _) = kind.marks();
        self.filled += 1;
        let end = if self.is_whole() { "}" } else { "" };
        self.text = match &value {
            Some(value) => format!("{}{value}{close}{end}", begun.text),
            None => format!("{}{said}", begun.text),
        };
        value.is_some()
    }

    /// Whether all fields are filled in.
    pub(crate) fn is_whole(&self) -> bool {
        self.filled == self.fields.len()
    }

    /// What was filled in.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn ballot() -> Form {
        let schema = json!({ "type": "object", "properties": {
            "condition": { "type": "string", "enum": ["none", "no", "half"] },
            "reason": { "type": "string", "maxLength": 12 },
            "vote": { "type": "string", "enum": ["approve", "reject"] },
        }, "required": ["condition", "reason", "vote"] });
        Form::of(&schema, 160).expect("a form")
    }

    fn one(kind: &Value) -> Form {
        Form::of(&json!({ "properties": { "x": kind }, "required": ["x"] }), 160).expect("a form")
    }

    fn says(text: &str, finish: Finish) -> Reply {
        Reply { text: text.to_owned(), finish, tokens_in: Some(9), tokens_out: Some(3) }
    }

    /// What a form holds after a model that goes on with these words.
    fn filled(mut form: Form, words: &[(&str, Finish)]) -> Result<String, String> {
        for (word, finish) in words {
            let begun = form.begun().expect("a field");
            if !form.fill(&begun, &says(word, *finish)) {
                return Err(form.into_text());
            }
        }
        Ok(form.into_text())
    }

    #[test]
    fn fields_are_begun_one_by_one_and_closed_sets_first() {
        let mut form = ballot();
        let begun = form.begun().expect("a field");
        let expected = Begun { text: r#"{"condition":""#.to_owned(), stops: &["\""], max_tokens: 5 };
        assert_eq!(begun, expected);
        assert!(form.fill(&begun, &says("none", Finish::Stop)));
        let begun = form.begun().expect("a field");
        assert_eq!(begun.text, r#"{"condition":"none","vote":""#);
        // Some servers repeat what was begun.
        assert!(form.fill(&begun, &says(r#"{"condition":"none","vote":"approve"#, Finish::Stop)));
        let begun = form.begun().expect("a field");
        assert_eq!((begun.text.as_str(), begun.max_tokens), (r#"{"condition":"none","vote":"approve","reason":""#, 12));
        assert!(form.fill(&begun, &says("Two to one, and all of it fresh", Finish::Length)));
        assert_eq!(form.begun(), None);
        assert_eq!(form.into_text(), r#"{"condition":"none","vote":"approve","reason":"Two to one,"}"#);
    }

    #[test]
    fn of_a_closed_set_only_what_is_in_it_is_taken() {
        for (said, finish, taken) in [
            ("no", Finish::Stop, Some("no")),
            (" half ", Finish::Stop, Some("half")),
            (r#"no","vote":"approve"#, Finish::Length, Some("no")),
            ("no", Finish::Length, None),
            ("no", Finish::Filter, None),
            ("nonetheless", Finish::Stop, None),
            ("none/half", Finish::Stop, None),
            ("None", Finish::Stop, None),
            ("", Finish::Stop, None),
            (r#"{"condition": "#, Finish::Stop, None),
        ] {
            let text = filled(ballot(), &[(said, finish)]);
            let expected = taken.map_or_else(
                || Err(format!(r#"{{"condition":"{said}"#)),
                |taken| Ok(format!(r#"{{"condition":"{taken}""#)),
            );
            assert_eq!(text, expected, "{said}");
        }
    }

    #[test]
    fn numbers_lists_and_texts_have_forms() {
        let number = json!({ "type": "integer", "minimum": 0, "maximum": 12 });
        for (said, taken) in [("1", Some("1")), (" 12\n", Some("12")), ("3,", Some("3"))] {
            let text = filled(one(&number), &[(said, Finish::Stop)]);
            assert_eq!(text.ok(), taken.map(|n| format!(r#"{{"x":{n}}}"#)), "{said}");
        }
        for said in ["13", "-1", "1.5", "one", "", "\"1\""] {
            assert!(filled(one(&number), &[(said, Finish::Stop)]).is_err(), "{said}");
        }
        assert!(filled(one(&number), &[("1", Finish::Length)]).is_err(), "more digits may come");

        let list = json!({ "type": "array", "minItems": 1, "items": { "type": "string", "enum": ["a", "b"] } });
        assert_eq!(filled(one(&list), &[("b", Finish::Stop)]).as_deref(), Ok(r#"{"x":["b"]}"#));

        let text = json!({ "type": "string" });
        for (said, taken) in
            [("a \\\"b\\\" c\", \"y\": 1", r#"a \"b\" c"#), ("tail \\", "tail"), ("two\nlines", "two lines"), ("", "")]
        {
            let expected = format!(r#"{{"x":"{taken}"}}"#);
            assert_eq!(filled(one(&text), &[(said, Finish::Stop)]), Ok(expected), "{said}");
        }
    }

    #[test]
    fn other_schemas_have_no_form() {
        for schema in [
            Value::Null,
            json!({ "type": "object" }),
            json!({ "properties": {} }),
            json!({ "properties": { "x": { "type": "object" } }, "required": ["x"] }),
            json!({ "properties": { "x": { "type": "string", "enum": [1] } }, "required": ["x"] }),
            json!({ "properties": { "x": { "type": "array", "minItems": 2, "items": { "enum": ["a"] } } }, "required": ["x"] }),
            json!({ "properties": { "x": { "enum": ["a"] } }, "required": ["x"] }),
            // What may be left out shows nothing where it is.
            json!({ "properties": { "x": { "type": "string" } } }),
            json!({ "properties": { "x": { "type": "string" }, "y": { "type": "string" } }, "required": ["x"] }),
        ] {
            assert_eq!(Form::of(&schema, 160), None, "{schema}");
        }
    }

    #[test]
    fn an_answer_has_no_more_tokens_than_were_allowed() {
        let schema =
            json!({ "properties": { "x": { "type": "string" }, "y": { "type": "string" } }, "required": ["x", "y"] });
        let mut form = Form::of(&schema, 10).expect("a form");
        let begun = form.begun().expect("a field");
        assert_eq!(begun.max_tokens, 10);
        assert!(form.fill(&begun, &Reply { tokens_out: Some(10), ..says("so much", Finish::Length) }));
        assert_eq!(form.begun(), None);
    }

    #[test]
    fn an_answer_that_fits_does_not_show_that_the_schema_is_ignored() {
        let fits = r#"Well: {"condition":"none","reason":"x","vote":"reject"}"#;
        for (text, ignored) in [
            (fits, false),
            ("", false),
            ("I approve.", true),
            (r#"{"condition":"none","reason":"x"}"#, true),
            (r#"{"condition":"none","reason":"x","vote":"yes"}"#, true),
            (r#"{"condition":"none","reas"#, true),
        ] {
            assert_eq!(ballot().is_ignored_by(&says(text, Finish::Stop)), ignored, "{text}");
            assert!(!ballot().is_ignored_by(&says(text, Finish::Filter)), "{text}");
        }
        let cut = says(r#"{"condition":"none","reas"#, Finish::Length);
        assert!(!ballot().is_ignored_by(&cut), "it may have come to fit");
    }

    proptest! {
        /// Whatever a model says, a form that was filled in is one object with all its fields, as they must be.
        #[test]
        fn what_is_filled_in_fits(
            words in proptest::collection::vec("(none|no|half|approve|reject|[\"\\\\,{}: a\\n\u{e9}]{0,3}){1,3}", 3),
            length in any::<bool>(),
        ) {
            let finish = if length { Finish::Length } else { Finish::Stop };
            let words: Vec<_> = words.iter().map(|word| (word.as_str(), finish)).collect();
            if let Ok(text) = filled(ballot(), &words) {
                let object = extract(&text).expect("an object");
                prop_assert!(ballot().allows(&object), "{}", text);
                prop_assert!(object["reason"].as_str().is_some_and(|reason| reason.chars().count() <= 12), "{}", text);
            }
        }
    }
}
