//! The one order path: gate, write down, send at most once, follow.
//!
//! Nothing here knows which strategy language or engine asks. No order leaves before its row is durable.

mod applied;
mod cash;
mod desk;
mod flight;
mod gates;
mod job;
mod lines;
mod merge;
mod owed;
mod paper;
mod pending;
mod queue;
mod reconcile;
mod record;
mod rows;
mod send;
mod submit;
mod switch;
mod wind_down;
mod wish;
mod withdraw;

pub(crate) use desk::{Desk, Parts};
pub use record::{Cause, KillSwitch, OrderRecord, RefusalCode, RunOrderUpdate, TradeRecord};

use crate::error::StoreError;
use crate::run::{RunEvent, RunRecord};
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
    /// With no intents it only writes the journal. Refusals and outcomes come as events.
    ///
    /// # Errors
    /// When nothing could be written; then nothing is sent either.
    pub async fn submit(&self, cause: Cause, intents: Vec<Intent>) -> Result<(), StoreError> {
        self.desk.submit(&self.run, &cause, intents).await
    }
}

#[cfg(test)]
mod tests;
