//! One `INSERT` statement: its eleven fields, and five more that are skipped.

use super::error::ImportError;
use super::lexer::Cursor;

/// A row as it stands, each number within its own range, with the column of each field.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) columns: [u64; FIELDS.len()],
    pub(super) tile: i64,
    pub(super) x: i16,
    pub(super) y: i16,
    pub(super) tribe: u8,
    pub(super) village: u32,
    pub(super) village_name: String,
    pub(super) player: u32,
    pub(super) player_name: String,
    /// 0 is no alliance.
    pub(super) alliance: u32,
    pub(super) alliance_name: String,
    pub(super) population: u32,
}

/// Fields by their place, for columns and errors.
pub(super) const FIELDS: [&str; 11] = [
    "tile id",
    "x",
    "y",
    "tribe",
    "village id",
    "village name",
    "player id",
    "player name",
    "alliance id",
    "alliance name",
    "population",
];
const MORE: usize = 5;
/// The largest half-width of a map.
const COORDINATE: i64 = 400;
const TILES: i64 = (2 * COORDINATE + 1) * (2 * COORDINATE + 1);

/// Parses a line that holds one statement.
pub(super) fn parse_row(line: u64, text: &str, name_chars: usize) -> Result<Row, ImportError> {
    let mut at = Cursor::new(line, text);
    at.expect_word("INSERT")?;
    at.expect_word("INTO")?;
    let quoted = at.accept('`');
    at.expect_word("x_world")?;
    if quoted {
        at.expect('`', "`` ` `` after `x_world`")?;
    }
    at.expect_word("VALUES")?;
    at.expect('(', "`(`")?;
    let mut fields = Fields { at, columns: [0; FIELDS.len()], next: 0, name_chars };
    let (tile, x, y) =
        (fields.number(1, TILES)?, fields.small(-COORDINATE, COORDINATE)?, fields.small(-COORDINATE, COORDINATE)?);
    let tribe = fields.number(0, i64::from(u8::MAX))?;
    let village = fields.id(1)?;
    let village_name = fields.string()?;
    let (player, player_name) = (fields.id(0)?, fields.string()?);
    let (alliance, alliance_name) = (fields.id(0)?, fields.string()?);
    let population = fields.id(0)?;
    let columns = fields.columns;
    finish(fields.at)?;
    Ok(Row {
        line,
        columns,
        tile,
        x,
        y,
        tribe: u8::try_from(tribe).unwrap_or(u8::MAX),
        village,
        village_name,
        player,
        player_name,
        alliance,
        alliance_name,
        population,
    })
}

/// What comes after the eleventh field.
fn finish(mut at: Cursor<'_>) -> Result<(), ImportError> {
    if at.accept(',') {
        for i in 0..MORE {
            if i > 0 {
                let n = FIELDS.len() + i + 1;
                at.expect(',', &format!("`,` and field {n} of {}", FIELDS.len() + MORE))?;
            }
            at.skip_value("a field after population")?;
        }
        at.expect(')', "`)` after 16 fields")?;
    } else {
        at.expect(')', "`)` after 11 fields, or `,` and five more")?;
    }
    at.expect(';', "`;`")?;
    at.skip_spaces();
    if at.peek().is_some() { Err(at.unexpected("the end of the line after one statement")) } else { Ok(()) }
}

struct Fields<'a> {
    at: Cursor<'a>,
    columns: [u64; FIELDS.len()],
    next: usize,
    name_chars: usize,
}

impl Fields<'_> {
    /// Goes to the next field and says its name.
    fn advance(&mut self) -> Result<&'static str, ImportError> {
        let name = FIELDS.get(self.next).copied().unwrap_or("a field");
        if self.next > 0 {
            self.at.expect(',', &format!("`,` and field {} ({name})", self.next + 1))?;
        }
        self.at.skip_spaces();
        if let Some(column) = self.columns.get_mut(self.next) {
            *column = self.at.column();
        }
        self.next += 1;
        Ok(name)
    }

    fn number(&mut self, low: i64, high: i64) -> Result<i64, ImportError> {
        let name = self.advance()?;
        self.at.number(name, low, high)
    }

    fn small(&mut self, low: i64, high: i64) -> Result<i16, ImportError> {
        self.number(low, high).map(|v| i16::try_from(v).unwrap_or_default())
    }

    fn id(&mut self, low: i64) -> Result<u32, ImportError> {
        self.number(low, i64::from(u32::MAX)).map(|v| u32::try_from(v).unwrap_or_default())
    }

    fn string(&mut self) -> Result<String, ImportError> {
        let name = self.advance()?;
        self.at.string(name, self.name_chars)
    }
}
