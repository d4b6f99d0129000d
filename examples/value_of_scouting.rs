//! What it is worth to scout where it matters: the same week of war, in which one alliance chooses where to look by value,
//! by age, or by lot.
//!
//! `cargo run --release --example value_of_scouting -- --seeds 100` prints two tables; `--help` lists the options.
//!
//! For each seed one synthetic world with alliances at war, and of each alliance one campaign for each [`ScoutingPolicy`];
//! all else is equal, the budgets of scouts too. Its enemies are people who do nothing, so that a difference comes from where
//! it looks and from nothing else. The means over a world's alliances are one pair of values. `--live` lets the enemies
//! act instead: all of them deliberate, scout by value, attack, and dodge what comes, which decides more than where one looks.
//! `--all` lets all alliances change their policy at once.
//!
//! `--intel-age` asks instead what old intel costs: goals met of operations that rested on old intel (whose oldest target was seen
//! more than 48 h before the first wave came) against the others, and campaigns in which nobody scouts any more after three days against those in
//! which all go on.
//!
//! Goals are those of attacks on alliances that deliberate. Counted are operations from which something was launched and that
//! are over when the days are.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/numbers.rs"]
mod numbers;
#[path = "support/paired.rs"]
pub(crate) mod paired;
#[path = "support/run.rs"]
mod run;
#[path = "support/seeds.rs"]
mod seeds;
#[path = "support/war.rs"]
mod war;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, Fact, GroupLaunched, PlayerKind, Scenario, ScenarioAppExt, ScenarioError,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::report::{CampaignTally, OperationStory, ReportPlugin, rested_on_old_intel};
use bevy_alliance::knowledge::intel::IntelReport;
use bevy_alliance::strategy::war_council::{ScoutingPolicy, WarCouncilSettings};
use bevy_alliance::world::generator::GenerateWorldError;
use clap::Parser;
use numbers::whole;
use paired::{Paired, compare, goods, mean};
use run::run_until;
use seeds::{ThreadEnded, each_seed};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use thiserror::Error;
use war::{active, all_at_war};

/// A site counts as known if it was seen within this time.
const KNOWN: GameSpan = GameSpan::hours(48);
/// With `--intel-age`: when scouting ends.
const ENDS: GameSpan = GameSpan::days(3);

/// Compares ways to choose where to look.
#[derive(Parser, Debug, Clone)]
#[command(name = "value_of_scouting", version)]
pub(crate) struct Options {
    /// Worlds to compare in.
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_parser = whole::<u64>(1, 100_000))]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u64>(0, u64::MAX / 2))]
    from: u64,
    /// Villages of each world.
    #[arg(long, default_value_t = 400, allow_negative_numbers = true, value_parser = whole::<u32>(1, u32::MAX.into()))]
    villages: u32,
    /// Alliances of each world.
    #[arg(long, default_value_t = 3, allow_negative_numbers = true, value_parser = whole::<usize>(2, 1_000))]
    alliances: usize,
    /// Game days of each campaign.
    #[arg(long, default_value_t = 7, allow_negative_numbers = true, value_parser = whole::<i64>(1, 365))]
    days: i64,
    /// Parties that look, per session of each alliance.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>(0, 1_000))]
    parties: Option<usize>,
    /// Enemies who act: they dodge, retaliate, and attack.
    #[arg(long)]
    live: bool,
    /// Lets all alliances change their policy at once.
    #[arg(long)]
    all: bool,
    /// Adds an arm by value without second looks at what is planned.
    #[arg(long)]
    no_second_looks: bool,
    /// Asks what old intel costs.
    #[arg(long)]
    intel_age: bool,
    /// Worlds at a time.
    #[arg(long, default_value_t = 2, allow_negative_numbers = true, value_parser = whole::<usize>(1, 256))]
    threads: usize,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Error)]
