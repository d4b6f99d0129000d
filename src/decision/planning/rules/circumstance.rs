//! The circumstances in which a pattern is offered: a closed set of named conditions over plain inputs.
//!
//! Source: `docs/behavior.md`, "Patterns": each pattern answers one thing that the enemy can do.

use serde::{Deserialize, Serialize};

/// A condition of an attack that patterns ask for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circumstance {
    /// What could come to help in time is a real part of what stands at the target.
    EnemyCanReinforce,
    /// Other sites of the enemy lie near enough to be threatened in its stead.
    DecoysNear,
    /// What stands there is mostly offense: its owner would rather send it away than lose it.
    DefenderMayDodge,
    /// A high wall.
    Walled,
    /// An army of the target is known to be on its way home, or to us: then it will come home in time.
    ArmyReturns,
    /// A hostile march of the target's owner comes to one of ours.
    AllyUnderAttack,
    /// The blow can be seen long before it comes.
    FarFromHome,
    /// What stands there may be quite different from what was seen.
    UncertainIntel,
}

/// What the conditions are judged by, of the targets of one attack together.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct CircumstanceInputs {
    /// Troops believed at the target that has most of them, in goods.
    pub target_goods: f64,
    /// Troops believed at all sites from which help could be at that target in time, in goods.
    pub helpers_goods: f64,
    /// Other sites of the enemy near the targets.
    pub decoys: u32,
    /// Share of the believed troops that is offense, in goods, 0..=1.
    pub offense_share: f64,
    /// The highest wall.
    pub wall: u8,
    /// Whether an army of a target is on its way home, or to us.
    pub returns: bool,
    /// Whether a march of a target's owner comes to one of ours.
    pub hits_us: bool,
    /// Hours between the first possible launch and the arrival.
    pub hours_away: f64,
    /// How far the logarithm of the ratio may be off, the least certain target.
    pub sigma: f64,
}

/// From where on the conditions hold.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct CircumstanceSettings {
    /// Share of the target's troops, in goods, that the help must be worth.
    pub help_share: f64,
    /// Hours at the pace of foot soldiers within which lie sites that could be threatened in a target's stead; no more than those of
    /// `HelpSettings::hours` are looked at.
    pub decoy_hours: f64,
    /// Such sites at least.
    pub decoys_min: u32,
    /// Share of offense from which on an owner would send it away.
    pub dodge_share: f64,
    /// Share of the target's troops, in goods, that an army must be worth whose way home is waited for.
    pub army_share: f64,
    /// Levels of a high wall.
    pub wall_min: u8,
    /// Hours from which on a blow is long seen.
    pub far_hours: f64,
    /// The sigma from which on intel is uncertain.
    pub sigma_min: f64,
}

impl Default for CircumstanceSettings {
    fn default() -> Self {
        Self {
            help_share: 0.25,
            decoy_hours: 5.0,
            decoys_min: 2,
            dodge_share: 0.5,
            army_share: 0.25,
            wall_min: 10,
            far_hours: 10.0,
            sigma_min: 0.3,
        }
    }
}

/// Whether a condition holds.
///
/// ```
/// use bevy_alliance::decision::planning::rules::circumstance::{
///     Circumstance, CircumstanceInputs, CircumstanceSettings, holds,
/// };
/// let settings = CircumstanceSettings::default();
/// let inputs = CircumstanceInputs { target_goods: 100_000.0, helpers_goods: 24_000.0, ..Default::default() };
/// assert!(!holds(Circumstance::EnemyCanReinforce, &inputs, &settings));
/// let inputs = CircumstanceInputs { helpers_goods: 25_000.0, ..inputs };
/// assert!(holds(Circumstance::EnemyCanReinforce, &inputs, &settings));
/// ```
#[must_use]
pub fn holds(circumstance: Circumstance, inputs: &CircumstanceInputs, settings: &CircumstanceSettings) -> bool {
    match circumstance {
        Circumstance::EnemyCanReinforce => {
            inputs.helpers_goods > 0.0 && inputs.helpers_goods >= settings.help_share * inputs.target_goods
        }
        Circumstance::DecoysNear => inputs.decoys >= settings.decoys_min,
        Circumstance::DefenderMayDodge => inputs.offense_share > settings.dodge_share,
        Circumstance::Walled => inputs.wall >= settings.wall_min,
        Circumstance::ArmyReturns => inputs.returns,
        Circumstance::AllyUnderAttack => inputs.hits_us,
        Circumstance::FarFromHome => inputs.hours_away >= settings.far_hours,
        Circumstance::UncertainIntel => inputs.sigma >= settings.sigma_min,
    }
}
