//! A real run, recorded by the real host, looked at again: by the API, and by the command line beside the running host.

use e2e::{Account, Trader, World};
use serde_json::{Value, json};
use std::process::{Command, Output};

/// A run of the scalper that has traded and been stopped.
async fn traded(trader: &Trader, orders: usize) -> (String, String) {
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({ "every": 2 })).await;
    trader.list_of("/api/trades", orders).await;
    trader.stop(&run).await;
    trader.run_in_state(&run, "stopped").await;
    (strategy, run)
}

/// `bulkhead replay`, beside the host that runs.
fn replay(world: &World, arguments: &[&str]) -> Output {
    let folder = world.data_dir();
    let data = ["--data-dir", folder.to_str().expect("a test's folder is text")];
    let mut command = Command::new(e2e::bulkhead());
    command.arg("replay").args(arguments).args(data).output().expect("the binary starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn a_recorded_run_does_the_same_again_by_api_and_by_command_line() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let (_, run) = traded(&trader, 4).await;

    let report = trader.post(&format!("/api/runs/{run}/replay"), json!({})).await.expect(200);
    assert_eq!((&report["identical"], &report["divergence"]), (&json!(true), &Value::Null), "{report}");
    assert!(report["intents"].as_u64() >= Some(4) && report["ticks"].as_u64() > Some(4), "{report}");

    let shown = replay(&world, &[&run]);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    assert!(said(&shown).contains("result         identical"), "{}", said(&shown));
    let json: Value = serde_json::from_slice(&replay(&world, &[&run, "--json"]).stdout).expect("a report");
    assert_eq!((&json["intents"], &json["events"]), (&report["intents"], &report["events"]));
    let list = said(&replay(&world, &[]));
    assert!(list.contains(&run) && list.contains("UK9394") && list.contains("scalper"), "{list}");
    let state = said(&replay(&world, &[&run, "--until", "1"]));
    assert!(state.contains("after          event 1") && state.contains("positions: none"), "{state}");
}

#[tokio::test]
async fn an_order_is_explained_from_its_tick_to_its_fill() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let (_, run) = traded(&trader, 2).await;
    let orders = trader.list_of("/api/orders", 2).await;
    let first = orders.iter().find(|order| order["runOrderId"] == 1).expect("it has a first order");
    let tag = first["tag"].as_str().expect("a tag is text");

    let explained = trader.get(&format!("/api/runs/{run}/orders/1/explain")).await.expect(200);
    let kinds: Vec<&str> = explained["chain"]
        .as_array()
        .expect("a chain")
        .iter()
        .filter_map(|link| link["kind"].as_str())
        .collect();
    assert_eq!(kinds[..5], ["event", "handler", "intent", "log", "gate"], "{explained}");
    // The broker's own word comes with its answer, or before it by the ticker.
    for kind in ["orderSending", "told", "orderChanged", "fill"] {
        assert!(kinds.contains(&kind), "{kind}: {explained}");
    }
    let place = |kind: &str| kinds.iter().position(|it| *it == kind);
    assert!(place("orderSending") < place("told") && place("orderSending") < place("fill"), "{explained}");
    assert!(explained["chain"][0]["text"].as_str().expect("text").contains("tick NSE:INFY"), "{explained}");
    assert_eq!(explained["chain"][0]["microsSince"], 0);
    let by_tag = trader.get(&format!("/api/runs/{run}/orders/{tag}/explain")).await.expect(200);
    assert_eq!(by_tag, explained);
    let shown = said(&replay(&world, &[&run, "--explain", tag]));
    for words in ["on-ticks", "place order 1: BUY 1 NSE:INFY MARKET", "fill"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    let unknown = trader.get(&format!("/api/runs/{run}/orders/4711/explain")).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
    assert!(said(&replay(&world, &[&run, "--explain", "4711"])).contains("has no order `4711`"));
}

#[tokio::test]
async fn another_version_is_compared_and_the_same_one_shows_no_difference() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let (strategy, run) = traded(&trader, 4).await;
    let path = format!("/api/runs/{run}/compare");
    let same = trader.post(&path, json!({ "version": 1 })).await.expect(200);
    assert_eq!((&same["identical"], &same["netDifference"]), (&json!(true), &json!(0.0)), "{same}");
    assert!(same["recorded"]["fills"].as_u64() >= Some(4), "its own trades stand beside it: {same}");

    let quiet = trader.request(reqwest::Method::POST, &format!("/api/strategies/{strategy}/versions"));
    let quiet = quiet.header("content-type", "application/wasm").body(other_scalper());
    trader.send(quiet).await.expect(201);
    let other = trader.post(&path, json!({ "version": 2 })).await.expect(200);
    assert_eq!(other["identical"], true, "other bytes that do the same: {other}");
    let unknown = trader.post(&path, json!({ "version": 9 })).await;
    assert!(unknown.status.is_client_error() && unknown.is_problem(), "{}", unknown.text);

    let file = world.folder().join("echo.wasm");
    std::fs::write(&file, guests::ECHO).expect("a file can be written");
    let refused = replay(&world, &[&run, "--component", file.to_str().expect("text")]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("quantity: is no parameter") || said(&refused).contains("do not fit"));
}

#[tokio::test]
async fn a_version_that_never_comes_to_an_end_is_ended_at_the_terminal_too() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    // The same parameters as those of the version that never ends.
    let strategy = trader.strategy("probe", guests::PROBE).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.list_of("/api/orders", 1).await;
    trader.stop(&run).await;
    trader.run_in_state(&run, "stopped").await;
    let file = world.folder().join("rearm.wasm");
    std::fs::write(&file, guests::REARM).expect("a file can be written");
    let endless = replay(&world, &[&run, "--component", file.to_str().expect("text"), "--replay-s-max", "2"]);
    assert_eq!(endless.status.code(), Some(1), "{}", said(&endless));
    assert!(said(&endless).contains("took more than 2 s and was ended"), "{}", said(&endless));
}

/// The scalper with a custom section behind it: other bytes, the same code.
fn other_scalper() -> Vec<u8> {
    let mut bytes = guests::SCALPER.to_vec();
    bytes.extend([0, 6, 5, b'o', b't', b'h', b'e', b'r']);
    bytes
}
