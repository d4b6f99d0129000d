//! What the defense remembers: nothing of a site, and nothing of a player, to which nothing happened.

use crate::base::clock::{CampaignSystems, DueKind, GameTime};
use crate::base::id::{MarchId, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Troops leave to dodge a hit. Owner: the site, n: the dodge.
pub const DODGE_LEAVES: DueKind = DueKind::new(
    72,
    "dodge_leaves",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::March, CampaignSystems::Settle],
);

/// Troops that dodged a hit turn home. Owner: the site, n: the dodge.
pub const DODGE_RETURNS: DueKind = DueKind::new(73, "dodge_returns", &[CampaignSystems::March]);

/// A site that is held whatever that costs: its troops do not dodge, and relief comes even where more of it falls than of the
/// attackers. Villages with a wonder are; a game marks others.
///
/// ```no_run
/// use bevy::prelude::*;
/// use bevy_alliance::action::defense::Vital;
/// use bevy_alliance::base::id::{EntityIndex, SiteId};
/// fn mark(mut commands: Commands, index: Res<EntityIndex>) {
///     if let Some(site) = index.site(SiteId(7)) {
///         commands.entity(site).insert(Vital);
///     }
/// }
/// ```
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Vital;

/// A player answers an alarm. Owner: the site.
pub const ALARM_ANSWERED: DueKind =
    DueKind::new(70, "alarm_answered", &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Plan]);

/// A player thinks about a raid in return. Owner: the player, n: the grudge.
pub const GRUDGE_WEIGHED: DueKind = DueKind::new(
    71,
    "grudge_weighed",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::Plan,
        CampaignSystems::March,
        CampaignSystems::Settle,
    ],
);

/// A raid that is timed to an army's way home leaves. Owner: the player, n: the grudge.
pub const STRIKE_LEAVES: DueKind = DueKind::new(
    76,
    "strike_leaves",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::March, CampaignSystems::Settle],
);

/// How far a dodge is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DodgeStatus {
    /// Its troops are at home until it leaves.
    Planned,
    /// Its troops are out.
    Out {
        /// Their march, where the default world moves it.
        march: Option<MarchId>,
        /// When they left.
        launched: GameTime,
        /// When they are at their refuge.
        arrival: GameTime,
        /// When they turn home.
        turns_at: GameTime,
        /// What left.
        force: Force,
    },
}

/// Troops that leave before a hit and come home after it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dodge {
    /// Its number among the orders of the site.
    pub n: u32,
    /// Who ordered it.
    pub player: PlayerId,
    /// Where its troops go.
    pub refuge: SiteId,
    /// When they leave.
    pub leaves_at: GameTime,
    /// The first hit.
    pub first_hit: GameTime,
    /// The last hit.
    pub last_hit: GameTime,
    /// When its troops are to be at home again, between two hits; `None`: after the last.
    pub back_at: Option<GameTime>,
    /// How far it is.
    pub status: DodgeStatus,
}

/// The defense of one site: there from its first alarm on.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Defenses {
    /// When its owner answers the alarm that is raised.
    pub alarm: Option<GameTime>,
    /// Alarms so far.
    pub alarms: u32,
    /// Orders so far: the n of the next [`OrderId::Defense`](crate::base::id::OrderId).
    pub orders: u32,
    /// Dodges that are planned or out.
    pub dodges: Vec<Dodge>,
}

impl Defenses {
    /// Whether an alarm waits for its answer here, or troops of this player dodge.
    pub(super) fn is_busy(&self, player: PlayerId) -> bool {
        self.alarm.is_some() || self.dodges.iter().any(|dodge| dodge.player == player)
    }

    /// Counts one more order and returns its n.
    pub fn count(&mut self) -> u32 {
        self.orders += 1;
        self.orders
    }
}

/// An attack that a player may answer with a raid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grudge {
    /// Its number among the player's grudges.
    pub n: u32,
    /// Against whom.
    pub against: PlayerId,
    /// Where the attack came from.
    pub origin: SiteId,
    /// What goes home of it.
    pub left: Force,
    /// When that is at home.
    pub home_at: GameTime,
    /// What the attack showed of the army there, in goods.
    pub shown: i64,
    /// When the player thinks about it.
    pub weighed_at: GameTime,
}

/// A raid that is timed to meet an army as it comes home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Strike {
    /// The number of the grudge that it answers.
    pub n: u32,
    /// The order that it carries out.
    pub order: OrderId,
    /// Against whom.
    pub against: PlayerId,
    /// The site that it leaves.
    pub origin: SiteId,
    /// The site that the army comes home to.
    pub target: SiteId,
    /// What was promised for it.
    pub force: Force,
    /// When it leaves.
    pub leaves_at: GameTime,
    /// When it is there: right behind the army.
    pub arrives: GameTime,
}

/// What a player holds against those who attacked it: there from the first such attack on.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reprisals {
    /// Grudges so far.
    pub count: u32,
    /// Those that wait to be thought about.
    pub grudges: Vec<Grudge>,
    /// Raids that wait for the instant at which they leave.
    pub strikes: Vec<Strike>,
    /// Whom the player raided in return, and when: as long as that keeps it from doing so again.
    pub struck: BTreeMap<PlayerId, GameTime>,
}
