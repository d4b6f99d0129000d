//! Fights battle cases: one case per line of JSON on standard input, one line of JSON with its result on standard
//! output. The first line that cannot be read ends the run with exit code 2.
//!
//! ```sh
//! cargo run --example battle < cases.jsonl
//! ```
//!
//! A case holds `id`, `village` (`tribe`, `population`, `wall_level`, `residence_def`, `stonemason_level`),
//! `defenders` (each `tribe`, `units`, `upgrades`) and `waves` (each `tribe`, `type` (`attack` or `raid`), `units`,
//! `upgrades`, `population`, `catapult_target_levels`). `units` and `upgrades` have one number for each of the ten
//! roster slots. Waves fight one after the other on what is left.

use bevy_alliance::base::ruleset::Ruleset;
use clap::Parser;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use thiserror::Error;

#[path = "support/battle_case.rs"]
mod battle_case;

use battle_case::{Case, ReadCaseError};

/// Fights battle cases: reads one case as a line of JSON from standard input each, and writes a line of JSON with its result.
///
/// The README shows a case under "The battle tool".
#[derive(Debug, Parser)]
struct Options {}

/// Why the run ended early.
#[derive(Debug, Error)]
enum RunError {
    #[error("line {line}: expected a line of UTF-8 text: {source}")]
    Text { line: usize, source: io::Error },
    #[error("line {line}: expected one battle case as a JSON object: {source}")]
    Json { line: usize, source: serde_json::Error },
    #[error("line {line}: {source}")]
    Case { line: usize, source: ReadCaseError },
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

fn main() -> ExitCode {
    let Options {} = Options::parse();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let ended = fight_all(io::stdin().lock(), &mut output).and(output.flush().map_err(RunError::Output));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(RunError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(if matches!(error, RunError::Output(_)) { 1 } else { 2 })
        }
    }
}

/// Answers each line that is not blank, until one is wrong.
fn fight_all(input: impl BufRead, output: &mut impl Write) -> Result<(), RunError> {
    let rules = Ruleset::extended();
    for (index, text) in input.lines().enumerate() {
        let line = index + 1;
        let text = text.map_err(|source| RunError::Text { line, source })?;
        if text.trim().is_empty() {
            continue;
        }
        let case = serde_json::from_str(&text).map_err(|source| RunError::Json { line, source })?;
        let case = Case::read(&rules, &case).map_err(|source| RunError::Case { line, source })?;
        serde_json::to_writer(&mut *output, &case.fight(&rules)).map_err(io::Error::from)?;
        writeln!(output)?;
    }
    Ok(())
}
