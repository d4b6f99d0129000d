//! The bounded covering knapsack: as many points as are needed, at the least cost.

/// Nodes of the search after which the best plan that was found is taken.
const NODES_MAX: u32 = 200_000;

/// Units that are worth the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoverItem {
    /// How many there are.
    pub count: i64,
    /// Points of one, above 0.
    pub points: i64,
    /// Cost of one, at least 0.
    pub cost: i64,
}

/// How many of each item cover `needed` points at the least cost; `None` where all of them do not.
///
/// Depth first in the order of cost per point, most units first. A branch is cut when its cost and the least cost of the
/// rest in fractions, rounded up, are no less than the best so far. Of equal costs the plan with more of the earlier
/// items in that order stays. Exact unless the search takes more than 200,000 nodes.
///
/// ```
/// use bevy_alliance::decision::planning::kernel::{CoverItem, cover};
/// // 10 points for 1, and 25 points for 2 (cheaper per point, but only two of them).
/// let items = [CoverItem { count: 9, points: 10, cost: 1 }, CoverItem { count: 2, points: 25, cost: 2 }];
/// assert_eq!(cover(&items, 60), Some(vec![1, 2])); // 60 points for 5
/// assert_eq!(cover(&items, 30), Some(vec![1, 1])); // 35 points for 3; three small ones cost as much
/// assert_eq!(cover(&items, 141), None); // 140 are all there are
/// ```
#[must_use]
pub fn cover(items: &[CoverItem], needed: i64) -> Option<Vec<i64>> {
    let all: i64 = items.iter().map(|i| i.count * i.points).sum();
    if all < needed {
        return None;
    }
    let mut order: Vec<usize> = (0..items.len()).filter(|i| items[*i].count > 0 && items[*i].points > 0).collect();
    // Cost per point, compared without a division; of equals the larger unit comes later and fits the rest less well.
    order.sort_by(|a, b| {
        let (a_item, b_item) = (&items[*a], &items[*b]);
        (a_item.cost * b_item.points)
            .cmp(&(b_item.cost * a_item.points))
            .then(b_item.points.cmp(&a_item.points))
            .then(a.cmp(b))
    });
    let sorted: Vec<CoverItem> = order.iter().map(|i| items[*i]).collect();
    let mut left = vec![0; sorted.len() + 1];
    for i in (0..sorted.len()).rev() {
        left[i] = left[i + 1] + sorted[i].count * sorted[i].points;
    }
    let mut search =
        Search { items: &sorted, left, chosen: vec![0; sorted.len()], best: Vec::new(), best_cost: i64::MAX, nodes: 0 };
    search.descend(0, needed, 0);
    let mut counts = vec![0; items.len()];
    for (place, i) in order.iter().enumerate() {
        counts[*i] = search.best.get(place).copied().unwrap_or(0);
    }
    Some(counts)
}

struct Search<'a> {
    items: &'a [CoverItem],
    /// Points of the items from here on.
    left: Vec<i64>,
    chosen: Vec<i64>,
    best: Vec<i64>,
    best_cost: i64,
    nodes: u32,
}

impl Search<'_> {
    /// The least cost of `needed` points with the items from `at` on, were units divisible; rounded up.
    fn relaxed(&self, at: usize, needed: i64) -> i64 {
        let (mut needed, mut cost) = (needed, 0);
        for item in &self.items[at..] {
            if needed <= 0 {
                break;
            }
            let whole = (needed / item.points).min(item.count);
            cost += whole * item.cost;
            needed -= whole * item.points;
            if whole < item.count && needed > 0 {
                return cost + (needed * item.cost + item.points - 1) / item.points;
            }
        }
        cost
    }

    fn descend(&mut self, at: usize, needed: i64, cost: i64) {
        self.nodes += 1;
        if needed <= 0 {
            if cost < self.best_cost {
                self.best_cost = cost;
                self.best.clone_from(&self.chosen);
            }
            return;
        }
        if at == self.items.len() || self.left[at] < needed {
            return;
        }
        let item = self.items[at];
        let most = ((needed + item.points - 1) / item.points).min(item.count);
        for n in (0..=most).rev() {
            let (rest, spent) = (needed - n * item.points, cost + n * item.cost);
            if self.left[at + 1] < rest || self.nodes > NODES_MAX && self.best_cost < i64::MAX {
                break;
            }
            // With fewer of the cheapest the relaxed cost never falls; only the last unit may be one too many.
            if spent + self.relaxed(at + 1, rest) >= self.best_cost {
                if rest > 0 {
                    break;
                }
                continue;
            }
            self.chosen[at] = n;
            self.descend(at + 1, rest, spent);
            self.chosen[at] = 0;
        }
    }
}
