//! A session: who is there, what they know, what they choose.

use super::attack::{self, AttackOption};
use super::scouting;
use crate::action::operations::{Operation, RunningOperations, SendScouts};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Fact, Rank, Scenario, SiteState, WantedStates, WorldSeed};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId, SiteId};
use crate::decision::council::{Decisions, Situation, SubmitProposal, Threats, VotingSettings, stagger};
use crate::decision::planning::allocation::AllocationSettings;
use crate::decision::planning::{Library, PlanningSettings};
use crate::knowledge::intel::{Cause, ObservationLog, Seen};
use crate::society::alliance::MemberInfo;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A war council meets. Owner: the alliance; n: 0 for a regular session, 1 for one that waited for someone to wake.
pub const WAR_COUNCIL: DueKind = DueKind::new(
    10,
    "war_council",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::Deliberate,
        CampaignSystems::Plan,
        CampaignSystems::Settle,
    ],
);

/// Where war councils act within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarCouncilSystems {
    /// In `Intake`: asks for the members' states.
    Ask,
    /// In `Deliberate`, before proposals are opened: the session.
    Meet,
}

/// When an alliance's war council meets again: what its entry in the agenda can be rebuilt from.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct CouncilCalendar {
    /// The next regular session.
    pub next: GameTime,
}

/// How war councils work.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct WarCouncilSettings {
    /// Between two sessions of an alliance.
    pub period: GameSpan,
    /// Targets that are planned for in detail at one session.
    pub targets_planned: usize,
    /// Targets of one operation at most.
    pub targets_per_operation: usize,
    /// Scouting parties sent at one session at most.
    pub parties_per_session: usize,
    /// Scouting parties of one member at one session at most.
    pub parties_per_member: usize,
    /// The vote is given this long before the first launch.
    pub vote_window: GameSpan,
    /// No arrival is planned later than this after the session.
    pub arrival_within: GameSpan,
    /// The share of the defense that an attack is to break.
    pub goal_share: f64,
}

impl Default for WarCouncilSettings {
    fn default() -> Self {
        Self {
            period: GameSpan::hours(6),
            targets_planned: 16,
            targets_per_operation: 3,
            parties_per_session: 10,
            parties_per_member: 2,
            vote_window: GameSpan::hours(12),
            arrival_within: GameSpan::hours(44),
            goal_share: 0.8,
        }
    }
}

pub(super) fn schedule_councils(world: &mut World, scenario: &Scenario) {
    let period = world.resource::<WarCouncilSettings>().period;
    let now = world.resource::<crate::base::clock::GameClock>().now();
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        let first = now + stagger(scenario.seed, alliance.id, period);
        world.resource_mut::<Agenda>().push(WAR_COUNCIL.entry(first, u64::from(alliance.id.0), 0));
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert(CouncilCalendar { next: first });
        }
    }
}

fn alliance_of(owner: u64) -> AllianceId {
    AllianceId(u32::try_from(owner).unwrap_or(0))
}

pub(super) fn ask_states(batch: Res<DueBatch>, situation: Situation, mut wanted: ResMut<WantedStates>) {
    for entry in batch.of(WAR_COUNCIL) {
        let alliance = alliance_of(entry.owner);
        for member in situation.voters(alliance) {
            wanted.ask(alliance, member.player);
        }
    }
}

/// Everything that a session rests on.
pub(super) struct Session<'a, 'w, 's> {
    pub(super) alliance: AllianceId,
    pub(super) now: GameTime,
    pub(super) seed: u64,
    pub(super) situation: &'a Situation<'w, 's>,
    pub(super) settings: &'a WarCouncilSettings,
    pub(super) library: &'a Library,
    pub(super) planning: &'a PlanningSettings,
    pub(super) allocation: &'a AllocationSettings,
    pub(super) voting_settings: &'a VotingSettings,
    pub(super) members: Vec<MemberInfo>,
    pub(super) own: &'a [SiteState],
    pub(super) threats: Threats,
    /// Alliances that it is at war with.
    pub(super) enemies: Vec<AllianceId>,
    /// Sites that a running operation of the alliance attacks.
    pub(super) claimed: BTreeSet<SiteId>,
    /// Sites that scouts are on their way to.
    pub(super) being_scouted: BTreeSet<SiteId>,
    /// Scouts that died at a site lately without any coming back.
    pub(super) scouts_lost: BTreeMap<SiteId, u32>,
    /// When an operation last hit a site.
    pub(super) last_hit: BTreeMap<SiteId, GameTime>,
    /// When a proposal on a site was last refused.
    pub(super) refused: BTreeMap<SiteId, GameTime>,
    /// Whether a proposal is open.
    pub(super) voting: bool,
}

impl Session<'_, '_, '_> {
    /// A member of the alliance.
    pub(super) fn member(&self, player: PlayerId) -> Option<&MemberInfo> {
        let i = self.members.binary_search_by_key(&player, |m| m.player).ok()?;
        self.members.get(i)
    }
}

