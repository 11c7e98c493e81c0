//! Logs, orders, trades, positions and profit and loss.

use super::When;
use super::runs::RunMode;
use market::{Money, Price};
use serde::Serialize;
use utoipa::ToSchema;

/// One line of a log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LogLineView {
    pub(crate) time: When,
    #[schema(example = "info")]
    pub(crate) level: String,
    /// The run it belongs to, if it is a run's.
    pub(crate) run: Option<String>,
    pub(crate) text: String,
}

/// One order, from the wish to its end.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView {
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) strategy_id: String,
    /// The run's own number for it.
    pub(crate) run_order_id: u64,
    /// The 20 characters by which it is found at the broker.
    pub(crate) tag: String,
    pub(crate) broker_order_id: Option<String>,
    #[schema(example = "NSE:INFY")]
    pub(crate) symbol: String,
    #[schema(example = "BUY")]
    pub(crate) side: String,
    #[schema(example = "LIMIT")]
    pub(crate) kind: String,
    #[schema(example = "MIS")]
    pub(crate) product: String,
    pub(crate) quantity: u32,
    pub(crate) filled: u32,
    #[schema(value_type = f64)]
    pub(crate) price: Price,
    #[schema(value_type = f64)]
    pub(crate) trigger: Price,
    #[schema(value_type = f64)]
    pub(crate) average_price: Price,
    /// `refused`, `intent`, `sending`, `acked`, `ambiguous`, `open`, `partial`, `complete`, `cancelled` …
    pub(crate) state: String,
    /// Why our risk gate or the broker said no: a stable word.
    pub(crate) refusal: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) mode: RunMode,
    pub(crate) created_at: When,
    pub(crate) updated_at: When,
}

/// One fill.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TradeView {
    pub(crate) trade_id: String,
    /// The broker's number of the order.
    pub(crate) order_id: String,
    pub(crate) run_id: Option<String>,
    pub(crate) strategy_id: Option<String>,
    pub(crate) symbol: String,
    pub(crate) side: String,
    pub(crate) product: String,
    pub(crate) quantity: u32,
    #[schema(value_type = f64)]
    pub(crate) price: Price,
    pub(crate) mode: RunMode,
    pub(crate) time: When,
}

/// What is held, by Kite's own formulas.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PositionView {
    pub(crate) symbol: String,
    pub(crate) product: String,
    /// Negative when short.
    pub(crate) quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) average_price: Price,
    #[schema(value_type = f64)]
    pub(crate) last_price: Price,
    pub(crate) buy_quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) buy_value: Money,
    pub(crate) sell_quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) sell_value: Money,
    #[schema(value_type = f64)]
    pub(crate) realised: Money,
    #[schema(value_type = f64)]
    pub(crate) unrealised: Money,
    #[schema(value_type = f64)]
    pub(crate) pnl: Money,
    /// Set when asked for by strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strategy_id: Option<String>,
}

/// One trading day in numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayView {
    #[schema(example = "2026-11-23")]
    pub(crate) date: String,
    #[schema(value_type = f64)]
    pub(crate) gross: Money,
    #[schema(value_type = f64)]
    pub(crate) charges: Money,
    #[schema(value_type = f64)]
    pub(crate) net: Money,
    /// Booked part of gross.
    #[schema(value_type = f64)]
    pub(crate) realised: Money,
    /// Open part of gross.
    #[schema(value_type = f64)]
    pub(crate) unrealised: Money,
    /// Fills.
    pub(crate) trades: u32,
    pub(crate) wins: u32,
    pub(crate) losses: u32,
    #[schema(value_type = f64)]
    pub(crate) turnover: Money,
    #[schema(value_type = f64)]
    pub(crate) max_drawdown: Money,
    /// Highest mark to market of the day.
    #[schema(value_type = f64)]
    pub(crate) max_mtm: Money,
    pub(crate) max_mtm_at: Option<When>,
    /// Lowest mark to market of the day.
    #[schema(value_type = f64)]
    pub(crate) min_mtm: Money,
    pub(crate) min_mtm_at: Option<When>,
}

/// Profit and loss over a range of dates, in three cuts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PnlView {
    pub(crate) from: String,
    pub(crate) to: String,
    #[serde(flatten)]
    pub(crate) total: Amounts,
    pub(crate) by_strategy: Vec<StrategyPnl>,
    pub(crate) by_date: Vec<DatePnl>,
    /// Amounts that strategies noted themselves, beside the host's own books.
    pub(crate) records: Vec<PnlRecordView>,
}

/// Amounts of one cut.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Amounts {
    #[schema(value_type = f64)]
    pub(crate) realised: Money,
    #[schema(value_type = f64)]
    pub(crate) unrealised: Money,
    /// Realised and unrealised.
    #[schema(value_type = f64)]
    pub(crate) gross: Money,
    #[schema(value_type = f64)]
    pub(crate) charges: Money,
    /// Gross less charges.
    #[schema(value_type = f64)]
    pub(crate) net: Money,
}

/// Amounts of one strategy.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyPnl {
    /// Absent for trades made outside Bulkhead.
    pub(crate) strategy_id: Option<String>,
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) amounts: Amounts,
    /// Fills.
    pub(crate) trades: u32,
}

/// Amounts of one date.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DatePnl {
    pub(crate) date: String,
    #[serde(flatten)]
    pub(crate) amounts: Amounts,
    /// Fills.
    pub(crate) trades: u32,
}

/// An amount that a strategy noted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PnlRecordView {
    pub(crate) time: When,
    pub(crate) run_id: String,
    pub(crate) strategy_id: String,
    pub(crate) label: String,
    #[schema(value_type = f64)]
    pub(crate) amount: Money,
}
