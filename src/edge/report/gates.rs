//! Why nothing happens: for each alliance, at which step what it wants to do ends, and why.

use super::directory::Directory;
use super::tally::CampaignTally;
use super::words;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Fact};
use crate::base::id::{AllianceId, OrderId, ProposalId};
use crate::base::text::shortened;
use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Outcomes of one step that are looked at: a day's sessions, and a few votes and operations.
const LATEST: usize = 6;

/// The steps that an operation takes, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A war council meets, and proposes something or nothing.
    Session,
    /// What was proposed is taken to the vote, or refused.
    Submission,
    /// Members vote.
    Vote,
    /// What was ordered leaves and fights, or is called off.
    Operation,
}

impl Step {
    const ALL: [Self; 4] = [Self::Session, Self::Submission, Self::Vote, Self::Operation];

    fn plural(self) -> &'static str {
        match self {
            Self::Session => "sessions",
            Self::Submission => "proposals",
            Self::Vote => "votes",
            Self::Operation => "operations",
        }
    }
}

/// What became of the sessions, votes and operations of one alliance.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Sessions so far.
    pub met: u64,
    /// Those of them that proposed something.
    pub proposed: u64,
    /// By gate, those that did not.
    pub gates: BTreeMap<String, u64>,
    /// When troops of a joint operation last left; no scouts.
    pub last_launch: Option<GameTime>,
    /// The latest outcomes of each step: `None` where it went on.
    latest: BTreeMap<Step, VecDeque<Option<String>>>,
}

impl Progress {
    fn note(&mut self, step: Step, gate: Option<&str>) {
        // While a vote is open a session waits for it: that blocks nothing.
        if gate == Some("vote_is_open") {
            return;
        }
        let latest = self.latest.entry(step).or_default();
        if latest.len() >= LATEST {
            latest.pop_front();
        }
        latest.push_back(gate.map(str::to_owned));
    }

    /// The first step at which at least half of the latest attempts ended, with the gate that most of these met and
    /// how many they were of how many; of equals the gate of the latest.
    fn stopped(&self) -> Option<(Step, &str, usize, usize)> {
        Step::ALL.into_iter().find_map(|step| {
            let latest = self.latest.get(&step)?;
            let ended = || latest.iter().rev().flatten();
            if ended().count() * 2 < latest.len() {
                return None;
            }
            let times = |gate: &str| ended().filter(|g| *g == gate).count();
            // `max_by_key` takes the last of equals, so the walk begins with the oldest.
            let gate = latest.iter().flatten().max_by_key(|gate| times(gate))?;
            Some((step, gate.as_str(), times(gate), latest.len()))
        })
    }
}

/// What keeps an alliance from acting, or that nothing does.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Blocked {
    /// Which alliance.
    pub alliance: AllianceId,
    /// Hours since troops of one of its joint operations last left, or since the count began.
    pub quiet_hours: f64,
    /// The step at which what it wants to do ends; `None`: nothing blocks.
    pub step: Option<Step>,
    /// The gate that most of the latest attempts met there.
    pub gate: Option<String>,
    /// How many of the latest attempts met it.
    pub times: u64,
    /// How many attempts were looked at: the latest six of that step at most.
    pub of: u64,
}

impl Blocked {
    /// What blocks, in words, with the alliance's name.
    #[must_use]
    pub fn in_words(&self, names: &Directory) -> String {
        let name = shortened(names.alliance(self.alliance), 26);
        format!("{name} ({}) {self}", self.alliance)
    }
}

