//! Books that are not what they are: behind, with a row missing, without an order that was taken; and late refusals.

use super::desk::{Desk, Trader};
use kite_sim::ClockSetup;
use market::Timestamp;
use serde_json::{Value, json};

const ORDER: [(&str, &str); 7] = [
    ("exchange", "NSE"),
    ("tradingsymbol", "INFY"),
    ("transaction_type", "BUY"),
    ("quantity", "1"),
    ("product", "MIS"),
    ("order_type", "MARKET"),
    ("market_protection", "-1"),
];

/// Time moves on demand alone.
async fn standing_clock() -> Desk {
    let start = Timestamp::parse_ist("2026-11-23 10:00:00").unwrap();
    Desk::with(|config| config.clock = ClockSetup::Virtual { start, speed: 0.0 }).await
}

async fn at(desk: &Desk, time: &str) {
    desk.control("PUT", "/sim/clock", json!({"now": format!("2026-11-23 {time}")})).await;
}

async fn rows(trader: &Trader<'_>, path: &str) -> usize {
    trader.get(path).await.data().as_array().unwrap().len()
}

#[tokio::test]
async fn orders_trades_and_positions_are_answered_as_they_were_a_moment_ago() {
    let desk = standing_clock().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    one.place(&ORDER).await;
    let stale = json!({"userId": "UK9394", "lagMs": 5_000});
    let listed = desk.control("POST", "/sim/books/stale", stale).await;
    assert_eq!(
        listed,
        json!([{"userId": "UK9394", "lists": ["orders", "trades", "positions"], "lagMs": 5_000}])
    );
    at(&desk, "10:00:02").await;
    one.place(&ORDER).await;
    other.place(&ORDER).await;
    for path in ["/orders", "/trades"] {
        assert_eq!((rows(&one, path).await, rows(&other, path).await), (1, 1), "{path}");
    }
    let quantity = async |trader: &Trader<'_>| {
        trader.get("/portfolio/positions").await.data()["net"][0]["quantity"].clone()
    };
    assert_eq!(quantity(&one).await, 1);
    at(&desk, "10:00:06").await;
    assert_eq!((rows(&one, "/orders").await, quantity(&one).await), (1, json!(1)));
    at(&desk, "10:00:07").await;
    assert_eq!((rows(&one, "/orders").await, quantity(&one).await), (2, json!(2)));
    // The order itself, its history and the margins are what they are.
    let newest = one.place(&ORDER).await;
    assert_eq!(one.get(&format!("/orders/{newest}")).await.status, 200);
}

#[tokio::test]
async fn a_book_stands_still_until_it_is_released() {
    let desk = standing_clock().await;
    let trader = desk.sign_in("uk9394").await;
    let stale = json!({"userId": "UK9394", "lists": ["orders"]});
    desk.control("POST", "/sim/books/stale", stale).await;
    trader.place(&ORDER).await;
    at(&desk, "10:05:00").await;
    assert_eq!((rows(&trader, "/orders").await, rows(&trader, "/trades").await), (0, 1));
    let released = desk.control("POST", "/sim/books/release", json!({"userId": "UK9394"})).await;
    assert_eq!(released, json!({"released": 1}));
    assert_eq!(rows(&trader, "/orders").await, 1);
    assert_eq!(desk.control("GET", "/sim/books", json!(null)).await, json!([]));
}

#[tokio::test]
async fn an_order_that_was_taken_is_not_in_the_book_for_a_time() {
    let desk = standing_clock().await;
    let trader = desk.sign_in("uk9394").await;
    let seen = trader.place(&ORDER).await;
    desk.control("POST", "/sim/faults", json!({"kind": "hideOrder", "delayMs": 3_000})).await;
    let hidden = trader.place(&ORDER).await;
    let ids = async || {
        let orders = trader.get("/orders").await.data();
        let id = |order: &Value| order["order_id"].as_str().unwrap().to_owned();
        orders.as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, std::slice::from_ref(&seen));
    assert_eq!(rows(&trader, "/trades").await, 1);
    for path in [format!("/orders/{hidden}"), format!("/orders/{hidden}/trades")] {
        assert_eq!(trader.get(&path).await.refusal(), (404, "GeneralException"), "{path}");
    }
    at(&desk, "10:00:03").await;
    assert_eq!(ids().await, [seen, hidden.clone()]);
    assert_eq!(trader.get(&format!("/orders/{hidden}")).await.status, 200);
}

#[tokio::test]
async fn a_list_comes_with_one_row_missing() {
    let desk = standing_clock().await;
    let trader = desk.sign_in("uk9394").await;
    let placed = [trader.place(&ORDER).await, trader.place(&ORDER).await, trader.place(&ORDER).await];
    for (fault, left) in [
        (json!({"kind": "partialBook", "path": "/orders"}), [0, 1]),
        (json!({"kind": "partialBook", "path": "/orders", "row": 0}), [1, 2]),
    ] {
        desk.control("POST", "/sim/faults", fault).await;
        let orders = trader.get("/orders").await.data();
        let found: Vec<_> =
            orders.as_array().unwrap().iter().map(|order| order["order_id"].clone()).collect();
        assert_eq!(found, left.map(|index| json!(placed[index])));
    }
    assert_eq!(rows(&trader, "/orders").await, 3);
    let positions = json!({"kind": "partialBook", "path": "/portfolio/positions"});
    desk.control("POST", "/sim/faults", positions).await;
    assert_eq!(trader.get("/portfolio/positions").await.data(), json!({"net": [], "day": []}));
}

#[tokio::test]
async fn an_order_is_rejected_after_it_was_taken_and_the_next_one_is_not() {
    let desk = standing_clock().await;
    let trader = desk.sign_in("uk9394").await;
    let late = json!({"kind": "lateReject", "delayMs": 2_500, "message": "No such price."});
    desk.control("POST", "/sim/faults", late).await;
    let wrong = trader.send("POST", "/orders/regular", &ORDER[..6]).await;
    assert_eq!(wrong.refusal(), (400, "InputException"));
    let fine = trader.place(&ORDER).await;
    assert_eq!(trader.order_reading(&fine, "COMPLETE").await["filled_quantity"], 1);
    desk.control("POST", "/sim/faults", json!({"kind": "lateReject", "delayMs": 2_500})).await;
    let doomed = trader.place(&ORDER).await;
    for (time, status) in [("10:00:02", "VALIDATION PENDING"), ("10:00:03", "REJECTED")] {
        at(&desk, time).await;
        let order = trader.order_reading(&doomed, status).await;
        assert_eq!(order["filled_quantity"], 0, "{time}");
    }
    let order = trader.order_reading(&doomed, "REJECTED").await;
    assert_eq!(order["status_message"], "The order was rejected by the exchange.");
    let history = trader.get(&format!("/orders/{doomed}")).await.data();
    let statuses: Vec<_> = history.as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "REJECTED"]);
}

#[tokio::test]
async fn forgetting_the_faults_lifts_everything_from_the_books() {
    let desk = standing_clock().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("POST", "/sim/books/stale", json!({"userId": "UK9394"})).await;
    desk.control("POST", "/sim/faults", json!({"kind": "hideOrder", "delayMs": 60_000})).await;
    trader.place(&ORDER).await;
    assert_eq!(rows(&trader, "/orders").await, 0);
    desk.control("DELETE", "/sim/faults", json!(null)).await;
    assert_eq!(rows(&trader, "/orders").await, 1);
}
