//! Sightings become tracks, battles become forces on their way home.

use super::components::{Movements, Returning, Track};
use super::rules::{self, Place};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{EnemyGroup, MarchSighted, Model, Player, Site};
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{EntityIndex, Knower, PlayerId, SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::knowledge::intel::components::{Cause, Observation, Seen, Sighting};
use crate::knowledge::intel::dossier::{Act, ActSeen};
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

    /// What is public of a sight at this instant.
    pub(crate) fn glance(&self, seen: &MarchSighted) -> Glance {
        let origin = self.site(seen.origin);
        Glance {
            holds_target: self.site(seen.target).is_some_and(|s| s.owner == seen.witness),
            sender: origin.map(|s| s.owner),
            inhabitants: origin.map_or(0, |s| s.population),
        }
    }

    /// Whether an attack of so many groups came with force.
    fn is_real(&self, came: &Force, groups: usize) -> bool {
        let groups = u32::try_from(groups.max(1)).unwrap_or(u32::MAX);
        self.model.attack(came) / f64::from(groups) >= self.model.scale().attack_min
    }
}

/// What is public of a sight of a march at the instant at which it was seen: later in the pass sites may change hands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Glance {
    /// Whether the witness held the target.
    pub(crate) holds_target: bool,
    /// Who held the origin.
    pub(crate) sender: Option<PlayerId>,
    /// Inhabitants of the origin.
    pub(crate) inhabitants: u32,
}

/// Takes in what an observation tells of movements. `kept`: so many tracks, and so many forces on their way home. Of a
/// march of which it tells for the first time when it left, its sender and that instant are returned.
pub(in crate::knowledge::intel) fn follow(
    movements: &mut Movements,
    seen: &Observation,
    glance: Option<&Glance>,
    kept: usize,
    ground: &Ground,
) -> Option<(PlayerId, GameTime)> {
    let launched = match &seen.seen {
        Seen::March(sighting) => note_sighting(&mut movements.tracks, sighting, (seen.cause, glance), ground),
        Seen::Attackers { groups, before } => {
            note_survivors(movements, (seen.site, seen.at), groups, before.as_ref(), ground);
            None
        }
        _ => return None,
    };
    movements.trim(seen.at, kept);
    launched
}

