//! Rows of the audit chains: one for each tenant, one of the host. Only ever added to, and removed from the front.

use super::{Book, Store, Write, unreadable};
use crate::audit::{AuditAction, AuditEntry, AuditQuery, AuditRecord, Checkpoint, Head, Link};
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use market::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// The name that the host's own chain is hashed under: no broker id has a blank.
pub(crate) const HOST_CHAIN: &str = "the host";

impl Book {
    /// Adds entries at the end of the tenant's chain, as part of a larger write.
    pub(crate) async fn append_audit(
        &self,
        tx: &mut Write,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let last =
            sqlx::query("select number, hash from audit where broker_id = ? order by number desc limit 1")
                .bind(self.id())
                .fetch_optional(&mut **tx)
                .await?;
        let mut head = last.map_or(Ok(Head::EMPTY), |row| read_head(&row))?;
        for entry in entries {
            let link = linked(&mut head, self.id(), entry);
            sqlx::query(
                "insert into audit (broker_id, number, at, actor, action, subject, details, hash)
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(self.id())
            .bind(link.number as i64)
            .bind(link.at_micros)
            .bind(link.actor)
            .bind(link.action)
            .bind(link.subject)
            .bind(link.details)
            .bind(link.hash.as_slice())
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    /// The same as a write of its own.
    pub(crate) async fn audit(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.append_audit(&mut tx, entries).await?;
        Ok(tx.commit().await?)
    }

    /// The end of the chain.
    pub(crate) async fn audit_head(&self) -> Result<Head, StoreError> {
        let row =
            sqlx::query("select number, hash from audit where broker_id = ? order by number desc limit 1")
                .bind(self.id())
                .fetch_optional(self.readers())
                .await?;
        row.map_or(Ok(Head::EMPTY), |row| read_head(&row))
    }

    /// The hash of one entry, where it stands.
    async fn audit_hash(&self, number: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let row = sqlx::query("select number, hash from audit where broker_id = ? and number = ?")
            .bind(self.id())
            .bind(number as i64)
            .fetch_optional(self.readers())
            .await?;
        row.map(|row| read_head(&row).map(|head| head.hash)).transpose()
    }

    /// Entries after one, oldest first: a page of the whole chain.
    pub(crate) async fn audit_links(&self, after: u64, count: u32) -> Result<Vec<Link>, StoreError> {
        let rows = sqlx::query(
            "select number, at, actor, action, subject, details, hash from audit
             where broker_id = ? and number > ? order by number limit ?",
        )
        .bind(self.id())
        .bind(after as i64)
        .bind(count)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(read_link).collect()
    }

    /// What the newest entry about removed ones says.
    pub(crate) async fn audit_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let row = sqlx::query(
            "select details from audit where broker_id = ? and action = ? order by number desc limit 1",
        )
        .bind(self.id())
        .bind(AuditAction::AuditPruned.as_str())
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| checkpoint(row.try_get(0)?)).transpose()
    }

    /// Entries that fit, newest first.
    pub(crate) async fn audit_records(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
        // Two statements, so that an index serves the one that asks for a kind.
        let rows = sqlx::query(match query.action {
            Some(_) => {
                "select number, at, actor, action, subject, details, hash from audit
                 where broker_id = ?1 and at >= ?2 and at < ?3 and number < ?4
                   and action = ?5 and (?6 is null or subject = ?6)
                 order by number desc limit ?7"
            }
            None => {
                "select number, at, actor, action, subject, details, hash from audit
                 where broker_id = ?1 and at >= ?2 and at < ?3 and number < ?4
                   and ?5 is null and (?6 is null or subject = ?6)
                 order by number desc limit ?7"
            }
        })
        .bind(self.id())
        .bind(query.from.map_or(i64::MIN, Timestamp::micros))
        .bind(query.to.map_or(i64::MAX, Timestamp::micros))
        .bind(query.before.map_or(i64::MAX, |number| i64::try_from(number).unwrap_or(i64::MAX)))
        .bind(query.action.map(AuditAction::as_str))
        .bind(query.subject.as_deref())
        .bind(query.limit)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|row| read_link(row).and_then(record)).collect()
    }

    /// What was done to one thing, oldest first.
    pub(crate) async fn audit_of(&self, subject: &str) -> Result<Vec<AuditRecord>, StoreError> {
        let rows = sqlx::query(
            "select number, at, actor, action, subject, details, hash from audit
             where broker_id = ? and subject = ? order by number",
        )
        .bind(self.id())
        .bind(subject)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|row| read_link(row).and_then(record)).collect()
    }

    /// Removes entries from the front that are older than an instant, at most so many, and writes down that they were. How
    /// many. The newest entry always stays.
    pub(crate) async fn prune_audit(
        &self,
        before: Timestamp,
        count_max: u32,
        entry: impl FnOnce(serde_json::Value) -> AuditEntry + Send,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        // Instants of a clock that was set back stand out of order; the front ends at the first that must be kept.
        let row = sqlx::query(
            "select number, hash from audit where broker_id = ?1
             and number < coalesce((select min(number) from audit where broker_id = ?1 and at >= ?2),
                                   (select max(number) from audit where broker_id = ?1))
             and number < (select min(number) from audit where broker_id = ?1) + ?3
             order by number desc limit 1",
        )
        .bind(self.id())
        .bind(before.micros())
        .bind(count_max)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(0) };
        let last = read_head(&row)?;
        let details = serde_json::json!({ "through": last.number, "hash": last.hash_text() });
        self.append_audit(&mut tx, &[entry(details)]).await?;
        let done = sqlx::query("delete from audit where broker_id = ? and number <= ?")
            .bind(self.id())
            .bind(last.number as i64)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

