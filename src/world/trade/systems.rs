//! Merchants leave, arrive, and are home again.

use super::components::{MERCHANTS_RETURN, POOL_GOODS_COME, PoolCargo, SHIPMENT_ARRIVES, Shipment};
use super::rules;
use crate::base::clock::{DueBatch, DueEntry, GameTime};
use crate::base::contract::{
    CampaignFact, Fact, GoodsCame, GoodsDue, GoodsLeft, GoodsStayed, INPUT, Input, Inputs, Relations, RequestRefused,
    SendGoods,
};
use crate::base::geometry::Torus;
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, MarchId, SiteId, StableId};
use crate::base::ruleset::Ruleset;
use crate::world::march::march_of;
use crate::world::village::upkeep::Villages;
use crate::world::village::{Owners, stores as village_stores};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Merchants who are due, as an entry of this kind says.
fn due_now(
    batch: &DueBatch,
    homeward: bool,
    index: &EntityIndex,
    shipments: &Query<&mut Shipment>,
) -> Vec<(Entity, Shipment)> {
    let kind = if homeward { MERCHANTS_RETURN } else { SHIPMENT_ARRIVES };
    let found = |entry: &DueEntry| {
        let entity = index.shipment(march_of(entry))?;
        let shipment = shipments.get(entity).ok().filter(|s| s.due() == *entry && s.homeward == homeward)?;
        Some((entity, shipment.clone()))
    };
    batch.of(kind).iter().chain(batch.of(POOL_GOODS_COME)).filter_map(found).collect()
}

/// Merchants are free again. What they could not deliver is theirs to bring back.
pub(super) fn return_merchants(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    shipments: Query<&mut Shipment>,
    mut villages: Villages,
    mut came: MessageWriter<GoodsCame>,
    mut commands: Commands,
) {
    for (entity, shipment) in due_now(&batch, true, &index, &shipments) {
        let home = shipment.id.site;
        if let Some(mut village) = villages.get_mut(home) {
            village.merchants.busy = village.merchants.busy.saturating_sub(shipment.merchants);
        }
        match shipment.pool.filter(|cargo| cargo.granted && !shipment.goods.is_zero()) {
            // Nobody was there to take the grant: it is the pool's again.
            Some(cargo) => into_pool(cargo, shipment.goods, &mut villages, &mut came),
            None => {
                let back = |c: PoolCargo| GoodsCame { order: c.order, goods: shipment.goods, into_pool: false };
                came.write_batch(shipment.pool.filter(|_| !shipment.goods.is_zero()).map(back));
                put(&mut villages, home, shipment.goods, batch.now());
            }
        }
        commands.entity(entity).despawn();
    }
}

/// Merchants put goods into the stores of their target and turn home. Where nobody lives any more they keep them.
pub(super) fn deliver(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut shipments: Query<&mut Shipment>,
    relations: Relations,
    mut villages: Villages,
    mut came: MessageWriter<GoodsCame>,
) {
    let now = batch.now();
    for (entity, shipment) in due_now(&batch, false, &index, &shipments) {
        let holder = villages.get(shipment.target).map(|v| v.site.owner);
        // Goods of a pool are for nobody but its alliance.
        let takes = |owner| shipment.pool.is_none_or(|c| relations.alliance_of(owner) == Some(c.order.alliance));
        let delivered = holder.is_some_and(takes);
        match shipment.pool.filter(|_| delivered) {
            Some(cargo) if !cargo.granted => into_pool(cargo, shipment.goods, &mut villages, &mut came),
            cargo if delivered => {
                put(&mut villages, shipment.target, shipment.goods, now);
                let there = |c: PoolCargo| GoodsCame { order: c.order, goods: shipment.goods, into_pool: false };
                came.write_batch(cargo.map(there));
            }
            _ => {}
        }
        let Ok(mut shipment) = shipments.get_mut(entity) else { continue };
        if delivered {
            shipment.goods = Goods::ZERO;
        }
        shipment.turn(now);
        villages.remind(shipment.due());
    }
}

/// The goods are a pool's from now on, and none of the world's.
fn into_pool(cargo: PoolCargo, goods: Goods, villages: &mut Villages, came: &mut MessageWriter<GoodsCame>) {
    villages.ledger().goods_pooled += goods;
    came.write(GoodsCame { order: cargo.order, goods, into_pool: true });
}

/// Puts goods into a village. They are wasted where there is none.
fn put(villages: &mut Villages, site: SiteId, goods: Goods, now: GameTime) {
    if goods.is_zero() {
        return;
    }
    villages.bring_up(site, now);
    match villages.with_ledger(site) {
        Some((mut village, ledger)) => village_stores::put(&mut village.stores, goods, now, ledger),
        None => villages.ledger().goods_wasted += goods,
    }
    villages.follow(site, now);
}

