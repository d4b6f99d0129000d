//! Who a member is: Big Five traits, drawn freely or around an archetype, a taste of its own, and how long it thinks; what it
//! feels and remembers of what it lives through, and how that changes it.
//!
//! Feelings act through the two mood terms of votes alone; what is recalled is said with the vote, and to a language model.
//! Members that are persons, and players without an alliance that deliberates, have neither mood nor memories.
//!
//! What is *not* here: trust among members and what alliances hold against each other (`alliance`).

mod components;
mod hearts;
pub mod questions;
pub mod rules;
mod settings;
mod systems;

pub use components::{Born, Memories, Mood, Taste, Traits};
pub use hearts::Hearts;
pub use rules::{Cue, Feelings};
pub use settings::{Effect, PersonalitySettings, TraitShift};
pub use systems::PersonalitySystems;

use crate::base::clock::{Campaign, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Traits, moods and memories of members.
#[derive(Debug, Default)]
pub struct PersonalityPlugin;

impl Plugin for PersonalityPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<PersonalitySettings>()
            .register_state::<Traits>("traits")
            .register_state::<Taste>("taste")
            .register_state::<Born>("born")
            .register_state::<Mood>("mood")
            .register_state::<Memories>("memories")
            .register_state_resource::<PersonalitySettings>("personality_settings")
            .add_scenario_loader(8, systems::draw_members)
            .configure_sets(
                Campaign,
                PersonalitySystems::Remember.after(CampaignSystems::Settle).before(CampaignSystems::Publish),
            )
            .add_systems(Campaign, systems::take_to_heart.in_set(PersonalitySystems::Remember));
    }
}
