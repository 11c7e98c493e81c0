//! Reading a run's journal, piece by piece, each proven to follow the one before.

use super::{Stored, Tenant};
use crate::journal::{JournalError, JournalPiece, Link};
use crate::store::Book;
use std::collections::VecDeque;

/// Pieces read from the rows at once. Each holds at most what a run may hear in a moment.
const PIECES_AT_ONCE: u32 = 64;

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

    /// The number of the last event in a run's journal; zero where there is none.
    pub async fn last_event(&self, run_id: &str) -> Stored<u64> {
        self.book().last_event(run_id).await
    }

    /// A run's whole journal as the rows have it.
    pub async fn read_journal(&self, run_id: &str) -> Stored<JournalReading> {
        let last_event = self.book().last_event(run_id).await?;
        Ok(JournalReading::new(self.book(), run_id, Link::FIRST, last_event))
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
