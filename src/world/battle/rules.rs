//! How a fight ends: a pure function of who comes, in what manner, and who stands there.
//!
//! Source of every formula: rules of the world, T4. Several groups of attackers fight as one side: their offense is
//! summed, each with its own upgrades, and all lose the same fraction. A world in which each group fights alone calls
//! [`fight`] once for each group, in order, on what is left.
//!
//! What is *not* here: chiefs, reports, and who may fight whom.

use super::points::{self, Offense, people};
use super::siege::{self, Engines};
use crate::base::id::TribeId;
use crate::base::ruleset::{Force, Levels, Ruleset, UnitRole};
use serde::{Deserialize, Serialize};

pub use super::loot::share_loot;

/// Defense points of a village without troops, wall and residence.
pub const VILLAGE_DEFENSE: f64 = 10.0;

/// A lone attacking unit with fewer points than this (morale included) dies.
pub const LONE_UNIT_POINTS_MIN: f64 = 84.5;

/// Whether the attackers fight to the end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assault {
    /// To the end, with rams and catapults.
    Attack,
    /// Both sides lose a part; rams and catapults do no work.
    Raid,
}

/// One group of the attacking side.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Attackers<'a> {
    /// Its units.
    pub force: &'a Force,
    /// Their upgrades, by roster slot.
    pub upgrades: &'a Levels,
    /// Inhabitants of its owner's sites together (for morale).
    pub population: u64,
}

/// One army of the defending side: the garrison, or one owner's reinforcements.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Defenders<'a> {
    /// Its units.
    pub force: &'a Force,
    /// Their upgrades, by roster slot.
    pub upgrades: &'a Levels,
}

/// The place that is attacked.
#[derive(Clone, PartialEq, Debug)]
pub struct Defended {
    /// Whose wall it has.
    pub tribe: TribeId,
    /// Inhabitants of its owner's sites together (for morale).
    pub population: u64,
    /// The owner never acts (Natars, nature): the attackers' morale and catapults do not suffer from their number.
    pub is_static: bool,
    /// Wall level.
    pub wall: u8,
    /// Flat defense points of the residence or palace: see [`residence_defense`].
    pub residence_defense: f64,
    /// Level of the stonemason, which makes walls and buildings harder.
    pub stonemason: u8,
    /// Levels of the buildings that the catapults aim at; their points are split evenly over them.
    pub buildings: Vec<u8>,
}

/// A fight that is about to happen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Battle<'a> {
    /// The groups that attack as one side.
    pub attackers: &'a [Attackers<'a>],
    /// In what manner.
    pub assault: Assault,
    /// The armies that defend as one side.
    pub defenders: &'a [Defenders<'a>],
    /// Where.
    pub village: &'a Defended,
}

/// How strong the two sides are, and what that costs them.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Strength {
    /// Offense points, morale included.
    pub offense: f64,
    /// Defense points, wall and residence included.
    pub defense: f64,
    /// `offense / defense`: 1 is even. Against less than one point of defense, as against one point.
    pub ratio: f64,
    /// Losses go by the ratio to the power of this.
    pub exponent: f64,
    /// Fraction of each attacking unit type that dies, 0..=1.
    pub attacker_loss: f64,
    /// Fraction of each defending unit type that dies, 0..=1.
    pub defender_loss: f64,
    /// The wall level that counted: rams lower it before the fight.
    pub wall: u8,
}

/// What a fight leaves.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// How strong the sides were and which fractions they lost.
    pub strength: Strength,
    /// What is left of each group, in the order given.
    pub attackers_left: Vec<Force>,
    /// What is left of each army, in the order given.
    pub defenders_left: Vec<Force>,
    /// Wall level afterwards.
    pub wall_after: u8,
    /// Levels of the buildings aimed at afterwards, in the order given.
    pub buildings_after: Vec<u8>,
}

/// What the defenders stand on: defense points without troops, and the wall's factor.
#[derive(Clone, Copy, Debug)]
struct Footing {
    flat: f64,
    factor: f64,
}

