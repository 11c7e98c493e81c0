//! Reading a run's journal, piece by piece, each proven to follow the one before.

use super::{Stored, Tenant};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::journal::{JournalError, JournalPiece, Link};
use crate::run::RunRecord;
use crate::store::Book;
use serde_json::json;
use std::collections::VecDeque;
use std::time::Duration;

/// Pieces read from the rows at once. Each holds at most what a run may hear in a moment.
const PIECES_AT_ONCE: u32 = 64;

/// How often old journals are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// How long after the start of the host they are looked for first.
const FORGET_FIRST: Duration = Duration::from_secs(60);

/// Pieces removed in one transaction: an order must not wait long behind it.
const FORGET_AT_ONCE: u32 = 500;

/// Between two such transactions.
const FORGET_PAUSE: Duration = Duration::from_millis(50);

const SECONDS_A_DAY: i64 = 86_400;

/// A journal that is being read. Every piece is proven before it is handed out.
pub struct JournalReading {
    book: Book,
    run_id: String,
    behind: Link,
    read: VecDeque<JournalPiece>,
    /// The number of the first event that is read.
    pub first_event: u64,
    /// The number of the last event there was when the reading began; zero where there is none.
    pub last_event: u64,
}

impl Tenant {
    /// The journal of a run, in pieces as they were written: (number of the last event in it, bytes).
    pub async fn journal(&self, run_id: &str) -> Stored<Vec<(u64, Vec<u8>)>> {
        self.book().write_all_gathered().await?;
        self.book().journal(run_id).await
    }

    /// Makes durable what was gathered of every run.
    pub async fn write_gathered(&self) -> Stored<()> {
        self.book().write_all_gathered().await
    }

    /// Makes durable what was gathered of one run, whatever becomes of the others' rows.
    pub async fn write_gathered_of(&self, run: &RunRecord) -> Stored<()> {
        self.book().write_gathered(run).await
    }

    /// The number of the last event in a run's journal; zero where there is none.
    pub async fn last_event(&self, run_id: &str) -> Stored<u64> {
        self.book().last_event(run_id).await
    }

    /// A run's whole journal as the rows have it.
    pub async fn read_journal(&self, run_id: &str) -> Stored<JournalReading> {
        JournalReading::whole(self.book(), run_id).await
    }

    /// A run's journal from the last beginning of a machine on. None where no machine ever began.
    pub async fn read_last_life(&self, run_id: &str) -> Stored<Option<JournalReading>> {
        let Some((piece, last_event)) = self.book().journal_beginning(run_id).await? else {
            return Ok(None);
        };
        let before = self.book().link_before(run_id, piece).await?;
        Ok(Some(JournalReading::new(self.book(), run_id, before, last_event)))
    }
}

impl Tenant {
    /// Removes the journals of runs that ended long ago, again and again.
    pub(crate) async fn forget_old_journals(self) {
        tokio::time::sleep(FORGET_FIRST).await;
        loop {
            if let Err(error) = self.forget_journals().await {
                tracing::error!(broker_id = %self.broker_id(), "old journals not removed: {error:#}");
            }
            tokio::time::sleep(FORGET_EVERY).await;
        }
    }

    /// Removes them once. How many pieces.
    pub(crate) async fn forget_journals(&self) -> Stored<u64> {
        let kept_s = i64::from(self.host().config.limits.journal_keep_days) * SECONDS_A_DAY;
        let ended_before = self.now().plus_seconds(-kept_s);
        let mut removed = 0;
        loop {
            let entry = |pieces| {
                let details =
                    json!({ "what": "journals", "pieces": pieces, "endedBefore": ended_before.ist_text() });
                AuditEntry::new(self.now(), Actor::Host, AuditAction::RetentionDeleted, "", details)
            };
            let now = self.book().forget_journals(ended_before, FORGET_AT_ONCE, entry).await?;
            removed += now;
            if now < u64::from(FORGET_AT_ONCE) {
                return Ok(removed);
            }
            tokio::time::sleep(FORGET_PAUSE).await;
        }
    }
}

impl JournalReading {
    fn new(book: &Book, run_id: &str, behind: Link, last_event: u64) -> Self {
        Self {
            book: book.clone(),
            run_id: run_id.to_owned(),
            first_event: behind.event_seq + 1,
            last_event,
            behind,
            read: VecDeque::new(),
        }
    }

    /// A run's whole journal, for whoever reads beside a host.
    pub(crate) async fn whole(book: &Book, run_id: &str) -> Stored<Self> {
        let last_event = book.last_event(run_id).await?;
        Ok(Self::new(book, run_id, Link::FIRST, last_event))
    }

    /// How many events there are to read.
    pub fn events(&self) -> u64 {
        (self.last_event + 1).saturating_sub(self.first_event)
    }

    /// The next piece; none behind the last.
    ///
    /// # Errors
    /// When it is damaged or of an earlier release, or the database fails.
    pub async fn next(&mut self) -> Result<Option<JournalPiece>, JournalError> {
        if self.read.is_empty() {
            let stored = self.book.journal_pieces(&self.run_id, self.behind.piece, PIECES_AT_ONCE).await?;
            for stored in stored {
                if !stored.is_tied {
                    let (run, piece) = (self.run_id.clone(), stored.piece.number);
                    return Err(JournalError::Older { run, piece });
                }
                self.read.push_back(stored.piece);
            }
        }
        let Some(piece) = self.read.pop_front() else { return Ok(None) };
        piece.check(&self.run_id, &self.behind)?;
        self.behind = piece.link();
        Ok(Some(piece))
    }
}
