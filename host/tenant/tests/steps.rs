//! What a step leaves is written whole and in order, and one step's orders are judged and sent in the order asked.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Intent, Money, OrderState};
use serde_json::json;
use tenant::gate::RiskLimits;
use tenant::{RefusalCode, RunStep, Tenants};
use world::{World, buy, cause, new_line, resting_buy, state_of, until};

/// A step that asks for nothing and keeps one value.
fn quiet(seq: u64, key: &str) -> RunStep {
    let state = vec![(key.to_owned(), Some(vec![1]))];
    let amounts = vec![(key.to_owned(), Money::from_rupees(1))];
    RunStep { cause: cause(seq), state, amounts, intents: Vec::new() }
}

fn journal_bytes(pieces: &[(u64, Vec<u8>)]) -> Vec<u8> {
    pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_takes_everything_of_its_step_and_the_steps_before_along_in_one_commit() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    let strategy = line.orders.first().map(|order| order.strategy_id.clone());
    assert!(strategy.is_none(), "a new run has no orders");
    line.write(quiet(1, "one")).await.unwrap();
    line.write(quiet(2, "two")).await.unwrap();
    let asking = RunStep { intents: vec![buy(1, 2)], ..quiet(3, "sent") };
    line.write(asking).await.unwrap();
    // The power goes: what is on disk at this instant is all there is.
    let image = world.image().await;
    tenants.close().await;

    let tenants = Tenants::open(image.config(&world)).await.unwrap();
    let tenant = tenants.all().remove(0);
    let order = tenant.orders(None).await.unwrap().remove(0);
    assert_eq!(order.run_order_id, 1);
    assert_eq!(journal_bytes(&tenant.journal(&order.run_id).await.unwrap()), [1, 2, 3]);
    let kept = tenant.state_load(&order.strategy_id).await.unwrap();
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["one", "sent", "two"]);
    let today = tenants.clock().now().date();
    let day_of_steps = market::Timestamp::from_seconds(1).date();
    assert_eq!(tenant.pnl(day_of_steps, today).await.unwrap().records.len(), 3);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_cannot_be_written_leaves_nothing_and_loses_nothing() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 2)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    line.write(quiet(2, "before")).await.unwrap();
    // The same number again: the row is refused by the database, and everything else of the step with it.
    let broken = RunStep { intents: vec![buy(1, 2)], ..quiet(3, "flag") };
    line.write(broken).await.unwrap_err();
    let kept = tenant.state_load(&order.strategy_id).await.unwrap();
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["before"]);
    assert_eq!(journal_bytes(&tenant.journal(&order.run_id).await.unwrap()), [1, 2]);
    assert_eq!(tenant.orders(None).await.unwrap().len(), 1);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_without_orders_share_commits_and_keep_their_order() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    let run_id = state_of(&mut line, OrderState::Complete).await.run_id;
    for seq in 2..=200 {
        line.write(quiet(seq, "count")).await.unwrap();
    }
    line.settle().await.unwrap();
    let pieces = tenant.journal(&run_id).await.unwrap();
    assert_eq!(journal_bytes(&pieces), (1..=200).collect::<Vec<u8>>());
    assert!(pieces.len() < 100, "{} commits for 200 steps", pieces.len());
    assert_eq!(pieces.last().unwrap().0, 200);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_step_cannot_pass_the_limit_of_open_orders() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    tenant.set_risk_limits(RiskLimits { max_open_orders: 2, ..RiskLimits::default() }).await.unwrap();
    let mut intents = Vec::new();
    for id in 1..=4 {
        intents.push(resting_buy(&tenant, id).await);
    }
    line.submit(cause(1), intents).await.unwrap();
    let orders = tenant.orders(None).await.unwrap();
    let refused: Vec<_> = orders.iter().filter(|o| o.refusal == RefusalCode::OpenOrders).collect();
    assert_eq!((orders.len(), refused.len()), (4, 2), "{orders:?}");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_before_a_new_order_is_cancelled_first() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![resting_buy(&tenant, 1).await]).await.unwrap();
    state_of(&mut line, OrderState::Open).await;
    line.submit(cause(2), vec![Intent::Cancel { id: 1 }, buy(2, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    let received = world.sim("GET", "/sim/received?since=0", json!({})).await;
    let methods: Vec<_> =
        received.as_array().unwrap().iter().map(|call| call["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["POST", "DELETE", "POST"]);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_market_order_waits_for_a_price_and_not_for_long() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let limit = resting_buy(&tenant, 1).await;
    let slow = json!({ "kind": "delayRequest", "path": "/quote", "delayMs": 30_000 });
    world.sim("POST", "/sim/faults", slow).await;
    line.submit(cause(1), vec![limit]).await.unwrap();
    state_of(&mut line, OrderState::Open).await;
    let waiting = world.sim("GET", "/sim/faults", json!({})).await;
    assert!(waiting.to_string().contains("/quote"), "a limit order asks for no price: {waiting}");

    let bounded = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    });
    bounded.await.expect("it does not wait for the broker's thirty seconds");
    until("refused", async || {
        tenant.orders(None).await.unwrap().iter().any(|order| order.refusal == RefusalCode::ValueLimit)
    })
    .await;
    tenants.close().await;
}
