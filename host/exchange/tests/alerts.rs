//! Alerts that watch the market: made, fired when their condition comes true, ended.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{
    Alert, AlertKind, AlertStatus, Attribute, BasketChange, BasketOrder, BasketWish, ComparandWish, Exchange,
    OperandWish, Operator, PlaceAlert, State,
};
use market::{Calendar, OrderKind, Price, Product, Side, Validity};
use support::*;

fn rupees(n: i64) -> Price {
    Price::from_rupees(n)
}

fn still() -> Exchange {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    exchange
}

fn operand(exchange: &str, name: &str) -> OperandWish {
    OperandWish {
        exchange: exchange.to_owned(),
        name: name.to_owned(),
        attribute: Attribute::LastTradedPrice,
    }
}

fn wish(operator: Operator, number: Price) -> PlaceAlert {
    PlaceAlert {
        name: "INFY moves".to_owned(),
        kind: AlertKind::Simple,
        left: operand("NSE", "INFY"),
        operator,
        right: ComparandWish::Constant(number),
        status: AlertStatus::Enabled,
        basket: None,
    }
}

fn buy(name: &str, weight: u32, quantity: u32) -> BasketWish {
    BasketWish {
        symbol: format!("NSE:{name}").parse().unwrap(),
        weight,
        order: BasketOrder {
            side: Side::Buy,
            kind: OrderKind::Market,
            product: Product::Mis,
            quantity,
            disclosed_quantity: 0,
            price: Price::ZERO,
            trigger: Price::ZERO,
            validity: Validity::Day,
            ttl_minutes: None,
            market_protection: -1,
            tags: vec!["basket".to_owned()],
        },
    }
}

fn ato(number: Price, basket: Vec<BasketChange>) -> PlaceAlert {
    PlaceAlert { kind: AlertKind::Ato, basket: Some(basket), ..wish(Operator::AtLeast, number) }
}

fn made(exchange: &mut Exchange, wish: PlaceAlert) -> String {
    exchange.place_alert(USER, wish).unwrap().uuid.clone()
}

fn alert<'a>(exchange: &'a Exchange, uuid: &str) -> &'a Alert {
    exchange.alert(USER, uuid).unwrap()
}

#[test]
fn a_simple_alert_fires_each_time_its_condition_comes_true_and_stays_enabled() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let uuid = made(&mut exchange, wish(Operator::AtLeast, level));
    let tick = Price::from_paise(10);
    for (price, count) in [(level - tick, 0), (level, 1), (level + tick, 1), (level - tick, 1), (level, 2)] {
        exchange.set_price(INFY, price).unwrap();
        assert_eq!(alert(&exchange, &uuid).count, count, "{price}");
    }
    let alert = alert(&exchange, &uuid);
    assert_eq!((alert.status, alert.history.len()), (AlertStatus::Enabled, 2));
    let event = &alert.history[0];
    assert_eq!(event.quotes[0].quote.tick.last_price, level);
    assert_eq!(event.condition, format!("LastTradedPrice(\"NSE:INFY\") >= {}", level.to_wire()));
    assert!(event.orders.is_empty());
}

#[test]
fn an_ato_alert_places_its_basket_by_weight_once_and_is_disabled_by_it() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let basket = vec![
        BasketChange::Insert(buy("TCS", 20, 1)),
        BasketChange::Insert(buy("INFY", 10, 2)),
        BasketChange::Insert(buy("ITC", 30, 1_000_000)),
    ];
    let uuid = made(&mut exchange, ato(level, basket));
    for price in [level, level - rupees(1), level] {
        exchange.set_price(INFY, price).unwrap();
    }
    let alert = alert(&exchange, &uuid);
    assert_eq!((alert.status, alert.count, alert.history.len()), (AlertStatus::Disabled, 1, 1));
    let orders = exchange.orders(USER);
    let placed: Vec<_> = orders.iter().map(|order| (order.symbol.name(), order.quantity)).collect();
    assert_eq!(placed, [("INFY", 2), ("TCS", 1), ("ITC", 1_000_000)]);
    assert_eq!(orders[0].tag.as_deref(), Some("basket"));
    let ids: Vec<_> = alert.history[0].orders.iter().map(|placed| placed.order.clone().unwrap()).collect();
    assert_eq!(ids, orders.iter().map(|order| order.order_id.clone()).collect::<Vec<_>>());
}

