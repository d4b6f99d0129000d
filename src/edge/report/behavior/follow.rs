//! From facts to samples.

use super::super::directory::Directory;
use super::super::tally::{OperationStory, rested_on_old_intel};
use super::course::{Answer, Course, Out};
use super::metrics::Metric;
use super::samples::Attack;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{CampaignFact, DefenseAnswer, Fact, Manner, OperationReport, Stance, Vote};
use crate::base::id::{AllianceId, OrderId, PlayerId, ProposalId, SiteId};
use std::collections::BTreeMap;

/// An answer to an alarm counts for hits within this time.
const ANSWER_LASTS: GameSpan = GameSpan::hours(48);
/// Who leaves again within this time of coming home plays ping-pong.
const PING_PONG_WITHIN: GameSpan = GameSpan::hours(24);
/// Beside the targets of an operation, a blow of less than this part of what goes to its heaviest target is a fake.
const FAKE_BELOW: u64 = 10;

type Stories = BTreeMap<ProposalId, OperationStory>;

impl Course {
    /// Follows a fact. The names and stories are those from before it.
    pub(in super::super) fn follow(&mut self, names: &Directory, stories: &Stories, fact: &CampaignFact) {
        let at = fact.at;
        match &fact.fact {
            Fact::ProposalSubmitted { .. } | Fact::BallotCast { .. } | Fact::ProposalDecided { .. } => {
                self.follow_vote(names, stories, &fact.fact);
            }
            Fact::CouncilMet { alliance, gate, .. } => {
                self.note_case(Metric::SessionsProposing, Some(*alliance), gate.is_none());
            }
            Fact::GroupLaunched { order, units, .. } => self.follow_launch(stories, *order, *units, at),
            Fact::BattleFought { .. } => self.follow_battle(names, stories, fact),
            Fact::OperationConcluded(report) if report.goal != "found" => self.follow_result(names, stories, report),
            Fact::SiteScouted { by, sent, lost, .. } => {
                let alliance = names.alliance_of.get(by).filter(|a| names.active.contains(a));
                if let Some(alliance) = alliance {
                    self.note(Metric::ScoutsLost, Some(*alliance), f64::from(*lost), f64::from(*sent));
                }
            }
            Fact::SiteChanged { site, from: Some(from), to } => self.follow_change(names, *site, *from, *to),
            Fact::AlarmRaised { .. }
            | Fact::AlarmAnswered { .. }
            | Fact::ReliefSent { .. }
            | Fact::ReliefReturned { .. }
            | Fact::PostureTaken { .. }
            | Fact::PostureLeft { .. } => self.follow_defense(names, at, &fact.fact),
            Fact::StanceChanged { .. } | Fact::WarDeclared { .. } | Fact::AllianceEliminated { .. } => {
                self.follow_war(names, at, &fact.fact);
            }
            _ => {}
        }
    }

    fn follow_vote(&mut self, names: &Directory, stories: &Stories, fact: &Fact) {
        match fact {
            Fact::ProposalSubmitted { proposal, targets, other, .. } => {
                let victim = other.or_else(|| names.alliance_of_site(*targets.first()?));
                self.against_active.insert(*proposal, victim.is_some_and(|a| names.active.contains(&a)));
            }
            Fact::BallotCast { proposal, vote, conditions, .. } => {
                let of = Some(proposal.alliance);
                self.note_case(Metric::Rejecting, of, *vote == Vote::Reject);
                self.note_case(Metric::Abstaining, of, *vote == Vote::Abstain);
                self.note_case(Metric::Conditional, of, !conditions.is_empty());
            }
            Fact::ProposalDecided { proposal, outcome, conditions_met, conditions_unmet, .. } => {
                let of = Some(proposal.alliance);
                self.note_case(Metric::Passed, of, outcome == "passed");
                let conditional = f64::from(*conditions_met) + f64::from(*conditions_unmet);
                self.note(Metric::ConditionsMet, of, f64::from(*conditions_met), conditional);
                if let Some(share) = stories.get(proposal).and_then(agreement) {
                    self.note(Metric::Agreement, of, share, 1.0);
                }
            }
            _ => {}
        }
    }

