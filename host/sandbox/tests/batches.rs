//! Batches change nothing but speed: ticks and bars leave the same traces however they are cut, and a guest that breaks
//! the rules of a batch ends there.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{infy, open, program, start, tick, ticks, token};
use market::{Candle, Interval, Price, Tick, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sandbox::{Failure, Machine, Program, Trace};
use serde_json::json;

/// Batches that this many seeds cut.
const SEEDS: u64 = 12;

/// What a machine is told, in order.
#[derive(Clone, Copy)]
enum Told {
    Tick(Tick),
    Candle(Candle),
}

type Seen = Vec<(Timestamp, Trace)>;

#[test]
fn ticks_and_bars_leave_the_same_traces_however_they_are_cut() {
    let cases = [
        (program(guests::ECHO), json!({"every": 10})),
        (program(guests::ECHO), json!({"every": 13, "quiet": true, "compare": true})),
        (program(guests::PROBE), json!({})),
    ];
    for seed in 0..SEEDS {
        let story = story(seed);
        for (program, params) in &cases {
            let one = play(program, params, &story, |_| 1);
            assert!(one.len() > 10, "it must leave traces");
            let whole = play(program, params, &story, |_| 256);
            assert_same(&whole, &one, &format!("seed {seed}, whole, {params}"));
            let mut dice = ChaCha8Rng::seed_from_u64(seed);
            let cut = play(program, params, &story, |left| dice.random_range(1..=left.min(256)));
            assert_same(&cut, &one, &format!("seed {seed}, cut at random, {params}"));
        }
    }
}

#[test]
fn a_quiet_batch_of_bars_is_taken_in_one_call() {
    let program = program(guests::ECHO);
    let (mut machine, _) = program.start(start(&program, json!({"quiet": true}))).unwrap();
    let bars: Vec<_> = (0..300).map(|minute| bar(minute, 7)).collect();
    let (taken, step) = machine.candles(&bars).unwrap();
    assert_eq!((taken, step.traces.len()), (256, 0));
    assert_eq!(step.cause, open().plus_seconds(256 * 60), "the end of the last bar taken");
}

#[test]
fn a_bar_with_a_trace_ends_its_batch() {
    let program = program(guests::ECHO);
    let (mut machine, _) = program.start(start(&program, json!({"quiet": true, "every": 3}))).unwrap();
    let bars: Vec<_> = (0..8).map(|minute| bar(minute, 7)).collect();
    let (taken, step) = machine.candles(&bars).unwrap();
    assert_eq!(taken, 3);
    assert!(matches!(step.traces[0], Trace::Intent(_)), "{step:?}");
}

#[test]
fn a_bar_of_a_day_ends_with_the_session() {
    let program = program(guests::ECHO);
    let (mut machine, _) = program.start(start(&program, json!({}))).unwrap();
    let midnight = open().date().midnight();
    let day = Candle { interval: Interval::Day, start: midnight, ..bar(0, 7) };
    let (_, step) = machine.candles(&[day]).unwrap();
    assert_eq!(step.cause, open().plus_seconds(22_500), "at the close and not at midnight");
    let Trace::Log { text, .. } = &step.traces[0] else { panic!("{step:?}") };
    assert!(text.ends_with("at 15:30:00"), "and the guest's clock says so: {text}");
}

#[test]
fn an_old_tick_does_not_turn_the_guests_clock_back() {
    let program = program(guests::PROBE);
    let (mut machine, _) = program.start(start(&program, json!({}))).unwrap();
    machine.ticks(&[tick(60)]).unwrap();
    let (_, step) = machine.ticks(&[tick(5)]).unwrap();
    let Trace::Log { text, .. } = &step.traces[0] else { panic!("{step:?}") };
    assert!(text.starts_with(&format!("tick 2 now={} ", tick(60).time.micros())), "{text}");
}

#[test]
fn who_breaks_the_rules_of_a_batch_is_stopped_and_told() {
    let cases = [
        ("took-none", "it answered that it took 0 of 4 events"),
        ("took-too-many", "it answered that it took 5 of 4 events"),
        ("took-less", "it looked at event 3 but answered that it took 3"),
        ("went-back", "clock.reached(0) at event 3 of a batch of 4"),
        ("past-the-end", "clock.reached(4) at event 0 of a batch of 4"),
        ("went-on", "it went on to event 3 after leaving a trace in event 0"),
    ];
    let program = program(guests::LIAR);
    for (lie, told) in cases {
        let (mut machine, _) = program.start(start(&program, json!({"lie": lie}))).unwrap();
        let failure = machine.ticks(&ticks(4)).unwrap_err();
        assert!(matches!(failure, Failure::Protocol { .. }), "{lie}: {failure:?}");
        assert!(failure.to_string().contains(told), "{lie}: {failure}");
        assert_eq!(machine.ticks(&ticks(1)).unwrap_err(), failure, "it is over");
    }
    let (mut honest, _) = program.start(start(&program, json!({"lie": "none"}))).unwrap();
    assert_eq!(honest.ticks(&ticks(4)).unwrap().0, 4);
}

#[test]
fn every_example_strategy_starts_and_takes_ticks_and_bars() {
    let guests = guests::ACCEPTED.iter().filter(|(name, _)| matches!(*name, "probe" | "echo" | "scalper"));
    let examples = example_strategies::GALLERY.iter().map(|it| (it.name, it.bytes));
    let mut played = 0;
    for (name, bytes) in examples.chain(guests.copied()) {
        let program = program(bytes);
        let mut begin = start(&program, json!({}));
        let params = program.manifest().bind(serde_json::Map::new()).unwrap();
        let wanted = program.manifest().instruments(&params);
        begin.instruments[0].symbol = wanted[0].parse().unwrap();
        let (mut machine, _) =
            program.start(begin).unwrap_or_else(|failure| panic!("{name} does not start: {failure}"));
        let steps = fixture::run(&mut machine, &ticks(300));
        assert_eq!(steps.last().unwrap().cause, tick(299).time, "{name}");
        machine.candles(&[bar(10, 7)]).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        played += usize::from(steps.iter().any(|step| !step.traces.is_empty()));
    }
    assert_eq!(played, 6, "and each of them does something");
}

fn bar(minute: i64, paise: i64) -> Candle {
    let [open_price, high, low, close] =
        [1_500, 1_510, 1_490, 1_505].map(|it| Price::from_paise(it * 100 + paise * 5));
    let start = open().plus_seconds(minute * 60);
    let interval = Interval::Minute;
    Candle { token: token(), interval, start, open: open_price, high, low, close, volume: 10, oi: 3 }
}

/// Runs of ticks and bars in turn; some ticks are stamped late.
fn story(seed: u64) -> Vec<Told> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0xBA7C);
    let (mut told, mut second, mut minute) = (Vec::new(), 0_i64, 0_i64);
    while told.len() < 500 {
        for _ in 0..dice.random_range(1..60) {
            second += dice.random_range(0..4);
            let late = if dice.random_bool(0.1) { 30 } else { 0 };
            let price = Price::from_paise(150_000 + dice.random_range(-40..40) * 5);
            told.push(Told::Tick(Tick::at(token(), open().plus_seconds(second - late), price)));
        }
        for _ in 0..dice.random_range(1..20) {
            told.push(Told::Candle(bar(minute, dice.random_range(0..9))));
            minute += 1;
        }
        second = second.max(minute * 60);
    }
    assert_eq!(infy().token, token());
    told
}

