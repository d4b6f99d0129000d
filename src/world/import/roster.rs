//! From villages, players and alliances to a [`Scenario`]: who is active, who leads, who is at war. The generator
//! uses it too, so that both kinds of world are cast alike.

use crate::base::contract::{PlayerKind, Rank, Scenario, ScenarioAlliance, ScenarioPlayer, ScenarioSite, Stance};
use crate::base::geometry::{GridEntry, SiteGrid, Tile, Torus};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::ruleset::Ruleset;
use crate::world::village::rules::{draw_rhythm, draw_role};
use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Who is at war with whom at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Wars {
    /// Each chosen alliance with the chosen one whose villages lie nearest: by the median of the ten shortest
    /// distances between villages of both, ties by id.
    #[default]
    Nearest,
    /// Nobody.
    None,
}

/// An alliance of fewer members is never active.
pub(crate) const MEMBERS_MIN: usize = 3;
const OFFICERS: usize = 2;
/// Shortest distances whose median says how near two alliances are.
const NEAREST: usize = 10;

/// A player as found.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) id: PlayerId,
    pub(crate) name: String,
    pub(crate) alliance: Option<AllianceId>,
}

/// Everyone and everything on the map.
#[derive(Debug)]
pub(crate) struct Census {
    pub(crate) seed: u64,
    pub(crate) half_width: i16,
    pub(crate) sites: Vec<ScenarioSite>,
    pub(crate) people: Vec<Person>,
    pub(crate) alliances: BTreeMap<AllianceId, String>,
}

/// An alliance's members, the most populous first, ties by id.
type Members = Vec<(Reverse<u64>, PlayerId)>;

/// Casts a scenario. The `chosen` largest alliances of at least three members are active: by members, then
/// population, then id. Each alliance is led by its most populous member, the next two are its officers.
pub(crate) fn assemble(census: Census, chosen: usize, wars: Wars, rules: &Ruleset) -> Scenario {
    let Census { seed, half_width, mut sites, mut people, alliances } = census;
    sites.sort_by_key(|s| s.id);
    people.sort_by_key(|p| p.id);
    let is_static = find_static(&sites, rules);
    let members = list_members(&sites, &people, &is_static);
    let active = choose(&members, chosen);
    let mut ranks: BTreeMap<PlayerId, Rank> = BTreeMap::new();
    for list in members.values() {
        for (place, (_, player)) in list.iter().enumerate() {
            let rank = match place {
                0 => Rank::Leader,
                _ if place <= OFFICERS => Rank::Officer,
                _ => Rank::Member,
            };
            ranks.insert(*player, rank);
        }
    }
    let stances = match wars {
        Wars::None => Vec::new(),
        Wars::Nearest => nearest_wars(Torus { half_width }, &sites, &people, &active),
    };
    let players = people.into_iter().map(|person| {
        let kind = match person.alliance {
            _ if is_static.contains(&person.id) => PlayerKind::Static,
            Some(alliance) if active.contains(&alliance) => PlayerKind::Active,
            _ => PlayerKind::Bystander,
        };
        let acts = kind != PlayerKind::Static;
        ScenarioPlayer {
            id: person.id,
            kind,
            membership: person.alliance.map(|a| (a, ranks.get(&person.id).copied().unwrap_or_default())),
            role: acts.then(|| draw_role(seed, person.id)),
            rhythm: acts.then(|| draw_rhythm(seed, person.id, person.alliance)),
            archetype: None,
            name: person.name,
        }
    });
    let players = players.collect();
    let alliance = |(id, name)| ScenarioAlliance { id, name, active: active.contains(&id) };
    let alliances = alliances.into_iter().map(alliance).collect();
    Scenario { seed, half_width, sites, players, alliances, stances }
}

/// Players all of whose villages belong to static tribes.
fn find_static(sites: &[ScenarioSite], rules: &Ruleset) -> BTreeSet<PlayerId> {
    let mut only_static: BTreeMap<PlayerId, bool> = BTreeMap::new();
    for site in sites {
        let is_static = rules.tribe(site.tribe).is_some_and(|t| t.is_static);
        *only_static.entry(site.owner).or_insert(true) &= is_static;
    }
    only_static.into_iter().filter(|(_, all)| *all).map(|(player, _)| player).collect()
}

fn list_members(
    sites: &[ScenarioSite],
    people: &[Person],
    is_static: &BTreeSet<PlayerId>,
) -> BTreeMap<AllianceId, Members> {
    let mut population: BTreeMap<PlayerId, u64> = BTreeMap::new();
    for site in sites {
        *population.entry(site.owner).or_default() += u64::from(site.population);
    }
    let mut members: BTreeMap<AllianceId, Members> = BTreeMap::new();
    for person in people.iter().filter(|p| !is_static.contains(&p.id)) {
        if let Some(alliance) = person.alliance {
            let inhabitants = population.get(&person.id).copied().unwrap_or(0);
            members.entry(alliance).or_default().push((Reverse(inhabitants), person.id));
        }
    }
    members.values_mut().for_each(|list| list.sort_unstable());
    members
}

fn choose(members: &BTreeMap<AllianceId, Members>, chosen: usize) -> BTreeSet<AllianceId> {
    let mut ranking: Vec<(Reverse<usize>, Reverse<u64>, AllianceId)> = members
        .iter()
        .filter(|(_, list)| list.len() >= MEMBERS_MIN)
        .map(|(id, list)| (Reverse(list.len()), Reverse(list.iter().map(|(p, _)| p.0).sum()), *id))
        .collect();
    ranking.sort_unstable();
    ranking.into_iter().take(chosen).map(|(_, _, id)| id).collect()
}

