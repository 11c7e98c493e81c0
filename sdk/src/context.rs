//! What a handler can see and ask for.
//!
//! Reads are as of the event at hand; nothing here waits. What depends on the outside (risk, broker, exchange)
//! comes back through `on_order`. The parts stand in `context/`.

mod exits;
mod orders;
mod state;
mod timers;

pub use orders::{Modification, OrderDraft};
pub use state::{State, StateError};
pub(crate) use timers::renew;
pub use timers::{Timer, TimerError};

use crate::amounts::{Money, Price};
use crate::market_data::{Candle, Depth, Instrument, Interval, Tick};
use crate::order::{Order, OrderId, Position, Product};
use crate::time::{Session, Timestamp};
use crate::{batch, directory, door};
use std::collections::{BTreeMap, BTreeSet};
use timers::Period;

/// What the run's fills come to today, before charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Booked.
    pub realised: Money,
    /// Of what the run holds, at last prices.
    pub unrealised: Money,
}

/// What a handler can see and ask for. One lives as long as the run.
#[derive(Debug, Default)]
pub struct Context {
    product: Product,
    periods: BTreeMap<u64, Period>,
    /// Orders whose withdrawal was asked for, until something is heard of them.
    withdrawing: BTreeSet<OrderId>,
    /// Intents that the event at hand asked for so far.
    asked: usize,
}

impl Context {
    /// The host's clock at the event at hand. It never runs backwards, though feeds stamp their snapshots unevenly: a tick
    /// stamped earlier than the event before finds the clock where it was. A bar's time is its end, at the latest the
    /// close.
    pub fn now(&self) -> Timestamp {
        batch::settle();
        door::now()
    }

    /// The next event is at hand.
    pub(crate) fn begin_event(&mut self) {
        self.asked = 0;
    }

    /// Today's session; none on a holiday.
    pub fn session(&self) -> Option<Session> {
        batch::settle();
        door::session()
    }

    /// The run's instruments: those of its manifest and of its parameters.
    pub fn instruments(&self) -> Vec<Instrument> {
        door::instruments()
    }

    /// One instrument by name.
    pub fn instrument(&self, symbol: impl AsRef<str>) -> Option<Instrument> {
        door::instrument(symbol.as_ref())
    }

    /// A price as the instrument's exchange takes it: the nearest multiple of its tick size.
    pub fn round(&self, symbol: impl AsRef<str>, price: impl Into<Price>) -> Price {
        let price = price.into();
        self.instrument(symbol).map_or(price, |it| price.round_to(it.tick_size))
    }

    /// The newest snapshot, if one came.
    pub fn last_tick(&self, symbol: impl AsRef<str>) -> Option<Tick> {
        batch::settle();
        door::last_tick(directory::token_of(symbol.as_ref())?)
    }

    /// The newest price, if one came.
    pub fn last_price(&self, symbol: impl AsRef<str>) -> Option<Price> {
        self.last_tick(symbol).map(|tick| tick.last_price)
    }

    /// The book, as far as the feed carries it.
    pub fn depth(&self, symbol: impl AsRef<str>) -> Depth {
        batch::settle();
        directory::token_of(symbol.as_ref()).map(door::depth).unwrap_or_default()
    }

    /// The last finished bars, oldest first: warm-up and what came since, at most 1 000.
    pub fn candles(&self, symbol: impl AsRef<str>, interval: Interval, count: u32) -> Vec<Candle> {
        batch::settle();
        directory::token_of(symbol.as_ref())
            .map(|token| door::candles(token, interval, count))
            .unwrap_or_default()
    }

    /// The run's own orders, oldest first: all that stand, and the last 256 finished.
    pub fn orders(&self) -> Vec<Order> {
        batch::settle();
        door::orders()
    }

    /// One of the run's own orders.
    pub fn order(&self, id: OrderId) -> Option<Order> {
        self.orders().into_iter().find(|order| order.id == id)
    }

    /// Everything the run holds or held, one entry per instrument and product.
    pub fn positions(&self) -> Vec<Position> {
        batch::settle();
        door::positions()
    }

    /// What the run holds of one instrument, over all products; flat where it never traded.
    pub fn position(&self, symbol: impl AsRef<str>) -> Position {
        let symbol = symbol.as_ref();
        let of_symbol = self.positions().into_iter().filter(|it| it.symbol == symbol);
        let flat = Position { symbol: symbol.to_owned(), product: self.product, ..Position::default() };
        of_symbol.fold(flat, merge)
    }

    /// Cash the account had available when the run was last told.
    pub fn cash(&self) -> Money {
        batch::settle();
        door::cash()
    }

    /// What the run's fills come to today.
    pub fn pnl_today(&self) -> Figures {
        batch::settle();
        door::pnl_today()
    }

    /// Notes an amount beside the host's own books, under a label of at most 64 bytes.
    pub fn record_pnl(&mut self, label: &str, amount: impl Into<Money>) {
        batch::trace();
        door::record_pnl(label, amount.into());
    }

    /// Small values that outlive the run.
    pub fn state(&mut self) -> State<'_> {
        State::new(self)
    }

    /// A timer by its number: `ctx.timer(FLATTEN).before_close(Duration::from_secs(300))?`.
    pub fn timer(&mut self, id: u64) -> Timer<'_> {
        Timer::new(self, id)
    }
}

/// One position from two of the same instrument: quantities add up, the average is that of the larger.
fn merge(one: Position, other: Position) -> Position {
    let (larger, smaller) = if other.quantity.abs() > one.quantity.abs() || one.quantity == 0 {
        (other, one)
    } else {
        (one, other)
    };
    let quantity = larger.quantity + smaller.quantity;
    Position { quantity, realised: larger.realised + smaller.realised, ..larger }
}
