//! Every limit on what a running strategy may do, each by a guest that goes beyond it.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/made.rs"]
mod made;

use fixture::{start, tick, ticks};
use made::{FINE, made};
use market::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use sandbox::{Engine, Event, Failure, Limits, Machine, NoticeKind, Program, Step, Trace};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wasm_encoder::{
    Component, ComponentSection, InstanceSection, Module, ModuleSection, RefType, TableSection, TableType,
};

const LOOP: &str = "(loop $l (br $l)) unreachable";
/// An answer that one event was taken.
const ONE: &str =
    "(i32.store8 (i32.const 8192) (i32.const 0)) (i32.store (i32.const 8196) (i32.const 1)) (i32.const 8192)";

fn with(limits: Limits) -> Engine {
    Engine::unpooled(limits).unwrap()
}

fn machine(engine: &Engine, component: &[u8]) -> Machine {
    let program = engine.compile_in_process(component).unwrap();
    started(&program)
}

fn started(program: &Program) -> Machine {
    program.start(start(program, json!({}))).unwrap().0
}

fn one_tick(engine: &Engine, made: made::Made) -> Result<Step, Failure> {
    machine(engine, &made.component()).ticks(&[tick(0)]).map(|(_, step)| step)
}

fn said(outcome: Result<Step, Failure>) -> String {
    outcome.unwrap_err().to_string()
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
}

#[test]
fn a_busy_machine_takes_no_time_away_from_a_call() {
    let busy = AtomicBool::new(true);
    let mut spins = machine(&with(Limits { wall_factor: 1_000, ..Limits::default() }), guests::SPIN);
    std::thread::scope(|scope| {
        for _ in 0..3 * std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while busy.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let begun = thread_cpu();
        let failure = ticks(10).iter().find_map(|tick| spins.ticks(&[*tick]).err()).unwrap();
        let used = thread_cpu() - begun;
        busy.store(false, Ordering::Relaxed);
        assert_eq!(failure.to_string(), "on_tick ran longer than 50 ms and was stopped");
        assert!(used >= Duration::from_millis(45), "it was promised 50 ms of the processor and got {used:?}");
    });
}

#[test]
fn the_wall_ends_a_call_that_gets_next_to_nothing() {
    // With a factor of one, whoever waits for the processor at all passes the wall first.
    let busy = AtomicBool::new(true);
    let mut spins =
        machine(&with(Limits { event_ms: 400, wall_factor: 1, ..Limits::default() }), guests::SPIN);
    std::thread::scope(|scope| {
        for _ in 0..4 * std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while busy.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let failure = ticks(10).iter().find_map(|tick| spins.ticks(&[*tick]).err()).unwrap();
        busy.store(false, Ordering::Relaxed);
        assert!(matches!(failure, Failure::Starved { wall_ms: 400, .. }), "{failure}");
        assert!(failure.is_of_the_host());
    });
}

