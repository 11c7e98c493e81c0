//! The main job: two traders at once, each with a strategy, each with the exchange's own figures.

use e2e::{Account, Trader, World, eventually};
use serde_json::{Value, json};
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
    let sent = orders_received(&world, "UK9394").await;
    eventually("the run's orders are refused", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        orders.as_array().unwrap().iter().any(|order| order["state"] == "refused").then_some(())
    })
    .await;
    assert_eq!(orders_received(&world, "UK9394").await, sent);

    world.crash_and_restart_host().await;
    let switch = trader.get("/api/kill-switch").await.expect(200);
    assert_eq!(switch["on"], true);
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

async fn orders_received(world: &World, user: &str) -> usize {
    tags_at_exchange(world, user).await.len()
}

async fn tags_at_exchange(world: &World, user: &str) -> BTreeSet<String> {
    let received = world.sim_get("/sim/received").await;
    let calls = received.as_array().expect("a list of calls").clone();
    let places = calls.iter().filter(|call| call["userId"] == user && call["tag"].is_string());
    places.map(|call| call["tag"].as_str().unwrap().to_owned()).collect()
}

async fn tags(trader: &Trader) -> BTreeSet<String> {
    let orders = trader.get("/api/orders").await.expect(200);
    let sent = orders.as_array().unwrap().iter().filter(|order| order["state"] != "refused").cloned();
    sent.map(|order| order["tag"].as_str().unwrap().to_owned()).collect()
}

/// Trades, positions and P&L as the host books them are those of the exchange, to the paisa. Prices are held still
/// while both are read, because they move twice a second.
async fn figures_equal_the_exchange(world: &World, trader: &Trader) {
    let user = trader.account.user_id;
    let books_path = format!("/sim/accounts/{user}/books");
    let books = world.sim_get(&books_path).await;
    for position in books["net"].as_array().expect("a list of positions") {
        world.sim_post("/sim/hold", json!({ "symbol": position["symbol"], "price": true })).await;
    }
    eventually("the host's books equal the exchange's", || async {
        let books = world.sim_get(&books_path).await;
        let trades = trader.get("/api/trades").await.expect(200);
        let positions = trader.get("/api/positions").await.expect(200);
        let equal = ids(&books["trades"]) == ids(&trades)
            && position_lines(&books["net"]) == position_lines(&positions)
            && paise(&books, "realised") == sum_of_paise(&positions, "realised")
            && paise(&books, "unrealised") == sum_of_paise(&positions, "unrealised");
        if !equal {
            println!("exchange {} {}\nhost {}", books["realised"], books["net"], positions);
        }
        equal.then_some(())
    })
    .await;
}

fn ids(trades: &Value) -> BTreeSet<String> {
    let rows = trades.as_array().expect("a list of trades");
    rows.iter()
        .map(|row| row.get("trade").unwrap_or(row)["tradeId"].as_str().expect("an id").to_owned())
        .collect()
}

fn paise(row: &Value, field: &str) -> i64 {
    (row[field].as_f64().unwrap_or(f64::NAN) * 100.0).round() as i64
}

fn sum_of_paise(rows: &Value, field: &str) -> i64 {
    rows.as_array().expect("a list").iter().map(|row| paise(row, field)).sum()
}

/// What both sides must agree on for every position: what is left, and the values bought and sold.
fn position_lines(rows: &Value) -> BTreeSet<String> {
    let line = |row: &Value| {
        let (symbol, product, quantity) = (&row["symbol"], &row["product"], &row["quantity"]);
        format!("{symbol} {product} {quantity} {} {}", paise(row, "buyValue"), paise(row, "sellValue"))
    };
    rows.as_array().expect("a list of positions").iter().map(line).collect()
}

async fn every_log_line_is_the_traders_own(trader: &Trader) {
    let dates = trader.get("/api/logs").await.expect(200);
    assert!(!dates.as_array().unwrap().is_empty(), "a run leaves log lines");
    let date = dates[0]["time"].as_str().unwrap()[..10].to_owned();
    let file = trader.get(&format!("/api/logs/{date}/download")).await;
    assert_eq!(file.status, 200, "{}", file.text);
    for line in file.text.lines() {
        assert!(line.contains(trader.account.user_id), "{line}");
    }
}
