//! Founding a village.

use super::systems::{coming, once};
use crate::base::clock::{Agenda, GameTime};
use crate::base::contract::{
    AccountRole, CampaignFact, Estates, Fact, Founding, MarchSighted, Player, Relations, Site,
};
use crate::base::geometry::Torus;
use crate::base::id::EntityIndex;
use crate::base::limits::Limits;
use crate::world::march::{March, Ways};
use crate::world::village::found_village;
use bevy::prelude::*;

/// Inhabitants of a village on its first day.
const FOUNDERS: u32 = 5;

/// Settlers become the inhabitants of a new village, and what they brought is built into it. If they cannot, they go
/// home with all of it.
pub(super) fn found(world: &mut World, entity: Entity, now: GameTime) -> Result {
    // A march that disbanded at this instant founds nothing.
    let Some(march) = world.get::<March>(entity).cloned() else { return Ok(()) };
    let torus = *world.resource::<Torus>();
    let founding = founding(world, &march);
    let found = match founding {
        Some(founding) => {
            let mut founding = Some(founding);
            once(world, move |mut estates: Estates| {
                founding.take().and_then(|founding| estates.found(founding, torus, now))
            })?
        }
        None => None,
    };
    let id = march.id;
    let Some((_, site)) = found else {
        turn_back(world, entity, now);
        return Ok(());
    };
    let role = world.resource::<EntityIndex>().player(march.owner).and_then(|e| world.get::<AccountRole>(e));
    found_village(world, site, role.copied().unwrap_or_default(), now);
    let (home, owner, order, target) = (march.home, march.owner, march.order, march.target);
    let (force, goods) = (march.force.clone(), march.loot);
    once(world, move |mut ways: Ways, mut commands: Commands| {
        if let Some((mut home, ledger)) = ways.villages.with_ledger(home) {
            home.garrison.bury(&force);
            ledger.troops_settled.add_all(&force);
            ledger.goods_founding += goods;
        }
        ways.tell_gone(order);
        commands.entity(entity).despawn();
        ways.villages.share_crop(owner, now);
    })?;
    once(world, move |ways: Ways, relations: Relations, mut sighted: MessageWriter<MarchSighted>| {
        sighted.write_batch(coming(&ways, &relations, (target, owner), now));
    })?;
    debug!("settlers of {id} founded a village");
    Ok(())
}

/// What is founded where the march came.
fn founding(world: &World, march: &March) -> Option<Founding> {
    let index = world.resource::<EntityIndex>();
    let at = world.resource::<Torus>().tile(i64::from(march.target.tile_id()?))?;
    let tribe = world.get::<Site>(index.site(march.home)?)?.tribe;
    let owner = world.get::<Player>(index.player(march.owner)?)?;
    let name = format!("New village of {}", owner.name);
    let name = name.chars().take(world.resource::<Limits>().name_chars).collect();
    Some(Founding { owner: owner.id, at, tribe, population: FOUNDERS, name })
}

fn turn_back(world: &mut World, entity: Entity, now: GameTime) {
    let Some(mut march) = world.get_mut::<March>(entity) else { return };
    let way_back = march.arrival - march.launched;
    let (home, march) = (march.turn(now, way_back), march.id);
    world.resource_mut::<Agenda>().push(home);
    let fact = Fact::MarchTurned { march, reason: "tile_taken".to_owned() };
    world.write_message(CampaignFact { at: now, fact });
}
