//! The charter: who votes, for how long, and the exact arithmetic of the tests.
//!
//! All of it is integers: the same ballots give the same decision on every machine. Source: "Proposals and votes" of
//! the coordination design.

use crate::base::clock::{GameSpan, GameTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// A part of a whole as two integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portion {
    /// This many parts ...
    pub parts: u32,
    /// ... of this many.
    pub of: u32,
}

impl Portion {
    fn is_sound(self) -> bool {
        self.of > 0 && self.parts <= self.of
    }
}

/// What a proposal is about, as far as charters tell proposals apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Troops go out together: a mass attack, an expansion.
    Operation,
    /// War or peace.
    War,
    /// A pact.
    Pact,
    /// A push for the wonder.
    Wonder,
    /// Anything else: posture, a grant from the pool, a game's own.
    Other,
}

/// Who is on the roll.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Electorate {
    /// All members.
    All,
    /// The leader, the officers, and the members that are offered a part.
    Cabinet,
}

/// Who votes on a subject, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Who votes.
    pub electorate: Electorate,
    /// A vote that could not stay open for this many minutes is refused.
    pub shortest_mins: u32,
    /// No vote stays open for more minutes than this.
    pub longest_mins: u32,
}

/// How an alliance votes. The deadline is the earlier of `longest_mins` and the earliest needed launch less a margin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// Its name.
    pub name: String,
    /// At least this part of the roll casts a ballot, abstentions included. Presets: 2 x cast >= E.
    pub quorum: Portion,
    /// More than this part of the ballots cast approves. Presets: 5 x approve > 3 x cast.
    pub approval: Portion,
    /// Whether the approval test counts only those who approve or reject.
    pub ignore_abstentions: bool,
    /// Minutes between the deadline and the earliest needed launch.
    pub launch_margin_mins: u32,
    /// For every subject that is not in `special`.
    pub procedure: Procedure,
    /// For subjects of their own.
    #[serde(default)]
    pub special: BTreeMap<Subject, Procedure>,
}

/// A charter that cannot be read.
#[derive(Debug, Error)]
pub enum CharterError {
    /// Not JSON, or a field is missing, unknown or of the wrong kind; the message says which and where.
    #[error("charter: {source}")]
    Json {
        /// What is wrong, with line and column.
        #[from]
        source: serde_json::Error,
    },
    /// A value that makes no sense.
    #[error("charter `{charter}`: {field} must be {expected}")]
    BadField {
        /// The charter.
        charter: String,
        /// The field, with its path.
        field: String,
        /// What it must be.
        expected: &'static str,
    },
}

/// A proposal whose vote could not stay open for long enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
#[error("the vote would have to end by {latest}, but must stay open until {needed} at least")]
pub struct DeadlineError {
    /// The last instant at which a decision still lets everyone launch in time.
    pub latest: GameTime,
    /// The earliest end that the charter allows.
    pub needed: GameTime,
}

impl Charter {
    /// All members vote within 24 h.
    #[must_use]
    pub fn plenary() -> Self {
        Self::compiled_in(include_str!("../../../../assets/charters/plenary.json"))
    }

    /// The leader, officers and those offered a part vote on operations within 2 to 4 h; all vote on the rest.
    #[must_use]
    pub fn war_cabinet() -> Self {
        Self::compiled_in(include_str!("../../../../assets/charters/war_cabinet.json"))
    }

    #[expect(clippy::expect_used, reason = "texts that are compiled in, read by a test")]
    fn compiled_in(text: &str) -> Self {
        Self::from_json(text).expect("the compiled-in charter is valid")
    }

    /// Reads a charter.
    ///
    /// # Errors
    /// [`CharterError`] names the charter and the field that is wrong.
    pub fn from_json(text: &str) -> Result<Self, CharterError> {
        let charter: Self = serde_json::from_str(text)?;
        charter.check()?;
        Ok(charter)
    }

    /// Checks that the portions and windows make sense.
    ///
    /// # Errors
    /// [`CharterError::BadField`] for the first field that does not.
    pub fn check(&self) -> Result<(), CharterError> {
        let bad = |field: String, expected| CharterError::BadField { charter: self.name.clone(), field, expected };
        for (field, portion) in [("quorum", self.quorum), ("approval", self.approval)] {
            if !portion.is_sound() {
                return Err(bad(field.to_owned(), "a part of a whole: `parts` at most `of`, `of` at least 1"));
            }
        }
        let named = self.special.iter().map(|(subject, p)| (format!("special.{subject:?}").to_lowercase(), p));
        for (field, procedure) in core::iter::once(("procedure".to_owned(), &self.procedure)).chain(named) {
            if procedure.shortest_mins == 0 || procedure.shortest_mins > procedure.longest_mins {
                return Err(bad(format!("{field}.shortest_mins"), "at least 1 and at most `longest_mins`"));
            }
        }
        Ok(())
    }

