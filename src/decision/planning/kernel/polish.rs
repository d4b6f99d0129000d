//! The least upkeep for a set of targets that is met.

use super::cover::{CoverItem, cover};
use super::draft::{Draft, Field};

/// Rounds over all targets.
const ROUNDS: usize = 4;

/// Covers one target after the other anew with the cheapest troops that nobody else uses, as long as that saves upkeep.
/// Each cover is exact for its target: the troops that it has, those that are free in the same villages, and those of
/// villages that may send one more group.
pub(super) fn polish(field: &Field, draft: &mut Draft) {
    for t in 0..field.targets {
        if !draft.wanted[t] {
            draft.clear(field, t);
        }
    }
    for _ in 0..ROUNDS {
        let mut saved = 0;
        for t in (0..field.targets).filter(|t| draft.wanted[*t]).collect::<Vec<_>>() {
            saved += recover(field, draft, t);
        }
        if saved == 0 {
            break;
        }
    }
}

fn upkeep(field: &Field, draft: &Draft, target: usize) -> i64 {
    let n = field.nodes.len();
    (0..n).map(|i| i64::from(draft.sent[target * n + i]) * field.nodes[i].upkeep).sum()
}

/// Covers a target anew, and returns the upkeep that this saves.
fn recover(field: &Field, draft: &mut Draft, target: usize) -> i64 {
    let n = field.nodes.len();
    let before = draft.sent[target * n..(target + 1) * n].to_vec();
    let spent = upkeep(field, draft, target);
    for v in 0..field.villages {
        if draft.linked(field, target, v) {
            draft.drain(field, target, v);
        }
    }
    let usable = |i: &usize| {
        draft.free[*i] > 0 && field.there(target, *i) && draft.links[field.nodes[*i].village] < field.groups
    };
    let nodes: Vec<usize> = (0..n).filter(usable).collect();
    let mut kinds: Vec<CoverItem> = Vec::new();
    let kind_of: Vec<usize> = nodes
        .iter()
        .map(|i| {
            let (node, count) = (&field.nodes[*i], i64::from(draft.free[*i]));
            let place = kinds.iter().position(|k| (k.points, k.cost) == (node.points, node.upkeep));
            let place = place.unwrap_or(kinds.len());
            if place == kinds.len() {
                kinds.push(CoverItem { count: 0, points: node.points, cost: node.upkeep });
            }
            kinds[place].count += count;
            place
        })
        .collect();
    let mut counts = cover(&kinds, field.required[target]).unwrap_or_else(|| vec![0; kinds.len()]);
    for (i, kind) in nodes.iter().zip(&kind_of) {
        let sent = draft.free[*i].min(u32::try_from(counts[*kind]).unwrap_or(u32::MAX));
        counts[*kind] -= i64::from(sent);
        draft.send(field, target, *i, sent);
    }
    let now = upkeep(field, draft, target);
    if now < spent && draft.inflow[target] >= field.required[target] {
        return spent - now;
    }
    for v in 0..field.villages {
        if draft.linked(field, target, v) {
            draft.drain(field, target, v);
        }
    }
    for (i, sent) in before.into_iter().enumerate() {
        draft.send(field, target, i, sent);
    }
    0
}
