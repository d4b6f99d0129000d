//! What is built, and who works on it.

use crate::base::clock::GameTime;
use crate::base::id::SiteId;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// The wonder of a site: there from its first level on, whoever holds the site. Its level is public.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Wonder {
    /// Levels built, from 1.
    pub level: u8,
}

/// An alliance works on a wonder: there from its first vote for one on.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct WonderWork {
    /// Where.
    pub site: SiteId,
    /// Until when members give for it; what the pool holds is spent on it until then.
    pub until: GameTime,
    /// When the next level is begun if the pool can pay for it.
    pub next: GameTime,
}

impl WonderWork {
    /// Whether members still give for it.
    #[must_use]
    pub fn goes_on(&self, now: GameTime) -> bool {
        now < self.until
    }
}
