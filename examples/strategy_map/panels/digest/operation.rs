//! The selected operation in full: what it rests on, its ballots, its groups, its changes of course, and what came of it.

use super::lanes::{self, Lane};
use super::votes::{Head, head};
use crate::panels::words;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::{Condition, Reason, Site, Vote};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{EntityIndex, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::text::shortened;
use bevy_alliance::decision::council::{Asked, Ballots, Proposal};
use bevy_alliance::edge::report::{CampaignTally, Directory, OperationStory, voice};

/// Characters of what a member says with its ballot.
const TEXT: usize = 240;
/// Terms of a ballot that are shown, those that weigh most.
const TERMS: usize = 4;

/// The selected proposal or operation.
#[derive(Clone, Debug)]
pub(in crate::panels) struct OperationCard {
    pub(in crate::panels) head: Head,
    /// Whose it is may not see it: nothing else is filled then.
    pub(in crate::panels) hidden: bool,
    pub(in crate::panels) alliance: String,
    pub(in crate::panels) proposer: String,
    pub(in crate::panels) goal: String,
    /// Facts in a word and a value: what was expected, and what came of it.
    pub(in crate::panels) facts: Vec<(&'static str, String)>,
    pub(in crate::panels) basis: Vec<Basis>,
    /// Who is asked for what, while it is voted on: goods of troops, and the share of the member's army.
    pub(in crate::panels) asked: Vec<(String, i64, f64)>,
    pub(in crate::panels) ballots: Vec<Ballot>,
    pub(in crate::panels) lanes: Vec<Lane>,
    /// When its groups got their orders.
    pub(in crate::panels) started: GameTime,
    pub(in crate::panels) changes: Vec<(GameTime, String)>,
    pub(in crate::panels) findings: Vec<String>,
    /// Where it goes, for the camera.
    pub(in crate::panels) place: Option<Tile>,
}

/// What one target rested on, and what came of it.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Basis {
    pub(in crate::panels) site: SiteId,
    pub(in crate::panels) name: String,
    /// Hours since its troops were seen when it was proposed, and the confidence in that then.
    pub(in crate::panels) age_hours: f64,
    pub(in crate::panels) confidence: f64,
    pub(in crate::panels) ratio: f64,
    /// Chance of success and share of the own troops lost that the plan gave itself.
    pub(in crate::panels) expected: Option<(f64, f64)>,
    /// Share of the defense broken, and whether the goal was met.
    pub(in crate::panels) result: Option<(Option<f64>, bool)>,
}

/// One ballot.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Ballot {
    pub(in crate::panels) member: String,
    pub(in crate::panels) vote: Vote,
    pub(in crate::panels) conditions: Vec<String>,
    /// The condition that was not met, which made it an abstention.
    pub(in crate::panels) dropped: Option<String>,
    pub(in crate::panels) pledge: f64,
    pub(in crate::panels) score: f64,
    pub(in crate::panels) rule: Option<String>,
    pub(in crate::panels) terms: Vec<(String, f64)>,
    pub(in crate::panels) said: Option<String>,
    pub(in crate::panels) cast_at: Option<GameTime>,
}

/// Looks at one proposal or operation.
pub(super) fn gather(world: &World, id: ProposalId) -> Option<OperationCard> {
    let tally = world.resource::<CampaignTally>();
    let story = tally.stories.get(&id)?;
    let names = &tally.directory;
    let head = head(world, id, story);
    let hidden = !world.resource::<Watch>().may_see(id.alliance);
    let mut card = OperationCard {
        alliance: words::alliance(names, id.alliance),
        proposer: words::player(names, head.proposer),
        started: story.decided.as_ref().map_or(story.submitted, |(at, ..)| *at),
        head,
        hidden,
        goal: String::new(),
        facts: Vec::new(),
        basis: Vec::new(),
        asked: Vec::new(),
        ballots: Vec::new(),
        lanes: Vec::new(),
        changes: Vec::new(),
        findings: Vec::new(),
        place: None,
    };
    if hidden {
        return Some(card);
    }
    let entity = world.resource::<EntityIndex>().proposal(id);
    let proposal = entity.and_then(|e| world.get::<Proposal>(e));
    let operation = entity.and_then(|e| world.get::<Operation>(e));
    card.goal = proposal.map_or_else(|| words::plain(&story.goal), goal);
    card.facts = facts(story, proposal, operation);
    card.basis = basis(names, story, proposal, operation);
    card.asked = proposal.filter(|_| operation.is_none()).map_or_else(Vec::new, |p| asked(names, p));
    card.ballots = ballots(names, story, entity.and_then(|e| world.get::<Ballots>(e)));
    card.lanes = lanes::gather(world, names, story, operation);
    card.changes = story.revisions.iter().map(|(at, what, why)| (*at, words::change(names, what, why))).collect();
    if let Some((findings, said)) = &story.findings {
        card.findings = findings.iter().map(|found| words::finding(found.name())).collect();
        card.findings.extend(said.as_ref().map(|said| format!("\u{201c}{}\u{201d}", shortened(said, TEXT))));
    }
    let first = story.targets.first().copied().or_else(|| story.rows.first().map(|row| row.target));
    let entity = first.and_then(|site| world.resource::<EntityIndex>().site(site));
    card.place = entity.and_then(|e| world.get::<Site>(e)).map(|site| site.at);
    Some(card)
}

