//! Orders in parts: above the freeze quantity, and icebergs.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Event, Exchange, IcebergWish, OrderStatus, PlaceOrder, Placed, RefusalKind};
use market::{OrderRequest, Product, Side, Variety};
use support::*;

const FUTURE: &str = "NFO:NIFTY26DECFUT";

fn wish(quantity: u32) -> PlaceOrder {
    PlaceOrder::new(market(FUTURE, Product::Nrml, Side::Buy, quantity))
}

#[test]
fn an_order_that_fits_is_one_order() {
    let mut exchange = exchange();
    let Placed::Whole(id) = exchange.place_sliced(USER, wish(65)).unwrap() else { panic!("it was cut") };
    assert_eq!(order(&exchange, &id).tags.iter().filter(|tag| tag.starts_with("auto")).count(), 0);
}

#[test]
fn children_are_the_largest_lots_below_the_freeze_and_name_their_parent() {
    let mut exchange = exchange();
    // Sold from: money for about three lots, so the orders of this test stand far from the market instead.
    let tick = exchange.quote(exchange.find(&FUTURE.parse().unwrap()).unwrap().instrument.token).unwrap();
    let cheap = OrderRequest {
        kind: market::OrderKind::Limit,
        price: tick.lower_circuit_limit,
        market_protection: 0,
        ..wish(1_755 * 2 + 65).request
    };
    let Placed::Slices { parent, children } = exchange.place_sliced(USER, PlaceOrder::new(cheap)).unwrap()
    else {
        panic!("it was not cut")
    };
    // Two children of 1 755 need far more than ten lakh; the last of one lot does not.
    assert_eq!(children.len(), 3);
    for child in &children[..2] {
        let refusal = child.as_ref().unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Margin);
        assert!(refusal.message.starts_with("Insufficient funds.") && !refusal.message.contains("orderbook"));
    }
    let last = children[2].as_ref().unwrap();
    assert_eq!(order(&exchange, last).quantity, 65);
    let mark = format!("autoslice:{parent}");
    assert!(order(&exchange, last).tags.contains(&"autoslice".to_owned()));
    assert!(order(&exchange, last).tags.contains(&mark));
    assert_eq!(exchange.orders(USER).len(), 1);
    assert!(exchange.order_history(USER, &parent).is_none());
    let told = exchange.take_events();
    assert!(told.iter().all(|event| !matches!(event, Event::Order { order, .. } if order.order_id != *last)));
}

#[test]
fn what_is_wrong_with_the_whole_is_said_once() {
    let mut exchange = exchange();
    let said = exchange.place_sliced(USER, wish(1_755 * 11)).unwrap_err();
    assert!(said.message.contains("10 parts at most: the largest quantity is 17550"), "{}", said.message);
    let mut part = wish(1_755 * 2 + 1);
    let said = exchange.place_sliced(USER, part.clone()).unwrap_err();
    assert!(said.message.contains("multiples of the lot size 65"), "{}", said.message);
    part = wish(1_755 * 2);
    part.request.market_protection = 0;
    assert_eq!(exchange.place_sliced(USER, part).unwrap_err().kind, RefusalKind::Input);
    assert!(exchange.orders(USER).is_empty());
}

fn iceberg(request: OrderRequest, legs: u32, leg_quantity: u32) -> PlaceOrder {
    let request = OrderRequest { variety: Variety::Iceberg, ..request };
    PlaceOrder { iceberg: Some(IcebergWish { legs, leg_quantity }), ..PlaceOrder::new(request) }
}

fn legs(exchange: &Exchange) -> Vec<(u32, u32, u32, OrderStatus)> {
    let orders = exchange.orders(USER).into_iter();
    let leg = |order: &exchange::Order| {
        let iceberg = order.iceberg.unwrap();
        (iceberg.leg, order.quantity, iceberg.remaining_quantity, order.status)
    };
    orders.map(leg).collect()
}

#[test]
fn the_next_leg_of_an_iceberg_comes_when_the_one_before_is_filled() {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    let price = best(&exchange).0 - market::Price::from_rupees(2);
    exchange.place(USER, iceberg(limit(Side::Buy, 25, price), 3, 10)).unwrap();
    assert_eq!(legs(&exchange), [(1, 10, 15, OrderStatus::Open)]);
    let (complete, open) = (OrderStatus::Complete, OrderStatus::Open);
    exchange.hold_price(INFY, false);
    exchange.set_price(INFY, price - market::Price::from_rupees(1)).unwrap();
    let first = legs(&exchange);
    assert_eq!(
        first[..2].iter().map(|leg| (leg.0, leg.1, leg.2)).collect::<Vec<_>>(),
        [(1, 10, 15), (2, 10, 5)]
    );
    assert_eq!(first[0].3, complete);
    for second in 1..20 {
        exchange.advance(ten_o_clock().plus_seconds(second));
    }
    let all = legs(&exchange);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!((all[2].0, all[2].1, all[2].2), (3, 5, 0));
    assert!(all[..2].iter().all(|leg| leg.3 == complete) && [complete, open].contains(&all[2].3));
}

#[test]
fn an_iceberg_at_the_market_goes_out_leg_by_leg_and_a_cancelled_leg_ends_it() {
    let mut exchange = exchange();
    exchange.place(USER, iceberg(infy(Side::Buy, 30), 3, 10)).unwrap();
    let complete = OrderStatus::Complete;
    assert_eq!(legs(&exchange), [(1, 10, 20, complete), (2, 10, 10, complete), (3, 10, 0, complete)]);
    let far = best(&exchange).0 - market::Price::from_rupees(50);
    let id = exchange.place(USER, iceberg(limit(Side::Buy, 20, far), 2, 10)).unwrap();
    exchange.cancel(USER, Variety::Iceberg, &id).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(5));
    assert_eq!(legs(&exchange).len(), 4);
}

#[test]
fn icebergs_have_two_to_fifty_whole_legs() {
    let mut exchange = exchange();
    let cases =
        [(1, 10, "2 to 50"), (51, 1, "2 to 50"), (3, 20, "iceberg_quantity"), (2, 0, "iceberg_quantity")];
    for (count, leg_quantity, words) in cases {
        let said = exchange.place(USER, iceberg(infy(Side::Buy, 30), count, leg_quantity)).unwrap_err();
        assert!(said.message.contains(words), "{}", said.message);
    }
    let part = market(FUTURE, Product::Nrml, Side::Buy, 130);
    assert!(exchange.place(USER, iceberg(part, 3, 60)).unwrap_err().message.contains("whole lots"));
    let rest = market(FUTURE, Product::Nrml, Side::Buy, 200);
    assert!(exchange.place(USER, iceberg(rest, 4, 65)).unwrap_err().message.contains("lot"));
    assert!(exchange.orders(USER).is_empty());
}

#[test]
fn what_is_cut_into_legs_already_is_not_cut_into_slices() {
    let mut exchange = exchange();
    let wish = iceberg(wish(3_510).request, 2, 1_755);
    let placed = exchange.place_sliced(USER, wish).unwrap();
    assert!(matches!(placed, Placed::Whole(_)), "{placed:?}");
    assert_eq!(exchange.orders(USER).len(), 1);
    assert!(!exchange.orders(USER)[0].tags.iter().any(|tag| tag.starts_with("autoslice")));
}
