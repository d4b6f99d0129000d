//! What came of an operation, and what that changes between people.

use super::components::{
    Group, GroupStatus, OPERATION_CONCLUDES, Operation, OperationSettings, OperationStatus, RunningOperations, Target,
};
use super::rules;
use crate::action::pool::{Pool, PoolSettings};
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{
    About, CampaignFact, Fact, Lived, MemoryKind, Model, OperationReport, Relations, Site, WorldSeed,
};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::decision::council::{Goal, Proposal, proposal_of_key};
use crate::decision::fair_play::{AttackId, VictimRecord};
use crate::decision::planning::{LearningSettings, Lessons, misjudged_by};
use crate::society::alliance::{Trust, WarRecord, rules as relations};
use crate::society::personality::rules as personality;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// An operation is over.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct OperationOver {
    /// What came of it.
    pub report: OperationReport,
    /// Who proposed it.
    pub proposer: PlayerId,
    /// Against whom.
    pub enemy: Option<AllianceId>,
}

/// What the result of an operation changes in people and alliances.
#[derive(SystemParam)]
pub(super) struct Books<'w, 's> {
    members: Query<'w, 's, (&'static mut Trust, &'static mut WarRecord)>,
    lessons: Query<'w, 's, &'static mut Lessons>,
    pools: Query<'w, 's, &'static mut Pool>,
    pool_settings: Res<'w, PoolSettings>,
    learning: Res<'w, LearningSettings>,
    lived: MessageWriter<'w, Lived>,
    persons: Query<'w, 's, &'static mut VictimRecord>,
}

impl Books<'_, '_> {
    /// What an operation did to persons is what came to them; where nothing did it is forgotten.
    fn conclude_hits(&mut self, operation: &Operation, now: GameTime) {
        let was_there = |g: &&Group| matches!(g.status, GroupStatus::Launched { .. }) && g.arrival <= now;
        for mut record in self.persons.iter_mut().filter(|record| record.expects(operation.id)) {
            record.conclude(AttackId::Operation(operation.id), |sites| {
                let there = operation.groups.iter().filter(|g| sites.contains(&g.target)).filter(was_there);
                let arrivals = there.map(|g| (g.arrival, g.arrival));
                arrivals.reduce(|(first, last), (at, _)| (first.min(at), last.max(at)))
            });
        }
    }
}

/// Judges the operations that are over, shares the result, and lets it change trust.
pub(super) fn conclude_operations(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    model: Res<Model>,
    seed: Res<WorldSeed>,
    settings: Res<OperationSettings>,
    mut operations: Query<(&mut Operation, Option<&Proposal>)>,
    mut running: Query<&mut RunningOperations>,
    mut books: Books,
    sites: Query<&Site>,
    relations: Relations,
    mut agenda: ResMut<Agenda>,
    mut told: MessageWriter<OperationOver>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    for entry in batch.of(OPERATION_CONCLUDES) {
        let id = proposal_of_key(entry.owner);
        let Some(entity) = index.proposal(id) else { continue };
        let Ok((mut operation, proposal)) = operations.get_mut(entity) else { continue };
        if operation.status == OperationStatus::Concluded {
            continue;
        }
        // A group that is late is waited for.
        let over = operation.last_arrival() + settings.claim_after_arrival;
        if over > now && operation.groups.iter().any(|g| g.is_late() && rules::is_active(g)) {
            agenda.push(OPERATION_CONCLUDES.entry(over, entry.owner, 0));
            continue;
        }
        if let Some(mut running) = index.alliance(id.alliance).and_then(|e| running.get_mut(e).ok()) {
            running.0.retain(|o| *o != id);
        }
        if operation.scouting {
            commands.entity(entity).despawn();
            continue;
        }
        books.conclude_hits(&operation, now);
        let owner = |site| index.site(site).and_then(|e| sites.get(e).ok()).map(|s| s.owner);
        let held = |site| owner(site).is_some_and(|o| relations.alliance_of(o) == Some(id.alliance));
        let mut report = judge(&operation, &model, &settings, held);
        operation.status = OperationStatus::Concluded;
        if let Some(mut pool) = index.alliance(id.alliance).and_then(|e| books.pools.get_mut(e).ok()) {
            note_merit(&mut pool, &report, &books.pool_settings, now);
        }
        for (member, lost, _) in &report.members {
            if let Some((_, mut record)) = index.player(*member).and_then(|e| books.members.get_mut(e).ok()) {
                record.lost(now, *lost);
            }
        }
        if let Some(mut lessons) = index.alliance(id.alliance).and_then(|e| books.lessons.get_mut(e).ok()) {
            report.lessons = learn(&operation, &report, proposal, &model, &books.learning, &mut lessons);
        }
        let changes = change_trust(&operation, &report, &index, seed.0, now, &mut books.members);
        books.lived.write_batch(lives(&operation, &report, proposal.and_then(|p| p.enemy)));
        if let Some(proposal) = proposal {
            let (proposer, enemy) = (proposal.proposer, proposal.enemy);
            told.write(OperationOver { report: report.clone(), proposer, enemy });
        }
        facts.write(CampaignFact { at: now, fact: Fact::OperationConcluded(Box::new(report)) });
        for (subject, before, after) in changes {
            let fact = Fact::TrustChanged { alliance: id.alliance, subject, before, after, because: id };
            facts.write(CampaignFact { at: now, fact });
        }
    }
}

