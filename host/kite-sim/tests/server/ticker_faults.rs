//! Faults of the ticker while its line stays up, and of postbacks.

use super::desk::{Desk, PATIENCE, Socket, Trader, next, say};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const INFY: u32 = 408_065;

fn is_ticks(frame: &Message) -> bool {
    matches!(frame, Message::Binary(bytes) if bytes.len() > 1)
}

fn is_heartbeat(frame: &Message) -> bool {
    matches!(frame, Message::Binary(bytes) if bytes.len() == 1)
}

/// Everything that comes within a time.
async fn heard(socket: &mut Socket, span: Duration) -> Vec<Message> {
    let deadline = tokio::time::Instant::now() + span;
    let mut frames = Vec::new();
    while let Ok(frame) = tokio::time::timeout_at(deadline, socket.next()).await {
        frames.push(frame.expect("the line went down").unwrap());
    }
    frames
}

async fn subscribed(trader: &Trader<'_>) -> Socket {
    let mut socket = trader.ticker().await.unwrap();
    say(&mut socket, json!({"a": "mode", "v": ["full", [INFY]]})).await;
    next(&mut socket, is_ticks).await;
    socket
}

#[tokio::test]
async fn ticks_can_be_missing_while_heartbeats_and_order_updates_go_on() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = subscribed(&trader).await;
    let gap = json!({"apiKey": "demo-uk9394", "ms": 6_000});
    assert_eq!(desk.control("POST", "/sim/ticker/gap", gap).await["connections"], 1);
    heard(&mut socket, Duration::from_millis(200)).await;
    let form = [
        ("exchange", "NSE"),
        ("tradingsymbol", "TCS"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "MIS"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    trader.place(&form).await;
    let frames = heard(&mut socket, Duration::from_millis(2_500)).await;
    assert!(!frames.iter().any(is_ticks), "{frames:?}");
    assert!(frames.iter().filter(|frame| is_heartbeat(frame)).count() >= 2, "{frames:?}");
    assert!(frames.iter().any(Message::is_text), "{frames:?}");
    next(&mut socket, is_ticks).await;
}

#[tokio::test]
async fn heartbeats_can_be_missing_while_the_line_is_up() {
    let desk = Desk::open().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    let (mut mute, mut fine) = (one.ticker().await.unwrap(), other.ticker().await.unwrap());
    desk.control("POST", "/sim/ticker/mute", json!({"apiKey": "demo-uk9394", "ms": 5_000})).await;
    let (frames, others) = tokio::join!(
        heard(&mut mute, Duration::from_millis(2_500)),
        heard(&mut fine, Duration::from_millis(2_500))
    );
    assert!(frames.len() <= 1 && others.len() >= 2, "{frames:?} {others:?}");
    say(&mut mute, json!({"a": "subscribe", "v": [INFY]})).await;
    next(&mut mute, is_ticks).await;
    say(&mut mute, json!({"a": "unsubscribe", "v": [INFY]})).await;
    next(&mut mute, is_heartbeat).await;
}

#[tokio::test]
async fn malformed_frames_come_in_every_kind_and_the_line_stays_up() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    let count_and_length = |bytes: &[u8]| {
        let short = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        (short(0), short(2), bytes.len() - 4)
    };
    for (kind, expected) in
        [("short", (1, 184, 44)), ("badCount", (5, 44, 44)), ("unknownLength", (1, 43, 43))]
    {
        let wish = json!({"apiKey": "demo-uk9394", "kind": kind, "times": 2});
        assert_eq!(desk.control("POST", "/sim/ticker/malformed", wish).await["connections"], 1);
        for _ in 0..2 {
            let frame = next(&mut socket, is_ticks).await.into_data();
            assert_eq!(count_and_length(&frame), expected, "{kind}");
        }
    }
    desk.control("POST", "/sim/ticker/malformed", json!({"kind": "empty"})).await;
    next(&mut socket, |frame| matches!(frame, Message::Binary(bytes) if bytes.is_empty())).await;
    desk.control("POST", "/sim/ticker/malformed", json!({"kind": "notJson"})).await;
    let text = next(&mut socket, Message::is_text).await;
    assert!(serde_json::from_str::<Value>(text.to_text().unwrap()).is_err());
    say(&mut socket, json!({"a": "subscribe", "v": [INFY]})).await;
    next(&mut socket, is_ticks).await;
}

/// Orders that stand, one after the other.
async fn resting(trader: &Trader<'_>, count: usize) {
    let quote = trader.get("/quote?i=NSE:INFY").await.data()["NSE:INFY"].clone();
    let price = quote["lower_circuit_limit"].to_string();
    let form = [
        ("exchange", "NSE"),
        ("tradingsymbol", "INFY"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "MIS"),
        ("order_type", "LIMIT"),
        ("price", price.as_str()),
    ];
    for _ in 0..count {
        trader.place(&form).await;
    }
}

