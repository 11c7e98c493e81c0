//! What an account may do, as its trader set it. Data only: the gate reads it, the store keeps it, the web shows it.

use super::percent::Percent;
use market::{Money, Symbol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Order calls that the broker takes from one account in a calendar second.
pub const BROKER_CALLS_PER_SECOND: u32 = 10;
/// The same in a calendar minute.
pub const BROKER_CALLS_PER_MINUTE: u32 = 400;
/// The same on an IST day.
pub const BROKER_CALLS_PER_DAY: u32 = 5_000;
/// Of the broker's calls of a minute, those that no run's new or changed order may take: for exits and cancels.
pub const RESERVED_CALLS_PER_MINUTE: u32 = 40;
/// The same of a day.
pub const RESERVED_CALLS_PER_DAY: u32 = 500;

/// The limits of one account, all its runs together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RiskLimits {
    /// Calls to the broker per calendar second (place, modify, cancel) after which no run's order passes. SEBI's and
    /// Kite's own limit is 10.
    pub orders_per_second: u32,
    /// The same per calendar minute. Kite's own limit is 400; half is left to the trader's own hands.
    pub orders_per_minute: u32,
    /// The same per IST day. Kite's own limit is 5 000.
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
    pub price_band_percent: Option<Percent>,
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
            price_band_percent: Some(Percent::whole(20)),
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
        if self.orders_per_second > BROKER_CALLS_PER_SECOND {
            return wrong("ordersPerSecond", "must be at most 10: the broker refuses more");
        }
        if self.orders_per_minute > BROKER_CALLS_PER_MINUTE {
            return wrong("ordersPerMinute", "must be at most 400: the broker refuses more");
        }
        if self.orders_per_day > BROKER_CALLS_PER_DAY {
            return wrong("ordersPerDay", "must be at most 5000: the broker refuses more");
        }
        if self.max_order_value < Money::ZERO {
            return wrong("maxOrderValue", "must not be negative");
        }
        if self.max_daily_loss.is_some_and(|loss| loss <= Money::ZERO) {
            return wrong("maxDailyLoss", "must be a positive amount of rupees, or null for no limit");
        }
        if self.price_band_percent.is_some_and(|band| !band.is_positive()) {
            return wrong("priceBandPercent", "must be a positive percentage, or null for no limit");
        }
        Ok(())
    }

    /// Calls of a minute after which no run's order passes.
    pub(super) fn minute_of_runs(&self) -> u32 {
        self.orders_per_minute.min(BROKER_CALLS_PER_MINUTE - RESERVED_CALLS_PER_MINUTE)
    }

    /// The same of a day.
    pub(super) fn day_of_runs(&self) -> u32 {
        self.orders_per_day.min(BROKER_CALLS_PER_DAY - RESERVED_CALLS_PER_DAY)
    }
}
