//! What features and games say to each other: facts, requests, the scenario, and the [`WorldModel`] seam.
//!
//! Nothing here can be queried for hidden truth. What is public lies in [`Site`] and [`Player`]; what an own member
//! has reaches its alliance as a [`SiteState`] that it asked for; everything else reaches an alliance as a fact with
//! a witness, through the gateway of `knowledge`.

mod advice;
mod change;
mod estate;
mod fact;
mod finding;
mod handicap;
mod march;
mod memory;
mod model;
mod pool;
mod relations;
mod request;
mod scenario;
mod site;
mod vote;

pub use advice::{Advice, AdvisedBallot, AdvisedChoice, AdvisedDebrief, AdvisedPlea, AdvisedSpeech};
pub use change::{MembershipChanged, PopulationChanged, SiteChanged, StanceChanged};
pub use estate::{Estates, Founding};
pub use fact::{CampaignFact, DefenseAnswer, Fact, LaunchRow, OperationReport};
pub use finding::Finding;
pub use handicap::HandicapReason;
pub use march::{
    BattleFought, EnemyGroup, GroupArrived, GroupFailed, GroupHome, GroupLaunched, LaunchDue, Manner, MarchSighted,
    RecallGroup, ScoutReturned, ScoutsKilled, WithdrawGuests,
};
pub use memory::{About, Lived, Memory, MemoryKind, Names};
pub use model::{AttackGroup, Forecast, Model, SiteEstimate, WorldModel, WorldScale};
pub use pool::{AskPool, GiveToPool, GoodsCame, GoodsDue, GoodsLeft, GoodsStayed, GrantReason, PoolOrder};
pub use relations::{Relations, Stances, Standing, Treaty};
pub(crate) use request::expect_inputs;
pub use request::{
    AcknowledgeOrder, AnswerApplication, Apply, DismissTroops, INPUT, Inbox, InboxSender, Input, InputLog, Inputs,
    LaunchMarch, LoggedInput, RecallMarch, RequestRefused, Say, SendGoods, SetMembership, SetRank, SetStance,
    TrainTroops,
};
pub use scenario::{
    AccountRole, Archetype, Rank, Scenario, ScenarioAlliance, ScenarioAppExt, ScenarioError, ScenarioLoaders,
    ScenarioPlayer, ScenarioSite, Stance, WorldSeed,
};
pub use site::{Holdings, Player, PlayerKind, ReportedStates, Rhythm, Site, SiteState, WantedStates};
pub use vote::{Ballot, BallotRequested, CastVote, Citation, Cited, Condition, Motion, Propose, Reason, Term, Vote};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems, DueBatch};
use crate::base::state::StateAppExt;
use bevy::ecs::schedule::InternedScheduleLabel;
use bevy::prelude::*;

/// Where a world, ours or a game's own, stands within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorldSystems {
    /// In `Sense`: answers [`WantedStates`] with [`ReportedStates`], before knowledge takes them in.
    Report,
    /// In `March`, after the orders of this instant were given: the world readies what they touch.
    Prepare,
    /// In `March`: answers [`LaunchDue`], [`RecallGroup`] and [`WithdrawGuests`], after `Prepare`.
    Move,
    /// In `Battle`: arrivals, and what comes of them.
    Fight,
    /// In `Battle`, after `Fight`: sites change hands, are founded and razed.
    Change,
}

/// What a campaign said and nobody has read yet goes with it when another is loaded in its place.
fn forget_facts(world: &mut World) {
    world.resource_mut::<Messages<CampaignFact>>().clear();
    world.resource_mut::<Messages<BallotRequested>>().clear();
}

/// Registers the contract: pass messages, outward facts, inputs, and the scenario's public part.
#[derive(Debug)]
pub struct ContractPlugin {
    /// The host's schedule.
    pub host: InternedScheduleLabel,
}

impl Plugin for ContractPlugin {
    fn build(&self, app: &mut App) {
        app.add_pass_message::<LaunchDue>()
            .add_pass_message::<RecallGroup>()
            .add_pass_message::<WithdrawGuests>()
            .add_pass_message::<GroupLaunched>()
            .add_pass_message::<GroupFailed>()
            .add_pass_message::<GroupArrived>()
            .add_pass_message::<GroupHome>()
            .add_pass_message::<MarchSighted>()
            .add_pass_message::<BattleFought>()
            .add_pass_message::<ScoutReturned>()
            .add_pass_message::<ScoutsKilled>()
            .add_pass_message::<GoodsDue>()
            .add_pass_message::<GoodsLeft>()
            .add_pass_message::<GoodsStayed>()
            .add_pass_message::<GoodsCame>()
            .add_pass_message::<SiteChanged>()
            .add_pass_message::<PopulationChanged>()
            .add_pass_message::<MembershipChanged>()
            .add_pass_message::<StanceChanged>()
            .add_pass_message::<Lived>()
            .add_pass_resource::<WantedStates>()
            .add_pass_resource::<ReportedStates>()
            .add_message::<CampaignFact>()
            .add_message::<BallotRequested>()
            .add_state_rebuilder(0, forget_facts);
        app.configure_sets(
            Campaign,
            (
                WorldSystems::Report.in_set(CampaignSystems::Sense),
                WorldSystems::Prepare.in_set(CampaignSystems::March),
                WorldSystems::Move.in_set(CampaignSystems::March).after(WorldSystems::Prepare),
                WorldSystems::Fight.in_set(CampaignSystems::Battle),
                WorldSystems::Change.in_set(CampaignSystems::Battle).after(WorldSystems::Fight),
            ),
        );
        request::plug(app, self.host);
        scenario::plug(app);
    }
}
