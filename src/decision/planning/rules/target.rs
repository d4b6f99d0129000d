//! What a target is worth, and its score.
//!
//! Source: `docs/behavior.md`, "Targets".

use super::breakdown::Breakdown;
use crate::base::contract::Reason;
use serde::{Deserialize, Serialize};

/// The weights and thresholds of targets and options. Costs are subtracted: all weights are positive.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoreSettings {
    /// A target is picked from this score on. Default 0.25.
    pub target_min: f64,
    /// An option is picked from this score on. Default 0.15.
    pub option_min: f64,
    /// Where the last alliance wins, targets and attacks are picked from this much below: nothing else ends it. Default 0.75.
    pub last_margin: f64,
    /// Added to an option that goes on with the current aim. Default 0.10.
    pub continue_bonus: f64,
    /// Weight of the war's aim. Default 0.35.
    pub aim: f64,
    /// Weight of missing confidence. Default 0.35.
    pub info: f64,
    /// Subtracted per day of travel. Default 0.25.
    pub distance_per_day: f64,
    /// Subtracted per other enemy of the target. Default 0.05.
    pub other_enemy: f64,
    /// Most that other enemies subtract together. Default 0.6.
    pub other_enemies_max: f64,
    /// Subtracted right after our last hit on it. Default 0.30.
    pub repeat: f64,
    /// Days after which that has halved. Default 3.
    pub repeat_half_life_days: f64,
    /// Weight of what its owner suffered from us lately: the square of the sum of our hits on any of its villages, each halved
    /// every `owner_half_life_days`. Default 0.8.
    pub owner: f64,
    /// Days after which a hit on the owner counts half. Default 4.
    pub owner_half_life_days: f64,
    /// Weight of the target being weak: 1 - 2 its strength / ours. Default 0.20.
    pub weakness: f64,
    /// Share of the goods of killed troops that counts as value. Default 0.7.
    pub kills: f64,
    /// How much more killed offense counts. Default 1.5.
    pub kills_offense_factor: f64,
    /// Hours of destroyed production that count as value. Default 72.
    pub production_hours: f64,
    /// A target is dropped whose pV is under this many hours of the participants' production. Default 3.
    pub drop_hours: f64,
    /// Most that the pattern's fit adds or subtracts. Default 0.15.
    pub pattern_fit_max: f64,
    /// Weight of the share of offense already bound. Default 0.25.
    pub bound: f64,
    /// Subtracted right after the same option was refused. Default 0.4.
    pub refusal: f64,
    /// Hours after which that has halved. Default 36; refusals are kept for 108 h.
    pub refusal_half_life_hours: f64,
    /// Weight of a pattern's share of the latest operations. Default 1.0.
    pub sameness: f64,
    /// The share up to which that costs nothing: one of the latest eight. Default 0.125.
    pub sameness_free: f64,
    /// Weight of what scouting could reveal. Default 0.6.
    pub scout: f64,
    /// Weight of what a new site brings. Default 0.5.
    pub expansion: f64,
    /// Subtracted from an expansion per open war. Default 0.05.
    pub expansion_war: f64,
}

impl Default for ScoreSettings {
    fn default() -> Self {
        Self {
            target_min: 0.25,
            option_min: 0.15,
            last_margin: 0.75,
            continue_bonus: 0.10,
            aim: 0.35,
            info: 0.35,
            distance_per_day: 0.25,
            other_enemy: 0.05,
            other_enemies_max: 0.6,
            repeat: 0.30,
            repeat_half_life_days: 3.0,
            owner: 0.8,
            owner_half_life_days: 4.0,
            weakness: 0.20,
            kills: 0.7,
            kills_offense_factor: 1.5,
            production_hours: 72.0,
            drop_hours: 3.0,
            pattern_fit_max: 0.15,
            bound: 0.25,
            refusal: 0.4,
            refusal_half_life_hours: 36.0,
            sameness: 1.0,
            sameness_free: 0.125,
            scout: 0.6,
            expansion: 0.5,
            expansion_war: 0.05,
        }
    }
}

/// What there is to gain at a target, in goods. `None` is not known.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ValueInputs {
    /// Goods that can be carried home.
    pub loot_goods: Option<f64>,
    /// Cost of the defenders expected to die that are not offense.
    pub kills_defense_goods: Option<f64>,
    /// Cost of the offense expected to die.
    pub kills_offense_goods: Option<f64>,
    /// Production destroyed, in goods per hour.
    pub production_goods_per_hour: Option<f64>,
    /// For a wonder, chief, hammer, granary or anvil stack.
    pub bonus_goods: Option<f64>,
}

/// V = loot + 0.7 kills (offense x 1.5) + 72 h of production destroyed + bonus; the score is in goods.
#[must_use]
pub fn target_value(inputs: &ValueInputs, settings: &ScoreSettings) -> Reason {
    Breakdown::default()
        .with("loot", 1.0, inputs.loot_goods)
        .with("kills_defense", settings.kills, inputs.kills_defense_goods)
        .with("kills_offense", settings.kills * settings.kills_offense_factor, inputs.kills_offense_goods)
        .with("production", settings.production_hours, inputs.production_goods_per_hour)
        .with("bonus", 1.0, inputs.bonus_goods)
        .finish()
}

/// The drop rule: whether pV is at least 6 h of the participants' production (in goods per hour).
#[must_use]
pub fn is_worthwhile(win_chance: f64, value_goods: f64, goods_per_hour: f64, settings: &ScoreSettings) -> bool {
    win_chance * value_goods >= settings.drop_hours * goods_per_hour
}

