//! Attack patterns are data: waves with role, place, offset, share and unit filter, what they need of the ruleset, and
//! the circumstances in which they are offered.

mod library;
mod wave;

pub use library::Library;
pub use wave::{Aim, UnitFilter, WaveRole, WaveSite, WaveSpec};

use super::rules::circumstance::{Circumstance, CircumstanceInputs, CircumstanceSettings, holds};
use crate::base::ruleset::{Capabilities, RecallRule};
use core::fmt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// What a pattern is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternGoal {
    /// Breaking a defense.
    #[default]
    Break,
    /// Taking a site.
    Take,
}

/// What a pattern needs of the ruleset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Groups fight as one side.
    JointAssault,
    /// Marches can stay before a village.
    Blockade,
    /// Marches can be called back at any time before they arrive.
    RecallAnyTime,
}

impl fmt::Display for Need {
    /// As JSON names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JointAssault => "joint_assault",
            Self::Blockade => "blockade",
            Self::RecallAnyTime => "recall_any_time",
        })
    }
}

/// An attack pattern.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Its name.
    pub name: String,
    /// Its waves in the order of their offsets.
    pub waves: Vec<WaveSpec>,
    /// What it needs of the ruleset.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What it is for: `break` (the default) or `take`.
    #[serde(default)]
    pub goal: PatternGoal,
    /// When it is offered at all: all of these must hold.
    #[serde(default)]
    pub situation: Vec<Circumstance>,
    /// How well it fits in general, -0.15..=0.15: added to an option's score.
    #[serde(default)]
    pub fit: f64,
}

/// A pattern that cannot be read or cannot be used.
#[derive(Debug, Error)]
pub enum PatternError {
    /// Not JSON; the text names line and column.
    #[error("pattern: not JSON: {0}")]
    NotJson(serde_json::Error),
    /// A field is missing, unknown, there twice, or of the wrong kind.
    #[error("pattern `{pattern}`: {field}: {reason}")]
    BadForm {
        /// The pattern's name, or `?` where it has none.
        pattern: String,
        /// Path of the field, such as `waves[0].offset_millis`, or of what lacks it.
        field: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A value that makes no sense, or that would do nothing beside the others.
    #[error("pattern `{pattern}`: {field}: must be {expected}, not {found}")]
    BadField {
        /// The pattern.
        pattern: String,
        /// Path of the field, such as `waves[0].share`.
        field: String,
        /// What it must be.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The ruleset cannot carry it.
    #[error("pattern `{pattern}` needs `{needs}`, which the ruleset does not have")]
    NotCarried {
        /// The pattern.
        pattern: String,
        /// What is missing.
        needs: Need,
    },
}

/// Waves of a pattern at most.
const WAVES_MAX: usize = 16;

impl Pattern {
    /// Reads a pattern from JSON.
    ///
    /// ```
    /// use bevy_alliance::decision::planning::Pattern;
    /// let p = Pattern::from_json(r#"{"name": "late", "waves": [
    ///     {"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}]}"#)?;
    /// assert_eq!(p.waves.len(), 1);
    /// assert!(Pattern::from_json(r#"{"name": "none", "waves": []}"#).is_err());
    /// # Ok::<(), bevy_alliance::decision::planning::PatternError>(())
    /// ```
    ///
    /// # Errors
    /// [`PatternError`] names the pattern and the path of the field.
    pub fn from_json(text: &str) -> Result<Self, PatternError> {
        let value: Value = serde_json::from_str(text).map_err(PatternError::NotJson)?;
        let name = value.get("name").and_then(Value::as_str).unwrap_or("?");
        if !value.is_object() {
            let (field, reason) = ("the whole".to_owned(), "must be one object".to_owned());
            return Err(PatternError::BadForm { pattern: name.to_owned(), field, reason });
        }
        // Read once more from the text, which alone knows lines, columns and fields that are there twice.
        let mut reader = serde_json::Deserializer::from_str(text);
        let pattern: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let at = error.path().to_string();
            let field = if at == "." { "the whole".to_owned() } else { at };
            PatternError::BadForm { pattern: name.to_owned(), field, reason: error.into_inner().to_string() }
        })?;
        let Some((wave, field, expected)) = pattern.wrong() else { return Ok(pattern) };
        let whole = wave.map_or(Some(&value), |n| value.get("waves")?.get(n));
        let found = whole.and_then(|whole| whole.get(field)).map_or_else(|| "missing".to_owned(), shorten);
        let field = wave.map_or_else(|| field.to_owned(), |n| format!("waves[{n}].{field}"));
        Err(PatternError::BadField { pattern: pattern.name, field, expected, found })
    }

