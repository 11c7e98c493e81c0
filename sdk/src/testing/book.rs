//! What the desk remembers: instruments, prices, orders, positions and everything the strategy left behind.
//!
//! It moves as the host's view does: when an event is heard, and by nothing that the strategy only asked for. Knows no
//! strategy; `matching` decides what fills, `validate` what may be asked for.

use super::contract::BARS_KEPT;
use super::day;
use super::holdings::Holdings;
use super::limits::{FINISHED_ORDERS, Used};
use crate::amounts::{Money, Price, Quantity};
use crate::log::Level;
use crate::market_data::{Candle, Depth, Instrument, InstrumentKind, Interval, Tick};
use crate::order::{Change, Order, OrderId, OrderRequest, OrderStatus, OrderUpdate, Refusal};
use crate::time::{Session, Timestamp};
use crate::token::Token;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the strategy asked of a standing order, on its way to the exchange.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    Change(Change),
    Withdrawal,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) now: Timestamp,
    pub(super) session: Option<Session>,
    pub(super) manual: bool,
    pub(super) cash: Money,
    pub(super) instruments: Vec<Instrument>,
    pub(super) last: BTreeMap<Token, Tick>,
    pub(super) depth: BTreeMap<Token, Depth>,
    candles: BTreeMap<(Token, Interval), VecDeque<Candle>>,
    pub(super) orders: Vec<Order>,
    /// In the order of their ends.
    finished: Vec<OrderId>,
    /// Stops whose trigger was touched.
    pub(super) awake: BTreeSet<OrderId>,
    /// Oldest first.
    pub(super) waiting: VecDeque<(OrderId, Asked)>,
    pub(super) holdings: Holdings,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) state: BTreeMap<String, Vec<u8>>,
    pub(super) logs: Vec<(Level, String)>,
    pub(super) pnl: Vec<(String, Money)>,
    pub(super) asked: Vec<String>,
    pub(super) used: Used,
}

impl Default for Book {
    fn default() -> Self {
        let now = day::first_open();
        Self {
            now,
            session: day::usual_session(now),
            manual: false,
            cash: Money::rupees(1_000_000),
            instruments: Vec::new(),
            last: BTreeMap::new(),
            depth: BTreeMap::new(),
            candles: BTreeMap::new(),
            orders: Vec::new(),
            finished: Vec::new(),
            awake: BTreeSet::new(),
            waiting: VecDeque::new(),
            holdings: Holdings::default(),
            timers: BTreeMap::new(),
            state: BTreeMap::new(),
            logs: Vec::new(),
            pnl: Vec::new(),
            asked: Vec::new(),
            used: Used::default(),
        }
    }
}

impl Book {
    /// The token of a symbol, which becomes a plain equity when it is new.
    pub(super) fn learn(&mut self, symbol: &str) -> Token {
        if let Some(known) = self.find(symbol) {
            return known.token;
        }
        let free = |token: &Token| self.instruments.iter().all(|it| it.token != *token);
        let token = (1..).find(free).unwrap_or_default();
        self.instruments.push(Instrument {
            token,
            symbol: symbol.to_owned(),
            name: symbol.to_owned(),
            kind: InstrumentKind::Equity,
            tick_size: Price::paise(5),
            lot_size: 1,
            expiry: String::new(),
            strike: Price::ZERO,
            tags: Vec::new(),
        });
        token
    }

    /// # Panics
    /// When another instrument has its token.
    pub(super) fn add(&mut self, instrument: Instrument) {
        let Instrument { symbol, token, .. } = &instrument;
        let taken = self.instruments.iter().find(|it| it.token == *token && it.symbol != *symbol);
        if let Some(other) = taken {
            panic!("{} has token {token} already: give {symbol} another", other.symbol);
        }
        match self.instruments.iter_mut().find(|it| it.symbol == *symbol) {
            Some(known) => *known = instrument,
            None => self.instruments.push(instrument),
        }
    }

