//! When to arrive: the earliest instant at which enough force can be there, every launch in its member's waking hours.

use super::allocation::{Source, TargetSpec};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{AttackGroup, Manner, WorldModel};
use crate::base::geometry::Tile;
use crate::base::id::UnitClass;
use crate::base::ruleset::Force;
use std::collections::BTreeSet;

/// Arrivals are tried on this grid.
const STEP: GameSpan = GameSpan::mins(30);
/// Force beyond what is needed that must be able to be there, so that pledges may fall short.
const SLACK: f64 = 1.4;
/// Members that should be able to be there.
const MEMBERS: usize = 6;

/// The classes of a force that can leave a site so that they arrive exactly at `arrival`: the slowest are left out
/// until what remains leaves late enough and while its member is awake. Returns them with their travel.
#[must_use]
pub fn in_time(
    model: &dyn WorldModel,
    source: &Source,
    force: &Force,
    to: Tile,
    arrival: GameTime,
    not_before: GameTime,
) -> Option<(Force, GameSpan)> {
    let mut classes: Vec<(GameSpan, UnitClass, u32)> =
        force.iter().filter_map(|(c, n)| Some((model.travel(&source.site, to, c)?, c, n))).collect();
    classes.sort_unstable();
    let earliest = source.not_before.map_or(not_before, |t| t.max(not_before));
    if source.not_after.is_some_and(|t| arrival > t) {
        return None;
    }
    while let Some((travel, ..)) = classes.last() {
        let launch = arrival - *travel;
        if launch >= earliest && source.rhythm.is_awake(launch) {
            let travel = *travel;
            return Some((classes.into_iter().map(|(_, c, n)| (c, n)).collect(), travel));
        }
        let slowest = *travel;
        classes.retain(|(t, ..)| *t != slowest);
    }
    None
}

/// Whether two sends of one village would be closer than the ruleset's spacing: they exclude each other.
#[must_use]
pub fn too_close(model: &dyn WorldModel, one: GameTime, other: GameTime) -> bool {
    (one - other).0.abs() < model.send_spacing().0
}

/// The earliest arrival from `from` to `latest`, on the same grid, at which as many chiefs can be at a site as take it.
/// None if there are not as many within that time.
#[must_use]
pub fn earliest_with_chiefs(
    model: &dyn WorldModel,
    sources: &[Source],
    to: Tile,
    from: GameTime,
    latest: GameTime,
    not_before: GameTime,
) -> Option<GameTime> {
    let needed = u64::from(model.chiefs_needed());
    let with_chiefs: Vec<&Source> = sources.iter().filter(|s| !s.chiefs.is_empty()).collect();
    let mut at = from;
    while at <= latest && needed > 0 {
        let there =
            |s: &&Source| in_time(model, s, &s.chiefs, to, at, not_before).map_or(0, |(force, _)| force.total());
        if with_chiefs.iter().map(there).sum::<u64>() >= needed {
            return Some(at);
        }
        at += STEP;
    }
    None
}

/// The offense, in attack points, that must be there for the target ratio, judged by what everything together would
/// do; none if nothing would do.
fn needed(model: &dyn WorldModel, sources: &[Source], target: &TargetSpec) -> Option<f64> {
    let groups: Vec<AttackGroup> = sources.iter().map(|s| s.group(s.available.clone())).collect();
    let all: f64 = sources.iter().map(|s| model.attack(&s.available)).sum();
    let forecast = model.forecast(&groups, &target.estimate, Manner::Siege);
    (forecast.ratio >= target.min_ratio && all > 0.0).then(|| all * target.min_ratio / forecast.ratio)
}

/// The earliest arrival from `from` to `latest` at which enough offense can be at every target that can be met at all.
/// None if no target can be met within that time.
#[must_use]
pub fn earliest_covering(
    model: &dyn WorldModel,
    sources: &[Source],
    targets: &[TargetSpec],
    from: GameTime,
    latest: GameTime,
    not_before: GameTime,
) -> Option<GameTime> {
    let needs: Vec<(&TargetSpec, f64)> = targets.iter().filter_map(|t| Some((t, needed(model, sources, t)?))).collect();
    if needs.is_empty() {
        return None;
    }
    let members: BTreeSet<_> = sources.iter().map(|s| s.site.owner).collect();
    let wanted = members.len().min(MEMBERS);
    let mut fallback: Option<GameTime> = None;
    let mut at = from;
    while at <= latest {
        let mut there: BTreeSet<_> = BTreeSet::new();
        let (mut enough, mut barely) = (true, true);
        let mut total = 0.0;
        for (target, need) in &needs {
            let mut force = 0.0;
            for source in sources {
                if let Some((part, _)) = in_time(model, source, &source.available, target.estimate.at, at, not_before) {
                    force += model.attack(&part);
                    there.insert(source.site.owner);
                }
            }
            total += need;
            enough &= force >= SLACK * total;
            barely &= force >= 1.05 * total;
        }
        if enough && there.len() >= wanted {
            return Some(at);
        }
        if barely && fallback.is_none() {
            fallback = Some(at);
        }
        at += STEP;
    }
    fallback
}
