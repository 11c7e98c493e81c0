//! Sessions that die unseen and rows that are damaged: noticed, said, and no matter of anybody else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Intent, OrderRequest, OrderState, Price};
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::time::Duration;
use tenant::log::Filter;
use tenant::{BrokerState, Tenants};
use world::{World, buy, cause, new_line, resting_buy, state_of, until};

/// Changes the database behind the host's back.
async fn damage(world: &World, statement: &'static str) {
    let path = world.dir.path().join("data/bulkhead.db");
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let done = sqlx::query(statement).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "nothing was damaged: {statement}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_dies_while_all_is_quiet_is_noticed() {
    assert_eq!(tenant::TenantLimits::default().session_probe_s, 60);
    let world = World::start().await;
    let mut config = world.config();
    config.limits.session_probe_s = 1;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    until("reconciled", async || tenant.is_reconciled()).await;
    world.sim("POST", "/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    until("noticed", async || matches!(*tenant.broker_state().borrow(), BrokerState::Expired { .. })).await;
    assert!(!tenant.is_reconciled());
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_rows_are_damaged_keeps_no_other_one_closed() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (first, _) = world.login(&tenants, "uk9394").await;
    let (_, secret) = world.login(&tenants, "uk1234").await;
    let limits = first.risk_limits().await.unwrap();
    first.set_risk_limits(limits).await.unwrap();
    tenants.close().await;
    drop((first, tenants));
    damage(&world, "update risk_limits set limits = 'nonsense' where broker_id = 'UK9394'").await;

    let tenants = world.open().await;
    let open: Vec<String> = tenants.all().iter().map(|tenant| tenant.broker_id().to_string()).collect();
    assert_eq!(open, ["UK1234"]);
    let said = tenants.unopened();
    assert!(said.len() == 1 && said[0].starts_with("UK9394") && said[0].contains("risk limits"), "{said:?}");
    let (other, _) = tenants.resume(&secret).await.unwrap();
    until("reconciled", async || other.is_reconciled()).await;
    let told = tenants.login(world.credentials("uk9394").await).await.unwrap_err().to_string();
    assert!(told.contains("risk limits"), "{told}");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_order_row_is_reported_and_the_others_trade_on() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![resting_buy(&tenant, 1).await]).await.unwrap();
    let order = state_of(&mut line, OrderState::Open).await;
    tenants.close().await;
    drop((line, tenant, tenants));
    damage(&world, "update orders set symbol = 'nonsense'").await;

    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    until("reconciled", async || tenant.is_reconciled()).await;
    let lines = tenant.log().read(tenants.clock().now().date(), Filter::default()).await.unwrap();
    assert!(lines.iter().any(|line| line.text.contains("cannot be read") && line.text.contains("Kite")));
    damage(&world, "update orders set symbol = 'NSE:INFY'").await;
    // The broker tells one price a second, and was asked before the restart.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    tenant.instruments().await.unwrap();
    let mut line = tenant.attach(&order.run_id).await.unwrap().unwrap();
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_session_that_does_not_open_is_as_good_as_expired() {
    let world = World::start().await;
    let tenants = world.open().await;
    world.login(&tenants, "uk9394").await;
    tenants.close().await;
    drop(tenants);
    damage(&world, "update credentials set access_token = x'00' where broker_id = 'UK9394'").await;

    let tenants = world.open().await;
    let tenant = tenants.all().remove(0);
    assert!(matches!(*tenant.broker_state().borrow(), BrokerState::Expired { .. }));
    world.login(&tenants, "uk9394").await;
    tokio::time::timeout(Duration::from_secs(10), async {
        until("reconciled", async || tenant.is_reconciled()).await;
    })
    .await
    .unwrap();
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_could_not_be_written_is_kept_and_written_when_the_database_takes_it() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let Intent::Place { id, request } = resting_buy(&tenant, 1).await else { unreachable!() };
    // Below the day's range: the broker says no, and no order book will ever show it.
    let request = OrderRequest { price: Price::from_rupees(1), ..request };
    let slow = json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 700 });
    world.sim("POST", "/sim/faults", slow).await;
    line.submit(cause(1), vec![Intent::Place { id, request }]).await.unwrap();
    let path = world.dir.path().join("data/bulkhead.db");
    let mut other = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    // Longer than the host waits for the database's lock.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(tenant.orders(None).await.unwrap()[0].state, OrderState::Sending);
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    let order = state_of(&mut line, OrderState::Rejected).await;
    assert!(order.message.contains("lower circuit"), "{}", order.message);
    tenants.close().await;
}
