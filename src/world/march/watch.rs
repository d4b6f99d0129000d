//! Watch areas: enemies see a hostile march when it comes near one of their sites.
//!
//! The instants are worked out when a march leaves, and again when relations or owners change. Who sees it is decided at
//! the instant itself.

use super::components::{MARCH_PASSES, March, march_of, owner_key};
use super::rules::Way;
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{MarchSighted, MembershipChanged, Relations, Site, SiteChanged, StanceChanged};
use crate::base::geometry::{SiteGrid, Tile, Torus};
use crate::base::id::{AllianceId, EntityIndex, MarchId, PlayerId, SiteId};
use crate::base::ruleset::Ruleset;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Fields between the places along a way around which sites are looked for.
const STRIDE: f64 = 6.0;
/// A tile's middle is at most this far from a point on it, in fields, rounded up.
const TILE: f64 = 0.71;

/// Public facts that tell who sees a march.
#[derive(SystemParam)]
pub(crate) struct Lookouts<'w, 's> {
    index: Res<'w, EntityIndex>,
    rules: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    grid: Res<'w, SiteGrid>,
    sites: Query<'w, 's, &'static Site>,
    relations: Relations<'w, 's>,
}

/// An instant at which somebody sees a march.
type Sight = (GameTime, PlayerId);

impl Lookouts<'_, '_> {
    fn site(&self, site: SiteId) -> Option<&Site> {
        self.sites.get(self.index.site(site)?).ok()
    }

    /// The way of a march that enemies may see. `None` on its way home, for manners that nobody sees, and where the site
    /// that it left or goes to is no more: then nobody can tell its way.
    fn way(&self, march: &March) -> Option<Way> {
        if march.homeward || !march.manner.is_seen() || self.rules.sight_fields == 0 {
            return None;
        }
        let (from, to) = (self.site(march.id.site)?.at, self.site(march.target)?.at);
        Some(Way { torus: *self.torus, from, to, launched: march.launched, arrival: march.arrival })
    }

    /// Those at war with the owner of a march, sorted.
    fn enemies(&self, march: &March) -> Vec<AllianceId> {
        self.relations.alliance_of(march.owner).map_or_else(Vec::new, |own| self.relations.wars(own).collect())
    }

    /// When enemies see a march, at all or at one instant, sorted. The owner of its target sees it from its launch on in
    /// any case.
    fn sights(&self, march: &March, way: &Way, enemies: &[AllianceId], at: Option<GameTime>) -> Vec<Sight> {
        let sight = self.rules.sight_fields;
        let held = self.site(march.target).map(|s| s.owner);
        let mut sights = Vec::new();
        for (center, radius) in at.map_or_else(|| along(way, sight), |at| vec![around(way.tile_at(at), sight)]) {
            self.grid.for_each_within(center, radius, |entry| {
                if entry.tag != 0
                    && enemies.binary_search(&AllianceId(entry.tag)).is_ok()
                    && let Some(instant) = way.passes(entry.at, sight)
                    && at.is_none_or(|at| at == instant)
                    && let Some(owner) = self.site(entry.site).map(|s| s.owner).filter(|o| Some(*o) != held)
                {
                    sights.push((instant, owner));
                }
            });
        }
        sights.sort_unstable();
        sights.dedup();
        sights
    }

    /// What a march that leaves has to say: who sees it at once, and the instants at which others may.
    pub(super) fn on_launch(&self, march: &March, agenda: &mut Agenda, sighted: &mut MessageWriter<MarchSighted>) {
        let Some(way) = self.way(march) else { return };
        let enemies = self.enemies(march);
        if enemies.is_empty() {
            return;
        }
        let sights = self.sights(march, &way, &enemies, None);
        let at_once = sights.iter().filter(|(at, _)| *at == march.launched);
        sighted.write_batch(at_once.map(|sight| seen(march, &way, *sight)));
        remind(march, sights.iter().map(|(at, _)| *at).filter(|at| *at > march.launched), agenda);
    }
}

/// Enters the instants at which a march passes somebody.
fn remind(march: &March, instants: impl Iterator<Item = GameTime>, agenda: &mut Agenda) {
    let mut last = None;
    for at in instants {
        if last.replace(at) != Some(at) {
            agenda.push(MARCH_PASSES.entry(at, owner_key(march.id), march.id.n));
        }
    }
}

fn seen(march: &March, way: &Way, (seen_at, witness): Sight) -> MarchSighted {
    let (origin, target, arrival) = (march.id.site, march.target, march.arrival);
    MarchSighted { witness, origin, target, seen_at, arrival, at: Some(way.tile_at(seen_at)) }
}

