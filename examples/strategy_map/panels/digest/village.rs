//! The selected village: what is public, what one side believes of it, and the truth beside it where that may be shown.

use crate::panels::words;
use crate::theme;
use crate::watch::{Watch, alliance_of};
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{Fact, Model, Player, Site};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, SiteId, UnitClass};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::planning::believed;
use bevy_alliance::edge::report::{CampaignTally, Directory};
use bevy_alliance::knowledge::intel::{Field, IntelReport, Movements, View, rules};
use bevy_alliance::strategy::wonder::Wonder;
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::{Buildings, Garrison, Guests, Stores, stores};
use bevy_egui::egui::Color32;
use std::collections::{BTreeMap, BTreeSet};

/// Battles that are listed, the latest.
const BATTLES: usize = 6;

/// The selected village.
#[derive(Clone, Debug)]
pub(in crate::panels) struct VillageCard {
    pub(in crate::panels) name: String,
    pub(in crate::panels) at: Tile,
    pub(in crate::panels) owner: String,
    pub(in crate::panels) alliance: Option<(AllianceId, String)>,
    pub(in crate::panels) color: Color32,
    pub(in crate::panels) tribe: String,
    pub(in crate::panels) population: u32,
    pub(in crate::panels) wonder: Option<u8>,
    /// Whose knowledge is shown.
    pub(in crate::panels) eyes: Option<String>,
    /// Whether it belongs to those: then they know it as it is.
    pub(in crate::panels) own: bool,
    /// Whether the truth is shown.
    pub(in crate::panels) truth: bool,
    /// Whether anything is known of it.
    pub(in crate::panels) seen: bool,
    pub(in crate::panels) known: Vec<Known>,
    pub(in crate::panels) units: Vec<Units>,
    pub(in crate::panels) coming: Vec<Coming>,
    pub(in crate::panels) battles: Vec<(GameTime, String)>,
}

/// One thing that is known of a village, with where it came from.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Known {
    pub(in crate::panels) what: &'static str,
    pub(in crate::panels) believed: Option<String>,
    /// How it became known and by whom, how many hours ago, and the confidence in it by now.
    pub(in crate::panels) seen: Option<(String, f64, f64)>,
    pub(in crate::panels) truth: Option<String>,
}

/// Troops of one kind.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Units {
    pub(in crate::panels) name: String,
    pub(in crate::panels) believed: Option<u32>,
    pub(in crate::panels) truth: Option<u32>,
}

/// A march that comes there.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Coming {
    pub(in crate::panels) from: String,
    pub(in crate::panels) arrival: GameTime,
    /// What is known of it, in a few words.
    pub(in crate::panels) what: String,
    /// The probability that it is real, as those who look judge it.
    pub(in crate::panels) real: Option<f64>,
    /// Whether nobody ever saw troops that it can be.
    pub(in crate::panels) unseen: bool,
    /// Whether this is the truth instead.
    pub(in crate::panels) truth: bool,
}

/// Looks at one village.
pub(super) fn gather(world: &mut World, id: SiteId) -> Option<VillageCard> {
    let mut card = public(world, id)?;
    let watch = world.resource::<Watch>();
    let (eyes, spectator) = (watch.eyes(), watch.side.is_none());
    card.truth = spectator || watch.truth || card.own;
    card.coming = eyes.map_or_else(Vec::new, |eyes| coming(world, eyes, id));
    if spectator {
        card.coming.extend(marches(world, id));
    }
    let report = eyes.and_then(|eyes| {
        let entity = world.resource::<EntityIndex>().report(eyes, id)?;
        world.get::<IntelReport>(entity).cloned()
    });
    let truth = if card.truth { truth(world, id) } else { None };
    fill_known(world, &mut card, report.as_ref(), truth.as_ref());
    card.battles = battles(world, id, eyes, spectator);
    Some(card)
}

