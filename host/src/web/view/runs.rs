//! Runs and what moves them.

use super::When;
use super::account::{BrokerSession, BrokerView};
use super::halt::KillSwitchView;
use market::Money;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A wish to start a strategy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StartRun {
    pub(crate) strategy_id: String,
    /// The newest when absent.
    pub(crate) version: Option<u32>,
    pub(crate) mode: RunMode,
    /// Values for the manifest's parameters, by name. What has a default may be left out.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) params: Map<String, Value>,
}

/// Where a run's orders go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunMode {
    /// To the broker.
    Live,
    /// To the paper exchange.
    Paper,
}

/// The run that was started.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Started {
    pub(crate) run_id: String,
}

/// A wish to stop a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StopRun {
    pub(crate) run_id: String,
    /// Also cancel the run's standing orders and close its positions with market orders. Without it both stay as they
    /// are: orders stand at the broker until they trade, lapse or are cancelled there.
    #[serde(default)]
    pub(crate) square_off: bool,
}

/// Where a run is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunStateView {
    Starting,
    /// The broker is down or its session has ended; tried again until it works.
    WaitingForBroker,
    Running,
    Stopping,
    Stopped,
    /// The strategy trapped, took too long or gave up; `reason` says which.
    Failed,
    /// It failed too often to be started again.
    Quarantined,
}

/// One start of one version with parameters.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunView {
    pub(crate) id: String,
    pub(crate) strategy_id: String,
    pub(crate) strategy_name: String,
    pub(crate) version: u32,
    pub(crate) mode: RunMode,
    #[schema(value_type = Object)]
    pub(crate) params: Value,
    pub(crate) state: RunStateView,
    /// Why it is in that state, where there is something to say.
    pub(crate) reason: Option<String>,
    pub(crate) started_at: When,
    pub(crate) stopped_at: Option<When>,
    pub(crate) restarts: u32,
    /// Orders of today that may still trade.
    pub(crate) open_orders: u32,
    /// Instruments it still holds. What an ended run left behind is closed by stopping it once more with `squareOff`.
    pub(crate) open_positions: u32,
    pub(crate) figures: RunFigures,
}

/// A run in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunFigures {
    /// Booked by fills, before charges.
    #[schema(value_type = f64)]
    pub(crate) realised: Money,
    /// Of what is held, at last prices; null while something held has no price.
    #[schema(value_type = Option<f64>)]
    pub(crate) unrealised: Option<Money>,
    #[schema(value_type = f64)]
    pub(crate) charges: Money,
    /// Realised and unrealised less charges; null while unrealised is.
    #[schema(value_type = Option<f64>)]
    pub(crate) net: Option<Money>,
    pub(crate) orders: u64,
    pub(crate) trades: u64,
    /// Ticks the run has heard since the host started it.
    pub(crate) ticks: u64,
    /// Ticks that gave way to newer ones because the run lagged.
    pub(crate) dropped_ticks: u64,
}

/// The runs at hand, and what stands above them all.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusView {
    /// The IST date on the host's clock.
    #[schema(example = "2026-11-23")]
    pub(crate) today: String,
    pub(crate) broker_session: BrokerSession,
    pub(crate) broker: BrokerView,
    pub(crate) kill_switch: KillSwitchView,
    /// Runs that have not ended and those of today, newest first.
    pub(crate) runs: Vec<RunView>,
    /// Ended runs of today that are left out here because they are many. `GET /api/runs` has every run.
    pub(crate) runs_left_out: usize,
}
