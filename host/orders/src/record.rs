//! What an order is, as rows and people see it. Data only.

use crate::mode::Mode;
use crate::state_words;
use market::{
    OrderKind, OrderState, Price, Product, RunOrderId, Side, Symbol, Timestamp, TradingDate, Validity,
    Variety,
};
use serde::Serialize;

state_words! {
    /// Why an order was refused, in the words of the WIT package; a strategy hears the last four as `other`.
    RefusalCode {
        /// Nothing was refused.
        None = "none",
        /// Too many order calls in a second or minute.
        RateLimit = "rateLimit",
        /// Too many orders today.
        OrderCount = "orderCount",
        /// Too many units.
        QuantityLimit = "quantityLimit",
        /// Too much money, or an unknown amount: no price is known.
        ValueLimit = "valueLimit",
        /// Too many orders stand.
        OpenOrders = "openOrders",
        /// Today's loss has reached its limit.
        DailyLoss = "dailyLoss",
        /// The price lies too far from the market.
        PriceBand = "priceBand",
        /// Outside trading hours.
        MarketClosed = "marketClosed",
        /// Not on the tenant's list, or on a venue that is not supported.
        InstrumentNotAllowed = "instrumentNotAllowed",
        /// The kill switch is on.
        KillSwitch = "killSwitch",
        /// The broker session has ended, the broker cannot be reached, or orders are still being reconciled.
        NoSession = "noSession",
        /// The broker: not enough margin.
        Margin = "margin",
        /// The exchange or broker said no.
        Exchange = "exchange",
        /// Something else; the text says what.
        Other = "other",
        /// The account is stopped until a person has looked: the broker has orders of ours that nobody knows.
        Halted = "halted",
        /// Only exits and withdrawals leave: the broker's positions are not what the trades add up to.
        Reducing = "reducing",
        /// The database takes no orders just now.
        Store = "store",
        /// Orders would leave from an address that is not the account's.
        WayOut = "wayOut",
    }
}

#[allow(clippy::derivable_impls, reason = "the words of an enumeration derive what all of them have")]
impl Default for RefusalCode {
    fn default() -> Self {
        Self::None
    }
}

/// An order as the rows tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRecord {
    /// Its number within the tenant.
    pub id: i64,
    /// The run that asked for it.
    pub run_id: String,
    /// The strategy of that run.
    pub strategy_id: String,
    /// The run's own number for it.
    pub run_order_id: RunOrderId,
    /// How it is found again at the broker.
    pub tag: String,
    /// The broker's number, once known.
    pub broker_order_id: Option<String>,
    /// The IST date it was made.
    pub date: TradingDate,
    /// Live or paper.
    pub mode: Mode,
    /// What is traded.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// How the price is named.
    pub kind: OrderKind,
    /// How the position is held.
    pub product: Product,
    /// How long it stands.
    pub validity: Validity,
    /// The desk.
    pub variety: Variety,
    /// Units asked for.
    pub quantity: u32,
    /// Units traded.
    pub filled: u32,
    /// Limit price, zero where there is none.
    pub price: Price,
    /// Trigger, zero where there is none.
    pub trigger: Price,
    /// As it was asked for: 1/100 percent, −1 for automatic.
    pub market_protection: i32,
    /// Average over all fills.
    pub average_price: Price,
    /// Where it stands.
    pub state: OrderState,
    /// Why it was refused or rejected.
    pub refusal: RefusalCode,
    /// The same in words.
    pub message: String,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A trade as the rows tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeRecord {
    /// The fill itself.
    #[serde(flatten)]
    pub trade: market::Trade,
    /// The run whose order it filled; none where a person traded by hand.
    pub run_id: Option<String>,
    /// The strategy of that run.
    pub strategy_id: Option<String>,
    /// Live or paper.
    pub mode: Mode,
}

/// One order changed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOrderUpdate {
    /// The order as it stands after the change.
    pub order: OrderRecord,
    /// When the change was learned of.
    pub time: Timestamp,
    /// Units that traded since the update before.
    pub fill_quantity: u32,
    /// What those units cost on average, from the change of the notional.
    pub fill_price: Price,
}