/// What those who took part live through: what came of it, and who did not march. What was called off, or only founded a site,
/// is nothing to remember.
fn lives(operation: &Operation, report: &OperationReport, enemy: Option<AllianceId>) -> Vec<Lived> {
    let (kind, weight) = match report.result.as_str() {
        result @ ("goal_met" | "partly") => {
            (MemoryKind::Won, personality::weight_of_success(result == "goal_met", report.pyrrhic))
        }
        "failed" => (MemoryKind::Failed, personality::weight_of_failure(report.sent_goods, report.lost_goods)),
        _ => return Vec::new(),
    };
    if operation.goal == Goal::Found {
        return Vec::new();
    }
    let mut stayed: Vec<PlayerId> =
        operation.groups.iter().filter(|g| g.status == GroupStatus::Failed).map(|g| g.member).collect();
    stayed.sort_unstable();
    stayed.dedup();
    let site = report.targets.first().map(|(site, ..)| *site);
    let mut lives = Vec::new();
    for (member, ..) in &report.members {
        let proposer = (operation.proposer != *member).then_some(operation.proposer);
        let about = About { player: proposer, alliance: enemy, site };
        lives.push(Lived { member: *member, kind, about, weight });
        let let_down = stayed.iter().filter(|absent| *absent != member).map(|absent| Lived {
            member: *member,
            kind: MemoryKind::LetDown,
            about: About { player: Some(*absent), ..About::default() },
            weight: personality::WEIGHT_OF_NO_SHOW,
        });
        lives.extend(let_down);
    }
    lives
}

/// What members killed counts for their standing with the pool.
#[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
fn note_merit(pool: &mut Pool, report: &OperationReport, settings: &PoolSettings, now: GameTime) {
    for (member, _, killed) in &report.members {
        pool.note_merit(*member, settings.merit * *killed as f64, now);
    }
}

