//! What the exchange tells the outside, in the order it happened.

use crate::order::{Order, TradeRecord};
use market::Tick;
use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// A new snapshot of an instrument, with depth.
    Tick(Box<Tick>),
    /// An order reached a state that its owner gets to see, or traded a part.
    Order {
        /// Whose.
        user: String,
        /// As it stands now.
        order: Box<Order>,
    },
    /// A fill. It comes before the order event that contains it.
    Trade {
        /// Whose.
        user: String,
        /// The fill.
        trade: Box<TradeRecord>,
    },
}
