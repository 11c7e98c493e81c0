//! A place in a recording, as a person names it: an event's number or a time.

use super::error::ReplayError;
use market::{Timestamp, TradingDate};
use std::str::FromStr;

/// Where a replay stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// After this event, counted from the start event, which is 1.
    Event(u64),
    /// After the last event that is not later than this time of the recording's first day, in microseconds since midnight.
    TimeOfDay(i64),
    /// After the last event that is not later than this.
    Time(Timestamp),
}

impl Place {
    /// True for an event that lies behind the place, in a recording that begins on a date.
    pub fn is_passed(self, event: u64, at: Timestamp, first_day: TradingDate) -> bool {
        match self {
            Self::Event(number) => event > number,
            Self::TimeOfDay(micros) => at > first_day.midnight().plus_micros(micros),
            Self::Time(time) => at > time,
        }
    }
}

impl FromStr for Place {
    type Err = ReplayError;

    fn from_str(text: &str) -> Result<Self, ReplayError> {
        let wrong = || ReplayError::NoPlace(text.to_owned());
        if let Ok(number) = text.parse::<u64>() {
            return Ok(Self::Event(number));
        }
        match text.split_once(['T', ' ']) {
            None => time_of_day(text).map(Self::TimeOfDay).ok_or_else(wrong),
            Some((date, time)) => {
                let date: TradingDate = date.parse().map_err(|_| wrong())?;
                let micros = time_of_day(time.trim_end_matches("+05:30")).ok_or_else(wrong)?;
                Ok(Self::Time(date.midnight().plus_micros(micros)))
            }
        }
    }
}

/// `09:20`, `09:20:30` or `09:20:30.5` in microseconds since midnight.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok().filter(|hours| (0..24).contains(hours))?;
    let minutes: i64 = parts.next()?.parse().ok().filter(|minutes| (0..60).contains(minutes))?;
    let last = parts.next().unwrap_or("0");
    let (seconds, fraction) = last.split_once('.').unwrap_or((last, ""));
    let seconds: i64 = seconds.parse().ok().filter(|seconds| (0..60).contains(seconds))?;
    if parts.next().is_some() || fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<Place, String> {
        text.parse::<Place>().map_err(|error| error.to_string())
    }

    #[test]
    fn an_event_or_a_time_in_any_usual_writing_is_a_place() {
        let day: TradingDate = "2026-11-23".parse().unwrap();
        let at = |seconds: i64| Place::Time(day.at_seconds(seconds));
        assert_eq!(place("1200"), Ok(Place::Event(1_200)));
        assert_eq!(place("09:20"), Ok(Place::TimeOfDay(33_600_000_000)));
        assert_eq!(place("09:20:30"), Ok(Place::TimeOfDay(33_630_000_000)));
        assert_eq!(place("09:20:30.25"), Ok(Place::TimeOfDay(33_630_250_000)));
        assert_eq!(place("2026-11-23T09:20:30"), Ok(at(33_630)));
        assert_eq!(place("2026-11-23 09:20:30"), Ok(at(33_630)));
        assert_eq!(place("2026-11-23T09:20:30.000000+05:30"), Ok(at(33_630)), "as reports write it");
    }

    #[test]
    fn what_is_no_place_says_what_one_looks_like() {
        for text in ["", "noon", "25:00", "09:61", "09:20:61", "-1", "2026-13-01T09:20", "09:20:30.1234567"] {
            let said = place(text).unwrap_err();
            assert!(said.contains("write 1200, 09:20:30 or 2026-11-23T09:20:30"), "{text}: {said}");
        }
    }

    #[test]
    fn a_place_is_passed_by_what_lies_behind_it_alone() {
        let day: TradingDate = "2026-11-23".parse().unwrap();
        let at = |seconds| day.at_seconds(seconds);
        assert!(!Place::Event(7).is_passed(7, at(0), day) && Place::Event(7).is_passed(8, at(0), day));
        let noon = Place::TimeOfDay(43_200_000_000);
        assert!(!noon.is_passed(1, at(43_200), day) && noon.is_passed(1, at(43_201), day));
        assert!(Place::Time(at(43_200)).is_passed(1, at(43_201), day));
    }
}