/// A circle that holds all sites within sight of any point of a tile.
fn around(at: Tile, sight: u16) -> (Tile, i32) {
    (at, radius(f64::from(sight) + TILE))
}

/// Circles that together hold all sites within sight of a way.
fn along(way: &Way, sight: u16) -> Vec<(Tile, i32)> {
    let length = way.torus.distance(way.from, way.to);
    #[expect(clippy::cast_possible_truncation, reason = "a map has far fewer fields")]
    let parts = (length / STRIDE).ceil().max(1.0) as i64;
    let reach = radius(f64::from(sight) + STRIDE / 2.0 + TILE);
    let span = way.arrival - way.launched;
    let middle = |part: i64| {
        let elapsed = i128::from(span.0) * i128::from(2 * part + 1) / i128::from(2 * parts);
        way.tile_at(way.launched + crate::base::clock::GameSpan(i64::try_from(elapsed).unwrap_or(span.0)))
    };
    (0..parts).map(|part| (middle(part), reach)).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a map has far fewer fields")]
fn radius(fields: f64) -> i32 {
    fields.ceil() as i32
}

/// Tells who sees a march that passes at this instant. An entry counts only if the march still goes out.
pub(super) fn see_marches(
    batch: Res<DueBatch>,
    lookouts: Lookouts,
    marches: Query<&March>,
    mut sighted: MessageWriter<MarchSighted>,
) {
    let now = batch.now();
    let mut last = None;
    for entry in batch.of(MARCH_PASSES) {
        let id = march_of(entry);
        if last.replace(id) == Some(id) {
            continue;
        }
        let Some(march) = lookouts.index.march(id).and_then(|e| marches.get(e).ok()) else { continue };
        let Some(way) = lookouts.way(march).filter(|_| march.arrival > now) else { continue };
        let sights = lookouts.sights(march, &way, &lookouts.enemies(march), Some(now));
        sighted.write_batch(sights.into_iter().map(|sight| seen(march, &way, sight)));
    }
}

/// Whoever becomes an enemy sees the marches that pass him from now on. It looks at all marches, when an alliance changes
/// its stance or a member comes or goes.
pub(super) fn follow_enemies(
    batch: Res<DueBatch>,
    mut stances: MessageReader<StanceChanged>,
    mut memberships: MessageReader<MembershipChanged>,
    lookouts: Lookouts,
    marches: Query<&March>,
    mut agenda: ResMut<Agenda>,
) {
    if stances.is_empty() && memberships.is_empty() {
        return;
    }
    stances.clear();
    memberships.clear();
    let now = batch.now();
    for march in in_order(&marches) {
        let Some(way) = lookouts.way(march) else { continue };
        let enemies = lookouts.enemies(march);
        if !enemies.is_empty() {
            let sights = lookouts.sights(march, &way, &enemies, None);
            remind(march, sights.iter().map(|(at, _)| *at).filter(|at| *at > now), &mut agenda);
        }
    }
}

/// Whoever takes or founds a site sees the marches that pass it from now on. It looks at all marches: sites change hands
/// rarely.
pub(crate) fn follow_owners(
    batch: Res<DueBatch>,
    mut changed: MessageReader<SiteChanged>,
    lookouts: Lookouts,
    marches: Query<&March>,
    mut agenda: ResMut<Agenda>,
) {
    let now = batch.now();
    let new: Vec<(Tile, AllianceId)> = changed
        .read()
        .filter_map(|change| Some((lookouts.site(change.site)?.at, lookouts.relations.alliance_of(change.to?)?)))
        .collect();
    if new.is_empty() {
        return;
    }
    for march in in_order(&marches) {
        let Some(way) = lookouts.way(march) else { continue };
        let enemies = lookouts.enemies(march);
        let hostile = new.iter().filter(|(_, of)| enemies.binary_search(of).is_ok());
        let mut instants: Vec<GameTime> = hostile
            .filter_map(|(place, _)| way.passes(*place, lookouts.rules.sight_fields))
            .filter(|at| *at > now)
            .collect();
        instants.sort_unstable();
        remind(march, instants.into_iter(), &mut agenda);
    }
}

fn in_order<'a>(marches: &'a Query<&March>) -> Vec<&'a March> {
    let mut all: Vec<&March> = marches.iter().filter(|m| !m.homeward && m.manner.is_seen()).collect();
    all.sort_unstable_by_key(|m: &&March| -> MarchId { m.id });
    all
}
