//! Votes that are open, operations that run, and what came of those that are over.

use crate::panels::words;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::action::operations::{Operation, OperationStatus};
use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::{Condition, Vote};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId};
use bevy_alliance::decision::council::rules::charter::Portion;
use bevy_alliance::decision::council::rules::roll::tally_open;
use bevy_alliance::decision::council::{Ballots, CouncilCharter, Proposal};
use bevy_alliance::edge::report::{CampaignTally, Directory, OperationStory, verdict_in_words};

/// Operations that are over which are listed, the latest.
const OVER_KEPT: usize = 80;

/// How far a proposal has come.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::panels) enum State {
    /// Members vote.
    Open,
    /// It passed, and no more is to be said yet.
    Passed,
    /// It came to nothing: why.
    Refused(String),
    /// Its groups wait, travel or fight.
    Runs,
    /// It was called off; what cannot turn goes on.
    CalledOff,
    /// It is over: with which result.
    Over(String),
}

/// How the ballots of a vote stand, in seats.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(in crate::panels) struct Count {
    pub(in crate::panels) approve: u32,
    /// Approvals whose conditions have not settled.
    pub(in crate::panels) conditional: u32,
    pub(in crate::panels) abstain: u32,
    pub(in crate::panels) reject: u32,
    pub(in crate::panels) eligible: u32,
    /// Part of the seats that have to vote, 0..=1.
    pub(in crate::panels) quorum: f32,
    /// Part of the ballots above which it is approved, 0..=1.
    pub(in crate::panels) approval: f32,
}

impl Count {
    /// Seats that have not voted.
    pub(in crate::panels) fn open(&self) -> u32 {
        self.eligible.saturating_sub(self.approve + self.conditional + self.abstain + self.reject)
    }
}

/// A proposal or operation in a few words.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Head {
    pub(in crate::panels) id: ProposalId,
    pub(in crate::panels) title: String,
    pub(in crate::panels) proposer: PlayerId,
    pub(in crate::panels) submitted: GameTime,
    /// When the vote ends, where that is still known.
    pub(in crate::panels) deadline: Option<GameTime>,
    /// When all arrive.
    pub(in crate::panels) arrival: Option<GameTime>,
    pub(in crate::panels) state: State,
    pub(in crate::panels) count: Count,
    /// Members and groups that take part.
    pub(in crate::panels) taking_part: (usize, usize),
    /// Of what is over: goods killed, and lost.
    pub(in crate::panels) cost: Option<(i64, i64)>,
}

/// All that is listed.
#[derive(Clone, Debug, Default)]
pub(in crate::panels) struct Votes {
    pub(in crate::panels) open: Vec<Head>,
    pub(in crate::panels) running: Vec<Head>,
    pub(in crate::panels) over: Vec<Head>,
}

/// Lists the votes and operations of those that may be seen and are asked for.
pub(super) fn gather(world: &World) -> Votes {
    let (watch, tally) = (world.resource::<Watch>(), world.resource::<CampaignTally>());
    let asked =
        |alliance: AllianceId| watch.may_see(alliance) && watch.alliance.is_none_or(|chosen| chosen == alliance);
    let mut votes = Votes::default();
    let mut over: Vec<(GameTime, ProposalId, &OperationStory)> = Vec::new();
    let told = |story: &OperationStory| story.goal != "look" && !(story.action.is_empty() && story.rows.is_empty());
    for (id, story) in tally.stories.iter().filter(|(id, story)| asked(id.alliance) && told(story)) {
        if story.is_open() {
            votes.open.push(head(world, *id, story));
        } else if story.is_under_way() {
            votes.running.push(head(world, *id, story));
        } else {
            let last = story.rows.iter().map(|row| row.arrival).max();
            let decided = story.decided.as_ref().map(|(at, ..)| *at);
            over.push((last.or(decided).unwrap_or(story.submitted), *id, story));
        }
    }
    over.sort_by_key(|(at, id, _)| (core::cmp::Reverse(*at), *id));
    over.truncate(OVER_KEPT);
    votes.over = over.into_iter().map(|(_, id, story)| head(world, id, story)).collect();
    votes.open.sort_by_key(|head| (head.deadline, head.id));
    votes.running.sort_by_key(|head| (head.arrival, head.id));
    votes
}

/// A proposal in a few words.
pub(super) fn head(world: &World, id: ProposalId, story: &OperationStory) -> Head {
    let names = &world.resource::<CampaignTally>().directory;
    let entity = world.resource::<EntityIndex>().proposal(id);
    let proposal = entity.and_then(|e| world.get::<Proposal>(e));
    let operation = entity.and_then(|e| world.get::<Operation>(e));
    let mut members: Vec<PlayerId> = story.rows.iter().map(|row| row.member).collect();
    members.sort_unstable();
    members.dedup();
    Head {
        id,
        title: title(names, story, proposal),
        proposer: proposal.map_or(story.proposer, |p| p.proposer),
        submitted: proposal.map_or(story.submitted, |p| p.opened_at),
        deadline: proposal.map(|p| p.deadline),
        arrival: main_arrival(story).or(proposal.filter(|p| p.action.sends_troops()).map(|p| p.arrival)),
        state: state(story, operation),
        count: entity.and_then(|e| count(world, e)).unwrap_or_else(|| count_of(story)),
        taking_part: (members.len(), story.rows.len()),
        cost: story.report.as_ref().map(|report| (report.killed_goods, report.lost_goods)),
    }
}

