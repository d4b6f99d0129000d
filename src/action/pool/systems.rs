//! What pools need at their instants, and what becomes of goods on their way.

use super::components::{Account, EntryKind, MEETS_REGULARLY, POOL_MEETS, Pool, PoolEntry, Underway};
use super::rules::PoolSettings;
use crate::base::clock::{Agenda, DueBatch, GameClock};
use crate::base::contract::{
    CampaignFact, Fact, GoodsCame, GoodsDue, GoodsLeft, GoodsStayed, INPUT, Input, Inputs, MembershipChanged,
    PoolOrder, RequestRefused, Scenario, Site, WantedStates,
};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use crate::decision::council::stagger;
use crate::knowledge::intel::View;
use crate::society::alliance::Roster;
use bevy::prelude::*;

/// Where pools act within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolSystems {
    /// In `Intake`: asks for the states of those who meet, and of those who ask.
    Ask,
    /// In `Plan`: members give and are granted.
    Meet,
    /// In `Settle`: goods that left and came are entered; who leaves loses its account.
    Enter,
}

pub(super) fn spawn_pools(world: &mut World, scenario: &Scenario) {
    let period = world.resource::<PoolSettings>().period;
    let now = world.resource::<GameClock>().now();
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) else { continue };
        let of = |membership: Option<(AllianceId, _)>| membership.is_some_and(|(id, _)| id == alliance.id);
        let members = scenario.players.iter().filter(|p| of(p.membership));
        let accounts = members.map(|p| (p.id, Account::default())).collect();
        world.entity_mut(entity).insert(Pool { accounts, ..Pool::default() });
        if period.0 > 0 {
            let first = now + stagger(scenario.seed, alliance.id, period);
            world.resource_mut::<Agenda>().push(POOL_MEETS.entry(first, u64::from(alliance.id.0), MEETS_REGULARLY));
        }
    }
}

/// Where the pool of an alliance is kept: the largest village of whoever leads it, and the player who holds it.
#[must_use]
pub fn seat(alliance: AllianceId, roster: &Roster, view: &View) -> Option<(SiteId, PlayerId)> {
    let leader = roster.leader(alliance)?;
    let sites = view.sites_of(leader).iter().filter_map(|site| view.site(*site));
    let seat = sites.max_by_key(|site: &&Site| (site.population, core::cmp::Reverse(site.id)))?;
    Some((seat.id, leader))
}

pub(super) fn ask_states(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    view: View,
    roster: Roster,
    mut wanted: ResMut<WantedStates>,
) {
    for entry in batch.of(POOL_MEETS) {
        let alliance = entry.alliance();
        for member in roster.members(alliance) {
            wanted.ask(alliance, member.player);
        }
    }
    if batch.of(INPUT).is_empty() {
        return;
    }
    for logged in &inputs.now {
        let Input::Ask(asked) = &logged.input else { continue };
        let owner = view.site(asked.site).map(|s| s.owner);
        let Some((owner, alliance)) = owner.and_then(|o| Some((o, roster.active_alliance_of(o)?))) else { continue };
        wanted.ask(alliance, owner);
        if let Some((_, holder)) = seat(alliance, &roster, &view) {
            wanted.ask(alliance, holder);
        }
    }
}

/// Goods that left are on their way; those that stayed are nobody's any more but who had them.
pub(super) fn note_orders(
    batch: Res<DueBatch>,
    mut left: MessageReader<GoodsLeft>,
    mut stayed: MessageReader<GoodsStayed>,
    index: Res<EntityIndex>,
    settings: Res<PoolSettings>,
    mut pools: Query<&mut Pool>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let at = batch.now();
    for GoodsLeft { order, goods, arrival } in left.read().copied() {
        let Some(mut pool) = index.alliance(order.alliance).and_then(|e| pools.get_mut(e).ok()) else { continue };
        let Some(underway) = pool.underway.get_mut(&order.n) else { continue };
        underway.arrival = Some(arrival);
        let (alliance, member, site) = (order.alliance, underway.member, underway.site);
        let fact = match underway.granted {
            Some((reason, wanted)) => {
                let kind = EntryKind::Granted(reason);
                pool.enter(PoolEntry { at, member, kind, goods }, settings.entries_kept);
                Fact::PoolGranted { alliance, member, target: site, goods, wanted, reason, arrival }
            }
            None => Fact::GoodsPooled { alliance, member, origin: site, goods, arrival },
        };
        facts.write(CampaignFact { at, fact });
    }
    for GoodsStayed { order, rule, limit, value } in stayed.read() {
        let Some(mut pool) = index.alliance(order.alliance).and_then(|e| pools.get_mut(e).ok()) else { continue };
        let Some(underway) = pool.underway.remove(&order.n) else { continue };
        let fact = told_of_staying(*order, &underway, rule, limit, value);
        facts.write(CampaignFact { at, fact });
    }
}

