//! How the alliances stand: members, strength, what they trust and hold in common, wars and treaties, and what keeps them from acting.

use crate::panels::words;
use crate::theme;
use bevy::prelude::*;
use bevy_alliance::action::pool::Pool;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::contract::{Holdings, Model, Stance};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex};
use bevy_alliance::edge::report::{Blocked, CampaignTally, gate_in_words};
use bevy_alliance::society::alliance::Roster;
use bevy_alliance::strategy::victory::VictoryRanking;
use bevy_alliance::world::village::Garrison;
use bevy_egui::egui::Color32;

/// Alliances whose trust is looked at anew each time: it takes a look at each pair of members.
const TRUST_AT_ONCE: usize = 2;

/// How one alliance stands.
#[derive(Clone, Debug)]
pub(in crate::panels) struct SideCard {
    pub(in crate::panels) id: AllianceId,
    pub(in crate::panels) name: String,
    pub(in crate::panels) color: Color32,
    /// Whether it deliberates no more.
    pub(in crate::panels) ended: bool,
    pub(in crate::panels) leader: Option<String>,
    pub(in crate::panels) members: usize,
    pub(in crate::panels) villages: usize,
    /// Inhabitants at the last census: the strength that is public.
    pub(in crate::panels) population: u64,
    /// What its troops cost, in goods, and the part of that which is not at home.
    pub(in crate::panels) army: (i64, i64),
    pub(in crate::panels) pool: Option<Goods>,
    /// Mean trust of members in each other.
    pub(in crate::panels) trust: Option<f64>,
    /// When its trust was looked at.
    trust_at: Option<GameTime>,
    pub(in crate::panels) ties: Vec<Tie>,
    /// Operations under way, over with their goal met, partly met, failed, called off.
    pub(in crate::panels) operations: [usize; 5],
    pub(in crate::panels) open_votes: usize,
    /// Why nothing happens, if nothing does: in a few words, and in full.
    pub(in crate::panels) blocked: Option<(String, String)>,
    /// How far it has come towards what wins.
    pub(in crate::panels) victory: Option<(f64, String)>,
}

/// How it stands to another.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Tie {
    pub(in crate::panels) other: AllianceId,
    pub(in crate::panels) name: String,
    pub(in crate::panels) stance: Stance,
    pub(in crate::panels) since: GameTime,
    pub(in crate::panels) until: Option<GameTime>,
    /// How far the other's word is believed, -100..=100.
    pub(in crate::panels) credit: f64,
    /// In war: goods killed, goods lost, villages of its aim that were reached, of how many.
    pub(in crate::panels) war: Option<(i64, i64, usize, usize)>,
}

/// Looks at all alliances that are known to deliberate, in the order of their ids.
pub(super) fn gather(world: &mut World, before: Vec<SideCard>) -> Vec<SideCard> {
    let active = world.resource::<CampaignTally>().directory.active.clone();
    let mut cards: Vec<SideCard> = active
        .iter()
        .map(|id| {
            let old = before.iter().find(|card| card.id == *id);
            let trust = old.map(|card| (card.trust, card.trust_at)).unwrap_or_default();
            world.run_system_cached_with(public, (*id, trust)).unwrap_or_else(|_| empty(*id))
        })
        .collect();
    fill_trust(world, &mut cards);
    for card in &mut cards {
        fill_known(world, card);
        fill_story(world, card);
    }
    cards
}

fn empty(id: AllianceId) -> SideCard {
    SideCard {
        id,
        name: String::new(),
        color: theme::OTHERS,
        ended: true,
        leader: None,
        members: 0,
        villages: 0,
        population: 0,
        army: (0, 0),
        pool: None,
        trust: None,
        trust_at: None,
        ties: Vec::new(),
        operations: [0; 5],
        open_votes: 0,
        blocked: None,
        victory: None,
    }
}