    /// The first field that makes no sense: the wave that it belongs to if any, its name, and what it must be.
    fn wrong(&self) -> Option<(Option<usize>, &'static str, &'static str)> {
        let of_whole = |right: bool, field, expected| (!right).then_some((None, field, expected));
        of_whole(!self.name.is_empty(), "name", "not empty")
            .or_else(|| of_whole((1..=WAVES_MAX).contains(&self.waves.len()), "waves", "1 to 16 waves"))
            .or_else(|| of_whole((-0.15..=0.15).contains(&self.fit), "fit", "from -0.15 to 0.15"))
            .or_else(|| {
                self.waves.iter().enumerate().find_map(|(n, wave)| {
                    let (field, expected) = wave.wrong(self.goal, &self.needs)?;
                    // What a wave lacks may be said of the whole.
                    Some(((field != "needs").then_some(n), field, expected))
                })
            })
            .or_else(|| {
                let late = self.waves.windows(2).position(|w| w[1].offset_millis < w[0].offset_millis)?;
                Some((Some(late + 1), "offset_millis", "no less than that of the wave before"))
            })
            .or_else(|| {
                let strikes = self.waves.iter().any(|w| !w.is_beside());
                of_whole(strikes, "waves", "with at least one that strikes")
            })
            .or_else(|| {
                let has_chiefs = self.waves.iter().any(|w| w.units == UnitFilter::Chief);
                let fits = has_chiefs == (self.goal == PatternGoal::Take);
                of_whole(fits, "goal", "`take` with waves of chiefs, `break` without")
            })
    }

    /// Whether it comes at the instant at which an army of its target is home.
    #[must_use]
    pub fn follows_home(&self) -> bool {
        self.waves.iter().any(|w| w.at == WaveSite::Origins)
    }

    /// The pattern without its waves beside the blow.
    #[must_use]
    pub fn blow(&self) -> Self {
        Self { waves: self.waves.iter().filter(|w| !w.is_beside()).copied().collect(), ..self.clone() }
    }

    /// Whether defensive troops go with it.
    #[must_use]
    pub fn has_guards(&self) -> bool {
        self.waves.iter().any(|w| w.units == UnitFilter::Defense)
    }

    /// Whether it is offered in these circumstances.
    #[must_use]
    pub fn suits(&self, inputs: &CircumstanceInputs, settings: &CircumstanceSettings) -> bool {
        self.situation.iter().all(|circumstance| holds(*circumstance, inputs, settings))
    }

    /// Whether the ruleset can carry it.
    ///
    /// # Errors
    /// [`PatternError::NotCarried`] names what is missing.
    pub fn fits(&self, capabilities: Capabilities) -> Result<(), PatternError> {
        let missing = self.needs.iter().find(|need| match need {
            Need::JointAssault => !capabilities.joint_assault,
            Need::Blockade => !capabilities.blockade,
            Need::RecallAnyTime => capabilities.recall != RecallRule::UntilArrival,
        });
        missing.map_or(Ok(()), |needs| Err(PatternError::NotCarried { pattern: self.name.clone(), needs: *needs }))
    }
}

/// The value as JSON, cut where it is long.
fn shorten(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    let cut: String = text.chars().take(CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}...") } else { cut }
}

#[cfg(test)]
mod tests;
