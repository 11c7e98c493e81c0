//! Points in time: microseconds since the Unix epoch. Knows no calendar beyond the offset of Indian Standard Time.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

const IST_OFFSET_US: i64 = (5 * 3600 + 30 * 60) * 1_000_000;
const DAY_US: i64 = 86_400 * 1_000_000;

/// A point in time, in microseconds since the Unix epoch. Prints as the time of day in India.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// How long after an earlier time; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The trading date as a number of days since 1970-01-01 in India: changes at midnight IST.
    pub const fn ist_day(self) -> i64 {
        (self.0 + IST_OFFSET_US).div_euclid(DAY_US)
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day_s = (self.0 + IST_OFFSET_US).rem_euclid(DAY_US) / 1_000_000;
        write!(f, "{:02}:{:02}:{:02}", of_day_s / 3600, of_day_s / 60 % 60, of_day_s % 60)
    }
}

/// A session of trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// When it opens.
    pub open: Timestamp,
    /// When it closes.
    pub close: Timestamp,
}

impl Session {
    /// True for a market without a night, as the demo's: there is no close to be flat before.
    pub fn never_closes(self) -> bool {
        self.close.since(self.open) >= Duration::from_secs(86_400)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_the_clock_in_india_shows_it() {
        // 2026-11-23 03:45:00 UTC is 09:15 in India.
        let open = Timestamp::from_micros(1_795_405_500_000_000);
        assert_eq!(open.to_string(), "09:15:00");
        assert_eq!((open + Duration::from_secs(90)).since(open), Duration::from_secs(90));
        assert_eq!(open.since(open + Duration::from_secs(1)), Duration::ZERO);
        assert_eq!((open + Duration::from_secs(86_400)).ist_day(), open.ist_day() + 1);
    }
}