    /// Who votes on a subject, and for how long.
    #[must_use]
    pub fn procedure_for(&self, subject: Subject) -> &Procedure {
        self.special.get(&subject).unwrap_or(&self.procedure)
    }

    /// When a vote that opens now ends: the earlier of the longest window and the earliest needed launch less the
    /// margin (`None` for actions without a launch).
    ///
    /// # Errors
    /// [`DeadlineError`] if that leaves less than the shortest window: the proposal is refused.
    pub fn deadline(
        &self,
        subject: Subject,
        now: GameTime,
        earliest_launch: Option<GameTime>,
    ) -> Result<GameTime, DeadlineError> {
        let mins = |n: u32| GameSpan::mins(i64::from(n));
        let procedure = self.procedure_for(subject);
        let longest = now + mins(procedure.longest_mins);
        let latest = earliest_launch.map_or(longest, |launch| longest.min(launch - mins(self.launch_margin_mins)));
        let needed = now + mins(procedure.shortest_mins);
        if latest < needed { Err(DeadlineError { latest, needed }) } else { Ok(latest) }
    }

    /// Whether `cast` of `eligible` (both in weight) is a quorum.
    #[must_use]
    pub fn has_quorum(&self, cast: u32, eligible: u32) -> bool {
        u64::from(cast) * u64::from(self.quorum.of) >= u64::from(eligible) * u64::from(self.quorum.parts)
    }

    /// `of x approve - parts x counted`: the approval test passes above 0. Each ballot moves it by its own step,
    /// whatever the others are, see [`Charter::approval_steps`].
    #[must_use]
    pub fn approval_margin(&self, approve: u32, reject: u32, abstain: u32) -> i64 {
        let steps = self.approval_steps();
        i64::from(approve) * steps.approve + i64::from(reject) * steps.reject + i64::from(abstain) * steps.abstain
    }

    /// What one ballot of weight 1 adds to the approval margin.
    #[must_use]
    pub fn approval_steps(&self) -> ApprovalSteps {
        let (parts, of) = (i64::from(self.approval.parts), i64::from(self.approval.of));
        let abstain = if self.ignore_abstentions { 0 } else { -parts };
        ApprovalSteps { approve: of - parts, reject: -parts, abstain }
    }
}

/// See [`Charter::approval_steps`]: `approve >= 0 >= abstain >= reject`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ApprovalSteps {
    /// For an approval.
    pub approve: i64,
    /// For a rejection.
    pub reject: i64,
    /// For an abstention.
    pub abstain: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_readable() {
        let cabinet = Charter::war_cabinet();
        assert_eq!(Charter::plenary().name, "plenary");
        assert_eq!(cabinet.procedure_for(Subject::Operation).electorate, Electorate::Cabinet);
        for subject in [Subject::War, Subject::Pact, Subject::Wonder] {
            assert_eq!(cabinet.procedure_for(subject), Charter::plenary().procedure_for(subject));
        }
    }

    #[test]
    fn errors_name_the_field() {
        let check = |from: &str, to: &str, expect: &str| {
            let preset = include_str!("../../../../assets/charters/war_cabinet.json");
            assert!(preset.contains(from), "{from}");
            let error = Charter::from_json(&preset.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        };
        check("\"name\"", "\"nome\"", "unknown field `nome`");
        check("\"ignore_abstentions\": false,", "", "missing field `ignore_abstentions`");
        check("\"parts\": 1, \"of\": 2", "\"parts\": 3, \"of\": 2", "charter `war_cabinet`: quorum must be");
        check("\"parts\": 3, \"of\": 5", "\"parts\": 0, \"of\": 0", "approval must be");
        check("120", "0", "special.operation.shortest_mins must be");
        check("120", "241", "special.operation.shortest_mins must be");
        check("\"operation\"", "\"raid\"", "unknown variant `raid`");
    }

    #[test]
    fn the_deadline_leaves_time_to_launch() {
        let hour = |n| GameTime(0) + GameSpan::hours(n);
        let ten = GameSpan::mins(10);
        let plenary = Charter::plenary();
        let at = |launch| plenary.deadline(Subject::Operation, hour(1), launch);
        assert_eq!(at(None), Ok(hour(25)));
        assert_eq!(at(Some(hour(80))), Ok(hour(25)));
        assert_eq!(at(Some(hour(7))), Ok(hour(7) - ten));
        assert_eq!(at(Some(hour(2) + ten)), Ok(hour(2)));
        let refused = at(Some(hour(2) + ten - GameSpan(1))).unwrap_err();
        assert_eq!(refused, DeadlineError { latest: hour(2) - GameSpan(1), needed: hour(2) });
        let cabinet = Charter::war_cabinet();
        assert_eq!(cabinet.deadline(Subject::Operation, hour(1), None), Ok(hour(5)));
        assert!(cabinet.deadline(Subject::Operation, hour(1), Some(hour(3))).is_err());
        assert_eq!(cabinet.deadline(Subject::War, hour(1), Some(hour(3))), Ok(hour(3) - ten));
    }
}