    fn follow_launch(&mut self, stories: &Stories, order: OrderId, units: u64, at: GameTime) {
        let Some((operation, group)) = order.operation().zip(order.group()) else { return };
        // Scouting parties and expansions have no rows.
        let row = stories.get(&operation).and_then(|story| story.rows.iter().find(|row| row.group == group));
        if let Some(row) = row {
            let sent = self.sent.entry(row.origin).or_default().entry(operation).or_insert((at, 0));
            sent.1 += units;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of a battle, far below 2^53")]
    fn follow_battle(&mut self, names: &Directory, stories: &Stories, fact: &CampaignFact) {
        let Fact::BattleFought { site, defender, operation, attackers_lost, defenders_lost, manner, .. } = &fact.fact
        else {
            return;
        };
        if *manner == Manner::Scout {
            return;
        }
        let at = fact.at;
        let real = operation.is_none_or(|id| stories.get(&id).is_none_or(|story| is_real(story, *site)));
        for out in self.relief.values_mut().filter(|out| out.site == *site) {
            out.fought |= out.arrives <= at;
            out.real |= real;
            out.fake |= !real;
        }
        if !real {
            return;
        }
        let victims = names.alliance_of.get(defender).copied();
        let active = victims.filter(|a| names.active.contains(a));
        if operation.is_none_or(|id| self.fought_at.insert((id, *site))) {
            let answered = self.is_answered(*site, at);
            let metric = if active.is_some() { Metric::Answered } else { Metric::AnsweredPassive };
            self.note_case(metric, victims, answered);
        }
        let Some(operation) = *operation else { return };
        let split = if active.is_some() { Metric::KillRatioActive } else { Metric::KillRatioPassive };
        for metric in [Metric::KillRatio, split] {
            self.note(metric, Some(operation.alliance), *defenders_lost as f64, *attackers_lost as f64);
        }
        if self.fought.insert((operation, *defender)) {
            self.attacks.push(Attack { at, by: operation.alliance, on: *defender, active });
        }
    }

    /// Whether the player did something about a hit of this instant: by its latest answer whose alarm was about this hit or an
    /// earlier one.
    fn is_answered(&self, site: SiteId, at: GameTime) -> bool {
        let answers = self.answers.get(&site).into_iter().flatten();
        let latest = answers.filter(|a| a.hit <= at && a.at <= at && at - a.at <= ANSWER_LASTS).last();
        latest.is_some_and(|a| a.answer != DefenseAnswer::None)
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
    fn follow_result(&mut self, names: &Directory, stories: &Stories, report: &OperationReport) {
        let of = Some(report.operation.alliance);
        // One that was proposed before the counting began is judged by who holds its targets now.
        let now_active = || {
            let owner = report.targets.first().and_then(|(site, ..)| names.alliance_of_site(*site));
            owner.is_some_and(|a| names.active.contains(&a))
        };
        let active = self.against_active.get(&report.operation).copied().unwrap_or_else(now_active);
        let split = |of_active, of_passive| if active { of_active } else { of_passive };
        if report.sent_goods > 0 && stories.get(&report.operation).is_none_or(|s| !s.battles.is_empty()) {
            let split = split(Metric::LossShareMedianActive, Metric::LossShareMedianPassive);
            for metric in [Metric::LossShareMedian, Metric::LossShareNineTenths, split] {
                self.note(metric, of, report.lost_goods as f64, report.sent_goods as f64);
            }
        }
        if report.result == "aborted" {
            return;
        }
        let met = report.result == "goal_met";
        let estimate = report.expected_win - f64::from(u8::from(met));
        for metric in [Metric::GoalMet, split(Metric::GoalMetActive, Metric::GoalMetPassive)] {
            self.note_case(metric, of, met);
        }
        for metric in [Metric::WinEstimateOff, split(Metric::WinEstimateOffActive, Metric::WinEstimateOffPassive)] {
            self.note(metric, of, estimate, 1.0);
        }
        if let Some(old) = rested_on_old_intel(report).filter(|_| active) {
            self.note_case(if old { Metric::GoalMetOldIntel } else { Metric::GoalMetYoungIntel }, of, met);
        }
    }

    fn follow_change(&mut self, names: &Directory, site: SiteId, from: PlayerId, to: Option<PlayerId>) {
        let of = |player| names.alliance_of.get(&player).copied();
        let Some(alliance) = of(from).filter(|a| names.active.contains(a)) else { return };
        if to.and_then(of) == Some(alliance) {
            return;
        }
        let (goods, away) = self.villages.remove(&site).unwrap_or_default();
        self.note_case(Metric::LostWhileAway, Some(alliance), away * 2 > goods);
    }

    fn follow_defense(&mut self, names: &Directory, at: GameTime, fact: &Fact) {
        match fact {
            Fact::AlarmRaised { site, hit, .. } => {
                self.alarms.insert(*site, *hit);
            }
            Fact::AlarmAnswered { site, answer, .. } => {
                let hit = self.alarms.get(site).copied().unwrap_or(at);
                let answers = self.answers.entry(*site).or_default();
                answers.retain(|a| at - a.at <= ANSWER_LASTS);
                answers.push(Answer { hit, at, answer: *answer });
            }
            Fact::ReliefSent { order, site, helper, arrives, hit, .. } => {
                let of = names.alliance_of.get(helper).copied();
                self.note_case(Metric::ReliefInTime, of, arrives < hit);
                let out = Out { site: *site, arrives: *arrives, fought: false, real: false, fake: false };
                self.relief.insert(*order, out);
                self.leave(*order, *site, of, at);
            }
            Fact::PostureTaken { order, site, helper, .. } => {
                let of = names.alliance_of.get(helper).copied();
                match self.relief.remove(order) {
                    // Relief that stays is no march of its own.
                    Some(out) => self.note_case(Metric::ReliefToFakes, of, out.fake && !out.real),
                    None => self.leave(*order, *site, of, at),
                }
            }
            Fact::ReliefReturned { order, site, helper } => {
                let of = names.alliance_of.get(helper).copied();
                if let Some(out) = self.relief.remove(order) {
                    self.note_case(Metric::ReliefUnused, of, !out.fought);
                    self.note_case(Metric::ReliefToFakes, of, out.fake && !out.real);
                }
                self.go_home(*order, *site, at);
            }
            Fact::PostureLeft { order, site, .. } => self.go_home(*order, *site, at),
            _ => {}
        }
    }

    /// A march of relief or posture leaves.
    fn leave(&mut self, order: OrderId, site: SiteId, of: Option<AllianceId>, at: GameTime) {
        let OrderId::Defense { site: origin, .. } = order else { return };
        let lately = |then: Option<GameTime>| then.is_some_and(|then| at - then <= PING_PONG_WITHIN);
        let again = self.ways.get(&(origin, site)).is_some_and(|way| lately(way.home));
        let back = self.ways.get(&(site, origin)).is_some_and(|way| lately(way.left));
        self.note_case(Metric::ReliefPingPong, of, again || back);
        self.ways.entry((origin, site)).or_default().left = Some(at);
    }

    fn go_home(&mut self, order: OrderId, site: SiteId, at: GameTime) {
        if let OrderId::Defense { site: origin, .. } = order {
            self.ways.entry((origin, site)).or_default().home = Some(at);
        }
    }

    fn follow_war(&mut self, names: &Directory, at: GameTime, fact: &Fact) {
        let counts = |a: &AllianceId, b: &AllianceId| [a, b].into_iter().any(|side| names.active.contains(side));
        match fact {
            Fact::StanceChanged { a, b, stance: Stance::War } if counts(a, b) => self.begin_war(*a, *b, None, at),
            Fact::WarDeclared { by, on, .. } if counts(by, on) => self.begin_war(*by, *on, Some(*on), at),
            Fact::StanceChanged { a, b, .. } => {
                let ended = |sides: [AllianceId; 2]| sides.contains(a) && sides.contains(b);
                self.wars.iter_mut().filter(|w| ended(w.sides)).for_each(|w| w.ended = w.ended.or(Some(at)));
            }
            Fact::AllianceEliminated { alliance } => {
                let ended = self.wars.iter_mut().filter(|w| w.sides.contains(alliance));
                ended.for_each(|w| w.ended = w.ended.or(Some(at)));
            }
            _ => {}
        }
    }
}

/// The share of all pairs of ballots that say the same; `None` with fewer than two.
#[expect(clippy::cast_precision_loss, reason = "ballots of one proposal")]
fn agreement(story: &OperationStory) -> Option<f64> {
    let pairs = |n: usize| n * n.saturating_sub(1) / 2;
    let of = |vote: Vote| story.ballots.iter().filter(|(_, cast, ..)| *cast == vote).count();
    let all = pairs(story.ballots.len());
    let same: usize = [Vote::Approve, Vote::Reject, Vote::Abstain].into_iter().map(|vote| pairs(of(vote))).sum();
    (all > 0).then(|| same as f64 / all as f64)
}

/// Whether what an operation does at a site is no fake: at its targets, and elsewhere where it sends a good part of what its heaviest
/// target gets.
fn is_real(story: &OperationStory, site: SiteId) -> bool {
    if story.rows.is_empty() || story.targets.contains(&site) {
        return true;
    }
    let sent = |target: SiteId| -> u64 {
        let rows = story.rows.iter().filter(|row| row.target == target);
        rows.flat_map(|row| &row.units).map(|(_, n)| u64::from(*n)).sum()
    };
    let heaviest = story.targets.iter().map(|target| sent(*target)).max().unwrap_or(0);
    sent(site) * FAKE_BELOW >= heaviest
}