/// What is public, and how far others' word is believed.
fn public(
    In((id, (trust, trust_at))): In<(AllianceId, (Option<f64>, Option<GameTime>))>,
    roster: Roster,
    holdings: Res<Holdings>,
    clock: Res<GameClock>,
    tally: Res<CampaignTally>,
) -> SideCard {
    let names = &tally.directory;
    let members = roster.members(id);
    let ties = roster.relations(id).map_or_else(Vec::new, |(stances, wars, _)| {
        let tie = |(other, standing): (&AllianceId, &bevy_alliance::base::contract::Standing)| Tie {
            other: *other,
            name: words::alliance(names, *other),
            stance: standing.stance,
            since: standing.since,
            until: standing.until,
            credit: roster.credit(id, *other, clock.now()),
            war: wars.0.get(other).map(|war| (war.killed, war.lost, war.reached.len(), war.aim.len())),
        };
        stances.0.iter().filter(|(_, s)| s.stance != Stance::Neutral).map(tie).collect()
    });
    SideCard {
        name: words::alliance(names, id),
        color: theme::of(names, Some(id)),
        ended: roster.alliance(id).is_none_or(|alliance| !alliance.active),
        leader: roster.leader(id).map(|player| words::player(names, player)),
        members: members.len(),
        villages: members.iter().map(|m| holdings.of(m.player).len()).sum(),
        population: members.iter().map(|m| m.population).sum(),
        ties,
        trust,
        trust_at,
        ..empty(id)
    }
}

/// Looks at the trust of those whose trust was looked at longest ago.
fn fill_trust(world: &mut World, cards: &mut [SideCard]) {
    let now = world.resource::<GameClock>().now();
    let mut order: Vec<usize> = (0..cards.len()).collect();
    order.sort_by_key(|i| cards[*i].trust_at);
    let fresh = cards.iter().filter(|card| card.trust_at.is_none()).count();
    for i in order.into_iter().take(fresh.max(TRUST_AT_ONCE)) {
        cards[i].trust = world.run_system_cached_with(mean_trust, cards[i].id).ok().flatten();
        cards[i].trust_at = Some(now);
    }
}

fn mean_trust(id: In<AllianceId>, roster: Roster, clock: Res<GameClock>) -> Option<f64> {
    let members = roster.members(*id);
    let pairs = members.iter().flat_map(|a| members.iter().map(move |b| (a.player, b.player)));
    let trusts: Vec<f64> = pairs.filter(|(a, b)| a != b).map(|(a, b)| roster.trust(a, b, clock.now())).collect();
    (!trusts.is_empty()).then(|| trusts.iter().sum::<f64>() / trusts.len() as f64)
}

/// What the alliance itself knows: its army and its pool.
fn fill_known(world: &World, card: &mut SideCard) {
    let index = world.resource::<EntityIndex>();
    let Some(entity) = index.alliance(card.id) else { return };
    card.pool = world.get::<Pool>(entity).map(|pool| pool.stock);
    let (holdings, names) = (world.resource::<Holdings>(), &world.resource::<CampaignTally>().directory);
    let Some(model) = world.get_resource::<Model>() else { return };
    for (player, _) in names.alliance_of.iter().filter(|(_, alliance)| **alliance == card.id) {
        let sites = holdings.of(*player).iter().filter_map(|site| world.get::<Garrison>(index.site(*site)?));
        for garrison in sites {
            let away = model.cost(&garrison.away);
            card.army.0 += model.cost(&garrison.home) + away;
            card.army.1 += away;
        }
    }
}

/// What became of its votes and operations, and what keeps it from more.
fn fill_story(world: &World, card: &mut SideCard) {
    let (tally, now) = (world.resource::<CampaignTally>(), world.resource::<GameClock>().now());
    for (_, story) in tally.stories.iter().filter(|(id, s)| id.alliance == card.id && s.goal != "look") {
        card.open_votes += usize::from(story.is_open());
        let place = match story.report.as_ref().map(|report| report.result.as_str()) {
            _ if story.is_under_way() => 0,
            Some("goal_met") => 1,
            Some("partly") => 2,
            Some("aborted") => 4,
            Some(_) => 3,
            None => continue,
        };
        card.operations[place] += 1;
    }
    card.blocked = tally.blocked(now).into_iter().find(|b| b.alliance == card.id).and_then(|b| in_words(&b));
    let ranking = world.get_resource::<VictoryRanking>();
    let standing = ranking.and_then(|r| r.standings.iter().find(|s| s.alliance == card.id));
    card.victory = standing.map(|s| (s.progress, words::plain(&s.condition)));
}

fn in_words(blocked: &Blocked) -> Option<(String, String)> {
    let gate = blocked.gate.as_ref().filter(|_| blocked.step.is_some())?;
    Some((format!("{:.0} h quiet: {}", blocked.quiet_hours, gate_in_words(gate)), words::plain(&blocked.to_string())))
}
