//! The kill switch from outside: of a run, of an account, of the whole host; at any moment, over crashes, with and without
//! closing what is held, and whatever the strategy does meanwhile.

use crate::command::bulkhead;
use e2e::{Account, Trader, World, eventually, within};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Moments at which the switch is thrown; `BULKHEAD_KILL_MOMENTS` tries more.
const MOMENTS: u64 = 12;

/// Within this time of the question, the last order has reached the broker.
const STOPS_WITHIN_MS: u64 = 1_000;

#[tokio::test]
async fn whatever_the_moment_and_the_scope_no_order_arrives_a_second_after_the_switch() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let run = busy(&trader).await;
    let moments = std::env::var("BULKHEAD_KILL_MOMENTS").ok().and_then(|text| text.parse().ok());
    let seed = u64::from(std::process::id());
    for moment in 0..moments.unwrap_or(MOMENTS) {
        let pause_ms =
            (seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(moment * 7_919) >> 33) % 400;
        arrives_again(&world).await;
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let asked_ms = now_ms();
        throw(&world, &trader, &run, moment, true).await;
        tokio::time::sleep(Duration::from_millis(STOPS_WITHIN_MS + 400)).await;
        let late =
            placed(&world).await.into_iter().filter(|call| arrived_ms(call) > asked_ms + STOPS_WITHIN_MS);
        let late: Vec<_> = late.collect();
        assert!(late.is_empty(), "moment {moment} after {pause_ms} ms, seed {seed}: {late:?}");
        throw(&world, &trader, &run, moment, false).await;
    }
}

