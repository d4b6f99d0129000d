//! Names by id.

use crate::base::contract::{Player, Scenario, Site};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::text::shortened;
use crate::society::alliance::Alliance;
use bevy::prelude::World;
use std::collections::BTreeMap;

/// Names by id, for display.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Players.
    pub players: BTreeMap<PlayerId, String>,
    /// Alliances.
    pub alliances: BTreeMap<AllianceId, String>,
    /// Sites with their coordinates.
    pub sites: BTreeMap<SiteId, (String, PlayerId)>,
    /// The alliance of each player that has one.
    pub alliance_of: BTreeMap<PlayerId, AllianceId>,
    /// Alliances that deliberate.
    pub active: Vec<AllianceId>,
}

impl Directory {
    /// The names of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            players: scenario.players.iter().map(|p| (p.id, p.name.clone())).collect(),
            alliances: scenario.alliances.iter().map(|a| (a.id, a.name.clone())).collect(),
            sites: scenario
                .sites
                .iter()
                .map(|s| (s.id, (format!("{} ({}|{})", s.name, s.at.x, s.at.y), s.owner)))
                .collect(),
            alliance_of: scenario.players.iter().filter_map(|p| p.membership.map(|(a, _)| (p.id, a))).collect(),
            active: scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect(),
        }
    }

    /// The names of a campaign as it stands.
    #[must_use]
    pub fn of_world(world: &mut World) -> Self {
        let mut directory = Self::default();
        for player in world.query::<&Player>().iter(world) {
            directory.players.insert(player.id, player.name.clone());
            directory.alliance_of.extend(player.alliance.map(|alliance| (player.id, alliance)));
        }
        for alliance in world.query::<&Alliance>().iter(world) {
            directory.alliances.insert(alliance.id, alliance.name.clone());
            if alliance.active {
                directory.active.push(alliance.id);
            }
        }
        directory.active.sort_unstable();
        for site in world.query::<&Site>().iter(world) {
            directory.note_site(site);
        }
        directory
    }

    /// Notes a site's name, coordinates and owner.
    pub fn note_site(&mut self, site: &Site) {
        let name = format!("{} ({}|{})", site.name, site.at.x, site.at.y);
        self.sites.insert(site.id, (name, site.owner));
    }

    /// Notes the alliance that a player belongs to from now on.
    pub fn note_member(&mut self, player: PlayerId, alliance: Option<AllianceId>) {
        match alliance {
            Some(alliance) => self.alliance_of.insert(player, alliance),
            None => self.alliance_of.remove(&player),
        };
    }

    /// A player's name.
    #[must_use]
    pub fn player(&self, id: PlayerId) -> &str {
        self.players.get(&id).map_or("?", String::as_str)
    }

    /// An alliance's name.
    #[must_use]
    pub fn alliance(&self, id: AllianceId) -> &str {
        self.alliances.get(&id).map_or("?", String::as_str)
    }

    /// An alliance's name with its id, as `Winter Wardens (3)`.
    #[must_use]
    pub fn alliance_with_id(&self, id: AllianceId) -> String {
        format!("{} ({id})", shortened(self.alliance(id), 40))
    }

    /// The alliance that a person means: by its id, or by its name, in small letters too.
    ///
    /// # Errors
    /// Says that nobody is called so, or which ids those have who are.
    pub fn find_alliance(&self, text: &str) -> Result<AllianceId, String> {
        let id = text.trim().parse().map(AllianceId).ok().filter(|id| self.alliances.contains_key(id));
        if let Some(id) = id {
            return Ok(id);
        }
        let small = text.trim().to_lowercase();
        let mut named = self.alliances.iter().filter(|(_, name)| name.to_lowercase() == small).map(|(id, _)| *id);
        match (named.next(), named.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err("no alliance has this name or id".to_owned()),
            (Some(first), Some(second)) => {
                let ids: Vec<String> = [first, second].into_iter().chain(named).map(|id| id.to_string()).collect();
                Err(format!("several alliances have this name: give an id, {}", ids.join(", ")))
            }
        }
    }

    /// A site's name with its coordinates.
    #[must_use]
    pub fn site(&self, id: SiteId) -> &str {
        self.sites.get(&id).map_or("?", |(name, _)| name.as_str())
    }

    /// The alliance of the owner of a site.
    #[must_use]
    pub fn alliance_of_site(&self, id: SiteId) -> Option<AllianceId> {
        self.sites.get(&id).and_then(|(_, owner)| self.alliance_of.get(owner)).copied()
    }
}
