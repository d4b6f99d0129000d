//! A campaign without a window: alliances scout, propose, vote, attack together, and the example tells what happened.
//!
//! `cargo run --release --example headless` runs a week on a synthetic world; `--help` lists the options.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]
#![allow(clippy::disallowed_methods, reason = "wall time at the edge: how long the run took")]

#[path = "support/headless/json.rs"]
pub(crate) mod json;
#[cfg(feature = "llm")]
#[path = "support/headless/llm.rs"]
mod llm;
#[path = "support/numbers.rs"]
mod numbers;
#[path = "support/headless/options.rs"]
mod options;
#[path = "support/patterns.rs"]
pub(crate) mod patterns;
#[path = "support/worlds.rs"]
pub(crate) mod worlds;

use bevy::app::{TaskPoolOptions, TaskPoolPlugin};
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{CampaignFact, PlayerKind, ScenarioAppExt, WorldSeed};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::state::state_hash;
use bevy_alliance::decision::council::CouncilCharter;
use bevy_alliance::decision::planning::Library;
use bevy_alliance::edge::report::{
    AfterAction, CampaignTally, Channels, Directory, History, ReportPlugin, account, intel_account, minutes,
    quiet_account,
};
use bevy_alliance::edge::snapshot::{Recorder, Recording, SnapshotExt, read_save, write_atomically};
use bevy_alliance::strategy::victory::{VictoryConditions, VictoryRanking};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::strategy::wonder::WonderSettings;
use bevy_alliance::world::audit::{ArmyValue, army_value, audit};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use json::{Outcome, json};
pub(crate) use options::{AccountName, Options, check};
use patterns::AddedPatterns;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::OtherHash) => ExitCode::from(1),
        Err(error) => {
            eprintln!("headless: {error}");
            ExitCode::from(2)
        }
    }
}

pub(crate) type Failure = Box<dyn std::error::Error>;

/// How a run ended.
#[derive(PartialEq)]
pub(crate) enum Verdict {
    Done,
    /// A replay that did not go as it was recorded.
    OtherHash,
}

pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    check(options)?;
    if let Some(folder) = &options.report {
        // A week is not played only to find out that its report has no place.
        std::fs::create_dir_all(folder).map_err(|e| format!("--report {}: {e}", folder.display()))?;
    }
    let (mut app, course) = begin(options, options.place.rules())?;
    let mut events = match &options.events {
        Some(path) => {
            let file = File::create(path).map_err(|e| format!("--events {}: {e}", path.display()))?;
            app.init_resource::<FactLines>().add_systems(Last, collect_lines);
            Some(BufWriter::new(file))
        }
        None => None,
    };
    if let Some(of) = &options.of {
        // A week is not played only to find out that nobody can tell of it.
        let names = Directory::of_world(app.world_mut());
        let those = || names.active.iter().map(|id| names.alliance_with_id(*id)).collect::<Vec<_>>().join(", ");
        let id = names.find_alliance(of).map_err(|e| format!("{e}; those that deliberate: {}", those()));
        let told = id.and_then(|id| intel_account(app.world_mut(), &names, id));
        told.map_err(|e| format!("--of {of}: {e}"))?;
    }
    let started = Instant::now();
    let armies = play(options, &mut app, course.end, &mut events)?;
    let wall_secs = started.elapsed().as_secs_f64();
    if let (Some(path), Some(recorder)) = (&options.record, &course.recorder) {
        write("--record", &recorder.recording(&mut app).encode()?, path)?;
    }
    if let Some(folder) = &options.report {
        let report = AfterAction::of(app.world_mut());
        write("--report", report.html().as_bytes(), &folder.join("report.html"))?;
    }
    tell(options, &mut app, &course, wall_secs, &armies)
}

/// Where a run begins and ends, and what it must end with.
struct Course {
    start: GameTime,
    end: GameTime,
    recorder: Option<Recorder>,
    expected: Option<u128>,
}

