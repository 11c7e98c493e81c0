//! The live feed against a real WebSocket server on loopback.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop, in its server as well")]

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kite::{Egress, Endpoints, Mode, Secret, Ticker, TickerEvent, TickerLimits};
use market::Price;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// A connection as the server sees it.
struct Caller {
    query: String,
    peer: IpAddr,
    socket: WebSocket,
}

struct Feed {
    endpoints: Endpoints,
    callers: mpsc::Receiver<Caller>,
}

async fn feed() -> Feed {
    let (sender, callers) = mpsc::channel(8);
    let router = Router::new().fallback(accept).with_state(sender);
    Feed { endpoints: serve(router).await, callers }
}

async fn serve(router: Router) -> Endpoints {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Endpoints::at(format!("http://{address}").parse().unwrap())
}

async fn accept(
    State(callers): State<mpsc::Sender<Caller>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| async move {
        let caller = Caller { query: query.unwrap_or_default(), peer: peer.ip(), socket };
        callers.send(caller).await.ok();
    })
}

impl Feed {
    fn connect(&self, egress: Egress) -> (Ticker, mpsc::Receiver<TickerEvent>) {
        Ticker::connect(&self.endpoints, &egress, "key", Secret::new("t0ken"))
    }

    async fn caller(&mut self) -> Caller {
        timeout(PATIENCE, self.callers.recv()).await.expect("a connection in time").unwrap()
    }
}

impl Caller {
    async fn told(&mut self) -> String {
        let message =
            timeout(PATIENCE, self.socket.recv()).await.expect("a message in time").unwrap().unwrap();
        message.into_text().unwrap().to_string()
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with what the client's own clock says")]
fn unix_us() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since_epoch.as_micros()).unwrap()
}

async fn next(events: &mut mpsc::Receiver<TickerEvent>) -> Option<TickerEvent> {
    timeout(PATIENCE, events.recv()).await.expect("an event in time")
}

