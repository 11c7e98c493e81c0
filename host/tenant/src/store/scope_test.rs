//! Proves that no statement and no table can mix two tenants up.

use super::Store;
use sqlx::Row;

/// Tables of the host itself.
const HOST_TABLES: [&str; 2] = ["pending_logins", "host_facts"];

/// The statements on tenant tables that find out *whose* a row is, and boot. Everything else is scoped.
const UNSCOPED: [&str; 4] = [
    "select broker_id, user_name, egress from tenants order by broker_id",
    "select id, device, created_at, expires_at, broker_id from sessions where hash = ? and expires_at > ?",
    "select id, name, created_at, expires_at, broker_id from api_tokens where hash = ? and expires_at > ?",
    "select exists (select 1 from credentials) or exists (select 1 from host_facts)",
];

const SOURCES: [&str; 10] = [
    include_str!("days.rs"),
    include_str!("orders.rs"),
    include_str!("pnl.rs"),
    include_str!("runs.rs"),
    include_str!("sessions.rs"),
    include_str!("settings.rs"),
    include_str!("strategies.rs"),
    include_str!("tenants.rs"),
    include_str!("trades.rs"),
    include_str!("migrate.rs"),
];

fn statements() -> Vec<String> {
    let starts = ["select ", "insert ", "update ", "delete "];
    SOURCES
        .iter()
        .flat_map(|source| source.split('"').skip(1).step_by(2))
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|text| starts.iter().any(|start| text.starts_with(start)))
        .collect()
}

async fn tables(store: &Store) -> Vec<String> {
    let rows =
        sqlx::query("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
            .fetch_all(&store.writer)
            .await
            .unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

#[tokio::test]
async fn every_key_of_every_tenant_table_begins_with_the_broker_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let tables = tables(&store).await;
    assert!(tables.len() > 15, "{tables:?}");
    for table in tables.iter().filter(|table| !HOST_TABLES.contains(&table.as_str())) {
        let indices = sqlx::query("select name, \"unique\" from pragma_index_list(?)").bind(table);
        for index in indices.fetch_all(&store.writer).await.unwrap() {
            let (name, unique): (String, i64) = (index.try_get(0).unwrap(), index.try_get(1).unwrap());
            let first = sqlx::query("select name from pragma_index_info(?) where seqno = 0").bind(&name);
            let first: String = first.fetch_one(&store.writer).await.unwrap().try_get(0).unwrap();
            assert!(unique == 0 || first == "broker_id", "{table}: unique {name} begins with {first}");
        }
        let key = sqlx::query("select name from pragma_table_info(?) where pk = 1").bind(table);
        let key: String = key.fetch_one(&store.writer).await.unwrap().try_get(0).unwrap();
        assert_eq!(key, "broker_id", "{table}");
        let foreign =
            sqlx::query("select \"table\", \"from\", \"to\" from pragma_foreign_key_list(?) where seq = 0");
        for row in foreign.bind(table).fetch_all(&store.writer).await.unwrap() {
            assert_eq!(row.try_get::<String, _>(1).unwrap(), "broker_id", "{table}");
        }
    }
}

#[tokio::test]
async fn every_statement_on_a_tenant_table_binds_the_broker_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let tables = tables(&store).await;
    let statements = statements();
    assert!(statements.len() > 40, "only {} statements were found", statements.len());
    for statement in statements.iter().filter(|s| !UNSCOPED.contains(&s.as_str())) {
        let words: Vec<&str> = statement.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        let on_tenant_table = tables
            .iter()
            .filter(|table| !HOST_TABLES.contains(&table.as_str()))
            .any(|table| words.contains(&table.as_str()));
        let scoped = ["broker_id = ?", "(broker_id, "].iter().any(|scope| statement.contains(scope));
        assert!(!on_tenant_table || scoped, "names no tenant: {statement}");
    }
}

#[tokio::test]
async fn every_statement_prepares_against_the_migrated_schema() {
    use sqlx::{Executor, SqlSafeStr};
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    for statement in statements() {
        let checked = sqlx::AssertSqlSafe(statement.clone()).into_sql_str();
        let outcome = store.writer.prepare(checked).await;
        assert!(outcome.is_ok(), "{statement}: {:?}", outcome.err());
    }
}

#[tokio::test]
async fn a_second_process_is_refused_and_a_newer_schema_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let refused = Store::open(dir.path()).await.err().unwrap().to_string();
    assert!(refused.contains("in use by another bulkhead process"), "{refused}");
    sqlx::raw_sql("pragma user_version = 999").execute(&store.writer).await.unwrap();
    store.close().await;
    drop(store);
    let refused = Store::open(dir.path()).await.err().unwrap().to_string();
    assert!(refused.contains("start the newer release"), "{refused}");
}
