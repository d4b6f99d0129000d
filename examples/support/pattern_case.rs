//! Each attack pattern against `simultaneous`, in the situation that it is for.
//!
//! Both arms of a case have in common: the world, the forces, the target, what is believed of it, the planner, what the
//! enemy has near, when its help would arrive, and how it answers. It answers by one rule: every site to which a march
//! of ours is under way looks alike; each of its villages within five hours sends half of its defensive troops, evenly to
//! those sites, but none while a march comes to itself; help is there within 90 minutes before the blow, drawn for each
//! village. What turns back was seen all the same. Tokens that arrive are lost.

use super::paired::{self, Paired, goods};
use super::{Case, GOAL, NOW, Tally};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::WorldModel;
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::SiteId;
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Levels};
use bevy_alliance::decision::planning::allocation::{
    AllocationProblem, Elsewhere, Errand, Plan, PlannedGroup, TargetSpec, allocate,
};
use bevy_alliance::decision::planning::rules::circumstance::{Circumstance, CircumstanceInputs};
use bevy_alliance::decision::planning::{Library, Pattern, PatternGoal, PlanningSettings, WaveSite};
use bevy_alliance::world::battle::rules::{Assault, Attackers, Battle, Defenders, blockade, fight};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Share of its defensive troops that a village sends to help.
const HELP: f64 = 0.5;
/// Help arrives within this before the blow.
const WITHIN: i64 = 90 * 60_000;
/// How far the logarithm of what stands there is off, where intel is uncertain.
const SIGMA: f64 = 0.5;
/// An army comes home within this of the instant that the plain plan has, and stays for up to as long.
const HOURS_OUT: i64 = 12 * 3_600_000;

/// A village of the enemy.
pub(crate) struct Foe {
    pub(crate) site: SiteId,
    pub(crate) at: Tile,
    /// Its defensive troops.
    pub(crate) defense: Force,
    pub(crate) upgrades: Levels,
    /// Inhabitants of its owner's villages together.
    pub(crate) population: u64,
    /// What all its troops cost.
    pub(crate) goods: f64,
}

/// One line of the table.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) ruleset: String,
    pub(crate) pattern: String,
    pub(crate) measure: &'static str,
    #[serde(flatten)]
    pub(crate) of: Paired,
}

/// Sums of both arms over the targets of one world, by pattern.
pub(crate) type Arms = BTreeMap<String, (Tally, Tally)>;

/// Adds what each pattern comes to in this world against `simultaneous`, in its situation.
pub(crate) fn compare_patterns(case: &Case, arms: &mut Arms) {
    let library = Library::default();
    let settings = PlanningSettings::default();
    let fitting = library.fitting(case.model.capabilities());
    let others: Vec<&Pattern> =
        fitting.filter(|p| p.goal == PatternGoal::Break && p.name != case.pattern.name).collect();
    for spec in &case.targets {
        let trial = Trial::new(case, spec, &settings);
        let Some(plain) = trial.plan(&case.pattern, NOW + super::ARRIVAL_IN) else { continue };
        let inputs = trial.inputs(&plain);
        for pattern in others.iter().filter(|p| p.suits(&inputs, &settings.circumstances)) {
            let mut dice = Stream::new(case.seed, u64::from(spec.site.0), Purpose::EXAMPLE, 1);
            let fate = Fate::draw(&mut dice, pattern, trial.helpers.len());
            let at = if pattern.follows_home() { fate.home.0 } else { NOW + super::ARRIVAL_IN };
            let Some(plan) = trial.plan(pattern, at) else { continue };
            let (one, other) = arms.entry(pattern.name.clone()).or_default();
            one.add(trial.come_out(&plan, &fate));
            other.add(trial.come_out(&plain, &fate));
        }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.killed += other.killed;
        self.lost += other.lost;
        self.met += other.met;
        self.members += other.members;
    }
}

