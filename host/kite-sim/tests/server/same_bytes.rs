//! One seed, one start of the clock and one sequence of commands give the same bytes, however the machine is loaded.

use super::desk::{Desk, Socket, Trader, say};
use futures_util::StreamExt;
use kite_sim::ClockSetup;
use market::Timestamp;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const TOKENS: [u32; 3] = [408_065, 256_265, 2_953_217];

/// Everything that one simulator said, in its order.
struct Story<'a> {
    desk: &'a Desk,
    said: Vec<String>,
    socket: Option<Socket>,
    barrier: u32,
}

async fn standing_clock() -> Desk {
    let start = Timestamp::parse_ist("2026-11-23 10:00:00").unwrap();
    Desk::with(|config| config.clock = ClockSetup::Virtual { start, speed: 0.0 }).await
}

impl Story<'_> {
    async fn note(&mut self, call: reqwest::RequestBuilder) -> Value {
        let line = match call.send().await {
            Err(_) => "no answer".to_owned(),
            Ok(answer) => {
                let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
                let bytes = answer.bytes().await.unwrap_or_default();
                format!("{status} {kind:?} {}", String::from_utf8_lossy(&bytes))
            }
        };
        let body = line.find(['{', '[']).and_then(|at| serde_json::from_str(&line[at..]).ok());
        self.said.push(line);
        self.frames().await;
        body.unwrap_or_default()
    }

    /// Takes down every frame up to the answer to a message that makes no sense.
    async fn frames(&mut self) {
        let Some(socket) = &mut self.socket else { return };
        self.barrier += 1;
        let mark = format!("barrier {}", self.barrier);
        say(socket, json!({"a": mark})).await;
        loop {
            match socket.next().await.unwrap().unwrap() {
                Message::Text(text) if text.contains("\"type\":\"error\"") => return,
                Message::Binary(bytes) if bytes.len() == 1 => {}
                frame => self.said.push(format!("{frame:?}")),
            }
        }
    }

    async fn control(&mut self, method: &str, path: &str, body: Value) -> Value {
        let call = self.desk.http.request(method.parse().unwrap(), format!("{}{path}", self.desk.base));
        self.note(call.json(&body)).await
    }

    async fn call(&mut self, trader: &Trader<'_>, method: &str, path: &str, form: &[(&str, &str)]) -> Value {
        self.note(trader.request(method, path).form(form)).await
    }

    async fn order(&mut self, trader: &Trader<'_>, symbol: &str, side: &str, price: Option<&str>) -> String {
        let kind = if price.is_some() { "LIMIT" } else { "MARKET" };
        let form = [
            ("exchange", "NSE"),
            ("tradingsymbol", symbol),
            ("transaction_type", side),
            ("quantity", "7"),
            ("product", "MIS"),
            ("order_type", kind),
            ("price", price.unwrap_or("0")),
            ("market_protection", "-1"),
            ("tag", "same"),
        ];
        let answer = self.call(trader, "POST", "/orders/regular", &form).await;
        answer["data"]["order_id"].as_str().unwrap_or_default().to_owned()
    }
}

/// A long day of one trader and another, with the clock moved in pieces of so many seconds.
async fn story(desk: &Desk, piece_seconds: i64) -> (Vec<String>, Vec<String>) {
    let mut story = Story { desk, said: Vec::new(), socket: None, barrier: 0 };
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    story.said.extend([one.access_token.clone(), other.access_token.clone()]);
    let mut socket = one.ticker().await.unwrap();
    say(&mut socket, json!({"a": "mode", "v": ["full", TOKENS]})).await;
    story.socket = Some(socket);
    story.frames().await;
    let mut now = Timestamp::parse_ist("2026-11-23 10:00:00").unwrap();
    for round in 0..6 {
        round_of_orders(&mut story, &one, &other, round).await;
        for _ in 0..60 / piece_seconds {
            now = now.plus_seconds(piece_seconds);
            story.control("PUT", "/sim/clock", json!({"now": now.ist_text()})).await;
        }
    }
    let all = story.said.len();
    for trader in [&one, &other] {
        let paths =
            ["/orders", "/trades", "/gtt/triggers", "/alerts", "/user/margins", "/portfolio/positions"];
        for path in paths {
            story.call(trader, "GET", path, &[]).await;
        }
        let orders = trader.get("/orders").await.data();
        for order in orders.as_array().unwrap() {
            let path = format!("/orders/{}", order["order_id"].as_str().unwrap());
            story.call(trader, "GET", &path, &[]).await;
        }
    }
    let books = story.said.split_off(all).into_iter().filter(|line| !line.starts_with("Binary")).collect();
    (story.said, books)
}

