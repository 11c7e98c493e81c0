//! A broker session dies in the middle of the day: what is open is held, nothing is sent, and the next login goes on.

use e2e::{Account, Trader, World, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn a_session_that_dies_mid_send_holds_what_is_open_and_nobody_else_notices() {
    let world = World::start().await;
    let (one, two) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let run = trading(&one).await;
    let others = trading(&two).await;
    one.list_of("/api/trades", 2).await;

    // The broker takes one more order, whose answer is lost and which its book does not show: then the token dies.
    world.sim_post("/sim/books/stale", json!({ "userId": "UK9394" })).await;
    let lost = json!({ "kind": "dropAnswer", "method": "POST", "path": "/orders", "apiKey": "demo-uk9394" });
    world.sim_post("/sim/faults", lost).await;
    let open = eventually("an order whose fate is not known", || async {
        let orders = one.get("/api/orders").await.expect(200);
        orders.as_array().unwrap().iter().find(|order| order["state"] == "ambiguous").cloned()
    })
    .await;
    world.sim_post("/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    eventually("the host notices", || async { (session(&one).await == "expired").then_some(()) }).await;

    let sent = taken(&world, "UK9394").await;
    let (ticks, trades) = (heard(&one, &run).await, two.list_of("/api/trades", 1).await.len());
    eventually("ticks flow on the dead token", || async {
        (heard(&one, &run).await > ticks + 3).then_some(())
    })
    .await;
    eventually("the other trader goes on", || async {
        let now = two.get("/api/trades").await.expect(200).as_array().unwrap().len();
        (now > trades + 2).then_some(())
    })
    .await;
    assert_eq!(session(&one).await, "expired", "ticks are no sign of life");
    assert_eq!(taken(&world, "UK9394").await, sent, "nothing is sent without a session");
    let held = one.get("/api/orders").await.expect(200);
    let held = held.as_array().unwrap().iter().find(|order| order["id"] == open["id"]).cloned().unwrap();
    assert_eq!(held["state"], "ambiguous", "its fate waits for the next login");
    for position in one.list_of("/api/positions", 1).await {
        assert!(position["unknownSince"].is_string(), "{position}");
        assert!(position["quantity"].is_number());
    }
    let status = one.get("/api/live-trader/status").await.expect(200);
    assert!(status["broker"]["detail"].as_str().unwrap().contains("sign in again"), "{}", status["broker"]);

    world.sim_post("/sim/books/release", json!({ "userId": "UK9394" })).await;
    let again = world.trader(Account::UK9394).await;
    eventually("the order of before is found", || async {
        let orders = again.get("/api/orders").await.expect(200);
        let order = orders.as_array().unwrap().iter().find(|order| order["id"] == open["id"]).cloned()?;
        (order["state"] == "complete" && order["brokerOrderId"].is_string()).then_some(())
    })
    .await;
    let known = again.get("/api/trades").await.expect(200).as_array().unwrap().len();
    again.list_of("/api/trades", known + 2).await;
    again.run_in_state(&run, "running").await;
    two.run_in_state(&others, "running").await;
    let positions = again.get("/api/positions").await.expect(200);
    assert!(positions.as_array().unwrap().iter().all(|position| position["unknownSince"].is_null()));
    no_tag_twice(&world).await;
}

#[tokio::test]
async fn a_host_that_starts_with_a_dead_token_shows_it_and_waits_for_a_login() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let run = trading(&trader).await;
    trader.list_of("/api/trades", 2).await;
    world.host.kill();
    world.sim_post("/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    let sent = taken(&world, "UK9394").await;
    world.restart_host().await;

    eventually("the host notices", || async { (session(&trader).await == "expired").then_some(()) }).await;
    let positions = trader.get("/api/positions").await.expect(200);
    for position in positions.as_array().unwrap() {
        assert!(position["unknownSince"].is_string(), "{position}");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(taken(&world, "UK9394").await, sent);

    let again = world.trader(Account::UK9394).await;
    again.run_in_state(&run, "running").await;
    let known = again.get("/api/trades").await.expect(200).as_array().unwrap().len();
    again.list_of("/api/trades", known + 2).await;
    no_tag_twice(&world).await;
}

/// A run that trades as long as it may.
async fn trading(trader: &Trader) -> String {
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    run
}

async fn session(trader: &Trader) -> String {
    let body = trader.get("/api/auth/session").await.expect(200);
    body["brokerSession"].as_str().unwrap().to_owned()
}

async fn heard(trader: &Trader, run: &str) -> u64 {
    let body = trader.get(&format!("/api/runs/{run}")).await.expect(200);
    body["figures"]["ticks"].as_u64().unwrap()
}

/// The tags of the trader's orders that the exchange let in.
async fn taken(world: &World, user: &str) -> BTreeSet<String> {
    let received = world.sim_get("/sim/received").await;
    let calls: Vec<Value> = received.as_array().expect("a list of calls").clone();
    let of_user = calls.iter().filter(|call| call["userId"] == user && call["authorised"] == true);
    of_user.filter_map(|call| call["tag"].as_str().map(str::to_owned)).collect()
}

async fn no_tag_twice(world: &World) {
    let received = world.sim_get("/sim/received").await;
    let calls: Vec<Value> = received.as_array().expect("a list of calls").clone();
    let tags: Vec<_> = calls.iter().filter_map(|call| call["tag"].as_str()).collect();
    let distinct: BTreeSet<_> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "a tag was sent twice");
}
