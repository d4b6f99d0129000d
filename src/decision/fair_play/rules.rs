//! What the referee forbids, what alliances get wrong, and how a handicap follows how a person fares. Pure.

use super::components::{HitRecord, VictimRecord};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::HandicapReason;
use crate::base::id::{AllianceId, Knower, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::Force;
use bevy::prelude::{Reflect, Resource};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What persons are spared, and how well alliances play against them.
#[derive(Resource, Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct FairPlaySettings {
    /// From the last arrival of one operation (or raid in return) on a person to the first of the next, whoever sends it.
    /// Default 48 h; 0: no such rule.
    pub between_operations: GameSpan,
    /// Troops sent at a person cost at most so many times what the person and its allies in reach can field, as far as who
    /// sends them believes. Default 1.5.
    pub force_factor: f64,
    /// Allies whose foot soldiers walk to a target within so many hours are in reach of it. Default 5.
    pub reach_hours: f64,
    /// Villages that a person loses at most within [`lost_within`](Self::lost_within). Default 2.
    pub villages_lost_max: u32,
    /// Default 7 days.
    pub lost_within: GameSpan,
    /// Nobody marches on a person for so long from the start of a campaign. Default 3 days; a game protects whom else it likes
    /// with [`Protection`](super::Protection).
    pub beginner: GameSpan,
    /// Whether a person that attacks somebody gives its protection up. Default true.
    pub attackers_lose_protection: bool,
    /// Operations of one alliance on one person within [`farming_within`](Self::farming_within) that are to take no village.
    /// Default 2.
    pub farming_max: u32,
    /// Default 7 days.
    pub farming_within: GameSpan,
    /// How well alliances play against those of persons: 1 is as well as they can, 0 with all the mistakes of
    /// [`mistakes`](Self::mistakes). Default 1.
    pub difficulty: f64,
    /// The mistakes of difficulty 0.
    pub mistakes: MistakeSettings,
    /// How difficulty follows how a person fares.
    pub handicap: HandicapSettings,
}

impl Default for FairPlaySettings {
    fn default() -> Self {
        Self {
            between_operations: GameSpan::hours(48),
            force_factor: 1.5,
            reach_hours: 5.0,
            villages_lost_max: 2,
            lost_within: GameSpan::days(7),
            beginner: GameSpan::days(3),
            attackers_lose_protection: true,
            farming_max: 2,
            farming_within: GameSpan::days(7),
            difficulty: 1.0,
            mistakes: MistakeSettings::default(),
            handicap: HandicapSettings::default(),
        }
    }
}

impl FairPlaySettings {
    /// Persons are treated like everybody else.
    ///
    /// ```
    /// use bevy::prelude::*;
    /// use bevy_alliance::decision::fair_play::FairPlaySettings;
    /// App::new().insert_resource(FairPlaySettings::off());
    /// ```
    #[must_use]
    pub fn off() -> Self {
        Self {
            between_operations: GameSpan(0),
            force_factor: f64::MAX,
            villages_lost_max: u32::MAX,
            beginner: GameSpan(0),
            farming_max: u32::MAX,
            ..Self::default()
        }
    }

    /// The longest time for which what happened to a person is asked for.
    #[must_use]
    pub fn remembers(&self) -> GameSpan {
        self.between_operations.max(self.lost_within).max(self.farming_within)
    }
}

/// What alliances get wrong at difficulty 0. At difficulty d each counts m times, the root of 1 - d: see [`Mistakes::share_at`].
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct MistakeSettings {
    /// Chance that the sessions of a day plan nothing against an alliance with a person. Default 0.85.
    pub hesitates: f64,
    /// Chance that the second best option is proposed instead of the best. Default 0.6.
    pub second_best: f64,
    /// A plan leaves up to so much later: a draw between 0 and this. Default 12 h.
    pub delay: GameSpan,
    /// Troops at a target are taken for more or fewer than were seen, by up to this share. Default 0.5.
    pub misjudges: f64,
    /// Chance of each group to stay at home without a word, beside that of its owner's reliability. Default 0.5.
    pub stays_away: f64,
}