fn public(world: &World, id: SiteId) -> Option<VillageCard> {
    let index = world.resource::<EntityIndex>();
    let entity = index.site(id)?;
    let site = world.get::<Site>(entity)?;
    let names = &world.resource::<CampaignTally>().directory;
    let alliance = index.player(site.owner).and_then(|e| world.get::<Player>(e)).and_then(|p| p.alliance);
    let eyes = world.resource::<Watch>().eyes();
    let tribe = world.get_resource::<Ruleset>().and_then(|rules| rules.tribes.get(usize::from(site.tribe.0)));
    Some(VillageCard {
        name: bevy_alliance::base::text::shortened(&site.name, 30),
        at: site.at,
        owner: words::player(names, site.owner),
        alliance: alliance.map(|id| (id, words::alliance(names, id))),
        color: theme::of(names, alliance),
        tribe: tribe.map_or_else(String::new, |tribe| words::sentence(&words::plain(&tribe.name))),
        population: site.population,
        wonder: world.get::<Wonder>(entity).map(|wonder| wonder.level),
        eyes: eyes.map(|eyes| words::alliance(names, eyes)),
        own: eyes.is_some() && eyes == alliance_of(world, site.owner),
        truth: false,
        seen: false,
        known: Vec::new(),
        units: Vec::new(),
        coming: Vec::new(),
        battles: Vec::new(),
    })
}

/// What truly stands and lies there.
struct Truth {
    troops: Force,
    goods: Goods,
    wall: u8,
    residence: u8,
}

fn truth(world: &World, id: SiteId) -> Option<Truth> {
    let entity = world.resource::<EntityIndex>().site(id)?;
    let mut troops = world.get::<Garrison>(entity)?.home.clone();
    for guest in world.get::<Guests>(entity).into_iter().flat_map(|guests| guests.0.values()) {
        troops.add_all(&guest.force);
    }
    let now = world.resource::<GameClock>().now();
    let goods = stores::read_stores(world.get::<Stores>(entity)?, now).amount;
    let buildings = world.get::<Buildings>(entity)?;
    Some(Truth { troops, goods, wall: buildings.wall, residence: buildings.residence })
}

fn fill_known(world: &World, card: &mut VillageCard, report: Option<&IntelReport>, truth: Option<&Truth>) {
    let now = world.resource::<GameClock>().now();
    let names = &world.resource::<CampaignTally>().directory;
    let Some(model) = world.get_resource::<Model>() else { return };
    let troops = report.and_then(|r| rules::live(r.troops.as_ref(), now));
    let goods = report.and_then(|r| rules::live(r.goods.as_ref(), now));
    let wall = report.and_then(|r| rules::live(r.wall.as_ref(), now));
    let residence = report.and_then(|r| rules::live(r.buildings.as_ref(), now));
    card.seen = troops.is_some() || goods.is_some() || wall.is_some() || residence.is_some();
    let worth = |force: &Force| words::goods(model.cost(force));
    card.known = vec![
        Known {
            what: "Troops",
            believed: troops.map(|f| worth(&f.value)),
            seen: troops.map(|f| seen(names, f, rules::TROOPS_HALF_LIFE, now)),
            truth: truth.map(|t| worth(&t.troops)),
        },
        Known {
            what: "Goods",
            believed: goods.map(|f| words::goods(f.value.total())),
            seen: goods.map(|f| seen(names, f, rules::GOODS_HALF_LIFE, now)),
            truth: truth.map(|t| words::goods(t.goods.total())),
        },
        Known {
            what: "Wall",
            believed: wall.map(|f| f.value.to_string()),
            seen: wall.map(|f| seen(names, f, rules::BUILDINGS_HALF_LIFE, now)),
            truth: truth.map(|t| t.wall.to_string()),
        },
        Known {
            what: "Residence",
            believed: residence.map(|f| f.value.to_string()),
            seen: residence.map(|f| seen(names, f, rules::BUILDINGS_HALF_LIFE, now)),
            truth: truth.map(|t| t.residence.to_string()),
        },
    ];
    let believed = troops.map(|f| &f.value);
    let classes: BTreeSet<UnitClass> = believed
        .into_iter()
        .chain(truth.map(|t| &t.troops))
        .flat_map(|force| force.iter().map(|(class, _)| class))
        .collect();
    let units = |class: UnitClass| Units {
        name: words::plain(model.unit_name(class)),
        believed: believed.map(|force| force.count(class)),
        truth: truth.map(|t| t.troops.count(class)),
    };
    card.units = classes.into_iter().map(units).collect();
}

fn seen<T>(names: &Directory, field: &Field<T>, half_life: GameSpan, now: GameTime) -> (String, f64, f64) {
    let age = now - field.observed_at;
    let by = format!("{} of {}", words::source(field.kind), words::player(names, field.source));
    (by, age.as_hours(), rules::faded(field.confidence, age, half_life))
}

