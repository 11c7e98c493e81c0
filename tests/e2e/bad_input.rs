//! Every bad input gets a clear answer, and loses nothing.

use e2e::{Account, Process, World, eventually};
use serde_json::{Value, json};

#[tokio::test]
async fn wrong_parameters_are_named() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("sma", example_strategies::SMA_CROSSOVER).await;
    let start = |params: Value| {
        let body = json!({ "strategyId": strategy, "mode": "live", "params": params });
        let trader = trader.clone();
        async move { trader.post("/api/live-trader/start", body).await }
    };

    let listed = trader.get("/api/strategies").await.expect(200);
    let parameters = listed[0]["manifest"]["parameters"].as_array().unwrap().clone();
    let integer = parameters.iter().find(|p| p["kind"] == "integer").expect("a whole-number parameter");
    let name = integer["name"].as_str().unwrap();

    for params in [json!({ "noSuchParameter": 1 }), json!({ name: -1_000_000 }), json!({ name: "many" })] {
        let named = params.as_object().unwrap().keys().next().unwrap().clone();
        let answer = start(params).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.body["errors"].to_string().contains(&named), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_missing_parameter_is_named() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("many", guests::MANY_PARAMS).await;
    let body = json!({ "strategyId": strategy, "mode": "live", "params": {} });
    let answer = trader.post("/api/live-trader/start", body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let listed = trader.get("/api/strategies").await.expect(200);
    let parameters = listed[0]["manifest"]["parameters"].as_array().unwrap().clone();
    let mut needed = parameters.iter().filter(|parameter| parameter["default"].is_null()).peekable();
    assert!(needed.peek().is_some(), "the guest has no parameter without a default: {listed}");
    for parameter in needed {
        let name = parameter["name"].as_str().unwrap();
        assert!(answer.body["errors"].to_string().contains(name), "{name} is not named in {}", answer.text);
    }
}

#[tokio::test]
async fn starting_and_stopping_twice_is_defined() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("sma", example_strategies::SMA_CROSSOVER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;

    let again = json!({ "strategyId": strategy, "mode": "live", "params": {} });
    let conflict = trader.post("/api/live-trader/start", again).await;
    assert_eq!(conflict.status, 409, "{}", conflict.text);
    assert_eq!(conflict.body["runId"], run.as_str());

    trader.stop(&run).await;
    trader.run_in_state(&run, "stopped").await;
    assert_eq!(trader.stop(&run).await["state"], "stopped");
}

#[tokio::test]
async fn with_the_broker_down_a_run_waits_and_says_so() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("sma", example_strategies::SMA_CROSSOVER).await;
    world.simulator.kill();

    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "waitingForBroker").await;
    let status = trader.get("/api/live-trader/status").await.expect(200);
    assert!(status.to_string().contains("waitingForBroker"), "{status}");
    trader.stop(&run).await;
    trader.run_in_state(&run, "stopped").await;
}

#[tokio::test]
async fn a_run_that_waits_for_the_broker_starts_when_the_broker_answers_again() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("sma", example_strategies::SMA_CROSSOVER).await;
    let fault = json!({ "kind": "dropRequest", "path": "/instruments", "times": 2 });
    world.sim_post("/sim/faults", fault).await;
    world.crash_and_restart_host().await;

    let run = trader.start(&strategy, json!({})).await;
    let waiting = trader.run_in_state(&run, "waitingForBroker").await;
    assert!(waiting["reason"].as_str().is_some_and(|reason| reason.contains("broker")), "{waiting}");
    trader.run_in_state(&run, "running").await;
}

#[tokio::test]
async fn malformed_requests_get_problems_and_never_a_500() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let unknown_field = json!({ "runId": "x", "brokerId": "UK1234" });
    let answers = [
        trader.post("/api/live-trader/stop", unknown_field).await,
        trader.post("/api/live-trader/start", json!([])).await,
        trader.get("/api/logs?date=2026-02-30").await,
        trader.get("/api/logs/..%2f..%2fetc%2fpasswd/download").await,
        trader.get("/api/orders?date=yesterday").await,
        trader.get("/api/pnl?from=2026-01-02&to=2026-01-01").await,
        trader.get("/api/no-such-route").await,
        trader.delete("/api/orders").await,
    ];
    for answer in answers {
        assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
        assert!(answer.is_problem(), "{} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn a_second_host_on_the_same_data_is_refused() {
    let world = World::start().await;
    let data = world.data_dir().display().to_string();
    let key = world.folder().join("host.key").display().to_string();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", &data, "--key-file", &key];
    let mut second = Process::bulkhead("second", world.folder(), &args, &[]);
    eventually("the second host says why it will not start", || async {
        second.output().contains("another").then_some(())
    })
    .await;
    assert!(!second.terminate(std::time::Duration::from_secs(5)).success());
}
