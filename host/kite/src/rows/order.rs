//! One order as the broker's book has it, from REST and from the ticker alike.

use super::book::{Record, read_as_record};
use crate::order_params::BrokerOrderId;
use crate::wire::fields::{Extra, Fields};
use crate::wire::{self, Word};
use market::{InstrumentToken, OrderKind, Price, Product, Side, Symbol, Timestamp, Validity, Variety};
use serde_json::Value;
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

/// One order of the day. Without number, status, quantity or units filled there is none; everything else may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What else the record says, as it came: `meta`, `guid`, `market_protection`, `validity_ttl` and what is new.
    pub extra: Extra,
    /// Fields that were there and could not be read; they stand at their defaults.
    pub odd: Vec<&'static str>,
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

impl Record for OrderRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let order_id = order_id(&mut fields)?;
        let status = BrokerStatus::read(&fields.needed_text("status")?);
        let (quantity, filled_quantity) =
            (fields.needed_count("quantity")?, fields.needed_count("filled_quantity")?);
        let (account_id, user_id) = (fields.text("account_id"), fields.text("user_id"));
        let row = Self {
            order_id,
            status,
            quantity,
            filled_quantity,
            account_id: account_id.or(user_id),
            exchange_order_id: fields.text("exchange_order_id"),
            parent_order_id: fields.text("parent_order_id"),
            placed_by: fields.text("placed_by"),
            tag: fields.text("tag"),
            tags: fields.texts("tags"),
            status_message: fields.text("status_message"),
            status_message_raw: fields.text("status_message_raw"),
            symbol: symbol(&mut fields),
            token: fields.count("instrument_token"),
            side: fields.word("transaction_type"),
            kind: fields.word("order_type"),
            product: fields.word("product"),
            validity: fields.word("validity"),
            variety: fields.word("variety"),
            modified: fields.flag("modified"),
            pending_quantity: fields.count("pending_quantity"),
            cancelled_quantity: fields.count("cancelled_quantity"),
            disclosed_quantity: fields.count("disclosed_quantity"),
            price: fields.price("price"),
            trigger: fields.price("trigger_price"),
            average_price: fields.price("average_price"),
            order_timestamp: fields.instant("order_timestamp"),
            exchange_timestamp: fields.instant("exchange_timestamp"),
            exchange_update_timestamp: fields.instant("exchange_update_timestamp"),
            extra: Extra::new(),
            odd: Vec::new(),
        };
        let (extra, odd) = fields.rest();
        Ok(Self { extra, odd, ..row })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

read_as_record!(OrderRow);

pub(super) fn order_id(fields: &mut Fields) -> Result<BrokerOrderId, String> {
    fields.needed_text("order_id")?.parse().map_err(|error| format!("`order_id`: {error}"))
}

pub(super) fn symbol(fields: &mut Fields) -> Word<Symbol> {
    let (exchange, name) = (fields.text("exchange"), fields.text("tradingsymbol"));
    wire::symbol(&exchange.unwrap_or_default(), &name.unwrap_or_default())
}

#[cfg(test)]
mod tests;
