//! What an alliance and its members are.

use crate::base::clock::{Decayed, GameSpan, GameTime};
use crate::base::contract::Rank;
use crate::base::id::{AllianceId, PlayerId, SiteId};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An alliance.
#[derive(Component, Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Alliance {
    /// Its id.
    pub id: AllianceId,
    /// Its name: data, never markup or an instruction.
    pub name: String,
    /// Whether it deliberates.
    pub active: bool,
}

/// Proposals and scouting missions of an alliance so far: the n of the next
/// [`ProposalId`](crate::base::id::ProposalId).
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct ProposalCount(pub u32);

impl ProposalCount {
    /// Counts one more and returns its n.
    pub fn count(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

/// A player's place in an alliance. It is the truth; [`MemberOf`] follows it.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
#[component(immutable)]
pub struct Membership {
    /// Which alliance.
    pub alliance: AllianceId,
    /// Its rank there.
    pub rank: Rank,
}

/// The relationship from a member to its alliance's entity.
#[derive(Component, Debug)]
#[relationship(relationship_target = Members)]
pub struct MemberOf(pub Entity);

/// The members of an alliance, in no promised order.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = MemberOf)]
pub struct Members(Vec<Entity>);

/// What an alliance holds against others. Half-life 5 days.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Grievances(pub BTreeMap<AllianceId, Decayed>);

/// A war, as one side of it sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct War {
    /// What it is for: the villages to break.
    pub aim: Vec<SiteId>,
    /// Those of them that were broken or taken.
    pub reached: Vec<SiteId>,
    /// Whether this side declared it.
    pub declared: bool,
    /// The other side's troops that own members killed in it, as far as they saw it, in goods.
    pub killed: i64,
    /// Own members' troops that died in it, in goods.
    pub lost: i64,
}

/// The wars of an alliance, by enemy.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Wars(pub BTreeMap<AllianceId, War>);

/// What experience has taught an alliance about others' word, -100..=100. Half-life 30 days.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Credit(pub BTreeMap<AllianceId, Decayed>);

impl Credit {
    /// How far another's word is believed now.
    #[must_use]
    pub fn of(&self, other: AllianceId, now: GameTime) -> f64 {
        self.0.get(&other).map_or(0.0, |d| d.at(now, super::rules::TRUST_HALF_LIFE).clamp(-100.0, 100.0))
    }
}

/// What experience has added to a member's trust in others, on top of the seeded first impression. Sparse: at most
/// 128; half-life 30 days.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Trust(pub BTreeMap<PlayerId, Decayed>);

impl Trust {
    /// Adds to what experience has taught of another. Of too many the one of whom it has taught least makes place.
    pub fn learn(&mut self, of: PlayerId, change: f64, now: GameTime) {
        use super::rules::{TRUST_HALF_LIFE, TRUST_KEPT};
        self.0.entry(of).or_default().add(change, now, TRUST_HALF_LIFE);
        if self.0.len() > TRUST_KEPT {
            let taught = |learned: &Decayed| learned.at(now, TRUST_HALF_LIFE).abs();
            let least = self.0.iter().min_by(|(_, a), (_, b)| taught(a).total_cmp(&taught(b))).map(|(id, _)| *id);
            if let Some(least) = least {
                self.0.remove(&least);
            }
        }
    }
}

/// An application that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub struct Application {
    /// When it was made.
    pub since: GameTime,
    /// When it is answered at the latest.
    pub answer_by: GameTime,
}

/// Players who ask an alliance to take them in.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Applications(pub BTreeMap<PlayerId, Application>);

/// How many of the groups that a member was ordered to send really left.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Reliability {
    /// Groups ordered, as they were due: what a decision keeps at home is not among them.
    pub ordered: u32,
    /// Groups launched.
    pub launched: u32,
}

impl Reliability {
    /// Launched over ordered; 1 for who was never ordered.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.ordered == 0 { 1.0 } else { f64::from(self.launched) / f64::from(self.ordered) }
    }
}

/// What a member's wars cost it lately: for weariness.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct WarRecord {
    /// Goods of troops lost, with their instants, of the last 7 days.
    pub losses: Vec<(GameTime, i64)>,
    /// Starts of operations it took part in, of the last 72 hours.
    pub operations: Vec<GameTime>,
}

impl WarRecord {
    const LOSS_MEMORY: GameSpan = GameSpan::days(7);
    const OPERATION_MEMORY: GameSpan = GameSpan::hours(72);

    /// Notes a loss.
    pub fn lost(&mut self, now: GameTime, goods: i64) {
        self.losses.retain(|(at, _)| now - *at < Self::LOSS_MEMORY);
        self.losses.push((now, goods));
    }

    /// Notes an operation.
    pub fn joined(&mut self, now: GameTime) {
        self.operations.retain(|at| now - *at < Self::OPERATION_MEMORY);
        self.operations.push(now);
    }

    /// Goods lost in the last 7 days.
    #[must_use]
    pub fn lost_lately(&self, now: GameTime) -> i64 {
        self.losses.iter().filter(|(at, _)| now - *at < Self::LOSS_MEMORY).map(|(_, g)| *g).sum()
    }

    /// Operations in the last 72 hours.
    #[must_use]
    pub fn operations_lately(&self, now: GameTime) -> usize {
        self.operations.iter().filter(|at| now - **at < Self::OPERATION_MEMORY).count()
    }
}
