//! Defense: what a player does by itself, from its own knowledge, when others march on it: hold, dodge, retaliate; and
//! what its allies send, when it is marched on and before.
//!
//! It works for lone players as for members of an alliance that deliberates; humans decide for themselves unless a
//! setting says otherwise, and those who never act do not. A site to which nothing happens has no component, no entry
//! in the agenda, and no system looks at it.
//!
//! What is *not* here: what armies are believed to be, and the kernel that picks the relief (`planning`).

mod alarm;
mod components;
pub mod posture;
pub mod relief;
mod reprisal;
pub mod rules;
mod systems;

pub use components::{
    ALARM_ANSWERED, DODGE_LEAVES, DODGE_RETURNS, Defenses, Dodge, DodgeStatus, GRUDGE_WEIGHED, Grudge, Reprisals,
    STRIKE_LEAVES, Strike, Vital,
};
pub use posture::{POSTURE_REVIEWED, PostureSettings};
pub use relief::{PostureEnd, Purpose, RELIEF_LEAVES, RELIEF_RETURNS, Relief, ReliefStatus, Reliefs};
pub use rules::DefenseSettings;
pub use systems::DefenseSystems;

use crate::action::pool::PoolSystems;
use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::{ScenarioAppExt, WorldSystems};
use crate::base::state::StateAppExt;
use crate::decision::council::CouncilSystems;
use crate::knowledge::intel::IntelSystems;
use crate::society::alliance::AllianceSystems;
use bevy::prelude::*;

/// Alarms, dodges, relief and raids in return.
#[derive(Debug, Default)]
pub struct DefensePlugin;

impl Plugin for DefensePlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(ALARM_ANSWERED)
            .add_due_kind(GRUDGE_WEIGHED)
            .add_due_kind(DODGE_LEAVES)
            .add_due_kind(STRIKE_LEAVES)
            .add_due_kind(DODGE_RETURNS)
            .add_due_kind(RELIEF_LEAVES)
            .add_due_kind(RELIEF_RETURNS)
            .add_due_kind(POSTURE_REVIEWED)
            .init_resource::<DefenseSettings>()
            .init_resource::<PostureSettings>()
            .register_state::<Defenses>("defenses")
            .register_state::<Vital>("vital")
            .register_state::<Reprisals>("reprisals")
            .register_state::<Reliefs>("reliefs")
            .register_state_resource::<DefenseSettings>("defense_settings")
            .register_state_resource::<PostureSettings>("posture_settings")
            .add_scenario_loader(31, posture::schedule_reviews)
            .configure_sets(
                Campaign,
                (
                    DefenseSystems::Ask
                        .in_set(CampaignSystems::Intake)
                        .after(PoolSystems::Ask)
                        .before(CouncilSystems::Ask),
                    DefenseSystems::Answer.in_set(CampaignSystems::Plan),
                    DefenseSystems::Release.in_set(CampaignSystems::March).before(WorldSystems::Prepare),
                    DefenseSystems::Follow
                        .in_set(CampaignSystems::Settle)
                        .after(IntelSystems::Admit)
                        .after(AllianceSystems::Eliminate)
                        .after(PoolSystems::Enter),
                ),
            )
            .add_systems(
                Campaign,
                (
                    (systems::ask_states, relief::ask_helpers, posture::ask_states).chain().in_set(DefenseSystems::Ask),
                    (alarm::answer_alarms, reprisal::weigh_grudges, posture::review_postures)
                        .chain()
                        .in_set(DefenseSystems::Answer),
                    (
                        systems::release_returns,
                        relief::return_reliefs,
                        systems::release_dodges,
                        relief::release_reliefs,
                        reprisal::release_strikes,
                    )
                        .chain()
                        .in_set(DefenseSystems::Release),
                    (
                        systems::note_launches,
                        relief::note_reliefs,
                        relief::note_losses,
                        posture::part_ways,
                        alarm::forget_alarms,
                        alarm::raise_alarms,
                        reprisal::note_attacks,
                        reprisal::note_strikes,
                    )
                        .chain()
                        .in_set(DefenseSystems::Follow),
                ),
            );
    }
}
