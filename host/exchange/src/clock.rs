//! Market time: when sessions begin and end, and how far the price path has walked by then.
//!
//! A night counts as a little walking and a session as its length, so an overnight gap is a gap and not a jump.

use market::{Calendar, Session, Timestamp, TradingDate, VenueGroup};

/// Walking seconds of one calendar day with an ordinary session: the session and 75 minutes for the night.
const EQUITY_DAY_SECONDS: i64 = 27_000;
const CURRENCY_DAY_SECONDS: i64 = 33_300;
const COMMODITY_DAY_SECONDS: i64 = 58_500;
const IST_SECONDS: i64 = 19_800;
pub(crate) const MINUTE_MICROS: i64 = 60_000_000;
/// When the broker clears its books of what ended before midnight, in seconds after midnight. Until then a reader still
/// finds the last fills of a session that closed at the stroke of it.
pub(crate) const MORNING_SECONDS: i64 = 6 * 3_600;

/// How long before the close the broker squares intraday positions off, in seconds: shares at 15:20, derivatives at 15:25.
const SQUARE_OFF_CASH_SECONDS: i64 = 10 * 60;
const SQUARE_OFF_DERIVATIVES_SECONDS: i64 = 5 * 60;
const DAY_END_SECONDS: i64 = 86_400;

/// A calendar with the price path's own time.
#[derive(Debug, Clone)]
pub(crate) struct MarketClock {
    pub(crate) calendar: Calendar,
    /// It never closes, for anybody.
    always: bool,
}

/// What happens at one instant of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// Continuous trading begins.
    Open(TradingDate),
    /// The broker squares intraday positions in shares off.
    SquareOffCash(TradingDate),
    /// The broker squares intraday positions in derivatives off.
    SquareOffDerivatives(TradingDate),
    /// Trading ends.
    Close(TradingDate),
    /// The date begins.
    Midnight(TradingDate),
    /// The broker's books are cleared of what ended before midnight.
    Morning(TradingDate),
}

impl MarketClock {
    pub(crate) fn new(calendar: Calendar) -> Self {
        let sunday = Timestamp::from_seconds(3 * 86_400).date();
        let always = calendar.session(sunday) == Some(Session::ALWAYS);
        Self { calendar, always }
    }

    /// How far the path of a group's prices has walked at an instant, in seconds.
    pub(crate) fn walked(&self, group: VenueGroup, at: Timestamp) -> f64 {
        let day_seconds = self.day_seconds(group);
        let within = self.hours(group, at.date()).map_or(0.0, |(open, close)| {
            let length = (close.micros_since(open) / 1_000_000).min(day_seconds) as f64;
            (at.micros_since(open) as f64 / 1e6).clamp(0.0, length)
        });
        (day_number(at) * day_seconds) as f64 + within
    }

    /// A date from a group's first opening to its last closing, if it trades at all.
    pub(crate) fn hours(&self, group: VenueGroup, date: TradingDate) -> Option<(Timestamp, Timestamp)> {
        hours(&self.calendar, group, date)
    }

    /// Close of the last session of a group that ended at or before `at`; `at` itself when there was none for a month.
    pub(crate) fn last_close(&self, group: VenueGroup, at: Timestamp) -> Timestamp {
        let mut date = at.date();
        for _ in 0..30 {
            if let Some((_, close)) = self.hours(group, date)
                && close <= at
            {
                return close;
            }
            date = date.previous();
        }
        at
    }

    /// The date of the last session of shares that has begun at `at`.
    pub(crate) fn last_begun(&self, at: Timestamp) -> TradingDate {
        let begun = self.hours(VenueGroup::Equity, at.date()).is_some_and(|(open, _)| open <= at);
        let last_close = self.last_close(VenueGroup::Equity, at).plus_micros(-1);
        if begun { at.date() } else { last_close.date() }
    }

    const fn day_seconds(&self, group: VenueGroup) -> i64 {
        match group {
            VenueGroup::Equity | VenueGroup::Currency | VenueGroup::Commodity if self.always => 86_400,
            VenueGroup::Equity => EQUITY_DAY_SECONDS,
            VenueGroup::Currency => CURRENCY_DAY_SECONDS,
            VenueGroup::Commodity => COMMODITY_DAY_SECONDS,
        }
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
        let date = boundary.date();
        let of_the_date = self.boundaries(date);
        let next = of_the_date.iter().skip_while(|other| **other != boundary).nth(1).copied();
        next.unwrap_or(Boundary::Midnight(date.next()))
    }

