//! Triggers that wait for a price: made, fired once, ended.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, GttOrder, GttStatus, OrderStatus, PlaceGtt};
use market::{Calendar, OrderKind, Price, Product, Side};
use support::*;

fn rupees(n: i64) -> Price {
    Price::from_rupees(n)
}

fn wish(exchange: &Exchange, away: &[i64]) -> PlaceGtt {
    let last_price = last(exchange);
    let on_tick = |away: &i64| (last_price + rupees(*away)).round_to(Price::from_paise(10));
    let order = |trigger: &Price| GttOrder {
        side: Side::Buy,
        quantity: 3,
        kind: OrderKind::Limit,
        product: Product::Cnc,
        price: *trigger + rupees(5),
    };
    let triggers: Vec<_> = away.iter().map(on_tick).collect();
    let orders = triggers.iter().map(order).collect();
    PlaceGtt { symbol: "NSE:INFY".parse().unwrap(), triggers, last_price, orders }
}

fn still() -> Exchange {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    exchange
}

#[test]
fn a_single_fires_once_when_its_price_is_reached() {
    for away in [20, -20] {
        let mut exchange = still();
        let wish = wish(&exchange, &[away]);
        let trigger = wish.triggers[0];
        let id = exchange.place_gtt(USER, wish).unwrap();
        let step = Price::from_paise(if away > 0 { -10 } else { 10 });
        exchange.set_price(INFY, trigger + step).unwrap();
        assert_eq!(exchange.gtt(USER, id).unwrap().status, GttStatus::Active);
        exchange.set_price(INFY, trigger).unwrap();
        let gtt = exchange.gtt(USER, id).unwrap();
        assert_eq!(gtt.status, GttStatus::Triggered);
        let result = gtt.legs[0].result.as_ref().unwrap();
        assert_eq!(result.price, trigger);
        let order_id = result.order.clone().unwrap();
        assert_eq!(order(&exchange, &order_id).status, OrderStatus::Complete);
        exchange.set_price(INFY, trigger + step).unwrap();
        exchange.set_price(INFY, trigger).unwrap();
        assert_eq!(exchange.orders(USER).len(), 1);
    }
}

#[test]
fn of_two_legs_one_fires_and_ends_the_other() {
    let mut exchange = still();
    let wish = wish(&exchange, &[-20, 20]);
    let triggers = wish.triggers.clone();
    let id = exchange.place_gtt(USER, wish).unwrap();
    exchange.set_price(INFY, triggers[1] + rupees(1)).unwrap();
    exchange.set_price(INFY, triggers[0]).unwrap();
    let gtt = exchange.gtt(USER, id).unwrap();
    assert!(gtt.legs[0].result.is_none() && gtt.legs[1].result.is_some());
    assert_eq!(exchange.orders(USER).len(), 1);
}

#[test]
fn a_trigger_whose_order_is_refused_says_why() {
    let mut exchange = still();
    let mut wish = wish(&exchange, &[20]);
    wish.orders[0].price = rupees(100);
    let trigger = wish.triggers[0];
    let id = exchange.place_gtt(USER, wish).unwrap();
    exchange.set_price(INFY, trigger).unwrap();
    let said = exchange.gtt(USER, id).unwrap().legs[0].result.clone().unwrap().order.unwrap_err();
    assert!(said.contains("lower circuit limit"), "{said}");
}

#[test]
fn a_trigger_that_makes_no_sense_is_refused_in_kites_words() {
    let mut exchange = still();
    let two = |a, b| wish(&exchange, &[a, b]);
    let mut market_order = wish(&exchange, &[20]);
    market_order.orders[0].kind = OrderKind::Market;
    let mut alone = wish(&exchange, &[20]);
    alone.orders.clear();
    let cases = [
        (wish(&exchange, &[0]), "equal to the last price"),
        (wish(&exchange, &[1]), "at least 0.25% away"),
        (two(20, 40), "second trigger price less than the last price"),
        (wish(&exchange, &[-40, -20, 20]), "A single takes one value"),
        (market_order, "LIMIT orders"),
        (alone, "one order for each"),
    ];
    for (wish, words) in cases {
        let said = exchange.place_gtt(USER, wish).unwrap_err();
        assert!(said.message.contains(words), "{} | {words}", said.message);
    }
}

#[test]
fn an_account_has_two_hundred_and_fifty_active_triggers_and_a_year_for_each() {
    let mut exchange = still();
    let wish = wish(&exchange, &[200]);
    for _ in 0..250 {
        exchange.place_gtt(USER, wish.clone()).unwrap();
    }
    assert!(exchange.place_gtt(USER, wish.clone()).unwrap_err().message.contains("250"));
    let first = exchange.gtts(USER)[0].id;
    exchange.delete_gtt(USER, first).unwrap();
    assert_eq!(exchange.gtt(USER, first).unwrap().status, GttStatus::Deleted);
    assert!(exchange.delete_gtt(USER, first).unwrap_err().message.contains("not active"));
    let id = exchange.place_gtt(USER, wish).unwrap();
    assert!(exchange.delete_gtt(OTHER, id).unwrap_err().message.contains("Couldn't find"));
    exchange.jump(ten_o_clock().plus_seconds(8 * 86_400));
    assert!(exchange.gtt(USER, first).is_none() && exchange.gtt(USER, id).is_some());
}

#[test]
fn triggers_outlive_a_restart_and_are_changed_in_place() {
    let mut before = still();
    let id = before.place_gtt(USER, wish(&before, &[20])).unwrap();
    before.modify_gtt(USER, id, wish(&before, &[30])).unwrap();
    let kept = before.gtt(USER, id).unwrap().clone();
    let after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), before.take_state());
    assert_eq!(after.gtt(USER, id), Some(&kept));
}

#[test]
fn the_clients_last_price_says_from_which_side_the_market_comes_and_no_number_is_too_large() {
    let mut exchange = still();
    let said = |exchange: &mut Exchange, change: &dyn Fn(&mut PlaceGtt)| {
        let mut wish = wish(exchange, &[20]);
        change(&mut wish);
        exchange.place_gtt(USER, wish).unwrap_err().message
    };
    let at_the_trigger = said(&mut exchange, &|wish| wish.last_price = wish.triggers[0]);
    assert!(at_the_trigger.contains("equal to the last price"), "{at_the_trigger}");
    let none = said(&mut exchange, &|wish| wish.last_price = Price::ZERO);
    assert!(none.contains("`last_price`"), "{none}");
    let large = said(&mut exchange, &|wish| wish.triggers[0] = Price::from_units(1_000_000_000_000_000_001));
    assert!(large.contains("Tick size"), "{large}");
}

#[test]
fn a_chain_of_triggers_that_set_each_other_off_is_settled_link_by_link() {
    let mut exchange = still();
    for _ in 0..200 {
        let wish = wish(&exchange, &[20]);
        exchange.place_gtt(USER, wish).unwrap();
    }
    let target = wish(&exchange, &[20]).triggers[0];
    exchange.set_price(INFY, target).unwrap();
    assert!(exchange.gtts(USER).iter().all(|gtt| gtt.status == GttStatus::Triggered));
    assert_eq!(exchange.orders(USER).len(), 200);
}
