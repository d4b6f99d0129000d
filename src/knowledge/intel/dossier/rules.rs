//! Activity, growth, threat and weakness, as plain functions.

use super::components::Trend;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::Stance;
use crate::base::id::SiteId;
use crate::knowledge::intel::rules::EXPIRES_AFTER;

/// Hours of a day.
pub const HOURS: usize = 24;
/// Days with acts that are remembered of a player.
pub const ACT_DAYS: usize = 28;
/// Fewer quiet hours in a row are no sleep.
pub const QUIET_HOURS_MIN: usize = 4;
/// Quiet hours hold at most this share of what an even day would have there.
pub const QUIET_SHARE: f64 = 0.1;
/// An even day would have at least this many acts in quiet hours; fewer observations say nothing.
pub const QUIET_EVEN_MIN: f64 = 6.0;

/// Two observations of a site tell of growth if they lie at least this far apart.
pub const TREND_APART: GameSpan = GameSpan::hours(6);
/// Goods that are added to both sides of growth: a village that gets its first soldiers does not grow without bound.
pub const TREND_FLOOR: f64 = 1_000.0;
/// What a trend rests on halves in this time.
pub const TREND_HALF_LIFE: GameSpan = GameSpan::days(7);

/// The threat of an offense halves with each of these hours on the way.
pub const DISTANCE_HALF_HOURS: f64 = 12.0;
/// A march that came or was seen coming within this time raises intent to [`INTENT_OF_MARCH`].
pub const MARCH_REMEMBERED: GameSpan = GameSpan::hours(72);
/// Intent of those who march on us.
pub const INTENT_OF_MARCH: f64 = 0.8;
/// Intent of neutrals without a grievance.
pub const INTENT_OF_NEUTRAL: f64 = 0.3;
/// What the strongest grievance adds to a neutral's intent.
pub const INTENT_OF_GRIEVANCE: f64 = 0.5;
/// Intent under a truce.
pub const INTENT_OF_TRUCE: f64 = 0.1;
/// What growth of one (a doubling and more) a day adds to a steady trend of one half.
pub const TREND_SLOPE: f64 = 2.0;
/// Weights of distance, intent and trend in the total.
pub const THREAT_WEIGHTS: [f64; 3] = [0.4, 0.4, 0.2];

/// Hours since the campaign's epoch.
#[must_use]
pub const fn hour_count(at: GameTime) -> i64 {
    at.0.div_euclid(3_600_000)
}

/// The hour of the campaign's day, 0..24.
///
/// ```
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// use bevy_alliance::knowledge::intel::dossier::rules::hour_of;
/// assert_eq!(hour_of(GameTime(0) + GameSpan::hours(25) + GameSpan::mins(59)), 1);
/// assert_eq!(hour_of(GameTime(-1)), 23);
/// ```
#[must_use]
pub fn hour_of(at: GameTime) -> usize {
    usize::try_from(hour_count(at).rem_euclid(24)).unwrap_or(0)
}

/// Days since the campaign's epoch.
#[must_use]
pub const fn day_count(at: GameTime) -> i64 {
    hour_count(at).div_euclid(24)
}

/// Acts in each hour of the day, of days that are given as bits of hours.
///
/// ```
/// use bevy_alliance::knowledge::intel::dossier::rules::acts_by_hour;
/// let acts = acts_by_hour([1 << 3, 1 << 3 | 1 << 23].into_iter());
/// assert_eq!((acts[3], acts[23], acts[4]), (2, 1, 0));
/// ```
#[must_use]
pub fn acts_by_hour(days: impl Iterator<Item = u32>) -> [u16; HOURS] {
    let mut acts = [0_u16; HOURS];
    for day in days {
        for (hour, count) in acts.iter_mut().enumerate() {
            *count = count.saturating_add(u16::from(day >> hour & 1 == 1));
        }
    }
    acts
}

