//! Marches that leave: of operations, and players' own.

use super::components::{MARCH_ARRIVES, March, owner_key};
use super::rules;
use super::watch::Lookouts;
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{
    CampaignFact, Fact, GroupFailed, GroupLaunched, INPUT, Input, Inputs, LaunchDue, LaunchMarch, Manner, MarchSighted,
    Relations, RequestRefused, Site,
};
use crate::base::geometry::{SiteGrid, Tile, Torus};
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, MarchId, OrderId, PlayerId, SiteId, StableId};
use crate::base::ruleset::{Force, Ruleset, UnitRole};
use crate::world::village::{BuildingKind, Buildings, Garrison, Ledger, Stores, stores as village_stores};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// What launching needs.
#[derive(SystemParam)]
pub(super) struct Depot<'w, 's> {
    index: Res<'w, EntityIndex>,
    rules: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    grid: Res<'w, SiteGrid>,
    sites: Query<'w, 's, (&'static Site, &'static Buildings, &'static mut Garrison, &'static mut Stores)>,
    relations: Relations<'w, 's>,
    ledger: ResMut<'w, Ledger>,
    agenda: ResMut<'w, Agenda>,
    sighted: MessageWriter<'w, MarchSighted>,
    lookouts: Lookouts<'w, 's>,
    commands: Commands<'w, 's>,
}

/// A march to be made.
struct Departure {
    origin: SiteId,
    target: SiteId,
    force: Force,
    manner: Manner,
    wave: u8,
    order: Option<OrderId>,
    /// The instant at which it must arrive; `None` as soon as it can.
    arrival: Option<GameTime>,
    aims: [Option<u8>; 2],
}

/// Where a march goes: the place, and who holds it if somebody does.
type Destination = (Tile, Option<PlayerId>);

impl Depot<'_, '_> {
    /// Where the march goes, or the rule that keeps it from going there.
    fn destination(&self, order: &Departure) -> Result<Destination, &'static str> {
        if order.manner == Manner::Settle {
            let tile = order.target.tile_id().and_then(|id| self.torus.tile(i64::from(id))).ok_or("on_the_map")?;
            return if self.grid.on_tile(tile).is_none() { Ok((tile, None)) } else { Err("tile_free") };
        }
        let target = self.index.site(order.target).and_then(|e| self.sites.get(e).ok()).ok_or("target_exists")?.0;
        Ok((target.at, Some(target.owner)))
    }

    /// Whether the two may have such a march between them.
    fn check_relations(&self, owner: PlayerId, target: PlayerId, manner: Manner) -> Result<(), &'static str> {
        let friends = self.relations.are_friends(owner, target);
        match manner {
            Manner::Reinforce if !friends => Err("not_a_friend"),
            _ if !manner.is_hostile() || !friends => Ok(()),
            _ if self.relations.are_allies(owner, target) => Err("own_alliance"),
            _ => Err("pact"),
        }
    }

    /// Whether the manner allows these units.
    fn check_force(&self, force: &Force, manner: Manner) -> Result<(), &'static str> {
        let only = |role| force.iter().all(|(c, _)| self.rules.unit(c).is_some_and(|u| u.role == role));
        match manner {
            Manner::Blockade if !self.rules.capabilities.blockade => Err("blockade"),
            Manner::Scout if !only(UnitRole::Scout) => Err("scouts_only"),
            Manner::Settle
                if !only(UnitRole::Settler) || force.total() < u64::from(self.rules.settlers_needed.max(1)) =>
            {
                Err("settlers")
            }
            _ => Ok(()),
        }
    }

    /// Makes a march of what is at home of the ordered force, or names the rule that forbids it.
    fn launch(&mut self, now: GameTime, order: Departure) -> Result<(MarchId, Force, GameTime), &'static str> {
        let (target_at, target_owner) = self.destination(&order)?;
        let from = self.index.site(order.origin).ok_or("origin_exists")?;
        let (site, buildings, garrison, stores) = self.sites.get(from).map_err(|_| "origin_exists")?;
        let owner = site.owner;
        if let Some(target_owner) = target_owner {
            self.check_relations(owner, target_owner, order.manner)?;
        }
        if order.origin == order.target {
            return Err("target_is_origin");
        }
        let force = order.force.min(&garrison.home);
        let speed = self.rules.slowest(&force).ok_or("no_troops_at_home")?;
        self.check_force(&force, order.manner)?;
        let carried = match order.manner {
            Manner::Settle => Goods::new([self.rules.founding_goods; 4]),
            _ => Goods::ZERO,
        };
        let left = village_stores::read_stores(stores, now).amount.minus(carried);
        if left.amounts().into_iter().any(|good| good < 0) {
            return Err("founding_goods");
        }
        let from_at = site.at;
        let distance = self.torus.distance(from_at, target_at);
        let arrival = now + rules::travel_time(distance, speed, buildings.tournament_square, &self.rules);
        if order.arrival.is_some_and(|due| due != arrival) {
            // What is left would arrive at another instant than the rest of the operation: it stays.
            return Err("arrives_at_another_instant");
        }
        let id = self.leave(from, &order, &force, carried, now);
        self.agenda.push(MARCH_ARRIVES.entry(arrival, owner_key(id), id.n));
        let march = March {
            id,
            home: order.origin,
            target: order.target,
            owner,
            manner: order.manner,
            wave: order.wave,
            homeward: false,
            order: order.order,
            launched: now,
            arrival,
            detour: GameSpan(0),
            force: force.clone(),
            loot: carried,
            aims: order.aims,
        };
        self.tell(&march, from_at, target_owner);
        self.commands.spawn((StableId::March(id), march));
        Ok((id, force, arrival))
    }

    /// Who sees it leave: the owner of its target, and enemies within sight. Others see it when it passes them.
    fn tell(&mut self, march: &March, from: Tile, target_owner: Option<PlayerId>) {
        if let Some(witness) = target_owner.filter(|_| march.manner.is_seen()) {
            let (origin, target, arrival) = (march.id.site, march.target, march.arrival);
            let seen_at = march.launched;
            self.sighted.write(MarchSighted { witness, origin, target, seen_at, arrival, at: Some(from) });
        }
        self.lookouts.on_launch(march, &mut self.agenda, &mut self.sighted);
    }

    /// Takes troops and goods out of the village.
    fn leave(&mut self, from: Entity, order: &Departure, force: &Force, carried: Goods, now: GameTime) -> MarchId {
        let mut id = MarchId { site: order.origin, n: 0 };
        if let Ok((_, _, mut garrison, mut stores)) = self.sites.get_mut(from) {
            garrison.home = garrison.home.minus(force);
            garrison.away.add_all(force);
            garrison.marches += 1;
            id.n = garrison.marches;
            if !carried.is_zero() {
                stores.amount = village_stores::settle(&mut stores, now, &mut self.ledger).minus(carried);
            }
        }
        id
    }
}

