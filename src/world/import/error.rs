//! What can be wrong with a dump, and where.

use thiserror::Error;

/// A dump that cannot be read. Nothing of it was loaded.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("map.sql line {line}, column {column}: {problem}")]
pub struct ImportError {
    /// The line, counted from 1.
    pub line: u64,
    /// The column in characters, counted from 1.
    pub column: u64,
    /// What is wrong there.
    pub problem: ImportProblem,
}

/// What is wrong with a dump. Texts from the file are quoted and cut short.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ImportProblem {
    /// Not what an `INSERT` has at this place.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What belongs there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A number that the field cannot have.
    #[error("expected {field} from {low} to {high}, found {found}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its smallest value.
        low: i64,
        /// Its largest value.
        high: i64,
        /// What stands there.
        found: String,
    },
    /// A string without its closing quote; a line break cannot be part of a string.
    #[error("expected `'` at the end of {field}, found the end of the line")]
    StringNotClosed {
        /// The field.
        field: &'static str,
    },
    /// A backslash before a character that it does not escape.
    #[error("expected one of ' \\ \" n r t 0 after `\\` in {field}, found {found}")]
    BadEscape {
        /// The field.
        field: &'static str,
        /// What stands there.
        found: String,
    },
    /// Bytes that are no text.
    #[error("expected UTF-8, found the byte 0x{byte:02x}")]
    NotUtf8 {
        /// The first byte that is no text.
        byte: u8,
    },
    /// A line beyond the limit `line_bytes`.
    #[error("expected the end of the line within {limit} bytes (limit `line_bytes`), found more")]
    LineTooLong {
        /// The limit.
        limit: usize,
    },
    /// A row beyond the limit `rows`.
    #[error("expected at most {limit} rows (limit `rows`), found one more")]
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// A file without any row.
    #[error("expected at least one INSERT, found none in the whole file")]
    Empty,
    /// A tile beyond the edge of the map.
    #[error("expected x and y from -{half_width} to {half_width}, found ({x}|{y})")]
    OffMap {
        /// Its x.
        x: i16,
        /// Its y.
        y: i16,
        /// The map's half-width, as the first row has it.
        half_width: i16,
    },
    /// A tile id that does not belong to its x and y.
    #[error("expected tile id {expected} at ({x}|{y}), found {found}")]
    TileDisagrees {
        /// Its x.
        x: i16,
        /// Its y.
        y: i16,
        /// The ids that the tile can have on the maps that are possible here.
        expected: String,
        /// The id that stands there.
        found: i64,
    },
    /// A second village on one tile.
    #[error("expected a tile of its own, found ({x}|{y}) of line {first_line} again")]
    DuplicateTile {
        /// Its x.
        x: i16,
        /// Its y.
        y: i16,
        /// Where the tile stood first.
        first_line: u64,
    },
    /// A second village with one id.
    #[error("expected a new village id, found {village} of line {first_line} again")]
    DuplicateVillage {
        /// The id.
        village: u32,
        /// Where it stood first.
        first_line: u64,
    },
    /// A tribe that the ruleset does not have.
    #[error("expected a tribe of the ruleset ({known}), found {tribe}")]
    UnknownTribe {
        /// The number that stands there.
        tribe: u8,
        /// The numbers that the ruleset has.
        known: String,
    },
    /// Two rows that contradict each other about a player or an alliance.
    #[error("expected {what} {id} with {field} {first} as on line {first_line}, found {found}")]
    Disagrees {
        /// `player` or `alliance`.
        what: &'static str,
        /// Its id.
        id: u32,
        /// The field that differs.
        field: &'static str,
        /// What the earlier row says.
        first: String,
        /// Where the earlier row stands.
        first_line: u64,
        /// What this row says.
        found: String,
    },
    /// The file could not be read.
    #[error("expected more of the file, found: {message}")]
    Read {
        /// What the system says.
        message: String,
    },
}

/// Characters of the file that an error quotes.
const QUOTED_CHARS: usize = 32;

/// A text of the file for an error: quoted, escaped, cut short.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(QUOTED_CHARS).collect();
    let more = if text.chars().nth(QUOTED_CHARS).is_some() { "..." } else { "" };
    format!("{cut:?}{more}")
}
