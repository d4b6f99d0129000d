//! The one seam between coordination and a world: travel, forecast, cost.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::geometry::Tile;
use crate::base::goods::Goods;
use crate::base::id::{PlayerId, SiteId, TribeId, UnitClass};
use crate::base::ruleset::{Capabilities, Force, Levels};
use bevy::prelude::{Deref, Resource};
use core::fmt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::march::Manner;
use super::site::SiteState;

/// Troops of one site within an attack.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AttackGroup {
    /// The site that they come from.
    pub origin: SiteId,
    /// Whose they are.
    pub player: PlayerId,
    /// Inhabitants of the player's sites together (for morale).
    pub population: u64,
    /// The troops.
    pub force: Force,
    /// Their upgrades.
    pub upgrades: Levels,
}

/// What an alliance believes of a foreign site: values out of its view, never an id to look up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SiteEstimate {
    /// Where it lies.
    pub at: Tile,
    /// The tribe of its troops and wall.
    pub tribe: TribeId,
    /// Inhabitants at the last census.
    pub population: u32,
    /// Inhabitants of its owner's sites together at the last census.
    pub owner_population: u64,
    /// Troops believed to stand there.
    pub troops: Force,
    /// Goods believed to lie there.
    pub goods: Goods,
    /// Wall level believed.
    pub wall: u8,
    /// Residence level believed.
    pub residence: u8,
    /// When the troops were seen.
    pub seen_at: GameTime,
    /// Confidence when they were seen, 0..=1.
    pub confidence: f64,
}

/// What would come of an attack.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Forecast {
    /// Planned offense over believed defense, wall and morale included. 1 is even.
    pub ratio: f64,
    /// Fraction of the attackers that would be lost at exactly this ratio, 0..=1.
    pub own_loss: f64,
    /// Fraction of the defenders that would be lost at exactly this ratio, 0..=1.
    pub enemy_loss: f64,
}

/// How large things are in a world. Points, inhabitants and fields mean what the game makes of them, so the thresholds
/// that coordination measures them by come from the game too; the default is that of the classic rules.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct WorldScale {
    /// Offense of fewer attack points than this is not worth a march of its own.
    pub attack_min: f64,
    /// Attack points that an unseen army is taken for, per inhabitant of the site that it left.
    pub attack_per_inhabitant: f64,
    /// Sites with fewer inhabitants are not worth an operation.
    pub population_min: u32,
    /// Sites with fewer troops than this, in goods, are not worth an operation.
    pub defense_goods_min: i64,
    /// Speed of foot soldiers on the map, in units of its coordinates: for guesses before anything is known.
    pub fields_per_hour: f64,
}

impl Default for WorldScale {
    fn default() -> Self {
        Self {
            attack_min: 400.0,
            attack_per_inhabitant: 8.0,
            population_min: 150,
            defense_goods_min: 30_000,
            fields_per_hour: 6.0,
        }
    }
}

