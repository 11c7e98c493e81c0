//! The live state of one instrument: last price, the day's range and volume, the depth that can be traded against.

use crate::clock::minute_of;
use crate::noise::{between, mix, unit};
use market::{Depth, DepthLevel, InstrumentToken, Price, Side, Tick, Timestamp};
use std::collections::VecDeque;

/// Minutes of trading that are remembered as they happened: two days around the clock.
const BARS_KEPT: usize = 2_880;
/// A day's open interest moves by no more than this part.
const OI_SWING: u64 = 50;

/// What an instrument's flow of orders looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) key: u64,
    pub(crate) tick_size: Price,
    pub(crate) lot_size: u32,
    /// Units in an average trade; 0 for an index.
    pub(crate) trade_size: u32,
    /// Of a hundred ticks, so many bring nothing new.
    pub(crate) quiet_percent: u64,
    /// Widest spread, in ticks.
    pub(crate) spread: i64,
    pub(crate) open_interest: u64,
}

/// One remembered bar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bar {
    pub(crate) start: Timestamp,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
    pub(crate) volume: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) flow: Flow,
    pub(crate) last: Price,
    pub(crate) last_quantity: u32,
    pub(crate) time: Timestamp,
    pub(crate) day: Bar,
    /// Price units × quantity of the day.
    turnover: i128,
    pub(crate) close: Price,
    pub(crate) lower: Price,
    pub(crate) upper: Price,
    pub(crate) oi: u64,
    pub(crate) depth: Depth,
    pub(crate) price_held: bool,
    pub(crate) matching_held: bool,
    pub(crate) bars: VecDeque<Bar>,
}

impl Bar {
    pub(crate) const fn at(start: Timestamp, price: Price) -> Self {
        Self { start, open: price, high: price, low: price, close: price, volume: 0 }
    }

    pub(crate) fn add(&mut self, price: Price, volume: u64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += volume;
    }

    /// Takes the bar that follows into this one.
    pub(crate) fn join(&mut self, next: &Self) {
        self.high = self.high.max(next.high);
        self.low = self.low.min(next.low);
        self.close = next.close;
        self.volume += next.volume;
    }
}

impl Board {
    pub(crate) fn new(flow: Flow, time: Timestamp, day: Bar, close: Price) -> Self {
        let turnover =
            (i128::from(day.open.units()) + i128::from(day.close.units())) / 2 * i128::from(day.volume);
        let mut board = Self {
            flow,
            last: day.close,
            last_quantity: 0,
            time,
            day,
            turnover,
            close,
            lower: Price::ZERO,
            upper: Price::ZERO,
            oi: flow.open_interest,
            depth: Depth::default(),
            price_held: false,
            matching_held: false,
            bars: VecDeque::new(),
        };
        board.refill(tick_number(time));
        board
    }

    /// A new session begins at `price`.
    pub(crate) fn open_day(&mut self, time: Timestamp, price: Price) {
        self.close = self.last;
        self.last = price;
        self.last_quantity = 0;
        self.time = time;
        self.day = Bar::at(time, price);
        self.turnover = 0;
        self.refill(tick_number(time));
    }

    /// True when a tick brings nothing new.
    pub(crate) fn is_quiet(&self, time: Timestamp) -> bool {
        between(self.flow.key, tick_number(time), 0, 99) < self.flow.quiet_percent
    }

    /// The market trades at `worth`.
    pub(crate) fn tick(&mut self, time: Timestamp, worth: Price) {
        let number = tick_number(time);
        let price = if self.price_held { self.last } else { worth };
        self.print(time, price, self.trade_size(number));
        self.refill(number);
    }

    /// A trade happened.
    pub(crate) fn print(&mut self, time: Timestamp, price: Price, quantity: u32) {
        self.time = time;
        self.last = price;
        self.last_quantity = quantity;
        self.turnover += i128::from(price.units()) * i128::from(quantity);
        self.day.add(price, u64::from(quantity));
        let mut bar = Bar::at(minute_of(time), price);
        bar.volume = u64::from(quantity);
        self.remember(&bar);
    }

    /// Everything that happened within one minute, or a part of it, up to `end`: as if it had been watched.
    pub(crate) fn live_through(&mut self, bar: &Bar, end: Timestamp) {
        self.time = end;
        self.last = bar.close;
        self.last_quantity = u32::try_from(bar.volume).unwrap_or(u32::MAX).min(self.flow.trade_size);
        let average = (i128::from(bar.high.units()) + i128::from(bar.low.units())) / 2;
        self.turnover += average * i128::from(bar.volume);
        self.day.join(bar);
        self.remember(&Bar { start: minute_of(bar.start), ..*bar });
    }

    /// Joins a bar into the newest minute, or begins the next one.
    pub(crate) fn remember(&mut self, bar: &Bar) {
        match self.bars.back_mut().filter(|newest| newest.start == bar.start) {
            Some(newest) => newest.join(bar),
            None => {
                self.bars.push_back(*bar);
                if self.bars.len() > BARS_KEPT {
                    self.bars.pop_front();
                }
            }
        }
    }

