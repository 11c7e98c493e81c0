//! What a run is told after a restart, by what its journal and the rows say.

use super::*;
use market::{Calendar, OrderKind, OrderRequest, Product, Side, TradingDate, Validity};
use sandbox::Start;

fn noon() -> Timestamp {
    TradingDate::new(2026, 11, 23).unwrap().at_seconds(12 * 3_600)
}

fn order(id: RunOrderId, status: GuestOrderStatus, filled: u32, average: i64) -> OrderView {
    OrderView {
        id,
        symbol: "NSE:INFY".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Market,
        product: Product::Mis,
        status,
        quantity: 100,
        filled,
        price: Price::ZERO,
        trigger: Price::ZERO,
        average_price: Price::from_rupees(average),
        refusal: RefusalCode::None,
        message: String::new(),
        validity: Validity::Day,
        market_protection: -1,
        placed_at: noon(),
    }
}

fn row(order: OrderView) -> Row {
    Row { order, changed_at: noon().plus_seconds(60) }
}

fn heard(order: OrderView) -> Entry {
    let (time, fill_price) = (noon(), Price::ZERO);
    Entry::Event(Event::Order(OrderUpdate { order, time, fill_quantity: 0, fill_price }))
}

fn asked(id: RunOrderId) -> Entry {
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 100);
    Entry::Traces(vec![Trace::Intent(Intent::Place { id, request })])
}

fn known(entries: &[Entry]) -> Known {
    let mut known = Known { day: noon(), ..Known::default() };
    entries.iter().for_each(|entry| known.take(entry));
    known
}

#[test]
fn a_run_is_told_what_changed_and_what_traded_by_the_change_of_the_notional() {
    use GuestOrderStatus::{Abandoned, Complete, Partial, Pending, Refused};
    let known = known(&[
        heard(order(1, Partial, 40, 100)),
        heard(order(2, Complete, 100, 100)),
        asked(3),
        asked(4),
        asked(5),
    ]);
    let rows = [
        row(order(1, Complete, 100, 106)),
        row(order(2, Complete, 100, 100)),
        row(order(3, Abandoned, 0, 0)),
        row(order(4, Pending, 0, 0)),
        row(order(5, Refused, 0, 0)),
        row(order(6, Complete, 100, 9)),
    ];
    let told = known.changes(&rows).unwrap();
    let shown: Vec<_> = told
        .iter()
        .map(|told| (told.order.id, told.order.status, told.fill_quantity, told.fill_price))
        .collect();
    let rupees = Price::from_rupees;
    assert_eq!(
        shown,
        [
            (1, Complete, 60, rupees(110)),
            (3, Abandoned, 0, rupees(0)),
            (5, Refused, 0, rupees(0)),
            (6, Complete, 100, rupees(9)),
        ]
    );
}

#[test]
fn rows_that_lack_an_order_or_a_fill_are_not_those_of_the_journal() {
    let filled = known(&[heard(order(1, GuestOrderStatus::Partial, 40, 100))]);
    let said = filled.changes(&[row(order(1, GuestOrderStatus::Open, 30, 100))]).unwrap_err();
    assert!(said.contains("40 units filled of order 1, whose row has 30"), "{said}");
    let said = known(&[asked(7)]).changes(&[]).unwrap_err();
    assert_eq!(said, "it asked for order 7, which has no row");
}

