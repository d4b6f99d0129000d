//! Reads the `map.sql` dump of a running world into a [`Scenario`].
//!
//! Both forms are read: 11 fields, or 16 whose last five are skipped. A file is loaded whole or not at all, and every
//! error names the line and the column. Reading is streamed and bounded: no line, name or number of rows can exhaust
//! memory. Names are data: they are kept as they stand, cut at [`ImportLimits::name_chars`] characters.
//!
//! It does *not* know armies, stores or walls, for the dump does not say: those stay `None` in the scenario and the
//! world draws them from its seed. Roles and rhythms of accounts are drawn here.

mod error;
mod lexer;
pub(super) mod roster;
mod row;
mod table;

pub use error::{ImportError, ImportProblem};
pub use roster::Wars;

use crate::base::contract::Scenario;
use crate::base::ruleset::Ruleset;
use std::io::{BufRead, Read};
use table::Table;

/// What an import decides that the dump does not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportOptions {
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// How many alliances deliberate: the largest by members, then population, then id. Alliances of fewer than three
    /// members never do.
    pub alliances: usize,
    /// Who is at war with whom at the start.
    pub wars: Wars,
    /// What a file may hold at most.
    pub limits: ImportLimits,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { seed: 1, alliances: 8, wars: Wars::Nearest, limits: ImportLimits::default() }
    }
}

/// What a file may hold at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportLimits {
    /// Bytes of a line without its line break.
    pub line_bytes: usize,
    /// Rows of a file.
    pub rows: usize,
    /// Characters of a name; what is longer is cut.
    pub name_chars: usize,
}

impl Default for ImportLimits {
    fn default() -> Self {
        Self { line_bytes: 64 * 1024, rows: 250_000, name_chars: 128 }
    }
}

/// Reads a `map.sql` dump: one `INSERT` a line; blank lines and lines that start with `--` are skipped.
///
/// ```
/// use bevy_alliance::base::ruleset::Ruleset;
/// use bevy_alliance::world::import::{ImportOptions, read_map_sql};
/// let dump = "INSERT INTO `x_world` VALUES (80401,0,0,1,7,'Middle',3,'Ann',0,'',250);\n";
/// let scenario = read_map_sql(dump.as_bytes(), &Ruleset::extended(), &ImportOptions::default())?;
/// assert_eq!((scenario.half_width, scenario.sites[0].population), (200, 250));
/// # Ok::<(), bevy_alliance::world::import::ImportError>(())
/// ```
///
/// # Errors
/// [`ImportError`] names the line, the column, what was expected and what was found. Nothing is half loaded.
pub fn read_map_sql(
    mut reader: impl BufRead,
    rules: &Ruleset,
    options: &ImportOptions,
) -> Result<Scenario, ImportError> {
    let mut table = Table::new(rules, options.limits);
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        line += 1;
        bytes.clear();
        if !read_line(&mut reader, &mut bytes, line, options.limits.line_bytes)? {
            break;
        }
        let text = decode(&bytes, line)?;
        let start = text.trim_start();
        if !start.is_empty() && !start.starts_with("--") {
            table.add(row::parse_row(line, text, options.limits.name_chars)?)?;
        }
    }
    let census = table.into_census(options.seed)?;
    Ok(roster::assemble(census, options.alliances, options.wars, rules))
}

/// Reads one line without its line break; false at the end of the file.
fn read_line(
    reader: &mut impl BufRead,
    bytes: &mut Vec<u8>,
    line: u64,
    line_bytes: usize,
) -> Result<bool, ImportError> {
    // Two bytes more than the limit leave room for the line break.
    let bound = u64::try_from(line_bytes).unwrap_or(u64::MAX).saturating_add(2);
    let read = reader.by_ref().take(bound).read_until(b'\n', bytes);
    read.map_err(|e| ImportError { line, column: 1, problem: ImportProblem::Read { message: e.to_string() } })?;
    if bytes.is_empty() {
        return Ok(false);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.len() > line_bytes {
        // A character starts at each byte that does not continue one.
        let starts = bytes[..line_bytes].iter().filter(|b| **b & 0xC0 != 0x80).count() as u64;
        return Err(ImportError {
            line,
            column: starts + 1,
            problem: ImportProblem::LineTooLong { limit: line_bytes },
        });
    }
    Ok(true)
}

fn decode(bytes: &[u8], line: u64) -> Result<&str, ImportError> {
    let text = core::str::from_utf8(bytes).map_err(|e| {
        let (valid, rest) = bytes.split_at(e.valid_up_to());
        let column = valid.iter().filter(|b| **b & 0xC0 != 0x80).count() as u64 + 1;
        ImportError { line, column, problem: ImportProblem::NotUtf8 { byte: rest.first().copied().unwrap_or(0) } }
    })?;
    // Some tools put a byte order mark before the first line.
    Ok(if line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text })
}
