//! Rows of orders and trades in the witness's own words. Data, and how it is read off the tables.

use crate::{Mode, StoredOrder, TradeRecord};
use market::{OrderState, Product, RunOrderId, Side, Symbol, Timestamp, Trade};

/// An order's durable row, in the witness's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) run: String,
    pub(super) run_order: RunOrderId,
    pub(super) tag: String,
    pub(super) is_live: bool,
    pub(super) is_exit: bool,
    /// Somebody wants it withdrawn.
    pub(super) is_unwanted: bool,
    pub(super) state: OrderState,
    pub(super) number: Option<String>,
    pub(super) symbol: Symbol,
    pub(super) side: Side,
    pub(super) product: Product,
    pub(super) quantity: u32,
    pub(super) price: i64,
    pub(super) filled: u32,
    pub(super) average: i64,
    pub(super) created_at: Timestamp,
}

/// A booked trade, in the witness's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Booked {
    pub(super) run: Option<String>,
    pub(super) is_live: bool,
    pub(super) quantity: u32,
    pub(super) price: i64,
    pub(super) side: Side,
    pub(super) symbol: Symbol,
    pub(super) product: Product,
    pub(super) at: Timestamp,
}

/// What makes a trade the same trade: exchange, its number, and the broker's number of the order, on one day.
pub(super) type TradeKey = (String, String, String, String);

/// What makes a trade the same trade, as the table's key has it.
pub(super) fn key(trade: &Trade) -> TradeKey {
    let venue = trade.symbol.venue().to_string();
    (trade.date().to_string(), venue, trade.trade_id.clone(), trade.order_id.clone())
}

/// A row in the witness's words.
pub(super) fn row(order: &StoredOrder) -> Row {
    let record = &order.record;
    Row {
        id: record.id,
        run: record.run_id.clone(),
        run_order: record.run_order_id,
        tag: record.tag.clone(),
        is_live: record.mode == Mode::Live,
        is_exit: order.is_exit,
        is_unwanted: order.cancel_wanted,
        state: record.state,
        number: record.broker_order_id.clone(),
        symbol: record.symbol.clone(),
        side: record.side,
        product: record.product,
        quantity: record.quantity,
        price: record.price.units(),
        filled: record.filled,
        average: record.average_price.units(),
        created_at: record.created_at,
    }
}

/// A booked trade in the witness's words.
pub(super) fn booked(trade: &TradeRecord) -> Booked {
    let t = &trade.trade;
    Booked {
        run: trade.run_id.clone(),
        is_live: trade.mode == Mode::Live,
        quantity: t.quantity,
        price: t.price.units(),
        side: t.side,
        symbol: t.symbol.clone(),
        product: t.product,
        at: t.time,
    }
}
