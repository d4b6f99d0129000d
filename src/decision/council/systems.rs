//! Opening proposals, answering ballots by rule, taking votes from outside, closing.

use super::close::{Closing, can_close, settle};
use super::components::{
    ActionKind, Asked, BALLOT_DUE, Ballots, CouncilCharter, CouncilSettings, Decisions, Goal, Proposal, ProposalFailed,
    ProposalPassed, ProposalStatus, SubmitProposal, VOTE_CLOSES, proposal_key, proposal_of_key,
};
use super::judge::{VotingSettings, judge};
use super::rules::roll::{Candidate, Roll};
use super::situation::Situation;
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{
    Advice, AdvisedBallot, Ballot, BallotRequested, CampaignFact, CastVote, Condition, Fact, INPUT, Input, Inputs,
    PlayerKind, Reason, RequestRefused, Scenario, Vote, WantedStates,
};
use crate::base::id::{EntityIndex, Knower, PlayerId, ProposalId, StableId};
use crate::base::limits::Limits;
use crate::base::rng::{Purpose, Stream};
use crate::decision::fair_play::Referee;
use crate::decision::planning::allocation::LeftOut;
use crate::society::alliance::{MemberInfo, ProposalCount, Roster};
use crate::society::personality::{questions, rules as personality};
use bevy::prelude::*;
use std::collections::BTreeSet;

/// Where councils act within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CouncilSystems {
    /// In `Intake`: asks for the states that answers and closings will need.
    Ask,
    /// In `Deliberate`: opens what was submitted.
    Open,
    /// In `Deliberate`, after `Open`: answers ballots by rule. A game's own voter removes or surrounds this set.
    Answer,
    /// In `Deliberate`, after `Answer`: counts and closes.
    Close,
}

pub(super) fn spawn_councils(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert(Decisions::default());
        }
    }
}

pub(super) fn ask_states(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    proposals: Query<&Proposal>,
    roster: Roster,
    mut wanted: ResMut<WantedStates>,
) {
    // Who left tells its former alliance nothing.
    let belongs = |member, alliance| roster.alliance_of(member) == Some(alliance);
    for entry in batch.of(BALLOT_DUE) {
        let (alliance, member) = (proposal_of_key(entry.owner).alliance, PlayerId(entry.n));
        if belongs(member, alliance) {
            wanted.ask(alliance, member);
        }
    }
    for entry in batch.of(VOTE_CLOSES) {
        let id = proposal_of_key(entry.owner);
        if let Some(proposal) = index.proposal(id).and_then(|e| proposals.get(e).ok())
            && proposal.status == ProposalStatus::Open
        {
            for seat in proposal.roll.seats().iter().filter(|s| belongs(s.member, id.alliance)) {
                wanted.ask(id.alliance, seat.member);
            }
        }
    }
}

/// Opens what was submitted: counts who may vote, and asks each for an answer at its own time.
pub(super) fn open_proposals(
    batch: Res<DueBatch>,
    mut submitted: MessageReader<SubmitProposal>,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    charter: Res<CouncilCharter>,
    settings: Res<CouncilSettings>,
    situation: Situation,
    referee: Referee,
    mut alliances: Query<(&mut ProposalCount, &mut Decisions)>,
    proposals: Query<&Proposal>,
    mut agenda: ResMut<Agenda>,
    mut asked: MessageWriter<BallotRequested>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    // What opens at this instant is no entity yet.
    let mut opened: Vec<&SubmitProposal> = Vec::new();
    for submission in submitted.read() {
        let Some(entity) = index.alliance(submission.alliance) else { continue };
        let roll = roll(&charter, &situation, submission);
        let earliest = submission.trial.groups.iter().map(|g| g.launch).min().unwrap_or(submission.arrival);
        let earliest = submission.action.sends_troops().then_some(earliest);
        let refusal = refusal(submission, &charter, &limits, &index, &alliances, &proposals, earliest, now)
            .and_then(|deadline| unclaimed(submission, &situation, now).map(|()| deadline))
            .and_then(|deadline| fair(submission, &situation, &referee, now).map(|()| deadline))
            .and_then(|deadline| alone(submission, &opened).map(|()| deadline));
        let Ok((mut count, mut decisions)) = alliances.get_mut(entity) else { continue };
        let deadline = match refusal {
            Ok(deadline) => deadline,
            Err(refused) => {
                facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
                continue;
            }
        };
        opened.push(submission);
        let id = ProposalId { alliance: submission.alliance, n: count.count() };
        decisions.open.push(id);
        let proposal = proposal_of(id, submission, roll, now, deadline, &settings);
        let mut ballots = Ballots::default();
        ballots.cast.insert(submission.proposer, proposers_ballot(&situation, &proposal, now));
        let others = proposal.roll.seats().iter().map(|s| s.member).filter(|m| *m != submission.proposer);
        for member in others {
            let answer_at = answer_at(&situation, member, id, now);
            ballots.answer_at.insert(member, answer_at);
            if answer_at < deadline {
                agenda.push(BALLOT_DUE.entry(answer_at, proposal_key(id), member.0));
                asked.write(BallotRequested { proposal: id, member, answer_at });
            }
        }
        agenda.push(VOTE_CLOSES.entry(deadline, proposal_key(id), 0));
        facts.write(CampaignFact {
            at: now,
            fact: Fact::ProposalSubmitted {
                proposal: id,
                proposer: proposal.proposer,
                action: proposal.action.name().to_owned(),
                targets: proposal.targets.iter().map(|t| t.site).collect(),
                other: proposal.enemy,
                pattern: proposal.pattern.clone(),
                deadline,
                arrival: proposal.arrival,
                cites: proposal.targets.iter().flat_map(|t| t.cites.iter().copied()).collect(),
            },
        });
        let own = &ballots.cast[&submission.proposer];
        facts.write(ballot_fact(id, submission.proposer, own, now));
        commands.spawn((StableId::Proposal(id), proposal, ballots));
    }
}

