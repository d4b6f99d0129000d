//! An upper bound of the value: targets in fractions, no limit of groups, troops divisible.

use super::draft::Field;

/// Flow from classes to targets, along paths that may take troops from one target to another.
#[derive(Debug)]
struct Flow<'a> {
    field: &'a Field,
    /// By node: points that are not used.
    free: Vec<i64>,
    /// By target, then node.
    used: Vec<i64>,
}

impl Flow<'_> {
    /// Raises what arrives at a target by at most `wanted`, and returns by how much.
    fn raise(&mut self, target: usize, wanted: i64) -> i64 {
        let mut raised = 0;
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
        let (n, targets) = (self.field.nodes.len(), self.field.targets);
        // By target: the node that brings to the next target what this one gives up.
        let mut next: Vec<Option<(usize, usize)>> = vec![None; targets];
        let mut seen = vec![false; targets];
        seen[target] = true;
        let mut open = std::collections::VecDeque::from([target]);
        while let Some(to) = open.pop_front() {
            for i in 0..n {
                if !self.field.there(to, i) {
                    continue;
                }
                if self.free[i] > 0 {
                    return self.push(target, (i, to), &next, wanted);
                }
                for from in 0..targets {
                    if !seen[from] && self.used[from * n + i] > 0 {
                        seen[from] = true;
                        next[from] = Some((i, to));
                        open.push_back(from);
                    }
                }
            }
        }
        0
    }

    fn push(&mut self, target: usize, (node, at): (usize, usize), next: &[Option<(usize, usize)>], wanted: i64) -> i64 {
        let n = self.field.nodes.len();
        let (mut amount, mut t) = (wanted.min(self.free[node]), at);
        while let Some((i, to)) = next[t] {
            amount = amount.min(self.used[t * n + i]);
            t = to;
        }
        debug_assert_eq!(t, target, "paths end where they were asked for");
        self.free[node] -= amount;
        self.used[at * n + node] += amount;
        t = at;
        while let Some((i, to)) = next[t] {
            self.used[t * n + i] -= amount;
            self.used[to * n + i] += amount;
            t = to;
        }
        amount
    }
}

/// No plan is worth more than this.
///
/// Without a limit of groups and with divisible troops, what can arrive at the targets together is a polymatroid, where
/// filling by value per point is the optimum of the linear relaxation (Edmonds 1970). Where all values are whole, so is
/// the best, and the bound is rounded down.
#[expect(clippy::cast_precision_loss, reason = "points of one operation, far below 2^53")]
pub(super) fn bound(field: &Field) -> f64 {
    let mut order: Vec<usize> = (0..field.targets).filter(|t| field.most[*t] >= field.required[*t]).collect();
    let density = |t: usize| field.value[t] / field.required[t].max(1) as f64;
    order.sort_by(|a, b| density(*b).total_cmp(&density(*a)).then(a.cmp(b)));
    let free = field.nodes.iter().map(|n| i64::from(n.count) * n.points).collect();
    let mut flow = Flow { field, free, used: vec![0; field.targets * field.nodes.len()] };
    let mut total = 0.0;
    for t in order {
        let required = field.required[t];
        let share = if required == 0 { 1.0 } else { flow.raise(t, required) as f64 / required as f64 };
        total += field.value[t] * share;
    }
    let whole = field.value.iter().all(|v| v.fract() == 0.0);
    if whole { (total * (1.0 + 1e-12) + 1e-6).floor() } else { total * (1.0 + 1e-12) }
}
