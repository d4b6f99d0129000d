//! What the survivors carry away.

use crate::base::goods::Goods;

/// What each group takes of these stores: together as much as they can carry, spread evenly over what lies there,
/// shared between the groups by carry, the remainder one by one in the order given.
///
/// `carries` are goods of all four kinds together, one number for each group; the answer has one entry for each.
/// Nobody gets more than his carry, and what is taken never exceeds the stores. Negative numbers count as 0.
///
/// ```
/// use bevy_alliance::base::goods::Goods;
/// use bevy_alliance::world::battle::rules::share_loot;
/// let shares = share_loot(Goods::new([1_000, 1_000, 50, 1_000]), &[600, 200]);
/// assert_eq!(shares[0] + shares[1], Goods::new([250, 250, 50, 250]));
/// assert_eq!(shares[0].total(), 600);
/// ```
#[must_use]
pub fn share_loot(stores: Goods, carries: &[i64]) -> Vec<Goods> {
    let carries: Vec<u128> = carries.iter().map(|carry| count(*carry)).collect();
    let carry_total: u128 = carries.iter().sum();
    let mut left = take_evenly(stores.amounts().map(count), carry_total);
    let totals = share_by_weight(left.iter().sum(), &carries);
    totals.into_iter().map(|total| take_in_proportion(&mut left, total)).collect()
}

/// Up to `wanted` out of four stores, as evenly as they allow; single units go to the first stores that have more.
fn take_evenly(stores: [u128; 4], wanted: u128) -> [u128; 4] {
    let mut taken = [0; 4];
    let mut wanted = wanted.min(stores.iter().sum());
    while wanted > 0 {
        let open = || (0..4).filter(|good| taken[*good] < stores[*good]);
        let (count, smallest) = open().fold((0, u128::MAX), |(n, s), good| (n + 1, s.min(stores[good] - taken[good])));
        let step = (wanted / count).min(smallest);
        let open: Vec<usize> = open().collect();
        for good in open {
            let unit = if step > 0 { step } else { 1.min(wanted) };
            taken[good] += unit;
            wanted -= unit;
        }
    }
    taken
}

/// Splits `total` by weight, rounded down, the remainder one by one in order to those with any weight.
/// `total` must not exceed the sum of the weights, so no share exceeds its weight.
fn share_by_weight(total: u128, weights: &[u128]) -> Vec<u128> {
    let sum: u128 = weights.iter().sum();
    let mut shares: Vec<u128> = weights.iter().map(|weight| floor_share(total, *weight, sum)).collect();
    let mut rest = total - shares.iter().sum::<u128>();
    for (share, weight) in shares.iter_mut().zip(weights) {
        if rest > 0 && *share < *weight {
            *share += 1;
            rest -= 1;
        }
    }
    shares
}

/// Takes `total` out of four amounts in proportion to what is there.
fn take_in_proportion(left: &mut [u128; 4], total: u128) -> Goods {
    let sum = left.iter().sum();
    let mut taken = left.map(|amount| floor_share(total, amount, sum));
    let mut rest = total - taken.iter().sum::<u128>();
    for (share, amount) in taken.iter_mut().zip(left.iter_mut()) {
        if rest > 0 && *share < *amount {
            *share += 1;
            rest -= 1;
        }
        *amount -= *share;
    }
    Goods::new(taken.map(|amount| i64::try_from(amount).unwrap_or(i64::MAX)))
}

/// `total * part / sum` rounded down; 0 of nothing.
fn floor_share(total: u128, part: u128, sum: u128) -> u128 {
    (total * part).checked_div(sum).unwrap_or(0)
}

/// Wide enough that four times the largest amount times the largest carry still fits.
fn count(amount: i64) -> u128 {
    u128::try_from(amount).unwrap_or(0)
}