/// When a member answers: after a seeded think time, the bolder the sooner, and not in its sleep.
fn answer_at(situation: &Situation, member: PlayerId, id: ProposalId, now: GameTime) -> GameTime {
    let info = situation.roster.member(member);
    let rhythm = info.as_ref().map(|m| m.rhythm).unwrap_or_default();
    let thought = personality::think_time(situation.roster.seed(), member, questions::ballot(id));
    let think = personality::reply_delay(thought, &info.map(|m| situation.traits(&m)).unwrap_or_default());
    rhythm.next_awake(rhythm.next_awake(now) + think)
}

fn roll(charter: &CouncilCharter, situation: &Situation, submission: &SubmitProposal) -> Roll {
    let candidates: Vec<Candidate> = situation
        .voters(submission.alliance)
        .into_iter()
        .map(|m| Candidate { member: m.player, rank: m.rank, offered_part: submission.asked.contains_key(&m.player) })
        .collect();
    let electorate = charter.procedure_for(submission.action.subject()).electorate;
    Roll::open(electorate, &candidates, submission.proposer)
}

fn refused(submission: &SubmitProposal, rule: &str, limit: String, value: String) -> RequestRefused {
    let request = format!("submit_proposal {} by {}", submission.alliance, submission.proposer);
    RequestRefused { request, rule: rule.to_owned(), limit, value, retry_after: None }
}

/// A target that the alliance or a confederate has to itself is refused, with whose it is and until when.
fn unclaimed(submission: &SubmitProposal, situation: &Situation, now: GameTime) -> Result<(), RequestRefused> {
    let mut targets = submission.targets.iter().map(|t| t.site);
    let claimed = targets.find_map(|site| Some((site, situation.view.claim(submission.alliance, site, now)?)));
    let Some((site, (by, claim))) = claimed else { return Ok(()) };
    let limit = "one operation a target across the confederacy".to_owned();
    let value = format!("alliance {by} attacks site {site} until {}", claim.until);
    Err(RequestRefused { retry_after: Some(claim.until), ..refused(submission, "claimed_target", limit, value) })
}

/// An attack that is known to be foul to a person is refused, with the rule and when it is none any more.
fn fair(
    submission: &SubmitProposal,
    situation: &Situation,
    referee: &Referee,
    now: GameTime,
) -> Result<(), RequestRefused> {
    let Situation { view, roster, .. } = situation;
    let takes = submission.goal == Goal::Take;
    let groups = submission.trial.groups.iter().filter(|_| submission.action == ActionKind::MassAttack);
    let groups = groups.map(|g| (g.target, &g.force, g.arrival));
    let by = Knower::Alliance(submission.alliance);
    match referee.fouls_known((view, roster), by, groups, takes, now).into_iter().next() {
        None => Ok(()),
        Some((victim, _, foul)) => {
            let value = format!("player {victim}: {}", foul.value);
            let refused = refused(submission, foul.rule.name(), foul.limit, value);
            Err(RequestRefused { retry_after: foul.retry_after, ..refused })
        }
    }
}

