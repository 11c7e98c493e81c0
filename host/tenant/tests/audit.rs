//! What the audit tells of a trader's day, that it tells no secret, and that a changed folder is found out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::OrderState;
use serde_json::Value;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;
use tenant::audit::{Actor, AuditQuery, HEADS_FILE, Heads};
use tenant::gate::RiskLimits;
use tenant::{
    ChainQuery, ChainReport, Egress, EgressSetting, KeptHeads, Tenant, Tenants, export_chains, verify_chains,
};
use world::{World, buy, cause, new_line, state_of};

async fn verified(data: &Path, kept: &KeptHeads) -> Vec<ChainReport> {
    verify_chains(data, None, kept).await.unwrap()
}

fn beside(data: &Path) -> KeptHeads {
    let named: Heads = std::fs::read_to_string(data.join(HEADS_FILE)).unwrap().parse().unwrap();
    KeptHeads { named, loose: Vec::new() }
}

/// What does not hold, in words.
async fn broken(data: &Path, kept: &KeptHeads) -> Vec<String> {
    let reports = verified(data, kept).await;
    reports.into_iter().filter_map(|r| r.broken.map(|broken| format!("{} {broken}", r.chain))).collect()
}

/// Somebody with a shell on the database.
async fn tamper(data: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(data.join("bulkhead.db"));
    let mut shell = SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::query(statement).execute(&mut shell).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
    shell.close().await.unwrap();
}

async fn actions(tenant: &Tenant) -> Vec<(String, String)> {
    let query = AuditQuery { limit: 1_000, ..AuditQuery::default() };
    let newest_first = tenant.audit(&query).await.unwrap().into_iter();
    newest_first.rev().map(|entry| (entry.action, entry.actor)).collect()
}

