//! Who is whose friend: public, and the one answer to "may this march fight here".

use super::scenario::Stance;
use super::site::Player;
use crate::base::clock::GameTime;
use crate::base::id::{AllianceId, EntityIndex, PlayerId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an alliance stands to others, and since when; who is not listed is neutral.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Stances(pub BTreeMap<AllianceId, (Stance, GameTime)>);

impl Stances {
    /// The stance to another alliance.
    #[must_use]
    pub fn to(&self, other: AllianceId) -> Stance {
        self.0.get(&other).map_or(Stance::Neutral, |(stance, _)| *stance)
    }

    /// Those with whom it is at war, sorted.
    pub fn wars(&self) -> impl Iterator<Item = AllianceId> + '_ {
        self.0.iter().filter(|(_, (stance, _))| *stance == Stance::War).map(|(id, _)| *id)
    }

    /// Those with whom it has a pact or a confederacy, sorted.
    pub fn allies(&self) -> impl Iterator<Item = AllianceId> + '_ {
        let bound = |stance| matches!(stance, Stance::Pact | Stance::Confederacy);
        self.0.iter().filter(move |(_, (stance, _))| bound(*stance)).map(|(id, _)| *id)
    }

    /// Those with whom it is one bloc, sorted.
    pub fn confederates(&self) -> impl Iterator<Item = AllianceId> + '_ {
        self.0.iter().filter(|(_, (stance, _))| *stance == Stance::Confederacy).map(|(id, _)| *id)
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
