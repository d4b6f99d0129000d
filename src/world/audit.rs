//! Every unit and every good of the world, counted against its ledger.

use super::march::March;
use super::trade::Shipment;
use super::village::rules::army_at;
use super::village::stores::settle;
use super::village::upkeep::{Living, VillageReadOnly, guests_eat};
use super::village::{EconomySettings, Ledger};
use crate::base::clock::GameClock;
use crate::base::contract::Player;
use crate::base::goods::Goods;
use crate::base::id::{PlayerId, SiteId};
use crate::base::ruleset::{Force, Ruleset, UnitType};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What does not add up: zero in a world without faults.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Units too many or too few, summed over all classes.
    pub troops_unaccounted: i64,
    /// Goods too many or too few, summed over all four.
    pub goods_unaccounted: i64,
    /// Units by which the villages' own books of who is away or stationed elsewhere differ from where they are.
    pub books_off: i64,
}

/// Counts every unit and every good of the world against its [`Ledger`], as of now. The world itself stays as it is.
///
/// Every unit was there or was trained, and is at home, stationed, marching, settled, or dead; every good was
/// there or was made, and is in store, on a march or with merchants, in a pool, spent (on founding too), eaten, wasted or razed. Anything else is a fault, and this tells how large.
pub fn audit(world: &mut World) -> Audit {
    let now = world.resource::<GameClock>().now();
    let mut ledger = world.resource::<Ledger>().clone();
    let (mut troops, mut goods) = (Force::new(), Goods::ZERO);
    // What each village says is stationed elsewhere, less what others say of its guests.
    let (mut stationed, mut guests) = (BTreeMap::<SiteId, Force>::new(), BTreeMap::<SiteId, Force>::new());
    // What each village says is away.
    let mut away = BTreeMap::<SiteId, Force>::new();
    let (rules, settings) = (world.resource::<Ruleset>().clone(), *world.resource::<EconomySettings>());
    let mut villages = world.query::<VillageReadOnly>();
    for village in villages.iter(world) {
        let (mut garrison, mut stores) = (village.garrison.clone(), *village.stores);
        if let Some(economy) = village.economy {
            let (mut economy, mut buildings) = (economy.clone(), *village.buildings);
            Living {
                site: village.site.id,
                tribe: village.site.tribe,
                garrison: &mut garrison,
                buildings: &mut buildings,
                stores: &mut stores,
                economy: &mut economy,
                guests_eat: guests_eat(village.guests, &rules),
            }
            .bring_up(now, &rules, &settings, &mut ledger);
        }
        goods += settle(&mut stores, now, &mut ledger);
        troops.add_all(&garrison.home);
        for guest in village.guests.0.values() {
            troops.add_all(&guest.force);
            guests.entry(guest.home).or_default().add_all(&guest.force);
            away.entry(guest.home).or_default();
        }
        stationed.insert(village.site.id, garrison.stationed);
        away.insert(village.site.id, garrison.away);
    }
    let mut marches = world.query::<&March>();
    let mut marching = BTreeMap::<SiteId, Force>::new();
    for march in marches.iter(world) {
        troops.add_all(&march.force);
        goods += march.loot;
        away.entry(march.home).or_default();
        marching.entry(march.home).or_default().add_all(&march.force);
    }
    let mut shipments = world.query::<&Shipment>();
    for shipment in shipments.iter(world) {
        goods += shipment.goods;
    }
    troops.add_all(&ledger.troops_dead);
    troops.add_all(&ledger.troops_settled);
    let mut came = ledger.troops_at_start.clone();
    came.add_all(&ledger.troops_trained);
    let books_off = away
        .iter()
        .map(|(home, away)| {
            let none = Force::new();
            let (stationed, guests) = (stationed.get(home).unwrap_or(&none), guests.get(home).unwrap_or(&none));
            let mut gone = marching.get(home).unwrap_or(&none).clone();
            gone.add_all(guests);
            difference(stationed, guests) + difference(away, &gone)
        })
        .sum();
    let used =
        ledger.goods_spent + ledger.goods_eaten + ledger.goods_wasted + ledger.goods_founding + ledger.goods_razed;
    let expected = (ledger.goods_at_start + ledger.goods_made).minus(used + ledger.goods_pooled);
    Audit {
        troops_unaccounted: difference(&troops, &came),
        goods_unaccounted: goods.minus(expected).map(i64::abs).total(),
        books_off,
    }
}

