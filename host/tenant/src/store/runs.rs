//! Rows of runs.

use super::{Book, Store, unreadable};
use crate::audit::AuditEntry;
use crate::error::StoreError;
use crate::journal::END;
use crate::run::{RunRecord, RunState};
use ::orders::Mode;
use market::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

impl Store {
    /// The runs of all tenants, in one commit: a host that goes down has little time. A tenant whose row is damaged was not
    /// opened at boot either.
    pub(crate) async fn put_runs_down(&self) -> Result<(), StoreError> {
        let tenants = self.all_tenants().await?;
        let mut tx = self.write().await?;
        for tenant in tenants.into_iter().flatten() {
            self.book(tenant.id).put_runs_down(&mut tx).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Book {
    /// False when a run of the same strategy in the same mode has not ended.
    pub(crate) async fn insert_run(&self, run: &RunRecord, audit: &[AuditEntry]) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
             values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
        )
        .bind(self.id())
        .bind(&run.id)
        .bind(&run.strategy_id)
        .bind(run.version)
        .bind(run.mode.as_str())
        .bind(run.params.to_string())
        .bind(run.state.as_str())
        .bind(run.started_at.micros())
        .execute(&mut *tx)
        .await?;
        self.done(tx, done.rows_affected() > 0, audit).await
    }

    pub(crate) async fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        let rows = sqlx::query(
            "select r.id, r.strategy_id, s.name, r.version, r.mode, r.params, r.state, r.reason, r.started_at,
                    r.stopped_at, r.restarts, coalesce(r.square_off = 'asked', 0)
             from runs r join strategies s on s.broker_id = r.broker_id and s.id = r.strategy_id
             where r.broker_id = ? order by r.started_at desc, r.id desc",
        )
        .bind(self.id())
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(run).collect()
    }

    pub(crate) async fn run(&self, id: &str) -> Result<Option<RunRecord>, StoreError> {
        let row = sqlx::query(
            "select r.id, r.strategy_id, s.name, r.version, r.mode, r.params, r.state, r.reason, r.started_at,
                    r.stopped_at, r.restarts, coalesce(r.square_off = 'asked', 0)
             from runs r join strategies s on s.broker_id = r.broker_id and s.id = r.strategy_id
             where r.broker_id = ? and r.id = ?",
        )
        .bind(self.id())
        .bind(id)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(run).transpose()
    }

    /// False when the run is unknown or has ended: what is final stays. What is stopping never starts again. The entries about
    /// an end say where the journal stands.
    pub(crate) async fn set_run_state(
        &self,
        id: &str,
        state: RunState,
        reason: Option<&str>,
        now: Timestamp,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let stopped_at = state.is_final().then_some(now.micros());
        let done = sqlx::query(
            "update runs set state = ?, reason = ?, stopped_at = ?
             where broker_id = ? and id = ? and state not in ('stopped', 'failed', 'quarantined')
                 and (? or state <> 'stopping')",
        )
        .bind(state.as_str())
        .bind(reason)
        .bind(stopped_at)
        .bind(self.id())
        .bind(id)
        .bind(state == RunState::Stopping || state.is_final())
        .execute(&mut *tx)
        .await?;
        let mut audit = audit.to_vec();
        if state.is_final() && done.rows_affected() > 0 {
            let end = self.journal_end(&mut tx, id).await;
            audit.iter_mut().for_each(|entry| entry.details[END] = end.clone());
        }
        self.done(tx, done.rows_affected() > 0, &audit).await
    }

