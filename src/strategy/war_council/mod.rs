//! War councils: every six hours each alliance looks at what it knows, scores its options, and proposes the best.
//!
//! A council yields a proposal, never an order; the one thing that it orders itself are scouting parties, which are a
//! standing right of officers. What is *not* here: the vote (`council`), and carrying anything out (`operations`).

mod attack;
mod diplomacy;
mod expansion;
mod motion;
mod option;
mod scouting;
mod session;
mod talks;
mod wonder;

pub use scouting::{ScoutingPolicy, ScoutingRecord, ScoutingSettings, ScoutsGone};
pub use session::{CouncilCalendar, WAR_COUNCIL, WarCouncilSettings, WarCouncilSystems};
pub use talks::{COUNCIL_CHOOSES, CouncilTalks, TalkedOption, Talks};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use crate::decision::council::CouncilSystems;
use bevy::prelude::*;

/// War councils by rule.
#[derive(Debug, Default)]
pub struct WarCouncilPlugin;

impl Plugin for WarCouncilPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(WAR_COUNCIL)
            .add_due_kind(COUNCIL_CHOOSES)
            .add_message::<CouncilTalks>()
            .register_state::<Talks>("talks")
            .init_resource::<WarCouncilSettings>()
            .register_state::<CouncilCalendar>("council_calendar")
            .register_state::<ScoutingRecord>("scouting_record")
            .register_state_resource::<WarCouncilSettings>("war_council_settings")
            .add_scenario_loader(40, session::schedule_councils)
            .configure_sets(
                Campaign,
                (
                    WarCouncilSystems::Ask.in_set(CampaignSystems::Intake).after(CouncilSystems::Ask),
                    WarCouncilSystems::Meet.in_set(CampaignSystems::Deliberate).before(CouncilSystems::Open),
                ),
            )
            .add_systems(
                Campaign,
                (
                    session::ask_states.in_set(WarCouncilSystems::Ask),
                    (session::hold_councils, talks::take_advice, talks::choose, motion::hear_motions)
                        .chain()
                        .in_set(WarCouncilSystems::Meet),
                ),
            );
    }
}
