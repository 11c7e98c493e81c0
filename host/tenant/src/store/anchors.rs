//! Where journals stand, written into the audit and read from it.

use super::{Book, Store, Write};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::error::StoreError;
use crate::journal::{Anchor, END, Hash, Link};
use market::Timestamp;
use serde_json::{Value, json};
use sqlx::{Row, SqliteExecutor};
use std::slice;

/// A run whose journal does not hold what the audit says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LostEnd {
    pub(crate) run_id: String,
    pub(crate) why: String,
}

impl Book {
    /// Where a run's journal stood by the newest entry that says so.
    pub(crate) async fn journal_anchor(&self, run_id: &str) -> Result<Option<Anchor>, StoreError> {
        self.anchor_in(run_id, self.readers()).await
    }

    /// Writes down where the journals of runs that have not ended stand, as a write of its own. Those that have lost what
    /// they had.
    pub(crate) async fn anchor_journals(&self, at: Timestamp) -> Result<Vec<LostEnd>, StoreError> {
        let mut tx = self.write().await?;
        let lost = self.anchor_journals_in(&mut tx, at).await?;
        tx.commit().await?;
        Ok(lost)
    }

    /// Every run that has pieces, or may have had some.
    pub(crate) async fn run_ids(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("select id from runs where broker_id = ? order by id")
            .bind(self.id())
            .fetch_all(self.readers())
            .await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// The same as part of a larger write. What has grown since the last time gets an entry; what has lost something gets
    /// none, so that the one before goes on telling of it.
    async fn anchor_journals_in(&self, tx: &mut Write, at: Timestamp) -> Result<Vec<LostEnd>, StoreError> {
        let rows = sqlx::query(
            "select id from runs where broker_id = ? and state not in ('stopped', 'failed', 'quarantined')",
        )
        .bind(self.id())
        .fetch_all(&mut **tx)
        .await?;
        let (mut entries, mut lost) = (Vec::new(), Vec::new());
        for row in rows {
            let run_id: String = row.try_get(0)?;
            let end = self.link_in(&run_id, &mut **tx).await?;
            let Some(before) = self.anchor_in(&run_id, &mut **tx).await? else {
                entries.extend((end != Link::FIRST).then(|| anchored(at, &run_id, &end)));
                continue;
            };
            let holds = before.end.piece == 0
                || self.piece_hash(tx, &run_id, before.end.piece).await? == Some(before.end.hash);
            if !holds {
                let why = match before.check(&run_id, &end) {
                    Err(anew) => anew,
                    Ok(()) => before.cut(&run_id, &end),
                };
                lost.push(LostEnd { why: why.to_string(), run_id });
            } else if end != before.end {
                entries.push(anchored(at, &run_id, &end));
            }
        }
        self.append_audit(tx, &entries).await?;
        Ok(lost)
    }

    /// Where a run's journal stands, as the details of an entry have it: an entry is not held up by a journal that cannot be
    /// read.
    pub(super) async fn journal_end(&self, tx: &mut Write, run_id: &str) -> Value {
        match self.link_in(run_id, &mut **tx).await {
            Ok(end) => end.details(),
            Err(error) => json!({ "unreadable": error.to_string() }),
        }
    }

    async fn anchor_in(
        &self,
        run_id: &str,
        asked: impl SqliteExecutor<'_>,
    ) -> Result<Option<Anchor>, StoreError> {
        let [ended, anchored, removed] = AuditAction::OF_JOURNALS.map(|action| action.as_str());
        let row = sqlx::query(
            "select number, at, details from audit where broker_id = ? and subject = ? and action in (?, ?, ?)
             order by number desc limit 1",
        )
        .bind(self.id())
        .bind(run_id)
        .bind(ended)
        .bind(anchored)
        .bind(removed)
        .fetch_optional(asked)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (number, at, details): (i64, i64, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Anchor::read(number.unsigned_abs(), Timestamp::from_micros(at), &details))
    }

    async fn piece_hash(&self, tx: &mut Write, run_id: &str, piece: u64) -> Result<Option<Hash>, StoreError> {
        let row = sqlx::query("select hash from journal where broker_id = ? and run_id = ? and piece = ?")
            .bind(self.id())
            .bind(run_id)
            .bind(piece as i64)
            .fetch_optional(&mut **tx)
            .await?;
        let hash: Option<Vec<u8>> = row.map(|row| row.try_get(0)).transpose()?.flatten();
        Ok(hash.and_then(|hash| hash.try_into().ok()))
    }
}

impl Store {
    /// Adds one entry at the end of the host's chain and of every tenant's, and where the journals of its runs stand, in one
    /// commit. The journals that have lost what they had, each with whose it is.
    pub(crate) async fn audit_everywhere(
        &self,
        entry: &AuditEntry,
    ) -> Result<Vec<(String, LostEnd)>, StoreError> {
        let tenants = self.all_tenants().await?;
        let mut lost = Vec::new();
        let mut tx = self.write().await?;
        self.append_host_audit(&mut tx, slice::from_ref(entry)).await?;
        for tenant in tenants.into_iter().flatten() {
            let (book, whose) = (self.book(tenant.id.clone()), tenant.id.to_string());
            book.append_audit(&mut tx, slice::from_ref(entry)).await?;
            match book.anchor_journals_in(&mut tx, entry.at).await {
                Ok(of_tenant) => lost.extend(of_tenant.into_iter().map(|end| (whose.clone(), end))),
                // A journal that cannot be read keeps no host from starting.
                Err(error) => {
                    tracing::error!(broker_id = whose, "where journals stand is not known: {error:#}")
                }
            }
        }
        tx.commit().await?;
        Ok(lost)
    }
}

fn anchored(at: Timestamp, run_id: &str, end: &Link) -> AuditEntry {
    AuditEntry::new(at, Actor::Host, AuditAction::JournalAnchored, run_id, json!({ END: end.details() }))
}
