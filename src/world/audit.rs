//! Every unit and every good of the world, counted against its ledger.

use super::march::March;
use super::village::{Garrison, Guests, Ledger, Stores, stores::read_stores};
use crate::base::clock::GameClock;
use crate::base::goods::Goods;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What does not add up: zero in a world without faults.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Units too many or too few, summed over all classes.
    pub troops_unaccounted: i64,
    /// Goods too many or too few, summed over all four.
    pub goods_unaccounted: i64,
}

/// Counts every unit and every good of the world against its [`Ledger`].
///
/// Every unit is at home, stationed, marching, or dead; every good is in store, on a march, wasted, or was never
/// made. Anything else is a fault, and this tells how large.
pub fn audit(world: &mut World) -> Audit {
    let now = world.resource::<GameClock>().now();
    let ledger = world.resource::<Ledger>().clone();
    let (mut troops, mut goods, mut made, mut wasted) =
        (ledger.troops_dead.clone(), Goods::ZERO, ledger.goods_made, ledger.goods_wasted);
    let mut villages = world.query::<(&Garrison, &Guests, &Stores)>();
    for (garrison, guests, stores) in villages.iter(world) {
        troops.add_all(&garrison.home);
        for guest in guests.0.values() {
            troops.add_all(&guest.force);
        }
        let read = read_stores(stores, now);
        goods += read.amount;
        made += read.made;
        wasted += read.wasted;
    }
    let mut marches = world.query::<&March>();
    for march in marches.iter(world) {
        troops.add_all(&march.force);
        goods += march.loot;
    }
    let classes: BTreeSet<_> = troops.iter().chain(ledger.troops_at_start.iter()).map(|(class, _)| class).collect();
    let troops_unaccounted = classes
        .into_iter()
        .map(|c| (i64::from(troops.count(c)) - i64::from(ledger.troops_at_start.count(c))).abs())
        .sum();
    let expected = (ledger.goods_at_start + made).minus(wasted);
    let goods_unaccounted = goods.minus(expected).map(i64::abs).total();
    Audit { troops_unaccounted, goods_unaccounted }
}
