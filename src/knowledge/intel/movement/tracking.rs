//! Sightings become tracks, battles become forces on their way home.

use super::components::{Movements, Returning, Track};
use super::rules::{self, Place};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{EnemyGroup, Model, Player, Site};
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{EntityIndex, Knower, PlayerId, SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::knowledge::intel::components::{Cause, Observation, Seen, Sighting};
use crate::knowledge::intel::dossier::{Act, ActSeen};
use crate::knowledge::intel::rules::EXPIRES_AFTER;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Public facts that tell what a sighting means.
#[derive(SystemParam)]
pub(crate) struct Ground<'w, 's> {
    index: Res<'w, EntityIndex>,
    torus: Res<'w, Torus>,
    model: Res<'w, Model>,
    sites: Query<'w, 's, &'static Site>,
    players: Query<'w, 's, &'static Player>,
}

impl Ground<'_, '_> {
    pub(crate) fn site(&self, site: SiteId) -> Option<&Site> {
        self.sites.get(self.index.site(site)?).ok()
    }

    fn is_foreign(&self, player: PlayerId, knower: Knower) -> bool {
        match knower {
            Knower::Player(own) => player != own,
            Knower::Alliance(own) => {
                let player = self.index.player(player).and_then(|e| self.players.get(e).ok());
                player.is_some_and(|p| p.alliance != Some(own))
            }
        }
    }

    /// Whether an attack of so many groups came with force.
    fn is_real(&self, came: &Force, groups: usize) -> bool {
        let groups = u32::try_from(groups.max(1)).unwrap_or(u32::MAX);
        self.model.attack(came) / f64::from(groups) >= self.model.scale().attack_min
    }
}

/// Takes in what an observation tells of movements. `kept`: so many tracks, and so many forces on their way home.
pub(in crate::knowledge::intel) fn follow(
    movements: &mut Movements,
    seen: &Observation,
    kept: usize,
    ground: &Ground,
) -> Option<GameTime> {
    let launched = match &seen.seen {
        Seen::March(sighting) => note_sighting(&mut movements.tracks, sighting, seen.cause, ground),
        Seen::Attackers { groups, before } => {
            note_survivors(movements, (seen.site, seen.at), groups, before.as_ref(), ground);
            None
        }
        _ => return None,
    };
    movements.tracks.retain(|t| t.home_at().1 >= seen.at);
    while movements.tracks.len() > kept.max(1) {
        let first = (0..movements.tracks.len()).min_by_key(|i| (movements.tracks[*i].home_at().1, *i));
        first.map(|i| movements.tracks.remove(i));
    }
    // Who is home again is news beside a report that was made while they were out, and those live for a week.
    movements.returning.retain(|r| r.home_at.1 + EXPIRES_AFTER >= seen.at);
    while movements.returning.len() > kept.max(1) {
        let first = (0..movements.returning.len()).min_by_key(|i| (movements.returning[*i].home_at, *i));
        first.map(|i| movements.returning.remove(i));
    }
    launched
}

/// Adds a sighting to the track of its march. When it tells for the first time when the march left, that is returned.
fn note_sighting(tracks: &mut Vec<Track>, seen: &Sighting, cause: Cause, ground: &Ground) -> Option<GameTime> {
    let key = (seen.arrival, seen.target, seen.origin);
    let place = tracks.partition_point(|t| (t.arrival, t.target, t.origin) < key);
    if tracks.get(place).is_none_or(|t| (t.arrival, t.target, t.origin) != key) {
        let player = ground.site(seen.origin).map(|s| s.owner);
        let (arrival, target, origin) = key;
        let travel = (GameSpan(0), Track::ENDLESS);
        let new = Track { arrival, target, origin, player, first_seen: seen.seen_at, sightings: 0, travel };
        tracks.insert(place, new);
    }
    let track = &mut tracks[place];
    let was_known = launch_known(track).is_some();
    track.sightings = track.sightings.saturating_add(1);
    let left = seen.arrival - seen.seen_at;
    track.travel = rules::narrow(track.travel, left, place_of(seen, cause, ground));
    launch_known(track).filter(|_| !was_known)
}

/// The middle of the bounds of a launch that are close enough together.
fn launch_known(track: &Track) -> Option<GameTime> {
    let (earliest, latest) = track.left_at();
    let apart = GameSpan(latest.0.saturating_sub(earliest.0));
    (apart <= rules::LAUNCH_KNOWN_WITHIN).then(|| earliest + GameSpan(apart.0 / 2))
}

fn place_of(seen: &Sighting, cause: Cause, ground: &Ground) -> Place {
    let tile = |site: SiteId| ground.site(site).map(|s| s.at);
    let (Some(at), Some(from), Some(to)) = (seen.at, tile(seen.origin), tile(seen.target)) else {
        return Place::Unknown;
    };
    // Whoever watches an area may see it on its origin's tile when it has gone half a field.
    if at == from && cause == Cause::IncomingMarch {
        return Place::Origin;
    }
    Place::Tile { whole: ground.torus.distance(from, to), left: ground.torus.distance(at, to) }
}

/// What is left of those who attacked walks home, at its slowest.
fn note_survivors(
    movements: &mut Movements,
    (site, at): (SiteId, GameTime),
    groups: &[EnemyGroup],
    before: Option<&Force>,
    ground: &Ground,
) {
    let Some(from) = ground.site(site).map(|s| s.at) else { return };
    for group in groups {
        let key = (at, site, group.origin);
        let track = movements.tracks.iter().position(|t| (t.arrival, t.target, t.origin) == key);
        let track = track.map(|i| movements.tracks.remove(i));
        let Some(home) = ground.site(group.origin).map(|s| s.at) else { continue };
        let Some(mut back) = slowest(&group.left, from, home, ground) else { continue };
        let out = track.map_or((back.0, Track::ENDLESS), |t| t.travel);
        back.1 = back.1.min(out.1);
        // Where the slowest of all who came survived, the way back takes as long as the way there.
        if before.and_then(|all| slowest(all, from, home, ground)) == slowest(&group.left, from, home, ground) {
            back.0 = back.0.max(out.0);
        }
        let ago = |span: GameSpan| GameTime(at.0.saturating_sub(span.0));
        let new = Returning {
            home_at: (at + back.0.min(back.1), at + back.1),
            site: group.origin,
            player: group.player,
            left_at: (ago(out.1), ago(out.0)),
            force: group.left.clone(),
        };
        let place = movements.returning.partition_point(|r| (r.site, r.home_at) <= (new.site, new.home_at));
        movements.returning.insert(place, new);
    }
}

/// How long the slowest of a force takes, with the best building that helps it and without any; none for nobody.
fn slowest(force: &Force, from: Tile, to: Tile, ground: &Ground) -> Option<(GameSpan, GameSpan)> {
    let time = |class: UnitClass| {
        Some((ground.model.travel_fastest(from, to, class)?, ground.model.travel_between(from, to, class)?))
    };
    force.iter().filter_map(|(class, _)| time(class)).reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))
}