#[tokio::test]
async fn a_switch_of_every_scope_outlives_a_crash_and_stops_nobody_else() {
    let mut world = World::start().await;
    let (one, two) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let (run, other) = (busy(&one).await, busy(&two).await);
    one.put(&format!("/api/runs/{run}/kill-switch"), json!({ "on": true, "reason": "odd" }))
        .await
        .expect(200);
    world.crash_and_restart_host().await;
    let stands = one.get("/api/kill-switch").await.expect(200);
    assert_eq!(stands["on"], false, "the account's own is off");
    assert_eq!(stands["switches"][0]["runId"], run.as_str(), "{stands}");
    two.run_in_state(&other, "running").await;
    let trades = two.list_of("/api/trades", 1).await.len();
    two.list_of("/api/trades", trades + 2).await;

    let told = bulkhead(&world, &["kill", "--reason", "fire drill"]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    world.crash_and_restart_host().await;
    for trader in [&one, &two] {
        let stands = trader.get("/api/kill-switch").await.expect(200);
        assert_eq!(
            (&stands["switches"][0]["scope"], &stands["switches"][0]["reason"]),
            (&json!("host"), &json!("fire drill"))
        );
    }
    let before = placed(&world).await.len();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(placed(&world).await.len(), before);
    let told = bulkhead(&world, &["kill", "--off", "--reason", "over"]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let trades = two.list_of("/api/trades", 1).await.len();
    two.list_of("/api/trades", trades + 2).await;
}

#[tokio::test]
async fn flatten_withdraws_closes_and_ends_when_the_brokers_book_is_flat() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let holder = trader.strategy("buy-and-hold", example_strategies::BUY_AND_HOLD).await;
    let run = trader.start(&holder, json!({})).await;
    trader.list_of("/api/trades", 1).await;
    let hung = trader.strategy("grasp", guests::GRASP).await;
    let hung = trader.start(&hung, json!({})).await;
    eventually("the one that hangs holds what it bought", || async {
        (traded_by(&trader, &hung).await == (3, 0)).then_some(())
    })
    .await;
    assert!(held(&world).await > 3, "and so does the other");

    let asked = Instant::now();
    let wish = json!({ "on": true, "reason": "out", "flatten": true });
    let stands = trader.put("/api/kill-switch", wish).await.expect(200);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(stands["on"], true);
    within(Duration::from_secs(60), "the broker's book is flat", || async {
        (held(&world).await == 0).then_some(())
    })
    .await;
    for run in [&run, &hung] {
        within(Duration::from_secs(60), "the run ends", || async {
            let run = trader.get(&format!("/api/runs/{run}")).await.expect(200);
            ["stopped", "failed"].contains(&run["state"].as_str().unwrap()).then_some(())
        })
        .await;
    }
    eventually("nothing is being closed any more", || async {
        let stands = trader.get("/api/kill-switch").await.expect(200);
        stands["closing"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(traded_by(&trader, &hung).await, (3, 3), "what the hung strategy held was sold in its name");
}

#[tokio::test]
async fn where_no_host_runs_the_next_start_has_the_switch_and_closes_what_is_held() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let holder = trader.strategy("buy-and-hold", example_strategies::BUY_AND_HOLD).await;
    let run = trader.start(&holder, json!({})).await;
    eventually("something is held", || async { (held(&world).await != 0).then_some(()) }).await;
    world.host.kill();
    let nobody = bulkhead(&world, &["kill", "--tenant", "AB0000", "--reason", "x"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    let told = bulkhead(&world, &["kill", "--tenant", "UK9394", "--flatten", "--reason", "out of hours"]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stdout).contains("no host runs"), "{told:?}");
    world.restart_host().await;
    let stands = trader.get("/api/kill-switch").await.expect(200);
    assert_eq!((&stands["on"], &stands["reason"]), (&json!(true), &json!("out of hours")));
    within(Duration::from_secs(60), "the broker's book is flat", || async {
        (held(&world).await == 0).then_some(())
    })
    .await;
    trader.run_in_state(&run, "stopped").await;
}

#[tokio::test]
async fn a_switch_is_a_persons_act_with_a_reason_that_stands_in_the_audit() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let mute = bulkhead(&world, &["kill", "--reason", " "]);
    assert_eq!(mute.status.code(), Some(1), "{mute:?}");
    assert!(String::from_utf8_lossy(&mute.stderr).contains("a reason is needed"), "{mute:?}");
    let stranger = trader.put("/api/runs/nobodys/kill-switch", json!({ "on": true })).await;
    assert_eq!(stranger.status, 404);
    let both = trader.put("/api/kill-switch", json!({ "on": false, "flatten": true })).await;
    assert!(both.status == 400 && both.is_problem(), "{}", both.text);
    assert_eq!(trader.post("/api/trading-state/clear", json!({ "reason": "" })).await.status, 400);
    let two_lines = trader.put("/api/kill-switch", json!({ "on": true, "reason": "a\ndrill" })).await;
    assert!(two_lines.status == 400 && two_lines.text.contains("one line"), "{}", two_lines.text);
    trader.put("/api/kill-switch", json!({ "on": true, "reason": "a drill" })).await.expect(200);
    bulkhead(&world, &["kill", "--tenant", "UK9394", "--off", "--reason", "drill over"]);
    let page = trader.get("/api/audit?limit=1000").await.expect(200);
    let told = |action: &str| {
        let entry =
            page["entries"].as_array().unwrap().iter().find(|entry| entry["action"] == action).cloned();
        let entry = entry.unwrap_or_else(|| panic!("no {action} in {page}"));
        (entry["actor"].as_str().unwrap().to_owned(), entry["details"]["reason"].clone())
    };
    let (actor, reason) = told("killSwitchOn");
    assert!(actor.starts_with("session ") && actor.ends_with(" from 127.0.0.1"), "{actor}");
    assert_eq!(reason, "a drill");
    assert_eq!(told("killSwitchOff"), ("operator".to_owned(), json!("drill over")));
}

/// A run that asks for an order with every tick.
async fn busy(trader: &Trader) -> String {
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({ "every": 1 })).await;
    trader.run_in_state(&run, "running").await;
    run
}

/// Each scope in turn: the account's and the run's by the API, the host's by its operator.
async fn throw(world: &World, trader: &Trader, run: &str, moment: u64, on: bool) {
    let wish = json!({ "on": on, "reason": format!("moment {moment}") });
    match moment % 3 {
        0 => drop(trader.put("/api/kill-switch", wish).await.expect(200)),
        1 => drop(trader.put(&format!("/api/runs/{run}/kill-switch"), wish).await.expect(200)),
        _ => {
            let reason = format!("moment {moment}");
            let off: &[&str] = if on { &[] } else { &["--off"] };
            let told = bulkhead(world, &[&["kill", "--reason", &reason], off].concat());
            assert_eq!(told.status.code(), Some(0), "{told:?}");
        }
    }
}

/// Waits until the exchange hears of one more order.
async fn arrives_again(world: &World) {
    let before = placed(world).await.len();
    eventually("one more order arrives", || async { (placed(world).await.len() > before).then_some(()) })
        .await;
}

/// The order calls that arrived, but for withdrawals.
async fn placed(world: &World) -> Vec<Value> {
    let received = world.sim_get("/sim/received").await;
    let calls = received.as_array().expect("a list of calls").clone();
    calls.into_iter().filter(|call| call["method"] == "POST").collect()
}

fn arrived_ms(call: &Value) -> u64 {
    call["wallMs"].as_u64().expect("when it arrived")
}

#[allow(clippy::disallowed_methods, reason = "the simulator stamps calls by the machine's clock too")]
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("this age of the world")
}

/// Units that a run has bought and sold.
async fn traded_by(trader: &Trader, run: &str) -> (i64, i64) {
    let trades = trader.get("/api/trades").await.expect(200);
    let of_run = trades.as_array().expect("a list of trades").iter().filter(|trade| trade["runId"] == run);
    of_run.fold((0, 0), |(bought, sold), trade| {
        let quantity = trade["quantity"].as_i64().expect("how many");
        if trade["side"] == "BUY" { (bought + quantity, sold) } else { (bought, sold + quantity) }
    })
}

/// Units that the trader holds at the exchange.
async fn held(world: &World) -> i64 {
    let books = world.sim_get("/sim/accounts/UK9394/books").await;
    let net = books["net"].as_array().expect("positions").clone();
    net.iter().map(|position| position["quantity"].as_i64().unwrap_or_default().abs()).sum()
}