/// What an alliance learns of the enemy's strength and of the pattern from an operation, at the targets where its blow fell:
/// what was called off, or never got there, teaches nothing. Returns how far the enemy was misjudged at each target that
/// tells it.
fn learn(
    operation: &Operation,
    report: &OperationReport,
    proposal: Option<&Proposal>,
    model: &Model,
    settings: &LearningSettings,
    lessons: &mut Lessons,
) -> Vec<(SiteId, f64)> {
    let mut told = Vec::new();
    let Some(proposal) = proposal.filter(|_| operation.goal != Goal::Found) else { return told };
    // Of whom: of the alliance that it was decided to attack, whoever holds the target by now.
    let enemy = proposal.enemy.filter(|enemy| *enemy != operation.id.alliance);
    let (mut struck, mut promised, mut met) = (0, 0.0, 0.0);
    for target in &operation.targets {
        let blow = || operation.groups.iter().filter(|g| g.target == target.site && g.errand.strikes());
        let fell = |g: &&Group| matches!(g.status, GroupStatus::Launched { .. });
        if !blow().any(|g| fell(&g)) {
            continue;
        }
        let reckoned = model.cost(&target.reckoned);
        let misjudged = match &target.defenders {
            Some(stood) => misjudged_by(model.cost(stood), reckoned),
            // Nobody came back to tell: at least as much stood there as came.
            None if reckoned > 0 && blow().filter(fell).any(|g| !g.lost.is_empty()) => {
                Some(libm::log(target.expected_ratio.max(1.0)))
            }
            None => None,
        };
        if let Some((enemy, misjudged)) = enemy.zip(misjudged) {
            told.push((target.site, misjudged));
            // Where next to nothing was reckoned with, how many times more stood there says nothing about other sites.
            if reckoned >= model.scale().defense_goods_min {
                lessons.enemies.entry(enemy).or_default().add_noisy(misjudged, target.sigma, settings.keep);
            }
        }
        if blow().any(|g| g.written_off) {
            // The promise was taken back before.
            continue;
        }
        struck += 1;
        promised += target.forecast_win;
        met += f64::from(report.targets.iter().any(|(site, _, met)| *site == target.site && *met));
    }
    if struck > 0 {
        let n = f64::from(struck);
        let record = lessons.patterns.entry(proposal.pattern.clone()).or_default();
        record.add(promised / n, met / n, settings.keep);
    }
    told
}

fn judge(
    operation: &Operation,
    model: &Model,
    settings: &OperationSettings,
    held: impl Fn(SiteId) -> bool,
) -> OperationReport {
    let cost = |force: &Force| model.cost(force);
    let aborted = operation.status == OperationStatus::Aborted;
    let launched = |s: GroupStatus| matches!(s, GroupStatus::Launched { .. });
    let mut members: BTreeMap<PlayerId, (i64, i64)> = BTreeMap::new();
    let (mut sent, mut lost, mut loot) = (0, 0, Goods::ZERO);
    for group in operation.groups.iter().filter(|g| rules::took_part(g)) {
        sent += cost(&group.force);
        lost += cost(&group.lost);
        loot += group.loot;
        members.entry(group.member).or_default().0 += cost(&group.lost);
    }
    let targets: Vec<_> = operation
        .targets
        .iter()
        .map(|t| {
            let broken = rules::broken_share(t, cost);
            (t.site, broken, rules::goal_met(operation.goal, broken, held(t.site)))
        })
        .collect();
    let killed = operation.targets.iter().map(|t| cost(&t.killed)).sum();
    share_kills(operation, &mut members, killed, sent, cost);
    let met = targets.iter().filter(|(.., met)| *met).count();
    let best = targets.iter().filter_map(|(_, broken, _)| *broken).fold(0.0, f64::max);
    let n = targets.len().max(1);
    #[expect(clippy::cast_precision_loss, reason = "at most a few targets")]
    let mean = |f: fn(&Target) -> f64| operation.targets.iter().map(f).sum::<f64>() / n as f64;
    // Where all goals are met and nobody stood there to be killed, nothing was won too dearly.
    let unopposed = killed == 0 && met == n;
    // Tokens are sent to be lost.
    let struck = operation.groups.iter().filter(|g| g.errand.strikes()).map(|g| cost(&g.lost)).sum::<i64>();
    #[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
    let pyrrhic = !unopposed && struck as f64 > settings.pyrrhic * killed as f64;
    OperationReport {
        operation: operation.id,
        goal: operation.goal.name().to_owned(),
        result: rules::verdict(met, targets.len(), best, aborted).to_owned(),
        pyrrhic,
        targets,
        participants: count(members.len()),
        groups: count(operation.groups.len()),
        failed: count(operation.groups.iter().filter(|g| g.status == GroupStatus::Failed).count()),
        launched: count(operation.groups.iter().filter(|g| launched(g.status)).count()),
        sent_goods: sent,
        lost_goods: lost,
        killed_goods: killed,
        loot,
        expected_loss: mean(|t| t.expected_loss),
        // It has succeeded where all goals are met.
        expected_win: operation.targets.iter().map(|t| t.expected_win).product(),
        intel_age_hours: operation.intel_age().map(GameSpan::as_hours),
        members: members.into_iter().map(|(m, (lost, kills))| (m, lost, kills)).collect(),
        lessons: Vec::new(),
    }
}

