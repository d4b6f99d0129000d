//! What a language model advises: answers to questions that were offered, of which the rules take what is legal.
//!
//! An answer is an input like a person's vote: logged with its game time. It waits with the question until the instant at
//! which the question is answered; then the answer that is there counts, else the rule does. It can do no more than a vote
//! or a choice among options that were offered could do.

use super::finding::Finding;
use super::vote::{Condition, Vote};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, PlayerId, ProposalId};
use bevy::prelude::{Message, Reflect};
use serde::{Deserialize, Serialize};

/// A valid answer of a model to one question.
#[derive(Message, Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// How a member votes.
    Ballot(AdvisedBallot),
    /// Which option a member of a war council speaks for.
    Plea(AdvisedPlea),
    /// What a war council proposes.
    Choice(AdvisedChoice),
    /// What an alliance learned from an operation.
    Debrief(AdvisedDebrief),
    /// What a member says to its alliance.
    Speech(AdvisedSpeech),
}

/// How a member would vote. Its pledge is the rule's: no model promises troops.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct AdvisedBallot {
    /// On which proposal.
    pub proposal: ProposalId,
    /// Who: a member that is no person, on the roll, and has not voted.
    pub member: PlayerId,
    /// The vote.
    pub vote: Vote,
    /// Conditions of an approval.
    pub conditions: Vec<Condition>,
    /// Why: data, never markup or an instruction.
    pub text: Option<String>,
}

/// Which of its options a war council proposes.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct AdvisedChoice {
    /// Whose council.
    pub alliance: AllianceId,
    /// When the session was at which the options were found.
    pub met_at: GameTime,
    /// Which option, from 0; one more than the last: none of them.
    pub option: u8,
    /// Why: data, never markup or an instruction.
    pub text: Option<String>,
}

/// Which option a member speaks for before its war council chooses.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct AdvisedPlea {
    /// Whose council.
    pub alliance: AllianceId,
    /// When the session was at which the options were found.
    pub met_at: GameTime,
    /// Who speaks: one of those who were asked.
    pub member: PlayerId,
    /// Which option, from 0; one more than the last: none of them.
    pub option: u8,
    /// Why: data, never markup or an instruction.
    pub text: Option<String>,
}

/// What an alliance learned from an operation.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct AdvisedDebrief {
    /// Which operation.
    pub operation: ProposalId,
    /// What was found, the most important first, each once: at most [`Finding::MAX`].
    pub findings: Vec<Finding>,
    /// In words: data, never markup or an instruction.
    pub text: Option<String>,
}

/// What a member says to its alliance: shown, and read by no decision.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct AdvisedSpeech {
    /// To whom.
    pub alliance: AllianceId,
    /// Who: a member of it that is no person.
    pub member: PlayerId,
    /// When it was asked: what is said later than [`AdvisedSpeech::WITHIN`] after that is not heard.
    pub asked_at: GameTime,
    /// What: data, never markup or an instruction.
    pub text: String,
}

impl AdvisedSpeech {
    /// How long after it was asked a member says something at most.
    pub const WITHIN: GameSpan = GameSpan::mins(30);

    /// Whether it is heard at this instant.
    #[must_use]
    pub fn is_due(&self, now: GameTime) -> bool {
        self.asked_at <= now && now <= self.asked_at + Self::WITHIN
    }
}
