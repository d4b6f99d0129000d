//! Paired comparisons of two arms over the same seeds, with intervals by resampling.

use bevy_alliance::base::rng::{Purpose, Stream};
use serde::Serialize;

const RESAMPLES: usize = 2_000;

/// Two arms over the seeds in which both have a value.
#[derive(Serialize, Clone, Copy, Debug)]
pub(crate) struct Paired {
    pub(crate) seeds: usize,
    /// Mean of the first arm.
    pub(crate) first: f64,
    /// Mean of the second arm.
    pub(crate) second: f64,
    /// Mean of first - second, and its 95% interval, for which one world is not enough.
    pub(crate) difference: f64,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// Seeds in which the first arm is better, equal and worse.
    pub(crate) better: usize,
    pub(crate) equal: usize,
    pub(crate) worse: usize,
}

/// Compares (first, second) of each seed; `index` tells the resamples of several measures apart. None without values.
pub(crate) fn compare(index: u64, more_is_better: bool, values: &[(f64, f64)]) -> Option<Paired> {
    if values.is_empty() {
        return None;
    }
    let differences: Vec<f64> = values.iter().map(|(a, b)| a - b).collect();
    let between = interval(&differences, (index, 0), RESAMPLES, |drawn| mean(drawn.iter().copied()));
    let sign = if more_is_better { 1.0 } else { -1.0 };
    let better = differences.iter().filter(|d| **d * sign > 1e-9).count();
    let worse = differences.iter().filter(|d| **d * sign < -1e-9).count();
    Some(Paired {
        seeds: values.len(),
        first: mean(values.iter().map(|v| v.0)),
        second: mean(values.iter().map(|v| v.1)),
        difference: mean(differences.iter().copied()),
        low: between.map(|b| b.0),
        high: between.map(|b| b.1),
        better,
        equal: values.len() - better - worse,
        worse,
    })
}

impl Paired {
    /// The interval in words.
    pub(crate) fn say_interval(&self, digits: usize) -> String {
        say_interval(self.low.zip(self.high), digits)
    }
}

/// An interval in words.
pub(crate) fn say_interval(between: Option<(f64, f64)>, digits: usize) -> String {
    match between {
        Some((low, high)) => format!("[{low:+.digits$}, {high:+.digits$}]"),
        None => "needs 2 worlds or more".to_owned(),
    }
}

/// The middle 95% of what `value` makes of so many resamples of the items; index and counter tell the resamples of several
/// measures apart. None of fewer than two items: what is drawn from one is always that one.
pub(crate) fn interval<T: Copy>(
    items: &[T],
    (index, counter): (u64, u64),
    resamples: usize,
    value: impl Fn(&[T]) -> f64,
) -> Option<(f64, f64)> {
    if items.len() < 2 {
        return None;
    }
    let mut stream = Stream::new(1, index, Purpose::EXAMPLE, counter);
    let mut values: Vec<f64> = (0..resamples)
        .map(|_| value(&(0..items.len()).filter_map(|_| stream.pick(items).copied()).collect::<Vec<T>>()))
        .collect();
    values.sort_by(f64::total_cmp);
    Some((values[resamples * 25 / 1_000], values[resamples * 975 / 1_000 - 1]))
}

pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "goods of one campaign, far below 2^53")]
pub(crate) fn goods(amount: i64) -> f64 {
    amount as f64
}
