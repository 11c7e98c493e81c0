//! The database: one SQLite file, one writer, a few readers. All SQL stands in this module.
//!
//! What belongs to a tenant is reached through a [`Book`], which holds one broker id and binds it to every statement
//! itself; none of its methods takes one. Host tables (sessions by hash, pending logins) are the few exceptions, named
//! in this module's test.

mod anchors;
#[cfg(test)]
mod anchors_test;
mod audit;
#[cfg(test)]
mod audit_test;
mod commit;
mod damage;
#[cfg(test)]
mod damage_test;
mod days;
#[cfg(test)]
mod days_test;
mod exposure;
mod foreign;
mod group;
#[cfg(test)]
mod group_test;
mod group_writer;
mod journal;
mod lock;
mod migrate;
mod orders;
#[cfg(test)]
mod orders_test;
mod pnl;
mod recorded;
mod runs;
#[cfg(test)]
mod scope_test;
mod sessions;
mod settings;
mod space;
mod strategies;
mod tenants;
mod trades;
#[cfg(test)]
mod trades_test;

pub(crate) use anchors::LostEnd;
pub(crate) use audit::{HOST_CHAIN, record as audit_record};
pub(crate) use commit::{Commit, StepRows};
pub(crate) use pnl::PNL_RECORDS_PER_DAY_MAX;
pub(crate) use sessions::SecretKind;
pub use space::Health;
pub(crate) use strategies::StoredStrategy;
pub(crate) use tenants::{StoredCredentials, StoredTenant};

use crate::broker_id::BrokerId;
use crate::error::{OpenError, StoreError};
use crate::private;
use damage::OpenMark;
use group::Group;
use lock::FolderLock;
use space::Space;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Row, Sqlite, SqlitePool, Transaction};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Below this, SQLite's write-ahead log has a known race.
const SQLITE_NEEDED: &str = "3.51.3";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS_MAX: u32 = 4;

/// SQLite's words for trouble with the disk; the lowest eight bits of a code say which family it is of.
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_NOTADB: u32 = 26;
/// The index of the write-ahead log found no room to grow.
const SQLITE_IOERR_SHMSIZE: u32 = 4874;

/// The open database.
#[derive(Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    group: Arc<Group>,
    /// Cancelled when the task that writes has fallen.
    fallen: CancellationToken,
    /// None where the store was opened to read.
    space: Option<Arc<Space>>,
    mark: Option<Arc<OpenMark>>,
    /// None where the store was opened to read beside whoever holds the folder.
    lock: Option<Arc<FolderLock>>,
}

/// A store that does not keep the folder locked when everybody else has let go of it.
struct WeakStore {
    writer: SqlitePool,
    readers: SqlitePool,
    group: Weak<Group>,
    fallen: CancellationToken,
    space: Option<Arc<Space>>,
    mark: Option<Arc<OpenMark>>,
    lock: Option<Weak<FolderLock>>,
}

/// One tenant's part of the database.
#[derive(Clone)]
pub(crate) struct Book {
    store: Store,
    id: BrokerId,
}

type Write = Transaction<'static, Sqlite>;

