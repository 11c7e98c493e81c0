//! What the desk remembers: instruments, prices, orders, positions and everything the strategy left behind.
//!
//! Knows no strategy; `matching` decides what fills, `validate` what may be asked for.

use crate::amounts::{Money, Price, Quantity};
use crate::log::Level;
use crate::market_data::{Candle, Depth, Instrument, InstrumentKind, Interval, Tick};
use crate::order::{
    Order, OrderId, OrderRequest, OrderStatus, OrderUpdate, Position, Product, Refusal, Validity,
};
use crate::time::{Session, Timestamp};
use crate::token::Token;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Monday, 5 January 2026, 09:15 in India.
const OPEN: Timestamp = Timestamp::from_micros(1_767_584_700_000_000);
/// From 09:15 to 15:30.
const SESSION: Duration = Duration::from_secs(6 * 3600 + 15 * 60);

/// An order with what only the desk needs to know of it.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) order: Order,
    pub(super) validity: Validity,
    /// A stop whose trigger was touched.
    pub(super) awake: bool,
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
    pub(super) candles: Vec<Candle>,
    pub(super) orders: Vec<Standing>,
    /// Updates that the strategy has not heard yet.
    pub(super) updates: VecDeque<OrderUpdate>,
    pub(super) positions: Vec<Position>,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) state: BTreeMap<String, Vec<u8>>,
    pub(super) logs: Vec<(Level, String)>,
    pub(super) pnl: Vec<(String, Money)>,
    pub(super) asked: Vec<String>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            now: OPEN,
            session: Some(Session { open: OPEN, close: OPEN + SESSION }),
            manual: false,
            cash: Money::rupees(1_000_000),
            instruments: Vec::new(),
            last: BTreeMap::new(),
            depth: BTreeMap::new(),
            candles: Vec::new(),
            orders: Vec::new(),
            updates: VecDeque::new(),
            positions: Vec::new(),
            timers: BTreeMap::new(),
            state: BTreeMap::new(),
            logs: Vec::new(),
            pnl: Vec::new(),
            asked: Vec::new(),
        }
    }
}

impl Book {
    /// The token of a symbol, which becomes a plain equity when it is new.
    pub(super) fn learn(&mut self, symbol: &str) -> Token {
        if let Some(known) = self.find(symbol) {
            return known.token;
        }
        let token = self.instruments.len() as Token + 1;
        self.instruments.push(Instrument {
            token,
            symbol: symbol.to_owned(),
            name: symbol.to_owned(),
            kind: InstrumentKind::Equity,
            tick_size: Price::paise(5),
            lot_size: 1,
            expiry: String::new(),
            strike: Price::ZERO,
        });
        token
    }

    pub(super) fn add(&mut self, instrument: Instrument) {
        self.instruments.retain(|it| it.symbol != instrument.symbol);
        self.instruments.push(instrument);
    }

