//! Files that were cut, bent, lost or belong to another release: found before anything is done with them.

use super::Store;
use super::damage::MONEY_TABLES;
use crate::error::{OpenError, StoreError};
use sqlx::{Row, SqlitePool};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const PAGE: usize = 4_096;

/// The first byte of a page that holds rows of a table.
const LEAF: u8 = 0x0d;

const ROWS: &str = "-- two tenants with a thousand orders each
    insert into tenants (broker_id, user_name, created_at, last_login_at) values ('UK1234', 'B', 0, 0), ('UK9394', 'A', 0, 0);
    insert into strategies (broker_id, id, name, created_at)
        values ('UK9394', 's', 'alpha', 0), ('UK1234', 's', 'alpha', 0);
    insert into strategy_versions values ('UK9394', 's', 1, '', 0, '{}', x'', 0), ('UK1234', 's', 1, '', 0, '{}', x'', 0);
    insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
        values ('UK9394', 'r', 's', 1, 'live', '{}', 'stopped', 0), ('UK1234', 'r', 's', 1, 'live', '{}', 'stopped', 0);
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 1000),
        owners (owner) as (values ('UK1234'), ('UK9394'))
    insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, date, mode, symbol, side, kind, product,
        validity, variety, quantity, price, trigger_price, market_protection, state, created_at, updated_at)
        select owner, n, 'r', 's', n, substr(owner || printf('%014d', n), 1, 20), '2026-11-23', 'live', 'NSE:INFY', 'BUY',
            'MARKET', 'MIS', 'DAY', 'regular', 10, 0, 0, 0, 'complete', 0, 0 from owners, numbers order by owner, n;";

async fn folder_with_orders() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&store.writer).await.unwrap();
    store.close().await;
    dir
}

/// Bends the first byte of a page that has orders of one tenant and none of the other.
fn bend_a_page_of(owner: &str, other: &str, folder: &Path) {
    let path = folder.join("bulkhead.db");
    let mut file = std::fs::read(&path).unwrap();
    let has = |page: &[u8], text: &str| page.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    let is_own = |page: &[u8]| page[0] == LEAF && has(page, &format!("{owner}0000")) && !has(page, other);
    let number = file.chunks(PAGE).position(is_own).unwrap();
    file[number * PAGE] ^= 0x40;
    std::fs::write(path, file).unwrap();
}

#[tokio::test]
async fn a_sound_file_has_no_damage() {
    let dir = folder_with_orders().await;
    let store = Store::open(dir.path()).await.unwrap();
    assert_eq!(store.damage().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_bent_page_is_found_and_laid_at_the_door_of_the_tenant_whose_rows_it_holds() {
    let dir = folder_with_orders().await;
    bend_a_page_of("UK9394", "UK1234", dir.path());
    let store = Store::open(dir.path()).await.unwrap();
    let found = store.damage().await.unwrap();
    assert!(found.iter().any(|text| text.starts_with("orders: ")), "{found:?}");
    for tenant in store.all_tenants().await.unwrap() {
        let id = tenant.unwrap().id;
        let read = store.book(id.clone()).read_through().await;
        assert_eq!(matches!(read, Err(StoreError::Failed(_))), id.as_str() == "UK9394", "{id}: {read:?}");
    }
}

#[tokio::test]
async fn an_order_whose_run_is_gone_is_found_and_keeps_its_tenant_closed_alone() {
    let dir = folder_with_orders().await;
    let store = Store::open(dir.path()).await.unwrap();
    let bend = "-- behind the foreign keys' back
        pragma foreign_keys = off; delete from runs where broker_id = 'UK9394'; pragma foreign_keys = on;";
    sqlx::raw_sql(bend).execute(&store.writer).await.unwrap();
    assert_eq!(store.damage().await.unwrap(), ["orders: a row names one of runs that is not there"]);
    for tenant in store.all_tenants().await.unwrap() {
        let id = tenant.unwrap().id;
        let read = store.book(id.clone()).read_through().await;
        assert_eq!(read.is_err(), id.as_str() == "UK9394", "{id}: {read:?}");
    }
}

#[tokio::test]
async fn every_table_that_is_looked_at_exists() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    for table in MONEY_TABLES {
        let found =
            sqlx::query("select count(*) from sqlite_master where type = 'table' and name = ?").bind(table);
        let count: i64 = found.fetch_one(&store.writer).await.unwrap().try_get(0).unwrap();
        assert_eq!(count, 1, "{table}");
    }
}

#[tokio::test]
async fn a_database_that_lost_its_log_is_refused_until_the_log_is_back() {
    let (dir, copy) = (folder_with_orders().await, tempfile::tempdir().unwrap());
    let store = Store::open(dir.path()).await.unwrap();
    sqlx::raw_sql(
        "-- a row of this test
        delete from orders where broker_id = 'UK9394'",
    )
    .execute(&store.writer)
    .await
    .unwrap();
    // As a crash leaves the folder, and as a restore forgets the log.
    for name in ["bulkhead.db", "database-is-open"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    std::fs::set_permissions(copy.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let refused = Store::open(copy.path()).await.err().unwrap().to_string();
    assert!(refused.contains("bulkhead.db-wal is gone") && refused.contains("Put the log back"), "{refused}");
    assert!(refused.contains("remove"), "{refused}");
    std::fs::copy(dir.path().join("bulkhead.db-wal"), copy.path().join("bulkhead.db-wal")).unwrap();
    let again = Store::open(copy.path()).await.unwrap();
    assert_eq!(count_of(&again.writer).await, 1_000, "the deletion stood in the log");
    again.close().await;
    store.close().await;
    drop((again, store));
    for folder in [dir.path(), copy.path()] {
        assert!(!folder.join("database-is-open").exists(), "an orderly end leaves no mark");
        Store::open(folder).await.unwrap().close().await;
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_older_one_is_copied_before_it_is_touched() {
    let dir = folder_with_orders().await;
    let store = Store::open(dir.path()).await.unwrap();
    let known: i64 =
        sqlx::query("pragma user_version").fetch_one(&store.writer).await.unwrap().try_get(0).unwrap();
    sqlx::raw_sql("pragma user_version = 999").execute(&store.writer).await.unwrap();
    store.close().await;
    drop(store);
    match Store::open(dir.path()).await.err().unwrap() {
        OpenError::NewerSchema { found: 999, known: said } => assert_eq!(said, known),
        other => panic!("{other}"),
    }
    let path = dir.path().join("bulkhead.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let older = "-- the schema without its newest file
        pragma user_version = 3;";
    sqlx::raw_sql(older).execute(&pool).await.unwrap();
    pool.close().await;
    let copy = dir.path().join("bulkhead-schema-3.db");
    std::fs::write(&copy, "of an upgrade long ago").unwrap();
    // The files after the third find their work done already and fail: what stood before must be there, whole.
    assert!(Store::open(dir.path()).await.is_err());
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let pool =
        SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&copy)).await.unwrap();
    assert_eq!(count_of(&pool).await, 2_000);
}

async fn count_of(pool: &SqlitePool) -> i64 {
    let all = "-- of these tests
        select count(*) from orders";
    sqlx::query(all).fetch_one(pool).await.unwrap().try_get(0).unwrap()
}
