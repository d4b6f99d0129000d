//! Looking back at an operation: what it taught, as findings of a closed set. By rule they follow from its result; where councils
//! take time to talk, a language model may have found others.
//!
//! Findings are for those who listen: the account, a game's own screens, what a model is told of past operations. No rule reads
//! them; what the planning learns of an enemy's strength and of patterns are numbers (`decision::planning`, lessons).

use super::session::WarCouncilSettings;
use crate::action::operations::OperationOver;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameTime};
use crate::base::contract::{
    Advice, AdvisedDebrief, CampaignFact, Fact, Finding, INPUT, Input, Inputs, OperationReport, PlayerKind, Rank,
};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId};
use crate::base::limits::Limits;
use crate::society::alliance::Roster;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// An alliance has looked back at operations. Owner: the alliance.
pub const COUNCIL_DEBRIEFS: DueKind = DueKind::new(15, "council_debriefs", &[CampaignSystems::Settle]);

/// Debriefs of an alliance that are kept.
const RECENT: usize = 8;
/// How far an enemy was misjudged from which on it is a finding: the natural logarithm of 1.25.
const MISJUDGED: f64 = 0.223_143_551_314_209_76;
/// Sights older than this many hours are old.
const OLD_HOURS: f64 = 24.0;
/// What may be lost beyond what was expected, as a part of what was sent.
const MARGIN: f64 = 0.1;

/// A debrief that waits for what is advised.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OpenDebrief {
    /// Of which operation.
    pub operation: ProposalId,
    /// Against whom.
    pub enemy: Option<AllianceId>,
    /// How it ended.
    pub result: String,
    /// Who proposed it.
    pub proposer: PlayerId,
    /// When it ends.
    pub ends_at: GameTime,
    /// What the rule finds.
    pub findings: Vec<Finding>,
    /// What a model advised.
    pub advised: Option<AdvisedDebrief>,
}

/// What an operation taught.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Debrief {
    /// Which.
    pub operation: ProposalId,
    /// Against whom.
    pub enemy: Option<AllianceId>,
    /// How it ended.
    pub result: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// How an alliance looks back: there from the first debrief that took time.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Debriefs {
    /// Those that wait.
    pub open: Vec<OpenDebrief>,
    /// The last ones, the oldest first: at most 8.
    pub recent: Vec<Debrief>,
}

/// An alliance looks back at an operation: a game's own voice, or a model, may say what it taught until `ends_at`.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct CouncilDebriefs {
    /// What came of it.
    pub report: OperationReport,
    /// Who speaks for the alliance: nobody where all who may are persons.
    pub speaker: Option<PlayerId>,
    /// When the debrief ends.
    pub ends_at: GameTime,
}

/// What an operation taught, by rule: at most [`Finding::MAX`], the most important first. Source: `docs/behavior.md`, "Debrief".
#[must_use]
pub fn findings(report: &OperationReport) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |finding, holds: bool| found.extend(holds.then_some(finding));
    #[expect(clippy::cast_precision_loss, reason = "goods of one operation, and its targets")]
    let (misjudged, sent, lost) = {
        let sum: f64 = report.lessons.iter().map(|(_, log)| log).sum();
        (sum / report.lessons.len().max(1) as f64, report.sent_goods as f64, report.lost_goods as f64)
    };
    let old = report.intel_age_hours.is_some_and(|age| age >= OLD_HOURS);
    let met = report.result == "goal_met";
    note(Finding::CalledOff, report.result == "aborted");
    note(Finding::IntelTooOld, misjudged >= MISJUDGED && old);
    note(Finding::EnemyStronger, misjudged >= MISJUDGED && !old);
    note(Finding::EnemyWeaker, misjudged <= -MISJUDGED);
    note(Finding::CameTooFew, report.failed * 5 > report.groups);
    note(Finding::DearlyBought, report.pyrrhic);
    if found.is_empty() {
        found.push(if met && lost <= sent * (report.expected_loss + MARGIN) {
            Finding::WentAsPlanned
        } else if met {
            Finding::DearlyBought
        } else {
            Finding::TooWeak
        });
    }
    found.truncate(Finding::MAX);
    found
}