/// The share of acts in each hour of the day, 0..=1; none without an act.
///
/// ```
/// use bevy_alliance::knowledge::intel::dossier::rules::activity;
/// let mut acts = [0; 24];
/// (acts[8], acts[20]) = (1, 3);
/// let activity_by_hour = activity(&acts).unwrap();
/// assert_eq!((activity_by_hour[8], activity_by_hour[20], activity_by_hour[3]), (0.25, 0.75, 0.0));
/// assert_eq!(activity(&[0; 24]), None);
/// ```
#[must_use]
pub fn activity(acts: &[u16; HOURS]) -> Option<[f64; HOURS]> {
    let total = total(acts);
    (total > 0).then(|| acts.map(|n| f64::from(n) / f64::from(total)))
}

fn total(acts: &[u16; HOURS]) -> u32 {
    acts.iter().map(|n| u32::from(*n)).sum()
}

/// Hours of the day in which a player rarely acts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuietHours {
    /// The first of them, 0..24.
    pub from_hour: u8,
    /// How many in a row, past midnight too, 4..24.
    pub hours: u8,
}

impl QuietHours {
    /// Whether an hour of the day is one of them.
    #[must_use]
    pub fn contains(&self, hour: u8) -> bool {
        (24 + hour % 24 - self.from_hour % 24) % 24 < self.hours
    }
}

/// The longest run of hours, past midnight too, that holds at most a tenth of the acts that an even day would have there:
/// at least 4 hours, and at least as many that an even day would have 6 acts in them. Of equally long runs the one with
/// the fewest acts, then the one that begins first.
///
/// Somebody who sleeps 8 hours is found from about 20 acts on. Somebody who never sleeps is taken for a sleeper with a
/// probability of at most 4%, whatever the number of acts (most at 36 of them, under 0.2% from 80 on).
///
/// ```
/// use bevy_alliance::knowledge::intel::dossier::rules::{QuietHours, quiet_hours};
/// let mut acts = [2; 24]; // 34 acts outside of 22 to 5 h, of 24 hours
/// for hour in [22, 23, 0, 1, 2, 3, 4] {
///     acts[hour] = 0;
/// }
/// assert_eq!(quiet_hours(&acts), Some(QuietHours { from_hour: 22, hours: 7 }));
/// // An even day would have 8.5 x 7/24 = 2.5 acts there: too few to tell.
/// let quarter = acts.map(|n| n / 2).map(|n| if n == 1 { 1 } else { 0 });
/// assert_eq!(quiet_hours(&quarter), None);
/// assert_eq!(quiet_hours(&[5; 24]), None);
/// ```
#[must_use]
pub fn quiet_hours(acts: &[u16; HOURS]) -> Option<QuietHours> {
    let total = f64::from(total(acts));
    for hours in (QUIET_HOURS_MIN..HOURS).rev() {
        // Whole numbers up to 24 have no rounding here.
        let even = total * f64::from(u8::try_from(hours).unwrap_or(0)) / 24.0;
        if even < QUIET_EVEN_MIN {
            return None;
        }
        let of = |from: usize| (from..from + hours).map(|h| u32::from(acts[h % HOURS])).sum::<u32>();
        let quietest = (0..HOURS).map(|from| (of(from), from)).min();
        if let Some((count, from)) = quietest
            && f64::from(count) <= QUIET_SHARE * even
        {
            let part = |n: usize| u8::try_from(n).unwrap_or(0);
            return Some(QuietHours { from_hour: part(from), hours: part(hours) });
        }
    }
    None
}

/// Troops of a site as they were seen, in goods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TroopsSeen {
    /// When.
    pub at: GameTime,
    /// What they cost to replace.
    pub goods: i64,
}

/// Growth per day between two observations of one site: ln((after + floor) / (before + floor)) / days; none if they lie
/// less than 6 hours apart.
///
/// ```
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// use bevy_alliance::knowledge::intel::dossier::rules::{TroopsSeen, growth};
/// let before = TroopsSeen { at: GameTime(0), goods: 9_000 };
/// let after = |hours, goods| TroopsSeen { at: GameTime(0) + GameSpan::hours(hours), goods };
/// let per_day = growth(before, after(48, 19_000)).unwrap(); // ln(20,000 / 10,000) / 2
/// assert!((per_day - 0.3466).abs() < 1e-4);
/// assert_eq!(growth(before, after(5, 19_000)), None);
/// ```
#[must_use]
pub fn growth(before: TroopsSeen, after: TroopsSeen) -> Option<f64> {
    let apart = after.at - before.at;
    if apart < TREND_APART {
        return None;
    }
    let counted = |seen: TroopsSeen| goods(seen) + TREND_FLOOR;
    Some(libm::log(counted(after) / counted(before)) / (apart.as_hours() / 24.0))
}

