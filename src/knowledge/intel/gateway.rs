//! The one way in: facts with a witness become observations, observations become reports.

use super::components::{Cause, Field, IntelReport, NewIntel, Observation, ObservationLog, Seen, Sighting, SourceKind};
use super::dossier::ActSeen;
use super::movement::{Glance, Ground, Movements, acts, follow, take_along};
use super::rules;
use super::sharing::{Relayed, knowers_of};
use super::view::MemberStates;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, PassScratch};
use crate::base::contract::{
    BattleFought, MarchSighted, MembershipChanged, ReportedStates, Scenario, ScoutReturned, ScoutsKilled, Site,
    SiteChanged, SiteState,
};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId, StableId};
use crate::base::limits::Limits;
use crate::society::alliance::Roster;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Where knowledge changes within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntelSystems {
    /// In `Sense`: states of own members arrive, old fields go.
    Refresh,
    /// In `March`: who holds what is noted for the marches that were seen, before anything changes hands.
    Glance,
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
            world.entity_mut(entity).insert((Movements::default(), ObservationLog::default()));
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

/// What was public of the marches that were seen in this pass before anything changed hands, in the order of their sights.
/// Lives for one pass.
#[derive(Resource, Default, Debug)]
pub(super) struct Glances(Vec<Glance>);

impl PassScratch for Glances {
    fn clear(&mut self) {
        self.0.clear();
    }
}

pub(super) fn glance(mut sightings: MessageReader<MarchSighted>, ground: Ground, mut glances: ResMut<Glances>) {
    glances.0.extend(sightings.read().map(|s| ground.glance(s)));
}

/// Who changes its alliance takes along what it sees coming to its own sites, and who it saw go home from there.
pub(super) fn follow_members(
    batch: Res<DueBatch>,
    mut changed: MessageReader<MembershipChanged>,
    roster: Roster,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    sites: Query<&Site>,
    mut knowers: Query<(&mut Movements, &mut ObservationLog)>,
    mut commands: Commands,
) {
    for change in changed.read() {
        let (from, to) = knowers_of(change, &roster);
        let (Some(old), Some(new)) = (index.knower(from), index.knower(to)) else { continue };
        let own = |site| index.site(site).and_then(|e| sites.get(e).ok()).is_some_and(|s| s.owner == change.player);
        let room = (batch.now(), limits.movements_kept);
        let seen = knowers.get(old).map_or_else(|_| Movements::default(), |(movements, _)| movements.clone());
        match knowers.get_mut(new) {
            Ok((mut movements, _)) if from != to => take_along(&seen, &mut movements, room, own),
            Err(_) => {
                let mut movements = Movements::default();
                take_along(&seen, &mut movements, room, own);
                commands.entity(new).insert((movements, ObservationLog::default()));
            }
            Ok(_) => {}
        }
    }
}

pub(super) fn expire_reports(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut reports: Query<&mut IntelReport>,
    mut logs: Query<&mut ObservationLog>,
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
            if let Some(mut log) = index.knower(knower).and_then(|e| logs.get_mut(e).ok()) {
                log.expired += 1;
            }
        }
    }
}

/// The facts of a pass that somebody witnessed.
#[derive(SystemParam)]
pub(super) struct Witnessed<'w, 's> {
    sightings: MessageReader<'w, 's, MarchSighted>,
    battles: MessageReader<'w, 's, BattleFought>,
    scouts: MessageReader<'w, 's, ScoutReturned>,
    caught: MessageReader<'w, 's, ScoutsKilled>,
    relayed: MessageReader<'w, 's, Relayed>,
    changed: MessageReader<'w, 's, SiteChanged>,
    glances: Res<'w, Glances>,
}

/// An observation, whether its witness was attacked in its own site, and what was public of the march that it saw.
type Witness = (Observation, bool, Option<Glance>);

impl Witnessed<'_, '_> {
    /// As observations.
    fn observations(&mut self, ground: &Ground) -> Vec<Witness> {
        let changed: Vec<SiteChanged> = self.changed.read().copied().collect();
        let glances = &self.glances.0;
        let sight = |(place, s): (usize, &MarchSighted)| {
            // Who saw it after sites changed hands saw it as they are now, or lost the target again at this instant.
            let glance = glances.get(place).copied().unwrap_or_else(|| {
                let lost = changed.iter().any(|c| c.site == s.target && c.from == Some(s.witness));
                let seen = ground.glance(s);
                Glance { holds_target: seen.holds_target || lost, ..seen }
            });
            (from_sighting(s, glance.holds_target), false, Some(glance))
        };
        let seen = self.sightings.read().enumerate().map(sight);
        seen.chain(self.battles.read().map(|b| (from_battle(b), b.is_victim(), None)))
            .chain(self.scouts.read().map(|s| (from_scouts(s), false, None)))
            .chain(self.caught.read().map(|s| (from_killed(s), false, None)))
            .chain(self.relayed.read().map(|r| (r.0.clone(), false, None)))
            .collect()
    }
}

