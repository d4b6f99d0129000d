//! The one way in: facts with a witness become observations, observations become reports.

use super::components::{
    Cause, Field, IntelReport, NewIntel, Observation, ObservationLog, Seen, Sighting, Sightings, SourceKind,
};
use super::rules;
use super::view::MemberStates;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind};
use crate::base::contract::{
    BattleFought, MarchSighted, MembershipChanged, ReportedStates, Scenario, ScoutReturned, ScoutsKilled, Site,
    SiteChanged, SiteState,
};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId, StableId};
use crate::base::limits::Limits;
use crate::society::alliance::Roster;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Where knowledge changes within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntelSystems {
    /// In `Sense`: states of own members arrive, old fields go.
    Refresh,
    /// In `Settle`: what was seen at this instant becomes knowledge.
    Admit,
}

/// A field of a report reaches its end. Owner: knower and site, n: 0 for an alliance, 1 for a player.
pub const REPORT_EXPIRES: DueKind = DueKind::new(90, "report_expires", &[CampaignSystems::Sense]);

/// The owner and n of a report's entries in the agenda.
fn owner_key(knower: Knower, site: SiteId) -> (u64, u32) {
    let (id, kind) = match knower {
        Knower::Alliance(id) => (id.0, 0),
        Knower::Player(id) => (id.0, 1),
    };
    (u64::from(id) << 32 | u64::from(site.0), kind)
}

/// The knower and the site of an entry in the agenda.
pub(super) fn of_key(owner: u64, n: u32) -> (Knower, SiteId) {
    let id = u32::try_from(owner >> 32).unwrap_or(0);
    let site = SiteId(u32::try_from(owner & u64::from(u32::MAX)).unwrap_or(0));
    (if n == 0 { Knower::Alliance(AllianceId(id)) } else { Knower::Player(PlayerId(id)) }, site)
}

pub(super) fn spawn_knowers(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert((Sightings::default(), ObservationLog::default()));
        }
    }
}

/// Own members' states, as the world answered them: of nobody but those who belong to whoever asked.
pub(super) fn refresh_members(roster: Roster, mut reported: ResMut<ReportedStates>, mut states: ResMut<MemberStates>) {
    if reported.states.is_empty() {
        return;
    }
    let own = |(knower, state): &(Knower, SiteState)| match knower {
        Knower::Alliance(alliance) => roster.alliance_of(state.owner) == Some(*alliance),
        Knower::Player(player) => state.owner == *player,
    };
    states.fill(reported.states.drain(..).filter(own));
}

/// Who changes its alliance takes along what it sees coming to its own sites.
pub(super) fn follow_members(
    batch: Res<DueBatch>,
    mut changed: MessageReader<MembershipChanged>,
    roster: Roster,
    index: Res<EntityIndex>,
    sites: Query<&Site>,
    mut knowers: Query<(&mut Sightings, &mut ObservationLog)>,
    mut commands: Commands,
) {
    for change in changed.read() {
        let active = |alliance: Option<AllianceId>| alliance.filter(|a| roster.alliance(*a).is_some_and(|a| a.active));
        let knower = |alliance| active(alliance).map_or(Knower::Player(change.player), Knower::Alliance);
        let (from, to) = (knower(change.from), knower(change.to));
        let (Some(old), Some(new)) = (index.knower(from), index.knower(to)) else { continue };
        let own = |site| index.site(site).and_then(|e| sites.get(e).ok()).is_some_and(|s| s.owner == change.player);
        let seen = knowers.get(old).map_or_else(|_| Vec::new(), |(sightings, _)| sightings.0.clone());
        let coming = seen.into_iter().filter(|s| s.arrival >= batch.now() && own(s.target));
        match knowers.get_mut(new) {
            Ok((mut sightings, _)) if from != to => {
                sightings.0.extend(coming);
                sightings.0.sort_unstable();
                sightings.0.dedup();
            }
            Err(_) => {
                let memory = (Sightings(coming.collect()), ObservationLog::default());
                commands.entity(new).insert(memory);
            }
            Ok(_) => {}
        }
    }
}

