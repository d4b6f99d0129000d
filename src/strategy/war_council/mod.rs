//! War councils: every six hours each alliance looks at what it knows, scores its options, and proposes the best.
//!
//! A council yields a proposal, never an order; the one thing that it orders itself are scouting parties, which are a
//! standing right of officers. What is *not* here: the vote (`council`), and carrying anything out (`operations`).

mod attack;
mod debrief;
mod diplomacy;
mod expansion;
mod motion;
mod option;
mod scouting;
mod session;
mod talks;
mod wonder;

pub use debrief::{COUNCIL_DEBRIEFS, CouncilDebriefs, Debrief, Debriefs, OpenDebrief, findings};
pub use scouting::{ScoutingPolicy, ScoutingRecord, ScoutingSettings, ScoutsGone};
pub use session::{CouncilCalendar, WAR_COUNCIL, WarCouncilSettings, WarCouncilSystems};
pub use talks::{COUNCIL_CHOOSES, COUNCIL_HEARS, CouncilTalks, CouncilWeighs, TalkedOption, Talks};

use crate::action::operations::OperationSystems;
use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use crate::decision::council::CouncilSystems;
use crate::decision::fair_play::FairPlaySystems;
use crate::strategy::victory::VictorySystems;
use bevy::prelude::*;

/// What was told of a campaign and nobody has read yet goes with it when another is loaded in its place.
fn forget_messages(world: &mut World) {
    world.resource_mut::<Messages<CouncilTalks>>().clear();
    world.resource_mut::<Messages<CouncilWeighs>>().clear();
    world.resource_mut::<Messages<CouncilDebriefs>>().clear();
}

/// War councils by rule.
#[derive(Debug, Default)]
pub struct WarCouncilPlugin;

impl Plugin for WarCouncilPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(WAR_COUNCIL)
            .add_due_kind(COUNCIL_HEARS)
            .add_due_kind(COUNCIL_CHOOSES)
            .add_due_kind(COUNCIL_DEBRIEFS)
            .add_message::<CouncilTalks>()
            .add_message::<CouncilWeighs>()
            .add_message::<CouncilDebriefs>()
            .register_state::<Talks>("talks")
            .register_state::<Debriefs>("debriefs")
            .add_state_rebuilder(60, forget_messages)
            .init_resource::<WarCouncilSettings>()
            .register_state::<CouncilCalendar>("council_calendar")
            .register_state::<ScoutingRecord>("scouting_record")
            .register_state_resource::<WarCouncilSettings>("war_council_settings")
            .add_scenario_loader(40, session::schedule_councils)
            .configure_sets(
                Campaign,
                (
                    WarCouncilSystems::Ask.in_set(CampaignSystems::Intake).after(CouncilSystems::Ask),
                    WarCouncilSystems::Meet
                        .in_set(CampaignSystems::Deliberate)
                        .after(FairPlaySystems::Review)
                        .before(CouncilSystems::Open),
                    WarCouncilSystems::LookBack
                        .in_set(CampaignSystems::Settle)
                        .after(OperationSystems::Conclude)
                        .before(VictorySystems::Rank),
                ),
            )
            .add_systems(
                Campaign,
                (
                    session::ask_states.in_set(WarCouncilSystems::Ask),
                    (session::hold_councils, talks::take_advice, talks::hear, talks::choose, motion::hear_motions)
                        .chain()
                        .in_set(WarCouncilSystems::Meet),
                    (debrief::look_back, debrief::take_advice, debrief::end)
                        .chain()
                        .in_set(WarCouncilSystems::LookBack),
                ),
            );
    }
}
