//! Worlds in which all who deliberate are at war with one another.

use bevy_alliance::base::contract::{Scenario, Stance};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::world::generator::{GenerateWorldError, GeneratorOptions, generate_world};
use bevy_alliance::world::import::Wars;

/// The alliances of a scenario that deliberate.
pub(crate) fn active(scenario: &Scenario) -> Vec<AllianceId> {
    scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect()
}

/// A synthetic world of so many alliances, each at war with every other.
pub(crate) fn all_at_war(seed: u64, villages: u32, alliances: usize) -> Result<Scenario, GenerateWorldError> {
    let drawn = GeneratorOptions { seed, villages, alliances, half_width: 80, wars: Wars::Nearest };
    let mut scenario = generate_world(&drawn, &Ruleset::extended())?;
    let active = active(&scenario);
    scenario.stances.clear();
    for (i, a) in active.iter().enumerate() {
        scenario.stances.extend(active[i + 1..].iter().map(|b| (*a, *b, Stance::War)));
    }
    Ok(scenario)
}