impl Blocked {
    /// The same as its text, for who does not know the names of gates.
    pub(super) fn plainly(&self) -> String {
        match (self.step, &self.gate) {
            (Some(step), Some(gate)) => format!(
                "has sent no joint attack for {:.0} h: {} of its latest {} {} came to nothing, as {}",
                self.quiet_hours,
                self.times,
                self.of,
                step.plural(),
                gate_in_words(gate)
            ),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has sent no joint attack for {:.0} h: ", self.quiet_hours)?;
        match (self.step, &self.gate) {
            (Some(step), Some(gate)) => {
                let (times, of) = (self.times, self.of);
                write!(f, "{times} of its latest {of} {} ended at {gate}: {}", step.plural(), gate_in_words(gate))
            }
            _ if self.of == 0 => write!(f, "its war council has not met yet"),
            _ => write!(f, "nothing blocks; something is voted on or being prepared"),
        }
    }
}

/// Tells whose joint attacks have not left for `quiet` or longer, and why; empty if there is none. Plain text, at most 120
/// columns.
#[must_use]
pub fn quiet_account(tally: &CampaignTally, now: GameTime, quiet: GameSpan) -> String {
    let mut text = String::new();
    for blocked in tally.blocked(now).iter().filter(|b| b.step.is_some() && b.quiet_hours >= quiet.as_hours()) {
        let heading = if text.is_empty() { "Why nothing happens\n" } else { "" };
        let line = words::wrap(&format!("  {}.", blocked.in_words(&tally.directory)));
        text.push_str(&format!("{heading}{line}\n"));
    }
    text
}

/// How a vote ended, with the test that it failed behind a colon, if it failed one.
///
/// ```
/// use bevy_alliance::edge::report::verdict_in_words;
/// assert_eq!(verdict_in_words("passed", None), "passed");
/// assert_eq!(verdict_in_words("expired", Some("my_rule")), "expired: my rule");
/// ```
#[must_use]
pub fn verdict_in_words(outcome: &str, failed_test: Option<&str>) -> String {
    let why = failed_test.map(|test| format!(": {}", gate_in_words(test))).unwrap_or_default();
    format!("{outcome}{why}")
}

/// What a gate means, in a few words: of sessions, of refused proposals, of votes that failed, and of operations that
/// were called off. One that is not known, as a game's own, comes back with spaces for underscores.
#[must_use]
pub fn gate_in_words(gate: &str) -> String {
    let words = match gate {
        "no_war" => "it is at war with nobody, and has nothing to settle",
        "vote_is_open" => "it waits for a vote",
        "no_force_at_home" => "no village has attackers to send that are not away, promised, or needed at home",
        "no_intel" => "of no enemy village are the troops known that is worth an attack",
        "no_target_above_threshold" => "what is known is too far, too strong, too uncertain, or was hit lately",
        "no_plan" => "no pattern meets its goal with the members in reach at a gain that pays",
        "no_option_above_threshold" => "its best option is not worth a vote",
        "none_chosen" => "its council talked, and chose none of its options",
        "quorum" => "too few members voted in time",
        "approval" => "too few members were for it",
        "participants" => "too few members would send troops",
        "feasibility" => "by the end of the vote no target could be met any more",
        "deadline" => "there was no time for a vote before the first launch",
        "claimed_target" | "claimed_by_confederate" => "a confederate attacks it already",
        "same_target" => "another proposal on it is open",
        "fair_play" => "the referee spares every person that it could attack now",
        "hesitates" => "it makes a mistake that the difficulty allows for",
        "protected" => "nobody may march on whom the game protects",
        "one_operation" => "another operation on this person was a short while ago, or is under way",
        "no_farming" => "it has attacked this person often enough lately",
        "villages_lost" => "this person has lost enough villages lately",
        "force_limit" => "it would be more than this person and its allies can meet",
        "open_proposals" => "too many proposals are open",
        other => return words::reason_words(other),
    };
    words.to_owned()
}

/// The progress of all alliances, from the outward facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Gates {
    by_alliance: BTreeMap<AllianceId, Progress>,
    /// The reason of the latest change of course of each operation that is not over.
    reasons: BTreeMap<ProposalId, String>,
    /// Operations that attack: their launches are no scouting and no settling.
    attacks: BTreeSet<ProposalId>,
    /// When the first fact was counted.
    begun: Option<GameTime>,
}

impl Gates {
    pub(super) fn of(&self) -> &BTreeMap<AllianceId, Progress> {
        &self.by_alliance
    }

