//! What is due when: a timing wheel of (due, kind, owner, n).
//!
//! The agenda is an index that can be rebuilt from components. There is no cancel: an entry is cancelled when the
//! component that made it no longer agrees, and whoever handles the batch checks that.

use super::time::GameTime;
use bevy::prelude::Resource;
use core::cmp::Reverse;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BinaryHeap};

/// Milliseconds of one bucket, as a power of two: 2,048 ms.
const BUCKET_BITS: u32 = 11;
/// Buckets of one epoch, as a power of two: 65,536, so an epoch is about 37 hours.
const EPOCH_BITS: u32 = 16;
const BUCKETS: usize = 1 << EPOCH_BITS;

/// Something due. Entries of one instant are handled in the order of kind, owner, n.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DueEntry {
    /// When.
    pub due: GameTime,
    /// The rank of its [`DueKind`](super::DueKind).
    pub kind: u16,
    /// Whose: an id that the kind knows how to read.
    pub owner: u64,
    /// The owner's own counter.
    pub n: u32,
}

/// The agenda. Entries within the current epoch lie in buckets, later ones in a list per epoch; the bucket under
/// the clock is sorted once when the clock reaches it.
#[derive(Resource, Debug)]
pub struct Agenda {
    epoch: i64,
    /// Buckets below this one (within the epoch) were opened.
    opened: usize,
    buckets: Vec<Vec<DueEntry>>,
    occupied: Occupied,
    /// The opened bucket, latest first, so that the next entry is popped from the end.
    current: Vec<DueEntry>,
    /// Entries pushed into buckets that were already opened.
    late: BinaryHeap<Reverse<DueEntry>>,
    far: BTreeMap<i64, Vec<DueEntry>>,
    len: usize,
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            epoch: 0,
            opened: 0,
            buckets: (0..BUCKETS).map(|_| Vec::new()).collect(),
            occupied: Occupied::default(),
            current: Vec::new(),
            late: BinaryHeap::new(),
            far: BTreeMap::new(),
            len: 0,
        }
    }
}

impl Agenda {
    /// Adds an entry.
    pub fn push(&mut self, entry: DueEntry) {
        self.len += 1;
        let index = entry.due.0 >> BUCKET_BITS;
        let epoch = index >> EPOCH_BITS;
        if epoch > self.epoch {
            self.far.entry(epoch).or_default().push(entry);
            return;
        }
        let bucket = bucket_of(index);
        if epoch < self.epoch || bucket < self.opened {
            self.late.push(Reverse(entry));
        } else {
            self.buckets[bucket].push(entry);
            self.occupied.set(bucket);
        }
    }

    /// How many entries wait, cancelled ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The earliest due instant that is not after `limit`. Only buckets up to `limit` are opened, so entries that
    /// are pushed later still find theirs closed.
    pub fn next_due(&mut self, limit: GameTime) -> Option<GameTime> {
        self.open_until(limit)?;
        let due = match (self.current.last(), self.late.peek()) {
            (Some(a), Some(Reverse(b))) => a.due.min(b.due),
            (Some(a), None) => a.due,
            (None, Some(Reverse(b))) => b.due,
            (None, None) => return None,
        };
        (due <= limit).then_some(due)
    }

    /// Takes all entries due at exactly this instant, in order, into `batch` (which is cleared first).
    pub fn pop_at(&mut self, due: GameTime, batch: &mut Vec<DueEntry>) {
        batch.clear();
        while let Some(entry) = self.current.last().copied().filter(|e| e.due == due) {
            self.current.pop();
            batch.push(entry);
        }
        let sorted = batch.len();
        while self.late.peek().is_some_and(|Reverse(e)| e.due == due) {
            if let Some(Reverse(entry)) = self.late.pop() {
                batch.push(entry);
            }
        }
        if sorted != 0 && sorted != batch.len() {
            batch.sort_unstable();
        }
        self.len -= batch.len();
    }

    /// The earliest due instant of all, without opening anything: for "jump to the next event". Costs a look at
    /// one bucket.
    #[must_use]
    pub fn peek(&self) -> Option<GameTime> {
        let opened =
            self.current.last().map(|e| e.due).into_iter().chain(self.late.peek().map(|Reverse(e)| e.due)).min();
        opened.or_else(|| {
            let near = self.occupied.first_from(self.opened).map(|b| &self.buckets[b]);
            near.or_else(|| self.far.values().next())?.iter().map(|e| e.due).min()
        })
    }

    /// Opens buckets until one holds an entry. None when the next entry lies after the bucket of `limit`.
    fn open_until(&mut self, limit: GameTime) -> Option<()> {
        if !self.current.is_empty() || !self.late.is_empty() {
            return Some(());
        }
        let limit_index = limit.0 >> BUCKET_BITS;
        loop {
            if let Some(bucket) = self.occupied.first_from(self.opened) {
                let index = (self.epoch << EPOCH_BITS) + i64::try_from(bucket).unwrap_or(0);
                if index > limit_index {
                    return None;
                }
                self.opened = bucket + 1;
                self.occupied.clear(bucket);
                core::mem::swap(&mut self.current, &mut self.buckets[bucket]);
                self.current.sort_unstable_by(|a, b| b.cmp(a));
                return Some(());
            }
            let (&epoch, _) = self.far.first_key_value()?;
            if epoch > limit_index >> EPOCH_BITS {
                return None;
            }
            self.enter_epoch(epoch);
        }
    }