    /// The wish to stop, and whether to square off: the second wish adds to the first. False when the run is unknown or
    /// has ended.
    pub(crate) async fn ask_to_stop(
        &self,
        id: &str,
        square_off: bool,
        reason: Option<&str>,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "update runs set state = 'stopping', reason = ?, square_off = case when ? then 'asked' else square_off end
             where broker_id = ? and id = ? and state not in ('stopped', 'failed', 'quarantined')",
        )
        .bind(reason)
        .bind(square_off)
        .bind(self.id())
        .bind(id)
        .execute(&mut *tx)
        .await?;
        self.done(tx, done.rows_affected() > 0, audit).await
    }

    /// The wish to close what the run holds, whatever its state: `asked` or not any more.
    pub(crate) async fn set_square_off(
        &self,
        id: &str,
        asked: bool,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query("update runs set square_off = ? where broker_id = ? and id = ?")
            .bind(if asked { "asked" } else { "done" })
            .bind(self.id())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        self.done(tx, done.rows_affected() > 0, audit).await.map(drop)
    }

    /// Ends a write of a run's row: durable with what the audit tells of it, or nothing where no row was changed.
    async fn done(
        &self,
        mut tx: super::Write,
        was_changed: bool,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        if was_changed {
            self.append_audit(&mut tx, audit).await?;
            tx.commit().await?;
        }
        Ok(was_changed)
    }

    /// Why the run is where it is, whatever its state. False when there is no such run, or it says so already.
    pub(crate) async fn set_run_reason(&self, id: &str, reason: Option<&str>) -> Result<bool, StoreError> {
        let done =
            sqlx::query("update runs set reason = ?1 where broker_id = ?2 and id = ?3 and reason is not ?1")
                .bind(reason)
                .bind(self.id())
                .bind(id)
                .execute(&self.store.writer)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    /// After a start of the host: every run that has something left to do. Those that went on are `starting` again.
    pub(crate) async fn take_up_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        sqlx::query(
            "update runs set state = 'starting', reason = null
             where broker_id = ? and state in ('waitingForBroker', 'running')",
        )
        .bind(self.id())
        .execute(&self.store.writer)
        .await?;
        let runs = self.runs().await?;
        Ok(runs.into_iter().filter(|run| !run.state.is_final() || run.square_off).collect())
    }

    /// The host goes down in good order, and every run with it that has something left to do.
    pub(super) async fn put_runs_down(&self, tx: &mut super::Write) -> Result<(), StoreError> {
        sqlx::query(
            "update runs set put_down = 1 where broker_id = ?
                 and (state not in ('stopped', 'failed', 'quarantined') or square_off = 'asked')",
        )
        .bind(self.id())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Counts one more restart, and how many since an instant came to a run that nobody had put down, this one included.
    pub(crate) async fn count_restart(
        &self,
        id: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let row = sqlx::query("select put_down, restarts from runs where broker_id = ? and id = ?")
            .bind(self.id())
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(0) };
        let (put_down, restarts): (bool, i64) = (row.try_get(0)?, row.try_get(1)?);
        sqlx::query("update runs set put_down = 0, restarts = ? where broker_id = ? and id = ?")
            .bind(restarts + 1)
            .bind(self.id())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        if !put_down {
            sqlx::query("insert into run_restarts (broker_id, run_id, number, at) values (?, ?, ?, ?)")
                .bind(self.id())
                .bind(id)
                .bind(restarts + 1)
                .bind(now.micros())
                .execute(&mut *tx)
                .await?;
        }
        let lately =
            sqlx::query("select count(*) from run_restarts where broker_id = ? and run_id = ? and at > ?")
                .bind(self.id())
                .bind(id)
                .bind(since.micros())
                .fetch_one(&mut *tx)
                .await?;
        let count = if put_down { 0 } else { lately.try_get(0)? };
        tx.commit().await?;
        Ok(count)
    }
}

fn run(row: &SqliteRow) -> Result<RunRecord, StoreError> {
    let (mode, params, state): (String, String, String) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
    Ok(RunRecord {
        id: row.try_get(0)?,
        strategy_id: row.try_get(1)?,
        strategy_name: row.try_get(2)?,
        version: row.try_get(3)?,
        mode: Mode::from_word(&mode).ok_or_else(|| unreadable("mode", &mode))?,
        params: serde_json::from_str(&params).map_err(|e| unreadable("parameters", e))?,
        state: RunState::from_word(&state).ok_or_else(|| unreadable("run state", &state))?,
        reason: row.try_get(7)?,
        started_at: Timestamp::from_micros(row.try_get(8)?),
        stopped_at: row.try_get::<Option<i64>, _>(9)?.map(Timestamp::from_micros),
        restarts: row.try_get(10)?,
        square_off: row.try_get(11)?,
    })
}
