//! A small game of its own that takes only the coordinating half of `bevy_alliance`: hexes, four unit classes, columns
//! that keep step, beacons that see them late, and rounds of battle. Shared by the `own_game` example and its test.
//!
//! | What the game gives | Where |
//! |---|---|
//! | travel, forecast, cost | `model` |
//! | who owns what at the beginning | `land` |
//! | states of own sites, launches, recalls, ways home | `columns` |
//! | beacons, battles, scouting | `battle` |

mod battle;
mod columns;
mod land;
mod model;
mod rules;
#[path = "../run.rs"]
mod run;

pub(crate) use columns::{Cairn, Chronicle, Column, Departure, Hold};
pub(crate) use land::land;
pub(crate) use rules::{Combat, steps};

use bevy::app::TaskPoolPlugin;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{Campaign, CampaignAppExt, CampaignSystems, DueKind, GameClock, GameSpan, Mechanics};
use bevy_alliance::base::contract::{Model, ScenarioAppExt, ScenarioError, WorldSystems};
use bevy_alliance::base::state::StateAppExt;
use bevy_alliance::edge::report::ReportPlugin;
use run::run_until;
use std::sync::Arc;

/// A column reaches its target. Owner: the hold that it left, n: its number there.
pub(crate) const COLUMN_ARRIVES: DueKind =
    DueKind::new(1_000, "column_arrives", &[CampaignSystems::Battle, CampaignSystems::Settle]);
/// A column is home again.
pub(crate) const COLUMN_HOME: DueKind = DueKind::mechanical(1_001, "column_home");
/// A beacon sees a column.
pub(crate) const BEACON_LIT: DueKind =
    DueKind::new(1_002, "beacon_lit", &[CampaignSystems::Battle, CampaignSystems::Settle]);

/// The hex game. Add it after `AlliancePlugins::coordination_only`.
#[derive(Debug, Default)]
pub(crate) struct HexGamePlugin {
    /// How this land fights.
    pub(crate) combat: Combat,
}

impl Plugin for HexGamePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Model(Arc::new(model::HexModel { combat: self.combat })))
            .insert_resource(battle::Custom(self.combat))
            .init_resource::<Chronicle>()
            .register_state::<Hold>("hex_hold")
            .register_state::<Column>("hex_column")
            .register_state::<Cairn>("hex_cairn")
            .register_state_resource::<battle::Custom>("hex_custom")
            .add_due_kind(COLUMN_ARRIVES)
            .add_due_kind(COLUMN_HOME)
            .add_due_kind(BEACON_LIT)
            .add_scenario_loader(1_000, columns::settle)
            .add_systems(
                Campaign,
                (
                    columns::report_holds.in_set(WorldSystems::Report),
                    (columns::come_home, columns::turn_back, columns::set_out).chain().in_set(WorldSystems::Move),
                    (battle::light_beacons, battle::meet).chain().in_set(WorldSystems::Fight),
                ),
            )
            .add_systems(Mechanics, columns::come_home);
    }
}

/// The whole game without a window, with a clock that moves when it is told to, and its land settled.
///
/// # Errors
/// If the land contradicts itself.
pub(crate) fn hex_app(seed: u64, combat: Combat) -> Result<App, ScenarioError> {
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::coordination_only(Update))
        .add_plugins(HexGamePlugin { combat })
        .add_plugins(ReportPlugin { host: Update.intern() });
    app.finish();
    app.cleanup();
    app.start_campaign(&land(seed))?;
    Ok(app)
}

/// Runs the campaign this much further, in host updates of `step`.
pub(crate) fn run(app: &mut App, span: GameSpan, step: GameSpan) {
    let end = app.world().resource::<GameClock>().now() + span;
    run_until(app, end, step);
}
