//! A person leads a member of an alliance for some game days, in the terminal or by a script on standard input.
//!
//! ```sh
//! cargo run --release --example human_member
//! cargo run --release --example human_member < examples/support/human_member/three_days.txt
//! cargo run --release --example human_member -- --difficulty 0.5 --adaptive
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/human_member/table.rs"]
mod table;

use bevy_alliance::decision::fair_play::{FairPlaySettings, HandicapSettings};
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
    /// How well others play against you and your alliance, from 0 to 1; `status` tells it.
    #[arg(long, value_name = "D", default_value_t = 1.0, allow_negative_numbers = true, value_parser = part)]
    difficulty: f64,
    /// Eases the difficulty day by day for who loses, and back for who wins.
    #[arg(long)]
    adaptive: bool,
    /// A referee protects you: beginners are left in peace, nobody piles on, farms or crushes you.
    #[arg(long)]
    fair: bool,
}

fn part(text: &str) -> Result<f64, String> {
    let part = text.parse().ok().filter(|part| (0.0..=1.0).contains(part));
    part.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

impl Options {
    fn fair_play(&self) -> FairPlaySettings {
        let usual = if self.fair { FairPlaySettings::default() } else { FairPlaySettings::off() };
        let handicap = HandicapSettings { adaptive: self.adaptive, ..usual.handicap };
        FairPlaySettings { difficulty: self.difficulty, handicap, ..usual }
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("human_member: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut table = Table::with(options.seed, options.fair_play())?;
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
