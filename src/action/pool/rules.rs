//! Who gives how much to a pool, and what it grants to whom.
//!
//! Source: "Pool" of the coordination design. All amounts are goods; a standing is in goods too.

use crate::base::clock::GameSpan;
use crate::base::contract::GrantReason;
use crate::base::goods::Goods;
use crate::society::personality::Traits;
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// How pools work.
#[derive(Resource, Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct PoolSettings {
    /// Between two meetings of an alliance over its pool; 0: it has none.
    pub period: GameSpan,
    /// Members give while the pool holds less than this for each of them.
    pub reserve_per_member: i64,
    /// What a site makes in this time it needs itself.
    pub kept: GameSpan,
    /// The same where its owner voted to give more.
    pub kept_levied: GameSpan,
    /// The part of its surplus that a mean member gives.
    pub share: f64,
    /// Nothing is sent that is less than this.
    pub smallest: i64,
    /// Members give from villages that are no farther from the pool than foot soldiers usually walk in this time.
    pub travel: GameSpan,
    /// A member gets at most this much in 7 days.
    pub quota_per_week: i64,
    /// Who has a lower standing gets nothing.
    pub standing_min: f64,
    /// The part of what was killed in operations that counts for the standing.
    pub merit: f64,
    /// An army below this part of its peak is rebuilt.
    pub rebuilding_below: f64,
    /// Who joined within this time is new.
    pub new_for: GameSpan,
    /// What a new member asks for.
    pub new_member: i64,
    /// Entries that the ledger keeps in full.
    pub entries_kept: usize,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            period: GameSpan::hours(24),
            reserve_per_member: 4_000,
            kept: GameSpan::hours(24),
            kept_levied: GameSpan::hours(4),
            share: 0.25,
            smallest: 200,
            travel: GameSpan::hours(24),
            quota_per_week: 20_000,
            standing_min: -20_000.0,
            merit: 0.1,
            rebuilding_below: 0.75,
            new_for: GameSpan::days(7),
            new_member: 4_000,
            entries_kept: 512,
        }
    }
}

/// A standing halves in this time.
pub const STANDING_HALF_LIFE: GameSpan = GameSpan::days(30);
/// Within this time what a member got for a reason counts as part of what is due by it.
#[must_use]
pub fn due_once_within(reason: GrantReason) -> GameSpan {
    match reason {
        GrantReason::Relief => GameSpan::hours(24),
        _ => QUOTA_WITHIN,
    }
}

/// Within this time what a member got counts for its quota.
pub const QUOTA_WITHIN: GameSpan = GameSpan::days(7);

/// What lies in a site beyond what it makes in the time `kept`: that it needs itself.
///
/// ```
/// use bevy_alliance::action::pool::rules::surplus;
/// use bevy_alliance::base::{clock::GameSpan, goods::Goods};
/// let (stores, per_hour) = (Goods::new([900, 500, 100, 400]), Goods::new([20, 30, 10, -5]));
/// assert_eq!(surplus(stores, per_hour, GameSpan::hours(24)), Goods::new([420, 0, 0, 280]));
/// ```
#[must_use]
pub fn surplus(stores: Goods, per_hour: Goods, kept: GameSpan) -> Goods {
    let needs = |made: i64| {
        let need = i128::from(made.saturating_abs()) * i128::from(kept.0) / i128::from(GameSpan::hours(1).0);
        i64::try_from(need).unwrap_or(i64::MAX)
    };
    stores.zip(per_hour, |stored, made| stored.saturating_sub(needs(made)).max(0))
}

/// What a store lacks to last for this time at a rate per hour; 0 where nothing is missing.
///
/// ```
/// use bevy_alliance::action::pool::rules::lacks;
/// use bevy_alliance::base::clock::GameSpan;
/// assert_eq!(lacks(1_000, -100, GameSpan::hours(24)), 1_400);
/// assert_eq!(lacks(3_000, -100, GameSpan::hours(24)), 0);
/// assert_eq!(lacks(0, 100, GameSpan::hours(24)), 0);
/// ```
#[must_use]
pub fn lacks(stored: i64, per_hour: i64, kept: GameSpan) -> i64 {
    let eaten = i128::from(per_hour.min(0).unsigned_abs()) * i128::from(kept.0) / i128::from(GameSpan::hours(1).0);
    i64::try_from(eaten).unwrap_or(i64::MAX).saturating_sub(stored).max(0)
}

