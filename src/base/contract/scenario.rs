//! A campaign's beginning as plain data: what an import, a generator or a game yields, and each plugin spawns its
//! own part of.

use super::site::{Holdings, Player, PlayerKind, Rhythm, Site};
use crate::base::geometry::{GridEntry, SiteGrid, Tile, Torus};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, PlayerId, SiteId, StableId, TribeId};
use crate::base::ruleset::{Force, Ruleset};
use crate::base::state::StateAppExt;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// How two alliances stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Nothing is agreed.
    #[default]
    Neutral,
    /// Open war.
    War,
    /// No attacks for a while.
    Truce,
    /// A non-aggression pact.
    Pact,
    /// One bloc: shared claims and intelligence.
    Confederacy,
}

impl Stance {
    /// Whether attacks on the other are forbidden.
    #[must_use]
    pub fn forbids_attack(self) -> bool {
        matches!(self, Self::Truce | Self::Pact | Self::Confederacy)
    }
}

/// What an account is built for.
#[derive(
    Component, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    /// Offense, most of it in one or two villages.
    Hammer,
    /// Defense.
    Anvil,
    /// Some of each.
    #[default]
    Mixed,
    /// Scouts.
    Scout,
    /// Goods.
    Economy,
}

/// A character to draw a member around: what a game's designer names, in place of five numbers. What each is stands with the
/// traits (`society::personality`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archetype {
    /// Bold and quarrelsome: strikes early, on thin margins, and does not mind what it costs.
    Aggressor,
    /// Careful: keeps its troops at home, and wants to have seen twice what it attacks.
    Turtle,
    /// Trusts and is trusted: for pacts and peace, gives willingly, follows a good case to war.
    Diplomat,
    /// Takes what is cheap: old intel and broken plans do not trouble it, its own goods do, and it may not turn up.
    Opportunist,
    /// Does what was agreed: holds to the war's aim, sends what it was ordered to, and gives to the pool.
    Loyalist,
}

impl Archetype {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Aggressor, Self::Turtle, Self::Diplomat, Self::Opportunist, Self::Loyalist];

    /// Its name, as files and options give it.
    ///
    /// ```
    /// use bevy_alliance::base::contract::Archetype;
    /// assert!(Archetype::ALL.iter().all(|a| Archetype::named(a.name()) == Some(*a)));
    /// assert_eq!(Archetype::named("hero"), None);
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aggressor => "aggressor",
            Self::Turtle => "turtle",
            Self::Diplomat => "diplomat",
            Self::Opportunist => "opportunist",
            Self::Loyalist => "loyalist",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|archetype| archetype.name() == name)
    }
}

/// Rank in an alliance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Leads.
    Leader,
    /// May propose and sits in the war cabinet.
    Officer,
    /// Votes.
    #[default]
    Member,
}

/// A site at the beginning. What is `None` is drawn from the seed by the world.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ScenarioSite {
    /// Its id, unique.
    pub id: SiteId,
    /// Where it lies; one site a tile.
    pub at: Tile,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: PlayerId,
    /// The tribe of its troops.
    pub tribe: TribeId,
    /// Inhabitants.
    pub population: u32,
    /// Own troops at home.
    pub troops: Option<Force>,
    /// Goods in store.
    pub stores: Option<Goods>,
    /// Wall level.
    pub wall: Option<u8>,
    /// Residence level.
    pub residence: Option<u8>,
    /// Tournament square level.
    pub tournament_square: Option<u8>,
}

/// A player at the beginning.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScenarioPlayer {
    /// Its id, unique.
    pub id: PlayerId,
    /// Its name.
    pub name: String,
    /// What it is to the campaign.
    pub kind: PlayerKind,
    /// Its alliance and rank, if any.
    pub membership: Option<(AllianceId, Rank)>,
    /// What its account is built for; drawn where `None`.
    pub role: Option<AccountRole>,
    /// When it sleeps; drawn where `None`.
    pub rhythm: Option<Rhythm>,
    /// The character that its traits are drawn around; drawn from all where `None`.
    pub archetype: Option<Archetype>,
}

/// An alliance at the beginning.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScenarioAlliance {
    /// Its id, unique.
    pub id: AllianceId,
    /// Its name.
    pub name: String,
    /// Whether it deliberates; others are bystanders that keep their alliance's name.
    pub active: bool,
}

