//! What coordination is worth: the same alliance attacks the same villages, once with one plan for all members and
//! once with each member on its own.
//!
//! `cargo run --release --example value_of_coordination -- --seeds 50` prints a line for each measure; `--help`
//! lists the options. With `--patterns` it compares each attack pattern with `simultaneous` instead, in the situation that
//! it is for and under both rulesets, see `support/pattern_case.rs`. With `--learning` it plays whole wars, in which alliances
//! learn from their operations, believe what is assumed beforehand, do both or neither, see `support/learning_case.rs`.
//!
//! Both arms of a seed have in common: the world, the villages and troops of both alliances (drawn as a campaign
//! draws them), what may leave (all offense), the upgrades, the targets, what is believed of them (their true troops,
//! walls and residences, seen at this moment), the planner with its settings and seed, the arrival in 48 hours, nobody
//! sleeping, and the rule by which battles are fought. They differ in one thing: in the coordinated arm one plan uses
//! the villages of all members, and all that reaches a target fights as one side. In the other arm each member plans
//! with its own villages only and knows nothing of the others' plans; its attack is fought alone on what those
//! before it, in the order of ids, have left.
//!
//! What is *not* measured here: defenders that reinforce each other or dodge, old or shared intelligence, members that
//! do not keep their word, and what comes after this one instant.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/learning_case.rs"]
mod learning_case;
#[path = "support/numbers.rs"]
mod numbers;
#[path = "support/paired.rs"]
mod paired;
#[path = "support/pattern_case.rs"]
mod pattern_case;
#[path = "support/run.rs"]
mod run;
#[path = "support/seeds.rs"]
mod seeds;
#[path = "support/war.rs"]
mod war;

use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{Rhythm, Scenario, ScenarioSite, SiteEstimate, SiteState, Stance};
use bevy_alliance::base::geometry::Torus;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId};
use bevy_alliance::base::ruleset::{Force, Levels, Ruleset};
use bevy_alliance::decision::planning::allocation::{
    AllocationProblem, AllocationSettings, Plan, Source, TargetSpec, allocate,
};
use bevy_alliance::decision::planning::{Library, Pattern};
use bevy_alliance::world::battle::rules::{Assault, Attackers, Battle, Defended, Defenders, fight, residence_defense};
use bevy_alliance::world::generator::{GenerateWorldError, GeneratorOptions, generate_world};
use bevy_alliance::world::model::ClassicModel;
use bevy_alliance::world::village::rules::{VillageDraw, VillageSeed, draw_account};
use clap::Parser;
use learning_case::Arm;
use numbers::whole;
use paired::{goods, say_interval};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use thiserror::Error;

/// Targets of an operation.
const TARGETS: usize = 12;
/// Fields within which targets are looked for, from the nearest village with offense.
const REACH: f64 = 60.0;
/// Share of a target's defenders, by cost, that must fall for its goal to be met.
const GOAL: f64 = 0.8;
const NOW: GameTime = GameTime(0);
const ARRIVAL_IN: GameSpan = GameSpan::hours(48);

/// Compares one plan for all with each member on its own.
#[derive(Parser, Debug)]
#[command(name = "value_of_coordination", version)]
pub(crate) struct Options {
    /// Worlds to compare in, from seed 1 on.
    #[arg(long, default_value_t = 50, allow_negative_numbers = true, value_parser = whole::<u64>(1, 100_000))]
    seeds: u64,
    /// Villages of each world.
    #[arg(long, default_value_t = 900, allow_negative_numbers = true, value_parser = whole::<u32>(1, u32::MAX.into()))]
    villages: u32,
    /// Compares each attack pattern with `simultaneous`.
    #[arg(long)]
    patterns: bool,
    /// Compares wars of alliances that learn with wars of such as do not, with and without assumptions beforehand.
    #[arg(long, conflicts_with = "patterns")]
    learning: bool,
    /// With `--learning`: days of each war.
    #[arg(long, requires = "learning", default_value_t = 30)]
    #[arg(allow_negative_numbers = true, value_parser = whole::<i64>(1, 365))]
    days: i64,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Error)]
