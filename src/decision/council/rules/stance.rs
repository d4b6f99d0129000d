//! How a member votes on how its alliance stands to another: war, peace, a pact, a confederacy.
//!
//! U = b + prospect + mood + .25 trust - info + weariness + taste, with the weights and the traits of the voter on attacks.
//! Source of the weights: `docs/behavior.md`, "The voter"; of the signs: `docs/behavior.md`, "War and peace". What speaks
//! against a war speaks for peace.

use super::voter::{TraitWeights, VoterSettings};
use crate::base::contract::Reason;
use crate::decision::planning::rules::breakdown::Breakdown;
use crate::society::personality::{Taste, Traits};

/// What is voted on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A war is declared.
    War,
    /// A war ends.
    Peace,
    /// Two bind themselves to each other.
    Bond,
}

/// What a member knows when it votes on it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StanceInputs {
    /// The score that it has as an option to this member, with the member's own weariness.
    pub score: f64,
    /// Anger, 0..=1.
    pub anger: f64,
    /// Grievance against the other, 0..=1.
    pub grievance: f64,
    /// Fear, 0..=1.
    pub fear: f64,
    /// Strength of the other, 0..=1.
    pub strength: f64,
    /// Trust in the proposer, -1..=1.
    pub trust: f64,
    /// How tired the member is, 0..=1.
    pub weary: f64,
    /// How much of the other has been seen, 0..=1.
    pub confidence: f64,
}

/// A score of .5 as an option is all that speaks for a change.
const PROSPECT: f64 = 2.0;

/// U with its terms.
///
/// ```
/// use bevy_alliance::decision::council::rules::stance::{Change, StanceInputs, stance_utility};
/// use bevy_alliance::decision::council::rules::voter::VoterSettings;
/// use bevy_alliance::society::personality::{Taste, Traits};
/// let case = StanceInputs {
///     score: 0.2, anger: 0.5, grievance: 0.4, fear: 0.5, strength: 0.5, trust: 0.2, weary: 0.3, confidence: 0.5,
/// };
/// let vote = |change| stance_utility(change, &case, &Traits::NEUTRAL, Taste::default(), &VoterSettings::default()).score;
/// // War: .05 + .4 + .35 (.2 - .25) + .05 - .35 x .5 - .45 x .3
/// assert!((vote(Change::War) - 0.1725).abs() < 1e-9);
/// // Peace: .05 + .4 - .35 (.2 - .25) + .05 + .45 x .3
/// assert!((vote(Change::Peace) - 0.6525).abs() < 1e-9);
/// // A pact: .05 + .4 - .35 x .2 + .05
/// assert!((vote(Change::Bond) - 0.43).abs() < 1e-9);
/// ```
#[must_use]
pub fn stance_utility(
    change: Change,
    inputs: &StanceInputs,
    traits: &Traits,
    taste: Taste,
    settings: &VoterSettings,
) -> Reason {
    let (anger, fear) = (inputs.anger * inputs.grievance, inputs.fear * inputs.strength);
    let base = match change {
        Change::War => settings.base + settings.base_traits.sum(traits),
        // Who gives way easily agrees easily.
        Change::Peace | Change::Bond => settings.base + AGREEABLE.sum(traits),
    };
    let start = Breakdown::default()
        .with("base", 1.0, Some(base))
        .with("prospect", settings.gain.of(traits), Some((PROSPECT * inputs.score).clamp(-1.0, 1.0)))
        .with("trust", settings.trust.of(traits), Some(inputs.trust));
    let (mood, tired) = (settings.mood.of(traits), settings.weary.of(traits));
    // What says nothing about a change is none of its terms.
    let summed = match change {
        Change::War => start
            .with("anger", mood, Some(anger))
            .with("fear", mood, Some(-fear))
            .with("info", settings.info.of(traits), Some(inputs.confidence - 1.0))
            .with("weary", tired, Some(-inputs.weary)),
        Change::Peace => start.with("anger", mood, Some(-anger)).with("fear", mood, Some(fear)).with(
            "weary",
            tired,
            Some(inputs.weary),
        ),
        Change::Bond => start.with("anger", mood, Some(-anger)),
    };
    summed.with("taste", 1.0, Some(taste.0)).finish()
}

const AGREEABLE: TraitWeights =
    TraitWeights { openness: 0.1, conscientiousness: 0.0, extraversion: 0.0, agreeableness: 0.4, neuroticism: 0.0 };

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cases() -> impl Strategy<Value = StanceInputs> {
        let part = || 0.0_f64..1.0;
        (-0.6_f64..0.6, part(), part(), part(), part(), -1.0_f64..1.0, part(), part()).prop_map(
            |(score, anger, grievance, fear, strength, trust, weary, confidence)| StanceInputs {
                score,
                anger,
                grievance,
                fear,
                strength,
                trust,
                weary,
                confidence,
            },
        )
    }

    proptest! {
        #[test]
        fn what_speaks_for_war_speaks_against_peace(case in cases(), more in 0.0_f64..0.5) {
            let u = |change, case: &StanceInputs| {
                stance_utility(change, case, &Traits::NEUTRAL, Taste::default(), &VoterSettings::default()).score
            };
            let angrier = StanceInputs { grievance: case.grievance + more, ..case };
            let tired = StanceInputs { weary: case.weary + more, ..case };
            prop_assert!(u(Change::War, &angrier) >= u(Change::War, &case));
            prop_assert!(u(Change::Peace, &angrier) <= u(Change::Peace, &case));
            prop_assert!(u(Change::Bond, &angrier) <= u(Change::Bond, &case));
            prop_assert!(u(Change::War, &tired) <= u(Change::War, &case));
            prop_assert!(u(Change::Peace, &tired) >= u(Change::Peace, &case));
            for change in [Change::War, Change::Peace, Change::Bond] {
                let (better, closer) = (
                    StanceInputs { score: case.score + more, ..case },
                    StanceInputs { trust: case.trust + more, ..case },
                );
                prop_assert!(u(change, &better) >= u(change, &case));
                prop_assert!(u(change, &closer) >= u(change, &case));
            }
        }
    }
}
