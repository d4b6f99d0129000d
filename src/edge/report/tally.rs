//! Counting facts.

use super::behavior::Course;
use super::counts::{Summary, VictoryCount};
use super::directory::Directory;
use super::gates::{Blocked, Gates, Progress};
use super::treaties::Treaties;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{
    CampaignFact, Condition, DefenseAnswer, Fact, Finding, HandicapReason, LaunchRow, Manner, OperationReport, Reason,
    Vote,
};
use crate::base::id::{AllianceId, OrderId, PlayerId, ProposalId, SiteId};
use bevy::prelude::Resource;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that was said about one proposal and its operation.
#[derive(Clone, Debug, Default)]
pub struct OperationStory {
    /// What it asks for; empty if it was proposed before the tally began.
    pub action: String,
    /// When it was proposed.
    pub submitted: GameTime,
    /// Who proposed it.
    pub proposer: PlayerId,
    /// Its targets.
    pub targets: Vec<SiteId>,
    /// What it was to reach: `break`, `take` or `found`; empty before it started.
    pub goal: String,
    /// Its pattern.
    pub pattern: String,
    /// Its ballots.
    pub ballots: Vec<(PlayerId, Vote, Vec<Condition>, f64, Reason)>,
    /// When and how it was decided.
    pub decided: Option<(GameTime, String, Option<String>)>,
    /// Its groups.
    pub rows: Vec<LaunchRow>,
    /// Targets left out.
    pub left_out: Vec<(SiteId, String)>,
    /// Its battles.
    pub battles: Vec<CampaignFact>,
    /// What it changed its mind about.
    pub revisions: Vec<(GameTime, String, String)>,
    /// Trust before and after.
    pub trust: Vec<(PlayerId, f64, f64)>,
    /// What came of it.
    pub report: Option<OperationReport>,
    /// What it taught, and in words where a model said so.
    pub findings: Option<(Vec<Finding>, Option<String>)>,
}

impl OperationStory {
    /// Whether it was proposed and is not decided yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.action.is_empty() && self.decided.is_none()
    }

    /// Whether it was started and has not concluded yet.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        !self.rows.is_empty() && self.report.is_none()
    }
}

/// A tally of all outward facts so far.
#[derive(Resource, Clone, Debug, Default)]
pub struct CampaignTally {
    /// Names.
    pub directory: Directory,
    summary: Summary,
    /// What was said about each proposal.
    pub stories: BTreeMap<ProposalId, OperationStory>,
    arrivals: BTreeMap<(ProposalId, u8), (GameTime, GameTime)>,
    force_sent: (i64, i64),
    /// Looks from which somebody came back, and whether a decision cited them.
    pub(super) looks: BTreeMap<(AllianceId, SiteId, GameTime), bool>,
    /// Orders of decoys that are under way.
    decoys: BTreeSet<OrderId>,
    /// Decoys that came to a site at this instant.
    decoys_there: BTreeSet<(AllianceId, SiteId, GameTime)>,
    /// Relief that is out, and when it is where it helps.
    relief: BTreeMap<OrderId, GameTime>,
    /// The latest battle at a site.
    fought: BTreeMap<SiteId, GameTime>,
    treaties: Treaties,
    gates: Gates,
    /// What the metrics of behavior are made of.
    pub(super) course: Course,
    /// How the difficulty changed that holds against persons.
    pub handicaps: BTreeMap<PlayerId, Vec<HandicapChange>>,
}

/// A change of the difficulty that holds against a person.
#[derive(Clone, Copy, Debug)]
pub struct HandicapChange {
    /// When.
    pub at: GameTime,
    /// What held until then.
    pub before: f64,
    /// What holds from then on.
    pub difficulty: f64,
    /// Why.
    pub reason: HandicapReason,
}

/// A look that no decision cites within this time was for nothing.
const CITED_WITHIN: GameSpan = GameSpan::hours(72);
/// Intel that is older than this is old.
pub const OLD_INTEL: GameSpan = GameSpan::hours(48);

