//! What an alliance offered others.

use crate::base::clock::GameTime;
use crate::base::contract::Treaty;
use crate::base::id::AllianceId;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The latest offer of its kind to another alliance.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct OwnOffer {
    /// When it was made.
    pub made_at: GameTime,
    /// Until when it stands, exclusive: who has not answered by then has refused it.
    pub until: GameTime,
    /// How much spoke for it.
    pub score: f64,
}

/// What an alliance offered others. Part of an alliance that deliberates.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OwnOffers(pub BTreeMap<(AllianceId, Treaty), OwnOffer>);

/// A council refuses an offer without a vote: too little speaks for it. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct OfferRefused {
    /// Who refuses.
    pub by: AllianceId,
    /// Who offered it.
    pub to: AllianceId,
    /// What.
    pub treaty: Treaty,
    /// Why, in words.
    pub reason: String,
}
