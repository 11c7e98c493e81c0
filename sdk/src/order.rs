//! Orders: what can be asked for, and how one stands.
//!
//! Mirrors `wit/types.wit` and `wit/broker.wit`; sends nothing itself (see `context::orders`).

use crate::amounts::{Price, Quantity};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The run's own number for one of its orders: 1, 2, 3 …
///
/// The numbers go on where the host restarted in the middle of a run, and begin anew with the next run: what a run keeps
/// in its state under a number means nothing to the run after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// +1 for buy, −1 for sell.
    pub const fn sign(self) -> i64 {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }
}

/// How an order names its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OrderKind {
    /// At what the market gives.
    Market,
    /// At this price or better.
    Limit,
    /// A limit order that sleeps until its trigger is touched (SL).
    Stop,
    /// A market order that sleeps until its trigger is touched (SL-M).
    StopMarket,
}

/// How a position is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Product {
    /// Delivery.
    Cnc,
    /// Intraday. The default: every exchange takes it. The broker closes such positions itself before the session ends,
    /// for a fee; be flat before that.
    #[default]
    Mis,
    /// Derivatives held overnight.
    Nrml,
    /// Delivery on borrowed money.
    Mtf,
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Validity {
    /// Until the session ends.
    #[default]
    Day,
    /// Fill at once what can be filled, drop the rest.
    Ioc,
}

/// What an order asks for, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// `NSE:INFY`.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// How many.
    pub quantity: Quantity,
    /// How the price is named.
    pub kind: OrderKind,
    /// Zero where the kind has none.
    pub price: Price,
    /// Zero where the kind has none.
    pub trigger: Price,
    /// How the position is held.
    pub product: Product,
    /// How long it stands.
    pub validity: Validity,
    /// Market protection in 1/100 percent, −1 for the exchange's own band.
    pub market_protection: i32,
}

/// What should be different about a standing order. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// The new total, including what has traded.
    pub quantity: Option<Quantity>,
    /// The new limit.
    pub price: Option<Price>,
    /// The new trigger.
    pub trigger: Option<Price>,
    /// The new kind.
    pub kind: Option<OrderKind>,
    /// The new validity.
    pub validity: Option<Validity>,
}

/// What is wrong with a request. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum OrderError {
    UnknownInstrument(String),
    NotTradable(String),
    InvalidQuantity(String),
    InvalidPrice(String),
    InvalidCombination(String),
    UnknownOrder(String),
    TooMany(String),
    Other(String),
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrderError::UnknownInstrument(text)
            | OrderError::NotTradable(text)
            | OrderError::InvalidQuantity(text)
            | OrderError::InvalidPrice(text)
            | OrderError::InvalidCombination(text)
            | OrderError::UnknownOrder(text)
            | OrderError::TooMany(text)
            | OrderError::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for OrderError {}

/// Where an order is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Written down, not yet with the broker.
    Pending,
    /// The host's risk gate said no; it was never sent.
    Refused,
    /// The broker or the exchange said no.
    Rejected,
    /// The outcome of the send is unknown; the host is finding out.
    Unknown,
    /// With the broker, waiting for its trigger.
    TriggerPending,
    /// Resting in the book.
    Open,
    /// Some of it has traded.
    Partial,
    /// All of it has traded.
    Complete,
    /// Withdrawn or lapsed; some of it may have traded.
    Cancelled,
    /// Never sent, or proven never to have arrived.
    Abandoned,
    /// Something newer than this list, and not final: the message says what.
    Other,
}

impl OrderStatus {
    /// True when nothing more can happen to the order.
    pub const fn is_final(self) -> bool {
        match self {
            OrderStatus::Refused
            | OrderStatus::Rejected
            | OrderStatus::Complete
            | OrderStatus::Cancelled
            | OrderStatus::Abandoned => true,
            OrderStatus::Pending
            | OrderStatus::Unknown
            | OrderStatus::TriggerPending
            | OrderStatus::Open
            | OrderStatus::Partial
            | OrderStatus::Other => false,
        }
    }
}

/// Why the host or the broker said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Refusal {
    /// Nothing was refused.
    None,
    RateLimit,
    OrderCount,
    QuantityLimit,
    ValueLimit,
    OpenOrders,
    DailyLoss,
    PriceBand,
    MarketClosed,
    InstrumentNotAllowed,
    KillSwitch,
    NoSession,
    Margin,
    Exchange,
    /// Something newer than this list; the message says what.
    Other,
}

/// One of the run's own orders, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The run's own number.
    pub id: OrderId,
    /// `NSE:INFY`.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// How the price is named.
    pub kind: OrderKind,
    /// How the position is held.
    pub product: Product,
    /// Where it is on its way.
    pub status: OrderStatus,
    /// How many were asked for.
    pub quantity: Quantity,
    /// How many have traded.
    pub filled: Quantity,
    /// Zero where the kind has none.
    pub price: Price,
    /// Zero where the kind has none.
    pub trigger: Price,
    /// Average over all fills; zero before the first.
    pub average_price: Price,
    /// Why somebody said no.
    pub refusal: Refusal,
    /// The same in words.
    pub message: String,
    /// How long it stands.
    pub validity: Validity,
    /// As it was asked for: 1/100 percent, −1 for the exchange's own band.
    pub market_protection: i32,
    /// When it was asked for.
    pub placed_at: Timestamp,
    /// What else the host knows of it: names and values.
    pub tags: Vec<(String, String)>,
}

impl Order {
    /// How many may still trade: zero once the order is final.
    pub fn outstanding(&self) -> u32 {
        if self.status.is_final() { 0 } else { self.quantity.get().saturating_sub(self.filled.get()) }
    }

    /// True when nothing more can happen to it.
    pub fn is_final(&self) -> bool {
        self.status.is_final()
    }

    /// How many may still trade, negative for a sale: what the order may yet do to the position.
    pub fn on_the_way(&self) -> i64 {
        self.side.sign() * i64::from(self.outstanding())
    }

    /// True when it ended without a single fill: refused, rejected, abandoned or cancelled unfilled.
    pub fn came_to_nothing(&self) -> bool {
        self.is_final() && self.filled.get() == 0
    }
}

/// A change of one of the run's own orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderUpdate {
    /// The order as it stands now.
    pub order: Order,
    /// When.
    pub time: Timestamp,
    /// What traded since the update before; zero when nothing did.
    pub fill_quantity: Quantity,
    /// At which price; zero when nothing did.
    pub fill_price: Price,
}

impl OrderUpdate {
    /// True when this update is about that order.
    pub fn is(&self, id: OrderId) -> bool {
        self.order.id == id
    }

    /// True when it says that a change or a withdrawal was refused: the order stands as before, and
    /// [`message`](Order::message) says why.
    pub fn refused_change(&self) -> bool {
        !self.order.is_final() && self.order.refusal != Refusal::None
    }
}

/// What the run holds of one instrument, from its own fills.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// `NSE:INFY`.
    pub symbol: String,
    /// How it is held.
    pub product: Product,
    /// Negative when short.
    pub quantity: i64,
    /// Average price of what is held; zero when flat.
    pub average_price: Price,
    /// Booked profit or loss of this position by the run so far, over all days, before charges. Today's is
    /// [`Context::pnl_today`](crate::Context::pnl_today).
    pub realised: crate::Money,
}