/// The app with its campaign: a new one, a saved one, or a recorded one.
fn begin(options: &Options, rules: Ruleset) -> Result<(App, Course), Failure> {
    #[expect(clippy::cast_possible_truncation, reason = "at most ten years of milliseconds")]
    let end = GameTime((options.days * 86_400_000.0) as i64);
    let mut course = Course { start: GameTime(0), end, recorder: None, expected: None };
    if let Some(path) = &options.load {
        let mut app = build(options, rules)?;
        let fault = |e: &dyn std::fmt::Display| format!("--load {}: {e}", path.display());
        let save = read_save(path).map_err(|e| format!("--load {e}"))?;
        app.load_campaign(&save).map_err(|e| fault(&e))?;
        course.start = app.world().resource::<GameClock>().now();
        if course.start >= end {
            let (start, days) = (course.start, options.days);
            let (path, hours) = (path.display(), (start - GameTime(0)).as_hours());
            return Err(format!(
                "--load {path}: it stands at {start} ({hours:.1} game hours), and --days {days} ends no later"
            )
            .into());
        }
        return Ok((app, course));
    }
    if let Some(path) = &options.replay {
        let mut app = build(options, rules)?;
        let fault = |e: &dyn std::fmt::Display| format!("--replay {}: {e}", path.display());
        let recording =
            Recording::decode(&read_save(path).map_err(|e| format!("--replay {e}"))?).map_err(|e| fault(&e))?;
        recording.start(&mut app).map_err(|e| fault(&e))?;
        (course.end, course.expected) = (recording.end, Some(recording.hash));
        return Ok((app, course));
    }
    let scenario = options.place.scenario(options.seed, &rules)?;
    if !scenario.alliances.iter().any(|a| a.active) {
        eprintln!(
            "headless: no alliance deliberates, so nothing will happen: --alliances is {}, and only alliances of at least \
             three members count",
            options.place.alliances
        );
    }
    let added = AddedPatterns::read(&options.pattern, rules.capabilities)?;
    let mut app = build(options, rules)?;
    for note in added.add_to(&mut app.world_mut().resource_mut::<Library>()) {
        eprintln!("headless: {note}");
    }
    add_victory(options, &mut app)?;
    if options.record.is_some() {
        course.recorder = Some(Recorder::new(&mut app, &scenario)?);
    }
    app.world_mut().resource_mut::<WarCouncilSettings>().talks = of_minutes(options.council_talks);
    app.start_campaign(&scenario)?;
    #[cfg(feature = "llm")]
    options.llm.replay(&mut app)?;
    Ok((app, course))
}

#[expect(clippy::cast_possible_truncation, reason = "checked with the options")]
fn of_minutes(minutes: f64) -> GameSpan {
    GameSpan((minutes * 60_000.0) as i64)
}

/// Adds what wins, and what wonders cost.
fn add_victory(options: &Options, app: &mut App) -> Result<(), Failure> {
    app.world_mut().resource_mut::<WonderSettings>().cost = options.wonder_cost;
    let Some(path) = &options.victory else { return Ok(()) };
    let fault = |e: &dyn std::fmt::Display| format!("--victory {}: {e}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| fault(&e))?;
    app.insert_resource(VictoryConditions::from_json(&text).map_err(|e| fault(&e))?);
    Ok(())
}

fn write(option: &str, bytes: &[u8], path: &Path) -> Result<(), Failure> {
    // The error names the path.
    Ok(write_atomically(path, bytes).map_err(|e| format!("{option} {e}"))?)
}

fn build(options: &Options, rules: Ruleset) -> Result<App, Failure> {
    let threads =
        options.threads.map_or_else(TaskPoolOptions::default, |n| TaskPoolOptions::with_num_threads(usize::from(n)));
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin { task_pool_options: threads })
        .insert_resource(rules)
        .insert_resource(CouncilCharter(options.place.charter()))
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() });
    if options.report.is_some() {
        app.init_resource::<History>();
    }
    #[cfg(feature = "llm")]
    options.llm.plug(&mut app)?;
    app.finish();
    app.cleanup();
    Ok(app)
}

/// Facts of this update as JSON lines.
#[derive(Resource, Default)]
struct FactLines(Vec<String>);

fn collect_lines(mut facts: MessageReader<CampaignFact>, mut lines: ResMut<FactLines>) {
    for fact in facts.read() {
        match serde_json::to_string(fact) {
            Ok(line) => lines.0.push(line),
            Err(error) => warn_once!("a fact that cannot be written as JSON is left out: {error}"),
        }
    }
}