/// Who speaks for an alliance about an operation: who proposed it, else the leader, else an officer. No person is spoken for.
fn speaker(roster: &Roster, alliance: AllianceId, proposer: PlayerId) -> Option<PlayerId> {
    let mut heads = roster.members(alliance);
    heads.retain(|m| m.kind == PlayerKind::Active && (m.player == proposer || m.rank != Rank::Member));
    heads.into_iter().min_by_key(|m| (m.player != proposer, m.rank != Rank::Leader, m.player)).map(|m| m.player)
}

/// Looks back at the operations that are over: at once where councils take no time to talk.
pub(super) fn look_back(
    batch: Res<DueBatch>,
    settings: Res<WarCouncilSettings>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut over: MessageReader<OperationOver>,
    mut debriefs: Query<&mut Debriefs>,
    mut agenda: ResMut<Agenda>,
    mut told: MessageWriter<CouncilDebriefs>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    // Who has none yet gets one when this pass ends.
    let mut first: Vec<(AllianceId, Debriefs)> = Vec::new();
    for OperationOver { report, proposer, enemy } in over.read() {
        // A village that was founded is no blow.
        if report.goal == "found" {
            continue;
        }
        let operation = report.operation;
        let alliance = operation.alliance;
        if !roster.alliance(alliance).is_some_and(|a| a.active) {
            continue;
        }
        let speaker = speaker(&roster, alliance, *proposer);
        let findings = findings(report);
        let entity = index.alliance(alliance).filter(|_| settings.talks.0 > 0);
        let Some(entity) = entity else {
            let fact = Fact::Debriefed { operation, speaker, findings, text: None };
            facts.write(CampaignFact { at: now, fact });
            continue;
        };
        let ends_at = now + settings.talks;
        let result = report.result.clone();
        let (enemy, proposer) = (*enemy, *proposer);
        let open = OpenDebrief { operation, enemy, result, proposer, ends_at, findings, advised: None };
        if let Ok(mut debriefs) = debriefs.get_mut(entity) {
            debriefs.open.push(open);
        } else if let Some((_, debriefs)) = first.iter_mut().find(|(of, _)| *of == alliance) {
            debriefs.open.push(open);
        } else {
            first.push((alliance, Debriefs { open: vec![open], recent: Vec::new() }));
        }
        agenda.push(COUNCIL_DEBRIEFS.entry(ends_at, u64::from(alliance.0), 0));
        told.write(CouncilDebriefs { report: report.clone(), speaker, ends_at });
    }
    for (alliance, debriefs) in first {
        if let Some(entity) = index.alliance(alliance) {
            commands.entity(entity).insert(debriefs);
        }
    }
}

/// Keeps what models advise for debriefs that wait. Advice for others, or that comes too late, is refused.
pub(super) fn take_advice(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    limits: Res<Limits>,
    index: Res<EntityIndex>,
    mut debriefs: Query<&mut Debriefs>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Advice(Advice::Debrief(advised)) = &logged.input else { continue };
        let operation = advised.operation;
        let mut found = index.alliance(operation.alliance).and_then(|e| debriefs.get_mut(e).ok());
        let open =
            found.as_mut().and_then(|d| d.open.iter_mut().find(|o| o.operation == operation && o.ends_at >= now));
        let chars = advised.text.as_ref().map_or(0, |text| text.chars().count());
        let mut each_once = advised.findings.clone();
        each_once.sort_unstable();
        each_once.dedup();
        let (many, once) = (advised.findings.len(), each_once.len());
        let refused = match open {
            None => ("debrief_waits", "an operation that is looked back at".to_owned(), operation.to_string()),
            Some(_) if many == 0 || many > Finding::MAX || once < many => {
                ("findings", format!("1 to {}, each once", Finding::MAX), format!("{many}, of which {once} differ"))
            }
            Some(_) if chars > limits.text_chars => {
                ("text_chars", format!("{} characters", limits.text_chars), format!("{chars} characters"))
            }
            Some(open) => {
                open.advised = Some(advised.clone());
                continue;
            }
        };
        let (rule, limit, value) = refused;
        facts.write(CampaignFact::refusal(now, format!("advise the debrief of {operation}"), rule, &limit, value));
    }
}

