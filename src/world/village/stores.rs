//! Reading and changing stores so that every good stays on the books.

use super::components::{Buildings, Ledger, Stores};
use super::rules;
use crate::base::clock::GameTime;
use crate::base::goods::Goods;

/// What lies in store at an instant, and what was made and wasted since it was last written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// In store.
    pub amount: Goods,
    /// Made since then, what did not fit included.
    pub made: Goods,
    /// Did not fit.
    pub wasted: Goods,
}

/// Reads the stores at an instant.
#[must_use]
pub fn read_stores(stores: &Stores, now: GameTime) -> Reading {
    let amount = rules::stores_at(stores.amount, stores.since, stores.per_hour, stores.cap, now);
    let no_cap = Goods::new([i64::MAX; 4]);
    let made = rules::stores_at(stores.amount, stores.since, stores.per_hour, no_cap, now).minus(stores.amount);
    Reading { amount, made, wasted: (stores.amount + made).minus(amount) }
}

/// Writes down what lies in store now, with what was made and wasted since; returns it.
pub fn settle(stores: &mut Stores, now: GameTime, ledger: &mut Ledger) -> Goods {
    let reading = read_stores(stores, now);
    ledger.goods_made += reading.made;
    ledger.goods_wasted += reading.wasted;
    stores.amount = reading.amount;
    stores.since = now;
    reading.amount
}

/// Puts goods into the stores; what does not fit is wasted.
pub fn put(stores: &mut Stores, goods: Goods, now: GameTime, ledger: &mut Ledger) {
    let full = settle(stores, now, ledger) + goods;
    // What already lay above a lowered cap stays until it is spent.
    let cap = stores.cap.zip(stores.amount, i64::max);
    stores.amount = full.zip(cap, i64::min);
    ledger.goods_wasted += full.minus(stores.amount);
}

/// Follows changed buildings: another amount fits. What fits no longer is wasted; what lay above a cap that has not fallen
/// stays. The stores must be settled.
pub fn follow_buildings(stores: &mut Stores, buildings: &Buildings, ledger: &mut Ledger) {
    let dry = rules::storage_capacity(buildings.warehouse);
    let crop = rules::storage_capacity(buildings.granary);
    let before = core::mem::replace(&mut stores.cap, Goods { wood: dry, clay: dry, iron: dry, crop });
    let fell = stores.cap.zip(before, |now, before| i64::from(now < before));
    let most = stores.cap.zip(fell, |cap, fell| if fell > 0 { cap } else { i64::MAX });
    let kept = stores.amount.zip(most, i64::min);
    ledger.goods_wasted += stores.amount.minus(kept);
    stores.amount = kept;
}
