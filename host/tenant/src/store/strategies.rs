//! Rows of strategies, their versions and the state they keep.

use super::{Book, unreadable};
use crate::audit::AuditEntry;
use crate::error::StoreError;
use crate::version::Version;
use market::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// A strategy as its row tells.
pub(crate) struct StoredStrategy {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

impl Book {
    /// False when a strategy of that name stands.
    pub(crate) async fn insert_strategy(
        &self,
        strategy: &StoredStrategy,
        version: &Version,
        component: &[u8],
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "insert into strategies (broker_id, id, name, created_at) values (?, ?, ?, ?) on conflict do nothing",
        )
        .bind(self.id())
        .bind(&strategy.id)
        .bind(&strategy.name)
        .bind(strategy.created_at.micros())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.write_version(&mut tx, &strategy.id, version, component).await?;
        self.append_audit(&mut tx, audit).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn insert_version(
        &self,
        strategy_id: &str,
        version: &Version,
        component: &[u8],
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.write_version(&mut tx, strategy_id, version, component).await?;
        self.append_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    async fn write_version(
        &self,
        tx: &mut super::Write,
        strategy_id: &str,
        version: &Version,
        component: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into strategy_versions
                 (broker_id, strategy_id, number, sha256, size_bytes, manifest, component, uploaded_at)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(strategy_id)
        .bind(version.number)
        .bind(&version.sha256)
        .bind(version.size_bytes as i64)
        .bind(version.manifest.to_string())
        .bind(component)
        .bind(version.uploaded_at.micros())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn strategies(&self) -> Result<Vec<StoredStrategy>, StoreError> {
        let rows = sqlx::query(
            "select id, name, created_at from strategies where broker_id = ? and deleted_at is null order by created_at, id",
        )
        .bind(self.id())
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(strategy).collect()
    }

    pub(crate) async fn strategy(&self, id: &str) -> Result<Option<StoredStrategy>, StoreError> {
        let row = sqlx::query(
            "select id, name, created_at from strategies where broker_id = ? and id = ? and deleted_at is null",
        )
        .bind(self.id())
        .bind(id)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(strategy).transpose()
    }

    /// The name of a strategy, deleted or not, by id.
    pub(crate) async fn strategy_names(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = sqlx::query("select id, name from strategies where broker_id = ?")
            .bind(self.id())
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    pub(crate) async fn versions(&self, strategy_id: &str) -> Result<Vec<Version>, StoreError> {
        let rows = sqlx::query(
            "select number, sha256, size_bytes, uploaded_at, manifest from strategy_versions
             where broker_id = ? and strategy_id = ? order by number",
        )
        .bind(self.id())
        .bind(strategy_id)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(version).collect()
    }

    pub(crate) async fn component(
        &self,
        strategy_id: &str,
        number: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query(
            "select component from strategy_versions where broker_id = ? and strategy_id = ? and number = ?",
        )
        .bind(self.id())
        .bind(strategy_id)
        .bind(number)
        .fetch_optional(self.readers())
        .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Which bytes a version is.
    pub(crate) async fn component_hash(
        &self,
        strategy_id: &str,
        number: u32,
    ) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(
            "select sha256 from strategy_versions where broker_id = ? and strategy_id = ? and number = ?",
        )
        .bind(self.id())
        .bind(strategy_id)
        .bind(number)
        .fetch_optional(self.readers())
        .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(crate) async fn delete_strategy(
        &self,
        id: &str,
        now: Timestamp,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("update strategies set deleted_at = ? where broker_id = ? and id = ?")
            .bind(now.micros())
            .bind(self.id())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        self.append_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn state_load(
        &self,
        strategy_id: &str,
    ) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        let rows =
            sqlx::query("select key, value from strategy_state where broker_id = ? and strategy_id = ?")
                .bind(self.id())
                .bind(strategy_id)
                .fetch_all(self.readers())
                .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// All or nothing. `None` deletes.
    pub(crate) async fn state_write(
        &self,
        strategy_id: &str,
        writes: &[(String, Option<Vec<u8>>)],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.write_state(&mut tx, strategy_id, writes.iter().map(|(key, value)| (key, value))).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn write_state(
        &self,
        tx: &mut super::Write,
        strategy_id: &str,
        writes: impl Iterator<Item = (&String, &Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        for (key, value) in writes {
            let statement = match value {
                Some(value) => sqlx::query(
                    "insert into strategy_state (broker_id, strategy_id, key, value) values (?, ?, ?, ?)
                     on conflict (broker_id, strategy_id, key) do update set value = excluded.value",
                )
                .bind(self.id())
                .bind(strategy_id)
                .bind(key)
                .bind(value),
                None => sqlx::query(
                    "delete from strategy_state where broker_id = ? and strategy_id = ? and key = ?",
                )
                .bind(self.id())
                .bind(strategy_id)
                .bind(key),
            };
            statement.execute(&mut **tx).await?;
        }
        Ok(())
    }
}

fn strategy(row: &SqliteRow) -> Result<StoredStrategy, StoreError> {
    let created_at = Timestamp::from_micros(row.try_get(2)?);
    Ok(StoredStrategy { id: row.try_get(0)?, name: row.try_get(1)?, created_at })
}

fn version(row: &SqliteRow) -> Result<Version, StoreError> {
    let manifest: String = row.try_get(4)?;
    Ok(Version {
        number: row.try_get(0)?,
        sha256: row.try_get(1)?,
        size_bytes: row.try_get::<i64, _>(2)?.unsigned_abs(),
        uploaded_at: Timestamp::from_micros(row.try_get(3)?),
        manifest: serde_json::from_str(&manifest).map_err(|e| unreadable("manifest", e))?,
    })
}