enum RunError {
    #[error(transparent)]
    World(#[from] GenerateWorldError),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Thread(#[from] ThreadEnded),
}

/// What differs between arms.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Arm {
    Policy(ScoutingPolicy),
    /// By value, without second looks at what is planned.
    NoSecondLooks,
    /// Nobody scouts after [`ENDS`].
    Ends,
}

impl Arm {
    fn name(self) -> &'static str {
        match self {
            Self::Policy(ScoutingPolicy::Value) => "value",
            Self::Policy(ScoutingPolicy::OldestFirst) => "oldest first",
            Self::Policy(ScoutingPolicy::Random) => "random",
            Self::NoSecondLooks => "value, no second looks",
            Self::Ends => "scouting ends",
        }
    }
}

/// What one alliance comes to in one campaign.
#[derive(Clone, Default, Debug)]
struct Tally {
    /// Operations against active foes that are over.
    operations: f64,
    met: f64,
    targets: f64,
    lost: f64,
    killed: f64,
    aborted: f64,
    parties: f64,
    decoys: f64,
    scouts_sent: f64,
    scouts_lost: f64,
    /// Hours since each target was seen, at the last launch on it.
    ages: Vec<f64>,
    /// Mean share of enemy sites that were seen lately, at the end of each day.
    coverage: f64,
    /// Targets and those met of operations that rested on old intel, and of the others.
    old: (f64, f64),
    young: (f64, f64),
    /// Targets met of operations that were proposed after [`ENDS`].
    met_late: f64,
    targets_late: f64,
}

/// A measure: its name, whether more is better, and its value where it has one.
type Measure = (&'static str, bool, fn(&Tally) -> Option<f64>);

const MEASURES: [Measure; 13] = [
    ("goals met", true, |t| Some(t.met)),
    ("share of goals met", true, |t| share(t.met, t.targets)),
    ("goods killed - lost, thousands", true, |t| Some((t.killed - t.lost) / 1_000.0)),
    ("goods lost per good killed", false, |t| share(t.lost, t.killed)),
    ("operations", true, |t| Some(t.operations)),
    ("operations called off", false, |t| Some(t.aborted)),
    ("parties sent", false, |t| Some(t.parties)),
    ("decoys among them", false, |t| Some(t.decoys)),
    ("scouts sent", false, |t| Some(t.scouts_sent)),
    ("scouts lost", false, |t| Some(t.scouts_lost)),
    ("hours since seen, at launch", false, |t| median(&t.ages)),
    ("coverage: seen within 48 h", true, |t| Some(t.coverage)),
    ("goals met, proposed after day 3", true, |t| Some(t.met_late)),
];

/// One line of a table.
#[derive(Serialize)]
struct Row {
    first: &'static str,
    second: &'static str,
    measure: &'static str,
    #[serde(flatten)]
    paired: Paired,
}

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
    let mut others: Vec<Arm> = if options.intel_age {
        vec![Arm::Ends]
    } else {
        [ScoutingPolicy::Random, ScoutingPolicy::OldestFirst].map(Arm::Policy).to_vec()
    };
    others.extend(options.no_second_looks.then_some(Arm::NoSecondLooks));
    let worlds: Vec<World> =
        each_seed(options.from, options.seeds, options.threads, |seed| play_world(seed, options, &others))?;
    let rows: Vec<Row> = others.iter().enumerate().flat_map(|(i, arm)| rows_of(i, *arm, &worlds)).collect();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_tables(&rows, worlds.len(), options);
    }
    if options.intel_age {
        tell_ages(&worlds);
    }
    Ok(())
}

/// One seed: of each alliance what it comes to by value, and in each other arm.
type World = Vec<(Tally, Vec<Tally>)>;

