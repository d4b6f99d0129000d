//! Attack patterns are data: waves with role, place, offset, share and unit filter, what they need of the ruleset, and
//! the circumstances in which they are offered.

use super::allocation::{Assignment, Errand};
use super::rules::circumstance::{Circumstance, CircumstanceInputs, CircumstanceSettings, holds};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Manner, WorldModel};
use crate::base::id::SiteId;
use crate::base::ruleset::{Capabilities, RecallRule};
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
    /// Stays before the target against whoever comes to help.
    Anvil,
    /// Looks like the real blow.
    Fake,
    /// Draws help to the wrong place.
    Decoy,
    /// Threatens, and turns back before it arrives.
    Feint,
    /// Keeps those at home who could help.
    Pin,
    /// Leaves only if what came before it did not meet the goal.
    Reserve,
}

/// Where a wave goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveSite {
    /// The targets of the operation.
    #[default]
    Target,
    /// Other sites of the same enemy near a target, the nearest first.
    Decoys,
    /// Sites of the enemy from which help could reach a target in time, those with the most troops first.
    Neighbours,
    /// The targets too, at the instant at which troops of theirs are surely home.
    Origins,
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
    /// All offense but what breaks walls and buildings.
    Raiders,
    /// Defensive troops that may leave, the slowest first.
    Defense,
    /// One siege engine, or one of the slowest offense, with a few units that are no slower: from outside it moves as the
    /// real ones do.
    Token,
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
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveSpec {
    /// What it is for.
    pub role: WaveRole,
    /// Milliseconds after the operation's instant at which it arrives, negative before it; waves are in this order. A
    /// reserve leaves so long after the instant, because it waits for what came of it.
    pub offset_millis: i64,
    /// Which units go with it.
    pub units: UnitFilter,
    /// In what manner it comes.
    pub manner: Manner,
    /// What its engines aim at.
    #[serde(default)]
    pub aim: Option<Aim>,
    /// Where it goes.
    #[serde(default)]
    pub at: WaveSite,
    /// The part of what the filter gives that goes with it, above 0 to 1: waves of the same units share them. An anvil's
    /// share is that of the target's believed troops, in goods, that it is to be worth; a reserve's that of the blow's
    /// attack points.
    #[serde(default = "all")]
    pub share: f64,
    /// Groups of it for each target, where it is no part of the blow.
    #[serde(default = "one")]
    pub per_target: u8,
    /// How long a blockade stays, in milliseconds; 10 minutes where nothing is said.
    #[serde(default)]
    pub stay_millis: Option<i64>,
    /// How long before it would arrive it turns back, in milliseconds.
    #[serde(default)]
    pub recall_before_millis: Option<i64>,
    /// Whether it leaves only if what came before it did not meet the goal.
    #[serde(default)]
    pub if_needed: bool,
}

const fn all() -> f64 {
    1.0
}

const fn one() -> u8 {
    1
}