/// Ends the debriefs that are due: with what was advised, else with what the rule finds.
pub(super) fn end(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut debriefs: Query<&mut Debriefs>,
    mut facts: MessageWriter<CampaignFact>,
) {
    for entry in batch.of(COUNCIL_DEBRIEFS) {
        let alliance = entry.alliance();
        let Some(mut debriefs) = index.alliance(alliance).and_then(|e| debriefs.get_mut(e).ok()) else {
            continue;
        };
        let debriefs = &mut *debriefs;
        let (due, open) = core::mem::take(&mut debriefs.open).into_iter().partition(|open| open.ends_at <= entry.due);
        debriefs.open = open;
        let due: Vec<OpenDebrief> = due;
        // An alliance that was eliminated meanwhile learns nothing.
        let lives = roster.alliance(alliance).is_some_and(|a| a.active);
        for OpenDebrief { operation, enemy, result, proposer, findings, advised, .. } in
            due.into_iter().filter(|_| lives)
        {
            let speaker = speaker(&roster, alliance, proposer);
            let (findings, text) = advised.map_or((findings, None), |advised| (advised.findings, advised.text));
            debriefs.recent.push(Debrief { operation, enemy, result, findings: findings.clone() });
            let fact = Fact::Debriefed { operation, speaker, findings, text };
            facts.write(CampaignFact { at: batch.now(), fact });
        }
        let old = debriefs.recent.len().saturating_sub(RECENT);
        debriefs.recent.drain(..old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(result: &str, lessons: &[f64]) -> OperationReport {
        OperationReport {
            result: result.to_owned(),
            lessons: lessons.iter().map(|log| (crate::base::id::SiteId(1), *log)).collect(),
            groups: 10,
            sent_goods: 1_000,
            lost_goods: 200,
            expected_loss: 0.2,
            intel_age_hours: Some(5.0),
            ..OperationReport::default()
        }
    }

    #[test]
    fn each_finding_has_its_case() {
        let plain = report("goal_met", &[]);
        for (report, expected) in [
            (plain.clone(), vec![Finding::WentAsPlanned]),
            // Feints that turned and reserves that stayed are no groups that failed to leave.
            (OperationReport { launched: 5, failed: 2, ..plain.clone() }, vec![Finding::WentAsPlanned]),
            (OperationReport { lost_goods: 301, ..plain.clone() }, vec![Finding::DearlyBought]),
            (report("failed", &[0.1]), vec![Finding::TooWeak]),
            (report("aborted", &[]), vec![Finding::CalledOff]),
            (report("failed", &[0.9, 0.1]), vec![Finding::EnemyStronger]),
            (OperationReport { intel_age_hours: Some(24.0), ..report("partly", &[0.9]) }, vec![Finding::IntelTooOld]),
            (report("goal_met", &[-0.3]), vec![Finding::EnemyWeaker]),
            (OperationReport { failed: 3, ..report("failed", &[]) }, vec![Finding::CameTooFew]),
            (
                OperationReport { failed: 3, pyrrhic: true, ..report("partly", &[0.3]) },
                vec![Finding::EnemyStronger, Finding::CameTooFew, Finding::DearlyBought],
            ),
        ] {
            assert_eq!(findings(&report), expected, "{report:?}");
        }
    }
}
