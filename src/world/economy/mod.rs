//! When villages are brought up to date: before troops leave or arrive, when crop runs out, and at the daily census.
//!
//! How a village lives is in `village`. What is *not* here: anything that visits a village to which nothing happens.
//! The one thing that looks at all of them is the census, once a day.

mod requests;
mod systems;

pub use systems::{CENSUS, EconomySystems};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems, Mechanics};
use crate::base::contract::{ScenarioAppExt, WorldSystems};
use crate::world::trade::TradeSystems;
use crate::world::village::upkeep::CROP_RUNS_OUT;
use bevy::prelude::*;

/// Villages that live.
#[derive(Debug, Default)]
pub struct EconomyPlugin;

impl Plugin for EconomyPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(CENSUS)
            .add_due_kind(CROP_RUNS_OUT)
            .add_pass_resource::<systems::Touched>()
            .add_scenario_loader(6, systems::schedule_census)
            .configure_sets(
                Campaign,
                (
                    EconomySystems::Count.in_set(CampaignSystems::Sense).before(WorldSystems::Report),
                    EconomySystems::BeforeMoves.in_set(WorldSystems::Prepare),
                    EconomySystems::Requests.in_set(CampaignSystems::March).after(TradeSystems::Carry),
                    EconomySystems::AfterMoves.in_set(CampaignSystems::March).after(EconomySystems::Requests),
                    EconomySystems::BeforeFights.in_set(CampaignSystems::Battle).before(WorldSystems::Fight),
                    EconomySystems::AfterFights.in_set(CampaignSystems::Battle).after(WorldSystems::Change),
                ),
            )
            .add_systems(
                Campaign,
                (
                    systems::take_census.in_set(EconomySystems::Count),
                    (systems::run_out, systems::before_moves).chain().in_set(EconomySystems::BeforeMoves),
                    (requests::train_troops, requests::dismiss_troops).chain().in_set(EconomySystems::Requests),
                    systems::follow.in_set(EconomySystems::AfterMoves),
                    systems::before_fights.in_set(EconomySystems::BeforeFights),
                    systems::follow.in_set(EconomySystems::AfterFights),
                ),
            )
            .configure_sets(Mechanics, WorldSystems::Move)
            .add_systems(
                Mechanics,
                (systems::before_returns.before(WorldSystems::Move), systems::follow.after(TradeSystems::Carry)),
            );
    }
}
