//! What a knower learns of a foreign player by watching it for long: when it acts, and whether its marches are real.

use crate::base::clock::GameTime;
use crate::base::id::{Knower, PlayerId};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was seen of one player over time. Totals over its sites are not kept here: they are read from reports.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Dossier {
    /// Acts seen in each hour of the day of the campaign.
    pub acts: [u16; 24],
    /// Its marches that came with force.
    pub real: u32,
    /// Its marches that came with next to nothing.
    pub fake: u32,
    /// When the latest act was.
    pub last_act: GameTime,
}

/// What a knower learned of foreign players.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Dossiers(pub BTreeMap<PlayerId, Dossier>);

/// A knower saw what a foreign player did. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActSeen {
    /// Who saw it.
    pub knower: Knower,
    /// Who did it.
    pub player: PlayerId,
    /// When it was done, which may be before it was seen.
    pub at: GameTime,
    /// What it did.
    pub act: Act,
}

/// What a foreign player can be seen to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Sent a march.
    Launched,
    /// A march of its came to an own site: with force, or with next to nothing.
    Came {
        /// Whether it was more than a fake.
        real: bool,
    },
}