/// The instant at which most groups arrive.
fn main_arrival(story: &OperationStory) -> Option<GameTime> {
    let at = |at: GameTime| story.rows.iter().filter(|row| row.arrival == at).count();
    let arrivals = story.rows.iter().map(|row| row.arrival);
    arrivals.max_by_key(|arrival| (at(*arrival), core::cmp::Reverse(*arrival)))
}

/// What a proposal is about, in a few words.
pub(super) fn title_of(world: &World, id: ProposalId) -> String {
    let tally = world.resource::<CampaignTally>();
    let entity = world.resource::<EntityIndex>().proposal(id);
    let proposal = entity.and_then(|e| world.get::<Proposal>(e));
    match tally.stories.get(&id) {
        Some(story) => title(&tally.directory, story, proposal),
        None => format!("proposal {id}"),
    }
}

fn title(names: &Directory, story: &OperationStory, proposal: Option<&Proposal>) -> String {
    let action = proposal.map_or(story.action.as_str(), |p| p.action.name());
    let pattern = proposal.map_or(story.pattern.as_str(), |p| p.pattern.as_str());
    let from_rows = || story.rows.first().map(|row| row.target);
    let first = story.targets.first().copied().or_else(from_rows).map(|site| words::site(names, site));
    let more = match story.targets.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let other = proposal.and_then(|p| p.enemy).map(|id| words::alliance(names, id));
    let with = |what: &str, word: &str| match &other {
        Some(other) => format!("{what} {word} {other}"),
        None => what.to_owned(),
    };
    match action {
        "expansion" => "A new village".to_owned(),
        "declare_war" => with("War", "on"),
        "make_peace" => with("Peace", "with"),
        "offer_pact" => with("Pact", "with"),
        "offer_confederacy" => with("Confederacy", "with"),
        "wonder_push" => "Goods for the wonder".to_owned(),
        _ => {
            let pattern = if pattern.is_empty() { "joint attack" } else { pattern };
            let pattern = words::sentence(&words::plain(pattern));
            first.map_or(pattern.clone(), |first| format!("{pattern} on {first}{more}"))
        }
    }
}

fn state(story: &OperationStory, operation: Option<&Operation>) -> State {
    if let Some(report) = &story.report {
        return State::Over(report.result.clone());
    }
    if story.is_under_way() {
        let off = operation.is_some_and(|o| o.status == OperationStatus::Aborted);
        return if off { State::CalledOff } else { State::Runs };
    }
    match &story.decided {
        None => State::Open,
        Some((_, outcome, _)) if outcome == "passed" => State::Passed,
        Some((_, outcome, test)) => State::Refused(verdict_in_words(&words::plain(outcome), test.as_deref())),
    }
}

/// How the ballots stand of a proposal that is kept in full.
fn count(world: &World, entity: Entity) -> Option<Count> {
    let (proposal, ballots) = (world.get::<Proposal>(entity)?, world.get::<Ballots>(entity)?);
    let tally = tally_open(&proposal.roll, &ballots.cast);
    let mut count = Count {
        approve: tally.approve,
        conditional: tally.conditional,
        abstain: tally.abstain,
        reject: tally.reject,
        eligible: tally.eligible,
        ..Count::default()
    };
    // Once it is decided an approval is one, or the ballot of who abstained.
    if proposal.decided_at.is_some() {
        let dropped = u32::try_from(ballots.dropped.len()).unwrap_or(0).min(count.conditional);
        count.abstain += dropped;
        count.approve += count.conditional - dropped;
        count.conditional = 0;
    }
    if let Some(charter) = world.get_resource::<CouncilCharter>() {
        let part = |portion: Portion| words::narrow(f64::from(portion.parts) / f64::from(portion.of.max(1)));
        (count.quorum, count.approval) = (part(charter.quorum), part(charter.approval));
    }
    Some(count)
}

/// The same of one of which only the ballots were kept.
fn count_of(story: &OperationStory) -> Count {
    let of = |wanted: Vote, with: Option<bool>| {
        let fits = |conditions: &[Condition]| with.is_none_or(|with| conditions.is_empty() != with);
        let fitting = story.ballots.iter().filter(|b| b.1 == wanted && fits(&b.2));
        u32::try_from(fitting.count()).unwrap_or(u32::MAX)
    };
    Count {
        approve: of(Vote::Approve, Some(false)),
        conditional: of(Vote::Approve, Some(true)),
        abstain: of(Vote::Abstain, None),
        reject: of(Vote::Reject, None),
        eligible: u32::try_from(story.ballots.len()).unwrap_or(u32::MAX),
        ..Count::default()
    }
}
