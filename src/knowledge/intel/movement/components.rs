//! Tracks and returning forces.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::knowledge::intel::rules::EXPIRES_AFTER;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// All that was seen of one foreign march. Marches that agree in origin, target and arrival are one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
pub struct Track {
    /// When it arrives.
    pub arrival: GameTime,
    /// Where it goes.
    pub target: SiteId,
    /// Where it left.
    pub origin: SiteId,
    /// Who held its origin when it was first seen; `None` if nobody did any more.
    pub player: Option<PlayerId>,
    /// When it was first seen.
    pub first_seen: GameTime,
    /// How often it was seen.
    pub sightings: u16,
    /// How long its whole way takes, at least and at most.
    pub travel: (GameSpan, GameSpan),
}

impl Track {
    /// The longest travel there is: nothing is known of it.
    pub const ENDLESS: GameSpan = GameSpan(i64::MAX);

    /// When it left, at the earliest and at the latest.
    #[must_use]
    pub fn left_at(&self) -> (GameTime, GameTime) {
        let ago = |span: GameSpan| GameTime(self.arrival.0.saturating_sub(span.0));
        (ago(self.travel.1), ago(self.travel.0))
    }

    /// When what is left of it is home, at the earliest and at the latest, if all of it turns at its target: the way back
    /// takes as long. What nobody knows is forgotten with everything else, 7 days after its arrival.
    #[must_use]
    pub fn home_at(&self) -> (GameTime, GameTime) {
        (self.arrival + self.travel.0.min(EXPIRES_AFTER), self.arrival + self.travel.1.min(EXPIRES_AFTER))
    }
}

/// A force that was seen in battle and went home.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Returning {
    /// When it is home, at the earliest and at the latest.
    pub home_at: (GameTime, GameTime),
    /// Where it goes home to.
    pub site: SiteId,
    /// Whose it is.
    pub player: PlayerId,
    /// When it left there, at the earliest and at the latest.
    pub left_at: (GameTime, GameTime),
    /// The survivors.
    pub force: Force,
}

/// The foreign movements that a knower knows of: marches until they are surely home, and survivors of battles until a week
/// after that, when no report is left that was made while they were out.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Movements {
    /// Marches, sorted by arrival, target and origin.
    pub tracks: Vec<Track>,
    /// Survivors on their way home, sorted by the site that they go to, then by when they are there at the earliest.
    pub returning: Vec<Returning>,
}

impl Movements {
    /// Survivors that go home to a site, by when they are there at the earliest.
    #[must_use]
    pub fn returning_to(&self, site: SiteId) -> &[Returning] {
        let first = self.returning.partition_point(|r| r.site < site);
        let after = self.returning.partition_point(|r| r.site <= site);
        &self.returning[first..after]
    }
}

/// How it is judged whether a march is real: weights in a sum of log-odds.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct MovementSettings {
    /// Before anything is known: 0 is a probability of one half.
    pub prior: f64,
    /// Added for a march that moves as slowly as siege engines or chiefs and can be slowed by nothing else.
    pub slow: f64,
    /// Taken away from a march that is too fast for any of them. Raids are fast and real, so this says less.
    pub fast: f64,
    /// Times twice the share (0..=1) of its owner's known offense that stands at its origin, less 1.
    pub home: f64,
    /// Added where no offense of its owner is known, if it left his most populous site.
    pub home_unseen: f64,
    /// Times the log-odds of (real + 1) / (real + fake + 2), over what came of its owner's earlier marches.
    pub history: f64,
    /// Taken away, times the natural logarithm of the number of sites to which its sender's marches go.
    pub targets: f64,
    /// Added if its sender sends several within a minute to the same site.
    pub waves: f64,
    /// The probability is at least this, and at most 1 less this.
    pub probability_min: f64,
}

impl Default for MovementSettings {
    fn default() -> Self {
        Self {
            prior: 0.0,
            slow: 1.0,
            fast: 0.5,
            home: 1.0,
            home_unseen: 0.5,
            history: 1.0,
            targets: 0.5,
            waves: 0.5,
            probability_min: 0.05,
        }
    }
}
