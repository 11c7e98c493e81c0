//! Orders that must be withdrawn are, whatever the budget, the network, the session or a restart says to it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Change, Intent, OrderRequest, OrderState, Price, Side};
use serde_json::{Value, json};
use std::time::Duration;
use tenant::{Mode, OrderRecord, RefusalCode, RunEvent, RunLine, Tenant, Tenants};
use world::{World, buy, cause, new_line, new_line_in, resting_buy, state_of, until};

async fn cancels_received(world: &World) -> usize {
    let all = world.sim("GET", "/sim/received?since=0", json!({})).await;
    let rows = all.as_array().cloned().unwrap_or_else(|| all["received"].as_array().unwrap().clone());
    rows.iter().filter(|row| row["method"] == "DELETE").count()
}

async fn fault(world: &World, fault: Value) {
    world.sim("POST", "/sim/faults", fault).await;
}

/// The states of all orders of today.
async fn states(tenant: &Tenant) -> Vec<OrderState> {
    tenant.orders(None).await.unwrap().iter().map(|order| order.state).collect()
}

async fn all_are(tenant: &Tenant, wanted: OrderState) {
    until(wanted.as_str(), async || states(tenant).await.iter().all(|state| *state == wanted)).await;
}

/// Lets so many orders rest in the book, as fast as the broker takes them.
async fn rest(tenant: &Tenant, line: &RunLine, count: u64) {
    let Intent::Place { request, .. } = resting_buy(tenant, 1).await else { unreachable!() };
    let numbers: Vec<u64> = (1..=count).collect();
    for (step, numbers) in numbers.chunks(8).enumerate() {
        let place = |id: &u64| Intent::Place { id: *id, request: request.clone() };
        line.submit(cause(step as u64 + 1), numbers.iter().map(place).collect()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    until("all rest", async || {
        let states = states(tenant).await;
        states.len() == count as usize && states.iter().all(|state| *state == OrderState::Open)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_withdraws_thirty_orders_although_the_broker_takes_ten_calls_a_second() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 30).await;
    tenant.set_kill_switch(true, None).await.unwrap();
    all_are(&tenant, OrderState::Cancelled).await;
    assert!(cancels_received(&world).await >= 30);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_the_broker_lost_is_tried_again() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    fault(&world, json!({ "kind": "errorBefore", "method": "DELETE", "path": "/orders", "times": 2 })).await;
    line.submit(cause(9), vec![Intent::Cancel { id: 1 }]).await.unwrap();
    all_are(&tenant, OrderState::Cancelled).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_to_be_withdrawn_without_a_session_is_withdrawn_after_the_next_login() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 2).await;
    world.sim("POST", "/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    assert!(tenant.cash().await.is_err());
    tenant.set_kill_switch(true, None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(states(&tenant).await, [OrderState::Open; 2]);
    world.login(&tenants, "uk9394").await;
    all_are(&tenant, OrderState::Cancelled).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_the_switch_on_withdraws_what_still_stands() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 3).await;
    fault(&world, json!({ "kind": "dropRequest", "method": "DELETE", "path": "/orders", "times": 1000 }))
        .await;
    tenant.set_kill_switch(true, None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    tenants.close().await;
    drop((line, tenant, tenants));
    world.sim("DELETE", "/sim/faults", json!({})).await;

    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    all_are(&tenant, OrderState::Cancelled).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_a_run_asked_for_survives_a_restart() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    fault(&world, json!({ "kind": "dropRequest", "method": "DELETE", "path": "/orders", "times": 1000 }))
        .await;
    line.submit(cause(9), vec![Intent::Cancel { id: 1 }]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    tenants.close().await;
    drop((line, tenant, tenants));
    world.sim("DELETE", "/sim/faults", json!({})).await;

    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    all_are(&tenant, OrderState::Cancelled).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_cancelled_many_times_is_withdrawn_once() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    fault(&world, json!({ "kind": "delayRequest", "method": "DELETE", "path": "/orders", "delayMs": 600 }))
        .await;
    for seq in 10..30 {
        line.submit(cause(seq), vec![Intent::Cancel { id: 1 }; 10]).await.unwrap();
    }
    all_are(&tenant, OrderState::Cancelled).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(cancels_received(&world).await, 1);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_withdrawn_before_it_left_never_leaves() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    fault(&world, json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 700 }))
        .await;
    line.submit(cause(1), vec![buy(1, 1), buy(2, 1), Intent::Cancel { id: 2 }]).await.unwrap();
    let withdrawn = state_of(&mut line, OrderState::Cancelled).await;
    assert_eq!((withdrawn.run_order_id, withdrawn.broker_order_id), (2, None));
    state_of(&mut line, OrderState::Complete).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_closed_under_the_kill_switch_and_nothing_else_leaves() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 6)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    until("booked", async || !tenant.run_positions(&order.run_id).await.unwrap().is_empty()).await;
    tenant.set_kill_switch(true, Some("drill".into())).await.unwrap();
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    let refused = state_of(&mut line, OrderState::Refused).await;
    assert_eq!(refused.refusal, RefusalCode::KillSwitch);
    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    until("flat", async || {
        closing.look().await.unwrap();
        let positions = tenant.run_positions(&order.run_id).await.unwrap();
        positions.iter().all(|position| position.quantity == 0 && position.sell_quantity == 6)
    })
    .await;
    assert_eq!(world.places_received().await.len(), 2);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waits_for_its_turn_is_stopped_by_the_kill_switch() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    fault(&world, json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 700 }))
        .await;
    line.submit(cause(1), vec![buy(1, 1), buy(2, 1), buy(3, 1)]).await.unwrap();
    tenant.set_kill_switch(true, None).await.unwrap();
    until("all are over", async || states(&tenant).await.iter().all(|state| state.is_final())).await;
    let _ = state_of(&mut line, OrderState::Cancelled).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}

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
    tenant.set_kill_switch(true, None).await.unwrap();
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
