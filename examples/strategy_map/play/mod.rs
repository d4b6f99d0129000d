//! A person leads a member of an alliance: what waits for its decision, what it can ask for, and what came of that. The clock stands
//! still while a vote or an order waits for the person, unless it said that it will decide later.
//!
//! What is *not* here: what a decision leads to. All that the person wants leaves as a request, like any game's, and the campaign
//! carries it out or says why not.

#[path = "../../support/person.rs"]
pub(crate) mod person;

mod act;
mod advice;
mod choose;
mod hear;
mod look;
mod panel;
mod wishes;

pub(crate) use choose::seat;
pub(crate) use panel::show;

use crate::pace::{Host, Pace};
use crate::watch::Watch;
use act::Draft;
use advice::Advice;
use bevy::prelude::*;
use bevy_alliance::action::operations::{GroupStatus, Operation, OperationStatus, Orders, RunningOperations};
use bevy_alliance::base::clock::{Campaign, CampaignSystems, GameClock, GameTime, HostSystems};
use bevy_alliance::base::contract::Player;
use bevy_alliance::base::id::{AllianceId, EntityIndex, MarchId, PlayerId, ProposalId};
use bevy_alliance::decision::council::{Ballots, Decisions, Proposal, ProposalStatus};
use hear::News;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Something that a person has to decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Decision {
    /// How to vote on a proposal.
    Vote(ProposalId),
    /// Whether to carry out the order of an operation.
    Order(ProposalId),
}

/// A decision that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Owed {
    pub(crate) decision: Decision,
    /// Until when the person can decide.
    pub(crate) until: GameTime,
    /// Whether the clock goes on without it.
    pub(crate) later: bool,
}

/// What the person did, as the campaign tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) votes: u32,
    pub(crate) proposals: u32,
    /// Orders that were acknowledged or refused.
    pub(crate) answers: u32,
    /// Marches that turned back because the person called them.
    pub(crate) recalls: u32,
    /// Goods that left for the pool, and answers of the pool.
    pub(crate) dealings: u32,
    pub(crate) said: u32,
    /// Requests that were refused.
    pub(crate) refused: u32,
}

/// The person's place among the members.
#[derive(Resource, Debug, Default)]
pub(crate) struct Seat {
    /// Decisions that are open, those that were put off last, else the most urgent first.
    pub(crate) owed: Vec<Owed>,
    pub(crate) deeds: Deeds,
    /// What the person put off.
    later: BTreeSet<Decision>,
    /// What the rules would vote in the person's place.
    advice: BTreeMap<ProposalId, Advice>,
    /// The latest news, the latest first.
    news: VecDeque<News>,
    /// When the person last asked for something: what is refused at that instant was refused to it.
    asked_at: Option<GameTime>,
    /// Marches that the person called back.
    recalling: BTreeSet<MarchId>,
    /// What is set in the panel and not sent.
    draft: Draft,
}

pub(crate) struct PlayPlugin;

impl Plugin for PlayPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Seat>()
            .add_systems(Host, (hear::hear, note_owed).chain().in_set(HostSystems::Facts))
            .add_systems(Campaign, advice::advise.in_set(CampaignSystems::Publish));
    }
}

/// Notes what waits for the person, and holds the clock until it is decided.
fn note_owed(
    watch: Res<Watch>,
    clock: Res<GameClock>,
    index: Res<EntityIndex>,
    players: Query<&Player>,
    alliances: Query<(&Decisions, &RunningOperations)>,
    proposals: Query<(&Proposal, &Ballots)>,
    operations: Query<(&Operation, &Orders)>,
    mut seat: ResMut<Seat>,
    mut pace: ResMut<Pace>,
) {
    let Some(me) = watch.person else { return };
    let alliance = index.player(me).and_then(|e| players.get(e).ok()).and_then(|p| p.alliance);
    let of_alliance = alliance.and_then(|a| alliances.get(index.alliance(a)?).ok());
    let mut open: Vec<(GameTime, Decision)> = Vec::new();
    if let Some((decisions, running)) = of_alliance {
        let votes = decisions.open.iter().filter_map(|id| proposals.get(index.proposal(*id)?).ok());
        open.extend(votes.filter_map(|(proposal, ballots)| open_vote(proposal, ballots, me)));
        let orders = running.0.iter().filter_map(|id| operations.get(index.proposal(*id)?).ok());
        open.extend(orders.filter_map(|(operation, orders)| open_order(operation, orders, me, clock.now())));
    }
    let owed = open.into_iter();
    let owed = owed.map(|(until, decision)| Owed { decision, until, later: seat.later.contains(&decision) });
    let mut owed: Vec<Owed> = owed.collect();
    owed.sort_unstable_by_key(|owed| (owed.later, owed.until, owed.decision));
    let words: Vec<String> = owed.iter().filter(|owed| !owed.later).map(Owed::in_words).collect();
    if pace.owed != words {
        pace.owed = words;
    }
    if seat.owed != owed {
        seat.later.retain(|decision| owed.iter().any(|o| o.decision == *decision));
        seat.owed = owed;
    }
}

/// The vote that a person has in a proposal, with the instant at which it is too late: then the rules answer, or the vote is over.
fn open_vote(proposal: &Proposal, ballots: &Ballots, me: PlayerId) -> Option<(GameTime, Decision)> {
    let answered_at = ballots.answer_at.get(&me).filter(|_| proposal.status == ProposalStatus::Open)?;
    Some(((*answered_at).min(proposal.deadline), Decision::Vote(proposal.id)))
}

/// The order that a person has in an operation and has not answered.
fn open_order(operation: &Operation, orders: &Orders, me: PlayerId, now: GameTime) -> Option<(GameTime, Decision)> {
    let order = orders.0.get(&me).filter(|order| order.answered.is_none() && order.answer_by > now)?;
    let waits = operation.groups.iter().any(|g| g.member == me && g.status == GroupStatus::Waiting);
    (waits && operation.status == OperationStatus::Running).then_some((order.answer_by, Decision::Order(operation.id)))
}

impl Owed {
    fn in_words(&self) -> String {
        match self.decision {
            Decision::Vote(id) => format!("your vote on proposal {id}, until {}", look::whole(self.until)),
            Decision::Order(id) => {
                format!("your answer to the order of operation {id}, until {}", look::whole(self.until))
            }
        }
    }
}

impl Seat {
    /// What the person wants to decide later: the clock goes on.
    fn put_off(&mut self, decision: Decision) {
        self.later.insert(decision);
    }

    /// Whether the clock stands still for a decision.
    pub(crate) fn holds_clock(&self) -> bool {
        self.owed.iter().any(|owed| !owed.later)
    }
}

/// The person's member and its alliance, if it has one.
fn me(world: &World) -> Option<(PlayerId, Option<AllianceId>)> {
    let me = world.resource::<Watch>().person?;
    Some((me, crate::watch::alliance_of(world, me)))
}
