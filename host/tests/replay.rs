//! A recorded run, run again: the same once more, the first difference named exactly, another version beside it.
//!
//! `BULKHEAD_DAY=full cargo test --release -p host --test replay every_run_of_a_day -- --nocapture` lives through a full day:
//! 22 500 s, 50 instruments, 20 runs.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/day.rs"]
mod day;

use day::{Cast, Day, DayRun, Size};
use host::replay::{self, Bound, Place, ReplayError, Replayed, Tape, text};
use ledger::RateTable;
use market::{Intent, Money, Price};
use sandbox::journal::{Entry, Reader, Recorder};
use sandbox::{Engine, Event, Limits, LogLevel, Program, Trace};
use serde_json::json;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tenant::Recorded;

const SEED: u64 = 20_261_123;

const SMALL: Size = Size { seconds: 900, instruments: 10, runs: 6 };

const FULL: Size = Size { seconds: 22_500, instruments: 50, runs: 20 };

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::unpooled(Limits::default()).unwrap())
}

fn program(bytes: &[u8]) -> Program {
    engine().compile_in_process(bytes).unwrap()
}

/// A day of one run.
fn one(bytes: &[u8], params: serde_json::Value) -> DayRun {
    let program = program(bytes);
    let size = Size { seconds: 600, instruments: 3, runs: 1 };
    let mut day = Day::live(SEED, size, |_, symbol| {
        let mut params = params.clone();
        params["instrument"] = json!(symbol);
        (program.clone(), params)
    });
    day.runs.pop().unwrap()
}

fn again(run: &DayRun) -> Replayed {
    replayed(&run.recorded, &run.program)
}

fn replayed(recorded: &Recorded, program: &Program) -> Replayed {
    replay::again(recorded, &Tape::of(recorded), program, &mut Bound::none()).unwrap()
}

#[test]
fn every_run_of_a_day_does_the_same_again() {
    let is_full = std::env::var_os("BULKHEAD_DAY").is_some_and(|day| day == "full");
    let (size, cast) = (if is_full { FULL } else { SMALL }, Cast::new(engine()));
    let begun = Instant::now();
    let day = Day::live(SEED, size, |number, symbol| cast.of(number, symbol));
    println!(
        "seed {SEED}: {} ticks to each of {} runs, lived in {:?}",
        day.ticks,
        size.runs,
        begun.elapsed()
    );
    let mut intents = 0;
    for run in &day.runs {
        let report = again(run);
        assert!(report.identical, "seed {SEED}, {}: {}", run.recorded.run.id, text::replayed(&report));
        assert_eq!((report.ticks, report.intents), (run.ticks, run.intents), "seed {SEED}");
        assert!(report.notes.is_empty(), "{:?}", report.notes);
        let bytes: usize = run.recorded.journal.iter().map(|piece| piece.bytes.len()).sum();
        println!(
            "{:<8} {:<14} {:>9} events {:>6} intents {:>8} lines {:>6.2} bytes/event {:>7.3} s {:>9.0} × real time",
            run.recorded.run.id,
            run.recorded.run.strategy_name,
            report.events,
            report.intents,
            report.lines,
            bytes as f64 / report.events as f64,
            report.seconds,
            report.times_real_time
        );
        intents += report.intents;
    }
    assert!(intents > size.runs as u64, "the day must hold orders: {intents}");
}

/// The journal with every entry as `change` makes it.
fn rewritten(recorded: &Recorded, mut change: impl FnMut(u64, &mut Entry)) -> Recorded {
    let (mut reader, mut recorder) = (Reader::new(1), Recorder::default());
    let mut journal = recorded.journal.clone();
    for piece in &mut journal {
        let read: Vec<_> = reader.entries(&piece.bytes).collect::<Result<_, _>>().unwrap();
        for (event, mut entry) in read {
            change(event, &mut entry);
            match entry {
                Entry::Start(beginning) => recorder.start(&beginning),
                Entry::Ticks(ticks) => recorder.ticks(&ticks),
                Entry::Candles(candles) => recorder.candles(&candles),
                Entry::Event(event) => recorder.event(&event),
                Entry::Traces(traces) => recorder.traces(&traces),
            }
        }
        piece.bytes = recorder.take().bytes;
    }
    Recorded { journal, ..recorded.clone() }
}

