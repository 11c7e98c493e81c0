//! Positions, daily stats and P&L as people read them. The arithmetic is the ledger's.

mod course;
mod figures;
pub(crate) mod reckon;

pub(crate) use course::{Closes, books};
pub(crate) use figures::Figures;

use market::{Money, Price, Product, Symbol, Timestamp, TradingDate};
use serde::Serialize;

/// One position of today.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionRecord {
    /// What is held.
    pub symbol: Symbol,
    /// How it is held.
    pub product: Product,
    /// Units; negative when short.
    pub quantity: i64,
    /// Average price of what is open.
    pub average_price: Price,
    /// The last price known.
    pub last_price: Price,
    /// Units bought.
    pub buy_quantity: i64,
    /// What they cost.
    pub buy_value: Money,
    /// Units sold.
    pub sell_quantity: i64,
    /// What they brought.
    pub sell_value: Money,
    /// Booked by closing.
    pub realised: Money,
    /// What closing at the last price would book.
    pub unrealised: Money,
    /// Both.
    pub pnl: Money,
    /// The strategy, when positions are asked for by strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
}

/// One day's figures of the whole tenant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyStats {
    /// The day.
    pub date: TradingDate,
    /// Realised plus unrealised, before charges.
    pub gross: Money,
    /// Brokerage, taxes and fees.
    pub charges: Money,
    /// Gross minus charges.
    pub net: Money,
    /// Realised part of gross.
    pub realised: Money,
    /// Unrealised part of gross.
    pub unrealised: Money,
    /// Fills.
    pub trades: u32,
    /// Round trips that made money.
    pub wins: u32,
    /// Round trips that lost money.
    pub losses: u32,
    /// Everything bought and sold.
    pub turnover: Money,
    /// The deepest fall from a high of the day, as a positive amount.
    pub max_drawdown: Money,
    /// Highest mark-to-market of the day.
    pub max_mtm: Money,
    /// When.
    pub max_mtm_at: Option<Timestamp>,
    /// Lowest mark-to-market of the day.
    pub min_mtm: Money,
    /// When.
    pub min_mtm_at: Option<Timestamp>,
}

/// P&L over some days.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PnlReport {
    /// First day.
    pub from: TradingDate,
    /// Last day.
    pub to: TradingDate,
    /// Booked by closing.
    pub realised: Money,
    /// Open at the last prices.
    pub unrealised: Money,
    /// Both.
    pub gross: Money,
    /// Brokerage, taxes and fees.
    pub charges: Money,
    /// Gross minus charges.
    pub net: Money,
    /// By strategy; trades by hand stand under no strategy.
    pub by_strategy: Vec<StrategyPnl>,
    /// By day.
    pub by_date: Vec<DatePnl>,
    /// What strategies recorded themselves: beside the figures, never instead.
    pub records: Vec<PnlRecord>,
}

/// One strategy's part.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrategyPnl {
    /// Which; none for trades by hand.
    pub strategy_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Booked by closing.
    pub realised: Money,
    /// Open at the last prices.
    pub unrealised: Money,
    /// Both.
    pub gross: Money,
    /// Brokerage, taxes and fees.
    pub charges: Money,
    /// Gross minus charges.
    pub net: Money,
    /// Fills.
    pub trades: u32,
}

/// One day's part.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatePnl {
    /// The day.
    pub date: TradingDate,
    /// Booked by closing.
    pub realised: Money,
    /// Open at the last prices.
    pub unrealised: Money,
    /// Both.
    pub gross: Money,
    /// Brokerage, taxes and fees.
    pub charges: Money,
    /// Gross minus charges.
    pub net: Money,
    /// Fills.
    pub trades: u32,
}

/// An amount a strategy recorded itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PnlRecord {
    /// The run.
    pub run_id: String,
    /// The strategy.
    pub strategy_id: String,
    /// What the strategy calls it.
    pub label: String,
    /// How much.
    pub amount: Money,
    /// The event's time.
    pub time: Timestamp,
}

/// A run's own figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunFigures {
    /// Booked by closing.
    pub realised: Money,
    /// Open at the last prices.
    pub unrealised: Money,
    /// Brokerage, taxes and fees.
    pub charges: Money,
    /// Realised plus unrealised minus charges.
    pub net: Money,
    /// Orders written.
    pub orders: u32,
    /// Fills.
    pub trades: u32,
}
