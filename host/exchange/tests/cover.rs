//! Cover orders: a first leg, and the stop that follows what it trades.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, ModifyOrder, Order, OrderStatus, PlaceOrder, ShownProduct};
use market::{Calendar, Change, OrderKind, OrderRequest, Price, Product, Side, Validity, Variety};
use support::*;

fn rupees(n: i64) -> Price {
    Price::from_rupees(n)
}

/// An exchange whose INFY stands still.
fn still() -> Exchange {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    exchange
}

fn cover(exchange: &Exchange, side: Side, quantity: u32) -> OrderRequest {
    let trigger = last(exchange).round_to(rupees(1)) - rupees(20 * side.sign());
    OrderRequest { variety: Variety::Co, trigger, ..infy(side, quantity) }
}

fn cover_limit(exchange: &Exchange, quantity: u32, price: Price) -> OrderRequest {
    let request = cover(exchange, Side::Buy, quantity);
    OrderRequest { kind: OrderKind::Limit, price, market_protection: 0, ..request }
}

/// The second legs of an order, oldest first.
fn legs<'a>(exchange: &'a Exchange, first: &str) -> Vec<&'a Order> {
    let all = exchange.orders(USER).into_iter();
    all.filter(|order| order.parent_order_id.as_deref() == Some(first)).collect()
}

fn words(exchange: &Exchange, id: &str) -> Vec<&'static str> {
    exchange.order_history(USER, id).unwrap().iter().map(|row| row.status.as_str()).collect()
}

fn held(exchange: &Exchange) -> Vec<(ShownProduct, i64)> {
    exchange.positions(USER).net.iter().map(|row| (row.product, row.quantity)).collect()
}

fn trigger(to: Price) -> ModifyOrder {
    let change = Change { trigger: Some(to), ..Change::default() };
    ModifyOrder { variety: Variety::Co, ..ModifyOrder::new(change) }
}

#[test]
fn what_a_first_leg_trades_is_kept_behind_a_stop() {
    let mut exchange = still();
    let request = cover(&exchange, Side::Buy, 10);
    let first = place(&mut exchange, request.clone());
    let row = order(&exchange, &first);
    assert_eq!(
        (row.status, row.product(), row.kind),
        (OrderStatus::Complete, ShownProduct::Co, OrderKind::Limit)
    );
    assert_eq!((row.trigger_price, &row.parent_order_id), (request.trigger, &None));
    let legs = legs(&exchange, &first);
    let [stop] = legs.as_slice() else { panic!("{legs:?}") };
    assert_eq!((stop.status, stop.side, stop.quantity), (OrderStatus::TriggerPending, Side::Sell, 10));
    assert_eq!(
        (stop.variety, stop.product(), stop.trigger_price),
        (Variety::Co, ShownProduct::Co, request.trigger)
    );
    assert!(stop.exchange_order_id.is_some());
    assert_eq!(held(&exchange), [(ShownProduct::Co, 10)]);
    assert!(exchange.trades(USER).iter().all(|trade| trade.product() == ShownProduct::Co));
    let way = ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING", "TRIGGER PENDING"];
    assert_eq!(words(&exchange, &stop.order_id), way);
}

#[test]
fn a_stop_that_is_reached_ends_the_position() {
    for side in [Side::Buy, Side::Sell] {
        let mut exchange = still();
        let request = cover(&exchange, side, 10);
        let first = place(&mut exchange, request.clone());
        let stop = legs(&exchange, &first)[0].order_id.clone();
        exchange.set_price(INFY, request.trigger).unwrap();
        exchange.advance(ten_o_clock().plus_seconds(30));
        let row = order(&exchange, &stop);
        assert_eq!(
            (row.status, row.kind, row.filled_quantity),
            (OrderStatus::Complete, OrderKind::Limit, 10)
        );
        assert_eq!(words(&exchange, &stop)[3..6], ["TRIGGER PENDING", "OPEN PENDING", "OPEN"]);
        assert_eq!(held(&exchange), [(ShownProduct::Co, 0)]);
    }
}

#[test]
fn a_first_leg_that_is_withdrawn_before_it_trades_leaves_nothing() {
    let mut exchange = still();
    let price = best(&exchange).0 - rupees(10);
    let request = cover_limit(&exchange, 10, price);
    let first = place(&mut exchange, request);
    assert_eq!(order(&exchange, &first).status, OrderStatus::Open);
    exchange.cancel(USER, Variety::Co, &first).unwrap();
    assert_eq!(order(&exchange, &first).status, OrderStatus::Cancelled);
    assert!(legs(&exchange, &first).is_empty() && held(&exchange).is_empty());
}

