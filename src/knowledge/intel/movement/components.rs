//! Tracks and returning forces.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::knowledge::intel::components::Field;
use crate::knowledge::intel::rules::EXPIRES_AFTER;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What tells marches apart: arrival, target, origin.
pub type TrackKey = (GameTime, SiteId, SiteId);

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
    /// Inhabitants of its origin then; 0 if it was gone.
    pub inhabitants: u32,
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

    /// What tells it from others: arrival, target, origin.
    #[must_use]
    pub const fn key(&self) -> TrackKey {
        (self.arrival, self.target, self.origin)
    }

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
    /// Where it was seen in battle.
    pub from: SiteId,
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
    /// Troops of origins of marches under way, as they were last seen before the march left, where something newer was
    /// seen there since or the origin changed hands.
    pub sights: BTreeMap<TrackKey, Field<Force>>,
}

impl Movements {
    /// Keeps a sight of a player's troops at a site that is no more what is known of it from `until` on, for those marches
    /// of the player that were still there then and had surely left by `until`.
    pub(in crate::knowledge::intel) fn keep_sight(
        &mut self,
        (site, player): (SiteId, PlayerId),
        sight: &Field<Force>,
        until: GameTime,
        now: GameTime,
    ) {
        let needs = |t: &&Track| {
            let left = t.left_at().1;
            t.origin == site
                && t.player == Some(player)
                && t.arrival >= now
                && sight.observed_at < left
                && left <= until
        };
        for track in self.tracks.iter().filter(needs) {
            let kept = self.sights.entry(track.key()).or_insert_with(|| sight.clone());
            if kept.observed_at < sight.observed_at {
                *kept = sight.clone();
            }
        }
    }

    /// Drops what is no more of use, and of the rest what `kept` does not allow: who is home first goes first.
    pub(in crate::knowledge::intel) fn trim(&mut self, now: GameTime, kept: usize) {
        self.tracks.retain(|t| t.home_at().1 >= now);
        while self.tracks.len() > kept.max(1) {
            let first = (0..self.tracks.len()).min_by_key(|i| (self.tracks[*i].home_at().1, *i));
            first.map(|i| self.tracks.remove(i));
        }
        // Who is home again is news beside a report that was made while they were out, and those live for a week.
        self.returning.retain(|r| r.home_at.1 + EXPIRES_AFTER >= now);
        while self.returning.len() > kept.max(1) {
            let first = (0..self.returning.len()).min_by_key(|i| (self.returning[*i].home_at, *i));
            first.map(|i| self.returning.remove(i));
        }
        let tracks = &self.tracks;
        self.sights.retain(|key, _| key.0 >= now && tracks.binary_search_by_key(key, Track::key).is_ok());
    }

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
