//! Contracts come and go: what expires is settled, what comes is listed, and numbers stay.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, PlaceOrder};
use market::{Calendar, Money, OrderRequest, Product, Side, TradingDate, Variety};
use std::collections::BTreeMap;
use support::*;

/// The last Tuesday of November: monthly contracts expire.
fn tuesday() -> TradingDate {
    monday().next()
}

fn at_ten_on_tuesday(calendar: Calendar) -> Exchange {
    Exchange::new(setup(calendar, tuesday().at_seconds(10 * 3600)))
}

fn tokens(exchange: &Exchange) -> BTreeMap<String, u32> {
    exchange.listings().map(|l| (l.instrument.symbol.to_string(), l.instrument.token)).collect()
}

fn call(exchange: &Exchange) -> String {
    let mut all = exchange.listings().map(|listing| listing.instrument.symbol.to_string());
    all.find(|symbol| symbol.starts_with("NFO:NIFTY26NOV") && symbol.ends_with("CE")).unwrap()
}

#[test]
fn a_position_that_expires_is_settled_at_the_last_price() {
    for calendar in [Calendar::nse([]), Calendar::always_open()] {
        let mut exchange = at_ten_on_tuesday(calendar);
        let option = call(&exchange);
        place(&mut exchange, market(&option, Product::Nrml, Side::Buy, 65));
        place(&mut exchange, market("NFO:NIFTY26NOVFUT", Product::Nrml, Side::Sell, 65));
        place(&mut exchange, market("NFO:NIFTY26DECFUT", Product::Nrml, Side::Buy, 65));
        assert_eq!(exchange.positions(USER).net.len(), 3);
        exchange.jump(tuesday().next().midnight().plus_micros(-1));
        let evening = exchange.positions(USER).net;
        exchange.jump(tuesday().next().at_seconds(60));
        let morning = exchange.positions(USER).net;
        assert_eq!(morning.len(), 1);
        assert_eq!(morning[0].symbol.name(), "NIFTY26DECFUT");
        let settled: Money =
            evening.iter().filter(|row| row.symbol.name() != "NIFTY26DECFUT").map(|row| row.pnl).sum();
        assert_eq!(exchange.margins(USER).unwrap().available.cash, Money::from_rupees(1_000_000) + settled);
    }
}

#[test]
fn what_expired_is_gone_and_the_next_contracts_are_there_to_trade() {
    let mut exchange = at_ten_on_tuesday(Calendar::nse([]));
    let option = call(&exchange);
    let (token, before) = (tokens(&exchange)[&option], tokens(&exchange));
    exchange.jump(tuesday().next().at_seconds(10 * 3600));
    let after = tokens(&exchange);
    assert!(!after.contains_key(&option) && exchange.quote(token).is_none());
    assert!(exchange.find(&option.parse().unwrap()).is_none());
    let said =
        exchange.place(USER, PlaceOrder::new(market(&option, Product::Nrml, Side::Buy, 65))).unwrap_err();
    assert!(said.message.contains("either expired or does not exist"));
    for (symbol, token) in &before {
        assert!(after.get(symbol).is_none_or(|now| now == token), "{symbol}");
    }
    let next =
        after.keys().find(|symbol| symbol.starts_with("NFO:NIFTY26D01") && symbol.ends_with("PE")).unwrap();
    let id = place(&mut exchange, market(next, Product::Nrml, Side::Buy, 65));
    assert_eq!(order(&exchange, &id).filled_quantity, 65, "{:?}", order(&exchange, &id));
    assert!(after.keys().any(|symbol| symbol == "NFO:NIFTY27FEBFUT"));
}

