//! Moves of a repair: which of them raises what arrives at a target at the least loss elsewhere.

use super::draft::{Draft, Field, Move};

/// What moves are weighed by.
pub(super) struct Moves<'a> {
    pub(super) field: &'a Field,
    pub(super) draft: &'a Draft,
    /// By target, then village: the step until which it may neither come nor go.
    pub(super) held: &'a [u64],
    pub(super) step: u64,
}

impl Moves<'_> {
    /// Weighs all moves that raise what arrives at a target.
    pub(super) fn weigh(&self, to: usize, found: &mut Choice) {
        let (field, draft) = (self.field, self.draft);
        let lack = draft.lack(field, to);
        let here: Vec<(usize, i64)> = (0..field.villages)
            .filter(|v| draft.linked(field, to, *v) && !self.is_held(to, *v))
            .map(|v| (v, draft.group[to * field.villages + v]))
            .collect();
        let spare = |t: usize| draft.inflow[t] - if draft.wanted[t] { field.required[t] } else { 0 };
        for v in (0..field.villages).filter(|v| !self.is_held(to, *v)) {
            let whole_there = field.whole[to * field.villages + v];
            if whole_there == 0 {
                continue;
            }
            let idle = draft.idle_for(field, to, v);
            let linked = draft.linked(field, to, v);
            let open = linked || draft.links[v] < field.groups;
            if open && idle > 0 {
                found.weigh(-idle.min(lack), Move::Give { village: v });
            }
            for &from in draft.ways(field, v) {
                if from == to || self.is_held(from, v) {
                    continue;
                }
                let movable = if field.width == 1 { whole_there - idle } else { draft.movable(field, v, from, to) };
                let whole = draft.group[from * field.villages + v];
                if open && movable > 0 {
                    let least = movable.min(lack);
                    let points = if spare(from) > 0 { least.min(spare(from)) } else { least };
                    found.weigh(-points + lost(spare(from), points), Move::Shift { village: v, from, points });
                }
                let come = movable + idle;
                if linked || come == 0 {
                    continue;
                }
                found.weigh(-come.min(lack) + lost(spare(from), whole), Move::Replace { village: v, from });
                // Where villages may split, shifts do what swaps do.
                for (other, gone) in here.iter().filter(|_| field.width == 1) {
                    let comes = field.whole[from * field.villages + other];
                    if come <= *gone || comes == 0 || self.is_held(from, *other) {
                        continue;
                    }
                    let delta = -(come - gone).min(lack) + lost(spare(from), whole - comes);
                    found.weigh(delta, Move::Swap { village: v, from, other: *other });
                }
            }
        }
    }

    fn is_held(&self, target: usize, village: usize) -> bool {
        self.held[target * self.field.villages + village] > self.step
    }
}

/// What more lacks at a target with so much to spare (less than 0 where it lacks already) that loses so many points.
#[inline]
fn lost(spare: i64, points: i64) -> i64 {
    (points - spare).max(0) - (-spare).max(0)
}

/// The best move so far.
pub(super) struct Choice {
    pub(super) best: Option<(i64, u64, Move)>,
    pub(super) lacking: i64,
    pub(super) word: u64,
}

impl Choice {
    /// Of equals one at random; where a move ends all lack, the first.
    #[inline]
    fn weigh(&mut self, delta: i64, change: Move) {
        let better = match self.best {
            None => true,
            Some((best, _, _)) if delta != best => delta < best,
            Some((_, tie, _)) => self.lacking + delta > 0 && self.word.rotate_left(17) < tie,
        };
        self.word = self.word.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        if better {
            self.best = Some((delta, self.word.rotate_left(17), change));
        }
    }
}
