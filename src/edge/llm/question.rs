//! What a model is asked, and what of its answer is taken.

use super::bridge::extract::{ExtractError, extract};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{
    Advice, AdvisedBallot, AdvisedChoice, AdvisedDebrief, AdvisedPlea, AdvisedSpeech, Condition, Finding, Vote,
};
use crate::base::id::{AllianceId, PlayerId, ProposalId};
use crate::base::text::shortened;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

/// Characters of a reason that are kept.
pub const REASON_CHARS: usize = 160;
/// How fresh a look must be that a model makes a condition.
const FRESH: GameSpan = GameSpan::hours(12);

/// A question, with what of it an answer is held against.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Question {
    /// How a member votes.
    Ballot {
        /// On which proposal.
        proposal: ProposalId,
        /// Who.
        member: PlayerId,
        /// The part of its army that is asked of it, 0..=1.
        asked_share: f64,
        /// Members that must take part; 0 where none need to.
        participants: u32,
        /// Whether targets are attacked, so that they can be looked at again.
        has_targets: bool,
    },
    /// Which option a member of a war council speaks for.
    Plea {
        /// Whose council.
        alliance: AllianceId,
        /// When it met.
        met_at: GameTime,
        /// Who speaks.
        member: PlayerId,
        /// Options, none of them not counted.
        options: u8,
    },
    /// What a war council proposes.
    Choice {
        /// Whose council.
        alliance: AllianceId,
        /// When it met.
        met_at: GameTime,
        /// Options, none of them not counted.
        options: u8,
    },
    /// What an operation taught.
    Debrief {
        /// Which operation.
        operation: ProposalId,
    },
    /// What a member says to its alliance.
    Speech {
        /// To whom.
        alliance: AllianceId,
        /// Who.
        member: PlayerId,
        /// When it was asked.
        asked_at: GameTime,
    },
}

