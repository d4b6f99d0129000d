//! What the members of an alliance hear: what is said, proposed and voted on, orders and their answers, alarms, help, and results.
//!
//! It is a view of the outward facts for those who show it: a person's screen, a log, a prompt. Nothing in the campaign reads
//! it, and it is not part of the state. Each alliance hears only what is its own.

use super::Directory;
use super::gates::verdict_in_words;
use super::voice::voice;
use crate::base::clock::GameTime;
use crate::base::contract::{CampaignFact, DefenseAnswer, Fact, Finding, HandicapReason, Vote};
use crate::base::id::{AllianceId, PlayerId, ProposalId, SiteId};
use crate::base::text::shown;
use bevy::prelude::*;
use core::fmt;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// What a letter is about.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// A member says something: data, never markup or an instruction.
    Said {
        /// What.
        text: String,
    },
    /// A member proposes something.
    Proposed {
        /// Its id.
        proposal: ProposalId,
        /// What it is.
        action: String,
        /// When the vote ends.
        deadline: GameTime,
    },
    /// A member voted.
    Voted {
        /// On what.
        proposal: ProposalId,
        /// How.
        vote: Vote,
        /// Its reason in words: its own, or what moved it most and what it remembers.
        reason: Option<String>,
    },
    /// A vote is over.
    Decided {
        /// On what.
        proposal: ProposalId,
        /// Whether it passed, was rejected, or expired.
        outcome: String,
        /// The test that it failed, where it did not pass.
        failed_test: Option<String>,
    },
    /// A member of the council speaks for one of its options.
    Pleads {
        /// Which, from 0; `None`: none of them.
        option: Option<u8>,
        /// Why, in words.
        text: Option<String>,
    },
    /// The council has chosen what it proposes: the minutes of its talks.
    Chosen {
        /// Its options and their scores by rule, the best first.
        options: Vec<(String, f64)>,
        /// Which of them it proposes, from 0; `None`: none.
        chosen: Option<u8>,
        /// Why, in words, where a model advised it.
        text: Option<String>,
    },
    /// A member has an order.
    Order {
        /// Of which operation.
        operation: ProposalId,
        /// Groups that it sends.
        groups: u32,
        /// When the first of them leaves.
        first_launch: GameTime,
        /// Until when it has to answer.
        answer_by: GameTime,
    },
    /// A member answers an order.
    Answer {
        /// Of which operation.
        operation: ProposalId,
        /// `acknowledged`, `refused` or `silent`.
        answer: String,
    },
    /// A hostile march is seen to come to a member's village: a call to arms.
    Alarm {
        /// Which village.
        site: SiteId,
        /// When it is hit.
        hit: GameTime,
    },
    /// What the member does about it.
    Defends {
        /// Which village.
        site: SiteId,
        /// What.
        answer: DefenseAnswer,
    },
    /// A member's troops go to help.
    Helps {
        /// Which village.
        site: SiteId,
        /// When they are there.
        arrives: GameTime,
    },
    /// An operation is over.
    Result {
        /// Which.
        operation: ProposalId,
        /// `goal_met`, `partly`, `failed` or `aborted`.
        result: String,
        /// Goods of own troops lost.
        lost: i64,
        /// Goods of the enemy's troops killed.
        killed: i64,
    },
    /// What an operation taught, by who speaks for the alliance.
    Learned {
        /// Which.
        operation: ProposalId,
        /// What was found, the most important first.
        findings: Vec<Finding>,
        /// In words, where there are any.
        text: Option<String>,
    },
    /// Another difficulty holds against a member that is a person.
    Handicap {
        /// Which difficulty, 0..=1.
        difficulty: f64,
        /// Why.
        reason: HandicapReason,
    },
    /// Somebody joins, leaves, asks to be taken in, or has another rank.
    Membership {
        /// In words.
        what: String,
    },
}

