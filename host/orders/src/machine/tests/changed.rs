//! Changes of orders that stand.

use super::*;
use crate::effect::ModifyCall;
use market::Change;

fn cheaper(rupees: i64) -> Change {
    Change { price: Some(Price::from_rupees(rupees)), ..Change::default() }
}

fn modify(change: Change) -> Intent {
    Intent::Modify { id: 1, change }
}

fn changes(effects: &[Effect]) -> Vec<&ModifyCall> {
    let calls = effects.iter().filter_map(|effect| match effect {
        Effect::Modify(call) => Some(call),
        _ => None,
    });
    calls.collect()
}

fn told(effects: &[Effect], text: &str) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Tell(update) if update.order.message.contains(text)))
}

fn taken() -> Answer {
    Answer::Accepted { number: "B1".into() }
}

#[test]
fn a_second_change_builds_upon_what_the_broker_took_and_not_on_what_its_book_shows() {
    let mut bench = Bench::open();
    bench.resting();
    let more = Change { quantity: Some(20), ..Change::default() };
    let effects = bench.ask(vec![modify(cheaper(98)), modify(more)]);
    assert_eq!(changes(&effects).len(), 1, "one call of a run at a time");
    let effects = bench.feed(Event::Modified { id: 1, answer: taken() });
    assert_eq!(changes(&effects)[0].current.price, Price::from_rupees(98));
    assert!(bench.writes.iter().any(|write| matches!(write, Write::Call { id: 1, .. })));
}

#[test]
fn a_change_whose_outcome_is_unknown_goes_out_again_only_after_a_reading_that_shows_it_unchanged() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    bench.ask(vec![modify(cheaper(98))]);
    for attempt in 1..=3 {
        let effects = bench.feed(Event::Modified { id: 1, answer: unknown() });
        assert!(changes(&effects).is_empty(), "no second send without a look");
        bench.pass(Duration::from_secs(1));
        let effects = bench.read(vec![resting.clone()]);
        assert_eq!(changes(&effects).len(), usize::from(attempt < 3), "try {attempt}");
        assert_eq!(told(&effects, "not changed"), attempt == 3);
    }
}

#[test]
fn a_change_that_took_effect_although_nobody_said_so_does_not_go_out_again() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    bench.ask(vec![modify(cheaper(98))]);
    bench.feed(Event::Modified { id: 1, answer: unknown() });
    bench.pass(Duration::from_secs(1));
    let after = BookOrder { is_modified: true, price: Price::from_rupees(98), ..resting };
    let effects = bench.read(vec![after]);
    assert!(changes(&effects).is_empty() && !told(&effects, "not changed"));
    assert_eq!(bench.record(1).price, Price::from_rupees(98));
}

#[test]
fn a_change_that_somebody_else_overtook_or_that_is_too_old_does_not_go_out_again() {
    for (price, seconds) in [(97, 1), (99, 40)] {
        let mut bench = Bench::open();
        let resting = bench.resting();
        bench.ask(vec![modify(cheaper(98))]);
        bench.feed(Event::Modified { id: 1, answer: unknown() });
        bench.pass(Duration::from_secs(seconds));
        let other = BookOrder { is_modified: true, price: Price::from_rupees(price), ..resting };
        let effects = bench.read(vec![other]);
        assert!(changes(&effects).is_empty() && told(&effects, "not changed"), "{price}");
    }
}

#[test]
fn a_change_whose_turn_comes_under_the_kill_switch_is_refused_and_told() {
    use crate::switch::SwitchScope;
    let mut bench = Bench::open();
    bench.resting();
    bench.ask(vec![buy(2), modify(cheaper(98))]);
    bench.feed(Event::Switch { scope: SwitchScope::Tenant, on: true, reason: None });
    let effects = bench.accepted(2, "B2");
    assert!(changes(&effects).is_empty() && told(&effects, "not changed: the kill switch"));
}

