//! Ways home: of marches that turn, of guests that leave, and of all whose village is lost.

use super::components::{MARCH_RETURNS, March, owner_key};
use super::rules;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Fact, GroupHome, Manner};
use crate::base::geometry::{Tile, Torus};
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, MarchId, OrderId, PlayerId, SiteId, StableId};
use crate::base::ruleset::{Force, Ruleset};
use crate::world::village::Guest;
use crate::world::village::upkeep::Villages;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// All marches and guests, with what sending them home needs.
#[derive(SystemParam)]
pub(crate) struct Ways<'w, 's> {
    index: Res<'w, EntityIndex>,
    ruleset: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    pub(crate) villages: Villages<'w, 's>,
    pub(crate) marches: Query<'w, 's, &'static mut March>,
    home: MessageWriter<'w, GroupHome>,
    pub(crate) facts: MessageWriter<'w, CampaignFact>,
    commands: Commands<'w, 's>,
}

impl Ways<'_, '_> {
    /// A march, as it is.
    pub(crate) fn march(&self, id: MarchId) -> Option<&March> {
        self.marches.get(self.index.march(id)?).ok()
    }

    /// Whether a march stays before its target.
    pub(crate) fn blocks(&self, march: &March) -> bool {
        self.villages.get(march.target).is_some_and(|v| v.blockades.0.contains(&march.id))
    }

    /// Turns a march back that is under way or stays before a village, whatever the ruleset says of recalls. The way back
    /// takes the time elapsed, or as long as the way there. False, and nothing changes, if there is no such march.
    pub(crate) fn turn(&mut self, id: MarchId, reason: &'static str, now: GameTime) -> bool {
        let Some(march) = self.march(id).filter(|m| !m.homeward) else { return false };
        let blocks = self.blocks(march);
        let way_back = match (blocks, march.arrival > now) {
            (true, _) => march.arrival - march.launched,
            (false, true) => rules::way_back(march.launched, now),
            (false, false) => return false,
        };
        let target = march.target;
        if blocks && let Some(mut target) = self.villages.get_mut(target) {
            target.blockades.0.retain(|b| *b != id);
        }
        let Some(mut march) = self.index.march(id).and_then(|e| self.marches.get_mut(e).ok()) else { return false };
        let home = march.turn(now, way_back);
        self.villages.remind(home);
        self.tell_turned(id, reason, now);
        true
    }

    fn tell_turned(&mut self, march: MarchId, reason: &'static str, at: GameTime) {
        self.facts.write(CampaignFact { at, fact: Fact::MarchTurned { march, reason: reason.to_owned() } });
    }

    /// Sends a guest home: it walks, from the village in which it stays. False, and nothing changes, if it is not there.
    pub(crate) fn send_guest(&mut self, host: SiteId, id: MarchId, order: Option<OrderId>, now: GameTime) -> bool {
        let guest = self.villages.get(host).and_then(|v| v.guests.0.get(&id).cloned());
        let Some(guest) = guest else { return false };
        let Some(travel) = self.travel(host, guest.home, &guest.force) else { return false };
        self.leave_host(host, id, &guest, now);
        let arrival = now + travel;
        self.villages.remind(MARCH_RETURNS.entry(arrival, owner_key(id), id.n));
        let march = March {
            id,
            home: guest.home,
            target: host,
            owner: guest.owner,
            manner: Manner::Reinforce,
            wave: 0,
            homeward: true,
            order,
            launched: now,
            arrival,
            detour: GameSpan(0),
            force: guest.force,
            loot: Goods::ZERO,
            aims: [None; 2],
        };
        self.commands.spawn((StableId::March(id), march));
        true
    }

    /// A guest is no longer stationed: it eats at home from now on.
    fn leave_host(&mut self, host: SiteId, id: MarchId, guest: &Guest, now: GameTime) {
        self.villages.bring_up(host, now);
        self.villages.bring_up(guest.home, now);
        if let Some(mut host) = self.villages.get_mut(host) {
            host.guests.0.remove(&id);
        }
        if let Some(mut home) = self.villages.get_mut(guest.home) {
            home.garrison.unstation(&guest.force);
        }
        self.villages.follow(host, now);
        self.villages.follow(guest.home, now);
    }

    /// How long a force walks between two villages, at its slowest unit, with the square of the one that it walks to.
    fn travel(&self, from: SiteId, to: SiteId, force: &Force) -> Option<GameSpan> {
        let (from, to) = (self.villages.get(from)?, self.villages.get(to)?);
        let speed = self.ruleset.slowest(force)?;
        let distance = self.torus.distance(from.site.at, to.site.at);
        Some(rules::travel_time(distance, speed, to.buildings.tournament_square, &self.ruleset))
    }