/// Turns this pass's facts into observations of the witness's knower, and those into knowledge. A lone player gets
/// room for a memory with its first observation.
pub(super) fn admit_observations(
    batch: Res<DueBatch>,
    mut witnessed: Witnessed,
    roster: Roster,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    ground: Ground,
    mut knowers: Query<(&mut Movements, &mut ObservationLog)>,
    mut reports: Query<&mut IntelReport>,
    mut agenda: ResMut<Agenda>,
    mut news: MessageWriter<NewIntel>,
    mut acted: MessageWriter<ActSeen>,
    mut commands: Commands,
) {
    let mut first: BTreeMap<Knower, (Movements, ObservationLog)> = BTreeMap::new();
    let mut fresh: BTreeMap<(Knower, SiteId), IntelReport> = BTreeMap::new();
    for (observation, victim, glance) in witnessed.observations(&ground) {
        let Some(knower) = roster.knower_of(observation.witness) else { continue };
        let Some(entity) = index.knower(knower) else { continue };
        let kept = match knower {
            Knower::Alliance(_) => limits.observations_kept,
            Knower::Player(_) => limits.lone_observations_kept,
        };
        // Nobody needs a report of its own: whoever just took a site, or whose new member brings along what it saw of it.
        let owner = ground.site(observation.site).map(|s| s.owner);
        let own = owner.is_some_and(|owner| roster.knower_of(owner) == Some(knower));
        if let Some(report) = report_of(knower, &observation).filter(|_| !own) {
            let known =
                fresh.entry((knower, observation.site)).or_insert_with(|| IntelReport::empty(knower, observation.site));
            absorb(known, report);
        }
        let mut known = knowers.get_mut(entity).ok();
        let (movements, log) = match &mut known {
            Some((movements, log)) => (&mut **movements, &mut **log),
            None => {
                let (movements, log) = first.entry(knower).or_default();
                (movements, log)
            }
        };
        let launched = follow(movements, &observation, glance.as_ref(), limits.movements_kept, &ground);
        acted.write_batch(acts(knower, &observation, launched, victim, &ground));
        remember(log, observation, kept);
    }
    for (knower, memory) in first {
        if let Some(entity) = index.knower(knower) {
            commands.entity(entity).insert(memory);
        }
    }
    for ((knower, site), new) in fresh {
        let (owner, n) = owner_key(knower, site);
        for observed_at in new.times().collect::<BTreeSet<_>>() {
            agenda.push(REPORT_EXPIRES.entry(observed_at + rules::EXPIRES_AFTER, owner, n));
        }
        news.write(NewIntel { knower, site });
        match index.report(knower, site).and_then(|e| reports.get_mut(e).ok()) {
            Some(mut report) => {
                let before = report.troops.clone().filter(|_| new.troops.is_some());
                absorb(&mut report, new);
                let known = index.knower(knower).and_then(|e| knowers.get_mut(e).ok());
                let owner = ground.site(site).map(|s| s.owner);
                if let (Some(before), Some(now)) = (before, &report.troops)
                    && let (Some((mut movements, _)), Some(owner)) = (known, owner)
                    && now.observed_at > before.observed_at
                {
                    movements.keep_sight((site, owner), &before, now.observed_at, batch.now());
                }
            }
            None => {
                commands.spawn((StableId::Report(knower, site), new));
            }
        }
    }
}

fn remember(log: &mut ObservationLog, observation: Observation, kept: usize) {
    log.total += 1;
    log.sightings += u64::from(matches!(observation.seen, Seen::March(_)));
    while log.latest.len() >= kept.max(1) {
        log.latest.pop_front();
    }
    log.latest.push_back(observation);
}

fn absorb(known: &mut IntelReport, new: IntelReport) {
    rules::merge(&mut known.troops, new.troops, rules::TROOPS_HALF_LIFE);
    rules::merge(&mut known.goods, new.goods, rules::GOODS_HALF_LIFE);
    rules::merge(&mut known.wall, new.wall, rules::BUILDINGS_HALF_LIFE);
    rules::merge(&mut known.buildings, new.buildings, rules::BUILDINGS_HALF_LIFE);
}

/// The report that an observation makes, if it says anything about the site itself.
fn report_of(knower: Knower, seen: &Observation) -> Option<IntelReport> {
    if let Seen::Told(told) = &seen.seen {
        let known = IntelReport { knower, ..(**told).clone() };
        return Some(if seen.cause == Cause::AllyTold { rules::hearsay(known) } else { known });
    }
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

/// Who does not hold the target sees a march pass a site of its own.
fn from_sighting(s: &MarchSighted, holds_target: bool) -> Observation {
    Observation {
        at: s.seen_at,
        witness: s.witness,
        site: s.target,
        cause: if holds_target { Cause::IncomingMarch } else { Cause::WatchArea },
        seen: Seen::March(Sighting {
            arrival: s.arrival,
            target: s.target,
            origin: s.origin,
            seen_at: s.seen_at,
            at: s.at,
        }),
    }
}

/// What a battle shows: an attacker learns what is left of the site; a defender learns who came, and knows its own
/// site from its own state.
fn from_battle(b: &BattleFought) -> Observation {
    if !b.attacked {
        let seen = Seen::Attackers { groups: b.enemy_groups.clone(), before: b.enemy_before.clone() };
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
