//! Brings the schema up to date: numbered files, each in one transaction with its own mark.

use crate::error::{OpenError, StoreError};
use sqlx::{Row, SqlitePool};

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
    (45, include_str!("../../migrations/0045_journal_chain.sql")),
    (50, include_str!("../../migrations/0050_audit.sql")),
    (51, include_str!("../../migrations/0051_egress_expected.sql")),
];

pub(super) async fn run(pool: &SqlitePool) -> Result<(), OpenError> {
    let found = found(pool).await?;
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
