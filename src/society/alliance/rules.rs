//! Trust, grievance, and who is taken in, as plain functions.

use crate::base::clock::{Decayed, GameSpan, GameTime};
use crate::base::contract::Rank;
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Grievance halves in this time.
pub const GRIEVANCE_HALF_LIFE: GameSpan = GameSpan::days(5);
/// What an attack adds to the grievance of its victim.
pub const GRIEVANCE_OF_ATTACK: f64 = 10.0;
/// What losing a village to somebody adds to the grievance of who held it.
pub const GRIEVANCE_OF_LOSS: f64 = 30.0;
/// Learned trust halves in this time.
pub const TRUST_HALF_LIFE: GameSpan = GameSpan::days(30);
/// Others of whom a member keeps learned trust.
pub const TRUST_KEPT: usize = 128;

/// How much a member trusts another before they did anything together: seeded, normal with mean 20 and deviation 12.
#[must_use]
pub fn first_impression(seed: u64, member: PlayerId, other: PlayerId) -> f64 {
    Stream::new(seed, u64::from(member.0), Purpose::PERSONALITY, 1 << 32 | u64::from(other.0)).normal(20.0, 12.0)
}

/// Trust of a member in another, -100..=100.
#[must_use]
pub fn trust(seed: u64, member: PlayerId, other: PlayerId, learned: Option<&Decayed>, now: GameTime) -> f64 {
    let learned = learned.map_or(0.0, |d| d.at(now, TRUST_HALF_LIFE));
    (first_impression(seed, member, other) + learned).clamp(-100.0, 100.0)
}

/// What an operation's result adds to a participant's trust in its proposer: success binds, and a failure that cost
/// the participant more than it was told weighs most.
///
/// `won` is the share of targets whose goal was met; `lost` and `expected` are fractions of what the member sent.
#[must_use]
pub fn trust_from_result(won: f64, lost: f64, expected: f64) -> f64 {
    let outcome = 16.0 * (won - 0.5);
    let surprise = 20.0 * (lost - expected).max(0.0);
    (outcome - surprise).clamp(-25.0, 10.0)
}

/// Who leads when nobody does: the highest rank, then the most inhabitants, then the lowest id.
#[must_use]
pub fn heir(members: impl Iterator<Item = (Rank, u64, PlayerId)>) -> Option<PlayerId> {
    // `Rank` is declared from the highest to the lowest.
    members.min_by_key(|(rank, population, player)| (*rank, core::cmp::Reverse(*population), *player)).map(|m| m.2)
}

/// What a treaty that was kept to its end adds to the credit of both.
pub const CREDIT_OF_KEPT: f64 = 20.0;
/// What a broken treaty takes from the credit of who broke it, with the other side.
pub const CREDIT_OF_BROKEN: f64 = -60.0;
/// What it takes with everybody else.
pub const CREDIT_OF_BROKEN_SEEN: f64 = -20.0;

/// The villages that a war is for: the most populous of those that can be reached, and where too few can be, of the others.
/// `sites` are inhabitants, whether it is in reach, and the village.
///
/// ```
/// use bevy_alliance::base::id::SiteId;
/// use bevy_alliance::society::alliance::rules::war_aim;
/// let sites = [(900, false, SiteId(1)), (300, true, SiteId(2)), (500, true, SiteId(3)), (500, false, SiteId(4))];
/// assert_eq!(war_aim(sites, 3), [SiteId(3), SiteId(2), SiteId(1)]);
/// ```
#[must_use]
pub fn war_aim(sites: impl IntoIterator<Item = (u32, bool, SiteId)>, n: usize) -> Vec<SiteId> {
    let mut sites: Vec<_> = sites.into_iter().collect();
    sites.sort_unstable_by_key(|(population, near, site)| (!*near, core::cmp::Reverse(*population), *site));
    sites.into_iter().take(n).map(|(.., site)| site).collect()
}

/// An alliance and all that its confederates, and theirs, are.
///
/// ```
/// use bevy_alliance::base::id::AllianceId;
/// use bevy_alliance::society::alliance::rules::bloc;
/// let confederates = |of: AllianceId| if of.0 < 3 { vec![AllianceId(of.0 + 1)] } else { vec![AllianceId(2)] };
/// assert_eq!(bloc(AllianceId(1), confederates).len(), 3);
/// ```
#[must_use]
pub fn bloc(alliance: AllianceId, confederates: impl Fn(AllianceId) -> Vec<AllianceId>) -> BTreeSet<AllianceId> {
    let mut bloc = BTreeSet::from([alliance]);
    let mut open = vec![alliance];
    while let Some(next) = open.pop() {
        open.extend(confederates(next).into_iter().filter(|other| bloc.insert(*other)));
    }
    bloc
}

