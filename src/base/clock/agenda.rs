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
/// Buckets of the wheel, as a power of two: 65,536, so it reaches about 37 hours ahead.
const WHEEL_BITS: u32 = 16;
const BUCKETS: usize = 1 << WHEEL_BITS;

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

/// The agenda. Entries of the coming 37 hours lie in the buckets of a wheel, later ones in a list per turn of the
/// wheel; the bucket under the clock is sorted once when the clock reaches it.
#[derive(Resource, Debug)]
pub struct Agenda {
    /// The first bucket that is not opened, counted from time 0. The wheel holds this one and those after it.
    next: i64,
    wheel: Vec<Vec<Packed>>,
    occupied: Occupied,
    /// The opened bucket, sorted; of its entries the first `taken` are gone.
    current: Vec<Packed>,
    current_index: i64,
    taken: usize,
    /// Entries pushed into buckets that were already opened.
    late: BinaryHeap<Reverse<DueEntry>>,
    /// Entries beyond the wheel when they were pushed, by the turn in which they are due.
    far: BTreeMap<i64, Vec<DueEntry>>,
    len: usize,
}

/// An entry within its bucket as one number, which orders like the entry and takes two thirds of its room.
type Packed = u128;

/// The bucket of an instant, counted from time 0.
fn index_of(due: GameTime) -> i64 {
    due.0 >> BUCKET_BITS
}

fn pack(entry: DueEntry) -> Packed {
    let within = Packed::from((entry.due.0 & ((1 << BUCKET_BITS) - 1)).unsigned_abs());
    within << 112 | Packed::from(entry.kind) << 96 | Packed::from(entry.owner) << 32 | Packed::from(entry.n)
}

fn due_of(packed: Packed, index: i64) -> GameTime {
    #[expect(clippy::cast_possible_truncation, reason = "the 16 bits that are left hold less than a bucket's width")]
    let within = (packed >> 112) as i64;
    GameTime((index << BUCKET_BITS) + within)
}

#[expect(clippy::cast_possible_truncation, reason = "takes apart what `pack` put together")]
fn unpack(packed: Packed, index: i64) -> DueEntry {
    let (kind, owner, n) = ((packed >> 96) as u16, (packed >> 32) as u64, packed as u32);
    DueEntry { due: due_of(packed, index), kind, owner, n }
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            next: 0,
            wheel: (0..BUCKETS).map(|_| Vec::new()).collect(),
            occupied: Occupied::default(),
            current: Vec::new(),
            current_index: 0,
            taken: 0,
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
        let index = index_of(entry.due);
        if index < self.next {
            self.late.push(Reverse(entry));
        } else if index - self.next < BUCKETS as i64 {
            self.put(index, entry);
        } else {
            self.far.entry(index >> WHEEL_BITS).or_default().push(entry);
        }
    }

    fn put(&mut self, index: i64, entry: DueEntry) {
        let bucket = bucket_of(index);
        self.wheel[bucket].push(pack(entry));
        self.occupied.set(bucket);
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
        self.opened_due().filter(|due| *due <= limit)
    }

    /// Takes all entries due at exactly this instant, in order, into `batch` (which is cleared first).
    pub fn pop_at(&mut self, due: GameTime, batch: &mut Vec<DueEntry>) {
        batch.clear();
        let index = self.current_index;
        let ready = self.current[self.taken..].iter().take_while(|e| due_of(**e, index) == due);
        batch.extend(ready.map(|e| unpack(*e, index)));
        self.taken += batch.len();
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
    /// one bucket, or at one turn of the wheel where nothing nearer is due.
    #[must_use]
    pub fn peek(&self) -> Option<GameTime> {
        self.opened_due().or_else(|| {
            let near = self
                .first_on_wheel()
                .and_then(|index| self.wheel[bucket_of(index)].iter().min().map(|e| due_of(*e, index)));
            let far = self
                .far
                .first_key_value()
                .filter(|(turn, _)| near.is_none_or(|near| **turn <= index_of(near) >> WHEEL_BITS));
            near.into_iter().chain(far.and_then(|(_, list)| list.iter().map(|e| e.due).min())).min()
        })
    }

    /// The earliest instant among the entries of opened buckets.
    fn opened_due(&self) -> Option<GameTime> {
        let current = self.current.get(self.taken).map(|e| due_of(*e, self.current_index));
        match (current, self.late.peek()) {
            (Some(a), Some(Reverse(b))) => Some(a.min(b.due)),
            (None, Some(Reverse(b))) => Some(b.due),
            (a, None) => a,
        }
    }

    /// Opens buckets until one holds an entry. None when the next entry lies after the bucket of `limit`.
    fn open_until(&mut self, limit: GameTime) -> Option<()> {
        if self.taken < self.current.len() || !self.late.is_empty() {
            return Some(());
        }
        let limit_index = index_of(limit);
        loop {
            let near = self.first_on_wheel();
            // A turn that begins before that bucket may hold something nearer: it comes onto the wheel first.
            let turn =
                self.far.keys().next().copied().filter(|turn| near.is_none_or(|near| turn << WHEEL_BITS <= near));
            let first = turn.map(|turn| turn << WHEEL_BITS).or(near)?;
            if first > limit_index {
                return None;
            }
            let Some(turn) = turn else {
                self.open(first);
                return Some(());
            };
            // Nothing waits before the turn, so the wheel may begin with it, and then it reaches to its end.
            self.next = first;
            for entry in self.far.remove(&turn).unwrap_or_default() {
                self.put(index_of(entry.due), entry);
            }
        }
    }

    fn open(&mut self, index: i64) {
        let bucket = bucket_of(index);
        self.next = index + 1;
        self.occupied.clear(bucket);
        self.current.clear();
        self.taken = 0;
        self.current_index = index;
        core::mem::swap(&mut self.current, &mut self.wheel[bucket]);
        self.current.sort_unstable();
    }

    /// The first bucket of the wheel that holds something, counted from time 0.
    fn first_on_wheel(&self) -> Option<i64> {
        let from = bucket_of(self.next);
        let bucket = self.occupied.first_from(from).or_else(|| self.occupied.first_from(0))?;
        Some(self.next + i64::try_from(bucket.wrapping_sub(from) & (BUCKETS - 1)).unwrap_or(0))
    }
}

/// Where on the wheel a bucket lies.
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

    /// Within the running bucket, on the wheel, and turns of it ahead.
    fn ahead() -> impl Strategy<Value = i64> {
        prop_oneof![0_i64..5_000, 0_i64..134_217_728, 0_i64..400_000_000]
    }

    proptest! {
        #[test]
        fn a_packed_entry_orders_like_the_entry(
            a in (-9_000_i64..9_000, any::<u16>(), any::<u64>(), any::<u32>()),
            b in (-9_000_i64..9_000, any::<u16>(), any::<u64>(), any::<u32>()),
        ) {
            let made = |(due, kind, owner, n)| DueEntry { due: GameTime(due), kind, owner, n };
            let (a, b) = (made(a), made(b));
            prop_assert_eq!(unpack(pack(a), index_of(a.due)), a);
            let (ka, kb) = ((index_of(a.due), pack(a)), (index_of(b.due), pack(b)));
            prop_assert_eq!(ka.cmp(&kb), a.cmp(&b));
        }

        /// Interleaved pushes and pops leave in exactly the order in which a sorted list would give them.
        #[test]
        fn leaves_in_order_like_a_sorted_list(
            steps in prop::collection::vec((ahead(), 0_u16..3, 0_u64..4, 0_i64..50_000_000), 1..200)
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