#[test]
fn an_order_that_is_refused_says_why_and_the_others_are_placed() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let mut unprotected = buy("INFY", 1, 1);
    unprotected.order.market_protection = 0;
    let basket = vec![BasketChange::Insert(unprotected), BasketChange::Insert(buy("TCS", 2, 1))];
    let uuid = made(&mut exchange, ato(level, basket));
    exchange.set_price(INFY, level).unwrap();
    let outcome = &alert(&exchange, &uuid).history[0].orders;
    assert!(outcome[0].order.as_ref().unwrap_err().contains("market protection"), "{outcome:?}");
    assert_eq!(exchange.orders(USER)[0].order_id, *outcome[1].order.as_ref().unwrap());
}

#[test]
fn two_instruments_are_compared_whichever_of_them_moves() {
    let mut exchange = still();
    let tcs = exchange.find(&"NSE:TCS".parse().unwrap()).unwrap().instrument.token;
    exchange.hold_price(tcs, true);
    let change = |name| OperandWish { attribute: Attribute::DayChange, ..operand("NSE", name) };
    let right = ComparandWish::Instrument(change("TCS"));
    let both = PlaceAlert { left: change("INFY"), right, ..wish(Operator::More, Price::ZERO) };
    let move_to = |exchange: &mut Exchange, token: u32, above_close: i64| {
        let close = exchange.quote(token).unwrap().tick.close;
        exchange.set_price(token, close + rupees(above_close)).unwrap();
    };
    move_to(&mut exchange, INFY, 10);
    move_to(&mut exchange, tcs, 50);
    let uuid = made(&mut exchange, both);
    for (token, above_close, count) in [(tcs, 40, 0), (tcs, 5, 1), (INFY, 1, 1), (INFY, 9, 2)] {
        move_to(&mut exchange, token, above_close);
        assert_eq!(alert(&exchange, &uuid).count, count, "{token} {above_close}");
    }
    let event = alert(&exchange, &uuid).history.last().unwrap();
    assert_eq!(event.quotes.len(), 2);
    assert_eq!(event.condition, "DayChange(\"NSE:INFY\") > DayChange(\"NSE:TCS\")");
}

#[test]
fn an_alert_that_makes_no_sense_is_refused_in_words() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let simple = || wish(Operator::AtLeast, level);
    let insert = |count: u32| (0..count).map(|n| BasketChange::Insert(buy("INFY", n, 1))).collect::<Vec<_>>();
    let cases = [
        (PlaceAlert { name: "n".repeat(101), ..simple() }, "100 characters"),
        (PlaceAlert { left: operand("MOON", "INFY"), ..simple() }, "Invalid `lhs_exchange`"),
        (PlaceAlert { left: operand("NSE", "NOSUCH"), ..simple() }, "NSE:NOSUCH is not listed"),
        (PlaceAlert { left: operand("INDICES", "INFY"), ..simple() }, "INDICES:INFY is not listed"),
        (
            PlaceAlert { right: ComparandWish::Instrument(operand("NSE", "NOSUCH")), ..simple() },
            "Invalid `rhs_tradingsymbol`",
        ),
        (PlaceAlert { basket: None, ..ato(level, Vec::new()) }, "1 to 20 orders"),
        (ato(level, insert(21)), "1 to 20 orders"),
        (ato(level, vec![BasketChange::Delete(7)]), "no item with the id 7"),
        (ato(level, vec![BasketChange::Update(7, buy("INFY", 1, 1))]), "no item with the id 7"),
        (ato(level, vec![BasketChange::Insert(buy("NOSUCH", 1, 1))]), "does not exist"),
    ];
    for (wish, words) in cases {
        let said = exchange.place_alert(USER, wish).unwrap_err();
        assert!(said.message.contains(words), "{} | {words}", said.message);
    }
    assert_eq!(exchange.alerts(USER).count(), 0);
    assert!(exchange.place_alert(USER, ato(level, insert(20))).is_ok());
    assert!(exchange.place_alert(USER, PlaceAlert { name: "n".repeat(100), ..simple() }).is_ok());
}