/// The shortest squared distances between two alliances, sorted, at most [`NEAREST`].
#[derive(Default)]
struct Shortest(Vec<i32>);

impl Shortest {
    fn add(&mut self, squared: i32) {
        let place = self.0.partition_point(|d| *d <= squared);
        if place < NEAREST {
            self.0.insert(place, squared);
            self.0.truncate(NEAREST);
        }
    }

    /// The median of the `count` shortest, if as many as decide it were seen.
    fn median(&self, count: usize) -> Option<f64> {
        let upper = f64::from(*self.0.get(count / 2)?).sqrt();
        let lower = f64::from(*self.0.get((count - 1) / 2)?).sqrt();
        Some((lower + upper) / 2.0)
    }
}

/// Wars of each alliance with its nearest, each pair once with the smaller id first.
fn nearest_wars(
    torus: Torus,
    sites: &[ScenarioSite],
    people: &[Person],
    active: &BTreeSet<AllianceId>,
) -> Vec<(AllianceId, AllianceId, Stance)> {
    let alliance_of: BTreeMap<PlayerId, AllianceId> =
        people.iter().filter_map(|p| p.alliance.map(|a| (p.id, a))).collect();
    let ids: Vec<AllianceId> = active.iter().copied().collect();
    let mut villages: Vec<(usize, Tile)> = Vec::new();
    for site in sites {
        if let Some(i) = alliance_of.get(&site.owner).and_then(|a| ids.binary_search(a).ok()) {
            villages.push((i, site.at));
        }
    }
    let mut wars = BTreeSet::new();
    for (i, nearest) in find_nearest(torus, &villages, ids.len()).into_iter().enumerate() {
        if let Some(j) = nearest {
            wars.insert((ids[i.min(j)], ids[i.max(j)]));
        }
    }
    wars.into_iter().map(|(a, b)| (a, b, Stance::War)).collect()
}

/// The nearest other group of each. Only village pairs within a radius are looked at; the radius doubles until each
/// group's nearest is certain: a pair not yet seen in full has a median of more than half the radius.
fn find_nearest(torus: Torus, villages: &[(usize, Tile)], groups: usize) -> Vec<Option<usize>> {
    let tag = |group: usize| u32::try_from(group).unwrap_or(u32::MAX);
    let entry = |(group, at): &(usize, Tile)| GridEntry { at: *at, tag: tag(*group), site: SiteId(0) };
    let grid = SiteGrid::build(torus, villages.iter().map(entry));
    let mut sizes = vec![0_usize; groups];
    villages.iter().for_each(|(group, _)| sizes[*group] += 1);
    let mut radius = 8;
    loop {
        let mut pairs: BTreeMap<(u32, u32), Shortest> = BTreeMap::new();
        for (group, at) in villages {
            let own = tag(*group);
            grid.for_each_within(*at, radius, |other| {
                if other.tag > own {
                    let squared = torus.distance_squared(*at, other.at);
                    pairs.entry((own, other.tag)).or_default().add(squared);
                }
            });
        }
        let whole_map = radius >= torus.side();
        let median = |a: usize, b: usize| {
            let count = sizes[a].saturating_mul(sizes[b]).min(NEAREST);
            pairs.get(&(tag(a.min(b)), tag(a.max(b)))).and_then(|p| p.median(count))
        };
        let nearest: Vec<Option<(f64, usize)>> = (0..groups)
            .map(|a| {
                let others = (0..groups).filter(|b| *b != a).filter_map(|b| median(a, b).map(|m| (m, b)));
                others.min_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)))
            })
            .collect();
        let certain = nearest.iter().all(|n| n.is_some_and(|(m, _)| m <= f64::from(radius) / 2.0));
        if certain || whole_map {
            return nearest.into_iter().map(|n| n.map(|(_, group)| group)).collect();
        }
        radius *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_looking_at_all(torus: Torus, villages: &[(usize, Tile)], groups: usize) -> Vec<Option<usize>> {
        let median = |a: usize, b: usize| {
            let mut all: Vec<f64> = Vec::new();
            for (_, at) in villages.iter().filter(|v| v.0 == a) {
                all.extend(villages.iter().filter(|v| v.0 == b).map(|(_, other)| torus.distance(*at, *other)));
            }
            all.sort_by(f64::total_cmp);
            all.truncate(NEAREST);
            (!all.is_empty()).then(|| (all[(all.len() - 1) / 2] + all[all.len() / 2]) / 2.0)
        };
        let nearest = |a: usize| {
            let others = (0..groups).filter(|b| *b != a).filter_map(|b| median(a, b).map(|m| (m, b)));
            others.min_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1))).map(|(_, b)| b)
        };
        (0..groups).map(nearest).collect()
    }

    proptest! {
        #[test]
        fn the_nearest_is_found_without_looking_at_all(
            villages in prop::collection::vec((0..5_usize, -100..=100_i16, -100..=100_i16), 0..80)
        ) {
            let villages: Vec<_> = villages.into_iter().map(|(g, x, y)| (g, Tile::new(x, y))).collect();
            let torus = Torus { half_width: 100 };
            prop_assert_eq!(find_nearest(torus, &villages, 5), by_looking_at_all(torus, &villages, 5));
        }
    }
}
