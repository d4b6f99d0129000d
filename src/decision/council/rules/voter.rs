//! The rule-based voter: what a member thinks of a proposal, and how it votes.
//!
//! U = b + sum of w x + taste. Source of the table of weights and of the thresholds: `docs/behavior.md`, "The
//! voter". The inputs x come from [`inputs`](super::inputs) and from the facts of the attack.

use crate::base::contract::{Reason, Vote};
use crate::decision::planning::rules::breakdown::Breakdown;
use crate::society::personality::{Taste, Traits};
use serde::{Deserialize, Serialize};

/// How much each trait's d = trait - 0.5 adds, by trait.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraitWeights {
    /// Of dO.
    pub openness: f64,
    /// Of dC.
    pub conscientiousness: f64,
    /// Of dE.
    pub extraversion: f64,
    /// Of dA.
    pub agreeableness: f64,
    /// Of dN.
    pub neuroticism: f64,
}

impl TraitWeights {
    const NONE: Self =
        Self { openness: 0.0, conscientiousness: 0.0, extraversion: 0.0, agreeableness: 0.0, neuroticism: 0.0 };

    /// The sum of weight times d.
    #[must_use]
    pub fn sum(&self, traits: &Traits) -> f64 {
        self.openness * (traits.openness - 0.5)
            + self.conscientiousness * (traits.conscientiousness - 0.5)
            + self.extraversion * (traits.extraversion - 0.5)
            + self.agreeableness * (traits.agreeableness - 0.5)
            + self.neuroticism * (traits.neuroticism - 0.5)
    }
}

/// The weight of one term: `w x (1 + traits)`, never negative.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermWeight {
    /// w, for a mean member.
    pub weight: f64,
    /// How traits change it.
    #[serde(default)]
    pub traits: TraitWeights,
}

impl TermWeight {
    const fn new(weight: f64, traits: TraitWeights) -> Self {
        Self { weight, traits }
    }

    /// The weight for this member.
    #[must_use]
    pub fn of(&self, traits: &Traits) -> f64 {
        self.weight * (1.0 + self.traits.sum(traits)).max(0.0)
    }
}

/// The voter's weights and thresholds; the default is the table of `docs/behavior.md`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoterSettings {
    /// 1.0.
    pub gain: TermWeight,
    /// .35 (1 + .6dC + .4dA).
    pub aim: TermWeight,
    /// .35 (1 + .8dN), for both halves of the mood.
    pub mood: TermWeight,
    /// .25 (1 + dA).
    pub trust: TermWeight,
    /// .35 (1 + 1.2dC - .8dO).
    pub info: TermWeight,
    /// .35 (1 + .8dN - .6dE - .6dA).
    pub own: TermWeight,
    /// .90 (1 + .8dN + .6dC).
    pub home: TermWeight,
    /// .35 (1 - 1.2dA).
    pub goods: TermWeight,
    /// .45 (1 + .6dN - .6dE).
    pub weary: TermWeight,
    /// .35 (1 + 1.2dN - .6dE).
    pub retaliation: TermWeight,
    /// .30 (1 - .8dA): who lives next to the enemy wants it beaten, who lives far off minds its own affairs.
    pub near: TermWeight,
    /// Hours of foot soldiers from the member to the targets at which `near` is 0. Default 8.
    pub near_hours: f64,
    /// How far members differ in what they make of one proposal: the deviation of what is drawn for each member and proposal. Default 0.4.
    pub opinion: f64,
    /// The fixed part of b: 0.05.
    pub base: f64,
    /// The traits' part of b: .40dE + .10dO - .25dN.
    pub base_traits: TraitWeights,
    /// Approve from this score on: +0.10.
    pub approve_min: f64,
    /// Reject up to this score: -0.10.
    pub reject_max: f64,
}

impl Default for VoterSettings {
    fn default() -> Self {
        let none = TraitWeights::NONE;
        Self {
            gain: TermWeight::new(1.0, none),
            aim: TermWeight::new(0.35, TraitWeights { conscientiousness: 0.6, agreeableness: 0.4, ..none }),
            mood: TermWeight::new(0.35, TraitWeights { neuroticism: 0.8, ..none }),
            trust: TermWeight::new(0.25, TraitWeights { agreeableness: 1.0, ..none }),
            info: TermWeight::new(0.35, TraitWeights { conscientiousness: 1.2, openness: -0.8, ..none }),
            own: TermWeight::new(
                0.35,
                TraitWeights { neuroticism: 0.8, extraversion: -0.6, agreeableness: -0.6, ..none },
            ),
            home: TermWeight::new(0.90, TraitWeights { neuroticism: 0.8, conscientiousness: 0.6, ..none }),
            goods: TermWeight::new(0.35, TraitWeights { agreeableness: -1.2, ..none }),
            weary: TermWeight::new(0.45, TraitWeights { neuroticism: 0.6, extraversion: -0.6, ..none }),
            retaliation: TermWeight::new(0.35, TraitWeights { neuroticism: 1.2, extraversion: -0.6, ..none }),
            near: TermWeight::new(0.30, TraitWeights { agreeableness: -0.8, ..none }),
            near_hours: 8.0,
            opinion: 0.4,
            base: 0.05,
            base_traits: TraitWeights { extraversion: 0.40, openness: 0.10, neuroticism: -0.25, ..none },
            approve_min: 0.10,
            reject_max: -0.10,
        }
    }
}

