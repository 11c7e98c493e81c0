//! Each limit of the wire, at work.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop, in its server as well")]

#[allow(dead_code, reason = "the wire tests use more of it")]
#[path = "wire/server.rs"]
mod server;

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use kite::{
    Connection, ConnectionLimits, Egress, Endpoints, Error, Mode, Outcome, PlaceParams, RateLimits, Secret,
    Session, Ticker, TickerEvent, TickerLimits,
};
use market::{OrderRequest, Side, Symbol};
use server::{Nobody, Reply, Server};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

fn session_at(url: Url, limits: ConnectionLimits) -> Session {
    Connection::with_limits(Endpoints::at(url), Egress::Direct, limits)
        .unwrap()
        .session("key", Secret::new("t0ken"))
}

fn ticker(url: Url, limits: TickerLimits) -> (Ticker, mpsc::Receiver<TickerEvent>) {
    Ticker::connect_with(&Endpoints::at(url), &Egress::Direct, "key", Secret::new("t0ken"), limits)
}

fn url(address: SocketAddr) -> Url {
    format!("http://{address}").parse().unwrap()
}

/// An address that takes no more connections and refuses none: its queue is full. The streams keep it so.
async fn crowded() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(SHORT, TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    (address, listener, waiting)
}

/// A feed that does with each connection what `serve` says, given the socket.
async fn feed<F>(serve: impl Fn(axum::extract::ws::WebSocket) -> F + Clone + Send + Sync + 'static) -> Url
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(move |upgrade: WebSocketUpgrade| {
        let serve = serve.clone();
        async move { upgrade.on_upgrade(serve) }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    url(address)
}

async fn lost(events: &mut mpsc::Receiver<TickerEvent>) -> String {
    loop {
        match timeout(PATIENCE, events.recv()).await.expect("an event in time").unwrap() {
            TickerEvent::Lost { reason } => return reason,
            TickerEvent::Connected | TickerEvent::Message(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_is_a_definite_no() {
    let (address, _listener, _waiting) = crowded().await;
    let limits = ConnectionLimits { connect_timeout: SHORT, ..ConnectionLimits::default() };
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 10);
    let begun = Instant::now();
    let error = session_at(url(address), limits).place(&PlaceParams { request, tag: "BH7Q2".into() }).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::DefiniteNo);
    assert!(begun.elapsed() < limits.request_timeout);
}

#[tokio::test]
async fn each_kind_of_answer_has_its_own_bound() {
    let limits = ConnectionLimits {
        body_bytes: 1_000,
        bulk_body_bytes: 2_000,
        instruments_body_bytes: 3_000,
        ..ConnectionLimits::default()
    };
    let too_long = |error: Error, bytes: usize| {
        assert!(error.to_string().contains(&format!("longer than {bytes} bytes")), "{error}");
    };
    for (length, small, bulk) in [(900, true, true), (1_500, false, true), (2_500, false, false)] {
        let body = Reply::data(&format!(r#"[]{}"#, " ".repeat(length)));
        let session = session_at(Server::answering(body).await.url(), limits);
        match session.holdings().await {
            Ok(_) => assert!(small),
            Err(error) => too_long(error, 1_000),
        }
        match session.orders().await {
            Ok(_) => assert!(bulk),
            Err(error) => too_long(error, 2_000),
        }
    }
    let list = Reply::typed(200, "text/csv", &"x".repeat(3_001));
    let session = session_at(Server::answering(list).await.url(), limits);
    too_long(session.instruments(None).await.unwrap_err(), 3_000);
}

#[tokio::test]
async fn long_wishes_for_quotes_are_split_as_the_broker_wants_it() {
    let rates = RateLimits { quotes_per_second: 100, ..RateLimits::default() };
    let server = Server::answering(Reply::data("{}")).await;
    let session = session_at(server.url(), ConnectionLimits { rates, ..ConnectionLimits::default() });
    let symbols: Vec<Symbol> = (0..1_001).map(|n| format!("NSE:S{n}").parse().unwrap()).collect();
    session.quote(&symbols).await.unwrap();
    session.ohlc(&symbols).await.unwrap();
    session.ltp(&symbols[..1_000]).await.unwrap();
    let asked = server.requests();
    let counts: Vec<_> = asked.iter().map(|request| request.path.matches("i=").count()).collect();
    assert_eq!(counts, [500, 500, 1, 1_000, 1, 1_000]);
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_given_up_before_the_whole_attempt_is() {
    let (address, _listener, _waiting) = crowded().await;
    let limits = TickerLimits { address_timeout: SHORT, ..TickerLimits::default() };
    let begun = Instant::now();
    let (_ticker, mut events) = ticker(url(address), limits);
    assert_eq!(lost(&mut events).await, "an address of the broker does not answer");
    assert!(begun.elapsed() < limits.connect_timeout / 2);
}

#[tokio::test]
async fn an_upgrade_that_is_never_answered_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let limits = TickerLimits { connect_timeout: SHORT, ..TickerLimits::default() };
    let (_ticker, mut events) = ticker(url(listener.local_addr().unwrap()), limits);
    assert_eq!(lost(&mut events).await, "no connection in time");
}

#[tokio::test]
async fn a_broker_that_does_not_read_is_left() {
    let url = feed(|socket| async move {
        tokio::time::sleep(PATIENCE).await;
        drop(socket);
    });
    let limits = TickerLimits {
        instruments: usize::MAX,
        send_timeout: SHORT,
        silence: PATIENCE,
        ..TickerLimits::default()
    };
    let (ticker, mut events) = ticker(url.await, limits);
    // Ten megabytes of wishes: more than any socket keeps.
    let left_out = ticker.want(&(1_000_000..2_000_000).collect(), Mode::Full);
    assert!(left_out.is_empty());
    assert_eq!(lost(&mut events).await, "the broker does not read");
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_the_line() {
    let url = feed(|mut socket| async move {
        socket.send(Message::Binary(vec![0; 2_000].into())).await.ok();
        tokio::time::sleep(PATIENCE).await;
    });
    let limits = TickerLimits { message_bytes: 1_000, ..TickerLimits::default() };
    let (_ticker, mut events) = ticker(url.await, limits);
    let reason = lost(&mut events).await;
    assert!(reason.to_lowercase().contains("long") || reason.contains("2000"), "{reason}");
}

#[tokio::test]
async fn attempts_never_lie_further_apart_than_the_longest_wait() {
    let closed = Nobody::at_home();
    let wait = Duration::from_millis(20);
    let limits = TickerLimits { first_backoff: wait / 4, longest_backoff: wait, ..TickerLimits::default() };
    let (_ticker, mut events) = ticker(url(closed.address), limits);
    let begun = Instant::now();
    for _ in 0..40 {
        lost(&mut events).await;
    }
    assert!(begun.elapsed() > wait / 2 * 30, "{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn events_wait_in_a_bounded_channel() {
    let url = feed(|mut socket| async move {
        for _ in 0..100 {
            socket.send(Message::Text(r#"{"type":"message","data":"x"}"#.into())).await.ok();
        }
        tokio::time::sleep(PATIENCE).await;
    });
    let (_ticker, mut events) = ticker(url.await, TickerLimits { events: 3, ..TickerLimits::default() });
    while events.len() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(SHORT).await;
    assert_eq!((events.len(), events.max_capacity()), (3, 3));
    // Nothing of what waited outside is lost.
    assert_eq!(timeout(PATIENCE, events.recv()).await.unwrap(), Some(TickerEvent::Connected));
    for _ in 0..100 {
        assert_eq!(timeout(PATIENCE, events.recv()).await.unwrap(), Some(TickerEvent::Message("x".into())));
    }
}
