//! Withdrawals, kill switches, latches, and a store that takes nothing.

use super::*;
use crate::gate::RiskLimits;
use crate::switch::{KillSwitch, SwitchScope, Switches};
use crate::trading::TradingState;
use crate::write::CallKind;
use market::Money;

fn switch(scope: SwitchScope, on: bool) -> Event {
    Event::Switch { scope, on, reason: Some("drill".into()) }
}

#[test]
fn a_switch_of_each_scope_stops_what_it_covers_withdraws_it_and_lets_exits_leave() {
    let scopes = [SwitchScope::Run("run".into()), SwitchScope::Tenant, SwitchScope::Host];
    for scope in scopes {
        let mut bench = Bench::open();
        bench.resting();
        let effects = bench.feed(switch(scope.clone(), true));
        assert_eq!(cancels(&effects), 1, "{scope}");
        let kept = bench.writes.iter().any(|write| matches!(write, Write::Switch { .. }));
        assert_eq!(kept, scope != SwitchScope::Host, "{scope}");
        assert!(bench.writes.iter().any(|write| matches!(write, Write::Wish { id: 1, .. })), "{scope}");
        assert_eq!(refusals(&bench.ask(vec![buy(2)])), [RefusalCode::KillSwitch], "{scope}");
        let tag = bench.tag();
        assert_eq!(places(&bench.feed(exit(tag))).len(), 1, "{scope}");
        bench.feed(switch(scope, false));
        bench.pass(Duration::from_secs(1));
        bench.accepted(3, "B3");
        assert_eq!(places(&bench.ask(vec![buy(4)])).len(), 1);
    }
}

#[test]
fn the_switch_of_another_run_stops_nothing_here() {
    let mut bench = Bench::open();
    bench.resting();
    assert_eq!(cancels(&bench.feed(switch(SwitchScope::Run("other".into()), true))), 0);
    assert_eq!(places(&bench.ask(vec![buy(2)])).len(), 1);
}

#[test]
fn a_switch_that_cannot_be_written_stops_and_withdraws_all_the_same() {
    let mut bench = Bench::open();
    bench.resting();
    bench.lose(switch(SwitchScope::Tenant, true));
    let effects = bench.feed(Event::SwitchUnwritten { scope: SwitchScope::Tenant, reason: None });
    assert!(bench.writes.is_empty(), "{:?}", bench.writes);
    assert_eq!(cancels(&effects), 1);
    assert_eq!(refusals(&bench.ask(vec![buy(2)])), [RefusalCode::KillSwitch]);
}

/// A live order that rests at the broker, one that rests on paper, and one that waits for its turn.
fn of_each_kind() -> Bench {
    let mut bench = Bench::open();
    let mut asked = bench.intents(vec![limit(1)]);
    asked.run = run(Mode::Paper);
    bench.feed(Event::Intents(asked));
    bench.ask(vec![limit(2)]);
    bench.accepted(2, "B2");
    bench.ask(vec![buy(3), buy(4)]);
    let standing = [1, 2, 3, 4].map(|id| bench.state(id));
    use OrderState::{Acked, Intent, Open, Sending};
    assert_eq!(standing, [Open, Acked, Sending, Intent]);
    bench
}

#[test]
fn an_order_that_needs_a_row_alone_keeps_no_live_one_from_being_withdrawn() {
    // Before anybody noticed that the disk failed, and after.
    for store in [StoreHealth::Good, StoreHealth::Failed] {
        let mut bench = of_each_kind();
        bench.lose(switch(SwitchScope::Tenant, true));
        bench.world.store = store;
        let effects = bench.feed(Event::SwitchUnwritten { scope: SwitchScope::Tenant, reason: None });
        assert!(bench.writes.is_empty(), "{store:?}: {:?}", bench.writes);
        assert_eq!(cancels(&effects), 1, "{store:?}");
        assert_eq!(refusals(&bench.ask(vec![buy(5)])).len(), 1, "{store:?}");
    }
}

