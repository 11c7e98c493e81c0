//! An order with what only the order path needs to know. Data only.

use crate::record::OrderRecord;
use market::{OrderRequest, Timestamp};

/// An order with what only the order path needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOrder {
    /// What everybody may see.
    pub record: OrderRecord,
    /// As it is sent: 1/100 percent, −1 for automatic.
    pub market_protection: i32,
    /// When its send began.
    pub sent_at: Option<Timestamp>,
    /// How often the whole book was read without it since its fate became unknown.
    pub absent_readings: u32,
    /// Closes a position for a person or the host.
    pub is_exit: bool,
    /// Somebody wants it withdrawn, and that is durable.
    pub cancel_wanted: bool,
    /// When the exchange last changed what it stands for; known while this process lives.
    pub terms_at: Option<Timestamp>,
}

impl StoredOrder {
    /// A new order that nothing has happened to yet.
    pub fn new(record: OrderRecord, market_protection: i32, sent_at: Option<Timestamp>) -> Self {
        Self {
            record,
            market_protection,
            sent_at,
            absent_readings: 0,
            is_exit: false,
            cancel_wanted: false,
            terms_at: None,
        }
    }

    /// The order as it would be asked for again.
    pub fn request(&self) -> OrderRequest {
        request(&self.record, self.market_protection)
    }
}

/// The order as it would be asked for again.
pub(crate) fn request(order: &OrderRecord, market_protection: i32) -> OrderRequest {
    OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        price: order.price,
        trigger: order.trigger,
        product: order.product,
        validity: order.validity,
        variety: order.variety,
        market_protection,
    }
}
