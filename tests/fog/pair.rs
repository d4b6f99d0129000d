//! Pairs of worlds that differ only in what most do not see.

use crate::diary::{Diaries, People, note_decisions, note_public, note_sights};
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, GameSpan};
use bevy_alliance::base::contract::{AccountRole, Rank, Rhythm, Scenario, SetMembership, Stance};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId, UnitClass};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::society::alliance::ProposalCount;
use bevy_alliance::society::personality::Traits;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::village::{Buildings, Economy, EconomySettings, Garrison, Stores};
use std::collections::BTreeSet;

/// A pair of worlds, drawn from its number.
pub(crate) struct Pair {
    scenario: Scenario,
    still: bool,
    /// When hidden truth changes in one of the two.
    pub(crate) at: GameSpan,
    /// What is changed.
    sites: BTreeSet<SiteId>,
    what: u64,
    pub(crate) stream: Stream,
    /// A member who leaves for another alliance a day later, and takes along what it saw.
    pub(crate) moves: Option<SetMembership>,
}

/// Where three alliances deliberate, two of them are allies against the third and tell each other what they see.
fn ally_two(scenario: &mut Scenario, seed: u64) {
    let active: Vec<AllianceId> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
    if let [a, b, enemy] = active[..] {
        let bound = if seed.is_multiple_of(2) { Stance::Pact } else { Stance::Confederacy };
        scenario.stances = vec![(a, b, bound), (a, enemy, Stance::War), (b, enemy, Stance::War)];
    }
}

/// A member of one alliance that goes to another: somebody of whom nothing is changed, and who leads nobody.
fn moves(scenario: &Scenario, changed: &BTreeSet<SiteId>, seed: u64) -> Option<SetMembership> {
    let active: Vec<AllianceId> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
    let known: BTreeSet<PlayerId> =
        scenario.sites.iter().filter(|s| changed.contains(&s.id)).map(|s| s.owner).collect();
    let mut candidates = scenario.players.iter().filter(|p| !known.contains(&p.id)).filter_map(|p| {
        let (from, _) = p.membership.filter(|(a, rank)| active.contains(a) && *rank != Rank::Leader)?;
        Some((p.id, from))
    });
    let (player, from) = candidates.nth(usize::try_from(seed % 7).unwrap())?;
    Some(SetMembership { player, alliance: active.into_iter().find(|a| *a != from) })
}

pub(crate) const SPAN: GameSpan = GameSpan::days(3);
pub(crate) const STIRRED_EVERY: GameSpan = GameSpan::hours(4);

impl Pair {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut stream = Stream::new(seed, 0, Purpose::EXAMPLE, 0);
        let options = GeneratorOptions {
            seed,
            villages: u32::try_from(stream.between(72, 160)).unwrap(),
            half_width: i16::try_from(stream.between(20, 40)).unwrap(),
            alliances: usize::try_from(stream.between(2, 3)).unwrap(),
            ..GeneratorOptions::default()
        };
        let mut scenario = generate_world(&options, &Ruleset::extended()).unwrap();
        if seed.is_multiple_of(3) {
            ally_two(&mut scenario, seed);
        }
        let spared = stream.pick(&scenario.alliances.iter().map(|a| a.id).collect::<Vec<_>>()).copied().unwrap();
        let is_spared = |p: PlayerId| {
            let player = scenario.players.iter().find(|player| player.id == p);
            player.and_then(|player| player.membership).is_some_and(|(alliance, _)| alliance == spared)
        };
        let mut others: Vec<SiteId> = scenario.sites.iter().filter(|s| !is_spared(s.owner)).map(|s| s.id).collect();
        let most = if stream.chance(0.6) { 3 } else { u64::try_from(others.len()).unwrap() };
        let mut sites = BTreeSet::new();
        for _ in 0..=stream.below(most) {
            let place = usize::try_from(stream.below(u64::try_from(others.len()).unwrap())).unwrap();
            sites.insert(others.swap_remove(place));
        }
        let at = if stream.chance(0.5) { GameSpan(0) } else { GameSpan::mins(stream.between(1, 60 * 60)) };
        let moves = if seed % 3 == 1 { moves(&scenario, &sites, seed) } else { None };
        Self { scenario, still: stream.chance(0.5), at, sites, what: 1 + stream.below(ALL - 1), stream, moves }
    }

    pub(crate) fn start(&self, extra: fn(&mut App)) -> TestApp {
        let mut world = TestApp::with(&self.scenario, |app| {
            app.insert_resource(Limits { lone_observations_kept: 2_000, ..Limits::default() });
            if self.still {
                app.insert_resource(EconomySettings::still());
            }
        });
        let notes = (note_decisions, note_sights, note_public).chain().in_set(CampaignSystems::Last);
        world.app.init_resource::<Diaries>().add_systems(Campaign, notes);
        extra(&mut world.app);
        world
    }

    /// Changes hidden truth of its villages and of their owners; returns the knowers who are told of it: theirs.
    pub(crate) fn change(&mut self, app: &mut TestApp) -> BTreeSet<Knower> {
        let world = app.app.world_mut();
        let owners = world.run_system_cached_with(owners_of, self.sites.clone()).unwrap();
        for site in self.sites.clone() {
            if let Some(entity) = world.resource::<EntityIndex>().site(site) {
                change_village(world, entity, self.what, &mut self.stream);
            }
        }
        for (owner, knower) in &owners {
            let index = world.resource::<EntityIndex>();
            let alliance = knower.and_then(|k| index.knower(k)).filter(|_| matches!(knower, Some(Knower::Alliance(_))));
            let player = index.player(*owner).unwrap();
            change_player(world, (player, alliance), self.what, &mut self.stream);
        }
        owners.into_iter().filter_map(|(_, knower)| knower).collect()
    }
}

