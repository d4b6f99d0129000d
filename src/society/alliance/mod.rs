//! Alliances: members and their ranks, who applies, joins and leaves, what members say, stances between alliances and their
//! wars, trust, grievance, reliability, and what ends with the last village.
//!
//! What is *not* here: deciding on stances (`action::diplomacy`, or a game with `SetStance`), and anything about what an
//! alliance knows or plans.

mod applications;
mod components;
mod membership;
pub mod rules;
mod speech;
mod stances;
mod systems;
mod wars;

pub use crate::base::clock::Decayed;
pub use applications::APPLICATION_ANSWERED;
pub use components::{
    Alliance, Application, Applications, Credit, Grievances, MemberOf, Members, Membership, ProposalCount, Reliability,
    Trust, War, WarRecord, Wars,
};
pub use rules::ApplicationSettings;
pub use stances::{STANCE_CHANGES, StanceSettings, change_of, stance_change};
pub use systems::{MemberInfo, Roster};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::{ScenarioAppExt, Stances};
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Where alliances change within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AllianceSystems {
    /// In `Intake`: stances and memberships that a game sets, and stances that were decided or whose time is over.
    Stances,
    /// In `Settle`: what attacks leave behind: grievances, and what wars have cost so far.
    Grievances,
    /// In `Settle`, after `Grievances`: players and alliances without a site are eliminated.
    Eliminate,
}

/// Alliances and their relations.
#[derive(Debug, Default)]
pub struct AlliancePlugin;

impl Plugin for AlliancePlugin {
    fn build(&self, app: &mut App) {
        app.register_state::<Alliance>("alliance")
            .register_state::<ProposalCount>("proposal_count")
            .register_state::<Membership>("membership")
            .register_state::<Stances>("stances")
            .register_state::<Grievances>("grievances")
            .register_state::<Wars>("wars")
            .register_state::<Credit>("credit")
            .init_resource::<StanceSettings>()
            .register_state_resource::<StanceSettings>("stance_settings")
            .add_due_kind(STANCE_CHANGES)
            .register_state::<Trust>("trust")
            .register_state::<Reliability>("reliability")
            .register_state::<WarRecord>("war_record")
            .register_state::<Applications>("applications")
            .init_resource::<ApplicationSettings>()
            .register_state_resource::<ApplicationSettings>("application_settings")
            .add_due_kind(APPLICATION_ANSWERED)
            .add_pass_message::<applications::Admitted>()
            .add_observer(systems::on_membership)
            .configure_sets(Campaign, AllianceSystems::Stances.in_set(CampaignSystems::Intake))
            .add_scenario_loader(10, systems::spawn_alliances)
            .configure_sets(
                Campaign,
                (AllianceSystems::Grievances, AllianceSystems::Eliminate).chain().in_set(CampaignSystems::Settle),
            )
            .add_systems(
                Campaign,
                (
                    (
                        stances::apply_inputs,
                        stances::apply_due,
                        applications::answer_applications,
                        membership::apply_memberships,
                        membership::apply_ranks,
                        speech::tell_what_is_said,
                    )
                        .chain()
                        .in_set(AllianceSystems::Stances),
                    (systems::note_grievances, wars::note_battles).chain().in_set(AllianceSystems::Grievances),
                    membership::eliminate.in_set(AllianceSystems::Eliminate),
                ),
            );
    }
}