    /// The village of a player that is nearest to a place, other than `lost`; of equals the one with the lower id.
    fn nearest(&self, owner: PlayerId, at: Tile, lost: SiteId) -> Option<SiteId> {
        let others = self.villages.sites_of(owner).into_iter().filter(|s| *s != lost);
        let places = others.filter_map(|s| Some((self.torus.distance_squared(at, self.villages.get(s)?.site.at), s)));
        places.min().map(|(_, site)| site)
    }

    /// All who belong to a village that `owner` has lost, on their way or stationed elsewhere, belong to its nearest
    /// other one from now on. If it has none they disband.
    ///
    /// It looks at all marches and guests: villages are lost rarely.
    pub(crate) fn rehome(&mut self, lost: SiteId, owner: PlayerId, now: GameTime) {
        let Some(at) = self.villages.get(lost).map(|v| v.site.at) else { return };
        let home = self.nearest(owner, at, lost);
        let mut marches: Vec<MarchId> = self.marches.iter().filter(|m| m.home == lost).map(|m| m.id).collect();
        marches.sort_unstable();
        let stationed = self.villages.guests_where(|_, guest| guest.home == lost);
        self.villages.bring_up(lost, now);
        if let Some(home) = home {
            self.villages.bring_up(home, now);
        }
        for id in marches {
            match home {
                Some(home) => self.walk_on(id, lost, home),
                None => self.disband(id, lost),
            }
        }
        for (host, id) in stationed {
            self.villages.bring_up(host, now);
            match home {
                Some(home) => self.adopt(host, id, (lost, home)),
                None => self.disband_guest(host, id, lost),
            }
            self.villages.follow(host, now);
        }
        self.villages.follow(lost, now);
        if let Some(home) = home {
            self.villages.follow(home, now);
        }
    }

    /// A march of a lost village walks on to its new home once it is where it left.
    fn walk_on(&mut self, id: MarchId, lost: SiteId, home: SiteId) {
        let Some(travel) = self.march(id).and_then(|m| self.travel(lost, home, &m.force)) else { return };
        let Some(mut march) = self.index.march(id).and_then(|e| self.marches.get_mut(e).ok()) else { return };
        march.home = home;
        if march.homeward {
            march.arrival += travel;
            self.villages.remind(MARCH_RETURNS.entry(march.arrival, owner_key(id), id.n));
        } else {
            march.detour = march.detour + travel;
        }
        let force = march.force.clone();
        if let Some(mut lost) = self.villages.get_mut(lost) {
            lost.garrison.bury(&force);
        }
        if let Some(mut home) = self.villages.get_mut(home) {
            home.garrison.away.add_all(&force);
        }
    }

    /// Nobody takes the march in: it is no more.
    fn disband(&mut self, id: MarchId, lost: SiteId) {
        let Some(entity) = self.index.march(id) else { return };
        let Ok(march) = self.marches.get(entity) else { return };
        let (force, loot, order, target) = (march.force.clone(), march.loot, march.order, march.target);
        if let Some((mut lost, ledger)) = self.villages.with_ledger(lost) {
            lost.garrison.bury(&force);
            ledger.troops_dead.add_all(&force);
            ledger.goods_wasted += loot;
        }
        if let Some(mut target) = self.villages.get_mut(target) {
            target.blockades.0.retain(|b| *b != id);
        }
        self.tell_gone(order);
        self.commands.entity(entity).despawn();
    }

    /// Whoever waits for this group waits no longer: nothing of it comes home.
    pub(crate) fn tell_gone(&mut self, order: Option<OrderId>) {
        if let Some(order) = order {
            self.home.write(GroupHome { order, force: Force::new(), loot: Goods::ZERO });
        }
    }

    /// Guests of a lost village belong to another one. Where that is their host they are guests no longer.
    fn adopt(&mut self, host: SiteId, id: MarchId, (lost, home): (SiteId, SiteId)) {
        let Some(mut village) = self.villages.get_mut(host) else { return };
        let Some(guest) = village.guests.0.get_mut(&id) else { return };
        guest.home = home;
        let force = guest.force.clone();
        if host == home {
            village.guests.0.remove(&id);
            village.garrison.home.add_all(&force);
        } else if let Some(mut home) = self.villages.get_mut(home) {
            home.garrison.away.add_all(&force);
            home.garrison.station(&force);
        }
        if let Some(mut lost) = self.villages.get_mut(lost) {
            lost.garrison.bury_stationed(&force);
        }
    }

    fn disband_guest(&mut self, host: SiteId, id: MarchId, lost: SiteId) {
        let Some(guest) = self.villages.get_mut(host).and_then(|mut v| v.guests.0.remove(&id)) else { return };
        if let Some((mut lost, ledger)) = self.villages.with_ledger(lost) {
            lost.garrison.bury_stationed(&guest.force);
            ledger.troops_dead.add_all(&guest.force);
        }
    }
}
