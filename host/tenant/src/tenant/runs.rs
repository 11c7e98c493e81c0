//! The runs of a tenant: their rows, their line into the order path, and their way out of the market.

use super::{Stored, Tenant};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::log::Level;
use crate::news::News;
use crate::orders::{Closing, Leftover, RunLine};
use crate::run::{RunRecord, RunState};
use serde_json::json;
use std::collections::BTreeMap;

impl Tenant {
    /// Every run, newest first.
    ///
    /// # Errors
    /// When the database fails; so with every method here.
    pub async fn runs(&self) -> Stored<Vec<RunRecord>> {
        self.book().runs().await
    }

    /// One run. A stranger's id is like a missing one.
    pub async fn run(&self, id: &str) -> Stored<Option<RunRecord>> {
        self.book().run(id).await
    }

    /// None when there is no such run, or it is final already, or it is stopping and should go on again.
    pub async fn set_run_state(
        &self,
        id: &str,
        state: RunState,
        reason: Option<&str>,
    ) -> Stored<Option<RunRecord>> {
        // Whoever asked for the end, it is the host that says how it came.
        let ended = || {
            AuditEntry::new(
                self.now(),
                Actor::Host,
                AuditAction::RunEnded,
                id,
                json!({ "state": state, "reason": reason }),
            )
        };
        let audit: Vec<_> = state.is_final().then(ended).into_iter().collect();
        if !self.book().set_run_state(id, state, reason, self.now(), &audit).await? {
            return Ok(None);
        }
        self.said(id, reason).await
    }

    /// The wish to stop is kept until the run has ended, over restarts too. None when there is no such run, or it is final.
    pub async fn ask_to_stop(
        &self,
        id: &str,
        square_off: bool,
        reason: Option<&str>,
    ) -> Stored<Option<RunRecord>> {
        let entry = self.did(AuditAction::RunStopAsked, id, json!({ "squareOff": square_off }));
        if !self.book().ask_to_stop(id, square_off, reason, &[entry]).await? {
            return Ok(None);
        }
        self.said(id, reason).await
    }

    /// The wish to close what a run holds that has ended, or that it is over.
    pub async fn set_square_off(&self, id: &str, asked: bool) -> Stored<()> {
        let entry = || self.did(AuditAction::SquareOffAsked, id, json!({}));
        let audit: Vec<_> = asked.then(entry).into_iter().collect();
        self.book().set_square_off(id, asked, &audit).await?;
        self.publish_run(id).await.map(drop)
    }

    /// Says why a run is where it is. What was said already is not said again.
    pub async fn explain_run(&self, id: &str, reason: &str) -> Stored<()> {
        if self.book().set_run_reason(id, Some(reason)).await? {
            self.log().write(Level::Warn, Some(id), reason);
            self.publish_run(id).await?;
        }
        Ok(())
    }

    /// For the host's start: every run that has something left to do. To be called before anybody is answered.
    pub async fn take_up_runs(&self) -> Stored<Vec<RunRecord>> {
        self.book().take_up_runs().await
    }

    /// Counts one more restart. How many there were within so many seconds that nobody had put the run down for, this one
    /// included; none where somebody had.
    pub async fn count_restart(&self, id: &str, within_s: i64) -> Stored<u32> {
        let now = self.now();
        self.book().count_restart(id, now, now.plus_seconds(-within_s)).await
    }

    /// Joins a run to the order path. None when there is no such run. A new line replaces the one before.
    pub async fn attach(&self, run_id: &str) -> Stored<Option<RunLine>> {
        let Some(run) = self.run(run_id).await? else { return Ok(None) };
        self.inner.desk.attach(run).await.map(Some)
    }

    /// What a strategy keeps across runs.
    pub async fn state_load(&self, strategy_id: &str) -> Stored<BTreeMap<String, Vec<u8>>> {
        self.book().write_all_gathered().await?;
        self.book().state_load(strategy_id).await
    }

    /// Changes what a strategy keeps, all or nothing. `None` deletes.
    pub async fn state_write(&self, strategy_id: &str, writes: Vec<(String, Option<Vec<u8>>)>) -> Stored<()> {
        self.book().state_write(strategy_id, &writes).await
    }

    /// What a run still has in the market. Nothing is done about it.
    pub async fn left_by(&self, run_id: &str) -> Stored<Leftover> {
        self.inner.desk.left_by(run_id).await
    }

    /// The way of a run out of the market. None when there is no such run.
    pub async fn close_out(&self, run_id: &str) -> Stored<Option<Closing>> {
        let run = self.run(run_id).await?;
        Ok(run.map(|run| self.inner.desk.close_out(run)))
    }

    async fn said(&self, id: &str, reason: Option<&str>) -> Stored<Option<RunRecord>> {
        let run = self.publish_run(id).await?;
        if let Some(run) = &run {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let level = if run.state == RunState::Failed { Level::Error } else { Level::Info };
            self.log().write(level, Some(id), &format!("run {}{why}", run.state));
        }
        Ok(run)
    }

    async fn publish_run(&self, id: &str) -> Stored<Option<RunRecord>> {
        let run = self.book().run(id).await?;
        if let Some(run) = &run {
            self.publish(News::Run(run.clone()));
        }
        Ok(run)
    }
}
