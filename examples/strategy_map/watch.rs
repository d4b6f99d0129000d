//! What the viewer looks at: whose eyes, what is selected, what is drawn. Panels and the map read and write it; the campaign never
//! does.

use bevy::prelude::*;
use bevy_alliance::base::contract::Player;
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{AllianceId, PlayerId, ProposalId, SiteId};

/// Which list the panel at the left shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Tab {
    /// Who deliberates, and how they stand.
    #[default]
    Alliances,
    /// Votes and operations.
    Operations,
    /// What the members of an alliance say.
    Messages,
}

/// What is drawn on the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layers {
    pub(crate) territory: bool,
    pub(crate) marches: bool,
    pub(crate) trails: bool,
    pub(crate) operations: bool,
    pub(crate) battles: bool,
    pub(crate) labels: bool,
    pub(crate) minimap: bool,
    pub(crate) legend: bool,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            territory: true,
            marches: true,
            trails: true,
            operations: true,
            battles: true,
            labels: true,
            minimap: true,
            legend: true,
        }
    }
}

/// Where the camera is asked to go.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum GoTo {
    /// The whole world.
    World,
    /// A place, with so many tiles across the free part of the window.
    Place(Tile, f32),
    /// All that an operation has to do with.
    Operation(ProposalId),
}

/// What the viewer looks at.
#[derive(Resource, Debug, Default)]
pub(crate) struct Watch {
    /// Whose knowledge is drawn (the fog); `None`: the truth, as a spectator sees it.
    pub(crate) side: Option<AllianceId>,
    /// The alliance whose panel is open.
    pub(crate) alliance: Option<AllianceId>,
    /// The proposal or operation that is shown in full.
    pub(crate) operation: Option<ProposalId>,
    /// The village that is shown in full.
    pub(crate) site: Option<SiteId>,
    /// The village under the pointer.
    pub(crate) hovered: Option<SiteId>,
    /// The member that a person leads.
    pub(crate) person: Option<PlayerId>,
    pub(crate) tab: Tab,
    pub(crate) layers: Layers,
    /// Whether the list of keys is shown.
    pub(crate) help: bool,
    /// Whether truth is shown beside belief for what is selected: after the fact, or for a spectator.
    pub(crate) truth: bool,
    /// Whether a picture is taken: nothing is shown that changes with the wall clock, as the frame time does.
    pub(crate) still: bool,
    /// Where the camera goes next.
    pub(crate) go_to: Option<GoTo>,
}

impl Watch {
    /// Whose knowledge is drawn where somebody's must be: the side's, or the alliance's whose panel is open.
    pub(crate) fn eyes(&self) -> Option<AllianceId> {
        self.side.or(self.alliance)
    }

    /// Whether what an alliance decides is shown: all of it to a spectator, else only one's own.
    pub(crate) fn may_see(&self, alliance: AllianceId) -> bool {
        self.side.is_none_or(|side| side == alliance)
    }

    /// Selects a proposal and leads the camera to it.
    pub(crate) fn show_operation(&mut self, operation: ProposalId) {
        self.operation = Some(operation);
        self.alliance = Some(operation.alliance);
        self.go_to = Some(GoTo::Operation(operation));
    }
}

/// The alliance of a player.
pub(crate) fn alliance_of(world: &World, player: PlayerId) -> Option<AllianceId> {
    let entity = world.resource::<bevy_alliance::base::id::EntityIndex>().player(player)?;
    world.get::<Player>(entity)?.alliance
}