/// Holds the sessions that are due.
pub(super) fn hold_councils(
    batch: Res<DueBatch>,
    settings: Res<WarCouncilSettings>,
    library: Res<Library>,
    planning: Res<PlanningSettings>,
    allocation: Res<AllocationSettings>,
    voting: Res<VotingSettings>,
    seed: Option<Res<WorldSeed>>,
    index: Res<EntityIndex>,
    situation: Situation,
    alliances: Query<(&Decisions, &RunningOperations, &ObservationLog)>,
    operations: Query<&Operation>,
    mut calendars: Query<&mut CouncilCalendar>,
    mut agenda: ResMut<Agenda>,
    mut submissions: MessageWriter<SubmitProposal>,
    mut scouts: MessageWriter<SendScouts>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    let mut met = None;
    for entry in batch.of(WAR_COUNCIL) {
        let alliance = alliance_of(entry.owner);
        if let Some(mut calendar) = index.alliance(alliance).and_then(|e| calendars.get_mut(e).ok())
            && entry.n == 0
        {
            calendar.next = now + settings.period;
            agenda.push(WAR_COUNCIL.entry(calendar.next, entry.owner, 0));
        }
        // Two sessions can wait for the same member to wake: one is enough.
        if met.replace(alliance) == Some(alliance) {
            continue;
        }
        let Some((decisions, running, log)) = index.alliance(alliance).and_then(|e| alliances.get(e).ok()) else {
            continue;
        };
        let members = situation.voters(alliance);
        let council: Vec<&MemberInfo> = members.iter().filter(|m| m.rank != Rank::Member).collect();
        if !council.iter().any(|m| m.rhythm.is_awake(now)) {
            // With nobody awake the session waits for the first to wake.
            if let Some(wakes) = council.iter().map(|m| m.rhythm.next_awake(now)).min() {
                agenda.push(WAR_COUNCIL.entry(wakes, entry.owner, 1));
            }
            continue;
        }
        let session = Session {
            alliance,
            now,
            seed: seed.as_ref().map_or(0, |s| s.0),
            situation: &situation,
            settings: &settings,
            library: &library,
            planning: &planning,
            allocation: &allocation,
            voting_settings: &voting,
            own: situation.view.own(alliance),
            threats: situation.threats(alliance, now),
            enemies: situation.roster.relations(alliance).map_or_else(Vec::new, |(s, ..)| s.wars().collect()),
            claimed: targets_of(&running.0, false, &index, &operations),
            being_scouted: targets_of(&running.0, true, &index, &operations),
            scouts_lost: scouts_lost(log, now),
            last_hit: last_hits(decisions, &index, &operations),
            refused: decisions.refused.clone(),
            voting: !decisions.open.is_empty(),
            members,
        };
        let outcome = meet(&session);
        for party in outcome.parties {
            scouts.write(party);
        }
        let best = outcome.best.as_ref().map(|o| (o.name(), o.score));
        facts.write(CampaignFact {
            at: now,
            fact: Fact::CouncilMet { alliance, best, gate: outcome.gate.map(str::to_owned) },
        });
        if outcome.gate.is_none()
            && let Some(option) = outcome.best
        {
            submissions.write(option.submission);
        }
    }
}

struct SessionOutcome {
    parties: Vec<SendScouts>,
    best: Option<AttackOption>,
    /// Why nothing is proposed, if nothing is.
    gate: Option<&'static str>,
}

fn meet(session: &Session) -> SessionOutcome {
    if session.enemies.is_empty() {
        return SessionOutcome { parties: Vec::new(), best: None, gate: Some("no_war") };
    }
    let attack = if session.voting { Err("vote_is_open") } else { attack::best_option(session) };
    let best_score = attack.as_ref().map_or(0.0, |o| o.score);
    let parties = scouting::parties(session, best_score);
    match attack {
        Err(gate) => SessionOutcome { parties, best: None, gate: Some(gate) },
        Ok(option) => {
            let gate = (option.score < session.planning.scores.option_min).then_some("no_option_above_threshold");
            SessionOutcome { parties, best: Some(option), gate }
        }
    }
}

fn targets_of(
    running: &[ProposalId],
    scouting: bool,
    index: &EntityIndex,
    operations: &Query<&Operation>,
) -> BTreeSet<SiteId> {
    running
        .iter()
        .filter_map(|id| operations.get(index.proposal(*id)?).ok())
        .filter(|o| o.scouting == scouting)
        .flat_map(|o| o.groups.iter().map(|g| g.target))
        .collect()
}

/// Scouts that an alliance lost at each site within the last 72 hours, the largest party of each.
fn scouts_lost(log: &ObservationLog, now: GameTime) -> BTreeMap<SiteId, u32> {
    let mut lost: BTreeMap<SiteId, u32> = BTreeMap::new();
    for observation in log.latest.iter().rev().take_while(|o| now - o.at < GameSpan::hours(72)) {
        if let (Cause::OwnScoutsLost, Seen::ScoutsKilled { killed }) = (observation.cause, &observation.seen) {
            let most = lost.entry(observation.site).or_default();
            *most = (*most).max(*killed);
        }
    }
    lost
}

fn last_hits(decisions: &Decisions, index: &EntityIndex, operations: &Query<&Operation>) -> BTreeMap<SiteId, GameTime> {
    let mut hits = BTreeMap::new();
    for id in &decisions.decided {
        let Some(operation) = index.proposal(*id).and_then(|e| operations.get(e).ok()) else { continue };
        for group in &operation.groups {
            let hit = hits.entry(group.target).or_insert(group.arrival);
            *hit = (*hit).max(group.arrival);
        }
    }
    hits
}