#[test]
fn a_disk_that_failed_keeps_no_answer_and_no_passing_time_from_being_taken_in() {
    let mut bench = of_each_kind();
    bench.world.store = StoreHealth::Failed;
    bench.feed(Event::SwitchUnwritten { scope: SwitchScope::Tenant, reason: None });
    bench.world.price = Some(Price::from_rupees(98));
    bench.pass(Duration::from_secs(10));
    bench.feed(Event::Cancelled { id: 2, answer: Answer::Accepted { number: "B2".into() } });
    assert!(bench.writes.is_empty(), "{:?}", bench.writes);
    bench.feed(Event::Time);
    assert!(bench.writes.is_empty(), "{:?}", bench.writes);
    assert_eq!([1, 4].map(|id| bench.state(id)), [OrderState::Open, OrderState::Intent]);
    bench.world.store = StoreHealth::Good;
    bench.feed(Event::Time);
    assert_eq!([1, 4].map(|id| bench.state(id)), [OrderState::Cancelled; 2], "it is caught up with");
}

#[test]
fn a_run_that_asks_again_for_a_withdrawal_that_was_given_up_gets_one() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    bench.ask(vec![Intent::Cancel { id: 1 }]);
    for _ in 0..3 {
        bench.feed(Event::Cancelled { id: 1, answer: unknown() });
        bench.pass(Duration::from_secs(3));
        bench.read(vec![resting.clone()]);
    }
    assert_eq!(cancels(&bench.ask(vec![Intent::Cancel { id: 1 }])), 1);
    assert_eq!(cancels(&bench.ask(vec![Intent::Cancel { id: 1 }])), 0, "once");
}

#[test]
fn a_withdrawal_is_written_down_as_it_is_handed_out_with_who_asked_and_once_more_when_it_is_answered() {
    let mut bench = Bench::open();
    bench.resting();
    bench.ask(vec![Intent::Cancel { id: 1 }]);
    let wish = Write::Wish { id: 1, by_run: Some("run".into()) };
    let (run_id, at) = ("run".into(), bench.now.wall);
    let call = Write::Call { id: 1, run_id, at, what: CallKind::Withdrawal };
    assert_eq!(bench.writes, [wish, call]);
    bench.feed(Event::Cancelled { id: 1, answer: unknown() });
    let answered = |write: &Write| matches!(write, Write::CallAnswered { id: 1, left: true, why: Some(_) });
    assert!(bench.writes.iter().any(answered), "{:?}", bench.writes);
    assert!(!bench.writes.iter().any(|write| matches!(write, Write::Call { .. })), "it counts once");

    let mut bench = Bench::open();
    bench.resting();
    bench.feed(Event::Withdraw { ids: vec![1] });
    assert!(bench.writes.contains(&Write::Wish { id: 1, by_run: None }), "a person asked");
}

#[test]
fn a_restart_under_a_switch_withdraws_what_stands_but_for_exits() {
    let named =
        |number: &'static str| move |order| OrderRecord { broker_order_id: Some(number.into()), ..order };
    let on = KillSwitch { on: true, ..KillSwitch::default() };
    let orders = vec![
        stored(1, OrderState::Open, named("B1")),
        StoredOrder { is_exit: true, ..stored(2, OrderState::Open, named("B2")) },
    ];
    let switches = Switches { runs: BTreeMap::from([("run".into(), on)]), ..Switches::default() };
    let mut bench = Bench::fresh(Loaded { orders, switches, next_order_id: 3, ..Loaded::default() });
    assert!(bench.core.is_unwanted(1) && !bench.core.is_unwanted(2));
    assert_eq!(cancels(&bench.feed(Event::Time)), 1);
}

#[test]
fn what_is_withdrawn_before_it_left_never_leaves() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1), buy(2), Intent::Cancel { id: 2 }]);
    assert_eq!(bench.state(2), OrderState::Cancelled);
    assert!(places(&bench.accepted(1, "B1")).is_empty());
}

