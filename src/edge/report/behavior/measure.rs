//! How a value comes of its samples: pure.

use super::super::intel::median;
use super::metrics::{Fold, GAP_CASES};
use super::samples::Sample;

/// The value of samples by a fold; `None` where there is nothing to tell it by. What a gap needs of two metrics stands in
/// [`gap`].
pub(super) fn fold(fold: Fold, samples: &[Sample]) -> Option<f64> {
    match fold {
        Fold::Ratio => ratio(samples),
        Fold::Median => median(shares(samples).collect()),
        Fold::NineTenths => nine_tenths(shares(samples).collect()),
        Fold::Largest => shares(samples).reduce(f64::max),
        Fold::Least => shares(samples).reduce(f64::min),
        Fold::Gini => gini(samples.iter().map(|s| s.part).collect()),
        Fold::Top => {
            let all: f64 = samples.iter().map(|s| s.part).sum();
            samples.iter().map(|s| s.part).reduce(f64::max).filter(|_| all > 0.0).map(|most| most / all)
        }
        Fold::Reordering => reordering(samples),
        Fold::Gap(..) => None,
    }
}

/// The difference of two shares, each of enough cases.
pub(super) fn gap(first: &[Sample], second: &[Sample]) -> Option<f64> {
    let enough = |samples: &[Sample]| samples.iter().map(|s| s.whole).sum::<f64>() >= GAP_CASES;
    if !enough(first) || !enough(second) {
        return None;
    }
    Some(ratio(first)? - ratio(second)?)
}

fn ratio(samples: &[Sample]) -> Option<f64> {
    let whole: f64 = samples.iter().map(|s| s.whole).sum();
    (whole > 0.0).then(|| samples.iter().map(|s| s.part).sum::<f64>() / whole)
}

/// Part / whole of each that has a whole.
fn shares(samples: &[Sample]) -> impl Iterator<Item = f64> + '_ {
    samples.iter().filter(|s| s.whole > 0.0).map(|s| s.part / s.whole)
}

/// The least value that nine of ten are at most.
fn nine_tenths(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * 9).div_ceil(10).checked_sub(1)?;
    values.get(at).copied()
}

/// Over all pairs the mean difference, over twice the mean.
fn gini(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (n, sum) = (values.len() as f64, values.iter().sum::<f64>());
    let weighted: f64 = values.iter().enumerate().map(|(i, v)| (2.0 * (i as f64 + 1.0) - n - 1.0) * v).sum();
    (sum > 0.0 && values.len() > 1).then(|| weighted / (n * sum))
}

fn reordering(samples: &[Sample]) -> Option<f64> {
    let (mut in_order, mut pairs) = (0.0, 0.0);
    for (i, one) in samples.iter().enumerate() {
        for other in &samples[i + 1..] {
            let product = (one.part - other.part) * (one.whole - other.whole);
            pairs += 1.0;
            in_order += if product > 0.0 {
                1.0
            } else if product < 0.0 {
                -1.0
            } else {
                0.0
            };
        }
    }
    (pairs > 0.0).then(|| 1.0 - in_order / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(how: Fold, samples: &[(f64, f64)]) -> Option<f64> {
        let samples: Vec<Sample> = samples.iter().map(|(part, whole)| Sample { part: *part, whole: *whole }).collect();
        fold(how, &samples)
    }

    fn is(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|f| (f - expected).abs() < 1e-12), "{found:?} is not {expected}");
    }

    #[test]
    fn a_ratio_weighs_each_sample_by_its_whole() {
        is(value(Fold::Ratio, &[(1.0, 1.0), (0.0, 3.0)]), 0.25);
        assert_eq!(value(Fold::Ratio, &[]), None);
        assert_eq!(value(Fold::Ratio, &[(1.0, 0.0)]), None, "kills without a loss are no ratio");
    }

    #[test]
    fn order_statistics() {
        let tenths: Vec<(f64, f64)> = (1..=10).map(|n| (f64::from(n), 10.0)).collect();
        is(value(Fold::Median, &tenths), 0.55);
        is(value(Fold::NineTenths, &tenths), 0.9);
        is(value(Fold::NineTenths, &tenths[..1]), 0.1);
        is(value(Fold::Largest, &tenths), 1.0);
        is(value(Fold::Least, &tenths), 0.1);
        for how in [Fold::Median, Fold::NineTenths, Fold::Largest, Fold::Least] {
            assert_eq!(value(how, &[(3.0, 0.0)]), None, "a part of nothing");
        }
    }

    #[test]
    fn how_unequal() {
        let of = |parts: &[f64]| value(Fold::Gini, &parts.iter().map(|p| (*p, 1.0)).collect::<Vec<_>>());
        is(of(&[5.0, 5.0, 5.0]), 0.0);
        // One of four has all: (n - 1) / n.
        is(of(&[0.0, 8.0, 0.0, 0.0]), 0.75);
        // Pairs 1-3, 1-1, 1-3 in all ways: mean difference 8/9 over twice 5/3.
        is(of(&[1.0, 3.0, 1.0]), 4.0 / 15.0);
        assert_eq!(of(&[0.0, 0.0]), None);
        is(value(Fold::Top, &[(1.0, 1.0), (2.0, 1.0), (1.0, 1.0)]), 0.5);
        assert_eq!(value(Fold::Top, &[(0.0, 1.0)]), None);
    }

    #[test]
    fn an_order_that_stays_is_0_and_one_that_turns_around_2() {
        is(value(Fold::Reordering, &[(3.0, 30.0), (2.0, 20.0), (1.0, 10.0)]), 0.0);
        is(value(Fold::Reordering, &[(3.0, 10.0), (2.0, 20.0), (1.0, 30.0)]), 2.0);
        // One of three pairs changed places: tau is 1/3.
        is(value(Fold::Reordering, &[(3.0, 20.0), (2.0, 30.0), (1.0, 10.0)]), 2.0 / 3.0);
        // Two that ended are equal at the end: that pair says nothing.
        is(value(Fold::Reordering, &[(3.0, 9.0), (2.0, 0.0), (1.0, 0.0)]), 1.0 / 3.0);
        assert_eq!(value(Fold::Reordering, &[(1.0, 1.0)]), None);
    }

    #[test]
    fn a_gap_needs_enough_on_either_side() {
        let of = |part: f64, whole: f64| [Sample { part, whole }];
        is(gap(&of(4.0, 5.0), &of(3.0, 6.0)), 0.3);
        assert_eq!(gap(&of(4.0, 5.0), &of(3.0, 4.0)), None);
        assert_eq!(gap(&of(4.0, 4.0), &of(3.0, 6.0)), None);
    }
}
