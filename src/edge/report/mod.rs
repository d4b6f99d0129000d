//! What happened, counted and told: a tally of the outward facts, metrics of behavior with the bands in which they are believable,
//! what the members of an alliance hear of each other, a readable account of a campaign, and a report of it on one page.
//!
//! What is *not* here: files and terminals. The tally is plain data; whoever runs the campaign writes it somewhere.

mod account;
mod after_action;
pub mod behavior;
mod channel;
mod counts;
mod directory;
mod explain;
mod gates;
mod intel;
mod minutes;
mod order;
mod tally;
mod treaties;
mod voice;
mod words;

pub use account::account;
pub use after_action::{AfterAction, History};
pub use behavior::Behavior;
pub use channel::{Channels, Letter, LetterKind};
pub use counts::{
    ApplicationCounts, BallotCounts, ConquestCounts, CouncilCounts, DefenseCounts, DiplomacyCounts, LookCounts,
    LossCounts, OperationCounts, OrderCounts, PoolCounts, ProposalCounts, ResultCounts, Summary,
};
pub use directory::Directory;
pub use explain::{Explanation, TargetBasis, explain};
pub use gates::{Blocked, Progress, Step, gate_in_words, quiet_account, verdict_in_words};
pub use intel::{IntelSummary, intel_account};
pub use minutes::minutes;
pub use order::{OrderExplanation, OrderPurpose, explain_order, refusal_in_words};
pub use tally::{CampaignTally, HandicapChange, OLD_INTEL, OperationStory, rested_on_old_intel};
pub use voice::voice;

use behavior::Course;

use crate::base::clock::{GameClock, HostSystems};
use crate::base::contract::{CampaignFact, Fact, ScenarioAppExt, Site};
use crate::base::id::EntityIndex;
use crate::base::state::StateAppExt;
use bevy::ecs::schedule::InternedScheduleLabel;
use bevy::prelude::*;

/// Keeps a [`CampaignTally`] of everything that the campaign says outwards, and a [`History`] where that resource is there.
#[derive(Debug)]
pub struct ReportPlugin {
    /// The host's schedule: the same as the campaign's.
    pub host: InternedScheduleLabel,
}

impl Plugin for ReportPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<CampaignTally>()
            .init_resource::<Channels>()
            .add_scenario_loader(100, |world, _| begin_tally(world))
            .add_state_rebuilder(100, begin_tally)
            .add_systems(self.host, (count_facts, look_at_armies, look_for_history).chain().in_set(HostSystems::Facts));
    }
}

/// Counts from 0, with the names of the campaign as it stands: at its start, and after a load.
fn begin_tally(world: &mut World) {
    let mut tally = CampaignTally::default();
    tally.directory = Directory::of_world(world);
    tally.course = Course::begin(world, &tally.directory.active);
    if world.contains_resource::<History>() {
        let history = History::begin(world, &tally.directory.active);
        world.insert_resource(history);
    }
    world.insert_resource(tally);
    world.resource_mut::<Channels>().clear();
}

fn count_facts(
    mut facts: MessageReader<CampaignFact>,
    index: Res<EntityIndex>,
    sites: Query<&Site>,
    mut tally: ResMut<CampaignTally>,
    mut channels: ResMut<Channels>,
    mut history: Option<ResMut<History>>,
) {
    for fact in facts.read() {
        // Who moves hears what is said from then on, and nothing of before.
        channels.hear(fact, &tally.directory);
        if let Some(history) = &mut history {
            history.hear(&tally.directory, fact);
        }
        if let Fact::MembershipChanged { player, to, .. } = fact.fact {
            tally.directory.note_member(player, to);
        }
        if let Fact::SiteChanged { site, from: None, .. } = fact.fact
            && let Some(founded) = index.site(site).and_then(|e| sites.get(e).ok())
        {
            tally.directory.note_site(founded);
        }
        tally.count(fact);
    }
}

/// Looks at armies after the facts of an update, so that what was lost in it is held against the look before it.
fn look_at_armies(world: &mut World) {
    world.resource_scope::<CampaignTally, _>(|world, mut tally| {
        let CampaignTally { course, directory, .. } = &mut *tally;
        course.look_if_due(world, &directory.active);
    });
}

/// Keeps what a report needs, where somebody wants one.
fn look_for_history(world: &mut World) {
    let now = world.get_resource::<GameClock>().map(GameClock::now);
    if !world.get_resource::<History>().is_some_and(|history| history.is_due(now)) {
        return;
    }
    let Some(mut history) = world.remove_resource::<History>() else { return };
    let active = world.resource::<CampaignTally>().directory.active.clone();
    history.look_if_due(world, &active);
    world.insert_resource(history);
}
