//! From the tally, the history and the world to what a report shows.

mod map;
mod minutes;
mod operations;
mod sides;
mod wars;

use super::data::{BandRow, Clash, Data, Party, Step};
use super::history::{Blow, History};
use crate::base::clock::{GameClock, GameSpan, GameTime};
use crate::base::contract::{Site, WorldSeed};
use crate::base::geometry::Torus;
use crate::base::id::{AllianceId, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::Ruleset;
use crate::base::state::state_hash;
use crate::base::text::shortened;
use crate::edge::report::account::thousands;
use crate::edge::report::behavior::{Band, Horizon, Metric};
use crate::edge::report::counts::Summary;
use crate::edge::report::directory::Directory;
use crate::edge::report::tally::CampaignTally;
use crate::knowledge::territory::rules::InfluenceMap;
use bevy::prelude::World;
use std::collections::BTreeMap;

/// Characters of a name at most.
pub(super) const NAME: usize = 40;
/// Characters of what somebody says at most.
pub(super) const TEXT: usize = 400;
/// Battles of one operation that follow each other are one blow for so long: the waves of a train are half a second apart.
const ONE_BLOW: GameSpan = GameSpan::mins(1);

/// What all parts of it read.
pub(super) struct Source<'a> {
    pub(super) tally: &'a CampaignTally,
    pub(super) history: &'a History,
    pub(super) now: GameTime,
    /// The sides in their order.
    pub(super) order: Vec<AllianceId>,
    /// The place of each operation in the list of all.
    pub(super) places: BTreeMap<ProposalId, usize>,
    /// Where each village is.
    pub(super) tiles: BTreeMap<SiteId, (i16, i16)>,
    pub(super) torus: Torus,
    /// What a unit of each name costs, in goods.
    pub(super) prices: BTreeMap<String, i64>,
}

impl<'a> Source<'a> {
    /// What is known without a world.
    fn of(tally: &'a CampaignTally, history: &'a History, order: Vec<AllianceId>) -> Self {
        Self {
            tally,
            history,
            now: GameTime(0),
            order,
            places: BTreeMap::new(),
            tiles: BTreeMap::new(),
            torus: Torus::default(),
            prices: BTreeMap::new(),
        }
    }

    pub(super) fn names(&self) -> &Directory {
        &self.tally.directory
    }

    pub(super) fn side(&self, alliance: AllianceId) -> Option<usize> {
        self.order.iter().position(|a| *a == alliance)
    }

    /// An alliance, or who has none.
    pub(super) fn party(&self, alliance: Option<AllianceId>, player: Option<PlayerId>) -> Party {
        match (alliance, player) {
            (Some(alliance), _) => {
                Party { side: self.side(alliance), name: shortened(self.names().alliance(alliance), NAME) }
            }
            (None, Some(player)) => Party { side: None, name: self.player(player) },
            (None, None) => Party::default(),
        }
    }

    pub(super) fn player(&self, player: PlayerId) -> String {
        shortened(self.names().player(player), NAME)
    }

    /// A village by its name, and one that was never founded by its tile.
    pub(super) fn village(&self, site: SiteId) -> String {
        match self.tile(site) {
            Some((x, y)) if !self.names().sites.contains_key(&site) => format!("the free tile ({x}|{y})"),
            _ => shortened(self.names().site(site), NAME),
        }
    }

    /// Where a village is, or was to be.
    pub(super) fn tile(&self, site: SiteId) -> Option<(i16, i16)> {
        let plot = || self.torus.tile(i64::from(site.tile_id()?)).map(|tile| (tile.x, tile.y));
        self.tiles.get(&site).copied().or_else(plot)
    }
}

/// All that a report shows, as the campaign stands.
pub(super) fn gather(world: &mut World, tally: &CampaignTally, history: &History) -> Data {
    let now = world.get_resource::<GameClock>().map_or(GameTime(0), GameClock::now);
    let mut source = Source::of(tally, history, tally.directory.active.clone());
    source.now = now;
    source.tiles = world.query::<&Site>().iter(world).map(|site| (site.id, (site.at.x, site.at.y))).collect();
    (source.torus, source.prices) = (torus(world), prices(world));
    let mut all = sides::sides(world, &source);
    let ranked_by = sides::rank(world, &source, &mut all);
    source.order = all.iter().map(|side| AllianceId(side.id)).collect();
    let (ids, left_out_operations) = operations::places(tally);
    source.places = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let summary = tally.summary();
    let steps = steps(&source);
    let mut data = Data {
        villages: tally.directory.sites.len() as u64,
        players: tally.directory.players.len() as u64,
        alliances: tally.directory.alliances.len() as u64,
        seed: world.get_resource::<WorldSeed>().map_or(0, |seed| seed.0),
        hash: format!("{:032x}", state_hash(world)),
        begun: history.begun,
        end: now,
        ranked_by,
        counts: counts(&summary),
        looks: sides::looks(&source),
        steps,
        wars: wars::wars(world, &source),
        events: wars::events(&source),
        operations: ids.iter().filter_map(|id| operations::operation(&source, *id)).collect(),
        votes: operations::votes(&source),
        bands: bands(&source),
        minutes: minutes::minutes(&source),
        sides: all,
        ..Data::default()
    };
    data.map = map::map(world, &source, &data.operations);
    if left_out_operations > 0 {
        data.left_out.push(format!("{left_out_operations} operations, those of which the fewest troops fought"));
    }
    if history.blows_left_out > 0 {
        data.left_out.push(format!("{} battles, the latest ones", history.blows_left_out));
    }
    data
}

