//! Runs as they were recorded: row, component, journal, orders and trades. For replays.
//!
//! Read from within a host, or beside one that may be running: nothing is locked and nothing changed. Knows no engine, and
//! does not look into a journal.

use crate::audit::{AuditAction, AuditRecord};
use crate::error::{OpenError, StoreError};
use crate::journal::{JournalError, JournalPiece};
use crate::orders::{OrderRecord, TradeRecord};
use crate::run::RunRecord;
use crate::store::{Book, Store};
use crate::tenant::{JournalReading, Tenant};
use market::Timestamp;
use std::path::{Path, PathBuf};

/// Runs named in an error that says which there are.
const NAMED_MAX: usize = 5;

/// A run with everything that was written down of it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The broker's id of whose run it is, for printing.
    pub tenant: String,
    /// Its row.
    pub run: RunRecord,
    /// SHA-256 of the component it ran, in hex.
    pub sha256: String,
    /// The component.
    pub component: Vec<u8>,
    /// Its journal, in pieces that were proven to follow each other.
    pub journal: Vec<JournalPiece>,
    /// Why the journal could not be read on, where it has more pieces.
    pub damage: Option<String>,
    /// Its orders, oldest first.
    pub orders: Vec<RecordedOrder>,
    /// Its trades, oldest first.
    pub trades: Vec<TradeRecord>,
}

/// An order with when it left.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedOrder {
    /// As it stands.
    pub order: OrderRecord,
    /// When it was sent; none where it never was.
    pub sent_at: Option<Timestamp>,
}

/// A run on the list of those that were recorded.
#[derive(Debug, Clone)]
pub struct RecordedRun {
    /// The broker's id of whose run it is, for printing.
    pub tenant: String,
    /// Its row.
    pub run: RunRecord,
}

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The folder or its database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody of that name.
    #[error("no tenant `{tenant}` has ever signed in here: `bulkhead tenants` lists those who have")]
    UnknownTenant {
        /// What was given.
        tenant: String,
    },
    /// Nothing of that name.
    #[error("no run `{run}` was recorded in {data_dir}: {}", known_ones(.known))]
    UnknownRun {
        /// What was given.
        run: String,
        /// Where was looked.
        data_dir: String,
        /// The newest that there are.
        known: Vec<String>,
    },
    /// Several tenants have a run of that name.
    #[error("{} each have a run `{run}`: say whose with --tenant", .tenants.join(" and "))]
    SeveralRuns {
        /// What was given.
        run: String,
        /// Who.
        tenants: Vec<String>,
    },
    /// The version's row is gone.
    #[error(
        "the component of version {version}, which the run ran, is no longer in the database: it cannot run again"
    )]
    NoComponent {
        /// Which version.
        version: u32,
    },
    /// Its journal is longer than whoever asked takes.
    #[error(
        "the run's journal has {bytes} bytes, and at most {max} are replayed here: `bulkhead replay` on the host's machine \
         has no such limit"
    )]
    TooLong {
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        max: u64,
    },
}

/// The recordings of a data folder.
#[derive(Clone)]
pub struct Recordings {
    store: Store,
    data_dir: PathBuf,
}

