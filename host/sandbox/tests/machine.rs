//! A strategy sees what its events say and nothing else; what misbehaves dies alone, in plain words.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{engine, infy, program, run, start, tick, ticks};
use market::{Intent, Money, Price, Product, RunOrderId, Side, Timestamp};
use sandbox::{
    Event, Failure, GuestOrderStatus, LogLevel, Machine, NoticeKind, OrderUpdate, OrderView, Program,
    RefusalCode, Step, Trace,
};
use serde_json::json;

fn lines(step: &Step) -> Vec<String> {
    let text = |trace: &Trace| match trace {
        Trace::Log { text, .. } => Some(text.clone()),
        _ => None,
    };
    step.traces.iter().filter_map(text).collect()
}

fn failure(program: &Program) -> Failure {
    let (mut machine, _) = program.start(start(program, json!({}))).unwrap();
    let failure = ticks(10).iter().find_map(|tick| machine.ticks(&[*tick]).err()).expect("it must fail");
    assert_eq!(machine.ticks(&[tick(11)]).unwrap_err(), failure, "a dead machine repeats itself");
    assert_eq!(machine.deliver(Event::Stop { now: Timestamp::EPOCH }).unwrap_err(), failure);
    assert_eq!(machine.memory_bytes(), 0, "its store is gone");
    failure
}

#[test]
fn a_loop_is_stopped_after_fifty_milliseconds() {
    let said = failure(&program(guests::SPIN)).to_string();
    assert_eq!(said, "on_tick ran longer than 50 ms and was stopped");
}

#[test]
fn a_hoarder_is_told_of_its_memory() {
    // Time enough to touch all of it where every page is slow to come.
    let limits = sandbox::Limits { machines: 4, event_ms: 2_000, ..sandbox::Limits::default() };
    let patient = sandbox::Engine::new(limits).unwrap();
    let said = failure(&patient.compile_in_process(guests::HOARD).unwrap()).to_string();
    assert_eq!(said, "on_tick asked for more than 64 MiB of memory");
}

#[test]
fn a_panic_is_told_with_its_message() {
    let said = failure(&program(guests::TRAP)).to_string();
    assert!(said.starts_with("on_tick panicked: the third tick is one too many"), "{said}");
}

#[test]
fn an_error_is_told_in_the_guests_words() {
    let said = failure(&program(guests::FAIL)).to_string();
    assert!(said.starts_with("on_tick returned an error: I do not like"), "{said}");
}

#[test]
fn a_start_that_never_ends_is_stopped_after_two_seconds() {
    let program = program(guests::SLOW_START);
    let said = program.start(start(&program, json!({}))).err().unwrap().to_string();
    assert_eq!(said, "start ran longer than 2000 ms and was stopped");
}

#[test]
fn w26_a_flood_of_lines_is_cut_and_counted() {
    let program = program(guests::FLOOD);
    let (mut machine, first) = program.start(start(&program, json!({}))).unwrap();
    let mut steps = vec![first];
    for tick in ticks(3) {
        match machine.ticks(&[tick]) {
            Ok((_, step)) => steps.push(step),
            Err(failure) => {
                steps.push(Step { cause: Timestamp::EPOCH, traces: machine.last_words().to_vec() });
                assert!(matches!(failure, Failure::TimedOut { .. }), "{failure}");
                break;
            }
        }
    }
    let most = steps.iter().map(|step| step.traces.len()).max().unwrap();
    assert!(most <= 1_100, "{most} traces from one event");
    let told = steps.iter().flat_map(lines).any(|line| line.contains("were dropped"));
    assert!(told, "what is dropped is said");
    let longest = steps.iter().flat_map(lines).map(|line| line.len()).max().unwrap();
    assert!(longest <= 8 << 10, "{longest}");
}

#[test]
fn what_a_guest_hands_over_in_one_call_is_bounded() {
    let limits = sandbox::Limits { machines: 4, hostcall_bytes: 32 << 10, ..sandbox::Limits::default() };
    let narrow = sandbox::Engine::new(limits).unwrap();
    let program = narrow.compile_in_process(guests::FLOOD).unwrap();
    let machine = |length| program.start(start(&program, json!({"lines": 3, "length": length}))).unwrap().0;
    let (_, step) = machine(30_000).ticks(&ticks(1)).unwrap();
    assert_eq!(lines(&step).len(), 3, "three calls of 30 kB each: the bound is that of one call");
    let said = machine(40_000).ticks(&ticks(1)).unwrap_err().to_string();
    assert_eq!(said, "on_tick handed the host more than 32 KiB in one call");
}