/// Units by which two forces differ, over all classes.
fn difference(a: &Force, b: &Force) -> i64 {
    let classes: BTreeSet<_> = a.iter().chain(b.iter()).map(|(class, _)| class).collect();
    classes.into_iter().map(|c| (i64::from(a.count(c)) - i64::from(b.count(c))).abs()).sum()
}

/// What armies are worth, in goods: those of everyone who acts, or of some.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ArmyValue {
    /// Living troops.
    pub goods: i64,
    /// The troops that the same villages would keep by now without any loss: their growth path.
    pub path: i64,
}

/// What the armies are worth now of all players that `counts` accepts. The world itself stays as it is.
pub fn army_value(world: &mut World, counts: impl Fn(&Player) -> bool) -> ArmyValue {
    let now = world.resource::<GameClock>().now();
    let (rules, settings) = (world.resource::<Ruleset>().clone(), *world.resource::<EconomySettings>());
    let mut players = world.query::<&Player>();
    let counted: BTreeSet<PlayerId> = players.iter(world).filter(|p| counts(p)).map(|p| p.id).collect();
    let mut value = ArmyValue::default();
    let mut villages = world.query::<VillageReadOnly>();
    for village in villages.iter(world).filter(|v| counted.contains(&v.site.owner)) {
        let (mut garrison, mut stores) = (village.garrison.clone(), *village.stores);
        if let Some(economy) = village.economy {
            let (mut economy, mut buildings) = (economy.clone(), *village.buildings);
            let mut living = Living {
                site: village.site.id,
                tribe: village.site.tribe,
                garrison: &mut garrison,
                buildings: &mut buildings,
                stores: &mut stores,
                economy: &mut economy,
                guests_eat: guests_eat(village.guests, &rules),
            };
            living.bring_up(now, &rules, &settings, &mut Ledger::default());
            value.path += rules.cost(&army_at(&economy.establishment, economy.reference, economy.population()));
        }
        value.goods += rules.cost(&garrison.home) + rules.cost(&garrison.away);
    }
    value
}

/// The troops of one village: what they are worth in goods, and where they are. Its own ones: guests count at home.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VillageArmy {
    /// Which village.
    pub site: SiteId,
    /// Whose.
    pub owner: PlayerId,
    /// All of them, wherever they are.
    pub goods: i64,
    /// Those of them that are not at home: under way, or stationed elsewhere.
    pub away: i64,
    /// The offense among all of them.
    pub offense: i64,
    /// The offense that is under way: neither at home nor stationed.
    pub offense_away: i64,
}

/// What the armies of single villages are worth now and where they are, of all players that `counts` accepts, by the id of the
/// village. The world itself stays as it is.
pub fn army_values(world: &mut World, counts: impl Fn(&Player) -> bool) -> Vec<VillageArmy> {
    let now = world.resource::<GameClock>().now();
    let (rules, settings) = (world.resource::<Ruleset>().clone(), *world.resource::<EconomySettings>());
    let mut players = world.query::<&Player>();
    let counted: BTreeSet<PlayerId> = players.iter(world).filter(|p| counts(p)).map(|p| p.id).collect();
    let mut villages = world.query::<VillageReadOnly>();
    let counted = villages.iter(world).filter(|v| counted.contains(&v.site.owner));
    let mut armies: Vec<VillageArmy> = counted
        .map(|village| {
            let (mut garrison, mut stores) = (village.garrison.clone(), *village.stores);
            if let Some(economy) = village.economy {
                let (mut economy, mut buildings) = (economy.clone(), *village.buildings);
                Living {
                    site: village.site.id,
                    tribe: village.site.tribe,
                    garrison: &mut garrison,
                    buildings: &mut buildings,
                    stores: &mut stores,
                    economy: &mut economy,
                    guests_eat: guests_eat(village.guests, &rules),
                }
                .bring_up(now, &rules, &settings, &mut Ledger::default());
            }
            let offense = |force: &Force| rules.cost(&rules.filter(force, UnitType::is_offense));
            VillageArmy {
                site: village.site.id,
                owner: village.site.owner,
                goods: rules.cost(&garrison.home) + rules.cost(&garrison.away),
                away: rules.cost(&garrison.away),
                offense: offense(&garrison.home) + offense(&garrison.away),
                offense_away: offense(&garrison.away.minus(&garrison.stationed)),
            }
        })
        .collect();
    armies.sort_unstable_by_key(|army| army.site);
    armies
}
