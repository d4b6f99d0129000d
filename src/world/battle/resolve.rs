//! What arrivals read and write: losses, ways home, and who has to wait.

use super::changes::Changes;
use crate::base::clock::{Agenda, GameSpan, GameTime};
use crate::base::contract::{
    BattleFought, CampaignFact, Fact, GroupHome, Holdings, Manner, Player, Relations, ScoutReturned, ScoutsKilled,
    Site, WorldSeed,
};
use crate::base::geometry::{SiteGrid, Torus};
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::{Force, Levels, Ruleset};
use crate::world::march::{MARCH_ARRIVES, MARCH_RETURNS, March, owner_key, rules as march_rules};
use crate::world::village::{Blockades, Buildings, Economy, Garrison, Guests, Ledger, Loyalty, Stores};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Marches that fight as one.
pub(super) struct Assault {
    pub(super) target: SiteId,
    pub(super) manner: Manner,
    pub(super) wave: u8,
    pub(super) operation: Option<ProposalId>,
    pub(super) marches: Vec<(Entity, March)>,
}

/// What resolving arrivals reads and writes.
#[derive(SystemParam)]
pub(super) struct Arms<'w, 's> {
    pub(super) index: Res<'w, EntityIndex>,
    pub(super) rules: Res<'w, Ruleset>,
    pub(super) seed: Res<'w, WorldSeed>,
    torus: Res<'w, Torus>,
    grid: Res<'w, SiteGrid>,
    pub(super) holdings: Res<'w, Holdings>,
    pub(super) sites: Query<
        'w,
        's,
        (
            &'static Site,
            &'static mut Garrison,
            &'static mut Guests,
            &'static mut Buildings,
            &'static mut Stores,
            &'static mut Blockades,
        ),
    >,
    pub(super) economies: Query<'w, 's, &'static mut Economy>,
    pub(super) loyalties: Query<'w, 's, &'static mut Loyalty>,
    players: Query<'w, 's, &'static Player>,
    pub(super) relations: Relations<'w, 's>,
    pub(super) marches: Query<'w, 's, &'static mut March>,
    agenda: ResMut<'w, Agenda>,
    pub(super) ledger: ResMut<'w, Ledger>,
    pub(super) changes: ResMut<'w, Changes>,
    pub(super) battles: MessageWriter<'w, BattleFought>,
    pub(super) scouts: MessageWriter<'w, ScoutReturned>,
    pub(super) caught: MessageWriter<'w, ScoutsKilled>,
    pub(super) home: MessageWriter<'w, GroupHome>,
    pub(super) facts: MessageWriter<'w, CampaignFact>,
    pub(super) commands: Commands<'w, 's>,
}

impl Arms<'_, '_> {
    pub(super) fn player(&self, id: PlayerId) -> Option<&Player> {
        self.players.get(self.index.player(id)?).ok()
    }

    pub(super) fn population(&self, id: PlayerId) -> u64 {
        self.player(id).map_or(0, |p| p.population)
    }

    pub(super) fn upgrades(&self, site: SiteId) -> Levels {
        self.index.site(site).and_then(|e| self.sites.get(e).ok()).map_or_else(Levels::default, |s| s.1.upgrades)
    }

    /// Takes the dead of a march off the books of its home.
    pub(super) fn bury(&mut self, home: SiteId, dead: &Force) {
        self.ledger.troops_dead.add_all(dead);
        if let Some((_, mut garrison, ..)) = self.index.site(home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.bury(dead);
        }
    }

    /// Units of a march become inhabitants of the place where they are.
    pub(super) fn settle_down(&mut self, home: SiteId, units: &Force) {
        self.ledger.troops_settled.add_all(units);
        if let Some((_, mut garrison, ..)) = self.index.site(home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.bury(units);
        }
    }

    /// Takes the dead of guests off the books of their home.
    pub(super) fn bury_guests(&mut self, home: SiteId, dead: &Force) {
        self.ledger.troops_dead.add_all(dead);
        if let Some((_, mut garrison, ..)) = self.index.site(home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.bury_stationed(dead);
        }
    }

    /// Sends what is left of a march home with its loot; nothing is left of an empty one.
    pub(super) fn send_home(&mut self, entity: Entity, march: &March, left: Force, loot: Goods, now: GameTime) {
        let from = self.index.site(march.target).and_then(|e| self.sites.get(e).ok()).map(|s| s.0.at);
        let home = self.index.site(march.home).and_then(|e| self.sites.get(e).ok());
        let route = from.zip(home.map(|s| (s.0.at, s.3.tournament_square)));
        let (Some((from, (to, square))), Some(speed)) = (route, self.rules.slowest(&left)) else {
            self.ledger.goods_wasted += loot;
            self.commands.entity(entity).despawn();
            return;
        };
        let travel = march_rules::travel_time(self.torus.distance(from, to), speed, square, &self.rules);
        let arrival = now + travel;
        self.agenda.push(MARCH_RETURNS.entry(arrival, owner_key(march.id), march.id.n));
        let back =
            March { homeward: true, launched: now, arrival, force: left, loot, detour: GameSpan(0), ..march.clone() };
        if let Ok(mut march) = self.marches.get_mut(entity) {
            *march = back;
        }
    }

    /// Why a march may not do at its target what it came for; `None` if it may.
    pub(super) fn refuses(&self, march: &March) -> Option<&'static str> {
        if march.manner == Manner::Settle {
            let tile = march.target.tile_id().and_then(|id| self.torus.tile(i64::from(id)));
            return tile.is_none_or(|tile| self.grid.on_tile(tile).is_some()).then_some("tile_taken");
        }
        let Some((site, ..)) = self.index.site(march.target).and_then(|e| self.sites.get(e).ok()) else {
            return Some("target_gone");
        };
        match (march.manner.is_hostile(), self.relations.are_friends(march.owner, site.owner)) {
            (true, true) => Some("friends_now"),
            (false, false) => Some("cannot_enter"),
            _ => None,
        }
    }

    /// Turns a march back at its target: the way back takes as long as the way there.
    pub(super) fn turn(&mut self, entity: Entity, reason: &'static str, now: GameTime) {
        let Ok(mut march) = self.marches.get_mut(entity) else { return };
        let way_back = march.arrival - march.launched;
        self.agenda.push(march.turn(now, way_back));
        let fact = Fact::MarchTurned { march: march.id, reason: reason.to_owned() };
        self.facts.write(CampaignFact { at: now, fact });
    }

    /// Lets marches arrive in the next pass at this instant.
    pub(super) fn defer(&mut self, assault: &Assault) {
        for (_, march) in &assault.marches {
            self.agenda.push(MARCH_ARRIVES.entry(march.arrival, owner_key(march.id), march.id.n));
        }
    }
}
