//! One order as the broker's book has it, from REST and from the ticker alike.

use crate::order_params::BrokerOrderId;
use crate::wire::{self, Word};
use market::{InstrumentToken, OrderKind, Price, Product, Side, Symbol, Timestamp, Validity, Variety};
use serde::Deserialize;
use std::fmt;

/// Where an order is on its way, in the broker's words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BrokerStatus {
    /// `PUT ORDER REQ RECEIVED`: taken, not yet looked at.
    PutOrderReqReceived,
    /// `VALIDATION PENDING`: being checked.
    ValidationPending,
    /// `OPEN PENDING`: on its way to the exchange.
    OpenPending,
    /// `OPEN`: resting at the exchange.
    Open,
    /// `TRIGGER PENDING`: waiting for its trigger.
    TriggerPending,
    /// `MODIFY VALIDATION PENDING`: a change is being checked.
    ModifyValidationPending,
    /// `MODIFY PENDING`: a change is on its way to the exchange.
    ModifyPending,
    /// `MODIFIED`: changed, standing.
    Modified,
    /// `CANCEL PENDING`: a withdrawal is on its way.
    CancelPending,
    /// `AMO REQ RECEIVED`: kept for the next session.
    AmoReqReceived,
    /// `COMPLETE`: all filled.
    Complete,
    /// `CANCELLED`: withdrawn; some may have filled.
    Cancelled,
    /// `REJECTED`: refused by broker or exchange.
    Rejected,
    /// `LAPSED`: ended with the session.
    Lapsed,
    /// A word we do not know: not final, to be looked at.
    Other(String),
}

/// One order of the day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct OrderRow {
    /// The broker's number.
    pub order_id: BrokerOrderId,
    /// The exchange's number, once it has one.
    pub exchange_order_id: Option<String>,
    /// The order this one hangs on (cover orders).
    pub parent_order_id: Option<String>,
    /// Whose order it is, where the record says so.
    pub account_id: Option<String>,
    /// Who placed it.
    pub placed_by: Option<String>,
    /// What we marked it with.
    pub tag: Option<String>,
    /// All marks, including the broker's own (`mktp`, `autoslice:…`).
    pub tags: Vec<String>,
    /// Where it is on its way.
    pub status: BrokerStatus,
    /// Why, in words for the trader.
    pub status_message: Option<String>,
    /// Why, in the order system's words.
    pub status_message_raw: Option<String>,
    /// What is traded.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// Which way.
    pub side: Word<Side>,
    /// How the price is named; a protected market order shows as LIMIT.
    pub kind: Word<OrderKind>,
    /// How the position is held.
    pub product: Word<Product>,
    /// How long it stands.
    pub validity: Word<Validity>,
    /// Its desk.
    pub variety: Word<Variety>,
    /// True once it was changed.
    pub modified: bool,
    /// Units in all.
    pub quantity: u32,
    /// Units filled.
    pub filled_quantity: u32,
    /// Units still working. Not to be relied on once the order is finished.
    pub pending_quantity: u32,
    /// Units withdrawn. Not to be relied on either.
    pub cancelled_quantity: u32,
    /// Units shown in the book.
    pub disclosed_quantity: u32,
    /// Limit price asked for.
    pub price: Price,
    /// Trigger price asked for.
    pub trigger: Price,
    /// Volume-weighted average of the fills, rounded by the broker. Book from trades, not from this.
    pub average_price: Price,
    /// When the broker registered it. For display, never for ordering.
    pub order_timestamp: Option<Timestamp>,
    /// When the exchange registered it.
    pub exchange_timestamp: Option<Timestamp>,
    /// When the exchange last changed it.
    pub exchange_update_timestamp: Option<Timestamp>,
}

