//! How knowledge fades.

use super::components::{Field, IntelReport};
use crate::base::clock::{GameSpan, GameTime};

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

/// Takes the newer of two observations of a field; of two at one instant the more confident one.
pub fn merge<T>(known: &mut Option<Field<T>>, new: Option<Field<T>>) {
    let Some(new) = new else { return };
    let newer = known.as_ref().is_none_or(|old| {
        (new.observed_at, new.confidence.total_cmp(&old.confidence)) >= (old.observed_at, core::cmp::Ordering::Equal)
    });
    if newer {
        *known = Some(new);
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