/// The lines of one ruleset: net goods and goals met of each pattern.
pub(crate) fn rows(ruleset: &str, worlds: &[Arms]) -> Vec<Row> {
    let names: BTreeSet<&String> = worlds.iter().flat_map(BTreeMap::keys).collect();
    let measures: [(&'static str, fn(&Tally) -> f64); 2] =
        [("net goods", |t| t.killed - t.lost), ("goals met", |t| t.met)];
    let mut rows = Vec::new();
    for (i, name) in (0_u64..).zip(names) {
        for (m, (measure, value)) in (0_u64..).zip(measures) {
            let of_name = worlds.iter().filter_map(|w| w.get(name));
            let values: Vec<(f64, f64)> = of_name.map(|(a, b)| (value(a), value(b))).collect();
            let of = paired::compare(2 * i + m, true, &values);
            rows.extend(of.map(|of| Row { ruleset: ruleset.to_owned(), pattern: name.clone(), measure, of }));
        }
    }
    rows
}

/// What chance decides, the same in both arms.
struct Fate {
    /// By helper: how long before the blow its help is there.
    early: Vec<GameSpan>,
    /// What stands there, as a multiple of what is believed.
    truth: f64,
    /// Whether the offense of the target is out, and from when to when it is at home.
    out: bool,
    home: (GameTime, GameTime),
}

impl Fate {
    fn draw(dice: &mut Stream, pattern: &Pattern, helpers: usize) -> Self {
        let uncertain = pattern.situation.contains(&Circumstance::UncertainIntel);
        let truth = if uncertain { libm::exp(dice.normal(0.0, SIGMA)) } else { 1.0 };
        let home = NOW + super::ARRIVAL_IN + GameSpan(dice.between(-HOURS_OUT, HOURS_OUT));
        let leaves = home + GameSpan(dice.between(0, HOURS_OUT));
        let early = (0..helpers).map(|_| GameSpan(dice.between(0, WITHIN))).collect();
        Self { early, truth, out: pattern.follows_home(), home: (home, leaves) }
    }
}

/// One target with what lies around it.
struct Trial<'a> {
    case: &'a Case,
    spec: &'a TargetSpec,
    helpers: Vec<&'a Foe>,
    elsewhere: Vec<Elsewhere>,
}

/// A side of several armies, as a battle takes them.
type Army = (Force, Levels);

impl<'a> Trial<'a> {
    fn new(case: &'a Case, spec: &'a TargetSpec, settings: &PlanningSettings) -> Self {
        let pace = case.model.scale().fields_per_hour;
        let distance = |f: &Foe| case.torus.distance(f.at, spec.estimate.at);
        let mut helpers: Vec<&Foe> =
            case.foes.iter().filter(|f| f.site != spec.site && distance(f) <= settings.help.hours * pace).collect();
        helpers.sort_by(|a, b| distance(a).total_cmp(&distance(b)).then(a.site.cmp(&b.site)));
        let entry = |f: &Foe, kind| Elsewhere { site: f.site, at: f.at, of: spec.site, kind };
        let mut decoys: Vec<&Foe> = helpers.clone();
        decoys.retain(|f| distance(f) <= settings.circumstances.decoy_hours * pace);
        decoys.sort_by(|a, b| a.goods.total_cmp(&b.goods).then(a.site.cmp(&b.site)));
        let mut elsewhere: Vec<Elsewhere> = decoys.into_iter().map(|f| entry(f, WaveSite::Decoys)).collect();
        let mut richest = helpers.clone();
        richest.sort_by(|a, b| b.goods.total_cmp(&a.goods).then(a.site.cmp(&b.site)));
        elsewhere.extend(richest.iter().map(|f| entry(f, WaveSite::Neighbours)));
        Self { case, spec, helpers, elsewhere }
    }

    fn inputs(&self, plain: &Plan) -> CircumstanceInputs {
        let case = self.case;
        let troops = &self.spec.estimate.troops;
        let offense: Force = troops.iter().filter(|(class, _)| case.model.is_offense(*class)).collect();
        let target_goods = goods(case.model.cost(troops));
        let decoys = self.elsewhere.iter().filter(|e| e.kind == WaveSite::Decoys).count();
        CircumstanceInputs {
            target_goods,
            helpers_goods: self.helpers.iter().map(|f| f.goods).sum(),
            decoys: u32::try_from(decoys).unwrap_or(u32::MAX),
            offense_share: goods(case.model.cost(&offense)) / target_goods.max(1.0),
            wall: self.spec.estimate.wall,
            returns: !offense.is_empty(),
            hits_us: !offense.is_empty(),
            hours_away: plain.groups.iter().map(|g| g.travel.as_hours()).fold(0.0, f64::max),
            sigma: SIGMA,
        }
    }

    /// None if its goal would not be met.
    fn plan(&self, pattern: &Pattern, arrival: GameTime) -> Option<Plan> {
        let problem = AllocationProblem {
            sources: self.case.sources.clone(),
            targets: vec![self.spec.clone()],
            guards: self.case.guards.clone(),
            elsewhere: self.elsewhere.clone(),
            pattern: pattern.clone(),
            arrival,
            not_before: NOW,
            groups_max: 64,
            seed: self.case.seed,
            hit_rate: 1.0,
        };
        let plan = allocate(&problem, &self.case.settings, &self.case.model);
        plan.targets.iter().any(|t| t.met).then_some(plan)
    }

    /// Fights a plan out.
    fn come_out(&self, plan: &Plan, fate: &Fate) -> Tally {
        let rules = &self.case.rules;
        let mut tally = Tally { members: f64::from(plan.participants()), ..Tally::default() };
        let blow: Vec<&PlannedGroup> = plan.groups.iter().filter(|g| g.errand.strikes()).collect();
        let Some(instant) = blow.iter().map(|g| g.arrival).min() else { return tally };
        for group in &plan.groups {
            let cost = goods(rules.cost(&group.force));
            tally.sent += cost;
            tally.lost += if group.errand == Errand::Distract { cost } else { 0.0 };
        }
        let guests = self.help(plan, fate, instant, &mut tally);
        let Some(stand) = self.case.stands.get(&self.spec.site) else { return tally };
        let at_home = |c| !fate.out || !self.case.model.is_offense(c) || (fate.home.0..fate.home.1).contains(&instant);
        let own: Force = stand.troops.iter().filter(|(class, _)| at_home(*class)).collect();
        let own = if fate.truth < 1.0 { own.share(fate.truth) } else { more(&own, fate.truth) };
        let out = if fate.out { goods(rules.cost(&stand.troops.minus(&own))) } else { 0.0 };
        let whole = goods(rules.cost(&own));
        let mut inside: Vec<Army> = vec![(own, stand.upgrades)];
        inside.extend(guests);
        let mut wall = stand.village.wall;
        self.strike(&blow, &mut inside, &mut wall, &mut tally);
        let killed = |inside: &[Army]| whole - goods(rules.cost(&inside[0].0));
        if killed(&inside) < GOAL * whole {
            let reserve: Vec<&PlannedGroup> = plan.groups.iter().filter(|g| g.errand == Errand::Reserve).collect();
            self.strike(&reserve, &mut inside, &mut wall, &mut tally);
        }
        let all = whole + out;
        tally.met += f64::from(u8::from(all > 0.0 && killed(&inside) >= GOAL * all));
        tally
    }

    /// Who comes to help and gets in; what falls before the gates is counted.
    fn help(&self, plan: &Plan, fate: &Fate, instant: GameTime, tally: &mut Tally) -> Vec<Army> {
        let rules = &self.case.rules;
        let attacked: BTreeSet<SiteId> =
            plan.groups.iter().filter(|g| g.errand != Errand::Reserve).map(|g| g.target).collect();
        #[expect(clippy::cast_precision_loss, reason = "a handful of sites")]
        let share = HELP / attacked.len() as f64;
        let mut anvil: Vec<(GameTime, GameTime, Army)> = Vec::new();
        for group in &plan.groups {
            if let Errand::Stay { until } = group.errand {
                anvil.push((group.arrival, until, (group.force.clone(), group.upgrades)));
            }
        }
        let mut coming: Vec<(GameTime, &Foe)> = self
            .helpers
            .iter()
            .zip(&fate.early)
            .filter(|(f, _)| !attacked.contains(&f.site))
            .map(|(f, early)| (instant - *early, *f))
            .collect();
        coming.sort_by_key(|(at, f)| (*at, f.site));
        let mut guests = Vec::new();
        for (at, foe) in coming {
            let mut force = foe.defense.share(share);
            let stays: Vec<usize> = (0..anvil.len()).filter(|i| anvil[*i].0 <= at && at < anvil[*i].1).collect();
            if !stays.is_empty() && !force.is_empty() {
                let before: Vec<Force> = stays.iter().map(|i| anvil[*i].2.0.clone()).collect();
                let armies: Vec<Defenders<'_>> =
                    stays.iter().zip(&before).map(|(i, f)| Defenders { force: f, upgrades: &anvil[*i].2.1 }).collect();
                let come = [Attackers { force: &force, upgrades: &foe.upgrades, population: foe.population }];
                let population = self.case.sources.first().map_or(0, |s| s.population);
                let outcome = blockade(rules, &come, &armies, population);
                for (i, left) in stays.iter().zip(&outcome.defenders_left) {
                    tally.lost += goods(rules.cost(&anvil[*i].2.0.minus(left)));
                }
                for (i, left) in stays.into_iter().zip(outcome.defenders_left) {
                    anvil[i].2.0 = left;
                }
                let left = outcome.attackers_left.into_iter().next().unwrap_or_default();
                tally.killed += goods(rules.cost(&force.minus(&left)));
                force = left;
            }
            if !force.is_empty() {
                guests.push((force, foe.upgrades));
            }
        }
        guests
    }

    /// Wave by wave; where groups fight as one side, those of a wave together.
    fn strike(&self, groups: &[&PlannedGroup], inside: &mut [Army], wall: &mut u8, tally: &mut Tally) {
        let joint = self.case.model.capabilities().joint_assault;
        let mut order: Vec<&&PlannedGroup> = groups.iter().collect();
        order.sort_by_key(|g| (g.arrival, g.wave, g.launch, g.site));
        let Some(stand) = self.case.stands.get(&self.spec.site) else { return };
        for together in order.chunk_by(|a, b| joint && (a.arrival, a.wave) == (b.arrival, b.wave)) {
            let population =
                |g: &PlannedGroup| self.case.sources.iter().find(|s| s.site.site == g.site).map_or(0, |s| s.population);
            let attackers: Vec<Attackers<'_>> = together
                .iter()
                .map(|g| Attackers { force: &g.force, upgrades: &g.upgrades, population: population(g) })
                .collect();
            let before: Vec<Army> = inside.to_vec();
            let defenders: Vec<Defenders<'_>> =
                before.iter().map(|(force, upgrades)| Defenders { force, upgrades }).collect();
            let mut village = stand.village.clone();
            village.wall = *wall;
            let battle =
                Battle { attackers: &attackers, assault: Assault::Attack, defenders: &defenders, village: &village };
            let outcome = fight(&self.case.rules, &battle);
            let rules = &self.case.rules;
            for (group, left) in together.iter().zip(&outcome.attackers_left) {
                tally.lost += goods(rules.cost(&group.force.minus(left)));
            }
            for ((army, left), was) in inside.iter_mut().zip(outcome.defenders_left).zip(&before) {
                tally.killed += goods(rules.cost(&was.0.minus(&left)));
                army.0 = left;
            }
            *wall = outcome.wall_after;
        }
    }
}

/// A force some times as large.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn more(force: &Force, times: f64) -> Force {
    force.iter().map(|(class, n)| (class, (f64::from(n) * times).round() as u32)).collect()
}
