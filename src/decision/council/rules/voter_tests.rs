//! The acceptance table of `docs/behavior.md`, and what must never make a proposal look better or worse.

use super::inputs;
use super::voter::{TermWeight, Veto, VoterInputs, VoterSettings, judge, utility, vote_for};
use crate::base::clock::GameSpan;
use crate::base::contract::Vote;
use crate::decision::planning::rules::facts::{AttackEstimate, AttackFacts, FactSettings};
use crate::society::personality::{Taste, Traits};
use proptest::prelude::*;

const TOLERANCE: f64 = 0.02;

/// gain aim mood trust info own home goods weary retaliation.
type Row = [f64; 10];

fn inputs_of(row: Row) -> VoterInputs {
    let [gain, aim, mood, trust, info, own, home, goods, weary, retaliation] = row;
    VoterInputs {
        gain: Some(gain),
        aim: Some(aim),
        anger: Some(mood),
        grievance: Some(1.0),
        fear: Some(0.0),
        enemy_strength: Some(1.0),
        trust: Some(trust),
        confidence: Some(1.0 + info),
        own: Some(own),
        home: Some(home),
        goods: Some(goods),
        weary: Some(weary),
        retaliation: Some(retaliation),
        near: None,
    }
}

fn score(inputs: &VoterInputs, traits: &Traits) -> f64 {
    utility(inputs, traits, Taste(0.0), &VoterSettings::default()).score
}

/// One line of the table: the score of a neutral, an aggressive and a careful member.
fn check(situation: &str, row: Row, expect: [f64; 3]) {
    let members = [("N", Traits::NEUTRAL), ("Ag", Traits::AGGRESSIVE), ("Tu", Traits::TURTLE)];
    for ((name, traits), expect) in members.into_iter().zip(expect) {
        let got = score(&inputs_of(row), &traits);
        assert!((got - expect).abs() <= TOLERANCE, "{situation}, {name}: {got:.3}, expected {expect}");
    }
}

#[test]
fn acceptance_table() {
    let a: Row = [0.40, 1.0, 0.0, 0.3, -0.17, -0.34, 0.0, 0.0, -0.1, -0.2];
    check("A fresh intel, war aim, safe", a, [0.58, 0.78, 0.28]);
    let b = [-0.09, 1.0, 0.0, 0.2, -0.43, -0.89, 0.0, 0.0, -0.1, -0.3];
    check("B the sketch's margin", b, [-0.25, 0.03, -0.69]);
    let mut c = a;
    c[6] = -0.58;
    check("C home half of the threat", c, [0.05, 0.35, -0.44]);
    let d = [-0.26, -0.5, 0.0, 0.2, -0.33, -0.02, 0.0, 0.0, 0.0, 0.0];
    check("D tiny passive village, no war", d, [-0.46, -0.23, -0.74]);
    let e = [0.51, 1.0, 0.0, 0.4, -0.14, -0.75, 0.0, 0.0, -0.2, -0.6];
    check("E enemy hammer at home", e, [0.40, 0.69, -0.05]);
    let mut f = a;
    (f[5], f[3]) = (0.0, 0.1);
    check("F no troops asked", f, [0.65, 0.83, 0.40]);
    let g = [0.23, 0.5, 0.0, 0.0, -0.33, -0.65, 0.0, 0.0, -0.9, -0.4];
    check("G third operation in 4 days", g, [-0.43, -0.02, -0.99]);
    let h = [0.16, 0.5, 0.0, -0.6, -0.66, -0.29, 0.0, 0.0, -0.1, -0.2];
    check("H distrusted proposer", h, [-0.22, 0.09, -0.60]);
    let i = [0.20, 0.5, 0.8, 0.2, -0.24, -0.50, 0.0, 0.0, -0.3, -0.4];
    check("I revenge", i, [0.22, 0.49, -0.14]);
    let j = [0.07, -0.5, 0.0, 0.2, -0.51, 0.0, 0.0, 0.0, -0.1, -1.0];
    check("J war on one twice our size", j, [-0.58, -0.19, -1.09]);
    let k = [0.47, 0.5, 0.0, 0.3, -0.06, 0.0, 0.0, -0.7, -0.2, 0.0];
    check("K wonder instalment", k, [0.41, 0.53, 0.18]);
}

#[test]
fn who_lives_near_wants_the_enemy_beaten() {
    let settings = VoterSettings::default();
    let far = |near: f64, traits: &Traits| {
        let inputs = VoterInputs { near: Some(near), ..VoterInputs::default() };
        let with = utility(&inputs, traits, Taste(0.0), &settings).score;
        with - utility(&VoterInputs::default(), traits, Taste(0.0), &settings).score
    };
    let egoist = Traits { agreeableness: 0.0, ..Traits::NEUTRAL };
    let cases =
        [(1.0, Traits::NEUTRAL, 0.30), (-1.0, Traits::NEUTRAL, -0.30), (-0.5, egoist, -0.21), (-3.0, egoist, -0.42)];
    for (near, traits, expect) in cases {
        assert!((far(near, &traits) - expect).abs() < 1e-12, "{near}: {} is not {expect}", far(near, &traits));
    }
}

#[test]
fn thresholds_belong_to_approve_and_reject() {
    let settings = VoterSettings::default();
    let votes = [0.10, 0.0999, 0.0, -0.0999, -0.10].map(|u| vote_for(u, &settings));
    assert_eq!(votes, [Vote::Approve, Vote::Abstain, Vote::Abstain, Vote::Abstain, Vote::Reject]);
}