impl Store {
    /// Locks the folder, opens the file in it and brings its schema up to date.
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let lock = Arc::new(FolderLock::take(data_dir)?);
        let space = Some(Space::open(data_dir)?);
        OpenMark::check(data_dir)?;
        let path = data_dir.join("bulkhead.db");
        // SQLite would make it for everybody's eyes; what it makes beside it has the mode of this one.
        private::make_file(&path)
            .map_err(|why| OpenError::File { path: path.display().to_string(), why: why.to_string() })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("trusted_schema", "off");
        // SQLite itself takes a transaction back that found no room, and sqlx counts it as open for ever: such a
        // connection is replaced. A reader stays open beside, so that the log outlives the writer's.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
            .connect_with(options.clone())
            .await
            .map_err(StoreError::from)?;
        assert_version(&writer).await?;
        migrate::run(&writer, data_dir).await?;
        let mark = Some(Arc::new(OpenMark::set(data_dir)?));
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .min_connections(1)
            .connect_with(options.pragma("query_only", "on"))
            .await
            .map_err(StoreError::from)?;
        let (group, fallen, lock) = (Arc::default(), CancellationToken::new(), Some(lock));
        let store = Self { writer, readers, group, fallen, space, mark, lock };
        store.start_group_writer();
        Ok(store)
    }

    /// Opens the file to read it, beside a host that may be running. Nothing is locked, changed or brought up to date.
    pub(crate) async fn open_to_read(data_dir: &Path) -> Result<Self, OpenError> {
        let path = data_dir.join("bulkhead.db");
        if !path.is_file() {
            let why = "there is no database: no host has run on this data folder".to_owned();
            return Err(OpenError::File { path: path.display().to_string(), why });
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let readers = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(StoreError::from)?;
        migrate::check(&readers).await?;
        Ok(Self {
            writer: readers.clone(),
            readers,
            group: Arc::default(),
            fallen: CancellationToken::new(),
            space: None,
            mark: None,
            lock: None,
        })
    }

    /// How many transactions the group writer has written.
    pub(crate) fn commits(&self) -> u64 {
        self.group.commits()
    }

    /// Cancelled once nothing can be written any more because the task that writes has fallen.
    pub(crate) fn fallen(&self) -> CancellationToken {
        self.fallen.clone()
    }

    /// The part of one tenant.
    pub(crate) fn book(&self, id: BrokerId) -> Book {
        Book { store: self.clone(), id }
    }

    /// How the database takes what is written.
    pub(crate) fn health(&self) -> Health {
        self.space.as_ref().map_or(Health::Good, |space| space.health())
    }

    /// False while rows that nobody waits for are held back.
    fn takes_gathered(&self) -> bool {
        self.space.as_ref().is_none_or(|space| space.takes_gathered())
    }

    /// A write failed: where the disk is why, no new order leaves from now on.
    pub(crate) fn heard(&self, error: &StoreError) {
        if let Some(space) = &self.space {
            space.heard(error);
        }
    }

    /// Writes what is left and closes every connection.
    pub(crate) async fn close(&self) {
        self.stop_group_writer().await;
        if self.health() == Health::Failed {
            // Closing would write the log into the file: on a disk that failed nothing is tried again.
            std::mem::forget((self.writer.clone(), self.readers.clone()));
            return;
        }
        self.readers.close().await;
        if let Some(mark) = &self.mark {
            mark.remove();
        }
        self.writer.close().await;
    }

    /// A write transaction that holds the write lock from the start, so that it never fails half-way for it.
    async fn write(&self) -> Result<Write, StoreError> {
        if let Some(space) = &self.space {
            space.check()?;
        }
        Ok(self.writer.begin_with("begin immediate").await?)
    }
}

impl WeakStore {
    fn of(store: &Store) -> Self {
        let (group, lock) = (Arc::downgrade(&store.group), store.lock.as_ref().map(Arc::downgrade));
        let (space, mark, fallen) = (store.space.clone(), store.mark.clone(), store.fallen.clone());
        let (writer, readers) = (store.writer.clone(), store.readers.clone());
        Self { writer, readers, group, fallen, space, mark, lock }
    }

    fn upgrade(&self) -> Option<Store> {
        let (group, lock) = (self.group.upgrade()?, self.lock.as_ref().and_then(Weak::upgrade));
        let (space, mark, fallen) = (self.space.clone(), self.mark.clone(), self.fallen.clone());
        let (writer, readers) = (self.writer.clone(), self.readers.clone());
        Some(Store { writer, readers, group, fallen, space, mark, lock })
    }
}

impl Book {
    async fn write(&self) -> Result<Write, StoreError> {
        self.store.write().await
    }

    fn readers(&self) -> &SqlitePool {
        &self.store.readers
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
        let text = error.to_string();
        match code {
            Some(code) if code & 0xff == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE => Self::Full(text),
            Some(code) if [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB].contains(&(code & 0xff)) => {
                Self::Failed(text)
            }
            _ => Self::Database(text),
        }
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

async fn assert_version(pool: &SqlitePool) -> Result<(), OpenError> {
    let found: String = sqlx::query("select sqlite_version()").fetch_one(pool).await?.try_get(0)?;
    let parts = |version: &str| -> Vec<u32> { version.split('.').filter_map(|p| p.parse().ok()).collect() };
    if parts(&found) < parts(SQLITE_NEEDED) {
        return Err(OpenError::OldSqlite { found, needed: SQLITE_NEEDED });
    }
    Ok(())
}

/// A word in a row that should be one of an enumeration's.
fn unreadable(what: &'static str, why: impl ToString) -> StoreError {
    StoreError::Unreadable { what, why: why.to_string() }
}
