//! Orders that must be withdrawn are, whatever the budget, the network, the session or a restart says to it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Intent, OrderState};
use serde_json::json;
use std::time::Duration;
use tenant::RefusalCode;
use world::{World, all_are, buy, cause, fault, new_line, rest, state_of, states, until};

async fn cancels_received(world: &World) -> usize {
    let all = world.sim("GET", "/sim/received?since=0", json!({})).await;
    let rows = all.as_array().cloned().unwrap_or_else(|| all["received"].as_array().unwrap().clone());
    rows.iter().filter(|row| row["method"] == "DELETE").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_withdraws_thirty_orders_although_the_broker_takes_ten_calls_a_second() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 30).await;
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
    all_are(&tenant, OrderState::Cancelled).await;
    assert!(cancels_received(&world).await >= 30);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_hangs_holds_up_no_other() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 16).await;
    fault(&world, json!({ "kind": "delayRequest", "method": "DELETE", "path": "/orders", "delayMs": 6_000 }))
        .await;
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
    let standing = async || states(&tenant).await.iter().filter(|state| !state.is_final()).count();
    until("all but one", async || standing().await <= 1).await;
    assert_eq!(standing().await, 1, "the one that hangs");
    all_are(&tenant, OrderState::Cancelled).await;
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
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
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
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
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
async fn what_a_step_asks_for_after_a_withdrawal_leaves_after_it() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    rest(&tenant, &line, 1).await;
    fault(&world, json!({ "kind": "delayAnswer", "method": "DELETE", "path": "/orders", "delayMs": 500 }))
        .await;
    line.submit(cause(9), vec![Intent::Cancel { id: 1 }, buy(2, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    let all = world.sim("GET", "/sim/received?since=0", json!({})).await;
    let rows = all.as_array().cloned().unwrap_or_else(|| all["received"].as_array().unwrap().clone());
    let order: Vec<_> =
        rows.iter().filter_map(|row| row["method"].as_str()).filter(|m| *m != "GET").collect();
    assert_eq!(order, ["POST", "DELETE", "POST"]);
    let states = tenant.orders(None).await.unwrap();
    let withdrawn = states.iter().find(|order| order.run_order_id == 1).unwrap();
    let placed = states.iter().find(|order| order.run_order_id == 2).unwrap();
    assert_eq!(withdrawn.state, OrderState::Cancelled, "its answer came first: {placed:?}");
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
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, Some("drill".into())).await.unwrap();
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
    fault(&world, json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 2_000 }))
        .await;
    line.submit(cause(1), vec![buy(1, 1), buy(2, 1), buy(3, 1)]).await.unwrap();
    // The fault is used up when the first order has reached the broker, which then sits on it.
    let is_there =
        async || world.sim("GET", "/sim/faults", json!({})).await.as_array().is_some_and(Vec::is_empty);
    until("the first is on its way", is_there).await;
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
    until("all are over", async || states(&tenant).await.iter().all(|state| state.is_final())).await;
    let _ = state_of(&mut line, OrderState::Cancelled).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}