#[tokio::test]
async fn ticks_and_order_updates_arrive() {
    let mut feed = feed().await;
    let (ticker, mut events) = feed.connect(Egress::Direct);
    let mut caller = feed.caller().await;
    assert_eq!(caller.query, "api_key=key&access_token=t0ken");
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));

    assert!(ticker.want(&[408_065].into(), Mode::Ltp).is_empty());
    assert_eq!(caller.told().await, r#"{"a":"subscribe","v":[408065]}"#);
    assert_eq!(caller.told().await, r#"{"a":"mode","v":["ltp",[408065]]}"#);

    let packet = [0, 1, 0, 8, 0, 6, 0x3a, 0x01, 0, 2, 0x27, 0xef];
    for message in [
        Message::Binary(vec![0].into()),
        Message::Binary(packet.to_vec().into()),
        Message::Text("not json".into()),
        Message::Text(
            r#"{"type":"order","data":{"order_id":"7","status":"OPEN","quantity":1,"filled_quantity":0}}"#
                .into(),
        ),
        Message::Text(r#"{"type":"order","data":{"order_id":"8","status":"OPEN","quantity":null}}"#.into()),
        Message::Text(r#"{"type":"error","data":"no such instrument"}"#.into()),
    ] {
        caller.socket.send(message).await.unwrap();
    }
    let Some(TickerEvent::Ticks(ticks)) = next(&mut events).await else { panic!("ticks expected") };
    assert_eq!((ticks[0].token, ticks[0].last_price), (408_065, Price::from_paise(141_295)));
    assert!(matches!(next(&mut events).await, Some(TickerEvent::Order(row)) if row.order_id.as_str() == "7"));
    let Some(TickerEvent::OrderUnreadable(row)) = next(&mut events).await else {
        panic!("an odd order expected")
    };
    assert_eq!(row.order_id.as_deref(), Some("8"));
    assert_eq!(next(&mut events).await, Some(TickerEvent::Message("no such instrument".into())));

    ticker.want(&BTreeSet::new(), Mode::Ltp);
    assert_eq!(caller.told().await, r#"{"a":"unsubscribe","v":[408065]}"#);
}

#[tokio::test]
async fn a_lost_line_is_reported_connected_again_and_told_everything_again() {
    let begun_us = unix_us();
    let mut feed = feed().await;
    let (ticker, mut events) = feed.connect(Egress::Direct);
    ticker.want(&[1, 2].into(), Mode::Full);
    let mut first = feed.caller().await;
    assert_eq!(first.told().await, r#"{"a":"subscribe","v":[1,2]}"#);
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
    drop(first);
    assert!(matches!(next(&mut events).await, Some(TickerEvent::Lost { .. })));

    ticker.want(&[1, 2, 3].into(), Mode::Full);
    let mut second = feed.caller().await;
    assert_eq!(second.told().await, r#"{"a":"subscribe","v":[1,2,3]}"#);
    assert_eq!(second.told().await, r#"{"a":"mode","v":["full",[1,2,3]]}"#);
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
    let Some(TickerEvent::Missed(gap)) = next(&mut events).await else { panic!("a gap expected") };
    assert_eq!(gap.instruments, 3);
    // The first line spoke for the last time after the test began, and the second stands by now.
    assert!(begun_us <= gap.since.micros() && gap.since < gap.until, "{gap:?}");
    assert!(gap.until.micros() <= unix_us());
}

#[tokio::test]
async fn every_line_that_is_lost_is_a_gap_of_its_own() {
    let mut feed = feed().await;
    let (_ticker, mut events) = feed.connect(Egress::Direct);
    let mut until = None;
    for _ in 0..3 {
        let mut caller = feed.caller().await;
        assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
        caller.socket.send(Message::Text(r#"{"type":"message","data":"x"}"#.into())).await.unwrap();
        if let Some(before) = until {
            let Some(TickerEvent::Missed(gap)) = next(&mut events).await else { panic!("a gap expected") };
            assert!(gap.since >= before && gap.until > gap.since, "{gap:?}");
            until = Some(gap.until);
        } else {
            until = Some(market::Timestamp::from_micros(0));
        }
        assert_eq!(next(&mut events).await, Some(TickerEvent::Message("x".into())));
        drop(caller);
        assert!(matches!(next(&mut events).await, Some(TickerEvent::Lost { .. })));
    }
}

#[tokio::test]
async fn a_broker_with_too_many_lines_is_asked_again_until_it_has_room() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = asked.clone();
    let router = Router::new().fallback(move |upgrade: WebSocketUpgrade| {
        let first = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move {
            if first {
                return StatusCode::TOO_MANY_REQUESTS.into_response();
            }
            upgrade.on_upgrade(|socket| async move {
                tokio::time::sleep(PATIENCE).await;
                drop(socket);
            })
        }
    });
    let endpoints = serve(router).await;
    let (_ticker, mut events) = Ticker::connect(&endpoints, &Egress::Direct, "key", Secret::new("t0ken"));
    assert_eq!(next(&mut events).await, Some(TickerEvent::Lost { reason: "HTTP 429 at the upgrade".into() }));
    // No line ever stood, so nothing was missed.
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_feed_that_wants_to_know_the_user_is_told() {
    let mut feed = feed().await;
    feed.endpoints = feed.endpoints.clone().with_ticker_user("UK9394");
    let (_ticker, mut events) = feed.connect(Egress::Direct);
    assert_eq!(feed.caller().await.query, "user_id=UK9394&api_key=key&access_token=t0ken");
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
}

#[tokio::test]
async fn a_crowded_line_gives_up_before_it_asks_and_says_what_does_not_fit() {
    let mut feed = feed().await;
    let limits = TickerLimits { instruments: 3, ..TickerLimits::default() };
    let token = Secret::new("t0ken");
    let (ticker, mut events) = Ticker::connect_with(&feed.endpoints, &Egress::Direct, "key", token, limits);
    let mut caller = feed.caller().await;
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
    assert_eq!(ticker.want(&[5, 6, 7, 8].into(), Mode::Full), [8]);
    assert_eq!(caller.told().await, r#"{"a":"subscribe","v":[5,6,7]}"#);
    assert_eq!(caller.told().await, r#"{"a":"mode","v":["full",[5,6,7]]}"#);
    // The new ones stand first in the list, and yet 6 and 7 keep their places and 5 frees one.
    assert_eq!(ticker.want(&[1, 2, 6, 7].into(), Mode::Full), [2]);
    assert_eq!(caller.told().await, r#"{"a":"unsubscribe","v":[5]}"#);
    assert_eq!(caller.told().await, r#"{"a":"subscribe","v":[1]}"#);
    assert_eq!(caller.told().await, r#"{"a":"mode","v":["full",[1]]}"#);
    assert!(ticker.want(&[2, 6, 7].into(), Mode::Full).is_empty());
    assert_eq!(caller.told().await, r#"{"a":"unsubscribe","v":[1]}"#);
    assert_eq!(caller.told().await, r#"{"a":"subscribe","v":[2]}"#);
}

#[tokio::test]
async fn a_silent_line_counts_as_lost() {
    let mut feed = feed().await;
    let (_ticker, mut events) = feed.connect(Egress::Direct);
    let _silent = feed.caller().await;
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
    let begun = Instant::now();
    assert!(matches!(next(&mut events).await, Some(TickerEvent::Lost { reason }) if reason.contains("5 s")));
    assert!(begun.elapsed() > Duration::from_secs(4));
}

#[tokio::test]
async fn a_refused_session_is_final_and_a_crowded_broker_is_not() {
    for (status, is_final) in [(StatusCode::FORBIDDEN, true), (StatusCode::TOO_MANY_REQUESTS, false)] {
        let endpoints = serve(Router::new().fallback(move || async move { status.into_response() })).await;
        let (_ticker, mut events) = Ticker::connect(&endpoints, &Egress::Direct, "key", Secret::new("t0ken"));
        let event = next(&mut events).await.unwrap();
        if is_final {
            assert_eq!(event, TickerEvent::Refused { status: 403 });
            assert_eq!(next(&mut events).await, None);
        } else {
            assert_eq!(event, TickerEvent::Lost { reason: "HTTP 429 at the upgrade".into() });
        }
    }
}

#[tokio::test]
async fn dropping_the_handle_closes_the_line() {
    let mut feed = feed().await;
    let (ticker, mut events) = feed.connect(Egress::Direct);
    let mut caller = feed.caller().await;
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
    drop(ticker);
    let closed = timeout(PATIENCE, caller.socket.recv()).await.unwrap();
    assert!(matches!(closed, None | Some(Ok(Message::Close(_)) | Err(_))), "{closed:?}");
    assert_eq!(next(&mut events).await, None);
}

#[tokio::test]
async fn the_line_leaves_from_the_address_it_is_told_to() {
    let mut feed = feed().await;
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));
    let (_ticker, mut events) = feed.connect(Egress::From(from));
    assert_eq!(feed.caller().await.peer, from);
    assert_eq!(next(&mut events).await, Some(TickerEvent::Connected));
}
