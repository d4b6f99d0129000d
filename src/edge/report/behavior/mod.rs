//! How believable a campaign is: metrics of behavior, and the bands in which they are believable.
//!
//! `Course` follows the outward facts and looks at armies every three hours; [`Samples`] are the raw numbers of
//! each [`Metric`], [`Behavior`] their values, and [`BANDS`] say where these should lie. `docs/behavior.md`, "Bands", has what each
//! metric counts.
//!
//! What is *not* here: any effect. No decision reads a metric, and the state of a campaign does not hold one.

mod bands;
mod course;
mod follow;
mod measure;
mod metrics;
mod samples;
#[cfg(test)]
mod tests;

pub use bands::{BANDS, Band, Horizon, Range};
pub use metrics::{Fold, GAP_CASES, Metric};
pub use samples::{Sample, Samples};

pub(super) use course::Course;

use super::tally::CampaignTally;
use crate::base::id::AllianceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The values of all metrics. A metric without cases has no value: [`Metric::counted_over`] says what is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Behavior {
    /// By metric.
    pub values: BTreeMap<Metric, Option<f64>>,
}

impl Behavior {
    /// The values of these samples.
    #[must_use]
    pub fn of_samples(samples: &Samples) -> Self {
        Self { values: Metric::ALL.iter().map(|metric| (*metric, samples.value(*metric))).collect() }
    }

    /// The value of a metric.
    #[must_use]
    pub fn of(&self, metric: Metric) -> Option<f64> {
        self.values.get(&metric).copied().flatten()
    }
}

impl CampaignTally {
    /// How the alliances that deliberate behaved so far.
    #[must_use]
    pub fn behavior(&self) -> Behavior {
        Behavior::of_samples(&self.samples(None))
    }

    /// The raw numbers behind the metrics of behavior: of all, or of what one alliance did and suffered.
    #[must_use]
    pub fn samples(&self, of: Option<AllianceId>) -> Samples {
        let mut samples = self.course.samples(of, &self.directory.active);
        for (_, cited) in self.looks.iter().filter(|((a, ..), _)| of.is_none_or(|of| of == *a)) {
            samples.note(Metric::ReportsCited, f64::from(u8::from(*cited)), 1.0);
        }
        samples
    }
}