enum RunError {
    #[error(transparent)]
    World(#[from] GenerateWorldError),
    #[error("the library has no pattern `simultaneous`")]
    NoPattern,
    #[error(transparent)]
    Learning(#[from] learning_case::LearningError),
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    #[error("none of the {0} worlds has a war with targets in reach")]
    NothingToCompare(u64),
}

/// A village with what was drawn for it.
struct Village<'a> {
    site: &'a ScenarioSite,
    drawn: VillageDraw,
    /// Inhabitants of its owner's villages together.
    population: u64,
}

/// What both arms start from.
struct Case {
    rules: Ruleset,
    model: ClassicModel,
    torus: Torus,
    sources: Vec<Source>,
    /// Our villages with defensive troops.
    guards: Vec<Source>,
    /// All villages of the enemy.
    foes: Vec<pattern_case::Foe>,
    targets: Vec<TargetSpec>,
    stands: BTreeMap<SiteId, Stand>,
    pattern: Pattern,
    settings: AllocationSettings,
    seed: u64,
}

/// What truly stands at a target.
#[derive(Clone)]
struct Stand {
    troops: Force,
    upgrades: Levels,
    village: Defended,
}

/// What one arm comes to, in goods where not said otherwise.
#[derive(Clone, Copy, Default, Debug)]
struct Tally {
    sent: f64,
    killed: f64,
    lost: f64,
    /// Targets.
    met: f64,
    /// Members that sent something.
    members: f64,
}

/// One line of the table.
#[derive(Serialize)]
struct Row {
    measure: &'static str,
    seeds: usize,
    coordinated: f64,
    alone: f64,
    difference: f64,
    low: Option<f64>,
    high: Option<f64>,
    better: usize,
    equal: usize,
    worse: usize,
}

/// A measure: its name, whether more is better, and its value where it has one.
type Measure = (&'static str, bool, fn(&Tally) -> Option<f64>);

const MEASURES: [Measure; 6] = [
    ("net goods (killed - lost)", true, |t| Some(t.killed - t.lost)),
    ("goals met", true, |t| Some(t.met)),
    ("goods lost per good killed", false, |t| (t.killed > 0.0).then(|| t.lost / t.killed)),
    ("goods killed", true, |t| Some(t.killed)),
    ("goods lost", false, |t| Some(t.lost)),
    ("members taking part", true, |t| Some(t.members)),
];

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), RunError> {
    if options.patterns {
        return run_patterns(options);
    }
    if options.learning {
        return run_learning(options);
    }
    let mut pairs = Vec::new();
    for seed in 1..=options.seeds {
        if let Some(case) = Case::draw(seed, options.villages, Ruleset::extended())? {
            pairs.push((case.coordinated(), case.alone()));
        }
    }
    if pairs.is_empty() {
        return Err(RunError::NothingToCompare(options.seeds));
    }
    let rows: Vec<Row> = (0_u64..).zip(MEASURES).filter_map(|(i, m)| compare(i, m, &pairs)).collect();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_table(&rows, pairs.len(), options);
    }
    Ok(())
}