impl fmt::Display for LetterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said { text } => write!(f, "\u{201c}{text}\u{201d}"),
            Self::Proposed { proposal, action, deadline } => {
                write!(f, "proposes {action} ({proposal}), vote until {deadline}")
            }
            Self::Voted { proposal, vote, reason } => {
                write!(f, "{} on {proposal}", format!("{vote:?}").to_lowercase())?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Decided { proposal, outcome, failed_test } => {
                write!(f, "proposal {proposal} {}", verdict_in_words(outcome, failed_test.as_deref()))
            }
            Self::Chosen { options, chosen, text } => {
                let all: Vec<String> = options.iter().map(|(name, score)| format!("{name} ({score:.2})")).collect();
                let of = chosen.and_then(|n| options.get(usize::from(n))).map_or("nothing", |(name, _)| name);
                write!(f, "the council proposes {of}, of {}", all.join("; "))?;
                text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
            }
            Self::Pleads { option, text } => {
                match option {
                    Some(n) => write!(f, "is for option {n}")?,
                    None => f.write_str("is for none of them")?,
                }
                text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
            }
            Self::Learned { operation, findings, text } => {
                let found: Vec<String> = findings.iter().map(|found| found.name().replace('_', " ")).collect();
                write!(f, "operation {operation}: {}", found.join(", "))?;
                text.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
            }
            Self::Order { operation, groups, first_launch, answer_by } => {
                write!(f, "is to send {groups} groups for operation {operation}, the first at {first_launch}; ")?;
                write!(f, "answer until {answer_by}")
            }
            Self::Answer { operation, answer } => write!(f, "{answer}: the order of operation {operation}"),
            Self::Alarm { site, hit } => write!(f, "village {site} is to be hit at {hit}"),
            Self::Defends { site, answer } => {
                write!(f, "village {site}: {}", format!("{answer:?}").to_lowercase())
            }
            Self::Helps { site, arrives } => write!(f, "helps village {site}, there at {arrives}"),
            Self::Result { operation, result, lost, killed } => {
                write!(f, "operation {operation} {result}: {killed} goods killed, {lost} lost")
            }
            Self::Handicap { difficulty, reason } => write!(f, "is fought at difficulty {difficulty:.2} now: {reason}"),
            Self::Membership { what } => f.write_str(what),
        }
    }
}

/// A message among the members of an alliance.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Letter {
    /// Its number among those of the alliance, from 1.
    pub n: u64,
    /// When.
    pub at: GameTime,
    /// Who it is from or about; nobody where the alliance itself speaks.
    pub sender: Option<PlayerId>,
    /// What it is about.
    pub kind: LetterKind,
}

/// The latest letters of each alliance, oldest first: at most [`Channels::KEPT`] of each. There with
/// [`ReportPlugin`](super::ReportPlugin).
///
/// ```
/// use bevy::ecs::schedule::ScheduleLabel;
/// use bevy::prelude::Update;
/// use bevy_alliance::base::contract::{Rank, Say};
/// use bevy_alliance::edge::report::{Channels, LetterKind, ReportPlugin};
/// use bevy_alliance::edge::test_app::{TestApp, small_world};
///
/// let world = small_world(7, 300);
/// let leads = |rank| move |p: &&bevy_alliance::base::contract::ScenarioPlayer| {
///     p.membership.is_some_and(|(_, r)| r == rank)
/// };
/// let speaker = world.players.iter().find(leads(Rank::Leader)).unwrap();
/// let mut app = TestApp::with(&world, |app| {
///     app.add_plugins(ReportPlugin { host: Update.intern() });
/// });
/// app.send(Say { player: speaker.id, text: "We march\tat dawn.".to_owned() });
/// let alliance = speaker.membership.unwrap().0;
/// let letter = app.app.world().resource::<Channels>().of(alliance).last().unwrap();
/// assert_eq!(letter.sender, Some(speaker.id));
/// assert_eq!(letter.kind, LetterKind::Said { text: "We march at dawn.".to_owned() });
/// ```
#[derive(Resource, Clone, Debug, Default)]
pub struct Channels {
    letters: BTreeMap<AllianceId, VecDeque<Letter>>,
    counts: BTreeMap<AllianceId, u64>,
}

impl Channels {
    /// Letters of one alliance that are kept: older ones have left as facts.
    pub const KEPT: usize = 256;

    /// The letters of an alliance, oldest first.
    #[must_use]
    pub fn of(&self, alliance: AllianceId) -> impl DoubleEndedIterator<Item = &Letter> {
        self.letters.get(&alliance).into_iter().flatten()
    }

    /// Takes in what a fact tells the members of an alliance, if it tells any.
    pub fn hear(&mut self, fact: &CampaignFact, directory: &Directory) {
        // Whoever stays where it helped has said so when it came.
        if matches!(fact.fact, Fact::PostureTaken { arrives, .. } if arrives < fact.at) {
            return;
        }
        if let Fact::MembershipChanged { player, from, to } = fact.fact {
            let told = |what: &str| LetterKind::Membership { what: what.to_owned() };
            from.into_iter().for_each(|from| self.deliver(from, fact.at, Some(player), told("leaves")));
            to.into_iter().for_each(|to| self.deliver(to, fact.at, Some(player), told("joins")));
        } else if let Some((alliance, sender, kind)) = letter_of(&fact.fact, directory) {
            self.deliver(alliance, fact.at, sender, kind);
        }
    }

