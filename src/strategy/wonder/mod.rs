//! Wonders: an alliance that voted for it builds one, level by level, out of what its members give to the pool.
//!
//! A vote binds those who approved for a week: they give most of their surplus. Whatever the pool holds then pays for one
//! level after the other. What is *not* here: when a council proposes it (`war_council`), and what a wonder wins (`victory`).

mod components;
pub mod rules;
mod systems;

pub use components::{Wonder, WonderWork};
pub use rules::WonderSettings;
pub use systems::{WONDER_RISES, WonderSystems, Wonders};

use crate::action::defense::DefenseSystems;
use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Wonders.
#[derive(Debug, Default)]
pub struct WonderPlugin;

impl Plugin for WonderPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(WONDER_RISES)
            .init_resource::<WonderSettings>()
            .register_state::<Wonder>("wonders")
            .register_state::<WonderWork>("wonder_work")
            .register_state_resource::<WonderSettings>("wonder_settings")
            .configure_sets(Campaign, WonderSystems::Build.in_set(CampaignSystems::Plan).after(DefenseSystems::Answer))
            .add_systems(Campaign, (systems::begin_work, systems::raise_wonders).chain().in_set(WonderSystems::Build));
    }
}
