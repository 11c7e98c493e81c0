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

/// What is held: Kite's columns by Kite's formulas, and beside them the host's weighted average cost with its split into
/// realised and unrealised. What is not known is null.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PositionView {
    pub(crate) symbol: String,
    pub(crate) product: String,
    /// Negative when short.
    pub(crate) quantity: i64,
    /// Carried in from the day before.
    pub(crate) overnight_quantity: i64,
    /// Units of money per unit of quantity and price.
    pub(crate) multiplier: i64,
    /// As Kite computes it: over all buys when long, all sells when short; zero when flat.
    #[schema(value_type = f64)]
    pub(crate) average_price: Price,
    /// Weighted average cost of the open units.
    #[schema(value_type = f64)]
    pub(crate) average_cost: Price,
    /// The exchange's close of the day before, of what was carried in.
    #[schema(value_type = Option<f64>)]
    pub(crate) close_price: Option<Price>,
    #[schema(value_type = Option<f64>)]
    pub(crate) last_price: Option<Price>,
    /// The time of the last price.
    pub(crate) as_of: Option<When>,
    /// Since when the broker or its feed has not been heard; null while all is well.
    pub(crate) unknown_since: Option<When>,
    /// Sold less bought.
    #[schema(value_type = f64)]
    pub(crate) value: Money,
    /// Since entry.
    #[schema(value_type = Option<f64>)]
    pub(crate) pnl: Option<Money>,
    /// Since the last close.
    #[schema(value_type = Option<f64>)]
    pub(crate) m2m: Option<Money>,
    /// With what was carried in long.
    pub(crate) buy_quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) buy_price: Price,
    #[schema(value_type = f64)]
    pub(crate) buy_value: Money,
    /// With what was carried in short.
    pub(crate) sell_quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) sell_price: Price,
    #[schema(value_type = f64)]
    pub(crate) sell_value: Money,
    pub(crate) day_buy_quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) day_buy_value: Money,
    pub(crate) day_sell_quantity: i64,
    #[schema(value_type = f64)]
    pub(crate) day_sell_value: Money,
    /// Booked by closing, today.
    #[schema(value_type = f64)]
    pub(crate) realised: Money,
    /// What closing at the last price would book.
    #[schema(value_type = Option<f64>)]
    pub(crate) unrealised: Option<Money>,
    /// Set when asked for by strategy, unless it was traded by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strategy_id: Option<String>,
}

/// Whose figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum WhoseView {
    /// The whole account's.
    Account,
    /// One strategy's.
    Strategy,
    /// Of what was traded outside Bulkhead.
    ByHand,
    /// What strategies have and the account has not, because one's buy closed another's short in it.
    Netting,
}

/// What trading cost, item by item.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargesView {
    #[schema(value_type = f64)]
    pub(crate) brokerage: Money,
    #[schema(value_type = f64)]
    pub(crate) transaction_tax: Money,
    #[schema(value_type = f64)]
    pub(crate) exchange: Money,
    #[schema(value_type = f64)]
    pub(crate) sebi: Money,
    #[schema(value_type = f64)]
    pub(crate) stamp_duty: Money,
    #[schema(value_type = f64)]
    pub(crate) gst: Money,
    /// The depository's fee, a scrip and day sold from holdings.
    #[schema(value_type = f64)]
    pub(crate) depository: Money,
}

/// One trading day in numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayView {
    #[schema(example = "2026-11-23")]
    pub(crate) date: String,
    pub(crate) whose: WhoseView,
    /// Set for one strategy's figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strategy_id: Option<String>,
    #[serde(flatten)]
    pub(crate) amounts: Amounts,
    pub(crate) charge_items: ChargesView,
    /// Fills.
    pub(crate) trades: u32,
    /// Round trips that made money, before charges.
    pub(crate) wins: u32,
    pub(crate) losses: u32,
    #[schema(value_type = f64)]
    pub(crate) turnover: Money,
    #[schema(value_type = f64)]
    pub(crate) max_drawdown: Money,
    /// Highest mark to market of the day; null before the first.
    #[schema(value_type = Option<f64>)]
    pub(crate) max_mtm: Option<Money>,
    pub(crate) max_mtm_at: Option<When>,
    /// Lowest mark to market of the day.
    #[schema(value_type = Option<f64>)]
    pub(crate) min_mtm: Option<Money>,
    pub(crate) min_mtm_at: Option<When>,
    /// When this was worked out.
    pub(crate) as_of: When,
    /// True when the day is over and worked out to its end.
    pub(crate) is_final: bool,
}

/// Profit and loss over a range of dates, in three cuts. Each cut's parts sum to the total.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PnlView {
    pub(crate) from: String,
    pub(crate) to: String,
    #[serde(flatten)]
    pub(crate) total: Amounts,
    pub(crate) charge_items: ChargesView,
    pub(crate) by_strategy: Vec<StrategyPnl>,
    pub(crate) by_date: Vec<DatePnl>,
    /// Amounts that strategies noted themselves, summed by label, beside the host's own books.
    pub(crate) records: Vec<PnlLabelView>,
    /// When this was worked out.
    pub(crate) as_of: When,
    /// Since when the broker or its feed has not been heard: figures may be older than they look. Null while all is well.
    pub(crate) unknown_since: Option<When>,
}

/// Amounts of one cut. Gross is realised plus change of unrealised; unrealised is the open profit since entry.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amounts {
    /// Booked by closing.
    #[schema(value_type = f64)]
    pub(crate) realised: Money,
    /// How far the open profit moved in the range.
    #[schema(value_type = f64)]
    pub(crate) unrealised_change: Money,
    /// What closing at the last prices would book, since entry; null while something open has no price.
    #[schema(value_type = Option<f64>)]
    pub(crate) unrealised: Option<Money>,
    /// The result of the range: since the last close for what was carried in, since entry for the rest.
    #[schema(value_type = f64)]
    pub(crate) gross: Money,
    #[schema(value_type = f64)]
    pub(crate) charges: Money,
    /// Gross less charges.
    #[schema(value_type = f64)]
    pub(crate) net: Money,
    /// Open positions without a price: they are in no figure.
    pub(crate) unpriced: u32,
    /// Orders that no rate is known for: their charges are in no figure.
    pub(crate) unrated: u32,
}

/// Amounts of one strategy, of what was traded by hand, or of what nets between them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyPnl {
    pub(crate) whose: WhoseView,
    /// Null but for a strategy.
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

/// What a strategy noted under one label.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PnlLabelView {
    pub(crate) strategy_id: String,
    pub(crate) label: String,
    /// The sum.
    #[schema(value_type = f64)]
    pub(crate) amount: Money,
    /// Of so many records.
    pub(crate) count: u64,
    /// Of the last one.
    pub(crate) time: When,
}
