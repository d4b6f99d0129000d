//! The JSON object of `headless --json`. Its keys are explained in `docs/report.md`.

use super::{Armies, Failure};
use bevy::prelude::App;
use bevy_alliance::base::clock::{GameTime, PassStats};
use bevy_alliance::edge::report::{CampaignTally, IntelSummary};
use bevy_alliance::world::audit::audit;
use serde_json::Value;

/// How a run ended.
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) end: GameTime,
    pub(crate) state: u128,
    /// Of a replay: whether it went as it was recorded.
    pub(crate) as_recorded: Option<bool>,
    pub(crate) wall_secs: f64,
    pub(crate) times_real_time: f64,
}

pub(crate) fn json(app: &mut App, tally: &CampaignTally, armies: &Armies, outcome: &Outcome) -> Result<Value, Failure> {
    let (summary, names) = (tally.summary(), &tally.directory);
    let passes = *app.world().resource::<PassStats>();
    let active: Vec<u32> = names.active.iter().map(|a| a.0).collect();
    let mut object = serde_json::json!({
        "world": {
            "villages": names.sites.len(),
            "players": names.players.len(),
            "alliances": names.alliances.len(),
            "active_alliances": active,
        },
        "seed": outcome.seed,
        "game_hours": (outcome.end - GameTime(0)).as_hours(),
        "conservation": audit(app.world_mut()),
        "intel": IntelSummary::of(app.world_mut(), &summary.looks),
        "army": armies.shares().map(|(end, lowest, path)| serde_json::json!({
            "end_to_start": end, "lowest_to_start": lowest, "end_to_growth_path": path,
        })),
        "blocked": tally.blocked(outcome.end),
        "behavior": tally.behavior(),
        "state_hash": format!("{:032x}", outcome.state),
        "wall_secs": outcome.wall_secs,
        "times_real_time": outcome.times_real_time,
        "passes": passes.passes + passes.mechanical_passes,
    });
    let counts = serde_json::to_value(&summary)?;
    if let (Some(object), Value::Object(counts)) = (object.as_object_mut(), counts) {
        object.extend(counts);
        object.extend(outcome.as_recorded.map(|same| ("as_recorded".to_owned(), same.into())));
        #[cfg(feature = "llm")]
        object.extend(super::llm::counts(app).map(|counts| ("llm".to_owned(), counts)));
    }
    Ok(object)
}