#[test]
fn a_stop_grows_with_the_fills_of_its_first_leg() {
    let mut exchange = still();
    let offer = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell[0];
    let request = cover_limit(&exchange, offer.quantity + 10, offer.price);
    let first = place(&mut exchange, request);
    let filled = order(&exchange, &first).filled_quantity;
    assert!(filled > 0 && order(&exchange, &first).status == OrderStatus::Open);
    assert_eq!(legs(&exchange, &first)[0].quantity, filled);
    exchange.set_price(INFY, offer.price - rupees(2)).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(300));
    let filled_later = order(&exchange, &first).filled_quantity;
    assert!(filled_later > filled, "{filled_later}");
    let legs = legs(&exchange, &first);
    assert_eq!((legs.len(), legs[0].quantity, legs[0].pending_quantity), (1, filled_later, filled_later));
}

#[test]
fn ending_a_second_leg_ends_the_position_at_the_market_and_the_rest_of_the_first() {
    let mut exchange = still();
    let offer = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell[0];
    let request = cover_limit(&exchange, offer.quantity + 10, offer.price);
    let first = place(&mut exchange, request);
    let stop = legs(&exchange, &first)[0].order_id.clone();
    assert!(exchange.is_leg_of(USER, &stop, &first) && !exchange.is_leg_of(USER, &first, &stop));
    exchange.cancel(USER, Variety::Co, &stop).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(60));
    assert_eq!(order(&exchange, &first).status, OrderStatus::Cancelled);
    let row = order(&exchange, &stop);
    assert_eq!((row.status, row.modified), (OrderStatus::Complete, true));
    assert!(row.tags.contains(&"mktp".to_owned()));
    let states = words(&exchange, &stop);
    let changed = ["MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "OPEN"];
    assert_eq!(states[states.len().min(4)..][..4], changed, "{states:?}");
    assert_eq!(held(&exchange), [(ShownProduct::Co, 0)]);
    assert!(exchange.cancel(USER, Variety::Co, &stop).is_err());
}

#[test]
fn price_and_trigger_of_a_first_leg_and_the_trigger_of_a_second_may_change_and_nothing_else() {
    let mut exchange = still();
    let price = best(&exchange).0 - rupees(10);
    let request = cover_limit(&exchange, 10, price);
    let first = place(&mut exchange, request);
    let (price, stop_at) = (price - rupees(1), request_trigger(&exchange, &first) - rupees(1));
    let change = Change { price: Some(price), trigger: Some(stop_at), ..Change::default() };
    exchange.modify(USER, &first, ModifyOrder { variety: Variety::Co, ..ModifyOrder::new(change) }).unwrap();
    let row = order(&exchange, &first);
    assert_eq!((row.price, row.trigger_price, row.status), (price, stop_at, OrderStatus::Open));
    let more = Change { quantity: Some(20), ..Change::default() };
    for change in [more, Change { kind: Some(OrderKind::Market), ..Change::default() }] {
        let refused =
            exchange.modify(USER, &first, ModifyOrder { variety: Variety::Co, ..ModifyOrder::new(change) });
        assert!(refused.unwrap_err().message.starts_with("Only `price` and `trigger_price`"));
    }
    exchange.set_price(INFY, price - rupees(1)).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(300));
    let stop = legs(&exchange, &first)[0];
    assert_eq!((stop.trigger_price, stop.quantity), (stop_at, 10));
    let stop = stop.order_id.clone();
    exchange.modify(USER, &stop, trigger(stop_at + rupees(2))).unwrap();
    let row = order(&exchange, &stop);
    assert_eq!((row.trigger_price, row.status), (stop_at + rupees(2), OrderStatus::TriggerPending));
    let beyond = exchange.modify(USER, &stop, trigger(last(&exchange) + rupees(5))).unwrap_err();
    assert!(beyond.message.contains("sell orders should be lower"), "{beyond}");
}

fn request_trigger(exchange: &Exchange, id: &str) -> Price {
    order(exchange, id).trigger_price
}

#[test]
fn a_first_legs_new_trigger_is_one_for_the_stop_that_stands() {
    let mut exchange = still();
    let offer = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell[0];
    let request = cover_limit(&exchange, offer.quantity + 10, offer.price);
    let first = place(&mut exchange, request.clone());
    exchange.modify(USER, &first, trigger(request.trigger - rupees(3))).unwrap();
    let stop = legs(&exchange, &first)[0];
    assert_eq!((stop.trigger_price, stop.status), (request.trigger - rupees(3), OrderStatus::TriggerPending));
}

