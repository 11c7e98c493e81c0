//! The exchange's own books of an account: what a host's ledger must agree with, to the paisa.

use crate::order::TradeRecord;
use crate::position::Position;
use market::Money;
use serde::Serialize;

/// One account's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Books {
    /// Whose.
    pub user_id: String,
    /// Every fill of the day, oldest first.
    pub trades: Vec<TradeRecord>,
    /// Net positions.
    pub net: Vec<Position>,
    /// Today's positions.
    pub day: Vec<Position>,
    /// Profit of closed quantities at weighted average cost, today.
    pub realised: Money,
    /// Profit of open quantities at the last price.
    pub unrealised: Money,
    /// `realised + unrealised`: the sum of `pnl` over the net positions.
    pub pnl: Money,
    /// Σ price × quantity over the day's trades.
    pub turnover: Money,
    /// Orders placed today.
    pub orders: usize,
}
