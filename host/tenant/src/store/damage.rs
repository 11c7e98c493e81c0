//! Looks at the file before anything is done with it: is the log there that the last process left, and are the tables
//! that money hangs on sound?
//!
//! The journal is not read through: it is far too large, and has its own chain. Damage that lies in one tenant's rows
//! keeps that tenant closed; damage that cannot be laid at anybody's door keeps the host from starting.

use super::Store;
use crate::error::{OpenError, StoreError};
use crate::private;
use sqlx::{Row, SqlitePool};
use std::io;
use std::path::{Path, PathBuf};

/// Tables on whose rows decisions about money rest.
pub(super) const MONEY_TABLES: [&str; 7] =
    ["tenants", "runs", "orders", "trades", "positions", "risk_limits", "kill_switch"];

/// The file that stands while a process has the database open.
const MARK_NAME: &str = "database-is-open";

/// Says that the database is open. What a crash leaves of it tells the next start that there must be a log.
pub(super) struct OpenMark {
    path: PathBuf,
}

impl OpenMark {
    /// Refuses a database that was left open and has lost its log: what was committed last would be missing.
    pub(super) fn check(data_dir: &Path) -> Result<(), OpenError> {
        let (mark, log) = (data_dir.join(MARK_NAME), data_dir.join("bulkhead.db-wal"));
        if !mark.exists() || log.exists() {
            return Ok(());
        }
        let why = format!(
            "the process before did not close it, and its log bulkhead.db-wal is gone: what was committed last would be \
             missing. Put the log back beside it. If another program took the log in (the sqlite3 shell does), or the \
             loss is accepted, remove {} and start again",
            mark.display()
        );
        Err(OpenError::File { path: data_dir.join("bulkhead.db").display().to_string(), why })
    }

    /// To be set once the log exists.
    pub(super) fn set(data_dir: &Path) -> Result<Self, OpenError> {
        let path = data_dir.join(MARK_NAME);
        match private::make_file(&path).and_then(|file| file.sync_all()) {
            Ok(()) => Ok(Self { path }),
            Err(why) => Err(OpenError::File { path: path.display().to_string(), why: why.to_string() }),
        }
    }

    /// To be taken away before the last connection is closed, which takes the log away.
    pub(super) fn remove(&self) {
        if let Err(why) = std::fs::remove_file(&self.path)
            && why.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("{} cannot be removed: {why}", self.path.display());
        }
    }
}

impl Store {
    /// What is wrong with the tables that money hangs on, in SQLite's words; nothing where they are sound.
    pub(crate) async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for table in MONEY_TABLES {
            found.extend(structure(&self.writer, table).await?);
            found.extend(orphans(&self.writer, table).await?);
        }
        Ok(found)
    }
}

impl super::Book {
    /// Reads every row of this tenant that money hangs on. An error where the file does not give one of them.
    pub(crate) async fn read_through(&self) -> Result<(), StoreError> {
        for statement in [
            "select * from runs where broker_id = ?",
            "select * from orders where broker_id = ?",
            "select * from trades where broker_id = ?",
            "select * from positions where broker_id = ?",
            "select * from risk_limits where broker_id = ?",
            "select * from kill_switch where broker_id = ?",
        ] {
            sqlx::query(statement).bind(self.id()).fetch_all(self.readers()).await?;
        }
        let orphans: i64 = sqlx::query(
            "select (select count(*) from orders o where broker_id = ?1 and not exists
                        (select 1 from runs r where r.broker_id = ?1 and r.id = o.run_id))
                  + (select count(*) from trades t where broker_id = ?1 and run_id is not null and not exists
                        (select 1 from runs r where r.broker_id = ?1 and r.id = t.run_id))",
        )
        .bind(self.id())
        .fetch_one(self.readers())
        .await?
        .try_get(0)?;
        if orphans > 0 {
            let why = format!("{orphans} of them name a run that is not there: put a backup back");
            return Err(StoreError::Unreadable { what: "set of orders and trades", why });
        }
        Ok(())
    }
}

/// What SQLite's own look at a table's pages and rows finds.
async fn structure(pool: &SqlitePool, table: &str) -> Result<Vec<String>, StoreError> {
    // A pragma takes no bound value; the name is one of ours.
    let pragma = sqlx::AssertSqlSafe(format!("pragma quick_check('{table}')"));
    let said = match sqlx::query(pragma).fetch_all(pool).await.map_err(StoreError::from) {
        Ok(rows) => rows,
        Err(StoreError::Failed(why)) => return Ok(vec![format!("{table}: {why}")]),
        Err(error) => return Err(error),
    };
    let words = said.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<Vec<_>, _>>()?;
    Ok(words.into_iter().filter(|text| text != "ok").map(|text| format!("{table}: {text}")).collect())
}

/// Rows that name a row which is not there.
async fn orphans(pool: &SqlitePool, table: &str) -> Result<Vec<String>, StoreError> {
    let pragma = sqlx::AssertSqlSafe(format!("pragma foreign_key_check('{table}')"));
    let rows = match sqlx::query(pragma).fetch_all(pool).await.map_err(StoreError::from) {
        Ok(rows) => rows,
        // The look at the pages has said so already.
        Err(StoreError::Failed(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut parents = Vec::new();
    for row in &rows {
        parents
            .push(format!("{table}: a row names one of {} that is not there", row.try_get::<String, _>(2)?));
    }
    parents.dedup();
    Ok(parents)
}