impl Default for MistakeSettings {
    fn default() -> Self {
        Self { hesitates: 0.85, second_best: 0.6, delay: GameSpan::hours(12), misjudges: 0.5, stays_away: 0.5 }
    }
}

/// How difficulty follows how a person fares.
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct HandicapSettings {
    /// Whether it does: persons are looked at from the start of a campaign then. Default false.
    pub adaptive: bool,
    /// How often a person is looked at. Default 1 day.
    pub every: GameSpan,
    /// By how much difficulty changes at once. Default 0.1.
    pub step: f64,
    /// Difficulty is eased by at most so much. Default 0.6.
    pub eased_max: f64,
    /// Troops lost count as many if they cost so many times those killed, and the other way round. Default 1.5.
    pub ratio: f64,
    /// Losses and kills below so many goods are none. Default 10,000.
    pub goods_min: i64,
}

impl Default for HandicapSettings {
    fn default() -> Self {
        Self { adaptive: false, every: GameSpan::days(1), step: 0.1, eased_max: 0.6, ratio: 1.5, goods_min: 10_000 }
    }
}

/// A rule of the referee.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FairRule {
    /// A beginner is left in peace, and whom a game protects.
    Protected,
    /// One operation at a time, whoever sends it: no pile-on.
    OneOperation,
    /// No alliance comes back to the same person again and again.
    NoFarming,
    /// A person does not lose all that it has within a week.
    VillagesLost,
    /// No more is sent than can be met.
    ForceLimit,
}

impl FairRule {
    /// Its name, as `RequestRefused` gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::OneOperation => "one_operation",
            Self::NoFarming => "no_farming",
            Self::VillagesLost => "villages_lost",
            Self::ForceLimit => "force_limit",
        }
    }
}

impl fmt::Display for FairRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an attack on a person may not be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foul {
    /// The rule.
    pub rule: FairRule,
    /// What the rule allows.
    pub limit: String,
    /// What was to be.
    pub value: String,
    /// When it is none any more, as far as that can be said.
    pub retry_after: Option<GameTime>,
}

/// An attack that is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// Who sends it.
    pub by: Knower,
    /// When the first of it is there.
    pub first: GameTime,
    /// When the last of it is there.
    pub last: GameTime,
    /// Whether it is to take a village.
    pub takes: bool,
}

/// What of a person's record counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everything: the referee's own sight, at the start of an attack.
    All,
    /// What the attacker knows by itself, and what the referee told it.
    Known,
}

/// The rule that an attack on a person breaks, if it breaks one: the first of protection, operations at a time, villages lost,
/// and farming. How much is sent is judged by [`too_strong`].
#[must_use]
pub fn foul(
    record: &VictimRecord,
    protected: Option<GameTime>,
    case: &Case,
    scope: Scope,
    settings: &FairPlaySettings,
    now: GameTime,
) -> Option<Foul> {
    protection(protected, case)
        .or_else(|| pile_on(record, case, scope, settings, now))
        .or_else(|| villages(record, case, scope, settings))
        .or_else(|| farming(record, case, settings))
}

fn protection(protected: Option<GameTime>, case: &Case) -> Option<Foul> {
    let until = protected.filter(|until| case.first < *until)?;
    Some(Foul {
        rule: FairRule::Protected,
        limit: "nobody marches on whom the game protects".to_owned(),
        value: format!("protected until {until}"),
        retry_after: Some(until),
    })
}

/// The hits that count for a case.
fn counted<'a>(record: &'a VictimRecord, case: &'a Case, scope: Scope) -> impl Iterator<Item = &'a HitRecord> {
    record.hits.iter().filter(move |hit| scope == Scope::All || hit.by == case.by)
}