fn play_world(seed: u64, options: &Options, others: &[Arm]) -> Result<World, RunError> {
    let scenario = all_at_war(seed, options.villages, options.alliances)?;
    let active = active(&scenario);
    if !(options.live || options.all || options.intel_age) {
        return active.iter().map(|alliance| play_alone(&scenario, options, others, *alliance)).collect();
    }
    let by_value = play(&scenario, options, Arm::Policy(ScoutingPolicy::Value), &active)?;
    let mut world: World = by_value.values().map(|tally| (tally.clone(), Vec::new())).collect();
    for arm in others {
        let whole = (options.all || *arm == Arm::Ends).then(|| play(&scenario, options, *arm, &active)).transpose()?;
        for (alliance, place) in active.iter().zip(&mut world) {
            let tally = match &whole {
                Some(tallies) => tallies.get(alliance).cloned(),
                None => play(&scenario, options, *arm, core::slice::from_ref(alliance))?.remove(alliance),
            };
            place.1.push(tally.unwrap_or_default());
        }
    }
    Ok(world)
}

/// All arms of one alliance against enemies who are people and do nothing: what they have stands where it stands, so that
/// nothing but where the alliance looks decides what it finds.
fn play_alone(
    scenario: &Scenario,
    options: &Options,
    others: &[Arm],
    alliance: AllianceId,
) -> Result<(Tally, Vec<Tally>), RunError> {
    let mut scenario = scenario.clone();
    let foes = scenario.players.iter_mut().filter(|p| p.membership.is_some_and(|(a, _)| a != alliance));
    foes.filter(|p| p.kind == PlayerKind::Active).for_each(|p| p.kind = PlayerKind::Human);
    let arm = |arm| Ok(play(&scenario, options, arm, &[alliance])?.remove(&alliance).unwrap_or_default());
    let by_value = arm(Arm::Policy(ScoutingPolicy::Value))?;
    Ok((by_value, others.iter().map(|a| arm(*a)).collect::<Result<_, RunError>>()?))
}

/// When something left for a target, and when that had been seen.
#[derive(Resource, Default)]
struct Launches(BTreeMap<(ProposalId, SiteId), (GameTime, Option<GameTime>)>);

fn note_launches(
    batch: Res<DueBatch>,
    mut launched: MessageReader<GroupLaunched>,
    index: Res<EntityIndex>,
    operations: Query<&Operation>,
    reports: Query<&IntelReport>,
    mut launches: ResMut<Launches>,
) {
    for message in launched.read() {
        let OrderId::Group { operation: id, group } = message.order else { continue };
        let Some(operation) = index.proposal(id).and_then(|e| operations.get(e).ok()) else { continue };
        let Some(group) = operation.groups.get(usize::from(group)).filter(|_| !operation.scouting) else { continue };
        let report = index.report(id.alliance, group.target).and_then(|e| reports.get(e).ok());
        let seen = report.and_then(|r| r.troops.as_ref()).map(|f| f.observed_at);
        launches.0.insert((id, group.target), (batch.now(), seen));
    }
}

/// Scouts of each player, and parties of each alliance with the decoys among them.
#[derive(Resource, Default)]
struct Looks {
    scouts: BTreeMap<PlayerId, (u32, u32)>,
    parties: BTreeMap<AllianceId, (u32, u32)>,
}

fn note_looks(mut facts: MessageReader<CampaignFact>, mut looks: ResMut<Looks>) {
    for fact in facts.read() {
        match &fact.fact {
            Fact::SiteScouted { by, sent, lost, .. } => {
                let of = looks.scouts.entry(*by).or_default();
                *of = (of.0 + sent, of.1 + lost);
            }
            Fact::ScoutsSent { alliance, decoy, .. } => {
                let of = looks.parties.entry(*alliance).or_default();
                *of = (of.0 + 1, of.1 + u32::from(*decoy));
            }
            _ => {}
        }
    }
}