fn refusal(
    submission: &SubmitProposal,
    charter: &CouncilCharter,
    limits: &Limits,
    index: &EntityIndex,
    alliances: &Query<(&mut ProposalCount, &mut Decisions)>,
    proposals: &Query<&Proposal>,
    earliest_launch: Option<GameTime>,
    now: GameTime,
) -> Result<GameTime, RequestRefused> {
    let refuse = |rule: &str, limit: String, value: String| refused(submission, rule, limit, value);
    let decisions = index.alliance(submission.alliance).and_then(|e| alliances.get(e).ok());
    let open = decisions.map_or(0, |(_, d)| d.open.len());
    if open >= limits.open_proposals {
        return Err(refuse("open_proposals", limits.open_proposals.to_string(), (open + 1).to_string()));
    }
    let same = decisions.and_then(|(_, d)| {
        d.open.iter().find(|id| {
            let proposal = index.proposal(**id).and_then(|e| proposals.get(e).ok());
            proposal.is_some_and(|p| is_same(p, submission))
        })
    });
    if let Some(first) = same {
        return Err(refuse(
            "same_target",
            "one open proposal a target".to_owned(),
            format!("proposal {first} is open"),
        ));
    }
    let about_a_stance = submission.action.stance().is_some();
    if about_a_stance && (submission.enemy.is_none() || submission.dealings.is_none()) {
        return Err(refuse("other_alliance", "another alliance".to_owned(), "none".to_owned()));
    }
    let sends_troops = submission.action.sends_troops();
    if sends_troops && (submission.targets.is_empty() || submission.targets.len() > limits.targets_per_operation) {
        let limit = format!("1 to {}", limits.targets_per_operation);
        return Err(refuse("targets_per_operation", limit, submission.targets.len().to_string()));
    }
    charter.deadline(submission.action.subject(), now, earliest_launch).map_err(|e| {
        refuse("deadline", "time enough for the vote before the earliest launch".to_owned(), e.to_string())
    })
}

/// Whether both ask for the same: one target at least in common, or the same alliance to be treated with.
fn is_same(open: &Proposal, submission: &SubmitProposal) -> bool {
    match (open.action.stance(), submission.action.stance()) {
        (Some(_), Some(_)) => open.enemy == submission.enemy,
        (None, None) if open.action == ActionKind::WonderPush => submission.action == ActionKind::WonderPush,
        (None, None) => open.targets.iter().any(|t| submission.targets.iter().any(|s| s.site == t.site)),
        _ => false,
    }
}

/// Of several submissions of one instant the first opens: one vote on a target, one on wars and treaties, one on a wonder.
fn alone(submission: &SubmitProposal, opened: &[&SubmitProposal]) -> Result<(), RequestRefused> {
    let target =
        |other: &SubmitProposal| other.targets.iter().any(|t| submission.targets.iter().any(|s| s.site == t.site));
    let same = |other: &&&SubmitProposal| {
        let both = other.action.subject() == submission.action.subject();
        let stances = other.action.stance().is_some() && submission.action.stance().is_some();
        other.alliance == submission.alliance
            && (stances || target(other) || (both && !submission.action.sends_troops()))
    };
    match opened.iter().find(same) {
        Some(_) => Err(refused(
            submission,
            "vote_is_open",
            "one vote on a target, and one on wars and treaties, at a time".to_owned(),
            "another one opened at this instant".to_owned(),
        )),
        None => Ok(()),
    }
}

/// The proposal that a submission becomes.
#[must_use]
pub fn proposal_of(
    id: ProposalId,
    submission: &SubmitProposal,
    roll: Roll,
    now: GameTime,
    deadline: GameTime,
    settings: &CouncilSettings,
) -> Proposal {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 60 members")]
    let needed =
        (settings.participants_share * f64::from(u32::try_from(submission.asked.len()).unwrap_or(0))).ceil() as u32;
    Proposal {
        id,
        proposer: submission.proposer,
        action: submission.action,
        pattern: submission.pattern.clone(),
        goal: submission.goal,
        targets: submission.targets.clone(),
        enemy: submission.enemy,
        opened_at: now,
        deadline,
        arrival: submission.arrival,
        participants_needed: match submission.action {
            ActionKind::MassAttack => needed.max(2),
            // Actions without troops need nobody to take part.
            _ => 0,
        },
        dealings: submission.dealings,
        score: submission.score,
        expected: submission.expected,
        asked: submission.asked.clone(),
        goods_asked: 0,
        roll,
        status: ProposalStatus::Open,
        decided_at: None,
    }
}

