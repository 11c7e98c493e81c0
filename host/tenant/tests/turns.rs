//! What waits for its turn and what is counted: changes, late orders, restarts, paper beside live.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Change, Intent, OrderRequest, OrderState, Price, Side};
use serde_json::json;
use std::time::Duration;
use tenant::{Mode, OrderRecord, RefusalCode, RunEvent, RunLine, Tenants};
use world::{World, all_are, buy, cause, fault, new_line, new_line_in, rest, state_of, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_change_leaves_the_first_in_force() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    let before = tenant.orders(None).await.unwrap().remove(0);
    let cheaper = before.price - Price::from_rupees(1);
    let price = Intent::Modify { id: 1, change: Change { price: Some(cheaper), ..Change::default() } };
    let quantity = Intent::Modify { id: 1, change: Change { quantity: Some(3), ..Change::default() } };
    line.submit(cause(2), vec![price, quantity]).await.unwrap();
    until("both are in force", async || {
        let order = tenant.orders(None).await.unwrap().remove(0);
        (order.price, order.quantity) == (cheaper, 3)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let order = tenant.orders(None).await.unwrap().remove(0);
    assert_eq!((order.price, order.quantity, order.state), (cheaper, 3, OrderState::Open));
    tenants.close().await;
}

/// The next update of an order that says so.
async fn said(line: &mut RunLine, text: &str) -> OrderRecord {
    let heard = async {
        loop {
            match line.events.recv().await.unwrap() {
                RunEvent::Order(update) if update.order.message.contains(text) => return update.order,
                RunEvent::Order(_) | RunEvent::Cash(_) | RunEvent::Broker(_) => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("it is said")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_turn_comes_under_the_kill_switch_is_refused_and_the_run_is_told() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    for method in ["POST", "DELETE"] {
        let slow = json!({ "kind": "delayRequest", "method": method, "path": "/orders", "delayMs": 1_500 });
        fault(&world, slow).await;
    }
    let change = Change { quantity: Some(3), ..Change::default() };
    line.submit(cause(8), vec![buy(2, 1), Intent::Modify { id: 1, change }]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    fault(&world, json!({ "kind": "delayRequest", "method": "DELETE", "path": "/orders", "delayMs": 3_000 }))
        .await;
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
    let told = said(&mut line, "not changed").await;
    assert_eq!((told.run_order_id, told.refusal, told.quantity), (1, RefusalCode::KillSwitch, 1));
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_turn_does_not_come_in_time_is_given_up() {
    assert_eq!(tenant::TenantLimits::default().send_within_ms, 5_000);
    let world = World::start().await;
    let mut config = world.config();
    config.limits.send_within_ms = 400;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    fault(&world, json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 900 }))
        .await;
    line.submit(cause(1), vec![buy(1, 1), buy(2, 1)]).await.unwrap();
    let late = state_of(&mut line, OrderState::Abandoned).await;
    assert_eq!(late.run_order_id, 2);
    assert!(late.message.contains("its turn did not come"), "{}", late.message);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_does_not_listen_for_a_while_misses_no_order_update() {
    assert_eq!(tenant::TenantLimits::default().run_events_max, 1_024);
    let world = World::start().await;
    let mut config = world.config();
    config.limits.run_events_max = 1;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), (1..=5).map(|id| buy(id, 1)).collect()).await.unwrap();
    all_are(&tenant, OrderState::Complete).await;
    assert_eq!(line.events.len(), 1, "the channel holds no more than its limit");
    let mut filled = std::collections::BTreeMap::new();
    while filled.values().sum::<u32>() < 5 {
        let event = tokio::time::timeout(Duration::from_secs(5), line.events.recv()).await.unwrap();
        if let Some(RunEvent::Order(update)) = event {
            *filled.entry(update.order.run_order_id).or_default() += update.fill_quantity;
        }
    }
    assert_eq!(filled.into_iter().collect::<Vec<_>>(), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_at_a_restart_was_never_sent_and_is_abandoned() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    fault(&world, json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 5_000 }))
        .await;
    line.submit(cause(1), vec![buy(1, 1), buy(2, 1)]).await.unwrap();
    tenants.close().await;
    drop((line, tenant, tenants));

    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    let rows = tenant.orders(None).await.unwrap();
    assert_eq!((rows[0].run_order_id, rows[0].state), (2, OrderState::Abandoned));
    assert!(rows[0].message.contains("restarted first") && rows[0].broker_order_id.is_none());
    assert_eq!((rows[1].run_order_id, rows[1].state), (1, OrderState::Ambiguous));
    let line = tenant.attach(&rows[0].run_id).await.unwrap().unwrap();
    assert_eq!(line.orders[1].state, OrderState::Abandoned, "the run is told");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(world.places_received().await.iter().all(|row| row["tag"] != rows[0].tag.as_str()));
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_give_the_days_calls_back() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    let change = Change { quantity: Some(2), ..Change::default() };
    line.submit(cause(2), vec![Intent::Modify { id: 1, change }]).await.unwrap();
    until("changed", async || tenant.orders(None).await.unwrap()[0].quantity == 2).await;
    line.submit(cause(3), vec![Intent::Cancel { id: 1 }]).await.unwrap();
    let order = state_of(&mut line, OrderState::Cancelled).await;
    let limits = tenant::gate::RiskLimits { orders_per_day: 4, ..tenant.risk_limits().await.unwrap() };
    tenant.set_risk_limits(limits).await.unwrap();
    tenants.close().await;
    drop((line, tenant, tenants));

    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    until("reconciled", async || tenant.is_reconciled()).await;
    tenant.instruments().await.unwrap();
    let mut line = tenant.attach(&order.run_id).await.unwrap().unwrap();
    line.submit(cause(4), vec![buy(2, 1), buy(3, 1)]).await.unwrap();
    let refused = state_of(&mut line, OrderState::Refused).await;
    assert_eq!((refused.run_order_id, refused.refusal), (3, RefusalCode::OrderCount));
    state_of(&mut line, OrderState::Complete).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_paper_runs_do_takes_nothing_from_the_live_account() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let limits = tenant::gate::RiskLimits {
        orders_per_day: 2,
        max_open_orders: 2,
        ..tenant.risk_limits().await.unwrap()
    };
    tenant.set_risk_limits(limits).await.unwrap();
    let mut paper = new_line_in(&tenant, "paper", Mode::Paper).await;
    let resting = |id| {
        let (kind, price) = (market::OrderKind::Limit, Price::from_rupees(1));
        let market = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 1);
        Intent::Place { id, request: OrderRequest { kind, price, ..market } }
    };
    paper.submit(cause(1), (1..=3).map(resting).collect()).await.unwrap();
    let refused = state_of(&mut paper, OrderState::Refused).await;
    assert_eq!((refused.run_order_id, refused.refusal), (3, RefusalCode::OrderCount));
    let mut live = new_line(&tenant, "live").await;
    live.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    state_of(&mut live, OrderState::Complete).await;
    tenants.close().await;
}
