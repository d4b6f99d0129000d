//! Who helps a village that is attacked: the least upkeep that covers the deficit.

use super::attack::Troop;
use super::cover::{CoverItem, cover};
use std::collections::BTreeMap;

/// An ally that may help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Helper {
    /// Orders helpers where several plans cost the same.
    pub id: u64,
    /// What can be there in time, by slot of its roster; units that cannot have a count of 0.
    pub troops: Vec<Troop>,
}

/// A village that lacks defense.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefenseProblem {
    /// Points that are missing, of the kind that the troops count in.
    pub deficit: i64,
    /// Who may help.
    pub helpers: Vec<Helper>,
}

/// Who sends what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DefensePlan {
    /// By helper, then slot: how many are sent.
    pub sent: Vec<Vec<u32>>,
    /// Points of what is sent.
    pub points: i64,
    /// Points that are missing all the same.
    pub shortfall: i64,
    /// Upkeep of what is sent.
    pub upkeep: i64,
}

/// The least upkeep that covers the deficit; where nothing covers it, all that has any points.
///
/// Units with equal points and upkeep are one kind, so that a few dozen kinds are left whatever the number of allies, and
/// [`cover`] finds how many of each. Of each kind the helpers with the lowest ids send first, and of one helper the lowest
/// slot.
///
/// ```
/// use bevy_alliance::decision::planning::kernel::{DefenseProblem, Helper, Troop, solve_defense};
/// let spears = |count| Troop { count, points: 95, upkeep: 1 };
/// let helper = |id, count| Helper { id, troops: vec![spears(count)] };
/// let plan = solve_defense(&DefenseProblem { deficit: 1_000, helpers: vec![helper(7, 50), helper(3, 6)] });
/// assert_eq!((plan.sent, plan.upkeep, plan.shortfall), (vec![vec![5], vec![6]], 11, 0)); // 1,045 points
/// ```
#[must_use]
pub fn solve_defense(problem: &DefenseProblem) -> DefensePlan {
    let mut kinds: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for troop in problem.helpers.iter().flat_map(|h| &h.troops).filter(|t| t.count > 0 && t.points > 0) {
        *kinds.entry((troop.points, troop.upkeep)).or_default() += i64::from(troop.count);
    }
    let items: Vec<CoverItem> =
        kinds.iter().map(|((points, cost), count)| CoverItem { count: *count, points: *points, cost: *cost }).collect();
    let counts = cover(&items, problem.deficit.max(0)).unwrap_or_else(|| items.iter().map(|i| i.count).collect());
    for (left, count) in kinds.values_mut().zip(counts) {
        *left = count;
    }
    let mut by_id: Vec<usize> = (0..problem.helpers.len()).collect();
    by_id.sort_by_key(|h| (problem.helpers[*h].id, *h));
    let mut plan = DefensePlan {
        sent: problem.helpers.iter().map(|h| vec![0; h.troops.len()]).collect(),
        ..DefensePlan::default()
    };
    for h in by_id {
        for (slot, troop) in problem.helpers[h].troops.iter().enumerate() {
            let Some(left) = kinds.get_mut(&(troop.points, troop.upkeep)) else { continue };
            let sent = i64::from(troop.count).min(*left);
            *left -= sent;
            plan.points += sent * troop.points;
            plan.upkeep += sent * troop.upkeep;
            plan.sent[h][slot] = u32::try_from(sent).unwrap_or(u32::MAX);
        }
    }
    plan.shortfall = (problem.deficit - plan.points).max(0);
    plan
}
