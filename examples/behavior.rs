//! How believable campaigns are: metrics of behavior over many seeds, held against the bands in which they are believable.
//!
//! `cargo run --release --example behavior -- --seeds 20` plays a week each in synthetic worlds and prints a table; `--help` lists
//! the options. `--plant` plants a stupidity, `--set` changes a setting, `--pattern` adds an attack pattern: what turns red then is
//! what the bands are for.
//!
//! Green: the band holds. Red: it is broken in 3 of 20 seeds, or as large a part of them. A metric without a band is not judged.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/numbers.rs"]
mod numbers;
#[path = "support/patterns.rs"]
pub(crate) mod patterns;
#[path = "support/plants.rs"]
pub(crate) mod plants;
#[path = "support/run.rs"]
mod run;
#[path = "support/seeds.rs"]
mod seeds;
#[path = "support/tune.rs"]
pub(crate) mod tune;
#[path = "support/worlds.rs"]
pub(crate) mod worlds;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{ScenarioAppExt, ScenarioError};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::decision::council::CouncilCharter;
use bevy_alliance::decision::planning::Library;
use bevy_alliance::edge::report::behavior::{Band, Fold, Horizon, Metric, Range, Samples};
use bevy_alliance::edge::report::{Behavior, CampaignTally, ReportPlugin};
use clap::Parser;
use numbers::whole;
use patterns::AddedPatterns;
use plants::Plant;
use run::run_until;
use seeds::{ThreadEnded, each_seed};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use thiserror::Error;
use tune::tune;
use worlds::WorldChoice;

/// Plays many seeds and holds how alliances behave against what is believable.
#[derive(Parser, Debug, Clone)]
#[command(name = "behavior", version)]
pub(crate) struct Options {
    /// Campaigns to play, each with a seed of its own.
    #[arg(long, default_value_t = 20, allow_negative_numbers = true, value_parser = whole::<u64>(1, 100_000))]
    pub(crate) seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u64>(0, u64::MAX / 2))]
    pub(crate) from: u64,
    /// Game days of each campaign: up to 14 the bands of 7 days hold, above that those of 30.
    #[arg(long, default_value_t = 7, allow_negative_numbers = true, value_parser = whole::<i64>(1, 365))]
    pub(crate) days: i64,
    /// Which world, under which rules.
    #[command(flatten)]
    pub(crate) place: WorldChoice,
    /// Changes a setting before the start, as `war_council_settings.period=2h` or `learning_settings.prior_bias=.3`; may be given
    /// several times. A wrong name is answered by those that there are. A time has a unit (s, m, h, d); without one it is in
    /// milliseconds.
    #[arg(long, value_name = "NAME.FIELD=VALUE")]
    pub(crate) set: Vec<String>,
    /// An attack pattern to add, as JSON; may be given several times. One with the name of a pattern that is there takes its place.
    #[arg(long, value_name = "FILE")]
    pub(crate) pattern: Vec<PathBuf>,
    /// Plants a stupidity; may be given several times.
    #[arg(long, value_enum)]
    pub(crate) plant: Vec<Plant>,
    /// Writes one row per seed with all metrics (its column `alliance` is empty), and one per seed and alliance.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Campaigns at a time.
    #[arg(long, default_value_t = 2, allow_negative_numbers = true, value_parser = whole::<usize>(1, 256))]
    pub(crate) threads: usize,
    /// Exit code 1 if a band is red.
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("{0}")]
    Option(String),
    #[error("--csv {}: {_1}", _0.display())]
    Csv(PathBuf, std::io::Error),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Thread(#[from] ThreadEnded),
}

