//! Launch, recall and return. Arrival belongs to `battle`.

use super::components::{MARCH_ARRIVES, MARCH_RETURNS, March, owner_key};
use super::rules;
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{
    CampaignFact, Fact, GroupFailed, GroupHome, GroupLaunched, INPUT, Input, Inputs, LaunchDue, LaunchMarch, Manner,
    MarchSighted, Player, RecallGroup, RequestRefused, Site, WithdrawGuests,
};
use crate::base::geometry::Torus;
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, MarchId, OrderId, SiteId, StableId};
use crate::base::ruleset::{Force, Ruleset, UnitRole};
use crate::world::village::{Blockades, Buildings, Garrison, Guests, Ledger, Stores, stores as village_stores};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// What launching needs.
#[derive(SystemParam)]
pub(super) struct Depot<'w, 's> {
    index: Res<'w, EntityIndex>,
    rules: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    sites: Query<'w, 's, (&'static Site, &'static Buildings, &'static mut Garrison)>,
    players: Query<'w, 's, &'static Player>,
    agenda: ResMut<'w, Agenda>,
    sighted: MessageWriter<'w, MarchSighted>,
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

impl Depot<'_, '_> {
    /// Makes a march of what is at home of the ordered force, or names the rule that forbids it.
    fn launch(&mut self, now: GameTime, order: Departure) -> Result<(MarchId, Force, GameTime), &'static str> {
        let to = self.index.site(order.target).and_then(|e| self.sites.get(e).ok()).map(|(s, ..)| (s.at, s.owner));
        let (target_at, target_owner) = to.ok_or("target_exists")?;
        let from = self.index.site(order.origin).ok_or("origin_exists")?;
        let (site, buildings, mut garrison) = self.sites.get_mut(from).map_err(|_| "origin_exists")?;
        let alliance_of = |p| self.index.player(p).and_then(|e| self.players.get(e).ok()).and_then(|p| p.alliance);
        let friends =
            site.owner == target_owner || alliance_of(site.owner).is_some_and(|a| alliance_of(target_owner) == Some(a));
        if friends && !matches!(order.manner, Manner::Reinforce) {
            return Err("own_alliance");
        }
        if order.manner == Manner::Blockade && !self.rules.capabilities.blockade {
            return Err("blockade");
        }
        if order.origin == order.target {
            return Err("target_is_origin");
        }
        let force = order.force.min(&garrison.home);
        let speed = self.rules.slowest(&force).ok_or("no_troops_at_home")?;
        if order.manner == Manner::Scout
            && force.iter().any(|(c, _)| self.rules.unit(c).is_none_or(|u| u.role != UnitRole::Scout))
        {
            return Err("scouts_only");
        }
        let distance = self.torus.distance(site.at, target_at);
        let travel = rules::travel_time(distance, speed, buildings.tournament_square, &self.rules);
        let arrival = now + travel;
        if order.arrival.is_some_and(|due| due != arrival) {
            // What is left would arrive at another instant than the rest of the operation: it stays.
            return Err("arrives_at_another_instant");
        }
        garrison.home = garrison.home.minus(&force);
        garrison.away.add_all(&force);
        garrison.marches += 1;
        let id = MarchId { site: order.origin, n: garrison.marches };
        let owner = site.owner;
        self.agenda.push(MARCH_ARRIVES.entry(arrival, owner_key(id), id.n));
        if matches!(order.manner, Manner::Siege | Manner::Raid | Manner::Blockade) {
            let (witness, origin, target) = (target_owner, order.origin, order.target);
            self.sighted.write(MarchSighted { witness, origin, target, seen_at: now, arrival });
        }
        self.commands.spawn((
            StableId::March(id),
            March {
                id,
                target: order.target,
                owner,
                manner: order.manner,
                wave: order.wave,
                homeward: false,
                order: order.order,
                launched: now,
                arrival,
                force: force.clone(),
                loot: Goods::ZERO,
                aims: order.aims,
            },
        ));
        Ok((id, force, arrival))
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
            .is_none_or(|(_, _, garrison)| garrison.home.covers(force));
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
        let result = if enough { depot.launch(at, departure).map(|_| ()) } else { Err("troops_at_home") };
        if let Err(rule) = result {
            facts.write(CampaignFact {
                at,
                fact: Fact::RequestRefused(RequestRefused {
                    request: format!("launch_march {origin} to {target}"),
                    rule: rule.to_owned(),
                    limit: "what stands at home, to another site that exists".to_owned(),
                    value: format!("{} units", force.total()),
                    retry_after: None,
                }),
            });
        }
    }
}

/// Turns marches back that their operation recalls, as far as the ruleset still allows it.
pub(super) fn recall_groups(
    batch: Res<DueBatch>,
    mut recalls: MessageReader<RecallGroup>,
    ruleset: Res<Ruleset>,
    index: Res<EntityIndex>,
    mut marches: Query<&mut March>,
    mut sites: Query<&mut Blockades>,
    mut agenda: ResMut<Agenda>,
) {
    let now = batch.now();
    for recall in recalls.read() {
        let Some(mut march) = recall.march.and_then(|id| index.march(id)).and_then(|e| marches.get_mut(e).ok()) else {
            continue;
        };
        if march.homeward {
            continue;
        }
        let mut target = index.site(march.target).and_then(|e| sites.get_mut(e).ok());
        let home_at = if target.as_ref().is_some_and(|blockades| blockades.0.contains(&march.id)) {
            // It stays before the village: the way back takes as long as the way there.
            now + (march.arrival - march.launched)
        } else if march.arrival > now && ruleset.capabilities.recall.allows(now - march.launched) {
            now + rules::way_back(march.launched, now)
        } else {
            continue;
        };
        if let Some(blockades) = &mut target {
            blockades.0.retain(|id| *id != march.id);
        }
        march.homeward = true;
        march.launched = now;
        march.arrival = home_at;
        agenda.push(MARCH_RETURNS.entry(home_at, owner_key(march.id), march.id.n));
    }
}

/// Sends guests home that are called back: they walk, from the village in which they stay.
pub(super) fn withdraw_guests(
    batch: Res<DueBatch>,
    mut withdrawals: MessageReader<WithdrawGuests>,
    ruleset: Res<Ruleset>,
    torus: Res<Torus>,
    index: Res<EntityIndex>,
    villages: Query<(&Site, &Buildings)>,
    mut hosts: Query<&mut Guests>,
    mut homes: Query<&mut Garrison>,
    mut agenda: ResMut<Agenda>,
    mut commands: Commands,
) {
    let now = batch.now();
    for withdrawal in withdrawals.read() {
        let (id, site) = (withdrawal.march, withdrawal.site);
        let place = |site| index.site(site).and_then(|e| villages.get(e).ok());
        let (Some((from, _)), Some((to, buildings))) = (place(site), place(id.site)) else { continue };
        let Some(mut guests) = index.site(site).and_then(|e| hosts.get_mut(e).ok()) else { continue };
        let Some(guest) = guests.0.remove(&id) else { continue };
        let Some(speed) = ruleset.slowest(&guest.force) else { continue };
        if let Some(mut home) = index.site(id.site).and_then(|e| homes.get_mut(e).ok()) {
            home.unstation(&guest.force);
        }
        let distance = torus.distance(from.at, to.at);
        let arrival = now + rules::travel_time(distance, speed, buildings.tournament_square, &ruleset);
        agenda.push(MARCH_RETURNS.entry(arrival, owner_key(id), id.n));
        commands.spawn((
            StableId::March(id),
            March {
                id,
                target: site,
                owner: guest.owner,
                manner: Manner::Reinforce,
                wave: 0,
                homeward: true,
                order: Some(withdrawal.order),
                launched: now,
                arrival,
                force: guest.force,
                loot: Goods::ZERO,
                aims: [None; 2],
            },
        ));
    }
}

/// Troops come home with what they carry.
pub(super) fn return_marches(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    marches: Query<&March>,
    mut homes: Query<(&mut Garrison, &mut Stores)>,
    mut ledger: ResMut<Ledger>,
    mut home: MessageWriter<GroupHome>,
    mut commands: Commands,
) {
    for entry in batch.of(MARCH_RETURNS) {
        let id = MarchId { site: SiteId(u32::try_from(entry.owner).unwrap_or(0)), n: entry.n };
        let Some((entity, march)) = index.march(id).and_then(|e| marches.get(e).ok().map(|m| (e, m))) else { continue };
        // An entry that no longer agrees with its march was cancelled.
        if !march.homeward || march.arrival != entry.due {
            continue;
        }
        let Some((mut garrison, mut stores)) = index.site(id.site).and_then(|e| homes.get_mut(e).ok()) else {
            continue;
        };
        garrison.home.add_all(&march.force);
        garrison.away = garrison.away.minus(&march.force);
        village_stores::put(&mut stores, march.loot, batch.now(), &mut ledger);
        if let Some(order) = march.order {
            home.write(GroupHome { order, force: march.force.clone(), loot: march.loot });
        }
        commands.entity(entity).despawn();
    }
}