    pub(super) fn find(&self, symbol: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|it| it.symbol == symbol)
    }

    /// The clock never runs backwards, though feeds stamp their snapshots unevenly.
    pub(super) fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
    }

    /// Midnight: another session, and nothing booked so far.
    pub(super) fn new_day(&mut self, session: Option<Session>) {
        self.session = session;
        self.holdings.new_day();
    }

    /// The next tick of an instrument; the day's figures follow from those before.
    pub(super) fn next_tick(&mut self, symbol: &str, price: Price) -> Tick {
        let token = self.learn(symbol);
        let before = self.last.get(&token).copied();
        // The first tick of a day has no figures to follow from but the price that the day before ended with.
        let today = before.filter(|it| it.time.ist_day() == self.now.ist_day());
        let close = before.map_or(price, |it| if today.is_some() { it.close } else { it.last_price });
        let volume = today.map_or(0, |it| it.volume) + 1;
        let traded = today.map_or(0, |it| it.average_price.units() * it.volume as i64) + price.units();
        Tick {
            token,
            time: self.now,
            last_price: price,
            last_quantity: 1,
            average_price: Price::from_units(traded / volume as i64),
            volume,
            buy_quantity: 0,
            sell_quantity: 0,
            bid: price,
            ask: price,
            open: today.map_or(price, |it| it.open),
            high: today.map_or(price, |it| it.high.max(price)),
            low: today.map_or(price, |it| it.low.min(price)),
            close,
            oi: before.map_or(0, |it| it.oi),
        }
    }

    /// A tick is heard.
    pub(super) fn take_tick(&mut self, tick: Tick) {
        self.advance(tick.time);
        self.last.insert(tick.token, tick);
    }

    /// A bar is heard: at the end of its interval, or at the close when that comes first.
    pub(super) fn take_candle(&mut self, candle: Candle) {
        self.advance(self.end_of(&candle));
        self.keep(candle);
    }

    pub(super) fn end_of(&self, candle: &Candle) -> Timestamp {
        match self.session {
            Some(session) if candle.start < session.close => candle.end().min(session.close),
            Some(_) | None => candle.end(),
        }
    }

    /// A bar that was there already is replaced; one from before the newest is old news.
    pub(super) fn keep(&mut self, candle: Candle) {
        let bars = self.candles.entry((candle.token, candle.interval)).or_default();
        match bars.back_mut() {
            Some(last) if last.start == candle.start => *last = candle,
            Some(last) if last.start > candle.start => {}
            Some(_) | None => bars.push_back(candle),
        }
        if bars.len() > BARS_KEPT {
            bars.pop_front();
        }
    }

    pub(super) fn bars(&self, token: Token, interval: Interval, count: usize) -> Vec<Candle> {
        let bars = self.candles.get(&(token, interval));
        bars.map_or_else(Vec::new, |bars| bars.range(bars.len().saturating_sub(count)..).copied().collect())
    }

    /// The earliest timer.
    pub(super) fn next_timer(&self) -> Option<(Timestamp, u64)> {
        self.timers.iter().map(|(id, at)| (*at, *id)).min()
    }

    /// Writes an order down.
    pub(super) fn place(&mut self, request: &OrderRequest) -> OrderId {
        let id = OrderId(self.orders.len() as u64 + 1);
        self.orders.push(Order {
            id,
            symbol: request.symbol.clone(),
            side: request.side,
            kind: request.kind,
            product: request.product,
            status: OrderStatus::Pending,
            quantity: request.quantity,
            filled: Quantity::default(),
            price: request.price,
            trigger: request.trigger,
            average_price: Price::ZERO,
            refusal: Refusal::None,
            message: String::new(),
            validity: request.validity,
            market_protection: request.market_protection,
            placed_at: self.now,
            tags: Vec::new(),
        });
        id
    }

    /// The orders that the strategy can read.
    pub(super) fn readable(&self) -> Vec<Order> {
        let gone = &self.finished[..self.finished.len().saturating_sub(FINISHED_ORDERS)];
        self.orders.iter().filter(|order| !gone.contains(&order.id)).cloned().collect()
    }

    pub(super) fn find_standing(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id && !order.is_final())
    }

    /// The order, which must stand.
    ///
    /// # Panics
    /// When it does not: the test asks for what cannot happen.
    pub(super) fn standing(&self, id: OrderId) -> &Order {
        let found = self.orders.iter().find(|order| order.id == id);
        let order = found.unwrap_or_else(|| panic!("there is no order {id}"));
        assert!(!order.is_final(), "order {id} is {:?} already", order.status);
        order
    }

    /// A change of an order is heard: what traded is booked.
    pub(super) fn take_order(&mut self, update: &OrderUpdate) {
        self.advance(update.time);
        let order = &update.order;
        let signed = order.side.sign() * i64::from(update.fill_quantity.get());
        if signed != 0 {
            self.holdings.fill(&order.symbol, order.product, signed, update.fill_price);
            self.cash -= update.fill_price * signed;
        }
        if order.is_final() && self.orders.iter().all(|it| it.id != order.id || !it.is_final()) {
            self.finished.push(order.id);
            self.waiting.retain(|(id, _)| *id != order.id);
        }
        match self.orders.iter_mut().find(|it| it.id == order.id) {
            Some(known) => known.clone_from(order),
            None => self.orders.push(order.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_collide() {
        let mut book = Book::default();
        let first = book.learn("NSE:INFY");
        let index =
            Instrument { token: first + 1, symbol: "NSE:NIFTY 50".into(), ..book.instruments[0].clone() };
        book.add(index);
        let tokens: BTreeSet<_> = ["NSE:INFY", "NSE:NIFTY 50", "NSE:TCS"].map(|it| book.learn(it)).into();
        assert_eq!(tokens.len(), 3);
    }
}
