//! Why: the whole of a proposal, from what it rested on to what came of it.

use crate::action::operations::{GroupStatus, Operation, Revision};
use crate::base::clock::GameTime;
use crate::base::contract::{Ballot, Citation, Cited, Memory, Reason};
use crate::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use crate::decision::council::{Ballots, Proposal, ProposalStatus};
use crate::decision::planning::rules::diplomacy::Dealings;
use bevy::prelude::*;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What one target rested on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TargetBasis {
    /// Which site.
    pub site: SiteId,
    /// When its troops were seen.
    pub seen_at: GameTime,
    /// How old that was when the proposal was opened, in hours.
    pub age_hours: f64,
    /// Confidence when it was seen.
    pub confidence: f64,
    /// Planned offense over believed defense.
    pub ratio: f64,
    /// The score that made it a target.
    pub score: f64,
    /// Everything that was known of it when it was proposed.
    pub cites: Vec<Citation>,
}

/// A proposal explained: structured, so that a game can translate it; `Display` gives English.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// Which proposal.
    pub proposal: ProposalId,
    /// When it was opened.
    pub opened_at: GameTime,
    /// Who proposed it.
    pub proposer: PlayerId,
    /// What it asks for.
    pub action: String,
    /// The alliance that it is about, and what is known of the dealings with it, where it is about how to stand to it.
    pub dealings: Option<(AllianceId, Dealings)>,
    /// The score that it had as an option.
    pub score: f64,
    /// What each target rested on.
    pub targets: Vec<TargetBasis>,
    /// Each ballot with its reason: terms whose input was not known have no input.
    pub ballots: Vec<(PlayerId, Ballot)>,
    /// Conditional approvals that were dropped, with the condition.
    pub dropped: Vec<(PlayerId, String)>,
    /// How it ended: `open`, `passed`, `rejected: TEST` or `expired`.
    pub outcome: String,
    /// Why targets were left out of the plan.
    pub left_out: Vec<(SiteId, String)>,
    /// What became of each group.
    pub orders: Vec<(OrderId, String)>,
    /// How the operation changed its course, each with what was known then.
    pub revisions: Vec<Revision>,
}

/// Explains a proposal; none if it is not kept (any more).
#[must_use]
pub fn explain(world: &World, id: ProposalId) -> Option<Explanation> {
    let entity = world.resource::<EntityIndex>().proposal(id)?;
    let proposal = world.get::<Proposal>(entity)?;
    let ballots = world.get::<Ballots>(entity)?;
    let (outcome, left_out) = match &proposal.status {
        ProposalStatus::Open => ("open".to_owned(), Vec::new()),
        ProposalStatus::Passed(plan) => ("passed".to_owned(), plan.left_out.clone()),
        ProposalStatus::Rejected { test, left_out } => (format!("rejected: {test}"), left_out.clone()),
        ProposalStatus::Expired => ("expired".to_owned(), Vec::new()),
    };
    let operation = world.get::<Operation>(entity);
    Some(Explanation {
        proposal: id,
        opened_at: proposal.opened_at,
        proposer: proposal.proposer,
        action: proposal.action.name().to_owned(),
        dealings: proposal.enemy.zip(proposal.dealings),
        score: proposal.score,
        targets: proposal
            .targets
            .iter()
            .map(|t| TargetBasis {
                site: t.site,
                seen_at: t.seen_at,
                age_hours: (proposal.opened_at - t.seen_at).as_hours(),
                confidence: t.confidence,
                ratio: t.ratio,
                score: t.score,
                cites: t.cites.clone(),
            })
            .collect(),
        ballots: ballots.cast.iter().map(|(m, b)| (*m, b.clone())).collect(),
        dropped: ballots.dropped.iter().map(|(m, c)| (*m, c.clone())).collect(),
        outcome,
        left_out: left_out.into_iter().map(|(site, why)| (site, why.to_string())).collect(),
        orders: operation.map(orders).unwrap_or_default(),
        revisions: operation.map(|o| o.revisions.clone()).unwrap_or_default(),
    })
}

