//! The live state of one instrument: last price, the day's range and volume, the depth that can be traded against.

use crate::crowd::{Flow, Walls};
use crate::noise::{between, mix};
use market::{Depth, DepthLevel, InstrumentToken, Price, Side, Tick, Timestamp};
use std::collections::VecDeque;

/// Minutes of trading that are remembered as they happened: two days around the clock.
const BARS_KEPT: usize = 2_880;
const MINUTE_MICROS: i64 = 60_000_000;
/// The crowd's interest at the closing price, at most, in average trades.
const CLOSING_TRADES: f64 = 200.0;
/// A day's open interest moves by no more than this part.
const OI_SWING: u64 = 50;

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
    /// Units that the crowd buys, and sells, at the closing price.
    closing: [u32; 2],
    pub(crate) bars: VecDeque<Bar>,
    pub(crate) days: Vec<Bar>,
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
            closing: [0; 2],
            bars: VecDeque::new(),
            days: Vec::new(),
        };
        board.refill(tick_number(time), Walls::default());
        board
    }

    /// A new session begins at `price`.
    pub(crate) fn open_day(&mut self, time: Timestamp, price: Price) {
        self.days.push(self.day);
        self.close = self.last;
        self.last = price;
        self.last_quantity = 0;
        self.time = time;
        self.day = Bar::at(time, price);
        self.turnover = 0;
        self.refill(tick_number(time), Walls::default());
    }

    /// Orders are collected for the day that opens later: its limits are around the last price, its prices unknown.
    pub(crate) fn begin_day(&mut self, now: Timestamp, opens: Timestamp) {
        self.open_day(opens, self.last);
        self.time = now;
        self.depth = Depth::default();
    }

    /// The day's first price, of an auction in which so many units changed hands.
    pub(crate) fn open_at(&mut self, now: Timestamp, price: Price, units: u32) {
        self.day = Bar::at(self.day.start, price);
        self.turnover = 0;
        // Candles begin with the session: the auction's trade stands in its first minute.
        self.print(self.day.start, price, units);
        self.time = now;
    }

    /// The crowd is ready to trade some units on each side at the closing price.
    pub(crate) fn begin_closing(&mut self, now: Timestamp) {
        let number = tick_number(now);
        let most = f64::from(self.flow.trade_size) * CLOSING_TRADES;
        self.closing = [30, 31].map(|place| self.flow.some_units(mix(self.flow.key, number), place, most));
        self.depth = Depth::default();
    }

    /// The crowd's part of an order at the closing price.
    pub(crate) fn take_at_close(&mut self, side: Side, wanted: u32) -> u32 {
        let left = match side {
            Side::Buy => &mut self.closing[1],
            Side::Sell => &mut self.closing[0],
        };
        let taken = wanted.min(*left);
        *left -= taken;
        taken
    }

    /// True when a tick brings nothing new.
    pub(crate) fn is_quiet(&self, time: Timestamp) -> bool {
        between(self.flow.key, tick_number(time), 0, 99) < self.flow.quiet_percent
    }

    /// A trade happened.
    pub(crate) fn print(&mut self, time: Timestamp, price: Price, quantity: u32) {
        self.time = time;
        self.last = price;
        self.last_quantity = quantity;
        self.turnover += i128::from(price.units()) * i128::from(quantity);
        self.day.add(price, u64::from(quantity));
        let minute = Timestamp::from_micros(time.micros().div_euclid(MINUTE_MICROS) * MINUTE_MICROS);
        match self.bars.back_mut().filter(|bar| bar.start == minute) {
            Some(bar) => bar.add(price, u64::from(quantity)),
            None => {
                let mut bar = Bar::at(minute, price);
                bar.volume = u64::from(quantity);
                self.bars.push_back(bar);
                if self.bars.len() > BARS_KEPT {
                    self.bars.pop_front();
                }
            }
        }
    }

    /// New orders of others around the last price.
    pub(crate) fn refill(&mut self, number: u64, walls: Walls) {
        if self.flow.trade_size == 0 {
            return;
        }
        let flow = self.flow;
        self.depth = flow.depth(number, self.last, (self.lower, self.upper), walls);
        let swing = between(mix(flow.key, number), 3, 0, 100);
        self.oi = flow.open_interest + flow.open_interest / OI_SWING * swing / 1_000;
    }

    /// Sets the day's price limits around the previous close.
    pub(crate) fn set_limits(&mut self, lower: Price, upper: Price) {
        self.lower = lower;
        self.upper = upper;
        self.refill(tick_number(self.time), Walls::default());
    }

    /// The orders of others that an order of this side would meet.
    pub(crate) const fn opposite(&mut self, side: Side) -> &mut [DepthLevel; 5] {
        match side {
            Side::Buy => &mut self.depth.sell,
            Side::Sell => &mut self.depth.buy,
        }
    }

    /// The crowd's level at a price, where it shows one.
    pub(crate) fn level_of(&mut self, side: Side, price: Price) -> Option<&mut DepthLevel> {
        let levels = self.opposite(side.opposite());
        levels.iter_mut().find(|level| level.price == price)
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
            Side::Sell => best.is_zero() || price < best,
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