fn torus(world: &World) -> Torus {
    let own = world.get_resource::<Torus>().copied();
    own.or_else(|| world.get_resource::<InfluenceMap>().map(InfluenceMap::torus)).unwrap_or_default()
}

fn prices(world: &World) -> BTreeMap<String, i64> {
    let units = world.get_resource::<Ruleset>().map(|rules| rules.units.as_slice()).unwrap_or_default();
    units.iter().map(|unit| (unit.name.clone(), unit.cost.total())).collect()
}

/// How a battle was fought that belongs to no joint operation.
fn clash(source: &Source, blow: &Blow) -> Option<Clash> {
    blow.operation.is_none().then(|| Clash {
        raid: blow.raid,
        attackers: blow.by.iter().map(|(player, goods)| (source.player(*player), *goods)).collect(),
        groups: blow.groups as u64,
        owner: source.player(blow.defender.0),
        stood: blow.stood,
        fell: blow.fell,
    })
}

/// Net goods of each side after each blow: the battles of one operation that follow each other within a minute are one.
fn steps(source: &Source) -> Vec<Step> {
    let mut net = vec![0_i64; source.order.len()];
    let mut steps: Vec<Step> = Vec::new();
    for blow in &source.history.blows {
        let (attacker, defender) = (blow.attacker.1, blow.defender.1);
        let change = blow.killed + blow.loot - blow.lost;
        if let Some(side) = attacker.and_then(|a| source.side(a)) {
            net[side] += change;
        }
        if let Some(side) = defender.and_then(|a| source.side(a)) {
            net[side] -= change;
        }
        let operation = blow.operation.and_then(|id| source.places.get(&id)).copied();
        if let Some(last) = steps.last_mut()
            && operation.is_some()
            && last.operation == operation
            && blow.at - last.at <= ONE_BLOW
        {
            last.killed += blow.killed;
            last.lost += blow.lost;
            last.loot += blow.loot;
            last.net.clone_from(&net);
            continue;
        }
        steps.push(Step {
            at: blow.at,
            operation,
            attacker: source.party(attacker, Some(blow.attacker.0)),
            defender: source.party(defender, Some(blow.defender.0)),
            site: source.village(blow.site),
            tile: source.tile(blow.site),
            clash: clash(source, blow),
            killed: blow.killed,
            lost: blow.lost,
            loot: blow.loot,
            net: net.clone(),
        });
    }
    steps
}

fn bands(source: &Source) -> Vec<BandRow> {
    let days = (source.now - GameTime(0)).as_hours() / 24.0;
    let (horizon, behavior) = (Horizon::of_days(days), source.tally.behavior());
    let row = |metric: &Metric| {
        let range = Band::of(*metric).and_then(|band| band.at(horizon));
        let finite = |end: f64| Some(end).filter(|end| end.is_finite());
        BandRow {
            key: metric.key().to_owned(),
            says: metric.says().to_owned(),
            unit: metric.unit().to_owned(),
            value: behavior.of(*metric),
            low: range.and_then(|range| finite(range.low)),
            high: range.and_then(|range| finite(range.high)),
            detects: Band::of(*metric).map_or("", |band| band.detects).to_owned(),
            of: metric.counted_over().to_owned(),
        }
    };
    Metric::ALL.iter().map(row).collect()
}

/// Numbers of the tally, in the order in which a campaign makes them.
fn counts(s: &Summary) -> Vec<(String, String)> {
    let whole = |n: u64| thousands(i64::try_from(n).unwrap_or(i64::MAX));
    let (p, b, o, d, c) = (s.proposals, s.ballots, &s.operations, s.defense, s.conquest);
    let rows = [
        ("looks of scouts", whole(s.scoutings)),
        ("sessions of war councils", whole(s.councils.met)),
        ("proposals", format!("{}: {} passed, {} rejected, {} expired", p.submitted, p.passed, p.rejected, p.expired)),
        (
            "ballots",
            format!(
                "{}: {} for ({} on conditions), {} against, {} abstained",
                b.approve + b.reject + b.abstain,
                b.approve,
                b.conditional,
                b.reject,
                b.abstain
            ),
        ),
        (
            "joint operations",
            format!(
                "{}: {} met their goals, {} partly, {} failed, {} called off",
                o.started, o.goal_met, o.partly, o.failed, o.aborted
            ),
        ),
        ("groups in them", whole(o.groups)),
        ("battles", whole(s.battles)),
        ("goods of troops that attackers lost", thousands(s.losses.attackers_goods)),
        ("goods of troops that defenders lost", thousands(s.losses.defenders_goods)),
        (
            "alarms",
            format!(
                "{}: {} held, {} dodged, {} met between hits, {} unanswered",
                d.alarms, d.held, d.dodged, d.sniped, d.unanswered
            ),
        ),
        ("marches of relief", format!("{}, {} in time", d.reliefs, d.in_time)),
        ("villages", format!("{} taken, {} razed, {} founded", c.taken, c.razed, c.founded)),
        ("latest launch after its plan", format!("{} ms", o.launch_late_ms_max)),
        ("widest spread of arrivals within a wave", format!("{} ms", o.arrival_spread_ms_max)),
    ];
    rows.into_iter().map(|(what, value)| (what.to_owned(), value)).collect()
}