/// Every trace with the time of its cause.
fn by_batches_of(size: usize, params: serde_json::Value, bytes: &[u8]) -> Vec<(Timestamp, Trace)> {
    let program = program(bytes);
    let (mut machine, step) = program.start(start(&program, params)).unwrap();
    let mut seen: Vec<_> = step.traces.into_iter().map(|trace| (step.cause, trace)).collect();
    for batch in ticks(600).chunks(size) {
        for step in run(&mut machine, batch) {
            seen.extend(step.traces.into_iter().map(|trace| (step.cause, trace)));
        }
    }
    seen
}

#[test]
fn the_same_events_leave_the_same_traces_however_they_are_batched() {
    let cases = [
        (guests::ECHO, json!({"every": 10})),
        (guests::ECHO, json!({"every": 37, "quiet": true, "compare": true})),
        (guests::PROBE, json!({})),
    ];
    for (bytes, params) in cases {
        let one = by_batches_of(1, params.clone(), bytes);
        assert!(one.len() > 10, "it must leave traces");
        for size in [7, 256] {
            assert_eq!(by_batches_of(size, params.clone(), bytes), one, "batches of {size}, {params}");
        }
    }
}

#[test]
fn a_quiet_batch_is_taken_in_one_call() {
    let program = program(guests::ECHO);
    let (mut machine, _) = program.start(start(&program, json!({"quiet": true}))).unwrap();
    let (taken, step) = machine.ticks(&ticks(600)).unwrap();
    assert_eq!((taken, step.traces.len()), (256, 0));
    assert_eq!(step.cause, tick(255).time);
}

#[test]
fn the_world_outside_is_not_there_and_time_is_the_events() {
    let program = program(guests::PROBE);
    let begin = start(&program, json!({}));
    let now = begin.now;
    let (_, first) = program.start(begin.clone()).unwrap();
    let said = lines(&first).join("\n");
    assert!(said.contains(&format!("start now={}", now.micros())), "{said}");
    assert!(said.contains("start environment=[]"), "{said}");
    assert!(
        said.contains(&format!("tv_sec: {}", now.seconds())),
        "the system's clock is the event's: {said}"
    );
    assert!(
        said.contains("a line on standard output") && said.contains("a line on standard error"),
        "{said}"
    );
    assert!(said.contains("start unknown=None"), "{said}");
    let (_, again) = program.start(begin.clone()).unwrap();
    assert_eq!(again, first, "the same seed gives the same chance");
    let other = sandbox::Start { seed: 2, ..begin };
    let (_, other) = program.start(other).unwrap();
    assert_ne!(other, first, "another seed gives another");
}

fn placed(step: &Step) -> Option<(RunOrderId, Side, u32, Price)> {
    step.traces.iter().find_map(|trace| match trace {
        Trace::Intent(Intent::Place { id, request }) => {
            Some((*id, request.side, request.quantity, request.price))
        }
        _ => None,
    })
}

fn probe_steps(machine: &mut Machine, count: i64) -> Vec<Step> {
    (0..count).flat_map(|at| run(machine, &[tick(at)])).collect()
}

