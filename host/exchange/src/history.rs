//! Candles of any past range: what was seen live as it was seen, everything before it from the price path.
//!
//! A history is a copy of what one instrument's candles are made of, so that they can be worked out while the exchange
//! goes on. It knows nothing later than the instant at which it was taken. Candles of every interval are joined from
//! the same minutes.

use crate::board::{Bar, Board, tick_number};
use crate::clock::{MINUTE_MICROS, MarketClock, minute_of};
use crate::expiries;
use crate::minutes;
use crate::model::Model;
use crate::underlyings::Underlying;
use market::{Candle, Instrument, InstrumentKind, Interval, Timestamp, TradingDate, Venue, VenueGroup};

/// Most candles of one answer.
const MOST_CANDLES: usize = 100_000;
/// The first day of which there are candles, and the first with candles within the day (reference §9.3).
const FIRST_DAY: (i32, u8, u8) = (2000, 1, 3);
const FIRST_MINUTES: (i32, u8, u8) = (2015, 2, 2);
/// Options begin to trade so many days before they end.
const OPTION_LIFE_SECONDS: i64 = 35 * 86_400;

/// Everything that one instrument's candles are made of, as of one instant.
#[derive(Debug, Clone)]
pub struct History {
    pub(crate) instrument: Instrument,
    pub(crate) slot: usize,
    pub(crate) clock: MarketClock,
    pub(crate) model: Model,
    pub(crate) board: Board,
    pub(crate) now: Timestamp,
}

impl History {
    /// Candles that start within `from ..= to` and not after the instant of the history, oldest first. Nothing from
    /// before the exchange kept any, and nothing of a contract from before it was listed.
    pub fn candles(&self, interval: Interval, from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let first = match interval {
            Interval::Day => FIRST_DAY,
            Interval::Minute
            | Interval::Minute3
            | Interval::Minute5
            | Interval::Minute10
            | Interval::Minute15
            | Interval::Minute30
            | Interval::Minute60 => FIRST_MINUTES,
        };
        let listed = self.listed_from();
        let mut candles = Vec::new();
        for date in self.dates((from, to), first).filter(|date| listed.is_none_or(|listed| *date >= listed)) {
            if interval == Interval::Day {
                candles.extend(self.day(date, self.instrument.expiry).filter(|bar| within(bar, from, to)));
            } else {
                self.within_day(interval, date, (from, to), &mut candles);
            }
            if candles.len() >= MOST_CANDLES {
                break;
            }
        }
        let candle = |(bar, end): (Bar, Timestamp)| self.candle(interval, &bar, end);
        candles.into_iter().map(candle).collect()
    }

    /// True for what has a chain of expired months behind it.
    pub fn has_continuous_days(&self) -> bool {
        let venue = self.instrument.symbol.venue();
        self.instrument.kind == InstrumentKind::Future && matches!(venue, Venue::Nfo | Venue::Mcx)
    }

    /// Day candles of the month that was nearest to its end on each day, whether it has expired since or not.
    pub fn continuous_days(&self, from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let underlying = Underlying::of(&self.instrument);
        let in_force = |date| expiries::in_force(underlying?, &self.clock.calendar, date);
        let days = self.dates((from, to), FIRST_DAY).filter_map(|date| self.day(date, in_force(date)));
        let wanted = days.filter(|bar| within(bar, from, to)).take(MOST_CANDLES);
        wanted.map(|(bar, end)| self.candle(Interval::Day, &bar, end)).collect()
    }

    /// Every date from `from` to `to`, as far as there can be candles.
    fn dates(
        &self,
        (from, to): (Timestamp, Timestamp),
        first: (i32, u8, u8),
    ) -> impl Iterator<Item = TradingDate> + use<> {
        let last = to.min(self.now).date();
        let first = TradingDate::new(first.0, first.1, first.2).unwrap_or(last);
        let dates = std::iter::successors(Some(from.date().max(first)), |date| Some(date.next()));
        dates.take_while(move |date| *date <= last)
    }

    /// The first day of a contract: a future comes as the one before its first neighbour ends.
    fn listed_from(&self) -> Option<TradingDate> {
        let expiry = self.instrument.expiry?;
        if self.instrument.kind.is_option() {
            return Some(expiry.at_seconds(-OPTION_LIFE_SECONDS).date());
        }
        let underlying = Underlying::of(&self.instrument)?;
        let before = expiries::before(underlying, &self.clock.calendar, expiry, underlying.listed_months)?;
        Some(before.next())
    }

    /// The sessions of a date that have begun, as far as they have come.
    fn sessions(&self, date: TradingDate) -> impl Iterator<Item = (Timestamp, Timestamp)> + use<> {
        let now = self.now;
        let sessions = self.clock.calendar.sessions(self.group(), date).into_iter();
        let instants = sessions.map(move |session| {
            (date.at_seconds(session.open_seconds), date.at_seconds(session.close_seconds))
        });
        instants.filter(move |(open, _)| *open <= now).map(move |(open, close)| (open, close.min(now)))
    }