impl Recordings {
    /// Opens the database to read it.
    ///
    /// # Errors
    /// When there is none, or it is of another release.
    pub async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let store = Store::open_to_read(data_dir).await?;
        Ok(Self { store, data_dir: data_dir.to_owned() })
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Every run, newest first; of one tenant where one is named.
    ///
    /// # Errors
    /// When nobody has that name, or the database fails.
    pub async fn runs(&self, tenant: Option<&str>) -> Result<Vec<RecordedRun>, RecordingError> {
        let mut all = Vec::new();
        for (name, book) in self.books(tenant).await? {
            let runs = book.runs().await?.into_iter();
            all.extend(runs.map(|run| RecordedRun { tenant: name.clone(), run }));
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.run.started_at));
        Ok(all)
    }

    /// One run with everything. The tenant need only be named where several have a run of that name.
    ///
    /// # Errors
    /// When there is none, or several; when the database fails.
    pub async fn run(&self, id: &str, tenant: Option<&str>) -> Result<Recorded, RecordingError> {
        let mut found = Vec::new();
        for (name, book) in self.books(tenant).await? {
            found.extend(book.run(id).await?.map(|run| (name, book, run)));
        }
        if found.len() > 1 {
            let tenants = found.into_iter().map(|(name, _, _)| name).collect();
            return Err(RecordingError::SeveralRuns { run: id.to_owned(), tenants });
        }
        match found.pop() {
            Some((name, book, run)) => recorded(&book, name, run).await,
            None => Err(self.unknown(id, tenant).await?),
        }
    }

    /// The way of one order of a tenant's, by its number: oldest first.
    ///
    /// # Errors
    /// When nobody has that name, or the database fails.
    pub async fn history_of(&self, tenant: &str, order_id: i64) -> Result<Vec<AuditRecord>, RecordingError> {
        let mut history = Vec::new();
        for (_, book) in self.books(Some(tenant)).await? {
            history.extend(book.audit_of(&order_id.to_string()).await?);
        }
        history.retain(|record| AuditAction::from_word(&record.action).is_some_and(AuditAction::is_of_order));
        Ok(history)
    }

    async fn unknown(&self, id: &str, tenant: Option<&str>) -> Result<RecordingError, RecordingError> {
        let newest = self.runs(tenant).await?.into_iter().take(NAMED_MAX);
        let known = newest.map(|one| format!("{} ({})", one.run.id, one.run.strategy_name)).collect();
        let data_dir = self.data_dir.display().to_string();
        Ok(RecordingError::UnknownRun { run: id.to_owned(), data_dir, known })
    }

    async fn books(&self, tenant: Option<&str>) -> Result<Vec<(String, Book)>, RecordingError> {
        let mut books = Vec::new();
        for stored in self.store.all_tenants().await? {
            match stored {
                Ok(stored) => books.push((stored.id.to_string(), self.store.book(stored.id))),
                Err(error) => tracing::error!("a tenant's row cannot be read and is left out: {error:#}"),
            }
        }
        let Some(wanted) = tenant else { return Ok(books) };
        books.retain(|(name, _)| name == wanted);
        if books.is_empty() {
            return Err(RecordingError::UnknownTenant { tenant: wanted.to_owned() });
        }
        Ok(books)
    }
}

impl Tenant {
    /// One run with everything that was written down of it so far. None when there is no such run.
    ///
    /// # Errors
    /// When the database fails, the component is gone, or the journal has more bytes than these.
    pub async fn recorded(&self, run_id: &str, max: u64) -> Result<Option<Recorded>, RecordingError> {
        let Some(run) = self.run(run_id).await? else { return Ok(None) };
        self.write_gathered().await?;
        let bytes = self.book().journal_bytes(run_id).await?;
        if bytes > max {
            return Err(RecordingError::TooLong { bytes, max });
        }
        recorded(self.book(), self.broker_id().to_string(), run).await.map(Some)
    }
}

async fn recorded(book: &Book, tenant: String, run: RunRecord) -> Result<Recorded, RecordingError> {
    let version = run.version;
    let gone = || RecordingError::NoComponent { version };
    let versions = book.versions(&run.strategy_id).await?;
    let sha256 = versions.into_iter().find(|one| one.number == version).ok_or_else(gone)?.sha256;
    let component = book.component(&run.strategy_id, version).await?.ok_or_else(gone)?;
    let (journal, damage) = journal(book, &run.id).await?;
    let orders = book.recorded_orders(&run.id).await?;
    let trades = book.run_trades(&run.id).await?;
    Ok(Recorded { tenant, run, sha256, component, journal, damage, orders, trades })
}

/// The pieces that can be proven, and what is wrong with the next one.
async fn journal(book: &Book, run_id: &str) -> Result<(Vec<JournalPiece>, Option<String>), StoreError> {
    let mut reading = JournalReading::whole(book, run_id).await?;
    let mut pieces = Vec::new();
    loop {
        match reading.next().await {
            Ok(Some(piece)) => pieces.push(piece),
            Ok(None) => return Ok((pieces, None)),
            Err(JournalError::Store(error)) => return Err(error),
            Err(error @ (JournalError::Damaged { .. } | JournalError::Older { .. })) => {
                return Ok((pieces, Some(error.to_string())));
            }
        }
    }
}

fn known_ones(known: &[String]) -> String {
    if known.is_empty() {
        return "no run was ever started there; is it the right --data-dir?".to_owned();
    }
    format!("the newest there are {}; `bulkhead replay` without a run lists all", known.join(", "))
}
