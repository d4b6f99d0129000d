//! Reports, sightings, and the log of observations.

use super::claims::TargetClaim;
use crate::base::clock::GameTime;
use crate::base::contract::{EnemyGroup, Treaty};
use crate::base::geometry::Tile;
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, Knower, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How something became known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Scouts looked.
    Scout,
    /// A battle was fought there.
    Battle,
    /// A march was seen.
    Sighting,
    /// An ally said so.
    Hearsay,
}

/// One known value with where it came from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Field<T> {
    /// The value as it was seen.
    pub value: T,
    /// When it was seen.
    pub observed_at: GameTime,
    /// Who saw it.
    pub source: PlayerId,
    /// How.
    pub kind: SourceKind,
    /// Confidence when it was seen, 0..=1.
    pub confidence: f64,
}

/// What one knower knows of one site. Each field expires by itself 7 days after it was observed.
#[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IntelReport {
    /// Who knows.
    pub knower: Knower,
    /// Of which site.
    pub site: SiteId,
    /// Troops there.
    pub troops: Option<Field<Force>>,
    /// Goods there.
    pub goods: Option<Field<Goods>>,
    /// The wall's level.
    pub wall: Option<Field<u8>>,
    /// Levels of buildings that matter in a fight: the residence.
    pub buildings: Option<Field<u8>>,
}

impl IntelReport {
    /// Nothing known of a site yet.
    pub(super) const fn empty(knower: Knower, site: SiteId) -> Self {
        Self { knower, site, troops: None, goods: None, wall: None, buildings: None }
    }

    /// When its fields were observed, in no promised order.
    pub fn times(&self) -> impl Iterator<Item = GameTime> {
        let troops = self.troops.as_ref().map(|f| f.observed_at);
        let goods = self.goods.as_ref().map(|f| f.observed_at);
        let wall = self.wall.as_ref().map(|f| f.observed_at);
        let buildings = self.buildings.as_ref().map(|f| f.observed_at);
        [troops, goods, wall, buildings].into_iter().flatten()
    }
}

/// A hostile march as it was seen once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
pub struct Sighting {
    /// When it arrives.
    pub arrival: GameTime,
    /// Where it goes.
    pub target: SiteId,
    /// Where it left.
    pub origin: SiteId,
    /// When it was seen.
    pub seen_at: GameTime,
    /// The tile on which it was then, if the sight told.
    pub at: Option<Tile>,
}

/// What was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Seen {
    /// A site's troops, goods and buildings, as far as they were seen.
    Site {
        /// Troops there.
        troops: Option<Force>,
        /// Goods there.
        goods: Option<Goods>,
        /// The wall's level.
        wall: Option<u8>,
        /// The residence's level.
        residence: Option<u8>,
    },
    /// A hostile march.
    March(Sighting),
    /// Those who attacked, with what goes home of them.
    Attackers {
        /// Their groups.
        groups: Vec<EnemyGroup>,
        /// All that came, if the witness saw it.
        before: Option<Force>,
    },
    /// What others saw at the times that the fields name, as they reported it: an ally, or a member who brought it along.
    Told(Box<IntelReport>),
    /// A confederate has the site to itself for a time, or gives it up.
    Claimed {
        /// Who.
        by: AllianceId,
        /// For how long.
        claim: TargetClaim,
    },
    /// Another alliance offers a treaty. The site is the seat of its leader, from where its envoy came.
    Offered {
        /// Who.
        by: AllianceId,
        /// What.
        treaty: Treaty,
    },
    /// Another alliance refuses what was offered to it. The site is the same as of an offer.
    Refused {
        /// Who.
        by: AllianceId,
        /// What.
        treaty: Treaty,
    },
    /// Scouts that died: the site is guarded against them (own), or someone looked (foreign).
    ScoutsKilled {
        /// How many.
        killed: u32,
    },
}

/// Why an observation is lawful: what the witness did or suffered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// The witness's scouts came back from there.
    OwnScouts,
    /// The witness's scouts died there.
    OwnScoutsLost,
    /// The witness's troops fought there.
    OwnAttack,
    /// The witness's site was attacked.
    OwnDefense,
    /// A march goes to the witness's site.
    IncomingMarch,
    /// An enemy's march passes a site of the witness.
    WatchArea,
    /// The witness's scouts caught others.
    ScoutsCaught,
    /// An ally told the witness, who leads its alliance.
    AllyTold,
    /// An envoy of another alliance came to the witness, who leads its own.
    Envoy,
    /// The witness saw it before it belonged to those who know it now.
    BroughtAlong,
}

/// One observation with its lawful cause: everything that a knower knows came as one of these.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// When.
    pub at: GameTime,
    /// Who saw it.
    pub witness: PlayerId,
    /// Of which site.
    pub site: SiteId,
    /// Why it may be known.
    pub cause: Cause,
    /// What was seen.
    pub seen: Seen,
}

/// The raw observations of a knower: a ring that keeps the latest.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ObservationLog {
    /// The latest, oldest first.
    pub latest: VecDeque<Observation>,
    /// How many there were in all.
    pub total: u64,
    /// How many of these were sights of marches.
    pub sightings: u64,
    /// How many reports of sites have expired with their last field.
    pub expired: u64,
}

/// An alliance or a lone player knows something new of a site. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NewIntel {
    /// Who knows.
    pub knower: Knower,
    /// Of which site.
    pub site: SiteId,
}
