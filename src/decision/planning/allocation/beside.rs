//! Waves beside the blow: anvils, fakes, decoys, feints and pins are chosen first and keep their distance from it, reserves
//! come last, from what is left.

use super::improve::Draft;
use super::problem::{
    AllocationProblem, AllocationSettings, Elsewhere, LeftOut, Plan, PlannedGroup, Source, TargetSpec,
};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::WorldModel;
use crate::base::geometry::Tile;
use crate::base::id::{SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::decision::planning::timing::in_time;
use crate::decision::planning::{UnitFilter, WaveRole, WaveSite, WaveSpec};
use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the pattern has waves beside the blow.
pub(super) fn has_waves(problem: &AllocationProblem) -> bool {
    problem.pattern.waves.iter().any(|w| w.is_beside())
}

/// Plans a pattern with waves beside the blow. A target for which nobody can do what the pattern asks for beside it is left
/// out: then another pattern is better.
pub(super) fn allocate_beside(
    problem: &AllocationProblem,
    settings: &AllocationSettings,
    model: &dyn WorldModel,
) -> Plan {
    let mut beside = Beside::new(problem, settings, model);
    let chosen: Vec<Result<Vec<PlannedGroup>, LeftOut>> = problem.targets.iter().map(|t| beside.choose(t)).collect();
    let blow = beside.blow();
    let waves = problem.waves(|w| !w.is_beside());
    let mut draft = Draft::new(&blow, settings, model).beside(beside.groups.clone());
    draft.construct();
    draft.improve();
    let mut plan = draft.into_plan();
    plan.count_waves(&waves);
    let struck = plan.groups.clone();
    beside.groups.extend(struck.iter().cloned());
    for (spec, chosen) in problem.targets.iter().zip(chosen) {
        if !plan.meets(spec.site) {
            continue;
        }
        let with_reserve = chosen.and_then(|mut groups| {
            for wave in problem.waves(|w| w.role == WaveRole::Reserve) {
                groups.extend(beside.reserve(spec, wave, &struck)?);
            }
            Ok(groups)
        });
        match with_reserve {
            Err(why) => plan.leave_out(spec.site, spec.value, why),
            Ok(groups) => plan.add_groups(groups, model),
        }
    }
    plan
}

/// What is chosen so far.
struct Beside<'a> {
    problem: &'a AllocationProblem,
    settings: &'a AllocationSettings,
    model: &'a dyn WorldModel,
    /// By village: what is sent already, offense and defense.
    taken: BTreeMap<SiteId, Force>,
    /// By village: when units of the blow could leave it. Nothing else leaves near to that.
    leaves: BTreeMap<SiteId, BTreeSet<GameTime>>,
    groups: Vec<PlannedGroup>,
}

impl<'a> Beside<'a> {
    fn new(problem: &'a AllocationProblem, settings: &'a AllocationSettings, model: &'a dyn WorldModel) -> Self {
        let mut leaves: BTreeMap<SiteId, BTreeSet<GameTime>> = BTreeMap::new();
        for source in &problem.sources {
            let of_site = leaves.entry(source.site.site).or_default();
            for target in &problem.targets {
                let travels =
                    source.available.iter().filter_map(|(c, _)| model.travel(&source.site, target.estimate.at, c));
                let travels: BTreeSet<GameSpan> = travels.collect();
                for wave in problem.pattern.waves.iter().filter(|w| !w.is_beside()) {
                    of_site.extend(travels.iter().map(|t| problem.arrival + wave.offset() - *t));
                }
            }
        }
        Self { problem, settings, model, taken: BTreeMap::new(), leaves, groups: Vec::new() }
    }

    /// What is left to plan: the blow, with what is left for it.
    fn blow(&self) -> AllocationProblem {
        let mut blow = self.problem.clone();
        blow.groups_max = blow.groups_max.saturating_sub(self.groups.len());
        blow.pattern.waves.retain(|w| !w.is_beside());
        for source in &mut blow.sources {
            source.available = self.left(source);
        }
        blow
    }

    /// What a village has not sent yet of what may leave.
    fn left(&self, source: &Source) -> Force {
        self.taken.get(&source.site.site).map_or_else(|| source.available.clone(), |t| source.available.minus(t))
    }

    /// The groups of all waves beside the blow at one target, reserves excepted. Of several waves that distract one is enough: where no
    /// more villages are near, the first ones go.
    fn choose(&mut self, target: &TargetSpec) -> Result<Vec<PlannedGroup>, LeftOut> {
        let first = self.groups.len();
        for wave in self.problem.waves(|w| w.is_beside() && w.role != WaveRole::Reserve) {
            let found = match wave.1.units {
                UnitFilter::Defense => self.anvil(target, wave),
                _ => self.tokens(target, wave),
            };
            let of_role = |g: &PlannedGroup| self.problem.pattern.waves[usize::from(g.wave)].role == wave.1.role;
            let distracted = wave.1.units != UnitFilter::Defense && self.groups[first..].iter().any(of_role);
            if !found && !distracted {
                for group in self.groups.drain(first..) {
                    if let Some(taken) = self.taken.get_mut(&group.site) {
                        *taken = taken.minus(&group.force);
                    }
                }
                return Err(LeftOut::NobodyBeside);
            }
        }
        Ok(self.groups[first..].to_vec())
    }