    fn within_day(
        &self,
        interval: Interval,
        date: TradingDate,
        (from, to): (Timestamp, Timestamp),
        candles: &mut Vec<(Bar, Timestamp)>,
    ) {
        for (open, until) in self.sessions(date) {
            let mut start = open;
            // A session that has just begun shows its first price.
            while start < until || (start == open && until == open) || self.is_newest(start, until) {
                let end = start.plus_seconds(interval.seconds()).min(until);
                if from <= start && start <= to.min(self.now) {
                    let so_far = start.plus_seconds(interval.seconds()) > self.now;
                    candles.push((self.bar((start, end), self.instrument.expiry, so_far), end));
                }
                start = start.plus_seconds(interval.seconds());
            }
        }
    }

    /// All sessions of a day as one bar, stamped with its midnight.
    fn day(&self, date: TradingDate, expiry: Option<TradingDate>) -> Option<(Bar, Timestamp)> {
        let mut sessions = self.sessions(date);
        let first = sessions.next()?;
        let (mut bar, mut end) = (self.bar(first, expiry, true), first.1);
        for session in sessions {
            bar.join(&self.bar(session, expiry, true));
            end = session.1;
        }
        Some((Bar { start: date.midnight(), ..bar }, end))
    }

    /// A stretch of one session, of the contract that ends at `expiry`; minutes that were seen as they were seen.
    /// `so_far` is one that goes on: what happened at this very instant belongs to it.
    fn bar(&self, (start, end): (Timestamp, Timestamp), expiry: Option<TradingDate>, so_far: bool) -> Bar {
        let own = expiry == self.instrument.expiry;
        let ends = expiry.and_then(|expiry| self.clock.hours(self.group(), expiry)).map(|(_, close)| close);
        let known = |at: Timestamp| if own { self.seen(at) } else { None };
        let price = |at: Timestamp| {
            let tick_size = self.instrument.tick_size;
            self.model.price_of_path((self.slot, ends.filter(|_| !own)), &self.clock, at, tick_size)
        };
        let bar = minutes::stretch(&self.board.flow, (start, end), known, price);
        let newest = if so_far && self.is_newest(end, end) { known(end) } else { None };
        match (bar, newest) {
            (Some(mut bar), Some(newest)) => {
                bar.join(&newest);
                bar
            }
            (Some(bar), None) | (None, Some(bar)) => bar,
            (None, None) => known(start).unwrap_or_else(|| Bar::at(start, price(start))),
        }
    }

    /// True for a minute that begins at this very instant and has been traded in.
    fn is_newest(&self, start: Timestamp, until: Timestamp) -> bool {
        start == until && until == self.now && minute_of(start) == start && self.remembered(start).is_some()
    }

    /// The minute of an instant, where it was seen. What an auction traded before the first minute and after the last
    /// one of a day is part of these.
    fn seen(&self, at: Timestamp) -> Option<Bar> {
        let minute = minute_of(at);
        let mut bar = self.remembered(minute)?;
        let hours = self.clock.hours(self.group(), at.date());
        let others = |from: Timestamp, to: Timestamp| {
            self.board.bars.iter().filter(move |bar| from <= bar.start && bar.start < to)
        };
        if hours.is_some_and(|(open, _)| open == minute) {
            let before: Vec<_> = others(at.date().midnight(), minute).collect();
            for earlier in before.into_iter().rev() {
                bar = Bar { start: bar.start, ..joined(earlier, &bar) };
            }
        }
        if let Some((_, close)) = hours.filter(|(_, close)| *close == minute.plus_micros(MINUTE_MICROS)) {
            others(close, at.date().next().midnight()).for_each(|later| bar.join(later));
        }
        Some(bar)
    }

    fn remembered(&self, minute: Timestamp) -> Option<Bar> {
        let bars = &self.board.bars;
        bars.binary_search_by_key(&minute, |bar| bar.start).ok().map(|found| bars[found])
    }

    fn group(&self) -> VenueGroup {
        self.instrument.symbol.venue().into()
    }

    /// A candle that ended at `end`, with the open interest of that instant.
    fn candle(&self, interval: Interval, bar: &Bar, end: Timestamp) -> Candle {
        let newest = end >= self.board.time;
        let oi = if newest { self.board.oi } else { self.board.flow.oi_at(tick_number(end.plus_micros(-1))) };
        Candle {
            token: self.instrument.token,
            interval,
            start: bar.start,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            oi,
        }
    }
}

fn joined(first: &Bar, second: &Bar) -> Bar {
    let mut both = *first;
    both.join(second);
    both
}

fn within((bar, _): &(Bar, Timestamp), from: Timestamp, to: Timestamp) -> bool {
    from <= bar.start && bar.start <= to
}
