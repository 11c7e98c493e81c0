//! What an account may do, as its trader set it. Data only: the gate reads it, the store keeps it, the web shows it.

use market::{Money, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The limits of one account, all its runs together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RiskLimits {
    /// Calls to the broker per calendar second (place, modify, cancel). SEBI's and Kite's own limit is 10.
    pub orders_per_second: u32,
    /// Calls to the broker per calendar minute. Kite's own limit is 400; half is left to the trader's own hands.
    pub orders_per_minute: u32,
    /// Calls to the broker per IST day. Kite's own limit is 5 000.
    pub orders_per_day: u32,
    /// Units in one order.
    pub max_order_quantity: u32,
    /// Rupees in one order.
    pub max_order_value: Money,
    /// Orders that may stand in the book at once.
    pub max_open_orders: u32,
    /// Rupees lost in a day, realised and unrealised, that close the gate until a person opens it. `None`: no limit.
    pub max_daily_loss: Option<Money>,
    /// Percent by which a buy may be priced above, or a sell below, the last price. `None`: no limit.
    pub price_band_percent: Option<f64>,
    /// True when orders outside continuous trading are refused here instead of by the exchange.
    pub market_hours_only: bool,
    /// The only instruments that may be traded. `None`: all.
    pub allowed_instruments: Option<BTreeSet<Symbol>>,
}

/// Limits that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {wanted}")]
pub struct InvalidLimits {
    /// Which one, as it stands in JSON.
    pub field: &'static str,
    /// What it must be.
    pub wanted: &'static str,
}

impl Default for RiskLimits {
    fn default() -> Self {
        Self {
            orders_per_second: 10,
            orders_per_minute: 200,
            orders_per_day: 3_000,
            max_order_quantity: 100_000,
            max_order_value: Money::from_rupees(5_000_000),
            max_open_orders: 50,
            max_daily_loss: None,
            price_band_percent: Some(20.0),
            market_hours_only: true,
            allowed_instruments: None,
        }
    }
}

impl RiskLimits {
    /// Checks limits that a person typed. A zero count is allowed: it forbids.
    ///
    /// # Errors
    /// The first one that cannot be meant.
    pub fn check(&self) -> Result<(), InvalidLimits> {
        let wrong = |field, wanted| Err(InvalidLimits { field, wanted });
        if self.orders_per_second > 10 {
            return wrong("ordersPerSecond", "must be at most 10: the broker refuses more");
        }
        if self.orders_per_minute > 400 {
            return wrong("ordersPerMinute", "must be at most 400: the broker refuses more");
        }
        if self.orders_per_day > 5_000 {
            return wrong("ordersPerDay", "must be at most 5000: the broker refuses more");
        }
        if self.max_order_value < Money::ZERO {
            return wrong("maxOrderValue", "must not be negative");
        }
        if self.max_daily_loss.is_some_and(|loss| loss <= Money::ZERO) {
            return wrong("maxDailyLoss", "must be a positive amount of rupees, or null for no limit");
        }
        if self.price_band_percent.is_some_and(|band| !band.is_finite() || band <= 0.0) {
            return wrong("priceBandPercent", "must be a positive percentage, or null for no limit");
        }
        Ok(())
    }
}