#[test]
fn an_exchange_that_starts_later_lists_the_same_contracts_under_the_same_numbers() {
    let mut lived = at_ten_on_tuesday(Calendar::nse([]));
    let wednesday = tuesday().next().at_seconds(10 * 3600);
    lived.jump(wednesday);
    let young = Exchange::new(setup(Calendar::nse([]), wednesday));
    let (lived, young) = (tokens(&lived), tokens(&young));
    let futures = |tokens: &BTreeMap<String, u32>| -> Vec<(String, u32)> {
        tokens.iter().filter(|(symbol, _)| symbol.ends_with("FUT")).map(|(s, t)| (s.clone(), *t)).collect()
    };
    assert_eq!(futures(&lived), futures(&young));
    assert!(young.iter().all(|(symbol, token)| lived.get(symbol).is_none_or(|other| other == token)));
}

#[test]
fn an_after_market_order_for_what_has_expired_is_refused() {
    let mut exchange = Exchange::new(setup(Calendar::nse([]), tuesday().at_seconds(20 * 3600)));
    let late = market("NFO:NIFTY26NOVFUT", Product::Nrml, Side::Buy, 65);
    let late = PlaceOrder::new(OrderRequest { variety: Variety::Amo, ..late });
    assert!(exchange.place(USER, late).unwrap_err().message.contains("expired"));
}

#[test]
fn positions_orders_and_what_they_stand_in_survive_a_restart_over_an_expiry() {
    let mut before = at_ten_on_tuesday(Calendar::always_open());
    let option = call(&before);
    place(&mut before, market(&option, Product::Nrml, Side::Buy, 65));
    let state = before.take_state();
    let mut after = Exchange::restore(setup(Calendar::always_open(), tuesday().midnight()), state);
    assert_eq!(after.positions(USER).net[0].symbol.to_string(), option);
    assert_eq!(tokens(&before), tokens(&after));
    after.jump(tuesday().next().at_seconds(3_600));
    assert!(after.positions(USER).net.is_empty());
    // Until the morning the order of yesterday is still read, under its old name, and after a second restart too.
    let again = Exchange::restore(setup(Calendar::always_open(), tuesday().midnight()), after.take_state());
    assert_eq!(again.orders(USER)[0].symbol.to_string(), option);
    assert!(again.find(&option.parse().unwrap()).is_none());
}

#[test]
fn a_restart_on_the_evening_of_an_expiry_leaves_its_settlement_to_the_change_of_date() {
    let mut before = at_ten_on_tuesday(Calendar::nse([]));
    place(&mut before, market("NFO:NIFTY26NOVFUT", Product::Nrml, Side::Buy, 65));
    before.jump(tuesday().at_seconds(16 * 3600));
    let rows = before.positions(USER).net;
    let four = tuesday().at_seconds(16 * 3600);
    let mut after = Exchange::restore(setup(Calendar::nse([]), four), before.take_state());
    assert_eq!(after.positions(USER).net.len(), rows.len());
    let net = |exchange: &mut Exchange| {
        exchange.jump(tuesday().next().at_seconds(3_600));
        exchange.margins(USER).unwrap().net
    };
    assert_eq!(net(&mut after), net(&mut before));
}

#[test]
fn a_position_beyond_the_freeze_quantity_is_squared_off_in_parts() {
    let mut exchange = at_ten_on_tuesday(Calendar::nse([]));
    let option = call(&exchange);
    for _ in 0..2 {
        place(&mut exchange, market(&option, Product::Mis, Side::Buy, 1_755));
    }
    exchange.jump(tuesday().at_seconds(15 * 3600 + 24 * 60));
    let held = |exchange: &Exchange| exchange.positions(USER).net[0].quantity;
    let before = held(&exchange);
    assert!(before > 1_800, "{before}");
    exchange.jump(tuesday().at_seconds(15 * 3600 + 26 * 60));
    let exits = exchange.orders(USER).into_iter().filter(|order| order.side == Side::Sell);
    let asked: Vec<u32> =
        exits.inspect(|order| assert!(order.quantity <= 1_800)).map(|order| order.quantity).collect();
    assert_eq!((asked.len(), asked.iter().sum::<u32>()), (2, before as u32));
}
