//! An exchange with two traders on a Monday at ten, and short ways to say what they do.
#![allow(dead_code, reason = "every test binary uses its own part of it")]

use exchange::{AccountSetup, Exchange, HoldingSetup, Order, PlaceOrder, Setup};
use market::{Calendar, Money, OrderKind, OrderRequest, Price, Product, Side, Timestamp, TradingDate};

pub(crate) const USER: &str = "UK9394";
pub(crate) const OTHER: &str = "UK1234";
pub(crate) const INFY: u32 = 408_065;

pub(crate) fn monday() -> TradingDate {
    TradingDate::new(2026, 11, 23).unwrap()
}

pub(crate) fn ten_o_clock() -> Timestamp {
    monday().at_seconds(10 * 3600)
}

pub(crate) fn setup(calendar: Calendar, now: Timestamp) -> Setup {
    let account = |user_id: &str| AccountSetup {
        user_id: user_id.to_owned(),
        user_name: user_id.to_owned(),
        cash: Money::from_rupees(1_000_000),
        holdings: vec![HoldingSetup {
            symbol: "NSE:TCS".parse().unwrap(),
            quantity: 10,
            average_price: Price::from_rupees(3_000),
        }],
    };
    Setup { seed: 7, now, calendar, accounts: vec![account(USER), account(OTHER)] }
}

pub(crate) fn exchange() -> Exchange {
    Exchange::new(setup(Calendar::nse([]), ten_o_clock()))
}

pub(crate) fn market(symbol: &str, product: Product, side: Side, quantity: u32) -> OrderRequest {
    OrderRequest { product, ..OrderRequest::market(symbol.parse().unwrap(), side, quantity) }
}

pub(crate) fn infy(side: Side, quantity: u32) -> OrderRequest {
    market("NSE:INFY", Product::Mis, side, quantity)
}

pub(crate) fn limit(side: Side, quantity: u32, price: Price) -> OrderRequest {
    OrderRequest { kind: OrderKind::Limit, price, market_protection: 0, ..infy(side, quantity) }
}

pub(crate) fn place(exchange: &mut Exchange, request: OrderRequest) -> String {
    exchange.place(USER, PlaceOrder::new(request)).unwrap()
}

pub(crate) fn order<'a>(exchange: &'a Exchange, id: &str) -> &'a Order {
    let all = exchange.orders(USER).into_iter().chain(exchange.orders(OTHER));
    all.into_iter().find(|order| order.order_id == id).unwrap()
}

pub(crate) fn best(exchange: &Exchange) -> (Price, Price) {
    let tick = exchange.quote(INFY).unwrap().tick;
    (tick.bid(), tick.ask())
}

pub(crate) fn last(exchange: &Exchange) -> Price {
    exchange.quote(INFY).unwrap().tick.last_price
}
