//! The options that choose a world and its rules, and the worlds that they choose.

use super::numbers::whole;
use bevy_alliance::base::contract::Scenario;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::council::Charter;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::import::{ImportOptions, Wars, read_map_sql};
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// Which world, under which rules.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorldChoice {
    /// A map.sql dump to play on.
    #[arg(long, value_name = "FILE", conflicts_with = "synthetic")]
    pub(crate) world: Option<PathBuf>,
    /// A synthetic world with this many villages.
    #[arg(long, value_name = "VILLAGES", default_value_t = 3000)]
    #[arg(allow_negative_numbers = true, value_parser = whole::<u32>(1, u32::MAX.into()))]
    pub(crate) synthetic: u32,
    /// How many alliances deliberate: the largest.
    #[arg(long, default_value_t = 8, allow_negative_numbers = true, value_parser = whole::<usize>(0, 10_000))]
    pub(crate) alliances: usize,
    /// What the world allows.
    #[arg(long, value_enum, default_value_t = RulesetName::Extended)]
    pub(crate) ruleset: RulesetName,
    /// How alliances vote.
    #[arg(long, value_enum, default_value_t = CharterName::Plenary)]
    pub(crate) charter: CharterName,
    /// Who is at war at the beginning.
    #[arg(long, value_enum, default_value_t = WarsName::Nearest)]
    pub(crate) wars: WarsName,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum RulesetName {
    Extended,
    Classic,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum CharterName {
    Plenary,
    #[value(name = "war_cabinet", alias = "war-cabinet")]
    WarCabinet,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum WarsName {
    Nearest,
    None,
}

impl WorldChoice {
    /// The rules of the world.
    pub(crate) fn rules(&self) -> Ruleset {
        match self.ruleset {
            RulesetName::Extended => Ruleset::extended(),
            RulesetName::Classic => Ruleset::classic(),
        }
    }

    /// How alliances vote.
    pub(crate) fn charter(&self) -> Charter {
        match self.charter {
            CharterName::Plenary => Charter::plenary(),
            CharterName::WarCabinet => Charter::war_cabinet(),
        }
    }

    /// The world, with this seed for all that is drawn. An error names the option.
    pub(crate) fn scenario(&self, seed: u64, rules: &Ruleset) -> Result<Scenario, String> {
        let wars = match self.wars {
            WarsName::Nearest => Wars::Nearest,
            WarsName::None => Wars::None,
        };
        if let Some(path) = &self.world {
            let fault = |e: &dyn std::fmt::Display| format!("--world {}: {e}", path.display());
            let file = File::open(path).map_err(|e| fault(&e))?;
            let import = ImportOptions { seed, alliances: self.alliances, wars, ..ImportOptions::default() };
            return read_map_sql(BufReader::new(file), rules, &import).map_err(|e| fault(&e));
        }
        let (villages, alliances) = (self.synthetic, self.alliances);
        let generator = GeneratorOptions { seed, villages, alliances, wars, ..GeneratorOptions::default() };
        let world = generate_world(&generator, rules);
        world.map_err(|e| format!("--synthetic {villages} --alliances {alliances}: {e}"))
    }

    /// What is wrong with a path, before a world is read from it.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.world.as_ref().filter(|path| path.is_dir()) {
            Some(path) => Err(format!("--world {}: this is a folder, not a file", path.display())),
            None => Ok(()),
        }
    }
}
