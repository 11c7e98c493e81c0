//! What leaves, when, and how often: once.

use super::*;
use crate::gate::RiskLimits;

#[test]
fn the_first_order_of_a_step_is_written_as_being_sent_and_leaves_and_the_next_waits_its_turn() {
    let mut bench = Bench::open();
    let effects = bench.ask(vec![buy(1), buy(2)]);
    assert_eq!(places(&effects).iter().map(|call| call.id).collect::<Vec<_>>(), [1]);
    assert_eq!((bench.state(1), bench.state(2)), (OrderState::Sending, OrderState::Intent));
    let rows: Vec<_> = bench.writes.iter().map(|write| matches!(write, Write::Insert(_))).collect();
    assert_eq!(rows, [true, true]);
    let effects = bench.accepted(1, "B1");
    assert_eq!(places(&effects)[0].id, 2);
    assert_eq!(bench.state(2), OrderState::Sending);
    assert!(matches!(&bench.writes[..], [Write::Update { .. }, Write::Update { .. }]), "{:?}", bench.writes);
}

#[test]
fn a_step_that_could_not_be_written_never_happened() {
    let mut bench = Bench::open();
    let intents = bench.intents(vec![buy(1)]);
    bench.lose(Event::Intents(intents));
    assert!(bench.core.order(1).is_none() && bench.core.standing().next().is_none());
    let effects = bench.ask(vec![buy(1)]);
    assert_eq!(places(&effects)[0].id, 1, "the number was not used up, nor the turn");
}

#[test]
fn an_answer_that_could_not_be_written_is_taken_when_it_comes_again() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1), buy(2)]);
    let answer = Event::Placed { id: 1, answer: Answer::Accepted { number: "B1".into() } };
    bench.lose(answer.clone());
    assert_eq!((bench.state(1), bench.state(2)), (OrderState::Sending, OrderState::Intent));
    let effects = bench.feed(answer);
    assert_eq!((bench.state(1), places(&effects).len()), (OrderState::Acked, 1));
}

#[test]
fn nothing_leaves_before_what_stood_was_compared_under_the_session_in_use() {
    let mut bench = Bench::fresh(Loaded::default());
    let effects = bench.ask(vec![buy(1)]);
    assert_eq!((places(&effects).len(), refusals(&effects)), (0, vec![RefusalCode::NoSession]));
    let old = bench.reading(vec![]);
    bench.pass(Duration::from_millis(5));
    bench.world.line.session = Some(2);
    bench.feed(Event::Reading(Box::new(old)));
    assert!(!bench.core.is_reconciled(&bench.world.line), "that was the session before");
    assert_eq!(refusals(&bench.ask(vec![buy(2)])), [RefusalCode::NoSession]);
    bench.read(vec![]);
    assert_eq!(places(&bench.ask(vec![buy(3)])).len(), 1);
}

#[test]
fn an_order_whose_turn_comes_under_another_session_is_never_sent_before_its_comparison() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1), buy(2)]);
    bench.world.line.session = Some(2);
    let effects = bench.accepted(1, "B1");
    assert!(places(&effects).is_empty());
    assert_eq!(bench.record(2).refusal, RefusalCode::NoSession);
}

#[test]
fn an_order_that_waited_too_long_is_given_up_and_an_exit_is_not() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1), buy(2)]);
    let tag = bench.tag();
    bench.feed(exit(tag));
    bench.pass(Duration::from_secs(6));
    let effects = bench.accepted(1, "B1");
    assert_eq!(bench.state(2), OrderState::Abandoned);
    assert_eq!(places(&effects).iter().map(|call| (call.id, call.is_exit)).collect::<Vec<_>>(), [(3, true)]);
}

#[test]
fn a_wall_clock_that_jumps_gives_nothing_up_and_lets_nothing_leave_before_a_comparison() {
    let mut bench = Bench::open();
    bench.ask(vec![buy(1)]);
    bench.now.wall = bench.now.wall.plus_seconds(3_600);
    let effects = bench.accepted(1, "B1");
    assert!(said(&effects, "the clock moved by 3600 s"));
    assert_eq!(refusals(&bench.ask(vec![buy(2)])), [RefusalCode::NoSession]);
    bench.read(vec![]);
    assert_eq!(
        refusals(&bench.ask(vec![buy(3)])),
        [RefusalCode::NoSession],
        "that reading had begun by then"
    );
    bench.pass(Duration::from_micros(1));
    bench.read(vec![]);
    assert_eq!(places(&bench.ask(vec![buy(4)])).len(), 1);
}