fn pile_on(
    record: &VictimRecord,
    case: &Case,
    scope: Scope,
    settings: &FairPlaySettings,
    now: GameTime,
) -> Option<Foul> {
    let gap = settings.between_operations;
    if gap.0 <= 0 {
        return None;
    }
    let told = match case.by {
        Knower::Alliance(by) if scope == Scope::Known => record.told.get(&by).copied().filter(|until| *until > now),
        _ => None,
    };
    let near = |hit: &&HitRecord| case.first < hit.last + gap && hit.first < case.last + gap;
    let until = counted(record, case, scope).filter(near).map(|hit| hit.last + gap).chain(told).max()?;
    Some(Foul {
        rule: FairRule::OneOperation,
        limit: format!("one operation on a person within {:.0} h", gap.as_hours()),
        value: format!("the last one counts until {until}"),
        retry_after: Some(until),
    })
}

fn villages(record: &VictimRecord, case: &Case, scope: Scope, settings: &FairPlaySettings) -> Option<Foul> {
    let within = settings.lost_within;
    let lost: Vec<GameTime> = record.lost.iter().copied().filter(|at| case.last - *at < within).collect();
    // What is on its way to take one counts as lost for who comes to take another.
    let going = counted(record, case, scope).filter(|hit| hit.takes && !hit.landed && case.takes).count();
    let all = u32::try_from(lost.len() + going).unwrap_or(u32::MAX);
    (all >= settings.villages_lost_max).then(|| Foul {
        rule: FairRule::VillagesLost,
        limit: format!("{} villages within {:.0} h", settings.villages_lost_max, within.as_hours()),
        value: format!("{} lost, {going} about to be", lost.len()),
        retry_after: lost.first().map(|at| *at + within),
    })
}

fn farming(record: &VictimRecord, case: &Case, settings: &FairPlaySettings) -> Option<Foul> {
    if case.takes {
        return None;
    }
    let within = settings.farming_within;
    let mut own: Vec<GameTime> = record
        .hits
        .iter()
        .filter(|hit| hit.by == case.by && !hit.takes && case.first - hit.last < within)
        .map(|hit| hit.last)
        .collect();
    own.sort_unstable();
    let most = usize::try_from(settings.farming_max).unwrap_or(usize::MAX);
    (own.len() >= most).then(|| Foul {
        rule: FairRule::NoFarming,
        limit: format!("{most} operations of an alliance on a person within {:.0} h", within.as_hours()),
        value: format!("{} before this one", own.len()),
        // The last `most` of them count as long as the first of those does.
        retry_after: own.get(own.len() - most).map(|at| *at + within),
    })
}

/// Whether troops of so many goods are too many against a person that can field so many.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
pub fn too_strong(sent: i64, field: f64, settings: &FairPlaySettings) -> Option<Foul> {
    let most = settings.force_factor * field;
    // Where there is no limit, there is none against an empty village either.
    let limited = settings.force_factor < f64::MAX;
    (limited && sent as f64 > most).then(|| Foul {
        rule: FairRule::ForceLimit,
        limit: format!("{most:.0} goods of troops, {} times what is believed to be there", settings.force_factor),
        value: format!("{sent} goods of troops"),
        retry_after: None,
    })
}

/// The difficulty that holds against a person.
#[must_use]
pub fn difficulty(eased: f64, settings: &FairPlaySettings) -> f64 {
    let eased = if settings.handicap.adaptive { eased } else { 0.0 };
    (settings.difficulty - eased).clamp(0.0, 1.0)
}

/// What an alliance gets wrong in a war with another: drawn for the two, at each instant anew. Who plays worse makes all the
/// mistakes of who plays better, at the same instants, and more.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Mistakes {
    /// How much each mistake counts, [`share_at`](Self::share_at) of the difficulty, above 0.
    pub share: f64,
    /// The mistakes of difficulty 0.
    pub settings: MistakeSettings,
    /// The seed of the campaign.
    pub seed: u64,
    /// Who makes them.
    pub alliance: AllianceId,
    /// Against whom.
    pub enemy: AllianceId,
}

/// Which draw of [`Purpose::MISTAKES`] decides what.
mod draws {
    pub(super) const HESITATES: u64 = 0;
    pub(super) const SECOND_BEST: u64 = 1;
    pub(super) const DELAY: u64 = 2;
    pub(super) const MISJUDGES: u64 = 3;
    pub(super) const STAYS_AWAY: u64 = 4;
    pub(super) const KINDS: u64 = 8;
}