fn owners_of(In(sites): In<BTreeSet<SiteId>>, people: People) -> Vec<(PlayerId, Option<Knower>)> {
    let owner = |site: &SiteId| Some(people.sites.get(people.index.site(*site)?).ok()?.owner);
    sites.iter().filter_map(owner).map(|owner| (owner, people.knower(owner))).collect()
}

const TROOPS: u64 = 1;
const STORES: u64 = 2;
const WALL: u64 = 4;
const RESIDENCE: u64 = 8;
const UPGRADES: u64 = 16;
const ROLE: u64 = 32;
const RHYTHM: u64 = 64;
const COUNTERS: u64 = 128;
const TRAITS: u64 = 256;
const ALL: u64 = 512;

fn change_village(world: &mut World, entity: Entity, what: u64, stream: &mut Stream) {
    let mut level = |of: u64| u8::try_from(stream.below(of)).unwrap();
    let (wall, residence) = (level(21), level(21));
    let mut buildings = world.get_mut::<Buildings>(entity).unwrap();
    if what & WALL != 0 {
        buildings.wall = wall;
    }
    if what & RESIDENCE != 0 {
        buildings.residence = residence;
    }
    if what & STORES != 0 {
        let mut stores = world.get_mut::<Stores>(entity).unwrap();
        stores.amount = stores.cap.map(|cap| i64::try_from(stream.below(u64::try_from(cap.max(1)).unwrap())).unwrap());
    }
    let mut garrison = world.get_mut::<Garrison>(entity).unwrap();
    if what & TROOPS != 0 {
        let classes: Vec<(UnitClass, u32)> = garrison.home.iter().collect();
        for (class, n) in classes {
            garrison.home.set(class, u32::try_from(u64::from(n) * stream.below(31) / 10).unwrap());
        }
    }
    if what & UPGRADES != 0 {
        for level in &mut garrison.upgrades {
            *level = u8::try_from(stream.below(21)).unwrap();
        }
    }
    if what & COUNTERS != 0 {
        garrison.marches += 100 + u32::try_from(stream.below(100)).unwrap();
    }
    if what & ROLE != 0
        && let Some(mut economy) = world.get_mut::<Economy>(entity)
    {
        let roles = [AccountRole::Hammer, AccountRole::Anvil, AccountRole::Scout, AccountRole::Economy];
        economy.role = stream.pick(&roles).copied().unwrap();
        economy.establishment = economy.establishment.share(stream.unit());
        economy.spending = Goods::ZERO;
    }
}

/// Changes what is hidden of a player, and how much its alliance has proposed so far.
fn change_player(world: &mut World, (player, alliance): (Entity, Option<Entity>), what: u64, stream: &mut Stream) {
    if what & RHYTHM != 0
        && let Some(mut rhythm) = world.get_mut::<Rhythm>(player)
    {
        let sleep_start_mins = u16::try_from(stream.below(1_440)).unwrap();
        *rhythm = Rhythm { sleep_start_mins, sleep_mins: u16::try_from(stream.below(700)).unwrap(), ..*rhythm };
    }
    if what & TRAITS != 0
        && let Some(mut traits) = world.get_mut::<Traits>(player)
    {
        *traits = stream.pick(&[Traits::AGGRESSIVE, Traits::TURTLE, Traits::NEUTRAL]).copied().unwrap();
    }
    if what & COUNTERS != 0
        && let Some(mut count) = alliance.and_then(|a| world.get_mut::<ProposalCount>(a))
    {
        count.0 += 1_000;
    }
}
