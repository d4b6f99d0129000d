//! Who a member is: Big Five traits, a taste of its own, and how long it thinks.
//!
//! What is *not* here: moods and memories, which come with learning.

mod components;
pub mod rules;

pub use components::{Taste, Traits};

use crate::base::contract::{Scenario, ScenarioAppExt};
use crate::base::id::EntityIndex;
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Traits of members.
#[derive(Debug, Default)]
pub struct PersonalityPlugin;

impl Plugin for PersonalityPlugin {
    fn build(&self, app: &mut App) {
        app.register_state::<Traits>("traits").register_state::<Taste>("taste").add_scenario_loader(8, draw_members);
    }
}

fn draw_members(world: &mut World, scenario: &Scenario) {
    for player in scenario.players.iter().filter(|p| p.membership.is_some()) {
        if let Some(entity) = world.resource::<EntityIndex>().player(player.id) {
            let drawn = (rules::draw_traits(scenario.seed, player.id), rules::draw_taste(scenario.seed, player.id));
            world.entity_mut(entity).insert(drawn);
        }
    }
}
