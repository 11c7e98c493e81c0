//! What a run is told: the facts it starts from and the events after. Knows nothing of where they come from.

use crate::manifest::Params;
use market::{Candle, Instrument, Money, OrderKind, Price, Product, RunOrderId, Side, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything a run begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// Values for every declared parameter, as `Manifest::bind` made them.
    pub params: Params,
    /// The run's instruments: those of its manifest and of its parameters.
    pub instruments: Vec<Instrument>,
    /// The time of the start event.
    pub now: Timestamp,
    /// Today's session, open and close; none on a holiday.
    pub session: Option<(Timestamp, Timestamp)>,
    /// Cash the account has available.
    pub cash: Money,
    /// What the run holds already, from its own earlier fills.
    pub positions: Vec<HeldPosition>,
    /// The run's own orders so far, oldest first.
    pub orders: Vec<OrderView>,
    /// The number its next order gets.
    pub next_order_id: RunOrderId,
    /// What the strategy stored earlier.
    pub state: BTreeMap<String, Vec<u8>>,
    /// The bars its manifest asks for, oldest first for each instrument and interval.
    pub warm_up: Vec<Candle>,
    /// Seed of the guest's random numbers.
    pub seed: u64,
    /// Booked today by the run's earlier fills.
    pub today_realised: Money,
}

/// What a run holds of one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldPosition {
    /// Of what.
    pub symbol: Symbol,
    /// How it is held.
    pub product: Product,
    /// Negative when short.
    pub quantity: i64,
    /// Average price of what is held; zero when flat.
    pub average_price: Price,
    /// What it cost exactly, of the quantity's sign: an average is rounded. None in journals of before.
    #[serde(default)]
    pub cost: Option<Money>,
    /// Booked profit or loss, before charges.
    pub realised: Money,
}

/// One event beside ticks and candles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum Event {
    /// One of the run's own orders changed.
    Order(OrderUpdate),
    /// A timer is due.
    Timer {
        /// Which one.
        id: u64,
        /// The time it is.
        now: Timestamp,
    },
    /// Something the run should know that is no market event.
    Notice {
        /// What.
        kind: NoticeKind,
        /// When.
        now: Timestamp,
        /// In words.
        text: String,
    },
    /// The account's available cash changed. The guest is not called.
    Cash {
        /// What is available now.
        amount: Money,
    },
    /// A trading day begins. The guest is not called; what was booked *today* starts from zero on a new date.
    Session {
        /// The time it is.
        now: Timestamp,
        /// Open and close; none on a holiday.
        hours: Option<(Timestamp, Timestamp)>,
    },
    /// The last event.
    Stop {
        /// When.
        now: Timestamp,
    },
}

/// A change of one of the run's own orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderUpdate {
    /// The order as it stands now.
    pub order: OrderView,
    /// When it changed.
    pub time: Timestamp,
    /// What traded since the update before.
    pub fill_quantity: u32,
    /// At what average price; zero when nothing traded.
    pub fill_price: Price,
}

/// One of the run's own orders, as the guest sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// The run's own number for it.
    pub id: RunOrderId,
    /// Of what.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// How its price is named.
    pub kind: OrderKind,
    /// How it is held.
    pub product: Product,
    /// Where it is on its way.
    pub status: GuestOrderStatus,
    /// Units in all.
    pub quantity: u32,
    /// Units traded.
    pub filled: u32,
    /// Limit price; zero where it has none.
    pub price: Price,
    /// Trigger; zero where it has none.
    pub trigger: Price,
    /// Average over all fills; zero before the first.
    pub average_price: Price,
    /// Why the host or the broker said no.
    pub refusal: RefusalCode,
    /// The same in words.
    pub message: String,
}

/// Where an order is on its way, in the guest's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GuestOrderStatus {
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
}

/// Why the host or the broker said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalCode {
    /// Nothing was refused.
    None,
    /// Too many orders in a second or a minute.
    RateLimit,
    /// Too many orders today.
    OrderCount,
    /// Too large a quantity.
    QuantityLimit,
    /// Too large a value.
    ValueLimit,
    /// Too many open orders.
    OpenOrders,
    /// The day's loss limit is reached.
    DailyLoss,
    /// Too far from the market.
    PriceBand,
    /// The market is closed.
    MarketClosed,
    /// The instrument is not on the allow-list.
    InstrumentNotAllowed,
    /// The kill switch is on.
    KillSwitch,
    /// No live broker session.
    NoSession,
    /// Not enough margin.
    Margin,
    /// The exchange said no.
    Exchange,
    /// Something else; the text says what.
    Other,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NoticeKind {
    /// Ticks stopped coming.
    FeedLost,
    /// Ticks come again.
    FeedBack,
    /// The trader's broker session ended.
    BrokerSessionExpired,
    /// The trader is signed in again.
    BrokerSessionBack,
    /// The market opened.
    MarketOpen,
    /// The market closed.
    MarketClose,
    /// The host restarted; events may have been missed.
    HostRestarted,
    /// Something else; the text says what.
    Other,
}

impl Start {
    /// Of a call without a run: no event, no time and nothing to read.
    pub(crate) fn nothing() -> Self {
        Self {
            params: BTreeMap::new(),
            instruments: Vec::new(),
            now: Timestamp::EPOCH,
            session: None,
            cash: Money::ZERO,
            positions: Vec::new(),
            orders: Vec::new(),
            next_order_id: 1,
            state: BTreeMap::new(),
            warm_up: Vec::new(),
            seed: 0,
            today_realised: Money::ZERO,
        }
    }
}

impl GuestOrderStatus {
    /// True when nothing more can happen to the order.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Rejected | Self::Complete | Self::Cancelled | Self::Abandoned)
    }
}
