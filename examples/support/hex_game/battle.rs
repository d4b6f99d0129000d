//! Beacons, battles and ravens: the game's own arrivals, told to each witness as it may see them.

use super::columns::{Cairn, Chronicle, Column, Hold, cairn_of, column_of};
use super::rules::{ARCHERS, Combat, RAVENS};
use super::{BEACON_LIT, COLUMN_ARRIVES, COLUMN_HOME, rules};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Agenda, DueBatch, GameTime};
use bevy_alliance::base::contract::{
    BattleFought, CampaignFact, EnemyGroup, Fact, Manner, MarchSighted, ScoutReturned, ScoutsKilled, Site,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{EntityIndex, OrderId, PlayerId, SiteId};
use bevy_alliance::base::ruleset::Force;
use serde::{Deserialize, Serialize};

/// How this land fights: part of the state, so that two lands never hash alike.
#[derive(Resource, Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Custom(pub(crate) Combat);

/// The defender sees a column when it comes near: where it left and when it will be there, not what it is.
pub(super) fn light_beacons(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    columns: Query<&Column>,
    sites: Query<&Site>,
    mut chronicle: ResMut<Chronicle>,
    mut sighted: MessageWriter<MarchSighted>,
) {
    for entry in batch.of(BEACON_LIT) {
        let Some(column) = index.march(column_of(entry)).and_then(|e| columns.get(e).ok()) else { continue };
        let Some(target) = index.site(column.target).and_then(|e| sites.get(e).ok()) else { continue };
        if column.homeward {
            continue;
        }
        chronicle.beacons += 1;
        sighted.write(MarchSighted {
            witness: target.owner,
            origin: column.id.site,
            target: column.target,
            seen_at: batch.now(),
            arrival: column.due,
            at: None,
        });
    }
}

/// What arrivals read and write.
#[derive(SystemParam)]
pub(super) struct Field<'w, 's> {
    index: Res<'w, EntityIndex>,
    custom: Res<'w, Custom>,
    holds: Query<'w, 's, (&'static Site, &'static mut Hold)>,
    cairns: Query<'w, 's, &'static mut Cairn>,
    columns: Query<'w, 's, &'static mut Column>,
    agenda: ResMut<'w, Agenda>,
    chronicle: ResMut<'w, Chronicle>,
    battles: MessageWriter<'w, BattleFought>,
    scouts: MessageWriter<'w, ScoutReturned>,
    caught: MessageWriter<'w, ScoutsKilled>,
    facts: MessageWriter<'w, CampaignFact>,
    commands: Commands<'w, 's>,
}

/// All columns that are there at this instant, in the order in which they left. Those of one operation, target and
/// wave fight as one.
pub(super) fn meet(batch: Res<DueBatch>, mut field: Field) {
    let now = batch.now();
    let mut arrived: Vec<Column> = batch
        .of(COLUMN_ARRIVES)
        .iter()
        .filter_map(|entry| {
            let column = field.columns.get(field.index.march(column_of(entry))?).ok()?;
            // A column that was called back no longer agrees with its entry.
            (!column.homeward && column.due == entry.due).then(|| column.clone())
        })
        .collect();
    arrived.sort_by_key(|c| (c.left_at, c.id));
    let mut hosts: Vec<Vec<Column>> = Vec::new();
    for column in arrived {
        field.announce(&column, now);
        let side = |c: &Column| (c.order.and_then(OrderId::operation), c.target, c.wave, c.manner);
        match hosts.iter_mut().find(|h| column.manner != Manner::Scout && side(&h[0]) == side(&column)) {
            Some(host) => host.push(column),
            None => hosts.push(vec![column]),
        }
    }
    for host in hosts {
        match host[0].manner {
            Manner::Scout => field.look(&host[0], now),
            _ => field.storm(&host, now),
        }
    }
}

impl Field<'_, '_> {
    fn announce(&mut self, column: &Column, now: GameTime) {
        if let Some(order) = column.order {
            self.chronicle.arrivals.push((order, now));
        }
        let fact = Fact::MarchArrived {
            march: column.id,
            origin: column.id.site,
            target: column.target,
            manner: column.manner,
            order: column.order,
            wave: column.wave,
            planned: column.due,
        };
        self.facts.write(CampaignFact { at: now, fact });
    }

    /// Remembers the fallen of a hold, and takes those who fell abroad off its roll.
    fn bury(&mut self, home: SiteId, fallen: &Force, abroad: bool) {
        if let Some(mut cairn) = self.index.get(cairn_of(home)).and_then(|e| self.cairns.get_mut(e).ok()) {
            cairn.fallen.add_all(fallen);
        }
        if abroad && let Some((_, mut hold)) = self.index.site(home).and_then(|e| self.holds.get_mut(e).ok()) {
            hold.abroad = hold.abroad.minus(fallen);
        }
    }

    /// Sends home who is left of a column; of an empty one nothing is left.
    fn send_home(&mut self, column: &Column, left: Force, silver: i64, now: GameTime) {
        let place = |id: SiteId| self.index.site(id).and_then(|e| self.holds.get(e).ok()).map(|(site, _)| site.at);
        let way = place(column.target).zip(place(column.id.site)).and_then(|(from, to)| rules::column(from, to, &left));
        let Some(entity) = self.index.march(column.id) else { return };
        match way {
            Some(travel) => {
                let due = now + travel;
                self.agenda.push(column.entry(COLUMN_HOME, due));
                let back = Column { men: left, silver, left_at: now, due, homeward: true, ..column.clone() };
                if let Ok(mut column) = self.columns.get_mut(entity) {
                    *column = back;
                }
            }
            None => self.commands.entity(entity).despawn(),
        }
    }

    fn storm(&mut self, host: &[Column], now: GameTime) {
        let Some((site, mut hold)) = self.index.site(host[0].target).and_then(|e| self.holds.get_mut(e).ok()) else {
            return;
        };
        let groups: Vec<Force> = host.iter().map(|c| c.men.clone()).collect();
        let mut attackers = Force::new();
        for group in &groups {
            attackers.add_all(group);
        }
        // Ravens fly up when it comes to blows: they neither fight nor fall.
        let ravens = hold.men.count(RAVENS);
        let defenders = hold.men.minus(&Force::of(RAVENS, ravens));
        let outcome = rules::fight(self.custom.0, &attackers, &defenders, hold.wall);
        let left = rules::share(&groups, &outcome.attackers_left);
        hold.men = outcome.defenders_left.clone();
        hold.men.add(RAVENS, ravens);
        // Whoever holds the field takes what he can carry.
        let won = outcome.defenders_left.is_empty();
        let mut silver = hold.silver(now);
        let mut loot = Vec::new();
        for men in &left {
            let taken = if won { rules::silver(men, |u| u.carry).min(silver) } else { 0 };
            silver -= taken;
            loot.push(taken);
        }
        hold.take(loot.iter().sum(), now);
        let scene = Scene {
            site: site.id,
            owner: site.owner,
            wall: hold.wall,
            lost: defenders.minus(&outcome.defenders_left),
            defenders,
            silver,
        };
        self.bury(scene.site, &scene.lost, false);
        for ((column, left), loot) in host.iter().zip(&left).zip(&loot) {
            self.tell_attacker(column, left, *loot, &scene, now);
            self.bury(column.id.site, &column.men.minus(left), true);
            self.send_home(column, left.clone(), *loot, now);
        }
        self.tell_defender(host, &left, &loot, &scene, now);
        self.tell_world(host, &left, &loot, &scene, now);
    }

    /// An attacker sees the whole field as long as one of its own walks off it.
    fn tell_attacker(&mut self, column: &Column, left: &Force, loot: i64, scene: &Scene, now: GameTime) {
        let sees = !left.is_empty();
        self.battles.write(BattleFought {
            witness: column.owner,
            site: scene.site,
            at: now,
            attacked: true,
            order: column.order,
            origin: column.id.site,
            own_before: column.men.clone(),
            own_lost: column.men.minus(left),
            enemy_before: sees.then(|| scene.defenders.clone()),
            enemy_lost: sees.then(|| scene.lost.clone()),
            enemy: scene.owner,
            enemy_groups: Vec::new(),
            wall: sees.then_some(scene.wall),
            wall_lost: 0,
            levels_lost: 0,
            loyalty: None,
            loot: Goods::new([loot, 0, 0, 0]),
            left_in_store: (sees && loot > 0).then(|| Goods::new([scene.silver, 0, 0, 0])),
        });
    }

    fn tell_defender(&mut self, host: &[Column], left: &[Force], loot: &[i64], scene: &Scene, now: GameTime) {
        let (mut before, mut lost) = (Force::new(), Force::new());
        for (column, left) in host.iter().zip(left) {
            before.add_all(&column.men);
            lost.add_all(&column.men.minus(left));
        }
        let lead = host.iter().max_by_key(|c| (c.men.total(), core::cmp::Reverse(c.id)));
        let groups = host.iter().zip(left);
        self.battles.write(BattleFought {
            witness: scene.owner,
            site: scene.site,
            at: now,
            attacked: false,
            order: None,
            origin: scene.site,
            own_before: scene.defenders.clone(),
            own_lost: scene.lost.clone(),
            enemy_before: Some(before),
            enemy_lost: Some(lost),
            enemy: lead.map_or_else(Default::default, |c| c.owner),
            enemy_groups: groups
                .map(|(c, left)| EnemyGroup { origin: c.id.site, player: c.owner, left: left.clone() })
                .collect(),
            wall: Some(scene.wall),
            wall_lost: 0,
            levels_lost: 0,
            loyalty: None,
            loot: Goods::new([loot.iter().sum(), 0, 0, 0]),
            left_in_store: None,
        });
    }

    /// The truth, for display: no decision reads it.
    fn tell_world(&mut self, host: &[Column], left: &[Force], loot: &[i64], scene: &Scene, now: GameTime) {
        let cost = |force: &Force| rules::silver(force, |u| u.cost);
        let sent: i64 = host.iter().map(|c| cost(&c.men)).sum();
        let lost: i64 = host.iter().zip(left).map(|(c, left)| cost(&c.men.minus(left))).sum();
        let fact = Fact::BattleFought {
            site: scene.site,
            defender: scene.owner,
            attackers: host.iter().map(|c| (c.owner, cost(&c.men))).collect(),
            operation: host[0].order.and_then(OrderId::operation),
            manner: host[0].manner,
            attackers_lost: lost,
            defenders_lost: cost(&scene.lost),
            attacker_loss: fraction(lost, sent),
            defender_loss: fraction(cost(&scene.lost), cost(&scene.defenders)),
            loot: Goods::new([loot.iter().sum(), 0, 0, 0]),
            wall: (scene.wall, scene.wall),
            levels_lost: 0,
        };
        self.facts.write(CampaignFact { at: now, fact });
    }

    /// Ravens look down on a hold; its archers shoot at them.
    fn look(&mut self, column: &Column, now: GameTime) {
        let Some((site, hold)) = self.index.site(column.target).and_then(|e| self.holds.get(e).ok()) else { return };
        let sent = column.men.count(RAVENS);
        let killed = rules::ravens_shot(sent, hold.men.count(ARCHERS));
        let (owner, site, origin) = (site.owner, site.id, column.id.site);
        let seen = (hold.men.clone(), Goods::new([hold.silver(now), 0, 0, 0]), hold.wall);
        if killed > 0 {
            self.caught.write(ScoutsKilled { witness: owner, site, at: now, origin, killed, own: false });
        }
        if killed < sent {
            let (troops, goods, wall) = seen;
            let witness = column.owner;
            let report = ScoutReturned { witness, site, at: now, troops, goods, wall, residence: 0, lost: killed };
            self.scouts.write(report);
        } else {
            self.caught.write(ScoutsKilled { witness: column.owner, site, at: now, origin, killed, own: true });
        }
        let fact = Fact::SiteScouted { site, by: column.owner, sent, lost: killed };
        self.facts.write(CampaignFact { at: now, fact });
        let fallen = Force::of(RAVENS, killed);
        self.bury(origin, &fallen, true);
        self.send_home(column, column.men.minus(&fallen), 0, now);
    }
}

/// The hold that is stormed, as it was and as it is.
struct Scene {
    site: SiteId,
    owner: PlayerId,
    wall: u8,
    defenders: Force,
    lost: Force,
    /// Silver that is left.
    silver: i64,
}

#[expect(clippy::cast_precision_loss, reason = "silver of one battle, far below 2^53")]
fn fraction(part: i64, whole: i64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}
