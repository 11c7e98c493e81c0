//! Orders and trades (reference §7.4, §7.6), for REST and, with "" for absent text, for the ticker.

use crate::sessions::sha256_hex;
use exchange::{Iceberg, Order, OrderStatus, TradeRecord};
use market::{Price, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Every account's terminal; Kite shows one for each client program.
const TERMINAL_ID: &str = "111111111111100";

/// One element of `GET /orders`.
#[derive(Serialize)]
pub(crate) struct OrderRow<'a> {
    account_id: &'a str,
    placed_by: &'a str,
    terminal_id: &'static str,
    order_id: &'a str,
    exchange_order_id: Option<&'a str>,
    parent_order_id: Option<&'a str>,
    status: &'static str,
    status_message: Option<&'a str>,
    status_message_raw: Option<&'a str>,
    order_timestamp: String,
    exchange_update_timestamp: Option<String>,
    exchange_timestamp: Option<String>,
    variety: &'static str,
    modified: bool,
    exchange: &'static str,
    tradingsymbol: &'a str,
    instrument_token: u32,
    order_type: &'static str,
    transaction_type: &'static str,
    validity: &'static str,
    validity_ttl: u32,
    product: &'static str,
    quantity: u32,
    disclosed_quantity: u32,
    price: Price,
    trigger_price: Price,
    auction_number: Option<String>,
    average_price: Price,
    filled_quantity: u32,
    pending_quantity: u32,
    cancelled_quantity: u32,
    market_protection: Value,
    meta: Meta,
    tag: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    guid: Option<&'a str>,
}

/// One element of `GET /trades`.
#[derive(Serialize)]
pub(crate) struct TradeRow<'a> {
    trade_id: &'a str,
    order_id: &'a str,
    exchange: &'static str,
    tradingsymbol: &'a str,
    instrument_token: u32,
    product: &'static str,
    average_price: Price,
    quantity: u32,
    exchange_order_id: &'a str,
    transaction_type: &'static str,
    fill_timestamp: String,
    order_timestamp: String,
    exchange_timestamp: String,
}

/// `{}`.
#[derive(Serialize)]
pub(crate) struct Empty {}

/// `{}`, or where a leg of an iceberg order stands.
#[derive(Serialize)]
struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    iceberg: Option<Iceberg>,
}

impl<'a> From<&'a Order> for OrderRow<'a> {
    fn from(order: &'a Order) -> Self {
        let text = |time: Option<Timestamp>| time.map(Timestamp::ist_text);
        Self {
            account_id: &order.user_id,
            placed_by: &order.user_id,
            terminal_id: TERMINAL_ID,
            order_id: &order.order_id,
            exchange_order_id: order.exchange_order_id.as_deref(),
            parent_order_id: order.parent_order_id.as_deref(),
            status: order.status.as_str(),
            status_message: order.status_message.as_deref(),
            status_message_raw: order.status_message_raw.as_deref(),
            order_timestamp: order.order_timestamp.ist_text(),
            exchange_update_timestamp: text(order.exchange_update_timestamp),
            exchange_timestamp: text(order.exchange_timestamp),
            variety: order.variety.as_str(),
            modified: order.modified,
            exchange: order.symbol.venue().as_str(),
            tradingsymbol: order.symbol.name(),
            instrument_token: order.token,
            order_type: order.kind.as_str(),
            transaction_type: order.side.as_str(),
            validity: order.validity_word(),
            validity_ttl: order.validity_ttl,
            product: order.product().as_str(),
            quantity: order.quantity,
            disclosed_quantity: order.disclosed_quantity,
            price: order.price,
            trigger_price: order.trigger_price,
            auction_number: order.auction_number.map(|number| number.to_string()),
            average_price: order.average_price,
            filled_quantity: order.filled_quantity,
            pending_quantity: order.pending_quantity,
            cancelled_quantity: order.cancelled_quantity,
            market_protection: percent(order.market_protection),
            meta: Meta { iceberg: order.iceberg },
            tag: order.tag.as_deref(),
            tags: &order.tags,
            guid: Some(&order.guid),
        }
    }
}

impl<'a> From<&'a TradeRecord> for TradeRow<'a> {
    fn from(record: &'a TradeRecord) -> Self {
        let trade = &record.trade;
        let clock = |time: Timestamp| time.ist_text().split_off("YYYY-MM-DD ".len());
        Self {
            trade_id: &trade.trade_id,
            order_id: &trade.order_id,
            exchange: trade.symbol.venue().as_str(),
            tradingsymbol: trade.symbol.name(),
            instrument_token: trade.token,
            product: record.product().as_str(),
            average_price: trade.price,
            quantity: trade.quantity,
            exchange_order_id: &record.exchange_order_id,
            transaction_type: trade.side.as_str(),
            fill_timestamp: trade.time.ist_text(),
            order_timestamp: clock(record.order_time),
            exchange_timestamp: trade.time.ist_text(),
        }
    }
}

/// Hundredths of a percent as Kite writes percent: whole ones without a decimal point, automatic as −1.
pub(crate) fn percent(hundredths: i32) -> Value {
    match hundredths {
        -1 => Value::from(-1),
        whole if whole % 100 == 0 => Value::from(whole / 100),
        other => Value::from(f64::from(other) / 100.0),
    }
}

/// What an app's server is told of an order, if it is told: the record, who and what it is for, and a checksum over id,
/// time as written here, and secret. What merely stands is not told.
pub(crate) fn postback(order: &Order, app_id: u32, api_secret: &str) -> Option<String> {
    let changed = order.modified || order.filled_quantity > 0;
    let status = match order.status {
        OrderStatus::Complete | OrderStatus::Cancelled | OrderStatus::Rejected => order.status.as_str(),
        OrderStatus::Open | OrderStatus::TriggerPending if changed => "UPDATE",
        OrderStatus::Open
        | OrderStatus::TriggerPending
        | OrderStatus::PutOrderReqReceived
        | OrderStatus::ValidationPending
        | OrderStatus::OpenPending
        | OrderStatus::ModifyValidationPending
        | OrderStatus::ModifyPending
        | OrderStatus::Modified
        | OrderStatus::CancelPending
        | OrderStatus::AmoReqReceived => return None,
    };
    let mut data = serde_json::to_value(OrderRow::from(order)).unwrap_or_default();
    let time = order.order_timestamp.ist_text();
    data["status"] = status.into();
    data["user_id"] = order.user_id.as_str().into();
    data["app_id"] = app_id.into();
    data["unfilled_quantity"] = 0.into();
    data["checksum"] = sha256_hex(&[&order.order_id, &time, api_secret]).into();
    Some(data.to_string())
}

/// The ticker's text frame for an order: "" where REST has null, a checksum that is none, the legacy fields.
pub(crate) fn update_text(order: &Order) -> String {
    let mut data = serde_json::to_value(OrderRow::from(order)).unwrap_or_default();
    let absent_text =
        ["exchange_order_id", "parent_order_id", "status_message", "status_message_raw", "tag", "guid"];
    for name in absent_text {
        if data[name].is_null() {
            data[name] = Value::from("");
        }
    }
    data["checksum"] = Value::from("");
    data["unfilled_quantity"] = Value::from(0);
    json!({ "type": "order", "data": data }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_percent_are_whole_numbers() {
        let words = [0, 200, 150, -1].map(|hundredths| percent(hundredths).to_string());
        assert_eq!(words, ["0", "2", "1.5", "-1"]);
    }
}
