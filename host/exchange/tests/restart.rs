//! An exchange that ends and goes on: nothing of a trader's is lost, and no number is given out twice.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, OrderStatus, PlaceOrder, State};
use market::{Calendar, Change, Product, Side, Variety};
use std::collections::BTreeSet;
use support::*;

fn ids(exchange: &Exchange) -> BTreeSet<String> {
    let trades = exchange.trades(USER).iter().map(|record| format!("trade {}", record.trade.trade_id));
    let orders = exchange.orders(USER);
    let rows = orders.iter().flat_map(|order| {
        let at_exchange = order.exchange_order_id.clone().unwrap_or_default();
        [
            format!("order {}", order.order_id),
            format!("exchange {at_exchange}"),
            format!("guid {}", order.guid),
        ]
    });
    trades.chain(rows).collect()
}

/// A morning with a bit of everything.
fn busy() -> Exchange {
    let mut exchange = exchange();
    place(&mut exchange, infy(Side::Buy, 8));
    place(&mut exchange, market("NSE:TCS", Product::Cnc, Side::Sell, 4));
    place(&mut exchange, market("NFO:NIFTY26DECFUT", Product::Nrml, Side::Buy, 65));
    let far = best(&exchange).0 - market::Price::from_rupees(40);
    let id = place(&mut exchange, limit(Side::Buy, 7, far));
    let change = Change { quantity: Some(9), ..Change::default() };
    exchange.modify(USER, &id, exchange::ModifyOrder::new(change)).unwrap();
    place(&mut exchange, market("NSE:INFY", Product::Cnc, Side::Buy, 900_000));
    exchange
}

#[test]
fn two_exchanges_that_start_on_one_date_give_out_different_numbers() {
    let mut seen = BTreeSet::new();
    for minutes in [0, 1, 300] {
        let now = ten_o_clock().plus_seconds(minutes * 60);
        let mut exchange = Exchange::new(setup(Calendar::nse([]), now));
        for _ in 0..200 {
            place(&mut exchange, infy(Side::Buy, 1));
        }
        for id in ids(&exchange) {
            assert!(seen.insert(id.clone()), "{id} was given out twice");
        }
    }
    assert!(seen.len() >= 3 * 800);
}

#[test]
fn a_restored_exchange_has_the_same_books() {
    let mut before = busy();
    let text = serde_json::to_string(&before.take_state()).unwrap();
    let state: State = serde_json::from_str(&text).unwrap();
    let mut after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), state);
    for user in [USER, OTHER] {
        assert_eq!(before.orders(user), after.orders(user));
        assert_eq!(before.trades(user), after.trades(user));
        for order in before.orders(user) {
            let id = &order.order_id;
            assert_eq!(before.order_history(user, id), after.order_history(user, id));
        }
        let values = |exchange: &Exchange| -> Vec<_> {
            let net = exchange.positions(user).net;
            net.into_iter()
                .map(|row| (row.symbol, row.product, row.quantity, row.buy_value, row.sell_value))
                .collect()
        };
        assert_eq!(values(&before), values(&after));
        let held = |exchange: &Exchange| -> Vec<_> {
            exchange
                .holdings(user)
                .into_iter()
                .map(|h| (h.symbol, h.quantity, h.used_quantity, h.average_price))
                .collect()
        };
        assert_eq!(held(&before), held(&after));
        assert_eq!(before.margins(user).unwrap().available.cash, after.margins(user).unwrap().available.cash);
    }
    let known = ids(&before);
    place(&mut after, infy(Side::Sell, 8));
    assert_eq!(
        after
            .positions(USER)
            .net
            .iter()
            .filter(|row| row.product == Product::Mis)
            .map(|r| r.quantity)
            .sum::<i64>(),
        0
    );
    assert_eq!(
        ids(&after).difference(&known).count(),
        3 + after.trades(USER).len() - before.trades(USER).len()
    );
}

