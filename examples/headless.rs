//! A campaign without a window: alliances scout, propose, vote, attack together, and the example tells what happened.
//!
//! `cargo run --release --example headless` runs a week on a synthetic world; `--help` lists the options.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]
#![allow(clippy::disallowed_methods, reason = "wall time at the edge: how long the run took")]

use bevy::app::{TaskPoolOptions, TaskPoolPlugin};
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, PassStats};
use bevy_alliance::base::contract::{CampaignFact, PlayerKind, Scenario, ScenarioAppExt};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::state::state_hash;
use bevy_alliance::decision::council::{Charter, CouncilCharter};
use bevy_alliance::edge::report::{CampaignTally, ReportPlugin, account};
use bevy_alliance::world::audit::{ArmyValue, army_value, audit};
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::import::{ImportOptions, Wars, read_map_sql};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Runs a campaign of NPC alliances and tells what happened.
#[derive(Parser, Debug)]
#[command(name = "headless", version)]
struct Options {
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
    /// Writes one JSON line per fact.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Prints one JSON object instead of the account.
    #[arg(long)]
    json: bool,
    /// Prints nothing but the result.
    #[arg(long)]
    quiet: bool,
}

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

#[derive(ValueEnum, Clone, Copy, Debug)]
enum WarsName {
    Nearest,
    None,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headless: {error}");
            ExitCode::from(2)
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn run(options: &Options) -> Result<(), Failure> {
    if !(options.days > 0.0 && options.days <= 3650.0) {
        return Err(format!("--days must be above 0 and at most 3650, not {}", options.days).into());
    }
    if options.pace.is_some_and(|p| !(0.001..=1e9).contains(&p)) {
        return Err("--pace must be between 0.001 and 1000000000 game seconds per update".into());
    }
    let rules = match options.ruleset {
        RulesetName::Extended => Ruleset::extended(),
        RulesetName::Classic => Ruleset::classic(),
    };
    let scenario = scenario(options, &rules)?;
    if !scenario.alliances.iter().any(|a| a.active) {
        eprintln!(
            "headless: no alliance deliberates, so nothing will happen: --alliances is {}, and only alliances of at least \
             three members count",
            options.alliances
        );
    }
    let mut app = build(options, rules);
    app.start_campaign(&scenario)?;
    let mut events = match &options.events {
        Some(path) => {
            let file = File::create(path).map_err(|e| format!("--events {}: {e}", path.display()))?;
            app.init_resource::<FactLines>().add_systems(Last, collect_lines);
            Some(BufWriter::new(file))
        }
        None => None,
    };
    let started = Instant::now();
    #[expect(clippy::cast_possible_truncation, reason = "at most ten years of milliseconds")]
    let end = GameSpan((options.days * 86_400_000.0) as i64);
    let armies = play(options, &mut app, end, &mut events)?;
    let wall_secs = started.elapsed().as_secs_f64();
    tell(options, &mut app, &scenario, end, wall_secs, &armies)
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
    end: GameSpan,
    events: &mut Option<BufWriter<File>>,
) -> Result<Armies, Failure> {
    let mut armies = Armies(Vec::new());
    armies.look(app);
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
        if now.0 >= end.0 {
            break;
        }
        if now == goal {
            app.world_mut().resource_mut::<GameClock>().advance(step.min(GameSpan(end.0 - now.0)));
        }
        app.update();
        if app.world().resource::<GameClock>().now().0 / 86_400_000 >= i64::try_from(armies.0.len()).unwrap_or(i64::MAX)
        {
            armies.look(app);
        }
        bar.set_position(u64::try_from(app.world().resource::<GameClock>().now().0 / 3_600_000).unwrap_or(0));
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
    Ok(armies)
}

/// Prints a line; a reader that has heard enough (`| head`) is no fault.
fn say(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn tell(
    options: &Options,
    app: &mut App,
    scenario: &Scenario,
    end: GameSpan,
    wall_secs: f64,
    armies: &Armies,
) -> Result<(), Failure> {
    let hash = format!("{:032x}", state_hash(app.world_mut()));
    let conservation = audit(app.world_mut());
    let passes = *app.world().resource::<PassStats>();
    let tally = app.world().resource::<CampaignTally>();
    let summary = tally.summary();
    let times_real_time = end.as_hours() * 3_600.0 / wall_secs.max(1e-9);
    if options.json {
        let active: Vec<u32> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id.0).collect();
        let mut object = serde_json::json!({
            "world": {
                "villages": scenario.sites.len(),
                "players": scenario.players.len(),
                "alliances": scenario.alliances.len(),
                "active_alliances": active,
            },
            "seed": options.seed,
            "game_hours": end.as_hours(),
            "conservation": conservation,
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
        }
        return say(&object.to_string());
    }
    if !options.quiet {
        say(&format!(
            "{} villages, {} players, {} alliances of which {} deliberate; {:.0} game hours, seed {}\n",
            scenario.sites.len(),
            scenario.players.len(),
            scenario.alliances.len(),
            scenario.alliances.iter().filter(|a| a.active).count(),
            end.as_hours(),
            options.seed
        ))?;
        say(&account(tally))?;
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
    say(&format!("{wall_secs:.2} s of wall time: {times_real_time:.0} times real time."))
}