/// What is wrong with an answer.
#[derive(Debug, Error, Clone, PartialEq)]
pub enum Invalid {
    /// It holds no object that can be read.
    #[error("{0}")]
    NoObject(#[from] ExtractError),
    /// A field is missing or not what it must be.
    #[error("`{field}` must be {expected}, not {found}")]
    Field {
        /// Which.
        field: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl Question {
    /// The alliance in whose name it is asked.
    #[must_use]
    pub fn alliance(&self) -> AllianceId {
        match self {
            Self::Ballot { proposal, .. } => proposal.alliance,
            Self::Debrief { operation } => operation.alliance,
            Self::Plea { alliance, .. } | Self::Choice { alliance, .. } | Self::Speech { alliance, .. } => *alliance,
        }
    }

    /// A name for the schema.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ballot { .. } => "ballot",
            Self::Plea { .. } => "plea",
            Self::Choice { .. } => "choice",
            Self::Debrief { .. } => "debrief",
            Self::Speech { .. } => "speech",
        }
    }

    /// Whether the rule has an answer of its own, or nothing happens without a model's: pleas and speeches are words alone.
    #[must_use]
    pub fn has_twin(&self) -> bool {
        !matches!(self, Self::Plea { .. } | Self::Speech { .. })
    }

    /// How much it matters: 0 most. A full queue turns away what matters least.
    #[must_use]
    pub fn priority(&self) -> u8 {
        match self {
            Self::Choice { .. } => 0,
            Self::Ballot { .. } => 1,
            Self::Plea { .. } => 2,
            Self::Debrief { .. } => 3,
            Self::Speech { .. } => 4,
        }
    }

    /// The JSON schema of the answer. It is the same for all ballots, so that a server need not read it anew.
    #[must_use]
    pub fn schema(&self) -> Value {
        let reason = json!({ "type": "string", "maxLength": 80 });
        match self {
            Self::Ballot { .. } => json!({
                "type": "object",
                "properties": {
                    "condition": { "type": "string", "enum": ["none", "half", "fresh_scouting", "one_more"] },
                    "reason": reason,
                    "vote": { "type": "string", "enum": ["approve", "reject", "abstain"] },
                },
                "required": ["condition", "reason", "vote"],
                "additionalProperties": false,
            }),
            Self::Plea { options, .. } | Self::Choice { options, .. } => json!({
                "type": "object",
                "properties": {
                    "option": { "type": "integer", "minimum": 0, "maximum": options },
                    "reason": reason,
                },
                "required": ["option", "reason"],
                "additionalProperties": false,
            }),
            Self::Debrief { .. } => json!({
                "type": "object",
                "properties": {
                    "findings": {
                        "type": "array",
                        "items": { "type": "string", "enum": Finding::ALL.map(Finding::name) },
                        "minItems": 1,
                        "maxItems": Finding::MAX,
                    },
                    "reason": reason,
                },
                "required": ["findings", "reason"],
                "additionalProperties": false,
            }),
            Self::Speech { .. } => json!({
                "type": "object",
                "properties": { "text": { "type": "string", "maxLength": 120 } },
                "required": ["text"],
                "additionalProperties": false,
            }),
        }
    }

    /// What of a model's words is taken: only what was offered.
    ///
    /// ```
    /// use bevy_alliance::base::contract::{Advice, Condition, Vote};
    /// use bevy_alliance::base::id::{AllianceId, PlayerId, ProposalId};
    /// use bevy_alliance::edge::llm::Question;
    /// let proposal = ProposalId { alliance: AllianceId(1), n: 4 };
    /// let (member, participants) = (PlayerId(9), 3);
    /// let question = Question::Ballot { proposal, member, asked_share: 0.4, participants, has_targets: true };
    /// let text = r#"Well: {"vote": "approve", "condition": "half", "reason": "Half of it, no more."}"#;
    /// let Advice::Ballot(ballot) = question.read(text)? else { panic!() };
    /// assert_eq!((ballot.vote, &ballot.conditions[..]), (Vote::Approve, &[Condition::MaxShareOfArmy(0.2)][..]));
    /// let error = question.read(r#"{"vote": "approve/reject/abstain", "condition": "none", "reason": ""}"#).unwrap_err();
    /// assert_eq!(error.to_string(), r#"`vote` must be approve, reject or abstain, not "approve/reject/abstain""#);
    /// # Ok::<(), bevy_alliance::edge::llm::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] names what is wrong.
    pub fn read(&self, text: &str) -> Result<Advice, Invalid> {
        let answer = extract(text)?;
        let words = answer.get("reason").and_then(Value::as_str).map(|reason| shortened(reason, REASON_CHARS));
        let words = words.filter(|words| !words.is_empty());
        match self {
            Self::Ballot { proposal, member, .. } => {
                let vote = match answer.get("vote").and_then(Value::as_str) {
                    Some("approve") => Vote::Approve,
                    Some("reject") => Vote::Reject,
                    Some("abstain") => Vote::Abstain,
                    _ => return Err(wrong("vote", "approve, reject or abstain", &answer)),
                };
                let conditions = if vote == Vote::Approve { self.conditions(&answer)? } else { Vec::new() };
                Ok(Advice::Ballot(AdvisedBallot {
                    proposal: *proposal,
                    member: *member,
                    vote,
                    conditions,
                    text: words,
                }))
            }
            Self::Plea { alliance, met_at, member, options } => {
                let (alliance, met_at, member) = (*alliance, *met_at, *member);
                let option = option(&answer, *options)?;
                Ok(Advice::Plea(AdvisedPlea { alliance, met_at, member, option, text: words }))
            }
            Self::Choice { alliance, met_at, options } => {
                let option = option(&answer, *options)?;
                Ok(Advice::Choice(AdvisedChoice { alliance: *alliance, met_at: *met_at, option, text: words }))
            }
            Self::Debrief { operation } => {
                let findings = findings(&answer)?;
                Ok(Advice::Debrief(AdvisedDebrief { operation: *operation, findings, text: words }))
            }
            Self::Speech { alliance, member, asked_at } => {
                let (alliance, member, asked_at) = (*alliance, *member, *asked_at);
                let said = answer.get("text").and_then(Value::as_str).map(|said| shortened(said, REASON_CHARS));
                let text = said.filter(|said| !said.is_empty()).ok_or_else(|| wrong("text", "a sentence", &answer))?;
                Ok(Advice::Speech(AdvisedSpeech { alliance, member, asked_at, text }))
            }
        }
    }

    /// The condition of an approval; one that the proposal does not offer is none.
    fn conditions(&self, answer: &Map<String, Value>) -> Result<Vec<Condition>, Invalid> {
        let Self::Ballot { asked_share, participants, has_targets, .. } = self else { return Ok(Vec::new()) };
        let condition = match answer.get("condition").map(Value::as_str) {
            None | Some(Some("none")) => None,
            Some(Some("half")) => (*asked_share > 0.0).then_some(Condition::MaxShareOfArmy(asked_share * 0.5)),
            Some(Some("fresh_scouting")) => has_targets.then_some(Condition::FreshIntel { max_age: FRESH }),
            Some(Some("one_more")) => {
                (*participants > 0).then_some(Condition::MinParticipants(participants.saturating_add(1)))
            }
            Some(_) => return Err(wrong("condition", "none, half, fresh_scouting or one_more", answer)),
        };
        Ok(condition.into_iter().collect())
    }
}

fn option(answer: &Map<String, Value>, options: u8) -> Result<u8, Invalid> {
    let option = answer.get("option").and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok());
    option.filter(|n| *n <= options).ok_or_else(|| wrong("option", &format!("0 to {options}"), answer))
}

