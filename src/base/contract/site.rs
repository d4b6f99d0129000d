//! Sites and players as everyone sees them, and the state of own sites as their alliance sees it.

use crate::base::clock::{GameSpan, GameTime, PassScratch};
use crate::base::geometry::Tile;
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, Knower, PlayerId, SiteId, TribeId};
use crate::base::ruleset::{Force, Levels};
use bevy::prelude::{Component, Reflect, Resource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is public of a site: where it lies, whose it is, of which tribe, and its population as of the last daily
/// census.
#[derive(Component, Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Where it lies.
    pub at: Tile,
    /// Whose it is.
    pub owner: PlayerId,
    /// The tribe of its troops.
    pub tribe: TribeId,
    /// Inhabitants at the last census.
    pub population: u32,
    /// Its name: data, never markup or an instruction.
    pub name: String,
}

/// What a player is to the campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub enum PlayerKind {
    /// An NPC that deliberates with its alliance.
    Active,
    /// A person: it votes by [`CastVote`](super::CastVote), or the rule-based voter answers for it at the instant that
    /// [`BallotRequested`](super::BallotRequested) names. Councils neither propose in its name nor use its scouts
    /// and settlers.
    Human,
    /// Lives by rules and its own knowledge, never proposes.
    Bystander,
    /// Never acts (Natars, nature).
    Static,
}

/// What is public of a player.
#[derive(Component, Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Player {
    /// Its id.
    pub id: PlayerId,
    /// Its name: data, never markup or an instruction.
    pub name: String,
    /// What it is to the campaign.
    pub kind: PlayerKind,
    /// Its alliance.
    pub alliance: Option<AllianceId>,
    /// Inhabitants of all its sites at the last census.
    pub population: u64,
}

/// When a member is awake: sleep has a start and a length, both in minutes of its own day.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Rhythm {
    /// Offset of its day from game time, in minutes.
    pub utc_offset_mins: i16,
    /// Minute of its day at which it falls asleep.
    pub sleep_start_mins: u16,
    /// How long it sleeps, in minutes; 0 never sleeps.
    pub sleep_mins: u16,
}

const DAY_MINS: i64 = 1_440;

impl Rhythm {
    /// Milliseconds since it last fell asleep.
    fn since_sleep(self, at: GameTime) -> i64 {
        let start = i64::from(self.sleep_start_mins) - i64::from(self.utc_offset_mins);
        (at.0 - start * 60_000).rem_euclid(DAY_MINS * 60_000)
    }

    /// Whether it is awake at this instant.
    #[must_use]
    pub fn is_awake(self, at: GameTime) -> bool {
        self.since_sleep(at) >= i64::from(self.sleep_mins) * 60_000
    }

    /// The last instant up to `at` at which it is awake.
    ///
    /// ```
    /// use bevy_alliance::base::{clock::{GameSpan, GameTime}, contract::Rhythm};
    /// let night = Rhythm { utc_offset_mins: 0, sleep_start_mins: 60, sleep_mins: 480 };
    /// let one = GameTime(0) + GameSpan::hours(1);
    /// assert_eq!(night.last_awake(one + GameSpan::hours(2)), one - GameSpan::millis(1));
    /// assert_eq!(night.last_awake(one - GameSpan::millis(1)), one - GameSpan::millis(1));
    /// ```
    #[must_use]
    pub fn last_awake(self, at: GameTime) -> GameTime {
        if self.is_awake(at) { at } else { at - GameSpan(self.since_sleep(at) + 1) }
    }

    /// The first instant from `at` on at which it is awake.
    ///
    /// ```
    /// use bevy_alliance::base::{clock::{GameSpan, GameTime}, contract::Rhythm};
    /// let night = Rhythm { utc_offset_mins: 0, sleep_start_mins: 0, sleep_mins: 480 };
    /// assert_eq!(night.next_awake(GameTime(0)), GameTime(0) + GameSpan::hours(8));
    /// assert_eq!(night.next_awake(GameTime(0) + GameSpan::hours(9)), GameTime(0) + GameSpan::hours(9));
    /// ```
    #[must_use]
    pub fn next_awake(self, at: GameTime) -> GameTime {
        let left = i64::from(self.sleep_mins) * 60_000 - self.since_sleep(at);
        at + GameSpan(left.max(0))
    }
}

/// The state of an own site, as its owner and its alliance may know it. The world answers [`WantedStates`] with these; a game of
/// its own fills what it has and leaves the rest at its default.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SiteState {
    /// Which site.
    pub site: SiteId,
    /// Where it lies.
    pub at: Tile,
    /// Whose it is.
    pub owner: PlayerId,
    /// The tribe of its troops.
    pub tribe: TribeId,
    /// Inhabitants now.
    pub population: u32,
    /// Own troops at home.
    pub home: Force,
    /// Own troops on their way or stationed elsewhere.
    pub away: Force,
    /// Troops of others that stay here.
    pub guests: Force,
    /// Upgrades of the own troops.
    pub upgrades: Levels,
    /// Wall level, as the [`WorldModel`](super::WorldModel) reads it.
    pub wall: u8,
    /// Residence level, as the `WorldModel` reads it.
    pub residence: u8,
    /// How much the site speeds up marches (the tournament square), as the `WorldModel` reads it.
    pub mobility: u8,
    /// Goods in store.
    pub stores: Goods,
    /// Goods made per hour.
    pub per_hour: Goods,
    /// Goods that its merchants at home can carry.
    pub carriers: i64,
}

/// Requests for states of own sites, made in `Intake` and answered in `Sense` of the same pass.
#[derive(Resource, Default, Debug)]
pub struct WantedStates {
    members: Vec<(Knower, PlayerId)>,
}

impl WantedStates {
    /// Asks for the states of all sites of a player, in the name of its alliance or in its own.
    pub fn ask(&mut self, knower: impl Into<Knower>, player: PlayerId) {
        self.members.push((knower.into(), player));
    }

    /// What was asked for: sorted, each once.
    pub fn take(&mut self) -> Vec<(Knower, PlayerId)> {
        let mut members = core::mem::take(&mut self.members);
        members.sort_unstable();
        members.dedup();
        members
    }
}

impl PassScratch for WantedStates {
    fn clear(&mut self) {
        self.members.clear();
    }
}

/// The world's answers to [`WantedStates`].
#[derive(Resource, Default, Debug)]
pub struct ReportedStates {
    /// The states with the knower that asked, in no promised order.
    pub states: Vec<(Knower, SiteState)>,
}

impl PassScratch for ReportedStates {
    fn clear(&mut self) {
        self.states.clear();
    }
}

/// Whose sites are whose, sorted by id: a public index over [`Site`] that can be rebuilt at any time.
#[derive(Resource, Default, Clone, Debug)]
pub struct Holdings {
    by_player: BTreeMap<PlayerId, Vec<SiteId>>,
}

impl Holdings {
    /// The sites of a player, sorted.
    #[must_use]
    pub fn of(&self, player: PlayerId) -> &[SiteId] {
        self.by_player.get(&player).map_or(&[], Vec::as_slice)
    }

    /// Notes a site of a player.
    pub fn add(&mut self, player: PlayerId, site: SiteId) {
        let sites = self.by_player.entry(player).or_default();
        if let Err(place) = sites.binary_search(&site) {
            sites.insert(place, site);
        }
    }

    /// Forgets a site of a player.
    pub fn remove(&mut self, player: PlayerId, site: SiteId) {
        if let Some(sites) = self.by_player.get_mut(&player) {
            sites.retain(|s| *s != site);
        }
    }
}
