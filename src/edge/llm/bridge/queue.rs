//! What waits to be sent: the most urgent first, equal prompts as one call, and never more than a limit.

use super::request::Completion;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

/// The order of sending: lower priority, lower id, earlier arrival.
type Rank = (u8, u64, u64);

/// One request: who waits for the end of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asker<T> {
    /// Lower is sent first.
    pub priority: u8,
    /// Ties of priority go by it.
    pub id: u64,
    /// It is no longer waited for from this moment on.
    pub deadline: Duration,
    /// It joined the call of another.
    pub coalesced: bool,
    /// What answers it.
    pub ticket: T,
}

/// A call that was not sent yet, with all who wait for it; there is at least one.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting<T> {
    /// The prompt; see [`Completion::prompt_key`].
    pub key: Rc<str>,
    /// The first request with this prompt.
    pub completion: Completion,
    /// Who asked it, with the order of arrival.
    pub askers: Vec<Asker<T>>,
    ranks: Vec<Rank>,
}

/// Calls that wait.
#[derive(Debug)]
pub struct Queue<T> {
    askers_max: usize,
    calls: BTreeMap<u64, Waiting<T>>,
    by_key: BTreeMap<Rc<str>, u64>,
    order: BTreeMap<Rank, u64>,
    /// Whose patience ends when, so that nobody looks at all of them to find out.
    deadlines: BTreeSet<(Duration, Rank, u64)>,
    arrivals: u64,
}

impl<T> Queue<T> {
    /// An empty one that holds so many askers.
    #[must_use]
    pub fn new(askers_max: usize) -> Self {
        Self {
            askers_max,
            calls: BTreeMap::new(),
            by_key: BTreeMap::new(),
            order: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            arrivals: 0,
        }
    }

    /// How many askers wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Lets one wait, with others that ask the same where there are any. Of a full queue the last in order is turned
    /// away and given back: it may be the new one.
    #[must_use]
    pub fn push(&mut self, key: Rc<str>, completion: Completion, mut asker: Asker<T>) -> Option<Asker<T>> {
        let rank = (asker.priority, asker.id, self.arrivals);
        self.arrivals += 1;
        let mut turned_away = None;
        if self.order.len() >= self.askers_max {
            match self.order.last_key_value().map(|(last, call)| (*last, *call)) {
                Some((last, call)) if rank < last => turned_away = self.remove(last, call),
                _ => return Some(asker),
            }
        }
        let joined = self.by_key.get(&key).copied();
        let call = joined.unwrap_or(self.arrivals);
        asker.coalesced = joined.is_some();
        self.order.insert(rank, call);
        self.deadlines.insert((asker.deadline, rank, call));
        let waiting = self.calls.entry(call).or_insert_with(|| {
            self.by_key.insert(key.clone(), call);
            Waiting { key, completion, askers: Vec::new(), ranks: Vec::new() }
        });
        waiting.askers.push(asker);
        waiting.ranks.push(rank);
        turned_away
    }

    /// What is sent next.
    #[must_use]
    pub fn peek(&self) -> Option<&Completion> {
        let (_, call) = self.order.first_key_value()?;
        self.calls.get(call).map(|waiting| &waiting.completion)
    }

    /// Takes what is sent next.
    pub fn pop(&mut self) -> Option<Waiting<T>> {
        let call = *self.order.first_key_value()?.1;
        let waiting = self.calls.remove(&call)?;
        self.by_key.remove(&waiting.key);
        for (asker, rank) in waiting.askers.iter().zip(&waiting.ranks) {
            self.order.remove(rank);
            self.deadlines.remove(&(asker.deadline, *rank, call));
        }
        Some(waiting)
    }

    /// Takes whoever no longer waits at this moment.
    #[must_use]
    pub fn expire(&mut self, now: Duration) -> Vec<Asker<T>> {
        let mut gone = Vec::new();
        while let Some((_, rank, call)) = self.deadlines.first().copied().filter(|(deadline, ..)| *deadline <= now) {
            self.deadlines.pop_first();
            gone.push((rank, call));
        }
        gone.sort_unstable();
        gone.into_iter().filter_map(|(rank, call)| self.remove(rank, call)).collect()
    }

