//! The least upkeep for a set of targets that is met.

use super::cover::{CoverItem, cover};
use super::draft::{Draft, Field};

/// Rounds over all targets.
const ROUNDS: usize = 4;

/// Covers one target after the other anew with the cheapest troops that nobody else uses, as long as that saves upkeep;
/// where it goes deep, two targets at a time, too. Each cover is exact for its target: the troops that are free in
/// villages that may send it a group.
pub(super) fn polish(field: &Field, draft: &mut Draft, deep: bool) {
    for t in 0..field.targets {
        if !draft.wanted[t] {
            draft.clear(field, t);
        }
    }
    let wanted: Vec<usize> = (0..field.targets).filter(|t| draft.wanted[*t]).collect();
    let mut trial = draft.clone();
    for _ in 0..ROUNDS {
        let mut saved = 0;
        for &t in &wanted {
            saved += recover(field, draft, &mut trial, &[t]);
        }
        for &one in wanted.iter().filter(|_| deep) {
            for &other in wanted.iter().filter(|other| **other != one) {
                saved += recover(field, draft, &mut trial, &[one, other]);
            }
        }
        if saved == 0 {
            break;
        }
    }
}

/// Upkeep of all that is sent.
pub(super) fn total_upkeep(field: &Field, draft: &Draft) -> i64 {
    (0..field.targets).map(|t| upkeep(field, draft, t)).sum()
}

fn upkeep(field: &Field, draft: &Draft, target: usize) -> i64 {
    let n = field.nodes.len();
    (0..n).map(|i| i64::from(draft.sent[target * n + i]) * field.nodes[i].upkeep).sum()
}

/// Takes all groups of some targets back, covers the targets anew in this order, and returns the upkeep that this saves;
/// if it saves none, everything stays.
fn recover(field: &Field, draft: &mut Draft, trial: &mut Draft, targets: &[usize]) -> i64 {
    let spent: i64 = targets.iter().map(|t| upkeep(field, draft, *t)).sum();
    trial.copy_from(draft);
    for &t in targets {
        trial.clear(field, t);
        trial.wanted[t] = true;
    }
    if !targets.iter().all(|t| cover_target(field, trial, *t)) {
        return 0;
    }
    let now: i64 = targets.iter().map(|t| upkeep(field, trial, *t)).sum();
    if now < spent {
        draft.copy_from(trial);
    }
    (spent - now).max(0)
}

/// Covers a target without groups with the least upkeep; false where what is free is not enough.
fn cover_target(field: &Field, draft: &mut Draft, target: usize) -> bool {
    let usable = |i: &usize| {
        draft.free[*i] > 0 && field.there(target, *i) && draft.links[field.nodes[*i].village] < field.groups
    };
    let nodes: Vec<usize> = (0..field.nodes.len()).filter(usable).collect();
    let mut kinds: Vec<CoverItem> = Vec::new();
    let mut kind_of = Vec::with_capacity(nodes.len());
    for i in &nodes {
        let (node, count) = (&field.nodes[*i], i64::from(draft.free[*i]));
        let known = kinds.iter().position(|k| (k.points, k.cost) == (node.points, node.upkeep));
        let place = known.unwrap_or(kinds.len());
        if known.is_none() {
            kinds.push(CoverItem { count: 0, points: node.points, cost: node.upkeep });
        }
        kinds[place].count += count;
        kind_of.push(place);
    }
    let Some(mut counts) = cover(&kinds, field.required[target]) else { return false };
    for (i, kind) in nodes.iter().zip(&kind_of) {
        let sent = draft.free[*i].min(u32::try_from(counts[*kind]).unwrap_or(u32::MAX));
        counts[*kind] -= i64::from(sent);
        draft.send(field, target, *i, sent);
    }
    true
}