/// What a member knows when it votes. `None` is not known, or not built yet; it adds nothing and is listed as absent.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VoterInputs {
    /// (pV - LC)/(pV + LC), -1..=1.
    pub gain: Option<f64>,
    /// 1 on the war's aim, 0.5 the same enemy, -0.5 no war.
    pub aim: Option<f64>,
    /// Anger, 0..=1.
    pub anger: Option<f64>,
    /// Grievance against the target's alliance, 0..=1.
    pub grievance: Option<f64>,
    /// Fear, 0..=1.
    pub fear: Option<f64>,
    /// Strength of the target's alliance, 0..=1.
    pub enemy_strength: Option<f64>,
    /// Trust in the proposer, -1..=1.
    pub trust: Option<f64>,
    /// c: confidence in the intel after its age, 0..=1.
    pub confidence: Option<f64>,
    /// Cost of own losses, -1..=0.
    pub own: Option<f64>,
    /// Cost of an uncovered home, -1..=0.
    pub home: Option<f64>,
    /// Cost of the goods asked, -1..=0.
    pub goods: Option<f64>,
    /// Weariness, -1..=0.
    pub weary: Option<f64>,
    /// Cost of what the enemy may do in return, -1..=0.
    pub retaliation: Option<f64>,
    /// How near to the targets the member lives, -1..=1.
    pub near: Option<f64>,
}

/// U with its terms. The mood is listed as its two halves: `anger` = anger x grievance, `fear` = -fear x enemy
/// strength; each is absent unless both of its parts are known.
#[must_use]
pub fn utility(inputs: &VoterInputs, traits: &Traits, taste: Taste, settings: &VoterSettings) -> Reason {
    let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a * b);
    let within = |x: Option<f64>, low: f64| x.map(|x| x.clamp(low, 1.0));
    let cost = |x: Option<f64>| x.map(|x| x.clamp(-1.0, 0.0));
    let terms: [(&str, &TermWeight, Option<f64>); 12] = [
        ("gain", &settings.gain, within(inputs.gain, -1.0)),
        ("aim", &settings.aim, within(inputs.aim, -1.0)),
        ("anger", &settings.mood, within(both(inputs.anger, inputs.grievance), 0.0)),
        ("fear", &settings.mood, cost(both(inputs.fear, inputs.enemy_strength).map(|x| -x))),
        ("trust", &settings.trust, within(inputs.trust, -1.0)),
        ("info", &settings.info, cost(inputs.confidence.map(|c| c - 1.0))),
        ("own", &settings.own, cost(inputs.own)),
        ("home", &settings.home, cost(inputs.home)),
        ("goods", &settings.goods, cost(inputs.goods)),
        ("weary", &settings.weary, cost(inputs.weary)),
        ("retaliation", &settings.retaliation, cost(inputs.retaliation)),
        ("near", &settings.near, within(inputs.near, -1.0)),
    ];
    let base = settings.base + settings.base_traits.sum(traits);
    let start = Breakdown::default().with("base", 1.0, Some(base));
    let summed = terms.into_iter().fold(start, |sum, (name, weight, x)| sum.with(name, weight.of(traits), x));
    summed.with("taste", 1.0, Some(taste.0)).finish()
}

/// A rule that rejects whatever the score says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// A pact, truce or confederacy with the target's alliance.
    Pact,
    /// The target is under beginner or other protection.
    Protection,
    /// Nothing of the member's reaches the target in time.
    OutOfReach,
    /// A launch or an arrival in hours that the member or the world forbids.
    ForbiddenHour,
    /// An own village is hit before the troops are back.
    HitBeforeReturn,
}

impl Veto {
    /// The name of the rule, for [`Reason::rule`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pact => "pact",
            Self::Protection => "protection",
            Self::OutOfReach => "out_of_reach",
            Self::ForbiddenHour => "forbidden_hour",
            Self::HitBeforeReturn => "hit_before_return",
        }
    }
}

/// The vote that a score alone gives: approve from +0.10, reject up to -0.10, else abstain.
#[must_use]
pub fn vote_for(score: f64, settings: &VoterSettings) -> Vote {
    if score >= settings.approve_min {
        Vote::Approve
    } else if score <= settings.reject_max {
        Vote::Reject
    } else {
        Vote::Abstain
    }
}

/// The vote with its reason. A veto comes first: it rejects and is named; the terms are listed all the same.
#[must_use]
pub fn judge(
    veto: Option<Veto>,
    inputs: &VoterInputs,
    traits: &Traits,
    taste: Taste,
    settings: &VoterSettings,
) -> (Vote, Reason) {
    let mut reason = utility(inputs, traits, taste, settings);
    let vote = if let Some(veto) = veto {
        reason.rule = Some(veto.name().to_owned());
        Vote::Reject
    } else {
        vote_for(reason.score, settings)
    };
    (vote, reason)
}
