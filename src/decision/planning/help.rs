//! Whom an attack meets beside the garrison: help that the enemy's other sites send when they see it come.

use crate::base::clock::GameTime;
use crate::base::geometry::Tile;
use crate::base::id::{Knower, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::knowledge::intel::{View, rules as intel};
use serde::{Deserialize, Serialize};

/// How much help an enemy who coordinates is reckoned to send.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HelpSettings {
    /// Sites that foot soldiers walk to a target from within so many hours can help before the blow. Default 5: 30 fields
    /// in the classic world. The circumstances of patterns are judged by it too.
    pub hours: f64,
    /// The share of their defensive troops that comes. Default 0.03.
    pub share: f64,
    /// Sites that nobody has seen are taken to help like those that were seen, up to this factor for all. Default 2.
    pub unseen_max: f64,
}

impl Default for HelpSettings {
    fn default() -> Self {
        Self { hours: 5.0, share: 0.03, unseen_max: 2.0 }
    }
}

/// The share of known defensive troops that is reckoned with: `share`, more the fewer of the enemy's sites are known.
///
/// ```
/// use bevy_alliance::decision::planning::{HelpSettings, share_that_helps};
/// let settings = HelpSettings { share: 0.2, unseen_max: 2.0, ..HelpSettings::default() };
/// assert_eq!(share_that_helps(10, 10, &settings), 0.2);
/// assert!((share_that_helps(10, 15, &settings) - 0.3).abs() < 1e-12);
/// assert_eq!(share_that_helps(10, 90, &settings), 0.4);
/// assert_eq!(share_that_helps(0, 90, &settings), 0.0);
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "sites of one alliance")]
pub fn share_that_helps(known: usize, all: usize, settings: &HelpSettings) -> f64 {
    if known == 0 {
        return 0.0;
    }
    settings.share * (all as f64 / known as f64).clamp(1.0, settings.unseen_max.max(1.0))
}

/// The troops that the members of an enemy alliance are reckoned to send to one of its sites: of each of their other sites
/// near it the known troops that are no offense, as far as they are still believed to stand there.
#[must_use]
pub fn expected_help(
    view: &View,
    knower: Knower,
    members: &[PlayerId],
    (target, at): (SiteId, Tile),
    settings: &HelpSettings,
    now: GameTime,
) -> Force {
    let (model, torus) = (view.model(), view.torus());
    let fields = settings.hours * model.scale().fields_per_hour;
    let (mut known, mut all) = (0, 0);
    let mut near: Vec<(f64, Force)> = Vec::new();
    for member in members {
        all += view.sites_of(*member).len();
        for force in view.forces(knower, *member, now) {
            known += 1;
            if force.site == target || torus.distance(force.at, at) > fields {
                continue;
            }
            let Some(report) = view.report(knower, force.site) else { continue };
            let Some(troops) = intel::live(report.troops.as_ref(), now) else { continue };
            let guards = troops.value.iter().filter(|(c, _)| !model.is_offense(*c) && model.is_fighter(*c)).collect();
            near.push((force.confidence_at(now), guards));
        }
    }
    let share = share_that_helps(known, all, settings);
    let mut help = Force::new();
    for (confidence, guards) in near {
        help.add_all(&guards.share((share * confidence).min(1.0)));
    }
    help
}
