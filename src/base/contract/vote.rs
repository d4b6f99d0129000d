//! Ballots, their conditions and their reasons.

use super::memory::Memory;
use super::relations::Treaty;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, PlayerId, ProposalId, SiteId};
use bevy::prelude::{Message, Reflect};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a member says to a proposal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vote {
    /// Yes; for an attack with the pledge that goes with it.
    Approve,
    /// No.
    Reject,
    /// Neither.
    Abstain,
}

/// A condition of an approval, from a closed set. Conditions settle by fixpoint; an unmet one turns its ballot into
/// an abstention.
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Send no more than this share (0..=1) of the member's army.
    MaxShareOfArmy(f64),
    /// Launch nothing of the member's before this.
    NotBefore(GameTime),
    /// Have nothing of the member's arrive after this.
    NotAfter(GameTime),
    /// At least this many members take part.
    MinParticipants(u32),
    /// The member gets this many goods from the pool first.
    NeedsGoods(i64),
    /// Each target's troops were seen at most this long before the decision.
    FreshIntel {
        /// The greatest age.
        max_age: GameSpan,
    },
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Of a large army less than a percent is some troops still.
            Self::MaxShareOfArmy(s) if *s < 0.01 => write!(f, "at most {:.1}% of my army", s * 100.0),
            Self::MaxShareOfArmy(s) => write!(f, "at most {:.0}% of my army", s * 100.0),
            Self::NotBefore(t) => write!(f, "not before {t}"),
            Self::NotAfter(t) => write!(f, "not after {t}"),
            Self::MinParticipants(n) => write!(f, "at least {n} take part"),
            Self::NeedsGoods(n) => write!(f, "{n} goods first"),
            Self::FreshIntel { max_age } => {
                write!(f, "intel at most {:.0} h old", max_age.as_hours())
            }
        }
    }
}

/// One term of a reason: its name, its input, and what it added. An input that is not known is absent, not 0.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Term {
    /// Its name in the formula.
    pub name: String,
    /// The input, if it was known.
    pub input: Option<f64>,
    /// What it added to the score: weight times input.
    pub added: f64,
}

/// What of a site was known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cited {
    /// The troops there.
    Troops,
    /// The goods there.
    Goods,
    /// The wall there.
    Wall,
    /// Other buildings there.
    Buildings,
    /// A hostile march that comes to it.
    March,
}

/// One piece of knowledge that a decision rested on. How old it was: the instant of the decision minus `observed_at`.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Reflect, Serialize, Deserialize)]
pub struct Citation {
    /// Of which site.
    pub site: SiteId,
    /// What of it.
    pub what: Cited,
    /// When it was observed.
    pub observed_at: GameTime,
    /// Confidence in it when it was cited, 0..=1.
    pub confidence: f64,
}

/// Why: the terms of the formula, the rule that decided if one did, and a text of the member's own if it wrote one.
#[derive(Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Reason {
    /// The score that the terms add up to.
    pub score: f64,
    /// The terms.
    pub terms: Vec<Term>,
    /// A veto or named rule that decided.
    pub rule: Option<String>,
    /// Words: data, never markup or an instruction.
    pub text: Option<String>,
    /// What was known of foreign sites that it rests on.
    pub cites: Vec<Citation>,
    /// What the member remembers of those whom it is about, the most relevant first: it weighs through anger and fear alone.
    pub recalls: Vec<Memory>,
}

impl Reason {
    /// The term that moved the score most, for one-line accounts.
    #[must_use]
    pub fn main_term(&self) -> Option<&Term> {
        self.terms.iter().max_by(|a, b| a.added.abs().total_cmp(&b.added.abs()))
    }
}

/// A member's ballot.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ballot {
    /// The vote.
    pub vote: Vote,
    /// Why.
    pub reason: Reason,
    /// The largest share of its army (0..=1) that the member pledges.
    pub pledge_share: f64,
    /// Conditions of an approval.
    pub conditions: Vec<Condition>,
    /// When it was cast.
    pub cast_at: GameTime,
}

/// A member is asked: a game's own voter or a human answers with [`CastVote`] before `answer_at`; the rule-based
/// voter answers then.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BallotRequested {
    /// Which proposal.
    pub proposal: ProposalId,
    /// Who is asked.
    pub member: PlayerId,
    /// When the rule-based voter answers in its stead.
    pub answer_at: GameTime,
}

/// A member proposes something to its alliance: an officer or the leader, awake or not. It is planned, opened and voted on as
/// what a council proposes, and its ballot is an approval.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Propose {
    /// Who.
    pub member: PlayerId,
    /// What.
    pub motion: Motion,
}

/// What a member can propose.
///
/// ```
/// use bevy_alliance::base::contract::{Motion, Treaty};
/// use bevy_alliance::base::id::{AllianceId, SiteId};
/// let attack = Motion::Attack { targets: vec![SiteId(7), SiteId(9)], pattern: Some("pin".to_owned()) };
/// assert_eq!(attack.to_string(), "an attack on 7, 9 by \"pin\"");
/// assert_eq!(Motion::Treaty(AllianceId(2), Treaty::Peace).to_string(), "peace with alliance 2");
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Motion {
    /// A joint attack on villages of one enemy.
    Attack {
        /// Which villages.
        targets: Vec<SiteId>,
        /// The name of the pattern; `None`: the usual one.
        pattern: Option<String>,
    },
    /// War on another alliance.
    DeclareWar(AllianceId),
    /// A treaty with another alliance, offered or accepted.
    Treaty(AllianceId, Treaty),
}

impl fmt::Display for Motion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attack { targets, pattern } => {
                f.write_str("an attack on ")?;
                for (n, site) in targets.iter().enumerate() {
                    write!(f, "{}{site}", if n > 0 { ", " } else { "" })?;
                }
                if targets.is_empty() {
                    f.write_str("nothing")?;
                }
                pattern.as_ref().map_or(Ok(()), |pattern| write!(f, " by {pattern:?}"))
            }
            Self::DeclareWar(other) => write!(f, "war on alliance {other}"),
            Self::Treaty(other, Treaty::Peace) => write!(f, "peace with alliance {other}"),
            Self::Treaty(other, Treaty::Pact) => write!(f, "a pact with alliance {other}"),
            Self::Treaty(other, Treaty::Confederacy) => write!(f, "a confederacy with alliance {other}"),
        }
    }
}

/// A vote from outside: a human's or a game's own voter. It replaces the rule-based answer.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CastVote {
    /// Which proposal.
    pub proposal: ProposalId,
    /// Who votes.
    pub member: PlayerId,
    /// The vote.
    pub vote: Vote,
    /// The largest share of its army that it pledges; for an approval of an attack.
    pub pledge_share: f64,
    /// Conditions of an approval.
    pub conditions: Vec<Condition>,
    /// Words.
    pub text: Option<String>,
}
