//! A power cut, and what is there afterwards: everything.

use e2e::{Account, World, eventually};
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
    let known = ids(&trader, "/api/orders", "id").await.len();
    trader.list_of("/api/orders", known + 2).await;
    no_order_was_sent_twice(&world).await;
    eventually("no order stays between two states", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        let between = ["sending", "ambiguous", "intent"];
        let list = orders.as_array().unwrap();
        let settled = list.iter().filter(|order| !between.contains(&order["state"].as_str().unwrap()));
        (settled.count() + 2 >= list.len()).then_some(())
    })
    .await;
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

async fn ids(trader: &e2e::Trader, path: &str, field: &str) -> BTreeSet<String> {
    let list = trader.get(path).await.expect(200);
    list.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

async fn no_order_was_sent_twice(world: &World) {
    let received = world.sim_get("/sim/received").await;
    let calls: Vec<Value> = received.as_array().expect("a list of calls").clone();
    let tags: Vec<_> = calls.iter().filter_map(|call| call["tag"].as_str()).collect();
    let distinct: BTreeSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "a tag was sent twice");
}
