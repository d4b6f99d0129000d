//! What of a site's force is promised, to what, until when: the only place that says it.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::OrderId;
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A promise of troops that are still at home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Commitment {
    /// To what.
    pub order: OrderId,
    /// Which troops.
    pub force: Force,
    /// Until when: they leave then.
    pub until: GameTime,
}

/// When troops of a site last left for a blow of an operation.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LastBlow(pub GameTime);

impl LastBlow {
    /// Whether a site still rests from it: troops that march again as soon as they are home are never mended, and are always
    /// expected.
    ///
    /// ```
    /// use bevy_alliance::base::clock::{GameSpan, GameTime};
    /// use bevy_alliance::decision::planning::LastBlow;
    /// let blow = LastBlow(GameTime(0) + GameSpan::hours(10));
    /// assert!(blow.rests(GameTime(0) + GameSpan::hours(69), GameSpan::hours(60)));
    /// assert!(!blow.rests(GameTime(0) + GameSpan::hours(70), GameSpan::hours(60)));
    /// assert!(!blow.rests(GameTime(0) + GameSpan::hours(10), GameSpan(0)));
    /// ```
    #[must_use]
    pub fn rests(self, now: GameTime, rest: GameSpan) -> bool {
        now - self.0 < rest
    }
}

/// The promises of one site. A promise ends when its troops leave, or when its order is called off.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Commitments(pub Vec<Commitment>);

impl Commitments {
    /// All promised troops together.
    #[must_use]
    pub fn promised(&self) -> Force {
        let mut force = Force::new();
        for commitment in &self.0 {
            force.add_all(&commitment.force);
        }
        force
    }

    /// What of a force at home is not promised.
    #[must_use]
    pub fn free(&self, home: &Force) -> Force {
        if self.0.is_empty() { home.clone() } else { home.minus(&self.promised()) }
    }

    /// Ends the promise of an order.
    pub fn release(&mut self, order: OrderId) {
        self.0.retain(|c| c.order != order);
    }
}