#[test]
fn a_veto_rejects_what_the_score_approves() {
    let row = inputs_of([0.9, 1.0, 0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let judged = |veto| judge(veto, &row, &Traits::NEUTRAL, Taste(0.0), &VoterSettings::default());
    assert_eq!(judged(None).0, Vote::Approve);
    for (veto, name) in [(Veto::Pact, "pact"), (Veto::HitBeforeReturn, "hit_before_return")] {
        let (vote, reason) = judged(Some(veto));
        assert_eq!((vote, reason.rule.as_deref()), (Vote::Reject, Some(name)));
        assert!(reason.score > 0.1, "the terms are listed all the same");
    }
}

#[test]
fn unknown_inputs_are_absent() {
    let inputs = VoterInputs { gain: Some(0.3), anger: Some(0.5), ..VoterInputs::default() };
    let reason = utility(&inputs, &Traits::NEUTRAL, Taste(0.02), &VoterSettings::default());
    assert!((reason.score - 0.37).abs() < 1e-12);
    let known: Vec<&str> = reason.terms.iter().filter(|t| t.input.is_some()).map(|t| t.name.as_str()).collect();
    assert_eq!(known, ["base", "gain", "taste"], "half of a product is not known");
    assert_eq!(reason.terms.len(), 14);
}

#[test]
fn settings_survive_json_and_refuse_unknown_fields() {
    let settings = VoterSettings::default();
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<VoterSettings>(&text).unwrap(), settings);
    let partial: VoterSettings = serde_json::from_str(r#"{"gain":{"weight":2.0}}"#).unwrap();
    assert_eq!(partial.gain, TermWeight { weight: 2.0, traits: Default::default() });
    assert_eq!(partial.home, settings.home);
    assert!(serde_json::from_str::<VoterSettings>(r#"{"gian":{"weight":2.0}}"#).is_err());
}

/// What a proposal rests on before any x is derived.
#[derive(Clone, Copy, Debug)]
struct Situation {
    ratio: f64,
    confidence: f64,
    trust_points: f64,
    threat: f64,
    share: f64,
    lost: f64,
    value: f64,
}

impl Situation {
    fn score(self, traits: &Traits) -> f64 {
        let estimate = AttackEstimate {
            ratio: self.ratio,
            confidence: 0.8,
            age: GameSpan::hours(20),
            value_goods: self.value,
            cost_goods: 50_000.0,
        };
        let facts = AttackFacts::derive(&estimate, &FactSettings::default());
        let inputs = VoterInputs {
            gain: Some(facts.gain),
            confidence: Some(self.confidence),
            trust: Some(inputs::trust(self.trust_points)),
            own: Some(inputs::own(facts.own_loss, self.share)),
            home: Some(inputs::home(1_000.0 * (1.0 - 0.6 * self.share), self.threat)),
            weary: Some(inputs::weary(self.lost, 40_000.0, 1)),
            ..VoterInputs::default()
        };
        score(&inputs, traits)
    }
}

prop_compose! {
    fn situations()(
        ratio in 0.05..5.0_f64, confidence in 0.0..1.0_f64, trust_points in -100.0..100.0_f64,
        threat in 0.0..3_000.0_f64, share in 0.0..1.0_f64, lost in 0.0..50_000.0_f64, value in 0.0..200_000.0_f64,
    ) -> Situation {
        Situation { ratio, confidence, trust_points, threat, share, lost, value }
    }
}

prop_compose! {
    fn any_traits()(o in 0.0..=1.0, c in 0.0..=1.0, e in 0.0..=1.0, a in 0.0..=1.0, n in 0.0..=1.0) -> Traits {
        Traits { openness: o, conscientiousness: c, extraversion: e, agreeableness: a, neuroticism: n }
    }
}

proptest! {
    #[test]
    fn a_better_situation_never_scores_lower(base in situations(), traits in any_traits(), step in 0.0..1.0_f64) {
        let better = [
            Situation { ratio: base.ratio + 2.0 * step, ..base },
            Situation { confidence: (base.confidence + step).min(1.0), ..base },
            Situation { trust_points: base.trust_points + 100.0 * step, ..base },
            Situation { threat: base.threat * (1.0 - step), ..base },
            Situation { share: base.share * (1.0 - step), ..base },
            Situation { lost: base.lost * (1.0 - step), ..base },
        ];
        let before = base.score(&traits);
        for changed in better {
            prop_assert!(changed.score(&traits) >= before - 1e-9, "{:?} scores below {:?}", changed, base);
        }
    }

    /// Younger intel also narrows sigma: where the attack has a margin, that never makes it look worse.
    #[test]
    fn younger_intel_never_scores_lower(
        ratio in 1.5..5.0_f64, young in 0_i64..100, older in 1_i64..100, share in 0.0..1.0_f64,
        value in 0.0..200_000.0_f64,
    ) {
        let at = |hours, traits: &Traits| {
            let age = GameSpan::hours(hours);
            let estimate =
                AttackEstimate { ratio, confidence: 0.8, age, value_goods: value, cost_goods: 50_000.0 };
            let facts = AttackFacts::derive(&estimate, &FactSettings::default());
            let inputs = VoterInputs {
                gain: Some(facts.gain),
                confidence: Some(facts.confidence),
                own: Some(inputs::own(facts.own_loss, share)),
                ..VoterInputs::default()
            };
            score(&inputs, traits)
        };
        for traits in [Traits::NEUTRAL, Traits::AGGRESSIVE, Traits::TURTLE] {
            prop_assert!(at(young, &traits) >= at(young + older, &traits) - 1e-9);
        }
    }
}