/// Each pattern against `simultaneous`, under both rulesets.
fn run_patterns(options: &Options) -> Result<(), RunError> {
    let mut rows = Vec::new();
    for rules in [Ruleset::extended(), Ruleset::classic()] {
        let mut worlds = Vec::new();
        for seed in 1..=options.seeds {
            if let Some(case) = Case::draw(seed, options.villages, rules.clone())? {
                let mut arms = pattern_case::Arms::new();
                pattern_case::compare_patterns(&case, &mut arms);
                worlds.push(arms);
            }
        }
        rows.extend(pattern_case::rows(&rules.name, &worlds));
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    println!(
        "{:<10}{:<20}{:<12}{:>7}{:>12}{:>14}{:>12}   95% interval",
        "ruleset", "pattern", "measure", "worlds", "pattern", "simultaneous", "difference"
    );
    for row in &rows {
        let (of, digits) = (&row.of, if row.measure == "goals met" { 2 } else { 0 });
        println!(
            "{:<10}{:<20}{:<12}{:>7}{:>12.digits$}{:>14.digits$}{:>+12.digits$}   {}",
            row.ruleset,
            row.pattern,
            row.measure,
            of.seeds,
            of.first,
            of.second,
            of.difference,
            of.say_interval(digits)
        );
    }
    Ok(())
}

/// Wars of alliances that learn, assume, do both or neither.
fn run_learning(options: &Options) -> Result<(), RunError> {
    let rows = learning_case::compare_learning(options.seeds, options.villages, options.days)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    for arms in Arm::PAIRS {
        let [first, second] = arms.map(Arm::name);
        println!(
            "{:<40}{:>7}{first:>12}{second:>12}{:>12}   {:<22} better/equal/worse",
            "measure", "worlds", "difference", "95% interval"
        );
        for row in rows.iter().filter(|row| row.arms == arms) {
            let of = &row.of;
            let interval = of.say_interval(3);
            println!(
                "{:<40}{:>7}{:>12.3}{:>12.3}{:>+12.3}   {interval:<22} {}/{}/{}",
                row.measure, of.seeds, of.first, of.second, of.difference, of.better, of.equal, of.worse
            );
        }
    }
    Ok(())
}

impl Case {
    /// The first war of this seed's world; none where there is no war or nothing in reach.
    fn draw(seed: u64, villages: u32, rules: Ruleset) -> Result<Option<Self>, RunError> {
        let world = generate_world(&GeneratorOptions { seed, villages, ..GeneratorOptions::default() }, &rules)?;
        let pattern = Library::default().get("simultaneous").cloned().ok_or(RunError::NoPattern)?;
        let Some((ours, theirs, _)) = world.stances.iter().find(|(.., stance)| *stance == Stance::War) else {
            return Ok(None);
        };
        let model = ClassicModel::new(rules.clone(), &world);
        let settings = AllocationSettings::default();
        let own = villages_of(&world, *ours, &rules);
        let sources: Vec<Source> = own.iter().filter_map(|v| source(v, &rules)).collect();
        let guards = own.iter().filter_map(|v| source_of(v, defense(v, &rules))).collect();
        let foes_all = villages_of(&world, *theirs, &rules);
        let foe = |v: &Village<'_>| pattern_case::Foe {
            site: v.site.id,
            at: v.site.at,
            defense: defense(v, &rules),
            upgrades: v.drawn.upgrades,
            population: v.population,
            goods: goods(rules.cost(&v.drawn.troops)),
        };
        let foes = foes_in_reach(&world, *theirs, &sources, &rules);
        let spec = |v: &Village<'_>| {
            let value = goods(rules.cost(&v.drawn.troops));
            TargetSpec::new(v.site.id, estimate(v), value, &settings, &model)
        };
        let targets: Vec<TargetSpec> = foes.iter().map(spec).collect();
        let stands = foes.iter().map(|v| (v.site.id, stand(v))).collect();
        if sources.is_empty() || targets.is_empty() {
            return Ok(None);
        }
        let (torus, foes_all) = (Torus { half_width: world.half_width }, foes_all.iter().map(foe).collect());
        Ok(Some(Self {
            rules,
            model,
            torus,
            sources,
            guards,
            foes: foes_all,
            targets,
            stands,
            pattern,
            settings,
            seed,
        }))
    }

    fn plan(&self, sources: Vec<Source>) -> Plan {
        let problem = AllocationProblem {
            sources,
            targets: self.targets.clone(),
            guards: Vec::new(),
            elsewhere: Vec::new(),
            pattern: self.pattern.clone(),
            arrival: NOW + ARRIVAL_IN,
            not_before: NOW,
            groups_max: usize::MAX,
            seed: self.seed,
            hit_rate: 1.0,
        };
        allocate(&problem, &self.settings, &self.model)
    }

    /// One plan for all.
    fn coordinated(&self) -> Tally {
        let mut stands = self.stands.clone();
        let mut tally = Tally::default();
        self.fight_out(&self.plan(self.sources.clone()), &mut stands, &mut tally);
        self.judge(tally, &stands)
    }

    /// Each member for itself, one after another.
    fn alone(&self) -> Tally {
        let members: BTreeSet<PlayerId> = self.sources.iter().map(|s| s.site.owner).collect();
        let mut stands = self.stands.clone();
        let mut tally = Tally::default();
        for member in members {
            let own = self.sources.iter().filter(|s| s.site.owner == member).cloned().collect();
            self.fight_out(&self.plan(own), &mut stands, &mut tally);
        }
        self.judge(tally, &stands)
    }

    /// Fights every battle of a plan by the true rule; what is left stays.
    fn fight_out(&self, plan: &Plan, stands: &mut BTreeMap<SiteId, Stand>, tally: &mut Tally) {
        tally.members += f64::from(plan.participants());
        for (site, stand) in stands.iter_mut() {
            let groups: Vec<_> = plan.groups.iter().filter(|g| g.target == *site).collect();
            let from = |id: SiteId| self.sources.iter().find(|s| s.site.site == id);
            let attackers: Vec<Attackers<'_>> = groups
                .iter()
                .filter_map(|g| Some((g, from(g.site)?)))
                .map(|(g, s)| Attackers { force: &g.force, upgrades: &s.site.upgrades, population: s.population })
                .collect();
            if attackers.is_empty() {
                continue;
            }
            let defenders = [Defenders { force: &stand.troops, upgrades: &stand.upgrades }];
            let battle = Battle {
                attackers: &attackers,
                assault: Assault::Attack,
                defenders: &defenders,
                village: &stand.village,
            };
            let outcome = fight(&self.rules, &battle);
            for (group, left) in attackers.iter().zip(&outcome.attackers_left) {
                tally.sent += goods(self.rules.cost(group.force));
                tally.lost += goods(self.rules.cost(&group.force.minus(left)));
            }
            stand.village.wall = outcome.wall_after;
            stand.troops = outcome.defenders_left.into_iter().next().unwrap_or_default();
        }
    }

    /// Adds what was killed and which goals are met.
    fn judge(&self, mut tally: Tally, stands: &BTreeMap<SiteId, Stand>) -> Tally {
        for (site, before) in &self.stands {
            let whole = goods(self.rules.cost(&before.troops));
            let killed = whole - stands.get(site).map_or(whole, |s| goods(self.rules.cost(&s.troops)));
            tally.killed += killed;
            if whole > 0.0 && killed >= GOAL * whole {
                tally.met += 1.0;
            }
        }
        tally
    }
}

