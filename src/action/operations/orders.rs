//! Orders: each member that takes part is told what it is to send, and says that it will. Who stays silent is replaced while
//! there is time, and so is who refuses.
//!
//! An NPC answers when it has thought and is awake. One that would not send its first group when the time comes is out of touch
//! already: it stays silent. A person answers by [`AcknowledgeOrder`]; where it does not, its vote was its word, unless a
//! setting asks persons for more.

use super::components::{GroupStatus, Operation, OperationSettings, OperationStatus};
use super::review::raise;
use super::rules::Occasion;
use super::systems::no_show;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameSpan, GameTime};
use crate::base::contract::{
    AcknowledgeOrder, CampaignFact, Fact, INPUT, Input, Inputs, Player, PlayerKind, Rhythm, WorldSeed,
};
use crate::base::id::{EntityIndex, PlayerId, ProposalId};
use crate::decision::council::{Goal, proposal_key, proposal_of_key};
use crate::decision::planning::Commitments;
use crate::society::alliance::Reliability;
use crate::society::personality::{Traits, questions, rules as personality};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A member answers an order. Owner: the operation, n: the member.
pub const ORDER_ANSWERED: DueKind = DueKind::new(43, "order_answered", &[CampaignSystems::Settle]);

/// The time for answering an order is over. Owner: the operation, n: the member.
pub const ORDER_CLOSES: DueKind = DueKind::new(44, "order_closes", &[CampaignSystems::Settle]);

/// How members answer orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub struct OrderSettings {
    /// Who has not answered within this time is replaced. 0: nobody is asked.
    pub within: GameSpan,
    /// No answer is waited for later than this before the member's first launch: others need the time.
    pub before_launch: GameSpan,
    /// Whether persons are replaced too if they do not answer. Where not, their vote was their word.
    pub persons: bool,
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self { within: GameSpan::hours(12), before_launch: GameSpan::mins(30), persons: false }
    }
}

/// An order that one member has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// When it has to be answered.
    pub answer_by: GameTime,
    /// When it was; `None` while it is open.
    pub answered: Option<GameTime>,
}

/// The orders of an operation's members that are asked for an answer. On the operation's entity.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Orders(pub BTreeMap<PlayerId, Order>);

/// What giving orders rests on.
#[derive(SystemParam)]
pub(super) struct Couriers<'w, 's> {
    seed: Option<Res<'w, WorldSeed>>,
    index: Res<'w, EntityIndex>,
    members: Query<'w, 's, (&'static Player, Option<&'static Traits>, Option<&'static Rhythm>)>,
}

impl Couriers<'_, '_> {
    fn seed(&self) -> u64 {
        self.seed.as_ref().map_or(0, |s| s.0)
    }

    /// Until when a member has to answer, and when it does if it is an NPC that will; `None` if there is no time for that:
    /// then its launch is its answer.
    fn times(
        &self,
        operation: &Operation,
        member: PlayerId,
        settings: &OperationSettings,
        now: GameTime,
    ) -> Option<(GameTime, Option<GameTime>)> {
        let groups = || operation.groups.iter().enumerate().filter(|(_, g)| g.member == member);
        let (first, launch) = groups().map(|(i, g)| (i, g.launch)).min_by_key(|(i, at)| (*at, *i))?;
        let latest = launch - settings.orders.before_launch;
        let (player, traits, rhythm) = self.members.get(self.index.player(member)?).ok()?;
        if player.kind == PlayerKind::Human {
            let by = latest.min(now + settings.orders.within);
            return (by > now).then_some((by, None));
        }
        let question = questions::order(operation.id);
        let thought = now + personality::think_time(self.seed(), member, question);
        let answers = rhythm.copied().unwrap_or_default().next_awake(thought);
        // Who sleeps when the time is over is waited for as long as there is time.
        let by = (now + settings.orders.within).max(answers).min(latest);
        let silent = settings.no_shows && no_show(self.seed(), operation.id, first, traits);
        (answers <= by).then_some((by, (!silent).then_some(answers)))
    }

