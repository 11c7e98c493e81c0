//! The death of a broker session, from whatever cause: noticed without an order to find it out, however the ticks flow.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::OrderState;
use serde_json::json;
use tenant::{BrokerState, FeedEvent, RefusalCode, Tenant, Tenants, TenantsConfig};
use world::{World, buy, cause, new_line, state_of, until};

async fn expires(tenant: &Tenant) {
    let state = tenant.broker_state();
    until("expired", async || matches!(*state.borrow(), BrokerState::Expired { .. })).await;
}

async fn infy(tenant: &Tenant) -> u32 {
    tenant.instruments().await.unwrap().by_symbol(&"NSE:INFY".parse().unwrap()).unwrap().token
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_that_flow_on_a_dead_token_are_no_sign_of_life() {
    let world = World::start().await;
    let mut config = world.config();
    config.limits.session_probe_s = 1;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let feed = tenant.feed();
    feed.subscribe(&[infy(&tenant).await]);
    until("a tick", async || matches!(feed.next().await, FeedEvent::Ticks(_))).await;
    world.sim("POST", "/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    expires(&tenant).await;
    for _ in 0..3 {
        until("a tick after it", async || matches!(feed.next().await, FeedEvent::Ticks(_))).await;
        assert!(matches!(*tenant.broker_state().borrow(), BrokerState::Expired { .. }));
    }
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flush_at_six_in_the_morning_is_noticed_at_once_though_nobody_asks_for_anything() {
    let world = World::start().await;
    let mut config = world.config();
    config.limits.session_probe_s = 86_400;
    let tenants = Tenants::open(config).await.unwrap();
    let clock = tenants.clock().clone();
    let now = clock.now();
    let flushed = now.date().next().at_seconds(6 * 3_600);
    // The tenant's day is turned before the login, so that the probe is set by it.
    clock.shift_seconds(flushed.micros_since(now) / 1_000_000 - 1);
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    world.sim("POST", "/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    expires(&tenant).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_elsewhere_stops_sends_here_and_the_next_login_here_revives_them() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let (other, _) = world.login(&tenants, "uk1234").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 2)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    until("booked", async || !tenant.positions(false).await.unwrap().is_empty()).await;
    assert_eq!(tenant.unknown_since(), None);

    let elsewhere = tempfile::tempdir().unwrap();
    let (data_dir, key_file) = (elsewhere.path().join("data"), elsewhere.path().join("key"));
    let second = Tenants::open(TenantsConfig { data_dir, key_file, ..world.config() }).await.unwrap();
    world.login(&second, "uk9394").await;

    assert!(tenant.cash().await.is_err(), "the token of before is dead");
    expires(&tenant).await;
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    assert_eq!(state_of(&mut line, OrderState::Refused).await.refusal, RefusalCode::NoSession);
    assert!(tenant.unknown_since().is_some());
    let held = tenant.positions(false).await.unwrap();
    assert_eq!(held[0].quantity, 2, "what is unknown is never shown as nothing");
    let mut others = new_line(&other, "alpha").await;
    others.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    state_of(&mut others, OrderState::Complete).await;
    second.close().await;

    world.login(&tenants, "uk9394").await;
    until("reconciled", async || tenant.is_reconciled()).await;
    line.submit(cause(3), vec![buy(3, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    assert_eq!(tenant.unknown_since(), None);
    tenants.close().await;
}
