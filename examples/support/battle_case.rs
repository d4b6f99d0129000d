//! Battle cases as JSON: read, fought, and written. Shared by the `battle` example and `tests/battle_cases.rs`.

use bevy_alliance::base::id::TribeId;
use bevy_alliance::base::ruleset::{Force, Levels, ROSTER, Ruleset};
use bevy_alliance::world::battle::rules::{Assault, Attackers, Battle, Defended, Defenders, Outcome, fight};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// The highest level of walls, upgrades, residences and masons.
const LEVEL_MAX: u64 = 20;
/// The highest level of any building: a wonder's.
const BUILDING_LEVEL_MAX: u64 = 100;

/// A field that is missing or holds something else.
#[derive(Debug, Error)]
#[error("field `{field}`: expected {expected}, found {found}")]
pub(crate) struct ReadCaseError {
    /// Path of the field within the case, such as `waves[0].units[3]`.
    field: String,
    /// What it must hold.
    expected: String,
    /// What it holds.
    found: String,
}

/// A village, its defenders, and the waves that come one after the other.
#[derive(Debug)]
pub(crate) struct Case {
    id: Value,
    village: Defended,
    defenders: Vec<Army>,
    waves: Vec<Wave>,
}

#[derive(Debug)]
struct Army {
    tribe: TribeId,
    force: Force,
    upgrades: Levels,
}

#[derive(Debug)]
struct Wave {
    army: Army,
    assault: Assault,
    population: u64,
    targets: Vec<u8>,
}

/// The answer to a case: one result for each wave.
#[derive(Debug, Serialize)]
pub(crate) struct CaseResult {
    /// The case's own id.
    pub(crate) id: Value,
    /// What came of each wave.
    pub(crate) waves: Vec<WaveResult>,
}

/// What came of a wave.
#[derive(Debug, Serialize)]
pub(crate) struct WaveResult {
    /// Fraction of the attackers lost.
    pub(crate) attacker_loss: f64,
    /// Fraction of the defenders lost.
    pub(crate) defender_loss: f64,
    /// By roster slot.
    pub(crate) attacker_survivors: [u32; ROSTER],
    /// By army, then roster slot.
    pub(crate) defender_survivors: Vec<[u32; ROSTER]>,
    /// What the wave left of the wall.
    pub(crate) wall_level_after: u8,
    /// What the wave left of the buildings that it aimed at.
    pub(crate) building_levels_after: Vec<u8>,
}

impl Case {
    /// Reads a case; fields that it does not know are ignored.
    ///
    /// # Errors
    /// [`ReadCaseError`] names the first field that is wrong.
    pub(crate) fn read(rules: &Ruleset, case: &Value) -> Result<Self, ReadCaseError> {
        let case = Field { path: String::new(), value: Some(case) };
        let id = case.get("id")?;
        if !(id.value.is_some_and(|v| v.is_number() || v.is_string())) {
            return Err(id.expected("a number or a string"));
        }
        let village = case.get("village")?;
        Ok(Self {
            id: id.value.cloned().unwrap_or_default(),
            village: read_village(rules, &village)?,
            defenders: case
                .get("defenders")?
                .list()?
                .iter()
                .map(|army| read_army(rules, army))
                .collect::<Result<_, _>>()?,
            waves: case.get("waves")?.list()?.iter().map(|wave| read_wave(rules, wave)).collect::<Result<_, _>>()?,
        })
    }

    /// Fights the waves in order, each on what the one before has left.
    ///
    /// Target levels are those that stand when the wave strikes. The same place in two waves' lists is the same
    /// building, so a later wave never finds more than an earlier one has left.
    pub(crate) fn fight(self, rules: &Ruleset) -> CaseResult {
        let Self { id, mut village, mut defenders, waves } = self;
        let mut ruins: Vec<u8> = Vec::new();
        let mut results = Vec::with_capacity(waves.len());
        for wave in waves {
            village.buildings = wave.targets.clone();
            for (level, left) in village.buildings.iter_mut().zip(&ruins) {
                *level = (*level).min(*left);
            }
            let outcome = fight_wave(rules, &village, &defenders, &wave);
            village.wall = outcome.wall_after;
            ruins.splice(..outcome.buildings_after.len().min(ruins.len()), outcome.buildings_after.iter().copied());
            for (army, left) in defenders.iter_mut().zip(&outcome.defenders_left) {
                army.force = left.clone();
            }
            results.push(WaveResult {
                attacker_loss: outcome.strength.attacker_loss,
                defender_loss: outcome.strength.defender_loss,
                attacker_survivors: slots(rules, wave.army.tribe, &outcome.attackers_left[0]),
                defender_survivors: defenders.iter().map(|army| slots(rules, army.tribe, &army.force)).collect(),
                wall_level_after: outcome.wall_after,
                building_levels_after: outcome.buildings_after,
            });
        }
        CaseResult { id, waves: results }
    }
}

fn fight_wave(rules: &Ruleset, village: &Defended, defenders: &[Army], wave: &Wave) -> Outcome {
    let attackers = [Attackers { force: &wave.army.force, upgrades: &wave.army.upgrades, population: wave.population }];
    let defenders: Vec<Defenders<'_>> =
        defenders.iter().map(|army| Defenders { force: &army.force, upgrades: &army.upgrades }).collect();
    fight(rules, &Battle { attackers: &attackers, assault: wave.assault, defenders: &defenders, village })
}