    pub(super) fn count(&mut self, fact: &CampaignFact) {
        self.begun.get_or_insert(fact.at);
        match &fact.fact {
            Fact::CouncilMet { alliance, gate, .. } => {
                let progress = self.by_alliance.entry(*alliance).or_default();
                progress.met += 1;
                match gate {
                    Some(gate) => *progress.gates.entry(gate.clone()).or_default() += 1,
                    None => progress.proposed += 1,
                }
                progress.note(Step::Session, gate.as_deref());
            }
            Fact::CouncilChose { alliance, chosen: None, .. } => {
                self.note(*alliance, Step::Session, Some("none_chosen"));
            }
            Fact::RequestRefused(refused) => {
                // `submit_proposal ALLIANCE by PLAYER`.
                let words = refused.request.strip_prefix("submit_proposal ").and_then(|rest| rest.split(' ').next());
                if let Some(alliance) = words.and_then(|id| id.parse().ok()) {
                    self.note(AllianceId(alliance), Step::Submission, Some(&refused.rule));
                }
            }
            Fact::ProposalSubmitted { proposal, .. } => self.note(proposal.alliance, Step::Submission, None),
            Fact::ProposalDecided { proposal, outcome, failed_test, .. } => {
                let gate = match outcome.as_str() {
                    "passed" => None,
                    "expired" => Some("quorum"),
                    other => Some(failed_test.as_deref().unwrap_or(other)),
                };
                self.note(proposal.alliance, Step::Vote, gate);
            }
            Fact::OperationStarted { operation, goal, .. } if goal != "found" => {
                self.attacks.insert(*operation);
            }
            Fact::OperationRevised { operation, reason, .. } => {
                let name = reason.split([':', ';']).next().unwrap_or(reason);
                self.reasons.insert(*operation, name.to_owned());
            }
            Fact::GroupLaunched { order: OrderId::Group { operation, .. }, .. } if self.attacks.contains(operation) => {
                self.by_alliance.entry(operation.alliance).or_default().last_launch = Some(fact.at);
            }
            Fact::OperationConcluded(report) => {
                let reason = self.reasons.remove(&report.operation);
                if self.attacks.remove(&report.operation) {
                    let gate = (report.result == "aborted").then(|| reason.unwrap_or_else(|| "aborted".to_owned()));
                    self.note(report.operation.alliance, Step::Operation, gate.as_deref());
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, alliance: AllianceId, step: Step, gate: Option<&str>) {
        self.by_alliance.entry(alliance).or_default().note(step, gate);
    }

    /// What blocks an alliance at `now`.
    pub(super) fn blocked(&self, alliance: AllianceId, now: GameTime) -> Blocked {
        let none = Progress::default();
        let progress = self.by_alliance.get(&alliance).unwrap_or(&none);
        let since = progress.last_launch.or(self.begun).unwrap_or(now);
        let quiet_hours = (now - since).max(GameSpan(0)).as_hours();
        let (step, gate, times, of) = match progress.stopped() {
            Some((step, gate, times, of)) => (Some(step), Some(gate.to_owned()), times, of),
            None => (None, None, 0, progress.latest.values().map(VecDeque::len).sum()),
        };
        Blocked { alliance, quiet_hours, step, gate, times: times as u64, of: of as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::contract::OperationReport;
    use crate::base::id::PlayerId;

    fn met(hour: i64, gate: Option<&str>) -> CampaignFact {
        let (at, alliance) = (GameTime(hour * 3_600_000), AllianceId(1));
        let gate = gate.map(str::to_owned);
        CampaignFact { at, fact: Fact::CouncilMet { alliance, best: None, gate, diplomacy: None, cites: Vec::new() } }
    }

    fn decided(hour: i64, n: u32, test: Option<&str>) -> CampaignFact {
        let outcome = if test.is_some() { "rejected" } else { "passed" }.to_owned();
        let proposal = ProposalId { alliance: AllianceId(1), n };
        let fact = Fact::ProposalDecided {
            proposal,
            outcome,
            failed_test: test.map(str::to_owned),
            conditions_met: 0,
            conditions_unmet: 0,
        };
        CampaignFact { at: GameTime(hour * 3_600_000), fact }
    }

    fn counted(facts: &[CampaignFact]) -> Gates {
        let mut gates = Gates::default();
        facts.iter().for_each(|fact| gates.count(fact));
        gates
    }

    #[test]
    fn the_first_step_at_which_half_ends_is_the_one_that_blocks() {
        let gates =
            counted(&[met(6, Some("no_intel")), met(12, Some("no_plan")), met(18, Some("no_intel")), met(24, None)]);
        let blocked = gates.blocked(AllianceId(1), GameTime(30 * 3_600_000));
        assert_eq!((blocked.step, blocked.gate.as_deref()), (Some(Step::Session), Some("no_intel")));
        assert_eq!((blocked.times, blocked.of), (2, 4));
        assert!((blocked.quiet_hours - 24.0).abs() < 1e-9, "counted from the first fact: {}", blocked.quiet_hours);
        let text = blocked.to_string();
        assert!(
            text.starts_with("has sent no joint attack for 24 h: 2 of its latest 4 sessions ended at no_intel: of no")
        );
        let later =
            counted(&[met(6, Some("no_intel")), met(12, None), met(18, None), decided(19, 1, Some("approval"))]);
        let blocked = later.blocked(AllianceId(1), GameTime(24 * 3_600_000));
        assert_eq!((blocked.step, blocked.gate.as_deref()), (Some(Step::Vote), Some("approval")));
    }

    #[test]
    fn open_votes_block_nothing_and_old_sessions_are_forgotten() {
        let mut facts = vec![met(0, Some("no_intel")), met(1, Some("no_intel")), met(2, Some("no_intel"))];
        facts.extend((3..9).map(|hour| met(hour, None)));
        facts.extend((9..30).map(|hour| met(hour, Some("vote_is_open"))));
        let gates = counted(&facts);
        let blocked = gates.blocked(AllianceId(1), GameTime(30 * 3_600_000));
        assert_eq!((blocked.step, blocked.gate), (None, None));
        assert_eq!(gates.of()[&AllianceId(1)].gates["no_intel"], 3);
        assert_eq!(gates.of()[&AllianceId(1)].proposed, 6);
        assert!(gates.blocked(AllianceId(2), GameTime(0)).to_string().ends_with("its war council has not met yet"));
    }

    #[test]
    fn what_was_refused_and_what_was_called_off_have_their_gates() {
        let refused = CampaignFact::refusal(
            GameTime(0),
            format!("submit_proposal {} by {}", AllianceId(1), PlayerId(4)),
            "deadline",
            "time",
            "none".to_owned(),
        );
        let blocked = counted(&[met(0, None), refused]).blocked(AllianceId(1), GameTime(0));
        assert_eq!((blocked.step, blocked.gate.as_deref()), (Some(Step::Submission), Some("deadline")));
        let operation = ProposalId { alliance: AllianceId(1), n: 3 };
        let started =
            Fact::OperationStarted { operation, goal: "break".to_owned(), rows: Vec::new(), left_out: Vec::new() };
        let revised = Fact::OperationRevised {
            operation,
            decision: "call_off_target".to_owned(),
            reason: "evacuated: site 4".to_owned(),
            cites: Vec::new(),
            rows: Vec::new(),
        };
        let result = "aborted".to_owned();
        let report = OperationReport { operation, result, ..OperationReport::default() };
        let facts = [started, revised, Fact::OperationConcluded(Box::new(report))];
        let facts: Vec<CampaignFact> = facts.map(|fact| CampaignFact { at: GameTime(1), fact }).into();
        let blocked = counted(&facts).blocked(AllianceId(1), GameTime(2));
        assert_eq!((blocked.step, blocked.gate.as_deref()), (Some(Step::Operation), Some("evacuated")));
        assert!(blocked.to_string().ends_with("evacuated: most of the garrison has left"));
    }
}