#[test]
fn an_account_has_five_hundred_enabled_alerts_and_a_disabled_one_does_not_count() {
    let mut exchange = still();
    let simple = wish(Operator::Equal, rupees(1));
    let off = PlaceAlert { status: AlertStatus::Disabled, ..simple.clone() };
    let disabled = made(&mut exchange, off);
    for _ in 0..500 {
        exchange.place_alert(USER, simple.clone()).unwrap();
    }
    assert!(exchange.place_alert(USER, simple.clone()).unwrap_err().message.contains("500 active"));
    assert!(exchange.modify_alert(USER, &disabled, simple.clone()).unwrap_err().message.contains("500"));
    let first = exchange.alerts(USER).nth(1).unwrap().uuid.clone();
    exchange.modify_alert(USER, &first, simple.clone()).unwrap();
    exchange.delete_alerts(USER, &[&first]).unwrap();
    exchange.modify_alert(USER, &disabled, simple).unwrap();
}

#[test]
fn a_change_keeps_the_count_and_the_basket_and_a_disabled_alert_is_silent_until_it_is_enabled() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let uuid = made(&mut exchange, ato(level, vec![BasketChange::Insert(buy("INFY", 5, 1))]));
    exchange.set_price(INFY, level).unwrap();
    let item = alert(&exchange, &uuid).basket[0].id;
    let again = PlaceAlert { basket: None, ..ato(level, Vec::new()) };
    let off = PlaceAlert { status: AlertStatus::Disabled, ..again.clone() };
    exchange.modify_alert(USER, &uuid, off).unwrap();
    exchange.set_price(INFY, level).unwrap();
    assert_eq!((alert(&exchange, &uuid).count, alert(&exchange, &uuid).basket[0].id), (1, item));
    exchange.modify_alert(USER, &uuid, again).unwrap();
    exchange.set_price(INFY, level).unwrap();
    assert_eq!((alert(&exchange, &uuid).count, exchange.orders(USER).len()), (2, 2));
    let changes = vec![BasketChange::Insert(buy("TCS", 1, 1)), BasketChange::Update(item, buy("ITC", 9, 3))];
    exchange.modify_alert(USER, &uuid, ato(level, changes)).unwrap();
    let names: Vec<_> =
        alert(&exchange, &uuid).basket.iter().map(|item| item.symbol.name().to_owned()).collect();
    assert_eq!(names, ["TCS", "ITC"]);
    exchange.modify_alert(USER, &uuid, ato(level, vec![BasketChange::Delete(item)])).unwrap();
    assert_eq!(alert(&exchange, &uuid).basket.len(), 1);
    exchange.modify_alert(USER, &uuid, wish(Operator::AtLeast, level)).unwrap();
    assert!(alert(&exchange, &uuid).basket.is_empty());
}

