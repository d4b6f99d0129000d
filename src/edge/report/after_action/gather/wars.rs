//! Wars with their score, and what alliances did about each other.

use super::Source;
use super::sides::is_at_war;
use crate::base::clock::GameTime;
use crate::base::id::AllianceId;
use crate::edge::report::after_action::data::War;
use crate::edge::report::after_action::history::{Dealing, WarKept};
use bevy::prelude::World;
use std::collections::BTreeMap;

/// Wars that are shown at most, those that cost most.
const WARS_SHOWN: usize = 24;
/// Events that are shown at most, the first ones.
const EVENTS_SHOWN: usize = 200;

/// Two alliances, the lower id first, and which of their wars: none for what was before the first, or without any.
type Key = (AllianceId, AllianceId, Option<usize>);

/// Who fought whom, what it cost, and how far who declared it has come with its aim. Each war of the same two stands for itself.
pub(super) fn wars(world: &World, source: &Source) -> Vec<War> {
    let kept = &source.history.wars;
    let mut wars: BTreeMap<Key, War> = BTreeMap::new();
    let new = |a: AllianceId, b: AllianceId| War {
        a: source.party(Some(a), None),
        b: source.party(Some(b), None),
        ..War::default()
    };
    for (n, one) in kept.iter().enumerate() {
        let [a, b] = one.sides;
        let declared = one.by.map(|by| source.party(Some(by), None));
        let aim = (one.aim > 0).then_some((one.reached as u64, one.aim as u64));
        wars.insert((a, b, Some(n)), War { since: Some(one.since), ended: one.ended, declared, aim, ..new(a, b) });
    }
    // Who still marched when there was peace belongs to the war before.
    let key = |x: AllianceId, y: AllianceId, at: GameTime| {
        let sides = [x.min(y), x.max(y)];
        let begun = |war: &&WarKept| war.sides == sides && war.since <= at;
        let which = kept.iter().rposition(|war| begun(&war));
        (sides[0], sides[1], which)
    };
    for blow in &source.history.blows {
        let (Some(by), Some(on)) = (blow.attacker.1, blow.defender.1) else { continue };
        if by == on || (source.side(by).is_none() && source.side(on).is_none()) {
            continue;
        }
        let key = key(by, on, blow.at);
        let war = wars.entry(key).or_insert_with(|| new(key.0, key.1));
        let (own, other) = if by == key.0 { (0, 1) } else { (1, 0) };
        war.battles += 1;
        war.killed[own] += blow.killed;
        war.killed[other] += blow.lost;
        war.looted[own] += blow.loot;
    }
    for change in &source.history.changed {
        let of = |who: Option<(_, Option<AllianceId>)>| who.and_then(|(_, alliance)| alliance);
        if let (Some(from), Some(to)) = (of(change.from), of(change.to))
            && let Some(war) = wars.get_mut(&key(from, to, change.at))
        {
            war.taken[usize::from(to > from)] += 1;
        }
    }
    for ((a, b, which), war) in &mut wars {
        if which.is_none() && kept.is_empty() && is_at_war(world, *a, *b) {
            war.since = Some(source.history.begun);
        }
    }
    let mut wars: Vec<War> = wars.into_values().filter(|war| war.turnover() > 0 || war.since.is_some()).collect();
    // Between those who deliberate first.
    let among = |war: &War| war.a.side.is_some() && war.b.side.is_some();
    wars.sort_by_key(|war| (core::cmp::Reverse(among(war)), core::cmp::Reverse(war.turnover())));
    wars.truncate(WARS_SHOWN);
    wars
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::contract::{CampaignFact, Fact, Manner, Stance};
    use crate::base::goods::Goods;
    use crate::base::id::{PlayerId, SiteId};
    use crate::edge::report::after_action::history::History;
    use crate::edge::report::directory::Directory;
    use crate::edge::report::tally::CampaignTally;

    fn battle(attacker: u32, defender: u32, defenders_lost: i64) -> Fact {
        Fact::BattleFought {
            site: SiteId(defender),
            defender: PlayerId(defender),
            attackers: vec![(PlayerId(attacker), 500)],
            operation: None,
            manner: Manner::Siege,
            attackers_lost: 10,
            defenders_lost,
            attacker_loss: 0.1,
            defender_loss: 0.5,
            loot: Goods::ZERO,
            wall: (0, 0),
            levels_lost: 0,
        }
    }

    #[test]
    fn two_wars_of_the_same_two_are_kept_apart() {
        let (a, b) = (AllianceId(1), AllianceId(2));
        let mut names = Directory::default();
        names.alliance_of.extend([(PlayerId(1), a), (PlayerId(2), b)]);
        let (war, peace) = (Stance::War, Stance::Truce);
        let facts = [
            (1, battle(1, 2, 1)),
            (2, Fact::StanceChanged { a, b, stance: war }),
            (3, battle(1, 2, 20)),
            (4, Fact::StanceChanged { a, b, stance: peace }),
            (5, battle(1, 2, 300)),
            (6, Fact::WarDeclared { by: b, on: a, aim: vec![SiteId(1), SiteId(7)] }),
            (7, battle(2, 1, 4_000)),
        ];
        let mut history = History::default();
        for (hour, fact) in facts {
            history.hear(&names, &CampaignFact { at: GameTime(hour * 3_600_000), fact });
        }
        let mut tally = CampaignTally::default();
        tally.directory = names;
        let source = Source::of(&tally, &history, vec![a, b]);
        let mut wars = wars(&World::new(), &source);
        wars.sort_by_key(|war| war.since);
        let told: Vec<_> = wars.iter().map(|war| (war.battles, war.killed, war.aim, war.since.is_some())).collect();
        assert_eq!(
            told,
            [(1, [1, 10], None, false), (2, [320, 20], None, true), (1, [10, 4_000], Some((0, 2)), true),],
            "before, the first with what still marched, and the second"
        );
        assert!(wars[1].ended.is_some() && wars[1].declared.is_none());
        assert_eq!(wars[2].declared.as_ref().and_then(|by| by.side), Some(1));
    }
}
