//! The options of `headless`.

use super::Failure;
use super::numbers::whole;
use super::worlds::WorldChoice;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "must be a number".to_owned())
}

/// Runs a campaign of NPC alliances and tells what happened.
#[derive(Parser, Debug)]
#[command(name = "headless", version)]
pub(crate) struct Options {
    /// Which world, under which rules.
    #[command(flatten)]
    pub(crate) place: WorldChoice,
    /// Game days to run.
    #[arg(long, default_value_t = 7.0, allow_negative_numbers = true, value_parser = number)]
    pub(crate) days: f64,
    /// The seed of everything that is drawn.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u64>(0, u64::MAX))]
    pub(crate) seed: u64,
    /// Game seconds per host update; as fast as possible if not given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = number)]
    pub(crate) pace: Option<f64>,
    /// Threads of the task pools.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u16>(1, 256))]
    pub(crate) threads: Option<u16>,
    /// An attack pattern to add, as JSON; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) pattern: Vec<PathBuf>,
    /// What wins, as a JSON list; the campaign ends when somebody has won.
    #[arg(long, value_name = "FILE")]
    pub(crate) victory: Option<PathBuf>,
    /// What wonders cost, as a part of what the rules say.
    #[arg(long, value_name = "PART", default_value_t = 1.0, allow_negative_numbers = true)]
    #[arg(value_parser = number)]
    pub(crate) wonder_cost: f64,
    /// Game minutes that councils talk before they propose an operation: in that time a language model may choose.
    #[arg(long, value_name = "MINUTES", default_value_t = 0.0, allow_negative_numbers = true, value_parser = number)]
    pub(crate) council_talks: f64,
    /// Who speaks for members.
    #[cfg(feature = "llm")]
    #[command(flatten)]
    pub(crate) llm: super::llm::LlmOptions,
    /// Saves the campaign at its end, and before that as often as `--save-every` says.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Game hours between two saves.
    #[arg(long, value_name = "HOURS", requires = "save", allow_negative_numbers = true)]
    #[arg(value_parser = number)]
    pub(crate) save_every: Option<f64>,
    /// Goes on with a saved campaign, up to `--days` of its game time.
    #[arg(long, value_name = "FILE", conflicts_with_all = BEGINNING)]
    pub(crate) load: Option<PathBuf>,
    /// Records the campaign for `--replay`.
    #[arg(long, value_name = "FILE", conflicts_with = "load")]
    pub(crate) record: Option<PathBuf>,
    /// Runs a recorded campaign once more and compares the state hash; exit code 1 if it is another.
    #[arg(long, value_name = "FILE", conflicts_with_all = BEGINNING)]
    #[arg(conflicts_with_all = ["load", "record", "days"])]
    pub(crate) replay: Option<PathBuf>,
    /// Writes one JSON line per fact.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// Writes a report of the campaign on one page into this folder, as `report.html`; the folder is made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// What is told at the end.
    #[arg(long, value_enum, default_value_t = AccountName::Campaign, conflicts_with_all = ["json", "quiet"])]
    pub(crate) account: AccountName,
    /// Whose knowledge or minutes `--account` tells: the name or the id of an alliance that deliberates; the one with the most
    /// operations of those that still deliberate if not given.
    #[arg(long, value_name = "ALLIANCE", requires = "account")]
    pub(crate) of: Option<String>,
    /// Prints one JSON object instead of the account.
    #[arg(long)]
    pub(crate) json: bool,
    /// Prints nothing but the result.
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// What a save or a recording brings along.
const BEGINNING: [&str; 11] = [
    "world",
    "synthetic",
    "alliances",
    "seed",
    "ruleset",
    "charter",
    "wars",
    "archetype",
    "pattern",
    "victory",
    "wonder_cost",
];

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccountName {
    /// What happened.
    Campaign,
    /// What one alliance knows, and the truth beside it.
    Intel,
    /// What the members of one alliance said and decided lately.
    Minutes,
}

/// What no single option can say of itself.
pub(crate) fn check(options: &Options) -> Result<(), Failure> {
    if !(options.days > 0.0 && options.days <= 3650.0) {
        return Err(format!("--days must be above 0 and at most 3650, not {}", options.days).into());
    }
    if let Some(pace) = options.pace.filter(|p| !(0.001..=1e9).contains(p)) {
        return Err(format!("--pace must be between 0.001 and 1000000000 game seconds per update, not {pace}").into());
    }
    if let Some(hours) = options.save_every.filter(|hours| !(0.001..=87_600.0).contains(hours)) {
        return Err(format!("--save-every must be between 0.001 and 87600 game hours, not {hours}").into());
    }
    if !(0.0..=1_000.0).contains(&options.wonder_cost) {
        return Err(format!("--wonder-cost must be from 0 to 1000, not {}", options.wonder_cost).into());
    }
    if !(0.0..=300.0).contains(&options.council_talks) {
        return Err(format!("--council-talks must be from 0 to 300 minutes, not {}", options.council_talks).into());
    }
    if options.save.is_some() && options.save == options.record {
        return Err("--save and --record name the same file".into());
    }
    if options.of.is_some() && options.account == AccountName::Campaign {
        return Err("--of needs --account intel or --account minutes".into());
    }
    options.place.check()?;
    for (option, path) in [("--load", &options.load), ("--replay", &options.replay)] {
        if let Some(path) = path.as_ref().filter(|path| path.is_dir()) {
            return Err(format!("{option} {}: this is a folder, not a file", path.display()).into());
        }
    }
    if let Some(path) = options.report.as_ref().filter(|path| path.exists() && !path.is_dir()) {
        return Err(format!("--report {}: this is no folder", path.display()).into());
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
