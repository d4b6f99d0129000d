//! Wars with their score, and what alliances did about each other.

use super::Source;
use super::sides::is_at_war;
use crate::base::clock::GameTime;
use crate::base::id::{AllianceId, EntityIndex};
use crate::edge::report::after_action::data::War;
use crate::edge::report::after_action::history::Dealing;
use crate::society::alliance::Wars;
use bevy::prelude::World;
use std::collections::BTreeMap;

/// Wars that are shown at most, those that cost most.
const WARS_SHOWN: usize = 24;
/// Events that are shown at most, the first ones.
const EVENTS_SHOWN: usize = 200;

/// Who fought whom, what it cost, and how far each has come with its aim.
pub(super) fn wars(world: &World, source: &Source) -> Vec<War> {
    let mut wars: BTreeMap<(AllianceId, AllianceId), War> = BTreeMap::new();
    let new = |a: AllianceId, b: AllianceId| War {
        a: source.party(Some(a), None),
        b: source.party(Some(b), None),
        ..War::default()
    };
    for kept in &source.history.wars {
        let [a, b] = kept.sides;
        let war = wars.entry((a, b)).or_insert_with(|| new(a, b));
        (war.since, war.ended) = (Some(kept.since), kept.ended);
        war.declared = kept.by.map(|by| source.party(Some(by), None));
    }
    for blow in &source.history.blows {
        let (Some(by), Some(on)) = (blow.attacker.1, blow.defender.1) else { continue };
        if by == on || (source.side(by).is_none() && source.side(on).is_none()) {
            continue;
        }
        let (a, b) = (by.min(on), by.max(on));
        let war = wars.entry((a, b)).or_insert_with(|| new(a, b));
        let (own, other) = if by == a { (0, 1) } else { (1, 0) };
        war.battles += 1;
        war.killed[own] += blow.killed;
        war.killed[other] += blow.lost;
        war.looted[own] += blow.loot;
    }
    for change in &source.history.changed {
        let of = |who: Option<(_, Option<AllianceId>)>| who.and_then(|(_, alliance)| alliance);
        if let (Some(from), Some(to)) = (of(change.from), of(change.to))
            && let Some(war) = wars.get_mut(&(from.min(to), from.max(to)))
        {
            war.taken[usize::from(to > from)] += 1;
        }
    }
    for ((a, b), war) in &mut wars {
        if war.since.is_none() && is_at_war(world, *a, *b) {
            war.since = Some(source.history.begun);
        }
        war.aim = [aim(world, *a, *b), aim(world, *b, *a)];
    }
    let mut wars: Vec<War> = wars.into_values().filter(|war| war.turnover() > 0 || war.since.is_some()).collect();
    // Between those who deliberate first.
    let among = |war: &War| war.a.side.is_some() && war.b.side.is_some();
    wars.sort_by_key(|war| (core::cmp::Reverse(among(war)), core::cmp::Reverse(war.turnover())));
    wars.truncate(WARS_SHOWN);
    wars
}

/// Villages of the aim of a war that were reached, of how many.
fn aim(world: &World, of: AllianceId, on: AllianceId) -> Option<(u64, u64)> {
    let entity = world.resource::<EntityIndex>().alliance(of)?;
    let war = world.get::<Wars>(entity)?.0.get(&on)?;
    (!war.aim.is_empty()).then_some((war.reached.len() as u64, war.aim.len() as u64))
}

/// What happened between alliances, and villages that changed hands, in the order of time.
pub(super) fn events(source: &Source) -> Vec<(GameTime, String)> {
    let name = |id: AllianceId| source.party(Some(id), None).name;
    let mut events: Vec<(GameTime, String)> = Vec::new();
    for (at, dealing) in &source.history.dealings {
        let text = match dealing {
            Dealing::War { by, on, aim } => format!("{} declares war on {}, for {aim} villages", name(*by), name(*on)),
            Dealing::Agreed { by, to, treaty } => format!("{} and {} agree on {treaty}", name(*to), name(*by)),
            Dealing::Broken { by, with } => format!("{} breaks its word to {}", name(*by), name(*with)),
            Dealing::Ended { alliance } => format!("{} has no member left", name(*alliance)),
            Dealing::Wonder { alliance, level } if level % 10 == 0 => {
                format!("{} raises its wonder to level {level}", name(*alliance))
            }
            Dealing::Wonder { .. } => continue,
            Dealing::Won { alliance, condition } => {
                format!("{} has won: {}", name(*alliance), condition.replace('_', " "))
            }
        };
        events.push((*at, text));
    }
    for change in source.history.changed.iter() {
        let who = |(player, alliance)| source.party(alliance, Some(player)).name;
        let village = source.village(change.site);
        match (change.from, change.to) {
            (Some(from), Some(to)) => {
                events.push((change.at, format!("{} takes {village} from {}", who(to), who(from))));
            }
            (Some(from), None) => events.push((change.at, format!("{village} of {} is razed", who(from)))),
            (None, _) => {}
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events.truncate(EVENTS_SHOWN);
    events
}