#[test]
fn a_wish_for_an_order_on_its_way_is_carried_out_when_it_has_its_number_over_a_restart_too() {
    let mut bench = Bench::open();
    bench.ask(vec![limit(1)]);
    bench.ask(vec![Intent::Cancel { id: 1 }]);
    assert!(bench.writes.iter().any(|write| matches!(write, Write::Wish { id: 1, .. })));
    assert_eq!(cancels(&bench.accepted(1, "B1")), 1);
    let wanted = StoredOrder {
        cancel_wanted: true,
        ..stored(1, OrderState::Open, |order| OrderRecord { broker_order_id: Some("B1".into()), ..order })
    };
    let mut bench = Bench::fresh(Loaded { orders: vec![wanted], next_order_id: 2, ..Loaded::default() });
    assert_eq!(cancels(&bench.feed(Event::Time)), 1);
}

#[test]
fn an_order_is_withdrawn_once_however_often_it_is_asked_for() {
    let mut bench = Bench::open();
    bench.resting();
    let mut left = 0;
    for _ in 0..20 {
        left += cancels(&bench.ask(vec![Intent::Cancel { id: 1 }; 5]));
    }
    assert_eq!(left, 1);
}

#[test]
fn what_a_step_asks_for_after_a_withdrawal_waits_for_its_answer_but_not_for_ever() {
    let mut bench = Bench::open();
    bench.resting();
    let effects = bench.ask(vec![Intent::Cancel { id: 1 }, buy(2)]);
    assert_eq!((cancels(&effects), places(&effects).len()), (1, 0));
    let effects = bench.feed(Event::Cancelled { id: 1, answer: Answer::Accepted { number: "B1".into() } });
    assert_eq!(places(&effects).len(), 1);

    let mut bench = Bench::open();
    bench.resting();
    bench.ask(vec![Intent::Cancel { id: 1 }, buy(2)]);
    assert!(bench.core.next_wake().unwrap() <= bench.now.since_boot + Duration::from_millis(1_500));
    bench.pass(Duration::from_millis(1_500));
    assert_eq!(places(&bench.feed(Event::Time)).len(), 1);
}

#[test]
fn a_withdrawal_is_tried_three_times_each_after_a_reading_and_then_a_person_is_asked() {
    let mut bench = Bench::open();
    let resting = bench.resting();
    assert_eq!(cancels(&bench.ask(vec![Intent::Cancel { id: 1 }])), 1);
    for attempt in 1..=3 {
        let effects = bench.feed(Event::Cancelled { id: 1, answer: unknown() });
        assert_eq!(cancels(&effects), 0, "not without a look");
        bench.pass(Duration::from_secs(3));
        let effects = bench.read(vec![resting.clone()]);
        assert_eq!(cancels(&effects), usize::from(attempt < 3), "try {attempt}");
        assert_eq!(said(&effects, "at Kite yourself"), attempt == 3, "try {attempt}");
    }
}

#[test]
fn a_store_that_takes_nothing_refuses_new_orders_and_withdrawals_go_on() {
    for (store, code) in [(StoreHealth::Full, RefusalCode::Store), (StoreHealth::Failed, RefusalCode::Store)]
    {
        let mut bench = Bench::open();
        bench.resting();
        bench.world.store = store;
        assert_eq!(refusals(&bench.ask(vec![buy(2)])), [code]);
        let effects = bench.ask(vec![Intent::Cancel { id: 1 }]);
        assert_eq!(cancels(&effects), 1);
        let is_kept = bench.writes.iter().any(|write| matches!(write, Write::Wish { .. }));
        assert_eq!(is_kept, store == StoreHealth::Full, "what a full disk has left is for these");
    }
}

#[test]
fn a_withdrawal_whose_wish_could_not_be_written_leaves_without_it() {
    let mut bench = Bench::open();
    bench.resting();
    let intents = bench.intents(vec![Intent::Cancel { id: 1 }]);
    bench.lose(Event::Intents(intents.clone()));
    assert!(!bench.core.is_unwanted(1));
    assert_eq!(cancels(&bench.feed(Event::Intents(intents))), 1);
    assert!(!bench.writes.iter().any(|write| matches!(write, Write::Wish { .. })));
}

