//! The ticker: packets, heartbeats, order updates, doors.

use super::desk::{Desk, next, say};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Error, Message};

const INFY: u32 = 408_065;
const NIFTY: u32 = 256_265;

fn is_ticks(frame: &Message) -> bool {
    matches!(frame, Message::Binary(bytes) if bytes.len() > 1)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[tokio::test]
async fn trap_13_a_subscription_answers_at_once_with_a_quote_packet() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true})).await;
    desk.control("POST", "/sim/price", json!({"symbol": "NSE:INFY", "price": 1500.0})).await;
    let mut socket = trader.ticker().await.unwrap();
    for (mode, length) in [("quote", 44_usize), ("ltp", 8), ("full", 184)] {
        match mode {
            "quote" => say(&mut socket, json!({"a": "subscribe", "v": [INFY]})).await,
            _ => say(&mut socket, json!({"a": "mode", "v": [mode, [INFY]]})).await,
        }
        let with_length = |frame: &Message| is_ticks(frame) && frame.len() == length + 4;
        let frame = next(&mut socket, with_length).await.into_data();
        assert_eq!(frame[..4], [0, 1, 0, length as u8], "{mode}");
        assert_eq!((word(&frame, 4), word(&frame, 8)), (INFY, 150_000), "{mode}");
    }
}

#[tokio::test]
async fn trap_15_an_index_sends_28_and_32_bytes() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    say(&mut socket, json!({"a": "subscribe", "v": [NIFTY]})).await;
    assert_eq!(next(&mut socket, is_ticks).await.len(), 32);
    say(&mut socket, json!({"a": "mode", "v": ["full", [NIFTY]]})).await;
    next(&mut socket, |frame| is_ticks(frame) && frame.len() == 36).await;
}

#[tokio::test]
async fn prices_move_and_reach_the_listener() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    say(&mut socket, json!({"a": "mode", "v": ["full", [INFY]]})).await;
    let first = next(&mut socket, is_ticks).await;
    let second = next(&mut socket, is_ticks).await;
    assert_ne!(first, second);
    desk.control("POST", "/sim/price", json!({"symbol": "NSE:INFY", "price": 1500.0})).await;
    next(&mut socket, |frame| is_ticks(frame) && word(&frame.clone().into_data(), 8) == 150_000).await;
}

#[tokio::test]
async fn trap_14_an_idle_ticker_sends_one_byte_each_second() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let start = Instant::now();
    let mut socket = trader.ticker().await.unwrap();
    for _ in 0..2 {
        let frame = next(&mut socket, |_| true).await;
        assert!(matches!(&frame, Message::Binary(bytes) if bytes.len() == 1), "{frame:?}");
    }
    let elapsed = start.elapsed();
    // The client's own patience is five seconds of silence.
    assert!((Duration::from_millis(1_500)..2 * Duration::from_secs(5)).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test]
async fn trap_02_order_updates_reach_every_connection_of_the_user_alone_with_empty_text_for_null() {
    let desk = Desk::open().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    let (mut first, mut second) = (one.ticker().await.unwrap(), one.ticker().await.unwrap());
    let mut stranger = other.ticker().await.unwrap();
    let form = [
        ("exchange", "NSE"),
        ("tradingsymbol", "INFY"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "MIS"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let id = one.place(&form).await;
    for socket in [&mut first, &mut second] {
        let done = |frame: &Message| frame.to_text().is_ok_and(|text| text.contains("COMPLETE"));
        let frame = next(socket, done).await;
        let update: Value = serde_json::from_str(frame.to_text().unwrap()).unwrap();
        let data = &update["data"];
        assert_eq!((&update["type"], &data["order_id"]), (&json!("order"), &json!(id)));
        for field in ["status_message", "status_message_raw", "tag", "parent_order_id", "checksum"] {
            assert_eq!(data[field], "", "{field}");
        }
    }
    let frame = next(&mut stranger, |_| true).await;
    assert!(matches!(frame, Message::Binary(_)), "a stranger's order came: {frame:?}");
}

#[tokio::test]
async fn trap_17_a_bad_token_is_a_403_on_the_upgrade_and_a_fourth_connection_a_429() {
    let desk = Desk::open().await;
    let mut trader = desk.sign_in("uk9394").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(trader.ticker().await.unwrap());
    }
    assert_eq!(status(trader.ticker().await), 429);
    drop(held);
    trader.access_token = "wrong".to_owned();
    let Err(Error::Http(response)) = trader.ticker().await else { panic!("the upgrade went through") };
    let body: Value = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
    assert_eq!((response.status().as_u16(), &body["error_type"]), (403, &json!("TokenException")));
    // The official Rust client tells a dead token from other refusals by these very words.
    assert_eq!(body["message"], "Invalid `access_token` or `api_key`.");
}

#[tokio::test]
async fn ticks_keep_flowing_on_a_dead_token_but_a_new_connection_is_refused() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    desk.control("POST", "/sim/expire-token", json!({"apiKey": "demo-uk9394"})).await;
    say(&mut socket, json!({"a": "subscribe", "v": [INFY]})).await;
    next(&mut socket, is_ticks).await;
    assert_eq!(status(trader.ticker().await), 403);
}