/// What was known of a site that is gone is no knowledge of what is founded there next. It looks at all reports: sites are
/// razed rarely.
pub(super) fn forget_razed(
    mut changed: MessageReader<SiteChanged>,
    reports: Query<(Entity, &IntelReport)>,
    mut commands: Commands,
) {
    let gone: BTreeSet<SiteId> = changed.read().filter(|c| c.to.is_none()).map(|c| c.site).collect();
    if gone.is_empty() {
        return;
    }
    for (entity, _) in reports.iter().filter(|(_, report)| gone.contains(&report.site)) {
        commands.entity(entity).despawn();
    }
}

pub(super) fn expire_reports(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut reports: Query<&mut IntelReport>,
    mut commands: Commands,
) {
    let mut last = None;
    for entry in batch.of(REPORT_EXPIRES) {
        if last.replace((entry.owner, entry.n)) == Some((entry.owner, entry.n)) {
            continue;
        }
        let (knower, site) = of_key(entry.owner, entry.n);
        if let Some(entity) = index.report(knower, site)
            && let Ok(mut report) = reports.get_mut(entity)
            && rules::expire(&mut report, batch.now())
        {
            commands.entity(entity).despawn();
        }
    }
}

/// Turns this pass's facts into observations of the witness's knower, and those into knowledge. A lone player gets
/// room for a memory with its first observation.
pub(super) fn admit_observations(
    mut sightings: MessageReader<MarchSighted>,
    mut battles: MessageReader<BattleFought>,
    mut scouts: MessageReader<ScoutReturned>,
    mut caught: MessageReader<ScoutsKilled>,
    roster: Roster,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    mut knowers: Query<(&mut Sightings, &mut ObservationLog)>,
    mut reports: Query<&mut IntelReport>,
    mut agenda: ResMut<Agenda>,
    mut news: MessageWriter<NewIntel>,
    mut commands: Commands,
) {
    let observed = sightings
        .read()
        .map(from_sighting)
        .chain(battles.read().map(from_battle))
        .chain(scouts.read().map(from_scouts))
        .chain(caught.read().map(from_killed));
    let mut first: BTreeMap<Knower, (Sightings, ObservationLog)> = BTreeMap::new();
    let mut fresh: BTreeMap<(Knower, SiteId), IntelReport> = BTreeMap::new();
    for observation in observed {
        let Some(knower) = roster.knower_of(observation.witness) else { continue };
        let Some(entity) = index.knower(knower) else { continue };
        let kept = match knower {
            Knower::Alliance(_) => limits.observations_kept,
            Knower::Player(_) => limits.lone_observations_kept,
        };
        if let Some(report) = report_of(knower, &observation) {
            let known = fresh.entry((knower, observation.site)).or_insert_with(|| empty(knower, observation.site));
            absorb(known, report);
        }
        match knowers.get_mut(entity) {
            Ok((mut sightings, mut log)) => remember(&mut sightings, &mut log, observation, kept),
            Err(_) => {
                let (sightings, log) = first.entry(knower).or_default();
                remember(sightings, log, observation, kept);
            }
        }
    }
    for (knower, memory) in first {
        if let Some(entity) = index.knower(knower) {
            commands.entity(entity).insert(memory);
        }
    }
    for ((knower, site), new) in fresh {
        let observed_at = newest(&new);
        let (owner, n) = owner_key(knower, site);
        agenda.push(REPORT_EXPIRES.entry(observed_at + rules::EXPIRES_AFTER, owner, n));
        news.write(NewIntel { knower, site });
        match index.report(knower, site).and_then(|e| reports.get_mut(e).ok()) {
            Some(mut report) => absorb(&mut report, new),
            None => {
                commands.spawn((StableId::Report(knower, site), new));
            }
        }
    }
}

fn remember(sightings: &mut Sightings, log: &mut ObservationLog, observation: Observation, kept: usize) {
    if let Seen::March(sighting) = observation.seen {
        sightings.0.retain(|s| s.arrival >= observation.at);
        let place = sightings.0.partition_point(|s| *s < sighting);
        sightings.0.insert(place, sighting);
    }
    log.total += 1;
    while log.latest.len() >= kept.max(1) {
        log.latest.pop_front();
    }
    log.latest.push_back(observation);
}