    /// A group that is there with all its units in time and keeps its distance from all others; none otherwise.
    fn group(
        &self,
        source: &Source,
        to: (SiteId, Tile),
        force: &Force,
        wave: (u8, WaveSpec),
        times: (GameTime, GameTime),
    ) -> Option<PlannedGroup> {
        if self.groups.len() >= self.problem.groups_max {
            return None;
        }
        let site = source.site.site;
        let chosen = self.groups.iter().filter(|g| g.site == site).map(|g| g.launch);
        let leaves = chosen.chain(self.leaves.get(&site).into_iter().flatten().copied());
        source.assign_wave(self.model, to, force, wave, times, leaves)
    }

    fn send(&mut self, group: PlannedGroup) {
        self.taken.entry(group.site).or_default().add_all(&group.force);
        self.groups.push(group);
    }

    /// Defensive troops from the nearest villages that have any, until they are worth the wave's share of what stands at the
    /// target. False if they come to less than the least part of it.
    #[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
    fn anvil(&mut self, target: &TargetSpec, wave: (u8, WaveSpec)) -> bool {
        let to = target.estimate.at;
        let wanted = wave.1.share * self.model.cost(&target.estimate.troops) as f64;
        let (arrival, not_before) = (self.problem.arrival + wave.1.offset(), self.problem.not_before);
        let travel = |s: &Source| self.model.travel_of(&s.site, to, &s.available);
        let mut near: Vec<(GameSpan, &Source)> =
            self.problem.guards.iter().filter_map(|s| Some((travel(s)?, s))).collect();
        near.sort_by_key(|(travel, s)| (*travel, s.site.site));
        let (mut worth, mut sent) = (0.0, 0);
        for (_, source) in near {
            if worth >= wanted || sent >= self.settings.beside_max {
                break;
            }
            let left = self.left(source);
            let Some((there, _)) = in_time(self.model, source, &left, to, arrival, not_before) else { continue };
            let force = self.slowest_first(source, to, &there, wanted - worth);
            if self.model.cost(&force) as f64 >= self.settings.group_min * wanted
                && let Some(group) = self.group(source, (target.site, to), &force, wave, (arrival, not_before))
            {
                worth += self.model.cost(&group.force) as f64;
                sent += 1;
                self.send(group);
            }
        }
        worth >= self.settings.beside_min * wanted && sent > 0
    }

    /// Units worth so many goods, the slowest classes first.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no more than there are")]
    #[expect(clippy::cast_precision_loss, reason = "the cost of one unit")]
    fn slowest_first(&self, source: &Source, to: Tile, there: &Force, goods: f64) -> Force {
        let mut classes: Vec<(GameSpan, UnitClass, u32)> =
            there.iter().filter_map(|(c, n)| Some((self.model.travel(&source.site, to, c)?, c, n))).collect();
        classes.sort_by_key(|(travel, class, _)| (Reverse(*travel), *class));
        let (mut force, mut missing) = (Force::new(), goods);
        for (_, class, n) in classes {
            let one = self.model.cost(&Force::of(class, 1)).max(1) as f64;
            let taken = ((missing / one).ceil().max(0.0) as u32).min(n);
            force.add(class, taken);
            missing -= one * f64::from(taken);
        }
        force
    }

    /// Tokens, or parts of a village's offense, to the sites of a wave: each from the village that has sent none there and the fewest so
    /// far, of them the one with the largest offense, then the nearest: what comes from a strong village is believed. False if nobody sends any.
    fn tokens(&mut self, target: &TargetSpec, wave: (u8, WaveSpec)) -> bool {
        let (arrival, not_before) = (self.problem.arrival + wave.1.offset(), self.problem.not_before);
        let mut any = false;
        for to in self.sites(target, wave.1) {
            let sent = |s: &Source| self.groups.iter().filter(|g| g.site == s.site.site).count();
            let sent_here = |s: &Source| self.groups.iter().any(|g| g.site == s.site.site && g.target == to.0);
            let mut near: Vec<((bool, usize), Reverse<i64>, GameSpan, &Source)> = self
                .problem
                .sources
                .iter()
                .filter_map(|s| {
                    let travel = self.model.travel_of(&s.site, to.1, &s.available)?;
                    Some(((sent_here(s), sent(s)), Reverse(self.model.cost(&s.available)), travel, s))
                })
                .filter(|((_, n), ..)| u32::try_from(*n).is_ok_and(|n| n < self.settings.tokens_max))
                .collect();
            near.sort_by_key(|(n, worth, travel, s)| (*n, *worth, *travel, s.site.site));
            let found = near.into_iter().find_map(|(.., source)| {
                let force = self.part(source, to.1, wave.1)?;
                self.group(source, to, &force, wave, (arrival, not_before))
            });
            if let Some(group) = found {
                any = true;
                self.send(group);
            }
        }
        any
    }