/// What nobody answered at its instant, in a game whose world carries no goods, stays where it is.
pub(super) fn give_up_orders(
    batch: Res<DueBatch>,
    mut due: MessageReader<GoodsDue>,
    index: Res<EntityIndex>,
    mut pools: Query<&mut Pool>,
    mut facts: MessageWriter<CampaignFact>,
) {
    for GoodsDue { order, .. } in due.read().copied() {
        let Some(mut pool) = index.alliance(order.alliance).and_then(|e| pools.get_mut(e).ok()) else { continue };
        if pool.underway.get(&order.n).is_none_or(|u| u.arrival.is_some()) {
            continue;
        }
        let Some(underway) = pool.underway.remove(&order.n) else { continue };
        let fact = told_of_staying(order, &underway, "nobody_carries", "a world that carries goods", "nobody answered");
        facts.write(CampaignFact { at: batch.now(), fact });
    }
}

/// What is told of goods that stayed.
fn told_of_staying(order: PoolOrder, underway: &Underway, rule: &str, limit: &str, value: &str) -> Fact {
    let (alliance, member, rule) = (order.alliance, underway.member, rule.to_owned());
    match underway.granted {
        Some((reason, wanted)) => Fact::PoolRefused { alliance, member, wanted, reason, rule },
        None => Fact::RequestRefused(RequestRefused {
            request: format!("give_to_pool {}", underway.site),
            rule,
            limit: limit.to_owned(),
            value: value.to_owned(),
            retry_after: None,
        }),
    }
}

/// Goods came: into the pool, or to whom they were granted.
pub(super) fn note_arrivals(
    batch: Res<DueBatch>,
    mut came: MessageReader<GoodsCame>,
    index: Res<EntityIndex>,
    settings: Res<PoolSettings>,
    mut pools: Query<&mut Pool>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let at = batch.now();
    for GoodsCame { order, goods, into_pool } in came.read().copied() {
        let Some(mut pool) = index.alliance(order.alliance).and_then(|e| pools.get_mut(e).ok()) else { continue };
        let Some(underway) = pool.underway.remove(&order.n) else { continue };
        if !into_pool {
            if underway.granted.is_none() {
                let fact = Fact::GiftTurnedBack { alliance: order.alliance, member: underway.member, goods };
                facts.write(CampaignFact { at, fact });
            }
            continue;
        }
        let returned = underway.granted.is_some();
        let kind = underway.granted.map_or(EntryKind::Contributed, |(reason, _)| EntryKind::Returned(reason));
        let member = underway.member;
        pool.enter(PoolEntry { at, member, kind, goods }, settings.entries_kept);
        let fact = Fact::PoolReceived { alliance: order.alliance, member, goods, returned, stock: pool.stock };
        facts.write(CampaignFact { at, fact });
    }
}

/// Who leaves has no claim any more; who joins begins with nothing on its account.
pub(super) fn follow_members(
    batch: Res<DueBatch>,
    mut changed: MessageReader<MembershipChanged>,
    index: Res<EntityIndex>,
    mut pools: Query<&mut Pool>,
) {
    for change in changed.read() {
        if let Some(mut pool) = change.from.and_then(|id| index.alliance(id)).and_then(|e| pools.get_mut(e).ok()) {
            pool.leave(change.player, batch.now());
        }
        if let Some(mut pool) = change.to.and_then(|id| index.alliance(id)).and_then(|e| pools.get_mut(e).ok()) {
            pool.join(change.player, batch.now());
        }
    }
}
