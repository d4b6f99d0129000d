//! Conquest trains: a cleaner, engines at the seat behind it, and chiefs one by one behind those, each with an escort.

use super::improve::Draft;
use super::problem::{AllocationProblem, AllocationSettings, LeftOut, Plan, PlannedGroup, Source};
use crate::base::clock::GameSpan;
use crate::base::contract::{AttackGroup, SiteEstimate, WorldModel};
use crate::base::geometry::Tile;
use crate::base::ruleset::Force;
use crate::decision::planning::{PatternGoal, UnitFilter, WaveSpec};

/// An escort of less than this share of what the settings ask for is none.
const ESCORT_MIN: f64 = 0.5;
/// Levels by which the seat may have grown, or have been repaired, since it was seen.
const SEAT_MARGIN: u8 = 2;

/// Whether the pattern takes sites.
pub(super) fn takes(problem: &AllocationProblem) -> bool {
    problem.pattern.goal == PatternGoal::Take
}

/// Plans a pattern that takes a site. Chiefs, their escorts and the engines are kept from the cleaner, which is planned
/// like any attack. A target that too few chiefs reach, or whose seat would stand, is left out.
pub(super) fn allocate_train(
    problem: &AllocationProblem,
    settings: &AllocationSettings,
    model: &dyn WorldModel,
) -> Plan {
    let mut train = Train::new(problem, settings, model);
    let behind: Vec<Result<Vec<PlannedGroup>, LeftOut>> =
        (0..problem.targets.len()).map(|target| train.behind(target)).collect();
    let groups: Vec<PlannedGroup> = behind.iter().flatten().flatten().cloned().collect();
    let cleaner = train.cleaner(groups.len());
    let waves = problem.waves(|w| !is_behind(w));
    let mut draft = Draft::new(&cleaner, settings, model).beside(groups);
    draft.construct();
    draft.improve();
    let mut plan = draft.into_plan();
    plan.count_waves(&waves);
    for (spec, behind) in problem.targets.iter().zip(behind) {
        match behind {
            _ if !plan.meets(spec.site) => {}
            Err(why) => plan.leave_out(spec.site, spec.value, why),
            Ok(groups) => {
                let chiefs = groups.iter().flat_map(|g| g.force.iter()).filter(|(class, _)| model.is_chief(*class));
                let chiefs = chiefs.map(|(_, n)| n).sum();
                plan.add_groups(groups, model);
                // Who breaks the defense has not taken the site yet.
                plan.hinges_on(spec.site, model.take_chance(chiefs));
            }
        }
    }
    plan
}

/// Whether a wave comes behind the cleaner and is planned by itself.
fn is_behind(wave: WaveSpec) -> bool {
    matches!(wave.units, UnitFilter::Engines | UnitFilter::Chief)
}

/// A train in the making: what is chosen for waves behind the cleaner is taken from its sources.
struct Train<'a> {
    problem: AllocationProblem,
    /// By source: the engines that are not sent yet. The cleaner goes without them.
    engines: Vec<Force>,
    settings: &'a AllocationSettings,
    model: &'a dyn WorldModel,
}

impl<'a> Train<'a> {
    fn new(problem: &AllocationProblem, settings: &'a AllocationSettings, model: &'a dyn WorldModel) -> Self {
        let mut problem = problem.clone();
        let to = problem.targets.first().map(|t| t.estimate.at);
        let mut engines = Vec::new();
        for source in &mut problem.sources {
            let own = engines_of(source, to.unwrap_or(source.site.at), model);
            source.available = source.available.minus(&own);
            engines.push(own);
        }
        Self { problem, engines, settings, model }
    }

    /// What is left to plan when everything behind the cleaner is chosen: so many groups.
    fn cleaner(&self, groups: usize) -> AllocationProblem {
        let mut cleaner = self.problem.clone();
        cleaner.groups_max = cleaner.groups_max.saturating_sub(groups);
        cleaner.pattern.waves.retain(|w| !is_behind(*w));
        for wave in &mut cleaner.pattern.waves {
            // The engines are gone already: what is slowest now are rams, and they go along.
            if wave.units == UnitFilter::WithoutEngines {
                wave.units = UnitFilter::All;
            }
        }
        cleaner
    }

    /// The groups behind the cleaner at one target.
    fn behind(&mut self, target: usize) -> Result<Vec<PlannedGroup>, LeftOut> {
        let mut groups = self.choose_chiefs(target)?;
        for (n, wave) in self.problem.waves(|w| w.units == UnitFilter::Engines) {
            self.choose_engines(target, n, wave, &mut groups)?;
        }
        Ok(groups)
    }