#[tokio::test]
async fn nonsense_is_answered_with_a_text_error_and_the_line_stays_up() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    say(&mut socket, json!({"a": "dance"})).await;
    let frame = next(&mut socket, Message::is_text).await;
    let error: Value = serde_json::from_str(frame.to_text().unwrap()).unwrap();
    assert!(error["type"] == "error" && error["data"].is_string(), "{error}");
    say(&mut socket, json!({"a": "subscribe", "v": [INFY]})).await;
    next(&mut socket, is_ticks).await;
}

#[tokio::test]
async fn tickers_can_be_silenced_and_cut_on_demand() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    let silence = json!({"apiKey": "demo-uk9394", "ms": 2_500});
    let start = Instant::now();
    assert_eq!(desk.control("POST", "/sim/ticker/silence", silence).await["connections"], 1);
    // One heartbeat may have been under way when silence fell.
    next(&mut socket, |_| start.elapsed() > Duration::from_millis(1_500)).await;
    assert!(start.elapsed() >= Duration::from_millis(2_400), "{:?}", start.elapsed());
    desk.control("POST", "/sim/ticker/disconnect", json!({})).await;
    use futures_util::StreamExt;
    let ended =
        tokio::time::timeout(super::desk::PATIENCE, async { while let Some(Ok(_)) = socket.next().await {} });
    ended.await.expect("the ticker was not cut");
}

#[tokio::test]
async fn order_updates_are_lost_and_doubled_on_demand_for_one_app_alone() {
    let desk = Desk::open().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true, "matching": true})).await;
    let fault = json!({"apiKey": "demo-uk9394", "drop": 1, "duplicate": 1, "delay": 0});
    assert_eq!(desk.control("POST", "/sim/ticker/order-updates", fault.clone()).await, fault);
    // Nobody hears this one, so it spends nothing.
    resting(&one).await;
    let mut sockets = [one.ticker().await.unwrap(), other.ticker().await.unwrap()];
    let heard_by_other = resting(&other).await;
    let text = next(&mut sockets[1], Message::is_text).await.to_string();
    assert!(text.contains(&heard_by_other) && text.contains("\"OPEN\""), "{text}");
    assert_eq!(desk.control("GET", "/sim/ticker/order-updates", json!(null)).await, fault);
    let id = resting(&one).await;
    one.send("DELETE", &format!("/orders/regular/{id}"), &[]).await.data();
    for _ in 0..2 {
        let text = next(&mut sockets[0], Message::is_text).await.to_string();
        assert!(text.contains(&id) && text.contains("\"CANCELLED\""), "{text}");
    }
    let left = desk.control("GET", "/sim/ticker/order-updates", json!(null)).await;
    assert_eq!((&left["drop"], &left["duplicate"]), (&json!(0), &json!(0)));
}

/// An order that stands; its id.
async fn resting(trader: &super::desk::Trader<'_>) -> String {
    let last = trader.get("/quote/ltp?i=NSE:INFY").await.data()["NSE:INFY"]["last_price"].to_string();
    let form = [
        ("exchange", "NSE"),
        ("tradingsymbol", "INFY"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "MIS"),
        ("order_type", "LIMIT"),
        ("price", last.as_str()),
    ];
    trader.place(&form).await
}

fn status(outcome: Result<super::desk::Socket, Error>) -> u16 {
    match outcome {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the upgrade went through"),
    }
}
