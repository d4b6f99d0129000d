//! Merchants leave, arrive, and are home again.

use super::components::{MERCHANTS_RETURN, SHIPMENT_ARRIVES, Shipment};
use super::rules;
use crate::base::clock::{DueBatch, DueEntry, DueKind, GameTime};
use crate::base::contract::{CampaignFact, Fact, INPUT, Input, Inputs, RequestRefused, SendGoods};
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
    kind: DueKind,
    index: &EntityIndex,
    shipments: &Query<&mut Shipment>,
) -> Vec<(Entity, Shipment)> {
    let found = |entry: &DueEntry| {
        let entity = index.shipment(march_of(entry))?;
        let shipment = shipments.get(entity).ok().filter(|s| s.due() == *entry)?;
        Some((entity, shipment.clone()))
    };
    batch.of(kind).iter().filter_map(found).collect()
}

/// Merchants are free again. What they could not deliver is theirs to bring back.
pub(super) fn return_merchants(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    shipments: Query<&mut Shipment>,
    mut villages: Villages,
    mut commands: Commands,
) {
    for (entity, shipment) in due_now(&batch, MERCHANTS_RETURN, &index, &shipments) {
        let home = shipment.id.site;
        if let Some(mut village) = villages.get_mut(home) {
            village.merchants.busy = village.merchants.busy.saturating_sub(shipment.merchants);
        }
        put(&mut villages, home, shipment.goods, batch.now());
        commands.entity(entity).despawn();
    }
}

/// Merchants put goods into the stores of their target and turn home. Where nobody lives any more they keep them.
pub(super) fn deliver(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut shipments: Query<&mut Shipment>,
    mut villages: Villages,
) {
    let now = batch.now();
    for (entity, shipment) in due_now(&batch, SHIPMENT_ARRIVES, &index, &shipments) {
        let delivered = villages.get(shipment.target).is_some();
        if delivered {
            put(&mut villages, shipment.target, shipment.goods, now);
        }
        let Ok(mut shipment) = shipments.get_mut(entity) else { continue };
        if delivered {
            shipment.goods = Goods::ZERO;
        }
        shipment.turn(now);
        villages.remind(shipment.due());
    }
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
    /// Sends goods off; says when they are there.
    fn send(&mut self, order: SendGoods, now: GameTime) -> Result<GameTime, Refusal> {
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
        if stored.minus(goods).amounts().into_iter().any(|g| g < 0) {
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
        self.leave(order, merchants, (now, arrival));
        Ok(arrival)
    }

    /// Takes goods and merchants out of the village.
    fn leave(&mut self, order: SendGoods, merchants: u32, (now, arrival): (GameTime, GameTime)) {
        let SendGoods { origin, target, goods } = order;
        let Some((mut village, ledger)) = self.villages.with_ledger(origin) else { return };
        village.stores.amount = village_stores::settle(&mut village.stores, now, ledger).minus(goods);
        village.merchants.busy += merchants;
        village.garrison.marches += 1;
        let id = MarchId { site: origin, n: village.garrison.marches };
        let shipment = Shipment { id, target, goods, merchants, homeward: false, launched: now, arrival };
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
        let fact = match market.send(order, at) {
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
