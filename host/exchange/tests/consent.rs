//! Sales from the depository by holders who have not signed for all of them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, OrderStatus, PlaceOrder, RefusalKind};
use market::{Calendar, Product, Side};
use support::*;

fn unsigned() -> Exchange {
    let mut exchange = exchange();
    exchange.set_standing_consent(USER, false);
    exchange
}

fn sell(exchange: &mut Exchange, quantity: u32) -> Result<String, exchange::Refusal> {
    exchange.place(USER, PlaceOrder::new(market("NSE:TCS", Product::Cnc, Side::Sell, quantity)))
}

fn isin(exchange: &Exchange) -> String {
    exchange.holdings(USER)[0].isin.clone()
}

#[test]
fn holdings_are_sold_once_their_holder_has_said_yes_and_up_to_that_many() {
    let mut exchange = unsigned();
    let refusal = sell(&mut exchange, 4).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Consent);
    assert!(refusal.message.contains("Authorise the holdings"));
    assert!(exchange.orders(USER).is_empty());
    let isin = isin(&exchange);
    exchange.authorise(USER, &[(isin, 6)]).unwrap();
    assert_eq!(exchange.holdings(USER)[0].authorised_quantity, 6);
    let id = sell(&mut exchange, 4).unwrap();
    assert_eq!(order(&exchange, &id).status, OrderStatus::Complete);
    assert_eq!(exchange.holdings(USER)[0].used_quantity, 4);
    assert_eq!(sell(&mut exchange, 3).unwrap_err().kind, RefusalKind::Consent);
    sell(&mut exchange, 2).unwrap();
}

#[test]
fn what_is_not_held_is_rejected_as_ever_and_what_was_bought_today_needs_no_word() {
    let mut exchange = unsigned();
    let id = sell(&mut exchange, 11).unwrap();
    assert_eq!(order(&exchange, &id).status, OrderStatus::Rejected);
    place(&mut exchange, market("NSE:TCS", Product::Cnc, Side::Buy, 5));
    let id = sell(&mut exchange, 5).unwrap();
    assert_eq!(order(&exchange, &id).status, OrderStatus::Complete);
    assert_eq!(sell(&mut exchange, 1).unwrap_err().kind, RefusalKind::Consent);
    let (ours, strange) = ((isin(&exchange), 5), ("INE000000000".to_owned(), 1));
    let refusal = exchange.authorise(USER, &[ours, strange]).unwrap_err();
    assert!(refusal.message.contains("INE000000000 is not among the holdings"), "{refusal}");
    assert_eq!(exchange.holdings(USER)[0].authorised_quantity, 0);
}

#[test]
fn an_authorisation_outlives_a_restart_and_ends_with_its_day() {
    let mut before = unsigned();
    let isin = isin(&before);
    before.authorise(USER, &[(isin, 99)]).unwrap();
    let mut whole = exchange().take_state();
    whole.follow(before.take_changes().unwrap());
    let mut after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), whole);
    after.set_standing_consent(USER, false);
    assert_eq!(after.holdings(USER)[0].authorised_quantity, 10);
    sell(&mut after, 1).unwrap();
    after.jump(monday().next().at_seconds(10 * 3600));
    assert_eq!(after.holdings(USER)[0].authorised_quantity, 0);
    assert_eq!(sell(&mut after, 1).unwrap_err().kind, RefusalKind::Consent);
}

#[test]
fn a_holder_who_has_signed_is_never_asked() {
    let mut exchange = exchange();
    let id = sell(&mut exchange, 10).unwrap();
    assert_eq!(order(&exchange, &id).status, OrderStatus::Complete);
}

#[test]
fn shares_bought_yesterday_are_unsettled_today_and_settled_tomorrow() {
    let mut exchange = unsigned();
    place(&mut exchange, market("NSE:TCS", Product::Cnc, Side::Buy, 3));
    exchange.jump(monday().next().at_seconds(10 * 3600));
    let held = |exchange: &Exchange| {
        let holding = &exchange.holdings(USER)[0];
        (holding.quantity, holding.t1_quantity, holding.opening_quantity)
    };
    assert_eq!(held(&exchange), (10, 3, 13));
    // What the depository does not have yet, it need not be asked for.
    sell(&mut exchange, 3).unwrap();
    exchange.jump(monday().next().next().at_seconds(10 * 3600));
    assert_eq!((exchange.holdings(USER)[0].quantity, exchange.holdings(USER)[0].t1_quantity), (10, 0));
}
