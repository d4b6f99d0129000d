//! How knowledge fades.

use super::components::{Field, IntelReport, SourceKind};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::Stance;
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// A field is gone this long after it was observed.
pub const EXPIRES_AFTER: GameSpan = GameSpan::days(7);
/// Confidence in troops halves in this time.
pub const TROOPS_HALF_LIFE: GameSpan = GameSpan::hours(48);
/// Confidence in goods halves in this time.
pub const GOODS_HALF_LIFE: GameSpan = GameSpan::hours(12);
/// Confidence in buildings and walls halves in this time.
pub const BUILDINGS_HALF_LIFE: GameSpan = GameSpan::hours(168);
/// Confidence in what scouts saw.
pub const SCOUT_CONFIDENCE: f64 = 0.8;
/// Confidence in what a battle showed.
pub const BATTLE_CONFIDENCE: f64 = 0.9;
/// What is told is worth this much of the confidence of whoever saw it.
pub const HEARSAY: f64 = 0.5;

/// The field, unless it has expired: at 7 days it is gone.
///
/// ```
/// use bevy_alliance::base::{clock::{GameSpan, GameTime}, id::PlayerId};
/// use bevy_alliance::knowledge::intel::{Field, SourceKind, rules::live};
/// let seen = Field { value: 12_u8, observed_at: GameTime(0), source: PlayerId(1), kind: SourceKind::Scout, confidence: 0.8 };
/// assert!(live(Some(&seen), GameTime(0) + GameSpan::days(7) - GameSpan::millis(1)).is_some());
/// assert!(live(Some(&seen), GameTime(0) + GameSpan::days(7)).is_none());
/// ```
#[must_use]
pub fn live<T>(field: Option<&Field<T>>, now: GameTime) -> Option<&Field<T>> {
    field.filter(|f| now - f.observed_at < EXPIRES_AFTER)
}

/// Confidence after its age: halved once per half-life.
///
/// ```
/// use bevy_alliance::base::clock::GameSpan;
/// use bevy_alliance::knowledge::intel::rules::{TROOPS_HALF_LIFE, faded};
/// assert_eq!(faded(0.8, GameSpan::hours(48), TROOPS_HALF_LIFE), 0.4);
/// ```
#[must_use]
pub fn faded(confidence: f64, age: GameSpan, half_life: GameSpan) -> f64 {
    confidence * libm::exp2(-age.as_hours().max(0.0) / half_life.as_hours())
}

/// Takes one of two observations of a field. What was seen with own eyes gives way to whatever of that kind is newer
/// (at one instant: more certain). Between that and hearsay the one that is more certain by now stays: as both fade
/// alike, hearsay of half the confidence wins from one half-life on that it is newer.
///
/// ```
/// use bevy_alliance::base::{clock::{GameSpan, GameTime}, id::PlayerId};
/// use bevy_alliance::knowledge::intel::{Field, SourceKind, rules::{TROOPS_HALF_LIFE, merge}};
/// let seen = |hours, kind, confidence, value: u32| {
///     Some(Field { value, observed_at: GameTime(0) + GameSpan::hours(hours), source: PlayerId(1), kind, confidence })
/// };
/// let mut known = seen(0, SourceKind::Battle, 0.9, 500);
/// merge(&mut known, seen(1, SourceKind::Scout, 0.8, 450), TROOPS_HALF_LIFE);
/// assert_eq!(known.as_ref().map(|f| f.value), Some(450), "newer, and seen with own eyes");
/// merge(&mut known, seen(48, SourceKind::Hearsay, 0.4, 900), TROOPS_HALF_LIFE);
/// assert_eq!(known.as_ref().map(|f| f.value), Some(450), "0.8 x 0.5^(47/48) = 0.406 is still more than 0.4");
/// merge(&mut known, seen(50, SourceKind::Hearsay, 0.4, 950), TROOPS_HALF_LIFE);
/// assert_eq!(known.as_ref().map(|f| f.value), Some(950), "two days later it is not");
/// merge(&mut known, seen(20, SourceKind::Scout, 0.8, 700), TROOPS_HALF_LIFE);
/// assert_eq!(known.as_ref().map(|f| f.value), Some(700), "scouts come home late with what they saw at hour 20");
/// ```
pub fn merge<T>(known: &mut Option<Field<T>>, new: Option<Field<T>>, half_life: GameSpan) {
    let Some(new) = new else { return };
    let wins = known.as_ref().is_none_or(|old| {
        if (old.kind == SourceKind::Hearsay) == (new.kind == SourceKind::Hearsay) {
            (new.observed_at, new.confidence.total_cmp(&old.confidence))
                >= (old.observed_at, core::cmp::Ordering::Equal)
        } else {
            // Which of the two is more certain is the same at every later instant: it is asked at the later of both.
            let now = new.observed_at.max(old.observed_at);
            faded(new.confidence, now - new.observed_at, half_life)
                >= faded(old.confidence, now - old.observed_at, half_life)
        }
    });
    if wins {
        *known = Some(new);
    }
}

