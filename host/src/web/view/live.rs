//! What live streams say, beside the shapes that lists have too.

use super::When;
use super::books::{Amounts, StrategyPnl};
use super::runs::{RunFigures, RunView};
use super::{account, books, halt};
use serde::Serialize;
use utoipa::ToSchema;

/// The first event of every stream, `hello`. What changed before it is in the lists.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hello {
    /// The IST date on the host's clock.
    #[schema(example = "2026-11-23")]
    pub(crate) today: String,
    pub(crate) time: When,
    /// True when the client said with `Last-Event-ID` that it had listened before. What was told in between is not
    /// repeated: read the lists.
    pub(crate) resumed: bool,
}

/// So many lines or changes were too much for this stream: read the lists again. The event is `missed`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Missed {
    pub(crate) count: u64,
}

/// Today's profit and loss at the newest prices. The event is `figures`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TodayFigures {
    pub(crate) date: String,
    #[serde(flatten)]
    pub(crate) total: Amounts,
    /// Names are left out: they are the strategies'.
    pub(crate) by_strategy: Vec<StrategyPnl>,
    /// Of runs that have not ended.
    pub(crate) runs: Vec<FiguresOfRun>,
}

/// One run's figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FiguresOfRun {
    pub(crate) run_id: String,
    pub(crate) figures: RunFigures,
}

/// Why a stream ends: `session-ended` or `going-down`. The event is `end`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct End {
    pub(crate) reason: &'static str,
}

/// Whether the database takes what is written. The event is `store`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreView {
    /// Why no new order leaves just now, and what to do; null while all is well.
    pub(crate) trouble: Option<&'static str>,
}

/// Every event of the streams by name, for the document: a stream's body has no schema of its own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StreamEvents {
    hello: Hello,
    missed: Missed,
    end: End,
    state: RunView,
    log: books::LogLineView,
    order: books::OrderView,
    trade: books::TradeView,
    pnl: books::PnlRecordView,
    stats: books::DayView,
    positions: Vec<books::PositionView>,
    figures: TodayFigures,
    broker: account::BrokerView,
    store: StoreView,
    kill_switch: halt::KillSwitchView,
}
