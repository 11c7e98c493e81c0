//! Market time: when sessions begin and end, and how far the price path has walked by then.
//!
//! A night counts as a little walking and a session as its length, so an overnight gap is a gap and not a jump.

use market::{Calendar, Session, Timestamp, TradingDate};

/// Walking seconds of one calendar day with an ordinary session: the session and 75 minutes for the night.
const DAY_SECONDS: i64 = 27_000;
const IST_SECONDS: i64 = 19_800;

/// A calendar with the price path's own time.
#[derive(Debug, Clone)]
pub(crate) struct MarketClock {
    pub(crate) calendar: Calendar,
    day_seconds: i64,
}

/// What happens at one instant of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// Continuous trading begins.
    Open(TradingDate),
    /// It ends.
    Close(TradingDate),
    /// The date begins.
    Midnight(TradingDate),
}

impl MarketClock {
    pub(crate) fn new(calendar: Calendar) -> Self {
        let sunday = Timestamp::from_seconds(3 * 86_400).date();
        let always = calendar.session(sunday) == Some(Session::ALWAYS);
        Self { calendar, day_seconds: if always { 86_400 } else { DAY_SECONDS } }
    }

    /// How far the path has walked at an instant, in seconds.
    pub(crate) fn walked(&self, at: Timestamp) -> f64 {
        let seconds_of_day = at.micros_of_day() as f64 / 1e6;
        let within = self.calendar.session(at.date()).map_or(0.0, |session| {
            let length = (session.close_seconds - session.open_seconds).min(self.day_seconds) as f64;
            (seconds_of_day - session.open_seconds as f64).clamp(0.0, length)
        });
        (day_number(at) * self.day_seconds) as f64 + within
    }

    /// Close of the last session that ended at or before `at`; `at` itself when there was none for a month.
    pub(crate) fn last_close(&self, at: Timestamp) -> Timestamp {
        let mut date = at.date();
        for _ in 0..30 {
            if let Some((_, close)) = self.calendar.hours(date)
                && close <= at
            {
                return close;
            }
            date = date.previous();
        }
        at
    }

    /// The first boundary after `at`.
    pub(crate) fn first_after(&self, at: Timestamp) -> Boundary {
        let mut boundary = Boundary::Midnight(at.date());
        while self.time_of(boundary) <= at {
            boundary = self.following(boundary);
        }
        boundary
    }

    /// The one that comes next.
    pub(crate) fn following(&self, boundary: Boundary) -> Boundary {
        match boundary {
            Boundary::Open(date) => Boundary::Close(date),
            Boundary::Close(date) => Boundary::Midnight(date.next()),
            Boundary::Midnight(date) if self.calendar.session(date).is_some() => Boundary::Open(date),
            Boundary::Midnight(date) => Boundary::Midnight(date.next()),
        }
    }

    /// When it happens.
    pub(crate) fn time_of(&self, boundary: Boundary) -> Timestamp {
        match boundary {
            Boundary::Open(date) => self.calendar.hours(date).map_or(date.midnight(), |hours| hours.0),
            Boundary::Close(date) => self.calendar.hours(date).map_or(date.midnight(), |hours| hours.1),
            Boundary::Midnight(date) => date.midnight(),
        }
    }
}

/// Days since the epoch, in IST.
pub(crate) const fn day_number(at: Timestamp) -> i64 {
    (at.seconds() + IST_SECONDS).div_euclid(86_400)
}

/// 0 for Sunday … 6 for Saturday.
pub(crate) fn weekday(date: TradingDate) -> i64 {
    (day_number(date.midnight()) + 4).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundaries_of_a_weekend_follow_each_other() {
        let clock = MarketClock::new(Calendar::nse([]));
        let friday = TradingDate::new(2026, 11, 20).unwrap();
        assert_eq!(weekday(friday), 5);
        let mut boundary = clock.first_after(friday.at_seconds(10 * 3600));
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(boundary);
            boundary = clock.following(boundary);
        }
        let (saturday, sunday) = (friday.next(), friday.next().next());
        let monday = sunday.next();
        let expected = [
            Boundary::Close(friday),
            Boundary::Midnight(saturday),
            Boundary::Midnight(sunday),
            Boundary::Midnight(monday),
            Boundary::Open(monday),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn nothing_walks_while_the_market_is_closed() {
        let clock = MarketClock::new(Calendar::nse([]));
        let date = TradingDate::new(2026, 11, 20).unwrap();
        assert_eq!(clock.walked(date.at_seconds(15 * 3600 + 1800)), clock.walked(date.at_seconds(80_000)));
        let (open, later) = (date.at_seconds(9 * 3600 + 900), date.at_seconds(9 * 3600 + 960));
        assert_eq!(clock.walked(later) - clock.walked(open), 60.0);
    }
}