/// These goods less so many of all together, each good by its part.
#[must_use]
pub fn less(goods: Goods, total: i64) -> Goods {
    at_most(goods, goods.total().saturating_sub(total.max(0)).max(0))
}

/// The part of its surplus that a member gives: more if it is agreeable, and if it owes.
#[must_use]
pub fn share_given(traits: &Traits, standing: f64, settings: &PoolSettings) -> f64 {
    let owes = if standing < 0.0 { 1.5 } else { 1.0 };
    (settings.share * (0.5 + traits.agreeableness) * owes).clamp(0.0, 1.0)
}

/// As much of these goods as is at most `most` in all, each good by its part.
///
/// ```
/// use bevy_alliance::action::pool::rules::at_most;
/// use bevy_alliance::base::goods::Goods;
/// assert_eq!(at_most(Goods::new([300, 100, 0, 0]), 200), Goods::new([150, 50, 0, 0]));
/// assert_eq!(at_most(Goods::new([300, 100, 0, 0]), 500), Goods::new([300, 100, 0, 0]));
/// ```
#[must_use]
pub fn at_most(goods: Goods, most: i64) -> Goods {
    let total = goods.total();
    if total <= most {
        return goods;
    }
    let most = i128::from(most.max(0));
    goods.map(|g| i64::try_from(i128::from(g) * most / i128::from(total.max(1))).unwrap_or(0))
}

/// This part of each good, rounded down.
#[must_use]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "goods of one site, below 2^53")]
pub fn part_of(goods: Goods, share: f64) -> Goods {
    goods.map(|g| (g as f64 * share.clamp(0.0, 1.0)) as i64)
}

/// What is known of a member that asks for goods.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Need {
    /// Its army, in goods.
    pub army: i64,
    /// The largest that its army was in 14 days, in goods.
    pub peak: i64,
    /// Troops that it lost in 7 days, in goods.
    pub lost: i64,
    /// Operations that it took part in within 72 hours.
    pub operations: usize,
    /// Whether it joined lately and is smaller than the others in the mean.
    pub new: bool,
    /// Crop that it lacks for a day where troops of others stay with it.
    pub crop: i64,
}

/// What a member would ask for with this reason; nothing if the reason does not hold.
///
/// ```
/// use bevy_alliance::action::pool::rules::{Need, PoolSettings, wanted};
/// use bevy_alliance::base::contract::GrantReason;
/// use bevy_alliance::base::goods::Goods;
/// let settings = PoolSettings::default();
/// let need = Need { army: 6_000, peak: 10_000, lost: 2_000, operations: 1, crop: 90, ..Need::default() };
/// assert_eq!(wanted(GrantReason::Relief, &need, &settings), Goods::new([0, 0, 0, 90]));
/// assert_eq!(wanted(GrantReason::Rebuilding, &need, &settings), Goods::new([250; 4])); // a quarter of what is missing
/// assert_eq!(wanted(GrantReason::WarEffort, &need, &settings), Goods::new([250; 4])); // half of what was lost
/// assert!(wanted(GrantReason::NewMember, &need, &settings).is_zero());
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
pub fn wanted(reason: GrantReason, need: &Need, settings: &PoolSettings) -> Goods {
    let of_each = |total: i64| Goods::new([total.max(0) / 4; 4]);
    match reason {
        GrantReason::Relief => Goods { crop: need.crop.max(0), ..Goods::ZERO },
        GrantReason::Rebuilding if (need.army as f64) < settings.rebuilding_below * need.peak as f64 => {
            of_each(need.peak.saturating_sub(need.army) / 4)
        }
        GrantReason::WarEffort if need.operations > 0 => of_each(need.lost / 2),
        GrantReason::NewMember if need.new => of_each(settings.new_member),
        // What a wonder takes, whoever builds it says.
        GrantReason::Rebuilding | GrantReason::WarEffort | GrantReason::NewMember | GrantReason::Wonder => Goods::ZERO,
    }
}

