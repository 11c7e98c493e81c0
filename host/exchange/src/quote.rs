//! Everything the exchange publishes about one instrument at one instant.

use market::{Price, Tick, Timestamp};
use serde::{Deserialize, Serialize};

/// A full quote: the newest tick with depth, and the day's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Price, volume, day's range and depth (none for an index).
    pub tick: Tick,
    /// When it last traded.
    pub last_trade_time: Option<Timestamp>,
    /// No order below this today.
    pub lower_circuit_limit: Price,
    /// No order above this today.
    pub upper_circuit_limit: Price,
    /// Highest open interest of the day.
    pub oi_day_high: u64,
    /// Lowest open interest of the day.
    pub oi_day_low: u64,
}
