//! Wall time: the only place of this feature that reads it.

use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};

/// Longer than anything here waits.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// This moment, on the clock that never goes back.
#[expect(clippy::disallowed_methods, reason = "the edge runs on wall time, and nothing of it enters the simulation")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// This moment, on the clock of calendars.
pub(crate) fn utc_now() -> DateTime<Utc> {
    Utc::now()
}
