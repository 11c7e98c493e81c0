//! What a guest can read: moved by events alone, so the same events always show the same things.
//!
//! Knows nothing of the engine or of the WIT types; `imports/` words it for the guest.

mod candles;
mod orders;
mod positions;
mod quotes;
mod seen;
mod store;

pub use seen::Seen;
pub(crate) use store::StoreError;

use crate::event::{OrderUpdate, Start};
use crate::limits::Limits;
use candles::Candles;
use market::{Candle, Instrument, InstrumentToken, Interval, Money, Symbol, Tick, Timestamp};
use orders::Orders;
use positions::Positions;
use quotes::Quotes;
use std::collections::{BTreeMap, HashMap};
use store::Store;

/// As of the event at hand.
pub(crate) struct View {
    now: Timestamp,
    session: Option<(Timestamp, Timestamp)>,
    cash: Money,
    instruments: Vec<Instrument>,
    by_symbol: HashMap<String, usize>,
    quotes: Quotes,
    timers: BTreeMap<u64, Timestamp>,
    pub(crate) candles: Candles,
    pub(crate) orders: Orders,
    pub(crate) positions: Positions,
    pub(crate) state: Store,
}

impl View {
    /// The view of the start event.
    pub(crate) fn new(start: Start, limits: &Limits) -> Self {
        let places = start.instruments.iter().enumerate();
        let by_symbol = places.map(|(place, instrument)| (instrument.symbol.to_string(), place)).collect();
        let mut candles = Candles::new(limits.candles);
        start.warm_up.into_iter().for_each(|candle| candles.take(candle));
        Self {
            now: start.now,
            session: start.session,
            cash: start.cash,
            by_symbol,
            quotes: Quotes::with_capacity(start.instruments.len()),
            instruments: start.instruments,
            timers: BTreeMap::new(),
            candles,
            orders: Orders::new(start.orders, start.next_order_id, limits.finished_orders),
            positions: Positions::new(start.positions, start.today_realised),
            state: Store::new(start.state, limits),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn session(&self) -> Option<(Timestamp, Timestamp)> {
        self.session
    }

    pub(crate) fn cash(&self) -> Money {
        self.cash
    }

    pub(crate) fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    pub(crate) fn instrument(&self, symbol: &str) -> Option<&Instrument> {
        self.by_symbol.get(symbol).map(|&place| &self.instruments[place])
    }

    pub(crate) fn last_tick(&self, token: InstrumentToken) -> Option<&Tick> {
        self.quotes.last(token)
    }

    /// Profit or loss of what is held, at last prices; what has no price yet counts as zero.
    pub(crate) fn unrealised(&self) -> Money {
        let price = |symbol: &Symbol| {
            let instrument = self.instrument(&symbol.to_string())?;
            self.quotes.last(instrument.token).map(|tick| tick.last_price)
        };
        self.positions.unrealised(price)
    }

    /// The clock never runs backwards, though feeds stamp their snapshots unevenly.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
    }

    /// Oldest first.
    pub(crate) fn take_ticks(&mut self, ticks: &[Tick]) {
        ticks.iter().for_each(|tick| self.advance(tick.time));
        self.quotes.take(ticks);
    }

    pub(crate) fn take_candle(&mut self, candle: Candle) {
        self.advance(self.end_of(&candle));
        self.candles.take(candle);
    }

    pub(crate) fn take_order(&mut self, update: &OrderUpdate) {
        self.advance(update.time);
        if update.fill_quantity > 0 {
            self.positions.fill(&update.order, update.fill_quantity, update.fill_price);
        }
        self.orders.take(update.order.clone());
    }

    pub(crate) fn set_cash(&mut self, amount: Money) {
        self.cash = amount;
    }

    /// A trading day begins. On a new date, what was booked today starts from zero.
    pub(crate) fn set_session(&mut self, now: Timestamp, hours: Option<(Timestamp, Timestamp)>) {
        if now.date() > self.now.date() {
            self.positions.new_day();
        }
        self.advance(now);
        self.session = hours;
    }

    /// False when there are too many already.
    pub(crate) fn set_timer(&mut self, id: u64, at: Timestamp, limit: usize) -> bool {
        if self.timers.len() >= limit && !self.timers.contains_key(&id) {
            return false;
        }
        self.timers.insert(id, at);
        true
    }

    /// True when there was one.
    pub(crate) fn end_timer(&mut self, id: u64) -> bool {
        self.timers.remove(&id).is_some()
    }

    /// A bar is finished at the end of its interval, or at the close when that comes first.
    fn end_of(&self, candle: &Candle) -> Timestamp {
        let end = candle.start.plus_seconds(Interval::seconds(candle.interval));
        match self.session {
            Some((_, close)) if candle.start < close => end.min(close),
            _ => end,
        }
    }
}