#[test]
fn a_run_that_uses_more_than_its_share_waits_for_its_turn() {
    let limits = Limits { event_ms: 10_000, cpu_window_ms: 100, ..Limits::default() };
    let toil = format!("(local $left i32) (local.set $left (i32.const 20000000))
        (loop $l (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $l (local.get $left))) {FINE}");
    let mut machine = machine(&with(limits), &made().body("on-notice", toil).component());
    let begun = Instant::now();
    assert_eq!(machine.must_wait(begun), Duration::ZERO, "it has done nothing yet");
    let before = (machine.spent(), thread_cpu());
    while machine.spent() - before.0 < Duration::from_millis(60) {
        machine.deliver(notice()).unwrap();
    }
    let (spent, used) = (machine.spent() - before.0, thread_cpu() - before.1);
    assert!(spent <= used + Duration::from_millis(10), "{spent:?} charged, {used:?} used");
    let wait = machine.must_wait(begun);
    assert!(wait >= Duration::from_millis(15), "10 ms beyond its 50 ms are 20 ms of half a core: {wait:?}");
    assert_eq!(machine.must_wait(begun + wait), Duration::ZERO);
}

fn notice() -> Event {
    Event::Notice { kind: NoticeKind::FeedBack, now: tick(0).time, text: String::new() }
}

#[test]
fn stop_has_a_second_and_not_more() {
    let engine = with(Limits { stop_ms: 70, ..Limits::default() });
    let mut machine = machine(&engine, &made().body("stop", LOOP).component());
    let stopped = machine.deliver(Event::Stop { now: Timestamp::EPOCH });
    assert_eq!(said(stopped), "stop ran longer than 70 ms and was stopped");
    assert_eq!(Limits::default().stop_ms, 1_000);
}

#[test]
fn a_describe_that_does_not_answer_well_is_refused_with_what_to_do() {
    let engine = with(Limits { start_ms: 100, ..Limits::default() });
    let cases = [
        (LOOP, "describe ran longer than 100 ms and was stopped"),
        ("unreachable", "describe hit unreachable code"),
        ("(i32.const 0x7fff0000)", "could not say what it is"),
        ("(i32.store (i32.const 20) (i32.const 0)) (i32.const 16)", "the manifest is wrong: name is empty"),
    ];
    for (body, words) in cases {
        let refusal = engine.compile_in_process(&made().body("describe", body).component()).err().unwrap();
        assert!(refusal.reason.contains(words) && refusal.remedy.contains("describe"), "{refusal}");
    }
}

#[test]
fn a_smaller_stack_holds_fewer_calls() {
    let down = |calls: u32| {
        made()
            .more(
                "(func $down (param i32) (result i32)
                   (if (result i32) (local.get 0)
                     (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
                     (else (i32.const 0))))",
            )
            .body("on-ticks", format!("(drop (call $down (i32.const {calls}))) {ONE}"))
    };
    one_tick(&with(Limits::default()), down(2_000)).unwrap();
    let narrow = with(Limits { stack_bytes: 16 << 10, ..Limits::default() });
    assert!(said(one_tick(&narrow, down(2_000))).contains("recursed too deeply"));
    assert!(said(one_tick(&with(Limits::default()), down(1_000_000))).contains("recursed too deeply"));
}

#[test]
fn a_label_of_sixty_four_bytes_and_not_more() {
    let record = r#"(import "bulkhead:strategy/pnl@0.1.0" "record" (func $record (param i32 i32 i64)))"#;
    let body = format!("(call $record (i32.const 2048) (i32.const 100) (i64.const 5)) {ONE}");
    let text = format!("(data (i32.const 2048) \"{}\")", "x".repeat(100));
    let step =
        one_tick(&with(Limits::default()), made().imports(record).more(text).body("on-ticks", body)).unwrap();
    let labels: Vec<_> = step
        .traces
        .iter()
        .map(|trace| matches!(trace, Trace::Pnl { label, .. } if label.len() == 64))
        .collect();
    assert_eq!(labels, [true], "{step:?}");
}

#[test]
fn randomness_is_handed_out_in_pieces() {
    let import = r#"(import "wasi:random/random@0.2.6" "get-random-bytes" (func $random (param i64 i32)))"#;
    let ask = |bytes: u32| {
        let body = format!(
            "(drop (memory.grow (i32.const 4))) (call $random (i64.const {bytes}) (i32.const 8200)) {ONE}"
        );
        made().wasi("wasi:random/random@0.2.6").imports(import).body("on-ticks", body)
    };
    one_tick(&with(Limits::default()), ask(65_536)).unwrap();
    assert!(said(one_tick(&with(Limits::default()), ask(65_537))).contains("65536"));
}

#[test]
fn ending_the_program_and_sleeping_are_told_as_what_they_are() {
    let exit = r#"(import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))"#;
    let exits = made()
        .wasi("wasi:cli/exit@0.2.6")
        .imports(exit)
        .body("on-ticks", format!("(call $exit (i32.const 1)) {ONE}"));
    assert!(said(one_tick(&with(Limits::default()), exits)).contains("ended the program with exit(1)"));
    let sleep = r#"(import "wasi:clocks/monotonic-clock@0.2.6" "subscribe-duration" (func $timer (param i64) (result i32)))
                   (import "wasi:io/poll@0.2.6" "[method]pollable.block" (func $block (param i32)))"#;
    let sleeps = made()
        .wasi("wasi:io/poll@0.2.6")
        .wasi("wasi:clocks/monotonic-clock@0.2.6")
        .imports(sleep)
        .body("on-ticks", format!("(call $block (call $timer (i64.const 1000))) {ONE}"));
    let begun = Instant::now();
    assert!(said(one_tick(&with(Limits::default()), sleeps)).contains("set a timer instead"));
    assert!(begun.elapsed() < Duration::from_secs(20), "it never slept");
}

/// Prints a line and answers that it took all of its batch.
fn prints(from: &'static str) -> made::Made {
    let import = r#"(import "wasi:cli/stdout@0.2.6" "get-stdout" (func $get (result i32)))
        (import "wasi:io/streams@0.2.6" "[method]output-stream.write" (func $write (param i32 i32 i32 i32)))"#;
    let print = "(call $write (call $get) (i32.const 2048) (i32.const 5) (i32.const 8208))";
    let all = "(i32.store8 (i32.const 8192) (i32.const 0)) (i32.store (i32.const 8196) (local.get 0)) (i32.const 8192)";
    let text = "(data (i32.const 2048) \"hello\")";
    let made = made().wasi("wasi:io/streams@0.2.6").wasi("wasi:cli/stdout@0.2.6").imports(import).more(text);
    match from {
        "start" => made.body("start", format!("{print} {FINE}")),
        _ => made.body("on-ticks", format!("{print} {all}")),
    }
}

#[test]
fn who_prints_is_given_events_singly_so_that_each_line_has_its_cause() {
    let mut early = machine(&with(Limits::default()), &prints("start").component());
    assert_eq!(early.ticks(&ticks(10)).unwrap().0, 1, "it printed in start");
    let mut late = machine(&with(Limits::default()), &prints("on-ticks").component());
    assert_eq!(late.ticks(&ticks(10)).unwrap().0, 10, "nobody could know");
    let (taken, step) = late.ticks(&ticks(10)[5..]).unwrap();
    assert_eq!((taken, step.cause), (1, tick(5).time.max(tick(9).time)));
    assert_eq!(step.traces.len(), 1, "{step:?}");
    let mut silent = machine(&with(Limits::default()), &made().component());
    assert_eq!(silent.ticks(&ticks(10)).unwrap().0, 10);
    assert_eq!(silent.ticks(&ticks(10)).unwrap().0, 10);
}

/// The component with so many more core instances, of which so many have a table each.
fn larger(component: &[u8], instances: u32, tables: u32, modules: u32) -> Vec<u8> {
    let table = TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 10_000,
        maximum: None,
        shared: false,
    };
    let mut with_table = Module::new();
    with_table.section(TableSection::new().table(table));
    let mut made = InstanceSection::new();
    let none: [(&str, wasm_encoder::ModuleArg); 0] = [];
    for number in 0..instances {
        made.instantiate(if number < tables { modules } else { modules + 1 }, none);
    }
    let mut bytes = component.to_vec();
    ModuleSection(&with_table).append_to_component(&mut bytes);
    ModuleSection(&Module::new()).append_to_component(&mut bytes);
    made.append_to_component(&mut bytes);
    assert!(Component::HEADER.len() < bytes.len());
    bytes
}

