//! A plan in the making: who sends what, and the moves that raise what arrives at a target.

use super::attack::AttackProblem;

/// One class of one village that has offense and reaches a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) village: usize,
    pub(super) slot: usize,
    pub(super) count: u32,
    pub(super) points: i64,
    pub(super) upkeep: i64,
}

/// The problem in flat arrays.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) nodes: Vec<Node>,
    /// By village: its first node; one more at the end.
    pub(super) first: Vec<usize>,
    /// By target, then node: whether it is there in time.
    pub(super) reach: Vec<bool>,
    pub(super) villages: usize,
    pub(super) targets: usize,
    pub(super) groups: u32,
    pub(super) value: Vec<f64>,
    pub(super) required: Vec<i64>,
    /// By target: offense of all that reaches it.
    pub(super) most: Vec<i64>,
    /// By target, then village: offense of all that reaches it from there.
    pub(super) whole: Vec<i64>,
    /// Groups that a village can have: no more than there are targets.
    pub(super) width: usize,
}

impl Field {
    pub(super) fn new(problem: &AttackProblem) -> Self {
        let reached = |v: usize, s: usize| {
            problem.targets.iter().map(move |t| t.reach.get(v).is_some_and(|mask| s < 16 && mask >> s & 1 == 1))
        };
        let (mut nodes, mut first) = (Vec::new(), vec![0]);
        for (v, village) in problem.villages.iter().enumerate() {
            for (s, troop) in village.troops.iter().enumerate() {
                if troop.count > 0 && troop.points > 0 && reached(v, s).any(|r| r) {
                    let (count, points, upkeep) = (troop.count, troop.points, troop.upkeep);
                    nodes.push(Node { village: v, slot: s, count, points, upkeep });
                }
            }
            first.push(nodes.len());
        }
        let mut reach = vec![false; nodes.len() * problem.targets.len()];
        let mut most = vec![0; problem.targets.len()];
        let mut whole = vec![0; problem.targets.len() * problem.villages.len()];
        for (i, node) in nodes.iter().enumerate() {
            for (t, there) in reached(node.village, node.slot).enumerate() {
                reach[t * nodes.len() + i] = there;
                let points = if there { i64::from(node.count) * node.points } else { 0 };
                most[t] += points;
                whole[t * problem.villages.len() + node.village] += points;
            }
        }
        Self {
            first,
            reach,
            villages: problem.villages.len(),
            targets: problem.targets.len(),
            groups: problem.groups_per_village,
            value: problem.targets.iter().map(|t| t.value).collect(),
            required: problem.targets.iter().map(|t| t.required.max(0)).collect(),
            most,
            whole,
            width: usize::try_from(problem.groups_per_village).unwrap_or(usize::MAX).min(problem.targets.len()),
            nodes,
        }
    }

    #[inline]
    pub(super) fn there(&self, target: usize, node: usize) -> bool {
        self.reach[target * self.nodes.len() + node]
    }

    #[inline]
    pub(super) fn own(&self, village: usize) -> core::ops::Range<usize> {
        self.first[village]..self.first[village + 1]
    }

    #[inline]
    pub(super) fn points(&self, node: usize, n: u32) -> i64 {
        i64::from(n) * self.nodes[node].points
    }
}

/// A change of a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Move {
    /// All free troops of a village that are there in time.
    Give { village: usize },
    /// Up to so many points from another target.
    Shift { village: usize, from: usize, points: i64 },
    /// The whole group that went to another target, and what is free.
    Replace { village: usize, from: usize },
    /// A group from another target comes, one that was here goes there.
    Swap { village: usize, from: usize, other: usize },
}

/// Who sends what to the targets that are to be met.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// By target, then node.
    pub(super) sent: Vec<u32>,
    /// By node.
    pub(super) free: Vec<u32>,
    /// By target, then village: points.
    pub(super) group: Vec<i64>,
    /// By village: groups.
    pub(super) links: Vec<u32>,
    /// By village, as many places as it can have groups: where these go.
    ways: Vec<usize>,
    /// By village: points of its free troops.
    pub(super) idle: Vec<i64>,
    /// By target: points that arrive.
    pub(super) inflow: Vec<i64>,
    /// Whether a target is to be met.
    pub(super) wanted: Vec<bool>,
}

impl Draft {
    pub(super) fn new(field: &Field) -> Self {
        let all = |v: usize| field.own(v).map(|i| field.points(i, field.nodes[i].count)).sum();
        Self {
            ways: vec![0; field.villages * field.width],
            idle: (0..field.villages).map(all).collect(),
            sent: vec![0; field.targets * field.nodes.len()],
            free: field.nodes.iter().map(|n| n.count).collect(),
            group: vec![0; field.targets * field.villages],
            links: vec![0; field.villages],
            inflow: vec![0; field.targets],
            wanted: vec![false; field.targets],
        }
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.sent.copy_from_slice(&other.sent);
        self.free.copy_from_slice(&other.free);
        self.group.copy_from_slice(&other.group);
        self.links.copy_from_slice(&other.links);
        self.ways.copy_from_slice(&other.ways);
        self.idle.copy_from_slice(&other.idle);
        self.inflow.copy_from_slice(&other.inflow);
        self.wanted.copy_from_slice(&other.wanted);
    }