fn goal(proposal: &Proposal) -> String {
    use bevy_alliance::decision::council::Goal;
    match proposal.goal {
        Goal::BreakDefense { share } => format!("kill {} of the defenders", words::percent(share)),
        Goal::Look => "look".to_owned(),
        Goal::Take => "take it".to_owned(),
        Goal::Found => "found a village".to_owned(),
        Goal::Agree => "agree on it".to_owned(),
        Goal::Build { share } => format!("give {} of the surplus", words::percent(share)),
    }
}

fn facts(
    story: &OperationStory,
    proposal: Option<&Proposal>,
    operation: Option<&Operation>,
) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(report) = &story.report {
        let share = report.lost_goods as f64 / report.sent_goods.max(1) as f64;
        facts.push(("killed", words::goods(report.killed_goods)));
        facts.push(("looted", words::goods(report.loot.total())));
        let dear = if report.pyrrhic { ", dearly bought" } else { "" };
        facts.push(("lost", format!("{} ({}){dear}", words::goods(report.lost_goods), words::percent(share))));
        let (win, loss) = (words::percent(report.expected_win), words::percent(report.expected_loss));
        facts.push(("expected", format!("win {win}, loss {loss}")));
        facts.push(("groups", format!("{} of {} left", report.launched, report.groups)));
        return facts;
    }
    if let Some(operation) = operation.filter(|o| !o.targets.is_empty()) {
        let win: f64 = operation.targets.iter().map(|t| t.expected_win).product();
        let loss = operation.targets.iter().map(|t| t.expected_loss).fold(0.0, f64::max);
        facts.push(("win", words::percent(win)));
        facts.push(("own loss", words::percent(loss)));
    }
    if let Some(proposal) = proposal.filter(|p| p.action.sends_troops()) {
        facts.push(("offense to defense", format!("{:.2}", proposal.expected.ratio)));
        facts.push(("gain", words::goods(gain(proposal.expected.value))));
        facts.push(("troops sent", words::goods(gain(proposal.expected.cost))));
        if operation.is_none() {
            facts.push(("asked", words::counted(proposal.asked.len(), "member", "members")));
            facts.push(("needed", proposal.participants_needed.to_string()));
        }
    }
    if let Some(dealings) = proposal.and_then(|p| p.dealings) {
        facts.push(("days of war", format!("{:.1}", dealings.days)));
        facts.push(("result of the war", words::signed(dealings.war_score, 2)));
        facts.push(("weariness", format!("{:.2}", dealings.weary)));
        facts.push(("trust", words::signed(dealings.trust, 2)));
    }
    facts
}

#[expect(clippy::cast_possible_truncation, reason = "goods of one operation")]
fn gain(value: f64) -> i64 {
    value.round() as i64
}

fn basis(
    names: &Directory,
    story: &OperationStory,
    proposal: Option<&Proposal>,
    operation: Option<&Operation>,
) -> Vec<Basis> {
    let Some(proposal) = proposal else { return Vec::new() };
    let of = |target: &bevy_alliance::decision::council::ProposedTarget| {
        let plan = operation.and_then(|o| o.targets.iter().find(|t| t.site == target.site));
        let result = story.report.as_ref().and_then(|r| r.targets.iter().find(|(site, ..)| *site == target.site));
        Basis {
            site: target.site,
            name: words::site(names, target.site),
            age_hours: (proposal.opened_at - target.seen_at).as_hours(),
            confidence: target.confidence,
            ratio: target.ratio,
            expected: plan.map(|t| (t.expected_win, t.expected_loss)),
            result: result.map(|(_, broken, met)| (*broken, *met)),
        }
    };
    proposal.targets.iter().map(of).collect()
}

/// Who is asked for what, those of whom most is asked first.
fn asked(names: &Directory, proposal: &Proposal) -> Vec<(String, i64, f64)> {
    let one = |(member, asked): (&PlayerId, &Asked)| (words::player(names, *member), asked.goods, asked.share);
    let mut all: Vec<(String, i64, f64)> = proposal.asked.iter().map(one).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all
}

fn ballots(names: &Directory, story: &OperationStory, kept: Option<&Ballots>) -> Vec<Ballot> {
    let one = |member: PlayerId, vote, conditions: &[Condition], pledge, reason: &Reason| Ballot {
        member: words::player(names, member),
        vote,
        conditions: conditions.iter().map(ToString::to_string).collect(),
        dropped: kept.and_then(|kept| kept.dropped.get(&member).cloned()),
        pledge,
        score: reason.score,
        rule: reason.rule.as_deref().map(words::rule),
        terms: terms(reason),
        said: voice(vote, reason, names).map(|said| shortened(&said, TEXT)),
        cast_at: kept.and_then(|kept| kept.cast.get(&member)).map(|ballot| ballot.cast_at),
    };
    // The latest first: they come in while one looks.
    story
        .ballots
        .iter()
        .rev()
        .map(|(member, vote, conditions, pledge, reason)| one(*member, *vote, conditions, *pledge, reason))
        .collect()
}

fn terms(reason: &Reason) -> Vec<(String, f64)> {
    let known = reason.terms.iter().filter(|t| t.input.is_some() && t.added.abs() >= 0.02);
    let mut terms: Vec<(String, f64)> = known.map(|t| (words::term(&t.name), t.added)).collect();
    terms.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    terms.truncate(TERMS);
    terms
}
