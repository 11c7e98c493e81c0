//! Positions, daily stats and P&L as people read them. The arithmetic is the ledger's.
//!
//! Three words that are easily mixed up, and how they hang together for every day, strategy and range:
//! - *gross* is the day's result: since the last close for what was carried in, since entry for the rest (Kite's m2m).
//!   A range's gross is the sum of its days', and the sum of its strategies', by-hand and netting lines.
//! - gross = *realised* + *change of unrealised*: what was booked, and how far the open profit moved in the range.
//! - *unrealised* is the open profit since entry as the range leaves it: what closing now would book.

mod course;
mod day_rows;
mod figures;
mod recent;
pub(crate) mod reckon;
mod report;

pub(crate) use course::{Base, Course, Written};
pub(crate) use day_rows::DayRows;
pub(crate) use figures::Figures;
pub(crate) use report::report;
pub use report::{DatePnl, PnlLabel, PnlReport, PnlSum, StrategyPnl};

use ledger::Charges;
use market::{Money, Price, Product, Symbol, Timestamp, TradingDate};
use serde::Serialize;

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Whose {
    /// The whole account's.
    Account,
    /// One strategy's, by its id.
    Strategy(String),
    /// Of what was traded outside Bulkhead.
    Hand,
    /// What the parts have and the account has not, because one part's buy closed another's short in it. In P&L only.
    Netting,
}

/// One position of today: Kite's columns by Kite's formulas (`ledger::Position` names them), and our own beside.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionRecord {
    /// What is held.
    pub symbol: Symbol,
    /// How it is held.
    pub product: Product,
    /// Units; negative when short.
    pub quantity: i64,
    /// Units carried in from the day before.
    pub overnight_quantity: i64,
    /// Units of money per unit of quantity and price.
    pub multiplier: i64,
    /// As Kite computes it: pooled over all buys when long, all sells when short; zero when flat.
    pub average_price: Price,
    /// Weighted average cost of what is open.
    pub average_cost: Price,
    /// The exact cost of what is open, of the quantity's sign.
    pub cost: Money,
    /// The exchange's close of the day before, of what was carried in.
    pub close_price: Option<Price>,
    /// The last price known.
    pub last_price: Option<Price>,
    /// That price's own time.
    pub last_price_at: Option<Timestamp>,
    /// Sold less bought.
    pub value: Money,
    /// Since entry; `None` when open without a price. So with `m2m` and `unrealised`.
    pub pnl: Option<Money>,
    /// Since the last close.
    pub m2m: Option<Money>,
    /// Units bought, with what was carried in long.
    pub buy_quantity: i64,
    /// At this average.
    pub buy_price: Price,
    /// For this much.
    pub buy_value: Money,
    /// Units sold, with what was carried in short.
    pub sell_quantity: i64,
    /// At this average.
    pub sell_price: Price,
    /// For this much.
    pub sell_value: Money,
    /// Units bought today.
    pub day_buy_quantity: i64,
    /// For this much.
    pub day_buy_value: Money,
    /// Units sold today.
    pub day_sell_quantity: i64,
    /// For this much.
    pub day_sell_value: Money,
    /// Booked by closing, today.
    pub realised: Money,
    /// What closing at the last price would book.
    pub unrealised: Option<Money>,
    /// The strategy, when positions are asked for by strategy; none for what was traded by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
}

/// One day's figures, of the account or of a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyStats {
    /// The day.
    pub date: TradingDate,
    /// Whose.
    pub whose: Whose,
    /// The day's result before charges, over what has a price.
    pub gross: Money,
    /// Brokerage, taxes and fees, item by item.
    pub charges: Charges,
    /// Booked by closing.
    pub realised: Money,
    /// Open profit since entry, over what has a price.
    pub unrealised: Money,
    /// Open positions without a price: they are in no figure.
    pub unpriced: u32,
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
    /// Highest mark-to-market of the day; `None` before the first.
    pub max_mtm: Option<Money>,
    /// When.
    pub max_mtm_at: Option<Timestamp>,
    /// Lowest mark-to-market of the day.
    pub min_mtm: Option<Money>,
    /// When.
    pub min_mtm_at: Option<Timestamp>,
    /// When this was worked out.
    pub as_of: Timestamp,
    /// True when the day is over and worked out to its end.
    pub is_final: bool,
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
    /// Open at the last prices; `None` when something open has no price.
    pub unrealised: Option<Money>,
    /// Brokerage, taxes and fees.
    pub charges: Money,
    /// Realised plus unrealised minus charges; `None` when unrealised is.
    pub net: Option<Money>,
    /// Orders written.
    pub orders: u32,
    /// Fills.
    pub trades: u32,
}

impl DailyStats {
    /// Gross less charges.
    pub fn net(&self) -> Money {
        self.gross - self.charges.total()
    }

    /// How far the open profit moved on the day: gross less realised.
    pub fn unrealised_change(&self) -> Money {
        self.gross - self.realised
    }

    /// Open profit since entry; `None` when something open has no price.
    pub fn open_profit(&self) -> Option<Money> {
        (self.unpriced == 0).then_some(self.unrealised)
    }
}