impl BrokerStatus {
    fn read(word: &str) -> Self {
        match word {
            "PUT ORDER REQ RECEIVED" | "PUT ORDER REQUEST RECEIVED" => Self::PutOrderReqReceived,
            "VALIDATION PENDING" => Self::ValidationPending,
            "OPEN PENDING" => Self::OpenPending,
            "OPEN" => Self::Open,
            "TRIGGER PENDING" => Self::TriggerPending,
            "MODIFY VALIDATION PENDING" => Self::ModifyValidationPending,
            "MODIFY PENDING" => Self::ModifyPending,
            "MODIFIED" => Self::Modified,
            "CANCEL PENDING" => Self::CancelPending,
            "AMO REQ RECEIVED" | "MODIFY AMO REQ RECEIVED" => Self::AmoReqReceived,
            "COMPLETE" => Self::Complete,
            "CANCELLED" | "CANCELLED AMO" => Self::Cancelled,
            "REJECTED" => Self::Rejected,
            "LAPSED" => Self::Lapsed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// True when the order cannot fill any more. A word we do not know is never final.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::Rejected | Self::Lapsed)
    }

    /// The broker's word.
    pub fn as_str(&self) -> &str {
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
            Self::Lapsed => "LAPSED",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for BrokerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The record as it travels.
#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "order_id")]
    order_id: BrokerOrderId,
    #[serde(deserialize_with = "wire::required")]
    status: String,
    #[serde(default, deserialize_with = "wire::text")]
    exchange_order_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    parent_order_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    account_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    placed_by: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    tag: Option<String>,
    #[serde(default, deserialize_with = "wire::texts")]
    tags: Vec<String>,
    #[serde(default, deserialize_with = "wire::text")]
    status_message: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    status_message_raw: Option<String>,
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    exchange: String,
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    tradingsymbol: String,
    #[serde(default, deserialize_with = "wire::whole")]
    instrument_token: InstrumentToken,
    #[serde(default, deserialize_with = "wire::word")]
    transaction_type: Word<Side>,
    #[serde(default, deserialize_with = "wire::word")]
    order_type: Word<OrderKind>,
    #[serde(default, deserialize_with = "wire::word")]
    product: Word<Product>,
    #[serde(default, deserialize_with = "wire::word")]
    validity: Word<Validity>,
    #[serde(default, deserialize_with = "wire::word")]
    variety: Word<Variety>,
    #[serde(default, deserialize_with = "wire::flag")]
    modified: bool,
    #[serde(deserialize_with = "wire::whole")]
    quantity: u32,
    #[serde(default, deserialize_with = "wire::whole")]
    filled_quantity: u32,
    #[serde(default, deserialize_with = "wire::whole")]
    pending_quantity: u32,
    #[serde(default, deserialize_with = "wire::whole")]
    cancelled_quantity: u32,
    #[serde(default, deserialize_with = "wire::whole")]
    disclosed_quantity: u32,
    #[serde(default, deserialize_with = "wire::price")]
    price: Price,
    #[serde(default, deserialize_with = "wire::price")]
    trigger_price: Price,
    #[serde(default, deserialize_with = "wire::price")]
    average_price: Price,
    #[serde(default, deserialize_with = "wire::instant")]
    order_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::instant")]
    exchange_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::instant")]
    exchange_update_timestamp: Option<Timestamp>,
}

pub(super) fn order_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BrokerOrderId, D::Error> {
    wire::required(from)?.parse().map_err(serde::de::Error::custom)
}

impl From<Wire> for OrderRow {
    fn from(wire: Wire) -> Self {
        Self {
            order_id: wire.order_id,
            exchange_order_id: wire.exchange_order_id,
            parent_order_id: wire.parent_order_id,
            account_id: wire.account_id.or(wire.user_id),
            placed_by: wire.placed_by,
            tag: wire.tag,
            tags: wire.tags,
            status: BrokerStatus::read(&wire.status),
            status_message: wire.status_message,
            status_message_raw: wire.status_message_raw,
            symbol: wire::symbol(&wire.exchange, &wire.tradingsymbol),
            token: wire.instrument_token,
            side: wire.transaction_type,
            kind: wire.order_type,
            product: wire.product,
            validity: wire.validity,
            variety: wire.variety,
            modified: wire.modified,
            quantity: wire.quantity,
            filled_quantity: wire.filled_quantity,
            pending_quantity: wire.pending_quantity,
            cancelled_quantity: wire.cancelled_quantity,
            disclosed_quantity: wire.disclosed_quantity,
            price: wire.price,
            trigger: wire.trigger_price,
            average_price: wire.average_price,
            order_timestamp: wire.order_timestamp,
            exchange_timestamp: wire.exchange_timestamp,
            exchange_update_timestamp: wire.exchange_update_timestamp,
        }
    }
}

#[cfg(test)]
mod tests;
