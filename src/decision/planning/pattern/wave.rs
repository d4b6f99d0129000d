//! One wave of a pattern: what it is for, who goes, where, when and in what manner, and which of that makes sense together.

use super::{Need, PatternGoal};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Manner, WorldModel};
use crate::base::id::SiteId;
use crate::decision::planning::allocation::{Assignment, Errand};
use serde::{Deserialize, Serialize};

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
    /// Other sites of the same enemy near a target, the weakest first: what holds by itself calls nobody to help it.
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

    /// The first field that makes no sense, or that would do nothing beside the others, and what it must be.
    pub(super) fn wrong(self, goal: PatternGoal, needs: &[Need]) -> Option<(&'static str, &'static str)> {
        let checks = self.wrong_numbers().into_iter().chain(self.wrong_places(goal, needs));
        checks.into_iter().find(|(right, ..)| !right).map(|(_, field, expected)| (field, expected))
    }

    /// Whether it is sent in groups of its own to places of its own: what feints and draws eyes.
    fn is_token_like(self) -> bool {
        matches!(self.role, WaveRole::Fake | WaveRole::Decoy | WaveRole::Pin | WaveRole::Feint)
    }

    /// What each number must be: right or not, the field, what it must be.
    fn wrong_numbers(self) -> [(bool, &'static str, &'static str); 13] {
        let blockades = self.manner == Manner::Blockade;
        let shares = !matches!(self.units, UnitFilter::Token | UnitFilter::Chief);
        let groups = self.is_token_like();
        [
            ((-OFFSET_MAX.0..=OFFSET_MAX.0).contains(&self.offset_millis), "offset_millis", "within 24 hours"),
            (self.share > 0.0 && self.share <= 1.0, "share", "above 0 and at most 1"),
            (shares || self.share >= 1.0, "share", "absent for tokens and chiefs"),
            ((1..=PER_TARGET_MAX).contains(&self.per_target), "per_target", "from 1 to 10"),
            (groups || self.per_target == 1, "per_target", "absent, but for fakes, decoys, pins and feints"),
            (blockades || self.stay_millis.is_none(), "stay_millis", "absent, but for a blockade"),
            (self.stay_millis.is_none_or(|t| (1..=OFFSET_MAX.0).contains(&t)), "stay_millis", "above 0, to 24 hours"),
            (
                self.recall_before_millis.is_none_or(|t| (1..=OFFSET_MAX.0).contains(&t)),
                "recall_before_millis",
                "above 0, to 24 hours",
            ),
            (
                self.recall_before_millis.is_some() == (self.role == WaveRole::Feint),
                "recall_before_millis",
                "there for a feint, and for nothing else",
            ),
            (
                self.if_needed == (self.role == WaveRole::Reserve),
                "if_needed",
                "true for a reserve, and for nothing else",
            ),
            (!self.if_needed || self.offset_millis > 0, "offset_millis", "above 0 for a reserve"),
            (self.manner.is_seen(), "manner", "`siege`, `raid` or `blockade`"),
            (blockades == (self.role == WaveRole::Anvil), "manner", "`blockade` for an anvil, and for nothing else"),
        ]
    }

    /// What its units, aims and places must be, and what of the pattern it asks for.
    fn wrong_places(self, goal: PatternGoal, needs: &[Need]) -> [(bool, &'static str, &'static str); 11] {
        use UnitFilter as U;
        let (blockades, turns) = (self.manner == Manner::Blockade, self.recall_before_millis.is_some());
        let units = |some: &[U]| some.contains(&self.units);
        let aims_at_all =
            self.manner == Manner::Siege && units(&[U::All, U::OnlySlowest, U::Engines]) && !self.is_token_like();
        [
            (self.role != WaveRole::Anvil || units(&[U::Defense]), "units", "`defense` for an anvil"),
            (self.role == WaveRole::Anvil || !units(&[U::Defense]), "units", "offense, but for an anvil"),
            (self.role != WaveRole::Reserve || units(&[U::All]), "units", "`all` for a reserve"),
            (
                !self.is_token_like() || units(&[U::Token, U::All, U::Raiders]),
                "units",
                "`token`, `all` or `raiders` for a fake, decoy, pin or feint",
            ),
            (self.is_beside() || !units(&[U::Token]), "units", "more than a token for a wave that strikes"),
            (self.manner == Manner::Siege || !units(&[U::Chief]), "manner", "`siege` for chiefs"),
            (self.aim.is_none() || aims_at_all, "aim", "absent, but for engines of a siege"),
            (
                self.is_token_like() || matches!(self.at, WaveSite::Target | WaveSite::Origins),
                "at",
                "`target` or `origins`, but for a fake, decoy, pin or feint",
            ),
            (
                (!blockades || needs.contains(&Need::Blockade)) && (!turns || needs.contains(&Need::RecallAnyTime)),
                "needs",
                if blockades {
                    "with `blockade`, which a wave of it uses"
                } else {
                    "with `recall_any_time`, which a wave of it uses"
                },
            ),
            (
                goal == PatternGoal::Break || !units(&[U::Engines]) || self.share >= 1.0,
                "share",
                "absent for engines, in a pattern that takes a site",
            ),
            (goal == PatternGoal::Break || !self.is_beside(), "role", "of the blow, in a pattern that takes a site"),
        ]
    }
}
