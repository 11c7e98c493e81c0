//! The run that a task looks after: its tenant, its row, its claim.
//!
//! Writes where the run stands. Knows nothing of what the strategy does.

use super::live::Claim;
use super::{Inner, words};
use sandbox::{LogLevel, Trace};
use std::sync::Arc;
use std::time::Duration;
use tenant::{RunRecord, RunState, StoreError, Tenant};

/// The longest pause between two tries at something that the outside keeps from working.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(15);

/// The first pause between two such tries.
pub(super) const PAUSE_FIRST: Duration = Duration::from_millis(500);

/// A run with whoever looks after it.
pub(super) struct Subject {
    pub(super) inner: Arc<Inner>,
    pub(super) tenant: Tenant,
    pub(super) run: RunRecord,
    pub(super) claim: Claim,
}

impl Subject {
    /// Says where the run stands. False when the row will not have it: it is final, or is stopping.
    pub(super) async fn stand(&mut self, state: RunState, reason: Option<&str>) -> Result<bool, StoreError> {
        let written = self.tenant.set_run_state(&self.run.id, state, reason).await?;
        let is_written = written.is_some();
        if let Some(run) = written {
            self.run = run;
        }
        Ok(is_written)
    }

    /// The run waits for something, and says so once for each reason.
    pub(super) async fn wait_as(&mut self, state: RunState, why: &str) {
        if self.run.state == state && self.run.reason.as_deref() == Some(why) {
            return;
        }
        if let Err(error) = self.stand(state, Some(why)).await {
            self.not_written(&format!("state {state}"), &error);
        }
    }

    /// Writes the end of the run down, however long the database takes. False when the host goes down first.
    pub(super) async fn end_as(&mut self, state: RunState, reason: Option<&str>) -> bool {
        let mut pause = PAUSE_FIRST;
        loop {
            let Err(error) = self.stand(state, reason).await else { return true };
            self.not_written(&format!("state {state}"), &error);
            if !self.pause(&mut pause).await {
                return false;
            }
        }
    }

    /// Waits, each time longer. False when the host goes down first.
    pub(super) async fn pause(&self, pause: &mut Duration) -> bool {
        let slept = tokio::time::sleep(*pause);
        *pause = (*pause * 2).min(PAUSE_MAX);
        tokio::pin!(slept);
        let mut known = self.claim.wish();
        while !known.suspend {
            tokio::select! {
                () = &mut slept => return true,
                more = self.claim.more_than(known) => known = more,
            }
        }
        false
    }

    /// A line in the tenant's log, under the run's name.
    pub(super) fn say(&self, level: LogLevel, text: &str) {
        words::say(&self.tenant, &self.run.id, level, text);
    }

    /// The log lines of a call that failed; what else it asked for is void.
    pub(super) fn say_last_words(&self, last_words: Vec<Trace>) {
        for trace in last_words {
            if let Trace::Log { level, text } = trace {
                self.say(level, &text);
            }
        }
    }

    /// The tenant's log may be where the trouble is, so this goes to the operator.
    pub(super) fn not_written(&self, what: &str, error: &StoreError) {
        let (broker_id, run) = (self.tenant.broker_id(), &self.run.id);
        tracing::error!(%broker_id, run, "{what} not written: {error:#}");
    }
}
