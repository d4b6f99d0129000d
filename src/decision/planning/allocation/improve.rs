//! The search: a constructive start, then local moves that are kept when they help.

use super::problem::{
    AllocationProblem, AllocationSettings, LeftOut, PARTS, Plan, PlannedGroup, Source, TargetPlan, by_home, part_of,
};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{AttackGroup, Forecast, Manner, WorldModel};
use crate::base::id::{PlayerId, UnitClass};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::Force;
use crate::decision::planning::UnitFilter;
use crate::decision::planning::rules::facts;
use crate::decision::planning::timing::{in_time, too_close};
use std::collections::{BTreeMap, BTreeSet};

/// One member gives at most this over the wished number of participants of what is needed, until all were asked.
const SHARE_CAP: f64 = 1.6;
/// A group brings at least this share of what the world's scale calls worth a march.
const DUST: f64 = 0.5;
/// Members that the search leaves in an operation, where the start found as many.
const MEMBERS_KEPT: usize = 4;

/// One wave's share of a village's force that can be at one target in time.
#[derive(Clone, Debug)]
struct Leg {
    wave: usize,
    force: Force,
    travel: GameSpan,
}

/// What one village can send to one target.
#[derive(Clone, Debug)]
struct Offer {
    legs: Vec<Leg>,
    /// Attack points of everything.
    attack: f64,
    /// Travel of the slowest leg, in hours.
    hours: f64,
}

/// A plan in the making: how many eighths of each village's offer go to each target.
pub(super) struct Draft<'a> {
    problem: &'a AllocationProblem,
    settings: &'a AllocationSettings,
    model: &'a dyn WorldModel,
    /// By target, then source.
    offers: Vec<Vec<Option<Offer>>>,
    /// By target, then source: eighths that are sent.
    parts: Vec<Vec<u8>>,
    iterations: u32,
    /// Groups that are planned already, from which every send keeps its distance.
    beside: Vec<PlannedGroup>,
}

/// How good a plan is: value met, then goods lost, then travel.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Worth {
    value: f64,
    lost: f64,
    travel: f64,
}

impl Worth {
    fn beats(self, other: Self) -> bool {
        const CLOSE: f64 = 1e-9;
        if (self.value - other.value).abs() > CLOSE {
            return self.value > other.value;
        }
        if (self.lost - other.lost).abs() > CLOSE * self.lost.max(1.0) {
            return self.lost < other.lost;
        }
        self.travel < other.travel - CLOSE
    }
}

