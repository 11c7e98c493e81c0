//! One fill, in Kite's sense.

use crate::instrument::{InstrumentToken, Symbol};
use crate::order::{Product, Side};
use crate::price::Price;
use crate::time::{Timestamp, TradingDate};
use serde::{Deserialize, Serialize};

/// One fill. Unique by trading date, exchange, trade id and order within an account: both of two own orders that meet carry
/// one trade id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The exchange's number for it.
    pub trade_id: String,
    /// The broker's number of the order it belongs to.
    pub order_id: String,
    /// What was traded.
    pub symbol: Symbol,
    /// The broker's number of the instrument.
    pub token: InstrumentToken,
    /// Which way.
    pub side: Side,
    /// How the position is held.
    pub product: Product,
    /// Units in this fill.
    pub quantity: u32,
    /// Price of this fill.
    pub price: Price,
    /// When the exchange matched it.
    pub time: Timestamp,
}

impl Trade {
    /// The IST date it counts for.
    pub fn date(&self) -> TradingDate {
        self.time.date()
    }
}
