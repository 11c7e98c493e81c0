//! What a tenant has of its broker line: the day's list before every order, prices without ticks, the way out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Change, Intent, OrderKind, OrderRequest, OrderState, Price, Side};
use serde_json::json;
use std::time::Duration;
use tenant::{Egress, EgressSetting, FeedEvent, Mode, RefusalCode, RunEvent};
use world::{World, buy, cause, new_line, new_line_in, resting_buy, state_of, until};

fn limit(id: u64, symbol: &str, paise: i64) -> Intent {
    let request = OrderRequest::market(symbol.parse().unwrap(), Side::Buy, 1);
    let request = OrderRequest { kind: OrderKind::Limit, price: Price::from_paise(paise), ..request };
    Intent::Place { id, request }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_days_list_contradicts_never_leaves() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![limit(1, "NSE:INFY", 100_003)]).await.unwrap();
    let refused = state_of(&mut line, OrderState::Refused).await;
    assert!(refused.message.contains("multiple of the tick size"), "{}", refused.message);
    line.submit(cause(2), vec![limit(2, "NFO:INFY99DECFUT", 100_000)]).await.unwrap();
    let refused = state_of(&mut line, OrderState::Refused).await;
    assert_eq!(refused.refusal, RefusalCode::InstrumentNotAllowed, "{}", refused.message);
    assert!(world.places_received().await.is_empty());
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_makes_no_good_order_is_refused_and_the_order_stands() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![resting_buy(&tenant, 1).await]).await.unwrap();
    state_of(&mut line, OrderState::Open).await;
    let change = Change { trigger: Some(Price::from_rupees(1)), ..Change::default() };
    line.submit(cause(2), vec![Intent::Modify { id: 1, change }]).await.unwrap();
    let told = loop {
        match line.events.recv().await.unwrap() {
            RunEvent::Order(update) if !update.order.message.is_empty() => break update.order,
            _ => {}
        }
    };
    assert!(told.message.contains("takes no trigger"), "{}", told.message);
    assert_eq!(told.state, OrderState::Open);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_instrument_has_a_price_though_nobody_hears_its_ticks() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line_in(&tenant, "alpha", Mode::Paper).await;
    let token = tenant.instruments().await.unwrap().by_symbol(&"NSE:INFY".parse().unwrap()).unwrap().token;
    let watch = tenant.watch();
    watch.want([token]);
    line.submit(cause(1), vec![buy(1, 4)]).await.unwrap();
    // A paper order fills at the newest price that is known, and only a tick makes one known.
    let order = state_of(&mut line, OrderState::Complete).await;
    assert!(order.average_price > Price::ZERO);
    until("figures", async || tenant.run_figures(&order.run_id).await.unwrap().trades == 1).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preflight_shows_the_address_that_is_set_and_what_is_wrong_with_a_dead_proxy() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let own = Egress::From("127.0.0.2".parse().unwrap());
    tenant.set_egress(&EgressSetting { egress: own, expected: None }).await.unwrap();
    let way = tenant.preflight().await.unwrap();
    assert_eq!(way.way.local.unwrap().ip().to_string(), "127.0.0.2");
    assert_eq!(way.way.peer, Some(world.simulator.address()));
    let dead = Egress::Proxy("socks5://127.0.0.1:9".parse().unwrap());
    tenant.set_egress(&EgressSetting { egress: dead, expected: None }).await.unwrap();
    let said = tenant.preflight().await.unwrap_err().to_string();
    assert!(said.contains("through socks5://127.0.0.1:9 would not arrive"), "{said}");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_refused_is_told_once_and_comes_back_with_the_next_login() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let token = tenant.instruments().await.unwrap().by_symbol(&"NSE:INFY".parse().unwrap()).unwrap().token;
    let feed = tenant.feed();
    feed.subscribe(&[token]);
    until("a tick", async || matches!(feed.next().await, FeedEvent::Ticks(_))).await;
    let key = json!({ "apiKey": "demo-uk9394" });
    world.sim("POST", "/sim/expire-token", key.clone()).await;
    world.sim("POST", "/sim/ticker/disconnect", key).await;
    let refused =
        |event: &FeedEvent| matches!(event, FeedEvent::Lost { reason } if reason.contains("Personal plan"));
    until("the refusal", async || refused(&feed.next().await)).await;
    let more = tokio::time::timeout(Duration::from_secs(4), feed.next()).await;
    assert!(more.is_err(), "told again: {more:?}");
    world.login(&tenants, "uk9394").await;
    until("the feed", async || matches!(feed.next().await, FeedEvent::Back)).await;
    until("a tick", async || matches!(feed.next().await, FeedEvent::Ticks(_))).await;
    tenants.close().await;
}
