//! Small attacks are solved to the end: every way to send every unit is tried but for those that cannot be better.

use super::attack::{AttackPlan, AttackProblem, KernelGroup};

/// Nodes of the tree at most: beyond, the plan stays what the search found.
const NODES_MAX: u32 = 200_000;
/// Kinds of units times targets at most: a larger tree is not even begun.
const PAIRS_MAX: usize = 24;
const CLOSE: f64 = 1e-9;

/// The plan, or a better one, if all that could be better can be tried: then it is the best, with the least upkeep, and its
/// value is the bound. Deterministic; about 10 ms at most.
///
/// ```
/// use bevy_alliance::decision::planning::kernel::*;
/// let village = AttackVillage { troops: vec![Troop { count: 3, points: 4, upkeep: 1 }] };
/// let problem = AttackProblem {
///     groups_per_village: 1,
///     villages: vec![village],
///     targets: vec![AttackTarget { value: 2.0, required: 9, reach: vec![1] }],
/// };
/// let plan = prove_attack(&problem, solve_attack(&problem, Budget(0)));
/// assert_eq!((plan.value, plan.bound, plan.upkeep), (2.0, 2.0, 3));
/// ```
#[must_use]
pub fn prove_attack(problem: &AttackProblem, plan: AttackPlan) -> AttackPlan {
    let mut tree = Tree::new(problem, &plan);
    tree.send(0);
    if tree.nodes > NODES_MAX {
        return plan;
    }
    let value = tree.best.0;
    match tree.found.take() {
        Some(sent) => AttackPlan { bound: value, ..tree.plan_of(&sent, plan) },
        None => AttackPlan { bound: plan.value, ..plan },
    }
}

/// The tree of all ways to send.
struct Tree<'a> {
    problem: &'a AttackProblem,
    /// Village and slot of each kind of units that reaches anything.
    items: Vec<(usize, usize)>,
    /// By item, then target: points that this and all later items could bring.
    later: Vec<Vec<i64>>,
    /// By item, then target: units sent.
    sent: Vec<Vec<u32>>,
    arrives: Vec<i64>,
    /// By village: targets that it sends to.
    groups: Vec<u64>,
    upkeep: i64,
    best: (f64, i64),
    found: Option<Vec<Vec<u32>>>,
    nodes: u32,
}

impl<'a> Tree<'a> {
    fn new(problem: &'a AttackProblem, plan: &AttackPlan) -> Self {
        let targets = problem.targets.len();
        let reaches = |v: usize, slot: usize, t: usize| {
            let reach = problem.targets[t].reach.get(v).copied().unwrap_or(0);
            slot < 16 && reach >> slot & 1 == 1
        };
        let mut items = Vec::new();
        for (v, village) in problem.villages.iter().enumerate() {
            let useful = |slot: usize| (0..targets).any(|t| reaches(v, slot, t));
            let slots = village.troops.iter().enumerate().filter(|(_, t)| t.count > 0 && t.points > 0);
            items.extend(slots.filter(|(slot, _)| useful(*slot)).map(|(slot, _)| (v, slot)));
        }
        let small = items.len() * targets <= PAIRS_MAX;
        let mut later: Vec<Vec<i64>> = vec![vec![0; targets]; items.len() + 1];
        for (i, (v, slot)) in items.iter().enumerate().rev() {
            let troop = problem.villages[*v].troops[*slot];
            let all = i64::from(troop.count).saturating_mul(troop.points);
            let brings = |t| if reaches(*v, *slot, t) { all } else { 0 };
            later[i] = later[i + 1].iter().enumerate().map(|(t, after)| after.saturating_add(brings(t))).collect();
        }
        Self {
            problem,
            sent: vec![vec![0; targets]; items.len()],
            items,
            later,
            arrives: vec![0; targets],
            groups: vec![0; problem.villages.len()],
            upkeep: 0,
            best: (plan.value, plan.upkeep),
            found: None,
            nodes: if small { 0 } else { NODES_MAX + 1 },
        }
    }