async fn a_day(world: &World, tenants: &Tenants) -> (Tenant, Vec<String>) {
    let (tenant, session) = world.login(tenants, "uk9394").await;
    let by = Actor::Session { id: "s1".into(), address: Some("203.0.113.9".parse().unwrap()) };
    let tenant = tenant.acting_as(by);
    let token = tenant.new_token("laptop").await.unwrap();
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    tenant.set_risk_limits(RiskLimits::default()).await.unwrap();
    let way = EgressSetting { egress: Egress::From("127.0.0.2".parse().unwrap()), expected: None };
    tenant.set_egress(&way).await.unwrap();
    tenant.revoke_token(&token.info.id).await.unwrap();
    let secrets = vec![session, token.secret.expose().to_owned(), "demo-secret-uk9394".to_owned()];
    (tenant, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_what_stands_in_its_order_with_the_bytes_and_the_parameters() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = a_day(&world, &tenants).await;
    let told = actions(&tenant).await;
    let words: Vec<&str> = told.iter().map(|(action, _)| action.as_str()).collect();
    let expected = [
        "credentialsStored",
        "login",
        "tokenMade",
        "strategyUploaded",
        "runStarted",
        "egressSet",
        "tokenRevoked",
    ];
    let in_order: Vec<&str> = words.iter().copied().filter(|word| expected.contains(word)).collect();
    assert_eq!(in_order, expected, "{words:?}");
    let actor = told.iter().find(|(action, _)| action == "runStarted").map(|(_, actor)| actor.as_str());
    assert_eq!(actor, Some("session s1 from 203.0.113.9"));
    let query = AuditQuery { limit: 1_000, ..AuditQuery::default() };
    let entries = tenant.audit(&query).await.unwrap();
    let upload = entries.iter().find(|entry| entry.action == "strategyUploaded").unwrap();
    let start = entries.iter().find(|entry| entry.action == "runStarted").unwrap();
    assert_eq!(upload.details["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(upload.details["sha256"], start.details["sha256"], "a run names the bytes it runs");
    assert!(start.details["params"].is_object() && start.details["mode"] == "live", "{}", start.details);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_by_any_entry_nor_stands_in_any_row_of_it() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (_, secrets) = a_day(&world, &tenants).await;
    let data = world.dir.path().join("data");
    let mut told = String::new();
    let take = |entry: tenant::ExportedEntry| {
        told.push_str(&serde_json::to_string(&entry.record).unwrap());
        Ok(())
    };
    export_chains(&data, &ChainQuery::default(), take).await.unwrap();
    assert!(told.contains("credentialsStored") && told.contains("tokenMade"), "{told}");
    for secret in secrets {
        assert!(!told.contains(&secret), "{secret} is told");
    }
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_tells_of_its_starts_and_stops_and_every_chain_holds_beside_it() {
    let world = World::start().await;
    let data = world.dir.path().join("data");
    for _ in 0..2 {
        let tenants = world.open().await;
        world.login(&tenants, "uk9394").await;
        assert_eq!(
            broken(&data, &KeptHeads::default()).await,
            Vec::<String>::new(),
            "beside the running host"
        );
        tenants.close().await;
    }
    let reports = verified(&data, &beside(&data)).await;
    let names: Vec<&str> = reports.iter().map(|report| report.chain.as_str()).collect();
    assert_eq!(names, ["the host", "UK9394"]);
    assert_eq!(reports[0].entries, 4, "two starts and two stops");
    let mut builds: Vec<Value> = Vec::new();
    let host_alone = ChainQuery { chain: Some("the host".into()), ..ChainQuery::default() };
    let heads = export_chains(&data, &host_alone, |entry| {
        builds.extend(entry.record.details.get("build").cloned());
        Ok(())
    });
    assert_eq!(heads.await.unwrap().0["the host"], reports[0].head);
    assert_eq!(builds, [env!("CARGO_PKG_VERSION"); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_a_row_behind_the_hosts_back_is_found_out() {
    let world = World::start().await;
    let tenants = world.open().await;
    a_day(&world, &tenants).await;
    world.login(&tenants, "uk1234").await;
    tenants.close().await;
    drop(tenants);
    let data = world.dir.path().join("data");
    let table = [
        (
            "update audit set details = replace(details, 'alpha', 'alphb') where broker_id = 'UK9394'",
            "UK9394 entry",
        ),
        ("delete from audit where broker_id = 'UK9394' and number = 3", "entries 3 to 3 are missing"),
        (
            "delete from audit where broker_id = 'UK9394' and number >= (select max(number) - 1 from audit where broker_id = 'UK9394')",
            "the head that was kept is of entry",
        ),
        ("delete from audit where broker_id = 'UK1234'", "UK1234 entry 1: the whole chain is missing"),
        ("update host_audit set at = at + 1 where number = 1", "the host entry 1"),
    ];
    for (statement, says) in table {
        let copy = copied(&data);
        let kept = beside(&data);
        assert_eq!(broken(copy.path(), &kept).await, Vec::<String>::new());
        tamper(copy.path(), statement).await;
        let told = broken(copy.path(), &kept).await;
        assert!(told.len() == 1 && told[0].contains(says), "{statement}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tail_is_found_by_a_hash_that_was_written_down_elsewhere_and_told_at_the_next_start() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = a_day(&world, &tenants).await;
    let head = tenant.audit_head().await.unwrap();
    drop(tenant);
    tenants.close().await;
    drop(tenants);
    let data = world.dir.path().join("data");
    let kept = KeptHeads { named: Heads::default(), loose: vec![head.hash] };
    assert_eq!(broken(&data, &kept).await, Vec::<String>::new());
    tamper(&data, "delete from audit where broker_id = 'UK9394' and number > 2").await;
    let told = broken(&data, &kept).await;
    assert!(told.len() == 1 && told[0].contains("no chain holds an entry with the hash"), "{told:?}");
    world.open().await.close().await;
    let missed: Heads = std::fs::read_to_string(data.join("audit.heads.missed")).unwrap().parse().unwrap();
    assert!(missed.0.contains_key("UK9394") && !missed.0.contains_key("the host"), "{missed:?}");
}

/// The data folder of a host that ended in good order.
fn copied(data: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["bulkhead.db", "bulkhead.db-wal"] {
        if data.join(name).is_file() {
            std::fs::copy(data.join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}
