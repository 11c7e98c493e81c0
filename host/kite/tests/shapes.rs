//! Every payload that Kite answers with, in invented values, through a real server into our types.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop, in its server as well")]

#[allow(dead_code, reason = "the wire tests use more of it")]
#[path = "wire/server.rs"]
mod server;

mod shapes {
    mod account;
    mod books;
    mod data;
    mod portfolio;
    mod triggers;
}

use kite::{Connection, ConnectionLimits, Egress, Endpoints, RateLimits, Secret, Session};
use market::{Money, OrderRequest, Price, Side};
use server::{Reply, Server};

/// A session whose every call is answered with one file's content, and the server, to ask what it was asked.
async fn answered_with(name: &str) -> (Session, Server) {
    let path = format!("{}/tests/shapes/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let server = Server::answering(Reply::json(200, &body)).await;
    let rates = RateLimits { quotes_per_second: 100, ..RateLimits::default() };
    let limits = ConnectionLimits { rates, ..ConnectionLimits::default() };
    let line = Connection::with_limits(Endpoints::at(server.url()), Egress::Direct, limits).unwrap();
    (line.session("key", Secret::new("t0ken")), server)
}

/// The request line of the only request.
fn asked(server: &Server) -> String {
    let request = server.requests().remove(0);
    assert_eq!(server.requests().len(), 1, "more than one request was sent");
    format!("{} {}", request.method, request.path)
}

fn body(server: &Server) -> String {
    server.requests().remove(0).body
}

fn infy() -> OrderRequest {
    OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 1)
}

const fn price(units: i64) -> Price {
    Price::from_units(units)
}

const fn money(units: i64) -> Money {
    Money::from_units(units)
}
