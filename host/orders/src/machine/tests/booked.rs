//! Trades, whose they are, and whether they add up to what the broker says was traded.

use super::*;
use crate::book::DayPosition;
use crate::record::TradeRecord;
use crate::trading::TradingState;
use market::{Money, Product, Trade};

fn fill(trade_id: &str, number: &str, quantity: u32, price: i64) -> Trade {
    Trade {
        trade_id: trade_id.into(),
        order_id: number.into(),
        symbol: "NSE:INFY".parse().unwrap(),
        token: 1,
        side: Side::Buy,
        product: Product::Mis,
        quantity,
        price: Price::from_rupees(price),
        time: NOON,
    }
}

fn bought(units: i64) -> DayPosition {
    DayPosition { symbol: "NSE:INFY".parse().unwrap(), product: Product::Mis, bought: units, sold: 0 }
}

fn traded(effects: &[Effect]) -> Vec<TradeRecord> {
    let booked = effects.iter().filter_map(|effect| match effect {
        Effect::Traded(record) => Some(record.clone()),
        _ => None,
    });
    booked.collect()
}

impl Bench {
    fn list(&mut self, trades: Vec<Trade>) -> Vec<Effect> {
        let reading = Reading { trades: Listing::whole(trades), ..self.reading(vec![]) };
        self.pass(Duration::from_millis(1));
        self.feed(Event::Reading(Box::new(reading)))
    }

    fn positions(&mut self, trades: Vec<Trade>, positions: Vec<DayPosition>) -> Vec<Effect> {
        let positions = Some(Listing::whole(positions));
        let reading = Reading { trades: Listing::whole(trades), positions, ..self.reading(vec![]) };
        self.pass(Duration::from_millis(1));
        let effects = self.feed(Event::Reading(Box::new(reading)));
        self.pass(Duration::from_secs(2));
        effects
    }
}

#[test]
fn trades_are_booked_once_and_belong_to_the_run_whose_order_carries_their_number() {
    let mut bench = Bench::open();
    bench.resting();
    let trades = vec![fill("7", "B1", 4, 100), fill("7", "B9", 4, 100), fill("8", "B1", 6, 110)];
    let booked = traded(&bench.list(trades.clone()));
    let owners: Vec<_> = booked.iter().map(|record| record.run_id.as_deref()).collect();
    assert_eq!(owners, [Some("run"), None, Some("run")], "two orders that meet carry one trade number");
    assert!(traded(&bench.list(trades)).is_empty());
}

#[test]
fn a_trade_that_is_told_otherwise_stays_as_it_was_and_is_said_once() {
    let mut bench = Bench::open();
    bench.list(vec![fill("7", "B9", 4, 100)]);
    let other = vec![fill("7", "B9", 5, 100)];
    let effects = bench.list(other.clone());
    assert!(traded(&effects).is_empty() && said(&effects, "otherwise than before"));
    assert!(!said(&bench.list(other), "otherwise than before"));
}

#[test]
fn trades_that_came_before_their_orders_number_are_its_runs_from_then_on() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1)]);
    assert_eq!(traded(&bench.list(vec![fill("7", "B1", 10, 100)]))[0].run_id, None);
    let effects = bench.accepted(1, "B1");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Adopted { number, .. } if number == "B1")));
    let adopts = |write: &Write| matches!(write, Write::Adopt { run_id, .. } if run_id == "run");
    assert!(bench.writes.iter().any(adopts));
}

#[test]
fn an_order_of_just_before_midnight_owns_its_fill_of_just_after_and_one_that_had_ended_owns_none() {
    let midnight = NOON.date().next().midnight();
    for (ended_at, owner) in [(midnight.plus_seconds(2), Some("run")), (NOON, None)] {
        let named = |order| OrderRecord { broker_order_id: Some("B1".into()), updated_at: ended_at, ..order };
        let orders = vec![stored(1, OrderState::Complete, named)];
        let mut bench = Bench::open_with(Loaded { orders, next_order_id: 2, ..Loaded::default() });
        bench.now.wall = midnight.plus_seconds(5);
        let trade = Trade { time: midnight.plus_seconds(1), ..fill("7", "B1", 10, 100) };
        assert_eq!(traded(&bench.list(vec![trade]))[0].run_id.as_deref(), owner);
    }
}

#[test]
fn fills_without_a_trade_are_asked_for_until_they_are_booked() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    bench.read(vec![BookOrder { state: OrderState::Complete, filled: 10, ..resting }]);
    assert!(bench.core.is_owed());
    let due = bench.core.next_wake().unwrap();
    assert!(due <= bench.now.since_boot + Duration::from_secs(3), "{due:?}");
    bench.list(vec![fill("7", "B1", 10, 100)]);
    assert!(!bench.core.is_owed());
}

