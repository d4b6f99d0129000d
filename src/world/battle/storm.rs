//! Carries the rules' verdict on a fight for a village into the world: losses, damage, loot, and what each party saw.

use super::changes::Change;
use super::chiefs::{ChiefsWork, let_chiefs_work};
use super::resolve::{Arms, Assault};
use super::rules::{self, Outcome};
use super::scene::Scene;
use crate::base::clock::GameTime;
use crate::base::contract::{BattleFought, CampaignFact, EnemyGroup, Fact, GroupHome};
use crate::base::goods::Goods;
use crate::base::id::{PlayerId, SiteId};
use crate::base::ruleset::{Force, Ruleset};
use crate::world::village::{rules as village_rules, stores as village_stores};

/// The one inhabitant, in thousandths, who never leaves a player's last village.
const LAST_INHABITANT_MILLI: u64 = 1_000;

/// Fights for a village and tells every party what it saw.
pub(super) fn storm(arms: &mut Arms, assault: &Assault, now: GameTime) {
    let Some(scene) = Scene::of(arms, assault.target, assault.manner, &assault.marches) else {
        for (entity, _) in &assault.marches {
            arms.turn(*entity, "target_gone", now);
        }
        return;
    };
    let outcome = scene.fight(&arms.rules);
    let damage = damage_and_loot(arms, assault, &scene, &outcome, now);
    let chiefs =
        if damage.razed { ChiefsWork::default() } else { let_chiefs_work(arms, assault, &scene, &outcome, now) };
    let tally = Tally::of(assault, &scene, &outcome, &arms.rules);
    let lead = tally.lead;
    let fact = Fact::BattleFought {
        site: assault.target,
        defender: scene.owner,
        attackers: assault.marches.iter().map(|(_, m)| (m.owner, arms.rules.cost(&m.force))).collect(),
        operation: assault.operation,
        manner: assault.manner,
        attackers_lost: tally.attackers_lost_goods,
        defenders_lost: arms.rules.cost(&tally.defenders_lost),
        attacker_loss: outcome.strength.attacker_loss,
        defender_loss: outcome.strength.defender_loss,
        loot: damage.loot(),
        wall: (scene.village.wall, outcome.wall_after),
        levels_lost: damage.levels_lost,
    };
    let fight = Fight { assault, scene, outcome, damage, chiefs };
    fight.attackers_leave(arms, &tally, now);
    fight.tell_defenders(arms, lead, now);
    arms.facts.write(CampaignFact { at: now, fact });
}

/// A fight with all that came of it.
struct Fight<'a> {
    assault: &'a Assault,
    scene: Scene,
    outcome: Outcome,
    damage: Damage,
    chiefs: ChiefsWork,
}

impl Fight<'_> {
    /// What of a group goes home: its survivors, without the chief who stays.
    fn leaves(&self, group: usize) -> Force {
        let left = self.outcome.attackers_left.get(group).cloned().unwrap_or_default();
        match &self.chiefs.stays {
            Some((of, chief)) if *of == group => left.minus(chief),
            _ => left,
        }
    }

    /// The attackers bury their dead, see what they did, and go home.
    fn attackers_leave(&self, arms: &mut Arms, tally: &Tally, now: GameTime) {
        let Self { assault, scene, outcome, damage, chiefs } = self;
        // A report is full with a surviving attacker or a quarter of the defenders dead.
        let survivors = outcome.attackers_left.iter().any(|f| !f.is_empty());
        let full = survivors || outcome.strength.defender_loss >= 0.25;
        for (i, (entity, march)) in assault.marches.iter().enumerate() {
            let left = outcome.attackers_left.get(i).cloned().unwrap_or_default();
            let lost = march.force.minus(&left);
            let loot = damage.loots.get(i).copied().unwrap_or_default();
            arms.bury(march.home, &lost);
            arms.battles.write(BattleFought {
                witness: march.owner,
                site: assault.target,
                at: now,
                attacked: true,
                order: march.order,
                origin: march.home,
                own_before: march.force.clone(),
                own_lost: lost,
                enemy_before: full.then(|| tally.defenders_before.clone()),
                enemy_lost: full.then(|| tally.defenders_lost.clone()),
                enemy: scene.owner,
                enemy_groups: Vec::new(),
                wall: full.then_some(outcome.wall_after),
                wall_lost: if full { scene.village.wall - outcome.wall_after } else { 0 },
                levels_lost: if full { damage.levels_lost } else { 0 },
                loyalty: chiefs.loyalty.filter(|_| full),
                loot,
                left_in_store: survivors.then_some(damage.left_in_store),
            });
            let leaves = self.leaves(i);
            if let Some(order) = march.order.filter(|_| leaves.is_empty() && !left.is_empty()) {
                // Nobody died, and yet nobody comes home.
                arms.home.write(GroupHome { order, force: Force::new(), loot: Goods::ZERO });
            }
            arms.send_home(*entity, march, leaves, loot, now);
        }
    }

    /// The owner of the village and the owners of its guests each see the battle from their side.
    fn tell_defenders(&self, arms: &mut Arms, enemy: PlayerId, now: GameTime) {
        let Self { assault, scene, outcome, damage, chiefs } = self;
        let (mut before, mut lost) = (Force::new(), Force::new());
        let mut groups = Vec::new();
        for (i, ((_, march), left)) in assault.marches.iter().zip(&outcome.attackers_left).enumerate() {
            before.add_all(&march.force);
            lost.add_all(&march.force.minus(left));
            groups.push(EnemyGroup { origin: march.id.site, player: march.owner, left: self.leaves(i) });
        }
        let guests = scene.guests.iter().map(|(id, owner, _)| (*owner, id.site, None));
        let own = core::iter::once((scene.owner, assault.target, chiefs.loyalty)).chain(guests);
        for (((witness, origin, loyalty), (force, _)), left) in own.zip(&scene.defenders).zip(&outcome.defenders_left) {
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
                levels_lost: damage.levels_lost,
                loyalty,
                loot: damage.loot(),
                left_in_store: None,
            });
        }
    }
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

