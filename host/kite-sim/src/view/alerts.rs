//! Alerts and when they fired (reference §11).

use crate::view::basket::BasketRow;
use exchange::{Alert, AlertEvent, AlertKind, AlertOrder, AlertQuote, Comparand, Operand};
use market::{Price, Timestamp};
use serde::Serialize;

/// What Kite writes for a time that never was.
const NEVER: &str = "0001-01-01 00:00:00";

/// One element of `GET /alerts`.
#[derive(Serialize)]
pub(crate) struct AlertRow<'a> {
    r#type: &'static str,
    user_id: &'a str,
    uuid: &'a str,
    name: &'a str,
    status: &'static str,
    disabled_reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    basket: Option<BasketRow<'a>>,
    lhs_attribute: &'static str,
    lhs_exchange: &'a str,
    lhs_tradingsymbol: &'a str,
    operator: &'static str,
    rhs_type: &'static str,
    rhs_attribute: &'static str,
    rhs_exchange: &'a str,
    rhs_tradingsymbol: &'a str,
    rhs_constant: Price,
    alert_count: u32,
    created_at: String,
    updated_at: String,
}

/// One element of `GET /alerts/{uuid}/history`.
#[derive(Serialize)]
pub(crate) struct EventRow<'a> {
    uuid: &'a str,
    r#type: &'static str,
    meta: Vec<QuoteRow<'a>>,
    condition: &'a str,
    created_at: String,
    order_meta: Option<Vec<OrderOutcome<'a>>>,
}

#[derive(Serialize)]
struct QuoteRow<'a> {
    instrument_token: u32,
    tradingsymbol: &'a str,
    timestamp: String,
    last_price: Price,
    ohlc: OhlcRow,
    net_change: Price,
    exchange: &'a str,
    last_trade_time: String,
    last_quantity: u32,
    buy_quantity: u64,
    sell_quantity: u64,
    volume: u64,
    volume_tick: u32,
    average_price: Price,
    oi: u64,
    oi_day_high: u64,
    oi_day_low: u64,
    lower_circuit_limit: Price,
    upper_circuit_limit: Price,
}

#[derive(Serialize)]
struct OhlcRow {
    open: Price,
    high: Price,
    low: Price,
    close: Price,
}

#[derive(Serialize)]
struct OrderOutcome<'a> {
    exchange: &'static str,
    tradingsymbol: &'a str,
    status: &'static str,
    order_id: &'a str,
    rejection_reason: &'a str,
}

impl<'a> AlertRow<'a> {
    /// The record as a change of it is answered: without its basket, as Kite does.
    pub(crate) fn brief(alert: &'a Alert) -> Self {
        let condition = &alert.condition;
        let (right, constant) = match &condition.right {
            Comparand::Constant(number) => (None, *number),
            Comparand::Instrument(operand) => (Some(operand), Price::ZERO),
        };
        let text = |of: fn(&Operand) -> &str| right.map_or("", of);
        Self {
            r#type: alert.kind.as_str(),
            user_id: &alert.user,
            uuid: &alert.uuid,
            name: &alert.name,
            status: alert.status.as_str(),
            disabled_reason: &alert.disabled_reason,
            basket: None,
            lhs_attribute: condition.left.attribute.as_str(),
            lhs_exchange: &condition.left.exchange,
            lhs_tradingsymbol: &condition.left.name,
            operator: condition.operator.as_str(),
            rhs_type: if right.is_some() { "instrument" } else { "constant" },
            rhs_attribute: right.map_or("", |operand| operand.attribute.as_str()),
            rhs_exchange: text(|operand| &operand.exchange),
            rhs_tradingsymbol: text(|operand| &operand.name),
            rhs_constant: constant,
            alert_count: alert.count,
            created_at: alert.created.ist_text(),
            updated_at: alert.updated.ist_text(),
        }
    }

    /// The record as it is read.
    pub(crate) fn whole(alert: &'a Alert) -> Self {
        let basket = match alert.kind {
            AlertKind::Simple => None,
            AlertKind::Ato => Some(BasketRow::from(alert.basket.as_slice())),
        };
        Self { basket, ..Self::brief(alert) }
    }
}

impl<'a> EventRow<'a> {
    pub(crate) fn new(alert: &'a Alert, event: &'a AlertEvent) -> Self {
        let orders = event.orders.iter().map(OrderOutcome::from).collect::<Vec<_>>();
        Self {
            uuid: &alert.uuid,
            r#type: alert.kind.as_str(),
            meta: event.quotes.iter().map(QuoteRow::from).collect(),
            condition: &event.condition,
            created_at: event.time.ist_text(),
            order_meta: (!orders.is_empty()).then_some(orders),
        }
    }
}

impl<'a> From<&'a AlertQuote> for QuoteRow<'a> {
    fn from(found: &'a AlertQuote) -> Self {
        let (quote, tick) = (&found.quote, &found.quote.tick);
        Self {
            instrument_token: tick.token,
            tradingsymbol: &found.name,
            timestamp: tick.time.ist_text(),
            last_price: tick.last_price,
            ohlc: OhlcRow { open: tick.open, high: tick.high, low: tick.low, close: tick.close },
            net_change: tick.last_price - tick.close,
            exchange: &found.exchange,
            last_trade_time: quote.last_trade_time.map_or_else(|| NEVER.to_owned(), Timestamp::ist_text),
            last_quantity: tick.last_quantity,
            buy_quantity: tick.buy_quantity,
            sell_quantity: tick.sell_quantity,
            volume: tick.volume,
            volume_tick: 0,
            average_price: tick.average_price,
            oi: tick.oi,
            oi_day_high: quote.oi_day_high,
            oi_day_low: quote.oi_day_low,
            lower_circuit_limit: quote.lower_circuit_limit,
            upper_circuit_limit: quote.upper_circuit_limit,
        }
    }
}

impl<'a> From<&'a AlertOrder> for OrderOutcome<'a> {
    fn from(placed: &'a AlertOrder) -> Self {
        let (status, order_id, rejection_reason) = match &placed.order {
            Ok(order_id) => ("success", order_id.as_str(), ""),
            Err(reason) => ("failed", "", reason.as_str()),
        };
        let (exchange, tradingsymbol) = (placed.symbol.venue().as_str(), placed.symbol.name());
        Self { exchange, tradingsymbol, status, order_id, rejection_reason }
    }
}