    /// The orders of an operation that starts now.
    pub(super) fn give(
        &self,
        operation: &Operation,
        settings: &OperationSettings,
        now: GameTime,
        agenda: &mut Agenda,
        facts: &mut MessageWriter<CampaignFact>,
    ) -> Orders {
        let mut orders = Orders::default();
        if operation.scouting || operation.goal == Goal::Found || settings.orders.within.0 <= 0 {
            return orders;
        }
        let mut members: Vec<PlayerId> = operation.groups.iter().map(|g| g.member).collect();
        members.sort_unstable();
        members.dedup();
        let key = proposal_key(operation.id);
        for member in members {
            let Some((answer_by, answers)) = self.times(operation, member, settings, now) else { continue };
            orders.0.insert(member, Order { answer_by, answered: None });
            if let Some(at) = answers {
                agenda.push(ORDER_ANSWERED.entry(at, key, member.0));
            }
            agenda.push(ORDER_CLOSES.entry(answer_by, key, member.0));
            let groups = operation.groups.iter().filter(|g| g.member == member);
            let first_launch = groups.clone().map(|g| g.launch).min().unwrap_or(now);
            let groups = u32::try_from(groups.count()).unwrap_or(u32::MAX);
            let fact = Fact::OrderGiven { operation: operation.id, member, groups, first_launch, answer_by };
            facts.write(CampaignFact { at: now, fact });
        }
        orders
    }
}

/// What answers to orders change.
#[derive(SystemParam)]
pub(super) struct Answers<'w, 's> {
    index: Res<'w, EntityIndex>,
    operations: Query<'w, 's, (&'static mut Operation, &'static mut Orders)>,
    commitments: Query<'w, 's, &'static mut Commitments>,
    records: Query<'w, 's, &'static mut Reliability>,
    players: Query<'w, 's, &'static Player>,
    settings: Res<'w, OperationSettings>,
    agenda: ResMut<'w, Agenda>,
    facts: MessageWriter<'w, CampaignFact>,
}

/// Notes the answers of NPCs and persons, and replaces those who let the time go by.
pub(super) fn note_answers(batch: Res<DueBatch>, inputs: Res<Inputs>, mut answers: Answers) {
    let now = batch.now();
    for entry in batch.of(ORDER_ANSWERED) {
        answers.answer(proposal_of_key(entry.owner), PlayerId(entry.n), "acknowledged", now);
    }
    if !batch.of(INPUT).is_empty() {
        for logged in &inputs.now {
            let Input::Acknowledge(answer) = logged.input else { continue };
            let AcknowledgeOrder { member, operation, accepts } = answer;
            let said = if accepts { "acknowledged" } else { "refused" };
            if !answers.is_open(operation, member, now) || !answers.answer(operation, member, said, now) {
                answers.facts.write(not_open(answer, now));
            }
        }
    }
    // Who answers at the last instant has answered.
    for entry in batch.of(ORDER_CLOSES) {
        if answers.is_person(PlayerId(entry.n)) && !answers.settings.orders.persons {
            continue;
        }
        answers.answer(proposal_of_key(entry.owner), PlayerId(entry.n), "silent", now);
    }
}

fn not_open(answer: AcknowledgeOrder, at: GameTime) -> CampaignFact {
    let request = format!("acknowledge_order of {} by {}", answer.operation, answer.member);
    CampaignFact::refusal(
        at,
        request,
        "order_is_open",
        "an order that waits for its answer",
        "there is none".to_owned(),
    )
}

impl Answers<'_, '_> {
    fn is_person(&self, member: PlayerId) -> bool {
        let player = self.index.player(member).and_then(|e| self.players.get(e).ok());
        player.is_some_and(|p| p.kind == PlayerKind::Human)
    }

    /// Whether a person can still answer its order: the time is not over, and some of its groups wait.
    fn is_open(&self, id: ProposalId, member: PlayerId, now: GameTime) -> bool {
        let found = self.index.proposal(id).and_then(|e| self.operations.get(e).ok());
        found.is_some_and(|(operation, orders)| {
            let in_time = orders.0.get(&member).is_some_and(|order| order.answer_by >= now);
            let waits = operation.groups.iter().any(|g| g.member == member && g.status == GroupStatus::Waiting);
            self.is_person(member) && in_time && waits
        })
    }

    /// Notes one answer; false if none is waited for.
    fn answer(&mut self, id: ProposalId, member: PlayerId, answer: &str, now: GameTime) -> bool {
        let entity = self.index.proposal(id);
        let Some((mut operation, mut orders)) = entity.and_then(|e| self.operations.get_mut(e).ok()) else {
            return false;
        };
        let open = orders.0.get_mut(&member).filter(|o| o.answered.is_none());
        let Some(order) = open.filter(|_| operation.status == OperationStatus::Running) else { return false };
        order.answered = Some(now);
        let fact = Fact::OrderAnswered { operation: id, member, answer: answer.to_owned() };
        self.facts.write(CampaignFact { at: now, fact });
        if answer == "acknowledged" {
            return true;
        }
        for i in 0..operation.groups.len() {
            let orders = operation.order(i);
            let group = &mut operation.groups[i];
            if group.member != member || group.status != GroupStatus::Waiting {
                continue;
            }
            group.status = GroupStatus::Failed;
            let (site, target) = (group.site, group.target);
            if let Some(mut promises) = self.index.site(site).and_then(|e| self.commitments.get_mut(e).ok()) {
                promises.release(orders);
            }
            if let Some(mut record) = self.index.player(member).and_then(|e| self.records.get_mut(e).ok()) {
                record.ordered += 1;
            }
            self.facts
                .write(CampaignFact { at: now, fact: Fact::GroupFailed { order: orders, rule: answer.to_owned() } });
            raise(&mut operation, Occasion::NoShow, target, now, &mut self.agenda);
        }
        true
    }
}
