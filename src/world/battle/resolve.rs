//! Carries the rules' verdict into the world: losses, damage, loot, ways home, and what each party saw.

use super::rules::{self, Attackers, Battle, Defended, Defenders, Outcome};
use crate::base::clock::{Agenda, GameTime};
use crate::base::contract::{
    BattleFought, CampaignFact, EnemyGroup, Fact, Manner, Player, PlayerKind, ScoutReturned, ScoutsKilled, Site,
};
use crate::base::geometry::Torus;
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, MarchId, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::{Force, Levels, Ruleset};
use crate::world::march::{MARCH_RETURNS, March, owner_key, rules as march_rules};
use crate::world::village::{
    Blockades, BuildingKind, Buildings, Garrison, Guest, Guests, Ledger, Stores, stores as village_stores,
};
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
    index: Res<'w, EntityIndex>,
    rules: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    sites: Query<
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
    players: Query<'w, 's, &'static Player>,
    pub(super) marches: Query<'w, 's, &'static mut March>,
    agenda: ResMut<'w, Agenda>,
    ledger: ResMut<'w, Ledger>,
    battles: MessageWriter<'w, BattleFought>,
    scouts: MessageWriter<'w, ScoutReturned>,
    caught: MessageWriter<'w, ScoutsKilled>,
    pub(super) facts: MessageWriter<'w, CampaignFact>,
    commands: Commands<'w, 's>,
}

impl Arms<'_, '_> {
    fn player(&self, id: PlayerId) -> Option<&Player> {
        self.players.get(self.index.player(id)?).ok()
    }

    fn population(&self, id: PlayerId) -> u64 {
        self.player(id).map_or(0, |p| p.population)
    }

    fn upgrades(&self, site: SiteId) -> Levels {
        self.index.site(site).and_then(|e| self.sites.get(e).ok()).map_or_else(Levels::default, |s| s.1.upgrades)
    }

    /// Takes the dead of a march off the books of its home.
    fn bury(&mut self, home: SiteId, dead: &Force) {
        self.ledger.troops_dead.add_all(dead);
        if let Some((_, mut garrison, ..)) = self.index.site(home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.bury(dead);
        }
    }

    /// Takes the dead of guests off the books of their home.
    fn bury_guests(&mut self, home: SiteId, dead: &Force) {
        self.ledger.troops_dead.add_all(dead);
        if let Some((_, mut garrison, ..)) = self.index.site(home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.bury_stationed(dead);
        }
    }

    /// Sends what is left of a march home with its loot; nothing is left of an empty one.
    fn send_home(&mut self, entity: Entity, march: &March, left: Force, loot: Goods, now: GameTime) {
        let from = self.index.site(march.target).and_then(|e| self.sites.get(e).ok()).map(|s| s.0.at);
        let home = self.index.site(march.id.site).and_then(|e| self.sites.get(e).ok());
        let route = from.zip(home.map(|s| (s.0.at, s.3.tournament_square)));
        let (Some((from, (to, square))), Some(speed)) = (route, self.rules.slowest(&left)) else {
            self.commands.entity(entity).despawn();
            return;
        };
        let travel = march_rules::travel_time(self.torus.distance(from, to), speed, square, &self.rules);
        let arrival = now + travel;
        self.agenda.push(MARCH_RETURNS.entry(arrival, owner_key(march.id), march.id.n));
        let back = March { homeward: true, launched: now, arrival, force: left, loot, ..march.clone() };
        self.commands.entity(entity).insert(back);
    }

    /// The march stays before the village.
    pub(super) fn blockade(&mut self, assault: &Assault) {
        let Some(mut blockades) = self.index.site(assault.target).and_then(|e| self.sites.get_mut(e).ok()).map(|s| s.5)
        else {
            return;
        };
        blockades.0.extend(assault.marches.iter().map(|(_, m)| m.id));
    }

