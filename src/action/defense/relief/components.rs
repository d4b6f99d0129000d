//! What is remembered of relief: nothing of a player who never sent any.

use crate::base::clock::{CampaignSystems, DueKind, GameTime};
use crate::base::id::{MarchId, OrderId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Relief leaves. Owner: the helping player, n: its relief.
pub const RELIEF_LEAVES: DueKind =
    DueKind::new(74, "relief_leaves", &[CampaignSystems::March, CampaignSystems::Settle]);

/// Relief goes home unless it is needed where it is. Owner: the helping player, n: its relief.
pub const RELIEF_RETURNS: DueKind = DueKind::new(75, "relief_returns", &[CampaignSystems::March]);

/// How far a relief is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReliefStatus {
    /// Promised: its troops are at home until it leaves.
    Promised,
    /// On its way, or a guest.
    Out {
        /// Its march, where the default world moves it.
        march: Option<MarchId>,
        /// When it is next judged whether it goes home.
        judged_at: GameTime,
    },
}

/// What troops help for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An alarm asked for them: they stay until the last hit.
    Alarm,
    /// No alarm does, or none any more: they strengthen a village of the frontier until they are called off, at most until `until`.
    /// Why they were.
    Posture(Option<PostureEnd>),
}

/// Why troops leave a village of the frontier that they strengthened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostureEnd {
    /// The village would be safe without them.
    ThreatOver,
    /// Another village of the frontier needs them more.
    NeededElsewhere,
    /// Their own village needs them more.
    NeededAtHome,
    /// They were there for as long as troops stay at most.
    Relieved,
    /// The village is given up before a hit.
    GivenUp,
    /// Their owner, or the village's, is of another alliance by now.
    Parted,
    /// None of them is left.
    Fallen,
}

impl PostureEnd {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreatOver => "threat_over",
            Self::NeededElsewhere => "needed_elsewhere",
            Self::NeededAtHome => "needed_at_home",
            Self::Relieved => "relieved",
            Self::GivenUp => "given_up",
            Self::Parted => "parted",
            Self::Fallen => "fallen",
        }
    }
}

/// Troops of one site that help another one of the alliance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Relief {
    /// Its number among those of the player.
    pub n: u32,
    /// The order that it carries out.
    pub order: OrderId,
    /// The site that it leaves.
    pub origin: SiteId,
    /// The site that it helps.
    pub site: SiteId,
    /// What was promised; once it left, what of it lives, as far as battles tell.
    pub force: Force,
    /// When it leaves.
    pub leaves_at: GameTime,
    /// When it is there.
    pub arrives: GameTime,
    /// The hit after which it is to land, of relief that snipes: what the defenders dodge is over by then.
    pub after: Option<GameTime>,
    /// The first hit for which it was asked.
    pub hit: GameTime,
    /// The last hit for which it stays.
    pub until: GameTime,
    /// Points of defense that were missing when it was promised, with all that was promised together.
    pub deficit_left: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether the site that it helps has been given up: its troops leave it before the hit.
    pub called_off: bool,
    /// How far it is.
    pub status: ReliefStatus,
}

impl Relief {
    /// Whether it strengthens a village of the frontier.
    #[must_use]
    pub fn is_posted(&self) -> bool {
        matches!(self.purpose, Purpose::Posture(_))
    }

    /// Whether an alarm asked for it, nobody called it off, and any of it lives.
    pub(super) fn can_stay(&self) -> bool {
        !self.is_posted() && !self.called_off && !self.force.is_empty()
    }

    /// Calls it off, for a reason that counts where it is posted; whether it was not called off before.
    pub(in super::super) fn call_off(&mut self, why: PostureEnd) -> bool {
        if let Purpose::Posture(end) = &mut self.purpose {
            end.get_or_insert(why);
        }
        !core::mem::replace(&mut self.called_off, true)
    }
}

/// The relief that a player promised or sent and that is not on its way home: there from the first on.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reliefs {
    /// Reliefs so far.
    pub count: u32,
    /// Those that are promised or out, by their number.
    pub reliefs: Vec<Relief>,
}

impl Reliefs {
    /// Takes in one more relief and returns its number.
    pub(super) fn add(&mut self, mut relief: Relief) -> u32 {
        self.count += 1;
        relief.n = self.count;
        self.reliefs.push(relief);
        self.count
    }
}