#[test]
fn a_cover_order_that_makes_no_sense_is_refused_and_leaves_no_row() {
    let mut exchange = still();
    let fine = cover(&exchange, Side::Buy, 10);
    let near = last(&exchange).round_to(rupees(1));
    let limit = OrderRequest { kind: OrderKind::Limit, price: near, market_protection: 0, ..fine.clone() };
    let cases = [
        (OrderRequest { trigger: Price::ZERO, ..fine.clone() }, "Missing or empty field `trigger_price`"),
        (OrderRequest { trigger: near + rupees(5), ..fine.clone() }, "buy orders should be lower"),
        (OrderRequest { trigger: near - rupees(5), ..cover(&exchange, Side::Sell, 1) }, "should be higher"),
        (OrderRequest { trigger: near, ..limit }, "lower than the limit price"),
        (OrderRequest { trigger: near - rupees(120), ..fine.clone() }, "should be between"),
        (OrderRequest { trigger: fine.trigger + Price::from_units(1), ..fine.clone() }, "Tick size"),
        (OrderRequest { product: Product::Cnc, ..fine.clone() }, "placed as MIS"),
        (OrderRequest { validity: Validity::Ioc, ..fine.clone() }, "Cover orders are DAY"),
        (
            OrderRequest { kind: OrderKind::StopMarket, trigger: near + rupees(5), ..fine.clone() },
            "Invalid `order_type`",
        ),
        (OrderRequest { market_protection: 0, ..fine.clone() }, "market protection"),
    ];
    for (request, said) in cases {
        let refusal = exchange.place(USER, PlaceOrder::new(request)).unwrap_err();
        assert!(refusal.message.contains(said), "{refusal} is not about {said}");
    }
    let shy = PlaceOrder { disclosed_quantity: 5, ..PlaceOrder::new(fine.clone()) };
    assert!(exchange.place(USER, shy).unwrap_err().message.contains("Disclosed quantity"));
    let brief = PlaceOrder { ttl_minutes: Some(1), ..PlaceOrder::new(fine) };
    assert!(exchange.place(USER, brief).unwrap_err().message.contains("Cover orders are DAY"));
    assert!(exchange.orders(USER).is_empty());
}

#[test]
fn cover_orders_bind_margin_like_intraday_ones_and_are_squared_off_with_them() {
    let mut exchange = exchange();
    let request = cover(&exchange, Side::Buy, 10);
    let before = exchange.margins(USER).unwrap().net;
    let first = place(&mut exchange, request);
    let bound = (before - exchange.margins(USER).unwrap().net).to_wire();
    let fifth = last(&exchange).to_wire() * 10.0 / 5.0;
    assert!((bound - fifth).abs() < fifth / 50.0, "{bound} {fifth}");
    let mut too_many = cover(&exchange, Side::Buy, 20_000);
    too_many.market_protection = -1;
    let id = place(&mut exchange, too_many);
    assert_eq!(order(&exchange, &id).status, OrderStatus::Rejected);
    assert!(legs(&exchange, &id).is_empty());
    exchange.jump(monday().at_seconds(15 * 3600 + 25 * 60));
    assert_eq!(held(&exchange), [(ShownProduct::Co, 0)]);
    let legs = legs(&exchange, &first);
    assert!(legs.iter().all(|leg| leg.status == OrderStatus::Complete), "{legs:?}");
}

#[test]
fn a_stop_outlives_a_restart_and_midnight_where_its_position_does() {
    let mut before = Exchange::new(setup(Calendar::always_open(), ten_o_clock()));
    before.hold_price(INFY, true);
    let request = cover(&before, Side::Buy, 10);
    let first = place(&mut before, request);
    let state = serde_json::to_string(&before.take_state()).unwrap();
    let state = serde_json::from_str(&state).unwrap();
    let mut after = Exchange::restore(setup(Calendar::always_open(), ten_o_clock()), state);
    after.hold_price(INFY, true);
    assert_eq!((held(&after), legs(&after, &first)), (held(&before), legs(&before, &first)));
    after.jump(monday().next().at_seconds(60));
    let all = after.orders(USER);
    let stop = all.iter().find(|order| order.parent_order_id.as_deref() == Some(first.as_str())).unwrap();
    assert_eq!(stop.status, OrderStatus::TriggerPending);
    let (id, at) = (stop.order_id.clone(), stop.trigger_price);
    after.hold_price(INFY, false);
    after.set_price(INFY, at - Price::from_rupees(1)).unwrap();
    after.advance(monday().next().at_seconds(120));
    assert_eq!(order(&after, &id).status, OrderStatus::Complete);
    assert_eq!(held(&after).iter().map(|(_, units)| units).sum::<i64>(), 0);
}

#[test]
fn what_a_day_could_not_end_is_ended_on_the_next() {
    let mut exchange = exchange();
    let request = cover(&exchange, Side::Buy, 10);
    let first = place(&mut exchange, request);
    let stop = legs(&exchange, &first)[0].order_id.clone();
    exchange.hold_matching(INFY, true);
    exchange.jump(monday().at_seconds(16 * 3600));
    assert_eq!(order(&exchange, &stop).status, OrderStatus::Cancelled);
    assert_eq!(held(&exchange), [(ShownProduct::Co, 10)]);
    exchange.hold_matching(INFY, false);
    exchange.jump(monday().next().at_seconds(15 * 3600 + 25 * 60));
    assert_eq!(held(&exchange), [(ShownProduct::Co, 0)]);
    let closing: Vec<_> = exchange.orders(USER);
    assert_eq!((closing.len(), closing[0].product(), closing[0].side), (1, ShownProduct::Co, Side::Sell));
}