/// The proposer is on the roll, and his ballot is an approval with what the trial plan asks of him.
fn proposers_ballot(situation: &Situation, proposal: &Proposal, now: GameTime) -> Ballot {
    let member = situation.roster.member(proposal.proposer);
    let recalls = member.map_or_else(Vec::new, |member| situation.recalls(proposal, &member, now));
    let share = proposal.asked.get(&proposal.proposer).map_or(0.0, |a: &Asked| a.share);
    Ballot {
        vote: Vote::Approve,
        reason: Reason { rule: Some("proposer".to_owned()), recalls, ..Reason::default() },
        pledge_share: share,
        conditions: Vec::new(),
        cast_at: now,
    }
}

fn ballot_fact(proposal: ProposalId, member: PlayerId, ballot: &Ballot, at: GameTime) -> CampaignFact {
    CampaignFact {
        at,
        fact: Fact::BallotCast {
            proposal,
            member,
            vote: ballot.vote,
            conditions: ballot.conditions.clone(),
            pledge_share: ballot.pledge_share,
            reason: ballot.reason.clone(),
        },
    }
}

/// Answers the ballots that are due and that nobody answered from outside.
pub(super) fn answer_ballots(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    charter: Res<CouncilCharter>,
    voting: Res<VotingSettings>,
    situation: Situation,
    mut proposals: Query<(&Proposal, &mut Ballots)>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    for entry in batch.of(BALLOT_DUE) {
        let (id, member) = (proposal_of_key(entry.owner), PlayerId(entry.n));
        let Some((proposal, mut ballots)) = index.proposal(id).and_then(|e| proposals.get_mut(e).ok()) else {
            continue;
        };
        if proposal.status != ProposalStatus::Open
            || ballots.cast.contains_key(&member)
            || ballots.answer_at.get(&member) != Some(&now)
        {
            continue;
        }
        let Some(info) = situation.member_of(id.alliance, member) else { continue };
        let advised = ballots.advised.remove(&member);
        let ballot = judge(&situation, proposal, &info, advised.as_ref(), &voting, now);
        facts.write(ballot_fact(id, member, &ballot, now));
        ballots.answer_at.remove(&member);
        ballots.cast.insert(member, ballot);
        close_early(&charter, proposal, &ballots, &situation, &mut agenda, now);
    }
}

/// A vote closes early once no open or conditional ballot can change its result.
fn close_early(
    charter: &CouncilCharter,
    proposal: &Proposal,
    ballots: &Ballots,
    situation: &Situation,
    agenda: &mut Agenda,
    now: GameTime,
) {
    if can_close(charter, proposal, ballots, situation, now) {
        agenda.push(VOTE_CLOSES.entry(now, proposal_key(proposal.id), 1));
    }
}

/// Votes from outside: a person's, or a game's own voter's.
pub(super) fn take_votes(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    charter: Res<CouncilCharter>,
    situation: Situation,
    mut proposals: Query<(&Proposal, &mut Ballots)>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Vote(vote) = &logged.input else { continue };
        let found = index.proposal(vote.proposal).and_then(|e| proposals.get_mut(e).ok());
        let member = situation.member_of(vote.proposal.alliance, vote.member).is_some();
        match check_vote(vote, member, found.as_ref().map(|(p, _)| *p), &limits) {
            Ok(()) => {}
            Err((rule, limit, value)) => {
                let request = format!("cast_vote {} on {}", vote.member, vote.proposal);
                facts.write(CampaignFact::refusal(now, request, rule, limit, value));
                continue;
            }
        }
        let Some((proposal, mut ballots)) = found else { continue };
        let ballot = Ballot {
            vote: vote.vote,
            reason: Reason { text: vote.text.clone(), ..Reason::default() },
            pledge_share: if vote.vote == Vote::Approve { vote.pledge_share } else { 0.0 },
            conditions: if vote.vote == Vote::Approve { vote.conditions.clone() } else { Vec::new() },
            cast_at: now,
        };
        facts.write(ballot_fact(vote.proposal, vote.member, &ballot, now));
        ballots.answer_at.remove(&vote.member);
        ballots.advised.remove(&vote.member);
        ballots.cast.insert(vote.member, ballot);
        close_early(&charter, proposal, &ballots, &situation, &mut agenda, now);
    }
}

