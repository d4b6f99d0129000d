//! What is due when: a timing wheel of (due, kind, owner, n).
//!
//! There is no cancel: an entry is cancelled when the component that made it no longer agrees, and whoever handles the
//! batch checks that. So the agenda says when to look, never what is true. A save takes it along as it is.

use super::time::GameTime;
use crate::base::id::AllianceId;
use bevy::prelude::Resource;
use core::cmp::Reverse;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BinaryHeap};

/// Milliseconds of a slot, as a power of two: 512 ms. What is due within one is sorted when the clock reaches it.
const SLOT_BITS: u32 = 9;
/// Milliseconds of a span, as a power of two: 65,536 ms, or 128 slots.
const SPAN_BITS: u32 = 16;
/// Milliseconds of a turn, as a power of two: 2,048 spans, or about 37 hours.
const TURN_BITS: u32 = 27;
const SLOTS: usize = 1 << (SPAN_BITS - SLOT_BITS);
const SPANS: usize = 1 << (TURN_BITS - SPAN_BITS);

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

impl DueEntry {
    /// The alliance that its kind names as the owner.
    #[must_use]
    pub fn alliance(&self) -> AllianceId {
        AllianceId(u32::try_from(self.owner).unwrap_or(0))
    }
}

/// The agenda: a timing wheel of two levels. Entries of the coming 37 hours lie in spans of about a minute, those of
/// the span under the clock in slots of half a second, later ones in a list per turn.
///
/// Two levels rather than one of many small buckets: the ends of all spans fit into the cache, so that neither a push
/// nor the spreading of a span waits for memory.
#[derive(Resource, Debug, Default)]
pub struct Agenda {
    /// The span whose entries lie in `slots`, counted from time 0. `spans` holds those after it.
    span: i64,
    /// Slots of the span below this one were opened.
    opened: usize,
    slots: Buckets<SLOTS>,
    spans: Buckets<SPANS>,
    /// The opened slot, sorted; of its entries the first `taken` are gone.
    current: Vec<Packed>,
    taken: usize,
    /// The memory of the span that was spread last.
    spare: Vec<Packed>,
    /// Entries pushed into slots that were already opened.
    late: BinaryHeap<Reverse<DueEntry>>,
    /// Entries more than 37 hours ahead when they were pushed, by turn.
    far: BTreeMap<i64, Vec<DueEntry>>,
    len: usize,
}

impl Agenda {
    /// Adds an entry.
    pub fn push(&mut self, entry: DueEntry) {
        self.len += 1;
        let span = span_of(entry.due);
        if span > self.span {
            if span - self.span <= SPANS as i64 {
                self.spans.put(on_wheel(span), pack(entry));
            } else {
                self.far.entry(entry.due.0 >> TURN_BITS).or_default().push(entry);
            }
            return;
        }
        let packed = pack(entry);
        let slot = slot_of(packed);
        if span < self.span || slot < self.opened {
            self.late.push(Reverse(entry));
        } else {
            self.slots.put(slot, packed);
        }
    }

