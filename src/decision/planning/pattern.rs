//! Attack patterns are data: waves with role, offset and unit filter, and what they need of the ruleset.

use crate::base::clock::GameSpan;
use crate::base::contract::{Manner, WorldModel};
use crate::base::ruleset::Capabilities;
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a wave is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveRole {
    /// Everything at once.
    Main,
    /// Breaks the defense.
    Cleaner,
    /// Comes behind the cleaner and destroys.
    Siege,
    /// Comes when nobody defends the site any more, and wears its loyalty down.
    Chief,
}

/// Which units of a village go with a wave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitFilter {
    /// All offense.
    All,
    /// All offense but the slowest class (siege engines).
    WithoutSlowest,
    /// Only the slowest class (siege engines).
    OnlySlowest,
    /// All offense but the engines that hit buildings: the slowest class of those that break walls and buildings.
    WithoutEngines,
    /// Only the engines that hit buildings.
    Engines,
    /// One chief with an escort from one village.
    Chief,
}

/// What the engines of a wave aim at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The building that keeps chiefs from their work.
    Seat,
}

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

/// One wave of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveSpec {
    /// What it is for.
    pub role: WaveRole,
    /// Milliseconds after the operation's instant at which it arrives; waves are in this order.
    pub offset_millis: i64,
    /// Which units go with it.
    pub units: UnitFilter,
    /// In what manner it comes.
    pub manner: Manner,
    /// What its engines aim at.
    #[serde(default)]
    pub aim: Option<Aim>,
}

impl WaveSpec {
    /// What its engines aim at, as an order of this world names it.
    #[must_use]
    pub fn aims(self, model: &dyn WorldModel) -> [Option<u8>; 2] {
        match self.aim {
            Some(Aim::Seat) => [model.seat_aim(), None],
            None => [None; 2],
        }
    }

    /// When it arrives, relative to the operation's instant.
    #[must_use]
    pub fn offset(self) -> GameSpan {
        GameSpan(self.offset_millis)
    }
}

/// What a pattern needs of the ruleset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Groups fight as one side.
    JointAssault,
    /// Marches can stay before a village.
    Blockade,
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
    /// How well it fits in general, -0.15..=0.15: added to an option's score.
    #[serde(default)]
    pub fit: f64,
}

/// A pattern that cannot be read or cannot be used.
#[derive(Debug, Error)]
pub enum PatternError {
    /// Not JSON, or a field is missing, unknown or of the wrong kind.
    #[error("pattern: {0}")]
    Json(#[from] serde_json::Error),
    /// A value that makes no sense.
    #[error("pattern `{pattern}`: {field} must be {expected}")]
    BadField {
        /// The pattern.
        pattern: String,
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The ruleset cannot carry it.
    #[error("pattern `{pattern}` needs {needs:?}, which the ruleset does not have")]
    NotCarried {
        /// The pattern.
        pattern: String,
        /// What is missing.
        needs: Need,
    },
}

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
    /// [`PatternError`] names the pattern and the field.
    pub fn from_json(text: &str) -> Result<Self, PatternError> {
        let pattern: Self = serde_json::from_str(text)?;
        let bad = |field, expected| PatternError::BadField { pattern: pattern.name.clone(), field, expected };
        if pattern.name.is_empty() {
            return Err(bad("name", "not empty"));
        }
        if pattern.waves.is_empty() || pattern.waves.len() > 16 {
            return Err(bad("waves", "1 to 16 waves"));
        }
        if pattern.waves.windows(2).any(|w| w[1].offset_millis < w[0].offset_millis) {
            return Err(bad("offset_millis", "in the order of the waves"));
        }
        let has_chiefs = pattern.waves.iter().any(|w| w.units == UnitFilter::Chief);
        if has_chiefs != (pattern.goal == PatternGoal::Take) {
            return Err(bad("goal", "`take` with waves of chiefs, `break` without"));
        }
        if !(-0.15..=0.15).contains(&pattern.fit) {
            return Err(bad("fit", "from -0.15 to 0.15"));
        }
        Ok(pattern)
    }

    /// Whether the ruleset can carry it.
    ///
    /// # Errors
    /// [`PatternError::NotCarried`] names what is missing.
    pub fn fits(&self, capabilities: Capabilities) -> Result<(), PatternError> {
        let missing = self.needs.iter().find(|need| match need {
            Need::JointAssault => !capabilities.joint_assault,
            Need::Blockade => !capabilities.blockade,
        });
        missing.map_or(Ok(()), |needs| Err(PatternError::NotCarried { pattern: self.name.clone(), needs: *needs }))
    }
}

/// The patterns of a campaign, the default one first. A game adds its own before it starts.
#[derive(Resource, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Library {
    patterns: Vec<Pattern>,
}

impl Default for Library {
    #[expect(clippy::expect_used, reason = "texts that are compiled in, read by a test")]
    fn default() -> Self {
        let texts = [
            include_str!("../../../assets/patterns/simultaneous.json"),
            include_str!("../../../assets/patterns/multi_wave.json"),
            include_str!("../../../assets/patterns/conquest_train.json"),
        ];
        let patterns =
            texts.iter().map(|t| Pattern::from_json(t).expect("the compiled-in patterns are valid")).collect();
        Self { patterns }
    }
}

impl Library {
    /// Adds a pattern, or replaces the one with its name.
    pub fn add(&mut self, pattern: Pattern) {
        self.patterns.retain(|p| p.name != pattern.name);
        self.patterns.push(pattern);
    }

    /// The pattern with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|p| p.name == name)
    }

    /// The first pattern.
    ///
    /// # Panics
    /// Never: a library holds at least the compiled-in patterns.
    #[must_use]
    pub fn default_pattern(&self) -> &Pattern {
        &self.patterns[0]
    }

    /// The patterns that a ruleset can carry.
    pub fn fitting(&self, capabilities: Capabilities) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().filter(move |p| p.fits(capabilities).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ruleset::Ruleset;

    #[test]
    fn a_pattern_that_needs_more_is_refused_by_name() {
        let text = r#"{"name": "anvil", "needs": ["blockade"], "waves": [
            {"role": "main", "offset_millis": 0, "units": "all", "manner": "blockade"}]}"#;
        let pattern = Pattern::from_json(text).unwrap();
        assert!(pattern.fits(Ruleset::extended().capabilities).is_ok());
        let error = pattern.fits(Ruleset::classic().capabilities).unwrap_err().to_string();
        assert_eq!(error, "pattern `anvil` needs Blockade, which the ruleset does not have");
    }

    #[test]
    fn only_what_takes_a_site_has_chiefs() {
        let text =
            r#"{"name": "x", "waves": [{"role": "chief", "offset_millis": 0, "units": "chief", "manner": "siege"}]}"#;
        let error = Pattern::from_json(text).unwrap_err().to_string();
        assert_eq!(error, "pattern `x`: goal must be `take` with waves of chiefs, `break` without");
        let train = Library::default().get("conquest_train").cloned().unwrap();
        assert_eq!(train.goal, PatternGoal::Take);
        assert_eq!(train.waves.iter().filter(|w| w.units == UnitFilter::Chief).count(), 5);
    }

    #[test]
    fn waves_must_be_in_order() {
        let text = r#"{"name": "x", "waves": [
            {"role": "main", "offset_millis": 9, "units": "all", "manner": "siege"},
            {"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}]}"#;
        let error = Pattern::from_json(text).unwrap_err().to_string();
        assert_eq!(error, "pattern `x`: offset_millis must be in the order of the waves");
    }
}
