//! Changes of settings by name: `war_council_settings.period=2h`.

use bevy::prelude::{Resource, World};
use bevy_alliance::action::defense::{DefenseSettings, PostureSettings};
use bevy_alliance::action::operations::OperationSettings;
use bevy_alliance::action::pool::PoolSettings;
use bevy_alliance::decision::council::{CouncilSettings, VotingSettings};
use bevy_alliance::decision::fair_play::FairPlaySettings;
use bevy_alliance::decision::planning::allocation::AllocationSettings;
use bevy_alliance::decision::planning::{LearningSettings, PlanningSettings};
use bevy_alliance::knowledge::intel::MovementSettings;
use bevy_alliance::knowledge::intel::rules::SharingSettings;
use bevy_alliance::knowledge::territory::TerritorySettings;
use bevy_alliance::society::alliance::{ApplicationSettings, StanceSettings};
use bevy_alliance::society::personality::PersonalitySettings;
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::strategy::wonder::WonderSettings;
use bevy_alliance::world::village::EconomySettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Changes one field of a resource.
type Set = fn(&mut World, &[&str], &str) -> Result<(), String>;

/// The settings of a campaign, by the names under which they are registered.
const SETTINGS: &[(&str, Set)] = &[
    ("allocation_settings", set::<AllocationSettings>),
    ("application_settings", set::<ApplicationSettings>),
    ("council_settings", set::<CouncilSettings>),
    ("defense_settings", set::<DefenseSettings>),
    ("economy_settings", set::<EconomySettings>),
    ("fair_play_settings", set::<FairPlaySettings>),
    ("learning_settings", set::<LearningSettings>),
    ("movement_settings", set::<MovementSettings>),
    ("operation_settings", set::<OperationSettings>),
    ("personality_settings", set::<PersonalitySettings>),
    ("planning_settings", set::<PlanningSettings>),
    ("pool_settings", set::<PoolSettings>),
    ("posture_settings", set::<PostureSettings>),
    ("sharing_settings", set::<SharingSettings>),
    ("stance_settings", set::<StanceSettings>),
    ("territory_settings", set::<TerritorySettings>),
    ("voting_settings", set::<VotingSettings>),
    ("war_council_settings", set::<WarCouncilSettings>),
    ("wonder_settings", set::<WonderSettings>),
];

/// Makes a change, as `NAME.FIELD=VALUE` says it; fields of fields are named the same way. A value is JSON, or a number as
/// `.25`; times are written as `90s`, `30m`, `6h` or `2d`, or in milliseconds. An error says what there is.
pub(crate) fn tune(world: &mut World, change: &str) -> Result<(), String> {
    let fault = |what: String| format!("--set {change}: {what}");
    let (path, value) = change.split_once('=').ok_or_else(|| fault("must be NAME.FIELD=VALUE".to_owned()))?;
    let mut keys = path.split('.').map(str::trim);
    let name = keys.next().unwrap_or_default();
    let Some((_, set)) = SETTINGS.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = SETTINGS.iter().map(|(known, _)| *known).collect();
        return Err(fault(format!("no settings are called `{name}`; there are {}", names.join(", "))));
    };
    set(world, &keys.collect::<Vec<_>>(), value.trim()).map_err(fault)
}

fn set<R: Resource + Serialize + DeserializeOwned>(world: &mut World, path: &[&str], text: &str) -> Result<(), String> {
    let mut settings = serde_json::to_value(world.resource::<R>()).map_err(|e| e.to_string())?;
    let mut at = &mut settings;
    for key in path {
        at = match at {
            Value::Object(fields) => {
                let known: Vec<String> = fields.keys().cloned().collect();
                fields.get_mut(*key).ok_or_else(|| format!("no field `{key}`; there are {}", known.join(", ")))?
            }
            Value::Array(list) => {
                let n = list.len();
                let entry = key.parse().ok().and_then(|i: usize| list.get_mut(i));
                entry.ok_or_else(|| format!("no entry `{key}` of a list of {n}"))?
            }
            _ => return Err(format!("no field `{key}`: this is one value")),
        };
    }
    *at = value_of(text);
    let changed = serde_json::from_value(settings).map_err(|e| e.to_string())?;
    world.insert_resource::<R>(changed);
    Ok(())
}

/// JSON, a number that begins with its point, a time, or else a word.
fn value_of(text: &str) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    // Rust reads `inf` and `nan` as numbers too; JSON does not.
    if let Some(n) = text.parse().ok().and_then(serde_json::Number::from_f64) {
        return Value::Number(n);
    }
    let time = [("d", 86_400_000.0), ("h", 3_600_000.0), ("m", 60_000.0), ("s", 1_000.0)].into_iter().find_map(
        |(unit, millis)| {
            let n: f64 = text.strip_suffix(unit)?.parse().ok()?;
            #[expect(clippy::cast_possible_truncation, reason = "times of campaigns, in milliseconds")]
            Some((n * millis) as i64)
        },
    );
    time.map_or_else(|| Value::from(text), Value::from)
}
