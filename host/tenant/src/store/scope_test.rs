//! Proves that no statement and no table can mix two tenants up.

use super::Store;
use sqlx::Row;

/// Tables of the host itself.
const HOST_TABLES: [&str; 3] = ["pending_logins", "host_facts", "host_audit"];

/// The statements on tenant tables that find out *whose* a row is, and boot. Everything else is scoped.
const UNSCOPED: [&str; 5] = [
    "with recursive chains (name) as ( select min(broker_id) from audit union all select (select min(broker_id) from audit where broker_id > name) from chains where name is not null) select name from chains where name is not null order by name",
    "select broker_id, user_name, egress, egress_expected from tenants order by broker_id",
    "select id, device, created_at, expires_at, broker_id from sessions where hash = ? and expires_at > ?",
    "select id, name, created_at, expires_at, broker_id from api_tokens where hash = ? and expires_at > ?",
    "select exists (select 1 from credentials) or exists (select 1 from host_facts)",
];

/// Every source of this folder: a new one cannot be forgotten.
fn sources() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| !path.ends_with("scope_test.rs")).collect();
    assert!(files.len() > 8 && files.iter().all(|path| path.extension().is_some_and(|end| end == "rs")));
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// Every string literal of a source, as the compiler reads it.
#[derive(Default)]
struct Literals(Vec<String>);

impl<'ast> syn::visit::Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.0.push(literal.value());
    }
}

fn statements() -> Vec<String> {
    let mut literals = Literals::default();
    for source in sources() {
        syn::visit::visit_file(&mut literals, &syn::parse_file(&source).unwrap());
    }
    let starts = ["select ", "insert ", "update ", "delete ", "with "];
    let all = literals.0.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    all.filter(|text| starts.iter().any(|start| text.to_lowercase().starts_with(start))).collect()
}

/// How often a statement names a tenant table, and how often it ties one to a tenant: by a bound id, by the id of a row
/// that is itself tied, or as the first column of what it inserts.
fn scope(statement: &str, tenant_tables: &[String]) -> (usize, usize) {
    let words: Vec<&str> = statement.split([' ', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let names = |pair: &[&str]| {
        let before = pair[0].to_lowercase();
        let leads = ["from", "join", "into", "update"].contains(&before.as_str());
        leads && tenant_tables.iter().any(|table| table == pair[1])
    };
    let named = words.windows(2).filter(|pair| names(pair)).count();
    let is_tie = |triple: &[&str]| {
        let column = triple[0] == "broker_id" || triple[0].ends_with(".broker_id");
        column && triple[1] == "=" && (triple[2].starts_with('?') || triple[2].ends_with(".broker_id"))
    };
    let tied = words.windows(3).filter(|triple| is_tie(triple)).count();
    let inserts = words.windows(3).filter(|w| w[0] == "into" && w[2] == "broker_id").count();
    (named, tied + inserts)
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
    let of_tenants: Vec<String> =
        tables.iter().filter(|table| !HOST_TABLES.contains(&table.as_str())).cloned().collect();
    let mut on_tenant_tables = 0;
    for statement in statements.iter().filter(|s| !UNSCOPED.contains(&s.as_str())) {
        let (named, tied) = scope(statement, &of_tenants);
        on_tenant_tables += usize::from(named > 0);
        assert!(tied >= named, "names {named} tenant tables and ties {tied} to a tenant: {statement}");
        assert!(named == 0 || statement.contains('?'), "binds nothing: {statement}");
    }
    assert!(on_tenant_tables > 40, "only {on_tenant_tables} statements on tenant tables were found");
}

#[test]
fn a_statement_that_ties_only_one_of_its_tables_is_found() {
    let tables = ["orders", "trades"].map(str::to_owned);
    let table = [
        ("select * from orders where broker_id = ? and id = ?", (1, 1)),
        ("select * from orders where id = ?", (1, 0)),
        ("select * from orders o join trades t on t.id = o.id where o.broker_id = ?", (2, 1)),
        ("select * from orders o join trades t on t.broker_id = o.broker_id where o.broker_id = ?1", (2, 2)),
        ("insert into orders (broker_id, id) select ?1, max(id) from orders where broker_id = ?1", (2, 2)),
        ("insert into orders (id, broker_id) values (?, ?)", (1, 0)),
        ("update trades set run_id = o.run_id from orders o where o.broker_id = ?1", (2, 1)),
    ];
    for (statement, expected) in table {
        assert_eq!(scope(statement, &tables), expected, "{statement}");
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