/// The armies of all who deliberate, day by day.
#[derive(Default)]
pub(crate) struct Armies(Vec<ArmyValue>);

impl Armies {
    pub(crate) fn look(&mut self, app: &mut App) {
        self.0.push(army_value(app.world_mut(), |p| matches!(p.kind, PlayerKind::Active | PlayerKind::Human)));
    }

    /// Value at the end and at its lowest, as shares of the beginning, and at the end as a share of the growth path.
    #[expect(clippy::cast_precision_loss, reason = "goods of a campaign, for display")]
    pub(crate) fn shares(&self) -> Option<(f64, f64, f64)> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        let lowest = self.0.iter().map(|a| a.goods).min()?;
        let of = |part: i64, whole: i64| part as f64 / whole.max(1) as f64;
        Some((of(last.goods, first.goods), of(lowest, first.goods), of(last.goods, last.path)))
    }
}

fn play(
    options: &Options,
    app: &mut App,
    end: GameTime,
    events: &mut Option<BufWriter<File>>,
) -> Result<Armies, Failure> {
    let mut armies = Armies::default();
    armies.look(app);
    let start = app.world().resource::<GameClock>().now();
    #[expect(clippy::cast_possible_truncation, reason = "checked with the options")]
    let save_every = options.save_every.map(|hours| GameSpan((hours * 3_600_000.0) as i64));
    let (mut next_look, mut next_save) = (next_day(start), save_every.map(|every| start + every));
    let bar = if options.quiet || options.json || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(u64::try_from(end.0 / 3_600_000).unwrap_or(0)).with_style(
            ProgressStyle::with_template("{bar:40} {pos}/{len} game hours, {elapsed} elapsed")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        )
    };
    #[expect(clippy::cast_possible_truncation, reason = "checked with the options")]
    let step = options.pace.map_or(GameSpan::hours(1), |secs| GameSpan((secs * 1_000.0).max(1.0) as i64));
    // Where somebody can win no step passes the hour in which the campaign ends then.
    let winnable = !app.world().resource::<VictoryConditions>().0.is_empty();
    let step = if winnable { step.min(GameSpan::hours(1)) } else { step };
    #[cfg(feature = "llm")]
    let mut transcript = options.llm.open()?;
    loop {
        let clock = app.world().resource::<GameClock>();
        let (now, goal) = (clock.now(), clock.goal());
        // It ends an hour after somebody has won, at whatever pace. Who loads a campaign that is won already wants to see how it
        // goes on, and a recording runs to its own end.
        let won = app.world().resource::<VictoryRanking>().won.as_ref().map(|won| won.at).filter(|at| *at > start);
        let end = won.filter(|_| options.replay.is_none()).map_or(end, |at| end.min(at + GameSpan::hours(1)));
        if now >= end {
            break;
        }
        if now == goal {
            app.world_mut().resource_mut::<GameClock>().advance(step.min(end - now));
        }
        app.update();
        #[cfg(feature = "llm")]
        options.llm.write(app, &mut transcript)?;
        let now = app.world().resource::<GameClock>().now();
        if now >= next_look {
            armies.look(app);
            next_look = next_day(now);
        }
        if let (Some(path), Some(every), Some(due)) = (&options.save, save_every, next_save)
            && now >= due
        {
            write("--save", &app.save_campaign().encode()?, path)?;
            next_save = Some(now + every);
        }
        bar.set_position(u64::try_from(now.0 / 3_600_000).unwrap_or(0));
        if let Some(file) = events {
            for line in app.world_mut().resource_mut::<FactLines>().0.drain(..) {
                writeln!(file, "{line}").map_err(|e| events_fault(options, &e))?;
            }
        }
    }
    if let Some(file) = events {
        file.flush().map_err(|e| events_fault(options, &e))?;
    }
    bar.finish_and_clear();
    armies.look(app);
    if let Some(path) = &options.save {
        write("--save", &app.save_campaign().encode()?, path)?;
    }
    Ok(armies)
}

fn events_fault(options: &Options, error: &dyn std::fmt::Display) -> String {
    let path = options.events.as_deref().unwrap_or(Path::new("")).display();
    format!("--events {path}: {error}")
}

