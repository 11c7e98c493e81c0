//! Funds of an account, as Kite shows them (reference §6).
//!
//! `net = live_balance = cash − debits` always holds.

use market::Money;
use serde::Serialize;

/// The equity segment's funds, from which commodities and currencies are margined too. The commodity segment is empty here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Margins {
    /// What may still be spent.
    pub net: Money,
    /// Where it comes from.
    pub available: Available,
    /// Where it went.
    pub utilised: Utilised,
}

/// Funds at hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Available {
    /// Money in the account.
    pub cash: Money,
    /// The same at the start of the day.
    pub opening_balance: Money,
    /// `cash − debits`.
    pub live_balance: Money,
}

/// Funds bound. The parts add up to `debits`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Utilised {
    /// The sum of all.
    pub debits: Money,
    /// Margin of futures, short options and intraday shares, held or on order; lots with their multiplier.
    pub span: Money,
    /// Unused here; part of `span`.
    pub exposure: Money,
    /// Losses taken today; negative when a profit.
    pub m2m_realised: Money,
    /// Losses not yet taken; never negative.
    pub m2m_unrealised: Money,
    /// Premium paid less premium received.
    pub option_premium: Money,
    /// Credit for shares sold from holdings, negative.
    pub holding_sales: Money,
    /// Full value of shares bought for delivery, held or on order.
    pub delivery: Money,
}
