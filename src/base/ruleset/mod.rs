//! Units, tribes and what the world allows: data, frozen at the start of a campaign.
//!
//! Two presets are compiled in. `extended` (the default) has joint assaults, blockades and recall at any time before
//! arrival; `classic` has each group fight alone in order, no blockade, and recall within 90 s of launch.

mod force;

pub use force::{Force, Levels};

use crate::base::clock::GameSpan;
use crate::base::goods::Goods;
use crate::base::id::{TribeId, UnitClass};
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Units a tribe can have at most: the slots of its roster.
pub const ROSTER: usize = 10;

/// What a unit is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRole {
    /// Foot soldiers.
    Infantry,
    /// Riders.
    Cavalry,
    /// Sees what a site holds.
    Scout,
    /// Lowers walls.
    Ram,
    /// Lowers buildings.
    Catapult,
    /// Lowers loyalty.
    Chief,
    /// Founds sites.
    Settler,
}

/// Whether a unit's attack and losses count as infantry or cavalry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// On foot.
    Infantry,
    /// Mounted.
    Cavalry,
}

/// One unit class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct UnitType {
    /// Its name in the ruleset.
    pub name: String,
    /// What it is for.
    pub role: UnitRole,
    /// How its attack counts.
    pub arm: Arm,
    /// Attack points.
    pub attack: f64,
    /// Defense points against infantry.
    pub defense_infantry: f64,
    /// Defense points against cavalry.
    pub defense_cavalry: f64,
    /// Speed on the map.
    pub fields_per_hour: f64,
    /// Goods that one unit carries home.
    pub carry: i64,
    /// Crop per hour.
    pub upkeep: i64,
    /// What one unit costs.
    pub cost: Goods,
    /// Training time before building reduction, in seconds.
    pub train_secs: i64,
}

impl UnitType {
    /// Whether a planner may send it to win a fight: scouts, chiefs and settlers are not offense.
    #[must_use]
    pub fn is_fighter(&self) -> bool {
        !matches!(self.role, UnitRole::Scout | UnitRole::Chief | UnitRole::Settler)
    }

    /// Whether it is worth more in attack than in defense.
    #[must_use]
    pub fn is_offense(&self) -> bool {
        self.is_fighter() && self.attack > (self.defense_infantry + self.defense_cavalry) / 2.0
            || matches!(self.role, UnitRole::Ram | UnitRole::Catapult)
    }
}

/// One tribe.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tribe {
    /// Its name.
    pub name: String,
    /// Its number in `map.sql`.
    pub map_number: u8,
    /// The wall's bonus is this to the power of its level.
    pub wall_base: f64,
    /// Flat defense points per wall level.
    pub wall_flat: f64,
    /// Merchant speed.
    pub merchant_fields_per_hour: f64,
    /// Goods that one merchant carries.
    pub merchant_carry: i64,
    /// Never acts, has no morale, and counts in no territory or value (Natars, nature).
    pub is_static: bool,
    /// Its first unit class; slot `s` of the roster is class `first + s`.
    pub first: UnitClass,
    /// How many unit classes it has.
    pub size: u16,
}

/// When a march can be called back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecallRule {
    /// At any time before it arrives.
    UntilArrival,
    /// Only this many seconds after launch.
    WithinSecs(i64),
}

impl RecallRule {
    /// Whether a march that left this long ago can still be called back.
    #[must_use]
    pub fn allows(self, elapsed: GameSpan) -> bool {
        match self {
            Self::UntilArrival => true,
            Self::WithinSecs(secs) => elapsed <= GameSpan::secs(secs),
        }
    }
}

/// What the world allows; patterns that need more are refused by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Capabilities {
    /// Marches of one operation and wave with equal target and instant fight as one side.
    pub joint_assault: bool,
    /// A march can stay before a village and fight its reinforcements.
    pub blockade: bool,
    /// When a march can be called back.
    pub recall: RecallRule,
}

