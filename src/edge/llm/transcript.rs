//! What was asked and answered, a JSON line each; and the same campaign again from it, without a network.

use super::bridge::request::Blocks;
use super::question::{Invalid, Question};
use crate::base::clock::GameTime;
use crate::base::contract::{Input, LoggedInput, expect_inputs};
use bevy::prelude::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, BufRead};
use thiserror::Error;

/// Where an answer entered the campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entered {
    /// The game time.
    pub at: GameTime,
    /// The round at that instant.
    pub round: u32,
    /// The order among all inputs.
    pub seq: u32,
}

/// One question, and what came of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TranscriptLine {
    /// Its number.
    pub id: u64,
    /// What was asked.
    pub question: Question,
    /// When, in game time.
    pub asked_at: GameTime,
    /// When it is answered by the rule, if by nothing else.
    pub answer_at: GameTime,
    /// What the model was told: the stable blocks, and what changes.
    pub prompt: (Blocks, String),
    /// The model's words.
    pub raw: Option<String>,
    /// Why they were not used: the kind of a failure, `invalid`, `late`.
    pub failure: Option<String>,
    /// Milliseconds of wall time.
    pub latency_ms: u64,
    /// Tokens of the prompt, as the server counts.
    pub tokens_in: Option<u64>,
    /// Tokens of the answer, as the server counts.
    pub tokens_out: Option<u64>,
    /// Where it entered the campaign, if it did.
    pub entered: Option<Entered>,
}

/// A transcript that cannot be replayed.
#[derive(Debug, Error)]
pub enum TranscriptError {
    /// It cannot be read.
    #[error("transcript, line {line}: {source}")]
    Read {
        /// From 1.
        line: usize,
        /// What the system says.
        source: io::Error,
    },
    /// A line is no line of a transcript.
    #[error("transcript, line {line}: {source}")]
    Json {
        /// From 1.
        line: usize,
        /// What is wrong, with the column.
        source: serde_json::Error,
    },
    /// An answer entered the campaign that is not valid.
    #[error("transcript, line {line}: the answer that entered the campaign is not valid: {source}")]
    Answer {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        source: Invalid,
    },
    /// An answer entered the campaign of which the words are missing.
    #[error("transcript, line {line}: the words are missing of an answer that entered the campaign")]
    NoWords {
        /// From 1.
        line: usize,
    },
    /// Two answers have one place among the inputs.
    #[error("transcript, line {line}: input {seq} is there twice")]
    Twice {
        /// From 1.
        line: usize,
        /// The sequence.
        seq: u32,
    },
}

/// The answers of a transcript that entered the campaign, read and judged again from the words of the model.
///
/// # Errors
/// [`TranscriptError`] names the line.
pub fn answers(transcript: impl BufRead) -> Result<Vec<LoggedInput>, TranscriptError> {
    let (mut inputs, mut seen) = (Vec::new(), BTreeSet::new());
    for (n, text) in transcript.lines().enumerate() {
        let line = n + 1;
        let text = text.map_err(|source| TranscriptError::Read { line, source })?;
        if text.trim().is_empty() {
            continue;
        }
        let read: TranscriptLine =
            serde_json::from_str(&text).map_err(|source| TranscriptError::Json { line, source })?;
        let Some(Entered { at, round, seq }) = read.entered else { continue };
        let words = read.raw.as_deref().ok_or(TranscriptError::NoWords { line })?;
        let advice = read.question.read(words).map_err(|source| TranscriptError::Answer { line, source })?;
        if !seen.insert(seq) {
            return Err(TranscriptError::Twice { line, seq });
        }
        inputs.push(LoggedInput { at, round, seq, input: Input::Advice(advice) });
    }
    inputs.sort_by_key(|input| input.seq);
    Ok(inputs)
}

/// Hands a campaign the answers of a recorded one, after its start and before its first update: each gets the pass that it had.
/// Nothing is asked, and no network is needed. Inputs of other kinds are in a recording, not in a transcript.
pub fn replay(world: &mut World, answers: Vec<LoggedInput>) {
    expect_inputs(world, answers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{PlayerId, ProposalId};
    use proptest::prelude::*;

    proptest! {
        /// A share that is read a bit off is another condition, and the replay another campaign.
        #[test]
        fn a_question_is_read_as_it_was_written(asked_share in 0.0_f64..1.0, n in 0_u32..99) {
            let proposal = ProposalId { n, ..ProposalId::default() };
            let question =
                Question::Ballot { proposal, member: PlayerId(n), asked_share, participants: n, has_targets: true };
            let text = serde_json::to_string(&question).expect("it can be written");
            prop_assert_eq!(serde_json::from_str::<Question>(&text).expect("it can be read"), question);
        }
    }
}