#[test]
fn an_order_that_is_not_named_yet_cannot_be_changed() {
    let mut bench = Bench::open();
    bench.ask(vec![limit(1)]);
    bench.feed(Event::Placed { id: 1, answer: unknown() });
    let effects = bench.ask(vec![modify(cheaper(98))]);
    assert!(changes(&effects).is_empty() && told(&effects, "not named the order yet"));
}

#[test]
fn a_change_that_goes_out_again_is_alone_on_the_wire() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    bench.ask(vec![modify(cheaper(98))]);
    bench.feed(Event::Modified { id: 1, answer: unknown() });
    bench.pass(Duration::from_secs(1));
    assert_eq!(changes(&bench.read(vec![resting])).len(), 1);
    let effects = bench.ask(vec![modify(cheaper(97))]);
    assert!(changes(&effects).is_empty(), "{effects:?}");
    assert!(told(&effects, "not changed: the change before is still under way"));
    bench.feed(Event::Modified { id: 1, answer: taken() });
    assert_eq!(changes(&bench.ask(vec![modify(cheaper(97))])).len(), 1);
}

#[test]
fn what_is_handed_out_may_leave_within_its_time_but_for_exits_and_withdrawals() {
    let mut bench = Bench::open();
    let latest = |bench: &Bench| bench.now.since_boot + Duration::from_millis(settings().send_within_ms);
    let effects = bench.ask(vec![limit(1)]);
    assert_eq!(places(&effects)[0].not_after, Some(latest(&bench)));
    bench.accepted(1, "B1");
    bench.pass(Duration::from_secs(1));
    let effects = bench.ask(vec![modify(cheaper(98))]);
    assert_eq!(changes(&effects)[0].not_after, latest(&bench));
    bench.feed(Event::Modified { id: 1, answer: taken() });
    let tag = bench.tag();
    assert_eq!(places(&bench.feed(exit(tag)))[0].not_after, None);
}

#[test]
fn an_older_update_of_the_same_second_does_not_undo_a_change_that_the_book_has_shown() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    let second = Some(NOON.plus_seconds(7));
    let shows = |price| {
        let price = Price::from_rupees(price);
        BookOrder { is_modified: true, changed_at: second, price, ..resting.clone() }
    };
    for price in [99, 98] {
        bench.ask(vec![modify(cheaper(price))]);
        bench.feed(Event::Modified { id: 1, answer: taken() });
    }
    bench.read(vec![shows(98)]);
    bench.feed(Event::Heard(Box::new(shows(99))));
    assert_eq!(bench.record(1).price, Price::from_rupees(98));
    let effects = bench.ask(vec![modify(Change { quantity: Some(20), ..Change::default() })]);
    assert_eq!(changes(&effects)[0].current.price, Price::from_rupees(98), "what is not named stays");
    let by_hand = BookOrder { changed_at: Some(NOON.plus_seconds(8)), ..shows(97) };
    bench.feed(Event::Heard(Box::new(by_hand)));
    assert_eq!(bench.record(1).price, Price::from_rupees(97), "a later one of another hand counts");
}

#[test]
fn a_book_from_before_is_known_by_its_time_although_the_newer_one_changed_nothing() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    let shows = |price, at| {
        let price = Price::from_rupees(price);
        BookOrder { is_modified: true, changed_at: Some(NOON.plus_seconds(at)), price, ..resting.clone() }
    };
    bench.read(vec![shows(98, 7)]);
    // As after a restart: the row has the terms, and since when is forgotten.
    let known = bench.core.order(1).cloned().unwrap();
    let known = StoredOrder { terms_at: None, ..known };
    let mut bench = Bench::open_with(Loaded { orders: vec![known], next_order_id: 2, ..Loaded::default() });
    bench.read(vec![shows(98, 7)]);
    bench.read(vec![shows(99, 3)]);
    assert_eq!(bench.record(1).price, Price::from_rupees(98));
    bench.read(vec![shows(97, 8)]);
    assert_eq!(bench.record(1).price, Price::from_rupees(97));
}
