//! What a member carries.

use crate::base::clock::Decayed;
use crate::base::contract::{Archetype, Memory};
use bevy::prelude::{Component, Reflect};
use serde::{Deserialize, Serialize};

/// The five traits, each 0..=1 with 0.5 for a mean member. Formulas take them as d = trait - 0.5.
#[derive(Component, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Traits {
    /// O: likes the new, minds old intel less.
    pub openness: f64,
    /// C: keeps to the aim, minds old intel and an empty home.
    pub conscientiousness: f64,
    /// E: bold, minds losses and weariness less.
    pub extraversion: f64,
    /// A: trusts, helps, gives.
    pub agreeableness: f64,
    /// N: angry and afraid, minds losses, threats and retaliation.
    pub neuroticism: f64,
}

impl Traits {
    /// The mean member: N of the acceptance table in `docs/behavior.md`.
    pub const NEUTRAL: Self =
        Self { openness: 0.5, conscientiousness: 0.5, extraversion: 0.5, agreeableness: 0.5, neuroticism: 0.5 };
    /// A bold and quarrelsome member: Ag of the acceptance table.
    pub const AGGRESSIVE: Self =
        Self { openness: 0.6, conscientiousness: 0.4, extraversion: 0.85, agreeableness: 0.3, neuroticism: 0.35 };
    /// A careful member that stays at home: Tu of the acceptance table.
    pub const TURTLE: Self =
        Self { openness: 0.3, conscientiousness: 0.7, extraversion: 0.2, agreeableness: 0.5, neuroticism: 0.8 };
    /// A member that trusts and binds.
    pub const DIPLOMAT: Self =
        Self { openness: 0.65, conscientiousness: 0.55, extraversion: 0.5, agreeableness: 0.9, neuroticism: 0.35 };
    /// A member that takes what is cheap and gives nothing.
    pub const OPPORTUNIST: Self =
        Self { openness: 0.85, conscientiousness: 0.15, extraversion: 0.6, agreeableness: 0.15, neuroticism: 0.5 };
    /// A member that does what was agreed.
    pub const LOYALIST: Self =
        Self { openness: 0.35, conscientiousness: 0.9, extraversion: 0.5, agreeableness: 0.75, neuroticism: 0.4 };

    /// All five, in the order O, C, E, A, N.
    #[must_use]
    pub fn all(&self) -> [f64; 5] {
        [self.openness, self.conscientiousness, self.extraversion, self.agreeableness, self.neuroticism]
    }

    /// From all five, in the order O, C, E, A, N.
    #[must_use]
    pub fn of([openness, conscientiousness, extraversion, agreeableness, neuroticism]: [f64; 5]) -> Self {
        Self { openness, conscientiousness, extraversion, agreeableness, neuroticism }
    }
}

impl Default for Traits {
    fn default() -> Self {
        Self::NEUTRAL
    }
}

/// The traits that an archetype is drawn around.
///
/// ```
/// use bevy_alliance::base::contract::Archetype;
/// use bevy_alliance::society::personality::Traits;
/// assert_eq!(Traits::from(Archetype::Turtle), Traits::TURTLE);
/// ```
impl From<Archetype> for Traits {
    fn from(archetype: Archetype) -> Self {
        match archetype {
            Archetype::Aggressor => Self::AGGRESSIVE,
            Archetype::Turtle => Self::TURTLE,
            Archetype::Diplomat => Self::DIPLOMAT,
            Archetype::Opportunist => Self::OPPORTUNIST,
            Archetype::Loyalist => Self::LOYALIST,
        }
    }
}

/// What a member adds to the score of every proposal: fixed for its life, so that two members with equal traits and
/// knowledge still differ.
#[derive(Component, Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Taste(pub f64);

/// The traits that a member had before it lived through anything, and how far each has moved lately: what bounds the drift. There
/// from the first thing that it lives through.
#[derive(Component, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Born {
    /// The traits then.
    pub traits: Traits,
    /// The week of the campaign in which traits last moved, from 0.
    pub week: i64,
    /// How far each has moved in that week, to and fro, in the order O, C, E, A, N.
    pub moved: [f64; 5],
}

impl Born {
    /// With these traits.
    #[must_use]
    pub fn with(traits: Traits) -> Self {
        Self { traits, week: 0, moved: [0.0; 5] }
    }
}

/// How far a member's anger and fear are from what they are by its nature: they fade, each with its own half-life. Who has none has
/// lived through nothing.
#[derive(Component, Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Mood {
    /// Of anger.
    pub anger: Decayed,
    /// Of fear.
    pub fear: Decayed,
}

/// What a member remembers, the oldest first.
#[derive(Component, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Memories(pub Vec<Memory>);
