//! Scores of the ways in which two alliances can come to stand to each other: war, peace, pact, confederacy.
//!
//! Source: `docs/behavior.md`, "War and peace".

use super::breakdown::Breakdown;
use super::target::halving;
use crate::base::contract::{Reason, Stance};
use serde::{Deserialize, Serialize};

/// What an alliance knows of its dealings with another: its own books, what is public, and what it believes of strengths.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Dealings {
    /// How tired its members are, 0..=1: the mean of the voters' own weariness.
    pub weary: f64,
    /// Days of war between the two.
    pub days: f64,
    /// What the war brought, -1..=1: (killed - lost) / (killed + lost), in goods.
    pub war_score: f64,
    /// The part of the war's aim that is left, 0..=1.
    pub aim_left: f64,
    /// Own army, with those who stand by it, in goods.
    pub strength_own: f64,
    /// The other's army, with those who stand by it, as it is believed to be, in goods.
    pub strength_other: f64,
    /// What it holds against the other, 0..=1.
    pub grievance: f64,
    /// How far it believes the other's word, -1..=1.
    pub trust: f64,
    /// The part of its enemies with whom the other is at war too, 0..=1.
    pub common_enemies: f64,
    /// Its pacts, confederacies included.
    pub pacts: u32,
    /// Its wars.
    pub open_wars: u32,
    /// Wars of the other.
    pub wars_of_other: u32,
    /// The part of the other's inhabitants that its armies can reach, 0..=1.
    pub reach: f64,
    /// How much the two are in each other's way, 0..=1: the part of its villages near land that the other claims or contests.
    pub rivalry: f64,
    /// Whether the other is at war with one of its confederates.
    pub at_war_with_confederate: bool,
    /// How much of the other's army it has seen, 0..=1: the mean confidence over the other's villages.
    pub confidence: f64,
    /// Hours since it was last refused, by the own members or by the other; `None` if it never was.
    pub hours_since_refusal: Option<f64>,
    /// Whether it answers an offer of the other.
    pub offered: bool,
}

/// The weights of war and peace. Costs are subtracted: all weights are positive.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiplomacySettings {
    /// Weight of weariness for peace. Default 0.5.
    pub peace_weary: f64,
    /// Weight of the war's score against peace. Default 0.5.
    pub peace_score: f64,
    /// Weight of the aim that is left against peace. Default 0.4.
    pub peace_aim: f64,
    /// Days of war that tire as much as everything else can. Default 10.
    pub tired_after_days: f64,
    /// Weight of common enemies for a pact. Default 0.4.
    pub pact_common_enemies: f64,
    /// Weight of the other's share of both strengths for a pact. Default 0.3.
    pub pact_strength: f64,
    /// Weight of trust for a pact. Default 0.3.
    pub pact_trust: f64,
    /// Subtracted from a pact for each that there is. Default 0.15.
    pub pact_each: f64,
    /// Weight of rivalry against a pact: it would block what a war is wanted for. Default 0.3.
    pub pact_blocks: f64,
    /// Subtracted from a pact: whoever binds itself gives something up. Default 0.05.
    pub pact_binds: f64,
    /// Subtracted from a confederacy, which binds more. Default 0.25.
    pub confederacy_binds: f64,
    /// Weight of what can be reached for a war. Default 0.4.
    pub war_reach: f64,
    /// Weight of grievance for a war. Default 0.35.
    pub war_grievance: f64,
    /// Weight of rivalry for a war. Default 0.35.
    pub war_rivalry: f64,
    /// Added to a war on whom a confederate fights. Default 0.35.
    pub war_confederate: f64,
    /// Weight of the other being stronger against a war. Default 0.6.
    pub war_strength: f64,
    /// Subtracted from a war for each that there is. Default 0.25.
    pub war_each: f64,
    /// Subtracted from a war for each that others fight against it. Default 0.2.
    pub war_others: f64,
    /// No war is declared on whom one is not at least this much as strong as. Default 0.8.
    pub war_strength_min: f64,
    /// Subtracted right after it was refused. Default 0.4.
    pub refusal: f64,
    /// Hours after which that has halved. Default 36.
    pub refusal_half_life_hours: f64,
    /// Added to what the other has offered. Default 0.1.
    pub offered: f64,
    /// What was refused is offered again before its time if its score has risen by this. Default 0.15.
    pub changed_facts: f64,
}

impl Default for DiplomacySettings {
    fn default() -> Self {
        Self {
            peace_weary: 0.5,
            peace_score: 0.5,
            peace_aim: 0.4,
            tired_after_days: 10.0,
            pact_common_enemies: 0.4,
            pact_strength: 0.3,
            pact_trust: 0.3,
            pact_each: 0.15,
            pact_blocks: 0.3,
            pact_binds: 0.05,
            confederacy_binds: 0.25,
            war_reach: 0.4,
            war_grievance: 0.35,
            war_rivalry: 0.35,
            war_confederate: 0.35,
            war_strength: 0.6,
            war_each: 0.25,
            war_others: 0.2,
            war_strength_min: 0.8,
            refusal: 0.4,
            refusal_half_life_hours: 36.0,
            offered: 0.1,
            changed_facts: 0.15,
        }
    }
}