    /// The march stays in the village, if no hostile blockade stops it.
    pub(super) fn reinforce(&mut self, assault: &Assault, now: GameTime) {
        for (entity, march) in &assault.marches {
            let upgrades = self.upgrades(march.id.site);
            let force = self.break_through(assault.target, march, upgrades, now);
            if !force.is_empty()
                && let Some((_, _, mut guests, ..)) =
                    self.index.site(assault.target).and_then(|e| self.sites.get_mut(e).ok())
            {
                guests.0.insert(march.id, Guest { owner: march.owner, force: force.clone(), upgrades });
            }
            if let Some((_, mut garrison, ..)) = self.index.site(march.id.site).and_then(|e| self.sites.get_mut(e).ok())
            {
                garrison.station(&force);
            }
            self.commands.entity(*entity).despawn();
        }
    }

    /// Fights the hostile marches that stay before the village, in the order in which they came; returns what gets
    /// through.
    fn break_through(&mut self, target: SiteId, march: &March, upgrades: Levels, now: GameTime) -> Force {
        let mut force = march.force.clone();
        let entity = self.index.site(target);
        let blocking = entity.and_then(|e| self.sites.get(e).ok()).map(|s| s.5.0.clone()).unwrap_or_default();
        for id in blocking {
            if force.is_empty() {
                break;
            }
            let Some((blocker, stays)) =
                self.index.march(id).and_then(|e| Some((e, self.marches.get(e).ok()?.clone())))
            else {
                continue;
            };
            let alliance = |p| self.player(p).and_then(|p| p.alliance);
            if stays.owner == march.owner || alliance(stays.owner).is_some_and(|a| alliance(march.owner) == Some(a)) {
                continue;
            }
            let population = self.population(march.owner);
            let blocking_upgrades = self.upgrades(id.site);
            let outcome = rules::blockade(
                &self.rules,
                &[Attackers { force: &force, upgrades: &upgrades, population }],
                &[Defenders { force: &stays.force, upgrades: &blocking_upgrades }],
                self.population(stays.owner),
            );
            let through = outcome.attackers_left.into_iter().next().unwrap_or_default();
            let holds = outcome.defenders_left.into_iter().next().unwrap_or_default();
            self.tell_blockade((target, now), (march, &force, &through), (&stays, &holds));
            self.bury(march.id.site, &force.minus(&through));
            self.bury(id.site, &stays.force.minus(&holds));
            if holds.is_empty() {
                self.commands.entity(blocker).despawn();
                if let Some((.., mut blockades)) = entity.and_then(|e| self.sites.get_mut(e).ok()) {
                    blockades.0.retain(|b| *b != id);
                }
            } else {
                if let Ok(mut blocker) = self.marches.get_mut(blocker) {
                    blocker.force = holds;
                }
            }
            force = through;
        }
        force
    }

    /// Both sides of a fight before the village see it; the village's own troops took no part.
    fn tell_blockade(
        &mut self,
        (site, at): (SiteId, GameTime),
        (march, before, through): (&March, &Force, &Force),
        (stays, holds): (&March, &Force),
    ) {
        let (lost, killed) = (before.minus(through), stays.force.minus(holds));
        let sides = [
            (march, before.clone(), lost.clone(), &stays.force, killed.clone(), stays.owner, true),
            (stays, stays.force.clone(), killed, before, lost, march.owner, false),
        ];
        for (own, own_before, own_lost, enemy_before, enemy_lost, enemy, attacked) in sides {
            self.battles.write(BattleFought {
                witness: own.owner,
                site,
                at,
                attacked,
                order: own.order,
                origin: own.id.site,
                own_before,
                own_lost,
                // Of the village itself neither side saw anything.
                enemy_before: (!attacked).then(|| enemy_before.clone()),
                enemy_lost: (!attacked).then_some(enemy_lost),
                enemy,
                enemy_groups: Vec::new(),
                wall: None,
                wall_lost: 0,
                levels_lost: 0,
                loyalty: None,
                loot: Goods::ZERO,
                left_in_store: None,
            });
        }
    }
}

/// Troops with their upgrades.
type Troops = (Force, Levels);

