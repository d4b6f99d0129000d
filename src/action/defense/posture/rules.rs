//! Which village needs more defenders, and when those who stand there leave it.
//!
//! Source: `docs/behavior.md`, "Posture".

use super::super::relief::PostureEnd;
use crate::base::clock::GameSpan;
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// How villages of the frontier are strengthened.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct PostureSettings {
    /// Between two looks of an alliance at its frontier; 0: it never looks.
    pub period: GameSpan,
    /// A village that needs less is left as it is.
    pub urgency_min: f64,
    /// Who came stays at least this long.
    pub stays: GameSpan,
    /// Who came goes home after this time in any case.
    pub longest: GameSpan,
    /// Another village must need the troops by this part more, or they stay.
    pub gain: f64,
    /// The part of the defenders that a village could spare that it sends, 0..=1: the rest is there for alarms.
    pub part: f64,
    /// Villages that are strengthened at one look at most.
    pub sites: usize,
}

impl Default for PostureSettings {
    fn default() -> Self {
        Self {
            period: GameSpan::hours(12),
            urgency_min: 0.25,
            stays: GameSpan::hours(24),
            longest: GameSpan::days(7),
            gain: 0.25,
            part: 0.5,
            sites: 3,
        }
    }
}

/// How badly a village needs more defenders: the part of `cover` x threat that its defense does not cover, times the root of
/// its inhabitants over those of a mean village of the alliance. Threat and defense are points.
///
/// ```
/// use bevy_alliance::action::defense::posture::rules::urgency;
/// assert_eq!(urgency(1_000.0, 600.0, 1.2, 1.0), 0.5); // half of 1,200 is covered
/// assert_eq!(urgency(1_000.0, 600.0, 1.2, 4.0), 1.0); // four times as many inhabitants
/// assert_eq!(urgency(1_000.0, 1_200.0, 1.2, 1.0), 0.0);
/// assert_eq!(urgency(0.0, 0.0, 1.2, 1.0), 0.0);
/// ```
#[must_use]
pub fn urgency(threat: f64, defense: f64, cover: f64, inhabitants: f64) -> f64 {
    if threat <= 0.0 {
        return 0.0;
    }
    (1.0 - defense / (cover * threat)).clamp(0.0, 1.0) * inhabitants.max(0.0).sqrt()
}

/// How badly the villages need troops that stand in one of them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Need {
    /// The village where they stand, without them.
    pub here: f64,
    /// The village of the frontier in their reach that needs more most.
    pub elsewhere: f64,
    /// Their own village.
    pub home: f64,
}

/// Why troops that have stood in a village for some time leave it; `None`: they stay.
///
/// ```
/// use bevy_alliance::action::defense::posture::{PostureSettings, rules::{Need, leaves}};
/// use bevy_alliance::action::defense::PostureEnd;
/// use bevy_alliance::base::clock::GameSpan;
/// let settings = PostureSettings::default();
/// let after = |hours, need| leaves(GameSpan::hours(hours), need, &settings);
/// let here = Need { here: 0.4, ..Need::default() };
/// assert_eq!(after(30, here), None);
/// assert_eq!(after(30, Need { elsewhere: 0.49, ..here }), None); // no quarter more
/// assert_eq!(after(30, Need { elsewhere: 0.51, ..here }), Some(PostureEnd::NeededElsewhere));
/// assert_eq!(after(23, Need { elsewhere: 0.51, ..here }), None); // they came within the day
/// assert_eq!(after(24, Need::default()), Some(PostureEnd::ThreatOver));
/// ```
#[must_use]
pub fn leaves(stood: GameSpan, need: Need, settings: &PostureSettings) -> Option<PostureEnd> {
    if stood < settings.stays {
        return None;
    }
    let more = |other: f64| other > need.here * (1.0 + settings.gain);
    if need.here <= 0.0 {
        Some(PostureEnd::ThreatOver)
    } else if more(need.home) {
        Some(PostureEnd::NeededAtHome)
    } else if more(need.elsewhere) {
        Some(PostureEnd::NeededElsewhere)
    } else {
        (stood >= settings.longest).then_some(PostureEnd::Relieved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_to_and_fro_between_two_villages_of_like_need() {
        // Each takes from the need of the village where the troops stand: .5 without them, .3 with them.
        let settings = PostureSettings::default();
        let (without, with) = (0.5, 0.3);
        let mut stands = 0;
        for look in 0..40 {
            let need = [0, 1].map(|village| if village == stands { with } else { without });
            let at = Need { here: without, elsewhere: need[1 - stands], home: 0.0 };
            if leaves(GameSpan::hours(24 + 12 * look), at, &settings) == Some(PostureEnd::NeededElsewhere) {
                stands = 1 - stands;
            }
        }
        assert_eq!(stands, 0);
    }

    #[test]
    fn after_a_week_everybody_goes_home() {
        let settings = PostureSettings::default();
        let need = Need { here: 0.9, ..Need::default() };
        assert_eq!(leaves(GameSpan::days(7), need, &settings), Some(PostureEnd::Relieved));
        assert_eq!(leaves(GameSpan::days(7) - GameSpan(1), need, &settings), None);
    }
}