/// What sending goods needs.
#[derive(SystemParam)]
pub(super) struct Market<'w, 's> {
    ruleset: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    owners: Owners<'w, 's>,
    villages: Villages<'w, 's>,
    commands: Commands<'w, 's>,
}

/// The rule that forbids it, what it allows, and what was asked for.
type Refusal = (&'static str, String, String);

impl Market<'_, '_> {
    /// Sends goods off; says when they are there. Those that a pool gives are none of the origin's.
    fn send(&mut self, order: SendGoods, pool: Option<PoolCargo>, now: GameTime) -> Result<GameTime, Refusal> {
        let granted = pool.is_some_and(|cargo| cargo.granted);
        let SendGoods { origin, target, goods } = order;
        let exists = |site: SiteId| ("site_exists", "a village".to_owned(), site.to_string());
        if goods.amounts().into_iter().any(|g| g < 0) || goods.is_zero() {
            return Err(("some_goods", "amounts from 0, not all of them 0".to_owned(), format!("{goods:?}")));
        }
        self.villages.bring_up(origin, now);
        let from = self.villages.get(origin).ok_or_else(|| exists(origin))?;
        let to = self.villages.get(target).ok_or_else(|| exists(target))?;
        if let Some(site) = [from.site, to.site].into_iter().find(|s| self.owners.is_static(s.owner)) {
            return Err(("static_owner", "a village of somebody who acts".to_owned(), site.id.to_string()));
        }
        if origin == target {
            return Err(("target_is_origin", "another village".to_owned(), target.to_string()));
        }
        let stored = village_stores::read_stores(from.stores, now).amount;
        if !granted && stored.minus(goods).amounts().into_iter().any(|g| g < 0) {
            return Err(("goods_in_store", format!("{stored:?}"), format!("{goods:?}")));
        }
        let tribe = self.ruleset.tribe(from.site.tribe).ok_or_else(|| exists(origin))?;
        let free = rules::merchants_free(from.buildings.marketplace, from.merchants.busy);
        let merchants = rules::merchants_needed(goods, tribe.merchant_carry);
        if merchants > free {
            return Err(("merchants", format!("{free} merchants at home"), format!("{merchants}")));
        }
        let distance = self.torus.distance(from.site.at, to.site.at);
        let arrival = now + rules::merchant_time(distance, tribe, &self.ruleset);
        self.leave(order, pool, merchants, (now, arrival));
        Ok(arrival)
    }

    /// Takes goods and merchants out of the village.
    fn leave(
        &mut self,
        order: SendGoods,
        pool: Option<PoolCargo>,
        merchants: u32,
        (now, arrival): (GameTime, GameTime),
    ) {
        let SendGoods { origin, target, goods } = order;
        let Some((mut village, ledger)) = self.villages.with_ledger(origin) else { return };
        let stored = village_stores::settle(&mut village.stores, now, ledger);
        if pool.is_some_and(|cargo| cargo.granted) {
            ledger.goods_pooled = ledger.goods_pooled.minus(goods);
        } else {
            village.stores.amount = stored.minus(goods);
        }
        village.merchants.busy += merchants;
        village.garrison.marches += 1;
        let id = MarchId { site: origin, n: village.garrison.marches };
        let shipment = Shipment { id, target, goods, merchants, homeward: false, pool, launched: now, arrival };
        self.villages.remind(shipment.due());
        self.villages.follow(origin, now);
        self.commands.spawn((StableId::Shipment(id), shipment));
    }
}

/// Goods that players send.
pub(super) fn send_goods(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    mut market: Market,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let at = batch.now();
    for logged in &inputs.now {
        let Input::Goods(order) = logged.input else { continue };
        let SendGoods { origin, target, goods } = order;
        let fact = match market.send(order, None, at) {
            Ok(arrival) => Fact::GoodsSent { origin, target, goods, arrival },
            Err((rule, limit, value)) => Fact::RequestRefused(RequestRefused {
                request: format!("send_goods {origin} to {target}"),
                rule: rule.to_owned(),
                limit,
                value,
                retry_after: None,
            }),
        };
        facts.write(CampaignFact { at, fact });
    }
}

/// Goods that pools get and give.
pub(super) fn send_for_pools(
    batch: Res<DueBatch>,
    mut due: MessageReader<GoodsDue>,
    mut market: Market,
    mut left: MessageWriter<GoodsLeft>,
    mut stayed: MessageWriter<GoodsStayed>,
) {
    for GoodsDue { order, origin, target, goods, granted } in due.read().copied() {
        let cargo = PoolCargo { order, granted };
        match market.send(SendGoods { origin, target, goods }, Some(cargo), batch.now()) {
            Ok(arrival) => {
                left.write(GoodsLeft { order, goods, arrival });
            }
            Err((rule, limit, value)) => {
                stayed.write(GoodsStayed { order, rule, limit, value });
            }
        }
    }
}
