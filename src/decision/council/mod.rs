//! Councils: proposals, ballots, conditions and the charter's arithmetic.
//!
//! A proposal is opened with a frozen roll, each member answers at its own time, and the vote closes at its deadline
//! or as soon as no open ballot can change it. What passes carries a plan that was tested again with the intel of that
//! moment. What is *not* here: why anything is proposed (`strategy`), and carrying it out (`operations`).

mod close;
mod components;
mod dealings;
mod judge;
mod muster;
pub mod rules;
mod situation;
mod surroundings;
mod systems;

pub use components::{
    ActionKind, Asked, BALLOT_DUE, Ballots, CouncilCharter, CouncilSettings, Decisions, Expected, Goal, Proposal,
    ProposalFailed, ProposalPassed, ProposalStatus, ProposedTarget, SubmitProposal, VOTE_CLOSES, proposal_key,
    proposal_of_key,
};
pub use dealings::Strengths;
pub use judge::{VotingSettings, own_score};
pub use muster::{Muster, Pledge};
pub use rules::charter::Charter;
pub use situation::{HomeCase, MemberCase, ProposalFacts, Situation, Threats};
pub use surroundings::{army_home_at, circumstances, elsewhere};
pub use systems::{CouncilSystems, proposal_of, stagger};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use crate::decision::fair_play::FairPlaySystems;
use crate::society::alliance::AllianceSystems;
use bevy::prelude::*;

/// Proposals and votes.
#[derive(Debug, Default)]
pub struct CouncilPlugin;

impl Plugin for CouncilPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(BALLOT_DUE)
            .add_due_kind(VOTE_CLOSES)
            .init_resource::<CouncilSettings>()
            .init_resource::<CouncilCharter>()
            .init_resource::<VotingSettings>()
            .add_pass_message::<SubmitProposal>()
            .add_pass_message::<ProposalPassed>()
            .add_pass_message::<ProposalFailed>()
            .register_state::<Proposal>("proposal")
            .register_state::<Ballots>("ballots")
            .register_state::<Decisions>("decisions")
            .register_state_resource::<CouncilCharter>("charter")
            .register_state_resource::<CouncilSettings>("council_settings")
            .register_state_resource::<VotingSettings>("voting_settings")
            .add_scenario_loader(25, systems::spawn_councils)
            .configure_sets(
                Campaign,
                (
                    CouncilSystems::Ask.in_set(CampaignSystems::Intake).after(AllianceSystems::Stances),
                    (CouncilSystems::Open, CouncilSystems::Answer, CouncilSystems::Close)
                        .chain()
                        .in_set(CampaignSystems::Deliberate)
                        .after(FairPlaySystems::Review),
                ),
            )
            .add_systems(
                Campaign,
                (
                    systems::ask_states.in_set(CouncilSystems::Ask),
                    systems::open_proposals.in_set(CouncilSystems::Open),
                    (systems::take_votes, systems::take_advice, systems::answer_ballots)
                        .chain()
                        .in_set(CouncilSystems::Answer),
                    systems::close_votes.in_set(CouncilSystems::Close),
                ),
            );
    }
}
