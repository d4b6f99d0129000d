//! Spawning villages, answering what own members hold, and auditing the world.

use super::components::{Blockades, Buildings, Garrison, Guests, Ledger, Stores};
use super::rules::{self, VillageSeed};
use super::stores::read_stores;
use crate::base::clock::{DueBatch, GameClock};
use crate::base::contract::{Holdings, ReportedStates, Scenario, Site, SiteState, WantedStates};
use crate::base::id::{EntityIndex, PlayerId};
use crate::base::ruleset::{Force, Ruleset};
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Draws each account's villages from the seed and attaches what they hold to their sites.
pub(super) fn spawn_villages(world: &mut World, scenario: &Scenario) {
    let rules = world.resource::<Ruleset>().clone();
    let now = world.resource::<GameClock>().now();
    let mut by_owner: BTreeMap<PlayerId, Vec<&crate::base::contract::ScenarioSite>> = BTreeMap::new();
    for site in &scenario.sites {
        by_owner.entry(site.owner).or_default().push(site);
    }
    let mut ledger = Ledger::default();
    for player in &scenario.players {
        let mut sites = by_owner.remove(&player.id).unwrap_or_default();
        sites.sort_unstable_by_key(|s| s.id);
        let seeds: Vec<_> =
            sites.iter().map(|s| VillageSeed { site: s.id, tribe: s.tribe, population: s.population }).collect();
        let account = rules::draw_account(scenario.seed, player.id, &seeds, player.role, &rules);
        for (site, drawn) in sites.iter().zip(account.villages) {
            let Some(entity) = world.resource::<EntityIndex>().site(site.id) else { continue };
            let home = site.troops.clone().unwrap_or(drawn.troops);
            let mut buildings = Buildings::from(drawn.buildings);
            buildings.wall = site.wall.unwrap_or(buildings.wall);
            buildings.residence = site.residence.unwrap_or(buildings.residence);
            buildings.tournament_square = site.tournament_square.unwrap_or(buildings.tournament_square);
            let stores = Stores {
                amount: site.stores.unwrap_or(drawn.stores),
                since: now,
                per_hour: drawn.per_hour,
                cap: drawn.cap,
            };
            ledger.troops_at_start.add_all(&home);
            ledger.goods_at_start += stores.amount;
            world.entity_mut(entity).insert((
                Garrison { home, upgrades: drawn.upgrades, ..Garrison::default() },
                Guests::default(),
                Blockades::default(),
                buildings,
                stores,
            ));
        }
        let Some(entity) = world.resource::<EntityIndex>().player(player.id) else { continue };
        world.entity_mut(entity).insert(account.role);
        if player.rhythm.is_none() {
            let cluster = player.membership.map(|(alliance, _)| alliance);
            world.entity_mut(entity).insert(rules::draw_rhythm(scenario.seed, player.id, cluster));
        }
    }
    world.insert_resource(ledger);
}

impl From<rules::BuildingLevels> for Buildings {
    fn from(levels: rules::BuildingLevels) -> Self {
        Self {
            wall: levels.wall,
            residence: levels.residence,
            stonemason: levels.stonemason,
            tournament_square: levels.tournament_square,
            marketplace: levels.marketplace,
            warehouse: levels.warehouse,
            granary: levels.granary,
            fields: levels.field,
        }
    }
}

/// Answers [`WantedStates`] with the truth of own sites.
pub(super) fn report_states(
    batch: Res<DueBatch>,
    mut wanted: ResMut<WantedStates>,
    mut reported: ResMut<ReportedStates>,
    holdings: Res<Holdings>,
    index: Res<EntityIndex>,
    villages: Query<(&Site, &Garrison, &Guests, &Buildings, &Stores)>,
) {
    for (knower, member) in wanted.take() {
        for site in holdings.of(member) {
            let Some((site, garrison, guests, buildings, stores)) =
                index.site(*site).and_then(|e| villages.get(e).ok())
            else {
                continue;
            };
            let mut staying = Force::new();
            for guest in guests.0.values() {
                staying.add_all(&guest.force);
            }
            let state = SiteState {
                site: site.id,
                at: site.at,
                owner: site.owner,
                tribe: site.tribe,
                population: site.population,
                home: garrison.home.clone(),
                away: garrison.away.clone(),
                guests: staying,
                upgrades: garrison.upgrades,
                wall: buildings.wall,
                residence: buildings.residence,
                mobility: buildings.tournament_square,
                stores: read_stores(stores, batch.now()).amount,
                per_hour: stores.per_hour,
            };
            reported.states.push((knower, state));
        }
    }
}