    /// Whether anything from this item on could be better than the best.
    fn is_hopeless(&self, item: usize) -> bool {
        let can = |t: usize| self.arrives[t].saturating_add(self.later[item][t]) >= self.problem.targets[t].required;
        let most: f64 = (0..self.arrives.len()).filter(|t| can(*t)).map(|t| self.problem.targets[t].value).sum();
        most < self.best.0 - CLOSE || (most < self.best.0 + CLOSE && self.upkeep >= self.best.1)
    }

    fn send(&mut self, item: usize) {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > NODES_MAX || self.is_hopeless(item) {
            return;
        }
        let Some((village, slot)) = self.items.get(item).copied() else {
            // Not hopeless, and nothing left to send: better.
            let met = (0..self.arrives.len()).filter(|t| self.arrives[*t] >= self.problem.targets[*t].required);
            self.best = (met.map(|t| self.problem.targets[t].value).sum(), self.upkeep);
            self.found = Some(self.sent.clone());
            return;
        };
        let left = self.problem.villages[village].troops[slot].count;
        self.divide(item, 0, left);
    }

    /// Divides the units of an item that are left among the targets from `target` on.
    fn divide(&mut self, item: usize, target: usize, left: u32) {
        if target == self.arrives.len() {
            self.send(item + 1);
            return;
        }
        let (village, slot) = self.items[item];
        let troop = self.problem.villages[village].troops[slot];
        let spec = &self.problem.targets[target];
        let reaches = spec.reach.get(village).copied().unwrap_or(0) >> slot & 1 == 1;
        let before = self.groups[village];
        for n in 0..=if reaches { left } else { 0 } {
            if self.nodes > NODES_MAX {
                break;
            }
            // One unit more than what is needed is for nothing.
            if n > 0 && self.arrives[target] >= spec.required {
                break;
            }
            self.groups[village] = if n > 0 { before | 1 << target } else { before };
            if self.groups[village].count_ones() > self.problem.groups_per_village {
                break;
            }
            self.sent[item][target] = n;
            self.arrives[target] += i64::from(n) * troop.points;
            self.upkeep += i64::from(n) * troop.upkeep;
            self.divide(item, target + 1, left - n);
            self.arrives[target] -= i64::from(n) * troop.points;
            self.upkeep -= i64::from(n) * troop.upkeep;
        }
        self.sent[item][target] = 0;
        self.groups[village] = before;
    }

    /// What was sent as a plan, with the reasons of the plan before for what is still left out.
    fn plan_of(&self, sent: &[Vec<u32>], before: AttackPlan) -> AttackPlan {
        let mut plan = AttackPlan { iterations: before.iterations, ..AttackPlan::default() };
        for (t, target) in self.problem.targets.iter().enumerate() {
            let (mut arrives, mut groups, mut upkeep) = (0, Vec::new(), 0);
            for (v, village) in self.problem.villages.iter().enumerate() {
                let mut troops = vec![0; village.troops.len()];
                for (i, _) in self.items.iter().enumerate().filter(|(_, item)| item.0 == v) {
                    let slot = self.items[i].1;
                    troops[slot] = sent[i][t];
                    arrives += i64::from(sent[i][t]) * village.troops[slot].points;
                    upkeep += i64::from(sent[i][t]) * village.troops[slot].upkeep;
                }
                if troops.iter().any(|n| *n > 0) {
                    groups.push(KernelGroup { village: v, target: t, troops });
                }
            }
            // What cannot be met gets nothing.
            if arrives >= target.required {
                plan.value += target.value;
                plan.upkeep += upkeep;
                plan.groups.append(&mut groups);
            } else {
                let why = before.left_out.iter().find(|(left, _)| *left == t);
                plan.left_out.push((t, why.map_or(super::attack::Leave::Outbid, |(_, why)| *why)));
            }
        }
        plan
    }
}
