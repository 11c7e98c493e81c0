//! Rows of browser sessions, tokens for scripts and begun sign-ins. Secrets come in hashed.

use super::{Book, Store, unreadable};
use crate::audit::AuditEntry;
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use crate::sessions::{ApiToken, SessionInfo};
use market::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Which table a secret's hash stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretKind {
    Session,
    ApiToken,
}

impl Store {
    /// Whose live session has this hash: the door through which a secret becomes a tenant.
    pub(crate) async fn session_by_hash(
        &self,
        hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<(BrokerId, SessionInfo)>, StoreError> {
        let row = sqlx::query(
            "select id, device, created_at, expires_at, broker_id from sessions where hash = ? and expires_at > ?",
        )
        .bind(hash)
        .bind(now.micros())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok((owner(&row)?, session(&row)?))).transpose()
    }

    /// The same for a script's token.
    pub(crate) async fn token_by_hash(
        &self,
        hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<(BrokerId, ApiToken)>, StoreError> {
        let row = sqlx::query(
            "select id, name, created_at, expires_at, broker_id from api_tokens where hash = ? and expires_at > ?",
        )
        .bind(hash)
        .bind(now.micros())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok((owner(&row)?, token(&row)?))).transpose()
    }

    /// Keeps a begun sign-in, and sweeps out those that have run out.
    pub(crate) async fn save_pending(
        &self,
        hash: &[u8],
        api_key: &str,
        sealed_secret: &[u8],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("delete from pending_logins where expires_at <= ?")
            .bind(now.micros())
            .execute(&mut *tx)
            .await?;
        sqlx::query("insert into pending_logins (hash, api_key, api_secret, expires_at) values (?, ?, ?, ?)")
            .bind(hash)
            .bind(api_key)
            .bind(sealed_secret)
            .bind(expires_at.micros())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Takes a begun sign-in out; a second time there is nothing.
    pub(crate) async fn take_pending(
        &self,
        hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let row = sqlx::query(
            "delete from pending_logins where hash = ? returning api_key, api_secret, expires_at",
        )
        .bind(hash)
        .fetch_optional(&self.writer)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let expires_at: i64 = row.try_get(2)?;
        Ok((expires_at > now.micros()).then_some((row.try_get(0)?, row.try_get(1)?)))
    }
}

impl Book {
    pub(crate) async fn save_session(
        &self,
        info: &SessionInfo,
        hash: &[u8],
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("delete from sessions where broker_id = ? and expires_at <= ?")
            .bind(self.id())
            .bind(info.created_at.micros())
            .execute(&mut *tx)
            .await?;
        sqlx::query("insert into sessions (broker_id, id, hash, device, created_at, expires_at) values (?, ?, ?, ?, ?, ?)")
            .bind(self.id())
            .bind(&info.id)
            .bind(hash)
            .bind(&info.device)
            .bind(info.created_at.micros())
            .bind(info.expires_at.micros())
            .execute(&mut *tx)
            .await?;
        self.append_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn save_token(
        &self,
        info: &ApiToken,
        hash: &[u8],
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("insert into api_tokens (broker_id, id, hash, name, created_at, expires_at) values (?, ?, ?, ?, ?, ?)")
            .bind(self.id())
            .bind(&info.id)
            .bind(hash)
            .bind(&info.name)
            .bind(info.created_at.micros())
            .bind(info.expires_at.micros())
            .execute(&mut *tx)
            .await?;
        self.append_audit(&mut tx, audit).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn sessions(&self, now: Timestamp) -> Result<Vec<SessionInfo>, StoreError> {
        let rows = sqlx::query(
            "select id, device, created_at, expires_at from sessions where broker_id = ? and expires_at > ? order by created_at",
        )
        .bind(self.id())
        .bind(now.micros())
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(session).collect()
    }

    pub(crate) async fn tokens(&self, now: Timestamp) -> Result<Vec<ApiToken>, StoreError> {
        let rows = sqlx::query(
            "select id, name, created_at, expires_at from api_tokens where broker_id = ? and expires_at > ? order by created_at",
        )
        .bind(self.id())
        .bind(now.micros())
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(token).collect()
    }

    /// False when there is none with this id.
    pub(crate) async fn revoke(
        &self,
        kind: SecretKind,
        id: &str,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        let statement = match kind {
            SecretKind::Session => "delete from sessions where broker_id = ? and id = ?",
            SecretKind::ApiToken => "delete from api_tokens where broker_id = ? and id = ?",
        };
        let mut tx = self.write().await?;
        let done = sqlx::query(statement).bind(self.id()).bind(id).execute(&mut *tx).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.append_audit(&mut tx, audit).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn owner(row: &SqliteRow) -> Result<BrokerId, StoreError> {
    let text: String = row.try_get(4)?;
    BrokerId::named(&text).ok_or_else(|| unreadable("broker id", &text))
}

fn session(row: &SqliteRow) -> Result<SessionInfo, StoreError> {
    Ok(SessionInfo {
        id: row.try_get(0)?,
        device: row.try_get(1)?,
        created_at: Timestamp::from_micros(row.try_get(2)?),
        expires_at: Timestamp::from_micros(row.try_get(3)?),
    })
}

fn token(row: &SqliteRow) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        created_at: Timestamp::from_micros(row.try_get(2)?),
        expires_at: Timestamp::from_micros(row.try_get(3)?),
    })
}