/// One campaign, in which these alliances do as the arm says.
fn play(
    scenario: &Scenario,
    options: &Options,
    arm: Arm,
    changed: &[AllianceId],
) -> Result<BTreeMap<AllianceId, Tally>, RunError> {
    // The wars last, so that what is compared is the same.
    let mut settings = WarCouncilSettings { diplomacy: false, ..WarCouncilSettings::default() };
    if let Some(parties) = options.parties {
        settings.scouting.parties_per_session = parties;
    }
    match arm {
        Arm::Policy(policy) => settings.scouting.policy_of.extend(changed.iter().map(|a| (*a, policy))),
        Arm::NoSecondLooks => settings.scouting.relook_after = GameSpan::days(365),
        Arm::Ends => {}
    }
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(Ruleset::extended())
        .insert_resource(settings)
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() })
        .init_resource::<Launches>()
        .init_resource::<Looks>()
        .add_systems(Last, note_looks)
        .add_systems(Campaign, note_launches.in_set(CampaignSystems::Last));
    app.finish();
    app.cleanup();
    app.start_campaign(scenario)?;
    let enemies = enemy_sites(scenario);
    let mut coverage: BTreeMap<AllianceId, f64> = BTreeMap::new();
    for day in 1..=options.days {
        let end = GameTime(0) + GameSpan::days(day);
        run_until(&mut app, end, GameSpan::hours(1));
        if arm == Arm::Ends && end == GameTime(0) + ENDS {
            let mut settings = app.world_mut().resource_mut::<WarCouncilSettings>();
            settings.scouting.parties_per_session = 0;
        }
        for (alliance, sites) in &enemies {
            let known = sites.iter().filter(|site| seen_lately(&app, *alliance, **site)).count();
            #[expect(clippy::cast_precision_loss, reason = "a few hundred sites")]
            let part = known as f64 / sites.len().max(1) as f64;
            *coverage.entry(*alliance).or_default() += part / goods(options.days);
        }
    }
    Ok(enemies.keys().map(|a| (*a, tally_of(*a, scenario, &app, coverage.get(a).copied().unwrap_or(0.0)))).collect())
}

fn seen_lately(app: &App, alliance: AllianceId, site: SiteId) -> bool {
    let world = app.world();
    let now = world.resource::<GameClock>().now();
    let report = world.resource::<EntityIndex>().report(alliance, site).and_then(|e| world.get::<IntelReport>(e));
    report.and_then(|r| r.troops.as_ref()).is_some_and(|f| now - f.observed_at < KNOWN)
}

/// The alliance of each player that deliberates.
fn active_of(scenario: &Scenario) -> BTreeMap<PlayerId, AllianceId> {
    let active: BTreeSet<AllianceId> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
    let of = |p: &bevy_alliance::base::contract::ScenarioPlayer| Some((p.id, p.membership?.0));
    scenario.players.iter().filter_map(of).filter(|(_, a)| active.contains(a)).collect()
}

/// Sites of all other alliances that deliberate, by alliance; all are at war with one another.
fn enemy_sites(scenario: &Scenario) -> BTreeMap<AllianceId, Vec<SiteId>> {
    let of = active_of(scenario);
    let alliances: BTreeSet<AllianceId> = of.values().copied().collect();
    let foes = |alliance: AllianceId| {
        let foe = |s: &&bevy_alliance::base::contract::ScenarioSite| of.get(&s.owner).is_some_and(|a| *a != alliance);
        scenario.sites.iter().filter(foe).filter(|s| s.population >= 150).map(|s| s.id).collect()
    };
    alliances.into_iter().map(|a| (a, foes(a))).collect()
}

fn tally_of(alliance: AllianceId, scenario: &Scenario, app: &App, coverage: f64) -> Tally {
    let world = app.world();
    let (stories, looks) = (world.resource::<CampaignTally>(), world.resource::<Looks>());
    let launches = world.resource::<Launches>();
    let of = active_of(scenario);
    let mut tally = Tally { coverage, ..Tally::default() };
    for (player, (sent, lost)) in looks.scouts.iter().filter(|(p, _)| of.get(p) == Some(&alliance)) {
        let _ = player;
        tally.scouts_sent += f64::from(*sent);
        tally.scouts_lost += f64::from(*lost);
    }
    let (parties, decoys) = looks.parties.get(&alliance).copied().unwrap_or_default();
    (tally.parties, tally.decoys) = (f64::from(parties), f64::from(decoys));
    let foes: BTreeSet<SiteId> = enemy_sites(scenario).remove(&alliance).unwrap_or_default().into_iter().collect();
    for (id, story) in stories.stories.iter().filter(|(id, _)| id.alliance == alliance) {
        if story.targets.iter().all(|t| foes.contains(t)) {
            tally.add(*id, story, &launches.0);
        }
    }
    tally
}

