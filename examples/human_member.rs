//! A person leads a member of an alliance for some game days, in the terminal or by a script on standard input.
//!
//! ```sh
//! cargo run --release --example human_member
//! cargo run --release --example human_member < examples/support/human_member/three_days.txt
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/human_member/table.rs"]
mod table;

use clap::Parser;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use table::{HELP, Table};

/// A person proposes, votes, keeps promises or breaks them, in an alliance of NPCs.
#[derive(Debug, Parser)]
struct Options {
    /// The seed of the world.
    #[arg(long, value_name = "SEED", default_value_t = 14)]
    seed: u64,
}

fn main() -> ExitCode {
    let Options { seed } = Options::parse();
    match run(seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("human_member: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(seed: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut table = Table::new(seed)?;
    let asks = std::io::stdin().is_terminal();
    println!("{}\n{HELP}", table.greeting());
    for (n, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        let command = line.split('#').next().unwrap_or("").trim();
        if command.is_empty() {
            continue;
        }
        if !asks {
            println!("> {command}");
        }
        match table.command(command) {
            Ok(Some(answer)) => println!("{answer}"),
            Ok(None) => break,
            // A person tries again; a script that is wrong ends.
            Err(error) if asks => println!("{error}"),
            Err(error) => return Err(format!("line {}: {error}", n + 1).into()),
        }
        std::io::stdout().flush()?;
    }
    println!("{}", table.farewell());
    Ok(())
}