    /// New orders of others around the last price.
    pub(crate) fn refill(&mut self, number: u64) {
        if self.flow.trade_size == 0 {
            return;
        }
        let flow = self.flow;
        let key = mix(flow.key, number);
        let spread = flow.tick_size.units() * between(key, 1, 1, flow.spread.unsigned_abs()) as i64;
        // The last trade took place at one of the two best prices.
        let (bid, ask) = if mix(key, 2).is_multiple_of(2) {
            (self.last, self.last + Price::from_units(spread))
        } else {
            (self.last - Price::from_units(spread), self.last)
        };
        let (lower, upper) = (self.lower, self.upper);
        self.depth.buy = std::array::from_fn(|i| {
            let price = bid - flow.tick_size_times(i);
            flow.level(key, 10 + i as u64, price, lower, upper)
        });
        self.depth.sell = std::array::from_fn(|i| {
            let price = ask + flow.tick_size_times(i);
            flow.level(key, 20 + i as u64, price, lower, upper)
        });
        self.oi = flow.oi_at(number);
    }

    /// Sets the day's price limits around the previous close.
    pub(crate) fn set_limits(&mut self, lower: Price, upper: Price) {
        self.lower = lower;
        self.upper = upper;
        self.refill(tick_number(self.time));
    }

    /// The orders of others that an order of this side would meet.
    pub(crate) const fn opposite(&mut self, side: Side) -> &mut [DepthLevel; 5] {
        match side {
            Side::Buy => &mut self.depth.sell,
            Side::Sell => &mut self.depth.buy,
        }
    }

    /// Units of others that stand before a new order at its price.
    pub(crate) fn queue_ahead(&self, side: Side, price: Price) -> u32 {
        let levels = match side {
            Side::Buy => &self.depth.buy,
            Side::Sell => &self.depth.sell,
        };
        let shown = levels.iter().find(|level| level.price == price).map(|level| level.quantity);
        let best = levels[0].price;
        let inside = match side {
            Side::Buy => price > best,
            Side::Sell => price < best,
        };
        shown.unwrap_or(if inside { 0 } else { self.flow.trade_size.saturating_mul(8) })
    }

    pub(crate) fn snapshot(&self, token: InstrumentToken) -> Tick {
        let total =
            |levels: &[DepthLevel; 5]| levels.iter().map(|level| u64::from(level.quantity)).sum::<u64>();
        let average = match self.day.volume {
            0 => self.last,
            volume => Price::from_units((self.turnover / i128::from(volume)) as i64),
        };
        let traded = self.flow.trade_size > 0;
        Tick {
            token,
            time: self.time,
            last_price: self.last,
            last_quantity: self.last_quantity,
            average_price: if traded { average } else { Price::ZERO },
            volume: self.day.volume,
            buy_quantity: total(&self.depth.buy) * 40,
            sell_quantity: total(&self.depth.sell) * 40,
            open: self.day.open,
            high: self.day.high,
            low: self.day.low,
            close: self.close,
            oi: self.oi,
            depth: traded.then_some(self.depth),
        }
    }

    fn trade_size(&self, number: u64) -> u32 {
        self.flow.some_units(mix(self.flow.key, number), 5, f64::from(self.flow.trade_size) * 3.0)
    }
}

impl Flow {
    /// Open interest at a tick.
    pub(crate) fn oi_at(&self, number: u64) -> u64 {
        let swing = between(mix(self.key, number), 3, 0, 100);
        self.open_interest + self.open_interest / OI_SWING * swing / 1_000
    }

    fn tick_size_times(&self, n: usize) -> Price {
        Price::from_units(self.tick_size.units() * n as i64)
    }

    fn level(&self, key: u64, place: u64, price: Price, lower: Price, upper: Price) -> DepthLevel {
        if price < lower || price > upper || price <= Price::ZERO {
            return DepthLevel::default();
        }
        let quantity = self.some_units(key, place, f64::from(self.trade_size) * 24.0);
        let orders = (between(key, place + 100, 1, 24) as u32).min(quantity / self.lot_size).max(1);
        DepthLevel { price, quantity, orders: orders as u16 }
    }

    /// A whole number of lots, mostly few, at most `most` units and at least one lot.
    fn some_units(&self, key: u64, place: u64, most: f64) -> u32 {
        if self.trade_size == 0 {
            return 0;
        }
        let u = unit(key, place);
        let lots = (most * u * u / f64::from(self.lot_size)) as u32;
        (lots + 1) * self.lot_size
    }
}

/// Which tick of all time this is.
pub(crate) const fn tick_number(time: Timestamp) -> u64 {
    (time.micros() / (crate::setup::TICK_INTERVAL_MS * 1_000)).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_of_minutes_are_remembered_and_no_more() {
        let flow = Flow {
            key: 1,
            tick_size: Price::from_paise(5),
            lot_size: 1,
            trade_size: 10,
            quiet_percent: 0,
            spread: 1,
            open_interest: 0,
        };
        let price = Price::from_rupees(100);
        let mut board = Board::new(flow, Timestamp::EPOCH, Bar::at(Timestamp::EPOCH, price), price);
        for minute in 0..BARS_KEPT as i64 + 5 {
            board.print(Timestamp::from_seconds(minute * 60), price, 1);
        }
        assert_eq!(board.bars.len(), BARS_KEPT);
        assert_eq!(board.bars[0].start, Timestamp::from_seconds(5 * 60));
    }
}
