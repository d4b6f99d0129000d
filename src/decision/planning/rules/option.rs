//! Scores of what a council can propose: an attack or an expansion. More options come with their features.
//!
//! Source: `docs/behavior.md`, "Options of a war council". The bonus for going on with the current aim is given once,
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
    /// Share of the alliance's latest operations that were carried out by the same pattern, 0..=1.
    pub same_pattern: Option<f64>,
    /// Whether it goes on with the current aim.
    pub continues_aim: bool,
}

/// Attack = target + pattern fit (within .15) - .25 share of offense already bound - .4 x 2^(-h since refusal/36)
/// - max(0, share of the latest operations by the same pattern - .125), and +.10 for going on with the current aim.
///
/// Whoever always comes in the same manner is expected in it, so others get their turn.
#[must_use]
pub fn attack_score(inputs: &AttackInputs, settings: &ScoreSettings) -> Reason {
    let fit = settings.pattern_fit_max;
    let refusal = inputs.hours_since_refusal.map(|h| -halving(h, settings.refusal_half_life_hours));
    Breakdown::default()
        .with("target", 1.0, inputs.target)
        .with("pattern_fit", 1.0, inputs.pattern_fit.map(|x| x.clamp(-fit, fit)))
        .with("bound", settings.bound, inputs.bound_share.map(|s| -s))
        .with("refusal", settings.refusal, refusal)
        .with("sameness", settings.sameness, inputs.same_pattern.map(|share| -sameness(share, settings)))
        .with("continues_aim", settings.continue_bonus, Some(f64::from(u8::from(inputs.continues_aim))))
        .finish()
}

/// How much of a share of one pattern among the latest operations is too much.
#[must_use]
pub fn sameness(share: f64, settings: &ScoreSettings) -> f64 {
    (share - settings.sameness_free).max(0.0)
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
            same_pattern: Some(0.125),
            continues_aim: true,
        };
        check(&attack_score(&inputs, &settings), 0.4 + 0.15 - 0.1 - 0.2 + 0.1);
        let fresh = AttackInputs { hours_since_refusal: None, continues_aim: false, ..inputs };
        check(&attack_score(&fresh, &settings), 0.45);
        // Seven of eight came in this manner: (.875 - .125).
        let again = AttackInputs { same_pattern: Some(0.875), ..fresh };
        check(&attack_score(&again, &settings), 0.45 - 0.75);
    }

    #[test]
    fn expansion_by_hand() {
        let settings = ScoreSettings::default();
        let inputs = ExpansionInputs { gain: Some(0.6), open_wars: Some(2), hours_since_refusal: Some(36.0) };
        check(&expansion_score(&inputs, &settings), 0.3 - 0.1 - 0.2);
        check(&expansion_score(&ExpansionInputs { hours_since_refusal: None, ..inputs }, &settings), 0.2);
    }
}
