//! Who is whose friend: public, and the one answer to "may this march fight here".

use super::scenario::Stance;
use super::site::Player;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, EntityIndex, PlayerId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What two alliances can agree on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treaty {
    /// Their war ends with a truce.
    Peace,
    /// Neither attacks the other.
    Pact,
    /// They become one bloc.
    Confederacy,
}

impl Treaty {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Peace, Self::Pact, Self::Confederacy];

    /// How they stand to each other once it is agreed.
    #[must_use]
    pub fn stance(self) -> Stance {
        match self {
            Self::Peace => Stance::Truce,
            Self::Pact => Stance::Pact,
            Self::Confederacy => Stance::Confederacy,
        }
    }
}

/// How an alliance stands to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub struct Standing {
    /// How.
    pub stance: Stance,
    /// Since when.
    pub since: GameTime,
    /// When it ends by itself: what is agreed for a time. `None`: not by itself.
    pub until: Option<GameTime>,
}

/// How an alliance stands to others; who is not listed is neutral.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Stances(pub BTreeMap<AllianceId, Standing>);

impl Stances {
    /// The stance to another alliance.
    #[must_use]
    pub fn to(&self, other: AllianceId) -> Stance {
        self.0.get(&other).map_or(Stance::Neutral, |standing| standing.stance)
    }

    /// How long they have stood so to each other. `None` if they never stood otherwise.
    #[must_use]
    pub fn lasts(&self, other: AllianceId, now: GameTime) -> Option<GameSpan> {
        self.0.get(&other).map(|standing| now - standing.since)
    }

    /// Those with whom it is at war, sorted.
    pub fn wars(&self) -> impl Iterator<Item = AllianceId> + '_ {
        self.0.iter().filter(|(_, s)| s.stance == Stance::War).map(|(id, _)| *id)
    }

    /// Those with whom it has a pact or a confederacy, sorted.
    pub fn allies(&self) -> impl Iterator<Item = AllianceId> + '_ {
        let bound = |stance| matches!(stance, Stance::Pact | Stance::Confederacy);
        self.0.iter().filter(move |(_, s)| bound(s.stance)).map(|(id, _)| *id)
    }

    /// Those with whom it is one bloc, sorted.
    pub fn confederates(&self) -> impl Iterator<Item = AllianceId> + '_ {
        self.0.iter().filter(|(_, s)| s.stance == Stance::Confederacy).map(|(id, _)| *id)
    }
}

/// Who may attack whom: alliances of players, and how alliances stand to each other.
#[derive(SystemParam)]
pub struct Relations<'w, 's> {
    index: Res<'w, EntityIndex>,
    players: Query<'w, 's, &'static Player>,
    stances: Query<'w, 's, &'static Stances>,
}

impl core::fmt::Debug for Relations<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Relations")
    }
}

impl Relations<'_, '_> {
    /// The alliance of a player.
    #[must_use]
    pub fn alliance_of(&self, player: PlayerId) -> Option<AllianceId> {
        self.players.get(self.index.player(player)?).ok()?.alliance
    }

    /// How one alliance stands to another.
    #[must_use]
    pub fn stance(&self, one: AllianceId, other: AllianceId) -> Stance {
        self.index.alliance(one).and_then(|e| self.stances.get(e).ok()).map_or(Stance::Neutral, |s| s.to(other))
    }

    /// Those with whom an alliance is at war, sorted.
    pub fn wars(&self, alliance: AllianceId) -> impl Iterator<Item = AllianceId> + '_ {
        self.index.alliance(alliance).and_then(|e| self.stances.get(e).ok()).into_iter().flat_map(Stances::wars)
    }

    /// Whether both are the same player, or belong to the same alliance.
    #[must_use]
    pub fn are_allies(&self, one: PlayerId, other: PlayerId) -> bool {
        one == other || self.alliance_of(one).is_some_and(|a| self.alliance_of(other) == Some(a))
    }

    /// Whether neither may attack the other: allies, and those whose alliances have a truce, a pact or a confederacy.
    /// Their troops may be each other's guests.
    #[must_use]
    pub fn are_friends(&self, one: PlayerId, other: PlayerId) -> bool {
        self.are_allies(one, other) || self.pact_of(one, other).is_some()
    }

    /// The stance of their alliances to each other, if it forbids attacks.
    #[must_use]
    pub fn pact_of(&self, one: PlayerId, other: PlayerId) -> Option<Stance> {
        let stance = self.stance(self.alliance_of(one)?, self.alliance_of(other)?);
        stance.forbids_attack().then_some(stance)
    }
}
