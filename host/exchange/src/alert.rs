//! Alerts as the broker records them (reference §11): what is watched, what is placed, and when it fired.

use crate::condition::{Attribute, Condition, Operator};
use crate::order::PlaceOrder;
use crate::quote::Quote;
use market::{
    InstrumentToken, OrderKind, OrderRequest, Price, Product, Side, Symbol, Timestamp, Validity, Variety,
};
use serde::{Deserialize, Serialize};

/// What an alert does when its condition is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// It tells, each time the condition comes true.
    Simple,
    /// It places a basket of orders, once.
    Ato,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    /// It watches.
    Enabled,
    /// It has placed its orders, was switched off, or what it watched is listed no more.
    Disabled,
    /// Its owner withdrew it.
    Deleted,
}

/// A wish for an alert, or the new values of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceAlert {
    /// What its owner calls it.
    pub name: String,
    /// What it does.
    pub kind: AlertKind,
    /// What is watched.
    pub left: OperandWish,
    /// How it must compare.
    pub operator: Operator,
    /// With what.
    pub right: ComparandWish,
    /// Enabled or disabled.
    pub status: AlertStatus,
    /// What changes in its basket; `None` leaves the basket as it is.
    pub basket: Option<Vec<BasketChange>>,
}

/// An attribute of an instrument that is yet to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperandWish {
    /// An exchange, or `INDICES`.
    pub exchange: String,
    /// The trading symbol.
    pub name: String,
    /// Which of its numbers.
    pub attribute: Attribute,
}

/// What the left side is to be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComparandWish {
    /// A number.
    Constant(Price),
    /// Another instrument.
    Instrument(OperandWish),
}

/// One step on a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BasketChange {
    /// A new item.
    Insert(BasketWish),
    /// Other values for an item.
    Update(u64, BasketWish),
    /// An item goes.
    Delete(u64),
}

/// An item of a basket that is yet to be numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketWish {
    /// What is traded.
    pub symbol: Symbol,
    /// Its place among the others: the smaller goes first.
    pub weight: u32,
    /// The order.
    pub order: BasketOrder,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alert {
    /// Its id.
    pub uuid: String,
    /// Whose.
    pub user: String,
    /// What its owner calls it.
    pub name: String,
    /// What it does.
    pub kind: AlertKind,
    /// Where it stands.
    pub status: AlertStatus,
    /// Why it is disabled, where that was not its owner's wish.
    pub disabled_reason: String,
    /// When it fires.
    pub condition: Condition,
    /// What it places, in the order of placing.
    pub basket: Vec<BasketItem>,
    /// How often it fired.
    pub count: u32,
    /// True while the condition is met: it fires when this becomes true.
    pub met: bool,
    /// When it fired, oldest first; the newest of many.
    pub history: Vec<AlertEvent>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last touched.
    pub updated: Timestamp,
}

/// One order of a basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasketItem {
    /// Its number.
    pub id: u64,
    /// What is traded.
    pub symbol: Symbol,
    /// Its number.
    pub token: InstrumentToken,
    /// Its place among the others.
    pub weight: u32,
    /// The order.
    pub order: BasketOrder,
}

/// What is placed when the alert fires. It is looked at only then, as the market stands then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasketOrder {
    /// Which way.
    pub side: Side,
    /// How it names its price.
    pub kind: OrderKind,
    /// How the position is held.
    pub product: Product,
    /// Units.
    pub quantity: u32,
    /// How much of it the book may show.
    pub disclosed_quantity: u32,
    /// Limit price.
    pub price: Price,
    /// Trigger price.
    pub trigger: Price,
    /// How long it stands.
    pub validity: Validity,
    /// Minutes to live (validity TTL).
    pub ttl_minutes: Option<u32>,
    /// 1/100 percent, −1 automatic, 0 none.
    pub market_protection: i32,
    /// The client's marks.
    pub tags: Vec<String>,
}

/// One time that an alert fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertEvent {
    /// When.
    pub time: Timestamp,
    /// The condition as it stood then.
    pub condition: String,
    /// The instruments it read, as they stood then.
    pub quotes: Vec<AlertQuote>,
    /// What was placed.
    pub orders: Vec<AlertOrder>,
}

/// An instrument at the moment an alert fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertQuote {
    /// The exchange as the alert names it.
    pub exchange: String,
    /// The trading symbol.
    pub name: String,
    /// Its numbers, without depth.
    pub quote: Quote,
}

/// What came of one order of a basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertOrder {
    /// What was to be traded.
    pub symbol: Symbol,
    /// The order's id, or why none was taken.
    pub order: Result<String, String>,
}

impl AlertKind {
    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Ato => "ato",
        }
    }
}

impl AlertStatus {
    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }
}

impl BasketItem {
    /// The order that it places.
    pub(crate) fn command(&self) -> PlaceOrder {
        let order = &self.order;
        let request = OrderRequest {
            symbol: self.symbol.clone(),
            side: order.side,
            quantity: order.quantity,
            kind: order.kind,
            price: order.price,
            trigger: order.trigger,
            product: order.product,
            validity: order.validity,
            variety: Variety::Regular,
            market_protection: order.market_protection,
        };
        let mut tags = order.tags.iter().cloned();
        PlaceOrder {
            tag: tags.next(),
            system_tags: tags.collect(),
            disclosed_quantity: order.disclosed_quantity,
            ttl_minutes: order.ttl_minutes,
            ..PlaceOrder::new(request)
        }
    }
}
