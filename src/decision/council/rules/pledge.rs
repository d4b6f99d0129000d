//! What a member asks for before it approves, and how much of its army it pledges.
//!
//! Source: `docs/behavior.md`, "The voter".

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::Condition;
use serde::{Deserialize, Serialize};

/// Which conditions a member tries, and what a pledge must leave.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConditionSettings {
    /// Parts (0..=1) of the asked share that are tried, largest first. Default 0.75, 0.5, 0.35, 0.25.
    pub share_steps: Vec<f64>,
    /// How fresh a scouting must be. Default 12 h.
    pub intel_max_age: GameSpan,
    /// How many more participants are asked for at most. Default 3.
    pub participants_added_max: u32,
    /// Who approves with less than this above what an approval takes asks for a condition all the same. Default 0.5.
    pub wary: f64,
    /// The part of those who are asked for troops that someone half-hearted wants to take part. Default 0.55.
    pub company: f64,
    /// A pledge keeps x of `home` at least here. Default -0.2.
    pub home_min: f64,
    /// A pledge keeps x of `own` at least here. Default -0.5.
    pub own_min: f64,
}

impl Default for ConditionSettings {
    fn default() -> Self {
        Self {
            share_steps: vec![0.75, 0.5, 0.35, 0.25],
            intel_max_age: GameSpan::hours(12),
            participants_added_max: 3,
            wary: 0.5,
            company: 0.55,
            home_min: -0.2,
            own_min: -0.5,
        }
    }
}

/// What a proposal asks of a member, as far as conditions can change it.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Share of the member's army, 0..=1; 0 where no troops are asked.
    pub share_of_army: f64,
    /// Age of the oldest report on a target; `None` where none matters.
    pub intel_age: Option<GameSpan>,
    /// Members that the trial plan uses.
    pub participants: u32,
    /// Members that could take part.
    pub members: u32,
    /// Goods that would cover what the member lacks; 0 for none.
    pub goods: i64,
    /// A later hour from which the member could launch with less at risk, if there is one.
    pub better_hour: Option<GameTime>,
}

/// The conditions that are worth trying, the smallest change first.
///
/// Changes of different kinds cannot be measured against each other, so this order alone says which is the smaller:
/// first by kind (share, fresh scout, participants, goods, hour, as `docs/behavior.md` lists them: the first needs nobody
/// else, the last moves everyone's plan), within a kind the step nearest to what was asked. A condition that would
/// change nothing is left out.
#[must_use]
pub fn conditions_to_try(asked: &Asked, settings: &ConditionSettings) -> Vec<Condition> {
    let share = asked.share_of_army;
    let shares =
        settings.share_steps.iter().filter(|_| share > 0.0).map(|part| Condition::MaxShareOfArmy(share * part));
    let max_age = settings.intel_max_age;
    let fresh = asked.intel_age.filter(|age| *age > max_age).map(|_| Condition::FreshIntel { max_age });
    let most = asked.participants.saturating_add(settings.participants_added_max).min(asked.members);
    let participants = (asked.participants.saturating_add(1)..=most).map(Condition::MinParticipants);
    let goods = (asked.goods > 0).then_some(Condition::NeedsGoods(asked.goods));
    let hour = asked.better_hour.map(Condition::NotBefore);
    shares.chain(fresh).chain(participants).chain(goods).chain(hour).collect()
}

/// The first of the candidates under which the score reaches `approve_min`, with that score: the smallest single
/// change that turns the ballot into an approval. `rescore` gives U as if the condition were met. `None` if no
/// candidate suffices.
#[must_use]
pub fn find_condition(
    candidates: &[Condition],
    approve_min: f64,
    mut rescore: impl FnMut(&Condition) -> f64,
) -> Option<(Condition, f64)> {
    candidates.iter().map(|c| (*c, rescore(c))).find(|(_, score)| *score >= approve_min)
}

