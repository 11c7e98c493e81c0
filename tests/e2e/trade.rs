//! The main job: two traders at once, each with a strategy, each with the exchange's own figures.

use crate::books::figures_equal_the_exchange;
use e2e::{Account, Trader, World, eventually};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test]
async fn two_traders_trade_at_once_and_nothing_is_mixed() {
    let world = World::start().await;
    let (one, two) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let scalper = one.strategy("scalper", guests::SCALPER).await;
    let holder = two.strategy("buy-and-hold", example_strategies::BUY_AND_HOLD).await;
    let first = one.start(&scalper, json!({})).await;
    let second = two.start(&holder, json!({})).await;
    one.run_in_state(&first, "running").await;
    two.run_in_state(&second, "running").await;

    one.list_of("/api/trades", 6).await;
    two.list_of("/api/trades", 1).await;
    one.stop(&first).await;
    two.stop(&second).await;
    one.run_in_state(&first, "stopped").await;
    two.run_in_state(&second, "stopped").await;

    nothing_is_on_its_way(&one).await;
    nothing_is_on_its_way(&two).await;
    every_order_came_with_its_own_token(&world).await;
    let (tags_one, tags_two) = (tags(&one).await, tags(&two).await);
    assert!(tags_one.is_disjoint(&tags_two));
    assert_eq!(tags_at_exchange(&world, "UK9394").await, tags_one);
    assert_eq!(tags_at_exchange(&world, "UK1234").await, tags_two);
    for trader in [&one, &two] {
        figures_equal_the_exchange(&world, trader).await;
        every_log_line_is_the_traders_own(trader).await;
    }
}

#[tokio::test]
async fn an_order_is_followed_through_its_life() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("bracket-exit", example_strategies::BRACKET_EXIT).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;

    let orders = trader.list_of("/api/orders", 1).await;
    assert_eq!(orders[0]["runId"], run.as_str());
    assert_eq!(orders[0]["tag"].as_str().unwrap().len(), 20);
    eventually("the entry is complete", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        orders.as_array().unwrap().iter().any(|order| order["state"] == "complete").then_some(())
    })
    .await;

    let stopped = trader.post("/api/live-trader/stop", json!({ "runId": run, "squareOff": true })).await;
    stopped.expect(200);
    trader.run_in_state(&run, "stopped").await;
    eventually("nothing is held any more", || async {
        let positions = trader.get("/api/positions").await.expect(200);
        positions.as_array().unwrap().iter().all(|position| position["quantity"] == 0).then_some(())
    })
    .await;
    figures_equal_the_exchange(&world, &trader).await;
}

#[tokio::test]
async fn the_kill_switch_stops_sends_and_outlives_a_crash() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    trader.list_of("/api/orders", 2).await;

    trader.put("/api/kill-switch", json!({ "on": true, "reason": "a drill" })).await.expect(200);
    nothing_is_on_its_way(&trader).await;
    let sent = tags_at_exchange(&world, "UK9394").await;
    refused_again(&trader).await;
    assert_eq!(tags_at_exchange(&world, "UK9394").await, sent);

    world.crash_and_restart_host().await;
    let switch = trader.get("/api/kill-switch").await.expect(200);
    assert_eq!(switch["on"], true);
    trader.run_in_state(&run, "running").await;
    refused_again(&trader).await;
    assert_eq!(tags_at_exchange(&world, "UK9394").await, sent, "the switch must outlive a crash");
}

/// Waits until the run has asked for one more order and been refused.
async fn refused_again(trader: &Trader) {
    let count = || async {
        let orders = trader.get("/api/orders").await.expect(200);
        orders.as_array().unwrap().iter().filter(|order| order["state"] == "refused").count()
    };
    let before = count().await;
    eventually("one more order of the run is refused", || async { (count().await > before).then_some(()) })
        .await;
}

/// Waits until no order is between the wish and the broker's answer.
async fn nothing_is_on_its_way(trader: &Trader) {
    eventually("no order is on its way", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        let between = ["intent", "sending", "ambiguous"];
        let on_its_way = |order: &serde_json::Value| between.contains(&order["state"].as_str().unwrap());
        (!orders.as_array().unwrap().iter().any(on_its_way)).then_some(())
    })
    .await;
}

async fn every_order_came_with_its_own_token(world: &World) {
    let received = world.sim_get("/sim/received").await;
    let calls = received.as_array().expect("a list of calls").clone();
    assert!(!calls.is_empty());
    for call in calls {
        let user = call["userId"].as_str().unwrap();
        let key = call["apiKey"].as_str().unwrap();
        assert_eq!(key, format!("demo-{}", user.to_lowercase()), "{call}");
        assert_eq!(call["tokenMatchesKey"], true, "{call}");
    }
}

async fn tags_at_exchange(world: &World, user: &str) -> BTreeSet<String> {
    let received = world.sim_get("/sim/received").await;
    let calls = received.as_array().expect("a list of calls").clone();
    let places = calls.iter().filter(|call| call["userId"] == user && call["tag"].is_string());
    places.map(|call| call["tag"].as_str().unwrap().to_owned()).collect()
}

async fn tags(trader: &Trader) -> BTreeSet<String> {
    let orders = trader.get("/api/orders").await.expect(200);
    let never_sent = ["refused", "intent", "abandoned"];
    let list = orders.as_array().unwrap();
    let sent = list.iter().filter(|order| !never_sent.contains(&order["state"].as_str().unwrap()));
    sent.map(|order| order["tag"].as_str().unwrap().to_owned()).collect()
}

async fn every_log_line_is_the_traders_own(trader: &Trader) {
    let dates = trader.get("/api/logs").await.expect(200);
    assert!(!dates.as_array().unwrap().is_empty(), "a run leaves log lines");
    let date = dates[0]["time"].as_str().unwrap()[..10].to_owned();
    let file = trader.get(&format!("/api/logs/{date}/download")).await;
    assert_eq!(file.status, 200, "{}", file.text);
    let other = if trader.account.user_id == "UK9394" { "UK1234" } else { "UK9394" };
    assert!(file.text.lines().count() > 2, "{}", file.text);
    for line in file.text.lines() {
        assert!(line.contains(trader.account.user_id) && !line.contains(other), "{line}");
    }
}
