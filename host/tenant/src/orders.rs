//! The one order path: the core decides (package `orders`), this writes down what it decided and does what it asks for.
//!
//! Nothing here knows which strategy language or engine asks. No order leaves before its row is durable.

mod audited;
mod calls;
mod cash;
mod cause;
mod desk;
mod hearing;
mod leftover;
mod lines;
mod queue;
mod rows;
mod settle;
mod stops;
mod submit;
mod switch;
mod wind_down;
mod world;

pub(crate) use audited::Settled;
pub use cause::Cause;
pub(crate) use desk::{Desk, Parts};
pub use leftover::{Hindrance, Leftover, OpenPosition};
pub use wind_down::Closing;

pub use ::orders::{KillSwitch, OrderRecord, RefusalCode, RunOrderUpdate, TradeRecord};

use crate::error::StoreError;
use crate::pnl::PositionRecord;
use crate::run::{RunEvent, RunRecord, RunStep};
use market::Intent;
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc;

/// One run's line into the order path.
pub struct RunLine {
    /// What the run must hear. Order updates are never dropped.
    pub events: mpsc::Receiver<RunEvent>,
    /// The run's orders as they stood when the line was made, oldest first.
    pub orders: Vec<OrderRecord>,
    /// What the run held then, by its own trades.
    pub positions: Vec<PositionRecord>,
    /// False while fills of these orders are not booked as trades: orders and positions do not fit together yet.
    pub is_settled: bool,
    pub(crate) desk: Arc<Desk>,
    pub(crate) run: RunRecord,
}

impl fmt::Debug for RunLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunLine({})", self.run.id)
    }
}

impl RunLine {
    /// Writes the journal and what the intents become in one transaction, then sends in the background.
    ///
    /// Refusals and outcomes come as events.
    ///
    /// # Errors
    /// When nothing could be written; then nothing is sent either.
    pub async fn submit(&self, cause: Cause, intents: Vec<Intent>) -> Result<(), StoreError> {
        self.write(RunStep { cause, intents, ..RunStep::default() }).await
    }

    /// Writes everything a step left, in the order of the steps. A step with intents is durable when this returns, and
    /// every step before it; what asks for nothing is gathered and durable a moment later.
    ///
    /// To be awaited to its end.
    ///
    /// # Errors
    /// When nothing could be written; then nothing is sent either.
    pub async fn write(&self, step: RunStep) -> Result<(), StoreError> {
        if step.intents.is_empty() {
            return self.desk.gather(&self.run, step).await;
        }
        self.desk.submit(&self.run, step).await
    }

    /// Makes every step durable that was written before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.desk.write_gathered(&self.run).await
    }
}

#[cfg(test)]
mod tests;