impl Dealings {
    /// The other's part of both strengths, 0..=1.
    #[must_use]
    pub fn share_of_other(&self) -> f64 {
        let both = self.strength_own + self.strength_other;
        if both > 0.0 { self.strength_other / both } else { 0.5 }
    }

    /// How much stronger the other is: 0 for at most as strong, 1 for twice as strong.
    #[must_use]
    pub fn outmatched(&self) -> f64 {
        if self.strength_own > 0.0 { (self.strength_other / self.strength_own - 1.0).max(0.0) } else { 1.0 }
    }

    /// Weariness of the war, 0..=1: of those who fight it, and of its length.
    #[must_use]
    pub fn weariness(&self, settings: &DiplomacySettings) -> f64 {
        (self.weary + self.days / settings.tired_after_days).clamp(0.0, 1.0)
    }

    /// The same as it stands without what was offered and refused: what the two are to each other.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { hours_since_refusal: None, offered: false, ..*self }
    }

    fn answer(&self, settings: &DiplomacySettings) -> Breakdown {
        let refusal = self.hours_since_refusal.map(|h| -halving(h, settings.refusal_half_life_hours));
        Breakdown::default().with("refusal", settings.refusal, refusal).with(
            "offered",
            settings.offered,
            Some(f64::from(u8::from(self.offered))),
        )
    }
}

/// Peace = .5 weariness - .5 war score - .4 aim left, and what every change counts: + .1 if the other offers it,
/// - .4 x 2^(-h since refusal/36).
///
/// ```
/// use bevy_alliance::decision::planning::rules::diplomacy::{Dealings, DiplomacySettings, peace_score};
/// // Six days of war, half its aim reached, as much lost as killed.
/// let dealings = Dealings { weary: 0.3, days: 6.0, aim_left: 0.5, ..Dealings::default() };
/// let score = peace_score(&dealings, &DiplomacySettings::default()).score;
/// assert!((score - (0.5 * 0.9 - 0.4 * 0.5)).abs() < 1e-12);
/// ```
#[must_use]
pub fn peace_score(dealings: &Dealings, settings: &DiplomacySettings) -> Reason {
    dealings
        .answer(settings)
        .with("weariness", settings.peace_weary, Some(dealings.weariness(settings)))
        .with("war_score", settings.peace_score, Some(-dealings.war_score))
        .with("aim_left", settings.peace_aim, Some(-dealings.aim_left))
        .finish()
}

/// Pact = .4 common enemies + .3 `S_e`/(`S_e` + `S_us`) + .3 trust - .15 pacts - .3 rivalry - .05, and what every change counts.
#[must_use]
pub fn pact_score(dealings: &Dealings, settings: &DiplomacySettings) -> Reason {
    pact(dealings, dealings.pacts, settings).with("binds", settings.pact_binds, Some(-1.0)).finish()
}

/// Confederacy = what speaks for the pact that there is already, - .25.
#[must_use]
pub fn confederacy_score(dealings: &Dealings, settings: &DiplomacySettings) -> Reason {
    // The pact that it takes the place of is none more.
    pact(dealings, dealings.pacts.saturating_sub(1), settings)
        .with("binds", settings.confederacy_binds, Some(-1.0))
        .finish()
}

fn pact(dealings: &Dealings, pacts: u32, settings: &DiplomacySettings) -> Breakdown {
    dealings
        .answer(settings)
        .with("common_enemies", settings.pact_common_enemies, Some(dealings.common_enemies))
        .with("strength", settings.pact_strength, Some(dealings.share_of_other()))
        .with("trust", settings.pact_trust, Some(dealings.trust))
        .with("pacts", settings.pact_each, Some(-f64::from(pacts)))
        .with("rivalry", settings.pact_blocks, Some(-dealings.rivalry))
}

/// War = .4 reach + .35 grievance + .35 rivalry + .35 if a confederate is at war with it - .6 max(0, `S_e`/`S_us` - 1)
/// - .25 open wars - .2 others on it, and what every change counts.
#[must_use]
pub fn war_score(dealings: &Dealings, settings: &DiplomacySettings) -> Reason {
    let confederate = f64::from(u8::from(dealings.at_war_with_confederate));
    dealings
        .answer(settings)
        .with("reach", settings.war_reach, Some(dealings.reach))
        .with("grievance", settings.war_grievance, Some(dealings.grievance))
        .with("rivalry", settings.war_rivalry, Some(dealings.rivalry))
        .with("confederate", settings.war_confederate, Some(confederate))
        .with("outmatched", settings.war_strength, Some(-dealings.outmatched()))
        .with("open_wars", settings.war_each, Some(-f64::from(dealings.open_wars)))
        .with("others_on_it", settings.war_others, Some(-f64::from(dealings.wars_of_other)))
        .finish()
}

