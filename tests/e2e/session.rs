//! A broker session that is dead when the host starts: nothing is sent, and the next login goes on.

use e2e::{Account, Trader, World, eventually};
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