#[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
fn goods(seen: TroopsSeen) -> f64 {
    seen.goods.max(0) as f64
}

/// The weight of a trend now, in goods: halved once per half-life.
#[must_use]
pub fn trend_weight(trend: &Trend, now: GameTime) -> f64 {
    let age = (now - trend.since).as_hours().max(0.0);
    trend.weight * libm::exp2(-age / TREND_HALF_LIFE.as_hours())
}

/// The trend with the growth of one more site in it: a mean weighted by goods (the mean of both observations, and the
/// floor), of which older ones weigh half per 7 days. Observations less than 6 hours apart change nothing.
///
/// ```
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// use bevy_alliance::knowledge::intel::dossier::{Trend, rules::{TroopsSeen, follow_trend}};
/// let seen = |days, goods| TroopsSeen { at: GameTime(0) + GameSpan::days(days), goods };
/// let doubled = follow_trend(&Trend::default(), seen(0, 9_000), seen(1, 19_000)); // ln 2 a day
/// assert!((doubled.growth - 0.6931).abs() < 1e-4);
/// assert_eq!(doubled.weight, 15_000.0);
/// // A week later another site of 15,000 (with the floor) stood still: 7,500 of the old weigh against it.
/// let both = follow_trend(&doubled, seen(7, 14_000), seen(8, 14_000));
/// assert!((both.growth - 0.6931 / 3.0).abs() < 1e-4);
/// ```
#[must_use]
pub fn follow_trend(trend: &Trend, before: TroopsSeen, after: TroopsSeen) -> Trend {
    let Some(growth) = growth(before, after) else { return *trend };
    let weight = f64::midpoint(goods(before), goods(after)) + TREND_FLOOR;
    mean_trend(trend, &Trend { growth, weight, since: after.at })
}

/// The mean of two trends by what they rest on, at the later of their instants.
#[must_use]
pub fn mean_trend(one: &Trend, other: &Trend) -> Trend {
    if one.weight <= 0.0 || other.weight <= 0.0 {
        return if one.weight > 0.0 { *one } else { *other };
    }
    let since = one.since.max(other.since);
    let (w1, w2) = (trend_weight(one, since), trend_weight(other, since));
    Trend { growth: (one.growth * w1 + other.growth * w2) / (w1 + w2), weight: w1 + w2, since }
}

/// Growth per day, unless nothing was seen twice or the latest observation is 7 days old.
#[must_use]
pub fn live_growth(trend: &Trend, now: GameTime) -> Option<f64> {
    (trend.weight > 0.0 && now - trend.since < EXPIRES_AFTER).then_some(trend.growth)
}

/// What is known of a player as a threat. What is not known is absent, never 0.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ThreatInputs {
    /// Its offense, in attack points times confidence.
    pub offense: Option<f64>,
    /// Defense points of what it would hit.
    pub defense: Option<f64>,
    /// Hours that its fastest offense needs to get there.
    pub hours: Option<f64>,
    /// How our alliances stand to each other.
    pub stance: Option<Stance>,
    /// Grievance between us, 0..=1.
    pub grievance: Option<f64>,
    /// Whether a march of its to us was seen within [`MARCH_REMEMBERED`].
    pub marches: bool,
    /// Growth of its troops per day.
    pub growth: Option<f64>,
}

/// How much of a threat a player is: parts of 0..=1, absent where nothing is known.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Threat {
    /// Whether its offense could break what it would hit: one half if they are even.
    pub force: Option<f64>,
    /// How near it is: one half at 12 hours.
    pub distance: Option<f64>,
    /// Whether it wants to.
    pub intent: Option<f64>,
    /// Whether it grows: one half if it does not change.
    pub trend: Option<f64>,
    /// All together; absent without force, or without any of the others.
    pub total: Option<f64>,
}