    /// When the next one no longer waits.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, ..)| *deadline)
    }

    /// Removes one asker, and its call if nobody else waits for that.
    fn remove(&mut self, rank: Rank, call: u64) -> Option<Asker<T>> {
        self.order.remove(&rank)?;
        let waiting = self.calls.get_mut(&call)?;
        let at = waiting.ranks.iter().position(|other| *other == rank)?;
        waiting.ranks.remove(at);
        let asker = waiting.askers.remove(at);
        self.deadlines.remove(&(asker.deadline, rank, call));
        if waiting.askers.is_empty()
            && let Some(waiting) = self.calls.remove(&call)
        {
            self.by_key.remove(&waiting.key);
        }
        Some(asker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn completion(prompt: &str) -> Completion {
        Completion {
            id: 0,
            day: 0,
            priority: 0,
            system: Vec::new().into(),
            user: prompt.to_owned(),
            schema_name: String::new(),
            schema: Value::Null,
            max_tokens: 1,
            patience: Duration::ZERO,
        }
    }

    /// Pushes a request; gives the id of who was turned away.
    fn push(queue: &mut Queue<()>, prompt: &str, priority: u8, id: u64) -> Option<u64> {
        push_until(queue, prompt, priority, id, 1_000)
    }

    fn push_until(queue: &mut Queue<()>, prompt: &str, priority: u8, id: u64, until_ms: u64) -> Option<u64> {
        let deadline = Duration::from_millis(until_ms);
        let asker = Asker { priority, id, deadline, coalesced: false, ticket: () };
        queue.push(prompt.into(), completion(prompt), asker).map(|asker| asker.id)
    }

    fn drained(queue: &mut Queue<()>) -> Vec<(String, Vec<u64>)> {
        let calls = std::iter::from_fn(|| queue.pop());
        let drained = calls.map(|w| (w.completion.user, w.askers.iter().map(|a| a.id).collect())).collect();
        assert!(queue.is_empty() && queue.calls.is_empty() && queue.by_key.is_empty() && queue.deadlines.is_empty());
        drained
    }

    #[test]
    fn the_most_urgent_is_first_and_ties_go_by_id() {
        let mut queue = Queue::new(10);
        for (prompt, priority, id) in [("d", 2, 1), ("b", 1, 9), ("a", 1, 3), ("c", 2, 0)] {
            assert_eq!(push(&mut queue, prompt, priority, id), None);
        }
        assert_eq!(queue.peek().map(|c| c.user.as_str()), Some("a"));
        let order: Vec<String> = drained(&mut queue).into_iter().map(|(prompt, _)| prompt).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
    }

    #[test]
    fn equal_prompts_are_one_call_with_the_rank_of_the_most_urgent() {
        let mut queue = Queue::new(10);
        push(&mut queue, "slow", 5, 1);
        push(&mut queue, "other", 3, 2);
        push(&mut queue, "slow", 0, 3);
        let waiting = queue.calls.values().next().expect("waits");
        assert_eq!(waiting.askers.iter().map(|a| a.coalesced).collect::<Vec<_>>(), [false, true]);
        assert_eq!(drained(&mut queue), [("slow".to_owned(), vec![1, 3]), ("other".to_owned(), vec![2])]);
    }

    #[test]
    fn a_full_queue_turns_the_last_away() {
        let mut queue = Queue::new(2);
        assert_eq!(push(&mut queue, "a", 1, 1), None);
        assert_eq!(push(&mut queue, "b", 2, 2), None);
        assert_eq!(push(&mut queue, "c", 2, 3), Some(3), "the new one is the last");
        assert_eq!(push(&mut queue, "d", 0, 4), Some(2));
        assert_eq!(push(&mut queue, "d", 0, 5), Some(1), "who joins a call takes a place as well");
        assert_eq!(drained(&mut queue), [("d".to_owned(), vec![4, 5])]);
    }

    #[test]
    fn a_full_queue_may_turn_away_the_call_that_is_joined() {
        let mut queue = Queue::new(1);
        assert_eq!(push(&mut queue, "a", 5, 1), None);
        assert_eq!(push(&mut queue, "a", 1, 2), Some(1));
        assert_eq!(drained(&mut queue), [("a".to_owned(), vec![2])]);
    }

    #[test]
    fn who_waited_long_enough_is_taken_out_alone() {
        let mut queue = Queue::new(10);
        push_until(&mut queue, "a", 0, 1, 10);
        push_until(&mut queue, "a", 0, 2, 30);
        push_until(&mut queue, "b", 0, 3, 20);
        assert_eq!(queue.next_deadline(), Some(Duration::from_millis(10)));
        let gone = queue.expire(Duration::from_millis(20));
        assert_eq!(gone.iter().map(|a| a.id).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(queue.len(), 1);
        assert_eq!(drained(&mut queue), [("a".to_owned(), vec![2])]);
    }

    proptest! {
        #[test]
        fn each_request_comes_out_once(
            room in 1_usize..6,
            steps in proptest::collection::vec((0_u8..10, 0_u8..4, 0_u8..3, 1_u64..50), 1..80),
        ) {
            let mut queue = Queue::new(room);
            let (mut came, mut left) = (0, Vec::new());
            for (at, (what, prompt, priority, wait)) in steps.into_iter().enumerate() {
                let now = at as u64;
                match what {
                    0..7 => {
                        came += 1;
                        left.extend(push_until(&mut queue, &prompt.to_string(), priority, now, now + wait));
                    }
                    7..9 => left.extend(queue.pop().into_iter().flat_map(|w| w.askers).map(|asker| asker.id)),
                    _ => left.extend(queue.expire(Duration::from_millis(now)).into_iter().map(|asker| asker.id)),
                }
                prop_assert!(queue.len() <= room);
                prop_assert_eq!(queue.calls.len(), queue.by_key.len());
                prop_assert_eq!(queue.calls.values().map(|w| w.askers.len()).sum::<usize>(), queue.len());
            }
            left.extend(drained(&mut queue).into_iter().flat_map(|(_, ids)| ids));
            let count = left.len();
            left.sort_unstable();
            left.dedup();
            prop_assert_eq!((left.len(), count), (came, came));
        }
    }
}