fn next_day(now: GameTime) -> GameTime {
    const DAY: i64 = 86_400_000;
    GameTime((now.0.div_euclid(DAY) + 1) * DAY)
}

/// Prints a line; a reader that has heard enough (`| head`) is no fault.
fn say(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}").into()),
        _ => Ok(()),
    }
}

/// The account that was asked for.
pub(crate) fn told(options: &Options, app: &mut App, tally: &CampaignTally) -> String {
    if options.account == AccountName::Campaign {
        return account(tally);
    }
    // Some may have ended by now: whoever was asked for was there before the run, and the rest is told all the same.
    let operations = tally.summary().operations_by_alliance;
    let still = Directory::of_world(app.world_mut()).active.into_iter().map(|alliance| alliance.0);
    let busiest = still.max_by_key(|id| (operations.get(id).copied().unwrap_or(0), core::cmp::Reverse(*id)));
    let of = match &options.of {
        Some(of) => tally.directory.find_alliance(of),
        None => busiest.map(AllianceId).ok_or_else(String::new),
    };
    let told = match of {
        Err(none) if none.is_empty() => return "No alliance deliberates any more.\n".to_owned(),
        Ok(of) if options.account == AccountName::Minutes => {
            Ok(minutes(app.world().resource::<Channels>(), &tally.directory, of))
        }
        of => of.and_then(|of| intel_account(app.world_mut(), &tally.directory, of)),
    };
    told.unwrap_or_else(|error| format!("Nothing to tell at the end: {error}.\n"))
}

fn tell(
    options: &Options,
    app: &mut App,
    course: &Course,
    wall_secs: f64,
    armies: &Armies,
) -> Result<Verdict, Failure> {
    let state = state_hash(app.world_mut());
    let as_recorded = course.expected.map(|expected| expected == state);
    let verdict = if as_recorded == Some(false) { Verdict::OtherHash } else { Verdict::Done };
    let seed = app.world().get_resource::<WorldSeed>().map_or(0, |seed| seed.0);
    let tally = app.world().resource::<CampaignTally>().clone();
    // A campaign that somebody won ends before its time.
    let end = app.world().resource::<GameClock>().now();
    let times_real_time = (end - course.start).as_hours() * 3_600.0 / wall_secs.max(1e-9);
    let outcome = Outcome { seed, end, state, as_recorded, wall_secs, times_real_time };
    if options.json {
        say(&json(app, &tally, armies, &outcome)?.to_string())?;
        return Ok(verdict);
    }
    let conservation = audit(app.world_mut());
    let names = &tally.directory;
    if !options.quiet {
        say(&format!(
            "{} villages, {} players, {} alliances of which {} deliberate; {:.0} game hours, seed {}\n",
            names.sites.len(),
            names.players.len(),
            names.alliances.len(),
            names.active.len(),
            (end - GameTime(0)).as_hours(),
            seed
        ))?;
        say(&told(options, app, &tally))?;
        if options.account == AccountName::Campaign {
            let quiet = quiet_account(&tally, end, GameSpan::days(1));
            if !quiet.is_empty() {
                say(&quiet)?;
            }
        }
    }
    if let Some((last, lowest, path)) = armies.shares() {
        say(&format!(
            "Armies of all who deliberate: {last:.2} of what they were worth at the beginning, {lowest:.2} at the lowest, \
             {path:.2} of what they would be without losses."
        ))?;
    }
    say(&format!(
        "Nothing lost: {} units and {} goods unaccounted for. State hash {state:032x}.",
        conservation.troops_unaccounted, conservation.goods_unaccounted
    ))?;
    if let Some(folder) = options.report.as_ref().filter(|_| !options.quiet) {
        say(&format!("The report: {}.", folder.join("report.html").display()))?;
    }
    #[cfg(feature = "llm")]
    if let Some(told) = llm::told(app) {
        say(&told)?;
    }
    say(&format!("{wall_secs:.2} s of wall time: {times_real_time:.0} times real time."))?;
    match (as_recorded, course.expected) {
        (Some(true), _) => say("The replay went as it was recorded: the state hash is the same.")?,
        (Some(false), Some(expected)) => say(&format!("THE REPLAY WENT ANOTHER WAY: recorded was {expected:032x}."))?,
        _ => {}
    }
    Ok(verdict)
}
