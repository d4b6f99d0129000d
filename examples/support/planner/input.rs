//! Reading planner input: what both commands share, with errors that name the field of the entry.

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::UnitClass;
use bevy_alliance::base::ruleset::{ROSTER, Ruleset};
use bevy_alliance::world::march::rules::travel_time;
use chrono::{DateTime, SecondsFormat};
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// The highest level of a tournament square.
const SQUARE_MAX: u64 = 20;
/// The largest number of points: whole numbers up to here are exact, and sums of them fit.
const POINTS_MAX: f64 = 1e15;

/// A field that is missing or holds something else.
#[derive(Debug, Error)]
#[error("{field}: must be {expected}, not {found}")]
pub(crate) struct ReadInputError {
    /// Path of the field, such as `villages[3].troops[7]`.
    field: String,
    /// What it must be.
    expected: String,
    /// What is there.
    found: String,
}

/// A village with troops that may leave.
#[derive(Debug)]
pub(crate) struct Village {
    pub(crate) id: u64,
    pub(crate) at: Tile,
    pub(crate) troops: [u32; ROSTER],
    /// By slot: the class, where the tribe has one.
    pub(crate) classes: [Option<UnitClass>; ROSTER],
    square: u8,
}

impl Village {
    /// By slot: how long the units need to a tile; `None` where there are none.
    pub(crate) fn travel(&self, rules: &Ruleset, map: Torus, to: Tile) -> [Option<GameSpan>; ROSTER] {
        let fields = map.distance(self.at, to);
        core::array::from_fn(|slot| {
            let unit = rules.units.get(usize::from(self.classes[slot]?.0))?;
            (self.troops[slot] > 0).then(|| travel_time(fields, unit.fields_per_hour, self.square, rules))
        })
    }
}

/// A value with its path.
pub(crate) struct Field<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    /// The whole input.
    pub(crate) fn whole_input(value: &'a Value) -> Self {
        Self { path: String::new(), value: Some(value) }
    }

    pub(crate) fn wrong(&self, expected: impl Into<String>) -> ReadInputError {
        let field = if self.path.is_empty() { "the input".to_owned() } else { self.path.clone() };
        ReadInputError {
            field,
            expected: expected.into(),
            found: self.value.map_or_else(|| "missing".to_owned(), shorten),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Result<Self, ReadInputError> {
        let object = self.value.and_then(Value::as_object).ok_or_else(|| self.wrong("an object"))?;
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Ok(Self { path, value: object.get(name) })
    }

    pub(crate) fn list(&self) -> Result<Vec<Self>, ReadInputError> {
        let items: &'a Vec<Value> = self.value.and_then(Value::as_array).ok_or_else(|| self.wrong("a list"))?;
        let field = |(i, value)| Self { path: format!("{}[{i}]", self.path), value: Some(value) };
        Ok(items.iter().enumerate().map(field).collect())
    }

    pub(crate) fn whole(&self, min: u64, max: u64) -> Result<u64, ReadInputError> {
        let found = self.value.and_then(Value::as_u64).filter(|n| (min..=max).contains(n));
        found.ok_or_else(|| self.wrong(format!("a whole number from {min} to {max}")))
    }

    pub(crate) fn count(&self) -> Result<u32, ReadInputError> {
        Ok(u32::try_from(self.whole(0, u64::from(u32::MAX))?).unwrap_or(u32::MAX))
    }

    /// A number of at least 0.
    pub(crate) fn amount(&self) -> Result<f64, ReadInputError> {
        let found = self.value.and_then(Value::as_f64).filter(|n| (0.0..=POINTS_MAX).contains(n));
        found.ok_or_else(|| self.wrong("a number from 0 to 1e15"))
    }

    /// An instant in milliseconds since 1970.
    pub(crate) fn time(&self) -> Result<i64, ReadInputError> {
        let expected = "a time as in RFC 3339, in whole milliseconds";
        let time = self.value.and_then(Value::as_str).and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let time = time.filter(|t| t.timestamp_subsec_nanos() % 1_000_000 == 0);
        time.map(|t| t.timestamp_millis()).ok_or_else(|| self.wrong(expected))
    }

    pub(crate) fn map(&self) -> Result<Torus, ReadInputError> {
        let half_width = self.whole(1, i16::MAX.unsigned_abs().into())?;
        Ok(Torus { half_width: i16::try_from(half_width).unwrap_or(i16::MAX) })
    }

    /// The place of an entry with `x` and `y`.
    pub(crate) fn tile(&self, map: Torus) -> Result<Tile, ReadInputError> {
        let read = |name: &str| {
            let field = self.get(name)?;
            let found = field.value.and_then(Value::as_i64).and_then(|n| i16::try_from(n).ok());
            let on_map = found.filter(|n| n.unsigned_abs() <= map.half_width.unsigned_abs());
            on_map.ok_or_else(|| field.wrong(format!("a whole number from -{0} to {0}", map.half_width)))
        };
        Ok(Tile::new(read("x")?, read("y")?))
    }

    /// The `id` of an entry, which no entry before it has.
    pub(crate) fn new_id(&self, seen: &mut BTreeMap<u64, String>) -> Result<u64, ReadInputError> {
        let field = self.get("id")?;
        let id = field.whole(0, u64::MAX)?;
        match seen.insert(id, self.path.clone()) {
            None => Ok(id),
            Some(before) => Err(field.wrong(format!("an id that {before} does not have"))),
        }
    }

    pub(crate) fn village(
        &self,
        rules: &Ruleset,
        map: Torus,
        seen: &mut BTreeMap<u64, String>,
    ) -> Result<Village, ReadInputError> {
        let id = self.new_id(seen)?;
        self.get("member")?.whole(0, u64::MAX)?;
        let at = self.tile(map)?;
        let field = self.get("tribe")?;
        let tribe = field.value.and_then(Value::as_str).and_then(|name| rules.tribe_named(name)).ok_or_else(|| {
            let names: Vec<&str> = rules.tribes.iter().map(|tribe| tribe.name.as_str()).collect();
            field.wrong(format!("a tribe ({})", names.join(", ")))
        })?;
        let classes = core::array::from_fn(|slot| u16::try_from(slot).ok().and_then(|slot| rules.class(tribe, slot)));
        let field = self.get("troops")?;
        let slots = field.list()?;
        if slots.len() != ROSTER {
            return Err(field.wrong(format!("a list of {ROSTER} whole numbers")));
        }
        let mut troops = [0; ROSTER];
        for (slot, field) in slots.iter().enumerate() {
            troops[slot] = field.count()?;
            if classes[slot].is_none() && troops[slot] > 0 {
                return Err(field.wrong("0, as the tribe has no such unit"));
            }
        }
        let square = u8::try_from(self.get("tournament_square")?.whole(0, SQUARE_MAX)?).unwrap_or(0);
        Ok(Village { id, at, troops, classes, square })
    }
}

/// An instant as in RFC 3339.
pub(crate) fn say_time(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .map_or_else(|| millis.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The value as JSON, cut where it is long.
fn shorten(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    let cut: String = text.chars().take(CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}...") } else { cut }
}
