//! What a village holds as components of its site: at the beginning of a campaign, and when one is founded.

use super::components::{
    Blockades, Buildings, Economy, EconomySettings, Garrison, Guests, Merchants, RazedMarches, Stores,
};
use super::rules::{self, VillageDraw, VillageSeed};
use crate::base::clock::GameTime;
use crate::base::contract::{AccountRole, Site, WorldSeed};
use crate::base::ruleset::Ruleset;
use bevy::prelude::*;

/// What stands and lies in a village as it was drawn.
pub(super) fn holdings(
    drawn: &VillageDraw,
    now: GameTime,
) -> (Garrison, Guests, Blockades, Merchants, Buildings, Stores) {
    (
        Garrison { home: drawn.troops.clone(), upgrades: drawn.upgrades, ..Garrison::default() },
        Guests::default(),
        Blockades::default(),
        Merchants::default(),
        Buildings::from(drawn.buildings),
        Stores { amount: drawn.stores, since: now, per_hour: drawn.per_hour, cap: drawn.cap },
    )
}

/// What a village lives on from now: it keeps the army that it has.
pub(super) fn living(drawn: &VillageDraw, role: AccountRole, population: u32, now: GameTime) -> Economy {
    Economy {
        inhabitants_milli: u64::from(population) * 1_000,
        since: now,
        role,
        standing: drawn.standing,
        establishment: drawn.troops.clone(),
        reference: population,
        ..Economy::default()
    }
}

/// Attaches what a founded village holds to its site. The account's crop is yet to be shared anew.
pub(crate) fn found_village(world: &mut World, site: Entity, role: AccountRole, now: GameTime) {
    let Some(place) = world.get::<Site>(site) else { return };
    let (owner, population) = (place.owner, place.population);
    let village = VillageSeed { site: place.id, tribe: place.tribe, population };
    let (seed, settings) = (world.resource::<WorldSeed>().0, *world.resource::<EconomySettings>());
    let (drawn, army, reference) = rules::draw_founded(seed, owner, village, role, world.resource::<Ruleset>());
    let mut parts = holdings(&drawn, now);
    parts.0.marches = world.resource::<RazedMarches>().0.get(&village.site).copied().unwrap_or(0);
    let economy =
        settings.alive.then(|| Economy { establishment: army, reference, ..living(&drawn, role, population, now) });
    let mut entity = world.entity_mut(site);
    entity.insert(parts);
    if let Some(economy) = economy {
        entity.insert(economy);
    }
}
