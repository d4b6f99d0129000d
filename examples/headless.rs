//! A campaign without a window: alliances scout, propose, vote, attack together, and the example tells what happened.
//!
//! `cargo run --release --example headless` runs a week on a synthetic world; `--help` lists the options.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]
#![allow(clippy::disallowed_methods, reason = "wall time at the edge: how long the run took")]

use bevy::app::{TaskPoolOptions, TaskPoolPlugin};
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime, PassStats};
use bevy_alliance::base::contract::{CampaignFact, PlayerKind, Scenario, ScenarioAppExt, WorldSeed};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::base::ruleset::{Capabilities, Ruleset};
use bevy_alliance::base::state::state_hash;
use bevy_alliance::decision::council::{Charter, CouncilCharter};
use bevy_alliance::decision::planning::{Library, Pattern};
use bevy_alliance::edge::report::{CampaignTally, Directory, IntelSummary, ReportPlugin, account, intel_account};
use bevy_alliance::edge::snapshot::{Recorder, Recording, SnapshotExt, read_save, write_atomically};
use bevy_alliance::world::audit::{ArmyValue, army_value, audit};
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::import::{ImportOptions, Wars, read_map_sql};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Runs a campaign of NPC alliances and tells what happened.
#[derive(Parser, Debug)]
#[command(name = "headless", version)]
pub(crate) struct Options {
    /// A map.sql dump to play on.
    #[arg(long, value_name = "FILE", conflicts_with = "synthetic")]
    world: Option<PathBuf>,
    /// A synthetic world with this many villages.
    #[arg(long, value_name = "VILLAGES", default_value_t = 3000)]
    synthetic: u32,
    /// How many alliances deliberate: the largest.
    #[arg(long, default_value_t = 8)]
    alliances: usize,
    /// Game days to run.
    #[arg(long, default_value_t = 7.0, allow_negative_numbers = true)]
    days: f64,
    /// The seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Game seconds per host update; as fast as possible if not given.
    #[arg(long, value_name = "SECONDS")]
    pace: Option<f64>,
    /// Threads of the task pools.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// What the world allows.
    #[arg(long, value_enum, default_value_t = RulesetName::Extended)]
    ruleset: RulesetName,
    /// How alliances vote.
    #[arg(long, value_enum, default_value_t = CharterName::Plenary)]
    charter: CharterName,
    /// Who is at war at the beginning.
    #[arg(long, value_enum, default_value_t = WarsName::Nearest)]
    wars: WarsName,
    /// An attack pattern to add, as JSON; may be given several times.
    #[arg(long, value_name = "FILE")]
    pattern: Vec<PathBuf>,
    /// Saves the campaign at its end, and before that as often as `--save-every` says.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Game hours between two saves.
    #[arg(long, value_name = "HOURS", requires = "save")]
    save_every: Option<f64>,
    /// Goes on with a saved campaign, up to `--days` of its game time.
    #[arg(long, value_name = "FILE", conflicts_with_all = BEGINNING)]
    load: Option<PathBuf>,
    /// Records the campaign for `--replay`.
    #[arg(long, value_name = "FILE", conflicts_with = "load")]
    record: Option<PathBuf>,
    /// Runs a recorded campaign once more and compares the state hash; exit code 1 if it is another.
    #[arg(long, value_name = "FILE", conflicts_with_all = BEGINNING)]
    #[arg(conflicts_with_all = ["load", "record", "days"])]
    replay: Option<PathBuf>,
    /// Writes one JSON line per fact.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// What is told at the end.
    #[arg(long, value_enum, default_value_t = AccountName::Campaign, conflicts_with = "json")]
    account: AccountName,
    /// Whose knowledge `--account intel` tells: the id of an alliance that deliberates; the one with the most operations
    /// of those that still deliberate if not given.
    #[arg(long, value_name = "ALLIANCE", requires = "account")]
    of: Option<u32>,
    /// Prints one JSON object instead of the account.
    #[arg(long)]
    json: bool,
    /// Prints nothing but the result.
    #[arg(long)]
    quiet: bool,
}