    /// A group that is at the target with all its units in time and keeps its distance from the others; none otherwise.
    fn group(
        &self,
        (source, target): (usize, usize),
        force: &Force,
        (n, wave): (u8, WaveSpec),
        others: &[PlannedGroup],
    ) -> Option<PlannedGroup> {
        let (source, spec) = (&self.problem.sources[source], &self.problem.targets[target]);
        let times = (self.problem.arrival + wave.offset(), self.problem.not_before);
        let leaves = others.iter().filter(|g| g.site == source.site.site).map(|g| g.launch);
        source.assign_wave(self.model, (spec.site, spec.estimate.at), force, (n, wave), times, leaves)
    }

    /// One chief with an escort for each wave of chiefs, from the nearest villages that have any.
    fn choose_chiefs(&mut self, target: usize) -> Result<Vec<PlannedGroup>, LeftOut> {
        let to = self.problem.targets[target].estimate.at;
        let travel = |s: &Source| self.model.travel_of(&s.site, to, &s.chiefs);
        let mut near: Vec<(GameSpan, usize)> =
            self.problem.sources.iter().enumerate().filter_map(|(i, s)| Some((travel(s)?, i))).collect();
        near.sort_by_key(|(travel, i)| (*travel, self.problem.sources[*i].site.site));
        let mut groups: Vec<PlannedGroup> = Vec::new();
        for wave in self.problem.waves(|w| w.units == UnitFilter::Chief) {
            let found = near.iter().find_map(|(_, i)| {
                let force = self.with_escort(&self.problem.sources[*i], to)?;
                Some((*i, self.group((*i, target), &force, wave, &groups)?))
            });
            let Some((i, group)) = found else { break };
            let source = &mut self.problem.sources[i];
            source.chiefs = source.chiefs.minus(&group.force);
            source.available = source.available.minus(&group.force);
            groups.push(group);
        }
        let needed = usize::try_from(self.model.chiefs_needed()).unwrap_or(usize::MAX);
        if needed > 0 && groups.len() >= needed { Ok(groups) } else { Err(LeftOut::TooFewChiefs) }
    }

    /// A chief of a village with an escort of units that are no slower: those that there are most of first.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, no more than there are")]
    fn with_escort(&self, source: &Source, to: Tile) -> Option<Force> {
        let (chief, _) = source.chiefs.iter().next()?;
        let pace = self.model.travel(&source.site, to, chief)?;
        let keeps_up = |class| self.model.travel(&source.site, to, class).is_some_and(|t| t <= pace);
        let mut classes: Vec<_> =
            source.available.iter().filter(|(c, _)| keeps_up(*c) && !self.model.is_siege(*c)).collect();
        classes.sort_by_key(|(class, n)| (core::cmp::Reverse(*n), *class));
        let mut force = Force::of(chief, 1);
        let mut missing = self.settings.escort_attack;
        for (class, n) in classes {
            let one = self.model.attack(&Force::of(class, 1));
            if missing <= 0.0 || one <= 0.0 {
                continue;
            }
            let taken = ((missing / one).ceil() as u32).min(n);
            force.add(class, taken);
            missing -= one * f64::from(taken);
        }
        (missing <= self.settings.escort_attack * (1.0 - ESCORT_MIN)).then_some(force)
    }

    /// The villages with the most engines, as few as bring the seat down.
    fn choose_engines(
        &mut self,
        target: usize,
        n: u8,
        wave: WaveSpec,
        groups: &mut Vec<PlannedGroup>,
    ) -> Result<(), LeftOut> {
        let estimate = &self.problem.targets[target].estimate;
        let residence = estimate.residence.saturating_add(SEAT_MARGIN);
        let seat = SiteEstimate { residence, ..estimate.clone() };
        let mut most: Vec<usize> = (0..self.engines.len()).filter(|i| !self.engines[*i].is_empty()).collect();
        most.sort_by_key(|i| (core::cmp::Reverse(self.engines[*i].total()), *i));
        let mut together: Vec<AttackGroup> = Vec::new();
        for i in most {
            if !together.is_empty() && self.model.seat_left(&together, &seat) == 0 {
                break;
            }
            if let Some(group) = self.group((i, target), &self.engines[i], (n, wave), groups) {
                together.push(self.problem.sources[i].group(core::mem::take(&mut self.engines[i])));
                groups.push(group);
            }
        }
        if self.model.seat_left(&together, &seat) == 0 { Ok(()) } else { Err(LeftOut::SeatStands) }
    }
}

/// The units of a village that hit buildings: the slowest of those that break walls and buildings.
fn engines_of(source: &Source, to: Tile, model: &dyn WorldModel) -> Force {
    let travel = |class| model.travel(&source.site, to, class);
    let siege = || source.available.iter().filter(|(class, _)| model.is_siege(*class));
    let slowest = siege().filter_map(|(class, _)| travel(class)).max();
    siege().filter(|(class, _)| travel(*class) == slowest).collect()
}