    pub(super) fn find(&self, symbol: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|it| it.symbol == symbol)
    }

    /// The next tick of an instrument; the day's figures follow from those before.
    pub(super) fn tick(&mut self, symbol: &str, price: Price) -> Tick {
        let token = self.learn(symbol);
        let before = self.last.get(&token).copied();
        let volume = before.map_or(0, |it| it.volume) + 1;
        let traded = before.map_or(0, |it| it.average_price.units() * it.volume as i64) + price.units();
        let tick = Tick {
            token,
            time: self.now,
            last_price: price,
            last_quantity: 1,
            average_price: Price::from_units(traded / volume as i64),
            volume,
            bid: price,
            ask: price,
            open: before.map_or(price, |it| it.open),
            high: before.map_or(price, |it| it.high.max(price)),
            low: before.map_or(price, |it| it.low.min(price)),
            close: before.map_or(price, |it| it.close),
        };
        self.last.insert(token, tick);
        tick
    }

    pub(super) fn candle(
        &mut self,
        symbol: &str,
        interval: Interval,
        start: Timestamp,
        prices: [f64; 4],
        volume: u64,
    ) -> Candle {
        let token = self.learn(symbol);
        let [open, high, low, close] = prices.map(Price::from);
        let candle = Candle { token, interval, start, open, high, low, close, volume };
        self.candles.push(candle);
        candle
    }

    pub(super) fn warm_up(&mut self, symbol: &str, interval: Interval, closes: &[f64]) {
        let mut start = self.now - interval.duration() * closes.len() as u32;
        for close in closes {
            self.candle(symbol, interval, start, [*close; 4], 1);
            start = start + interval.duration();
        }
    }

    /// Takes the earliest timer that is due by then.
    pub(super) fn due_timer(&mut self, until: Timestamp) -> Option<(u64, Timestamp)> {
        let (id, at) = self.timers.iter().map(|(id, at)| (*id, *at)).min_by_key(|(id, at)| (*at, *id))?;
        (at <= until).then(|| self.timers.remove(&id))?;
        Some((id, at))
    }

    /// Writes an order down and says in words what was asked for.
    pub(super) fn place(&mut self, request: &OrderRequest) -> OrderId {
        let id = OrderId(self.orders.len() as u64 + 1);
        let order = Order {
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
        };
        self.orders.push(Standing { order, validity: request.validity, awake: false });
        id
    }

    /// The order, which must stand.
    ///
    /// # Panics
    /// When it does not: the test asks for what cannot happen.
    pub(super) fn standing(&mut self, id: OrderId) -> &mut Standing {
        let found = self.orders.iter_mut().find(|it| it.order.id == id);
        let standing = found.unwrap_or_else(|| panic!("there is no order {id}"));
        assert!(!standing.order.is_final(), "order {id} is {:?} already", standing.order.status);
        standing
    }

    /// Fills some of an order and books it.
    pub(super) fn fill(&mut self, id: OrderId, quantity: u32, price: Price) -> OrderUpdate {
        let now = self.now;
        let order = &mut self.standing(id).order;
        let (before, after) = (order.filled.get(), order.filled.get() + quantity);
        assert!(
            quantity > 0 && after <= order.quantity.get(),
            "order {id} has {} of {} left to fill",
            order.outstanding(),
            order.quantity
        );
        let value = order.average_price.units() * i64::from(before) + price.units() * i64::from(quantity);
        order.average_price = Price::from_units(value / i64::from(after));
        order.filled = Quantity::new(after);
        order.status =
            if after == order.quantity.get() { OrderStatus::Complete } else { OrderStatus::Partial };
        let order = order.clone();
        self.book_fill(&order, order.side.sign() * i64::from(quantity), price);
        OrderUpdate { order, time: now, fill_quantity: Quantity::new(quantity), fill_price: price }
    }

    /// Ends an order.
    pub(super) fn close(
        &mut self,
        id: OrderId,
        status: OrderStatus,
        refusal: Refusal,
        message: &str,
    ) -> OrderUpdate {
        let order = &mut self.standing(id).order;
        order.status = status;
        order.refusal = refusal;
        message.clone_into(&mut order.message);
        let order = order.clone();
        self.news_of(order)
    }

    pub(super) fn news_of(&self, order: Order) -> OrderUpdate {
        let (fill_quantity, fill_price) = (Quantity::default(), Price::ZERO);
        OrderUpdate { order, time: self.now, fill_quantity, fill_price }
    }

    /// Weighted average cost: what closes is booked, what is left over opens at the fill's price.
    fn book_fill(&mut self, order: &Order, signed: i64, price: Price) {
        let held = self.position_of(&order.symbol, order.product);
        let before = held.quantity;
        let closing = if before.signum() == -signed.signum() { signed.abs().min(before.abs()) } else { 0 };
        held.realised += (price - held.average_price) * (closing * before.signum());
        let opening = signed.abs() - closing;
        held.quantity = before + signed;
        if held.quantity == 0 {
            held.average_price = Price::ZERO;
        } else if opening > 0 {
            let kept = (before.abs() - closing) * held.average_price.units();
            held.average_price = Price::from_units((kept + opening * price.units()) / held.quantity.abs());
        }
        self.cash -= price * signed;
    }

    fn position_of(&mut self, symbol: &str, product: Product) -> &mut Position {
        let known = self.positions.iter().position(|it| it.symbol == symbol && it.product == product);
        let index = known.unwrap_or_else(|| {
            self.positions.push(Position { symbol: symbol.to_owned(), product, ..Position::default() });
            self.positions.len() - 1
        });
        &mut self.positions[index]
    }
}