fn empty(knower: Knower, site: SiteId) -> IntelReport {
    IntelReport { knower, site, troops: None, goods: None, wall: None, buildings: None }
}

fn absorb(known: &mut IntelReport, new: IntelReport) {
    rules::merge(&mut known.troops, new.troops);
    rules::merge(&mut known.goods, new.goods);
    rules::merge(&mut known.wall, new.wall);
    rules::merge(&mut known.buildings, new.buildings);
}

fn newest(report: &IntelReport) -> crate::base::clock::GameTime {
    let times = [
        report.troops.as_ref().map(|f| f.observed_at),
        report.goods.as_ref().map(|f| f.observed_at),
        report.wall.as_ref().map(|f| f.observed_at),
        report.buildings.as_ref().map(|f| f.observed_at),
    ];
    times.into_iter().flatten().max().unwrap_or_default()
}

/// The report that an observation makes, if it says anything about the site itself.
fn report_of(knower: Knower, seen: &Observation) -> Option<IntelReport> {
    let Seen::Site { troops, goods, wall, residence } = &seen.seen else { return None };
    if troops.is_none() && goods.is_none() && wall.is_none() && residence.is_none() {
        return None;
    }
    let (kind, confidence) = match seen.cause {
        Cause::OwnScouts => (SourceKind::Scout, rules::SCOUT_CONFIDENCE),
        _ => (SourceKind::Battle, rules::BATTLE_CONFIDENCE),
    };
    fn field<T: Clone>(value: Option<&T>, seen: &Observation, kind: SourceKind, confidence: f64) -> Option<Field<T>> {
        value.map(|v| Field { value: v.clone(), observed_at: seen.at, source: seen.witness, kind, confidence })
    }
    Some(IntelReport {
        knower,
        site: seen.site,
        troops: field(troops.as_ref(), seen, kind, confidence),
        goods: field(goods.as_ref(), seen, kind, confidence),
        wall: field(wall.as_ref(), seen, kind, confidence),
        buildings: field(residence.as_ref(), seen, kind, confidence),
    })
}

fn from_sighting(s: &MarchSighted) -> Observation {
    Observation {
        at: s.seen_at,
        witness: s.witness,
        site: s.target,
        cause: Cause::IncomingMarch,
        seen: Seen::March(Sighting { arrival: s.arrival, target: s.target, origin: s.origin, seen_at: s.seen_at }),
    }
}

/// What a battle shows: an attacker learns what is left of the site; a defender learns who came, and knows its own
/// site from its own state.
fn from_battle(b: &BattleFought) -> Observation {
    if !b.attacked {
        let seen = Seen::Attackers { groups: b.enemy_groups.clone() };
        return Observation { at: b.at, witness: b.witness, site: b.site, cause: Cause::OwnDefense, seen };
    }
    let troops = match (&b.enemy_before, &b.enemy_lost) {
        (Some(before), Some(lost)) => Some(before.minus(lost)),
        _ => None,
    };
    let seen = Seen::Site { troops, goods: b.left_in_store, wall: b.wall, residence: None };
    Observation { at: b.at, witness: b.witness, site: b.site, cause: Cause::OwnAttack, seen }
}

fn from_scouts(s: &ScoutReturned) -> Observation {
    Observation {
        at: s.at,
        witness: s.witness,
        site: s.site,
        cause: Cause::OwnScouts,
        seen: Seen::Site {
            troops: Some(s.troops.clone()),
            goods: Some(s.goods),
            wall: Some(s.wall),
            residence: Some(s.residence),
        },
    }
}

fn from_killed(s: &ScoutsKilled) -> Observation {
    Observation {
        at: s.at,
        witness: s.witness,
        site: s.site,
        cause: if s.own { Cause::OwnScoutsLost } else { Cause::ScoutsCaught },
        seen: Seen::ScoutsKilled { killed: s.killed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_key_of_a_report_loses_nothing(id in any::<u32>(), site in any::<u32>()) {
            for knower in [Knower::Alliance(AllianceId(id)), Knower::Player(PlayerId(id))] {
                let (owner, n) = owner_key(knower, SiteId(site));
                prop_assert_eq!(of_key(owner, n), (knower, SiteId(site)));
            }
        }
    }
}
