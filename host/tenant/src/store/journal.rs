//! Rows of journals: pieces in a chain.

use super::commit::StepRows;
use super::group::Key;
use super::{Book, Write};
use crate::audit::AuditEntry;
use crate::error::StoreError;
use crate::journal::{Forgotten, JournalPiece, Link, NOTHING};
use market::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};
use std::collections::HashMap;

/// Ends of journals kept in memory; of the others the next piece is tied to what the rows say.
const LINKS_MAX: usize = 10_000;

/// Where the journals of runs end, so that the next piece needs no look at the rows.
#[derive(Default)]
pub(super) struct Links {
    known: HashMap<Key, Link>,
    /// Of the transaction that is under way.
    unwritten: HashMap<Key, Link>,
}

/// Where a machine begins in a journal.
pub(crate) struct Beginning {
    /// The piece in which it does.
    pub(crate) piece: u64,
    /// When the last event in that piece was.
    pub(crate) time: Timestamp,
    /// The number of the last event there is.
    pub(crate) last_event: u64,
}

/// A piece as its row has it; without a hash where an earlier release wrote it.
pub(crate) struct StoredPiece {
    pub(crate) piece: JournalPiece,
    pub(crate) is_tied: bool,
}

impl Links {
    /// The transaction is durable.
    pub(super) fn are_written(&mut self) {
        if self.known.len() + self.unwritten.len() > LINKS_MAX {
            self.known.clear();
        }
        self.known.extend(self.unwritten.drain());
    }

    /// What was to be tied is not.
    pub(super) fn forget_unwritten(&mut self) {
        self.unwritten.clear();
    }
}

