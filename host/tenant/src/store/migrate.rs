//! Brings the schema up to date: numbered files, each in one transaction with its own mark. What stood before is kept
//! beside the database, whole, before the first file of a newer release touches it.

use crate::error::{OpenError, StoreError};
use crate::private;
use sqlx::{Row, SqlitePool};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Every file, in order. Files that have been released never change; new ones are added.
const FILES: &[(i64, &str)] = &[
    (1, include_str!("../../migrations/0001_tenants.sql")),
    (2, include_str!("../../migrations/0002_strategies.sql")),
    (3, include_str!("../../migrations/0003_orders.sql")),
    (10, include_str!("../../migrations/0010_trade_keys.sql")),
    (11, include_str!("../../migrations/0011_days_by_part.sql")),
    (12, include_str!("../../migrations/0012_pnl_record_days.sql")),
    (20, include_str!("../../migrations/0020_runs.sql")),
    (30, include_str!("../../migrations/0030_order_calls.sql")),
    (40, include_str!("../../migrations/0040_order_core.sql")),
    (45, include_str!("../../migrations/0045_journal_chain.sql")),
    (50, include_str!("../../migrations/0050_audit.sql")),
    (51, include_str!("../../migrations/0051_egress_expected.sql")),
    (52, include_str!("../../migrations/0052_audit_by_action.sql")),
];

pub(super) async fn run(pool: &SqlitePool, data_dir: &Path) -> Result<(), OpenError> {
    let found = found(pool).await?;
    if found > 0 && found < known() {
        let copy = backup(pool, data_dir, found).await?;
        tracing::info!(
            "bringing schema {found} up to {}; the database of before is {}",
            known(),
            copy.display()
        );
    }
    for (number, sql) in FILES.iter().filter(|(number, _)| *number > found) {
        let mut tx = pool.begin_with("begin immediate").await?;
        sqlx::raw_sql(*sql).execute(&mut *tx).await?;
        sqlx::raw_sql(mark(*number)).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Refuses a schema that is not this release's, where nothing may be changed.
pub(super) async fn check(pool: &SqlitePool) -> Result<(), OpenError> {
    let (found, known) = (found(pool).await?, known());
    if found < known {
        let text = format!("it has schema {found}, this release knows {known}: run `bulkhead migrate` first");
        return Err(StoreError::Database(text).into());
    }
    Ok(())
}

/// A whole copy of the database as it is before the first file. One of the same schema that an earlier upgrade left is of
/// another day and is replaced, when the new one is whole.
async fn backup(pool: &SqlitePool, data_dir: &Path, schema: i64) -> Result<PathBuf, OpenError> {
    let copy = data_dir.join(format!("bulkhead-schema-{schema}.db"));
    let failed =
        |why: std::io::Error| OpenError::File { path: copy.display().to_string(), why: why.to_string() };
    let part = data_dir.join("bulkhead-backup.part");
    let _ = std::fs::remove_file(&part);
    // SQLite fills an empty file and leaves its mode alone.
    let file = private::make_file(&part).map_err(failed)?;
    sqlx::query("vacuum into ?").bind(part.display().to_string()).execute(pool).await?;
    file.sync_all().and_then(|()| std::fs::rename(&part, &copy)).map_err(failed)?;
    // Else a power cut may bring the old name back.
    File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(copy)
}

fn known() -> i64 {
    FILES.last().map_or(0, |(number, _)| *number)
}

async fn found(pool: &SqlitePool) -> Result<i64, OpenError> {
    let found: i64 = sqlx::query("pragma user_version").fetch_one(pool).await?.try_get(0)?;
    if found > known() {
        return Err(OpenError::NewerSchema { found, known: known() });
    }
    Ok(found)
}

/// A pragma takes no bound value; the number is ours.
fn mark(number: i64) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("pragma user_version = {number}"))
}