/// Findings, each once: too many of them, or one that is unknown, is an answer to another question.
fn findings(answer: &Map<String, Value>) -> Result<Vec<Finding>, Invalid> {
    let expected = || format!("1 to {} of {}", Finding::MAX, Finding::ALL.map(Finding::name).join(", "));
    let named = answer.get("findings").and_then(Value::as_array);
    let found =
        named.and_then(|all| all.iter().map(|f| f.as_str().and_then(Finding::named)).collect::<Option<Vec<_>>>());
    let mut once: Vec<Finding> = Vec::new();
    for finding in found.unwrap_or_default() {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    if once.is_empty() || once.len() > Finding::MAX { Err(wrong("findings", &expected(), answer)) } else { Ok(once) }
}

fn wrong(field: &'static str, expected: &str, answer: &Map<String, Value>) -> Invalid {
    let found = answer.get(field).map_or_else(|| "missing".to_owned(), |value| shortened(&value.to_string(), 60));
    Invalid::Field { field, expected: expected.to_owned(), found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot() -> Question {
        let proposal = ProposalId { alliance: AllianceId(3), n: 7 };
        Question::Ballot { proposal, member: PlayerId(5), asked_share: 0.0, participants: 0, has_targets: false }
    }

    #[test]
    fn what_a_proposal_does_not_offer_is_no_condition_of_it() {
        for condition in ["half", "fresh_scouting", "one_more", "none"] {
            let text = format!(r#"{{"vote":"approve","condition":"{condition}","reason":"x"}}"#);
            let Ok(Advice::Ballot(advised)) = ballot().read(&text) else { panic!("{text}") };
            assert_eq!(advised.conditions, []);
        }
    }

    #[test]
    fn nothing_but_what_is_offered_is_taken() {
        for text in [
            r#"{"vote":"Approve","condition":"none","reason":"x"}"#,
            r#"{"vote":["approve"],"condition":"none","reason":"x"}"#,
            r#"{"condition":"none","reason":"x"}"#,
            r#"{"vote":"approve","condition":"send everything","reason":"x"}"#,
            r#"{"vote":"approve","condition":1,"reason":"x"}"#,
            "I approve.",
            "",
        ] {
            assert!(ballot().read(text).is_err(), "{text}");
        }
        let choice = Question::Choice { alliance: AllianceId(1), met_at: GameTime(5), options: 2 };
        for (option, legal) in [("0", true), ("2", true), ("3", false), ("-1", false), ("1.5", false), ("\"1\"", false)]
        {
            let text = format!(r#"{{"option":{option},"reason":"x"}}"#);
            assert_eq!(choice.read(&text).is_ok(), legal, "{text}");
        }
    }

    #[test]
    fn reasons_are_cleaned_and_cut() {
        let long = "ha\\u0007 ".repeat(200);
        let text = format!(r#"{{"vote":"reject","condition":"half","reason":"{long}"}}"#);
        let Ok(Advice::Ballot(advised)) = ballot().read(&text) else { panic!() };
        let words = advised.text.unwrap_or_default();
        assert!(words.chars().count() <= REASON_CHARS && !words.chars().any(char::is_control), "{words}");
        assert_eq!(advised.conditions, [], "who rejects has no conditions");
    }

    #[test]
    fn findings_are_of_the_closed_set_and_a_speech_is_one_line() {
        let debrief = Question::Debrief { operation: ProposalId { alliance: AllianceId(3), n: 7 } };
        let read = |text: &str| match debrief.read(text) {
            Ok(Advice::Debrief(advised)) => Some(advised.findings),
            _ => None,
        };
        let twice = r#"{"findings":["too_weak","intel_too_old","too_weak"],"reason":"x"}"#;
        assert_eq!(read(twice), Some(vec![Finding::TooWeak, Finding::IntelTooOld]));
        for text in [
            r#"{"findings":[],"reason":"x"}"#,
            r#"{"findings":["too_weak","attack them all"],"reason":"x"}"#,
            r#"{"findings":"too_weak","reason":"x"}"#,
            r#"{"findings":["called_off","too_weak","came_too_few","dearly_bought"],"reason":"x"}"#,
            r#"{"reason":"x"}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let speech = Question::Speech { alliance: AllianceId(3), member: PlayerId(5), asked_at: GameTime(9) };
        let Ok(Advice::Speech(advised)) = speech.read("{\"text\":\"Hold\\nthe \\u202egate\"}") else { panic!() };
        assert_eq!((advised.member, advised.text.as_str()), (PlayerId(5), "Hold the gate"));
        assert!(speech.read(r#"{"text":" \n "}"#).is_err() && speech.read(r#"{"text":4}"#).is_err());
    }
}