/// The marches to it that a side has seen, with how likely they are real where they come to its own.
fn coming(world: &mut World, eyes: AllianceId, id: SiteId) -> Vec<Coming> {
    let judged: BTreeMap<(GameTime, SiteId), (f64, String)> =
        world.run_system_cached_with(judge, (eyes, id)).unwrap_or_default();
    let now = world.resource::<GameClock>().now();
    let names = &world.resource::<CampaignTally>().directory;
    let Some(entity) = world.resource::<EntityIndex>().alliance(eyes) else { return Vec::new() };
    let tracks = world.get::<Movements>(entity).into_iter().flat_map(|m| &m.tracks);
    let coming = |track: &bevy_alliance::knowledge::intel::Track| {
        let judged = judged.get(&(track.arrival, track.origin));
        let times = words::counted(usize::from(track.sightings), "sighting", "sightings");
        let sender = track.player.map(|player| words::player(names, player));
        let force = judged.map(|(_, force)| force.as_str()).filter(|force| !force.is_empty());
        let what: Vec<String> = sender.into_iter().chain([times]).chain(force.map(str::to_owned)).collect();
        Coming {
            from: words::site(names, track.origin),
            arrival: track.arrival,
            what: what.join(" \u{b7} "),
            real: judged.map(|(real, _)| *real),
            unseen: force.is_none(),
            truth: false,
        }
    };
    tracks.filter(|t| t.target == id && t.arrival >= now).map(coming).collect()
}

/// What a side believes of the marches to one of its own villages: how likely each is real, and what it may be.
fn judge(
    In((eyes, id)): In<(AllianceId, SiteId)>,
    view: View,
    clock: Res<GameClock>,
    model: Res<Model>,
) -> BTreeMap<(GameTime, SiteId), (f64, String)> {
    let all = believed(&view, Knower::Alliance(eyes), clock.now());
    let to_here = all.into_iter().filter(|incoming| incoming.target == id);
    to_here
        .map(|incoming| {
            let force = if incoming.force.is_empty() {
                String::new()
            } else {
                format!("up to {} of troops", words::goods(model.cost(&incoming.force)))
            };
            ((incoming.arrival, incoming.origin), (incoming.real, force))
        })
        .collect()
}

/// The marches that truly come to it.
fn marches(world: &mut World, id: SiteId) -> Vec<Coming> {
    let mut query = world.query::<&March>();
    let names = &world.resource::<CampaignTally>().directory;
    let model = world.get_resource::<Model>();
    let mut coming: Vec<Coming> = query
        .iter(world)
        .filter(|march| march.target == id && !march.homeward)
        .map(|march| {
            let worth = model.map_or_else(String::new, |model| words::goods(model.cost(&march.force)));
            let what = if march.manner.is_hostile() { "attack" } else { "help" };
            Coming {
                from: words::site(names, march.id.site),
                arrival: march.arrival,
                what: format!("{} \u{b7} {what} of {worth}", words::player(names, march.owner)),
                real: None,
                unseen: false,
                truth: true,
            }
        })
        .collect();
    coming.sort_by_key(|march| march.arrival);
    coming
}

/// The latest battles of operations there, of which a side can know: those that its members fought, all of them for a spectator.
fn battles(world: &World, id: SiteId, eyes: Option<AllianceId>, spectator: bool) -> Vec<(GameTime, String)> {
    let tally = world.resource::<CampaignTally>();
    let names = &tally.directory;
    let stories = tally.stories.values().filter(|story| !story.battles.is_empty() && story.targets.contains(&id));
    let mut battles: Vec<(GameTime, String)> = Vec::new();
    for fact in stories.flat_map(|story| &story.battles) {
        let Fact::BattleFought { site, defender, attackers, attackers_lost, defenders_lost, .. } = &fact.fact else {
            continue;
        };
        let mut sides = attackers.iter().map(|(player, _)| *player).chain([*defender]);
        let took_part = sides.any(|p| eyes.is_some() && names.alliance_of.get(&p).copied() == eyes);
        if *site != id || !(spectator || took_part) {
            continue;
        }
        let who = attackers.first().map_or_else(String::new, |(player, _)| words::player(names, *player));
        let more = if attackers.len() > 1 { format!(" and {} more", attackers.len() - 1) } else { String::new() };
        let (lost, killed) = (words::goods(*attackers_lost), words::goods(*defenders_lost));
        battles.push((fact.at, format!("{who}{more}: {killed} killed, {lost} lost")));
    }
    battles.sort_by_key(|(at, _)| core::cmp::Reverse(*at));
    battles.truncate(BATTLES);
    battles
}
