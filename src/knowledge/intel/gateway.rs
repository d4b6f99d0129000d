//! The one way in: facts with a witness become observations, observations become reports.

use super::components::{
    Cause, Field, IntelReport, NewIntel, Observation, ObservationLog, Seen, Sighting, Sightings, SourceKind,
};
use super::rules;
use super::view::MemberStates;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind};
use crate::base::contract::{BattleFought, MarchSighted, ReportedStates, Scenario, ScoutReturned, ScoutsKilled};
use crate::base::id::{AllianceId, EntityIndex, SiteId, StableId};
use crate::base::limits::Limits;
use crate::society::alliance::Roster;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Where knowledge changes within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntelSystems {
    /// In `Sense`: states of own members arrive, old fields go.
    Refresh,
    /// In `Settle`: what was seen at this instant becomes knowledge.
    Admit,
}

/// A field of a report reaches its end. Owner: alliance and site.
pub const REPORT_EXPIRES: DueKind = DueKind::new(90, "report_expires", &[CampaignSystems::Sense]);

fn owner_key(knower: AllianceId, site: SiteId) -> u64 {
    u64::from(knower.0) << 32 | u64::from(site.0)
}

pub(super) fn spawn_knowers(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert((Sightings::default(), ObservationLog::default()));
        }
    }
}

/// Own members' states, as the world answered them.
pub(super) fn refresh_members(mut reported: ResMut<ReportedStates>, mut states: ResMut<MemberStates>) {
    if reported.states.is_empty() {
        return;
    }
    states.fill(reported.states.drain(..));
}

pub(super) fn expire_reports(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut reports: Query<&mut IntelReport>,
    mut commands: Commands,
) {
    let mut last = None;
    for entry in batch.of(REPORT_EXPIRES) {
        if last.replace(entry.owner) == Some(entry.owner) {
            continue;
        }
        let (knower, site) = (entry.owner >> 32, entry.owner & u64::from(u32::MAX));
        let knower = AllianceId(u32::try_from(knower).unwrap_or(0));
        let site = SiteId(u32::try_from(site).unwrap_or(0));
        if let Some(entity) = index.report(knower, site)
            && let Ok(mut report) = reports.get_mut(entity)
            && rules::expire(&mut report, batch.now())
        {
            commands.entity(entity).despawn();
        }
    }
}

/// Turns this pass's facts into observations of the witness's alliance, and those into knowledge.
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
    let mut fresh: BTreeMap<(AllianceId, SiteId), IntelReport> = BTreeMap::new();
    for observation in observed {
        let Some(knower) = roster.active_alliance_of(observation.witness) else { continue };
        let Some(entity) = index.alliance(knower) else { continue };
        let Ok((mut sightings, mut log)) = knowers.get_mut(entity) else { continue };
        if let Seen::March(sighting) = observation.seen {
            sightings.0.retain(|s| s.arrival >= observation.at);
            let place = sightings.0.partition_point(|s| *s < sighting);
            sightings.0.insert(place, sighting);
        }
        if let Some(report) = report_of(knower, &observation) {
            let known = fresh.entry((knower, observation.site)).or_insert_with(|| empty(knower, observation.site));
            absorb(known, report);
        }
        log.total += 1;
        if log.latest.len() >= limits.observations_kept {
            log.latest.pop_front();
        }
        log.latest.push_back(observation);
    }
    for ((knower, site), new) in fresh {
        let observed_at = newest(&new);
        let n = u32::try_from(observed_at.0.rem_euclid(i64::from(u32::MAX))).unwrap_or(0);
        agenda.push(REPORT_EXPIRES.entry(observed_at + rules::EXPIRES_AFTER, owner_key(knower, site), n));
        news.write(NewIntel { alliance: knower, site });
        match index.report(knower, site).and_then(|e| reports.get_mut(e).ok()) {
            Some(mut report) => absorb(&mut report, new),
            None => {
                commands.spawn((StableId::Report(knower, site), new));
            }
        }
    }
}

fn empty(knower: AllianceId, site: SiteId) -> IntelReport {
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
fn report_of(knower: AllianceId, seen: &Observation) -> Option<IntelReport> {
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
