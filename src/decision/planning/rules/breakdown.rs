//! A sum of weighted inputs that can say why it came out as it did.

use crate::base::contract::{Reason, Term};

/// Collects the terms of a score. An input that is not known, or not a finite number, is listed as absent and adds
/// nothing; it is never taken for 0.
#[derive(Clone, Debug, Default)]
pub struct Breakdown {
    reason: Reason,
}

impl Breakdown {
    /// Adds `weight` times `input`.
    #[must_use]
    pub fn with(mut self, name: &str, weight: f64, input: Option<f64>) -> Self {
        let input = input.filter(|x| x.is_finite());
        // Adding 0.0 turns a negative zero into a plain one: it would be shown as "-0".
        let input = input.map(|x| x + 0.0);
        let added = input.map_or(0.0, |x| weight * x);
        self.reason.score += added;
        self.reason.terms.push(Term { name: name.to_owned(), input, added });
        self
    }

    /// The score with its terms.
    #[must_use]
    pub fn finish(self) -> Reason {
        self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_not_zero() {
        let reason = Breakdown::default()
            .with("known", 0.5, Some(0.4))
            .with("unknown", 9.0, None)
            .with("broken", 9.0, Some(f64::NAN))
            .with("zero", 9.0, Some(0.0))
            .finish();
        assert!((reason.score - 0.2).abs() < 1e-12);
        let inputs: Vec<Option<f64>> = reason.terms.iter().map(|t| t.input).collect();
        assert_eq!(inputs, [Some(0.4), None, None, Some(0.0)]);
    }
}