/// Every trace with the time of its cause; `size` says how many of those left go into the next batch.
fn play(
    program: &Program,
    params: &serde_json::Value,
    story: &[Told],
    mut size: impl FnMut(usize) -> usize,
) -> Seen {
    let (mut machine, step) = program.start(start(program, params.clone())).unwrap();
    let mut seen: Seen = step.traces.into_iter().map(|trace| (step.cause, trace)).collect();
    let mut left = story;
    while !left.is_empty() {
        let count = size(left.len()).min(left.len());
        let (taken, step) = hand_over(&mut machine, &left[..count]);
        seen.extend(step.traces.into_iter().map(|trace| (step.cause, trace)));
        left = &left[taken..];
    }
    seen
}

/// Hands over what is of one kind at the front.
fn hand_over(machine: &mut Machine, told: &[Told]) -> (usize, sandbox::Step) {
    let ticks: Vec<Tick> = told
        .iter()
        .map_while(|it| match it {
            Told::Tick(tick) => Some(*tick),
            Told::Candle(_) => None,
        })
        .collect();
    if !ticks.is_empty() {
        return machine.ticks(&ticks).unwrap();
    }
    let candles: Vec<Candle> = told
        .iter()
        .map_while(|it| match it {
            Told::Candle(candle) => Some(*candle),
            Told::Tick(_) => None,
        })
        .collect();
    machine.candles(&candles).unwrap()
}

fn assert_same(these: &Seen, those: &Seen, what: &str) {
    let differ = these.iter().zip(those).find(|(one, other)| one != other);
    assert!(differ.is_none(), "{what}: {differ:?}");
    assert_eq!(these.len(), those.len(), "{what}");
}
