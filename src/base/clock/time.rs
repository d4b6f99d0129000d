//! Instants, spans and the clock.

use bevy::prelude::{Reflect, Resource};
use chrono::{DateTime, TimeDelta, Utc};
use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since the campaign's epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct GameTime(pub i64);

/// A length of game time in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct GameSpan(pub i64);

impl GameSpan {
    /// This many milliseconds.
    #[must_use]
    pub const fn millis(n: i64) -> Self {
        Self(n)
    }
    /// This many seconds.
    #[must_use]
    pub const fn secs(n: i64) -> Self {
        Self(n.saturating_mul(1_000))
    }
    /// This many minutes.
    #[must_use]
    pub const fn mins(n: i64) -> Self {
        Self(n.saturating_mul(60_000))
    }
    /// This many hours.
    #[must_use]
    pub const fn hours(n: i64) -> Self {
        Self(n.saturating_mul(3_600_000))
    }
    /// This many days.
    #[must_use]
    pub const fn days(n: i64) -> Self {
        Self(n.saturating_mul(86_400_000))
    }
    /// In hours, for formulas and display.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    pub fn as_hours(self) -> f64 {
        self.0 as f64 / 3_600_000.0
    }
}

impl Add<GameSpan> for GameTime {
    type Output = Self;
    fn add(self, span: GameSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<GameSpan> for GameTime {
    fn add_assign(&mut self, span: GameSpan) {
        *self = *self + span;
    }
}

impl Sub<GameSpan> for GameTime {
    type Output = Self;
    fn sub(self, span: GameSpan) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for GameTime {
    type Output = GameSpan;
    fn sub(self, earlier: Self) -> GameSpan {
        GameSpan(self.0.saturating_sub(earlier.0))
    }
}

impl Add for GameSpan {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for GameSpan {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for GameSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, ms) = if self.0 < 0 { ("-", self.0.saturating_neg()) } else { ("", self.0) };
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        if ms == 0 { write!(f, "{sign}{h}:{m:02}:{s:02}") } else { write!(f, "{sign}{h}:{m:02}:{s:02}.{ms:03}") }
    }
}

impl fmt::Display for GameTime {
    /// Day (from 1) and time of day, as `day 3 07:15:00` with milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000;
        let (day, rest) = (self.0.div_euclid(DAY) + 1, self.0.rem_euclid(DAY));
        let (h, m, s, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
        write!(f, "day {day} {h:02}:{m:02}:{s:02}")?;
        if ms == 0 { Ok(()) } else { write!(f, ".{ms:03}") }
    }
}

/// Where the clock takes its game time from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect, Serialize, Deserialize)]
pub enum ClockMode {
    /// Game time is host time times `numerator / denominator`; 1/1 is real time.
    Scaled {
        /// Game seconds ...
        numerator: u64,
        /// ... per this many host seconds.
        denominator: u64,
    },
    /// Game time moves only by [`GameClock::advance`] and [`GameClock::advance_turn`]: turn-based games, servers
    /// that run as fast as they can, tests.
    Manual,
}

/// The campaign's clock. Set it up before the first update; `now` moves only while the campaign runs.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct GameClock {
    now: GameTime,
    goal: GameTime,
    nanos: u64,
    #[reflect(ignore)]
    epoch: DateTime<Utc>,
    /// Where game time comes from. Default: real time.
    pub mode: ClockMode,
    /// Stops the clock: no game time passes while it is set.
    pub paused: bool,
    /// The length of a turn for [`GameClock::advance_turn`]. Default: one hour.
    pub turn: GameSpan,
}

impl Default for GameClock {
    fn default() -> Self {
        Self {
            now: GameTime(0),
            goal: GameTime(0),
            nanos: 0,
            epoch: DateTime::UNIX_EPOCH + TimeDelta::days(20_454), // 2026-01-01
            mode: ClockMode::Scaled { numerator: 1, denominator: 1 },
            paused: false,
            turn: GameSpan::hours(1),
        }
    }
}

impl GameClock {
    /// A clock that moves only when told to.
    #[must_use]
    pub fn manual() -> Self {
        Self { mode: ClockMode::Manual, ..Self::default() }
    }

    /// The same clock with another date for game time 0.
    #[must_use]
    pub fn with_epoch(mut self, epoch: DateTime<Utc>) -> Self {
        self.epoch = epoch;
        self
    }

    /// The instant at which the campaign stands.
    #[must_use]
    pub fn now(&self) -> GameTime {
        self.now
    }

    /// The instant to which the next host updates will bring the campaign.
    #[must_use]
    pub fn goal(&self) -> GameTime {
        self.goal
    }

    /// The date of an instant, for logs and display.
    #[must_use]
    pub fn date(&self, at: GameTime) -> DateTime<Utc> {
        TimeDelta::try_milliseconds(at.0).and_then(|d| self.epoch.checked_add_signed(d)).unwrap_or(self.epoch)
    }

    /// Asks for this much more game time; the coming host updates run it, each at most its slice limit.
    pub fn advance(&mut self, span: GameSpan) {
        if span.0 > 0 && !self.paused {
            self.goal += span;
        }
    }

    /// Asks for one turn, see [`GameClock::turn`].
    pub fn advance_turn(&mut self) {
        self.advance(self.turn);
    }

    /// Adds a host frame of this length, by the mode. Nanoseconds are kept, so that frames of 1/64 s add up.
    pub(crate) fn add_host_time(&mut self, delta: Duration) {
        let ClockMode::Scaled { numerator, denominator } = self.mode else {
            return;
        };
        if self.paused || denominator == 0 {
            return;
        }
        let scaled = delta.as_nanos() * u128::from(numerator) + u128::from(self.nanos);
        // The remainder is kept in units of 1/denominator nanoseconds.
        let step = 1_000_000 * u128::from(denominator);
        self.goal += GameSpan(i64::try_from(scaled / step).unwrap_or(i64::MAX));
        self.nanos = u64::try_from(scaled % step).unwrap_or(0);
    }

    /// What a save keeps of it: now, goal, the nanoseconds left over, and the date of game time 0. Mode, pause and the
    /// length of a turn are the host's.
    pub(crate) fn place(&self) -> (GameTime, GameTime, u64, DateTime<Utc>) {
        (self.now, self.goal, self.nanos, self.epoch)
    }

    /// Puts the clock where a save says that it was.
    pub(crate) fn set_place(&mut self, now: GameTime, goal: GameTime, nanos: u64, epoch: DateTime<Utc>) {
        (self.now, self.goal, self.nanos, self.epoch) = (now, goal.max(now), nanos, epoch);
    }

    pub(crate) fn set_now(&mut self, now: GameTime) {
        debug_assert!(now >= self.now, "the clock never runs backwards");
        self.now = now;
    }
}
