//! How scouts are used, and what is remembered of it.

use crate::action::operations::SendScouts;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, PlayerId};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an alliance chooses where to look. All choose among the same sites and have the same budgets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoutingPolicy {
    /// Where a look is most likely to find a target, for each scout; and once more, shortly before it leaves, where one is
    /// planned.
    #[default]
    Value,
    /// What was never seen first, in an order that is drawn, then what was seen longest ago.
    OldestFirst,
    /// By lot.
    Random,
}

/// How many scouts go, where, and how often.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct ScoutingSettings {
    /// How alliances choose.
    pub policy: ScoutingPolicy,
    /// Alliances that choose otherwise.
    pub policy_of: BTreeMap<AllianceId, ScoutingPolicy>,
    /// Parties that look, sent at one session at most.
    pub parties_per_session: usize,
    /// Parties of one member at one session at most, decoys included.
    pub parties_per_member: usize,
    /// Scouts that a member sends within 24 hours at most, as a share of all that it has: at 1 each goes once.
    pub scouts_per_member_day: f64,
    /// Inhabitants of a site for each scout that a party there has at least: a village is taken to keep so many scouts.
    pub inhabitants_per_scout: f64,
    /// A party is at most so many times as large as it has to be: the larger the more of it come back.
    pub party_most: u32,
    /// What a plan rests on is looked at again once it is older than this.
    pub relook_after: GameSpan,
    /// Decoys per party that looks, on average.
    pub decoys_per_look: f64,
    /// Decoys sent at one session at most.
    pub decoys_per_session: usize,
    /// A decoy goes to a site that is at most this far, in fields, from one that is looked at.
    pub decoy_fields: f64,
    /// How far the logarithm of an army may be off that nobody has seen.
    pub unseen_sigma: f64,
    /// The share of the square of [`unseen_sigma`](Self::unseen_sigma) that lies between owners: the higher the more one
    /// site of an owner tells about its others.
    pub alike: f64,
    /// Armies above this share of what inhabitants suggest are those of defenders.
    pub weak: f64,
    /// The chance that an attack on a defender pays, over that on another whose army is as large.
    pub strong_odds: f64,
    /// The share of the own offense, by cost, that an army may have so that every second attack on it would pay.
    pub even_share: f64,
}

impl Default for ScoutingSettings {
    fn default() -> Self {
        Self {
            policy: ScoutingPolicy::Value,
            policy_of: BTreeMap::new(),
            parties_per_session: 4,
            parties_per_member: 1,
            scouts_per_member_day: 1.0,
            inhabitants_per_scout: 22.0,
            party_most: 4,
            relook_after: GameSpan::hours(12),
            decoys_per_look: 0.25,
            decoys_per_session: 1,
            decoy_fields: 15.0,
            unseen_sigma: 0.6,
            alike: 0.7,
            weak: 0.75,
            strong_odds: 0.15,
            even_share: 0.03,
        }
    }
}

impl ScoutingSettings {
    /// How this alliance chooses.
    #[must_use]
    pub fn policy(&self, alliance: AllianceId) -> ScoutingPolicy {
        self.policy_of.get(&alliance).copied().unwrap_or(self.policy)
    }
}

/// Scouts that left within the last 24 hours, of each member of an alliance: what the budget of a day is counted from.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct ScoutingRecord(pub Vec<ScoutsGone>);

/// Scouts of one party.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub struct ScoutsGone {
    /// When they left.
    pub at: GameTime,
    /// Whose they are.
    pub member: PlayerId,
    /// How many.
    pub scouts: u32,
}

impl ScoutingRecord {
    /// Forgets who left 24 hours ago or longer.
    pub(crate) fn forget(&mut self, now: GameTime) {
        self.0.retain(|gone| now - gone.at < GameSpan::hours(24));
    }

    /// Notes a party that leaves now.
    pub(crate) fn note(&mut self, now: GameTime, party: &SendScouts) {
        let scouts = u32::try_from(party.force.total()).unwrap_or(u32::MAX);
        self.0.push(ScoutsGone { at: now, member: party.member, scouts });
    }

    /// Scouts of each member that left within the last 24 hours.
    #[must_use]
    pub fn by_member(&self) -> BTreeMap<PlayerId, u64> {
        let mut sent = BTreeMap::new();
        for gone in &self.0 {
            *sent.entry(gone.member).or_default() += u64::from(gone.scouts);
        }
        sent
    }
}
