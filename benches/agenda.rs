//! The agenda against a `BinaryHeap`, with a million entries pending: take what is next, plan the owner's next one, and
//! cancel somebody else's.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]

mod support;

use bevy_alliance::base::clock::{Agenda, DueEntry, GameTime};
use criterion::{Criterion, criterion_group, criterion_main};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use support::{Dice, in_turn, tell};

const PENDING: u32 = 1_000_000;
const HORIZON_MILLIS: u32 = 86_400_000;
const STEPS: u32 = 200_000;
const ROUNDS: usize = 7;

trait Queue: Default {
    fn push(&mut self, entry: DueEntry);
    fn pop(&mut self) -> Option<DueEntry>;
}

impl Queue for BinaryHeap<Reverse<DueEntry>> {
    fn push(&mut self, entry: DueEntry) {
        self.push(Reverse(entry));
    }

    fn pop(&mut self) -> Option<DueEntry> {
        self.pop().map(|Reverse(entry)| entry)
    }
}

/// Our agenda, read entry by entry.
#[derive(Default)]
struct Read {
    agenda: Agenda,
    batch: Vec<DueEntry>,
    taken: usize,
}

impl Queue for Read {
    fn push(&mut self, entry: DueEntry) {
        self.agenda.push(entry);
    }

    fn pop(&mut self) -> Option<DueEntry> {
        if self.taken == self.batch.len() {
            let due = self.agenda.next_due(GameTime(i64::MAX))?;
            self.agenda.pop_at(due, &mut self.batch);
            self.taken = 0;
        }
        self.taken += 1;
        Some(self.batch[self.taken - 1])
    }
}

/// A queue in which each owner has one entry, and for each owner its number: an entry with another one is cancelled.
struct Hold<Q> {
    queue: Q,
    /// Of one byte each, so that looking them up does not hide what the queues cost.
    generations: Vec<u8>,
    dice: Dice,
    /// What was handed out in what order and what of it still counted, as one number.
    digest: u64,
}

impl<Q: Queue> Hold<Q> {
    fn new() -> Self {
        let mut hold = Self { queue: Q::default(), generations: vec![0; PENDING as usize], dice: Dice(1), digest: 0 };
        for owner in 0..PENDING {
            hold.plan(owner, GameTime(0));
        }
        hold.steps(3 * PENDING);
        hold
    }

    fn plan(&mut self, owner: u32, now: GameTime) {
        let due = GameTime(now.0 + 1 + i64::from(self.dice.below(HORIZON_MILLIS)));
        let n = self.generations[owner as usize].into();
        self.queue.push(DueEntry { due, kind: 1, owner: owner.into(), n });
    }

    /// Each takes the next entry, plans its owner's next one, and cancels somebody's.
    fn steps(&mut self, steps: u32) {
        for _ in 0..steps {
            let Some(entry) = self.queue.pop() else { return };
            let owner = u32::try_from(entry.owner).unwrap_or(0);
            let counts = u64::from(u32::from(self.generations[owner as usize]) == entry.n);
            let taken = entry.due.0.unsigned_abs() ^ entry.owner << 32 ^ counts << 63;
            self.digest = (self.digest ^ taken).wrapping_mul(0x100_0000_01B3);
            self.plan(owner, entry.due);
            let cancelled = self.dice.below(PENDING);
            let generation = &mut self.generations[cancelled as usize];
            *generation = generation.wrapping_add(1);
        }
    }
}

fn hold_a_million(criterion: &mut Criterion) {
    let mut ours = Hold::<Read>::new();
    let mut heap = Hold::<BinaryHeap<Reverse<DueEntry>>>::new();
    assert_eq!(ours.digest, heap.digest, "both hand out the same entries in the same order");
    let [agenda, binary_heap] = in_turn(ROUNDS, [&mut || ours.steps(STEPS), &mut || heap.steps(STEPS)]);
    assert_eq!(ours.digest, heap.digest, "both hand out the same entries in the same order");
    let (agenda, binary_heap) = (agenda / f64::from(STEPS), binary_heap / f64::from(STEPS));
    println!("agenda {agenda:.0} ns, BinaryHeap {binary_heap:.0} ns a step");
    tell("agenda / BinaryHeap, 1 M pending, pop + push + cancel", agenda / binary_heap, 0.1);

    let mut group = criterion.benchmark_group("agenda");
    group.sample_size(10);
    group.bench_function("pop_push_cancel", |bencher| bencher.iter(|| ours.steps(1_000)));
    group.bench_function("pop_push_cancel_binary_heap", |bencher| bencher.iter(|| heap.steps(1_000)));
    group.finish();
}

criterion_group!(benches, hold_a_million);
criterion_main!(benches);
