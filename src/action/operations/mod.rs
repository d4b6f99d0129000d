//! Operations: orders that launch at their own time so that all arrive together, watched until they are over.
//!
//! What is *not* here: deciding to attack (`council`), choosing forces (`planning`), moving and fighting (a world).

mod arrivals;
mod changes;
mod claims;
mod clearance;
mod components;
mod conclude;
mod orders;
mod review;
pub mod rules;
mod systems;

pub use components::{
    CLAIMS_TOLD, GROUP_ARRIVES, GROUP_LAUNCHES, GROUP_RECALLED, Group, GroupStatus, OPERATION_CONCLUDES, Operation,
    OperationSettings, OperationStatus, REVISIONS_KEPT, Revision, RunningOperations, Target,
};
pub use conclude::OperationOver;
pub use orders::{ORDER_ANSWERED, ORDER_CLOSES, Order, OrderSettings, Orders};
pub use review::{Alert, OPERATION_REVIEWED};
pub use systems::{OperationSystems, SendScouts};

use crate::action::defense::DefenseSystems;
use crate::action::diplomacy::DiplomacySystems;
use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::{ScenarioAppExt, WorldSystems};
use crate::base::state::StateAppExt;
use crate::decision::council::CouncilSystems;
use crate::decision::fair_play::FairPlaySystems;
use crate::knowledge::intel::IntelSystems;
use crate::society::alliance::AllianceSystems;
use bevy::prelude::*;
use review::Revise;

/// Running joint attacks.
#[derive(Debug, Default)]
pub struct OperationsPlugin;

/// What is due in an operation's course.
fn add_due_kinds(app: &mut App) -> &mut App {
    app.add_due_kind(GROUP_LAUNCHES)
        .add_due_kind(GROUP_ARRIVES)
        .add_due_kind(GROUP_RECALLED)
        .add_due_kind(CLAIMS_TOLD)
        .add_due_kind(OPERATION_CONCLUDES)
        .add_due_kind(OPERATION_REVIEWED)
        .add_due_kind(ORDER_ANSWERED)
        .add_due_kind(ORDER_CLOSES)
}

impl Plugin for OperationsPlugin {
    fn build(&self, app: &mut App) {
        add_due_kinds(app)
            .add_pass_message::<Revise>()
            .add_pass_message::<clearance::Cleared>()
            .add_pass_message::<OperationOver>()
            .add_pass_message::<SendScouts>()
            .init_resource::<OperationSettings>()
            .register_state::<Operation>("operation")
            .register_state::<Orders>("orders")
            .register_state::<RunningOperations>("running_operations")
            .register_state_resource::<OperationSettings>("operation_settings")
            .add_scenario_loader(30, systems::spawn_running)
            .configure_sets(
                Campaign,
                (
                    OperationSystems::Ask
                        .in_set(CampaignSystems::Intake)
                        .after(DefenseSystems::Ask)
                        .before(CouncilSystems::Ask),
                    (OperationSystems::Start, OperationSystems::Revise)
                        .chain()
                        .in_set(CampaignSystems::Plan)
                        .after(DiplomacySystems::CarryOut)
                        .before(DefenseSystems::Answer),
                    OperationSystems::Release
                        .in_set(CampaignSystems::March)
                        .after(DefenseSystems::Release)
                        .before(WorldSystems::Prepare),
                    OperationSystems::Follow
                        .in_set(CampaignSystems::Settle)
                        .after(AllianceSystems::Eliminate)
                        .after(IntelSystems::Admit)
                        .after(DefenseSystems::Follow)
                        .after(DiplomacySystems::Conclude)
                        .after(FairPlaySystems::Follow),
                    OperationSystems::Claim.in_set(CampaignSystems::Settle).before(IntelSystems::Admit),
                    OperationSystems::Review.in_set(CampaignSystems::Settle).after(OperationSystems::Follow),
                    OperationSystems::Conclude.in_set(CampaignSystems::Settle).after(OperationSystems::Review),
                ),
            )
            .add_systems(
                Campaign,
                (
                    (clearance::clear_operations, systems::start_operations, systems::send_scouts)
                        .chain()
                        .in_set(OperationSystems::Start),
                    (systems::recall_inputs, systems::release_recalls, systems::release_groups)
                        .chain()
                        .in_set(OperationSystems::Release),
                    (
                        systems::note_launches,
                        orders::note_answers,
                        arrivals::take_arrivals,
                        arrivals::tell_arrivals,
                        systems::note_battles,
                    )
                        .chain()
                        .in_set(OperationSystems::Follow),
                    review::ask_states.in_set(OperationSystems::Ask),
                    (review::decide_revisions, review::apply_revisions).chain().in_set(OperationSystems::Revise),
                    (changes::follow_changes, review::raise_alerts).chain().in_set(OperationSystems::Review),
                    claims::tell_claims.in_set(OperationSystems::Claim),
                    conclude::conclude_operations.in_set(OperationSystems::Conclude),
                ),
            );
    }
}