/// Kills are credited by what each member sent.
fn share_kills(
    operation: &Operation,
    members: &mut BTreeMap<PlayerId, (i64, i64)>,
    killed: i64,
    sent: i64,
    cost: impl Fn(&Force) -> i64,
) {
    if sent == 0 {
        return;
    }
    for group in &operation.groups {
        if let Some((_, kills)) = members.get_mut(&group.member)
            && rules::took_part(group)
        {
            let part = i128::from(killed) * i128::from(cost(&group.force)) / i128::from(sent);
            *kills += i64::try_from(part).unwrap_or(0);
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Participants judge the proposer by the result, and each other by who came. Returns the mean trust in each subject
/// before and after.
#[expect(clippy::cast_precision_loss, reason = "goods of one operation and counts of members")]
fn change_trust(
    operation: &Operation,
    report: &OperationReport,
    index: &EntityIndex,
    seed: u64,
    now: GameTime,
    members: &mut Query<(&mut Trust, &mut WarRecord)>,
) -> Vec<(PlayerId, f64, f64)> {
    let mut everyone: Vec<PlayerId> = operation.groups.iter().map(|g| g.member).collect();
    everyone.sort_unstable();
    everyone.dedup();
    let won = report.targets.iter().filter(|(.., met)| *met).count() as f64 / report.targets.len().max(1) as f64;
    let mut changes: BTreeMap<PlayerId, (f64, f64, u32)> = BTreeMap::new();
    for member in &everyone {
        let Some((mut trust, _)) = index.player(*member).and_then(|e| members.get_mut(e).ok()) else { continue };
        let (sent, lost) = operation
            .groups
            .iter()
            .filter(|g| g.member == *member && matches!(g.status, GroupStatus::Launched { .. }))
            .fold((0_u64, 0_u64), |(s, l), g| (s + g.force.total(), l + g.lost.total()));
        let share = if sent == 0 { 0.0 } else { lost as f64 / sent as f64 };
        let mut effects: Vec<(PlayerId, f64)> = Vec::new();
        if *member != operation.proposer && operation.status != OperationStatus::Aborted {
            effects.push((operation.proposer, relations::trust_from_result(won, share, report.expected_loss)));
        }
        for group in operation.groups.iter().filter(|g| g.status == GroupStatus::Failed && g.member != *member) {
            effects.push((group.member, -relations::TRUST_LOST_BY_NO_SHOW));
        }
        for (subject, change) in effects {
            let before = relations::trust(seed, *member, subject, trust.0.get(&subject), now);
            trust.learn(subject, change, now);
            let after = relations::trust(seed, *member, subject, trust.0.get(&subject), now);
            let sum = changes.entry(subject).or_default();
            *sum = (sum.0 + before, sum.1 + after, sum.2 + 1);
        }
    }
    changes.into_iter().map(|(s, (before, after, n))| (s, before / f64::from(n), after / f64::from(n))).collect()
}