#[test]
fn a_difference_that_two_readings_show_lets_only_exits_leave_until_it_is_gone() {
    let mut bench = Bench::open();
    bench.positions(vec![fill("7", "B9", 4, 100)], vec![bought(4)]);
    bench.positions(vec![], vec![bought(10)]);
    assert_eq!(bench.core.trading_state(), TradingState::Active, "once may be a fill in between");
    let effects = bench.positions(vec![], vec![bought(10)]);
    assert!(said(&effects, "10 bought and 0 sold"));
    assert!(matches!(bench.core.trading_state(), TradingState::Reducing { .. }));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Place(_))), "nothing is traded away");
    assert_eq!(refusals(&bench.ask(vec![buy(1)])), [RefusalCode::Reducing]);
    let tag = bench.tag();
    assert_eq!(places(&bench.feed(exit(tag))).len(), 1);
    let effects = bench.positions(vec![fill("8", "B9", 6, 100)], vec![bought(10)]);
    assert!(said(&effects, "agree again"));
    assert_eq!(bench.core.trading_state(), TradingState::Active);
}

#[test]
fn what_was_booked_by_the_same_reading_or_read_with_a_hole_proves_no_difference() {
    let mut bench = Bench::open();
    bench.positions(vec![], vec![]);
    for n in 1..6 {
        bench.positions(vec![fill(&n.to_string(), "B9", 1, 100)], vec![bought(99)]);
    }
    let hole = Listing { rows: vec![bought(99)], unreadable: 1 };
    for _ in 0..3 {
        let reading = Reading { positions: Some(hole.clone()), ..bench.reading(vec![]) };
        bench.pass(Duration::from_millis(1));
        bench.feed(Event::Reading(Box::new(reading)));
        bench.pass(Duration::from_secs(2));
    }
    assert_eq!(bench.core.trading_state(), TradingState::Active);
}

#[test]
fn units_that_changed_their_product_are_no_difference() {
    let mut bench = Bench::open();
    let converted = DayPosition { product: Product::Cnc, ..bought(10) };
    bench.positions(vec![fill("7", "B9", 10, 100)], vec![bought(10)]);
    for _ in 0..3 {
        bench.positions(vec![], vec![converted.clone()]);
    }
    assert_eq!(bench.core.trading_state(), TradingState::Active);
}

#[test]
fn positions_are_asked_for_with_the_first_reading_of_a_session_and_every_minute_after() {
    let mut bench = Bench::fresh(Loaded::default());
    let asks = |effects: &[Effect]| {
        effects.iter().any(|effect| matches!(effect, Effect::ReadBook { with_positions: true, .. }))
    };
    assert!(asks(&bench.feed(Event::SessionChanged)));
    bench.positions(vec![fill("7", "B9", 4, 100)], vec![bought(4)]);
    bench.pass(Duration::from_secs(50));
    assert!(!asks(&bench.feed(Event::Time)));
    assert_eq!(bench.core.next_wake(), Some(Duration::from_millis(60_001)));
    bench.pass(Duration::from_secs(10));
    assert!(asks(&bench.feed(Event::Time)));
}

#[test]
fn while_fills_cannot_be_read_the_days_result_is_unknown() {
    let mut bench = Bench::open();
    let result = Some(Money::from_rupees(5));
    bench.feed(Event::DayResult(result));
    assert_eq!(bench.core.day_result(), result);
    let reading = Reading { trades: Listing { rows: vec![], unreadable: 1 }, ..bench.reading(vec![]) };
    bench.feed(Event::Reading(Box::new(reading)));
    bench.feed(Event::DayResult(result));
    assert_eq!(bench.core.day_result(), None);
}

#[test]
fn a_fill_that_tells_no_time_is_no_other_fill_at_the_next_reading() {
    let mut bench = Bench::open();
    bench.resting();
    let told = |bench: &Bench, quantity: u32| {
        let fill = Trade { time: bench.now.wall, ..fill("T1", "B1", quantity, 100) };
        Reading { trades: Listing::whole(vec![fill]), ..bench.reading(vec![]) }
    };
    for _ in 0..3 {
        bench.pass(Duration::from_secs(3));
        let reading = told(&bench, 10);
        let effects = bench.feed(Event::Reading(Box::new(reading)));
        assert!(!said(&effects, "otherwise than before"), "{effects:?}");
    }
    let times_said = (0..3).filter(|_| {
        bench.pass(Duration::from_secs(3));
        let reading = told(&bench, 9);
        said(&bench.feed(Event::Reading(Box::new(reading))), "otherwise than before")
    });
    assert_eq!(times_said.count(), 1);
}
