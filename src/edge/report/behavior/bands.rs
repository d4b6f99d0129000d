//! Between which values a campaign is believable.

use super::Behavior;
use super::metrics::Metric;
use core::fmt;
use serde::{Deserialize, Serialize};

/// For how long a campaign was played: bands differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Horizon {
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Horizon {
    /// The horizon whose bands hold for so many days: up to 14 the week's.
    #[must_use]
    pub fn of_days(days: f64) -> Self {
        if days <= 14.0 { Self::Week } else { Self::Month }
    }
}

/// From where to where a value may lie, both included; an open end is infinite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Range {
    /// No less than this.
    pub low: f64,
    /// No more than this.
    pub high: f64,
}

impl Range {
    /// Whether a value lies in it.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => write!(f, "{} to {}", self.low, self.high),
            (true, false) => write!(f, "{} or more", self.low),
            (false, true) => write!(f, "{} or less", self.high),
            (false, false) => f.write_str("anything"),
        }
    }
}

/// Where a metric of a believable campaign lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Band {
    /// Which metric.
    pub metric: Metric,
    /// After 7 days; `None`: a week says nothing of it.
    pub week: Option<Range>,
    /// After 30 days; `None`: the same.
    pub month: Option<Range>,
    /// What a value outside gives away.
    pub detects: &'static str,
}

impl Band {
    /// The band for so long a campaign.
    #[must_use]
    pub fn at(&self, horizon: Horizon) -> Option<Range> {
        match horizon {
            Horizon::Week => self.week,
            Horizon::Month => self.month,
        }
    }

    /// The band of a metric, if it has one.
    #[must_use]
    pub fn of(metric: Metric) -> Option<&'static Self> {
        BANDS.iter().find(|band| band.metric == metric)
    }
}

impl Behavior {
    /// The bands of this horizon that a value lies outside of. What has no value breaks none.
    #[must_use]
    pub fn broken(&self, horizon: Horizon) -> Vec<&'static Band> {
        let breaks =
            |band: &&Band| band.at(horizon).zip(self.of(band.metric)).is_some_and(|(range, v)| !range.holds(v));
        BANDS.iter().filter(breaks).collect()
    }
}

const fn range(low: f64, high: f64) -> Option<Range> {
    Some(Range { low, high })
}

const fn band(metric: Metric, week: Option<Range>, month: Option<Range>, detects: &'static str) -> Band {
    Band { metric, week, month, detects }
}

const fn same(metric: Metric, low: f64, high: f64, detects: &'static str) -> Band {
    band(metric, range(low, high), range(low, high), detects)
}

/// No end.
const OPEN: f64 = f64::INFINITY;

/// All bands.
pub const BANDS: &[Band] = &[
    same(Metric::Passed, 0.35, 0.75, "yes-men, deadlock"),
    same(Metric::Rejecting, 0.12, 0.40, "herd"),
    same(Metric::Abstaining, 0.05, 0.25, "herd"),
    same(Metric::Agreement, 0.55, 0.85, "clones"),
    same(Metric::Conditional, 0.05, 0.25, "decoration"),
    same(Metric::ConditionsMet, 0.4, 0.9, "decoration"),
    band(Metric::GoalMetActive, range(0.45, 0.80), range(0.40, 0.75), "omniscience, suicide"),
    same(Metric::OldIntelGap, 0.10, OPEN, "intel unused"),
    same(Metric::LossShareMedian, 0.10, 0.40, "thin margins"),
    same(Metric::LossShareNineTenths, -OPEN, 0.75, "thin margins"),
    band(Metric::KillRatio, range(0.8, 2.5), range(0.8, 2.0), "suicide, farming"),
    band(Metric::HammerRestDays, range(2.5, 6.0), range(3.0, 7.0), "spam, sleep"),
    same(Metric::OffenseAway, 0.1, 0.3, "stripped homes"),
    same(Metric::OffenseAwayMax, -OPEN, 0.7, "stripped homes"),
    same(Metric::LostWhileAway, -OPEN, 0.35, "stripped homes"),
    band(Metric::WinEstimateOff, range(-0.10, 0.10), range(-0.07, 0.07), "bad estimates"),
    band(Metric::AttackGini, range(0.25, 0.60), range(0.25, 0.55), "everyone on one"),
    band(Metric::WarsOnOne, range(-OPEN, 0.40), range(-OPEN, 0.35), "everyone on one"),
    same(Metric::Bullying, -OPEN, 0.20, "bullying"),
    band(Metric::OnPassive, range(-OPEN, 0.35), range(-OPEN, 0.30), "farming"),
    band(Metric::WarDays, None, range(4.0, 12.0), "endless war"),
    band(Metric::WarsOpen, None, range(-OPEN, 0.5), "endless war"),
    same(Metric::Answered, 0.5, 0.9, "paralysis"),
    same(Metric::ReliefInTime, 0.85, OPEN, "ping-pong"),
    same(Metric::ReliefUnused, -OPEN, 0.45, "ping-pong"),
    same(Metric::ReliefPingPong, -OPEN, 0.05, "ping-pong"),
    same(Metric::ReliefToFakes, 0.15, 0.50, "fakes that fool all or none"),
    band(Metric::ArmyEnd, range(0.6, OPEN), range(0.7, 1.6), "no rebuilding"),
    band(Metric::ArmyLowest, None, range(0.35, OPEN), "no rebuilding"),
    band(Metric::Starved, range(-OPEN, 0.02), range(-OPEN, 0.03), "wrong upkeep"),
    same(Metric::ScoutsLost, -OPEN, 0.25, "wasted scouts"),
    same(Metric::ReportsCited, 0.30, OPEN, "wasted scouts"),
    same(Metric::SessionsProposing, 0.05, 0.30, "mute, chatty"),
    band(Metric::RankChange, None, range(0.1, 0.5), "frozen world"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_value_breaks_its_band_outside_of_both_ends_alone() {
        let of = |value| Behavior { values: BTreeMap::from([(Metric::Passed, value)]) };
        let broken = |value| of(value).broken(Horizon::Week).len();
        assert_eq!([Some(0.34), Some(0.35), Some(0.75), Some(0.76), None].map(broken), [1, 0, 0, 1, 0]);
    }

    #[test]
    fn each_metric_has_one_band_at_most_and_each_band_a_horizon() {
        for band in BANDS {
            assert_eq!(BANDS.iter().filter(|other| other.metric == band.metric).count(), 1, "{}", band.metric.key());
            assert!(band.month.is_some());
            assert!([band.week, band.month].into_iter().flatten().all(|r| r.low < r.high));
        }
        assert_eq!(Band::of(Metric::WarDays).and_then(|b| b.at(Horizon::of_days(7.0))), None);
        assert!(Band::of(Metric::GoalMet).is_none());
    }
}
