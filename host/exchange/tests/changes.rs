//! Changes of standing orders, after-market orders at their release, and trades as news.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Event, Exchange, ModifyOrder, OrderStatus, PlaceOrder};
use market::{Calendar, Change, OrderKind, OrderRequest, Price, Product, Side, Validity, Variety};
use support::*;

fn rupees(n: i64) -> Price {
    Price::from_rupees(n)
}

/// A buy order that stands far below the market.
fn resting(exchange: &mut Exchange) -> String {
    let price = best(exchange).0 - rupees(50);
    place(exchange, limit(Side::Buy, 10, price))
}

fn to_ttl(minutes: u32) -> ModifyOrder {
    let validity = Some(Validity::Day);
    ModifyOrder { validity, ttl_minutes: Some(minutes), ..ModifyOrder::new(Change::default()) }
}

#[test]
fn a_change_to_ttl_gives_the_order_an_end_and_a_change_to_day_takes_it_away() {
    let mut exchange = exchange();
    let (ends, stays) = (resting(&mut exchange), resting(&mut exchange));
    for id in [&ends, &stays] {
        exchange.modify(USER, id, to_ttl(2)).unwrap();
        assert_eq!((order(&exchange, id).validity_word(), order(&exchange, id).validity_ttl), ("TTL", 2));
    }
    let day = ModifyOrder { validity: Some(Validity::Day), ..ModifyOrder::new(Change::default()) };
    exchange.modify(USER, &stays, day).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(119));
    assert_eq!(order(&exchange, &ends).status, OrderStatus::Open);
    exchange.advance(ten_o_clock().plus_seconds(121));
    assert_eq!(order(&exchange, &ends).status, OrderStatus::Cancelled);
    assert_eq!(
        (order(&exchange, &stays).status, order(&exchange, &stays).validity_word()),
        (OrderStatus::Open, "DAY")
    );
}

#[test]
fn a_change_of_price_alone_keeps_the_time_to_live() {
    let mut exchange = exchange();
    let id = resting(&mut exchange);
    exchange.modify(USER, &id, to_ttl(1)).unwrap();
    let price = Some(order(&exchange, &id).price - rupees(1));
    exchange.modify(USER, &id, ModifyOrder::new(Change { price, ..Change::default() })).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(61));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Cancelled);
}

#[test]
fn a_change_to_ioc_does_not_leave_the_order_standing() {
    let mut exchange = exchange();
    let id = resting(&mut exchange);
    let ioc = ModifyOrder { validity: Some(Validity::Ioc), ..ModifyOrder::new(Change::default()) };
    exchange.modify(USER, &id, ioc).unwrap();
    assert_eq!(
        (order(&exchange, &id).status, order(&exchange, &id).cancelled_quantity),
        (OrderStatus::Cancelled, 10)
    );
}

#[test]
fn a_disclosed_quantity_is_checked_when_it_is_changed_and_when_the_quantity_is() {
    let mut exchange = exchange();
    let price = best(&exchange).0 - rupees(50);
    let wish = PlaceOrder { disclosed_quantity: 10, ..PlaceOrder::new(limit(Side::Buy, 100, price)) };
    let id = exchange.place(USER, wish).unwrap();
    let less = ModifyOrder { disclosed_quantity: Some(9), ..ModifyOrder::new(Change::default()) };
    assert!(exchange.modify(USER, &id, less).unwrap_err().message.contains("at least 10%"));
    let more = ModifyOrder::new(Change { quantity: Some(200), ..Change::default() });
    assert!(exchange.modify(USER, &id, more).unwrap_err().message.contains("at least 10%"));
    assert_eq!((order(&exchange, &id).quantity, order(&exchange, &id).disclosed_quantity), (100, 10));
}

#[test]
fn a_change_that_risk_refuses_leaves_nothing_of_itself_behind() {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    let trigger = last(&exchange) + rupees(5);
    let stop =
        OrderRequest { kind: OrderKind::StopMarket, trigger, market_protection: 100, ..infy(Side::Buy, 5) };
    let id = place(&mut exchange, stop);
    let mut change = to_ttl(1);
    change.change.quantity = Some(900_000);
    change.market_protection = Some(5_000);
    exchange.modify(USER, &id, change).unwrap();
    let row = order(&exchange, &id);
    assert_eq!((row.status, row.quantity, row.validity_word()), (OrderStatus::TriggerPending, 5, "DAY"));
    assert!(row.status_message.as_ref().unwrap().starts_with("Insufficient funds."));
    // The protection shows once the trigger fires: it is the one that was there before.
    exchange.advance(ten_o_clock().plus_seconds(90));
    exchange.set_price(INFY, trigger).unwrap();
    assert!(order(&exchange, &id).tags.contains(&"mktp:1.00".to_owned()), "{:?}", order(&exchange, &id).tags);
}