impl Book {
    /// Everything, as old rows have it too: the number of the last event in each piece, and the bytes.
    pub(crate) async fn journal(&self, run_id: &str) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let rows = sqlx::query(
            "select event_seq, events from journal where broker_id = ? and run_id = ? order by piece",
        )
        .bind(self.id())
        .bind(run_id)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|row| Ok((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get(1)?))).collect()
    }

    /// So many pieces behind one.
    pub(crate) async fn journal_pieces(
        &self,
        run_id: &str,
        behind: u64,
        most: u32,
    ) -> Result<Vec<StoredPiece>, StoreError> {
        let rows = sqlx::query(
            "select piece, first_seq, event_seq, time, begins, events, hash from journal
             where broker_id = ? and run_id = ? and piece > ? order by piece limit ?",
        )
        .bind(self.id())
        .bind(run_id)
        .bind(behind as i64)
        .bind(most)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(piece).collect()
    }

    /// Where a machine began last.
    pub(crate) async fn journal_beginning(&self, run_id: &str) -> Result<Option<Beginning>, StoreError> {
        let row = sqlx::query(
            "select piece, time, (select max(event_seq) from journal where broker_id = ?1 and run_id = ?2)
             from journal where broker_id = ?1 and run_id = ?2 and begins = 1 order by piece desc limit 1",
        )
        .bind(self.id())
        .bind(run_id)
        .fetch_optional(self.readers())
        .await?;
        let read = |row: SqliteRow| {
            Ok(Beginning {
                piece: row.try_get::<i64, _>(0)?.unsigned_abs(),
                time: Timestamp::from_micros(row.try_get(1)?),
                last_event: row.try_get::<i64, _>(2)?.unsigned_abs(),
            })
        };
        row.map(read).transpose()
    }

    /// The number of the last event of a run, zero before the first.
    pub(crate) async fn last_event(&self, run_id: &str) -> Result<u64, StoreError> {
        Ok(self.last_link(run_id).await?.event_seq)
    }

    /// The end of the journal as the rows have it.
    pub(crate) async fn last_link(&self, run_id: &str) -> Result<Link, StoreError> {
        self.link_in(run_id, self.readers()).await
    }

    /// The same as whoever asks sees it.
    pub(super) async fn link_in(
        &self,
        run_id: &str,
        asked: impl SqliteExecutor<'_>,
    ) -> Result<Link, StoreError> {
        let row = sqlx::query(
            "select piece, event_seq, hash from journal where broker_id = ? and run_id = ? order by piece desc limit 1",
        )
        .bind(self.id())
        .bind(run_id)
        .fetch_optional(asked)
        .await?;
        row.as_ref().map_or(Ok(Link::FIRST), link)
    }

    /// The end of the journal before a piece.
    pub(crate) async fn link_before(&self, run_id: &str, piece: u64) -> Result<Link, StoreError> {
        let row = sqlx::query(
            "select piece, event_seq, hash from journal where broker_id = ? and run_id = ? and piece < ?
             order by piece desc limit 1",
        )
        .bind(self.id())
        .bind(run_id)
        .bind(piece as i64)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map_or(Ok(Link::FIRST), link)
    }

    /// Removes pieces of runs that ended before an instant, at most so many, the last of each run first: what is left can still
    /// be proven. An entry for each of the runs is written with it. How many.
    pub(crate) async fn forget_journals(
        &self,
        ended_before: Timestamp,
        most: u32,
        entry: impl Fn(&Forgotten) -> AuditEntry + Send,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let old = sqlx::query(
            "select run_id, count(*) from (
                 select j.run_id from journal j join runs r on r.broker_id = j.broker_id and r.id = j.run_id
                 where j.broker_id = ?1 and r.stopped_at < ?2 and r.state in ('stopped', 'failed', 'quarantined')
                 order by j.run_id, j.piece desc limit ?3)
             group by run_id",
        )
        .bind(self.id())
        .bind(ended_before.micros())
        .bind(most)
        .fetch_all(&mut *tx)
        .await?;
        let (mut removed, mut entries) = (0, Vec::new());
        for row in old {
            let forgotten = self.forget_last(&mut tx, row.try_get(0)?, row.try_get(1)?).await?;
            removed += forgotten.pieces;
            entries.push(entry(&forgotten));
        }
        self.append_audit(&mut tx, &entries).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Removes so many pieces from the end of a run's journal.
    async fn forget_last(&self, tx: &mut Write, run_id: String, count: i64) -> Result<Forgotten, StoreError> {
        let had = self.link_in(&run_id, &mut **tx).await?;
        let done = sqlx::query(
            "delete from journal where broker_id = ?1 and run_id = ?2 and piece in (
                 select piece from journal where broker_id = ?1 and run_id = ?2 order by piece desc limit ?3)",
        )
        .bind(self.id())
        .bind(&run_id)
        .bind(count)
        .execute(&mut **tx)
        .await?;
        let left = self.link_in(&run_id, &mut **tx).await?;
        Ok(Forgotten { run_id, pieces: done.rows_affected(), had, left })
    }

    pub(super) async fn append_journal(
        &self,
        tx: &mut Write,
        links: &mut Links,
        run_id: &str,
        rows: &StepRows,
    ) -> Result<(), StoreError> {
        let key = (self.id.clone(), run_id.to_owned());
        let before = match links.unwritten.get(&key).or_else(|| links.known.get(&key)) {
            Some(link) => *link,
            // Not from a reader: all of them may be busy, and this transaction holds everybody up.
            None => self.link_in(run_id, &mut **tx).await?,
        };
        let mut piece = JournalPiece {
            number: before.piece + 1,
            first_seq: rows.first_seq,
            event_seq: rows.event_seq,
            time: rows.time,
            begins: rows.begins,
            bytes: Vec::new(),
            hash: NOTHING,
        };
        piece.bytes.clone_from(&rows.journal);
        piece.hash = piece.hash_after(run_id, &before.hash);
        sqlx::query(
            "insert into journal (broker_id, run_id, piece, first_seq, event_seq, time, begins, events, hash)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(run_id)
        .bind(piece.number as i64)
        .bind(piece.first_seq as i64)
        .bind(piece.event_seq as i64)
        .bind(piece.time.micros())
        .bind(piece.begins)
        .bind(&piece.bytes)
        .bind(&piece.hash[..])
        .execute(&mut **tx)
        .await?;
        links.unwritten.insert(key, piece.link());
        Ok(())
    }
}

fn link(row: &SqliteRow) -> Result<Link, StoreError> {
    let hash: Option<Vec<u8>> = row.try_get(2)?;
    Ok(Link {
        piece: row.try_get::<i64, _>(0)?.unsigned_abs(),
        event_seq: row.try_get::<i64, _>(1)?.unsigned_abs(),
        hash: hash.and_then(|hash| hash.try_into().ok()).unwrap_or(NOTHING),
    })
}

fn piece(row: &SqliteRow) -> Result<StoredPiece, StoreError> {
    let hash: Option<Vec<u8>> = row.try_get(6)?;
    let piece = JournalPiece {
        number: row.try_get::<i64, _>(0)?.unsigned_abs(),
        first_seq: row.try_get::<Option<i64>, _>(1)?.unwrap_or(0).unsigned_abs(),
        event_seq: row.try_get::<i64, _>(2)?.unsigned_abs(),
        time: Timestamp::from_micros(row.try_get(3)?),
        begins: row.try_get(4)?,
        bytes: row.try_get(5)?,
        hash: hash.as_deref().and_then(|hash| hash.try_into().ok()).unwrap_or(NOTHING),
    };
    Ok(StoredPiece { piece, is_tied: hash.is_some() })
}