#[test]
fn an_order_is_placed_changed_withdrawn_and_wrong_ones_are_answered_at_once() {
    let program = program(guests::PROBE);
    let mut begin = start(&program, json!({}));
    begin.next_order_id = 41;
    let (mut machine, _) = program.start(begin).unwrap();
    let steps = probe_steps(&mut machine, 5);
    let (id, side, quantity, price) = placed(&steps[0]).expect("the first tick places");
    assert_eq!((id, side, quantity), (41, Side::Buy, 10));
    assert!(price.is_multiple_of(infy().tick_size));
    let all: Vec<_> = steps.iter().flat_map(|step| &step.traces).collect();
    assert!(all.iter().any(|t| matches!(t, Trace::Intent(Intent::Modify { id: 41, .. }))));
    assert!(all.iter().any(|t| matches!(t, Trace::Intent(Intent::Cancel { id: 41 }))));
    let intents = all.iter().filter(|t| matches!(t, Trace::Intent(_))).count();
    assert_eq!(intents, 3, "what is refused is no intent");
    let said = lines(&steps[3]).join("\n");
    for words in ["lot size", "tick size", "not among the run's instruments", "not a standing order"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(all.iter().any(|t| matches!(t, Trace::StateSet { key, .. } if key == "ticks")));
    assert!(all.iter().any(|t| matches!(t, Trace::StateDelete { key } if key == "ticks")));
    assert!(all.iter().any(|t| matches!(t, Trace::Pnl { label, .. } if label == "probe")));
}

fn filled(id: RunOrderId) -> OrderUpdate {
    let price = Price::from_rupees(1_500);
    let order = OrderView {
        id,
        symbol: infy().symbol,
        side: Side::Buy,
        kind: market::OrderKind::Limit,
        product: Product::Cnc,
        status: GuestOrderStatus::Complete,
        quantity: 10,
        filled: 10,
        price,
        trigger: Price::ZERO,
        average_price: price,
        refusal: RefusalCode::None,
        message: String::new(),
        validity: market::Validity::Day,
        market_protection: -1,
        placed_at: tick(1).time,
    };
    OrderUpdate { order, time: tick(1).time, fill_quantity: 10, fill_price: price }
}

#[test]
fn a_fill_becomes_a_position_and_moves_the_days_figures() {
    let program = program(guests::PROBE);
    let (mut machine, _) = program.start(start(&program, json!({}))).unwrap();
    let id = placed(&probe_steps(&mut machine, 1)[0]).unwrap().0;
    let told = machine.deliver(Event::Order(filled(id))).unwrap();
    assert!(lines(&told)[0].contains("Complete"), "{told:?}");
    let mut higher = tick(1);
    higher.last_price = Price::from_rupees(1_510);
    let (_, step) = machine.ticks(&[higher]).unwrap();
    let said = lines(&step).join("\n");
    assert!(said.contains("quantity: 10"), "{said}");
    assert!(said.contains("100.00") || said.contains("1000000"), "ten shares, ten rupees each: {said}");
}

#[test]
fn timers_fire_once_and_a_cancelled_one_not_at_all() {
    let program = program(guests::PROBE);
    let (mut machine, first) = program.start(start(&program, json!({}))).unwrap();
    let set: Vec<_> = first.traces.iter().filter(|t| matches!(t, Trace::TimerSet { .. })).collect();
    assert_eq!(set.len(), 2);
    let due = tick(3).time;
    let step = machine.deliver(Event::Timer { id: 1, now: due }).unwrap();
    assert!(lines(&step).iter().any(|line| line.starts_with("timer 1")), "{step:?}");
    let again = machine.deliver(Event::Timer { id: 1, now: due }).unwrap();
    assert_eq!(again.traces, []);
}

#[test]
fn notices_and_stop_reach_the_guest_and_cash_does_not_call_it() {
    let program = program(guests::ECHO);
    let (mut machine, _) = program.start(start(&program, json!({}))).unwrap();
    let quiet = machine.deliver(Event::Cash { amount: Money::from_rupees(5) }).unwrap();
    assert_eq!(quiet.traces, []);
    let now = tick(1).time;
    let notice = Event::Notice { kind: NoticeKind::FeedLost, now, text: "no ticks".to_owned() };
    let told = machine.deliver(notice).unwrap();
    assert!(lines(&told)[0].contains("FeedLost"), "{told:?}");
    let last = machine.deliver(Event::Stop { now }).unwrap();
    let Trace::Log { level, text } = &last.traces[0] else { panic!("{last:?}") };
    assert_eq!((*level, text.as_str()), (LogLevel::Info, "stopped after 0 ticks"));
}

#[test]
fn it_runs_on_a_plain_thread_and_inside_tokio_alike() {
    let program = program(guests::PROBE);
    let outside = program.start(start(&program, json!({}))).unwrap().1;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let inside = runtime.block_on(async { program.start(start(&program, json!({}))).unwrap().1 });
    assert_eq!(inside, outside);
}

#[test]
fn an_engine_with_no_room_left_says_so() {
    let limits = sandbox::Limits { machines: 1, ..sandbox::Limits::default() };
    let small = sandbox::Engine::new(limits).unwrap();
    let program = small.compile_in_process(guests::ECHO).unwrap();
    let mut held = Vec::new();
    let refused = (0..40).find_map(|_| match program.start(start(&program, json!({}))) {
        Ok(machine) => {
            held.push(machine);
            None
        }
        Err(failure) => Some(failure),
    });
    let refused = refused.expect("17 fit, the 18th does not");
    assert!(matches!(refused.failure, Failure::NoRoom { .. }), "{refused}");
    drop(held);
    program.start(start(&program, json!({}))).unwrap();
}

#[test]
fn every_strategy_among_the_guests_is_accepted() {
    for (name, bytes) in guests::ACCEPTED {
        let program =
            engine().compile_in_process(bytes).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert!(!program.manifest().name.is_empty());
        assert_eq!(program.sha256_hex().len(), 64);
    }
}