/// Keeps what models advise with the ballots that they are for, until those are answered. Advice for another ballot, or that
/// comes too late, is refused.
pub(super) fn take_advice(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    situation: Situation,
    mut proposals: Query<(&Proposal, &mut Ballots)>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Advice(Advice::Ballot(advised)) = &logged.input else { continue };
        let mut found = index.proposal(advised.proposal).and_then(|e| proposals.get_mut(e).ok());
        let member = situation.member_of(advised.proposal.alliance, advised.member);
        let open = found.as_ref().map(|(proposal, ballots)| (*proposal, &**ballots));
        match check_advice(advised, member.as_ref(), open, &limits, now) {
            Ok(()) => {
                if let Some((_, ballots)) = &mut found {
                    ballots.advised.insert(advised.member, advised.clone());
                }
            }
            Err((rule, limit, value)) => {
                let request = format!("advise {} on {}", advised.member, advised.proposal);
                facts.write(CampaignFact::refusal(now, request, rule, limit, value));
            }
        }
    }
}

fn check_advice(
    advised: &AdvisedBallot,
    member: Option<&MemberInfo>,
    open: Option<(&Proposal, &Ballots)>,
    limits: &Limits,
    now: GameTime,
) -> Result<(), (&'static str, &'static str, String)> {
    let waits = |(proposal, ballots): &(&Proposal, &Ballots)| {
        let answer_at = ballots.answer_at.get(&advised.member);
        proposal.status == ProposalStatus::Open && answer_at.is_some_and(|at| *at >= now)
    };
    if open.filter(waits).is_none() {
        return Err(("ballot_waits", "a ballot that is not answered yet", format!("player {}", advised.member)));
    }
    if member.is_none_or(|m| m.kind != PlayerKind::Active) {
        return Err(("no_person", "a member that is no person", format!("player {}", advised.member)));
    }
    check_size(&advised.conditions, advised.text.as_deref(), limits)?;
    let share = |c: &Condition| if let Condition::MaxShareOfArmy(share) = c { Some(*share) } else { None };
    if let Some(share) = advised.conditions.iter().filter_map(share).find(|s| !(0.0..=1.0).contains(s)) {
        return Err(("share_of_army", "0 to 1", share.to_string()));
    }
    Ok(())
}

/// What comes from outside with a ballot is within the limits.
fn check_size(
    conditions: &[Condition],
    text: Option<&str>,
    limits: &Limits,
) -> Result<(), (&'static str, &'static str, String)> {
    if conditions.len() > limits.conditions_per_ballot {
        return Err(("conditions_per_ballot", "few conditions", format!("{} conditions", conditions.len())));
    }
    let chars = text.map_or(0, |t| t.chars().count());
    if chars > limits.text_chars {
        return Err(("text_chars", "a short text", format!("{chars} characters")));
    }
    Ok(())
}

fn check_vote(
    vote: &CastVote,
    is_member: bool,
    proposal: Option<&Proposal>,
    limits: &Limits,
) -> Result<(), (&'static str, &'static str, String)> {
    let Some(proposal) = proposal else {
        return Err(("proposal_exists", "a known proposal", vote.proposal.to_string()));
    };
    if proposal.status != ProposalStatus::Open {
        return Err(("vote_is_open", "a proposal whose vote is open", "it is decided".to_owned()));
    }
    if !proposal.roll.has(vote.member) || !is_member {
        return Err(("on_the_roll", "a member on the roll", format!("player {}", vote.member)));
    }
    if vote.member == proposal.proposer {
        return Err(("not_the_proposer", "the proposer's ballot is an approval", format!("player {}", vote.member)));
    }
    check_size(&vote.conditions, vote.text.as_deref(), limits)?;
    if !(0.0..=1.0).contains(&vote.pledge_share) {
        return Err(("pledge_share", "0 to 1", vote.pledge_share.to_string()));
    }
    Ok(())
}