fn evening() -> Exchange {
    Exchange::new(setup(Calendar::nse([]), monday().at_seconds(20 * 3600)))
}

fn amo(request: OrderRequest) -> PlaceOrder {
    PlaceOrder::new(OrderRequest { variety: Variety::Amo, ..request })
}

#[test]
fn an_after_market_order_is_not_announced_and_its_life_begins_at_the_release() {
    let mut exchange = evening();
    let price = best(&exchange).0 - rupees(50);
    let wish = PlaceOrder { ttl_minutes: Some(1), ..amo(limit(Side::Buy, 10, price)) };
    let id = exchange.place(USER, wish).unwrap();
    assert!(exchange.take_events().is_empty());
    assert_eq!(order(&exchange, &id).status, OrderStatus::AmoReqReceived);
    let opening = monday().next().at_seconds(9 * 3600 + 15 * 60);
    exchange.advance(opening.plus_seconds(59));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Open);
    exchange.advance(opening.plus_seconds(61));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Cancelled);
}

#[test]
fn an_after_market_order_outside_the_new_days_limits_is_rejected() {
    let mut exchange = evening();
    let lower = exchange.quote(INFY).unwrap().lower_circuit_limit;
    // At the opening the limits lie around another close; the price is moved so that they surely do.
    let up = (last(&exchange) + rupees(100)).round_to(Price::from_paise(10));
    let id = exchange.place(USER, amo(limit(Side::Buy, 10, lower))).unwrap();
    exchange.set_price(INFY, up).unwrap();
    exchange.jump(monday().next().at_seconds(10 * 3600));
    let row = order(&exchange, &id);
    assert_eq!(row.status, OrderStatus::Rejected, "{row:?}");
    assert!(row.status_message.as_ref().unwrap().contains("lower circuit limit"));
}

#[test]
fn an_after_market_stop_on_the_wrong_side_of_the_market_is_rejected_also_when_it_was_changed() {
    let mut exchange = evening();
    let trigger = last(&exchange) + rupees(20);
    let stop = OrderRequest { kind: OrderKind::StopMarket, trigger, ..infy(Side::Buy, 5) };
    let id = exchange.place(USER, amo(stop)).unwrap();
    let more = Change { quantity: Some(6), ..Change::default() };
    exchange.modify(USER, &id, ModifyOrder { variety: Variety::Amo, ..ModifyOrder::new(more) }).unwrap();
    exchange.set_price(INFY, trigger + rupees(40)).unwrap();
    exchange.jump(monday().next().at_seconds(10 * 3600));
    let row = order(&exchange, &id);
    assert_eq!(row.status, OrderStatus::Rejected, "{row:?}");
    assert!(row.status_message.as_ref().unwrap().contains("should be higher than the last traded price"));
}

#[test]
fn a_trade_of_an_account_is_published_and_fires_triggers() {
    let mut exchange = exchange();
    // The whole tape but this trade stands still.
    let depth = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell;
    let trigger = depth[2].price;
    let stop = OrderRequest { kind: OrderKind::StopMarket, trigger, ..infy(Side::Buy, 1) };
    let stop = exchange.place(OTHER, PlaceOrder::new(stop)).unwrap();
    exchange.take_events();
    let quantity = depth[0].quantity + depth[1].quantity + 1;
    place(&mut exchange, OrderRequest { quantity, ..limit(Side::Buy, 1, trigger) });
    let events = exchange.take_events();
    let shown = |event: &Event| matches!(event, Event::Tick(tick) if tick.token == INFY && tick.last_price == trigger);
    assert!(events.iter().any(shown));
    assert_eq!(order(&exchange, &stop).status, OrderStatus::Complete);
}

#[test]
fn what_an_account_takes_fills_nobody_elses_order_at_the_same_price() {
    let mut exchange = exchange();
    exchange.hold_matching(INFY, true);
    let ask = best(&exchange).1;
    let waiting = exchange.place(OTHER, PlaceOrder::new(limit(Side::Sell, 500, ask))).unwrap();
    exchange.hold_matching(INFY, false);
    let shown = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell[0].quantity;
    place(&mut exchange, limit(Side::Buy, shown.min(10), ask));
    assert_eq!(order(&exchange, &waiting).filled_quantity, 0);
}

#[test]
fn funded_delivery_is_not_sold_short() {
    let mut exchange = exchange();
    let id = place(&mut exchange, market("NSE:INFY", Product::Mtf, Side::Sell, 1));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Rejected);
    place(&mut exchange, market("NSE:INFY", Product::Mtf, Side::Buy, 2));
    let id = place(&mut exchange, market("NSE:INFY", Product::Mtf, Side::Sell, 2));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Complete);
}