/// What a draft expects at one target.
#[derive(Clone, Copy, Debug)]
struct Outlook {
    forecast: Forecast,
    loss: f64,
    win: f64,
    sent: f64,
    met: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        problem: &'a AllocationProblem,
        settings: &'a AllocationSettings,
        model: &'a dyn WorldModel,
    ) -> Self {
        let offers = problem
            .targets
            .iter()
            .map(|t| (0..problem.sources.len()).map(|s| offer(problem, model, s, t.estimate.at)).collect())
            .collect();
        let parts = vec![vec![0; problem.sources.len()]; problem.targets.len()];
        Self { problem, settings, model, offers, parts, iterations: 0, beside: Vec::new() }
    }

    /// Plans beside these groups.
    pub(super) fn beside(self, beside: Vec<PlannedGroup>) -> Self {
        Self { beside, ..self }
    }

    /// The groups of one target with these parts.
    fn groups(&self, target: usize, parts: &[u8]) -> Vec<AttackGroup> {
        let mut groups = Vec::new();
        for (s, part) in parts.iter().enumerate().filter(|(_, p)| **p > 0) {
            let Some(offer) = &self.offers[target][s] else { continue };
            let mut force = Force::new();
            for leg in &offer.legs {
                force.add_all(&part_of(&leg.force, *part));
            }
            if !force.is_empty() {
                groups.push(self.problem.sources[s].group(force));
            }
        }
        groups
    }

    /// How far the logarithm of a forecast's ratio may be off, by how certain the intel is.
    fn sigma_of_intel(&self, target: usize) -> f64 {
        let estimate = &self.problem.targets[target].estimate;
        facts::uncertainty(estimate.confidence, self.problem.arrival - estimate.seen_at, &self.settings.facts)
    }

    fn outlook(&self, target: usize, parts: &[u8]) -> Outlook {
        self.outlook_of(target, &self.groups(target, parts))
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
    fn outlook_of(&self, target: usize, groups: &[AttackGroup]) -> Outlook {
        let spec = &self.problem.targets[target];
        if groups.is_empty() {
            return Outlook { forecast: Forecast::default(), loss: 0.0, win: 0.0, sent: 0.0, met: false };
        }
        let forecast = self.model.forecast(groups, &spec.estimate, Manner::Siege);
        let sigma = self.sigma_of_intel(target);
        // The exponent that explains the model's own forecast, so that a game's combat shapes the uncertainty too.
        let exponent = if forecast.ratio > 1.05 && forecast.own_loss > 0.0 && forecast.own_loss < 1.0 {
            (-libm::log(forecast.own_loss) / libm::log(forecast.ratio)).clamp(0.2, 6.0)
        } else {
            self.settings.facts.loss_exponent
        };
        // What was learned of the enemy: the forecast is of what is seen of it.
        let sigma = (sigma * sigma + spec.lesson.sigma * spec.lesson.sigma).sqrt();
        let ratio = forecast.ratio / spec.lesson.factor();
        let loss = facts::expected_loss(ratio, sigma, exponent).max(forecast.own_loss.min(1.0) * 0.5);
        let sent: f64 = groups.iter().map(|g| self.model.cost(&g.force) as f64).sum();
        let met = forecast.ratio >= spec.min_ratio * 0.999 && forecast.own_loss <= spec.loss_max;
        Outlook { forecast, loss, win: facts::win_chance(ratio, sigma), sent, met }
    }

    /// Eighths of a source that no target has. None for a target whose send would come too close to one that this
    /// village already makes to another target.
    fn spare(&self, target: usize, source: usize) -> u8 {
        let taken = |t: usize| t != target && self.parts[t][source] > 0;
        if (0..self.parts.len()).any(|t| taken(t) && self.clash(t, target, source)) {
            return 0;
        }
        PARTS - self.parts.iter().map(|p| p[source]).sum::<u8>()
    }

    /// Whether a village's sends to two targets would be closer than the spacing.
    fn clash(&self, one: usize, other: usize, source: usize) -> bool {
        let (Some(one), Some(other)) = (&self.offers[one][source], &self.offers[other][source]) else { return false };
        let launch = |leg: &Leg| self.problem.arrival + self.problem.pattern.waves[leg.wave].offset() - leg.travel;
        one.legs.iter().any(|a| other.legs.iter().any(|b| too_close(self.model, launch(a), launch(b))))
    }

    /// Targets by value density, each from its nearest sources: first evenly from many, then all that is there, then
    /// trimmed to what the goal needs.
    pub(super) fn construct(&mut self) {
        let mut order: Vec<usize> = (0..self.problem.targets.len()).collect();
        let density = |t: usize| {
            let spec = &self.problem.targets[t];
            spec.value / (1.0 + f64::from(u32::try_from(spec.estimate.troops.total()).unwrap_or(u32::MAX)))
        };
        order.sort_by(|a, b| density(*b).total_cmp(&density(*a)).then(a.cmp(b)));
        for target in &order {
            self.fill(*target);
        }
        self.match_single(&order);
    }

    /// Never less than all on the single best target: where the order by density comes to less, that target is first.
    fn match_single(&mut self, order: &[usize]) {
        let value = |t: &usize| self.problem.targets[*t].value;
        let best = order.iter().copied().filter(|t| self.outlook(*t, &self.whole(*t)).met && self.fits(*t));
        let Some(best) = best.reduce(|a, b| if value(&b) > value(&a) { b } else { a }) else { return };
        if self.value_met() >= value(&best) {
            return;
        }
        self.clear();
        self.fill(best);
        for target in order.iter().filter(|t| **t != best) {
            self.fill(*target);
        }
        if self.value_met() < self.problem.targets[best].value {
            self.clear();
            self.parts[best] = self.whole(best);
        }
    }

    /// All that can be at a target in time.
    fn whole(&self, target: usize) -> Vec<u8> {
        self.offers[target].iter().map(|o| if o.is_some() { PARTS } else { 0 }).collect()
    }

    /// Whether all that can be at a target are no more groups than allowed.
    fn fits(&self, target: usize) -> bool {
        let groups = self.offers[target].iter().flatten().count();
        groups * self.problem.pattern.waves.len() <= self.problem.groups_max
    }

    fn value_met(&self) -> f64 {
        let met = |t: &usize| self.outlook(*t, &self.parts[*t]).met;
        (0..self.parts.len()).filter(met).map(|t| self.problem.targets[t].value).sum()
    }

    fn clear(&mut self) {
        for parts in &mut self.parts {
            parts.fill(0);
        }
    }

    fn fill(&mut self, target: usize) {
        let mut near: Vec<usize> = (0..self.problem.sources.len())
            .filter(|s| self.offers[target][*s].is_some() && self.spare(target, *s) > 0)
            .collect();
        let hours = |s: usize| self.offers[target][s].as_ref().map_or(f64::INFINITY, |o| o.hours);
        near.sort_by(|a, b| hours(*a).total_cmp(&hours(*b)).then(a.cmp(b)));
        let before = self.parts[target].clone();
        let everything: Vec<u8> = (0..self.problem.sources.len())
            .map(|s| if self.offers[target][s].is_some() { self.spare(target, s) } else { 0 })
            .collect();
        let most = self.outlook(target, &everything);
        if !most.met && !self.joint_matters() {
            return;
        }
        let min_ratio = self.problem.targets[target].min_ratio;
        if most.forecast.ratio < min_ratio {
            return;
        }
        let all: f64 = self.groups(target, &everything).iter().map(|g| self.model.attack(&g.force)).sum();
        let needed = all * min_ratio / most.forecast.ratio;
        let cap = needed * SHARE_CAP / f64::from(self.settings.participants.max(1));
        for limit in [cap, needed] {
            let mut given: BTreeMap<PlayerId, f64> = BTreeMap::new();
            for s in &near {
                if self.outlook(target, &self.parts[target]).met || self.full() {
                    break;
                }
                let Some(offer) = &self.offers[target][*s] else { continue };
                let given = given.entry(self.problem.sources[*s].site.owner).or_default();
                let wanted = limit - *given;
                if wanted < needed * self.settings.group_min {
                    continue;
                }
                let part = parts_for(wanted, offer.attack).min(self.spare(target, *s) + self.parts[target][*s]);
                let attack = offer.attack * f64::from(part) / f64::from(PARTS);
                if attack >= needed * self.settings.group_min {
                    self.parts[target][*s] = self.parts[target][*s].max(part);
                    *given += attack;
                }
            }
        }
        if self.outlook(target, &self.parts[target]).met {
            self.overwhelm(target, &near);
        } else {
            self.parts[target] = before;
        }
    }

    /// Losses fall faster than force grows (`q^-1.5` against `q`): what is near joins in as long as that saves goods,
    /// up to the greatest ratio.
    fn overwhelm(&mut self, target: usize, near: &[usize]) {
        let lost = |o: Outlook| o.loss * o.sent;
        let mut now = self.outlook(target, &self.parts[target]);
        for s in near {
            let ratio_max = self.settings.ratio_max * self.problem.targets[target].lesson.factor().max(1.0);
            if now.forecast.ratio >= ratio_max || self.full() {
                break;
            }
            let before = self.parts[target][*s];
            self.grow(target, *s, PARTS);
            if self.parts[target][*s] == before {
                continue;
            }
            let next = self.outlook(target, &self.parts[target]);
            let saves = lost(now) - lost(next);
            if next.met && saves > self.settings.saving_min * (next.sent - now.sent) {
                now = next;
            } else {
                self.parts[target][*s] = before;
            }
        }
    }

    /// Whether groups that fight alone are the reason why everything at once does not meet a goal.
    fn joint_matters(&self) -> bool {
        !self.model.capabilities().joint_assault
    }

    /// Whether there is no room for the groups of one more village.
    fn full(&self) -> bool {
        let groups: usize = self.parts.iter().map(|p| p.iter().filter(|n| **n > 0).count()).sum();
        (groups + 1) * self.problem.pattern.waves.len() > self.problem.groups_max
    }

    fn worth(&self, outlooks: &[Outlook]) -> Worth {
        let (mut value, mut lost, mut travel) = (0.0, 0.0, 0.0);
        for (t, outlook) in outlooks.iter().enumerate() {
            if outlook.met {
                value += self.problem.targets[t].value;
            }
            lost += outlook.loss * outlook.sent;
            for (s, part) in self.parts[t].iter().enumerate().filter(|(_, p)| **p > 0) {
                travel += self.offers[t][s].as_ref().map_or(0.0, |o| o.hours) * f64::from(*part);
            }
        }
        Worth { value, lost, travel }
    }

    /// Local moves: more, less or none of one village, or a swap between two; what helps is kept.
    pub(super) fn improve(&mut self) {
        let (targets, sources) = (self.problem.targets.len(), self.problem.sources.len());
        if targets == 0 || sources == 0 {
            return;
        }
        let mut stream = Stream::new(self.problem.seed, sources as u64, Purpose::ALLOCATION, targets as u64);
        let mut outlooks: Vec<Outlook> = (0..targets).map(|t| self.outlook(t, &self.parts[t])).collect();
        let mut worth = self.worth(&outlooks);
        let pick = |stream: &mut Stream, n: usize| usize::try_from(stream.below(n as u64)).unwrap_or(0);
        for _ in 0..self.settings.iterations {
            self.iterations += 1;
            let t = pick(&mut stream, targets);
            let (a, b) = (pick(&mut stream, sources), pick(&mut stream, sources));
            let other = pick(&mut stream, targets);
            let touched = if other == t { vec![t] } else { vec![t, other] };
            let before: Vec<Vec<u8>> = touched.iter().map(|x| self.parts[*x].clone()).collect();
            match stream.below(4) {
                0 => self.shift(t, a, 1),
                1 => self.shift(t, a, -1),
                2 => {
                    let moved = self.parts[t][a];
                    self.parts[t][a] = 0;
                    self.grow(t, b, moved);
                }
                _ => {
                    let moved = self.parts[t][a];
                    self.parts[t][a] = 0;
                    self.grow(other, a, moved);
                }
            }
            let new: Vec<Outlook> = touched.iter().map(|x| self.outlook(*x, &self.parts[*x])).collect();
            let old: Vec<Outlook> = touched.iter().map(|x| outlooks[*x]).collect();
            for (x, outlook) in touched.iter().zip(&new) {
                outlooks[*x] = *outlook;
            }
            let next = self.worth(&outlooks);
            if next.beats(worth) && self.keeps_members(&touched) {
                worth = next;
            } else {
                for ((x, parts), outlook) in touched.iter().zip(before).zip(old) {
                    self.parts[*x] = parts;
                    outlooks[*x] = outlook;
                }
            }
        }
    }

    /// A move never empties an operation of its members: as many as planned take part, where there are as many.
    fn keeps_members(&self, touched: &[usize]) -> bool {
        touched.iter().all(|t| {
            let owner = |s: usize| self.problem.sources[s].site.owner;
            let part = |s: &usize| self.parts[*t][*s] > 0;
            let members: BTreeSet<PlayerId> = (0..self.parts[*t].len()).filter(part).map(owner).collect();
            let could: BTreeSet<PlayerId> =
                (0..self.parts[*t].len()).filter(|s| self.offers[*t][*s].is_some()).map(owner).collect();
            members.is_empty() || members.len() >= MEMBERS_KEPT.min(could.len())
        }) && !self.over_limit()
    }

    fn over_limit(&self) -> bool {
        let groups: usize = self.parts.iter().map(|p| p.iter().filter(|n| **n > 0).count()).sum();
        groups * self.problem.pattern.waves.len() > self.problem.groups_max
    }

    fn shift(&mut self, target: usize, source: usize, by: i8) {
        if by > 0 {
            self.grow(target, source, 1);
        } else {
            self.parts[target][source] = self.parts[target][source].saturating_sub(1);
            self.drop_dust(target, source);
        }
    }

    fn grow(&mut self, target: usize, source: usize, by: u8) {
        if self.offers[target][source].is_some() {
            self.parts[target][source] += by.min(self.spare(target, source));
            self.drop_dust(target, source);
        }
    }

    /// A handful of units is not worth a march of its own.
    fn drop_dust(&mut self, target: usize, source: usize) {
        let attack = self.offers[target][source].as_ref().map_or(0.0, |o| o.attack);
        let part = &mut self.parts[target][source];
        if attack * f64::from(*part) / f64::from(PARTS) < DUST * self.model.scale().attack_min {
            *part = 0;
        }
    }

    /// The plan: targets whose goal is not met are left out, and every order is written down.
    pub(super) fn into_plan(mut self) -> Plan {
        let mut plan = Plan { iterations: self.iterations, ..Plan::default() };
        for t in 0..self.problem.targets.len() {
            let spec = &self.problem.targets[t];
            let alone = self.whole(t);
            let most = self.outlook(t, &alone);
            let written = self.write_groups(t, &plan.groups);
            // Judged by what is written: a send that rounding brought too close to another one is not.
            let mut outlook = self.outlook_of(t, &self.as_attack(&written));
            // More is not always a better ratio: it changes the morale and the arms that the defense meets.
            if outlook.met || most.forecast.ratio >= spec.min_ratio {
                plan.bound += spec.value;
            }
            if outlook.met {
                plan.value += spec.value;
                plan.sent_goods += outlook.sent;
                plan.expected_loss_goods += outlook.loss * outlook.sent;
                plan.groups.extend(written);
            } else {
                let why = if alone.iter().all(|p| *p == 0) {
                    LeftOut::NoForceInTime
                } else if most.forecast.ratio < spec.min_ratio {
                    LeftOut::TooStrong
                } else if self.full() {
                    LeftOut::Limit
                } else {
                    LeftOut::TooCostly
                };
                plan.left_out.push((spec.site, why));
                self.parts[t].fill(0);
                outlook = Outlook { sent: 0.0, ..outlook };
            }
            plan.targets.push(TargetPlan {
                site: spec.site,
                believed: spec.seen.clone(),
                reckoned: spec.estimate.troops.clone(),
                seen_at: spec.estimate.seen_at,
                forecast: outlook.forecast,
                ratio: outlook.forecast.ratio / spec.lesson.factor(),
                expected_loss: outlook.loss,
                sigma: self.sigma_of_intel(t),
                win: outlook.win * self.problem.hit_rate,
                forecast_win: outlook.win,
                met: outlook.met,
            });
        }
        plan.groups.sort_by_key(|g| (g.target, g.wave, g.site));
        plan
    }

    /// The orders of one target, beside those that are already written.
    fn write_groups(&self, target: usize, others: &[PlannedGroup]) -> Vec<PlannedGroup> {
        let mut groups: Vec<PlannedGroup> = Vec::new();
        let spec = &self.problem.targets[target];
        for (s, part) in self.parts[target].iter().enumerate().filter(|(_, p)| **p > 0) {
            let source = &self.problem.sources[s];
            let Some(offer) = &self.offers[target][s] else { continue };
            for leg in &offer.legs {
                let force = part_of(&leg.force, *part);
                // Rounding can take the slowest class away: what is left is timed anew.
                let Some(travel) = self.model.travel_of(&source.site, spec.estimate.at, &force) else { continue };
                let wave = self.problem.pattern.waves[leg.wave];
                let arrival = self.problem.arrival + wave.offset();
                let launch = arrival - travel;
                let close = |g: &PlannedGroup| g.site == source.site.site && too_close(self.model, g.launch, launch);
                let clashes = others.iter().chain(&self.beside).chain(&groups).any(close);
                if clashes || !source.rhythm.is_awake(launch) || launch < self.problem.not_before {
                    continue;
                }
                let n = u8::try_from(leg.wave).unwrap_or(u8::MAX);
                let assignment = wave.assignment(n, spec.site, arrival, self.model);
                groups.push(source.assign(assignment, force, travel, arrival));
            }
        }
        groups
    }

    /// Written orders as the groups of a forecast: one for each village.
    fn as_attack(&self, written: &[PlannedGroup]) -> Vec<AttackGroup> {
        let of_source = |source: &'a Source| {
            let groups = written.iter().filter(|g| g.site == source.site.site);
            groups.map(|g| source.group(g.force.clone()))
        };
        by_home(self.problem.sources.iter().flat_map(of_source))
    }
}

