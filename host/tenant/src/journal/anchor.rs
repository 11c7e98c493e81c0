//! Ends of journals as the audit holds them. A journal whose newest pieces were cut off has a chain that fits still: only what
//! was said of its end elsewhere shows it.
//!
//! Knows no statement.

use super::{JournalError, Link};
use crate::audit::{self, AuditAction};
use market::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The name in an entry's details of where the journal stood.
pub(crate) const END: &str = "journal";

/// The name in the details of an entry about removed pieces of where it stood before.
const HAD: &str = "had";

/// Where a journal stood when the audit wrote it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// The entry that says so.
    pub(crate) entry: u64,
    /// When it was written.
    pub(crate) at: Timestamp,
    /// The end.
    pub(crate) end: Link,
}

/// Pieces of one run that were removed for their age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forgotten {
    pub(crate) run_id: String,
    pub(crate) pieces: u64,
    pub(crate) had: Link,
    pub(crate) left: Link,
}

/// All that a chain of the audit says of the journals of its tenant.
#[derive(Debug, Default)]
pub(crate) struct Anchors(BTreeMap<String, OfRun>);

#[derive(Debug, Default)]
struct OfRun {
    /// Where the journal stood, in the order of the entries.
    ends: Vec<Anchor>,
    /// The first thing that two entries do not agree about.
    contradiction: Option<String>,
}

impl AuditAction {
    /// Those whose entries may say where a run's journal stood.
    pub(crate) const OF_JOURNALS: [Self; 3] = [Self::RunEnded, Self::JournalAnchored, Self::RetentionDeleted];
}

impl Link {
    /// For the details of an entry.
    pub(crate) fn details(&self) -> Value {
        json!({ "pieces": self.piece, "lastEvent": self.event_seq, "hash": hex::encode(self.hash) })
    }

    fn read(details: &Value) -> Option<Self> {
        let hash = hex::decode(details["hash"].as_str()?).ok()?.try_into().ok()?;
        Some(Self { piece: details["pieces"].as_u64()?, event_seq: details["lastEvent"].as_u64()?, hash })
    }
}

impl Anchor {
    /// From an entry; none where it says nothing of a journal, as those of earlier releases.
    pub(crate) fn read(entry: u64, at: Timestamp, details: &str) -> Option<Self> {
        let details: Value = serde_json::from_str(details).ok()?;
        Link::read(&details[END]).map(|end| Self { entry, at, end })
    }

    /// Whether a journal that has come to here is the one that the audit tells of.
    ///
    /// # Errors
    /// When it was written anew.
    pub(crate) fn check(&self, run_id: &str, come_to: &Link) -> Result<(), JournalError> {
        if self.end.piece != come_to.piece || self.end.hash == come_to.hash {
            return Ok(());
        }
        let why =
            format!("its hash is not the one in entry {} of the audit: it was written anew", self.entry);
        Err(JournalError::Damaged { run: run_id.to_owned(), piece: come_to.piece, why })
    }

    /// Why a journal that ends there is not whole.
    pub(crate) fn cut(&self, run_id: &str, ends: &Link) -> JournalError {
        let (first, last, event) = (ends.piece + 1, self.end.piece, self.end.event_seq);
        let why = format!(
            "pieces {first} to {last} are missing at its end: entry {} of the audit says that it had {last}, up to event {event}",
            self.entry
        );
        JournalError::Damaged { run: run_id.to_owned(), piece: first, why }
    }
}

impl Forgotten {
    /// For the entry about it.
    pub(crate) fn details(&self) -> Value {
        json!({ "what": "journal", "pieces": self.pieces, HAD: self.had.details(), END: self.left.details() })
    }
}

impl Anchors {
    /// Takes the next entry of the chain.
    pub(crate) fn take(&mut self, entry: &audit::Link) {
        if !AuditAction::OF_JOURNALS.iter().any(|of| of.as_str() == entry.action) {
            return;
        }
        let at = Timestamp::from_micros(entry.at_micros);
        let Some(anchor) = Anchor::read(entry.number, at, &entry.details) else { return };
        let had = serde_json::from_str::<Value>(&entry.details).ok().and_then(|all| Link::read(&all[HAD]));
        let of_run = self.0.entry(entry.subject.clone()).or_default();
        of_run.agree(entry.number, &had.unwrap_or(anchor.end));
        if had.is_some() {
            of_run.ends.retain(|before| before.end.piece < anchor.end.piece);
        }
        of_run.ends.push(anchor);
    }