/// What a pool and a member's account say at the instant of a request.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Request {
    /// What is asked for.
    pub wanted: Goods,
    /// At most so much is due by the reason; nothing if it does not hold.
    pub justified: Goods,
    /// The member's standing.
    pub standing: f64,
    /// What it got within a week, in all.
    pub granted: i64,
    /// What lies in the pool.
    pub stock: Goods,
    /// What the merchants at the pool's site can carry, in all.
    pub carriers: i64,
}

/// What is granted of it, at least one good; or the first rule that forbids all of it: `amounts`, `standing`, `reason`,
/// `quota`, `stock`, `carriers`.
///
/// ```
/// use bevy_alliance::action::pool::rules::{PoolSettings, Request, decide};
/// use bevy_alliance::base::goods::Goods;
/// let settings = PoolSettings::default();
/// let all = Goods::new([500; 4]);
/// let request =
///     Request { wanted: all, justified: all, standing: 0.0, granted: 0, stock: all, carriers: 5_000 };
/// assert_eq!(decide(&request, &settings), Ok(all));
/// // The pool holds less clay: the rest is granted.
/// let stock = Goods::new([500, 100, 500, 500]);
/// assert_eq!(decide(&Request { stock, ..request }, &settings), Ok(stock));
/// assert_eq!(decide(&Request { granted: 19_000, ..request }, &settings), Ok(Goods::new([250; 4])));
/// assert_eq!(decide(&Request { granted: 20_000, ..request }, &settings), Err("quota"));
/// assert_eq!(decide(&Request { standing: -20_001.0, ..request }, &settings), Err("standing"));
/// assert_eq!(decide(&Request { justified: Goods::ZERO, ..request }, &settings), Err("reason"));
/// ```
///
/// # Errors
/// The rule's name.
pub fn decide(request: &Request, settings: &PoolSettings) -> Result<Goods, &'static str> {
    if request.wanted.is_zero() || request.wanted.amounts().into_iter().any(|g| g < 0) {
        return Err("amounts");
    }
    if request.standing < settings.standing_min {
        return Err("standing");
    }
    let within = |rule, goods: Goods| if goods.is_zero() { Err(rule) } else { Ok(goods) };
    let goods = within("reason", request.wanted.zip(request.justified, i64::min))?;
    let goods = within("quota", at_most(goods, settings.quota_per_week.saturating_sub(request.granted)))?;
    let goods = within("stock", goods.zip(request.stock, |g, there| g.min(there.max(0))))?;
    within("carriers", at_most(goods, request.carriers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn goods() -> impl Strategy<Value = Goods> {
        prop::array::uniform4(0_i64..20_000).prop_map(Goods::new)
    }

    proptest! {
        #[test]
        fn a_grant_is_within_all_that_limits_it(
            wanted in goods(), justified in goods(), stock in goods(), standing in -40_000.0_f64..40_000.0,
            granted in 0_i64..30_000, carriers in 0_i64..30_000,
        ) {
            let settings = PoolSettings::default();
            let request = Request { wanted, justified, standing, granted, stock, carriers };
            match decide(&request, &settings) {
                Ok(goods) => {
                    let below = |most: Goods| most.minus(goods).amounts().into_iter().all(|g| g >= 0);
                    prop_assert!(below(wanted) && below(justified) && below(stock));
                    prop_assert!(goods.amounts().into_iter().all(|g| g >= 0) && !goods.is_zero());
                    prop_assert!(granted + goods.total() <= settings.quota_per_week && goods.total() <= carriers);
                    prop_assert!(standing >= settings.standing_min);
                }
                Err(rule) => prop_assert!(
                    ["amounts", "standing", "reason", "quota", "stock", "carriers"].contains(&rule)
                ),
            }
        }

        #[test]
        fn nobody_gives_what_it_needs_itself(stores in goods(), per_hour in prop::array::uniform4(-500_i64..500)) {
            let per_hour = Goods::new(per_hour);
            let left = stores.minus(surplus(stores, per_hour, GameSpan::hours(24)));
            for (left, (stored, made)) in left.amounts().into_iter().zip(stores.amounts().into_iter().zip(per_hour.amounts())) {
                prop_assert!(left <= stored && left >= stored.min(24 * made.abs()));
            }
        }
    }
}
