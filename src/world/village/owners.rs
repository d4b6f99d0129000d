//! Who owns villages, as far as villages care.

use crate::base::contract::{Player, PlayerKind};
use crate::base::id::{EntityIndex, PlayerId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// All players.
#[derive(SystemParam)]
pub(crate) struct Owners<'w, 's> {
    index: Res<'w, EntityIndex>,
    players: Query<'w, 's, &'static Player>,
}

impl Owners<'_, '_> {
    /// Whether a player never acts, or is unknown: nobody asks anything of its villages.
    pub(crate) fn is_static(&self, player: PlayerId) -> bool {
        let player = self.index.player(player).and_then(|e| self.players.get(e).ok());
        player.is_none_or(|p| p.kind == PlayerKind::Static)
    }
}