    /// The runs that it tells of.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether it tells where the journal of a run stood.
    pub(crate) fn tell_of(&self, run_id: &str) -> bool {
        self.0.contains_key(run_id)
    }

    /// What two entries do not agree about.
    pub(crate) fn contradiction(&self, run_id: &str) -> Option<&str> {
        self.0.get(run_id)?.contradiction.as_deref()
    }

    /// Whether a journal that has come to here is the one that every entry tells of.
    ///
    /// # Errors
    /// When it was written anew.
    pub(crate) fn check(&self, run_id: &str, come_to: &Link) -> Result<(), JournalError> {
        let ends = self.0.get(run_id).map(|of_run| of_run.ends.as_slice()).unwrap_or_default();
        ends.iter().try_for_each(|anchor| anchor.check(run_id, come_to))
    }
}

impl OfRun {
    /// A journal only grows: one that has less than before, or other pieces, was cut or written anew in between.
    fn agree(&mut self, entry: u64, end: &Link) {
        let Some(before) = self.ends.last().filter(|_| self.contradiction.is_none()) else { return };
        let same_place = before.end.piece == end.piece && before.end.hash != end.hash;
        if before.end.piece > end.piece || same_place {
            self.contradiction = Some(format!(
                "entry {} of the audit says that its journal had {} pieces, up to event {}, and entry {entry} found {}{}: it was \
                 cut or written anew in between",
                before.entry,
                before.end.piece,
                before.end.event_seq,
                end.piece,
                if same_place { ", with another hash" } else { "" }
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(piece: u64, byte: u8) -> Link {
        Link { piece, event_seq: piece * 10, hash: [byte; 32] }
    }

    fn told(entries: &[(AuditAction, Value)]) -> Anchors {
        let mut anchors = Anchors::default();
        for (at, (action, details)) in entries.iter().enumerate() {
            anchors.take(&audit::Link {
                number: at as u64 + 1,
                at_micros: 0,
                actor: "host".into(),
                action: action.as_str().to_owned(),
                subject: "r".into(),
                details: details.to_string(),
                hash: [0; 32],
            });
        }
        anchors
    }

    fn stood(piece: u64, byte: u8) -> (AuditAction, Value) {
        (AuditAction::JournalAnchored, json!({ END: link(piece, byte).details() }))
    }

    #[test]
    fn an_end_is_read_as_it_was_written_and_entries_of_earlier_releases_tell_of_none() {
        let details = json!({ "state": "stopped", END: link(7, 0xab).details() });
        let at = Timestamp::EPOCH;
        let read = Anchor::read(3, at, &details.to_string());
        assert_eq!(read, Some(Anchor { entry: 3, at, end: link(7, 0xab) }));
        let earlier = [
            (AuditAction::RunEnded, json!({ "state": "stopped" })),
            (AuditAction::RetentionDeleted, json!({ "what": "journals", "pieces": 4 })),
        ];
        assert!(!told(&earlier).tell_of("r"));
    }

    #[test]
    fn a_journal_that_has_less_than_the_audit_once_said_is_told_whatever_was_said_later() {
        assert_eq!(told(&[stood(3, 1), stood(5, 2)]).contradiction("r"), None);
        let cut = told(&[stood(5, 1), stood(3, 2)]);
        let why = cut.contradiction("r").unwrap();
        assert!(why.contains("had 5 pieces, up to event 50, and entry 2 found 3"), "{why}");
        let anew = told(&[stood(5, 1), stood(5, 2)]);
        assert!(anew.contradiction("r").unwrap().contains("with another hash"));
    }

    #[test]
    fn pieces_that_went_for_their_age_are_no_contradiction_unless_some_were_gone_before() {
        let went = |had: u64, left: u64| {
            let forgotten = Forgotten {
                run_id: "r".into(),
                pieces: had - left,
                had: link(had, 1),
                left: if left == 0 { Link::FIRST } else { link(left, 9) },
            };
            (AuditAction::RetentionDeleted, forgotten.details())
        };
        let anchors = told(&[stood(5, 1), went(5, 2), went(2, 0)]);
        assert!(anchors.contradiction("r").is_some(), "the hash of piece 2 is another than what was left");
        let anchors = told(&[stood(5, 1), went(5, 2)]);
        assert_eq!(anchors.contradiction("r"), None);
        anchors.check("r", &link(2, 9)).unwrap();
        assert!(anchors.check("r", &link(2, 8)).is_err());
        let laundered = told(&[stood(5, 1), went(4, 0)]);
        assert!(laundered.contradiction("r").unwrap().contains("found 4"), "cut before it was removed");
    }
}
