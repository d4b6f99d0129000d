//! Upper bounds of the value.

use super::draft::Field;
use std::collections::BTreeMap;

/// Flow from troops to targets, along paths that may take troops from one target to another. Troops that reach the same
/// targets are one source.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    targets: usize,
    /// By source, then target: whether it is there in time.
    reach: Vec<bool>,
    /// By source: points that are not used.
    free: Vec<i64>,
    /// By source, then target.
    used: Vec<i64>,
}

impl Flow {
    pub(super) fn new(field: &Field) -> Self {
        let (n, targets) = (field.nodes.len(), field.targets);
        let mut sources: BTreeMap<Vec<bool>, i64> = BTreeMap::new();
        for (i, node) in field.nodes.iter().enumerate() {
            let reach: Vec<bool> = (0..targets).map(|t| field.reach[t * n + i]).collect();
            *sources.entry(reach).or_default() += i64::from(node.count) * node.points;
        }
        let mut sources: Vec<(Vec<bool>, i64)> = sources.into_iter().collect();
        // Troops with few ways first: they are no use elsewhere, and fewer paths have to be turned around later.
        sources.sort_by_key(|(reach, _)| reach.iter().filter(|r| **r).count());
        let free = sources.iter().map(|(_, points)| *points).collect();
        Self {
            targets,
            used: vec![0; sources.len() * targets],
            reach: sources.into_iter().flat_map(|(r, _)| r).collect(),
            free,
        }
    }

    /// Raises what arrives at a target by at most `wanted`, and returns by how much.
    fn raise(&mut self, target: usize, wanted: i64) -> i64 {
        let mut raised = 0;
        for source in 0..self.free.len() {
            if self.reach[source * self.targets + target] {
                let points = self.free[source].min(wanted - raised);
                self.free[source] -= points;
                self.used[source * self.targets + target] += points;
                raised += points;
            }
        }
        while raised < wanted {
            let more = self.augment(target, wanted - raised);
            if more == 0 {
                break;
            }
            raised += more;
        }
        raised
    }

    /// One shortest path from free troops to the target.
    fn augment(&mut self, target: usize, wanted: i64) -> i64 {
        let targets = self.targets;
        // By target: the source that brings to the next target what this one gives up.
        let mut next: Vec<Option<(usize, usize)>> = vec![None; targets];
        let (mut seen, mut open, mut at) = (vec![false; targets], vec![target], 0);
        seen[target] = true;
        while let Some(to) = open.get(at).copied() {
            at += 1;
            for source in (0..self.free.len()).filter(|s| self.reach[s * targets + to]) {
                if self.free[source] > 0 {
                    return self.push((source, to), &next, wanted);
                }
                for from in 0..targets {
                    if !seen[from] && self.used[source * targets + from] > 0 {
                        seen[from] = true;
                        next[from] = Some((source, to));
                        open.push(from);
                    }
                }
            }
        }
        0
    }

    fn push(&mut self, (source, at): (usize, usize), next: &[Option<(usize, usize)>], wanted: i64) -> i64 {
        let targets = self.targets;
        let (mut amount, mut t) = (wanted.min(self.free[source]), at);
        while let Some((s, to)) = next[t] {
            amount = amount.min(self.used[s * targets + t]);
            t = to;
        }
        self.free[source] -= amount;
        self.used[source * targets + at] += amount;
        t = at;
        while let Some((s, to)) = next[t] {
            self.used[s * targets + t] -= amount;
            self.used[s * targets + to] += amount;
            t = to;
        }
        amount
    }
}

/// What becomes of a target in a branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Open,
    In,
    Out,
}

/// The linear relaxation of a branch.
#[derive(Clone, Debug)]
pub(super) struct Relaxed {
    /// No plan of the branch is worth more than this.
    pub(super) value: f64,
    /// By target: whether all of its requirement arrives.
    pub(super) met: Vec<bool>,
    /// The first target by value per point that is met in part.
    pub(super) part: Option<usize>,
}

/// No plan of a branch is worth more than its relaxation: targets in fractions, no limit of groups, troops divisible.
/// `None` where the targets that are in cannot be met together. `order` is by value per point, falling.
///
/// What can arrive at the targets together is then a polymatroid, where filling by value per point is the optimum
/// (Edmonds 1970). Where all values are whole, so is the best, and the bound is rounded down.
#[expect(clippy::cast_precision_loss, reason = "points of one operation, far below 2^53")]
pub(super) fn relax(field: &Field, flow: &Flow, order: &[usize], fates: &[Fate]) -> Option<Relaxed> {
    let mut flow = flow.clone();
    let mut relaxed = Relaxed { value: 0.0, met: vec![false; field.targets], part: None };
    for fate in [Fate::In, Fate::Open] {
        for &t in order.iter().filter(|t| fates[**t] == fate) {
            let required = field.required[t];
            let arrives = flow.raise(t, required);
            relaxed.met[t] = arrives == required;
            if !relaxed.met[t] {
                if fate == Fate::In {
                    return None;
                }
                relaxed.part = relaxed.part.or(Some(t));
            }
            let share = if relaxed.met[t] { 1.0 } else { arrives as f64 / required as f64 };
            relaxed.value += field.value[t] * share;
        }
    }
    let whole = field.value.iter().all(|v| v.fract() == 0.0);
    if relaxed.part.is_some() || !whole {
        // Fractions are rounded, and a bound must not be rounded down.
        relaxed.value *= 1.0 + 1e-12;
    }
    if whole {
        relaxed.value = (relaxed.value + 1e-6).floor();
    }
    Some(relaxed)
}
