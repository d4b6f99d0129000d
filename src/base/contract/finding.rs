//! What an alliance can find when it looks back at an operation: a closed set, so that rules, models and games mean the same.

use bevy::prelude::Reflect;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What an operation taught.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It was called off before it fell.
    CalledOff,
    /// More stood there than was reckoned with, and what was reckoned with had been seen long before.
    IntelTooOld,
    /// More stood there than was reckoned with, though it had been seen lately: help came, or troops were hidden.
    EnemyStronger,
    /// Less stood there than was reckoned with.
    EnemyWeaker,
    /// Groups that were ordered did not leave.
    CameTooFew,
    /// It cost more than it was worth.
    DearlyBought,
    /// It fell short of its goal although it fell as planned.
    TooWeak,
    /// It reached its goal at about the losses that were expected.
    WentAsPlanned,
}

impl Finding {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CalledOff,
        Self::IntelTooOld,
        Self::EnemyStronger,
        Self::EnemyWeaker,
        Self::CameTooFew,
        Self::DearlyBought,
        Self::TooWeak,
        Self::WentAsPlanned,
    ];
    /// Findings of one operation at most.
    pub const MAX: usize = 3;

    /// Its name, as facts, logs and models give it.
    ///
    /// ```
    /// use bevy_alliance::base::contract::Finding;
    /// assert_eq!(Finding::IntelTooOld.name(), "intel_too_old");
    /// assert!(Finding::ALL.iter().all(|f| Finding::named(f.name()) == Some(*f)));
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CalledOff => "called_off",
            Self::IntelTooOld => "intel_too_old",
            Self::EnemyStronger => "enemy_stronger",
            Self::EnemyWeaker => "enemy_weaker",
            Self::CameTooFew => "came_too_few",
            Self::DearlyBought => "dearly_bought",
            Self::TooWeak => "too_weak",
            Self::WentAsPlanned => "went_as_planned",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.name() == name)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
