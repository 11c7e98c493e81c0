//! What the broker's book says, what it lacks, and whose orders stand in it.

use super::*;
use crate::trading::TradingState;

#[test]
fn an_order_that_is_found_by_its_mark_is_adopted_with_its_fills() {
    let mut bench = lost();
    bench.pass(Duration::from_secs(1));
    let found = row(&bench.record(1), "B1", OrderState::Open, 4);
    bench.read(vec![found]);
    let order = bench.record(1);
    assert_eq!(
        (order.state, order.filled, order.broker_order_id.as_deref()),
        (OrderState::Partial, 4, Some("B1"))
    );
}

#[test]
fn an_order_is_absent_only_after_three_whole_readings_over_two_minutes_the_first_after_five_seconds() {
    let mut bench = lost();
    bench.pass(Duration::from_secs(1));
    for _ in 0..4 {
        bench.read(vec![]);
    }
    assert_eq!(bench.state(1), OrderState::Ambiguous, "too early to count");
    bench.pass(Duration::from_secs(100));
    for _ in 0..4 {
        bench.read(vec![]);
        bench.pass(Duration::from_secs(1));
    }
    assert_eq!(bench.state(1), OrderState::Ambiguous, "readings enough, but none late enough");
    bench.pass(Duration::from_secs(20));
    bench.read(vec![]);
    assert_eq!(bench.state(1), OrderState::Absent);
}

#[test]
fn one_late_reading_proves_nothing_nor_does_one_with_a_hole_or_under_a_dead_session() {
    let mut bench = lost();
    bench.pass(Duration::from_secs(200));
    bench.read(vec![]);
    let with_hole = Reading { orders: Listing { rows: vec![], unreadable: 1 }, ..bench.reading(vec![]) };
    let dead = bench.reading(vec![]);
    for _ in 0..3 {
        bench.pass(Duration::from_secs(3));
        let reading = Reading { began: bench.now, ..with_hole.clone() };
        bench.pass(Duration::from_millis(1));
        bench.feed(Event::Reading(Box::new(reading)));
    }
    bench.world.line = LineFacts { state: BrokerState::Expired { since: NOON }, session: None };
    for _ in 0..3 {
        bench.pass(Duration::from_secs(3));
        let reading = Reading { began: bench.now, ..dead.clone() };
        bench.pass(Duration::from_millis(1));
        bench.feed(Event::Reading(Box::new(reading)));
    }
    assert_eq!(bench.state(1), OrderState::Ambiguous);
}

#[test]
fn an_order_that_the_broker_took_and_never_showed_is_absent_in_the_end() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1)]);
    bench.accepted(1, "B1");
    for _ in 0..50 {
        bench.pass(Duration::from_secs(3));
        bench.read(vec![]);
    }
    assert_eq!(bench.state(1), OrderState::Absent);
    let shown = row(&bench.record(1), "B1", OrderState::Complete, 10);
    bench.read(vec![shown]);
    assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Complete, 10));
}

#[test]
fn an_order_that_was_shown_once_is_never_taken_for_absent() {
    let mut bench = Bench::open();
    bench.resting();
    for _ in 0..60 {
        bench.pass(Duration::from_secs(3));
        bench.read(vec![]);
    }
    assert_eq!(bench.state(1), OrderState::Open);
}

#[test]
fn a_late_find_is_adopted_said_and_withdrawn_where_it_still_stands() {
    let mut bench = lost();
    bench.feed(Event::Placed { id: 1, answer: unknown() });
    for _ in 0..50 {
        bench.pass(Duration::from_secs(3));
        bench.read(vec![]);
    }
    assert_eq!(bench.state(1), OrderState::Absent);
    let found = row(&bench.record(1), "B1", OrderState::Open, 0);
    let effects = bench.read(vec![found]);
    assert_eq!(bench.state(1), OrderState::Open);
    assert!(said(&effects, "after all") && cancels(&effects) == 1, "{effects:?}");
    assert!(bench.writes.iter().any(|write| matches!(write, Write::Wish { id: 1, .. })));
}

#[test]
fn a_late_find_is_left_alone_where_the_policy_says_so() {
    let mut bench = Bench::open();
    bench.core.settings.withdraws_late_finds = false;
    bench.ask(vec![limit(1)]);
    let no = Answer::No(Why { text: "no".into(), ..Why::default() });
    bench.feed(Event::Placed { id: 1, answer: no });
    assert_eq!(bench.state(1), OrderState::Rejected);
    bench.pass(Duration::from_secs(1));
    let found = row(&bench.record(1), "B1", OrderState::Open, 0);
    let effects = bench.read(vec![found]);
    assert_eq!((bench.state(1), cancels(&effects)), (OrderState::Open, 0));
}

