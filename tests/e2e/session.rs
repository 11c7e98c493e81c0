//! A broker session that is dead when the host starts: nothing is sent, and the next login goes on.

use e2e::{Account, Setup, Trader, World, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

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

#[tokio::test]
async fn an_order_in_doubt_when_the_session_dies_stays_in_doubt_until_the_next_login_finds_it() {
    // Under a live session, three readings without the order would call it absent after 5 s.
    let serve_args = vec!["--absent-after-s".to_owned(), "5".to_owned()];
    let world = World::start_with(Setup { serve_args, ..Setup::default() }).await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    eventually("trading is open", || async {
        let lines = trader.get("/api/logs").await.expect(200);
        lines.to_string().contains("trading is open").then_some(())
    })
    .await;
    // The broker takes it, and nobody tells of it: not its own answer, not the ticker, not the books.
    let api_key = Account::UK9394.api_key;
    world.sim_post("/sim/books/stale", json!({ "userId": "UK9394" })).await;
    world.sim_post("/sim/faults", json!({ "kind": "dropAnswer", "method": "POST", "path": "/orders" })).await;
    world.sim_post("/sim/ticker/order-updates", json!({ "apiKey": api_key, "dropPercent": 100 })).await;
    let run = trader.start(&strategy, json!({ "orders": 1 })).await;
    eventually("it is in doubt", || async {
        (one_order(&trader).await?["state"] == "ambiguous").then_some(())
    })
    .await;

    world.sim_post("/sim/expire-token", json!({ "apiKey": api_key })).await;
    eventually("the host notices", || async { (session(&trader).await == "expired").then_some(()) }).await;
    for _ in 0..24 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let order = one_order(&trader).await.unwrap();
        assert_eq!(order["state"], "ambiguous", "a dead session proves nothing: {order}");
    }

    world.sim_post("/sim/books/release", json!({ "userId": "UK9394" })).await;
    let again = world.trader(Account::UK9394).await;
    let found = eventually("it is found by its tag", || async {
        one_order(&again).await.filter(|order| order["state"] == "complete")
    })
    .await;
    assert!(found["brokerOrderId"].is_string(), "{found}");
    again.list_of("/api/trades", 1).await;
    again.run_in_state(&run, "running").await;
    assert_eq!(taken(&world, "UK9394").await.len(), 1);
    assert_eq!(broker_trades(&world).await, 1, "exactly once");
    no_tag_twice(&world).await;
}

/// The only order there is.
async fn one_order(trader: &Trader) -> Option<Value> {
    let orders = trader.get("/api/orders").await.expect(200);
    let orders = orders.as_array().unwrap();
    assert!(orders.len() <= 1, "{orders:?}");
    orders.first().cloned()
}

/// How often the trader's orders traded, by the exchange's own book.
async fn broker_trades(world: &World) -> usize {
    let books = world.sim_get("/sim/accounts/UK9394/books").await;
    books["trades"].as_array().expect("a list of trades").len()
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