impl Store {
    /// Adds entries at the end of the host's own chain, as part of a larger write.
    pub(super) async fn append_host_audit(
        &self,
        tx: &mut Write,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let last = sqlx::query("select number, hash from host_audit order by number desc limit 1")
            .fetch_optional(&mut **tx)
            .await?;
        let mut head = last.map_or(Ok(Head::EMPTY), |row| read_head(&row))?;
        for entry in entries {
            let link = linked(&mut head, HOST_CHAIN, entry);
            sqlx::query(
                "insert into host_audit (number, at, actor, action, subject, details, hash)
                 values (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(link.number as i64)
            .bind(link.at_micros)
            .bind(link.actor)
            .bind(link.action)
            .bind(link.subject)
            .bind(link.details)
            .bind(link.hash.as_slice())
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    /// The end of the host's own chain.
    pub(crate) async fn host_audit_head(&self) -> Result<Head, StoreError> {
        let row = sqlx::query("select number, hash from host_audit order by number desc limit 1")
            .fetch_optional(&self.readers)
            .await?;
        row.map_or(Ok(Head::EMPTY), |row| read_head(&row))
    }

    /// The tenants that have a chain.
    pub(crate) async fn audit_chains(&self) -> Result<Vec<String>, StoreError> {
        // From name to name by the key: the rows between are not read.
        let rows = sqlx::query(
            "with recursive chains (name) as (
                 select min(broker_id) from audit
                 union all
                 select (select min(broker_id) from audit where broker_id > name) from chains where name is not null)
             select name from chains where name is not null order by name",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// The same as ids. A name that is none belongs to nobody.
    pub(crate) async fn audit_owners(&self) -> Result<Vec<BrokerId>, StoreError> {
        Ok(self.audit_chains().await?.iter().filter_map(|name| BrokerId::named(name)).collect())
    }

    /// The end of every tenant's chain.
    pub(crate) async fn audit_heads(&self) -> Result<Vec<(String, Head)>, StoreError> {
        let mut heads = Vec::new();
        for id in self.audit_owners().await? {
            let head = self.book(id.clone()).audit_head().await?;
            heads.push((id.to_string(), head));
        }
        Ok(heads)
    }

    /// Whether a chain has this entry, or has removed it for its age.
    pub(crate) async fn holds_head(&self, chain: &str, head: Head) -> Result<bool, StoreError> {
        let stands = match BrokerId::named(chain) {
            Some(id) => {
                let book = self.book(id);
                match book.audit_hash(head.number).await? {
                    Some(hash) => hash == head.hash,
                    None => book.audit_checkpoint().await?.is_some_and(|from| from.number >= head.number),
                }
            }
            None => self
                .host_audit_links(head.number - 1, 1)
                .await?
                .iter()
                .any(|link| link.number == head.number && link.hash == head.hash),
        };
        Ok(stands)
    }

    /// Entries of the host's own chain after one, oldest first.
    pub(crate) async fn host_audit_links(&self, after: u64, count: u32) -> Result<Vec<Link>, StoreError> {
        let rows = sqlx::query(
            "select number, at, actor, action, subject, details, hash from host_audit
             where number > ? order by number limit ?",
        )
        .bind(after as i64)
        .bind(count)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read_link).collect()
    }
}

/// An entry as a person reads it.
pub(crate) fn record(link: Link) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        number: link.number,
        at: Timestamp::from_micros(link.at_micros),
        actor: link.actor,
        action: link.action,
        subject: link.subject,
        details: serde_json::from_str(&link.details).map_err(|why| unreadable("audit entry", why))?,
        hash: hex::encode(link.hash),
    })
}

/// The entry as the next link of a chain, which is then the chain's head.
fn linked(head: &mut Head, chain: &str, entry: &AuditEntry) -> Link {
    let mut link = Link {
        number: head.number + 1,
        at_micros: entry.at.micros(),
        actor: entry.actor.to_string(),
        action: entry.action.as_str().to_owned(),
        subject: entry.subject.clone(),
        details: entry.details.to_string(),
        hash: [0; 32],
    };
    link.hash = head.next(chain, &link);
    *head = Head { number: link.number, hash: link.hash };
    link
}

fn read_head(row: &SqliteRow) -> Result<Head, StoreError> {
    Ok(Head { number: row.try_get::<i64, _>(0)?.unsigned_abs(), hash: read_hash(row.try_get(1)?)? })
}

fn read_link(row: &SqliteRow) -> Result<Link, StoreError> {
    Ok(Link {
        number: row.try_get::<i64, _>(0)?.unsigned_abs(),
        at_micros: row.try_get(1)?,
        actor: row.try_get(2)?,
        action: row.try_get(3)?,
        subject: row.try_get(4)?,
        details: row.try_get(5)?,
        hash: read_hash(row.try_get(6)?)?,
    })
}

fn read_hash(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| unreadable("audit hash", format!("{} bytes, not 32", bytes.len())))
}

/// From the details of an entry about removed ones.
fn checkpoint(details: &str) -> Result<Checkpoint, StoreError> {
    let json: serde_json::Value =
        serde_json::from_str(details).map_err(|why| unreadable("audit checkpoint", why))?;
    let hash = json["hash"].as_str().and_then(|text| hex::decode(text).ok());
    let hash = hash.and_then(|bytes| bytes.try_into().ok());
    let parts = json["through"].as_u64().zip(hash);
    let (number, hash) = parts.ok_or_else(|| unreadable("audit checkpoint", details))?;
    Ok(Checkpoint { number, hash })
}