/// What an ally's report is worth: half of what its own eyes were.
///
/// ```
/// use bevy_alliance::base::{clock::{GameSpan, GameTime}, id::{AllianceId, Knower, PlayerId, SiteId}};
/// use bevy_alliance::knowledge::intel::{Field, IntelReport, SourceKind, rules::{TROOPS_HALF_LIFE, faded, hearsay}};
/// let wall = Field { value: 9_u8, observed_at: GameTime(0), source: PlayerId(1), kind: SourceKind::Scout, confidence: 0.8 };
/// let knower = Knower::Alliance(AllianceId(2));
/// let told = hearsay(IntelReport { knower, site: SiteId(3), troops: None, goods: None, wall: Some(wall), buildings: None });
/// let wall = told.wall.unwrap();
/// assert_eq!((wall.kind, wall.confidence), (SourceKind::Hearsay, 0.4));
/// // It is as old as the look, not as the telling.
/// assert_eq!(faded(wall.confidence, GameSpan::hours(48), TROOPS_HALF_LIFE), 0.2);
/// ```
#[must_use]
pub fn hearsay(report: IntelReport) -> IntelReport {
    fn heard<T>(field: Option<Field<T>>) -> Option<Field<T>> {
        field.map(|f| Field { kind: SourceKind::Hearsay, confidence: HEARSAY * f.confidence, ..f })
    }
    let IntelReport { knower, site, troops, goods, wall, buildings } = report;
    IntelReport {
        knower,
        site,
        troops: heard(troops),
        goods: heard(goods),
        wall: heard(wall),
        buildings: heard(buildings),
    }
}

/// How alliances share what they know.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct SharingSettings {
    /// How long after it was learned an ally is told.
    pub tell_after: GameSpan,
    /// Trust in the ally's leader from which on common enemies are spoken of; a confederate needs none.
    pub trust_common: f64,
    /// Trust from which on everything is told; of a confederate `trust_common` is enough.
    pub trust_all: f64,
}

impl Default for SharingSettings {
    fn default() -> Self {
        Self { tell_after: GameSpan::mins(10), trust_common: 0.0, trust_all: 50.0 }
    }
}

/// How much an alliance tells another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
pub enum Tier {
    /// Nothing.
    Nothing,
    /// What it sees of those with whom both are at war.
    CommonEnemies,
    /// What it sees of anybody.
    Everything,
}

/// How much is told to whom: partners of a pact by trust (-100..=100), confederates one tier more.
///
/// ```
/// use bevy_alliance::base::contract::Stance;
/// use bevy_alliance::knowledge::intel::rules::{SharingSettings, Tier, tier};
/// let tier = |stance, trust| tier(stance, trust, &SharingSettings::default());
/// assert_eq!(tier(Stance::Pact, -1.0), Tier::Nothing);
/// assert_eq!(tier(Stance::Pact, 20.0), Tier::CommonEnemies);
/// assert_eq!(tier(Stance::Pact, 50.0), Tier::Everything);
/// assert_eq!(tier(Stance::Confederacy, -1.0), Tier::CommonEnemies);
/// assert_eq!(tier(Stance::Confederacy, 20.0), Tier::Everything);
/// assert_eq!(tier(Stance::Truce, 90.0), Tier::Nothing);
/// ```
#[must_use]
pub fn tier(stance: Stance, trust: f64, settings: &SharingSettings) -> Tier {
    let common = trust >= settings.trust_common;
    match stance {
        Stance::Pact if trust >= settings.trust_all => Tier::Everything,
        Stance::Confederacy if common => Tier::Everything,
        Stance::Pact if common => Tier::CommonEnemies,
        Stance::Confederacy => Tier::CommonEnemies,
        _ => Tier::Nothing,
    }
}

/// Drops the fields that have expired; true when nothing is left.
pub fn expire(report: &mut IntelReport, now: GameTime) -> bool {
    fn drop_old<T>(field: &mut Option<Field<T>>, now: GameTime) -> bool {
        if live(field.as_ref(), now).is_none() {
            *field = None;
        }
        field.is_none()
    }
    let gone = [
        drop_old(&mut report.troops, now),
        drop_old(&mut report.goods, now),
        drop_old(&mut report.wall, now),
        drop_old(&mut report.buildings, now),
    ];
    gone.into_iter().all(|g| g)
}
