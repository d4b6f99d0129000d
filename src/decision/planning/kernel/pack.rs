//! Groups for targets: from a flow, and from villages that are idle.

use super::bound::{Flow, Network};
use super::draft::{Draft, Field};

/// Sends whole units as a flow says, village by village, as far as these may have groups. A village sends to where it has a
/// group already, else to where most is missing.
pub(super) fn pack(field: &Field, network: &Network, flow: &Flow, draft: &mut Draft) {
    let mut missing: Vec<(i64, usize)> = Vec::new();
    for (s, source) in network.sources.iter().enumerate() {
        missing.clear();
        missing.extend(Network::members(flow.served(s)).map(|c| (flow.brought(network, s, c), network.columns[c])));
        for &i in &source.nodes {
            let village = field.nodes[i].village;
            while draft.free[i] > 0 {
                let open = draft.links[village] < field.groups;
                let place = (0..missing.len())
                    .filter(|m| missing[*m].0 > 0)
                    .map(|m| (draft.linked(field, missing[m].1, village), missing[m].0, m))
                    .filter(|(linked, ..)| *linked || open)
                    .max();
                let Some((.., place)) = place else { break };
                let (points, target) = missing[place];
                let one = field.nodes[i].points;
                let n = u32::try_from((points + one - 1) / one).unwrap_or(u32::MAX).min(draft.free[i]);
                draft.send(field, target, i, n);
                missing[place].0 -= field.points(i, n);
            }
        }
    }
}

/// Sends idle villages to a target: the greatest that it needs whole, at last the least that is enough.
pub(super) fn fill(field: &Field, draft: &mut Draft, target: usize) {
    let open = |v: &usize| draft.links[*v] < field.groups && draft.idle[*v] > 0;
    let idle = |v: usize| (draft.idle_for(field, target, v), v);
    let mut idle: Vec<(i64, usize)> = (0..field.villages).filter(open).map(idle).filter(|(n, _)| *n > 0).collect();
    idle.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    while draft.lack(field, target) > 0 && !idle.is_empty() {
        let lack = draft.lack(field, target);
        let place = idle.partition_point(|(n, _)| *n > lack);
        // The first that is not more than what lacks; where only greater ones are left, the least of those.
        let last = idle[place.min(idle.len())..].iter().map(|(n, _)| n).sum::<i64>() < lack && place > 0;
        let place = if last { place - 1 } else { place };
        let (_, village) = idle.remove(place);
        draft.give(field, target, village);
    }
}

/// Fills every target that lacks anything, in this order.
pub(super) fn fill_all(field: &Field, order: &[usize], draft: &mut Draft) {
    for &target in order {
        if draft.lack(field, target) > 0 {
            fill(field, draft, target);
        }
    }
}

/// Gives up what lacks, and takes in, in this order, what idle villages meet whole.
pub(super) fn harvest(field: &Field, order: &[usize], draft: &mut Draft) {
    for t in 0..field.targets {
        if draft.lack(field, t) > 0 {
            draft.clear(field, t);
        }
    }
    for &t in order {
        let idle = |v: usize| draft.idle_for(field, t, v);
        if draft.wanted[t] || (0..field.villages).map(idle).sum::<i64>() < field.required[t] {
            continue;
        }
        draft.wanted[t] = true;
        fill(field, draft, t);
        if draft.lack(field, t) > 0 {
            draft.clear(field, t);
        }
    }
}
