//! Orders and trades as the broker records them (reference §7.4–7.6), and the commands that make them.

use crate::product::ShownProduct;
use market::{
    Change, InstrumentToken, OrderKind, OrderRequest, Price, Product, Side, Symbol, Timestamp, Trade,
    Validity, Variety,
};
use serde::{Deserialize, Serialize};

/// Kite's words for where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OrderStatus {
    /// The front took it.
    #[serde(rename = "PUT ORDER REQ RECEIVED")]
    PutOrderReqReceived,
    /// Risk is looking at it.
    #[serde(rename = "VALIDATION PENDING")]
    ValidationPending,
    /// On its way to the exchange.
    #[serde(rename = "OPEN PENDING")]
    OpenPending,
    /// In the book.
    #[serde(rename = "OPEN")]
    Open,
    /// Waiting for its trigger.
    #[serde(rename = "TRIGGER PENDING")]
    TriggerPending,
    /// A change is being checked.
    #[serde(rename = "MODIFY VALIDATION PENDING")]
    ModifyValidationPending,
    /// A change is on its way.
    #[serde(rename = "MODIFY PENDING")]
    ModifyPending,
    /// A change was taken.
    #[serde(rename = "MODIFIED")]
    Modified,
    /// A withdrawal is on its way.
    #[serde(rename = "CANCEL PENDING")]
    CancelPending,
    /// Waiting for the next session.
    #[serde(rename = "AMO REQ RECEIVED")]
    AmoReqReceived,
    /// All of it traded.
    #[serde(rename = "COMPLETE")]
    Complete,
    /// Withdrawn or lapsed; a part may have traded.
    #[serde(rename = "CANCELLED")]
    Cancelled,
    /// Refused by risk or exchange.
    #[serde(rename = "REJECTED")]
    Rejected,
}

/// A new order, as it comes through the front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// What is wanted.
    pub request: OrderRequest,
    /// The client's mark, at most 20 characters.
    pub tag: Option<String>,
    /// How much of it the book may show; 0 for all.
    pub disclosed_quantity: u32,
    /// Minutes to live (validity TTL); overrides the request's validity.
    pub ttl_minutes: Option<u32>,
    /// The system's own marks, shown after the client's.
    pub system_tags: Vec<String>,
    /// How an iceberg order is cut. The request's quantity is then that of all legs together.
    pub iceberg: Option<IcebergWish>,
    /// The auction that it takes part in (variety auction).
    pub auction_number: Option<u32>,
}

/// The legs of a new iceberg order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcebergWish {
    /// How many there are, 2 to 50.
    pub legs: u32,
    /// Units of each; the last one takes what is left.
    pub leg_quantity: u32,
}

/// Where one leg of an iceberg order stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iceberg {
    /// From 1.
    pub leg: u32,
    /// Of so many.
    pub legs: u32,
    /// Units of a leg.
    pub leg_quantity: u32,
    /// Units of all legs.
    pub total_quantity: u32,
    /// Units of the legs that follow.
    pub remaining_quantity: u32,
}

/// New values for a standing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifyOrder {
    /// Must be the order's own.
    pub variety: Variety,
    /// The new values; what is `None` stays.
    pub change: Change,
    /// A new validity. It ends a time to live, unless there is a new one.
    pub validity: Option<Validity>,
    /// Minutes to live from the change on (validity TTL).
    pub ttl_minutes: Option<u32>,
    /// A new disclosed quantity.
    pub disclosed_quantity: Option<u32>,
    /// Needed when the order becomes MARKET or SL-M; 1/100 percent, −1 automatic.
    pub market_protection: Option<i32>,
}

/// One row of the order book or of an order's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The account, which is also who placed it.
    pub user_id: String,
    /// 19 digits.
    pub order_id: String,
    /// The exchange's number, from OPEN on.
    pub exchange_order_id: Option<String>,
    /// First leg of a cover order.
    pub parent_order_id: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why, for people.
    pub status_message: Option<String>,
    /// Why, in the back office's words.
    pub status_message_raw: Option<String>,
    /// When the broker last touched it.
    pub order_timestamp: Timestamp,
    /// When the exchange took it.
    pub exchange_timestamp: Option<Timestamp>,
    /// When the exchange last touched it.
    pub exchange_update_timestamp: Option<Timestamp>,
    /// Which desk.
    pub variety: Variety,
    /// True after a change.
    pub modified: bool,
    /// What (gives `tradingsymbol` and `exchange`).
    pub symbol: Symbol,
    /// Its number.
    pub token: InstrumentToken,
    /// How it names its price. Market orders read LIMIT.
    pub kind: OrderKind,
    /// Which way.
    pub side: Side,
    /// How long it stands; see [`Order::validity_word`].
    pub validity: Validity,
    /// Minutes to live, 0 unless the validity is TTL.
    pub validity_ttl: u32,
    /// How the position is held.
    pub product: Product,
    /// Units in all.
    pub quantity: u32,
    /// How much of it the book shows; 0 for all.
    pub disclosed_quantity: u32,
    /// Limit price.
    pub price: Price,
    /// Trigger price.
    pub trigger_price: Price,
    /// Volume-weighted average of its fills; 0 before the first.
    pub average_price: Price,
    /// Traded.
    pub filled_quantity: u32,
    /// Standing.
    pub pending_quantity: u32,
    /// Withdrawn or lapsed.
    pub cancelled_quantity: u32,
    /// 1/100 percent; always 0 once protection has become a limit.
    pub market_protection: i32,
    /// The client's mark.
    pub tag: Option<String>,
    /// The client's and the system's marks (`mktp`, `mktp:2.00`).
    pub tags: Vec<String>,
    /// The broker's number of the request.
    pub guid: String,
    /// For a leg of an iceberg order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iceberg: Option<Iceberg>,
    /// The auction that it takes part in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auction_number: Option<u32>,
}