/// The villages of an alliance's members, drawn as a campaign draws them, in the order of owner and id.
fn villages_of<'a>(world: &'a Scenario, alliance: AllianceId, rules: &Ruleset) -> Vec<Village<'a>> {
    let mut villages = Vec::new();
    for player in world.players.iter().filter(|p| p.membership.is_some_and(|(a, _)| a == alliance)) {
        let mut sites: Vec<&ScenarioSite> = world.sites.iter().filter(|s| s.owner == player.id).collect();
        sites.sort_unstable_by_key(|s| s.id);
        let seeds: Vec<VillageSeed> =
            sites.iter().map(|s| VillageSeed { site: s.id, tribe: s.tribe, population: s.population }).collect();
        let population = sites.iter().map(|s| u64::from(s.population)).sum();
        let account = draw_account(world.seed, player.id, &seeds, player.role, rules);
        villages.extend(sites.into_iter().zip(account.villages).map(|(site, drawn)| Village {
            site,
            drawn,
            population,
        }));
    }
    villages
}

/// The villages of the other side with the dearest armies near the attackers.
fn foes_in_reach<'a>(
    world: &'a Scenario,
    alliance: AllianceId,
    sources: &[Source],
    rules: &Ruleset,
) -> Vec<Village<'a>> {
    let torus = Torus { half_width: world.half_width };
    let mut foes = villages_of(world, alliance, rules);
    foes.retain(|v| {
        !v.drawn.troops.is_empty() && sources.iter().any(|s| torus.distance(s.site.at, v.site.at) <= REACH)
    });
    foes.sort_by_key(|v| (core::cmp::Reverse(rules.cost(&v.drawn.troops)), v.site.id));
    foes.truncate(TARGETS);
    foes
}