/// The rules of a campaign.
#[derive(Resource, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ruleset {
    /// The preset's name.
    pub name: String,
    /// What the world allows.
    pub capabilities: Capabilities,
    /// Attack points of a scout against scouts.
    pub scout_attack: f64,
    /// Defense points of a scout against scouts.
    pub scout_defense: f64,
    /// The tournament square helps beyond this distance.
    pub travel_bonus_from_fields: f64,
    /// Added speed per level of the tournament square, as a share.
    pub travel_bonus_per_level: f64,
    /// Sends of one village are at least this far apart.
    pub send_spacing_millis: i64,
    /// Army value in goods of a mean inhabitant: what an unseen village is counted as.
    pub goods_per_inhabitant: f64,
    /// Settlers that found a village.
    pub settlers_needed: u32,
    /// What founding a village takes of each good.
    pub founding_goods: i64,
    /// A hostile march is seen by its enemies when it comes within this many fields of one of their sites. 0: it is seen
    /// by the owner of its target alone.
    pub sight_fields: u16,
    /// All unit classes; a [`UnitClass`] is an index into this.
    pub units: Vec<UnitType>,
    /// All tribes; a [`TribeId`] is an index into this.
    pub tribes: Vec<Tribe>,
}

/// A ruleset that cannot be read.
#[derive(Debug, Error)]
pub enum RulesetError {
    /// Not JSON, or a field is missing or of the wrong kind; the message says which and where.
    #[error("ruleset `{part}`: {source}")]
    Json {
        /// Which of the two texts.
        part: &'static str,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A tribe with more units than a roster holds.
    #[error("ruleset `tribes`: tribe `{tribe}` has {units} units, a roster holds {ROSTER}")]
    RosterTooLong {
        /// The tribe.
        tribe: String,
        /// How many units it has.
        units: usize,
    },
    /// A value that makes no sense.
    #[error("ruleset `tribes`: unit `{unit}` of tribe `{tribe}`: {field} must be {expected}")]
    BadUnit {
        /// The tribe.
        tribe: String,
        /// The unit.
        unit: String,
        /// The column.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
struct RawTribes {
    tribes: Vec<RawTribe>,
}

#[derive(Deserialize)]
struct RawTribe {
    name: String,
    map_number: u8,
    wall_base: f64,
    wall_flat: f64,
    merchant_fields_per_hour: f64,
    merchant_carry: i64,
    #[serde(rename = "static")]
    is_static: bool,
    units: Vec<RawUnit>,
}

#[derive(Deserialize)]
struct RawUnit(String, UnitRole, Arm, f64, f64, f64, f64, i64, i64, [i64; 4], i64);

#[derive(Deserialize)]
struct RawRules {
    name: String,
    capabilities: Capabilities,
    scout_attack: f64,
    scout_defense: f64,
    travel_bonus_from_fields: f64,
    travel_bonus_per_level: f64,
    send_spacing_millis: i64,
    goods_per_inhabitant: f64,
    #[serde(default = "usual_settlers")]
    settlers_needed: u32,
    #[serde(default = "usual_founding_goods")]
    founding_goods: i64,
    #[serde(default)]
    sight_fields: u16,
}

const fn usual_settlers() -> u32 {
    3
}

const fn usual_founding_goods() -> i64 {
    750
}

const TRIBES: &str = include_str!("../../../assets/rulesets/tribes.json");

impl Ruleset {
    /// The default preset: joint assault, blockade, recall at any time.
    ///
    /// ```
    /// let rules = bevy_alliance::base::ruleset::Ruleset::extended();
    /// assert!(rules.capabilities.joint_assault);
    /// assert_eq!(rules.units.iter().filter(|u| u.name == "legionnaire").count(), 1);
    /// ```
    #[must_use]
    pub fn extended() -> Self {
        Self::compiled_in(include_str!("../../../assets/rulesets/extended.json"))
    }

    /// The classic preset: each group fights alone in order, no blockade, recall within 90 s.
    #[must_use]
    pub fn classic() -> Self {
        Self::compiled_in(include_str!("../../../assets/rulesets/classic.json"))
    }

    #[expect(clippy::expect_used, reason = "texts that are compiled in, read by a test")]
    fn compiled_in(rules: &str) -> Self {
        Self::from_json(rules, TRIBES).expect("the compiled-in ruleset is valid")
    }

    /// Reads a ruleset: the rules proper, and the tribes with their units.
    ///
    /// # Errors
    /// [`RulesetError`] names the text, the tribe, the unit and the column that is wrong.
    pub fn from_json(rules: &str, tribes: &str) -> Result<Self, RulesetError> {
        let raw: RawRules =
            serde_json::from_str(rules).map_err(|source| RulesetError::Json { part: "rules", source })?;
        let table: RawTribes =
            serde_json::from_str(tribes).map_err(|source| RulesetError::Json { part: "tribes", source })?;
        let mut ruleset = Self {
            name: raw.name,
            capabilities: raw.capabilities,
            scout_attack: raw.scout_attack,
            scout_defense: raw.scout_defense,
            travel_bonus_from_fields: raw.travel_bonus_from_fields,
            travel_bonus_per_level: raw.travel_bonus_per_level,
            send_spacing_millis: raw.send_spacing_millis,
            goods_per_inhabitant: raw.goods_per_inhabitant,
            settlers_needed: raw.settlers_needed,
            founding_goods: raw.founding_goods,
            sight_fields: raw.sight_fields,
            units: Vec::new(),
            tribes: Vec::new(),
        };
        for tribe in table.tribes {
            ruleset.add_tribe(tribe)?;
        }
        Ok(ruleset)
    }

    fn add_tribe(&mut self, raw: RawTribe) -> Result<(), RulesetError> {
        if raw.units.len() > ROSTER {
            return Err(RulesetError::RosterTooLong { tribe: raw.name, units: raw.units.len() });
        }
        let first = UnitClass(u16::try_from(self.units.len()).unwrap_or(u16::MAX));
        let size = u16::try_from(raw.units.len()).unwrap_or(0);
        for RawUnit(name, role, arm, attack, defense_infantry, defense_cavalry, speed, carry, upkeep, cost, train) in
            raw.units
        {
            let bad = |field, expected| RulesetError::BadUnit {
                tribe: raw.name.clone(),
                unit: name.clone(),
                field,
                expected,
            };
            if !(speed > 0.0 && speed.is_finite()) {
                return Err(bad("fields_per_hour", "above 0"));
            }
            if [attack, defense_infantry, defense_cavalry].iter().any(|v| !(*v >= 0.0 && v.is_finite())) {
                return Err(bad("attack and defense", "at least 0"));
            }
            if carry < 0 || upkeep < 1 || train < 1 || cost.iter().any(|c| *c < 0) {
                return Err(bad(
                    "carry, upkeep, cost and train_secs",
                    "not negative, upkeep and train_secs at least 1",
                ));
            }
            self.units.push(UnitType {
                name,
                role,
                arm,
                attack,
                defense_infantry,
                defense_cavalry,
                fields_per_hour: speed,
                carry,
                upkeep,
                cost: Goods::new(cost),
                train_secs: train,
            });
        }
        self.tribes.push(Tribe {
            name: raw.name,
            map_number: raw.map_number,
            wall_base: raw.wall_base,
            wall_flat: raw.wall_flat,
            merchant_fields_per_hour: raw.merchant_fields_per_hour,
            merchant_carry: raw.merchant_carry,
            is_static: raw.is_static,
            first,
            size,
        });
        Ok(())
    }

    /// The unit of a class, or none if the ruleset has no such class.
    #[must_use]
    pub fn unit(&self, class: UnitClass) -> Option<&UnitType> {
        self.units.get(usize::from(class.0))
    }

    /// The tribe, or none if the ruleset has no such tribe.
    #[must_use]
    pub fn tribe(&self, tribe: TribeId) -> Option<&Tribe> {
        self.tribes.get(usize::from(tribe.0))
    }

    /// The tribe with this name.
    #[must_use]
    pub fn tribe_named(&self, name: &str) -> Option<TribeId> {
        self.find_tribe(|t| t.name == name)
    }

    /// The tribe with this number in `map.sql`.
    #[must_use]
    pub fn tribe_numbered(&self, map_number: u8) -> Option<TribeId> {
        self.find_tribe(|t| t.map_number == map_number)
    }

    fn find_tribe(&self, found: impl Fn(&Tribe) -> bool) -> Option<TribeId> {
        self.tribes.iter().position(found).and_then(|i| u8::try_from(i).ok()).map(TribeId)
    }

    /// The class in a slot of a tribe's roster.
    #[must_use]
    pub fn class(&self, tribe: TribeId, slot: u16) -> Option<UnitClass> {
        self.tribe(tribe).filter(|t| slot < t.size).map(|t| UnitClass(t.first.0 + slot))
    }

    /// The place of a class in its tribe's roster.
    #[must_use]
    pub fn slot(&self, class: UnitClass) -> usize {
        let tribe = self.tribes.iter().find(|t| class.0 >= t.first.0 && class.0 < t.first.0 + t.size);
        tribe.map_or(0, |t| usize::from(class.0 - t.first.0))
    }

    /// The classes of a tribe with a role, in roster order.
    pub fn classes_of(&self, tribe: TribeId, role: UnitRole) -> impl Iterator<Item = UnitClass> + '_ {
        let range = self.tribe(tribe).map_or(0..0, |t| t.first.0..t.first.0 + t.size);
        range.map(UnitClass).filter(move |c| self.unit(*c).is_some_and(|u| u.role == role))
    }

    /// Sums a quantity over the units of a force.
    fn sum(&self, force: &Force, quantity: impl Fn(&UnitType) -> f64) -> f64 {
        force.iter().filter_map(|(class, n)| self.unit(class).map(|u| quantity(u) * f64::from(n))).sum()
    }

    /// What a force costs, in goods of all four kinds together.
    #[must_use]
    pub fn cost(&self, force: &Force) -> i64 {
        force
            .iter()
            .filter_map(|(class, n)| self.unit(class).map(|u| u.cost.total().saturating_mul(i64::from(n))))
            .fold(0, i64::saturating_add)
    }

    /// Crop per hour that a force eats.
    #[must_use]
    pub fn upkeep(&self, force: &Force) -> i64 {
        force.iter().filter_map(|(class, n)| self.unit(class).map(|u| u.upkeep * i64::from(n))).sum()
    }

    /// Goods that a force can carry.
    #[must_use]
    pub fn carry(&self, force: &Force) -> i64 {
        force.iter().filter_map(|(class, n)| self.unit(class).map(|u| u.carry * i64::from(n))).sum()
    }

    /// Attack points of a force without upgrades: count times attack.
    #[must_use]
    pub fn attack(&self, force: &Force) -> f64 {
        self.sum(force, |u| u.attack)
    }

    /// Defense points of a force without upgrades: count times the mean of its two values.
    #[must_use]
    pub fn defense(&self, force: &Force) -> f64 {
        self.sum(force, |u| (u.defense_infantry + u.defense_cavalry) / 2.0)
    }

    /// The speed of the slowest unit, in fields per hour; none for an empty force.
    #[must_use]
    pub fn slowest(&self, force: &Force) -> Option<f64> {
        force.iter().filter_map(|(class, _)| self.unit(class).map(|u| u.fields_per_hour)).reduce(f64::min)
    }

    /// The units of a force that `keep` accepts.
    #[must_use]
    pub fn filter(&self, force: &Force, keep: impl Fn(&UnitType) -> bool) -> Force {
        force.iter().filter(|(class, _)| self.unit(*class).is_some_and(&keep)).collect()
    }
}

impl Default for Ruleset {
    fn default() -> Self {
        Self::extended()
    }
}
