//! Scores of what a council can propose: an attack, an expansion or a scouting. More options come with their features.
//!
//! Source: `behavior.md`, "Targets and council options". The bonus for going on with the current aim is given once,
//! here, and not to the target as well.

use super::breakdown::Breakdown;
use super::target::{ScoreSettings, halving};
use crate::base::contract::Reason;
use serde::{Deserialize, Serialize};

/// What the score of an attack rests on. `None` is not known, or not built yet.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AttackInputs {
    /// The target's score, see [`target_score`](super::target::target_score).
    pub target: Option<f64>,
    /// How well the pattern fits, in points; kept within +-0.15.
    pub pattern_fit: Option<f64>,
    /// Share of the alliance's offense that is already bound, 0..=1.
    pub bound_share: Option<f64>,
    /// Hours since the same attack was refused; `None` if it never was.
    pub hours_since_refusal: Option<f64>,
    /// Whether it goes on with the current aim.
    pub continues_aim: bool,
}

/// Attack = target + pattern fit (within .15) - .25 share of offense already bound - .4 x 2^(-h since refusal/36),
/// and +.10 for going on with the current aim.
#[must_use]
pub fn attack_score(inputs: &AttackInputs, settings: &ScoreSettings) -> Reason {
    let fit = settings.pattern_fit_max;
    let refusal = inputs.hours_since_refusal.map(|h| -halving(h, settings.refusal_half_life_hours));
    Breakdown::default()
        .with("target", 1.0, inputs.target)
        .with("pattern_fit", 1.0, inputs.pattern_fit.map(|x| x.clamp(-fit, fit)))
        .with("bound", settings.bound, inputs.bound_share.map(|s| -s))
        .with("refusal", settings.refusal, refusal)
        .with("continues_aim", settings.continue_bonus, Some(f64::from(u8::from(inputs.continues_aim))))
        .finish()
}

/// What the score of an expansion rests on. `None` is not known.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ExpansionInputs {
    /// (V - C)/(V + C): what the new site will make against what it costs.
    pub gain: Option<f64>,
    /// Wars that are open.
    pub open_wars: Option<u32>,
    /// Hours since the same expansion was refused; `None` if it never was.
    pub hours_since_refusal: Option<f64>,
}

/// Expand = .5 gain - .05 open wars - .4 x 2^(-h since refusal/36).
#[must_use]
pub fn expansion_score(inputs: &ExpansionInputs, settings: &ScoreSettings) -> Reason {
    let refusal = inputs.hours_since_refusal.map(|h| -halving(h, settings.refusal_half_life_hours));
    Breakdown::default()
        .with("gain", settings.expansion, inputs.gain)
        .with("open_wars", settings.expansion_war, inputs.open_wars.map(|n| -f64::from(n)))
        .with("refusal", settings.refusal, refusal)
        .finish()
}

/// What the score of a scouting rests on. `None` is not known.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ScoutInputs {
    /// c of what is known, 0..=1; 0 for a site that nobody has seen.
    pub confidence: Option<f64>,
    /// The target's score if r were as good as it may be.
    pub optimistic_target: Option<f64>,
    /// The score of the best option without this scouting; `None` if there is no other option.
    pub best_known: Option<f64>,
    /// Whether it goes on with the current aim.
    pub continues_aim: bool,
}

/// Scout = .6 (1 - c) (target score at optimistic r - best known option), and +.10 for going on with the current
/// aim. Listed as two terms, whose weight is .6 (1 - c); without c both are absent.
#[must_use]
pub fn scout_score(inputs: &ScoutInputs, settings: &ScoreSettings) -> Reason {
    let weight = settings.scout * (1.0 - inputs.confidence.unwrap_or(1.0)).clamp(0.0, 1.0);
    let known = |x: Option<f64>| inputs.confidence.and(x);
    Breakdown::default()
        .with("optimistic_target", weight, known(inputs.optimistic_target))
        .with("best_known", weight, known(inputs.best_known.map(|x| -x)))
        .with("continues_aim", settings.continue_bonus, Some(f64::from(u8::from(inputs.continues_aim))))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reason: &Reason, expect: f64) {
        assert!((reason.score - expect).abs() < 1e-9, "{reason:?}, expected {expect}");
    }

    #[test]
    fn attack_by_hand() {
        let settings = ScoreSettings::default();
        let inputs = AttackInputs {
            target: Some(0.4),
            pattern_fit: Some(0.5),
            bound_share: Some(0.4),
            hours_since_refusal: Some(36.0),
            continues_aim: true,
        };
        check(&attack_score(&inputs, &settings), 0.4 + 0.15 - 0.1 - 0.2 + 0.1);
        let fresh = AttackInputs { hours_since_refusal: None, continues_aim: false, ..inputs };
        check(&attack_score(&fresh, &settings), 0.45);
    }

    #[test]
    fn expansion_by_hand() {
        let settings = ScoreSettings::default();
        let inputs = ExpansionInputs { gain: Some(0.6), open_wars: Some(2), hours_since_refusal: Some(36.0) };
        check(&expansion_score(&inputs, &settings), 0.3 - 0.1 - 0.2);
        check(&expansion_score(&ExpansionInputs { hours_since_refusal: None, ..inputs }, &settings), 0.2);
    }

    #[test]
    fn scouting_pays_where_little_is_known() {
        let settings = ScoreSettings::default();
        let blind = ScoutInputs {
            confidence: Some(0.0),
            optimistic_target: Some(0.8),
            best_known: Some(0.3),
            continues_aim: false,
        };
        check(&scout_score(&blind, &settings), 0.3);
        check(&scout_score(&ScoutInputs { confidence: Some(0.5), ..blind }, &settings), 0.15);
        check(&scout_score(&ScoutInputs { best_known: None, ..blind }, &settings), 0.48);
        let unknown = scout_score(&ScoutInputs { confidence: None, ..blind }, &settings);
        check(&unknown, 0.0);
        assert!(unknown.terms[0].input.is_none());
    }
}