/// A fight for a village: everything that it reads, gathered.
struct Scene {
    attackers: Vec<(Troops, u64)>,
    assault: rules::Assault,
    /// The garrison first, then the guests.
    defenders: Vec<Troops>,
    village: Defended,
    owner: PlayerId,
    guests: Vec<(MarchId, PlayerId)>,
    aims: Vec<BuildingKind>,
}

impl Scene {
    /// Gathers the village, and the marches that come.
    fn of(arms: &Arms, target: SiteId, manner: Manner, marches: &[(Entity, March)]) -> Option<Self> {
        let (site, garrison, guests, buildings, ..) = arms.index.site(target).and_then(|e| arms.sites.get(e).ok())?;
        let owner = arms.player(site.owner);
        let mut defenders = vec![(garrison.home.clone(), garrison.upgrades)];
        defenders.extend(guests.0.values().map(|g| (g.force.clone(), g.upgrades)));
        let attackers = marches
            .iter()
            .map(|(_, m)| ((m.force.clone(), arms.upgrades(m.id.site)), arms.population(m.owner)))
            .collect();
        let mut aims: Vec<BuildingKind> = marches
            .iter()
            .flat_map(|(_, m)| m.aims.into_iter().flatten().filter_map(BuildingKind::from_number))
            .collect();
        aims.sort_unstable();
        aims.dedup();
        aims.truncate(2);
        let village = Defended {
            tribe: site.tribe,
            population: owner.map_or(0, |p| p.population),
            is_static: owner.is_some_and(|p| p.kind == PlayerKind::Static),
            wall: buildings.wall,
            residence_defense: rules::residence_defense(buildings.residence),
            stonemason: buildings.stonemason,
            buildings: aims.iter().map(|kind| buildings.level(*kind)).collect(),
        };
        let assault = if manner == Manner::Raid { rules::Assault::Raid } else { rules::Assault::Attack };
        let guests = guests.0.iter().map(|(id, g)| (*id, g.owner)).collect();
        Some(Self { attackers, assault, defenders, village, owner: site.owner, guests, aims })
    }

    fn fight(&self, ruleset: &Ruleset) -> Outcome {
        let attackers = borrow_attackers(&self.attackers);
        let defenders = borrow_defenders(&self.defenders);
        let (assault, village) = (self.assault, &self.village);
        rules::fight(ruleset, &Battle { attackers: &attackers, assault, defenders: &defenders, village })
    }

    fn home(&self) -> &Force {
        &self.defenders[0].0
    }
}

fn borrow_attackers(sides: &[(Troops, u64)]) -> Vec<Attackers<'_>> {
    sides.iter().map(|((force, upgrades), population)| Attackers { force, upgrades, population: *population }).collect()
}

fn borrow_defenders(sides: &[Troops]) -> Vec<Defenders<'_>> {
    sides.iter().map(|(force, upgrades)| Defenders { force, upgrades }).collect()
}