/// What the village lost beside troops.
#[derive(Default)]
struct Damage {
    levels_lost: u8,
    left_in_store: Goods,
    /// What each group takes.
    loots: Vec<Goods>,
    /// Nobody lives there any more.
    razed: bool,
}

impl Damage {
    /// What all groups take together.
    fn loot(&self) -> Goods {
        self.loots.iter().fold(Goods::ZERO, |sum, loot| sum + *loot)
    }
}

/// Writes losses, walls, buildings and stores of the village, and lets inhabitants leave whose buildings are gone.
fn damage_and_loot(arms: &mut Arms, assault: &Assault, scene: &Scene, outcome: &Outcome, now: GameTime) -> Damage {
    let carries: Vec<i64> = outcome.attackers_left.iter().map(|f| arms.rules.carry(f)).collect();
    let mut buried: Vec<(SiteId, Force)> = Vec::new();
    let Some((_, mut garrison, mut guests, mut buildings, mut stores, _)) =
        arms.index.site(assault.target).and_then(|e| arms.sites.get_mut(e).ok())
    else {
        return Damage::default();
    };
    let mut left = outcome.defenders_left.iter();
    garrison.home = left.next().cloned().unwrap_or_default();
    arms.ledger.troops_dead.add_all(&scene.home().minus(&garrison.home));
    for (((id, _, home), (before, _)), left) in scene.guests.iter().zip(&scene.defenders[1..]).zip(left) {
        buried.push((*home, before.minus(left)));
        if left.is_empty() {
            guests.0.remove(id);
        } else if let Some(guest) = guests.0.get_mut(id) {
            guest.force = left.clone();
        }
    }
    let (mut levels_lost, levels_before) = (0, buildings.levels());
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
    let razed = levels_lost > 0 && drive_out(arms, assault.target, scene.owner, (levels_lost, levels_before));
    Damage { levels_lost, left_in_store, loots, razed }
}

/// Inhabitants leave whose buildings are gone. True if that was the last of them, and the village is to be razed.
fn drive_out(arms: &mut Arms, site: SiteId, owner: PlayerId, (lost, before): (u8, u32)) -> bool {
    let Some(mut economy) = arms.index.site(site).and_then(|e| arms.economies.get_mut(e).ok()) else { return false };
    let stay = village_rules::remaining_inhabitants(economy.inhabitants_milli, u32::from(lost), before);
    let is_last = arms.holdings.of(owner).len() < 2;
    economy.inhabitants_milli = if is_last { stay.max(LAST_INHABITANT_MILLI) } else { stay };
    if economy.population() > 0 {
        return false;
    }
    arms.changes.now.push(Change::Razed { site });
    arms.changes.seal(site);
    true
}