/// What the score of a target rests on. `None` is not known, or not built yet.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TargetInputs {
    /// x of the term `gain`, -1..=1, see [`gain`](super::facts::gain).
    pub gain: Option<f64>,
    /// 1 on the war's aim, 0.5 the same enemy, -0.5 no war.
    pub aim: Option<f64>,
    /// c: confidence after its age, 0..=1.
    pub confidence: Option<f64>,
    /// Travel time of the slowest participant, in hours.
    pub hours_away: Option<f64>,
    /// How many other alliances are at war with it.
    pub other_enemies: Option<u32>,
    /// Whether it leads the victory ranking: then others on it are no reason to spare it.
    pub leads: bool,
    /// Days since our last hit on it; infinite for never.
    pub days_since_hit: Option<f64>,
    /// Our hits on villages of its owner, faded: see [`hits_on_owner`].
    pub owner_hits: Option<f64>,
    /// Its strength over ours, both in goods.
    pub strength_ratio: Option<f64>,
}

/// Target = gain + .35 aim - .35 (1 - c) - .25 hours away/24 - .05 other enemies (at most .6; 0 if it leads)
/// - .30 x 2^(-days since our last hit/3) - .8 (hits on its owner)^2 - .20 max(0, 1 - 2 its strength/ours).
///
/// Inputs of costs are listed negative, as in the voter's table.
#[must_use]
pub fn target_score(inputs: &TargetInputs, settings: &ScoreSettings) -> Reason {
    let others = inputs.other_enemies.map(|n| {
        let most = settings.other_enemies_max / settings.other_enemy.max(f64::MIN_POSITIVE);
        if inputs.leads { 0.0 } else { -f64::from(n).min(most) }
    });
    let repeat = inputs.days_since_hit.map(|days| -halving(days, settings.repeat_half_life_days));
    Breakdown::default()
        .with("gain", 1.0, inputs.gain)
        .with("aim", settings.aim, inputs.aim)
        .with("info", settings.info, inputs.confidence.map(|c| c - 1.0))
        .with("distance", settings.distance_per_day, inputs.hours_away.map(|h| -h / 24.0))
        .with("other_enemies", settings.other_enemy, others)
        .with("repeat", settings.repeat, repeat)
        .with("owner", settings.owner, inputs.owner_hits.map(|hits| -hits * hits))
        .with("weakness", settings.weakness, inputs.strength_ratio.map(|s| -(1.0 - 2.0 * s).max(0.0)))
        .finish()
}

/// What a player suffered from us: one for each operation that hit it, halved every four days.
///
/// ```
/// use bevy_alliance::decision::planning::rules::target::{ScoreSettings, hits_on_owner};
/// assert_eq!(hits_on_owner(&[0.0, 4.0, 8.0], &ScoreSettings::default()), 1.75);
/// ```
#[must_use]
pub fn hits_on_owner(days_ago: &[f64], settings: &ScoreSettings) -> f64 {
    days_ago.iter().map(|days| halving(*days, settings.owner_half_life_days)).sum()
}

/// 2^(-elapsed / half-life): 1 at once, 0 after endless time.
pub(crate) fn halving(elapsed: f64, half_life: f64) -> f64 {
    // A half-life of 0 forgets at once, and never makes 0 / 0 of what is yet to come.
    libm::exp2(-elapsed.max(0.0) / half_life.max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inputs: TargetInputs, expect: f64) {
        let reason = target_score(&inputs, &ScoreSettings::default());
        assert!((reason.score - expect).abs() < 1e-9, "{reason:?}, expected {expect}");
        let sum: f64 = reason.terms.iter().map(|t| t.added).sum();
        assert!((sum - reason.score).abs() < 1e-12);
        assert_eq!(reason.terms.len(), 8, "absent inputs are listed too");
    }

    #[test]
    fn target_scores_by_hand() {
        let full = TargetInputs {
            gain: Some(0.4),
            aim: Some(1.0),
            confidence: Some(0.8),
            hours_away: Some(12.0),
            other_enemies: Some(1),
            leads: false,
            days_since_hit: Some(3.0),
            owner_hits: Some(0.0),
            strength_ratio: Some(0.25),
        };
        check(full, 0.4 + 0.35 - 0.07 - 0.125 - 0.05 - 0.15 - 0.10);
        check(TargetInputs { leads: true, ..full }, 0.305);
        check(TargetInputs { other_enemies: Some(20), ..full }, 0.305 - 0.6);
        check(TargetInputs { days_since_hit: Some(f64::INFINITY), strength_ratio: Some(2.0), ..full }, 0.505);
        // Two operations that have just hit its owner: .8 x 4.
        check(TargetInputs { owner_hits: Some(2.0), ..full }, 0.255 - 3.2);
        check(TargetInputs::default(), 0.0);
    }

    #[test]
    fn value_counts_killed_offense_more() {
        let inputs = ValueInputs {
            loot_goods: Some(1_000.0),
            kills_defense_goods: Some(1_000.0),
            kills_offense_goods: Some(1_000.0),
            production_goods_per_hour: Some(10.0),
            bonus_goods: None,
        };
        let value = target_value(&inputs, &ScoreSettings::default());
        assert!((value.score - (1_000.0 + 700.0 + 1_050.0 + 720.0)).abs() < 1e-9);
        assert_eq!(value.terms.iter().filter(|t| t.input.is_none()).count(), 1);
    }

    #[test]
    fn small_change_is_dropped() {
        let settings = ScoreSettings::default();
        // Three hours of 100 an hour are 300: half a chance of 600.
        assert!(is_worthwhile(0.5, 600.0, 100.0, &settings));
        assert!(!is_worthwhile(0.5, 599.0, 100.0, &settings));
    }
}