impl Mistakes {
    /// How much each mistake counts at a difficulty d: m, the root of 1 - d. The first few mistakes hardly cost anything, and
    /// a person is to feel each step of the dial.
    #[must_use]
    pub fn share_at(difficulty: f64) -> f64 {
        (1.0 - difficulty).max(0.0).sqrt()
    }

    fn draw(&self, kind: u64, of: u64) -> Stream {
        let actor = u64::from(self.alliance.0) << 32 | u64::from(self.enemy.0);
        Stream::new(self.seed, actor, Purpose::MISTAKES, of.wrapping_mul(draws::KINDS).wrapping_add(kind))
    }

    fn at(&self, kind: u64, now: GameTime) -> Stream {
        self.draw(kind, u64::try_from(now.0).unwrap_or(0))
    }

    /// Whether the sessions of this day plan nothing against the other: with a chance of m hesitates.
    #[must_use]
    pub fn hesitates(&self, now: GameTime) -> bool {
        let day = u64::try_from(now.0 / GameSpan::days(1).0).unwrap_or(0);
        self.draw(draws::HESITATES, day).chance(self.share * self.settings.hesitates)
    }

    /// Whether the second best is taken for the best: with a chance of m `second_best`.
    #[must_use]
    pub fn mistakes_priority(&self, now: GameTime) -> bool {
        self.at(draws::SECOND_BEST, now).chance(self.share * self.settings.second_best)
    }

    /// How much later a plan leaves: m delay times a draw.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "some hours in milliseconds")]
    pub fn delay(&self, now: GameTime) -> GameSpan {
        let drawn = self.at(draws::DELAY, now).unit();
        GameSpan((self.share * self.settings.delay.0 as f64 * drawn) as i64)
    }

    /// What the troops at a site are taken for, where these were seen: 1 +- m misjudges of them, by a draw for the site
    /// and the sight. Whoever saw them is wrong in the same way until it looks again.
    #[must_use]
    pub fn misjudged(&self, site: SiteId, seen_at: GameTime, seen: &Force) -> Force {
        let of = u64::from(site.0) ^ u64::try_from(seen_at.0).unwrap_or(0) << 20;
        let factor = 1.0 + self.share * self.settings.misjudges * self.draw(draws::MISJUDGES, of).range(-1.0, 1.0);
        scaled(seen, factor)
    }

    /// Whether a group stays at home without a word: with a chance of m `stays_away`. `order` tells groups apart.
    #[must_use]
    pub fn stays_away(&self, order: u64) -> bool {
        self.draw(draws::STAYS_AWAY, order).chance(self.share * self.settings.stays_away)
    }
}

/// So many times a force, each class rounded.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn scaled(force: &Force, factor: f64) -> Force {
    force.iter().map(|(class, n)| (class, (f64::from(n) * factor.max(0.0)).round() as u32)).collect()
}

/// How a person fared since it was last looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Fared {
    /// Goods of its troops that fell.
    pub lost: i64,
    /// Goods of the troops that it killed, where it knows.
    pub killed: i64,
    /// Villages that it lost.
    pub villages: u32,
}

/// By how much difficulty is eased from now on for a person that fared so, and why; `None` where nothing changes.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one person, far below 2^53")]
pub fn review(eased: f64, fared: &Fared, settings: &HandicapSettings) -> Option<(f64, HandicapReason)> {
    let (lost, killed) = (fared.lost as f64, fared.killed as f64);
    let (step, reason) = if fared.villages > 0 {
        (settings.step, HandicapReason::VillagesLost)
    } else if fared.lost >= settings.goods_min && lost > settings.ratio * killed {
        (settings.step, HandicapReason::ArmiesLost)
    } else if fared.killed >= settings.goods_min && killed > settings.ratio * lost {
        (-settings.step, HandicapReason::ArmiesWon)
    } else if fared.lost.max(fared.killed) < settings.goods_min {
        (-settings.step / 2.0, HandicapReason::Calm)
    } else {
        return None;
    };
    let after = (eased + step).clamp(0.0, settings.eased_max);
    ((after - eased).abs() > f64::EPSILON).then_some((after, reason))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