/// One fill, with what Kite's trade rows add to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeRecord {
    /// The fill.
    pub trade: Trade,
    /// The exchange's number of the order.
    pub exchange_order_id: String,
    /// When the order was placed.
    pub order_time: Timestamp,
    /// True for a leg of a cover order.
    #[serde(default)]
    pub cover: bool,
}

impl OrderStatus {
    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PutOrderReqReceived => "PUT ORDER REQ RECEIVED",
            Self::ValidationPending => "VALIDATION PENDING",
            Self::OpenPending => "OPEN PENDING",
            Self::Open => "OPEN",
            Self::TriggerPending => "TRIGGER PENDING",
            Self::ModifyValidationPending => "MODIFY VALIDATION PENDING",
            Self::ModifyPending => "MODIFY PENDING",
            Self::Modified => "MODIFIED",
            Self::CancelPending => "CANCEL PENDING",
            Self::AmoReqReceived => "AMO REQ RECEIVED",
            Self::Complete => "COMPLETE",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }

    /// True when nothing more can happen to the order.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::Rejected)
    }

    /// True for the states that the owner is told of. The others last no time and stand in the history alone, but for
    /// an after-market order that waits: Kite does not announce those.
    pub const fn is_announced(self) -> bool {
        self.is_final() || matches!(self, Self::Open | Self::TriggerPending)
    }
}

impl PlaceOrder {
    /// An order with a request and nothing else.
    pub const fn new(request: OrderRequest) -> Self {
        Self {
            request,
            tag: None,
            disclosed_quantity: 0,
            ttl_minutes: None,
            system_tags: Vec::new(),
            iceberg: None,
            auction_number: None,
        }
    }

    /// The same with a mark.
    pub fn tagged(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }
}

impl ModifyOrder {
    /// A change of an ordinary order.
    pub const fn new(change: Change) -> Self {
        let variety = Variety::Regular;
        Self {
            variety,
            change,
            validity: None,
            ttl_minutes: None,
            disclosed_quantity: None,
            market_protection: None,
        }
    }
}

impl TradeRecord {
    /// What it is shown as, and which position it belongs to.
    pub fn product(&self) -> ShownProduct {
        if self.cover { ShownProduct::Co } else { self.trade.product.into() }
    }
}

impl Order {
    /// What it is shown as, and which position its fills belong to.
    pub fn product(&self) -> ShownProduct {
        if self.variety == Variety::Co { ShownProduct::Co } else { self.product.into() }
    }

    /// The leg of a cover order that opens the position: its fills are followed by a stop at its trigger.
    pub(crate) fn is_first_leg(&self) -> bool {
        self.variety == Variety::Co && self.parent_order_id.is_none() && self.trigger_price > Price::ZERO
    }

    /// The leg of a cover order that ends the position.
    pub(crate) fn is_second_leg(&self) -> bool {
        self.variety == Variety::Co && self.parent_order_id.is_some()
    }

    /// True when a fill of it, its last or any, brings another order.
    pub(crate) fn brings_another(&self) -> bool {
        let last = self.pending_quantity == 0;
        (last && self.iceberg.is_some()) || self.is_first_leg()
    }

    /// The request that it stands for now.
    pub(crate) fn request(&self, protection: i32) -> OrderRequest {
        OrderRequest {
            symbol: self.symbol.clone(),
            side: self.side,
            quantity: self.quantity,
            kind: self.kind,
            price: self.price,
            trigger: self.trigger_price,
            product: self.product,
            validity: self.validity,
            variety: self.variety,
            market_protection: protection,
        }
    }

    /// `DAY`, `IOC` or `TTL`.
    pub const fn validity_word(&self) -> &'static str {
        if self.validity_ttl > 0 { "TTL" } else { self.validity.as_str() }
    }
}
