//! The bundle: all plugins in one group, with the host schedule that the game names.

use crate::action::defense::DefensePlugin;
use crate::action::diplomacy::DiplomacyPlugin;
use crate::action::operations::OperationsPlugin;
use crate::action::pool::PoolPlugin;
use crate::base::clock::ClockPlugin;
use crate::base::contract::{
    ContractPlugin, InputLog, Model, Player, Rhythm, Scenario, ScenarioAppExt, Site, WorldSeed,
};
use crate::base::geometry::Torus;
use crate::base::id::plug_index;
use crate::base::ruleset::Ruleset;
use crate::base::state::StateAppExt;
use crate::decision::council::CouncilPlugin;
use crate::decision::fair_play::FairPlayPlugin;
use crate::decision::planning::PlanningPlugin;
use crate::knowledge::intel::IntelPlugin;
use crate::knowledge::territory::TerritoryPlugin;
use crate::society::alliance::AlliancePlugin;
use crate::society::personality::PersonalityPlugin;
use crate::strategy::victory::VictoryPlugin;
use crate::strategy::war_council::WarCouncilPlugin;
use crate::strategy::wonder::WonderPlugin;
use crate::world::battle::BattlePlugin;
use crate::world::conquest::ConquestPlugin;
use crate::world::economy::EconomyPlugin;
use crate::world::march::MarchPlugin;
use crate::world::model::ClassicModel;
use crate::world::trade::TradePlugin;
use crate::world::village::VillagePlugin;
use bevy::app::PluginGroupBuilder;
use bevy::ecs::schedule::{InternedScheduleLabel, ScheduleLabel};
use bevy::prelude::*;
use std::sync::Arc;

/// Coordinated alliances: everything, or only the half that coordinates.
///
/// The campaign runs in a private schedule that is hosted in a schedule of the game's choice.
///
/// ```
/// use bevy::prelude::*;
/// use bevy_alliance::AlliancePlugins;
/// App::new().add_plugins(MinimalPlugins).add_plugins(AlliancePlugins::new(FixedUpdate));
/// ```
#[derive(Debug)]
pub struct AlliancePlugins {
    host: InternedScheduleLabel,
    world: bool,
}

impl AlliancePlugins {
    /// All of it, hosted in this schedule.
    #[must_use]
    pub fn new(host: impl ScheduleLabel) -> Self {
        Self { host: host.intern(), world: true }
    }

    /// All of it without our default world: for games with units, map and combat of their own, which insert a
    /// [`Model`] and answer [`WorldSystems`](crate::base::contract::WorldSystems).
    #[must_use]
    pub fn coordination_only(host: impl ScheduleLabel) -> Self {
        Self { host: host.intern(), world: false }
    }
}

impl PluginGroup for AlliancePlugins {
    fn build(self) -> PluginGroupBuilder {
        let group = PluginGroupBuilder::start::<Self>()
            .add(ClockPlugin { host: self.host })
            .add(ContractPlugin { host: self.host })
            .add(CampaignPlugin)
            .add(PersonalityPlugin)
            .add(AlliancePlugin)
            .add(IntelPlugin)
            .add(TerritoryPlugin)
            .add(FairPlayPlugin)
            .add(PlanningPlugin)
            .add(CouncilPlugin)
            .add(PoolPlugin)
            .add(DefensePlugin)
            .add(DiplomacyPlugin)
            .add(OperationsPlugin)
            .add(WonderPlugin)
            .add(VictoryPlugin)
            .add(WarCouncilPlugin);
        if self.world {
            group
                .add(VillagePlugin)
                .add(MarchPlugin)
                .add(TradePlugin)
                .add(BattlePlugin)
                .add(ConquestPlugin)
                .add(EconomyPlugin)
                .add(ClassicWorldPlugin)
        } else {
            group
        }
    }
}

/// What belongs to no feature: the index, and the state of the public part.
#[derive(Debug, Default)]
pub struct CampaignPlugin;

impl Plugin for CampaignPlugin {
    fn build(&self, app: &mut App) {
        plug_index(app);
        app.register_state::<Site>("site")
            .register_state::<Player>("player")
            .register_state::<Rhythm>("rhythm")
            .register_state_resource::<WorldSeed>("world_seed")
            .register_state_resource::<Ruleset>("ruleset")
            .register_state_resource::<InputLog>("input_log");
    }
}

/// Puts the classic rules behind the [`Model`] seam when a campaign starts.
#[derive(Debug, Default)]
pub struct ClassicWorldPlugin;

impl Plugin for ClassicWorldPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Ruleset>()
            .add_scenario_loader(1, |world: &mut World, _: &Scenario| build_model(world))
            .add_state_rebuilder(1, build_model);
    }
}

/// The model follows from the ruleset and the map.
fn build_model(world: &mut World) {
    if let (Some(rules), Some(torus)) = (world.get_resource::<Ruleset>(), world.get_resource::<Torus>()) {
        let model = ClassicModel::on(rules.clone(), *torus);
        world.insert_resource(Model(Arc::new(model)));
    }
}