/// One campaign that was played.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) seed: u64,
    pub(crate) samples: Samples,
    pub(crate) behavior: Behavior,
    pub(crate) by_alliance: BTreeMap<AllianceId, Behavior>,
    /// Joint attacks, by pattern.
    pub(crate) patterns: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let fault = |error: RunError| {
        eprintln!("behavior: {error}");
        ExitCode::from(2)
    };
    let played = match writable(&options).and_then(|()| play_all(&options)) {
        Ok(played) => played,
        Err(error) => return fault(error),
    };
    let rows = rows(&played, Horizon::of_days(days(&options)));
    let colors = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A reader that has heard enough (`| head`) is no fault.
    let told = table(&rows, &options, colors) + &patterns(&played);
    let _ = std::io::stdout().write_all(told.as_bytes());
    if let Some(path) = &options.csv
        && let Err(error) = std::fs::write(path, csv(&played))
    {
        return fault(RunError::Csv(path.clone(), error));
    }
    if options.strict && rows.iter().any(|row| row.verdict == Some(Verdict::Red)) {
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

#[expect(clippy::cast_precision_loss, reason = "a year of days")]
fn days(options: &Options) -> f64 {
    options.days as f64
}

/// What cannot be written is found out before hours of campaigns; nothing that is there is lost by it.
fn writable(options: &Options) -> Result<(), RunError> {
    let Some(path) = &options.csv else { return Ok(()) };
    let there = path.exists();
    let fault = |error| RunError::Csv(path.clone(), error);
    OpenOptions::new().append(true).create(true).open(path).map_err(fault)?;
    if there { Ok(()) } else { std::fs::remove_file(path).map_err(fault) }
}

/// Plays all campaigns.
pub(crate) fn play_all(options: &Options) -> Result<Vec<Played>, RunError> {
    options.place.check().map_err(RunError::Option)?;
    let capabilities = options.place.rules().capabilities;
    let added = AddedPatterns::read(&options.pattern, capabilities).map_err(RunError::Option)?;
    for note in added.add_to(&mut Library::default()) {
        eprintln!("behavior: {note}");
    }
    each_seed(options.from, options.seeds, options.threads, |seed| play(options, &added, seed))
}

/// Plays one campaign, with these patterns beside those that are there.
pub(crate) fn play(options: &Options, added: &AddedPatterns, seed: u64) -> Result<Played, RunError> {
    let rules = options.place.rules();
    let mut scenario = options.place.scenario(seed, &rules).map_err(RunError::Option)?;
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(rules)
        .insert_resource(CouncilCharter(options.place.charter()))
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() });
    app.finish();
    app.cleanup();
    for plant in &options.plant {
        plant.change_scenario(&mut scenario);
        plant.change_settings(&mut app);
    }
    added.add_to(&mut app.world_mut().resource_mut::<Library>());
    for change in &options.set {
        tune(app.world_mut(), change).map_err(RunError::Option)?;
    }
    app.start_campaign(&scenario)?;
    for plant in &options.plant {
        plant.change_campaign(&mut app);
    }
    run_until(&mut app, GameTime(0) + GameSpan::days(options.days), GameSpan::hours(1));
    let tally = app.world().resource::<CampaignTally>();
    let samples = tally.samples(None);
    let of = |alliance: &AllianceId| (*alliance, Behavior::of_samples(&tally.samples(Some(*alliance))));
    let by_alliance = tally.directory.active.iter().map(of).collect();
    let patterns = tally.summary().operations.patterns;
    Ok(Played { seed, behavior: Behavior::of_samples(&samples), samples, by_alliance, patterns })
}

/// Whether a band holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Green,
    Red,
}

/// A band is broken if it is so in 3 of 20 seeds, or as large a part of them.
const BROKEN_OF_20: usize = 3;

/// One metric over all seeds.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) metric: Metric,
    pub(crate) band: Option<Range>,
    /// The values of the seeds that have one, in order.
    pub(crate) values: Vec<f64>,
    /// The value of all seeds put together, of what is no comparison of the alliances of one world.
    pub(crate) together: Option<f64>,
    /// Seeds whose value lies outside of the band.
    pub(crate) broken: usize,
    /// `None` without a band, or without a value.
    pub(crate) verdict: Option<Verdict>,
}

/// What the table holds.
pub(crate) fn rows(played: &[Played], horizon: Horizon) -> Vec<Row> {
    let mut all = Samples::default();
    played.iter().for_each(|one| all.add(&one.samples));
    let row = |metric: &Metric| {
        let band = Band::of(*metric).and_then(|band| band.at(horizon));
        let mut values: Vec<f64> = played.iter().filter_map(|one| one.behavior.of(*metric)).collect();
        values.sort_by(f64::total_cmp);
        let broken = band.map_or(0, |band| values.iter().filter(|v| !band.holds(**v)).count());
        let red = broken * 20 >= BROKEN_OF_20 * played.len().max(1);
        let verdict = band.filter(|_| !values.is_empty()).map(|_| if red { Verdict::Red } else { Verdict::Green });
        let together = all.value(*metric).filter(|_| !compares(*metric));
        Row { metric: *metric, band, together, values, broken, verdict }
    };
    Metric::ALL.iter().map(row).collect()
}

