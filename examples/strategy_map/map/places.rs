//! Where a site lies, one that is yet to be founded too.

use super::place;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_alliance::base::contract::{Holdings, Player, Site};
use bevy_alliance::base::geometry::Torus;
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};

/// Places and owners by id: all of it is public.
#[derive(SystemParam)]
pub(super) struct Places<'w, 's> {
    index: Res<'w, EntityIndex>,
    torus: Res<'w, Torus>,
    holdings: Res<'w, Holdings>,
    sites: Query<'w, 's, &'static Site>,
    players: Query<'w, 's, &'static Player>,
}

impl Places<'_, '_> {
    pub(super) fn torus(&self) -> Torus {
        *self.torus
    }

    pub(super) fn site(&self, site: SiteId) -> Option<&Site> {
        self.sites.get(self.index.site(site)?).ok()
    }

    /// Where a site lies, or will lie.
    pub(super) fn of(&self, site: SiteId) -> Option<Vec2> {
        let founded = self.site(site).map(|site| site.at);
        let planned = || self.torus.tile(i64::from(site.tile_id()?));
        founded.or_else(planned).map(place)
    }

    /// The way from one site to another, the shorter way around.
    pub(super) fn way(&self, from: SiteId, to: SiteId) -> Option<(Vec2, Vec2)> {
        let from = self.of(from)?;
        Some((from, super::near(*self.torus, from, self.of(to)?)))
    }

    /// The village of a player with most inhabitants.
    pub(super) fn largest(&self, player: PlayerId) -> Option<SiteId> {
        let villages = self.holdings.of(player).iter().filter_map(|site| self.site(*site));
        villages.max_by_key(|site| (site.population, core::cmp::Reverse(site.id))).map(|site| site.id)
    }

    pub(super) fn alliance_of(&self, player: PlayerId) -> Option<AllianceId> {
        self.players.get(self.index.player(player)?).ok()?.alliance
    }

    pub(super) fn holder(&self, site: SiteId) -> Option<AllianceId> {
        self.alliance_of(self.site(site)?.owner)
    }
}
