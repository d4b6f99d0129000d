//! A pattern of a game's own: a new way to attack, as data, and what came of it wave by wave.
//!
//! ```sh
//! cargo run --release --example custom_pattern
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/run.rs"]
mod run;

use bevy::app::TaskPoolPlugin;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::ScenarioAppExt;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::planning::{Library, Pattern};
use bevy_alliance::edge::report::{CampaignTally, ReportPlugin};
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use clap::Parser;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

/// Fakes on two neighbours of each target at the instant of the blow: the defender sees three places attacked for each one that is
/// meant, and cannot tell which of them to help.
const VEILED_BLOW: &str = r#"{
  "name": "veiled_blow",
  "situation": ["enemy_can_reinforce"],
  "waves": [
    {"role": "fake", "offset_millis": 0, "units": "token", "manner": "siege", "at": "neighbours", "per_target": 2},
    {"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}
  ],
  "fit": 0.15
}"#;

/// Groups that are shown.
const ROWS_SHOWN: usize = 16;

/// Adds an attack pattern to a campaign and shows an operation that used it.
#[derive(Debug, Parser)]
struct Options {
    /// The seed of the world.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Game days.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
}

fn main() -> ExitCode {
    match play(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("custom_pattern: {error}");
            ExitCode::from(2)
        }
    }
}

fn play(options: &Options) -> Result<(), Failure> {
    let rules = Ruleset::extended();
    let world = GeneratorOptions { seed: options.seed, villages: 1_500, alliances: 5, ..GeneratorOptions::default() };
    let scenario = generate_world(&world, &rules)?;
    let pattern = Pattern::from_json(VEILED_BLOW)?;
    // A ruleset that lacks what a pattern needs refuses it by name, before anything starts.
    pattern.fits(rules.capabilities)?;
    let name = pattern.name.clone();
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(rules)
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() });
    app.finish();
    app.cleanup();
    app.world_mut().resource_mut::<Library>().add(pattern);
    app.start_campaign(&scenario)?;
    run::run_until(&mut app, GameTime(0) + GameSpan::days(i64::from(options.days)), GameSpan::hours(1));
    tell(app.world().resource::<CampaignTally>(), &name);
    Ok(())
}

fn tell(tally: &CampaignTally, name: &str) {
    println!("How operations were planned, and how many met their goal");
    let mut patterns: Vec<&str> = tally.stories.values().map(|s| s.pattern.as_str()).collect();
    patterns.sort_unstable();
    patterns.dedup();
    for pattern in patterns {
        let over = || tally.stories.values().filter(|s| s.pattern == pattern).filter_map(|s| s.report.as_ref());
        let met = over().filter(|r| r.result == "goal_met").count();
        if over().count() > 0 {
            println!("  {pattern:<22} {:>3} operations, {met:>3} goals met", over().count());
        }
    }
    let used = tally.stories.iter().filter(|(_, s)| s.pattern == name && !s.battles.is_empty());
    let Some((id, story)) = used.max_by_key(|(id, s)| (s.rows.len(), core::cmp::Reverse(**id))) else {
        println!("No operation by `{name}` has fought yet: play more days.");
        return;
    };
    println!("\nOperation {id} by `{name}`");
    let targets: Vec<&str> = story.targets.iter().map(|t| tally.directory.site(*t)).collect();
    println!("  aims at {}", targets.join(", "));
    let mut rows: Vec<_> = story.rows.iter().collect();
    rows.sort_by_key(|row| (row.arrival, row.wave, row.group));
    for row in rows.iter().take(ROWS_SHOWN) {
        let units: u32 = row.units.iter().map(|(_, n)| n).sum();
        let (to, from) = (tally.directory.site(row.target), tally.directory.site(row.origin));
        let aim = if story.targets.contains(&row.target) { "blow" } else { "fake" };
        println!("  {} {aim} of {units:>5} at {to:<30} from {from:<30} left {}", row.arrival, row.launch);
    }
    if rows.len() > ROWS_SHOWN {
        println!("  and {} more, all at that instant", rows.len() - ROWS_SHOWN);
    }
    if let Some(report) = &story.report {
        let (lost, killed) = (report.lost_goods, report.killed_goods);
        println!("  {}: {lost} goods of troops lost, {killed} killed", report.result.replace('_', " "));
    }
}
