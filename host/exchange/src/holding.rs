//! Shares in the depository, as Kite lists them (reference §8.3).

use market::{InstrumentToken, Money, Price, Symbol};
use serde::Serialize;

/// One line of the holdings page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// What is held.
    pub symbol: Symbol,
    /// Its number.
    pub token: InstrumentToken,
    /// International number, made up but well formed.
    pub isin: String,
    /// Settled units, those sold today still included.
    pub quantity: u32,
    /// Bought on the last trading day, not yet settled.
    pub t1_quantity: u32,
    /// Sold today.
    pub used_quantity: u32,
    /// Units at the start of the day.
    pub opening_quantity: u32,
    /// What they cost on average.
    pub average_price: Price,
    /// Price of the last trade.
    pub last_price: Price,
    /// Previous day's close.
    pub close_price: Price,
    /// `(last − average) × (quantity + t1)`.
    pub pnl: Money,
    /// Per share, last − close.
    pub day_change: Price,
    /// The same in 1/10 000 percent points of the close: 12 500 is 1.25 %.
    pub day_change_percentage: Price,
}
