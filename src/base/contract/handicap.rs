//! Why the difficulty that holds against a person changed: a closed set, so that games can translate it.

use bevy::prelude::Reflect;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Why the difficulty that holds against a person is what it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandicapReason {
    /// It is what the settings say.
    #[default]
    AsSet,
    /// The person lost villages: it becomes easier.
    VillagesLost,
    /// The person lost many more troops than it killed: it becomes easier.
    ArmiesLost,
    /// The person killed many more troops than it lost: what was eased is taken back.
    ArmiesWon,
    /// Nobody fought the person: what was eased is taken back, more slowly.
    Calm,
}

impl HandicapReason {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AsSet => "as_set",
            Self::VillagesLost => "villages_lost",
            Self::ArmiesLost => "armies_lost",
            Self::ArmiesWon => "armies_won",
            Self::Calm => "calm",
        }
    }
}

impl fmt::Display for HandicapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsSet => "as the game sets it",
            Self::VillagesLost => "eased, for villages were lost",
            Self::ArmiesLost => "eased, for many more troops fell than were killed",
            Self::ArmiesWon => "harder again, for many more troops were killed than fell",
            Self::Calm => "a little harder again, for nobody attacked",
        })
    }
}