#[test]
fn a_state_and_the_changes_after_it_are_the_state_at_the_end() {
    let mut exchange = Exchange::new(setup(Calendar::always_open(), ten_o_clock()));
    let mut followed = exchange.take_state();
    assert!(exchange.take_changes().is_none());
    let mut ids = Vec::new();
    for n in 1..40_u32 {
        let price = best(&exchange).0 - market::Price::from_paise(i64::from(n % 5) * 10);
        ids.push(place(&mut exchange, limit(if n % 3 == 0 { Side::Sell } else { Side::Buy }, n, price)));
        if n % 4 == 0 {
            let _ = exchange.cancel(USER, Variety::Regular, &ids[ids.len() / 2]);
        }
        if n % 13 == 0 {
            exchange.jump(exchange.now().date().next().next().next().at_seconds(10 * 3600));
        } else {
            exchange.advance(exchange.now().plus_seconds(20));
        }
        if let Some(changes) = exchange.take_changes() {
            followed.follow(changes);
        }
    }
    let end = exchange.take_state();
    let (followed, end) = (serde_json::to_value(followed).unwrap(), serde_json::to_value(end).unwrap());
    for part in ["accounts", "trades", "contracts", "nudges"] {
        assert_eq!(followed[part], end[part], "{part}");
    }
    let rows = |state: &serde_json::Value| -> Vec<serde_json::Value> {
        state["orders"].as_array().unwrap().iter().map(|order| order["rows"].clone()).collect()
    };
    assert_eq!(rows(&followed), rows(&end));
}

#[test]
fn what_would_have_happened_meanwhile_happens_at_the_restart() {
    let mut before = busy();
    let state = before.take_state();
    let mut after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), state);
    after.jump(monday().at_seconds(20 * 3600));
    let standing = before.orders(USER).into_iter().find(|order| order.status == OrderStatus::Open).unwrap();
    assert_eq!(order(&after, &standing.order_id).status, OrderStatus::Cancelled);
    after.jump(monday().next().at_seconds(8 * 3600));
    assert!(after.orders(USER).is_empty());
    let net = after.positions(USER).net;
    assert!(
        net.iter().any(|row| row.symbol.name() == "NIFTY26DECFUT" && row.overnight_quantity == 65),
        "{net:?}"
    );
    assert_eq!(after.holdings(USER)[0].quantity, 6);
}

#[test]
fn a_moved_price_is_still_moved_after_a_restart() {
    let mut before = exchange();
    let target = last(&before) + market::Price::from_rupees(60);
    before.set_price(INFY, target).unwrap();
    let state = before.take_changes().map(|changes| {
        let mut whole = exchange().take_state();
        whole.follow(changes);
        whole
    });
    let mut after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), state.unwrap());
    after.advance(ten_o_clock().plus_seconds(2));
    assert!((last(&after) - target).abs() < market::Price::from_rupees(5), "{} {target}", last(&after));
}

#[test]
fn an_account_that_is_new_has_what_the_setup_gives_it() {
    let mut before = busy();
    let state = before.take_state();
    let mut setup = setup(Calendar::nse([]), ten_o_clock());
    setup.accounts[1].user_id = "UK0007".to_owned();
    let mut after = Exchange::restore(setup, state);
    assert!(after.margins(OTHER).is_none());
    assert_eq!(after.holdings("UK0007")[0].quantity, 10);
    after.place("UK0007", PlaceOrder::new(infy(Side::Buy, 1))).unwrap();
}

#[test]
fn a_state_from_before_cover_orders_and_auctions_is_still_read() {
    let mut before = busy();
    let mut state = serde_json::to_value(before.take_state()).unwrap();
    state.as_object_mut().unwrap().remove("auctions").expect("auctions are kept");
    for trade in state["trades"].as_array_mut().unwrap() {
        trade["trade"]
            .as_object_mut()
            .unwrap()
            .remove("cover")
            .expect("a trade says whether it is of a cover order");
    }
    let state: State = serde_json::from_value(state).unwrap();
    let after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), state);
    assert_eq!((after.trades(USER), after.orders(USER)), (before.trades(USER), before.orders(USER)));
    assert_eq!(after.auctions(), before.auctions());
}