/// A campaign's beginning.
#[derive(Resource, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scenario {
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// The map's largest coordinate.
    pub half_width: i16,
    /// All sites.
    pub sites: Vec<ScenarioSite>,
    /// All players.
    pub players: Vec<ScenarioPlayer>,
    /// All alliances.
    pub alliances: Vec<ScenarioAlliance>,
    /// How alliances stand that are not neutral; each pair once.
    pub stances: Vec<(AllianceId, AllianceId, Stance)>,
}

/// A scenario that contradicts itself. Nothing of it was spawned.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ScenarioError {
    /// Two sites, players or alliances with one id.
    #[error("scenario: {what} {id} stands twice")]
    Duplicate {
        /// `site`, `player` or `alliance`.
        what: &'static str,
        /// The id.
        id: u32,
    },
    /// A site off the map.
    #[error("scenario: site {site} lies at ({x}|{y}), outside of a map with half-width {half_width}")]
    OffMap {
        /// The site.
        site: u32,
        /// Its x.
        x: i16,
        /// Its y.
        y: i16,
        /// The map's.
        half_width: i16,
    },
    /// Two sites on one tile.
    #[error("scenario: sites {first} and {second} share the tile ({x}|{y})")]
    SharedTile {
        /// One.
        first: u32,
        /// The other.
        second: u32,
        /// x of both.
        x: i16,
        /// y of both.
        y: i16,
    },
    /// A site whose id is kept for sites that are founded later.
    #[error("scenario: site {site} has an id from {from} on, which sites have that are founded later", from = SiteId::PLOTS)]
    ReservedId {
        /// The site.
        site: u32,
    },
    /// A reference to something that is not there.
    #[error("scenario: {what} {id} names {missing_what} {missing}, which does not exist")]
    Missing {
        /// What holds the reference.
        what: &'static str,
        /// Its id.
        id: u32,
        /// What is missing.
        missing_what: &'static str,
        /// Its id.
        missing: u32,
    },
    /// A campaign is already running in this world.
    #[error("scenario: a campaign is already running in this world")]
    AlreadyRunning,
}

impl Scenario {
    /// Checks that every reference leads somewhere, the tribes included, and that ids and tiles are unique.
    ///
    /// # Errors
    /// The first contradiction, by name.
    pub fn check(&self, rules: &Ruleset) -> Result<(), ScenarioError> {
        self.check_references()?;
        match self.sites.iter().find(|s| rules.tribe(s.tribe).is_none()) {
            None => Ok(()),
            Some(site) => {
                let (what, id, missing) = ("site", site.id.0, u32::from(site.tribe.0));
                Err(ScenarioError::Missing { what, id, missing_what: "tribe", missing })
            }
        }
    }

    /// Checks the same but for the tribes, which a game without our ruleset numbers as it likes.
    ///
    /// # Errors
    /// The first contradiction, by name.
    pub fn check_references(&self) -> Result<(), ScenarioError> {
        let players = unique("player", self.players.iter().map(|p| p.id.0))?;
        let alliances = unique("alliance", self.alliances.iter().map(|a| a.id.0))?;
        unique("site", self.sites.iter().map(|s| s.id.0))?;
        let torus = Torus { half_width: self.half_width };
        let mut tiles = BTreeMap::new();
        for site in &self.sites {
            let Tile { x, y } = site.at;
            if site.id.tile_id().is_some() {
                return Err(ScenarioError::ReservedId { site: site.id.0 });
            }
            if !torus.holds(site.at) {
                return Err(ScenarioError::OffMap { site: site.id.0, x, y, half_width: self.half_width });
            }
            if let Some(first) = tiles.insert(site.at, site.id.0) {
                return Err(ScenarioError::SharedTile { first, second: site.id.0, x, y });
            }
            let missing =
                |missing_what, missing| ScenarioError::Missing { what: "site", id: site.id.0, missing_what, missing };
            if !players.contains(&site.owner.0) {
                return Err(missing("player", site.owner.0));
            }
        }
        for player in &self.players {
            if let Some((alliance, _)) = player.membership
                && !alliances.contains(&alliance.0)
            {
                let (what, id) = ("player", player.id.0);
                return Err(ScenarioError::Missing { what, id, missing_what: "alliance", missing: alliance.0 });
            }
        }
        for (a, b, _) in &self.stances {
            for (one, other) in [(a, b), (b, a)] {
                if !alliances.contains(&one.0) {
                    let (what, id) = ("stance of alliance", other.0);
                    return Err(ScenarioError::Missing { what, id, missing_what: "alliance", missing: one.0 });
                }
            }
        }
        Ok(())
    }
}

