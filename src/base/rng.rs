//! Random streams that do not depend on the order in which anyone draws.
//!
//! Each stream is a `ChaCha8` generator seeded with its own key: (world seed, actor, purpose, counter). Two actors
//! never share a stream, so the order of systems and actors cannot change what either draws. The sampling functions
//! are our own, because those of libraries change between versions; `tests/determinism.rs` pins a vector.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers for one purpose of one actor.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

/// What a stream is for: part of its key. A game's own purposes start at 1000.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Purpose(pub u64);

impl Purpose {
    /// Traits, taste and rhythm of a member.
    pub const PERSONALITY: Self = Self(1);
    /// Account roles of the default world.
    pub const ROLE: Self = Self(2);
    /// Garrisons, stores and buildings of the default world.
    pub const GARRISON: Self = Self(3);
    /// The map of the synthetic generator.
    pub const GENERATOR: Self = Self(4);
    /// How long a member thinks before it answers.
    pub const THINKING: Self = Self(5);
    /// When an alliance's councils meet.
    pub const STAGGER: Self = Self(6);
    /// Local search of the allocation.
    pub const ALLOCATION: Self = Self(7);
    /// Names of the synthetic generator.
    pub const NAMES: Self = Self(8);
    /// What a member makes of a proposal beside all that is known of it.
    pub const OPINION: Self = Self(9);
    /// Whether a player is elsewhere when something comes about.
    pub const ABSENCE: Self = Self(10);
    /// How long before a hit troops leave that dodge it.
    pub const DEFENSE: Self = Self(70);
    /// Whether a member sends what it was ordered to.
    pub const NO_SHOW: Self = Self(60);
    /// How much of a site's loyalty a chief takes.
    pub const LOYALTY: Self = Self(80);
    /// Which sites an alliance looks at, where chance decides.
    pub const SCOUTING: Self = Self(90);
    /// Where an alliance looks so that others do not see where it means to strike.
    pub const DECOYS: Self = Self(91);
    /// What alliances get wrong below the highest difficulty.
    pub const MISTAKES: Self = Self(110);
    /// For tests and examples.
    pub const EXAMPLE: Self = Self(999);
}

impl Stream {
    /// The stream of `actor` for `purpose`; `counter` tells repeated uses apart.
    ///
    /// ```
    /// use bevy_alliance::base::rng::{Purpose, Stream};
    /// let mut a = Stream::new(7, 42, Purpose::EXAMPLE, 0);
    /// let mut b = Stream::new(7, 42, Purpose::EXAMPLE, 0);
    /// assert_eq!(a.next(), b.next());
    /// assert_ne!(a.next(), Stream::new(7, 43, Purpose::EXAMPLE, 0).next());
    /// ```
    #[must_use]
    pub fn new(seed: u64, actor: u64, purpose: Purpose, counter: u64) -> Self {
        let mut key = [0_u8; 32];
        for (slot, part) in key.chunks_exact_mut(8).zip([seed, actor, purpose.0, counter]) {
            slot.copy_from_slice(&part.to_le_bytes());
        }
        Self { generator: ChaCha8Rng::from_seed(key) }
    }

    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "an endless stream, not an iterator with an end")]
    pub fn next(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number in `0..n`, each as likely (0 when `n` is 0): the high half of a 128-bit product.
    pub fn below(&mut self, n: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(n)) >> 64).unwrap_or(0)
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// A number in `0.0..1.0` with 53 bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A number in `low..high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whether an event of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Normal with this mean and deviation: Box and Muller's transform, one value of each pair.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        mean + deviation * radius * libm::cos(core::f64::consts::TAU * self.unit())
    }

    /// One of the items, each as likely; none when there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let i = self.below(items.len() as u64);
        items.get(usize::try_from(i).unwrap_or(0))
    }

    /// Which of the weights is drawn, by its share of their sum. Negative weights count as 0.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().map(|w| w.max(0.0)).sum();
        let mut left = self.unit() * total;
        for (i, w) in weights.iter().enumerate() {
            left -= w.max(0.0);
            if left < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }
}
