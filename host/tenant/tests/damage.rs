//! Sessions that die unseen and rows that are damaged: noticed, said, and no matter of anybody else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Intent, OrderRequest, OrderState, Price};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
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

/// A thousand orders of each of two tenants, and everything in the file itself.
async fn fill_with_orders(world: &World) {
    let path = world.dir.path().join("data/bulkhead.db");
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let rows = "insert into strategies (broker_id, id, name, created_at) select broker_id, 's', 'alpha', 0 from tenants;
        insert into strategy_versions select broker_id, 's', 1, '', 0, '{}', x'', 0 from tenants;
        insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
            select broker_id, 'r', 's', 1, 'live', '{}', 'stopped', 0 from tenants;
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 1000)
        insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, date, mode, symbol, side, kind, product,
            validity, variety, quantity, price, trigger_price, market_protection, state, created_at, updated_at)
            select broker_id, n, 'r', 's', n, broker_id || printf('%014d', n), '2026-11-23', 'live', 'NSE:INFY', 'BUY',
                'MARKET', 'MIS', 'DAY', 'regular', 10, 0, 0, 0, 'complete', 0, 0 from tenants, numbers order by 1, n";
    sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
    sqlx::raw_sql("pragma wal_checkpoint(truncate)").execute(&mut connection).await.unwrap();
}

/// Bends the first byte of a page, which says what the page holds.
fn bend(world: &World, which: impl Fn(usize, &[u8]) -> bool) {
    let path = world.dir.path().join("data/bulkhead.db");
    let mut file = std::fs::read(&path).unwrap();
    let number = file.chunks(4_096).enumerate().position(|(number, page)| which(number + 1, page)).unwrap();
    file[number * 4_096] ^= 0x40;
    std::fs::write(path, file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bent_page_keeps_the_tenant_closed_whose_orders_it_holds_and_the_others_trade() {
    let world = World::start().await;
    let tenants = world.open().await;
    world.login(&tenants, "uk9394").await;
    let (_, secret) = world.login(&tenants, "uk1234").await;
    tenants.close().await;
    drop(tenants);
    fill_with_orders(&world).await;
    let has = |page: &[u8], text: &[u8]| page.windows(text.len()).any(|bytes| bytes == text);
    bend(&world, |_, page| page[0] == 0x0d && has(page, b"UK93940000") && !has(page, b"UK1234"));

    let tenants = world.open().await;
    let open: Vec<String> = tenants.all().iter().map(|tenant| tenant.broker_id().to_string()).collect();
    assert_eq!((open, tenants.unopened().len()), (vec!["UK1234".to_owned()], 1));
    let told = tenants.login(world.credentials("uk9394").await).await.unwrap_err().to_string();
    assert!(told.contains("malformed"), "{told}");
    assert_eq!(tenants.all().len(), 1, "a sign-in does not open what is damaged");
    let (other, _) = tenants.resume(&secret).await.unwrap();
    let mut line = new_line(&other, "beta").await;
    line.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_cannot_be_laid_at_anybodys_door_keeps_the_host_from_starting() {
    let world = World::start().await;
    let tenants = world.open().await;
    world.login(&tenants, "uk9394").await;
    tenants.close().await;
    drop(tenants);
    fill_with_orders(&world).await;
    let path = world.dir.path().join("data/bulkhead.db");
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let root = sqlx::query("select rootpage from sqlite_schema where name = 'orders_by_date'");
    let root: i64 = root.fetch_one(&mut connection).await.unwrap().try_get(0).unwrap();
    connection.close().await.unwrap();
    bend(&world, |number, _| number == usize::try_from(root).unwrap());

    let refused = Tenants::open(world.config()).await.err().unwrap().to_string();
    assert!(refused.contains("the database is damaged (orders: ") && refused.contains("backup"), "{refused}");
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