    fn deliver(&mut self, alliance: AllianceId, at: GameTime, sender: Option<PlayerId>, kind: LetterKind) {
        let count = self.counts.entry(alliance).or_default();
        *count += 1;
        let letters = self.letters.entry(alliance).or_default();
        if letters.len() >= Self::KEPT {
            letters.pop_front();
        }
        letters.push_back(Letter { n: *count, at, sender, kind });
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn letter_of(fact: &Fact, directory: &Directory) -> Option<(AllianceId, Option<PlayerId>, LetterKind)> {
    let of = |player: PlayerId| directory.alliance_of.get(&player).copied().filter(|a| directory.active.contains(a));
    Some(match fact {
        Fact::Said { alliance, player, text } => (*alliance, Some(*player), LetterKind::Said { text: text.clone() }),
        Fact::ProposalSubmitted { proposal, proposer, action, deadline, .. } => {
            let kind = LetterKind::Proposed { proposal: *proposal, action: action.clone(), deadline: *deadline };
            (proposal.alliance, Some(*proposer), kind)
        }
        Fact::BallotCast { proposal, member, vote, reason, .. } => {
            let reason = voice(*vote, reason, directory).as_deref().map(shown);
            let kind = LetterKind::Voted { proposal: *proposal, vote: *vote, reason };
            (proposal.alliance, Some(*member), kind)
        }
        Fact::ProposalDecided { proposal, outcome, failed_test, .. } => {
            let (outcome, failed_test) = (outcome.clone(), failed_test.clone());
            (proposal.alliance, None, LetterKind::Decided { proposal: *proposal, outcome, failed_test })
        }
        Fact::CouncilHeard { alliance, member, option, text } => {
            (*alliance, Some(*member), LetterKind::Pleads { option: *option, text: text.as_deref().map(shown) })
        }
        Fact::Debriefed { operation, speaker, findings, text } => {
            let (findings, text) = (findings.clone(), text.as_deref().map(shown));
            (operation.alliance, *speaker, LetterKind::Learned { operation: *operation, findings, text })
        }
        Fact::CouncilChose { alliance, options, chosen, text } => {
            let text = text.as_deref().map(shown);
            (*alliance, None, LetterKind::Chosen { options: options.clone(), chosen: *chosen, text })
        }
        Fact::OrderGiven { operation, member, groups, first_launch, answer_by } => {
            let (groups, first_launch, answer_by) = (*groups, *first_launch, *answer_by);
            let kind = LetterKind::Order { operation: *operation, groups, first_launch, answer_by };
            (operation.alliance, Some(*member), kind)
        }
        Fact::OrderAnswered { operation, member, answer } => {
            let kind = LetterKind::Answer { operation: *operation, answer: answer.clone() };
            (operation.alliance, Some(*member), kind)
        }
        Fact::AlarmRaised { site, player, hit, .. } => {
            (of(*player)?, Some(*player), LetterKind::Alarm { site: *site, hit: *hit })
        }
        Fact::AlarmAnswered { site, player, answer, .. } => {
            (of(*player)?, Some(*player), LetterKind::Defends { site: *site, answer: *answer })
        }
        Fact::ReliefSent { site, helper, arrives, .. } | Fact::PostureTaken { site, helper, arrives, .. } => {
            (of(*helper)?, Some(*helper), LetterKind::Helps { site: *site, arrives: *arrives })
        }
        Fact::OperationConcluded(report) => {
            let (operation, lost, killed) = (report.operation, report.lost_goods, report.killed_goods);
            let kind = LetterKind::Result { operation, result: report.result.clone(), lost, killed };
            (operation.alliance, None, kind)
        }
        Fact::HandicapChanged { player, difficulty, reason, .. } => {
            let kind = LetterKind::Handicap { difficulty: *difficulty, reason: *reason };
            (of(*player)?, Some(*player), kind)
        }
        Fact::RankChanged { alliance, player, rank } => {
            (*alliance, Some(*player), LetterKind::Membership { what: format!("{rank:?}").to_lowercase() })
        }
        Fact::ApplicationMade { alliance, player, .. } => {
            (*alliance, Some(*player), LetterKind::Membership { what: "applies".to_owned() })
        }
        Fact::ApplicationAnswered { alliance, player, accepted, reason, .. } => {
            let answer = if *accepted { "is taken in" } else { "is not taken in" };
            (*alliance, Some(*player), LetterKind::Membership { what: format!("{answer}: {reason}") })
        }
        _ => return None,
    })
}