/// Eighths of an offer that bring this many attack points, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 8")]
fn parts_for(attack: f64, offer: f64) -> u8 {
    ((attack / offer.max(1.0) * f64::from(PARTS)).ceil().clamp(1.0, f64::from(PARTS))) as u8
}

/// What a village can have at a target in time, wave by wave.
fn offer(
    problem: &AllocationProblem,
    model: &dyn WorldModel,
    source: usize,
    to: crate::base::geometry::Tile,
) -> Option<Offer> {
    let source = &problem.sources[source];
    let travels = |counts: &dyn Fn(UnitClass) -> bool| {
        source.available.iter().filter(|(c, _)| counts(*c)).filter_map(|(c, _)| model.travel(&source.site, to, c)).max()
    };
    let (slowest, engines) = (travels(&|_| true), travels(&|c| model.is_siege(c)));
    let mut legs: Vec<Leg> = Vec::new();
    // Nobody marches in two waves.
    let mut left = source.available.clone();
    for (i, wave) in problem.pattern.waves.iter().enumerate() {
        let force: Force = left
            .iter()
            .filter(|(c, _)| {
                let travel = model.travel(&source.site, to, *c);
                let is_engine = model.is_siege(*c) && travel == engines;
                match wave.units {
                    UnitFilter::All => true,
                    UnitFilter::WithoutSlowest => travel != slowest,
                    UnitFilter::OnlySlowest => travel == slowest,
                    UnitFilter::WithoutEngines => !is_engine,
                    UnitFilter::Engines => is_engine,
                    UnitFilter::Raiders => !model.is_siege(*c),
                    // Chosen before or after, and not among what is available here.
                    UnitFilter::Chief | UnitFilter::Defense | UnitFilter::Token => false,
                }
            })
            .collect();
        // A share is one of all that the village has of these units, whatever other waves took of them.
        let force = if wave.share >= 1.0 { force } else { source.available.share(wave.share).min(&force) };
        let arrival: GameTime = problem.arrival + wave.offset();
        let Some((force, travel)) = in_time(model, source, &force, to, arrival, problem.not_before) else { continue };
        let launch = arrival - travel;
        if model.attack(&force) < DUST * model.scale().attack_min {
            continue;
        }
        // Two sends of one village closer than the spacing exclude each other: the later wave is left out.
        let clashes = legs.iter().any(|leg| {
            let other = problem.arrival + problem.pattern.waves[leg.wave].offset() - leg.travel;
            too_close(model, launch, other)
        });
        if !clashes {
            left = left.minus(&force);
            legs.push(Leg { wave: i, force, travel });
        }
    }
    let attack = legs.iter().map(|l| model.attack(&l.force)).sum();
    let hours = legs.iter().map(|l| l.travel.as_hours()).fold(0.0, f64::max);
    (!legs.is_empty()).then_some(Offer { legs, attack, hours })
}
