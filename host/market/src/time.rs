//! Instants and IST trading dates.
//!
//! India keeps one offset, +05:30, without daylight saving, so a date is arithmetic and needs no zone database.
//! Nothing here reads a clock: an instant always comes in as an argument.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset, Weekday};

const IST: UtcOffset = match UtcOffset::from_hms(5, 30, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};
const IST_MICROS: i64 = (5 * 3600 + 30 * 60) * 1_000_000;
const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// 1970-01-01 as a Julian day.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// Microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A day on the exchange's calendar, in IST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradingDate(Date);

/// Text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: write YYYY-MM-DD")]
pub struct ParseDateError(pub String);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the Unix epoch, stopping at the ends of the range.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by a signed number of microseconds.
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by a signed number of whole seconds.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds from `earlier` to this instant; negative when it lies after.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The IST date this instant falls on.
    pub fn date(self) -> TradingDate {
        let days = self.0.div_euclid(DAY_MICROS) + (self.0.rem_euclid(DAY_MICROS) + IST_MICROS) / DAY_MICROS;
        let day = i32::try_from(days).ok().and_then(|days| EPOCH_JULIAN_DAY.checked_add(days));
        let date = day.and_then(|day| Date::from_julian_day(day).ok());
        TradingDate(date.unwrap_or_else(|| self.ist().date()))
    }

    /// Microseconds since IST midnight.
    pub const fn micros_of_day(self) -> i64 {
        (self.0.rem_euclid(DAY_MICROS) + IST_MICROS).rem_euclid(DAY_MICROS)
    }

    /// `YYYY-MM-DD HH:MM:SS` in IST, the 19 characters that Kite uses.
    pub fn ist_text(self) -> String {
        let t = self.ist();
        format!("{} {:02}:{:02}:{:02}", TradingDate(t.date()), t.hour(), t.minute(), t.second())
    }

    /// RFC 3339 in IST with milliseconds: `2026-11-23T09:15:00.123+05:30`.
    pub fn rfc3339_ist(self) -> String {
        let t = self.ist();
        let (h, m, s, ms) = (t.hour(), t.minute(), t.second(), t.millisecond());
        format!("{}T{h:02}:{m:02}:{s:02}.{ms:03}+05:30", TradingDate(t.date()))
    }

    /// From Kite's `YYYY-MM-DD HH:MM:SS`, read as IST.
    ///
    /// # Errors
    /// When the text has another shape or names no real instant.
    pub fn parse_ist(text: &str) -> Result<Self, ParseDateError> {
        let wrong = || ParseDateError(text.to_owned());
        let (date, clock) = text.split_once([' ', 'T']).ok_or_else(wrong)?;
        let date: TradingDate = date.parse()?;
        let mut parts = clock.splitn(3, ':').map(|part| part.parse::<u8>());
        let mut next = || parts.next().and_then(Result::ok).ok_or_else(wrong);
        let (hour, minute, second) = (next()?, next()?, next()?);
        let clock = Time::from_hms(hour, minute, second).map_err(|_| wrong())?;
        Ok(date.at(clock))
    }

    /// The epoch stands for instants that no calendar reaches: they come from nonsense, and nonsense must not end a process.
    fn ist(self) -> OffsetDateTime {
        let nanos = i128::from(self.0) * 1_000;
        let utc = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
        let ist = utc.and_then(|utc| utc.checked_to_offset(IST));
        ist.unwrap_or_else(|| OffsetDateTime::UNIX_EPOCH.to_offset(IST))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339_ist())
    }
}

impl TradingDate {
    /// From year, month 1–12 and day. `None` when there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        Date::from_calendar_date(year, month, day).ok().map(Self)
    }

    /// IST midnight at the start of this date.
    pub fn midnight(self) -> Timestamp {
        self.at(Time::MIDNIGHT)
    }

    /// The instant `seconds` after IST midnight of this date.
    pub fn at_seconds(self, seconds: i64) -> Timestamp {
        self.midnight().plus_seconds(seconds)
    }

    /// True on Saturdays and Sundays.
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    /// The day after.
    pub fn next(self) -> Self {
        Self(self.0.next_day().unwrap_or(self.0))
    }

    /// The day before.
    pub fn previous(self) -> Self {
        Self(self.0.previous_day().unwrap_or(self.0))
    }

    /// Year, month 1–12, day.
    pub fn parts(self) -> (i32, u8, u8) {
        let (year, month, day) = self.0.to_calendar_date();
        (year, month.into(), day)
    }

    fn at(self, clock: Time) -> Timestamp {
        let instant = PrimitiveDateTime::new(self.0, clock).assume_offset(IST);
        Timestamp((instant.unix_timestamp_nanos() / 1_000) as i64)
    }
}

impl fmt::Display for TradingDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for TradingDate {
    type Err = ParseDateError;
    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        let wrong = || ParseDateError(text.to_owned());
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| match i {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shaped {
            return Err(wrong());
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<u16>().map_err(|_| wrong());
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        Self::new(i32::from(year), month as u8, day as u8).ok_or_else(wrong)
    }
}

impl Serialize for TradingDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TradingDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ist_date_turns_at_half_past_six_in_the_evening_utc() {
        let before = Timestamp::from_seconds(1_795_458_599);
        assert_eq!(before.ist_text(), "2026-11-23 23:59:59");
        assert_eq!(before.plus_seconds(1).date().to_string(), "2026-11-24");
        assert_eq!(before.plus_seconds(1).micros_of_day(), 0);
    }

    #[test]
    fn dates_that_are_none_are_refused() {
        for text in ["2026-02-30", "2026-2-3", "٢٠٢٦-01-01", "../../etc", "2026-01-01x", "2026/01/01", ""]
        {
            assert!(text.parse::<TradingDate>().is_err(), "{text}");
        }
    }

    #[test]
    fn instants_at_the_ends_of_the_range_neither_wrap_nor_panic() {
        for micros in [i64::MIN, i64::MAX, 253_402_300_799_999_999] {
            let instant = Timestamp::from_micros(micros);
            assert!((0..DAY_MICROS).contains(&instant.micros_of_day()));
            assert_eq!(instant.rfc3339_ist().len(), "2026-11-23T09:15:00.123+05:30".len());
            assert!(!instant.ist_text().is_empty() && !instant.date().to_string().is_empty());
        }
        assert_eq!(Timestamp::from_seconds(i64::MAX).micros(), i64::MAX);
        assert_eq!(Timestamp::from_micros(i64::MAX).plus_seconds(i64::MAX).micros(), i64::MAX);
        assert_eq!(Timestamp::from_micros(i64::MIN).micros_since(Timestamp::from_micros(i64::MAX)), i64::MIN);
    }

    proptest! {
        #[test]
        fn the_date_by_arithmetic_is_the_date_on_the_clock(micros in any::<i64>()) {
            let at = Timestamp::from_micros(micros);
            prop_assert_eq!(at.date(), TradingDate(at.ist().date()));
        }

        #[test]
        fn kite_text_comes_back_to_the_second(seconds in 0i64..4_000_000_000) {
            let instant = Timestamp::from_seconds(seconds);
            prop_assert_eq!(Timestamp::parse_ist(&instant.ist_text()).unwrap(), instant);
            prop_assert_eq!(instant.date().midnight().plus_micros(instant.micros_of_day()), instant);
        }
    }
}