/// A village as a source of troops, if it has offense.
fn source(village: &Village<'_>, rules: &Ruleset) -> Option<Source> {
    source_of(village, rules.filter(&village.drawn.troops, |u| u.is_offense() && u.is_fighter()))
}

/// The defensive troops of a village.
fn defense(village: &Village<'_>, rules: &Ruleset) -> Force {
    rules.filter(&village.drawn.troops, |u| !u.is_offense() && u.is_fighter())
}

/// A village as a source of these troops, if there are any.
fn source_of(village: &Village<'_>, available: Force) -> Option<Source> {
    let Village { site, drawn, population } = village;
    let state = SiteState {
        site: site.id,
        at: site.at,
        owner: site.owner,
        tribe: site.tribe,
        population: site.population,
        home: drawn.troops.clone(),
        away: Force::new(),
        guests: Force::new(),
        upgrades: drawn.upgrades,
        wall: drawn.buildings.wall,
        residence: drawn.buildings.residence,
        mobility: drawn.buildings.tournament_square,
        stores: drawn.stores,
        per_hour: drawn.per_hour,
        carriers: 0,
    };
    (!available.is_empty()).then(|| Source {
        site: state,
        available,
        chiefs: Force::new(),
        population: *population,
        rhythm: Rhythm::default(),
        not_before: None,
        not_after: None,
    })
}

/// The truth of a village as a report of this moment.
fn estimate(village: &Village<'_>) -> SiteEstimate {
    SiteEstimate {
        at: village.site.at,
        tribe: village.site.tribe,
        population: village.site.population,
        owner_population: village.population,
        troops: village.drawn.troops.clone(),
        goods: Goods::default(),
        wall: village.drawn.buildings.wall,
        residence: village.drawn.buildings.residence,
        seen_at: NOW,
        confidence: 0.8,
    }
}

fn stand(village: &Village<'_>) -> Stand {
    let buildings = village.drawn.buildings;
    Stand {
        troops: village.drawn.troops.clone(),
        upgrades: village.drawn.upgrades,
        village: Defended {
            tribe: village.site.tribe,
            population: village.population,
            is_static: false,
            wall: buildings.wall,
            residence_defense: residence_defense(buildings.residence),
            stonemason: buildings.stonemason,
            buildings: Vec::new(),
        },
    }
}

/// One measure over all seeds in which both arms have a value.
fn compare(index: u64, (measure, more_is_better, value): Measure, pairs: &[(Tally, Tally)]) -> Option<Row> {
    let values: Vec<(f64, f64)> = pairs.iter().filter_map(|(a, b)| Some((value(a)?, value(b)?))).collect();
    let of = paired::compare(index, more_is_better, &values)?;
    Some(Row {
        measure,
        seeds: of.seeds,
        coordinated: of.first,
        alone: of.second,
        difference: of.difference,
        low: of.low,
        high: of.high,
        better: of.better,
        equal: of.equal,
        worse: of.worse,
    })
}

fn print_table(rows: &[Row], compared: usize, options: &Options) {
    println!(
        "{compared} of {} worlds of {} villages have a war with targets in reach; means over seeds, paired differences",
        options.seeds, options.villages
    );
    println!(
        "{:<28}{:>14}{:>12}{:>12}   {:<26}better/equal/worse",
        "measure", "coordinated", "alone", "difference", "95% interval"
    );
    for row in rows {
        let digits = if row.coordinated.abs().max(row.alone.abs()) < 100.0 { 2 } else { 0 };
        let interval = say_interval(row.low.zip(row.high), digits);
        println!(
            "{:<28}{:>14.digits$}{:>12.digits$}{:>+12.digits$}   {interval:<26}{:>6}/{}/{} of {}",
            row.measure, row.coordinated, row.alone, row.difference, row.better, row.equal, row.worse, row.seeds
        );
    }
}