    fn enter_epoch(&mut self, epoch: i64) {
        self.epoch = epoch;
        self.opened = 0;
        for entry in self.far.remove(&epoch).unwrap_or_default() {
            let bucket = bucket_of(entry.due.0 >> BUCKET_BITS);
            self.buckets[bucket].push(entry);
            self.occupied.set(bucket);
        }
    }
}

fn bucket_of(index: i64) -> usize {
    usize::try_from(index & (BUCKETS as i64 - 1)).unwrap_or(0)
}

/// Which buckets hold something: three levels of 64-bit words, so the next one is found in three steps.
#[derive(Debug)]
struct Occupied {
    top: u64,
    middle: [u64; 16],
    bottom: Vec<u64>,
}

impl Default for Occupied {
    fn default() -> Self {
        Self { top: 0, middle: [0; 16], bottom: vec![0; BUCKETS / 64] }
    }
}

impl Occupied {
    fn set(&mut self, bucket: usize) {
        self.bottom[bucket >> 6] |= 1 << (bucket & 63);
        self.middle[bucket >> 12] |= 1 << (bucket >> 6 & 63);
        self.top |= 1 << (bucket >> 12);
    }

    fn clear(&mut self, bucket: usize) {
        self.bottom[bucket >> 6] &= !(1 << (bucket & 63));
        if self.bottom[bucket >> 6] == 0 {
            self.middle[bucket >> 12] &= !(1 << (bucket >> 6 & 63));
            if self.middle[bucket >> 12] == 0 {
                self.top &= !(1 << (bucket >> 12));
            }
        }
    }

    fn first_from(&self, from: usize) -> Option<usize> {
        if from >= BUCKETS {
            return None;
        }
        if let Some(bit) = first_bit(self.bottom[from >> 6], from & 63) {
            return Some((from >> 6) << 6 | bit);
        }
        let word = (from >> 6) + 1;
        if word >> 6 < 16
            && let Some(bit) = first_bit(self.middle[word >> 6], word & 63)
        {
            return self.lowest_in_word((word >> 6) << 6 | bit);
        }
        let group = first_bit(self.top, (word >> 6) + 1)?;
        let bit = first_bit(self.middle[group], 0)?;
        self.lowest_in_word(group << 6 | bit)
    }

    fn lowest_in_word(&self, word: usize) -> Option<usize> {
        first_bit(self.bottom[word], 0).map(|bit| word << 6 | bit)
    }
}

fn first_bit(word: u64, from: usize) -> Option<usize> {
    if from >= 64 {
        return None;
    }
    let rest = word >> from << from;
    (rest != 0).then(|| rest.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(due: i64, kind: u16, owner: u64) -> DueEntry {
        DueEntry { due: GameTime(due), kind, owner, n: 0 }
    }

    proptest! {
        /// Interleaved pushes and pops leave in exactly the order in which a sorted list would give them.
        #[test]
        fn leaves_in_order_like_a_sorted_list(
            steps in prop::collection::vec((0_i64..400_000_000, 0_u16..3, 0_u64..4, 0_i64..50_000_000), 1..200)
        ) {
            let (mut agenda, mut model) = (Agenda::default(), Vec::new());
            let (mut now, mut batch) = (0, Vec::new());
            for (ahead, kind, owner, step) in steps {
                let e = entry(now + ahead, kind, owner);
                agenda.push(e);
                model.push(e);
                let goal = now + step;
                while let Some(due) = agenda.next_due(GameTime(goal)) {
                    model.sort();
                    agenda.pop_at(due, &mut batch);
                    let expected: Vec<_> = model.iter().copied().filter(|e| e.due == due).collect();
                    prop_assert_eq!(model[0].due, due);
                    prop_assert_eq!(&batch, &expected);
                    model.retain(|e| e.due != due);
                }
                now = goal;
                model.sort();
                prop_assert_eq!(agenda.peek(), model.first().map(|e| e.due));
                prop_assert!(model.first().is_none_or(|e| e.due.0 > now));
                prop_assert_eq!(agenda.len(), model.len());
            }
        }
    }

    #[test]
    fn an_entry_for_the_running_instant_is_handed_out_again() {
        let (mut agenda, mut batch) = (Agenda::default(), Vec::new());
        agenda.push(entry(5, 0, 1));
        assert_eq!(agenda.next_due(GameTime(10)), Some(GameTime(5)));
        agenda.pop_at(GameTime(5), &mut batch);
        agenda.push(entry(5, 0, 2));
        assert_eq!(agenda.next_due(GameTime(10)), Some(GameTime(5)));
        agenda.pop_at(GameTime(5), &mut batch);
        assert_eq!(batch, [entry(5, 0, 2)]);
    }
}
