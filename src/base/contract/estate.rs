//! Changing who holds what, so that all that is public of it stays true together.

use super::change::{PopulationChanged, SiteChanged};
use super::fact::{CampaignFact, Fact};
use super::site::{Holdings, Player, Site};
use crate::base::clock::GameTime;
use crate::base::geometry::{GridEntry, SiteGrid, Tile, Torus};
use crate::base::id::{EntityIndex, PlayerId, SiteId, StableId, TribeId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// The public part of sites, to be changed: a world founds, hands over, counts and razes sites through it. Populations of
/// players, [`Holdings`] and [`SiteGrid`] follow, and [`SiteChanged`] or [`PopulationChanged`] tells everyone.
#[derive(SystemParam)]
pub struct Estates<'w, 's> {
    index: Res<'w, EntityIndex>,
    sites: Query<'w, 's, &'static mut Site>,
    players: Query<'w, 's, &'static mut Player>,
    holdings: ResMut<'w, Holdings>,
    grid: ResMut<'w, SiteGrid>,
    changed: MessageWriter<'w, SiteChanged>,
    counted: MessageWriter<'w, PopulationChanged>,
    facts: MessageWriter<'w, CampaignFact>,
    commands: Commands<'w, 's>,
}

impl core::fmt::Debug for Estates<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Estates")
    }
}

/// A site that is founded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Founding {
    /// Whose it is.
    pub owner: PlayerId,
    /// Where it lies.
    pub at: Tile,
    /// The tribe of its troops.
    pub tribe: TribeId,
    /// Inhabitants.
    pub population: u32,
    /// Its name.
    pub name: String,
}

impl Estates<'_, '_> {
    /// What is public of a site.
    #[must_use]
    pub fn site(&self, site: SiteId) -> Option<&Site> {
        self.sites.get(self.index.site(site)?).ok()
    }

    /// What is public of a player.
    #[must_use]
    pub fn player(&self, player: PlayerId) -> Option<&Player> {
        self.players.get(self.index.player(player)?).ok()
    }

    /// The sites of a player, sorted.
    #[must_use]
    pub fn sites_of(&self, player: PlayerId) -> &[SiteId] {
        self.holdings.of(player)
    }

    /// The site on a tile, if there is one.
    #[must_use]
    pub fn on_tile(&self, at: Tile) -> Option<SiteId> {
        self.grid.on_tile(at)
    }

    /// Hands a site over. False, and nothing changes, if the site or the player does not exist or it holds it already.
    pub fn hand_over(&mut self, site: SiteId, to: PlayerId, at: GameTime) -> bool {
        let Some(mut place) = self.index.site(site).and_then(|e| self.sites.get_mut(e).ok()) else { return false };
        let from = place.owner;
        if from == to || self.index.player(to).is_none() {
            return false;
        }
        place.owner = to;
        let (population, tile) = (place.population, place.at);
        self.holdings.remove(from, site);
        self.holdings.add(to, site);
        self.count(from, -i64::from(population));
        self.count(to, i64::from(population));
        let tag = self.tag(to);
        self.grid.tag(tile, site, tag);
        self.tell(SiteChanged { site, at, from: Some(from), to: Some(to) });
        true
    }

    /// Takes a site off the map with everything that its entity carries. False if it does not exist.
    pub fn raze(&mut self, site: SiteId, at: GameTime) -> bool {
        let Some(entity) = self.index.site(site) else { return false };
        let Ok(place) = self.sites.get(entity) else { return false };
        let (owner, population, tile) = (place.owner, place.population, place.at);
        self.holdings.remove(owner, site);
        self.count(owner, -i64::from(population));
        self.grid.remove(tile, site);
        self.commands.entity(entity).despawn();
        self.tell(SiteChanged { site, at, from: Some(owner), to: None });
        true
    }

    /// Founds a site and returns its entity, to which the world attaches what it holds. `None` if the tile is taken or
    /// the owner does not exist.
    pub fn found(&mut self, founding: Founding, torus: Torus, at: GameTime) -> Option<(SiteId, Entity)> {
        let Founding { owner, at: tile, tribe, population, name } = founding;
        if self.on_tile(tile).is_some() || self.index.player(owner).is_none() {
            return None;
        }
        let id = torus.plot(tile);
        self.holdings.add(owner, id);
        self.count(owner, i64::from(population));
        let tag = self.tag(owner);
        self.grid.insert(GridEntry { at: tile, tag, site: id });
        let entity =
            self.commands.spawn((StableId::Site(id), Site { id, at: tile, owner, tribe, population, name })).id();
        self.tell(SiteChanged { site: id, at, from: None, to: Some(owner) });
        Some((id, entity))
    }

    /// Counts the inhabitants of a site anew, as a census does. False, and nothing changes, if the site does not exist or
    /// has as many already.
    pub fn recount(&mut self, site: SiteId, population: u32) -> bool {
        let Some(mut place) = self.index.site(site).and_then(|e| self.sites.get_mut(e).ok()) else { return false };
        let (owner, before) = (place.owner, place.population);
        if before == population {
            return false;
        }
        place.population = population;
        self.count(owner, i64::from(population) - i64::from(before));
        self.counted.write(PopulationChanged { site });
        true
    }

    /// Follows a player's alliance on the map.
    pub fn follow_alliance(&mut self, player: PlayerId) {
        let tag = self.tag(player);
        for site in self.holdings.of(player) {
            if let Some(place) = self.index.site(*site).and_then(|e| self.sites.get(e).ok()) {
                self.grid.tag(place.at, *site, tag);
            }
        }
    }

    fn tell(&mut self, change: SiteChanged) {
        let SiteChanged { site, at, from, to } = change;
        self.changed.write(change);
        self.facts.write(CampaignFact { at, fact: Fact::SiteChanged { site, from, to } });
    }

    fn tag(&self, player: PlayerId) -> u32 {
        self.player(player).and_then(|p| p.alliance).map_or(0, |a| a.0)
    }

    fn count(&mut self, player: PlayerId, inhabitants: i64) {
        if let Some(mut player) = self.index.player(player).and_then(|e| self.players.get_mut(e).ok()) {
            player.population = player.population.saturating_add_signed(inhabitants);
        }
    }
}
