//! What is left to close of a tenant, and how far that is.

use super::{Stored, Tenant};
use crate::audit::AuditAction;
use crate::orders::HeldByRuns;
use serde_json::json;

/// A run whose positions are wanted closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquareOff {
    /// The run.
    pub run_id: String,
    /// What its strategy is called.
    pub strategy_name: String,
    /// Where the run stands, as a word.
    pub state: String,
    /// What is open and what it waits for.
    pub words: Option<String>,
}

impl Tenant {
    /// Runs that have not ended, that have orders standing, or that hold something.
    ///
    /// # Errors
    /// When the database fails; so with every method here.
    pub async fn exposed_runs(&self) -> Stored<Vec<String>> {
        self.book().exposed_runs().await
    }

    /// Instruments that runs hold against each other, each by its own trades: the account has what is left of all, and only
    /// that can be closed.
    pub async fn netted(&self) -> Stored<Vec<HeldByRuns>> {
        let held = self.book().held_by_runs().await?.into_iter();
        Ok(held.filter(HeldByRuns::cancels_out).collect())
    }

    /// A person has looked at what halted the account, and lets it go on: the orders they saw that nobody here knew of are
    /// taken as they are, a latched loss is cleared. One that still stands closes the gate again.
    pub async fn clear_halt(&self, seen: &[String], reason: &str) -> Stored<()> {
        self.accept_foreign_orders(seen, reason).await?;
        let entry = self.did(AuditAction::LatchCleared, "gate", json!({ "reason": reason }));
        self.inner.desk.clear_latch(vec![entry]).await
    }

    /// Runs whose positions are wanted closed and are not yet, as far as can be.
    pub async fn square_offs(&self) -> Stored<Vec<SquareOff>> {
        let rows = self.book().square_offs().await?.into_iter();
        let read = |(run_id, strategy_name, state, words)| SquareOff { run_id, strategy_name, state, words };
        Ok(rows.map(read).collect())
    }
}
