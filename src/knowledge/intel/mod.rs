//! What an alliance knows: observations enter through one gateway, become reports that fade and expire and tracks of
//! foreign marches, and are read through the [`View`].
//!
//! What is *not* here: the truth. Nothing in this folder can name `world`; what is hidden reaches it only as a fact
//! with a witness. Own members' states are asked for and live for one pass.

mod citing;
mod claims;
mod components;
pub mod dossier;
mod forces;
mod forgetting;
mod gateway;
pub mod movement;
mod offers;
pub mod rules;
mod sharing;
mod view;

pub use claims::{ClaimHeard, TargetClaim, TargetClaimed, TargetClaims};
pub use components::{Cause, Field, IntelReport, NewIntel, Observation, ObservationLog, Seen, Sighting, SourceKind};
pub use dossier::{Act, ActSeen, Dossier, Dossiers, PlayerDossier};
pub use forces::{KnownForce, KnownForces, rebuilt as forces_rebuilt};
pub use gateway::{IntelSystems, REPORT_EXPIRES};
pub use movement::{MovementSettings, Movements, Returning, Track, TrackKey};
pub use offers::{ENVOY_COMES, EnvoyMessage, Offers, envoy};
pub use sharing::REPORT_TOLD;
pub use view::{Away, MemberStates, View};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::{ScenarioAppExt, WorldSystems};
use crate::base::state::StateAppExt;
use crate::society::alliance::AllianceSystems;
use bevy::prelude::*;

/// Shared intelligence.
#[derive(Debug, Default)]
pub struct IntelPlugin;

impl Plugin for IntelPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<rules::SharingSettings>()
            .register_state_resource::<rules::SharingSettings>("sharing_settings")
            .add_due_kind(REPORT_EXPIRES)
            .add_due_kind(REPORT_TOLD)
            .add_due_kind(ENVOY_COMES)
            .add_pass_message::<sharing::Relayed>()
            .add_pass_message::<sharing::ReportForgotten>()
            .add_pass_message::<TargetClaimed>()
            .add_pass_message::<ClaimHeard>()
            .add_pass_message::<NewIntel>()
            .add_pass_message::<ActSeen>()
            .add_pass_message::<forces::ForceNews>()
            .init_resource::<KnownForces>()
            .add_scenario_loader(20, forces::on_start)
            .add_state_rebuilder(20, forces::build_anew)
            .add_pass_resource::<MemberStates>()
            .add_pass_resource::<gateway::Glances>()
            .register_state::<IntelReport>("intel_report")
            .register_state::<Movements>("movements")
            .register_state::<ObservationLog>("observation_log")
            .register_state::<Dossiers>("dossiers")
            .register_state::<TargetClaims>("target_claims")
            .register_state::<Offers>("offers")
            .init_resource::<MovementSettings>()
            .register_state_resource::<MovementSettings>("movement_settings")
            .add_scenario_loader(20, gateway::spawn_knowers)
            .add_scenario_loader(20, claims::spawn_claims)
            .add_scenario_loader(20, offers::spawn_offers);
        order(app);
        add_systems(app);
    }
}

/// Where knowledge changes within a pass.
fn order(app: &mut App) {
    app.configure_sets(Campaign, IntelSystems::Refresh.in_set(CampaignSystems::Sense).after(WorldSystems::Report))
        .configure_sets(
            Campaign,
            IntelSystems::Glance.in_set(CampaignSystems::March).after(WorldSystems::Move).before(WorldSystems::Fight),
        )
        .configure_sets(
            Campaign,
            // Who loses his last village at this instant still tells his alliance what he saw of it.
            IntelSystems::Admit
                .in_set(CampaignSystems::Settle)
                .after(AllianceSystems::Grievances)
                .before(AllianceSystems::Eliminate),
        );
}

fn add_systems(app: &mut App) {
    app.add_systems(
        Campaign,
        (
            (
                gateway::follow_members,
                sharing::take_along,
                forgetting::forget_joined,
                gateway::refresh_members,
                gateway::expire_reports,
            )
                .chain()
                .in_set(IntelSystems::Refresh),
            gateway::glance.in_set(IntelSystems::Glance),
            (
                sharing::tell_allies,
                claims::tell_confederates,
                (offers::forget_offers, offers::bring_offers).chain(),
                gateway::admit_observations,
                claims::admit_claims,
                offers::admit_offers,
                forgetting::forget_changed,
                sharing::plan_tellings,
            )
                .chain()
                .in_set(IntelSystems::Admit),
        ),
    )
    .add_systems(
        Campaign,
        (
            forces::follow.in_set(IntelSystems::Refresh).after(gateway::expire_reports),
            (forces::follow, dossier::learn).chain().in_set(IntelSystems::Admit).after(forgetting::forget_changed),
        ),
    );
}