/// What coordination needs to know of a world. The default world implements it by the classic rules; a game with
/// units, map and combat of its own implements it and leaves out our `world`.
///
/// Everything here is a pure function of its arguments and of data frozen at the start, so that plans are the same
/// on every machine.
pub trait WorldModel: Send + Sync + 'static {
    /// Names of what the world allows.
    fn capabilities(&self) -> Capabilities;

    /// How long units of this class take from an own site to a place; `None` if they cannot get there.
    fn travel(&self, from: &SiteState, to: Tile, class: UnitClass) -> Option<GameSpan>;

    /// How long units of this class take between two places without help of any building: for what is foreign.
    fn travel_between(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan>;

    /// The same with the best help of buildings that a foreign site may have: no march of such units is faster.
    fn travel_fastest(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
        self.travel_between(from, to, class)
    }

    /// The classes that a site of this tribe can have. Empty where a game does not say: then the speed of a march tells
    /// nothing of what nobody has seen.
    fn roster(&self, _tribe: TribeId) -> Vec<UnitClass> {
        Vec::new()
    }

    /// What would come of an attack by these groups, arriving together in this manner.
    fn forecast(&self, groups: &[AttackGroup], target: &SiteEstimate, manner: Manner) -> Forecast;

    /// What a force costs to replace, in goods of all kinds together.
    fn cost(&self, force: &Force) -> i64;

    /// What one unit of this class eats per hour at a site of this player: by this relief is kept small. Where a game feeds
    /// nobody, what the unit costs.
    fn upkeep(&self, _player: PlayerId, class: UnitClass) -> i64 {
        self.cost(&Force::of(class, 1))
    }

    /// What a force can carry home, in goods of all kinds together.
    fn carry(&self, force: &Force) -> i64;

    /// Whether a planner may send units of this class to win a fight (scouts, chiefs and settlers: no).
    fn is_fighter(&self, class: UnitClass) -> bool;

    /// Whether units of this class belong to the offense rather than to the home guard.
    fn is_offense(&self, class: UnitClass) -> bool;

    /// Whether units of this class break walls and buildings: they belong into real attacks, never into raids.
    fn is_siege(&self, _class: UnitClass) -> bool {
        false
    }

    /// An army of this tribe with about this many attack points, for marches of which nothing is known. Empty where a
    /// game has no guess: such a march is then judged by its points alone.
    fn unseen_army(&self, _tribe: TribeId, _attack: f64) -> Force {
        Force::new()
    }

    /// Whether units of this class find out what a site holds.
    fn is_scout(&self, class: UnitClass) -> bool;

    /// Whether units of this class wear down a site's loyalty until it changes its owner.
    fn is_chief(&self, _class: UnitClass) -> bool {
        false
    }

    /// Chiefs whose work together takes a loyal site, as a plan reckons with. 0: sites cannot be taken.
    fn chiefs_needed(&self) -> u32 {
        0
    }

    /// The chance that the work of so many chiefs takes a loyal site. By default that of [`chiefs_needed`](Self::chiefs_needed) does
    /// for certain.
    fn take_chance(&self, chiefs: u32) -> f64 {
        let needed = self.chiefs_needed();
        if needed > 0 && chiefs >= needed { 1.0 } else { 0.0 }
    }

    /// What an order's `aims` call the building that keeps chiefs from their work, if there is one.
    fn seat_aim(&self) -> Option<u8> {
        None
    }

    /// The level of the seat that a site of this population is taken to have where nobody saw it.
    fn usual_seat(&self, _population: u32) -> u8 {
        0
    }

    /// Levels of the seat that are left when these groups have come to a site whose defense is broken, with their engines
    /// aimed at it.
    fn seat_left(&self, _groups: &[AttackGroup], target: &SiteEstimate) -> u8 {
        target.residence
    }

    /// Whether units of this class found sites.
    fn is_settler(&self, _class: UnitClass) -> bool {
        false
    }

    /// Settlers that found a site. 0: no site can be founded.
    fn settlers_needed(&self) -> u32 {
        0
    }

    /// Goods that founding a site takes from the site that the settlers leave.
    fn founding_cost(&self) -> Goods {
        Goods::ZERO
    }

    /// Attack points of a force, for sorting and shares.
    fn attack(&self, force: &Force) -> f64;

    /// Defense points of troops at an own site with its wall and buildings, against an attack of average mix.
    fn defense(&self, site: &SiteState, force: &Force) -> f64;

    /// Production of a foreign site per hour as its population suggests, in goods of all kinds together.
    fn production(&self, population: u32) -> f64;

    /// Army value in goods of a mean inhabitant, for villages that nobody has seen.
    fn goods_per_inhabitant(&self) -> f64;

    /// Sends of one site are at least this far apart.
    fn send_spacing(&self) -> GameSpan;

    /// How far from the ordered instant a group may arrive and still count as on time: 0 in the default world.
    fn arrival_tolerance(&self) -> GameSpan {
        GameSpan(0)
    }

    /// How large things are in this world: thresholds whose unit is the game's own.
    fn scale(&self) -> WorldScale {
        WorldScale::default()
    }

    /// The name of a unit class, for reports.
    fn unit_name(&self, class: UnitClass) -> &str;

    /// How long a whole force takes: as its slowest unit. `None` for an empty force or one that cannot get there.
    fn travel_of(&self, from: &SiteState, to: Tile, force: &Force) -> Option<GameSpan> {
        let mut slowest = None;
        for (class, _) in force.iter() {
            slowest = Some(self.travel(from, to, class)?.max(slowest.unwrap_or_default()));
        }
        slowest
    }
}

/// The world model of this campaign.
#[derive(Resource, Clone, Deref)]
pub struct Model(pub Arc<dyn WorldModel>);

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Model")
    }
}
