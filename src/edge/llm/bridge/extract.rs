//! The one JSON object in what a model says.

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;
use thiserror::Error;

/// Longer answers are not looked at, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// Objects and lists are nested no deeper.
pub const ANSWER_DEPTH_MAX: usize = 16;
/// So much of a key is shown in an error, in characters.
const KEY_CHARS_MAX: usize = 40;

/// An answer that holds no object that can be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ExtractError {
    /// Longer than is looked at.
    #[error("answer: {bytes} bytes are more than {limit}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// [`ANSWER_BYTES_MAX`].
        limit: usize,
    },
    /// Nothing in it looks like an object.
    #[error("answer: it holds no JSON object")]
    NoObject,
    /// The object does not end.
    #[error("answer: the object that begins at byte {at} does not end")]
    Truncated {
        /// Where it begins.
        at: usize,
    },
    /// More than one object.
    #[error("answer: a second object begins at byte {at}")]
    Several {
        /// Where.
        at: usize,
    },
    /// The object is an item of a list.
    #[error("answer: the object at byte {at} is in a list")]
    InList {
        /// Where it begins.
        at: usize,
    },
    /// Nested too deeply.
    #[error("answer: it is nested more than {limit} deep at byte {at}")]
    TooDeep {
        /// Where.
        at: usize,
        /// [`ANSWER_DEPTH_MAX`].
        limit: usize,
    },
    /// Two members of one object have one name.
    #[error("answer: the key `{key}` is there twice")]
    DuplicateKey {
        /// The name, shortened.
        key: String,
    },
    /// Anything else that is no JSON: a raw control character in a string, `NaN`, a missing quote.
    #[error("answer: no JSON at line {line}, column {column} of the object")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
}

/// Finds the one object in an answer: bare, in a fenced block, or with prose around it.
///
/// What begins like an object (`{"` or `{}`, space allowed) must be one, and the only one: an answer that says two
/// things says nothing. Braces in prose are passed over.
///
/// # Errors
/// No object, more than one, or one that is not strictly JSON.
///
/// The result never depends on which of two values a reader would take: keys that are there twice are refused.
pub fn extract(text: &str) -> Result<Map<String, Value>, ExtractError> {
    if text.len() > ANSWER_BYTES_MAX {
        return Err(ExtractError::TooLong { bytes: text.len(), limit: ANSWER_BYTES_MAX });
    }
    let start = find_object(text, 0).ok_or(ExtractError::NoObject)?;
    let end = find_end(text, start)?;
    if text[..start].trim_end().ends_with('[') {
        return Err(ExtractError::InList { at: start });
    }
    if let Some(at) = find_object(text, end) {
        return Err(ExtractError::Several { at });
    }
    parse(&text[start..end])
}

/// The next brace that begins an object rather than a remark in prose.
fn find_object(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut braces = bytes.iter().enumerate().skip(from).filter(|(_, b)| **b == b'{').map(|(at, _)| at);
    braces.find(|at| {
        let next = bytes[at + 1..].iter().find(|b| !b.is_ascii_whitespace());
        // A brace with nothing behind it was cut off.
        matches!(next, Some(b'"' | b'}') | None)
    })
}

/// The byte after the brace that closes the one at `start`.
fn find_end(text: &str, start: usize) -> Result<usize, ExtractError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate().skip(start) {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > ANSWER_DEPTH_MAX {
            return Err(ExtractError::TooDeep { at, limit: ANSWER_DEPTH_MAX });
        }
        if depth == 0 {
            return Ok(at + 1);
        }
    }
    Err(ExtractError::Truncated { at: start })
}

fn parse(object: &str) -> Result<Map<String, Value>, ExtractError> {
    let twice = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(object);
    let value = Strict { twice: &twice }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match (value, twice.into_inner()) {
        (_, Some(key)) => Err(ExtractError::DuplicateKey { key }),
        (Ok(Value::Object(map)), None) => Ok(map),
        (Ok(_), None) => Err(ExtractError::NoObject),
        (Err(error), None) => Err(ExtractError::NotJson { line: error.line(), column: error.column() }),
    }
}