/// The acts of foreign players that an observation shows: that one launched a march, and that marches came.
pub(in crate::knowledge::intel) fn acts(
    knower: Knower,
    seen: &Observation,
    launched: Option<GameTime>,
    victim: bool,
    ground: &Ground,
) -> Vec<ActSeen> {
    let mut acts = Vec::new();
    match &seen.seen {
        Seen::March(sighting) => {
            let player = ground.site(sighting.origin).map(|s| s.owner);
            acts.extend(launched.zip(player).map(|(at, player)| ActSeen { knower, player, at, act: Act::Launched }));
        }
        Seen::Attackers { groups, before: Some(came) } if victim => {
            let act = Act::Came { real: ground.is_real(came, groups.len()) };
            acts.extend(groups.iter().map(|group| ActSeen { knower, player: group.player, at: seen.at, act }));
        }
        _ => {}
    }
    acts.retain(|act| ground.is_foreign(act.player, knower));
    acts
}

/// What a player takes along that changes its knower: what it sees coming to its own sites.
pub(in crate::knowledge::intel) fn take_along(
    from: &Movements,
    to: &mut Movements,
    now: GameTime,
    is_own: impl Fn(SiteId) -> bool,
) {
    to.tracks.extend(from.tracks.iter().filter(|t| t.arrival >= now && is_own(t.target)));
    to.tracks.sort_unstable();
    to.tracks.dedup_by(|other, kept| {
        let same = (other.arrival, other.target, other.origin) == (kept.arrival, kept.target, kept.origin);
        if same {
            kept.first_seen = kept.first_seen.min(other.first_seen);
            kept.sightings = kept.sightings.max(other.sightings);
            kept.travel = (kept.travel.0.max(other.travel.0), kept.travel.1.min(other.travel.1));
        }
        same
    });
}