#[test]
fn what_is_deleted_is_silent_and_forgotten_after_a_week_and_strangers_see_nothing() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let uuid = made(&mut exchange, wish(Operator::AtLeast, level));
    let other = made(&mut exchange, wish(Operator::AtLeast, level));
    assert!(exchange.alert(OTHER, &uuid).is_none());
    assert!(exchange.delete_alerts(OTHER, &[&uuid]).unwrap_err().message.contains("Couldn't find"));
    assert!(exchange.delete_alerts(USER, &[&uuid, "nothing"]).is_err());
    assert_eq!(alert(&exchange, &uuid).status, AlertStatus::Enabled, "one that is missing spares the others");
    exchange.delete_alerts(USER, &[&uuid]).unwrap();
    exchange.set_price(INFY, level).unwrap();
    assert_eq!((alert(&exchange, &uuid).status, alert(&exchange, &uuid).count), (AlertStatus::Deleted, 0));
    assert!(exchange.modify_alert(USER, &uuid, wish(Operator::Less, level)).is_err());
    exchange.jump(ten_o_clock().plus_seconds(8 * 86_400));
    assert!(exchange.alert(USER, &uuid).is_none() && exchange.alert(USER, &other).is_some());
}

#[test]
fn an_alert_on_a_contract_is_disabled_with_a_reason_when_it_expires() {
    let mut exchange = still();
    let dated = |listing: &&exchange::Listing| listing.instrument.expiry.is_some();
    let soonest = exchange.listings().filter(dated).min_by_key(|listing| listing.instrument.expiry).unwrap();
    let (symbol, expiry) = (soonest.instrument.symbol.clone(), soonest.instrument.expiry.unwrap());
    let left = operand(symbol.venue().as_str(), symbol.name());
    let uuid = made(&mut exchange, PlaceAlert { left, ..wish(Operator::Less, Price::ZERO) });
    exchange.jump(expiry.next().at_seconds(60));
    let alert = alert(&exchange, &uuid);
    assert_eq!(alert.status, AlertStatus::Disabled);
    assert_eq!(alert.disabled_reason, "The instrument has expired.");
}

#[test]
fn the_newest_fifty_firings_are_remembered() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let uuid = made(&mut exchange, wish(Operator::AtLeast, level));
    for _ in 0..55 {
        exchange.set_price(INFY, level).unwrap();
        exchange.set_price(INFY, level - rupees(1)).unwrap();
    }
    assert_eq!((alert(&exchange, &uuid).count, alert(&exchange, &uuid).history.len()), (55, 50));
}

#[test]
fn alerts_outlive_the_process_by_a_whole_state_and_by_changes_to_it() {
    let mut exchange = still();
    let level = last(&exchange) + rupees(10);
    let first = made(&mut exchange, wish(Operator::AtLeast, level));
    let mut kept: State = exchange.take_state();
    let second = made(&mut exchange, ato(level, vec![BasketChange::Insert(buy("INFY", 5, 1))]));
    exchange.set_price(INFY, level).unwrap();
    kept.follow(exchange.take_changes().unwrap());
    let text = serde_json::to_string(&kept).unwrap();
    let kept: State = serde_json::from_str(&text).unwrap();
    let restored = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), kept);
    let all: Vec<_> = exchange.alerts(USER).cloned().collect();
    assert_eq!(all.len(), 2);
    assert_eq!((alert(&restored, &first).count, alert(&restored, &second).count), (1, 1));
    assert_eq!(restored.alerts(USER).cloned().collect::<Vec<_>>(), all);
}

#[test]
fn another_name_does_not_fire_an_alert_that_is_met_already() {
    let mut exchange = still();
    let number = last(&exchange) + rupees(10);
    let uuid = made(&mut exchange, wish(Operator::AtLeast, number));
    exchange.set_price(INFY, number).unwrap();
    assert_eq!(alert(&exchange, &uuid).count, 1);
    let renamed = PlaceAlert { name: "other".to_owned(), ..wish(Operator::AtLeast, number) };
    exchange.modify_alert(USER, &uuid, renamed).unwrap();
    exchange.set_price(INFY, number + rupees(1)).unwrap();
    assert_eq!(alert(&exchange, &uuid).count, 1);
    let moved = wish(Operator::AtLeast, number + rupees(1));
    exchange.modify_alert(USER, &uuid, moved).unwrap();
    exchange.set_price(INFY, number + rupees(2)).unwrap();
    assert_eq!(alert(&exchange, &uuid).count, 2, "another condition is another matter");
}
