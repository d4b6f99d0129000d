//! A cursor over one line: keywords, punctuation, numbers and quoted strings.

use super::error::{ImportError, ImportProblem, quoted};

/// Digits of a number at most; `i64` holds 18 of them for certain.
const DIGITS: usize = 18;

/// A place in one line.
pub(super) struct Cursor<'a> {
    line: u64,
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: u64, text: &'a str) -> Self {
        Self { line, text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The column of the next character, counted from 1 in characters.
    pub(super) fn column(&self) -> u64 {
        self.text.get(..self.at).map_or(0, |before| before.chars().count()) as u64 + 1
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    pub(super) fn error(&self, problem: ImportProblem) -> ImportError {
        ImportError { line: self.line, column: self.column(), problem }
    }

    /// The error that something else stands here.
    pub(super) fn unexpected(&self, expected: impl Into<String>) -> ImportError {
        let found = match self.peek() {
            None => "the end of the line".to_owned(),
            Some(c) if c.is_alphanumeric() => {
                let word: String = self.rest().chars().take_while(|c| c.is_alphanumeric()).collect();
                quoted(&word)
            }
            Some(c) => format!("{c:?}"),
        };
        self.error(ImportProblem::Unexpected { expected: expected.into(), found })
    }

    /// Takes a word in any case, if it stands here.
    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let rest = self.rest();
        let matches = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if matches {
            self.at += word.len();
        }
        matches
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<(), ImportError> {
        if self.accept_word(word) { Ok(()) } else { Err(self.unexpected(format!("`{word}`"))) }
    }

    /// Takes a character after any spaces, if it stands here.
    pub(super) fn accept(&mut self, wanted: char) -> bool {
        self.skip_spaces();
        let matches = self.peek() == Some(wanted);
        if matches {
            self.bump();
        }
        matches
    }

    pub(super) fn expect(&mut self, wanted: char, expected: &str) -> Result<(), ImportError> {
        if self.accept(wanted) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// A whole number within a range. An error points at its first character.
    pub(super) fn number(&mut self, field: &'static str, low: i64, high: i64) -> Result<i64, ImportError> {
        self.skip_spaces();
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.unexpected(format!("a number for {field}")));
        }
        let text = &rest[..sign + digits];
        let value = if digits <= DIGITS { text.parse::<i64>().ok() } else { None };
        match value.filter(|v| (low..=high).contains(v)) {
            Some(value) => {
                self.at += text.len();
                Ok(value)
            }
            None => Err(self.error(ImportProblem::OutOfRange { field, low, high, found: quoted(text) })),
        }
    }

    /// A quoted string, of which the first `chars` characters are kept. A missing end points past the line's last
    /// character, a bad escape at the character after the backslash.
    pub(super) fn string(&mut self, field: &'static str, chars: usize) -> Result<String, ImportError> {
        self.expect('\'', &format!("`'` at the start of {field}"))?;
        let mut kept = String::new();
        let mut count = 0;
        loop {
            let not_closed = ImportProblem::StringNotClosed { field };
            let next = match self.bump() {
                None => return Err(self.error(not_closed)),
                Some('\\') => match self.peek() {
                    None => return Err(self.error(not_closed)),
                    Some(c) => {
                        let Some(plain) = unescape(c) else {
                            return Err(self.error(ImportProblem::BadEscape { field, found: format!("{c:?}") }));
                        };
                        self.bump();
                        plain
                    }
                },
                Some('\'') if self.peek() == Some('\'') => {
                    self.bump();
                    '\''
                }
                Some('\'') => return Ok(kept),
                Some(c) => c,
            };
            if count < chars {
                kept.push(next);
                count += 1;
            }
        }
    }

    /// A value of any kind that is not kept: NULL, TRUE, FALSE, a number or a string.
    pub(super) fn skip_value(&mut self, field: &'static str) -> Result<(), ImportError> {
        self.skip_spaces();
        if self.peek() == Some('\'') {
            return self.string(field, 0).map(drop);
        }
        if ["NULL", "TRUE", "FALSE"].iter().any(|word| self.accept_word(word)) {
            return Ok(());
        }
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.unexpected(format!("NULL, TRUE, FALSE, a number or a string for {field}")));
        }
        self.at += sign + digits;
        let fraction = self.rest().strip_prefix('.').map_or(0, |r| r.bytes().take_while(u8::is_ascii_digit).count());
        if fraction > 0 {
            self.at += 1 + fraction;
        }
        Ok(())
    }
}

/// The escapes that `MySQL` writes.
fn unescape(c: char) -> Option<char> {
    match c {
        '\'' | '\\' | '"' => Some(c),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '0' => Some('\0'),
        _ => None,
    }
}
