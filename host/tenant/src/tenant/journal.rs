//! Reading a run's journal, piece by piece, each proven to follow the one before.

use super::{Stored, Tenant};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::journal::{Anchor, Forgotten, JournalError, JournalPiece, Link};
use crate::log::Level;
use crate::run::RunRecord;
use crate::store::{Book, LostEnd};
use serde_json::json;
use std::collections::VecDeque;
use std::time::Duration;

/// Pieces read from the rows at once. Each holds at most what a run may hear in a moment.
const PIECES_AT_ONCE: u32 = 64;

/// How often old journals are looked for, and how often the audit is told where those of runs stand that go on.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

/// How long after the start of the host that is done first.
const LOOK_FIRST: Duration = Duration::from_secs(60);

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
    /// Where the audit says that it stood.
    anchor: Option<Anchor>,
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
        let anchor = self.book().journal_anchor(run_id).await?;
        let Some(begins) = self.book().journal_beginning(run_id).await? else {
            // Where its beginning went with pieces that the audit tells of, the reading says so.
            let end = self.book().last_link(run_id).await?;
            let lost = anchor.filter(|anchor| anchor.end.piece > end.piece);
            return Ok(lost.map(|_| JournalReading::new(self.book(), run_id, Link::FIRST, anchor, 0)));
        };
        // What was lost before this life began is none of its loss: it was told when the life began.
        let anchor = anchor.filter(|anchor| anchor.at >= begins.time);
        let before = self.book().link_before(run_id, begins.piece).await?;
        Ok(Some(JournalReading::new(self.book(), run_id, before, anchor, begins.last_event)))
    }
}

impl Tenant {
    /// Removes the journals of runs that ended long ago, and writes down where the others stand, again and again.
    pub(crate) async fn look_after_journals(self) {
        tokio::time::sleep(LOOK_FIRST).await;
        loop {
            if let Err(error) = self.forget_journals().await {
                tracing::error!(broker_id = %self.broker_id(), "old journals not removed: {error:#}");
            }
            if let Err(error) = self.anchor_journals().await {
                tracing::error!(broker_id = %self.broker_id(), "where journals stand is not in the audit: {error:#}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Writes down where the journals of runs stand that go on. One that has lost what it had is told.
    pub(crate) async fn anchor_journals(&self) -> Stored<()> {
        for LostEnd { run_id, why } in self.book().anchor_journals(self.now()).await? {
            tracing::error!(broker_id = %self.broker_id(), "{why}; `bulkhead audit verify` says more");
            self.log().write(Level::Error, Some(&run_id), &why);
        }
        Ok(())
    }

    /// Removes them once. How many pieces.
    pub(crate) async fn forget_journals(&self) -> Stored<u64> {
        let kept_s = i64::from(self.host().config.limits.journal_keep_days) * SECONDS_A_DAY;
        let ended_before = self.now().plus_seconds(-kept_s);
        let mut removed = 0;
        loop {
            let entry = |forgotten: &Forgotten| {
                let mut details = forgotten.details();
                details["endedBefore"] = json!(ended_before.ist_text());
                let action = AuditAction::RetentionDeleted;
                AuditEntry::new(self.now(), Actor::Host, action, &forgotten.run_id, details)
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
    fn new(book: &Book, run_id: &str, behind: Link, anchor: Option<Anchor>, last_event: u64) -> Self {
        Self {
            book: book.clone(),
            run_id: run_id.to_owned(),
            first_event: behind.event_seq + 1,
            last_event,
            behind,
            anchor,
            read: VecDeque::new(),
        }
    }

    /// A run's whole journal, for whoever reads beside a host.
    pub(crate) async fn whole(book: &Book, run_id: &str) -> Stored<Self> {
        // Before the pieces: what is added meanwhile is no loss.
        let anchor = book.journal_anchor(run_id).await?;
        let last_event = book.last_event(run_id).await?;
        Ok(Self::new(book, run_id, Link::FIRST, anchor, last_event))
    }

    /// How many events there are to read.
    pub fn events(&self) -> u64 {
        (self.last_event + 1).saturating_sub(self.first_event)
    }

    /// The next piece; none behind the last.
    ///
    /// # Errors
    /// When it is damaged, cut at its end or of an earlier release, or the database fails.
    pub async fn next(&mut self) -> Result<Option<JournalPiece>, JournalError> {
        self.fits_anchor()?;
        loop {
            if self.read.is_empty() {
                self.read_on().await?;
            }
            if let Some(piece) = self.read.pop_front() {
                piece.check(&self.run_id, &self.behind)?;
                self.behind = piece.link();
                self.fits_anchor()?;
                return Ok(Some(piece));
            }
            if self.is_whole().await? {
                return Ok(None);
            }
        }
    }

    async fn read_on(&mut self) -> Result<(), JournalError> {
        for stored in self.book.journal_pieces(&self.run_id, self.behind.piece, PIECES_AT_ONCE).await? {
            if !stored.is_tied {
                let (run, piece) = (self.run_id.clone(), stored.piece.number);
                return Err(JournalError::Older { run, piece });
            }
            self.read.push_back(stored.piece);
        }
        Ok(())
    }

    fn fits_anchor(&self) -> Result<(), JournalError> {
        self.anchor.map_or(Ok(()), |anchor| anchor.check(&self.run_id, &self.behind))
    }

    /// Whether it has come to where the audit says that the journal stood; false where the audit says something newer now.
    async fn is_whole(&mut self) -> Result<bool, JournalError> {
        let Some(anchor) = self.anchor.filter(|anchor| anchor.end.piece > self.behind.piece) else {
            return Ok(true);
        };
        // A host that runs beside may have removed pieces for their age meanwhile.
        let newest = self.book.journal_anchor(&self.run_id).await?;
        if newest == self.anchor {
            return Err(anchor.cut(&self.run_id, &self.behind));
        }
        self.anchor = newest;
        Ok(false)
    }
}
