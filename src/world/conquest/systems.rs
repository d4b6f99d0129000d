//! Carrying out what was noted: in order, each on what the one before left.

use super::found::found;
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{Estates, Holdings, Manner, MarchSighted, Relations, Site};
use crate::base::id::{EntityIndex, MarchId, PlayerId, SiteId};
use crate::world::battle::{Change, Changes};
use crate::world::march::Ways;
use crate::world::trade::Shipment;
use crate::world::village::{Economy, Loyalty, RazedMarches, rules, stores as village_stores};
use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;

/// It has the world to itself: a change touches sites, villages, marches and guests together, and is rare.
pub(super) fn change_sites(world: &mut World) -> Result {
    let now = world.resource::<DueBatch>().now();
    for change in core::mem::take(&mut world.resource_mut::<Changes>().now) {
        match change {
            Change::Taken { site, by } => take(world, site, by, now)?,
            Change::Razed { site } => raze(world, site, now)?,
            Change::Founded { entity } => found(world, entity, now)?,
        }
    }
    Ok(())
}

/// Runs a step as a system of its own, and what it commands.
pub(super) fn once<O, M>(world: &mut World, step: impl IntoSystem<(), O, M>) -> Result<O> {
    world.run_system_once(step).map_err(|error| error.to_string().into())
}

fn owner_of(world: &World, site: SiteId) -> Option<(Entity, PlayerId)> {
    let entity = world.resource::<EntityIndex>().site(site)?;
    Some((entity, world.get::<Site>(entity)?.owner))
}

/// A village changes hands. Tribe, buildings, stores, what is in training and the army that it keeps stay what they are.
fn take(world: &mut World, site: SiteId, by: PlayerId, now: GameTime) -> Result {
    let Some((entity, from)) = owner_of(world, site) else { return Ok(()) };
    if !once(world, move |mut estates: Estates| estates.hand_over(site, by, now))? {
        return Ok(());
    }
    world.entity_mut(entity).insert(Loyalty { milli: rules::LOYALTY_TAKEN_MILLI, since: now });
    once(world, move |mut ways: Ways, relations: Relations| {
        send_guests(&mut ways, site, now);
        ways.rehome(site, from, now);
        for march in blockades(&ways, site) {
            if ways.march(march).is_some_and(|m| relations.are_friends(m.owner, by)) {
                ways.turn(march, "friends_now", now);
            }
        }
        for player in [from, by] {
            ways.villages.share_crop(player, now);
        }
    })?;
    once(world, move |ways: Ways, relations: Relations, mut sighted: MessageWriter<MarchSighted>| {
        sighted.write_batch(coming(&ways, &relations, (site, by), now));
    })?;
    Ok(())
}

/// What the new owner sees coming: hostile marches under way to the village, in the order of their ids.
pub(super) fn coming(
    ways: &Ways,
    relations: &Relations,
    (site, witness): (SiteId, PlayerId),
    now: GameTime,
) -> Vec<MarchSighted> {
    let mut marches: Vec<_> = ways
        .marches
        .iter()
        .filter(|m| m.target == site && !m.homeward && m.arrival > now && m.manner.is_seen())
        .filter(|m| !relations.are_friends(m.owner, witness))
        .map(|m| (m.id, m.arrival))
        .collect();
    marches.sort_unstable();
    let sight = |(id, arrival): (MarchId, GameTime)| MarchSighted {
        witness,
        origin: id.site,
        target: site,
        seen_at: now,
        arrival,
        at: None,
    };
    marches.into_iter().map(sight).collect()
}

fn blockades(ways: &Ways, site: SiteId) -> Vec<MarchId> {
    ways.villages.get(site).map(|v| v.blockades.0.clone()).unwrap_or_default()
}

/// All guests walk home.
fn send_guests(ways: &mut Ways, site: SiteId, now: GameTime) {
    let guests: Vec<MarchId> =
        ways.villages.get(site).map(|v| v.guests.0.keys().copied().collect()).unwrap_or_default();
    for guest in guests {
        ways.send_guest(site, guest, None, now);
    }
}

/// A village is gone with all that stands and lies there. A player's last village is never razed: one inhabitant stays.
fn raze(world: &mut World, site: SiteId, now: GameTime) -> Result {
    let Some((entity, owner)) = owner_of(world, site) else { return Ok(()) };
    if world.resource::<Holdings>().of(owner).len() < 2 {
        // The others went in the same pass.
        if let Some(mut economy) = world.get_mut::<Economy>(entity) {
            economy.inhabitants_milli = economy.inhabitants_milli.max(1_000);
        }
        return Ok(());
    }
    once(world, move |mut ways: Ways| {
        send_guests(&mut ways, site, now);
        let staying = ways.villages.guests_where(|_, guest| guest.home == site);
        let mut leaving: Vec<MarchId> = ways
            .marches
            .iter()
            .filter(|m| m.home == site && !m.homeward && m.manner == Manner::Reinforce)
            .map(|m| m.id)
            .collect();
        leaving.sort_unstable();
        ways.rehome(site, owner, now);
        // Whoever sent them away is not there to call them home.
        for (host, guest) in staying {
            ways.send_guest(host, guest, None, now);
        }
        for march in leaving {
            ways.turn(march, "home_lost", now);
        }
        for march in blockades(&ways, site) {
            ways.turn(march, "target_gone", now);
        }
    })?;
    once(world, move |mut ways: Ways, mut razed: ResMut<RazedMarches>, mut shipments: Query<&mut Shipment>| {
        if let Some((mut village, ledger)) = ways.villages.with_ledger(site) {
            let garrison = core::mem::take(&mut *village.garrison);
            ledger.troops_dead.add_all(&garrison.home);
            let stored = village_stores::settle(&mut village.stores, now, ledger);
            ledger.goods_razed += stored;
            // Only a founded site can be founded again under the same id.
            if site.tile_id().is_some() {
                razed.0.insert(site, garrison.marches);
            }
        }
        // Its merchants have no home to be free in. It looks at all of them: villages are razed rarely.
        for mut shipment in shipments.iter_mut().filter(|s| s.id.site == site) {
            shipment.merchants = 0;
        }
    })?;
    once(world, move |mut estates: Estates| estates.raze(site, now))?;
    once(world, move |mut ways: Ways| ways.villages.share_crop(owner, now))?;
    Ok(())
}