fn slots(rules: &Ruleset, tribe: TribeId, force: &Force) -> [u32; ROSTER] {
    let slot_count = |slot: usize| {
        let class = u16::try_from(slot).ok().and_then(|slot| rules.class(tribe, slot));
        class.map_or(0, |class| force.count(class))
    };
    core::array::from_fn(slot_count)
}

fn read_village(rules: &Ruleset, village: &Field<'_>) -> Result<Defended, ReadCaseError> {
    let tribe = village.get("tribe")?.tribe(rules)?;
    Ok(Defended {
        tribe,
        population: village.get("population")?.whole(u64::MAX)?,
        is_static: rules.tribe(tribe).is_some_and(|tribe| tribe.is_static),
        wall: village.get("wall_level")?.level(LEVEL_MAX)?,
        residence_defense: village.get("residence_def")?.amount()?,
        stonemason: village.get("stonemason_level")?.level(LEVEL_MAX)?,
        buildings: Vec::new(),
    })
}

fn read_army(rules: &Ruleset, army: &Field<'_>) -> Result<Army, ReadCaseError> {
    let tribe = army.get("tribe")?.tribe(rules)?;
    let mut force = Force::new();
    for (slot, field) in army.get("units")?.roster()?.iter().enumerate() {
        let n = u32::try_from(field.whole(u64::from(u32::MAX))?).unwrap_or(u32::MAX);
        match u16::try_from(slot).ok().and_then(|slot| rules.class(tribe, slot)) {
            Some(class) => force.add(class, n),
            None if n == 0 => {}
            None => return Err(field.expected("0, as the tribe has no such unit")),
        }
    }
    let mut upgrades = Levels::default();
    for (level, field) in upgrades.iter_mut().zip(army.get("upgrades")?.roster()?) {
        *level = field.level(LEVEL_MAX)?;
    }
    Ok(Army { tribe, force, upgrades })
}

fn read_wave(rules: &Ruleset, wave: &Field<'_>) -> Result<Wave, ReadCaseError> {
    let manner = wave.get("type")?;
    let assault = match manner.value.and_then(Value::as_str) {
        Some("attack") => Assault::Attack,
        Some("raid") => Assault::Raid,
        _ => return Err(manner.expected("\"attack\" or \"raid\"")),
    };
    let targets = wave.get("catapult_target_levels")?.list()?;
    Ok(Wave {
        army: read_army(rules, wave)?,
        assault,
        population: wave.get("population")?.whole(u64::MAX)?,
        targets: targets.iter().map(|target| target.level(BUILDING_LEVEL_MAX)).collect::<Result<_, _>>()?,
    })
}

/// A value with its path, for messages.
struct Field<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    fn expected(&self, expected: impl Into<String>) -> ReadCaseError {
        let found = self.value.map_or_else(|| "nothing".to_owned(), shorten);
        let field = if self.path.is_empty() { "(the case itself)".to_owned() } else { self.path.clone() };
        ReadCaseError { field, expected: expected.into(), found }
    }

    fn get(&self, name: &str) -> Result<Self, ReadCaseError> {
        let object = self.value.and_then(Value::as_object).ok_or_else(|| self.expected("an object"))?;
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Ok(Self { path, value: object.get(name) })
    }

    fn list(&self) -> Result<Vec<Self>, ReadCaseError> {
        let items: &'a Vec<Value> = self.value.and_then(Value::as_array).ok_or_else(|| self.expected("a list"))?;
        let field = |(i, value)| Self { path: format!("{}[{i}]", self.path), value: Some(value) };
        Ok(items.iter().enumerate().map(field).collect())
    }

    fn roster(&self) -> Result<Vec<Self>, ReadCaseError> {
        let slots = self.list()?;
        if slots.len() == ROSTER { Ok(slots) } else { Err(self.expected(format!("a list of {ROSTER} whole numbers"))) }
    }

    fn whole(&self, max: u64) -> Result<u64, ReadCaseError> {
        let found = self.value.and_then(Value::as_u64).filter(|n| *n <= max);
        found.ok_or_else(|| self.expected(format!("a whole number from 0 to {max}")))
    }

    fn level(&self, max: u64) -> Result<u8, ReadCaseError> {
        Ok(u8::try_from(self.whole(max)?).unwrap_or(u8::MAX))
    }

    fn amount(&self) -> Result<f64, ReadCaseError> {
        let found = self.value.and_then(Value::as_f64).filter(|x| *x >= 0.0 && x.is_finite());
        found.ok_or_else(|| self.expected("a number of at least 0"))
    }

    fn tribe(&self, rules: &Ruleset) -> Result<TribeId, ReadCaseError> {
        let found = self.value.and_then(Value::as_str).and_then(|name| rules.tribe_named(name));
        found.ok_or_else(|| {
            let names: Vec<&str> = rules.tribes.iter().map(|tribe| tribe.name.as_str()).collect();
            self.expected(format!("a tribe ({})", names.join(", ")))
        })
    }
}

/// The value as JSON, cut where it is long.
fn shorten(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    let cut: String = text.chars().take(CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}...") } else { cut }
}
