//! What comes from outside: requests as messages or through the inbox, their game time, and the log of them all.
//!
//! An input gets (game time, round, sequence) when the host first sees it; the campaign reads it in `Intake` of a pass
//! at that instant, and there it goes into the [`InputLog`]. Replaying a campaign is its seed plus this log.
//!
//! The round says which pass of its instant an input belongs to. An input seen before its instant was run joins
//! whatever else is due then: round 0. One seen afterwards (a paused game takes votes for minutes at one instant) gets
//! a pass after all that: round 1, and what a later host update sees at the same instant round 2, and so on. A replay
//! knows all inputs from the beginning, so it holds later rounds back until nothing else is due at their instant.

use super::advice::Advice;
use super::march::{GroupArrived, Manner};
use super::pool::{AskPool, GiveToPool};
use super::vote::{CastVote, Propose};
use crate::base::clock::{Agenda, CampaignAppExt, CampaignSystems, DueKind, GameClock, GameTime, HostSystems};
use crate::base::error::CampaignError;
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, MarchId, OrderId, PlayerId, ProposalId, SiteId};
use crate::base::limits::Limits;
use crate::base::ruleset::Force;
use crate::base::state::{Kept, StateAppExt};
use bevy::ecs::schedule::InternedScheduleLabel;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::fact::{CampaignFact, Fact};
use super::scenario::{Rank, Stance, WorldSeed};

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
    /// What catapults aim at, at most two: numbers of buildings, in the default world those of `BuildingKind::number`
    /// (3 is the residence, which keeps chiefs from their work).
    #[serde(default)]
    pub aims: [Option<u8>; 2],
}

/// A player's own march is to turn back, as far as the rules still allow it. What stays elsewhere as a guest walks home.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecallMarch {
    /// Which march.
    pub march: MarchId,
}

/// A site is to keep more troops than so far: it trains them as fast as its goods, crop and barracks allow.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TrainTroops {
    /// Which site.
    pub site: SiteId,
    /// How many more of which class.
    pub force: Force,
}

/// Troops at home are dismissed: they are gone, and so is what they cost.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DismissTroops {
    /// Which site.
    pub site: SiteId,
    /// How many of which class.
    pub force: Force,
}

/// Goods of one site for another. Merchants carry them there and come back.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SendGoods {
    /// From where.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// How much of each.
    pub goods: Goods,
}

/// A player leaves its alliance, and joins another or none.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetMembership {
    /// Who.
    pub player: PlayerId,
    /// Where it belongs from now on; a newcomer is an ordinary member.
    pub alliance: Option<AllianceId>,
}

/// A player asks to be taken into an alliance that deliberates: whoever leads it answers.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Apply {
    /// Who.
    pub player: PlayerId,
    /// Where it wants to belong.
    pub alliance: AllianceId,
}

/// A person who leads an alliance answers an application.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AnswerApplication {
    /// Who answers: the leader or an officer.
    pub by: PlayerId,
    /// Who applied.
    pub player: PlayerId,
    /// Whether it is taken in.
    pub accepts: bool,
}

/// A member's rank becomes another one. Who is made leader puts the present leader among the officers.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetRank {
    /// Which member.
    pub player: PlayerId,
    /// Its rank from now on.
    pub rank: Rank,
}

/// A person answers the order that an operation has for it, until the time for that is over.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AcknowledgeOrder {
    /// Which member.
    pub member: PlayerId,
    /// Which operation.
    pub operation: ProposalId,
    /// Whether it will send what was ordered; if not, others are looked for at once.
    pub accepts: bool,
}

/// A member says something to its alliance. It is shown and never understood: no decision rests on it.
#[derive(Message, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Say {
    /// Who.
    pub player: PlayerId,
    /// What: at most [`Limits::text_chars`] characters. What controls a display is taken out.
    pub text: String,
}

/// Something from outside that the campaign must see at an exact game time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A vote.
    Vote(CastVote),
    /// A proposal of a member.
    Propose(Propose),
    /// A stance.
    Stance(SetStance),
    /// A march.
    March(LaunchMarch),
    /// A recall.
    Recall(OrderId),
    /// A game's own movement brought a group to its target.
    Arrived(GroupArrived),
    /// A recall of a player's own march.
    RecallMarch(RecallMarch),
    /// Training.
    Train(TrainTroops),
    /// A dismissal.
    Dismiss(DismissTroops),
    /// Goods for another site.
    Goods(SendGoods),
    /// A change of alliance.
    Membership(SetMembership),
    /// Goods for the pool.
    Give(GiveToPool),
    /// A request to the pool.
    Ask(AskPool),
    /// An application.
    Apply(Apply),
    /// An answer to one.
    Answer(AnswerApplication),
    /// A rank.
    Rank(SetRank),
    /// An answer to an order.
    Acknowledge(AcknowledgeOrder),
    /// Words to the own alliance.
    Say(Say),
    /// A language model's answer.
    Advice(Advice),
}