/// What is known to all of a player who asks to be taken in, and what whoever answers thinks of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Applicant {
    /// Fields from its nearest village to the nearest of a member's; `None` if it has none.
    pub fields_away: Option<f64>,
    /// Its inhabitants over those of a mean member.
    pub inhabitants: f64,
    /// Trust of whoever answers in it, -100..=100.
    pub trust: f64,
    /// Whether it is of an alliance at war with this one.
    pub enemy: bool,
}

/// Whom an alliance takes in.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct ApplicationSettings {
    /// Nobody who lives farther away than this from all members.
    pub fields_max: f64,
    /// Nobody with a smaller part of a mean member's inhabitants.
    pub inhabitants_min: f64,
    /// Nobody who is trusted less by whoever answers.
    pub trust_min: f64,
    /// A person who leads answers within this time, or officers do.
    pub person_answers_within: GameSpan,
    /// Applications that wait at most.
    pub waiting_max: usize,
}

impl Default for ApplicationSettings {
    fn default() -> Self {
        Self {
            fields_max: 60.0,
            inhabitants_min: 0.25,
            trust_min: -20.0,
            person_answers_within: GameSpan::hours(24),
            waiting_max: 16,
        }
    }
}

/// Whether an alliance takes a player in: `welcome`, or the first reason against it.
///
/// ```
/// use bevy_alliance::society::alliance::rules::{Applicant, ApplicationSettings, application};
/// let applicant = Applicant { fields_away: Some(20.0), inhabitants: 0.6, trust: 15.0, enemy: false };
/// let answer = |applicant| application(&applicant, &ApplicationSettings::default());
/// assert_eq!(answer(applicant), Ok("welcome"));
/// assert_eq!(answer(Applicant { fields_away: Some(61.0), ..applicant }), Err("out_of_reach"));
/// assert_eq!(answer(Applicant { inhabitants: 0.2, ..applicant }), Err("too_small"));
/// assert_eq!(answer(Applicant { trust: -21.0, ..applicant }), Err("distrusted"));
/// assert_eq!(answer(Applicant { enemy: true, ..applicant }), Err("enemy"));
/// ```
///
/// # Errors
/// The reason against it.
pub fn application(applicant: &Applicant, settings: &ApplicationSettings) -> Result<&'static str, &'static str> {
    if applicant.enemy {
        Err("enemy")
    } else if applicant.fields_away.is_none_or(|fields| fields > settings.fields_max) {
        Err("out_of_reach")
    } else if applicant.inhabitants < settings.inhabitants_min {
        Err("too_small")
    } else if applicant.trust < settings.trust_min {
        Err("distrusted")
    } else {
        Ok("welcome")
    }
}

/// What others lose in trust in a member who did not send what it had pledged, per group.
pub const TRUST_LOST_BY_NO_SHOW: f64 = 6.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_costly_failure_weighs_more_than_a_success() {
        assert!(trust_from_result(1.0, 0.3, 0.4) > 7.0);
        assert!(trust_from_result(0.0, 0.9, 0.4) < -15.0);
        assert!(trust_from_result(0.0, 0.3, 0.4) > trust_from_result(0.0, 0.9, 0.4));
    }

    #[test]
    fn an_officer_follows_before_a_member_and_the_populous_before_the_small() {
        let member = |rank, population, id| (rank, population, PlayerId(id));
        let all = [
            member(Rank::Member, 9_000, 1),
            member(Rank::Officer, 400, 4),
            member(Rank::Officer, 500, 3),
            member(Rank::Officer, 500, 2),
        ];
        assert_eq!(heir(all.into_iter()), Some(PlayerId(2)));
        assert_eq!(heir(all.into_iter().take(1)), Some(PlayerId(1)));
        assert_eq!(heir(core::iter::empty()), None);
    }

    #[test]
    fn of_too_many_the_least_known_makes_place() {
        let mut trust = super::super::Trust::default();
        for n in 0..128 {
            trust.learn(PlayerId(n), if n == 40 { -0.5 } else { 6.0 }, GameTime(0));
        }
        trust.learn(PlayerId(3), 1.0, GameTime(0));
        assert_eq!(trust.0.len(), TRUST_KEPT, "who is known already needs no place");
        trust.learn(PlayerId(500), -6.0, GameTime(0) + GameSpan::days(2));
        assert_eq!(trust.0.len(), TRUST_KEPT);
        assert!(!trust.0.contains_key(&PlayerId(40)) && trust.0.contains_key(&PlayerId(500)));
    }

    #[test]
    fn grievance_halves_in_five_days() {
        let mut g = Decayed::default();
        g.add(GRIEVANCE_OF_ATTACK, GameTime(0), GRIEVANCE_HALF_LIFE);
        assert!((g.at(GameTime(0) + GameSpan::days(5), GRIEVANCE_HALF_LIFE) - 5.0).abs() < 1e-12);
    }
}