/// Flat defense points of a residence or palace: `2 level^2`.
#[must_use]
pub fn residence_defense(level: u8) -> f64 {
    2.0 * f64::from(level) * f64::from(level)
}

/// Fights the battle out.
///
/// Rams strike, the sides fight, rams and catapults do their lasting damage. Survivors are rounded for each group and
/// unit type, halves up. Attackers that are nothing but scouts do not fight: see [`strength`].
#[must_use]
pub fn fight(rules: &Ruleset, battle: &Battle<'_>) -> Outcome {
    let village = battle.village;
    let strength = strength(rules, battle);
    let mut outcome = outcome(strength, battle.attackers, battle.defenders);
    outcome.wall_after = village.wall;
    outcome.buildings_after.clone_from(&village.buildings);
    if battle.assault == Assault::Attack {
        let rams = Engines::of(rules, battle.attackers, UnitRole::Ram);
        outcome.wall_after = siege::demolish(village.wall, rams.points(strength.ratio, village.stonemason));
        bombard(rules, battle, strength.ratio, &mut outcome.buildings_after);
    }
    outcome
}

/// How strong both sides are and what they will lose: [`fight`] without its survivors and its damage, for forecasts.
///
/// Attackers that are nothing but scouts meet only the scouts of the defense: they lose
/// `min((Sd * wall / (Sa * morale))^1.5, 1)`, the defenders nothing. No attackers: no fight, and nobody is lost.
#[must_use]
pub fn strength(rules: &Ruleset, battle: &Battle<'_>) -> Strength {
    let Battle { attackers, assault, defenders, village } = *battle;
    let population = (!village.is_static).then_some(village.population);
    let offense = Offense::of(rules, attackers);
    let at_wall = |wall: u8| {
        let footing = Footing::of_village(rules, village, wall);
        Strength { wall, ..meet(rules, offense, assault, defenders, footing, population) }
    };
    let full = at_wall(village.wall);
    if assault == Assault::Raid || village.wall == 0 || offense.scouts_only {
        return full;
    }
    let rams = Engines::of(rules, attackers, UnitRole::Ram);
    let wall = siege::wall_in_battle(village.wall, rams.points(full.ratio, village.stonemason));
    if wall == village.wall { full } else { at_wall(wall) }
}

