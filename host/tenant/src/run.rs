//! One start of one version of a strategy: its record and what it is told.

use crate::broker::BrokerState;
use crate::orders::Cause;
use ::orders::state_words;
use ::orders::{Mode, RunOrderUpdate};
use market::{Intent, Money, Timestamp};
use serde::Serialize;

state_words! {
    /// Where a run stands.
    RunState {
        /// Being set up.
        Starting = "starting",
        /// Cannot start before the broker answers.
        WaitingForBroker = "waitingForBroker",
        /// Hearing events.
        Running = "running",
        /// Being wound down.
        Stopping = "stopping",
        /// Ended because it was asked to.
        Stopped = "stopped",
        /// Ended with an error.
        Failed = "failed",
        /// Failed too often to be started again by itself.
        Quarantined = "quarantined",
    }
}

impl RunState {
    /// True when the run will not go on.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed | Self::Quarantined)
    }
}

/// A run as the rows tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// Its id, unique within the tenant.
    pub id: String,
    /// Which strategy.
    pub strategy_id: String,
    /// What the strategy is called.
    pub strategy_name: String,
    /// Which version of it.
    pub version: u32,
    /// Where orders go.
    pub mode: Mode,
    /// The parameters it was started with.
    pub params: serde_json::Value,
    /// Where it stands.
    pub state: RunState,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Option<Timestamp>,
    /// How often it was started again by itself.
    pub restarts: u32,
    /// True while somebody wants its positions closed and that is not done.
    pub square_off: bool,
}

/// What one step of a run asks to have written down.
#[derive(Debug, Clone, Default)]
pub struct RunStep {
    /// The event that caused it, with the journal up to it.
    pub cause: Cause,
    /// What becomes orders, in the order asked.
    pub intents: Vec<Intent>,
    /// What the strategy keeps across runs, in the order written. `None` deletes.
    pub state: Vec<(String, Option<Vec<u8>>)>,
    /// Amounts the strategy records itself, under their labels.
    pub amounts: Vec<(String, Money)>,
}

/// What the order path and the broker line tell a run.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly every event is an order update")]
pub enum RunEvent {
    /// One of its orders changed. Never dropped.
    Order(RunOrderUpdate),
    /// The cash available changed.
    Cash(Money),
    /// The broker line changed its state.
    Broker(BrokerState),
}