    /// Where a wave goes: one entry for each of its groups.
    fn sites(&self, target: &TargetSpec, wave: WaveSpec) -> Vec<(SiteId, Tile)> {
        let n = usize::from(wave.per_target);
        match wave.at {
            WaveSite::Target | WaveSite::Origins => vec![(target.site, target.estimate.at); n],
            kind @ (WaveSite::Decoys | WaveSite::Neighbours) => {
                let mine = |e: &&Elsewhere| e.of == target.site && e.kind == kind;
                self.problem.elsewhere.iter().filter(mine).take(n).map(|e| (e.site, e.at)).collect()
            }
        }
    }

    /// What one village sends of a wave to a place.
    fn part(&self, source: &Source, to: Tile, wave: WaveSpec) -> Option<Force> {
        let left = self.left(source);
        if wave.units == UnitFilter::Token {
            return token(source, &left, to, self.settings.token_attack, self.model);
        }
        let raiders = wave.units == UnitFilter::Raiders;
        let some: Force = left.iter().filter(|(class, _)| !raiders || !self.model.is_siege(*class)).collect();
        let some = if wave.share >= 1.0 { some } else { some.share(wave.share) };
        (!some.is_empty()).then_some(some)
    }

    /// Offense that is left over, from the nearest villages, to the wave's share of the blow's attack points. It arrives
    /// together, and the first of it leaves the offset after the blow, when it is known what came of that.
    fn reserve(
        &mut self,
        target: &TargetSpec,
        wave: (u8, WaveSpec),
        struck: &[PlannedGroup],
    ) -> Result<Vec<PlannedGroup>, LeftOut> {
        let to = target.estimate.at;
        let blow = struck.iter().filter(|g| g.target == target.site);
        let wanted: f64 = wave.1.share * blow.map(|g| self.model.attack(&g.force)).sum::<f64>();
        let from = self.problem.arrival + wave.1.offset();
        let mut near: Vec<(GameSpan, &Source, Force)> = Vec::new();
        for source in &self.problem.sources {
            let mut left = self.left(source);
            struck.iter().filter(|g| g.site == source.site.site).for_each(|g| left = left.minus(&g.force));
            let travel = self.model.travel_of(&source.site, to, &left);
            near.extend(
                travel.filter(|_| self.model.attack(&left) >= self.model.scale().attack_min).map(|t| (t, source, left)),
            );
        }
        near.sort_by_key(|(travel, s, _)| (*travel, s.site.site));
        near.truncate(usize::try_from(self.settings.beside_max).unwrap_or(usize::MAX));
        // The farthest that is needed sets the instant; those that sleep then are replaced by farther ones.
        for k in 0..near.len() {
            let arrival = from + near[k].0;
            let mut groups: Vec<PlannedGroup> = Vec::new();
            let mut force = 0.0;
            for (_, source, left) in &near[..=k] {
                let missing = wanted - force;
                let attack = self.model.attack(left);
                let part = if attack > missing { left.share(missing / attack) } else { left.clone() };
                let group = self.group(source, (target.site, to), &part, wave, (arrival, from));
                let room = self.groups.len() + groups.len() < self.problem.groups_max;
                if let Some(group) = group.filter(|_| missing > 0.0 && room) {
                    force += self.model.attack(&group.force);
                    groups.push(group);
                }
            }
            let last = k + 1 == near.len();
            if force >= 0.95 * wanted || (last && force >= self.settings.beside_min * wanted && !groups.is_empty()) {
                groups.iter().for_each(|g| self.send(g.clone()));
                return Ok(groups);
            }
        }
        Err(LeftOut::NobodyBeside)
    }
}

/// One siege engine, or one of the slowest offense where there is none, with units that are no slower, those of which there
/// are most first, up to so many attack points. None where there is no offense.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no more than there are")]
fn token(source: &Source, left: &Force, to: Tile, attack: f64, model: &dyn WorldModel) -> Option<Force> {
    let travel = |class| model.travel(&source.site, to, class);
    let slowest = |siege: bool| {
        let classes = left.iter().map(|(class, _)| class).filter(move |class| !siege || model.is_siege(*class));
        classes.filter_map(|class| Some((travel(class)?, class))).max()
    };
    let (pace, lead) = slowest(true).or_else(|| slowest(false))?;
    let mut force = Force::of(lead, 1);
    let mut missing = attack - model.attack(&force);
    let mut others: Vec<(UnitClass, u32)> =
        left.iter().filter(|(c, _)| !model.is_siege(*c) && travel(*c).is_some_and(|t| t <= pace)).collect();
    others.sort_by_key(|(class, n)| (Reverse(*n), *class));
    for (class, n) in others {
        let one = model.attack(&Force::of(class, 1));
        if one > 0.0 && missing >= one {
            let taken = ((missing / one) as u32).min(n - u32::from(class == lead));
            force.add(class, taken);
            missing -= one * f64::from(taken);
        }
    }
    Some(force)
}