/// Whether an operation rested on old intel: whether the oldest sight of a target's troops was older than [`OLD_INTEL`] when
/// its first wave came. `None` if it was called off, or had no targets with troops.
#[must_use]
pub fn rested_on_old_intel(report: &OperationReport) -> Option<bool> {
    let age_hours = report.intel_age_hours.filter(|_| report.result != "aborted")?;
    Some(age_hours > OLD_INTEL.as_hours())
}

impl CampaignTally {
    /// The counts so far.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts and goods, far below 2^53")]
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        let mut participants: Vec<u64> = self
            .stories
            .values()
            .filter(|s| !s.rows.is_empty() && s.goal != "found")
            .map(|s| members(&s.rows))
            .collect();
        participants.sort_unstable();
        let ops = &mut summary.operations;
        ops.participants_max = participants.last().copied().unwrap_or(0);
        let middle = participants.len() / 2;
        ops.participants_median = match participants.len() {
            0 => 0.0,
            n if n % 2 == 1 => participants[middle] as f64,
            _ => (participants[middle - 1] + participants[middle]) as f64 / 2.0,
        };
        ops.arrival_spread_ms_max =
            self.arrivals.values().map(|(first, last)| *last - *first).max().unwrap_or(GameSpan(0)).0;
        summary.diplomacy.war_days_median = self.treaties.war_days_median();
        summary.looks.came_back = self.looks.len() as u64;
        summary.looks.cited = self.looks.values().filter(|cited| **cited).count() as u64;
        let (active, all) = self.force_sent;
        summary.force_against_active = if all == 0 { 0.0 } else { active as f64 / all as f64 };
        for alliance in &self.directory.active {
            summary.operations_by_alliance.entry(alliance.0).or_default();
        }
        summary
    }

    /// What became of the sessions, votes and operations of each alliance that had any.
    #[must_use]
    pub fn progress(&self) -> &BTreeMap<AllianceId, Progress> {
        self.gates.of()
    }

    /// Why nothing happens: for each alliance that deliberates the step at which what it wants to do ends by `now`, and
    /// the gate that it meets there.
    ///
    /// ```
    /// use bevy_alliance::base::clock::GameTime;
    /// use bevy_alliance::base::contract::{CampaignFact, Fact};
    /// use bevy_alliance::base::id::AllianceId;
    /// use bevy_alliance::edge::report::CampaignTally;
    ///
    /// let mut tally = CampaignTally::default();
    /// tally.directory.active = vec![AllianceId(1)];
    /// let (alliance, gate) = (AllianceId(1), Some("no_intel".to_owned()));
    /// let met = Fact::CouncilMet { alliance, best: None, gate, diplomacy: None, cites: vec![] };
    /// tally.count(&CampaignFact { at: GameTime(0), fact: met });
    /// let blocked = &tally.blocked(GameTime(3_600_000))[0];
    /// assert_eq!(blocked.gate.as_deref(), Some("no_intel"));
    /// assert_eq!(
    ///     blocked.to_string(),
    ///     "has sent no joint attack for 1 h: 1 of its latest 1 sessions ended at no_intel: \
    ///      of no enemy village are the troops known that is worth an attack"
    /// );
    /// ```
    #[must_use]
    pub fn blocked(&self, now: GameTime) -> Vec<Blocked> {
        self.directory.active.iter().map(|alliance| self.gates.blocked(*alliance, now)).collect()
    }

    /// Counts a fact.
    pub fn count(&mut self, fact: &CampaignFact) {
        self.course.follow(&self.directory, &self.stories, fact);
        self.note_cites(fact);
        self.gates.count(fact);
        self.count_in_summary(fact);
    }

    fn count_in_summary(&mut self, fact: &CampaignFact) {
        let at = fact.at;
        match &fact.fact {
            Fact::RequestRefused(refused) => {
                self.summary.proposals.refused += u64::from(refused.request.starts_with("submit_proposal"));
            }
            Fact::CouncilMet { gate, .. } => self.count_council(gate.as_ref()),
            Fact::ProposalSubmitted { .. } | Fact::BallotCast { .. } | Fact::ProposalDecided { .. } => {
                self.count_vote(at, &fact.fact);
            }
            Fact::OperationStarted { .. }
            | Fact::OperationRevised { .. }
            | Fact::OperationConcluded(_)
            | Fact::Debriefed { .. }
            | Fact::TrustChanged { .. } => self.count_operation(at, &fact.fact),
            Fact::GroupLaunched { planned, .. } => {
                self.summary.marches += 1;
                let late = &mut self.summary.operations.launch_late_ms_max;
                *late = (*late).max((at - *planned).0);
            }
            Fact::MarchArrived { manner: Manner::Scout, .. }
            | Fact::SiteScouted { .. }
            | Fact::ScoutsSent { .. }
            | Fact::GroupFailed { .. } => self.count_scouts(at, &fact.fact),
            Fact::OrderGiven { .. }
            | Fact::OrderAnswered { .. }
            | Fact::ApplicationMade { .. }
            | Fact::ApplicationAnswered { .. } => self.count_answers(&fact.fact),
            Fact::MarchArrived { order: Some(order), wave, .. } => {
                // A move of the defense is no wave of an operation: its way in has no instant to keep.
                if let Some(operation) = order.operation() {
                    let span = self.arrivals.entry((operation, *wave)).or_insert((at, at));
                    span.0 = span.0.min(at);
                    span.1 = span.1.max(at);
                }
            }
            Fact::BattleFought { .. } => self.count_battle(fact),
            Fact::AlarmRaised { .. }
            | Fact::AlarmAnswered { .. }
            | Fact::ReliefSent { .. }
            | Fact::ReliefReturned { .. }
            | Fact::PostureTaken { .. }
            | Fact::PostureLeft { .. }
            | Fact::Retaliated { .. } => self.count_defense(&fact.fact),
            Fact::WonderRaised { .. } | Fact::VictoryWon { .. } => self.count_victory(fact),
            Fact::SiteChanged { .. }
            | Fact::MembershipChanged { .. }
            | Fact::PlayerEliminated { .. }
            | Fact::AllianceEliminated { .. } => self.count_change(&fact.fact),
            Fact::GoodsPooled { .. }
            | Fact::PoolReceived { .. }
            | Fact::GiftTurnedBack { .. }
            | Fact::PoolGranted { .. }
            | Fact::PoolRefused { .. } => self.count_pool(&fact.fact),
            Fact::WarDeclared { .. }
            | Fact::OfferMade { .. }
            | Fact::OfferAnswered { .. }
            | Fact::TreatyBroken { .. } => self.treaties.count(&mut self.summary.diplomacy, at, &fact.fact),
            Fact::HandicapChanged { .. } => self.note_handicap(fact),
            Fact::Said { .. }
            | Fact::CouncilHeard { .. }
            | Fact::CouncilChose { .. }
            | Fact::StanceChanged { .. }
            | Fact::MarchArrived { .. }
            | Fact::LoyaltyLowered { .. }
            | Fact::MarchTurned { .. }
            | Fact::MarchLeft { .. }
            | Fact::GoodsSent { .. }
            | Fact::RankChanged { .. }
            | Fact::MemoryFaded { .. }
            | Fact::DecisionArchived { .. } => {}
        }
    }

    fn note_handicap(&mut self, fact: &CampaignFact) {
        if let Fact::HandicapChanged { player, before, difficulty, reason } = fact.fact {
            self.handicaps.entry(player).or_default().push(HandicapChange { at: fact.at, before, difficulty, reason });
        }
    }

    /// Notes which looks a decision rests on.
    fn note_cites(&mut self, fact: &CampaignFact) {
        let of = |player: &PlayerId| self.directory.alliance_of.get(player).copied();
        let (decides, cites) = match &fact.fact {
            Fact::CouncilMet { alliance, cites, .. } => (Some(*alliance), cites),
            Fact::ProposalSubmitted { proposal, cites, .. } => (Some(proposal.alliance), cites),
            Fact::OperationRevised { operation, cites, .. } => (Some(operation.alliance), cites),
            Fact::AlarmAnswered { player, cites, .. } | Fact::Retaliated { player, cites, .. } => (of(player), cites),
            Fact::BallotCast { proposal, reason, .. } => (Some(proposal.alliance), &reason.cites),
            _ => return,
        };
        let Some(alliance) = decides else { return };
        for cite in cites.iter().filter(|c| fact.at - c.observed_at <= CITED_WITHIN) {
            if let Some(cited) = self.looks.get_mut(&(alliance, cite.site, cite.observed_at)) {
                *cited = true;
            }
        }
    }

    fn count_council(&mut self, gate: Option<&String>) {
        self.summary.councils.met += 1;
        match gate {
            Some(gate) => *self.summary.gates.entry(gate.clone()).or_default() += 1,
            None => self.summary.councils.proposed += 1,
        }
    }

    fn count_answers(&mut self, fact: &Fact) {
        match fact {
            Fact::OrderGiven { .. } => self.summary.orders.given += 1,
            Fact::OrderAnswered { answer, .. } => match answer.as_str() {
                "acknowledged" => self.summary.orders.acknowledged += 1,
                "refused" => self.summary.orders.refused += 1,
                _ => self.summary.orders.silent += 1,
            },
            Fact::ApplicationMade { .. } => self.summary.applications.made += 1,
            Fact::ApplicationAnswered { accepted, .. } => self.summary.applications.accepted += u64::from(*accepted),
            _ => {}
        }
    }

    fn count_scouts(&mut self, at: GameTime, fact: &Fact) {
        match fact {
            Fact::ScoutsSent { order, decoy: true, .. } => {
                self.decoys.insert(*order);
            }
            Fact::GroupFailed { order, rule } => {
                self.decoys.remove(order);
                self.summary.operations.no_shows += u64::from(["no_show", "silent"].contains(&rule.as_str()));
            }
            Fact::MarchArrived { order: Some(order), target, .. } => {
                if let Some(operation) = order.operation().filter(|_| self.decoys.remove(order)) {
                    self.decoys_there.retain(|(.., then)| *then == at);
                    self.decoys_there.insert((operation.alliance, *target, at));
                }
            }
            Fact::SiteScouted { site, by, sent, lost } => {
                self.summary.scoutings += 1;
                self.count_look((*site, at), *by, lost < sent);
            }
            _ => {}
        }
    }

    /// Counts a look from which somebody came back: of an alliance that deliberates, and no decoy.
    fn count_look(&mut self, (site, at): (SiteId, GameTime), by: PlayerId, came_back: bool) {
        let alliance = self.directory.alliance_of.get(&by).copied();
        let Some(alliance) = alliance.filter(|a| self.directory.active.contains(a)) else { return };
        let decoy = self.decoys_there.remove(&(alliance, site, at));
        if came_back && !decoy {
            self.looks.insert((alliance, site, at), false);
        }
    }

    fn count_change(&mut self, fact: &Fact) {
        match fact {
            Fact::SiteChanged { site, from, to } => {
                match (from, to) {
                    (None, _) => self.summary.conquest.founded += 1,
                    (_, None) => self.summary.conquest.razed += 1,
                    _ => self.summary.conquest.taken += 1,
                }
                if let (Some(to), Some((_, owner))) = (to, self.directory.sites.get_mut(site)) {
                    *owner = *to;
                }
            }
            Fact::MembershipChanged { player, to: Some(to), .. } => {
                self.directory.alliance_of.insert(*player, *to);
            }
            Fact::MembershipChanged { player, to: None, .. } => {
                self.directory.alliance_of.remove(player);
            }
            Fact::PlayerEliminated { .. } => self.summary.conquest.players_eliminated += 1,
            Fact::AllianceEliminated { .. } => self.summary.conquest.alliances_eliminated += 1,
            _ => {}
        }
    }

    fn count_vote(&mut self, at: GameTime, fact: &Fact) {
        match fact {
            Fact::ProposalSubmitted { proposal, proposer, action, targets, pattern, .. } => {
                self.summary.proposals.submitted += 1;
                let story = self.stories.entry(*proposal).or_default();
                (story.submitted, story.proposer) = (at, *proposer);
                story.action.clone_from(action);
                story.targets.clone_from(targets);
                story.pattern.clone_from(pattern);
            }
            Fact::BallotCast { proposal, member, vote, conditions, pledge_share, reason } => {
                let counts = &mut self.summary.ballots;
                match vote {
                    Vote::Approve => counts.approve += 1,
                    Vote::Reject => counts.reject += 1,
                    Vote::Abstain => counts.abstain += 1,
                }
                counts.conditional += u64::from(!conditions.is_empty());
                let ballot = (*member, *vote, conditions.clone(), *pledge_share, reason.clone());
                self.stories.entry(*proposal).or_default().ballots.push(ballot);
            }
            Fact::ProposalDecided { proposal, outcome, failed_test, conditions_met, .. } => {
                let counts = &mut self.summary.proposals;
                match outcome.as_str() {
                    "passed" => counts.passed += 1,
                    "expired" => counts.expired += 1,
                    _ => counts.rejected += 1,
                }
                self.summary.ballots.conditions_met += u64::from(*conditions_met);
                let decided = Some((at, outcome.clone(), failed_test.clone()));
                self.stories.entry(*proposal).or_default().decided = decided;
            }
            _ => {}
        }
    }

    fn count_operation(&mut self, at: GameTime, fact: &Fact) {
        match fact {
            Fact::OperationStarted { operation, goal, rows, left_out } => {
                let story = self.stories.entry(*operation).or_default();
                story.goal.clone_from(goal);
                if goal == "found" {
                    self.summary.conquest.expansions += 1;
                    return;
                }
                self.summary.conquest.trains += u64::from(goal == "take");
                self.summary.operations.started += 1;
                *self.summary.operations.patterns.entry(story.pattern.clone()).or_default() += 1;
                self.summary.operations.groups += rows.len() as u64;
                *self.summary.operations_by_alliance.entry(operation.alliance.0).or_default() += 1;
                let mut targets: Vec<_> = rows.iter().map(|r| r.target).collect();
                targets.sort_unstable();
                targets.dedup();
                self.summary.operations_with_several_targets += u64::from(targets.len() > 1);
                let story = self.stories.entry(*operation).or_default();
                story.rows.clone_from(rows);
                story.left_out.clone_from(left_out);
            }
            Fact::OperationRevised { operation, decision, reason, rows, .. } => {
                *self.summary.operations.revisions.entry(decision.clone()).or_default() += 1;
                self.summary.operations.groups += rows.len() as u64;
                let story = self.stories.entry(*operation).or_default();
                story.rows.extend(rows.iter().cloned());
                story.revisions.push((at, decision.clone(), reason.clone()));
            }
            Fact::OperationConcluded(report) => {
                if report.goal == "found" {
                    return;
                }
                let counts = &mut self.summary.operations;
                counts.concluded += 1;
                match report.result.as_str() {
                    "goal_met" => counts.goal_met += 1,
                    "partly" => counts.partly += 1,
                    "aborted" => counts.aborted += 1,
                    _ => counts.failed += 1,
                }
                counts.pyrrhic += u64::from(report.pyrrhic);
                counts.lessons += report.lessons.len() as u64;
                if let Some(old) = rested_on_old_intel(report) {
                    let looks = &mut self.summary.looks;
                    let of_age = if old { &mut looks.old } else { &mut looks.young };
                    of_age.over += 1;
                    of_age.met += u64::from(report.result == "goal_met");
                }
                self.stories.entry(report.operation).or_default().report = Some(report.as_ref().clone());
            }
            Fact::Debriefed { operation, findings, text, .. } => {
                for found in findings {
                    *self.summary.operations.findings.entry(found.name().to_owned()).or_default() += 1;
                }
                let story = self.stories.entry(*operation).or_default();
                story.findings = Some((findings.clone(), text.clone()));
            }
            Fact::TrustChanged { subject, before, after, because, .. } => {
                self.stories.entry(*because).or_default().trust.push((*subject, *before, *after));
            }
            _ => {}
        }
    }

    fn count_pool(&mut self, fact: &Fact) {
        let counts = &mut self.summary.pool;
        match fact {
            Fact::GoodsPooled { goods, .. } => counts.in_transit += goods.total(),
            Fact::PoolReceived { goods, returned: false, .. } => {
                counts.contributed += goods.total();
                counts.in_transit -= goods.total();
            }
            Fact::PoolReceived { goods, .. } => counts.returned += goods.total(),
            Fact::GiftTurnedBack { goods, .. } => counts.in_transit -= goods.total(),
            Fact::PoolGranted { goods, .. } => counts.granted += goods.total(),
            Fact::PoolRefused { .. } => counts.refused += 1,
            _ => {}
        }
    }

    fn count_victory(&mut self, fact: &CampaignFact) {
        match &fact.fact {
            Fact::WonderRaised { level, .. } => {
                self.summary.wonder.levels += 1;
                self.summary.wonder.highest = self.summary.wonder.highest.max(*level);
            }
            Fact::VictoryWon { alliance, condition, ranking } => {
                self.summary.victory = Some(VictoryCount {
                    alliance: *alliance,
                    condition: condition.clone(),
                    day: (fact.at - GameTime(0)).as_hours() / 24.0,
                    ranking: ranking.clone(),
                });
            }
            _ => {}
        }
    }

    fn count_defense(&mut self, fact: &Fact) {
        match fact {
            Fact::AlarmRaised { .. } => self.summary.defense.alarms += 1,
            Fact::AlarmAnswered { answer, .. } => match answer {
                DefenseAnswer::Hold => self.summary.defense.held += 1,
                DefenseAnswer::Dodge => self.summary.defense.dodged += 1,
                DefenseAnswer::Snipe => self.summary.defense.sniped += 1,
                DefenseAnswer::None => self.summary.defense.unanswered += 1,
            },
            Fact::Retaliated { waits_until, .. } => {
                self.summary.defense.retaliated += 1;
                self.summary.defense.back_timed += u64::from(waits_until.is_some());
            }
            Fact::PostureTaken { order, .. } => {
                // Relief that stays is no march of its own.
                let stays = self.relief.remove(order).is_some();
                self.summary.defense.stayed += u64::from(stays);
                self.summary.defense.posted += u64::from(!stays);
            }
            Fact::PostureLeft { .. } => self.summary.defense.posted_home += 1,
            Fact::ReliefSent { order, arrives, hit, .. } => {
                self.summary.defense.reliefs += 1;
                self.summary.defense.in_time += u64::from(arrives < hit);
                self.relief.insert(*order, *arrives);
            }
            Fact::ReliefReturned { order, site, .. } => {
                let there = self.relief.remove(order);
                let fought = there.zip(self.fought.get(site)).is_some_and(|(there, battle)| there <= *battle);
                self.summary.defense.sent_home += 1;
                self.summary.defense.unused += u64::from(!fought);
            }
            _ => {}
        }
    }

    fn count_battle(&mut self, fact: &CampaignFact) {
        let Fact::BattleFought { site, attackers, operation, attackers_lost, defenders_lost, .. } = &fact.fact else {
            return;
        };
        self.summary.battles += 1;
        self.fought.insert(*site, fact.at);
        self.summary.losses.attackers_goods += attackers_lost;
        self.summary.losses.defenders_goods += defenders_lost;
        let sent: i64 = attackers.iter().map(|(_, goods)| *goods).sum();
        self.force_sent.1 += sent;
        let active = self.directory.alliance_of_site(*site).is_some_and(|a| self.directory.active.contains(&a));
        if active {
            self.force_sent.0 += sent;
        }
        if let Some(operation) = operation {
            self.stories.entry(*operation).or_default().battles.push(fact.clone());
        }
    }
}

/// How many members take part in these groups.
pub(super) fn members(rows: &[LaunchRow]) -> u64 {
    let mut members: Vec<_> = rows.iter().map(|r| r.member).collect();
    members.sort_unstable();
    members.dedup();
    members.len() as u64
}