/// How long a blockade stays where its wave says nothing.
const STAY: GameSpan = GameSpan::mins(10);
/// Offsets are within this of the operation's instant.
const OFFSET_MAX: GameSpan = GameSpan::hours(24);
/// Groups of a wave beside the blow for each target at most.
const PER_TARGET_MAX: u8 = 10;

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

    /// What a group of it does that arrives at this instant.
    #[must_use]
    pub fn errand(self, arrival: GameTime) -> Errand {
        if self.manner == Manner::Blockade {
            return Errand::Stay { until: arrival + self.stay_millis.map_or(STAY, GameSpan) };
        }
        if let Some(before) = self.recall_before_millis {
            return Errand::Feint { turns_at: arrival - GameSpan(before) };
        }
        match self.role {
            WaveRole::Fake | WaveRole::Decoy | WaveRole::Pin => Errand::Distract,
            WaveRole::Reserve => Errand::Reserve,
            WaveRole::Main
            | WaveRole::Cleaner
            | WaveRole::Siege
            | WaveRole::Chief
            | WaveRole::Anvil
            | WaveRole::Feint => Errand::Strike,
        }
    }

    /// What a group of it that arrives at this instant is to do at a site; `n` is its number in the pattern.
    #[must_use]
    pub fn assignment(self, n: u8, target: SiteId, arrival: GameTime, model: &dyn WorldModel) -> Assignment {
        let (manner, aims, errand) = (self.manner, self.aims(model), self.errand(arrival));
        Assignment { target, wave: n, manner, aims, errand }
    }

    /// Whether it is planned beside the blow, not as a part of it.
    #[must_use]
    pub fn is_beside(self) -> bool {
        !self.errand(GameTime(0)).strikes()
    }

    /// The field that makes no sense, and what it must be.
    fn wrong(self, goal: PatternGoal, needs: &[Need]) -> Option<(&'static str, &'static str)> {
        let blockades = self.manner == Manner::Blockade;
        let turns = self.recall_before_millis.is_some();
        let checks = [
            (self.offset().0.abs() <= OFFSET_MAX.0, "offset_millis", "within 24 hours"),
            (self.share > 0.0 && self.share <= 1.0, "share", "above 0 and at most 1"),
            ((1..=PER_TARGET_MAX).contains(&self.per_target), "per_target", "from 1 to 10"),
            (self.manner.is_seen(), "manner", "`siege`, `raid` or `blockade`"),
            (blockades || self.stay_millis.is_none(), "stay_millis", "absent, but for a blockade"),
            (self.stay_millis.is_none_or(|t| t > 0), "stay_millis", "above 0"),
            (self.recall_before_millis.is_none_or(|t| t > 0), "recall_before_millis", "above 0"),
            (
                turns == (self.role == WaveRole::Feint),
                "recall_before_millis",
                "there for a feint, and for nothing else",
            ),
            (
                self.if_needed == (self.role == WaveRole::Reserve),
                "if_needed",
                "true for a reserve, and for nothing else",
            ),
            (blockades || self.role != WaveRole::Anvil, "manner", "`blockade` for an anvil"),
            (blockades || self.units != UnitFilter::Defense, "manner", "`blockade` for defensive troops"),
            (self.is_beside() || self.units != UnitFilter::Token, "units", "more than a token for a wave that strikes"),
            (!blockades || needs.contains(&Need::Blockade), "needs", "with `blockade`, which a wave of it uses"),
            (
                !turns || needs.contains(&Need::RecallAnyTime),
                "needs",
                "with `recall_any_time`, which a wave of it uses",
            ),
            (goal == PatternGoal::Break || !self.is_beside(), "role", "of the blow, in a pattern that takes a site"),
            (
                self.is_beside() || matches!(self.at, WaveSite::Target | WaveSite::Origins),
                "at",
                "`target` or `origins` for a wave that strikes",
            ),
            (!self.if_needed || self.offset_millis > 0, "offset_millis", "above 0 for a reserve"),
        ];
        checks.into_iter().find(|(right, ..)| !right).map(|(_, field, expected)| (field, expected))
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
    /// Marches can be called back at any time before they arrive.
    RecallAnyTime,
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
        if !pattern.waves.iter().any(|w| !w.is_beside()) {
            return Err(bad("waves", "with at least one that strikes"));
        }
        for wave in &pattern.waves {
            if let Some((field, expected)) = wave.wrong(pattern.goal, &pattern.needs) {
                return Err(bad(field, expected));
            }
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
            include_str!("../../../assets/patterns/hammer_and_anvil.json"),
            include_str!("../../../assets/patterns/fake_and_real.json"),
            include_str!("../../../assets/patterns/cleaner_and_siege.json"),
            include_str!("../../../assets/patterns/mid_cleaner.json"),
            include_str!("../../../assets/patterns/decoy.json"),
            include_str!("../../../assets/patterns/feint_and_recall.json"),
            include_str!("../../../assets/patterns/encirclement.json"),
            include_str!("../../../assets/patterns/pin.json"),
            include_str!("../../../assets/patterns/relief_raid.json"),
            include_str!("../../../assets/patterns/follow_home.json"),
            include_str!("../../../assets/patterns/reserve_follow_up.json"),
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
            {"role": "anvil", "offset_millis": -1, "units": "defense", "manner": "blockade"},
            {"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}]}"#;
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
    fn every_pattern_says_what_it_needs() {
        let library = Library::default();
        let refused: Vec<String> = library
            .patterns
            .iter()
            .filter_map(|p| p.fits(Ruleset::classic().capabilities).err())
            .map(|e| e.to_string())
            .collect();
        assert_eq!(library.patterns.len(), 14);
        assert!(library.patterns.iter().all(|p| p.fits(Ruleset::extended().capabilities).is_ok()));
        let lacks = |name, need| format!("pattern `{name}` needs {need}, which the ruleset does not have");
        let expected = [
            lacks("hammer_and_anvil", "Blockade"),
            lacks("feint_and_recall", "RecallAnyTime"),
            lacks("encirclement", "Blockade"),
        ];
        assert_eq!(refused, expected);
    }

    #[test]
    fn a_wave_that_makes_no_sense_is_refused_by_field() {
        let main = r#"{"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}"#;
        let error = |needs: &str, wave: &str| {
            let text = format!(r#"{{"name": "x", "needs": [{needs}], "waves": [{wave}, {main}]}}"#);
            Pattern::from_json(&text).map(|_| ()).map_err(|e| e.to_string())
        };
        let wave = |role: &str, units: &str, manner: &str, more: &str| {
            format!(r#"{{"role": "{role}", "offset_millis": 0, "units": "{units}", "manner": "{manner}"{more}}}"#)
        };
        let anvil = wave("anvil", "defense", "blockade", "");
        assert_eq!(error(r#""blockade""#, &anvil), Ok(()));
        let cases = [
            ("", anvil.clone(), "needs must be with `blockade`, which a wave of it uses"),
            ("", wave("anvil", "defense", "siege", ""), "manner must be `blockade` for an anvil"),
            ("", wave("main", "all", "siege", r#", "share": 0"#), "share must be above 0 and at most 1"),
            ("", wave("fake", "token", "siege", r#", "per_target": 11"#), "per_target must be from 1 to 10"),
            ("", wave("main", "token", "siege", ""), "units must be more than a token for a wave that strikes"),
            (
                "",
                wave("main", "all", "siege", r#", "at": "decoys""#),
                "at must be `target` or `origins` for a wave that strikes",
            ),
            ("", wave("reserve", "all", "siege", ""), "if_needed must be true for a reserve, and for nothing else"),
            (
                "",
                wave("reserve", "all", "siege", r#", "if_needed": true"#),
                "offset_millis must be above 0 for a reserve",
            ),
            (
                "",
                wave("feint", "token", "siege", r#", "recall_before_millis": 1"#),
                "needs must be with `recall_any_time`, which a wave of it uses",
            ),
            (
                "",
                wave("main", "all", "siege", r#", "stay_millis": 1"#),
                "stay_millis must be absent, but for a blockade",
            ),
            ("", wave("main", "all", "scout", ""), "manner must be `siege`, `raid` or `blockade`"),
        ];
        for (needs, wave, expected) in cases {
            assert_eq!(error(needs, &wave), Err(format!("pattern `x`: {expected}")), "{wave}");
        }
        let unknown = wave("main", "all", "siege", r#", "speed": 1"#);
        assert!(error("", &unknown).unwrap_err().contains("unknown field `speed`"));
        let fake = wave("fake", "token", "siege", "");
        let only = Pattern::from_json(&format!(r#"{{"name": "x", "waves": [{fake}]}}"#)).unwrap_err().to_string();
        assert_eq!(only, "pattern `x`: waves must be with at least one that strikes");
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