#[test]
fn a_change_that_nobody_answered_is_told_as_lost_unless_the_row_or_its_end_says_more() {
    use GuestOrderStatus::{Complete, Open};
    let change = |id| {
        let change = market::Change { price: Some(Price::from_rupees(9)), ..market::Change::default() };
        Entry::Traces(vec![Trace::Intent(Intent::Modify { id, change })])
    };
    let known = known(&[
        heard(order(1, Open, 0, 0)),
        heard(order(2, Open, 0, 0)),
        heard(order(3, Open, 0, 0)),
        heard(order(4, Complete, 100, 5)),
        change(1),
        change(2),
        change(3),
        change(4),
        // This one was answered.
        heard(order(2, Open, 0, 0)),
    ]);
    let made = OrderView { price: Price::from_rupees(9), ..order(3, Open, 0, 0) };
    let rows =
        [row(order(1, Open, 0, 0)), row(order(2, Open, 0, 0)), row(made), row(order(4, Complete, 100, 5))];
    let told = known.changes(&rows).unwrap();
    let shown: Vec<_> = told.iter().map(|told| (told.order.id, told.order.message.as_str())).collect();
    assert_eq!(shown, [(1, CHANGE_LOST), (3, "")]);
    assert_eq!((told[0].order.refusal, told[0].fill_quantity), (RefusalCode::Other, 0));
}

#[test]
fn a_run_hears_of_the_days_it_missed_in_their_order_and_of_the_restart_last() {
    let lost = Event::Notice { kind: NoticeKind::FeedLost, now: noon(), text: String::new() };
    let known = known(&[heard(order(1, GuestOrderStatus::Open, 0, 0)), Entry::Event(lost)]);
    let change = Row {
        changed_at: noon().plus_seconds(4 * 3_600),
        order: order(1, GuestOrderStatus::Complete, 100, 5),
    };
    let changes = known.changes(&[change]).unwrap();
    let mut day = TradingDay::new(Calendar::nse([]), known.day());
    let now = noon().plus_seconds(86_400);
    let events = known.catch_up(changes, &mut day, Some(Money::from_rupees(5)), now);
    let kinds: Vec<String> = events
        .iter()
        .map(|event| match event {
            Event::Notice { kind, .. } => format!("{kind:?}"),
            other => format!("{other:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
        })
        .collect();
    let expected = ["MarketClose", "Order", "Session", "MarketOpen", "Cash", "FeedBack", "HostRestarted"];
    assert_eq!(kinds, expected);
    let Some(Event::Notice { text, .. }) = events.last() else { panic!("a notice") };
    assert!(text.contains("for 86400 s since 2026-11-23 12:00:00"), "{text}");
    assert!(day.due(now).is_empty(), "and of each change once");
}

#[test]
fn a_beginning_forgets_what_was_before_it() {
    let start = Start { now: noon(), orders: vec![order(9, GuestOrderStatus::Open, 0, 0)], ..blank() };
    let text = String::new;
    let beginning = sandbox::journal::Beginning {
        component: text(),
        engine: text(),
        build: text(),
        architecture: text(),
        start,
    };
    let known = known(&[asked(1), Entry::Start(Box::new(beginning))]);
    assert_eq!(known.changes(&[row(order(9, GuestOrderStatus::Open, 0, 0))]).unwrap(), []);
    assert_eq!((known.heard_at, known.day()), (noon(), noon()));
}

#[test]
fn what_is_held_after_the_fills_leaves_out_what_is_flat() {
    let symbol: market::Symbol = "NSE:INFY".parse().unwrap();
    let held = HeldPosition {
        symbol,
        product: Product::Mis,
        quantity: -60,
        average_price: Price::ZERO,
        cost: Money::ZERO,
        realised: Money::ZERO,
    };
    let known = known(&[heard(order(1, GuestOrderStatus::Partial, 40, 100))]);
    let changes = known.changes(&[row(order(1, GuestOrderStatus::Complete, 100, 100))]).unwrap();
    assert!(held_after(std::slice::from_ref(&held), &changes).is_empty());
    assert_eq!(held_after(&[held], &[]).into_values().collect::<Vec<_>>(), [-60]);
}

fn blank() -> Start {
    Start {
        params: BTreeMap::new(),
        instruments: Vec::new(),
        now: noon(),
        session: None,
        cash: Money::ZERO,
        positions: Vec::new(),
        orders: Vec::new(),
        next_order_id: 1,
        state: BTreeMap::new(),
        warm_up: Vec::new(),
        seed: 1,
        today_realised: Money::ZERO,
    }
}