/// What a save or a recording brings along.
const BEGINNING: [&str; 8] = ["world", "synthetic", "alliances", "seed", "ruleset", "charter", "wars", "pattern"];

#[derive(ValueEnum, Clone, Copy, Debug)]
enum RulesetName {
    Extended,
    Classic,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum CharterName {
    Plenary,
    #[value(name = "war_cabinet", alias = "war-cabinet")]
    WarCabinet,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum AccountName {
    /// What happened.
    Campaign,
    /// What one alliance knows, and the truth beside it.
    Intel,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum WarsName {
    Nearest,
    None,
}

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
enum Verdict {
    Done,
    /// A replay that did not go as it was recorded.
    OtherHash,
}

pub(crate) fn check(options: &Options) -> Result<(), Failure> {
    if !(options.days > 0.0 && options.days <= 3650.0) {
        return Err(format!("--days must be above 0 and at most 3650, not {}", options.days).into());
    }
    if options.pace.is_some_and(|p| !(0.001..=1e9).contains(&p)) {
        return Err("--pace must be between 0.001 and 1000000000 game seconds per update".into());
    }
    if options.save_every.is_some_and(|hours| !(0.001..=87_600.0).contains(&hours)) {
        return Err("--save-every must be between 0.001 and 87600 game hours".into());
    }
    if options.save.is_some() && options.save == options.record {
        return Err("--save and --record name the same file".into());
    }
    if options.of.is_some() && options.account != AccountName::Intel {
        return Err("--of needs --account intel".into());
    }
    // A week is not played only to find out that its save has no place.
    for (option, path) in [("--save", &options.save), ("--record", &options.record)] {
        let Some(path) = path else { continue };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(format!("{option} {}: its folder does not exist", path.display()).into());
        }
        if path.exists() && !path.is_file() {
            return Err(format!("{option} {}: this is no file that could be replaced", path.display()).into());
        }
    }
    Ok(())
}

fn run(options: &Options) -> Result<Verdict, Failure> {
    check(options)?;
    let rules = match options.ruleset {
        RulesetName::Extended => Ruleset::extended(),
        RulesetName::Classic => Ruleset::classic(),
    };
    let (mut app, course) = begin(options, rules)?;
    let mut events = match &options.events {
        Some(path) => {
            let file = File::create(path).map_err(|e| format!("--events {}: {e}", path.display()))?;
            app.init_resource::<FactLines>().add_systems(Last, collect_lines);
            Some(BufWriter::new(file))
        }
        None => None,
    };
    if let Some(of) = options.of {
        // A week is not played only to find out that nobody can tell of it.
        let names = Directory::of_world(app.world_mut());
        intel_account(app.world_mut(), &names, AllianceId(of)).map_err(|e| format!("--of {of}: {e}"))?;
    }
    let started = Instant::now();
    let armies = play(options, &mut app, course.end, &mut events)?;
    let wall_secs = started.elapsed().as_secs_f64();
    if let (Some(path), Some(recorder)) = (&options.record, &course.recorder) {
        write(&recorder.recording(&mut app).encode()?, path)?;
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
        let mut app = build(options, rules);
        app.load_campaign(&read_save(path)?).map_err(|e| format!("--load {}: {e}", path.display()))?;
        course.start = app.world().resource::<GameClock>().now();
        if course.start >= end {
            let (start, days) = (course.start, options.days);
            return Err(format!("--load {}: it stands at {start}, --days {days} is over", path.display()).into());
        }
        return Ok((app, course));
    }
    if let Some(path) = &options.replay {
        let mut app = build(options, rules);
        let fault = |e: &dyn std::fmt::Display| format!("--replay {}: {e}", path.display());
        let recording = Recording::decode(&read_save(path)?).map_err(|e| fault(&e))?;
        recording.start(&mut app).map_err(|e| fault(&e))?;
        (course.end, course.expected) = (recording.end, Some(recording.hash));
        return Ok((app, course));
    }
    let scenario = scenario(options, &rules)?;
    if !scenario.alliances.iter().any(|a| a.active) {
        eprintln!(
            "headless: no alliance deliberates, so nothing will happen: --alliances is {}, and only alliances of at least \
             three members count",
            options.alliances
        );
    }
    let capabilities = rules.capabilities;
    let mut app = build(options, rules);
    add_patterns(options, capabilities, &mut app)?;
    if options.record.is_some() {
        course.recorder = Some(Recorder::new(&mut app, &scenario)?);
    }
    app.start_campaign(&scenario)?;
    Ok((app, course))
}

/// Patterns of the command line; one that the ruleset cannot carry is refused by name.
fn add_patterns(options: &Options, capabilities: Capabilities, app: &mut App) -> Result<(), Failure> {
    for path in &options.pattern {
        let fault = |e: &dyn std::fmt::Display| format!("--pattern {}: {e}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| fault(&e))?;
        let pattern = Pattern::from_json(&text).map_err(|e| fault(&e))?;
        pattern.fits(capabilities).map_err(|e| fault(&e))?;
        app.world_mut().resource_mut::<Library>().add(pattern);
    }
    Ok(())
}

fn write(bytes: &[u8], path: &Path) -> Result<(), Failure> {
    Ok(write_atomically(path, bytes)?)
}

fn scenario(options: &Options, rules: &Ruleset) -> Result<Scenario, Failure> {
    let wars = match options.wars {
        WarsName::Nearest => Wars::Nearest,
        WarsName::None => Wars::None,
    };
    if let Some(path) = &options.world {
        let file = File::open(path).map_err(|e| format!("--world {}: {e}", path.display()))?;
        let import =
            ImportOptions { seed: options.seed, alliances: options.alliances, wars, ..ImportOptions::default() };
        let scenario = read_map_sql(BufReader::new(file), rules, &import);
        return Ok(scenario.map_err(|e| format!("--world {}: {e}", path.display()))?);
    }
    let generator = GeneratorOptions {
        seed: options.seed,
        villages: options.synthetic,
        alliances: options.alliances,
        wars,
        ..GeneratorOptions::default()
    };
    Ok(generate_world(&generator, rules)?)
}

fn build(options: &Options, rules: Ruleset) -> App {
    let threads =
        options.threads.map_or_else(TaskPoolOptions::default, |n| TaskPoolOptions::with_num_threads(usize::from(n)));
    let charter = match options.charter {
        CharterName::Plenary => Charter::plenary(),
        CharterName::WarCabinet => Charter::war_cabinet(),
    };
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin { task_pool_options: threads })
        .insert_resource(rules)
        .insert_resource(CouncilCharter(charter))
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() });
    app.finish();
    app.cleanup();
    app
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
struct Armies(Vec<ArmyValue>);

impl Armies {
    fn look(&mut self, app: &mut App) {
        self.0.push(army_value(app.world_mut(), |p| matches!(p.kind, PlayerKind::Active | PlayerKind::Human)));
    }

