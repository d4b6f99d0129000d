//! What decisions and accounts may ask of a member's heart.

use super::components::{Memories, Mood, Taste, Traits};
use super::rules::{self, Cue, Feelings};
use super::settings::PersonalitySettings;
use crate::base::clock::GameTime;
use crate::base::contract::Memory;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Read access to who members are, what they feel and what they remember.
#[derive(SystemParam)]
pub struct Hearts<'w, 's> {
    settings: Res<'w, PersonalitySettings>,
    members: Query<'w, 's, (&'static Traits, &'static Taste, Option<&'static Mood>, Option<&'static Memories>)>,
}

impl core::fmt::Debug for Hearts<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hearts")
    }
}

impl Hearts<'_, '_> {
    /// A member's traits.
    #[must_use]
    pub fn traits(&self, member: Entity) -> Traits {
        self.members.get(member).map_or_else(|_| Traits::default(), |(traits, ..)| *traits)
    }

    /// A member's fixed taste.
    #[must_use]
    pub fn taste(&self, member: Entity) -> Taste {
        self.members.get(member).map_or_else(|_| Taste::default(), |(_, taste, ..)| *taste)
    }

    /// What a member feels now.
    #[must_use]
    pub fn feelings(&self, member: Entity, now: GameTime) -> Feelings {
        let mood = self.members.get(member).ok().and_then(|(_, _, mood, _)| mood);
        rules::feelings(&self.traits(member), mood, &self.settings, now)
    }

    /// What a member recalls of those whom a question is about, the most relevant first.
    #[must_use]
    pub fn recalls(&self, member: Entity, cue: &Cue, now: GameTime) -> Vec<Memory> {
        let memories = self.members.get(member).ok().and_then(|(.., memories)| memories);
        memories.map_or_else(Vec::new, |memories| rules::recall(memories, cue, &self.settings, now))
    }
}