/// Counts and closes the votes that end now.
pub(super) fn close_votes(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    closing: Closing,
    situation: Situation,
    mut proposals: Query<(&mut Proposal, &mut Ballots)>,
    mut alliances: Query<&mut Decisions>,
    mut agenda: ResMut<Agenda>,
    mut passed: MessageWriter<ProposalPassed>,
    mut failed: MessageWriter<ProposalFailed>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    let mut closed = BTreeSet::new();
    for entry in batch.of(VOTE_CLOSES) {
        let id = proposal_of_key(entry.owner);
        let Some((mut proposal, mut ballots)) = index.proposal(id).and_then(|e| proposals.get_mut(e).ok()) else {
            continue;
        };
        if proposal.status != ProposalStatus::Open {
            continue;
        }
        // Promises are booked after the vote: two votes of one alliance must not count on the same troops.
        if !closed.insert(id.alliance) {
            agenda.push(VOTE_CLOSES.entry(now, entry.owner, entry.n));
            continue;
        }
        ballots.advised.clear();
        let verdict = settle(&closing, &situation, &proposal, &mut ballots, now);
        proposal.decided_at = Some(now);
        let (outcome, failed_test) = match &verdict {
            ProposalStatus::Passed(_) => ("passed", None),
            ProposalStatus::Expired => ("expired", Some("quorum".to_owned())),
            ProposalStatus::Rejected { test, .. } => ("rejected", Some(test.clone())),
            ProposalStatus::Open => continue,
        };
        let conditional = ballots.cast.values().filter(|b| !b.conditions.is_empty()).count();
        let unmet = ballots.dropped.len();
        facts.write(CampaignFact {
            at: now,
            fact: Fact::ProposalDecided {
                proposal: id,
                outcome: outcome.to_owned(),
                failed_test,
                conditions_met: u32::try_from(conditional.saturating_sub(unmet)).unwrap_or(0),
                conditions_unmet: u32::try_from(unmet).unwrap_or(0),
            },
        });
        if matches!(verdict, ProposalStatus::Passed(_)) {
            passed.write(ProposalPassed { proposal: id });
        } else {
            failed.write(ProposalFailed { proposal: id });
        }
        if let Some(mut decisions) = index.alliance(id.alliance).and_then(|e| alliances.get_mut(e).ok()) {
            decisions.open.retain(|p| *p != id);
            decisions.decided.push(id);
            if !matches!(verdict, ProposalStatus::Passed(_)) {
                remember_refusal(&mut decisions, &proposal, &verdict, now);
            }
        }
        proposal.status = verdict;
    }
    for alliance in closed {
        let Some(mut decisions) = index.alliance(alliance).and_then(|e| alliances.get_mut(e).ok()) else { continue };
        if decisions.decided.len() <= limits.decisions_kept {
            continue;
        }
        // The oldest leaves whose operation, if it has one, is long over.
        let is_over = |id: &ProposalId| {
            index.proposal(*id).and_then(|e| proposals.get(e).ok()).is_none_or(|(p, _)| {
                !matches!(p.status, ProposalStatus::Passed(_))
                    || p.decided_at.is_some_and(|at| now - at > KEPT_WHILE_RUNNING)
            })
        };
        if let Some(i) = decisions.decided.iter().position(is_over) {
            let old = decisions.decided.remove(i);
            facts.write(CampaignFact { at: now, fact: Fact::DecisionArchived { proposal: old } });
            if let Some(entity) = index.proposal(old) {
                commands.entity(entity).despawn();
            }
        }
    }
}

/// Members said no to its targets, or to the change of how they stand to another alliance.
fn remember_refusal(decisions: &mut Decisions, proposal: &Proposal, verdict: &ProposalStatus, now: GameTime) {
    // After three half-lives a refusal no longer counts.
    let counts = |at: &GameTime| now - *at < GameSpan::hours(108);
    decisions.refused.retain(|_, at| counts(at));
    decisions.refused_changes.retain(|_, (at, _)| counts(at));
    // What a confederate has to itself, members had nothing against.
    let claimed = |site| matches!(verdict, ProposalStatus::Rejected { left_out, .. } if left_out.contains(&(site, LeftOut::Claimed)));
    for target in proposal.targets.iter().filter(|t| !claimed(t.site)) {
        decisions.refused.insert(target.site, now);
    }
    if let Some((other, dealings)) = proposal.enemy.zip(proposal.dealings) {
        decisions.refused_changes.insert((other, proposal.action), (now, dealings));
    }
}

/// A passed proposal is kept at least this long: its operation runs on the same entity.
const KEPT_WHILE_RUNNING: GameSpan = GameSpan::days(7);

/// How long before a decision counts as the first hour of an alliance's day, staggered by its id.
#[must_use]
pub fn stagger(seed: u64, alliance: crate::base::id::AllianceId, period: GameSpan) -> GameSpan {
    let n = Stream::new(seed, u64::from(alliance.0), Purpose::STAGGER, 0).below(u64::try_from(period.0).unwrap_or(1));
    GameSpan(i64::try_from(n).unwrap_or(0))
}
