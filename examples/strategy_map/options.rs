//! What can be asked for on the command line.

use crate::numbers::whole;
use crate::worlds::WorldChoice;
use bevy::math::UVec2;
use bevy_alliance::base::id::{AllianceId, ProposalId};
use clap::Parser;
use std::path::PathBuf;

/// Watch the alliances of a strategy game plan a war and fight it, and lead one of their members if you want.
///
/// Without options: a synthetic world in a window. Keys are listed with `?`.
#[derive(Parser, Clone, Debug)]
#[command(name = "strategy_map")]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) world: WorldChoice,
    /// The seed of the campaign, and of a synthetic world.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Game hours that pass before anything is shown.
    #[arg(long, value_name = "HOURS", default_value_t = 0.0, allow_negative_numbers = true, value_parser = hours)]
    pub(crate) hours: f64,
    /// What is shown: `world`, `operation` (the largest that is under way), `operation=9#39`, `pattern=hammer_and_anvil` (the
    /// largest under way by this pattern), `vote` (an open vote with ballots in), or `village=X|Y`. If there is none yet, the
    /// campaign runs on until there is, for 30 days at most.
    #[arg(long, value_name = "WHAT", default_value = "world", value_parser = select)]
    pub(crate) select: Select,
    /// Through whose eyes: the name or the id of an alliance that deliberates, or `selected`: the alliance of the selected
    /// operation. Without it everything is shown.
    #[arg(long, value_name = "ALLIANCE")]
    pub(crate) side: Option<String>,
    /// Shows the truth beside what the side believes.
    #[arg(long)]
    pub(crate) truth: bool,
    /// Tiles across the picture, around what is selected.
    #[arg(long, value_name = "TILES", allow_negative_numbers = true, value_parser = tiles)]
    pub(crate) across: Option<f32>,
    /// Leads a member: `best`, the name of a member, or the name or id of an alliance, whose officer with most inhabitants is led.
    #[arg(long, value_name = "WHO")]
    pub(crate) lead: Option<String>,
    /// Draws without a window, for instance on a server: needs a Vulkan driver, of software too, but no display.
    #[arg(long, requires = "picture")]
    pub(crate) offscreen: bool,
    /// Writes a picture to this file, and ends.
    #[arg(long, value_name = "OUT.png", group = "picture")]
    pub(crate) screenshot: Option<PathBuf>,
    /// The size of the window or the picture in pixels.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1600x900", value_parser = size)]
    pub(crate) size: UVec2,
    /// How large words and buttons are; without it as the screen asks for, or as the height of a picture allows.
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true, value_parser = scale)]
    pub(crate) scale: Option<f32>,
    /// Does what the lines of a file say, as a person would with mouse and keys: see the head of `script/mod.rs`.
    #[arg(long, value_name = "FILE", group = "picture")]
    pub(crate) script: Option<PathBuf>,
    /// Draws so many frames of an empty scene and of the full one in turns, with 5,000 marches more, prints what a frame takes
    /// and the ratio, and ends.
    #[arg(long, value_name = "FRAMES", group = "picture", allow_negative_numbers = true, value_parser = whole::<u32>(10, 100_000))]
    pub(crate) measure: Option<u32>,
    #[cfg(feature = "llm")]
    #[command(flatten)]
    pub(crate) model: crate::model::ModelOptions,
}

/// What is selected when the map is first shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Select {
    World,
    /// The largest that is under way.
    Operation,
    Proposal(ProposalId),
    Pattern(String),
    Vote,
    Village(i16, i16),
}

fn select(text: &str) -> Result<Select, String> {
    let unknown =
        || "must be `world`, `operation`, `operation=ALLIANCE#N`, `pattern=NAME`, `vote` or `village=X|Y`".to_owned();
    match text.split_once('=') {
        None => match text {
            "world" => Ok(Select::World),
            "operation" => Ok(Select::Operation),
            "vote" => Ok(Select::Vote),
            _ => Err(unknown()),
        },
        Some(("operation", id)) => {
            let parts = id.split_once('#').and_then(|(a, n)| Some((a.parse().ok()?, n.parse().ok()?)));
            let (alliance, n) = parts.ok_or_else(|| format!("`{id}` must be ALLIANCE#N, like 9#39"))?;
            Ok(Select::Proposal(ProposalId { alliance: AllianceId(alliance), n }))
        }
        Some(("pattern", name)) if !name.is_empty() => Ok(Select::Pattern(name.to_owned())),
        Some(("village", at)) => {
            let parts = at.split_once('|').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
            let (x, y) = parts.ok_or_else(|| format!("`{at}` must be X|Y, like -12|40"))?;
            Ok(Select::Village(x, y))
        }
        Some(_) => Err(unknown()),
    }
}

fn size(text: &str) -> Result<UVec2, String> {
    let parts = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let (width, height): (u32, u32) = parts.ok_or("must be WIDTHxHEIGHT, like 1920x1080")?;
    if !(320..=7_680).contains(&width) || !(240..=4_320).contains(&height) {
        return Err("must be from 320x240 to 7680x4320".to_owned());
    }
    Ok(UVec2::new(width, height))
}

fn hours(text: &str) -> Result<f64, String> {
    within(text, 0.0, 8_784.0, "hours").map(f64::from)
}

fn scale(text: &str) -> Result<f32, String> {
    within(text, 0.5, 4.0, "a factor")
}

fn tiles(text: &str) -> Result<f32, String> {
    within(text, 4.0, 2_000.0, "tiles")
}

fn within(text: &str, least: f32, most: f32, what: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|value| (least..=most).contains(value));
    value.ok_or_else(|| format!("must be {what} from {least} to {most}"))
}
