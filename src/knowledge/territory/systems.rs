//! Building territory from what is public, and following what changes.

use super::TerritorySettings;
use super::rules::{InfluenceMap, Source};
use crate::base::contract::{
    Holdings, MembershipChanged, Player, PlayerKind, PopulationChanged, Scenario, Site, SiteChanged,
};
use crate::base::geometry::Torus;
use crate::base::id::{EntityIndex, PlayerId, SiteId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Where territory follows within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TerritorySystems {
    /// In `Sense`, after the world reported: the census, and memberships that a game set, before anyone decides.
    Count,
    /// In `Settle`, after eliminations: sites and players that changed hands.
    Follow,
}

/// Who has influence: sites of players with an alliance that act.
fn source(site: &Site, owner: &Player, settings: &TerritorySettings) -> Option<Source> {
    let alliance = owner.alliance.filter(|_| owner.kind != PlayerKind::Static)?;
    Some(Source { at: site.at, alliance, population: counted(site.population, settings) })
}

fn counted(population: u32, settings: &TerritorySettings) -> u32 {
    population.checked_next_multiple_of(settings.population_step.max(1)).unwrap_or(population)
}

pub(super) fn on_start(world: &mut World, _: &Scenario) {
    build_anew(world);
}

/// At the start of a campaign, and after a load.
pub(super) fn build_anew(world: &mut World) {
    let map = rebuilt(world);
    world.insert_resource(map);
}

/// Territory as the public facts of a world have it, built anew: what [`InfluenceMap`] must be equal to at the end of
/// each pass.
#[must_use]
pub fn rebuilt(world: &mut World) -> InfluenceMap {
    let torus = world.get_resource::<Torus>().copied().unwrap_or_default();
    let settings = world.get_resource::<TerritorySettings>().copied().unwrap_or_default();
    let mut query = world.query::<&Player>();
    let players: BTreeMap<PlayerId, &Player> = query.iter(world).map(|p| (p.id, p)).collect();
    let mut sources = Vec::new();
    let mut query = world.try_query::<&Site>();
    for site in query.iter_mut().flat_map(|query| query.iter(world)) {
        if let Some(source) = players.get(&site.owner).and_then(|owner| source(site, owner, &settings)) {
            sources.push((site.id, source));
        }
    }
    InfluenceMap::build(torus, settings, sources)
}

/// The public facts that influence follows from.
#[derive(SystemParam)]
pub(super) struct PublicSites<'w, 's> {
    index: Res<'w, EntityIndex>,
    holdings: Res<'w, Holdings>,
    sites: Query<'w, 's, &'static Site>,
    players: Query<'w, 's, &'static Player>,
}

impl PublicSites<'_, '_> {
    fn source(&self, id: SiteId, settings: &TerritorySettings) -> Option<Source> {
        let site = self.sites.get(self.index.site(id)?).ok()?;
        source(site, self.players.get(self.index.player(site.owner)?).ok()?, settings)
    }
}

/// Whatever was told of since the pass began is looked up as it is now, so the order of what was told does not matter,
/// and to hear of it twice changes nothing.
pub(super) fn follow(
    mut changed: MessageReader<SiteChanged>,
    mut counted: MessageReader<PopulationChanged>,
    mut moved: MessageReader<MembershipChanged>,
    settings: Res<TerritorySettings>,
    public: PublicSites,
    mut map: ResMut<InfluenceMap>,
) {
    if *map.settings() != *settings {
        let sites = public.sites.iter().map(|site| site.id);
        let sources = sites.filter_map(|id| Some((id, public.source(id, &settings)?)));
        *map = InfluenceMap::build(map.torus(), *settings, sources);
        return;
    }
    if changed.is_empty() && counted.is_empty() && moved.is_empty() {
        return;
    }
    let mut touched: BTreeSet<SiteId> = changed.read().map(|c| c.site).collect();
    touched.extend(counted.read().map(|c| c.site));
    touched.extend(moved.read().flat_map(|m| public.holdings.of(m.player)));
    map.apply(touched.into_iter().map(|site| (site, public.source(site, &settings))));
}