impl Tally {
    fn add(
        &mut self,
        id: ProposalId,
        story: &OperationStory,
        launches: &BTreeMap<(ProposalId, SiteId), (GameTime, Option<GameTime>)>,
    ) {
        let Some(report) = &story.report else { return };
        self.aborted += f64::from(u8::from(report.result == "aborted"));
        if report.launched == 0 {
            return;
        }
        let targets = goods(i64::try_from(report.targets.len()).unwrap_or(0));
        let met = mean(report.targets.iter().map(|(.., met)| f64::from(u8::from(*met)))) * targets;
        self.operations += 1.0;
        self.met += met;
        self.targets += targets;
        self.lost += goods(report.lost_goods);
        self.killed += goods(report.killed_goods);
        if story.submitted >= GameTime(0) + ENDS {
            self.met_late += met;
            self.targets_late += targets;
        }
        for (site, ..) in &report.targets {
            if let Some((at, Some(seen))) = launches.get(&(id, *site)) {
                self.ages.push((*at - *seen).as_hours());
            }
        }
        if let Some(old) = rested_on_old_intel(report) {
            let of = if old { &mut self.old } else { &mut self.young };
            *of = (of.0 + targets, of.1 + met);
        }
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// All measures of one arm against scouting by value: the means over the alliances of a world are its values.
fn rows_of(i: usize, arm: Arm, worlds: &[World]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, (measure, more_is_better, value)) in (0_u64..).zip(MEASURES) {
        let of = |world: &World| -> Option<(f64, f64)> {
            let pairs = || world.iter().filter_map(|(v, o)| Some((value(v)?, value(o.get(i)?)?)));
            pairs().next()?;
            Some((mean(pairs().map(|p| p.0)), mean(pairs().map(|p| p.1))))
        };
        let values: Vec<(f64, f64)> = worlds.iter().filter_map(of).collect();
        if let Some(paired) = compare(n, more_is_better, &values) {
            rows.push(Row { first: "value", second: arm.name(), measure, paired });
        }
    }
    rows
}

fn print_tables(rows: &[Row], worlds: usize, options: &Options) {
    println!(
        "{worlds} worlds of {} villages, {} alliances at war, {} days; means of an alliance, paired differences",
        options.villages, options.alliances, options.days
    );
    let mut last = "";
    for row in rows {
        if row.second != last {
            last = row.second;
            let (first, second) = (row.first, row.second);
            println!(
                "\n{:<34}{first:>12}{second:>24}{:>12}   {:<22}better/equal/worse",
                "measure", "difference", "95% interval"
            );
        }
        let p = &row.paired;
        let digits = if p.first.abs().max(p.second.abs()) < 100.0 { 2 } else { 0 };
        let interval = p.say_interval(digits);
        println!(
            "{:<34}{:>12.digits$}{:>24.digits$}{:>+12.digits$}   {interval:<22}{:>6}/{}/{} of {}",
            row.measure, p.first, p.second, p.difference, p.better, p.equal, p.worse, p.seeds
        );
    }
}

/// Goals met by the age of what they rested on, over all alliances that scout by value.
fn tell_ages(worlds: &[World]) {
    let all = || worlds.iter().flatten().map(|(by_value, _)| by_value);
    let sum = |of: fn(&Tally) -> (f64, f64)| all().map(of).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    println!();
    for (name, (targets, met)) in [("at most 48 h", sum(|t| t.young)), ("more than 48 h", sum(|t| t.old))] {
        let part = share(met, targets).map_or_else(|| "-".to_owned(), |s| format!("{:.1}%", 100.0 * s));
        println!("oldest target seen {name} before the first wave: {met} of {targets} goals met, {part}");
    }
}
