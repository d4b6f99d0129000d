//! A value that halves with time.

use super::time::{GameSpan, GameTime};
use bevy::prelude::Reflect;
use serde::{Deserialize, Serialize};

/// A value that halves with time: kept as (value, since), computed when read, never ticked.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Decayed {
    /// The value at `since`.
    pub value: f64,
    /// When it had that value.
    pub since: GameTime,
}

impl Decayed {
    /// The value now.
    #[must_use]
    pub fn at(self, now: GameTime, half_life: GameSpan) -> f64 {
        self.value * libm::exp2(-(now - self.since).as_hours() / half_life.as_hours())
    }

    /// Adds to the value now.
    pub fn add(&mut self, amount: f64, now: GameTime, half_life: GameSpan) {
        *self = Self { value: self.at(now, half_life) + amount, since: now };
    }
}