/// What someone half-hearted who is asked for troops asks for where nothing else would make it sure: that it is not left alone.
/// `None` for who sends nothing, and where hardly anybody is asked.
///
/// ```
/// use bevy_alliance::base::contract::Condition;
/// use bevy_alliance::decision::council::rules::pledge::{Asked, ConditionSettings, company};
/// let settings = ConditionSettings::default();
/// let asked = Asked { share_of_army: 0.3, participants: 6, ..Asked::default() };
/// assert_eq!(company(&asked, &settings), Some(Condition::MinParticipants(4)));
/// assert_eq!(company(&Asked { share_of_army: 0.0, ..asked }, &settings), None);
/// assert_eq!(company(&Asked { participants: 2, ..asked }, &settings), None);
/// ```
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most some hundreds")]
pub fn company(asked: &Asked, settings: &ConditionSettings) -> Option<Condition> {
    let n = (f64::from(asked.participants) * settings.company).ceil() as u32;
    (asked.share_of_army > 0.0 && n > 2).then_some(Condition::MinParticipants(n))
}

/// The largest share of the army (0..=1, in steps of 1/20) for which x of `home` stays at least -0.2 and x of `own`
/// at least -0.5. Both fall as the share grows. 0 if even the smallest step is too much.
#[must_use]
pub fn pledge_share(home_at: impl Fn(f64) -> f64, own_at: impl Fn(f64) -> f64, settings: &ConditionSettings) -> f64 {
    let fits = |share: &f64| home_at(*share) >= settings.home_min && own_at(*share) >= settings.own_min;
    (1..=20_u8).rev().map(|n| f64::from(n) / 20.0).find(fits).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::inputs::{home, own};
    use super::*;

    fn asked() -> Asked {
        Asked {
            share_of_army: 0.8,
            intel_age: Some(GameSpan::hours(30)),
            participants: 3,
            members: 5,
            goods: 900,
            better_hour: Some(GameTime(5)),
        }
    }

    #[test]
    fn candidates_go_from_small_to_large() {
        let max_age = GameSpan::hours(12);
        let all = conditions_to_try(&asked(), &ConditionSettings::default());
        let shares: Vec<String> = all.iter().take(4).map(ToString::to_string).collect();
        assert_eq!(shares, ["60", "40", "28", "20"].map(|n| format!("at most {n}% of my army")));
        let rest = [
            Condition::FreshIntel { max_age },
            Condition::MinParticipants(4),
            Condition::MinParticipants(5),
            Condition::NeedsGoods(900),
            Condition::NotBefore(GameTime(5)),
        ];
        assert_eq!(all[4..], rest);
    }

    #[test]
    fn what_changes_nothing_is_not_tried() {
        let nothing = Asked { intel_age: Some(GameSpan::hours(12)), members: 3, participants: 3, ..Asked::default() };
        assert!(conditions_to_try(&nothing, &ConditionSettings::default()).is_empty());
    }

    #[test]
    fn the_first_that_suffices_is_taken() {
        let all = conditions_to_try(&asked(), &ConditionSettings::default());
        let by_share = |c: &Condition| if let Condition::MaxShareOfArmy(s) = c { 0.31 - 0.5 * s } else { 0.0 };
        let (found, score) = find_condition(&all, 0.10, by_share).unwrap();
        assert_eq!(found, all[1]);
        assert!((score - 0.11).abs() < 1e-9);
        let goods = find_condition(&all, 0.10, |c| f64::from(u8::from(matches!(c, Condition::NeedsGoods(_)))));
        assert_eq!(goods.map(|(c, _)| c), Some(Condition::NeedsGoods(900)));
        assert_eq!(find_condition(&all, 0.10, |_| 0.0999), None);
    }

    #[test]
    fn pledges_keep_the_home_guard() {
        let settings = ConditionSettings::default();
        let check = |loss: f64, defense: f64, threat: f64, expect: f64| {
            let got = pledge_share(|s| home(defense * (1.0 - s), threat), |s| own(loss, s), &settings);
            assert!((got - expect).abs() < 1e-9, "got {got}, expected {expect}");
        };
        check(0.1, 100.0, 0.0, 1.0);
        check(0.4, 100.0, 0.0, 0.6); // 0.4 x 0.6 / 0.5 = 0.48, one step more is 0.52
        check(0.1, 200.0, 100.0, 0.5); // 200 (1 - s) >= 0.8 x 120
        check(0.1, 50.0, 100.0, 0.0);
    }
}
