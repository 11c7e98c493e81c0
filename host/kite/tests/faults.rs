//! Every call of the client against every fault we know of: a typed error, one request, and no panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop, in its server as well")]

#[allow(dead_code, reason = "the wire tests use more of it")]
#[path = "wire/server.rs"]
mod server;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use kite::words::Comparison;
use kite::{
    AlertInstrument, AlertOperand, AlertParams, Connection, ConnectionLimits, Conversion, Egress, Endpoints,
    Error, FilledOrder, GttLeg, GttLegs, GttParams, OrderAddress, Outcome, PlaceOptions, PlaceParams,
    RateLimits, Secret, Session,
};
use market::{Change, Interval, OrderKind, OrderRequest, Price, Product, Side, Symbol, Timestamp, Variety};
use server::{Reply, Server};
use std::time::Duration;

/// Long enough for every call to be sent where no answer will come.
const SHORT: Duration = Duration::from_secs(2);
/// No machine needs so long for an answer that does come.
const LONG: Duration = Duration::from_secs(30);
const BODY_BYTES: usize = 1 << 20;

type Called = BoxFuture<'static, (&'static str, Result<(), Error>)>;

fn session(server: &Server, patience: Duration) -> Session {
    let rates = RateLimits {
        quotes_per_second: 100,
        historical_per_second: 100,
        others_per_second: 100,
        orders_per_second: 100,
        ..RateLimits::default()
    };
    let limits = ConnectionLimits {
        request_timeout: patience,
        instruments_timeout: patience,
        bulk_body_bytes: 2 * BODY_BYTES,
        rates,
        ..ConnectionLimits::default()
    };
    let line = Connection::with_limits(Endpoints::at(server.url()), Egress::Direct, limits).unwrap();
    line.session("key", Secret::new("t0ken"))
}

fn infy() -> Symbol {
    "NSE:INFY".parse().unwrap()
}

fn limit() -> OrderRequest {
    let price = Price::from_rupees(100);
    OrderRequest { kind: OrderKind::Limit, price, ..OrderRequest::market(infy(), Side::Buy, 10) }
}

/// The same call, boxed, with its name.
macro_rules! call {
    ($session:ident, $name:ident $(, $setup:pat = $value:expr)* => $call:expr) => {{
        let $session = $session.clone();
        async move {
            $(let $setup = $value;)*
            (stringify!($name), $call.await.map(drop))
        }
        .boxed()
    }};
}

fn reads(session: &Session) -> Vec<Called> {
    let id = || "7".parse().unwrap();
    let at = Timestamp::from_seconds(1_795_415_400);
    let filled =
        || FilledOrder { order_id: "1".into(), request: limit(), average_price: Price::from_rupees(1) };
    vec![
        call!(session, profile => session.profile()),
        call!(session, full_profile => session.full_profile()),
        call!(session, margins => session.margins()),
        call!(session, equity_margins => session.equity_margins()),
        call!(session, positions => session.positions()),
        call!(session, holdings => session.holdings()),
        call!(session, holdings_summary => session.holdings_summary()),
        call!(session, compact_holdings => session.compact_holdings()),
        call!(session, auctions => session.auctions()),
        call!(session, orders => session.orders()),
        call!(session, order_history => session.order_history(&id())),
        call!(session, trades => session.trades()),
        call!(session, order_trades => session.order_trades(&id())),
        call!(session, instruments => session.instruments(None)),
        call!(session, quote => session.quote(&[infy()])),
        call!(session, ohlc => session.ohlc(&[infy()])),
        call!(session, ltp => session.ltp(&[infy()])),
        call!(session, historical => session.historical(1, Interval::Minute, at, at)),
        call!(session, gtt => session.gtt(1)),
        call!(session, gtts => session.gtts()),
        call!(session, alert => session.alert("u")),
        call!(session, alerts => session.alerts()),
        call!(session, alert_history => session.alert_history("u")),
        call!(session, order_margins => session.order_margins(&[limit()])),
        call!(session, basket_margins => session.basket_margins(&[limit()], true)),
        call!(session, charges => session.charges(&[filled()])),
        call!(session, trigger_ranges => session.trigger_ranges(Side::Buy, &[infy()])),
    ]
}

fn writes(session: &Session) -> Vec<Called> {
    let id = || "7".parse().unwrap();
    let address = move || OrderAddress::new(Variety::Regular, id());
    let params = || PlaceParams { request: limit(), tag: "BH7Q2".into() };
    let change = || Change { quantity: Some(5), ..Change::default() };
    let key = || Secret::new("a-secret");
    vec![
        call!(session, place => session.place(&params())),
        call!(session, place_with => session.place_with(&params(), &PlaceOptions::default())),
        call!(session, modify => session.modify(&id(), &limit(), &change())),
        call!(session, modify_at => session.modify_at(&address(), &limit(), &change())),
        call!(session, cancel => session.cancel(Variety::Regular, &id())),
        call!(session, cancel_at => session.cancel_at(&address())),
        call!(session, place_gtt => session.place_gtt(&gtt())),
        call!(session, modify_gtt => session.modify_gtt(1, &gtt())),
        call!(session, delete_gtt => session.delete_gtt(1)),
        call!(session, create_alert => session.create_alert(&alert())),
        call!(session, modify_alert => session.modify_alert("u", &alert())),
        call!(session, delete_alerts => session.delete_alerts(&["u"])),
        call!(session, convert => session.convert(&conversion())),
        call!(session, authorise_holdings => session.authorise_holdings(&[])),
        call!(session, logout => session.logout()),
        call!(session, exchange_token => session.connection().exchange_token("a", &key(), "request-token")),
        call!(session, refresh_token => session.connection().refresh_token("a", &key(), &key())),
        call!(session, drop_refresh_token => session.connection().drop_refresh_token("a", &key())),
    ]
}

