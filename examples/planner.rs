//! Plans an attack or a defense: one JSON object on standard input, one with the orders on standard output.
//!
//! ```sh
//! cargo run --release --example planner -- attack --budget-ms 10 < attack.json
//! cargo run --release --example planner -- defense --table < defense.json
//! ```
//!
//! What both read and print stands in the README under "The planner". Input that is wrong ends the run with exit code 2, a
//! message that says which field of which entry is wrong and why, and nothing on standard output.

use clap::{Args, Parser, Subcommand};
use std::io::{self, Read, Write};
use std::process::ExitCode;
use thiserror::Error;

#[path = "support/planner/attack.rs"]
mod attack;
#[path = "support/planner/defense.rs"]
mod defense;
#[path = "support/planner/input.rs"]
mod input;

use input::ReadInputError;

/// Plans who sends which troops where and when.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Meets the requirements of the targets that are worth most, all groups landing at one instant.
    Attack {
        #[command(flatten)]
        effort: Effort,
        /// Prints a table for a person instead of JSON.
        #[arg(long)]
        table: bool,
    },
    /// Covers what a village lacks of defense with the least upkeep.
    Defense {
        /// Prints a table for a person instead of JSON.
        #[arg(long)]
        table: bool,
    },
}

/// How long to search; 10,000 steps where nothing is said.
#[derive(Clone, Copy, Debug, Args)]
struct Effort {
    /// Searches for about so many milliseconds.
    #[arg(long, value_parser = positive)]
    budget_ms: Option<f64>,
    /// Searches for so many steps: equal input gives equal output.
    #[arg(long, conflicts_with = "budget_ms")]
    iterations: Option<u64>,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|n| *n > 0.0 && n.is_finite());
    number.ok_or_else(|| "must be a number above 0".to_owned())
}

/// Why the run ended early.
#[derive(Debug, Error)]
enum RunError {
    #[error("standard input: {0}")]
    Text(io::Error),
    #[error("standard input: must be one JSON object: {0}")]
    Json(serde_json::Error),
    #[error("{0}")]
    Input(#[from] ReadInputError),
    #[error("standard output: {0}")]
    Output(io::Error),
}

fn main() -> ExitCode {
    match run(&Options::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(RunError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(if matches!(error, RunError::Output(_)) { 1 } else { 2 })
        }
    }
}

fn run(command: &Command) -> Result<(), RunError> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).map_err(RunError::Text)?;
    let input = serde_json::from_str(&text).map_err(RunError::Json)?;
    let output = match command {
        Command::Attack { effort, table } => {
            let answer = attack::Attack::read(&input)?.solve(effort.budget_ms, effort.iterations);
            if *table { answer.to_string() } else { json(&answer)? }
        }
        Command::Defense { table } => {
            let answer = defense::Defense::read(&input)?.solve();
            if *table { answer.to_string() } else { json(&answer)? }
        }
    };
    let mut standard = io::stdout().lock();
    writeln!(standard, "{}", output.trim_end()).and_then(|()| standard.flush()).map_err(RunError::Output)
}

fn json(answer: &impl serde::Serialize) -> Result<String, RunError> {
    serde_json::to_string(answer).map_err(|error| RunError::Output(error.into()))
}
