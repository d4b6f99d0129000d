//! When to arrive: the earliest instant at which enough force can be there, every launch in its member's waking hours, moved
//! into the hours in which the enemy sleeps.

use super::allocation::{Source, TargetSpec};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{AttackGroup, Manner, WorldModel};
use crate::base::geometry::Tile;
use crate::base::id::UnitClass;
use crate::base::ruleset::Force;
use crate::knowledge::intel::dossier::rules::{QuietHours, hour_of};
use std::collections::BTreeSet;

/// Arrivals are tried on this grid.
const STEP: GameSpan = GameSpan::mins(30);
/// Force beyond what is needed that must be able to be there, so that pledges may fall short.
const SLACK: f64 = 1.4;
/// Hours before a blow in which whoever is awake could answer it.
const WATCH: i64 = 6;
/// Hours of sleep, for each owner, that a later arrival must gain in all.
const GAIN: usize = 2;
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

/// How well all targets are covered by what can be there at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Cover {
    No,
    Barely,
    /// With force to spare, of members enough.
    Well,
}

/// When enough offense can be at some targets: what each needs, and who could send it.
pub struct Covering<'a> {
    model: &'a dyn WorldModel,
    sources: &'a [Source],
    needs: Vec<(&'a TargetSpec, f64)>,
    /// Members that should be there.
    wanted: usize,
    not_before: GameTime,
}

impl core::fmt::Debug for Covering<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Covering")
    }
}

impl<'a> Covering<'a> {
    /// Of these targets those count that these sources, none leaving before an instant, could meet at all; `None` if there are
    /// none.
    #[must_use]
    pub fn of(
        model: &'a dyn WorldModel,
        sources: &'a [Source],
        targets: &'a [TargetSpec],
        not_before: GameTime,
    ) -> Option<Self> {
        let needs: Vec<_> = targets.iter().filter_map(|t| Some((t, needed(model, sources, t)?))).collect();
        let members: BTreeSet<_> = sources.iter().map(|s| s.site.owner).collect();
        (!needs.is_empty()).then(|| Self { model, sources, needs, wanted: members.len().min(MEMBERS), not_before })
    }

    /// The earliest arrival from `from` to `latest` at which they are covered; none if there is none within that time.
    #[must_use]
    pub fn earliest(&self, from: GameTime, latest: GameTime) -> Option<GameTime> {
        let mut fallback: Option<GameTime> = None;
        let mut at = from;
        while at <= latest {
            match self.at(at) {
                Cover::Well => return Some(at),
                Cover::Barely => fallback = fallback.or(Some(at)),
                Cover::No => {}
            }
            at += STEP;
        }
        fallback
    }

    /// `arrival` moved into the hours in which the owners of the targets rarely act, as far as they are known: to the instant,
    /// from `arrival` to `latest`, before which they sleep longest while the blow is on its way (of the last 6 hours,
    /// summed over them), and at which the targets are covered no worse. Of equal instants the earliest; `arrival` itself if
    /// a later one gains less than 2 hours for each of them in all.
    #[must_use]
    pub fn into_quiet_hours(&self, arrival: GameTime, latest: GameTime, quiet: &[QuietHours]) -> GameTime {
        if quiet.is_empty() {
            return arrival;
        }
        let as_now = self.at(arrival);
        let mut best = (asleep_before(arrival, quiet) + GAIN * quiet.len(), arrival);
        let mut at = arrival + STEP;
        while at <= latest {
            let asleep = asleep_before(at, quiet);
            let gains = if best.1 == arrival { asleep >= best.0 } else { asleep > best.0 };
            if gains && self.at(at) >= as_now {
                best = (asleep, at);
            }
            at += STEP;
        }
        best.1
    }

    fn at(&self, at: GameTime) -> Cover {
        let mut there: BTreeSet<_> = BTreeSet::new();
        let (mut enough, mut barely) = (true, true);
        let mut total = 0.0;
        for (target, need) in &self.needs {
            let mut force = 0.0;
            for source in self.sources {
                let part = in_time(self.model, source, &source.available, target.estimate.at, at, self.not_before);
                if let Some((part, _)) = part {
                    force += self.model.attack(&part);
                    there.insert(source.site.owner);
                }
            }
            total += need;
            enough &= force >= SLACK * total;
            barely &= force >= 1.05 * total;
        }
        match (enough && there.len() >= self.wanted, barely) {
            (true, _) => Cover::Well,
            (false, true) => Cover::Barely,
            (false, false) => Cover::No,
        }
    }
}

/// Hours of the last [`WATCH`] before an instant in which these rarely act, summed over them.
fn asleep_before(at: GameTime, quiet: &[QuietHours]) -> usize {
    let hours = (0..WATCH).map(|back| hour_of(at - GameSpan::hours(back) - GameSpan::mins(1)));
    hours.map(|hour| quiet.iter().filter(|q| q.contains(u8::try_from(hour).unwrap_or(0))).count()).sum()
}