#[test]
fn a_disk_that_is_good_again_keeps_the_next_wish_after_a_moment_whatever_failed_before() {
    for (store, is_kept) in [(StoreHealth::Good, true), (StoreHealth::Full, false)] {
        let mut bench = Bench::open();
        bench.resting();
        bench.lose(Event::Limits(RiskLimits::default()));
        bench.pass(Duration::from_secs(1));
        bench.world.store = store;
        assert_eq!(cancels(&bench.feed(Event::Withdraw { ids: vec![1] })), 1);
        let is_written = bench.writes.iter().any(|write| matches!(write, Write::Wish { .. }));
        assert_eq!(is_written, is_kept, "{store:?}");
    }
}

#[test]
fn a_loss_that_passes_the_limit_is_latched_kept_and_cleared_by_a_person() {
    let mut bench = Bench::open();
    let limits = RiskLimits { max_daily_loss: Some(Money::from_rupees(1_000)), ..RiskLimits::default() };
    bench.feed(Event::Limits(limits.clone()));
    let effects = bench.feed(Event::DayResult(Some(Money::from_rupees(-1_200))));
    assert!(said(&effects, "closes the gate"));
    assert!(bench.writes.iter().any(|write| matches!(write, Write::Risk { latch: Some(_), .. })));
    assert!(matches!(bench.core.trading_state(), TradingState::Reducing { .. }));
    bench.feed(Event::DayResult(Some(Money::from_rupees(50))));
    assert_eq!(refusals(&bench.ask(vec![buy(1)])), [RefusalCode::DailyLoss], "it stays");
    bench.feed(Event::Limits(limits.clone()));
    assert_eq!(places(&bench.ask(vec![buy(2)])).len(), 1);
    bench.feed(Event::DayResult(Some(Money::from_rupees(-1_200))));
    bench.feed(Event::ClearLatch);
    assert!(
        matches!(bench.writes.last(), Some(Write::Risk { latch: None, limits: kept, .. }) if **kept == limits)
    );
    bench.feed(Event::DayResult(Some(Money::from_rupees(50))));
    assert_eq!(bench.core.trading_state(), TradingState::Active, "cleared, with the limits as they stand");
}

#[test]
fn a_limit_that_is_set_below_the_loss_closes_the_gate_at_the_next_question_and_for_restarts() {
    let mut bench = Bench::open();
    bench.feed(Event::DayResult(Some(Money::from_rupees(-1_200))));
    let limits = RiskLimits { max_daily_loss: Some(Money::from_rupees(1_000)), ..RiskLimits::default() };
    bench.feed(Event::Limits(limits));
    assert_eq!(refusals(&bench.ask(vec![buy(1)])), [RefusalCode::DailyLoss]);
    assert!(bench.writes.iter().any(|write| matches!(write, Write::Risk { latch: Some(_), .. })));
}

#[test]
fn one_step_cannot_pass_the_limit_of_open_orders() {
    let mut bench = Bench::open();
    bench.feed(Event::Limits(RiskLimits { max_open_orders: 2, ..RiskLimits::default() }));
    assert_eq!(
        refusals(&bench.ask(vec![limit(1), limit(2), limit(3), limit(4)])),
        [RefusalCode::OpenOrders; 2]
    );
}

#[test]
fn on_paper_orders_fill_at_the_newest_price_and_no_call_is_made() {
    let mut bench = Bench::fresh(Loaded::default());
    let mut asked = bench.intents(vec![buy(1), limit(2)]);
    asked.run = run(Mode::Paper);
    let mut effects = bench.feed(Event::Intents(asked));
    assert!(bench.core.next_wake().unwrap() <= bench.now.since_boot + Duration::from_millis(250));
    effects.extend(bench.feed(Event::Time));
    assert_eq!([1, 2].map(|id| bench.state(id)), [OrderState::Complete, OrderState::Open]);
    bench.world.price = Some(Price::from_rupees(98));
    effects.extend(bench.feed(Event::Time));
    assert_eq!(
        (bench.state(2), bench.record(2).average_price),
        (OrderState::Complete, Price::from_rupees(98))
    );
    let calls =
        effects.iter().filter(|e| matches!(e, Effect::Place(_) | Effect::Modify(_) | Effect::Cancel(_)));
    assert_eq!(calls.count(), 0);
}