async fn round_of_orders(story: &mut Story<'_>, one: &Trader<'_>, other: &Trader<'_>, round: i64) {
    let quote = story.call(one, "GET", "/quote?i=NSE:INFY&i=NSE:TCS&i=NSE:NIFTY+50", &[]).await;
    let last = quote["data"]["NSE:INFY"]["last_price"].as_f64().unwrap();
    let on_tick = |factor: f64| format!("{:.1}", last * factor);
    story.order(one, "INFY", "BUY", None).await;
    let resting = story.order(one, "INFY", "BUY", Some(&on_tick(0.999))).await;
    story.order(other, "TCS", "SELL", None).await;
    story.order(other, "INFY", "SELL", Some(&on_tick(1.001))).await;
    story.order(other, "NOSUCH", "SELL", None).await;
    let path = format!("/orders/regular/{resting}");
    story.call(one, "PUT", &path, &[("quantity", "9"), ("order_type", "LIMIT")]).await;
    if round % 2 == 0 {
        story.call(one, "DELETE", &path, &[]).await;
    }
    let condition = json!({"exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [on_tick(1.004).parse::<f64>().unwrap()],
        "last_price": last}).to_string();
    let orders =
        json!([{"exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "BUY", "quantity": 1,
        "order_type": "LIMIT", "product": "CNC", "price": on_tick(1.01).parse::<f64>().unwrap()}])
        .to_string();
    story
        .call(
            one,
            "POST",
            "/gtt/triggers",
            &[("type", "single"), ("condition", &condition), ("orders", &orders)],
        )
        .await;
    let level = on_tick(1.0005);
    let alert = [
        ("name", "up"),
        ("type", "simple"),
        ("lhs_exchange", "NSE"),
        ("lhs_tradingsymbol", "INFY"),
        ("lhs_attribute", "LastTradedPrice"),
        ("operator", ">="),
        ("rhs_type", "constant"),
        ("rhs_constant", level.as_str()),
    ];
    let made = story.call(one, "POST", "/alerts", &alert).await;
    let uuid = made["data"]["uuid"].as_str().unwrap().to_owned();
    story.call(one, "GET", &format!("/alerts/{uuid}/history"), &[]).await;
    for kind in ["errorAfter", "errorBefore", "dropAnswer", "truncated", "hideOrder", "lateReject"] {
        let fault = json!({"kind": kind, "method": "POST", "path": "/orders", "delayMs": 20_000});
        story.control("POST", "/sim/faults", fault).await;
        story.order(one, "ITC", "BUY", None).await;
    }
    let updates = json!({"dropPercent": 20, "duplicatePercent": 20, "delayPercent": 20, "seed": round});
    story.control("POST", "/sim/ticker/order-updates", updates).await;
    story
        .control(
            "POST",
            "/sim/price",
            json!({"symbol": "NSE:INFY", "price": on_tick(1.002).parse::<f64>().unwrap()}),
        )
        .await;
    story.control("POST", "/sim/request-token", json!({"apiKey": "demo-uk9394"})).await;
    story.call(other, "GET", "/portfolio/positions", &[]).await;
}

#[tokio::test]
async fn two_fresh_simulators_answer_and_tick_the_same_bytes_to_the_same_commands() {
    let (first, second) = (standing_clock().await, standing_clock().await);
    let ((said, books), (said_again, books_again)) = tokio::join!(story(&first, 20), story(&second, 20));
    let frames = said.iter().filter(|line| line.starts_with("Binary")).count();
    let updates = said.iter().filter(|line| line.starts_with("Text")).count();
    assert!(said.len() > 250 && frames > 20 && updates > 20, "{} {frames} {updates}", said.len());
    for (place, (one, other)) in said.iter().zip(&said_again).enumerate() {
        assert_eq!(one, other, "at {place}");
    }
    assert_eq!((said.len(), books), (said_again.len(), books_again));
    let filled = said.iter().filter(|line| line.contains("COMPLETE")).count();
    assert!(filled > 5, "a story in which little happened: {filled}");
}

#[tokio::test]
async fn cutting_the_steps_of_the_clock_differently_gives_the_same_books() {
    let desks = [standing_clock().await, standing_clock().await, standing_clock().await];
    let (whole, pieces, seconds) =
        tokio::join!(story(&desks[0], 60), story(&desks[1], 12), story(&desks[2], 3));
    assert!(whole.1.len() > 60, "{}", whole.1.len());
    assert_eq!(whole.1, pieces.1);
    assert_eq!(whole.1, seconds.1);
}

#[tokio::test]
async fn another_seed_gives_other_tokens_and_other_prices() {
    let start = Timestamp::parse_ist("2026-11-23 10:00:00").unwrap();
    let mut found = Vec::new();
    for seed in [1, 1, 2] {
        let desk = Desk::with(|config| {
            config.clock = ClockSetup::Virtual { start, speed: 0.0 };
            config.seed = seed;
        })
        .await;
        let trader = desk.sign_in("uk9394").await;
        found.push((trader.access_token.clone(), trader.get("/quote?i=NSE:INFY").await.data()));
    }
    assert_eq!(found[0], found[1]);
    assert!(found[0].0 != found[2].0 && found[0].1 != found[2].1);
}
