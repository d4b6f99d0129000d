//! Proofs where a village sends one group alone: which sets of targets can be met, and how.

use super::bound::{Network, Set};
use super::draft::Field;

/// Targets up to which all sets are gone through.
const TARGETS_MAX: usize = 10;
/// A village that goes nowhere.
const NOWHERE: usize = usize::MAX;

/// Where a proof stands.
pub(super) enum Verdict {
    /// It goes on.
    Open,
    /// This set can be met, by villages that go to targets.
    Met(Set, Vec<(usize, usize)>),
    /// No set that is worth more than the best can be met.
    Closed,
}

/// Goes through all sets of targets that are worth more than the best, small ones first, and for each through all ways to
/// send whole villages, the greatest first. A set that holds one that cannot be met is not gone through.
#[derive(Clone, Debug)]
pub(super) struct Alone {
    /// The sets that are left, the next one last.
    sets: Vec<Set>,
    /// Sets that cannot be met.
    closed: Vec<Set>,
    /// The set that is being gone through.
    set: Option<Set>,
    /// Its targets.
    targets: Vec<usize>,
    /// Villages that reach any of them, the greatest first.
    villages: Vec<usize>,
    /// By target of the set: what lacks.
    lack: Vec<i64>,
    /// By village, as far as chosen: the target of the set that is tried next, and the one that was chosen, with the points
    /// that it needed of it.
    next: Vec<usize>,
    chosen: Vec<(usize, i64)>,
}

impl Alone {
    /// `None` where there are too many targets.
    pub(super) fn new(network: &Network) -> Option<Self> {
        let columns = network.columns.len();
        if columns > TARGETS_MAX {
            return None;
        }
        let mut sets: Vec<Set> = (1..1 << columns).collect();
        sets.sort_by(|a, b| {
            b.count_ones().cmp(&a.count_ones()).then(network.worth(*a).total_cmp(&network.worth(*b))).then(b.cmp(a))
        });
        let (targets, villages, lack, next) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Some(Self { sets, closed: Vec::new(), set: None, targets, villages, lack, next, chosen: Vec::new() })
    }

    /// Takes so many nodes of the tree.
    pub(super) fn run(&mut self, field: &Field, network: &Network, best: f64, nodes: u32) -> Verdict {
        for _ in 0..nodes {
            let Some(set) = self.set else {
                if !self.begin(field, network, best) {
                    return Verdict::Closed;
                }
                continue;
            };
            if self.lack.iter().all(|lack| *lack == 0) {
                self.set = None;
                let went = self.chosen.iter().zip(&self.villages).filter(|((t, _), _)| *t != NOWHERE);
                return Verdict::Met(set, went.map(|((t, _), v)| (*v, self.targets[*t])).collect());
            }
            if !self.descend(field) && !self.ascend() {
                self.closed.push(set);
                self.set = None;
            }
        }
        Verdict::Open
    }

    /// Begins with the next set; false if there is none.
    fn begin(&mut self, field: &Field, network: &Network, best: f64) -> bool {
        while let Some(set) = self.sets.pop() {
            if network.worth(set) <= best || self.closed.iter().any(|closed| closed & set == *closed) {
                continue;
            }
            if network.meet(set).is_none() {
                self.closed.push(set);
                continue;
            }
            self.targets = Network::members(set).map(|c| network.columns[c]).collect();
            let most = |v: &usize| self.targets.iter().map(|t| field.whole[t * field.villages + v]).max().unwrap_or(0);
            self.villages = (0..field.villages).filter(|v| most(v) > 0).collect();
            self.villages.sort_by_key(|v| core::cmp::Reverse(most(v)));
            self.lack = self.targets.iter().map(|t| field.required[*t]).collect();
            self.chosen.clear();
            self.next.clear();
            self.next.push(0);
            self.set = Some(set);
            return true;
        }
        false
    }

    /// Sends the next village to the next target; false if there is no hope, or all were tried.
    fn descend(&mut self, field: &Field) -> bool {
        let depth = self.chosen.len();
        let first = self.next[depth];
        if depth == self.villages.len() || first == NOWHERE || (first == 0 && !self.is_hopeful(field)) {
            return false;
        }
        let whole = |t: usize| field.whole[self.targets[t] * field.villages + self.villages[depth]];
        let found = (first..self.targets.len()).find(|t| self.lack[*t] > 0 && whole(*t) > 0);
        let Some(t) = found else {
            if first > 0 {
                return false;
            }
            // Of no use to any target that lacks anything.
            self.next[depth] = NOWHERE;
            self.chosen.push((NOWHERE, 0));
            self.next.push(0);
            return true;
        };
        let points = whole(t).min(self.lack[t]);
        self.lack[t] -= points;
        self.next[depth] = t + 1;
        self.chosen.push((t, points));
        self.next.push(0);
        true
    }

    /// Takes the last village back; false if none was sent.
    fn ascend(&mut self) -> bool {
        self.next.pop();
        let Some((t, points)) = self.chosen.pop() else { return false };
        if t != NOWHERE {
            self.lack[t] += points;
        }
        true
    }

    /// Whether what is left could be enough, each village counted where it brings most of what lacks, and for each target
    /// by itself.
    fn is_hopeful(&self, field: &Field) -> bool {
        let left = &self.villages[self.chosen.len()..];
        let brings = |t: usize, v: usize| field.whole[self.targets[t] * field.villages + v].min(self.lack[t]);
        let all = 0..self.targets.len();
        let most: i64 = left.iter().map(|v| all.clone().map(|t| brings(t, *v)).max().unwrap_or(0)).sum();
        most >= self.lack.iter().sum()
            && all.clone().all(|t| left.iter().map(|v| brings(t, *v)).sum::<i64>() >= self.lack[t])
    }
}