/// Fights for a village and tells every party what it saw.
pub(super) fn storm(arms: &mut Arms, assault: &Assault, now: GameTime) {
    let Some(scene) = Scene::of(arms, assault.target, assault.manner, &assault.marches) else { return };
    let outcome = scene.fight(&arms.rules);
    let (levels_lost, left_in_store, loots) = damage_and_loot(arms, assault, &scene, &outcome, now);
    let tally = Tally::of(assault, &scene, &outcome, &arms.rules);
    // A report is full with a surviving attacker or a quarter of the defenders dead.
    let survivors = outcome.attackers_left.iter().any(|f| !f.is_empty());
    let full = survivors || outcome.strength.defender_loss >= 0.25;
    let lead = tally.lead;
    for (i, (entity, march)) in assault.marches.iter().enumerate() {
        let left = outcome.attackers_left.get(i).cloned().unwrap_or_default();
        let lost = march.force.minus(&left);
        let loot = loots.get(i).copied().unwrap_or_default();
        arms.bury(march.id.site, &lost);
        arms.battles.write(BattleFought {
            witness: march.owner,
            site: assault.target,
            at: now,
            attacked: true,
            order: march.order,
            origin: march.id.site,
            own_before: march.force.clone(),
            own_lost: lost,
            enemy_before: full.then(|| tally.defenders_before.clone()),
            enemy_lost: full.then(|| tally.defenders_lost.clone()),
            enemy: scene.owner,
            enemy_groups: Vec::new(),
            wall: full.then_some(outcome.wall_after),
            wall_lost: if full { scene.village.wall - outcome.wall_after } else { 0 },
            levels_lost: if full { levels_lost } else { 0 },
            loyalty: None,
            loot,
            left_in_store: survivors.then_some(left_in_store),
        });
        arms.send_home(*entity, march, left, loot, now);
    }
    tell_defenders(
        arms,
        assault,
        &scene,
        &outcome,
        (lead, levels_lost, loots.iter().fold(Goods::ZERO, |a, b| a + *b)),
        now,
    );
    arms.facts.write(CampaignFact {
        at: now,
        fact: Fact::BattleFought {
            site: assault.target,
            defender: scene.owner,
            attackers: assault.marches.iter().map(|(_, m)| (m.owner, arms.rules.cost(&m.force))).collect(),
            operation: assault.operation,
            manner: assault.manner,
            attackers_lost: tally.attackers_lost_goods,
            defenders_lost: arms.rules.cost(&tally.defenders_lost),
            attacker_loss: outcome.strength.attacker_loss,
            defender_loss: outcome.strength.defender_loss,
            loot: loots.iter().fold(Goods::ZERO, |a, b| a + *b),
            wall: (scene.village.wall, outcome.wall_after),
            levels_lost,
        },
    });
}

/// Sums over the sides of a battle.
struct Tally {
    lead: PlayerId,
    defenders_before: Force,
    defenders_lost: Force,
    attackers_lost_goods: i64,
}

impl Tally {
    fn of(assault: &Assault, scene: &Scene, outcome: &Outcome, rules: &Ruleset) -> Self {
        let (mut before, mut left) = (Force::new(), Force::new());
        for (force, _) in &scene.defenders {
            before.add_all(force);
        }
        for force in &outcome.defenders_left {
            left.add_all(force);
        }
        let lead = assault
            .marches
            .iter()
            .max_by_key(|(_, m)| (rules.cost(&m.force), core::cmp::Reverse(m.owner)))
            .map_or(PlayerId::default(), |(_, m)| m.owner);
        let attackers_lost_goods = assault
            .marches
            .iter()
            .zip(&outcome.attackers_left)
            .map(|((_, m), left)| rules.cost(&m.force.minus(left)))
            .sum();
        Self { lead, defenders_lost: before.minus(&left), defenders_before: before, attackers_lost_goods }
    }
}

/// Writes losses, walls, buildings and stores of the village; returns the levels lost, what is left in store, and
/// each group's loot.
fn damage_and_loot(
    arms: &mut Arms,
    assault: &Assault,
    scene: &Scene,
    outcome: &Outcome,
    now: GameTime,
) -> (u8, Goods, Vec<Goods>) {
    let carries: Vec<i64> = outcome.attackers_left.iter().map(|f| arms.rules.carry(f)).collect();
    let mut buried: Vec<(SiteId, Force)> = Vec::new();
    let Some((_, mut garrison, mut guests, mut buildings, mut stores, _)) =
        arms.index.site(assault.target).and_then(|e| arms.sites.get_mut(e).ok())
    else {
        return (0, Goods::ZERO, Vec::new());
    };
    let mut left = outcome.defenders_left.iter();
    garrison.home = left.next().cloned().unwrap_or_default();
    arms.ledger.troops_dead.add_all(&scene.home().minus(&garrison.home));
    for (((id, _), (before, _)), left) in scene.guests.iter().zip(&scene.defenders[1..]).zip(left) {
        buried.push((id.site, before.minus(left)));
        if left.is_empty() {
            guests.0.remove(id);
        } else if let Some(guest) = guests.0.get_mut(id) {
            guest.force = left.clone();
        }
    }
    let mut levels_lost = 0;
    buildings.wall = outcome.wall_after;
    for (kind, level) in scene.aims.iter().zip(&outcome.buildings_after) {
        levels_lost += buildings.level(*kind).saturating_sub(*level);
        buildings.set_level(*kind, *level);
    }
    let in_store = village_stores::settle(&mut stores, now, &mut arms.ledger);
    let loots = rules::share_loot(in_store, &carries);
    let taken = loots.iter().fold(Goods::ZERO, |a, b| a + *b);
    stores.amount = in_store.minus(taken);
    if levels_lost > 0 {
        village_stores::follow_buildings(&mut stores, &buildings, &mut arms.ledger);
    }
    let left_in_store = stores.amount;
    for (home, dead) in buried {
        arms.bury_guests(home, &dead);
    }
    (levels_lost, left_in_store, loots)
}