/// The score of coming to stand so to the other; `None` for what nobody proposes.
#[must_use]
pub fn change_score(stance: Stance, dealings: &Dealings, settings: &DiplomacySettings) -> Option<Reason> {
    match stance {
        Stance::Neutral => None,
        Stance::War => Some(war_score(dealings, settings)),
        Stance::Truce => Some(peace_score(dealings, settings)),
        Stance::Pact => Some(pact_score(dealings, settings)),
        Stance::Confederacy => Some(confederacy_score(dealings, settings)),
    }
}

/// What a war brought so far, -1..=1, from what was killed and lost in it and the own army, all in goods. A twentieth of that
/// army is what both count as at least: a first skirmish says little.
///
/// ```
/// use bevy_alliance::decision::planning::rules::diplomacy::war_result;
/// assert_eq!(war_result(0.0, 0.0, 1_000.0), 0.0);
/// assert_eq!(war_result(30.0, 20.0, 1_000.0), 0.1); // 10 of 100
/// assert_eq!(war_result(0.0, 500.0, 1_000.0), -500.0 / 550.0);
/// ```
#[must_use]
pub fn war_result(killed: f64, lost: f64, army: f64) -> f64 {
    let all = killed + lost + 0.05 * army;
    if all > 0.0 { (killed - lost) / all } else { 0.0 }
}

/// The part of a war's aim that is left, 0..=1: less for each village of it that was broken or taken, and for each quarter of
/// the other's army that was killed.
///
/// ```
/// use bevy_alliance::decision::planning::rules::diplomacy::aim_left;
/// assert_eq!(aim_left(3, 0, 0.0, 1_000.0), 1.0);
/// assert_eq!(aim_left(2, 1, 0.0, 1_000.0), 0.5);
/// assert_eq!(aim_left(2, 1, 125.0, 1_000.0), 0.0);
/// assert_eq!(aim_left(0, 0, 0.0, 1_000.0), 0.0);
/// ```
#[must_use]
pub fn aim_left(villages: u32, reached: u32, killed: f64, army_of_other: f64) -> f64 {
    if villages == 0 {
        return 0.0;
    }
    let toll = if army_of_other > 0.0 { killed / (0.25 * army_of_other) } else { 1.0 };
    (1.0 - f64::from(reached) / f64::from(villages) - toll).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(reason: &Reason, expect: f64) {
        assert!((reason.score - expect).abs() < 1e-9, "{reason:?}, expected {expect}");
    }

    #[test]
    fn by_hand() {
        let settings = DiplomacySettings::default();
        let dealings = Dealings {
            strength_own: 100.0,
            strength_other: 150.0,
            grievance: 0.4,
            trust: -0.2,
            common_enemies: 0.5,
            pacts: 1,
            open_wars: 1,
            wars_of_other: 2,
            reach: 0.8,
            rivalry: 0.6,
            ..Dealings::default()
        };
        check(&war_score(&dealings, &settings), 0.32 + 0.14 + 0.21 - 0.3 - 0.25 - 0.4);
        check(&pact_score(&dealings, &settings), 0.2 + 0.18 - 0.06 - 0.15 - 0.18 - 0.05);
        check(&confederacy_score(&dealings, &settings), 0.2 + 0.18 - 0.06 - 0.18 - 0.25);
        let answered = Dealings { offered: true, hours_since_refusal: Some(36.0), ..dealings };
        check(&war_score(&answered, &settings), war_score(&dealings, &settings).score + 0.1 - 0.2);
        let called = Dealings { at_war_with_confederate: true, ..dealings };
        check(&war_score(&called, &settings), war_score(&dealings, &settings).score + 0.35);
    }

    proptest! {
        #[test]
        fn the_longer_a_war_and_the_more_it_cost_the_nearer_is_peace(
            weary in 0.0_f64..1.0, days in 0.0_f64..20.0, more in 0.0_f64..10.0, killed in 0.0_f64..1e6, lost in 0.0_f64..1e6,
        ) {
            let settings = DiplomacySettings::default();
            let at = |days, lost| {
                let war_score = war_result(killed, lost, 1e6);
                peace_score(&Dealings { weary, days, war_score, aim_left: 0.5, ..Dealings::default() }, &settings).score
            };
            prop_assert!(at(days + more, lost) >= at(days, lost));
            prop_assert!(at(days, lost * (1.0 + more)) >= at(days, lost));
        }

        #[test]
        fn nobody_is_keener_on_war_with_the_stronger_or_on_a_pact_with_the_weaker(
            own in 1.0_f64..1e6, other in 0.0_f64..1e6, more in 0.0_f64..1e6,
        ) {
            let settings = DiplomacySettings::default();
            let at = |strength_other| Dealings { strength_own: own, strength_other, ..Dealings::default() };
            prop_assert!(war_score(&at(other + more), &settings).score <= war_score(&at(other), &settings).score);
            prop_assert!(pact_score(&at(other + more), &settings).score >= pact_score(&at(other), &settings).score);
        }
    }
}