/// Calls that read nothing of a success but that it is one.
const CONTENT_WITH_ANY: [&str; 3] = ["delete_alerts", "logout", "drop_refresh_token"];

fn gtt() -> GttParams {
    let (side, product, price) = (Side::Sell, Product::Cnc, Price::from_rupees(90));
    let legs = GttLegs::Single(GttLeg { trigger: price, side, quantity: 1, product, price });
    GttParams { symbol: infy(), last_price: Price::from_rupees(100), legs }
}

fn alert() -> AlertParams {
    AlertParams {
        name: "n".into(),
        watched: AlertInstrument { exchange: "NSE".into(), tradingsymbol: "INFY".into() },
        comparison: Comparison::Below,
        operand: AlertOperand::Constant(Price::from_rupees(1)),
        basket: None,
    }
}

fn conversion() -> Conversion {
    let (symbol, side, from, to) = (infy(), Side::Buy, Product::Mis, Product::Cnc);
    Conversion { symbol, side, overnight: false, quantity: 1, from, to }
}

/// Every call, answered so; and how many requests the server saw.
async fn all_answered_with(reply: Reply) -> (Vec<(&'static str, Result<(), Error>)>, usize) {
    let patience = if matches!(reply, Reply::Stall | Reply::Drip) { SHORT } else { LONG };
    let server = Server::answering(reply).await;
    let session = session(&server, patience);
    let calls = reads(&session).into_iter().chain(writes(&session));
    let results = join_all(calls).await;
    (results, server.requests().len())
}

fn refusal(kind: &str) -> String {
    format!(r#"{{"status":"error","message":"No.","data":null,"error_type":"{kind}"}}"#)
}

#[tokio::test]
async fn no_call_reads_data_from_what_is_no_answer_and_none_asks_twice() {
    let html = "<html>Attention Required!</html>";
    let whole = r#"{"status":"success","data":{"order_id":"7"}}"#;
    let replies = [
        Reply::json(200, ""),
        Reply::json(200, "\u{0}\u{1}garbage"),
        Reply::json(200, &whole[..whole.len() - 6]),
        Reply::json(200, r#"["success",{"order_id":"7"}]"#),
        Reply::json(200, r#"{"status":"success"}"#),
        Reply::json(200, r#"{"data":true}"#),
        Reply::json(200, &refusal("InputException")),
        Reply::typed(200, "text/html", html),
        Reply::typed(200, "text/plain", whole),
        Reply::typed(200, "text/csv", "a,b\n1,2\n"),
        Reply::typed(400, "text/html", html),
        Reply::typed(502, "text/html", html),
        Reply::json(403, &refusal("TokenException")),
        Reply::json(403, &refusal("PermissionException")),
        Reply::json(404, &refusal("GeneralException")),
        Reply::json(428, &refusal("HoldingException")),
        Reply::json(429, &refusal("NetworkException")),
        Reply::json(500, &refusal("GeneralException")),
        Reply::json(503, &refusal("NetworkException")),
        Reply::Redirect(302, "http://127.0.0.1:9/".parse().unwrap()),
        Reply::gzip_bomb(8 << 20),
        Reply::Stall,
        Reply::Drip,
        Reply::Hangup,
    ];
    for reply in replies {
        let name = format!("{reply:?}").chars().take(100).collect::<String>();
        let (results, requests) = all_answered_with(reply).await;
        assert_eq!(results.len(), requests, "{name}");
        for (call, result) in results {
            let error = result.expect_err(call);
            assert_eq!(error.outcome(), Outcome::Unknown, "{call}: {name}: {error}");
        }
    }
}

#[tokio::test]
async fn a_certain_no_is_told_as_one_by_every_call() {
    for kind in ["InputException", "MarginException", "HoldingException"] {
        for (call, result) in all_answered_with(Reply::json(400, &refusal(kind))).await.0 {
            let error = result.expect_err(call);
            assert_eq!(error.outcome(), Outcome::DefiniteNo, "{call}: {error}");
        }
    }
}

#[tokio::test]
async fn data_of_another_shape_is_an_error_and_not_an_empty_answer() {
    for data in ["5", r#""text""#, "false", "null", "1.5"] {
        for (call, result) in all_answered_with(Reply::data(data)).await.0 {
            assert_eq!(result.is_ok(), CONTENT_WITH_ANY.contains(&call), "{call}: {data}: {result:?}");
        }
    }
}

#[tokio::test]
async fn no_answer_but_the_bulky_ones_is_longer_than_a_mebibyte() {
    let bulky = [
        "orders",
        "order_history",
        "trades",
        "order_trades",
        "quote",
        "ohlc",
        "ltp",
        "historical",
        "trigger_ranges",
    ];
    let (results, _) = all_answered_with(Reply::data(&format!(r#""{}""#, "x".repeat(BODY_BYTES)))).await;
    for (call, result) in results {
        let error = result.expect_err(call).to_string();
        let is_small = !bulky.contains(&call) && call != "instruments";
        assert_eq!(error.contains("longer than 1048576 bytes"), is_small, "{call}: {error}");
    }
}

#[tokio::test]
async fn holdings_that_must_be_authorised_are_an_error_of_their_own() {
    for (call, result) in all_answered_with(Reply::json(428, &refusal("HoldingException"))).await.0 {
        assert_eq!(result, Err(Error::NeedsAuthorisation { message: "No.".into() }), "{call}");
    }
}
