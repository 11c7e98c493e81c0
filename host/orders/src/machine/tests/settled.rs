//! What a person says became of an order that nobody else could settle.

use super::*;
use crate::settle::{Settlement, Unsettleable};

fn settle(id: i64, settlement: Settlement) -> Event {
    Event::Settle { id, settlement, reason: "seen at Kite".into() }
}

#[test]
fn a_person_settles_what_nobody_could_and_the_run_hears_it() {
    for (settlement, state) in
        [(Settlement::Absent, OrderState::Absent), (Settlement::Ended, OrderState::Cancelled)]
    {
        let mut bench = lost();
        bench.pass(Duration::from_secs(24 * 3_600));
        bench.feed(Event::Time);
        assert_eq!(bench.state(1), OrderState::Escalated);
        assert_eq!(bench.core.settleable(1, settlement), Ok(()));
        let effects = bench.feed(settle(1, settlement));
        assert_eq!(bench.state(1), state);
        assert!(bench.record(1).message.contains("seen at Kite"), "{}", bench.record(1).message);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Tell(_))), "{effects:?}");
        assert_eq!(bench.core.settleable(1, settlement), Err(Unsettleable::NotEscalated(state)));
    }
}

#[test]
fn what_is_not_a_persons_to_settle_stays_as_it_is() {
    let mut bench = Bench::open();
    let first = bench.resting();
    let not_theirs = |bench: &mut Bench, settlement, why| {
        let before = bench.record(1);
        assert_eq!(bench.core.settleable(1, settlement), Err(why));
        bench.feed(settle(1, settlement));
        assert_eq!(bench.record(1), before);
    };
    assert_eq!(bench.core.settleable(9, Settlement::Ended), Err(Unsettleable::Unknown));
    not_theirs(&mut bench, Settlement::Ended, Unsettleable::NotEscalated(OrderState::Open));
    let double = BookOrder { number: "B2".into(), state: OrderState::Complete, filled: 10, ..first.clone() };
    bench.read(vec![double, BookOrder { filled: 4, ..first }]);
    not_theirs(&mut bench, Settlement::Ended, Unsettleable::StillStands);
    bench.pass(Duration::from_secs(24 * 3_600));
    bench.feed(Event::Time);
    bench.read(Vec::new());
    not_theirs(&mut bench, Settlement::Absent, Unsettleable::HasFills);
    bench.feed(settle(1, Settlement::Ended));
    assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Cancelled, 4));
}

#[test]
fn what_waits_for_a_person_waits_over_many_days() {
    let mut bench = lost();
    for _ in 0..12 {
        bench.pass(Duration::from_secs(24 * 3_600));
        bench.feed(Event::Time);
    }
    assert_eq!(
        (bench.state(1), bench.core.settleable(1, Settlement::Absent)),
        (OrderState::Escalated, Ok(()))
    );
}

#[test]
fn an_order_of_today_under_yesterdays_number_is_not_the_one_that_waits_for_a_person() {
    let mut bench = Bench::open();
    bench.world.hours = 9..15;
    let first = bench.resting();
    let double = BookOrder { number: "B2".into(), ..first.clone() };
    bench.read(vec![double, first.clone()]);
    assert_eq!(bench.core.settleable(1, Settlement::Ended), Err(Unsettleable::StillStands));
    bench.pass(Duration::from_secs(24 * 3_600));
    bench.feed(Event::Time);
    let by_hand = BookOrder { tags: Vec::new(), placed_at: Some(bench.now.wall), ..first };
    bench.read(vec![by_hand]);
    assert_eq!(bench.core.settleable(1, Settlement::Ended), Ok(()));
}