/// Carries out orders that are due.
pub(super) fn launch_groups(
    batch: Res<DueBatch>,
    mut due: MessageReader<LaunchDue>,
    mut depot: Depot,
    mut launched: MessageWriter<GroupLaunched>,
    mut failed: MessageWriter<GroupFailed>,
) {
    let at = batch.now();
    for order in due.read() {
        let departure = Departure {
            origin: order.origin,
            target: order.target,
            force: order.force.clone(),
            manner: order.manner,
            wave: order.wave,
            order: Some(order.order),
            arrival: order.arrival,
            aims: order.aims,
        };
        match depot.launch(at, departure) {
            Ok((march, force, arrival)) => {
                launched.write(GroupLaunched { order: order.order, march: Some(march), force, at, arrival });
            }
            Err(rule) => {
                failed.write(GroupFailed { order: order.order, rule });
            }
        }
    }
}

/// Marches that come from outside: a player's own.
pub(super) fn launch_inputs(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    mut depot: Depot,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let at = batch.now();
    for logged in &inputs.now {
        let Input::March(LaunchMarch { origin, target, force, manner, aims }) = &logged.input else { continue };
        let enough = depot
            .index
            .site(*origin)
            .and_then(|e| depot.sites.get(e).ok())
            .is_none_or(|(_, _, garrison, _)| garrison.home.covers(force));
        let departure = Departure {
            origin: *origin,
            target: *target,
            force: force.clone(),
            manner: *manner,
            wave: 0,
            order: None,
            arrival: None,
            aims: *aims,
        };
        let aims_at_something = aims.iter().flatten().all(|aim| BuildingKind::from_number(*aim).is_some());
        let result = match (enough, aims_at_something) {
            (false, _) => Err("troops_at_home"),
            (_, false) => Err("aims"),
            _ => depot.launch(at, departure),
        };
        let fact = match result {
            Ok((march, _, arrival)) => Fact::MarchLeft { march, target: *target, manner: *manner, arrival },
            Err(rule) => Fact::RequestRefused(RequestRefused {
                request: format!("launch_march {origin} to {target}"),
                rule: rule.to_owned(),
                limit: limit_of(rule, &depot.rules),
                value: depot.value_of(rule, *origin, force, *aims),
                retry_after: None,
            }),
        };
        facts.write(CampaignFact { at, fact });
    }
}

impl Depot<'_, '_> {
    /// What of a request broke a rule.
    fn value_of(&self, rule: &str, origin: SiteId, force: &Force, aims: [Option<u8>; 2]) -> String {
        let home =
            self.index.site(origin).and_then(|e| self.sites.get(e).ok()).map(|(_, _, garrison, _)| &garrison.home);
        match (rule, home) {
            ("aims", _) => format!("{aims:?}"),
            ("troops_at_home", Some(home)) => {
                let short = force.iter().find(|(class, n)| *n > home.count(*class));
                short.map_or_else(String::new, |(class, n)| {
                    let name = self.rules.unit(class).map_or("of an unknown class", |u| u.name.as_str());
                    format!("{n} {name}, of which {} are at home", home.count(class))
                })
            }
            _ => format!("{} units", force.total()),
        }
    }
}

/// What a rule of launching allows.
fn limit_of(rule: &str, rules: &Ruleset) -> String {
    match rule {
        "settlers" => format!("settlers alone, {} at least", rules.settlers_needed),
        "founding_goods" => format!("{} of each good in store", rules.founding_goods),
        "tile_free" | "on_the_map" => "a free tile of the map".to_owned(),
        "pact" | "own_alliance" => "no hostile march against a friend".to_owned(),
        "aims" => format!("buildings by number, 0 to {}", BuildingKind::ALL.len() - 1),
        "scouts_only" => "scouts and nothing else".to_owned(),
        "blockade" => "no blockade under this ruleset".to_owned(),
        "origin_exists" | "target_exists" => "a site that exists".to_owned(),
        "target_is_origin" => "another site".to_owned(),
        "no_troops_at_home" => "one unit at least".to_owned(),
        "not_a_friend" => "reinforcements for oneself, the own alliance and its partners".to_owned(),
        _ => "what stands at home".to_owned(),
    }
}