async fn order_ids(socket: &mut Socket) -> Vec<String> {
    let frames = heard(socket, Duration::from_millis(700)).await;
    let texts = frames.iter().filter(|frame| frame.is_text());
    let update = |frame: &Message| serde_json::from_str::<Value>(frame.to_text().unwrap()).unwrap();
    texts.map(|frame| update(frame)["data"]["order_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn order_updates_are_lost_doubled_and_reordered_by_seeded_chance() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let desk = Desk::open().await;
        let trader = desk.sign_in("uk9394").await;
        let mut socket = trader.ticker().await.unwrap();
        let fault = json!({"dropPercent": 25, "duplicatePercent": 25, "delayPercent": 25, "seed": seed});
        desk.control("POST", "/sim/ticker/order-updates", fault).await;
        resting(&trader, 40).await;
        let book = trader.get("/orders").await.data();
        let place =
            |id: &String| book.as_array().unwrap().iter().position(|row| row["order_id"] == id.as_str());
        let heard = order_ids(&mut socket).await;
        runs.push(heard.iter().map(|id| place(id).unwrap()).collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let found = &runs[0];
    let lost = (0..40).filter(|place| !found.contains(place)).count();
    let doubled = found.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let reordered = found.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!(lost > 2 && doubled > 2 && reordered > 2, "{lost} {doubled} {reordered}: {found:?}");
}

#[tokio::test]
async fn each_fault_of_order_updates_comes_alone_where_it_is_asked_for_alone() {
    for (fault, expected) in [
        (json!({"drop": 1}), vec![1, 2]),
        (json!({"duplicate": 1}), vec![0, 0, 1, 2]),
        (json!({"delay": 1}), vec![1, 0, 2]),
    ] {
        let desk = Desk::open().await;
        let trader = desk.sign_in("uk9394").await;
        let mut socket = trader.ticker().await.unwrap();
        desk.control("POST", "/sim/ticker/order-updates", fault.clone()).await;
        resting(&trader, 3).await;
        let book = trader.get("/orders").await.data();
        let place =
            |id: &String| book.as_array().unwrap().iter().position(|row| row["order_id"] == id.as_str());
        let found: Vec<_> = order_ids(&mut socket).await.iter().map(|id| place(id).unwrap()).collect();
        assert_eq!(found, expected, "{fault}");
    }
}

/// What an app's server hears, in its order.
async fn posts(listener: &TcpListener, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    while found.len() < count {
        let (mut line, _) =
            tokio::time::timeout(PATIENCE, listener.accept()).await.expect("no postback").unwrap();
        let mut text = String::new();
        while serde_json::from_str::<Value>(text.split_once("\r\n\r\n").unwrap_or_default().1).is_err() {
            let mut part = [0; 4_096];
            let read = line.read(&mut part).await.unwrap();
            text.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
        line.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        found.push(serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap());
    }
    found
}

#[tokio::test]
async fn postbacks_are_lost_doubled_and_reordered_on_demand() {
    for (fault, expected) in [
        (json!({"drop": 1}), vec![1, 2]),
        (json!({"duplicate": 1}), vec![0, 0, 1, 2]),
        (json!({"delay": 1, "apiKey": "demo-uk9394"}), vec![1, 0, 2]),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap()).parse().unwrap();
        let desk = Desk::with(|config| config.accounts[0].postback_url = Some(url)).await;
        let trader = desk.sign_in("uk9394").await;
        let taken = desk.control("POST", "/sim/postbacks", fault.clone()).await;
        assert!(fault.as_object().unwrap().iter().all(|(name, value)| taken[name] == *value), "{taken}");
        resting(&trader, 3).await;
        let book = trader.get("/orders").await.data();
        let ids: Vec<_> = book.as_array().unwrap().iter().map(|row| row["order_id"].clone()).collect();
        for id in &ids {
            trader.send("DELETE", &format!("/orders/regular/{}", id.as_str().unwrap()), &[]).await.data();
        }
        let told = posts(&listener, expected.len()).await;
        let place = |post: &Value| ids.iter().position(|id| *id == post["order_id"]).unwrap();
        assert_eq!(told.iter().map(place).collect::<Vec<_>>(), expected, "{fault}");
        let nothing = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
        assert!(nothing.is_err(), "{fault}: one more came");
        let left = desk.control("GET", "/sim/postbacks", json!(null)).await;
        assert_eq!((&left["drop"], &left["duplicate"], &left["delay"]), (&json!(0), &json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn forgetting_the_faults_gives_the_ticker_back_at_once() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = subscribed(&trader).await;
    desk.control("POST", "/sim/ticker/gap", json!({"ms": 600_000})).await;
    desk.control("POST", "/sim/ticker/order-updates", json!({"dropPercent": 100})).await;
    desk.control("DELETE", "/sim/faults", json!(null)).await;
    let start = Instant::now();
    next(&mut socket, is_ticks).await;
    assert!(start.elapsed() < Duration::from_secs(5));
    resting(&trader, 1).await;
    next(&mut socket, Message::is_text).await;
}
