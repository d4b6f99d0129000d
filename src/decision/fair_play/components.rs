//! What the referee keeps of a person, and what a game can read and set.

use super::rules::{FairPlaySettings, Fared, difficulty};
use crate::base::clock::{CampaignSystems, DueKind, GameSpan, GameTime};
use crate::base::contract::HandicapReason;
use crate::base::id::{AllianceId, Knower, OrderId, ProposalId, SiteId};
use bevy::prelude::*;
use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// It is looked at how a person fares. Owner: the player.
pub const HANDICAP_REVIEWED: DueKind = DueKind::new(16, "handicap_reviewed", &[CampaignSystems::Deliberate]);

/// What an attack on a person is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttackId {
    /// An operation of an alliance.
    Operation(ProposalId),
    /// A raid in return.
    Raid(OrderId),
}

/// An attack on a person that is planned, under way, or was.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct HitRecord {
    /// What it is.
    pub attack: AttackId,
    /// Who sends it: an alliance that deliberates, or a player by itself.
    pub by: Knower,
    /// When the first of it is there.
    pub first: GameTime,
    /// When the last of it is there.
    pub last: GameTime,
    /// Whether it is to take a village.
    pub takes: bool,
    /// The villages that it goes to.
    pub sites: Vec<SiteId>,
    /// Whether it is over, and something of it was there.
    pub landed: bool,
}

/// What the referee knows of a person. Who has it is treated as a person: each player of a scenario that is one. A game that makes
/// a player a person later inserts it.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct VictimRecord {
    /// Attacks, in the order in which they were let through.
    pub hits: Vec<HitRecord>,
    /// When it lost villages, the earliest first.
    pub lost: Vec<GameTime>,
    /// Alliances whose operation was not let through for others were before it, and until when they know to wait.
    pub told: BTreeMap<AllianceId, GameTime>,
    /// How it fared since that was last looked at.
    pub fared: Fared,
}

impl VictimRecord {
    /// Forgets what counts no more.
    pub fn forget(&mut self, now: GameTime, after: GameSpan) {
        self.hits.retain(|hit| now - hit.last < after);
        self.lost.retain(|at| now - *at < after);
        self.told.retain(|_, until| *until > now);
    }

    /// Whether this operation was let through against the person.
    #[must_use]
    pub fn expects(&self, operation: ProposalId) -> bool {
        self.hits.iter().any(|hit| hit.attack == AttackId::Operation(operation))
    }

    /// Notes that an attack is over. `arrived` are the instants at which something of it came to these sites: where nothing did, it
    /// was none.
    pub fn conclude(&mut self, attack: AttackId, arrived: impl Fn(&[SiteId]) -> Option<(GameTime, GameTime)>) {
        self.hits.retain_mut(|hit| {
            if hit.attack != attack {
                return true;
            }
            let Some((first, last)) = arrived(&hit.sites) else { return false };
            (hit.first, hit.last, hit.landed) = (first, last, true);
            true
        });
    }
}

/// Nobody marches on this player before an instant. Beginners have it; a game gives it to whom it likes.
///
/// ```
/// use bevy::prelude::*;
/// use bevy_alliance::base::clock::{GameClock, GameSpan};
/// use bevy_alliance::base::id::{EntityIndex, PlayerId};
/// use bevy_alliance::decision::fair_play::Protection;
/// fn on_holiday(mut commands: Commands, index: Res<EntityIndex>, clock: Res<GameClock>) {
///     if let Some(person) = index.player(PlayerId(7)) {
///         commands.entity(person).insert(Protection { until: clock.now() + GameSpan::days(14) });
///     }
/// }
/// ```
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Protection {
    /// Until when.
    pub until: GameTime,
}

/// How well alliances play against a person now, and why: for the person to read.
///
/// ```
/// use bevy_alliance::base::contract::HandicapReason;
/// use bevy_alliance::decision::fair_play::Handicap;
/// let handicap = Handicap { eased: 0.2, difficulty: 0.7, reason: HandicapReason::VillagesLost, ..Handicap::default() };
/// assert_eq!(handicap.to_string(), "difficulty 0.70: eased, for villages were lost");
/// ```
#[derive(Component, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Handicap {
    /// By how much difficulty is eased, where it follows how the person fares.
    pub eased: f64,
    /// The difficulty that held when the person was last looked at, or else at the start: what was set, less that; 0..=1. Where a
    /// game turns the dial meanwhile, see [`difficulty_by`](Self::difficulty_by).
    pub difficulty: f64,
    /// Since when.
    pub since: GameTime,
    /// Why.
    pub reason: HandicapReason,
}

impl Handicap {
    /// The difficulty that holds by these settings now.
    ///
    /// ```
    /// use bevy_alliance::decision::fair_play::{FairPlaySettings, Handicap};
    /// let settings = FairPlaySettings { difficulty: 0.4, ..FairPlaySettings::default() };
    /// assert!((Handicap::default().difficulty_by(&settings) - 0.4).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn difficulty_by(&self, settings: &FairPlaySettings) -> f64 {
        difficulty(self.eased, settings)
    }
}

impl Default for Handicap {
    fn default() -> Self {
        Self { eased: 0.0, difficulty: 1.0, since: GameTime(0), reason: HandicapReason::AsSet }
    }
}

impl fmt::Display for Handicap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "difficulty {:.2}: {}", self.difficulty, self.reason)
    }
}
