//! What the benches share: rounds taken in turn, so that a busy machine slows all sides alike, and one plain line for
//! each ratio.

#![allow(dead_code, reason = "no bench needs all of it")]

use std::time::Instant;

/// Random numbers that cost next to nothing (`SplitMix64`).
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`, for small n.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let scaled = (self.next() >> 32) * u64::from(n);
        u32::try_from(scaled >> 32).unwrap_or(0)
    }
}

/// How long a piece of work takes, in nanoseconds.
pub(crate) fn nanos(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e9
}

/// Lets all sides work in turn, round by round; the median of each side's nanoseconds.
pub(crate) fn in_turn<const N: usize>(rounds: usize, mut sides: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut taken: [Vec<f64>; N] = core::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (side, taken) in sides.iter_mut().zip(&mut taken) {
            taken.push(nanos(side));
        }
    }
    taken.map(|mut nanos| {
        nanos.sort_by(f64::total_cmp);
        nanos[nanos.len() / 2]
    })
}

/// One plain line: what was compared with what, and what it should be at most.
pub(crate) fn tell(what: &str, ratio: f64, at_most: f64) {
    let verdict = if ratio <= at_most { "reached" } else { "MISSED" };
    println!("ratio: {what}: {ratio:.5} (goal: at most {at_most}, {verdict})");
}
