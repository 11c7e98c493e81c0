//! A power cut, and what is there afterwards: everything.

use e2e::{Account, Trader, World, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn after_a_crash_everything_is_there_and_the_run_goes_on() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    trader.list_of("/api/trades", 4).await;
    let (orders, trades) =
        (ids(&trader, "/api/orders", "id").await, ids(&trader, "/api/trades", "tradeId").await);

    world.crash_and_restart_host().await;

    assert!(ids(&trader, "/api/orders", "id").await.is_superset(&orders));
    assert!(ids(&trader, "/api/trades", "tradeId").await.is_superset(&trades));
    assert_eq!(trader.get("/api/strategies").await.expect(200)[0]["id"], strategy.as_str());
    trader.run_in_state(&run, "running").await;
    let between = ["sending", "ambiguous", "intent"];
    let unsettled = ids_in(&trader, &between).await;
    let known = ids(&trader, "/api/orders", "id").await.len();
    trader.list_of("/api/orders", known + 2).await;
    no_order_was_sent_twice(&world).await;
    eventually("no order of before stays between two states", || async {
        ids_in(&trader, &between).await.is_disjoint(&unsettled).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_restart_without_the_broker_keeps_everything_that_was_there() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.list_of("/api/trades", 4).await;
    trader.put("/api/kill-switch", json!({ "on": true, "reason": "a drill" })).await.expect(200);
    trader.post("/api/auth/tokens", json!({ "name": "laptop" })).await.expect(201);
    trader.post("/api/live-trader/stop", json!({ "runId": run })).await.expect(200);
    trader.run_in_state(&run, "stopped").await;
    let before = settled(&trader).await;

    world.simulator.kill();
    world.crash_and_restart_host().await;

    for (path, value) in before {
        let after = told(&trader, path).await;
        assert_eq!(after, value, "{path} is not as it was before the restart");
    }
}

#[tokio::test]
async fn an_orderly_stop_is_quick_and_keeps_the_log() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK1234).await;
    let strategy = trader.strategy("sma", example_strategies::SMA_CROSSOVER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    let lines = trader.list_of("/api/logs", 1).await.len();

    let status = world.host.terminate(Duration::from_secs(15));
    assert!(status.success(), "{status}");
    world.restart_host().await;

    let after = trader.get("/api/logs").await.expect(200).as_array().unwrap().len();
    assert!(after >= lines, "{after} of {lines} lines are left");
}

#[tokio::test]
async fn an_answer_that_never_came_is_looked_up_and_not_sent_again() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("buy-and-hold", example_strategies::BUY_AND_HOLD).await;
    world.sim_post("/sim/faults", json!({ "kind": "dropAnswer", "method": "POST", "path": "/orders" })).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;

    eventually("the order is found by its tag", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        let order = orders.as_array().unwrap().first()?.clone();
        (order["state"] == "complete" && order["brokerOrderId"].is_string()).then_some(())
    })
    .await;
    no_order_was_sent_twice(&world).await;
}

/// What must outlive a restart, route by route.
const KEPT: [&str; 10] = [
    "/api/orders",
    "/api/trades",
    "/api/positions",
    "/api/strategies",
    "/api/runs",
    "/api/auth/tokens",
    "/api/auth/sessions",
    "/api/kill-switch",
    "/api/risk-limits",
    "/api/logs",
];

/// Everything that is kept, once two readings a second apart agree: then nothing is under way any more.
async fn settled(trader: &Trader) -> Vec<(&'static str, String)> {
    eventually("nothing moves any more", || async {
        let before = everything(trader).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        (before == everything(trader).await).then_some(before)
    })
    .await
}

async fn everything(trader: &Trader) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for path in KEPT {
        found.push((path, told(trader, path).await));
    }
    found
}

/// A route's answer without what moves by itself: prices, and when somebody was last here. The log may grow.
async fn told(trader: &Trader, path: &str) -> String {
    let mut body = trader.get(path).await.expect(200);
    for row in body.as_array_mut().into_iter().flatten() {
        if let Some(fields) = row.as_object_mut() {
            let moving = ["lastPrice", "unrealised", "pnl", "value", "m2m", "asOf", "unknownSince"];
            fields.retain(|name, _| !name.starts_with("lastUsed") && !moving.contains(&name.as_str()));
        }
    }
    if path == "/api/logs" {
        let rows = body.as_array().expect("a list of lines");
        return rows.iter().take(5).map(Value::to_string).collect();
    }
    body.to_string()
}

async fn ids(trader: &Trader, path: &str, field: &str) -> BTreeSet<String> {
    let list = trader.get(path).await.expect(200);
    list.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

/// The orders that are in one of these states.
async fn ids_in(trader: &Trader, states: &[&str]) -> BTreeSet<String> {
    let list = trader.get("/api/orders").await.expect(200);
    let found =
        list.as_array().unwrap().iter().filter(|row| states.contains(&row["state"].as_str().unwrap()));
    found.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn no_order_was_sent_twice(world: &World) {
    let received = world.sim_get("/sim/received").await;
    let calls: Vec<Value> = received.as_array().expect("a list of calls").clone();
    let tags: Vec<_> = calls.iter().filter_map(|call| call["tag"].as_str()).collect();
    let distinct: BTreeSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "a tag was sent twice");
}