/// Adds a sighting to the track of its march. When it tells for the first time when the march left, that is returned.
fn note_sighting(
    tracks: &mut Vec<Track>,
    seen: &Sighting,
    (cause, glance): (Cause, Option<&Glance>),
    ground: &Ground,
) -> Option<(PlayerId, GameTime)> {
    let key = (seen.arrival, seen.target, seen.origin);
    let place = tracks.partition_point(|t| t.key() < key);
    if tracks.get(place).is_none_or(|t| t.key() != key) {
        let (player, inhabitants) = glance.map_or((None, 0), |g| (g.sender, g.inhabitants));
        let (arrival, target, origin) = key;
        let travel = (GameSpan(0), Track::ENDLESS);
        let first_seen = seen.seen_at;
        let new = Track { arrival, target, origin, player, inhabitants, first_seen, sightings: 0, travel };
        tracks.insert(place, new);
    }
    let track = &mut tracks[place];
    let was_known = launch_known(track).is_some();
    track.sightings = track.sightings.saturating_add(1);
    let left = seen.arrival - seen.seen_at;
    track.travel = rules::narrow(track.travel, left, place_of(seen, cause, ground));
    let launched = launch_known(track).filter(|_| !was_known)?;
    Some((track.player?, launched))
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
        let track = movements.tracks.binary_search_by_key(&key, Track::key).ok();
        let track = track.map(|i| movements.tracks.remove(i));
        // Whose home is lost goes elsewhere.
        let home = ground.site(group.origin).filter(|s| s.owner == group.player).map(|s| s.at);
        let Some(home) = home else { continue };
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
            from: site,
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
    launched: Option<(PlayerId, GameTime)>,
    victim: bool,
    ground: &Ground,
) -> Vec<ActSeen> {
    let mut acts = Vec::new();
    match &seen.seen {
        Seen::March(_) => {
            acts.extend(launched.map(|(player, at)| ActSeen { knower, player, at, act: Act::Launched }));
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

/// What a player takes along that changes its knower: what it sees coming to its own sites, and who it saw go home from
/// there. At most `kept` of each stay.
pub(in crate::knowledge::intel) fn take_along(
    from: &Movements,
    to: &mut Movements,
    (now, kept): (GameTime, usize),
    is_own: impl Fn(SiteId) -> bool,
) {
    to.tracks.extend(from.tracks.iter().filter(|t| t.arrival >= now && is_own(t.target)));
    to.tracks.sort_unstable();
    to.tracks.dedup_by(|other, kept| {
        let same = other.key() == kept.key();
        if same {
            kept.first_seen = kept.first_seen.min(other.first_seen);
            kept.sightings = kept.sightings.max(other.sightings);
            // Bounds that contradict each other, as of a march that does not walk straight, tell nothing new.
            let travel = (kept.travel.0.max(other.travel.0), kept.travel.1.min(other.travel.1));
            kept.travel = if travel.0 <= travel.1 { travel } else { kept.travel };
        }
        same
    });
    let known = to.returning.clone();
    to.returning.extend(from.returning.iter().filter(|r| is_own(r.from) && !known.contains(r)).cloned());
    to.returning.sort_by_key(|r| (r.site, r.home_at));
    to.trim(now, kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::intel::components::{Field, SourceKind};

    fn track(arrival: i64, travel: (i64, i64)) -> Track {
        Track {
            arrival: GameTime(arrival),
            target: SiteId(1),
            origin: SiteId(9),
            player: Some(PlayerId(9)),
            inhabitants: 100,
            first_seen: GameTime(0),
            sightings: 1,
            travel: (GameSpan(travel.0), GameSpan(travel.1)),
        }
    }

    fn survivors(from: u32, home: i64) -> Returning {
        Returning {
            home_at: (GameTime(home), GameTime(home)),
            site: SiteId(9),
            from: SiteId(from),
            player: PlayerId(9),
            left_at: (GameTime(0), GameTime(0)),
            force: Force::of(UnitClass(0), 5),
        }
    }

    #[test]
    fn bounds_that_contradict_each_other_stay_in_order() {
        let known = |travel| Movements { tracks: vec![track(100, travel)], ..Movements::default() };
        let travel = |one, other| {
            let mut to = known(one);
            take_along(&known(other), &mut to, (GameTime(0), 9), |_| true);
            assert_eq!(to.tracks.len(), 1);
            (to.tracks[0].travel.0.0, to.tracks[0].travel.1.0)
        };
        assert_eq!(travel((40, 60), (50, 90)), (50, 60));
        assert_eq!(travel((40, 60), (70, 90)), (40, 60), "never the later before the earlier");
    }

    #[test]
    fn what_is_taken_along_is_bounded_and_first_hand() {
        let from = Movements {
            tracks: (1..6).map(|n| track(100 * n, (50, 50))).collect(),
            returning: vec![survivors(1, 300), survivors(2, 400)],
            ..Movements::default()
        };
        let mut to = Movements { tracks: vec![track(50, (50, 50))], ..Movements::default() };
        for _ in 0..2 {
            take_along(&from, &mut to, (GameTime(0), 3), |site| site == SiteId(1));
            let kept: Vec<i64> = to.tracks.iter().map(|t| t.arrival.0).collect();
            assert_eq!(kept, [300, 400, 500], "who is home first goes first");
            assert_eq!(
                to.returning,
                [survivors(1, 300)],
                "those who fought at another's site are not its own to tell of"
            );
        }
    }

    #[test]
    fn a_sight_is_kept_for_those_who_were_still_there() {
        let (mut known, foot) = (Movements::default(), |n| Force::of(UnitClass(0), n));
        let sight = |at, n| Field {
            value: foot(n),
            observed_at: GameTime(at),
            source: PlayerId(1),
            kind: SourceKind::Scout,
            confidence: 0.8,
        };
        // One left at 50, one at 150.
        known.tracks = vec![track(100, (50, 50)), track(200, (50, 50))];
        known.keep_sight((SiteId(9), PlayerId(9)), &sight(10, 500), GameTime(60), GameTime(60));
        known.keep_sight((SiteId(9), PlayerId(9)), &sight(60, 300), GameTime(160), GameTime(90));
        known.keep_sight((SiteId(9), PlayerId(8)), &sight(140, 9), GameTime(160), GameTime(90));
        let kept: Vec<_> = known.sights.iter().map(|(key, f)| (key.0.0, f.value.total())).collect();
        assert_eq!(kept, [(100, 500), (200, 300)]);
        known.trim(GameTime(101), 9);
        assert_eq!(known.sights.keys().map(|key| key.0.0).collect::<Vec<_>>(), [200]);
    }
}