    /// When it happens.
    pub(crate) fn time_of(&self, boundary: Boundary) -> Timestamp {
        match boundary {
            Boundary::Open(date) => self.calendar.hours(date).map_or(date.midnight(), |hours| hours.0),
            Boundary::Close(date) => self.close_of(date),
            Boundary::SquareOffCash(date) => self.close_of(date).plus_seconds(-SQUARE_OFF_CASH_SECONDS),
            Boundary::SquareOffDerivatives(date) => {
                self.close_of(date).plus_seconds(-SQUARE_OFF_DERIVATIVES_SECONDS)
            }
            Boundary::Midnight(date) => date.midnight(),
            Boundary::Morning(date) => date.at_seconds(MORNING_SECONDS),
        }
    }

    /// Everything that happens on a date, in its order; what falls on one instant keeps the order written here.
    fn boundaries(&self, date: TradingDate) -> Vec<Boundary> {
        let mut all = vec![Boundary::Midnight(date)];
        let session = self.calendar.session(date);
        all.extend(session.map(|_| Boundary::Open(date)));
        all.push(Boundary::Morning(date));
        // A market that goes on at midnight has no close to be square for.
        let closes = session.filter(|session| {
            let seconds = session.close_seconds - session.open_seconds;
            session.close_seconds < DAY_END_SECONDS && seconds > SQUARE_OFF_CASH_SECONDS
        });
        if closes.is_some() {
            all.extend([Boundary::SquareOffCash(date), Boundary::SquareOffDerivatives(date)]);
        }
        all.extend(session.map(|_| Boundary::Close(date)));
        all.sort_by_key(|boundary| self.time_of(*boundary));
        all
    }

    fn close_of(&self, date: TradingDate) -> Timestamp {
        self.calendar.hours(date).map_or(date.midnight(), |hours| hours.1)
    }
}

impl Boundary {
    const fn date(self) -> TradingDate {
        match self {
            Self::Open(date)
            | Self::SquareOffCash(date)
            | Self::SquareOffDerivatives(date)
            | Self::Close(date)
            | Self::Midnight(date)
            | Self::Morning(date) => date,
        }
    }
}

/// True when the last session of a group's contract has ended.
pub(crate) fn has_ended(calendar: &Calendar, group: VenueGroup, expiry: TradingDate, now: Timestamp) -> bool {
    hours(calendar, group, expiry).map_or(expiry < now.date(), |(_, close)| close <= now)
}

fn hours(calendar: &Calendar, group: VenueGroup, date: TradingDate) -> Option<(Timestamp, Timestamp)> {
    let sessions = calendar.sessions(group, date);
    let (first, last) = (sessions.first()?, sessions.last()?);
    Some((date.at_seconds(first.open_seconds), date.at_seconds(last.close_seconds)))
}

/// Days since the epoch, in IST.
pub(crate) const fn day_number(at: Timestamp) -> i64 {
    (at.seconds() + IST_SECONDS).div_euclid(86_400)
}

/// The start of the minute that an instant lies in.
pub(crate) const fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(MINUTE_MICROS) * MINUTE_MICROS)
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
        for _ in 0..10 {
            seen.push(boundary);
            boundary = clock.following(boundary);
        }
        let (saturday, sunday) = (friday.next(), friday.next().next());
        let monday = sunday.next();
        let expected = [
            Boundary::SquareOffCash(friday),
            Boundary::SquareOffDerivatives(friday),
            Boundary::Close(friday),
            Boundary::Midnight(saturday),
            Boundary::Morning(saturday),
            Boundary::Midnight(sunday),
            Boundary::Morning(sunday),
            Boundary::Midnight(monday),
            Boundary::Morning(monday),
            Boundary::Open(monday),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_market_that_never_closes_opens_before_the_books_are_cleared() {
        let clock = MarketClock::new(Calendar::always_open());
        let friday = TradingDate::new(2026, 11, 20).unwrap();
        let mut boundary = clock.first_after(friday.at_seconds(10 * 3600));
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(boundary);
            boundary = clock.following(boundary);
        }
        let next = friday.next();
        let expected = [
            Boundary::Close(friday),
            Boundary::Midnight(next),
            Boundary::Open(next),
            Boundary::Morning(next),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn nothing_walks_while_the_market_is_closed() {
        let clock = MarketClock::new(Calendar::nse([]));
        let date = TradingDate::new(2026, 11, 20).unwrap();
        let walked = |at| clock.walked(VenueGroup::Equity, at);
        assert_eq!(walked(date.at_seconds(15 * 3600 + 1800)), walked(date.at_seconds(80_000)));
        let (open, later) = (date.at_seconds(9 * 3600 + 900), date.at_seconds(9 * 3600 + 960));
        assert_eq!(walked(later) - walked(open), 60.0);
        // Commodities go on.
        let commodity = |seconds| clock.walked(VenueGroup::Commodity, date.at_seconds(seconds));
        assert_eq!(commodity(80_000) - commodity(79_000), 1_000.0);
    }
}