#[test]
fn one_altered_word_of_one_answer_is_found_and_named() {
    let run = one(guests::SCALPER, json!({ "every": 100 }));
    let (mut altered_at, mut orders) = (0, 0);
    let altered = rewritten(&run.recorded, |event, entry| {
        let Entry::Traces(traces) = entry else { return };
        for trace in traces {
            if let Trace::Intent(Intent::Place { request, .. }) = trace {
                orders += 1;
                if orders == 3 {
                    request.quantity += 1;
                    altered_at = event;
                }
            }
        }
    });
    assert!(again(&run).identical);
    let report = replayed(&altered, &run.program);
    let divergence = report.divergence.as_ref().unwrap();
    assert_eq!((report.identical, divergence.event), (false, altered_at));
    let of_order = |lines: &[String]| lines.iter().find(|line| line.starts_with("place")).unwrap().clone();
    let (recorded, now) = (of_order(&divergence.recorded), of_order(&divergence.now));
    assert!(recorded.contains("BUY 2 ") && now.contains("BUY 1 "), "{recorded} / {now}");
    assert!(divergence.what.starts_with("tick "), "{}", divergence.what);
    let shown = text::replayed(&report);
    for words in ["DIVERGED", &format!("event {altered_at}"), &recorded, &now, "both      log info"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
}

#[test]
fn an_answer_that_was_not_recorded_and_one_that_came_from_nowhere_are_found() {
    let run = one(guests::SCALPER, json!({ "every": 100 }));
    let mut lost_at = 0;
    let lost = rewritten(&run.recorded, |event, entry| {
        if let Entry::Traces(traces) = entry
            && event > 300
            && lost_at == 0
        {
            (lost_at, *traces) = (event, Vec::new());
        }
    });
    let divergence = replayed(&lost, &run.program).divergence.unwrap();
    assert_eq!((divergence.event, divergence.recorded.len()), (lost_at, 0));
    let mut added_at = 0;
    let added = rewritten(&run.recorded, |event, entry| {
        if let Entry::Traces(traces) = entry
            && added_at == 0
            && event > 300
        {
            added_at = event;
            traces.push(Trace::Log { level: LogLevel::Info, text: "nobody said this".to_owned() });
        }
    });
    let divergence = replayed(&added, &run.program).divergence.unwrap();
    assert_eq!(divergence.event, added_at);
    assert_eq!(divergence.recorded.last().unwrap(), "log info: nobody said this");
}

#[test]
fn what_a_run_was_given_and_nobody_wrote_down_shows_as_a_divergence() {
    let run = one(guests::ECHO, json!({ "every": 50 }));
    // A price that the run saw and the journal has otherwise: as if the host had let something in beside the journal.
    let mut moved_at = 0;
    let planted = rewritten(&run.recorded, |event, entry| {
        if let Entry::Ticks(ticks) = entry
            && moved_at == 0
            && event > 200
        {
            let last = ticks.last_mut().unwrap();
            last.last_price += Price::from_paise(5);
            moved_at = event;
        }
    });
    let report = replayed(&planted, &run.program);
    let divergence = report.divergence.unwrap();
    assert_eq!(divergence.event, moved_at);
    assert_ne!(divergence.recorded, divergence.now);
}

#[test]
fn a_component_of_other_bytes_that_does_the_same_makes_no_difference() {
    let run = one(example_strategies::SMA_CROSSOVER, json!({}));
    let mut bytes = example_strategies::SMA_CROSSOVER.to_vec();
    // A custom section: a name and nothing else.
    bytes.extend([0, 6, 5, b'o', b't', b'h', b'e', b'r']);
    let other = program(&bytes);
    assert_ne!(other.sha256(), run.program.sha256());
    let report = compared(&run, &other);
    assert!(report.old.orders > 0 && report.old.outcome.fills > 0, "it must trade: {:?}", report.old);
    assert!(report.identical && report.orders.iter().all(|pair| pair.same), "{}", text::difference(&report));
    assert_eq!((report.net_difference, report.only_old, report.only_new), (Money::ZERO, 0, 0));
    assert_eq!(report.old.outcome, report.new.outcome);
    assert!(text::difference(&report).contains("no difference"));
}

#[test]
fn another_version_shows_its_orders_and_its_result_beside_those_of_the_old_one() {
    let mut run = one(example_strategies::SMA_CROSSOVER, json!({ "quantity": 7 }));
    run.recorded.run.params = json!({ "instrument": run.recorded.run.params["instrument"], "quantity": 7 });
    let report = compared(&run, &program(example_strategies::BUY_AND_HOLD));
    assert!(!report.identical && report.only_old > 0, "{}", text::difference(&report));
    assert_eq!((report.new.orders, report.new.outcome.fills, report.new.outcome.open_positions), (1, 1, 1));
    let net = report.new.outcome.net - report.old.outcome.net;
    assert_eq!(report.net_difference, net);
    assert_eq!(report.new.outcome.realised, Money::ZERO, "it holds to the end");
    assert!(report.new.outcome.charges > Money::ZERO && report.old.outcome.charges > Money::ZERO);
    assert_eq!(report.recorded.fills, 0, "the day's paper is not in the books of any tenant");
    let shown = text::difference(&report);
    for words in ["only old", "new version, paper", "new less old"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
}

#[test]
fn a_version_that_wants_what_was_not_recorded_is_refused_in_words() {
    let run = one(example_strategies::BUY_AND_HOLD, json!({}));
    let refused = |params: serde_json::Value, bytes: &[u8]| {
        let mut recorded = run.recorded.clone();
        recorded.run.params = params;
        let tape = Tape::of(&recorded);
        let (old, new, rates) = (&run.program, program(bytes), RateTable::zerodha());
        let compared = replay::compare(&recorded, &tape, old, &new, &rates, &mut Bound::none());
        compared.unwrap_err().to_string()
    };
    let said = refused(json!({ "instrument": "NSE:NOSUCH" }), example_strategies::BUY_AND_HOLD);
    assert!(said.contains("wants NSE:NOSUCH") && said.contains("the run heard"), "{said}");
    let said = refused(json!({ "quantity": 3 }), guests::ECHO);
    assert!(said.contains("quantity: is no parameter of this strategy: it has"), "{said}");
}

#[test]
fn a_comparison_ends_in_time_whatever_the_other_version_does() {
    let run = one(example_strategies::BUY_AND_HOLD, json!({}));
    let tape = Tape::of(&run.recorded);
    let (new, rates) = (program(guests::REARM), RateTable::zerodha());
    let (mut bound, _waiting) = Bound::within(Duration::from_secs(1));
    let begun = Instant::now();
    let ended = replay::compare(&run.recorded, &tape, &run.program, &new, &rates, &mut bound).unwrap_err();
    assert!(matches!(ended, ReplayError::TooLong { limit_s: 1 }), "{ended}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_comparison_of_more_orders_than_are_compared_here_ends_and_names_another_place() {
    let run = one(guests::SCALPER, json!({ "every": 10 }));
    let (tape, rates) = (Tape::of(&run.recorded), RateTable::zerodha());
    let compared = |max| {
        let (bound, _waiting) = Bound::within(Duration::from_secs(60));
        let mut bound = bound.with_orders(max);
        replay::compare(&run.recorded, &tape, &run.program, &run.program, &rates, &mut bound)
    };
    let ended = compared(5).unwrap_err();
    assert!(matches!(ended, ReplayError::TooManyOrders { max: 5 }), "{ended}");
    assert!(ended.to_string().contains("bulkhead replay RUN --component"), "{ended}");
    let orders = compared(1_000_000).unwrap().both;
    assert!(orders > 5 && compared(orders).unwrap().identical, "{orders}");
}

#[test]
fn a_replay_stops_at_an_event_or_a_time_and_shows_what_the_run_held() {
    let run = one(guests::SCALPER, json!({ "every": 100, "quantity": 4 }));
    let tape = Tape::of(&run.recorded);
    let at = |place: &str| {
        let place: Place = place.parse().unwrap();
        replay::until(&run.recorded, &tape, &run.program, place, &mut Bound::none()).unwrap()
    };
    // The scalper buys at its 100th tick and sells at its 200th.
    let placed = tape.entries().map(Result::unwrap).find(|(_, entry)| {
        matches!(entry, Entry::Traces(traces) if traces.iter().any(|it| matches!(it, Trace::Intent(_))))
    });
    let bought = placed.unwrap().0;
    let before = at(&(bought - 1).to_string());
    assert_eq!((before.event, before.positions.len(), before.lines.len()), (bought - 1, 0, 0));
    let asked = at(&bought.to_string());
    assert_eq!((asked.event, asked.orders.len()), (bought, 1), "{}", text::snapshot(&asked));
    assert!(asked.lines.last().unwrap().contains("order #1: Buy 4"), "{:?}", asked.lines);
    let filled = at(&(bought + 2).to_string());
    assert_eq!((filled.positions[0].quantity, filled.orders.len()), (4, 0), "{}", text::snapshot(&filled));
    assert!(filled.what.starts_with("order 1 Complete"), "{}", filled.what);
    let noon = at("09:16:40");
    assert!(noon.at.to_string().starts_with("2026-11-23T09:16:"), "{}", noon.at);
    assert_eq!(at("99999999").notes, ["the recording ends there"]);
}

#[test]
fn a_journal_that_is_damaged_or_empty_says_so_and_how_far_it_goes() {
    let run = one(guests::ECHO, json!({ "quiet": true }));
    let failed = |recorded: &Recorded| {
        let tape = Tape::of(recorded);
        replay::again(recorded, &tape, &run.program, &mut Bound::none()).unwrap_err().to_string()
    };
    let mut empty = run.recorded.clone();
    empty.journal.clear();
    assert!(failed(&empty).contains("run run-0 has no journal"), "{}", failed(&empty));
    let mut cut = run.recorded.clone();
    cut.journal.last_mut().unwrap().bytes.truncate(9);
    assert!(failed(&cut).contains("the journal of run run-0 is damaged: piece"), "{}", failed(&cut));
    let mut unproven = run.recorded.clone();
    unproven.damage =
        Some("the journal of run run-0 is damaged at piece 7: its hash does not fit".to_owned());
    let said = failed(&unproven);
    let events = again(&run).events;
    assert!(said.contains("piece 7") && said.contains(&format!("{events} events")), "{said}");
}

#[test]
fn where_it_was_recorded_is_said_when_it_is_not_here() {
    let run = one(guests::ECHO, json!({ "quiet": true }));
    let elsewhere = rewritten(&run.recorded, |_, entry| {
        if let Entry::Start(beginning) = entry {
            beginning.engine = "another engine".to_owned();
        }
    });
    let report = replayed(&elsewhere, &run.program);
    assert!(report.identical, "{}", text::replayed(&report));
    assert!(report.notes[0].contains("it was recorded under engine another engine"), "{:?}", report.notes);
}

#[test]
fn a_run_that_failed_then_and_fails_now_in_the_same_event_is_the_same() {
    let run = one(guests::ECHO, json!({ "quiet": true }));
    let mut failed = rewritten(&run.recorded, |_, _| {});
    failed.run.state = tenant::RunState::Failed;
    failed.run.reason = Some("it took too long".to_owned());
    let report = replayed(&failed, &run.program);
    assert!(report.identical);
    assert!(report.notes[0].contains("failed then, and nothing failed now: it took too long"), "{report:?}");
    let stops = |entry: &Entry| matches!(entry, Entry::Event(Event::Stop { .. }));
    let last = Tape::of(&failed).entries().filter(|entry| stops(&entry.as_ref().unwrap().1)).count();
    assert_eq!(last, 1);
}

fn compared(run: &DayRun, new: &Program) -> replay::Difference {
    let (tape, rates) = (Tape::of(&run.recorded), RateTable::zerodha());
    replay::compare(&run.recorded, &tape, &run.program, new, &rates, &mut Bound::none()).unwrap()
}
