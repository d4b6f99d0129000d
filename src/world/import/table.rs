//! Rows put together: what contradicts an earlier row is an error that names both lines.

use super::ImportLimits;
use super::error::{ImportError, ImportProblem, quoted};
use super::roster::{Census, Person};
use super::row::{FIELDS, Row};
use crate::base::contract::ScenarioSite;
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{AllianceId, PlayerId, SiteId, TribeId};
use crate::base::ruleset::Ruleset;
use std::collections::BTreeMap;

/// Half-widths that a map can have, the smallest first. One tile id and place fit at most one of them, so the first
/// row says which it is.
const HALF_WIDTHS: [i16; 3] = [100, 200, 400];

/// All rows so far.
pub(super) struct Table<'a> {
    rules: &'a Ruleset,
    limits: ImportLimits,
    torus: Option<Torus>,
    tiles: BTreeMap<Tile, u64>,
    villages: BTreeMap<SiteId, u64>,
    people: BTreeMap<PlayerId, (Person, u64)>,
    alliances: BTreeMap<AllianceId, (String, u64)>,
    sites: Vec<ScenarioSite>,
}

/// Places of fields in [`FIELDS`].
const TILE: usize = 0;
const X: usize = 1;
const Y: usize = 2;
const TRIBE: usize = 3;
const VILLAGE: usize = 4;
const PLAYER_NAME: usize = 7;
const ALLIANCE: usize = 8;
const ALLIANCE_NAME: usize = 9;

impl<'a> Table<'a> {
    pub(super) fn new(rules: &'a Ruleset, limits: ImportLimits) -> Self {
        Self {
            rules,
            limits,
            torus: None,
            tiles: BTreeMap::new(),
            villages: BTreeMap::new(),
            people: BTreeMap::new(),
            alliances: BTreeMap::new(),
            sites: Vec::new(),
        }
    }

    /// Adds a row that agrees with all rows before it.
    pub(super) fn add(&mut self, row: Row) -> Result<(), ImportError> {
        if self.sites.len() >= self.limits.rows {
            let problem = ImportProblem::TooManyRows { limit: self.limits.rows };
            return Err(ImportError { line: row.line, column: 1, problem });
        }
        let at = self.place(&row)?;
        let tribe = self.tribe(&row)?;
        let site = self.village(&row)?;
        let owner = self.player(&row)?;
        self.alliance(&row)?;
        self.sites.push(ScenarioSite {
            id: site,
            at,
            name: row.village_name,
            owner,
            tribe,
            population: row.population,
            ..ScenarioSite::default()
        });
        Ok(())
    }

    fn place(&mut self, row: &Row) -> Result<Tile, ImportError> {
        let (at, x, y) = (Tile::new(row.x, row.y), row.x, row.y);
        let possible: Vec<Torus> = match self.torus {
            Some(torus) => vec![torus],
            None => HALF_WIDTHS.iter().map(|w| Torus { half_width: *w }).filter(|t| t.holds(at)).collect(),
        };
        if let [Torus { half_width }] = possible[..]
            && !possible.iter().all(|t| t.holds(at))
        {
            let column = if x.abs() > half_width { X } else { Y };
            return Err(error(row, column, ImportProblem::OffMap { x, y, half_width }));
        }
        let Some(torus) = possible.iter().find(|t| t.tile_id(at) == row.tile) else {
            let ids: Vec<String> = possible.iter().map(|t| t.tile_id(at).to_string()).collect();
            let problem = ImportProblem::TileDisagrees { x, y, expected: ids.join(" or "), found: row.tile };
            return Err(error(row, TILE, problem));
        };
        self.torus = Some(*torus);
        match self.tiles.insert(at, row.line) {
            Some(first_line) => Err(error(row, TILE, ImportProblem::DuplicateTile { x, y, first_line })),
            None => Ok(at),
        }
    }

    fn tribe(&self, row: &Row) -> Result<TribeId, ImportError> {
        self.rules.tribe_numbered(row.tribe).ok_or_else(|| {
            let mut numbers: Vec<u8> = self.rules.tribes.iter().map(|t| t.map_number).collect();
            numbers.sort_unstable();
            let known = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            error(row, TRIBE, ImportProblem::UnknownTribe { tribe: row.tribe, known })
        })
    }

    fn village(&mut self, row: &Row) -> Result<SiteId, ImportError> {
        let id = SiteId(row.village);
        match self.villages.insert(id, row.line) {
            Some(first_line) => {
                Err(error(row, VILLAGE, ImportProblem::DuplicateVillage { village: row.village, first_line }))
            }
            None => Ok(id),
        }
    }

    fn player(&mut self, row: &Row) -> Result<PlayerId, ImportError> {
        let id = PlayerId(row.player);
        let alliance = (row.alliance != 0).then_some(AllianceId(row.alliance));
        let Some((known, first_line)) = self.people.get(&id) else {
            self.people.insert(id, (Person { id, name: row.player_name.clone(), alliance }, row.line));
            return Ok(id);
        };
        if known.name != row.player_name {
            let (first, found) = (quoted(&known.name), quoted(&row.player_name));
            return Err(disagrees(row, "player", row.player, PLAYER_NAME, first, *first_line, found));
        }
        if known.alliance != alliance {
            let first = known.alliance.unwrap_or_default().to_string();
            return Err(disagrees(row, "player", row.player, ALLIANCE, first, *first_line, row.alliance.to_string()));
        }
        Ok(id)
    }

    fn alliance(&mut self, row: &Row) -> Result<(), ImportError> {
        if row.alliance == 0 {
            return Ok(());
        }
        let known = self.alliances.entry(AllianceId(row.alliance));
        let (name, first_line) = known.or_insert_with(|| (row.alliance_name.clone(), row.line));
        if *name == row.alliance_name {
            return Ok(());
        }
        let (first, found) = (quoted(name), quoted(&row.alliance_name));
        Err(disagrees(row, "alliance", row.alliance, ALLIANCE_NAME, first, *first_line, found))
    }

    /// The whole file, once it has ended.
    pub(super) fn into_census(self, seed: u64) -> Result<Census, ImportError> {
        let Some(torus) = self.torus else {
            return Err(ImportError { line: 1, column: 1, problem: ImportProblem::Empty });
        };
        Ok(Census {
            seed,
            half_width: torus.half_width,
            sites: self.sites,
            people: self.people.into_values().map(|(person, _)| person).collect(),
            alliances: self.alliances.into_iter().map(|(id, (name, _))| (id, name)).collect(),
        })
    }
}

fn error(row: &Row, field: usize, problem: ImportProblem) -> ImportError {
    ImportError { line: row.line, column: row.columns[field], problem }
}

fn disagrees(
    row: &Row,
    what: &'static str,
    id: u32,
    field: usize,
    first: String,
    first_line: u64,
    found: String,
) -> ImportError {
    let problem = ImportProblem::Disagrees { what, id, field: FIELDS[field], first, first_line, found };
    error(row, field, problem)
}
