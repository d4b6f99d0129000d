//! What comes from outside: requests as messages or through the inbox, their game time, and the log of them all.
//!
//! An input gets (game time, sequence) when the host first sees it and goes into the [`InputLog`]; the campaign reads
//! it in `Intake` of a pass at that instant. Replaying a campaign is its seed plus this log.

use super::march::{GroupArrived, Manner};
use super::vote::CastVote;
use crate::base::clock::{Agenda, CampaignAppExt, CampaignSystems, DueKind, GameClock, GameTime, HostSystems};
use crate::base::error::CampaignError;
use crate::base::id::{AllianceId, OrderId, SiteId};
use crate::base::limits::Limits;
use crate::base::ruleset::Force;
use bevy::ecs::schedule::InternedScheduleLabel;
use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::scenario::Stance;

/// Sets how two alliances stand to each other, both ways.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetStance {
    /// One alliance.
    pub a: AllianceId,
    /// The other.
    pub b: AllianceId,
    /// How they stand.
    pub stance: Stance,
}

/// A player's own march, outside of any operation. Players of a game attack with this.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaunchMarch {
    /// From where.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// With what.
    pub force: Force,
    /// In what manner.
    pub manner: Manner,
}

/// Something from outside that the campaign must see at an exact game time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A vote.
    Vote(CastVote),
    /// A stance.
    Stance(SetStance),
    /// A march.
    March(LaunchMarch),
    /// A recall.
    Recall(OrderId),
    /// A game's own movement brought a group to its target.
    Arrived(GroupArrived),
}

/// An input with its place in time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LoggedInput {
    /// The game time at which the host first saw it.
    pub at: GameTime,
    /// The order among all inputs.
    pub seq: u32,
    /// What came.
    pub input: Input,
}

/// All inputs so far. Seed and log together replay the campaign.
#[derive(Resource, Default, Debug, Serialize, Deserialize)]
pub struct InputLog {
    /// In the order of their sequence.
    pub entries: Vec<LoggedInput>,
}

/// The inputs of the running pass.
#[derive(Resource, Default, Debug)]
pub struct Inputs {
    waiting: BTreeMap<u32, LoggedInput>,
    /// Those whose time has come, in order.
    pub now: Vec<LoggedInput>,
}

/// A request that ended without effect: what it asked, the rule, the limit and the value that broke it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RequestRefused {
    /// What was asked, with its ids.
    pub request: String,
    /// The rule's name.
    pub rule: String,
    /// What the rule allows.
    pub limit: String,
    /// What was asked for.
    pub value: String,
    /// When it may be tried again, if that helps.
    pub retry_after: Option<GameTime>,
}

/// The campaign's inbox for other threads: bounded, and never blocking.
#[derive(Resource, Debug)]
pub struct Inbox {
    sender: Sender<Input>,
    receiver: Receiver<Input>,
    limit: usize,
}

/// A handle with which any thread sends inputs.
#[derive(Clone, Debug)]
pub struct InboxSender {
    sender: Sender<Input>,
    limit: usize,
}

impl InboxSender {
    /// Hands an input to the next host update.
    ///
    /// # Errors
    /// [`CampaignError::InboxFull`] when as many inputs wait as [`Limits::inbox`] allows; nothing is lost, the caller
    /// still has its input.
    pub fn send(&self, input: Input) -> Result<(), CampaignError> {
        self.sender.try_send(input).map_err(|_| CampaignError::InboxFull { limit: self.limit })
    }
}

impl Inbox {
    /// A handle for another thread.
    #[must_use]
    pub fn sender(&self) -> InboxSender {
        InboxSender { sender: self.sender.clone(), limit: self.limit }
    }
}

impl FromWorld for Inbox {
    fn from_world(world: &mut World) -> Self {
        let limit = world.get_resource::<Limits>().map_or(Limits::default().inbox, |l| l.inbox);
        let (sender, receiver) = bounded(limit);
        Self { sender, receiver, limit }
    }
}

/// An input whose time has come.
pub const INPUT: DueKind = DueKind::new(
    0,
    "input",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::Deliberate,
        CampaignSystems::Plan,
        CampaignSystems::March,
        CampaignSystems::Battle,
        CampaignSystems::Settle,
    ],
);

pub(super) fn plug(app: &mut App, host: InternedScheduleLabel) {
    app.add_due_kind(INPUT)
        .init_resource::<InputLog>()
        .init_resource::<Inputs>()
        .init_resource::<Inbox>()
        .add_message::<CastVote>()
        .add_message::<SetStance>()
        .add_message::<LaunchMarch>()
        .add_systems(host, log_inputs.in_set(HostSystems::Inputs))
        .add_systems(super::Campaign, take_inputs.in_set(CampaignSystems::First));
}

/// Gives each input its game time and sequence.
fn log_inputs(
    inbox: Res<Inbox>,
    mut votes: MessageReader<CastVote>,
    mut stances: MessageReader<SetStance>,
    mut marches: MessageReader<LaunchMarch>,
    clock: Res<GameClock>,
    mut log: ResMut<InputLog>,
    mut inputs: ResMut<Inputs>,
    mut agenda: ResMut<Agenda>,
) {
    let messages = votes
        .read()
        .map(|v| Input::Vote(v.clone()))
        .chain(stances.read().map(|s| Input::Stance(*s)))
        .chain(marches.read().map(|m| Input::March(m.clone())));
    for input in messages.chain(inbox.receiver.try_iter()) {
        let seq = u32::try_from(log.entries.len()).unwrap_or(u32::MAX);
        let entry = LoggedInput { at: clock.now(), seq, input };
        agenda.push(INPUT.entry(entry.at, 0, seq));
        inputs.waiting.insert(seq, entry.clone());
        log.entries.push(entry);
    }
}

fn take_inputs(batch: Res<super::DueBatch>, mut inputs: ResMut<Inputs>) {
    inputs.now.clear();
    for entry in batch.of(INPUT) {
        if let Some(input) = inputs.waiting.remove(&entry.n) {
            inputs.now.push(input);
        }
    }
}