/// Whether a metric compares the alliances of one world: it says nothing of several worlds together, or of one alliance.
fn compares(metric: Metric) -> bool {
    matches!(metric.fold(), Fold::Gini | Fold::Top | Fold::Reordering)
}

/// The table in words.
pub(crate) fn table(rows: &[Row], options: &Options, colors: bool) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = tell(&mut out, rows, options, colors);
    out
}

fn tell(out: &mut String, rows: &[Row], options: &Options, colors: bool) -> std::fmt::Result {
    let (seeds, days) = (options.seeds, options.days);
    writeln!(out, "{seeds} campaigns of {days} days, seeds {} to {}\n", options.from, options.from + seeds - 1)?;
    writeln!(
        out,
        "{:<26} {:<13} {:>7} {:>7} {:>7} {:>8} {:>7}",
        "metric", "band", "median", "least", "most", "together", "broken"
    )?;
    for row in rows {
        let band = row.band.map_or_else(String::new, |band| band.to_string());
        let number = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{:.2}", v + 0.0));
        let broken = row.band.map_or_else(String::new, |_| format!("{}/{}", row.broken, row.values.len()));
        let verdict = match (row.verdict, colors) {
            (Some(Verdict::Green), true) => "  \x1b[32mgreen\x1b[0m",
            (Some(Verdict::Red), true) => "  \x1b[31mred\x1b[0m",
            (Some(Verdict::Green), false) => "  green",
            (Some(Verdict::Red), false) => "  red",
            (None, _) => "",
        };
        let line = format!(
            "{:<26} {:<13} {:>7} {:>7} {:>7} {:>8} {:>7}{verdict}",
            row.metric.key(),
            band,
            number(median(&row.values)),
            number(row.values.first().copied()),
            number(row.values.last().copied()),
            number(row.together),
            broken,
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    let of = |verdict| rows.iter().filter(|row| row.verdict == Some(verdict)).count();
    let silent = rows.iter().filter(|row| row.band.is_some() && row.verdict.is_none()).count();
    writeln!(out, "\n{} green, {} red, {silent} without a value", of(Verdict::Green), of(Verdict::Red))?;
    for row in rows.iter().filter(|row| row.verdict == Some(Verdict::Red)) {
        let detects = Band::of(row.metric).map_or("", |band| band.detects);
        writeln!(out, "  {}: {} ({detects})", row.metric.key(), row.metric.says())?;
    }
    for row in rows.iter().filter(|row| row.values.is_empty()) {
        writeln!(out, "  {} has no value: no {}", row.metric.key(), row.metric.counted_over())?;
    }
    Ok(())
}

/// What joint attacks were like, in words.
fn patterns(played: &[Played]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (pattern, n) in played.iter().flat_map(|one| &one.patterns) {
        *counts.entry(pattern).or_default() += n;
    }
    let all: u64 = counts.values().sum();
    let mut out = format!("\n{all} joint attacks by pattern\n");
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| core::cmp::Reverse(*n));
    for (pattern, n) in counts {
        #[expect(clippy::cast_precision_loss, reason = "operations of some campaigns")]
        let share = 100.0 * n as f64 / all.max(1) as f64;
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {pattern:<24} {n:>7} {share:>5.1}%");
    }
    out
}

/// The middle of sorted values.
fn median(values: &[f64]) -> Option<f64> {
    let n = values.len();
    (n > 0).then(|| f64::midpoint(values[(n - 1) / 2], values[n / 2]))
}

/// One row per seed, whose `alliance` is empty, and one per seed and alliance, a column per metric; what has no value is empty, and
/// so is what compares the alliances of a world in the rows of one.
pub(crate) fn csv(played: &[Played]) -> String {
    let keys: Vec<&str> = Metric::ALL.iter().map(|metric| metric.key()).collect();
    let mut out = format!("seed,alliance,{}\n", keys.join(","));
    for one in played {
        let whole = std::iter::once((String::new(), &one.behavior));
        for (alliance, behavior) in whole.chain(one.by_alliance.iter().map(|(id, b)| (id.to_string(), b))) {
            let of = |metric: &Metric| behavior.of(*metric).filter(|_| alliance.is_empty() || !compares(*metric));
            let value = |metric: &Metric| of(metric).map_or_else(String::new, |v| v.to_string());
            let values: Vec<String> = Metric::ALL.iter().map(value).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{},{alliance},{}", one.seed, values.join(","));
        }
    }
    out
}
