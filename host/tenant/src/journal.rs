//! A run's journal as its rows keep it: pieces, each tied to the one before by a hash. What the bytes mean, others know.
//!
//! The chain shows that nothing is missing, moved or changed. Knows no statement.

mod anchor;

pub(crate) use anchor::{Anchor, Anchors, END, Forgotten};

use crate::error::StoreError;
use market::Timestamp;
use sha2::{Digest, Sha256};

/// SHA-256 of a piece and everything before it.
pub(crate) type Hash = [u8; 32];

/// Before the first piece.
pub(crate) const NOTHING: Hash = [0; 32];

/// Some events of a run in their order, with what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPiece {
    /// Which piece of its run, from 1.
    pub number: u64,
    /// The number of the first event in it.
    pub first_seq: u64,
    /// The number of the last.
    pub event_seq: u64,
    /// When that was.
    pub time: Timestamp,
    /// True where a machine begins in it.
    pub begins: bool,
    /// The events.
    pub bytes: Vec<u8>,
    /// SHA-256 of everything above and of the piece before.
    pub hash: [u8; 32],
}

/// A journal that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The rows are not what was written.
    #[error("the journal of run {run} is damaged at piece {piece}: {why}")]
    Damaged {
        /// Whose.
        run: String,
        /// Where.
        piece: u64,
        /// What is wrong.
        why: String,
    },
    /// The rows are of a release that tied no pieces together.
    #[error(
        "the journal of run {run} was written by an earlier release at piece {piece}, which cannot be proven whole"
    )]
    Older {
        /// Whose.
        run: String,
        /// Where.
        piece: u64,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The end of what is known of a journal: what the next piece is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) piece: u64,
    pub(crate) event_seq: u64,
    pub(crate) hash: Hash,
}

impl Link {
    /// Of a run that has no journal yet.
    pub(crate) const FIRST: Self = Self { piece: 0, event_seq: 0, hash: NOTHING };
}

impl JournalPiece {
    /// The hash that belongs to it behind another.
    pub(crate) fn hash_after(&self, run_id: &str, before: &Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(before);
        // The length keeps a run's name and what follows apart.
        hash.update((run_id.len() as u64).to_le_bytes());
        hash.update(run_id.as_bytes());
        for number in [self.number, self.first_seq, self.event_seq, self.time.micros() as u64] {
            hash.update(number.to_le_bytes());
        }
        hash.update([u8::from(self.begins)]);
        hash.update(&self.bytes);
        hash.finalize().into()
    }

    /// Where the chain stands behind it.
    pub(crate) fn link(&self) -> Link {
        Link { piece: self.number, event_seq: self.event_seq, hash: self.hash }
    }

    /// Whether it follows what is known.
    ///
    /// # Errors
    /// What is missing, moved or changed.
    pub(crate) fn check(&self, run_id: &str, before: &Link) -> Result<(), JournalError> {
        let damaged =
            |why: String| Err(JournalError::Damaged { run: run_id.to_owned(), piece: self.number, why });
        if self.number != before.piece + 1 {
            return damaged(format!("it follows piece {}: what was between is missing", before.piece));
        }
        if self.hash_after(run_id, &before.hash) != self.hash {
            return damaged("its hash does not fit: it or a piece before it was changed".to_owned());
        }
        if self.first_seq != before.event_seq + 1 || self.event_seq < self.first_seq {
            let (first, last) = (self.first_seq, self.event_seq);
            return damaged(format!("events {first} to {last} do not follow event {}", before.event_seq));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: u64) -> Vec<JournalPiece> {
        let mut before = Link::FIRST;
        let mut pieces = Vec::new();
        for number in 1..=count {
            let mut piece = JournalPiece {
                number,
                first_seq: before.event_seq + 1,
                event_seq: before.event_seq + number,
                time: Timestamp::from_seconds(number as i64),
                begins: number == 1,
                bytes: vec![number as u8; 10],
                hash: NOTHING,
            };
            piece.hash = piece.hash_after("run", &before.hash);
            before = piece.link();
            pieces.push(piece);
        }
        pieces
    }

    fn verify(run_id: &str, pieces: &[JournalPiece]) -> Result<(), JournalError> {
        let mut before = Link::FIRST;
        for piece in pieces {
            piece.check(run_id, &before)?;
            before = piece.link();
        }
        Ok(())
    }

    #[test]
    fn a_chain_that_is_whole_is_taken() {
        verify("run", &chain(5)).unwrap();
    }

    #[test]
    fn whatever_is_changed_is_found_and_named() {
        type Spoil = fn(&mut Vec<JournalPiece>);
        let table: [(Spoil, &str); 7] = [
            (|pieces| pieces[2].bytes[3] ^= 1, "run run is damaged at piece 3: its hash"),
            (|pieces| pieces[2].event_seq += 1, "piece 3: its hash"),
            (|pieces| pieces[2].time = Timestamp::EPOCH, "piece 3: its hash"),
            (|pieces| pieces[2].begins = true, "piece 3: its hash"),
            (|pieces| pieces[2].hash[0] ^= 1, "piece 3: its hash"),
            (|pieces| drop(pieces.remove(2)), "piece 4: it follows piece 2"),
            (|pieces| pieces.swap(1, 2), "piece 3: it follows piece 1"),
        ];
        for (spoil, words) in table {
            let mut pieces = chain(5);
            spoil(&mut pieces);
            let said = verify("run", &pieces).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
        let said = verify("another", &chain(5)).unwrap_err().to_string();
        assert!(said.contains("piece 1: its hash"), "another run's pieces: {said}");
    }

    #[test]
    fn a_gap_in_the_events_is_found_although_the_hashes_fit() {
        let mut pieces = chain(2);
        pieces[1].first_seq += 1;
        pieces[1].hash = pieces[1].hash_after("run", &pieces[0].hash);
        let said = verify("run", &pieces).unwrap_err().to_string();
        assert!(said.contains("events 3 to 3 do not follow event 1"), "{said}");
    }
}