    /// Value at the end and at its lowest, as shares of the beginning, and at the end as a share of the growth path.
    #[expect(clippy::cast_precision_loss, reason = "goods of a campaign, for display")]
    fn shares(&self) -> Option<(f64, f64, f64)> {
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
    let mut armies = Armies(Vec::new());
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
    loop {
        let clock = app.world().resource::<GameClock>();
        let (now, goal) = (clock.now(), clock.goal());
        if now >= end {
            break;
        }
        if now == goal {
            app.world_mut().resource_mut::<GameClock>().advance(step.min(end - now));
        }
        app.update();
        let now = app.world().resource::<GameClock>().now();
        if now >= next_look {
            armies.look(app);
            next_look = next_day(now);
        }
        if let (Some(path), Some(every), Some(due)) = (&options.save, save_every, next_save)
            && now >= due
        {
            write(&app.save_campaign().encode()?, path)?;
            next_save = Some(now + every);
        }
        bar.set_position(u64::try_from(now.0 / 3_600_000).unwrap_or(0));
        if let Some(file) = events {
            for line in app.world_mut().resource_mut::<FactLines>().0.drain(..) {
                writeln!(file, "{line}").map_err(|e| format!("--events: {e}"))?;
            }
        }
    }
    if let Some(file) = events {
        file.flush().map_err(|e| format!("--events: {e}"))?;
    }
    bar.finish_and_clear();
    armies.look(app);
    if let Some(path) = &options.save {
        write(&app.save_campaign().encode()?, path)?;
    }
    Ok(armies)
}

fn next_day(now: GameTime) -> GameTime {
    const DAY: i64 = 86_400_000;
    GameTime((now.0.div_euclid(DAY) + 1) * DAY)
}

/// Prints a line; a reader that has heard enough (`| head`) is no fault.
fn say(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
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
    let Some(of) = options.of.or(busiest) else { return "No alliance deliberates any more.\n".to_owned() };
    let told = intel_account(app.world_mut(), &tally.directory, AllianceId(of));
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
    let hash = format!("{state:032x}");
    let conservation = audit(app.world_mut());
    let passes = *app.world().resource::<PassStats>();
    let seed = app.world().get_resource::<WorldSeed>().map_or(0, |seed| seed.0);
    let tally = app.world().resource::<CampaignTally>().clone();
    let (summary, names) = (tally.summary(), &tally.directory);
    let (villages, players, alliances) = (names.sites.len(), names.players.len(), names.alliances.len());
    let times_real_time = (course.end - course.start).as_hours() * 3_600.0 / wall_secs.max(1e-9);
    if options.json {
        let active: Vec<u32> = names.active.iter().map(|a| a.0).collect();
        let mut object = serde_json::json!({
            "world": {
                "villages": villages,
                "players": players,
                "alliances": alliances,
                "active_alliances": active,
            },
            "seed": seed,
            "game_hours": (course.end - GameTime(0)).as_hours(),
            "conservation": conservation,
            "intel": IntelSummary::of(app.world_mut(), &summary.looks),
            "army": armies.shares().map(|(end, lowest, path)| serde_json::json!({
                "end_to_start": end, "lowest_to_start": lowest, "end_to_growth_path": path,
            })),
            "state_hash": hash,
            "wall_secs": wall_secs,
            "times_real_time": times_real_time,
            "passes": passes.passes + passes.mechanical_passes,
        });
        if let (Some(object), Ok(serde_json::Value::Object(counts))) =
            (object.as_object_mut(), serde_json::to_value(&summary))
        {
            object.extend(counts);
            object.extend(as_recorded.map(|same| ("as_recorded".to_owned(), same.into())));
        }
        say(&object.to_string())?;
        return Ok(verdict);
    }
    if !options.quiet {
        say(&format!(
            "{} villages, {} players, {} alliances of which {} deliberate; {:.0} game hours, seed {}\n",
            villages,
            players,
            alliances,
            names.active.len(),
            (course.end - GameTime(0)).as_hours(),
            seed
        ))?;
        say(&told(options, app, &tally))?;
    }
    if let Some((end, lowest, path)) = armies.shares() {
        say(&format!(
            "Armies of all who deliberate: {end:.2} of what they were worth at the beginning, {lowest:.2} at the lowest, \
             {path:.2} of what they would be without losses."
        ))?;
    }
    say(&format!(
        "Nothing lost: {} units and {} goods unaccounted for. State hash {hash}.",
        conservation.troops_unaccounted, conservation.goods_unaccounted
    ))?;
    say(&format!("{wall_secs:.2} s of wall time: {times_real_time:.0} times real time."))?;
    match (as_recorded, course.expected) {
        (Some(true), _) => say("The replay went as it was recorded: the state hash is the same.")?,
        (Some(false), Some(expected)) => say(&format!("THE REPLAY WENT ANOTHER WAY: recorded was {expected:032x}."))?,
        _ => {}
    }
    Ok(verdict)
}
