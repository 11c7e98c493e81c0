//! A simulator that is stopped and started again over the same folder.

use super::desk::Desk;
use kite_sim::{ClockSetup, SimConfig, Simulator, StartError};
use market::Timestamp;
use serde_json::{Value, json};
use std::path::Path;

const ORDER: [(&str, &str); 7] = [
    ("exchange", "NSE"),
    ("tradingsymbol", "INFY"),
    ("transaction_type", "BUY"),
    ("quantity", "5"),
    ("product", "CNC"),
    ("order_type", "MARKET"),
    ("market_protection", "-1"),
];

async fn at(folder: &Path, now: &str) -> Desk {
    let start = Timestamp::parse_ist(now).unwrap();
    Desk::with(|config| {
        config.clock = ClockSetup::Virtual { start, speed: 0.0 };
        config.data_dir = Some(folder.to_owned());
    })
    .await
}

async fn books(desk: &Desk) -> [Value; 5] {
    let trader = desk.sign_in("uk9394").await;
    let mut positions = trader.get("/portfolio/positions").await.data();
    // Values at the last price move with the market.
    for row in positions["net"].as_array_mut().unwrap().iter_mut() {
        for field in ["last_price", "pnl", "m2m", "unrealised"] {
            row[field] = Value::Null;
        }
    }
    let orders = trader.get("/orders").await.data();
    let first = orders[0]["order_id"].as_str().unwrap().to_owned();
    let history = trader.get(&format!("/orders/{first}")).await.data();
    let cash = trader.get("/user/margins/equity").await.data()["available"]["cash"].clone();
    [orders, trader.get("/trades").await.data(), positions["net"].clone(), history, cash]
}

#[tokio::test]
async fn orders_trades_positions_and_cash_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = at(folder.path(), "2026-11-23 10:00:00").await;
    let trader = first.sign_in("uk9394").await;
    for _ in 0..3 {
        trader.place(&ORDER).await;
    }
    let before = books(&first).await;
    first.simulator.stop().await;

    let second = at(folder.path(), "2026-11-23 10:30:00").await;
    assert_eq!(books(&second).await, before);
    let trader = second.sign_in("uk9394").await;
    let new = trader.place(&ORDER).await;
    let trades = trader.get("/trades").await.data();
    let mut ids: Vec<_> =
        trades.as_array().unwrap().iter().map(|trade| trade["trade_id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), trades.as_array().unwrap().len());
    second.simulator.stop().await;

    // On the next morning the shares lie in the depository, and the day's orders are gone.
    let third = at(folder.path(), "2026-11-24 10:00:00").await;
    let trader = third.sign_in("uk9394").await;
    assert!(!trader.get("/orders").await.data().to_string().contains(&new));
    let holdings = trader.get("/portfolio/holdings").await.data();
    let infy = holdings.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "INFY").unwrap();
    assert_eq!((&infy["t1_quantity"], &infy["quantity"]), (&json!(20), &json!(0)));
}

#[tokio::test]
async fn alerts_and_orders_that_are_yet_to_be_rejected_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = at(folder.path(), "2026-11-23 10:00:00").await;
    let trader = first.sign_in("uk9394").await;
    let last = trader.get("/quote/ltp?i=NSE:INFY").await.data()["NSE:INFY"]["last_price"].as_f64().unwrap();
    first.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true})).await;
    let alert = [
        ("name", "kept"),
        ("type", "simple"),
        ("lhs_exchange", "NSE"),
        ("lhs_tradingsymbol", "INFY"),
        ("lhs_attribute", "LastTradedPrice"),
        ("operator", ">"),
        ("rhs_type", "constant"),
        ("rhs_constant", &last.to_string()),
    ];
    let uuid = trader.send("POST", "/alerts", &alert).await.data()["uuid"].as_str().unwrap().to_owned();
    let up = json!({"symbol": "NSE:INFY", "price": (last * 10.0 + 50.0).round() / 10.0});
    first.control("POST", "/sim/price", up).await;
    first.control("POST", "/sim/faults", json!({"kind": "lateReject", "delayMs": 60_000})).await;
    let doomed = trader.place(&ORDER).await;
    let paths = ["/alerts".to_owned(), format!("/alerts/{uuid}/history")];
    let mut before = Vec::new();
    for path in &paths {
        before.push(trader.get(path).await.data());
    }
    assert_eq!((&before[0][0]["alert_count"], before[1].as_array().unwrap().len()), (&json!(1), 1));
    first.simulator.stop().await;

    let second = at(folder.path(), "2026-11-23 10:00:30").await;
    let trader = second.sign_in("uk9394").await;
    trader.order_reading(&doomed, "VALIDATION PENDING").await;
    second.control("PUT", "/sim/clock", json!({"now": "2026-11-23 10:01:00"})).await;
    trader.order_reading(&doomed, "REJECTED").await;
    let history = trader.get(&paths[1]).await.data();
    assert_eq!(history[0], before[1][0]);
    let alert = trader.get(&paths[0]).await.data()[0].clone();
    assert_eq!((&alert["uuid"], &alert["created_at"]), (&json!(uuid), &before[0][0]["created_at"]));
}

#[tokio::test]
async fn a_clock_behind_the_books_begins_where_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let first = at(folder.path(), "2026-11-23 10:00:00").await;
    let trader = first.sign_in("uk9394").await;
    trader.place(&ORDER).await;
    first.simulator.stop().await;
    let second = at(folder.path(), "2026-11-20 10:00:00").await;
    let clock = second.control("GET", "/sim/clock", json!(null)).await;
    assert_eq!(
        (&clock["nowText"], &clock["marketNowText"]),
        (&json!("2026-11-23 10:00:00"), &json!("2026-11-23 10:00:00"))
    );
}

#[tokio::test]
async fn a_journal_of_another_market_or_in_use_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let first = at(folder.path(), "2026-11-23 10:00:00").await;
    let config = || {
        let mut config = SimConfig::demo("127.0.0.1:0".parse().unwrap());
        config.data_dir = Some(folder.path().to_owned());
        config
    };
    let said = Simulator::start(config()).await.unwrap_err();
    assert!(matches!(said, StartError::Journal(_)) && said.to_string().contains("--data-dir"), "{said}");
    first.simulator.stop().await;
    let said = Simulator::start(config()).await.unwrap_err();
    assert!(said.to_string().contains("NSE hours"), "{said}");
}

#[tokio::test]
async fn a_holding_that_is_not_listed_is_named_at_the_start() {
    let mut config = SimConfig::demo("127.0.0.1:0".parse().unwrap());
    config.accounts[0].holdings[0].symbol = "NSE:NOSUCH".parse().unwrap();
    let said = Simulator::start(config).await.unwrap_err();
    assert!(said.to_string().contains("NSE:NOSUCH is held and not listed"), "{said}");
}
