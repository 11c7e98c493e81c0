//! The client against a real server on loopback that misbehaves in every way we know of.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop, in its server as well")]

mod wire {
    pub(crate) mod server;
}

use kite::{
    BrokerOrderId, Connection, ConnectionLimits, Egress, Endpoints, Error, Outcome, PlaceParams, RateLimits,
    Secret, Session,
};
use market::{Change, Interval, OrderKind, OrderRequest, Price, Side, Timestamp, Variety};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use wire::server::{Nobody, Reply, Server};

const TOKEN: &str = "t0ken-of-uk9394";

/// How long an answer that never comes is waited for, in milliseconds: long enough for a busy machine to take the request.
const HASTY_MS: u64 = 1_500;

/// Gives up soon where the reply never ends; everywhere else a busy machine has all the time it needs.
fn limits(reply: &Reply) -> ConnectionLimits {
    let request_timeout = match reply {
        Reply::Stall | Reply::Drip => Duration::from_millis(HASTY_MS),
        Reply::Full { .. } | Reply::Redirect(..) | Reply::Hangup => Duration::from_secs(60),
    };
    ConnectionLimits { request_timeout, ..ConnectionLimits::default() }
}

fn session_with(server: &Server, limits: ConnectionLimits) -> Session {
    let line = Connection::with_limits(Endpoints::at(server.url()), Egress::Direct, limits).unwrap();
    line.session("key", Secret::new(TOKEN))
}

fn session(server: &Server) -> Session {
    session_with(server, ConnectionLimits::default())
}

fn order() -> PlaceParams {
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 10);
    PlaceParams { request, tag: "BH7Q2".into() }
}

fn id() -> BrokerOrderId {
    "1995000000000000001".parse().unwrap()
}

async fn place_answered_with(reply: Reply) -> (Result<BrokerOrderId, Error>, usize) {
    let limits = limits(&reply);
    let server = Server::answering(reply).await;
    let placed = session_with(&server, limits).place(&order()).await;
    (placed, server.requests().len())
}