/// Hostile reinforcements meet a march that blocks their way: they attack it to the end against its defense values,
/// without village, wall and residence. Reinforcements that survive go on.
///
/// `population` is that of the blockading march's owner, for the morale of the reinforcements. Reinforcements that
/// are nothing but scouts meet only scouts, as in [`strength`].
#[must_use]
pub fn blockade(
    rules: &Ruleset,
    reinforcements: &[Attackers<'_>],
    blockading: &[Defenders<'_>],
    population: u64,
) -> Outcome {
    let offense = Offense::of(rules, reinforcements);
    let strength = meet(rules, offense, Assault::Attack, blockading, Footing::FIELD, Some(population));
    outcome(strength, reinforcements, blockading)
}

/// Losses of attackers and defenders at this ratio and exponent, each 0..=1.
///
/// With `x = ratio^exponent`: an attack costs the attackers `min(1/x, 1)` and the defenders `min(x, 1)`, a raid
/// `1/(1+x)` and `x/(1+x)`.
#[must_use]
pub fn losses(ratio: f64, exponent: f64, assault: Assault) -> (f64, f64) {
    let x = libm::pow(ratio, exponent);
    match assault {
        Assault::Attack => ((1.0 / x).min(1.0), x.min(1.0)),
        Assault::Raid => {
            let attackers = 1.0 / (1.0 + x);
            (attackers, 1.0 - attackers)
        }
    }
}

impl Footing {
    /// Open country.
    const FIELD: Self = Self { flat: 0.0, factor: 1.0 };

    /// A village whose wall has this level in the fight. An unknown tribe has no wall.
    fn of_village(rules: &Ruleset, village: &Defended, wall: u8) -> Self {
        let (base, flat) = rules.tribe(village.tribe).map_or((1.0, 0.0), |tribe| (tribe.wall_base, tribe.wall_flat));
        Self {
            flat: VILLAGE_DEFENSE + village.residence_defense + flat * f64::from(wall),
            factor: points::wall_factor(base, wall),
        }
    }
}

/// The two sides meet on this footing. `population` is the defender's, or none if morale does not count.
fn meet(
    rules: &Ruleset,
    offense: Offense,
    assault: Assault,
    defenders: &[Defenders<'_>],
    footing: Footing,
    population: Option<u64>,
) -> Strength {
    if offense.units == 0 {
        return Strength::default();
    }
    if offense.scouts_only {
        let defense = points::scout_defense(rules, defenders) * footing.factor;
        return scouting(offense, defense, population);
    }
    if offense.total() <= 0.0 {
        return Strength { attacker_loss: 1.0, ..Strength::default() };
    }
    let defense = (points::defense(rules, defenders, offense) + footing.flat) * footing.factor;
    let morale_factor = |ratio| population.map_or(1.0, |own| points::morale(offense.population, own, ratio));
    let points = offense.total() * morale_factor(ratio_of(offense.total(), defense));
    let ratio = ratio_of(points, defense);
    let units = defenders.iter().fold(offense.units, |sum, army| sum.saturating_add(army.force.total()));
    let exponent = points::exponent(units);
    let (mut attacker_loss, defender_loss) = losses(ratio, exponent, assault);
    if defense <= 0.0 {
        attacker_loss = 0.0;
    }
    if offense.units == 1 && points < LONE_UNIT_POINTS_MIN {
        attacker_loss = 1.0;
    }
    Strength { offense: points, defense, ratio, exponent, attacker_loss, defender_loss, wall: 0 }
}

/// Scouts against scouts: only the attackers lose.
fn scouting(offense: Offense, defense: f64, population: Option<u64>) -> Strength {
    const EXPONENT: f64 = 1.5;
    let morale = population.map_or(1.0, |own| points::morale(offense.population, own, 1.0));
    let points = offense.total() * morale;
    let odds = if points > 0.0 { defense / points } else { f64::INFINITY };
    Strength {
        offense: points,
        defense,
        ratio: ratio_of(points, defense),
        exponent: EXPONENT,
        attacker_loss: if defense > 0.0 { (odds * odds.sqrt()).min(1.0) } else { 0.0 },
        defender_loss: 0.0,
        wall: 0,
    }
}

fn ratio_of(offense: f64, defense: f64) -> f64 {
    offense / defense.max(1.0)
}

/// What the catapults leave of the buildings that they aim at.
fn bombard(rules: &Ruleset, battle: &Battle<'_>, ratio: f64, buildings: &mut [u8]) {
    let catapults = Engines::of(rules, battle.attackers, UnitRole::Catapult);
    if catapults.is_empty() || buildings.is_empty() {
        return;
    }
    let village = battle.village;
    let mut points = catapults.points(ratio, village.stonemason);
    if !village.is_static {
        let attackers = Offense::of(rules, battle.attackers).population;
        points *= siege::population_factor(attackers, village.population);
    }
    let each = points / people(buildings.len() as u64);
    for level in buildings {
        *level = siege::demolish(*level, each);
    }
}

/// The survivors of both sides; no wall, no buildings.
fn outcome(strength: Strength, attackers: &[Attackers<'_>], defenders: &[Defenders<'_>]) -> Outcome {
    Outcome {
        strength,
        attackers_left: attackers.iter().map(|group| survivors(group.force, strength.attacker_loss)).collect(),
        defenders_left: defenders.iter().map(|army| survivors(army.force, strength.defender_loss)).collect(),
        wall_after: 0,
        buildings_after: Vec::new(),
    }
}

/// What is left of a force, rounded for each unit type, halves up.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the count")]
fn survivors(force: &Force, loss: f64) -> Force {
    force.iter().map(|(class, n)| (class, points::round_to(f64::from(n) * (1.0 - loss), 1.0) as u32)).collect()
}