fn unique(what: &'static str, ids: impl Iterator<Item = u32>) -> Result<BTreeSet<u32>, ScenarioError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(ScenarioError::Duplicate { what, id });
        }
    }
    Ok(seen)
}

/// How plugins spawn their part of a scenario.
#[derive(Resource, Default, Debug)]
pub struct ScenarioLoaders(BTreeMap<u16, Vec<fn(&mut World, &Scenario)>>);

/// Starting a campaign.
pub trait ScenarioAppExt {
    /// Adds a loader; lower ranks spawn first, equal ranks in the order in which they were added. Ranks below 1000
    /// belong to this crate: the sites and players of a scenario stand when a game's own loader runs.
    fn add_scenario_loader(&mut self, rank: u16, load: fn(&mut World, &Scenario)) -> &mut Self;

    /// Checks the scenario and spawns it.
    ///
    /// # Errors
    /// [`ScenarioError`], and nothing was spawned.
    fn start_campaign(&mut self, scenario: &Scenario) -> Result<(), ScenarioError>;
}

impl ScenarioAppExt for App {
    fn add_scenario_loader(&mut self, rank: u16, load: fn(&mut World, &Scenario)) -> &mut Self {
        self.world_mut().get_resource_or_init::<ScenarioLoaders>().0.entry(rank).or_default().push(load);
        self
    }

    fn start_campaign(&mut self, scenario: &Scenario) -> Result<(), ScenarioError> {
        start(self.world_mut(), scenario)
    }
}

/// The seed of the running campaign.
#[derive(Resource, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct WorldSeed(pub u64);

fn start(world: &mut World, scenario: &Scenario) -> Result<(), ScenarioError> {
    if world.contains_resource::<WorldSeed>() {
        return Err(ScenarioError::AlreadyRunning);
    }
    match world.get_resource::<Ruleset>() {
        Some(rules) => scenario.check(rules)?,
        None => scenario.check_references()?,
    }
    world.insert_resource(WorldSeed(scenario.seed));
    let loaders: Vec<_> = world.get_resource_or_init::<ScenarioLoaders>().0.values().flatten().copied().collect();
    for load in loaders {
        load(world, scenario);
    }
    world.flush();
    Ok(())
}

pub(super) fn plug(app: &mut App) {
    app.init_resource::<Holdings>()
        .init_resource::<SiteGrid>()
        .register_state_resource::<Torus>("torus")
        .add_scenario_loader(0, spawn_public)
        .add_state_rebuilder(0, index_sites);
}

fn spawn_public(world: &mut World, scenario: &Scenario) {
    let torus = Torus { half_width: scenario.half_width };
    let mut population: BTreeMap<PlayerId, u64> = BTreeMap::new();
    for site in &scenario.sites {
        *population.entry(site.owner).or_default() += u64::from(site.population);
    }
    world.insert_resource(torus);
    for p in &scenario.players {
        let mut entity = world.spawn((
            StableId::Player(p.id),
            Player {
                id: p.id,
                name: p.name.clone(),
                kind: p.kind,
                alliance: p.membership.map(|(alliance, _)| alliance),
                population: population.get(&p.id).copied().unwrap_or(0),
            },
        ));
        if let Some(rhythm) = p.rhythm {
            entity.insert(rhythm);
        }
    }
    for s in &scenario.sites {
        world.spawn((
            StableId::Site(s.id),
            Site { id: s.id, at: s.at, owner: s.owner, tribe: s.tribe, population: s.population, name: s.name.clone() },
        ));
    }
    index_sites(world);
}

/// Builds the public indices over the sites and their owners: at the start of a campaign, and after a load.
fn index_sites(world: &mut World) {
    let Some(torus) = world.get_resource::<Torus>().copied() else { return };
    let mut players = world.query::<&Player>();
    let alliance_of: BTreeMap<PlayerId, u32> =
        players.iter(world).filter_map(|p| p.alliance.map(|alliance| (p.id, alliance.0))).collect();
    let mut holdings = Holdings::default();
    let mut grid = Vec::new();
    for site in world.query::<&Site>().iter(world) {
        holdings.add(site.owner, site.id);
        let tag = alliance_of.get(&site.owner).copied().unwrap_or(0);
        grid.push(GridEntry { at: site.at, tag, site: site.id });
    }
    world.insert_resource(holdings);
    world.insert_resource(SiteGrid::build(torus, grid));
}
