//! Candles of any past range: what was seen live as it was seen, everything before it from the price path.
//!
//! A history is a copy of what one instrument's candles are made of, so that they can be worked out while the exchange
//! goes on. It knows nothing later than the instant at which it was taken.

use crate::board::{Bar, Board};
use crate::clock::MarketClock;
use crate::model::Model;
use crate::noise::between;
use market::{Candle, InstrumentToken, Interval, Price, Timestamp, VenueGroup};

/// Most candles of one answer.
const MOST_CANDLES: usize = 100_000;
/// Samples of the path in one minute.
const MINUTE_SAMPLES: i64 = 4;
/// Samples of the path in one longer candle; those of a minute stand no closer.
const CANDLE_SAMPLES: i64 = 12;
/// Distance between the samples of a whole day.
const DAY_SAMPLE_SECONDS: i64 = 300;
const MINUTE_SECONDS: i64 = 60;

/// Everything that one instrument's candles are made of, as of one instant.
#[derive(Debug, Clone)]
pub struct History {
    pub(crate) token: InstrumentToken,
    pub(crate) tick_size: Price,
    pub(crate) slot: usize,
    pub(crate) group: VenueGroup,
    pub(crate) clock: MarketClock,
    pub(crate) model: Model,
    pub(crate) board: Board,
    pub(crate) now: Timestamp,
}

impl History {
    /// Candles that start within `from ..= to` and not after the instant of the history, oldest first.
    pub fn candles(&self, interval: Interval, from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let to = to.min(self.now);
        let mut bars = Vec::new();
        let mut date = from.date();
        while date <= to.date() && bars.len() < MOST_CANDLES {
            if let Some((open, close)) =
                self.clock.hours(self.group, date).filter(|(open, _)| *open <= self.now)
            {
                let hours = (open, close.min(self.now));
                match interval {
                    Interval::Day => bars.push(Bar { start: date.midnight(), ..self.day(hours) }),
                    Interval::Minute
                    | Interval::Minute3
                    | Interval::Minute5
                    | Interval::Minute10
                    | Interval::Minute15
                    | Interval::Minute30
                    | Interval::Minute60 => self.within_day(interval, hours, (from, to), &mut bars),
                }
            }
            date = date.next();
        }
        let wanted = bars.iter().filter(|bar| from <= bar.start && bar.start <= to);
        wanted.map(|bar| self.candle(interval, bar)).collect()
    }

    fn within_day(
        &self,
        interval: Interval,
        (open, until): (Timestamp, Timestamp),
        (from, to): (Timestamp, Timestamp),
        bars: &mut Vec<Bar>,
    ) {
        let mut start = open;
        while start < until {
            let end = start.plus_seconds(interval.seconds()).min(until);
            if from <= start && start <= to {
                bars.push(self.bar(start, end));
            }
            start = start.plus_seconds(interval.seconds());
        }
    }

    /// One candle. Where minutes are remembered it is made of them, before that the path is sampled.
    fn bar(&self, start: Timestamp, end: Timestamp) -> Bar {
        let remembered = self.board.bars.front().is_some_and(|first| first.start < end);
        if !remembered {
            return self.sampled(start, end);
        }
        let minute = |start: Timestamp| self.minute(start, start.plus_seconds(MINUTE_SECONDS).min(end));
        let mut bar = minute(start);
        let mut next = start.plus_seconds(MINUTE_SECONDS);
        while next < end {
            bar.join(&minute(next));
            next = next.plus_seconds(MINUTE_SECONDS);
        }
        bar
    }

    /// One minute: remembered, or read off the path.
    fn minute(&self, start: Timestamp, end: Timestamp) -> Bar {
        match self.board.bars.binary_search_by_key(&start, |bar| bar.start) {
            Ok(found) => self.board.bars[found],
            Err(_) => self.sampled(start, end),
        }
    }

    /// The path between two instants.
    fn sampled(&self, start: Timestamp, end: Timestamp) -> Bar {
        let seconds = end.micros_since(start) / 1_000_000;
        let step = (MINUTE_SECONDS / MINUTE_SAMPLES).max(seconds / CANDLE_SAMPLES);
        let mut bar = Bar::at(start, self.price(start));
        let mut at = start.plus_seconds(step);
        while at < end {
            bar.add(self.price(at), 0);
            at = at.plus_seconds(step);
        }
        bar.add(self.price(end), 0);
        bar.volume = self.volume(start, seconds);
        bar
    }

    /// One day: remembered, or read off the path at coarse steps.
    fn day(&self, (open, until): (Timestamp, Timestamp)) -> Bar {
        let known = std::iter::once(&self.board.day).chain(&self.board.days).find(|bar| bar.start == open);
        if let Some(bar) = known {
            return *bar;
        }
        let mut bar = Bar::at(open, self.price(open));
        let mut at = open;
        while at < until {
            bar.add(self.price(at), self.volume(at, DAY_SAMPLE_SECONDS));
            at = at.plus_seconds(DAY_SAMPLE_SECONDS);
        }
        bar.add(self.price(until), 0);
        bar
    }

    fn price(&self, at: Timestamp) -> Price {
        self.model.price_of_path(self.slot, &self.clock, at, self.tick_size)
    }

    fn volume(&self, at: Timestamp, seconds: i64) -> u64 {
        let flow = &self.board.flow;
        let usual = u64::from(flow.trade_size) * 2 * seconds.unsigned_abs();
        usual * between(flow.key, at.seconds().unsigned_abs(), 40, 160) / 100
    }

    const fn candle(&self, interval: Interval, bar: &Bar) -> Candle {
        Candle {
            token: self.token,
            interval,
            start: bar.start,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            oi: 0,
        }
    }
}