    /// All entries that wait, cancelled ones included, in no promised order.
    #[must_use]
    pub fn entries(&self) -> Vec<DueEntry> {
        let mut entries = Vec::with_capacity(self.len);
        let here = self.current.iter().skip(self.taken).chain(self.slots.buckets.iter().flatten());
        entries.extend(here.map(|packed| unpack(*packed, self.span)));
        for span in (self.span + 1)..=(self.span + SPANS as i64) {
            entries.extend(self.spans.buckets[on_wheel(span)].iter().map(|packed| unpack(*packed, span)));
        }
        entries.extend(self.late.iter().map(|Reverse(entry)| *entry).chain(self.far.values().flatten().copied()));
        entries
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

    /// The earliest due instant that is not after `limit`. Only slots up to `limit` are opened, so entries that are
    /// pushed later still find theirs closed.
    pub fn next_due(&mut self, limit: GameTime) -> Option<GameTime> {
        self.open_until(limit)?;
        self.opened_due().filter(|due| *due <= limit)
    }

    /// Takes all entries due at exactly this instant, in order, into `batch` (which is cleared first).
    pub fn pop_at(&mut self, due: GameTime, batch: &mut Vec<DueEntry>) {
        batch.clear();
        while let Some(packed) = self.current.get(self.taken).filter(|e| due_of(**e, self.span) == due) {
            batch.push(unpack(*packed, self.span));
            self.taken += 1;
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
    /// one slot, or where nothing is due in the running span at all of the next one.
    #[must_use]
    pub fn peek(&self) -> Option<GameTime> {
        if let Some(due) = self.opened_due() {
            return Some(due);
        }
        let earliest = |bucket: &[Packed], span| bucket.iter().min().map(|e| due_of(*e, span));
        if let Some(slot) = self.slots.first_from(self.opened) {
            return earliest(&self.slots.buckets[slot], self.span);
        }
        let near = self.next_span();
        let far = self.turn_before(near).and_then(|turn| self.far[&turn].iter().map(|e| e.due).min());
        near.and_then(|span| earliest(&self.spans.buckets[on_wheel(span)], span)).into_iter().chain(far).min()
    }

    /// The earliest instant among the entries of opened slots.
    fn opened_due(&self) -> Option<GameTime> {
        let current = self.current.get(self.taken).map(|e| due_of(*e, self.span));
        match (current, self.late.peek()) {
            (Some(a), Some(Reverse(b))) => Some(a.min(b.due)),
            (None, Some(Reverse(b))) => Some(b.due),
            (a, None) => a,
        }
    }

    /// Opens slots until one holds an entry. None when the next entry lies after the slot of `limit`.
    fn open_until(&mut self, limit: GameTime) -> Option<()> {
        if self.taken < self.current.len() || !self.late.is_empty() {
            return Some(());
        }
        loop {
            if let Some(slot) = self.slots.first_from(self.opened) {
                if (self.span << (SPAN_BITS - SLOT_BITS)) + slot as i64 > limit.0 >> SLOT_BITS {
                    return None;
                }
                self.opened = slot + 1;
                self.taken = 0;
                self.current.clear();
                self.slots.take(slot, &mut self.current);
                self.current.sort_unstable();
                return Some(());
            }
            let near = self.next_span();
            // A turn that begins before that span may hold something nearer: its entries join the spans first.
            let turn = self.turn_before(near);
            let first = turn.map(first_span).or(near)?;
            if first > span_of(limit) {
                return None;
            }
            match turn {
                Some(turn) => self.enter(turn),
                None => self.spread(first),
            }
        }
    }

    /// Puts the entries of a turn into spans. Nothing else waits before it.
    fn enter(&mut self, turn: i64) {
        self.span = first_span(turn) - 1;
        self.opened = SLOTS;
        for entry in self.far.remove(&turn).unwrap_or_default() {
            self.spans.put(on_wheel(span_of(entry.due)), pack(entry));
        }
    }

    /// Puts the entries of a span into slots. Nothing else waits before it.
    fn spread(&mut self, span: i64) {
        self.span = span;
        self.opened = 0;
        self.spans.take(on_wheel(span), &mut self.spare);
        for packed in self.spare.drain(..) {
            self.slots.put(slot_of(packed), packed);
        }
    }

    /// The first span on the wheel that holds something.
    fn next_span(&self) -> Option<i64> {
        let after = self.span + 1;
        let from = on_wheel(after);
        let found = self.spans.first_from(from).or_else(|| self.spans.first_from(0))?;
        Some(after + (found.wrapping_sub(from) & (SPANS - 1)) as i64)
    }

    /// The first turn with a list of its own, if it begins no later than this span.
    fn turn_before(&self, span: Option<i64>) -> Option<i64> {
        self.far.keys().next().copied().filter(|turn| span.is_none_or(|span| first_span(*turn) <= span))
    }
}

fn span_of(due: GameTime) -> i64 {
    due.0 >> SPAN_BITS
}

fn first_span(turn: i64) -> i64 {
    turn << (TURN_BITS - SPAN_BITS)
}

/// Where on the wheel a span lies.
fn on_wheel(span: i64) -> usize {
    usize::try_from(span & (SPANS as i64 - 1)).unwrap_or(0)
}

/// An entry within its span as one number, which orders like the entry and takes two thirds of its room: 16 bits of
/// time, 16 of kind, 64 of owner, 32 of n.
type Packed = u128;

fn pack(entry: DueEntry) -> Packed {
    let within = Packed::from((entry.due.0 & ((1 << SPAN_BITS) - 1)).unsigned_abs());
    within << 112 | Packed::from(entry.kind) << 96 | Packed::from(entry.owner) << 32 | Packed::from(entry.n)
}

fn within(packed: Packed) -> u16 {
    u16::try_from(packed >> 112).unwrap_or(u16::MAX)
}

fn slot_of(packed: Packed) -> usize {
    usize::from(within(packed) >> SLOT_BITS)
}

fn due_of(packed: Packed, span: i64) -> GameTime {
    GameTime((span << SPAN_BITS) + i64::from(within(packed)))
}

#[expect(clippy::cast_possible_truncation, reason = "takes apart what `pack` put together")]
fn unpack(packed: Packed, span: i64) -> DueEntry {
    let (kind, owner, n) = ((packed >> 96) as u16, (packed >> 32) as u64, packed as u32);
    DueEntry { due: due_of(packed, span), kind, owner, n }
}

/// Lists of entries, and one bit for each that says whether it holds any.
#[derive(Debug)]
struct Buckets<const N: usize> {
    buckets: Vec<Vec<Packed>>,
    occupied: Vec<u64>,
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Self {
        Self { buckets: (0..N).map(|_| Vec::new()).collect(), occupied: vec![0; N.div_ceil(64)] }
    }
}

impl<const N: usize> Buckets<N> {
    fn put(&mut self, bucket: usize, packed: Packed) {
        self.buckets[bucket].push(packed);
        self.occupied[bucket >> 6] |= 1 << (bucket & 63);
    }

    /// Exchanges what the bucket holds for an empty list.
    fn take(&mut self, bucket: usize, list: &mut Vec<Packed>) {
        core::mem::swap(&mut self.buckets[bucket], list);
        self.occupied[bucket >> 6] &= !(1 << (bucket & 63));
    }

    /// The first bucket from this one on that holds something.
    fn first_from(&self, from: usize) -> Option<usize> {
        let mut word = from >> 6;
        let mut bits = self.occupied.get(word)? >> (from & 63) << (from & 63);
        while bits == 0 {
            word += 1;
            bits = *self.occupied.get(word)?;
        }
        Some(word << 6 | bits.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(due: i64, kind: u16, owner: u64) -> DueEntry {
        DueEntry { due: GameTime(due), kind, owner, n: 0 }
    }

    /// Within the running slot, the running span, on the wheel, and turns of it ahead.
    fn ahead() -> impl Strategy<Value = i64> {
        prop_oneof![0_i64..500, 0_i64..65_536, 0_i64..134_217_728, 0_i64..400_000_000]
    }

    proptest! {
        #[test]
        fn a_packed_entry_orders_like_the_entry(
            a in (-200_000_i64..200_000, any::<u16>(), any::<u64>(), any::<u32>()),
            b in (-200_000_i64..200_000, any::<u16>(), any::<u64>(), any::<u32>()),
        ) {
            let made = |(due, kind, owner, n)| DueEntry { due: GameTime(due), kind, owner, n };
            let (a, b) = (made(a), made(b));
            prop_assert_eq!(unpack(pack(a), span_of(a.due)), a);
            let (ka, kb) = ((span_of(a.due), pack(a)), (span_of(b.due), pack(b)));
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
                let mut entries = agenda.entries();
                entries.sort();
                prop_assert_eq!(&entries, &model);
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
