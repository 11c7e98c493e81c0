//! Rows of tenants and their credentials, and the few statements that name no tenant: boot and the host's own facts.

use super::{Book, Store, unreadable};
use crate::audit::AuditEntry;
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use ::orders::KillSwitch;
use market::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Under which name the host keeps its own kill switch.
const SWITCH_FACT: &str = "kill switch";

/// A tenant as its row tells.
pub(crate) struct StoredTenant {
    pub(crate) id: BrokerId,
    pub(crate) user_name: String,
    pub(crate) egress: String,
    pub(crate) egress_expected: Option<String>,
}

/// Credentials as their row tells: still sealed.
pub(crate) struct StoredCredentials {
    pub(crate) api_key: String,
    pub(crate) api_secret: Vec<u8>,
    pub(crate) access_token: Option<Vec<u8>>,
}

impl Store {
    /// Every tenant there is, for boot; an error in the place of a row that cannot be read.
    pub(crate) async fn all_tenants(&self) -> Result<Vec<Result<StoredTenant, StoreError>>, StoreError> {
        let rows = sqlx::query(
            "select broker_id, user_name, egress, egress_expected from tenants order by broker_id",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(tenant).collect())
    }

    /// One of the host's own facts.
    pub(crate) async fn host_fact(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("select value from host_facts where name = ?")
            .bind(name)
            .fetch_optional(&self.writer)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Writes one of the host's own facts.
    pub(crate) async fn set_host_fact(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        sqlx::query("insert into host_facts (name, value) values (?, ?) on conflict (name) do update set value = excluded.value")
            .bind(name)
            .bind(value)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The host's own kill switch.
    pub(crate) async fn host_switch(&self) -> Result<KillSwitch, StoreError> {
        let Some(text) = self.host_fact(SWITCH_FACT).await? else { return Ok(KillSwitch::default()) };
        serde_json::from_slice(&text).map_err(|why| unreadable("kill switch", why))
    }

    /// The host's own kill switch as it stands from now on, with what the host's chain tells of it.
    pub(crate) async fn save_host_switch(
        &self,
        switch: &KillSwitch,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let text = serde_json::to_vec(switch).map_err(|why| unreadable("kill switch", why))?;
        let mut tx = self.write().await?;
        sqlx::query("insert into host_facts (name, value) values (?, ?) on conflict (name) do update set value = excluded.value")
            .bind(SWITCH_FACT)
            .bind(text)
            .execute(&mut *tx)
            .await?;
        self.append_host_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    /// True when something sealed stands in the file, so that a new key would lose it.
    pub(crate) async fn holds_sealed_rows(&self) -> Result<bool, StoreError> {
        let row =
            sqlx::query("select exists (select 1 from credentials) or exists (select 1 from host_facts)")
                .fetch_one(&self.writer)
                .await?;
        Ok(row.try_get::<i64, _>(0)? != 0)
    }
}

impl Book {
    /// Writes the tenant's row, or brings it up to date.
    pub(crate) async fn save_tenant(&self, user_name: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "insert into tenants (broker_id, user_name, created_at, last_login_at) values (?, ?, ?, ?)
             on conflict (broker_id) do update set user_name = excluded.user_name, last_login_at = excluded.last_login_at",
        )
        .bind(self.id())
        .bind(user_name)
        .bind(now.micros())
        .bind(now.micros())
        .execute(&self.store.writer)
        .await?;
        Ok(())
    }

    /// How the tenant's calls leave.
    pub(crate) async fn egress(&self) -> Result<(String, Option<String>), StoreError> {
        let row = sqlx::query("select egress, egress_expected from tenants where broker_id = ?")
            .bind(self.id())
            .fetch_one(&self.store.writer)
            .await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }

    pub(crate) async fn save_egress(
        &self,
        way: &str,
        expected: Option<&str>,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("update tenants set egress = ?, egress_expected = ? where broker_id = ?")
            .bind(way)
            .bind(expected)
            .bind(self.id())
            .execute(&mut *tx)
            .await?;
        self.append_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn save_credentials(
        &self,
        credentials: StoredCredentials,
        now: Timestamp,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "insert into credentials (broker_id, id, api_key, api_secret, access_token, updated_at)
             values (?, 'kite', ?, ?, ?, ?)
             on conflict (broker_id, id) do update set api_key = excluded.api_key, api_secret = excluded.api_secret,
                 access_token = excluded.access_token, updated_at = excluded.updated_at",
        )
        .bind(self.id())
        .bind(credentials.api_key)
        .bind(credentials.api_secret)
        .bind(credentials.access_token)
        .bind(now.micros())
        .execute(&mut *tx)
        .await?;
        self.append_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn credentials(&self) -> Result<Option<StoredCredentials>, StoreError> {
        let row = sqlx::query(
            "select api_key, api_secret, access_token from credentials where broker_id = ? and id = 'kite'",
        )
        .bind(self.id())
        .fetch_optional(self.readers())
        .await?;
        let read = |row: SqliteRow| {
            Ok(StoredCredentials {
                api_key: row.try_get(0)?,
                api_secret: row.try_get(1)?,
                access_token: row.try_get(2)?,
            })
        };
        row.map(read).transpose()
    }

    /// The broker session of this sealed token is dead. A newer login's token stays.
    pub(crate) async fn forget_access_token(&self, sealed: &[u8]) -> Result<(), StoreError> {
        sqlx::query("update credentials set access_token = null where broker_id = ? and access_token = ?")
            .bind(self.id())
            .bind(sealed)
            .execute(&self.store.writer)
            .await?;
        Ok(())
    }
}

fn tenant(row: &SqliteRow) -> Result<StoredTenant, StoreError> {
    let text: String = row.try_get(0)?;
    let id = BrokerId::named(&text).ok_or_else(|| unreadable("broker id", &text))?;
    Ok(StoredTenant {
        id,
        user_name: row.try_get(1)?,
        egress: row.try_get(2)?,
        egress_expected: row.try_get(3)?,
    })
}
