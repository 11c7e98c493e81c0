//! Rows of a tenant's own settings: kill switch and risk limits.

use super::Book;
use crate::error::StoreError;
use crate::orders::KillSwitch;
use market::Timestamp;
use sqlx::Row;

impl Book {
    pub(crate) async fn kill_switch(&self) -> Result<KillSwitch, StoreError> {
        let row = sqlx::query("select is_on, reason, since from kill_switch where broker_id = ?")
            .bind(self.id())
            .fetch_optional(&self.store.writer)
            .await?;
        let Some(row) = row else { return Ok(KillSwitch::default()) };
        Ok(KillSwitch {
            on: row.try_get::<i64, _>(0)? != 0,
            reason: row.try_get(1)?,
            since: Some(Timestamp::from_micros(row.try_get(2)?)),
        })
    }

    pub(crate) async fn save_kill_switch(&self, switch: &KillSwitch) -> Result<(), StoreError> {
        sqlx::query(
            "insert or replace into kill_switch (broker_id, is_on, reason, since) values (?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(i64::from(switch.on))
        .bind(&switch.reason)
        .bind(switch.since.map_or(0, Timestamp::micros))
        .execute(&self.store.writer)
        .await?;
        Ok(())
    }

    /// The limits as JSON, where the tenant has set any.
    pub(crate) async fn risk_limits(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("select limits from risk_limits where broker_id = ?")
            .bind(self.id())
            .fetch_optional(&self.store.writer)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(crate) async fn save_risk_limits(&self, limits: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("insert or replace into risk_limits (broker_id, limits, updated_at) values (?, ?, ?)")
            .bind(self.id())
            .bind(limits)
            .bind(now.micros())
            .execute(&self.store.writer)
            .await?;
        Ok(())
    }
}