#[tokio::test]
async fn a_placed_order_travels_as_kite_wants_it() {
    let server = Server::answering(Reply::data(r#"{"order_id":"1995000000000000001"}"#)).await;
    assert_eq!(session(&server).place(&order()).await, Ok(id()));
    let request = server.requests().remove(0);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/orders/regular"));
    assert_eq!(request.header("authorization"), format!("token key:{TOKEN}"));
    assert_eq!(request.header("x-kite-version"), "3");
    assert!(request.header("user-agent").starts_with("bulkhead/"));
    assert_eq!(
        request.body,
        "exchange=NSE&tradingsymbol=INFY&transaction_type=BUY&order_type=MARKET&quantity=10&product=MIS&validity=DAY\
         &market_protection=-1&tag=BH7Q2"
    );
}

#[tokio::test]
async fn orders_are_changed_and_withdrawn_under_their_own_number() {
    let server = Server::answering(Reply::data(r#"{"order_id":"1995000000000000001"}"#)).await;
    let session = session(&server);
    let limit = OrderRequest { kind: OrderKind::Limit, price: Price::from_rupees(100), ..order().request };
    let change = Change { price: Some(Price::from_paise(10_105)), ..Change::default() };
    session.modify(&id(), &limit, &change).await.unwrap();
    session.cancel(Variety::Amo, &id()).await.unwrap();
    let [modify, cancel] = <[_; 2]>::try_from(server.requests()).unwrap();
    assert_eq!(
        (modify.method.as_str(), modify.path.as_str()),
        ("PUT", "/orders/regular/1995000000000000001")
    );
    assert_eq!(modify.body, "order_type=LIMIT&quantity=10&validity=DAY&price=101.05");
    assert_eq!((cancel.method.as_str(), cancel.path.as_str()), ("DELETE", "/orders/amo/1995000000000000001"));
}

#[tokio::test]
async fn a_refusal_of_the_order_is_a_definite_no() {
    let refusal =
        r#"{"status":"error","message":"Insufficient funds.","data":null,"error_type":"MarginException"}"#;
    let (placed, sent) = place_answered_with(Reply::json(400, refusal)).await;
    let error = placed.unwrap_err();
    assert_eq!((error.outcome(), sent), (Outcome::DefiniteNo, 1));
    assert_eq!(error.to_string(), "Insufficient funds. (MarginException, HTTP 400)");
}

#[tokio::test]
async fn every_other_answer_leaves_the_outcome_unknown_and_is_not_asked_again() {
    let refusal = |kind: &str| format!(r#"{{"status":"error","message":"m","error_type":"{kind}"}}"#);
    let html = "<html>Attention Required!</html>";
    let replies = [
        Reply::json(403, &refusal("TokenException")),
        Reply::json(403, &refusal("PermissionException")),
        Reply::json(429, &refusal("NetworkException")),
        Reply::json(400, &refusal("OrderException")),
        Reply::json(500, &refusal("OrderException")),
        Reply::json(502, &refusal("DataException")),
        Reply::json(503, &refusal("NetworkException")),
        Reply::json(504, &refusal("NetworkException")),
        Reply::json(400, &refusal("GeneralException")),
        Reply::json(200, &refusal("InputException")),
        Reply::typed(502, "text/html", html),
        Reply::typed(400, "text/html", html),
        Reply::typed(200, "text/html", html),
        Reply::data("{}"),
        Reply::data("null"),
        Reply::data(r#"{"order_id":""}"#),
        Reply::data(r#"{"order_id":null}"#),
        Reply::data(r#"{"order_id":1995}"#),
        Reply::json(200, r#"{"status":"success","data":{"order_id":"19"#),
        Reply::json(200, ""),
        Reply::json(
            200,
            &format!(r#"{{"status":"success","data":{{"order_id":"{}"}}}}"#, "9".repeat(2 << 20)),
        ),
        Reply::gzip_bomb(64 << 20),
        Reply::Stall,
        Reply::Drip,
        Reply::Hangup,
    ];
    for reply in replies {
        let name = format!("{reply:?}").chars().take(120).collect::<String>();
        let (placed, sent) = place_answered_with(reply).await;
        let error = placed.unwrap_err();
        assert_eq!((error.outcome(), sent), (Outcome::Unknown, 1), "{name}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_time_out() {
    for reply in [Reply::Stall, Reply::Drip] {
        let (placed, _) = place_answered_with(reply).await;
        assert_eq!(placed, Err(Error::TimedOut { limit_ms: HASTY_MS }));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_carries_no_credentials_away() {
    let elsewhere = Server::answering(Reply::data(r#"{"order_id":"1"}"#)).await;
    for status in [301, 302, 303, 307, 308] {
        let (placed, sent) = place_answered_with(Reply::Redirect(status, elsewhere.url())).await;
        assert!(matches!(placed, Err(Error::Unreadable { .. })), "{status}");
        assert_eq!(sent, 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_refused_connection_is_a_definite_no() {
    let nobody = Nobody::at_home();
    let endpoints = Endpoints::at(format!("http://{}", nobody.address).parse().unwrap());
    let line = Connection::new(endpoints, Egress::Direct).unwrap();
    let error = line.session("key", Secret::new(TOKEN)).place(&order()).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error}");
    assert_eq!(error.outcome(), Outcome::DefiniteNo);
}

#[tokio::test]
async fn no_error_tells_the_access_token() {
    let echo = format!(r#"{{"status":"error","message":"bad {TOKEN}","error_type":"TokenException"}}"#);
    let far =
        format!(r#"{{"status":"error","message":"{}{TOKEN}","error_type":"{TOKEN}"}}"#, "x".repeat(596));
    let replies = [
        Reply::json(403, &echo),
        Reply::json(500, &echo),
        Reply::json(200, &echo),
        Reply::json(400, &far),
        Reply::json(500, &far),
        Reply::typed(200, TOKEN, "x"),
        Reply::json(200, &format!(r#"{{"status":"success","data":"{TOKEN}"}}"#)),
        Reply::Hangup,
    ];
    for reply in replies {
        let server = Server::answering(reply).await;
        let session = session(&server);
        for error in [session.logout().await.err(), session.profile().await.err()].into_iter().flatten() {
            assert!(!format!("{error} {error:?}").contains("t0k"), "{error}");
        }
        assert!(!format!("{session:?}").contains(TOKEN));
    }
}

#[tokio::test]
async fn requests_leave_from_the_address_they_are_told_to() {
    let server = Server::answering(Reply::data("[]")).await;
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));
    let line = Connection::new(Endpoints::at(server.url()), Egress::From(from)).unwrap();
    line.session("key", Secret::new(TOKEN)).orders().await.unwrap();
    assert_eq!(server.requests()[0].peer, from);
}

#[tokio::test]
async fn one_odd_record_hides_neither_the_book_nor_itself() {
    let rows = r#"[{"order_id":"1","status":"OPEN","quantity":1,"filled_quantity":0,"tags":""},
                   {"order_id":"2","status":"OPEN","quantity":1,"tag":"BH7Q2"}]"#;
    let book = session(&Server::answering(Reply::data(rows)).await).orders().await.unwrap();
    assert_eq!((book.rows.len(), book.is_whole()), (1, false));
    assert_eq!(book.unreadable[0].tag.as_deref(), Some("BH7Q2"));
    let fills = r#"[{"trade_id":"1","order_id":"1","quantity":"","average_price":1}]"#;
    let book = session(&Server::answering(Reply::data(fills)).await).trades().await.unwrap();
    assert_eq!((book.rows.len(), book.unreadable.len()), (0, 1));
    for none in ["null", "{}"] {
        let server = Server::answering(Reply::data(none)).await;
        assert!(matches!(session(&server).orders().await, Err(Error::Unreadable { .. })), "{none}");
        let server = Server::answering(Reply::data(none)).await;
        assert!(matches!(session(&server).positions().await, Err(Error::Unreadable { .. })), "{none}");
        let server = Server::answering(Reply::data(none)).await;
        assert!(matches!(session(&server).margins().await, Err(Error::Unreadable { .. })), "{none}");
    }
}

#[tokio::test]
async fn a_quote_that_cannot_be_read_does_not_hide_the_others() {
    let quotes =
        r#"{"NSE:INFY":{"last_price":1412.95},"NSE:TCS":{"last_price":null},"NSE:IDLE":{"last_price":0}}"#;
    let session = session(&Server::answering(Reply::data(quotes)).await);
    let asked = ["NSE:INFY", "NSE:TCS", "NSE:IDLE"].map(|name| name.parse().unwrap());
    let prices = session.ltp(&asked).await.unwrap();
    assert_eq!(prices, [(asked[0].clone(), Price::from_paise(141_295))].into());
}

#[tokio::test]
async fn orders_over_the_limit_are_refused_here() {
    let server = Server::answering(Reply::data(r#"{"order_id":"1"}"#)).await;
    let rates = RateLimits { orders_per_day: 3, ..RateLimits::default() };
    let session = session_with(&server, ConnectionLimits { rates, ..ConnectionLimits::default() });
    for _ in 0..3 {
        session.place(&order()).await.unwrap();
    }
    let error = session.clone().cancel(Variety::Regular, &id()).await.unwrap_err();
    assert!(matches!(error, Error::OverLimit { limit: 3, .. }), "{error}");
    assert_eq!((error.outcome(), server.requests().len()), (Outcome::DefiniteNo, 3));
}

#[tokio::test]
async fn reads_over_the_limit_wait_for_the_next_second() {
    let server =
        Server::answering(Reply::data(r#"{"NSE:INFY":{"instrument_token":1,"last_price":1412.95}}"#)).await;
    let session = session(&server);
    let infy = ["NSE:INFY".parse().unwrap()];
    let begun = Instant::now();
    for _ in 0..3 {
        let prices = session.ltp(&infy).await.unwrap();
        assert_eq!(prices[&infy[0]], Price::from_paise(141_295));
    }
    assert!(begun.elapsed() > Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_request_token_is_exchanged_with_a_checksum_and_the_secret_stays_at_home() {
    let server = Server::answering(Reply::data(r#"{"user_id":"UK9394","access_token":"at"}"#)).await;
    let line = Connection::new(Endpoints::at(server.url()), Egress::Direct).unwrap();
    let grant = line.exchange_token("a", &Secret::new("c"), "b").await.unwrap();
    assert_eq!((grant.user_id.as_str(), grant.access_token.expose()), ("UK9394", "at"));
    let request = server.requests().remove(0);
    // sha256("a" + "b" + "c")
    let checksum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(request.body, format!("api_key=a&request_token=b&checksum={checksum}"));
}

#[tokio::test]
async fn the_instrument_list_comes_compressed_and_without_credentials() {
    let csv = "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,\
               segment,exchange\n408065,1594,INFY,INFOSYS,0.0,,0.0,0.1,1,EQ,NSE,NSE\n";
    let server = Server::answering(Reply::gzip("text/csv", csv.as_bytes())).await;
    let list = session(&server).instruments(Some(market::Venue::Nse)).await.unwrap();
    assert_eq!(list[0].symbol.to_string(), "NSE:INFY");
    let request = server.requests().remove(0);
    assert_eq!((request.path.as_str(), request.header("authorization")), ("/instruments/NSE", String::new()));
}

#[tokio::test]
async fn candles_are_asked_for_in_ist() {
    let server =
        Server::answering(Reply::data(r#"{"candles":[["2026-11-23T09:15:00+0530",1,2,1,2,5]]}"#)).await;
    let from = Timestamp::parse_ist("2026-11-23 09:15:00").unwrap();
    let candles =
        session(&server).historical(408_065, Interval::Minute5, from, from.plus_seconds(60)).await.unwrap();
    assert_eq!((candles.len(), candles[0].start), (1, from));
    let request = server.requests().remove(0);
    assert_eq!(
        request.path,
        "/instruments/historical/408065/5minute?from=2026-11-23+09%3A15%3A00&to=2026-11-23+09%3A16%3A00&oi=1"
    );
}