/// Reads a value as `serde_json` does, but refuses keys that are there twice, of which that takes the last.
#[derive(Clone, Copy)]
struct Strict<'a> {
    twice: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if map.contains_key(&key) {
                *self.twice.borrow_mut() = Some(key.chars().filter(|c| !c.is_control()).take(KEY_CHARS_MAX).collect());
                return Err(A::Error::custom("a key is there twice"));
            }
            map.insert(key, members.next_value_seed(self)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const VALID: &str =
        r#"{"vote":"approve","reason":"a \"big\" {plan}","conditions":[{"kind":"x","n":1.5},null,true]}"#;

    fn check(text: &str, expected: &Value) {
        assert_eq!(extract(text).map(Value::Object).as_ref(), Ok(expected), "{text}");
    }

    #[test]
    fn an_object_is_found_bare_fenced_and_in_prose() {
        let vote = json!({ "vote": "yes" });
        check(r#"{"vote":"yes"}"#, &vote);
        check("  \n{ \"vote\" : \"yes\" }\n", &vote);
        check("```json\n{\"vote\":\"yes\"}\n```", &vote);
        check("Here is my answer:\n```\n{\"vote\":\"yes\"}\n```\nI hope it helps.", &vote);
        check("I vote {yes}, as {x: 1} says: {\"vote\":\"yes\"} {done}.", &vote);
        check(r#"{"vote":"yes"}<|im_end|>"#, &vote);
        check("Привет {\"vote\":\"yes\"} 你好", &vote);
        check("{}", &json!({}));
        check(VALID, &serde_json::from_str(VALID).expect("JSON"));
    }

    #[test]
    fn what_is_no_single_strict_object_is_refused() {
        let not_json = |column| ExtractError::NotJson { line: 1, column };
        let cases = [
            ("", ExtractError::NoObject),
            ("I approve.", ExtractError::NoObject),
            ("null", ExtractError::NoObject),
            ("[]", ExtractError::NoObject),
            (r#"["a"]"#, ExtractError::NoObject),
            ("{vote: yes}", ExtractError::NoObject),
            ("{", ExtractError::Truncated { at: 0 }),
            (r#"{"vote":"ye"#, ExtractError::Truncated { at: 0 }),
            (r#"{"vote":"yes","x":{"a":1}"#, ExtractError::Truncated { at: 0 }),
            (r#"so: {"vote":"yes\"}"#, ExtractError::Truncated { at: 4 }),
            (r#"[{"vote":"yes"}]"#, ExtractError::InList { at: 1 }),
            (r#"{"vote":"yes"}{"vote":"no"}"#, ExtractError::Several { at: 14 }),
            (r#"{"vote":"yes"} or {"vote":"#, ExtractError::Several { at: 18 }),
            (r#"{} {"vote":"yes"}"#, ExtractError::Several { at: 3 }),
            (r#"{"vote":"yes","vote":"no"}"#, ExtractError::DuplicateKey { key: "vote".to_owned() }),
            (r#"{"a":{"b":1,"b":1}}"#, ExtractError::DuplicateKey { key: "b".to_owned() }),
            (r#"{"vote":"yes","\u0076ote":"no"}"#, ExtractError::DuplicateKey { key: "vote".to_owned() }),
            (r#"{"n":NaN}"#, not_json(6)),
            (r#"{"n":-Infinity}"#, not_json(7)),
            (r#"{"n":1e999}"#, not_json(10)),
            (r#"{"n":01}"#, not_json(7)),
            (r#"{"n":1,}"#, not_json(8)),
            (r#"{"n":[1}"#, ExtractError::Truncated { at: 0 }),
            (r#"{"n":[1}]"#, not_json(8)),
            (r#"{"s":"\ud800"}"#, not_json(12)),
            ("{\"s\":\"a\tb\"}", not_json(8)),
        ];
        for (text, expected) in cases {
            let error = extract(text).expect_err(text);
            let alike = match (&error, &expected) {
                // Where exactly the reader gives up is its own affair.
                (ExtractError::NotJson { .. }, ExtractError::NotJson { .. }) => true,
                (error, expected) => error == expected,
            };
            assert!(alike, "{text}: {error:?}, not {expected:?}");
        }
    }

    #[test]
    fn size_is_limited() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(extract(&nested(ANSWER_DEPTH_MAX)).is_ok());
        assert!(matches!(extract(&nested(ANSWER_DEPTH_MAX + 1)), Err(ExtractError::TooDeep { .. })));
        assert!(matches!(extract(&"{\"a\":".repeat(10_000)), Err(ExtractError::TooDeep { .. })));
        assert!(matches!(extract(&"x".repeat(ANSWER_BYTES_MAX + 1)), Err(ExtractError::TooLong { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), noise in r#"[{}\[\]"\\:,a0 \t]{0,60}"#) {
            let _ = extract(&text);
            let _ = extract(&noise);
        }

        #[test]
        fn a_cut_answer_is_refused(cut in 1..VALID.len()) {
            prop_assert!(extract(&VALID[..cut]).is_err());
        }

        #[test]
        fn a_changed_answer_is_refused_or_is_json(at in 0..VALID.len(), byte in 0_u8..128) {
            let mut bytes = VALID.as_bytes().to_vec();
            bytes[at] = byte;
            let text = String::from_utf8(bytes).expect("ASCII");
            if let Ok(map) = extract(&text) {
                let found = Value::Object(map).to_string();
                prop_assert!(extract(&found).is_ok(), "{text}: {found}");
            }
        }

        #[test]
        fn prose_without_braces_changes_nothing(before in "[^{}\\[\\]]{0,40}", after in "[^{}]{0,40}") {
            let found = extract(&format!("{before}{VALID}{after}"));
            prop_assert_eq!(found, extract(VALID));
        }
    }
}