#[test]
fn a_second_order_of_the_broker_under_one_mark_escalates_and_is_never_merged() {
    let mut bench = Bench::open();
    let first = bench.resting();
    let double = BookOrder { number: "B2".into(), state: OrderState::Complete, filled: 10, ..first.clone() };
    let effects = bench.read(vec![double.clone(), BookOrder { filled: 4, ..first.clone() }]);
    assert!(said(&effects, "B2 beside B1"));
    assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Escalated, 4), "its own fills go on");
    bench.pass(Duration::from_secs(3));
    assert!(!said(&bench.read(vec![double, first.clone()]), "B2 beside B1"), "said once");
    bench.pass(Duration::from_secs(3));
    bench.read(vec![BookOrder { state: OrderState::Cancelled, filled: 4, ..first }]);
    assert_eq!(bench.state(1), OrderState::Cancelled);
}

#[test]
fn a_row_of_another_symbol_or_side_is_no_row_of_this_order() {
    for wrong in [
        |row: BookOrder| BookOrder { side: Some(Side::Sell), ..row },
        |row: BookOrder| BookOrder { symbol: Some("NSE:TCS".parse().unwrap()), ..row },
    ] {
        let mut bench = lost();
        bench.pass(Duration::from_secs(1));
        let found = wrong(row(&bench.record(1), "B1", OrderState::Complete, 10));
        bench.read(vec![found]);
        assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Escalated, 0));
    }
}

#[test]
fn a_number_that_is_another_orders_already_is_nobodys_twice() {
    let mut bench = Bench::open();
    bench.resting();
    bench.ask(vec![buy(2)]);
    bench.accepted(2, "B1");
    assert_eq!(bench.state(2), OrderState::Escalated);
    assert_eq!(bench.record(2).broker_order_id, None);
}

#[test]
fn the_number_of_an_order_of_yesterday_that_ended_this_morning_is_free_for_one_of_today() {
    let before = |order| OrderRecord { date: NOON.date().previous(), ..order };
    let loaded = Loaded {
        orders: vec![stored(1, OrderState::Cancelled, |order| OrderRecord {
            broker_order_id: Some("B1".into()),
            updated_at: NOON,
            ..before(order)
        })],
        next_order_id: 2,
        ..Loaded::default()
    };
    let mut bench = Bench::fresh(loaded);
    bench.world.hours = 9..16;
    bench.read(vec![]);
    bench.ask(vec![buy(2)]);
    bench.accepted(2, "B1");
    assert_eq!((bench.state(2), bench.state(1)), (OrderState::Acked, OrderState::Cancelled));
}

#[test]
fn an_update_before_the_answer_joins_it() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1)]);
    let early = row(&bench.record(1), "B1", OrderState::Complete, 10);
    bench.feed(Event::Heard(Box::new(early)));
    assert_eq!(bench.state(1), OrderState::Complete);
    let effects = bench.accepted(1, "B1");
    assert_eq!(bench.state(1), OrderState::Complete);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Tell(_))), "nothing new: {effects:?}");
    let answered = Write::Answered { id: 1, run_id: "run".into(), number: Some("B1".into()), why: None };
    assert_eq!(bench.writes, [answered], "the audit remembers the answer");
}

#[test]
fn an_order_of_another_account_is_dropped_and_said_once() {
    let mut bench = Bench::open();
    let row = bench.resting();
    let misrouted =
        BookOrder { account: Some("UK1234".into()), state: OrderState::Complete, filled: 10, ..row };
    assert!(said(&bench.read(vec![misrouted.clone()]), "another account"));
    bench.pass(Duration::from_secs(1));
    assert!(!said(&bench.read(vec![misrouted]), "another account"));
    assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Open, 0));
}

#[test]
fn a_word_of_the_brokers_that_nobody_knows_is_said_once_and_is_never_final() {
    let mut bench = Bench::open();
    let row = bench.resting();
    let odd = BookOrder { state: OrderState::Acked, status: "FROBBED".into(), is_word_known: false, ..row };
    assert!(said(&bench.read(vec![odd.clone()]), "`FROBBED`"));
    bench.pass(Duration::from_secs(1));
    assert!(!said(&bench.read(vec![odd]), "`FROBBED`"));
    assert_eq!(bench.state(1), OrderState::Open);
}

#[test]
fn more_units_than_were_asked_for_are_counted_and_said() {
    let mut bench = Bench::open();
    let row = bench.resting();
    let effects = bench.read(vec![BookOrder { state: OrderState::Complete, filled: 12, ..row }]);
    assert!(said(&effects, "12 units filled of 10"));
    assert_eq!(bench.record(1).filled, 12);
}

#[test]
fn orders_of_other_hands_count_in_the_accounts_budget_once_each() {
    let mut bench = Bench::open();
    let foreign = |number: &str, at| BookOrder {
        tags: vec!["BYHAND".into()],
        placed_at: Some(at),
        ..row(&crate::paper::test_order(1), number, OrderState::Open, 0)
    };
    let now = bench.now.wall;
    let rows: Vec<_> = (0..10).map(|n| foreign(&format!("H{n}"), now)).collect();
    bench.read(rows.clone());
    bench.read(rows);
    let sent = bench.core.soft.gates.live().window().counts(bench.now.wall);
    assert_eq!((sent.second, sent.day), (10, 10));
    assert_eq!(refusals(&bench.ask(vec![buy(1)])), [RefusalCode::RateLimit]);
    bench.pass(Duration::from_secs(1));
    assert_eq!(places(&bench.ask(vec![buy(2)])).len(), 1);
    assert!(bench.core.order(3).is_none(), "none of them is a row of ours");
}

