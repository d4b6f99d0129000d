//! Spawning villages, answering what own members hold, and auditing the world.

use super::components::{Economy, EconomySettings, Ledger};
use super::founding::{holdings, living};
use super::rules::{self, VillageDraw, VillageSeed};
use super::stores::read_stores;
use super::upkeep::{VillageReadOnlyItem, Villages};
use crate::base::clock::{DueBatch, GameClock, GameTime};
use crate::base::contract::{ReportedStates, Scenario, ScenarioSite, SiteState, WantedStates};
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, PlayerId};
use crate::base::ruleset::{Force, Ruleset};
use bevy::ecs::system::SystemState;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Draws each account's villages from the seed and attaches what they hold to their sites.
pub(super) fn spawn_villages(world: &mut World, scenario: &Scenario) {
    let rules = world.resource::<Ruleset>().clone();
    let now = world.resource::<GameClock>().now();
    let mut by_owner: BTreeMap<PlayerId, Vec<&ScenarioSite>> = BTreeMap::new();
    for site in &scenario.sites {
        by_owner.entry(site.owner).or_default().push(site);
    }
    let settings = *world.resource::<EconomySettings>();
    let mut ledger = Ledger::default();
    for player in &scenario.players {
        let mut sites = by_owner.remove(&player.id).unwrap_or_default();
        sites.sort_unstable_by_key(|s| s.id);
        let seeds: Vec<_> =
            sites.iter().map(|s| VillageSeed { site: s.id, tribe: s.tribe, population: s.population }).collect();
        let account = rules::draw_account(scenario.seed, player.id, &seeds, player.role, &rules);
        for (site, mut drawn) in sites.iter().zip(account.villages) {
            let Some(entity) = world.resource::<EntityIndex>().site(site.id) else { continue };
            take_over_scenario(&mut drawn, site);
            let is_static = rules.tribe(site.tribe).is_none_or(|t| t.is_static);
            if settings.alive && !is_static {
                world.entity_mut(entity).insert(living(&drawn, account.role, site.population, now));
            }
            ledger.troops_at_start.add_all(&drawn.troops);
            ledger.goods_at_start += drawn.stores;
            world.entity_mut(entity).insert(holdings(&drawn, now));
        }
        let Some(entity) = world.resource::<EntityIndex>().player(player.id) else { continue };
        world.entity_mut(entity).insert(account.role);
        if player.rhythm.is_none() {
            let cluster = player.membership.map(|(alliance, _)| alliance);
            world.entity_mut(entity).insert(rules::draw_rhythm(scenario.seed, player.id, cluster));
        }
    }
    world.insert_resource(ledger);
    let mut villages = SystemState::<Villages>::new(world);
    if let Ok(mut villages) = villages.get_mut(world) {
        for player in &scenario.players {
            villages.share_crop(player.id, now);
        }
    }
}

/// What a scenario says of a village replaces what was drawn.
fn take_over_scenario(drawn: &mut VillageDraw, site: &ScenarioSite) {
    if let Some(troops) = &site.troops {
        drawn.troops = troops.clone();
    }
    drawn.stores = site.stores.unwrap_or(drawn.stores);
    let buildings = &mut drawn.buildings;
    buildings.wall = site.wall.unwrap_or(buildings.wall);
    buildings.residence = site.residence.unwrap_or(buildings.residence);
    buildings.tournament_square = site.tournament_square.unwrap_or(buildings.tournament_square);
}

/// Answers [`WantedStates`] with the truth of own sites.
pub(super) fn report_states(
    batch: Res<DueBatch>,
    mut wanted: ResMut<WantedStates>,
    mut reported: ResMut<ReportedStates>,
    ruleset: Res<Ruleset>,
    mut villages: Villages,
) {
    for (knower, member) in wanted.take() {
        for site in villages.sites_of(member) {
            villages.bring_up(site, batch.now());
            if let Some(state) = villages.get(site).map(|village| state(&village, &ruleset, batch.now())) {
                reported.states.push((knower, state));
            }
        }
    }
}

fn state(village: &VillageReadOnlyItem, rules: &Ruleset, now: GameTime) -> SiteState {
    let mut staying = Force::new();
    for guest in village.guests.0.values() {
        staying.add_all(&guest.force);
    }
    let site = village.site;
    SiteState {
        site: site.id,
        at: site.at,
        owner: site.owner,
        tribe: site.tribe,
        population: village.economy.map_or(site.population, Economy::population),
        home: village.garrison.home.clone(),
        away: village.garrison.away.clone(),
        guests: staying,
        upgrades: village.garrison.upgrades,
        wall: village.buildings.wall,
        residence: village.buildings.residence,
        mobility: village.buildings.tournament_square,
        stores: read_stores(village.stores, now).amount,
        // What training and building take now could be spent on something else.
        per_hour: village.stores.per_hour + village.economy.map_or(Goods::ZERO, |e| e.spending),
        carriers: rules.tribe(site.tribe).map_or(0, |tribe| {
            let free = u32::from(village.buildings.marketplace).saturating_sub(village.merchants.busy);
            tribe.merchant_carry.saturating_mul(i64::from(free))
        }),
    }
}