/// The owner of the village and the owners of its guests each see the battle from their side.
fn tell_defenders(
    arms: &mut Arms,
    assault: &Assault,
    scene: &Scene,
    outcome: &Outcome,
    (enemy, levels_lost, loot): (PlayerId, u8, Goods),
    now: GameTime,
) {
    let (mut before, mut lost) = (Force::new(), Force::new());
    let mut groups = Vec::new();
    for ((_, march), left) in assault.marches.iter().zip(&outcome.attackers_left) {
        before.add_all(&march.force);
        lost.add_all(&march.force.minus(left));
        groups.push(EnemyGroup { origin: march.id.site, player: march.owner, left: left.clone() });
    }
    let own = core::iter::once((scene.owner, assault.target)).chain(scene.guests.iter().map(|(id, p)| (*p, id.site)));
    for (((witness, origin), (force, _)), left) in own.zip(&scene.defenders).zip(&outcome.defenders_left) {
        arms.battles.write(BattleFought {
            witness,
            site: assault.target,
            at: now,
            attacked: false,
            order: None,
            origin,
            own_lost: force.minus(left),
            own_before: force.clone(),
            enemy_before: Some(before.clone()),
            enemy_lost: Some(lost.clone()),
            enemy,
            enemy_groups: groups.clone(),
            wall: Some(outcome.wall_after),
            wall_lost: scene.village.wall - outcome.wall_after,
            levels_lost,
            loyalty: None,
            loot,
            left_in_store: None,
        });
    }
}

/// Scouts look; the defender learns of them only by killing one.
pub(super) fn scout(arms: &mut Arms, assault: &Assault, now: GameTime) {
    for (entity, march) in &assault.marches {
        let pair = (*entity, march.clone());
        let Some(scene) = Scene::of(arms, march.target, Manner::Scout, core::slice::from_ref(&pair)) else { continue };
        let Some((_, _, _, buildings, stores, _)) = arms.index.site(march.target).and_then(|e| arms.sites.get(e).ok())
        else {
            continue;
        };
        let seen = (village_stores::read_stores(stores, now).amount, buildings.wall, buildings.residence);
        let owner = scene.owner;
        let mut troops = Force::new();
        for (force, _) in &scene.defenders {
            troops.add_all(force);
        }
        let outcome = scene.fight(&arms.rules);
        let left = outcome.attackers_left.first().cloned().unwrap_or_default();
        let lost = march.force.minus(&left);
        let killed = u32::try_from(lost.total()).unwrap_or(u32::MAX);
        arms.bury(march.id.site, &lost);
        let (site, origin) = (march.target, march.id.site);
        if killed > 0 {
            arms.caught.write(ScoutsKilled { witness: owner, site, at: now, origin, killed, own: false });
        }
        if left.is_empty() {
            arms.caught.write(ScoutsKilled { witness: march.owner, site, at: now, origin, killed, own: true });
        } else {
            let (goods, wall, residence) = seen;
            let witness = march.owner;
            arms.scouts.write(ScoutReturned { witness, site, at: now, troops, goods, wall, residence, lost: killed });
        }
        let sent = u32::try_from(march.force.total()).unwrap_or(u32::MAX);
        arms.facts
            .write(CampaignFact { at: now, fact: Fact::SiteScouted { site, by: march.owner, sent, lost: killed } });
        arms.send_home(*entity, march, left, Goods::ZERO, now);
    }
}