#[test]
fn an_order_with_our_mark_that_no_row_knows_of_halts_until_a_person_accepts_it() {
    let mut bench = Bench::open();
    bench.resting();
    let lost = BookOrder {
        number: "B7".into(),
        tags: vec![settings().prefix.tag([77; 17])],
        ..row(&bench.record(1), "B7", OrderState::Open, 0)
    };
    let effects = bench.read(vec![lost.clone()]);
    assert!(said(&effects, "no row knows of"));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Trading(TradingState::Halted { .. }))));
    let foreign: Vec<_> =
        bench.writes.iter().filter(|write| matches!(write, Write::Foreign(_))).cloned().collect();
    assert_eq!(foreign.len(), 1);
    assert_eq!(refusals(&bench.ask(vec![buy(2)])), [RefusalCode::Halted]);
    let tag = bench.tag();
    let effects = bench.feed(exit(tag));
    assert!(matches!(&effects[..], [Effect::ExitRefused(refusal)] if refusal.code == RefusalCode::Halted));
    assert_eq!(cancels(&bench.feed(Event::Withdraw { ids: vec![1] })), 1, "withdrawals leave");
    bench.feed(Event::AcceptForeign { tags: vec!["of another".to_owned()] });
    assert!(
        matches!(bench.core.trading_state(), TradingState::Halted { .. }),
        "nobody has looked at this one"
    );
    bench.feed(Event::AcceptForeign { tags: lost.tags.clone() });
    assert_eq!(bench.core.trading_state(), TradingState::Active);
    bench.pass(Duration::from_secs(1));
    bench.read(vec![lost]);
    assert_eq!(bench.core.trading_state(), TradingState::Active, "accepted once is accepted");
}

#[test]
fn an_order_of_a_damaged_row_halts_nobody() {
    use crate::loaded::DamagedOrder;
    let tag = settings().prefix.tag([99; 17]);
    let damaged = vec![DamagedOrder { id: 1, tag: Some(tag.clone()), number: None }];
    let mut bench = Bench::open_with(Loaded { damaged, next_order_id: 2, ..Loaded::default() });
    let of_row =
        BookOrder { tags: vec![tag], ..row(&crate::paper::test_order(1), "B7", OrderState::Open, 0) };
    bench.read(vec![of_row]);
    assert_eq!(bench.core.trading_state(), TradingState::Active);
}

#[test]
fn an_order_of_an_earlier_day_that_no_book_shows_is_a_persons_matter() {
    let yesterday = |order| OrderRecord { date: NOON.date().previous(), filled: 3, ..order };
    let named = |number: &'static str| {
        move |order| OrderRecord { broker_order_id: Some(number.into()), ..yesterday(order) }
    };
    let loaded = Loaded {
        orders: vec![
            stored(1, OrderState::Open, named("B1")),
            stored(2, OrderState::Partial, named("B2")),
            stored(3, OrderState::Ambiguous, yesterday),
            stored(4, OrderState::Open, |order| OrderRecord { broker_order_id: Some("B4".into()), ..order }),
        ],
        next_order_id: 5,
        ..Loaded::default()
    };
    let mut bench = Bench::fresh(loaded);
    assert_eq!(bench.state(3), OrderState::Escalated, "no book will show it any more");
    bench.pass(Duration::from_secs(1));
    bench.read(vec![]);
    assert_eq!(
        [1, 2, 4].map(|id| bench.state(id)),
        [OrderState::Escalated, OrderState::Escalated, OrderState::Open]
    );
    assert!(bench.record(1).message.contains("Kite"), "{}", bench.record(1).message);
}

#[test]
fn what_is_unsettled_when_the_day_ends_is_escalated_and_still_looked_for() {
    let mut bench = lost();
    let to_midnight = bench.now.wall.date().next().midnight().micros_since(bench.now.wall);
    bench.pass(Duration::from_micros(to_midnight.unsigned_abs()) + Duration::from_secs(1));
    bench.feed(Event::Time);
    assert_eq!(bench.state(1), OrderState::Escalated);
    let found = row(&bench.record(1), "B1", OrderState::Complete, 10);
    bench.read(vec![found]);
    assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Complete, 10));
}

#[test]
fn an_order_that_was_called_absent_is_looked_for_all_day_although_nothing_stands() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1)]);
    bench.accepted(1, "B1");
    for _ in 0..50 {
        bench.pass(Duration::from_secs(3));
        bench.read(vec![]);
    }
    assert_eq!(bench.state(1), OrderState::Absent);
    let due = bench.core.next_wake().expect("the book is read again");
    assert!(due <= bench.now.since_boot + settings().positions_every, "{due:?}");
    bench.pass(settings().positions_every);
    let effects = bench.feed(Event::Time);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadBook { .. })), "{effects:?}");
    let late = row(&bench.record(1), "B1", OrderState::Rejected, 0);
    bench.read(vec![late]);
    assert_eq!(bench.state(1), OrderState::Rejected);
    assert_eq!(bench.core.next_wake(), None, "nothing is left to look for");
}