/// What a decision of an instant rests on: what, how old, how certain by then.
pub(super) fn write_cites(f: &mut fmt::Formatter<'_>, cites: &[Citation], at: GameTime) -> fmt::Result {
    if cites.is_empty() {
        return Ok(());
    }
    write!(f, " [rests on")?;
    for (i, cite) in cites.iter().enumerate() {
        let what = match cite.what {
            Cited::Troops => "troops at",
            Cited::Goods => "goods at",
            Cited::Wall => "wall of",
            Cited::Buildings => "residence of",
            Cited::March => "march to",
        };
        let (age, comma) = ((at - cite.observed_at).as_hours(), if i > 0 { "," } else { "" });
        write!(f, "{comma} {what} {} {age:.1} h old ({:.0}%)", cite.site, cite.confidence * 100.0)?;
    }
    write!(f, "]")
}

/// What a member remembers when it votes: what, and how long ago.
fn write_recalls(f: &mut fmt::Formatter<'_>, recalls: &[Memory], at: GameTime) -> fmt::Result {
    if recalls.is_empty() {
        return Ok(());
    }
    write!(f, " [remembers")?;
    for (i, memory) in recalls.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        write!(f, "{comma} {:.1} h ago: {}", (at - memory.at).as_hours(), memory.told(&()))?;
    }
    write!(f, "]")
}

fn orders(operation: &Operation) -> Vec<(OrderId, String)> {
    operation.groups.iter().enumerate().map(|(i, g)| (operation.order(i), status_words(g.status))).collect()
}

/// What became of a group, in words.
pub(super) fn status_words(status: GroupStatus) -> String {
    match status {
        GroupStatus::Waiting => "waits".to_owned(),
        GroupStatus::Launched { at, .. } => format!("left at {at}"),
        GroupStatus::Failed => "could not leave".to_owned(),
        GroupStatus::HeldBack => "was held back".to_owned(),
        GroupStatus::Recalled { .. } => "was called back".to_owned(),
    }
}

pub(super) fn write_reason(f: &mut fmt::Formatter<'_>, reason: &Reason) -> fmt::Result {
    if let Some(rule) = &reason.rule {
        return write!(f, "by rule {rule}");
    }
    write!(f, "score {:.2} =", reason.score)?;
    for term in &reason.terms {
        match term.input {
            Some(_) => write!(f, " {} {:+.2}", term.name, term.added)?,
            None => write!(f, " {} unknown", term.name)?,
        }
    }
    Ok(())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Proposal {} by player {} at {}: {}", self.proposal, self.proposer, self.opened_at, self.outcome)?;
        if let Some((other, d)) = &self.dealings {
            writeln!(f, "  {} with alliance {other}, score {:.2}", self.action, self.score)?;
            writeln!(
                f,
                "    weary {:.2}, {:.1} days of war, result {:+.2}, aim left {:.2}; strength {:.0} to {:.0} goods",
                d.weary, d.days, d.war_score, d.aim_left, d.strength_own, d.strength_other
            )?;
            writeln!(
                f,
                "    grievance {:.2}, trust {:+.2}, common enemies {:.2}, reach {:.2}, rivalry {:.2}; {} pacts, {} wars, {} of the other",
                d.grievance, d.trust, d.common_enemies, d.reach, d.rivalry, d.pacts, d.open_wars, d.wars_of_other
            )?;
        }
        for t in &self.targets {
            write!(
                f,
                "  site {}: seen {:.1} h before, confidence {:.2} then, planned ratio {:.2}, score {:.2}",
                t.site, t.age_hours, t.confidence, t.ratio, t.score
            )?;
            write_cites(f, &t.cites, self.opened_at)?;
            writeln!(f)?;
        }
        for (member, ballot) in &self.ballots {
            write!(f, "  player {member}: {:?} at {}, ", ballot.vote, ballot.cast_at)?;
            write_reason(f, &ballot.reason)?;
            for condition in &ballot.conditions {
                write!(f, "; if {condition}")?;
            }
            write_cites(f, &ballot.reason.cites, ballot.cast_at)?;
            write_recalls(f, &ballot.reason.recalls, ballot.cast_at)?;
            writeln!(f)?;
        }
        for (member, condition) in &self.dropped {
            writeln!(f, "  player {member} dropped out: {condition} was not met")?;
        }
        for (site, why) in &self.left_out {
            writeln!(f, "  site {site} left out: {why}")?;
        }
        for (order, what) in &self.orders {
            writeln!(f, "  {order}: {what}")?;
        }
        for revision in &self.revisions {
            write!(f, "  {} at {}: {}", revision.decision, revision.at, revision.reason)?;
            write_cites(f, &revision.cites, revision.at)?;
            writeln!(f)?;
        }
        Ok(())
    }
}
