//! Every path that an order can take through Kite's states, row by row of its history (reference §7.5).
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, ModifyOrder, OrderStatus, PlaceOrder};
use market::{Calendar, Change, OrderKind, OrderRequest, Price, Side, Validity, Variety};
use support::*;

const FRONT: [&str; 3] = ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING"];

/// A name, what is done, and every state that the order passes after the three of the front.
type Path = (&'static str, fn(&mut Exchange) -> String, &'static [&'static str]);

fn far(exchange: &Exchange) -> Price {
    best(exchange).0 - Price::from_rupees(30)
}

fn resting(exchange: &mut Exchange) -> String {
    let price = far(exchange);
    place(exchange, limit(Side::Buy, 10, price))
}

fn stop(exchange: &mut Exchange) -> String {
    let trigger = last(exchange).round_to(Price::from_rupees(1)) + Price::from_rupees(3);
    place(exchange, OrderRequest { kind: OrderKind::StopMarket, trigger, ..infy(Side::Buy, 5) })
}

fn modify(exchange: &mut Exchange, id: &str, change: Change) {
    exchange.modify(USER, id, ModifyOrder::new(change)).unwrap();
}

fn quantity(units: u32) -> Change {
    Change { quantity: Some(units), ..Change::default() }
}

fn words(exchange: &Exchange, id: &str) -> Vec<&'static str> {
    exchange.order_history(USER, id).unwrap().iter().map(|row| row.status.as_str()).collect()
}

const PATHS: &[Path] = &[
    ("it waits in the book", resting, &["OPEN"]),
    ("it is filled at once", |e| place(e, infy(Side::Buy, 5)), &["OPEN", "COMPLETE"]),
    ("it is refused by the back office", |e| place(e, limit(Side::Buy, 1_000_000, best(e).0)), &[]),
    (
        "it is changed while open",
        |e| {
            let id = resting(e);
            modify(e, &id, quantity(12));
            id
        },
        &["OPEN", "MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "OPEN"],
    ),
    (
        "a change that funds do not allow goes back",
        |e| {
            let id = resting(e);
            modify(e, &id, quantity(1_000_000));
            id
        },
        &["OPEN", "MODIFY VALIDATION PENDING", "OPEN"],
    ),
    (
        "it is withdrawn",
        |e| {
            let id = resting(e);
            e.cancel(USER, Variety::Regular, &id).unwrap();
            id
        },
        &["OPEN", "CANCEL PENDING", "CANCELLED"],
    ),
    ("a stop waits", stop, &["TRIGGER PENDING"]),
    (
        "a stop is changed while it waits",
        |e| {
            let id = stop(e);
            modify(e, &id, quantity(6));
            id
        },
        &["TRIGGER PENDING", "MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "TRIGGER PENDING"],
    ),
    (
        "a change of a stop that funds do not allow goes back",
        |e| {
            let id = stop(e);
            modify(e, &id, quantity(1_000_000));
            id
        },
        &["TRIGGER PENDING", "MODIFY VALIDATION PENDING", "TRIGGER PENDING"],
    ),
    (
        "a stop is withdrawn",
        |e| {
            let id = stop(e);
            e.cancel(USER, Variety::Regular, &id).unwrap();
            id
        },
        &["TRIGGER PENDING", "CANCEL PENDING", "CANCELLED"],
    ),
    (
        "a stop becomes a limit",
        |e| {
            let id = stop(e);
            let price = Some(far(e));
            modify(e, &id, Change { kind: Some(OrderKind::Limit), price, ..Change::default() });
            id
        },
        &["TRIGGER PENDING", "MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "OPEN"],
    ),
    (
        "a stop fires",
        |e| {
            let id = stop(e);
            let trigger = order(e, &id).trigger_price;
            e.set_price(INFY, trigger).unwrap();
            id
        },
        &["TRIGGER PENDING", "OPEN PENDING", "OPEN", "COMPLETE"],
    ),
    (
        "what an IOC cannot get is cancelled",
        |e| place(e, OrderRequest { validity: Validity::Ioc, ..limit(Side::Buy, 10, far(e)) }),
        &["OPEN", "CANCELLED"],
    ),
    (
        "a time to live ends",
        |e| {
            let request = limit(Side::Buy, 10, far(e));
            let id = e.place(USER, PlaceOrder { ttl_minutes: Some(1), ..PlaceOrder::new(request) }).unwrap();
            e.advance(ten_o_clock().plus_seconds(70));
            id
        },
        &["OPEN", "CANCELLED"],
    ),
    (
        "the day ends",
        |e| {
            let request = limit(Side::Buy, 10, far(e));
            let id = place(e, OrderRequest { product: market::Product::Cnc, ..request });
            e.jump(monday().at_seconds(16 * 3600));
            id
        },
        &["OPEN", "CANCELLED"],
    ),
];

#[test]
fn every_path_leaves_its_states_in_their_order() {
    for (name, act, after) in PATHS {
        let mut exchange = exchange();
        exchange.hold_price(INFY, true);
        let id = act(&mut exchange);
        let expected: Vec<_> = if after.is_empty() {
            vec!["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "REJECTED"]
        } else {
            FRONT.iter().chain(*after).copied().collect()
        };
        // A fill of several levels shows as several rows of OPEN.
        let mut seen = words(&exchange, &id);
        let fills = order(&exchange, &id).filled_quantity > 0;
        if fills {
            seen.dedup();
        }
        assert_eq!(seen, expected, "{name}");
        check_rows(&exchange, &id, name);
    }
}

/// What holds on every path: no exchange number before the exchange has it, ids and times in order, and a mark after
/// the first change.
fn check_rows(exchange: &Exchange, id: &str, name: &str) {
    let rows = exchange.order_history(USER, id).unwrap();
    let mut at_exchange = false;
    for row in rows {
        at_exchange |= matches!(row.status, OrderStatus::Open | OrderStatus::TriggerPending);
        assert_eq!(row.exchange_order_id.is_some(), at_exchange, "{name}: {}", row.status.as_str());
        assert_eq!(row.exchange_timestamp.is_some(), at_exchange, "{name}: {}", row.status.as_str());
        assert_eq!(row.order_id, id, "{name}");
        if row.status == OrderStatus::Modified {
            assert!(row.modified, "{name}");
        }
        if row.status == OrderStatus::Rejected {
            assert_eq!(
                (row.filled_quantity, row.pending_quantity, row.cancelled_quantity),
                (0, 0, 0),
                "{name}"
            );
            assert!(row.status_message.is_some() && row.status_message_raw.is_some(), "{name}");
        }
    }
    assert!(rows.is_sorted_by_key(|row| row.order_timestamp), "{name}");
    let first = rows.iter().find(|row| row.exchange_timestamp.is_some());
    let before_change = rows.iter().filter(|row| !row.modified);
    assert!(
        before_change
            .filter_map(|row| row.exchange_timestamp)
            .all(|at| Some(at) == first.unwrap().exchange_timestamp),
        "{name}"
    );
}

#[test]
fn after_market_orders_wait_are_changed_and_withdrawn_and_go_the_way_of_all_in_the_morning() {
    let evening = monday().at_seconds(20 * 3600);
    let mut exchange = Exchange::new(setup(Calendar::nse([]), evening));
    let request = limit(Side::Buy, 10, far(&exchange));
    let request = OrderRequest { product: market::Product::Cnc, variety: Variety::Amo, ..request };
    let (stays, goes) = (place(&mut exchange, request.clone()), place(&mut exchange, request));
    let change = ModifyOrder { variety: Variety::Amo, ..ModifyOrder::new(quantity(11)) };
    exchange.modify(USER, &stays, change).unwrap();
    exchange.cancel(USER, Variety::Amo, &goes).unwrap();
    assert_eq!(words(&exchange, &stays), ["AMO REQ RECEIVED", "AMO REQ RECEIVED"]);
    assert_eq!(words(&exchange, &goes), ["AMO REQ RECEIVED", "CANCELLED"]);
    exchange.jump(monday().next().at_seconds(9 * 3600 + 20 * 60));
    let states = words(&exchange, &stays);
    assert_eq!(states[2..5], FRONT, "{states:?}");
    assert_eq!(order(&exchange, &stays).quantity, 11);
}