    #[inline]
    pub(super) fn linked(&self, field: &Field, target: usize, village: usize) -> bool {
        self.group[target * field.villages + village] > 0
    }

    /// Points that a target lacks, if it is to be met.
    #[inline]
    pub(super) fn lack(&self, field: &Field, target: usize) -> i64 {
        if self.wanted[target] { (field.required[target] - self.inflow[target]).max(0) } else { 0 }
    }

    pub(super) fn lacking(&self, field: &Field) -> i64 {
        (0..field.targets).map(|t| self.lack(field, t)).sum()
    }

    /// Where a village's groups go.
    #[inline]
    pub(super) fn ways(&self, field: &Field, village: usize) -> &[usize] {
        let begin = village * field.width;
        &self.ways[begin..begin + self.links[village] as usize]
    }

    /// Points of a village's free troops that reach a target.
    #[inline]
    pub(super) fn idle_for(&self, field: &Field, target: usize, village: usize) -> i64 {
        if self.idle[village] == 0 {
            return 0;
        }
        field.own(village).filter(|i| field.there(target, *i)).map(|i| field.points(i, self.free[i])).sum()
    }

    /// Points of the group that goes to `from` whose units also reach `to`.
    #[inline]
    pub(super) fn movable(&self, field: &Field, village: usize, from: usize, to: usize) -> i64 {
        let n = field.nodes.len();
        field.own(village).filter(|i| field.there(to, *i)).map(|i| field.points(i, self.sent[from * n + i])).sum()
    }

    pub(super) fn send(&mut self, field: &Field, target: usize, node: usize, count: u32) {
        if count == 0 {
            return;
        }
        let (village, points) = (field.nodes[node].village, field.points(node, count));
        let group = &mut self.group[target * field.villages + village];
        if *group == 0 {
            self.ways[village * field.width + self.links[village] as usize] = target;
            self.links[village] += 1;
        }
        *group += points;
        self.idle[village] -= points;
        self.inflow[target] += points;
        self.sent[target * field.nodes.len() + node] += count;
        self.free[node] -= count;
    }

    pub(super) fn withdraw(&mut self, field: &Field, target: usize, node: usize, count: u32) {
        if count == 0 {
            return;
        }
        let (village, points) = (field.nodes[node].village, field.points(node, count));
        let group = &mut self.group[target * field.villages + village];
        *group -= points;
        if *group == 0 {
            let begin = village * field.width;
            let ways = &mut self.ways[begin..begin + self.links[village] as usize];
            if let Some(place) = ways.iter().position(|t| *t == target) {
                ways.swap(place, ways.len() - 1);
            }
            self.links[village] -= 1;
        }
        self.idle[village] += points;
        self.inflow[target] -= points;
        self.sent[target * field.nodes.len() + node] -= count;
        self.free[node] += count;
    }

    /// Takes a whole group back.
    pub(super) fn drain(&mut self, field: &Field, target: usize, village: usize) {
        for i in field.own(village) {
            self.withdraw(field, target, i, self.sent[target * field.nodes.len() + i]);
        }
    }

    /// Gives a target up.
    pub(super) fn clear(&mut self, field: &Field, target: usize) {
        for village in 0..field.villages {
            if self.linked(field, target, village) {
                self.drain(field, target, village);
            }
        }
        self.wanted[target] = false;
    }

    pub(super) fn give(&mut self, field: &Field, target: usize, village: usize) {
        for i in field.own(village) {
            if field.there(target, i) {
                self.send(field, target, i, self.free[i]);
            }
        }
    }

    pub(super) fn apply(&mut self, field: &Field, to: usize, change: Move) {
        match change {
            Move::Give { village } => self.give(field, to, village),
            Move::Shift { village, from, points } => self.shift(field, village, (from, to), points),
            Move::Replace { village, from } => {
                self.drain(field, from, village);
                self.give(field, to, village);
            }
            Move::Swap { village, from, other } => {
                self.drain(field, from, village);
                self.drain(field, to, other);
                self.give(field, to, village);
                self.give(field, from, other);
            }
        }
    }

    /// Whole units of at least so many points, or all that reach; those first whose few ways make them hard to use
    /// elsewhere come last in the roster.
    fn shift(&mut self, field: &Field, village: usize, (from, to): (usize, usize), points: i64) {
        let mut missing = points;
        for i in field.own(village) {
            let there = self.sent[from * field.nodes.len() + i];
            if missing <= 0 || there == 0 || !field.there(to, i) {
                continue;
            }
            let one = field.nodes[i].points;
            let n = u32::try_from((missing + one - 1) / one).unwrap_or(u32::MAX).min(there);
            self.withdraw(field, from, i, n);
            self.send(field, to, i, n);
            missing -= field.points(i, n);
        }
    }
}