/// An input with its place in time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LoggedInput {
    /// The game time at which the host first saw it.
    pub at: GameTime,
    /// 0 if that instant had not been run yet when it was seen, else one more than the last round at that instant.
    pub round: u32,
    /// The order among all inputs.
    pub seq: u32,
    /// What came.
    pub input: Input,
}

/// All inputs that were handed out so far. Seed and log together replay the campaign.
#[derive(Resource, Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct InputLog {
    /// In the order of their sequence.
    pub entries: Vec<LoggedInput>,
}

/// The inputs of the running pass, and those that wait for theirs.
#[derive(Resource, Default, Debug)]
pub struct Inputs {
    /// By sequence. In a live campaign they wait at most for the pass that the same host update runs.
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

impl CampaignFact {
    /// A request ended without effect: the rule that forbids it, what that allows, and what was asked for.
    #[must_use]
    pub fn refusal(at: GameTime, request: String, rule: &str, limit: &str, value: String) -> Self {
        let (rule, limit) = (rule.to_owned(), limit.to_owned());
        Self { at, fact: Fact::RequestRefused(RequestRefused { request, rule, limit, value, retry_after: None }) }
    }
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
        .add_message::<RecallMarch>()
        .add_message::<TrainTroops>()
        .add_message::<DismissTroops>()
        .add_message::<SendGoods>()
        .add_message::<GiveToPool>()
        .add_message::<Propose>()
        .add_message::<AskPool>()
        .add_message::<SetMembership>()
        .add_message::<Apply>()
        .add_message::<AnswerApplication>()
        .add_message::<SetRank>()
        .add_message::<AcknowledgeOrder>()
        .add_message::<Say>()
        .add_message::<Advice>()
        .add_instant_end(release_next_round)
        .register_kept::<WaitingInputs>("waiting_inputs")
        .add_systems(host, log_inputs.in_set(HostSystems::Inputs))
        .add_systems(super::Campaign, take_inputs.in_set(CampaignSystems::First));
}

/// The requests that a game writes as messages, in the order in which inputs of one host update are handed out.
#[derive(SystemParam)]
struct Requests<'w, 's> {
    votes: MessageReader<'w, 's, CastVote>,
    motions: MessageReader<'w, 's, Propose>,
    stances: MessageReader<'w, 's, SetStance>,
    memberships: MessageReader<'w, 's, SetMembership>,
    applications: MessageReader<'w, 's, Apply>,
    answers: MessageReader<'w, 's, AnswerApplication>,
    ranks: MessageReader<'w, 's, SetRank>,
    acknowledged: MessageReader<'w, 's, AcknowledgeOrder>,
    said: MessageReader<'w, 's, Say>,
    advice: MessageReader<'w, 's, Advice>,
    marches: MessageReader<'w, 's, LaunchMarch>,
    recalls: MessageReader<'w, 's, RecallMarch>,
    trainings: MessageReader<'w, 's, TrainTroops>,
    dismissals: MessageReader<'w, 's, DismissTroops>,
    goods: MessageReader<'w, 's, SendGoods>,
    gifts: MessageReader<'w, 's, GiveToPool>,
    asked: MessageReader<'w, 's, AskPool>,
}

impl Requests<'_, '_> {
    fn read(&mut self) -> Vec<Input> {
        let votes = self.votes.read().map(|v| Input::Vote(v.clone()));
        let stances = self.stances.read().map(|s| Input::Stance(*s));
        let memberships = self.memberships.read().map(|m| Input::Membership(*m));
        let marches = self.marches.read().map(|m| Input::March(m.clone()));
        let recalls = self.recalls.read().map(|r| Input::RecallMarch(*r));
        let trainings = self.trainings.read().map(|t| Input::Train(t.clone()));
        let dismissals = self.dismissals.read().map(|d| Input::Dismiss(d.clone()));
        let goods = self.goods.read().map(|g| Input::Goods(*g));
        let gifts = self.gifts.read().map(|g| Input::Give(*g));
        let asked = self.asked.read().map(|a| Input::Ask(*a));
        let pool = gifts.chain(asked);
        let motions = self.motions.read().map(|m| Input::Propose(m.clone()));
        let members = memberships.chain(self.applications.read().map(|a| Input::Apply(*a)));
        let members = members.chain(self.answers.read().map(|a| Input::Answer(*a)));
        let members = members.chain(self.ranks.read().map(|r| Input::Rank(*r)));
        let orders = self.acknowledged.read().map(|a| Input::Acknowledge(*a));
        let said = self.said.read().map(|s| Input::Say(s.clone()));
        let advice = self.advice.read().map(|a| Input::Advice(a.clone()));
        let society = votes.chain(motions).chain(stances).chain(members).chain(orders).chain(said).chain(advice);
        society.chain(marches).chain(recalls).chain(trainings).chain(dismissals).chain(goods).chain(pool).collect()
    }
}

fn too_early(input: &Input) -> RequestRefused {
    RequestRefused {
        request: format!("{input:?}"),
        rule: "campaign_runs".to_owned(),
        limit: "a campaign that has begun".to_owned(),
        value: "none has".to_owned(),
        retry_after: None,
    }
}

/// Gives each input its game time, round and sequence.
fn log_inputs(
    inbox: Res<Inbox>,
    seed: Option<Res<WorldSeed>>,
    mut facts: MessageWriter<CampaignFact>,
    mut requests: Requests,
    clock: Res<GameClock>,
    batch: Res<super::DueBatch>,
    log: Res<InputLog>,
    mut inputs: ResMut<Inputs>,
    mut agenda: ResMut<Agenda>,
) {
    let at = clock.now();
    let round = match log.entries.last() {
        _ if batch.last_run() != Some(at) => 0,
        Some(last) if last.at == at => last.round.saturating_add(1),
        _ => 1,
    };
    let last = inputs.waiting.keys().next_back().copied().or(log.entries.last().map(|last| last.seq));
    let mut seq = last.map_or(0, |last| last.saturating_add(1));
    for input in requests.read().into_iter().chain(inbox.receiver.try_iter()) {
        if seed.is_none() {
            facts.write(CampaignFact { at, fact: Fact::RequestRefused(too_early(&input)) });
            continue;
        }
        agenda.push(INPUT.entry(at, 0, seq));
        inputs.waiting.insert(seq, LoggedInput { at, round, seq, input });
        seq = seq.saturating_add(1);
    }
}

fn take_inputs(batch: Res<super::DueBatch>, mut inputs: ResMut<Inputs>, mut log: ResMut<InputLog>) {
    inputs.now.clear();
    for entry in batch.of(INPUT) {
        if let Some(input) = inputs.waiting.remove(&entry.n) {
            log.entries.push(input.clone());
            inputs.now.push(input);
        }
    }
}

/// Hands the campaign all inputs of a recorded one, before its first update: each gets the pass that it had.
pub(crate) fn expect_inputs(world: &mut World, recorded: Vec<LoggedInput>) {
    for input in recorded {
        if input.round == 0 {
            world.resource_mut::<Agenda>().push(INPUT.entry(input.at, 0, input.seq));
        }
        world.resource_mut::<Inputs>().waiting.insert(input.seq, input);
    }
}

/// Nothing else is due now: the next round of inputs that were recorded at this instant.
fn release_next_round(world: &mut World, now: GameTime) {
    let waiting = &world.resource::<Inputs>().waiting;
    let Some((at, round)) = waiting.values().next().map(|first| (first.at, first.round)) else { return };
    if at > now || round == 0 {
        return;
    }
    let next = waiting.values().take_while(|input| (input.at, input.round) == (at, round));
    let entries: Vec<_> = next.map(|input| INPUT.entry(now, 0, input.seq)).collect();
    let mut agenda = world.resource_mut::<Agenda>();
    for entry in entries {
        agenda.push(entry);
    }
}

/// Inputs that wait: in a save they go with the agenda that names them.
#[derive(Serialize, Deserialize)]
struct WaitingInputs(Vec<LoggedInput>);

impl Kept for WaitingInputs {
    fn take(world: &World) -> Self {
        Self(world.resource::<Inputs>().waiting.values().cloned().collect())
    }

    fn put(self, world: &mut World) {
        let waiting = self.0.into_iter().map(|input| (input.seq, input)).collect();
        world.insert_resource(Inputs { waiting, now: Vec::new() });
    }
}