/// How much of a threat a player is.
///
/// force = A / (A + D); distance = 2^(-hours / 12); intent by stance, at least .8 if it marches on us; trend =
/// .5 + 2 x growth per day within 0..=1; total = force x (.4 distance + .4 intent + .2 trend), the weights normalized
/// over what is known.
///
/// ```
/// use bevy_alliance::base::contract::Stance;
/// use bevy_alliance::knowledge::intel::dossier::rules::{ThreatInputs, threat};
/// let inputs = ThreatInputs {
///     offense: Some(30_000.0),
///     defense: Some(10_000.0),
///     hours: Some(12.0),
///     stance: Some(Stance::War),
///     growth: Some(0.1),
///     ..ThreatInputs::default()
/// };
/// let known = threat(&inputs);
/// assert_eq!((known.force, known.distance, known.intent, known.trend), (Some(0.75), Some(0.5), Some(1.0), Some(0.7)));
/// assert!((known.total.unwrap() - 0.75 * (0.2 + 0.4 + 0.14)).abs() < 1e-12);
/// // Without a trend the other two share its weight.
/// let steady = threat(&ThreatInputs { growth: None, ..inputs });
/// assert!((steady.total.unwrap() - 0.75 * (0.2 + 0.4) / 0.8).abs() < 1e-12);
/// assert_eq!(threat(&ThreatInputs { defense: None, ..inputs }).total, None);
/// ```
#[must_use]
pub fn threat(inputs: &ThreatInputs) -> Threat {
    let force = inputs.offense.zip(inputs.defense).map(|(attack, defense)| share(attack, defense));
    let distance = inputs.hours.map(|h| libm::exp2(-h.max(0.0) / DISTANCE_HALF_HOURS));
    let trend = inputs.growth.map(|g| (0.5 + TREND_SLOPE * g).clamp(0.0, 1.0));
    let intent = intent(inputs);
    let (mut sum, mut weights) = (0.0, 0.0);
    for (part, weight) in [distance, intent, trend].into_iter().zip(THREAT_WEIGHTS) {
        if let Some(part) = part {
            sum += weight * part;
            weights += weight;
        }
    }
    let total = force.filter(|_| weights > 0.0).map(|force| force * sum / weights);
    Threat { force, distance, intent, trend, total }
}

/// What part one of two forces is of both; nothing against nothing is no force.
fn share(attack: f64, defense: f64) -> f64 {
    let (attack, defense) = (attack.max(0.0), defense.max(0.0));
    if attack <= 0.0 { 0.0 } else { attack / (attack + defense) }
}

fn intent(inputs: &ThreatInputs) -> Option<f64> {
    let by_stance = inputs.stance.map(|stance| match stance {
        Stance::War => 1.0,
        Stance::Neutral => INTENT_OF_NEUTRAL + INTENT_OF_GRIEVANCE * inputs.grievance.unwrap_or(0.0).clamp(0.0, 1.0),
        Stance::Truce => INTENT_OF_TRUCE,
        Stance::Pact | Stance::Confederacy => 0.0,
    });
    if inputs.marches { Some(by_stance.unwrap_or(0.0).max(INTENT_OF_MARCH)) } else { by_stance }
}

/// The site with the lowest estimated defense over confidence: what is less certain counts as stronger. Of equals the
/// lower id. Sites of which nothing is known are not in the running: unknown is not weak.
///
/// ```
/// use bevy_alliance::base::id::SiteId;
/// use bevy_alliance::knowledge::intel::dossier::rules::weakest;
/// // 4,000 points seen long ago (c .2) count as 20,000, 9,000 of today (c .8) as 11,250.
/// assert_eq!(weakest([(SiteId(1), 4_000.0, 0.2), (SiteId(2), 9_000.0, 0.8)]), Some(SiteId(2)));
/// assert_eq!(weakest([(SiteId(2), 9_000.0, 0.8), (SiteId(1), 9_000.0, 0.8)]), Some(SiteId(1)));
/// assert_eq!(weakest([]), None);
/// ```
#[must_use]
pub fn weakest(sites: impl IntoIterator<Item = (SiteId, f64, f64)>) -> Option<SiteId> {
    sites
        .into_iter()
        .filter(|(.., confidence)| *confidence > 0.0)
        .map(|(site, defense, confidence)| (defense.max(0.0) / confidence, site))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
        .map(|(_, site)| site)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