#[test]
fn an_exit_that_the_budget_kept_here_waits_for_the_next_second_and_a_runs_order_does_not() {
    use crate::answer::Budget;
    let mut bench = Bench::open();
    let over = || Answer::OverBudget {
        why: Why { text: "not sent".into(), ..Why::default() },
        budget: Budget::Second,
    };
    bench.ask(vec![buy(1)]);
    bench.feed(Event::Placed { id: 1, answer: over() });
    assert_eq!(bench.state(1), OrderState::Rejected);
    let tag = bench.tag();
    bench.feed(exit(tag));
    for _ in 0..5 {
        let effects = bench.feed(Event::Placed { id: 2, answer: over() });
        assert_eq!((bench.state(2), places(&effects).len()), (OrderState::Sending, 0));
        assert!(bench.core.next_wake().unwrap() <= bench.now.since_boot + Duration::from_secs(1));
        bench.pass(Duration::from_secs(1));
        assert_eq!(places(&bench.feed(Event::Time)).len(), 1);
    }
    bench.accepted(2, "B2");
    assert_eq!(bench.state(2), OrderState::Acked);
}

#[test]
fn only_a_certain_no_ends_an_order_and_everything_else_is_looked_for_in_the_book() {
    let why = || Why { code: RefusalCode::Margin, text: "no".into(), ..Why::default() };
    let table = [
        (Answer::No(why()), OrderState::Rejected),
        (Answer::NotSent(why()), OrderState::Rejected),
        (Answer::Stopped(why()), OrderState::Refused),
        (Answer::Slower(why()), OrderState::Ambiguous),
        (Answer::SessionDead(why()), OrderState::Ambiguous),
        (Answer::Unknown(why()), OrderState::Ambiguous),
    ];
    for (answer, state) in table {
        let mut bench = Bench::open();
        bench.ask(vec![buy(1)]);
        let effects = bench.feed(Event::Placed { id: 1, answer: answer.clone() });
        assert_eq!(bench.state(1), state, "{answer:?}");
        let reads = effects.iter().any(|effect| matches!(effect, Effect::ReadBook { .. }));
        assert!(reads || state != OrderState::Ambiguous, "{answer:?}: {effects:?}");
        let again = bench.feed(Event::Placed { id: 1, answer });
        assert!(places(&again).is_empty(), "never a second send");
    }
}

#[test]
fn what_a_crash_left_is_settled_and_never_sent_late() {
    let on_paper = |order| OrderRecord { mode: Mode::Paper, ..order };
    let loaded = Loaded {
        orders: vec![
            stored(1, OrderState::Intent, |order| order),
            stored(2, OrderState::Sending, |order| order),
            stored(3, OrderState::Open, |order| OrderRecord {
                date: NOON.date().previous(),
                ..on_paper(order)
            }),
            stored(4, OrderState::Open, on_paper),
        ],
        next_order_id: 5,
        ..Loaded::default()
    };
    let mut bench = Bench::fresh(loaded);
    assert_eq!(bench.writes.len(), 3);
    let states = [1, 2, 3, 4].map(|id| bench.state(id));
    let settled = [OrderState::Abandoned, OrderState::Ambiguous, OrderState::Cancelled, OrderState::Open];
    assert_eq!(states, settled, "what stands on paper stands on, for its day");
    bench.pass(Duration::from_secs(1));
    let mut effects = bench.read(vec![]);
    for _ in 0..5 {
        bench.pass(Duration::from_secs(1));
        effects.extend(bench.feed(Event::Time));
    }
    assert!(places(&effects).is_empty());
}

#[test]
fn a_clock_that_is_set_back_does_not_use_up_the_rate_until_the_old_time_comes_again() {
    let mut bench = Bench::open();
    bench.feed(Event::Limits(RiskLimits { orders_per_second: 2, ..RiskLimits::default() }));
    assert_eq!(refusals(&bench.ask(vec![limit(1), limit(2), limit(3)])), [RefusalCode::RateLimit]);
    bench.now.wall = bench.now.wall.plus_seconds(-3_600);
    bench.feed(Event::Time);
    bench.pass(Duration::from_micros(1));
    bench.read(vec![]);
    assert_eq!(refusals(&bench.ask(vec![limit(4)])), [RefusalCode::RateLimit], "they left just now");
    bench.pass(Duration::from_secs(1));
    assert!(refusals(&bench.ask(vec![limit(5)])).is_empty());

    let ahead = (0..10).map(|_| NOON.plus_seconds(3_600)).collect();
    let mut bench = Bench::open_with(Loaded { calls: ahead, ..Loaded::default() });
    assert!(refusals(&bench.ask(vec![limit(1)])).is_empty(), "nor does it after a restart");
}
