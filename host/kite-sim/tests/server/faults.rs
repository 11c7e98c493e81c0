//! Faults on demand, as a client meets them.

use super::desk::{Desk, Trader};
use serde_json::json;
use std::time::{Duration, Instant};

const ORDER: [(&str, &str); 7] = [
    ("exchange", "NSE"),
    ("tradingsymbol", "INFY"),
    ("transaction_type", "BUY"),
    ("quantity", "1"),
    ("product", "MIS"),
    ("order_type", "MARKET"),
    ("market_protection", "-1"),
];

async fn orders(trader: &Trader<'_>) -> usize {
    trader.get("/orders").await.data().as_array().unwrap().len()
}

async fn fault(desk: &Desk, kind: &str) {
    let fault = json!({"kind": kind, "method": "POST", "path": "/orders", "delayMs": 600});
    desk.control("POST", "/sim/faults", fault).await;
}

#[tokio::test]
async fn a_dropped_answer_closes_the_line_after_the_order_was_taken() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    for (kind, placed) in [("dropRequest", 0), ("dropAnswer", 1)] {
        fault(&desk, kind).await;
        let outcome = trader.request("POST", "/orders/regular").form(&ORDER).send().await;
        assert!(outcome.is_err(), "{kind}: {outcome:?}");
        assert_eq!(orders(&trader).await, placed, "{kind}");
    }
    assert_eq!(trader.send("POST", "/orders/regular", &ORDER).await.status, 200);
}

#[tokio::test]
async fn errors_come_with_and_without_effect() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let cases =
        [("errorBefore", 500, 0), ("tooManyRequests", 429, 0), ("errorAfter", 500, 1), ("html", 502, 2)];
    for (kind, status, placed) in cases {
        fault(&desk, kind).await;
        let answer = trader.send("POST", "/orders/regular", &ORDER).await;
        assert_eq!(answer.status, status, "{kind}");
        assert_eq!(orders(&trader).await, placed, "{kind}");
    }
}

#[tokio::test]
async fn garbage_and_halves_are_not_json() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    for kind in ["garbage", "truncated"] {
        fault(&desk, kind).await;
        let answer = trader.send("POST", "/orders/regular", &ORDER).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
        assert!(answer.body.is_string(), "{kind}: {}", answer.body);
    }
    assert_eq!(orders(&trader).await, 2);
}

#[tokio::test]
async fn a_late_answer_is_late_and_other_apps_are_spared() {
    let desk = Desk::open().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    let late = json!({"kind": "delayAnswer", "apiKey": "demo-uk9394", "delayMs": 600});
    desk.control("POST", "/sim/faults", late).await;
    assert_eq!(other.get("/orders").await.status, 200);
    let waiting = desk.control("GET", "/sim/faults", json!(null)).await;
    assert_eq!(waiting.as_array().unwrap().len(), 1);
    let start = Instant::now();
    assert_eq!(one.get("/orders").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(600));
}

#[tokio::test]
async fn control_calls_that_make_no_sense_are_told_why() {
    let desk = Desk::open().await;
    for (path, body) in [
        ("/sim/faults", json!({"kind": "nonsense"})),
        ("/sim/request-token", json!({"apiKey": "nobody"})),
        ("/sim/price", json!({"symbol": "NSE:NOSUCH", "price": 1.0})),
    ] {
        let call = desk.http.post(format!("{}{path}", desk.base)).json(&body);
        let answer = call.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}");
        let error: serde_json::Value = answer.json().await.unwrap();
        assert!(error["error"].is_string(), "{path}");
    }
    let manual = desk.http.get(format!("{}/sim/", desk.base)).send().await.unwrap().text().await.unwrap();
    assert!(manual.contains("/sim/request-token") && manual.contains("dropAnswer"));
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_address() {
    let desk = Desk::open().await;
    let address = desk.simulator.address();
    let trader = desk.sign_in("uk9394").await;
    let _socket = trader.ticker().await.unwrap();
    desk.simulator.stop().await;
    tokio::net::TcpListener::bind(address).await.expect("the address is still taken");
}