#[test]
fn every_promised_machine_fits_even_when_each_is_as_large_as_the_gate_allows() {
    let limits = Limits { machines: 4, ..Limits::default() };
    let engine = Engine::new(limits.clone()).unwrap();
    let plain = made().more("(table 1 funcref)").component();
    let report = engine.gate(&plain).unwrap();
    let (instances, tables) = (32 - report.core_instances as u32, 8 - report.tables as u32);
    let largest = larger(&plain, instances, tables, report.core_modules);
    let counted = engine.gate(&largest).unwrap();
    assert_eq!((counted.core_instances, counted.tables, counted.memories), (32, 8, 1));
    let program = engine.compile_in_process(&largest).unwrap();
    let mut machines: Vec<_> = (0..4).map(|_| started(&program)).collect();
    machines.iter_mut().for_each(|machine| drop(machine.ticks(&[tick(0)]).unwrap()));
    let more = engine.gate(&larger(&plain, instances + 1, 0, report.core_modules)).unwrap_err().reason;
    assert!(more.contains("33 core instances, all nesting multiplied out: at most 32"), "{more}");
    let more = engine.gate(&larger(&plain, instances, tables + 1, report.core_modules)).unwrap_err().reason;
    assert!(more.contains("9 tables, all nesting multiplied out: at most 8"), "{more}");
}

#[test]
fn a_full_pool_is_no_fault_of_the_author() {
    let engine = Engine::new(Limits { machines: 1, ..Limits::default() }).unwrap();
    let program = engine.compile_in_process(&made().component()).unwrap();
    let held: Vec<_> = (0..17).map(|_| started(&program)).collect();
    let refusal = engine.compile_in_process(guests::ECHO).err().unwrap();
    assert!(refusal.reason.contains("no room for another run"), "{refusal}");
    assert!(refusal.remedy.contains("nothing is wrong with the strategy"), "{refusal}");
    drop(held);
    engine.compile_in_process(guests::ECHO).unwrap();
}

#[test]
fn a_pool_that_cannot_be_reserved_is_an_error_that_says_what_to_do() {
    let limits = Limits { machines: 10_000, memory_bytes: 1 << 40, ..Limits::default() };
    let error = Engine::new(limits).err().unwrap().to_string();
    assert!(
        error.contains("room for 10000 runs cannot be reserved") && error.contains("Ask for fewer"),
        "{error}"
    );
}
