//! Components that no honest compiler puts out, against the real engine: each ends alone, with clean words.
//!
//! The numbers are those of the list of malicious components that the sandbox was designed against.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/made.rs"]
mod made;

use fixture::{engine, start, tick};
use made::{FINE, LOG, NOW, made};
use market::Timestamp;
use sandbox::{Engine, Event, Failure, Limits, Machine, Program, Refusal, StartFailure, Step, Trace};
use serde_json::json;
use std::sync::OnceLock;

const LOOP: &str = "(loop $l (br $l)) unreachable";

/// Quick to lose patience, so that the tests are.
fn impatient() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let limits = Limits { machines: 32, start_ms: 100, stop_ms: 60, ..Limits::default() };
    ENGINE.get_or_init(|| Engine::new(limits).unwrap())
}

fn program(made: made::Made) -> Program {
    impatient().compile_in_process(&made.component()).unwrap()
}

fn refusal(component: &[u8]) -> Refusal {
    impatient().compile_in_process(component).err().expect("it must be refused")
}

fn started(program: &Program) -> Result<(Machine, Step), StartFailure> {
    program.start(start(program, json!({})))
}

/// What a strategy says to its first tick, unless its start fails already.
fn on_tick(made: made::Made) -> Result<(Machine, Step), Failure> {
    let program = program(made);
    let mut machine = started(&program).map_err(|unstarted| unstarted.failure)?.0;
    let (_, step) = machine.ticks(&[tick(0)])?;
    Ok((machine, step))
}

#[track_caller]
fn fails(made: made::Made, words: &str) -> Failure {
    let failure = on_tick(made).err().expect("it must fail");
    assert!(failure.to_string().contains(words), "{failure}");
    on_tick(made::made()).expect("others go on");
    failure
}

fn lines(traces: &[Trace]) -> Vec<&str> {
    let mut lines = Vec::new();
    for trace in traces {
        if let Trace::Log { text, .. } = trace {
            lines.push(text.as_str());
        }
    }
    lines
}

#[test]
fn a_made_strategy_is_one_like_any_other() {
    let program = program(made());
    assert_eq!(program.manifest().name, "made");
    let (mut machine, _) = started(&program).unwrap();
    assert_eq!(machine.ticks(&fixture::ticks(3)).unwrap().0, 3);
    machine.deliver(Event::Stop { now: Timestamp::EPOCH }).unwrap();
}

#[test]
fn w01_a_loop_before_the_first_call_is_stopped() {
    let endless = made().more(format!("(func $begin {LOOP}) (start $begin)")).component();
    let said = refusal(&endless).reason;
    assert_eq!(
        said,
        "the strategy could not say what it is: describe ran longer than 100 ms and was stopped"
    );
}

#[test]
fn w02_a_loop_in_the_allocator_is_stopped() {
    fails(made().allocator(LOOP), "start ran longer than 100 ms");
}

#[test]
fn w03_a_loop_after_the_answer_is_stopped() {
    let post =
        "(func (export \"cabi_post_bulkhead:strategy/guest@0.1.0#on-ticks\") (param i32) (loop $l (br $l)))";
    fails(made().more(post), "on_tick ran longer than 50 ms");
}

#[test]
fn w04_an_allocator_that_answers_nonsense_is_caught() {
    fails(made().allocator("(i32.const 0x7fff0000)"), "realloc return: beyond end of memory");
    fails(made().allocator("(i32.const 16385)"), "realloc return: result not aligned");
}

#[test]
fn w05_imports_called_where_none_may_be_called_end_the_run_cleanly() {
    let log = "(call $log (i32.const 1) (i32.const 1024) (i32.const 4))";
    let in_allocator: &'static str =
        "(call $log (i32.const 1) (i32.const 1024) (i32.const 4)) (i32.const 16384)";
    fails(made().imports(LOG).allocator(in_allocator), "cannot leave component instance");
    let post =
        format!("(func (export \"cabi_post_bulkhead:strategy/guest@0.1.0#on-ticks\") (param i32) {log})");
    fails(made().imports(LOG).more(post), "cannot leave component instance");
}

#[test]
fn w06_a_guest_that_is_refused_memory_may_go_on_with_what_it_has() {
    let grow = "(block $full (loop $more
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1))) (br $more)))";
    let body = format!(
        "{grow} (i32.store8 (i32.const 8192) (i32.const 0)) (i32.store (i32.const 8196) (i32.const 1)) (i32.const 8192)"
    );
    let (mut machine, _) = on_tick(made().body("on-ticks", body)).unwrap();
    assert_eq!(machine.memory_bytes(), 64 << 20);
    machine.ticks(&[tick(1)]).expect("it lives on");
}

#[test]
fn w07_memory_beyond_the_limit_is_refused_at_the_gate() {
    let core = |body: &str| {
        let export = "(instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i))";
        wat::parse_str(format!("(component (core module {body}) {export})")).unwrap()
    };
    for (body, words) in [
        ("(memory 65536)", "4294967296 bytes of memory at the start"),
        ("(memory i64 1)", "not valid"),
        (&*"(memory 1)".repeat(100), "not valid"),
    ] {
        let said = engine().gate(&core(body)).unwrap_err().reason;
        assert!(said.contains(words), "{said}");
    }
    let two = "(component (core module $m (memory 1)) (core instance (instantiate $m)) (core instance (instantiate $m)))";
    let said = engine().gate(&wat::parse_str(two).unwrap()).unwrap_err().reason;
    assert!(said.contains("2 linear memories, all nesting multiplied out: at most 1"), "{said}");
}

#[test]
fn w08_a_table_grows_to_its_limit_and_the_guest_goes_on() {
    let grow = "(block $full (loop $more
        (br_if $full (i32.eq (table.grow $t (ref.null func) (i32.const 100)) (i32.const -1))) (br $more)))
        (if (i32.ne (table.size $t) (i32.const 10000)) (then unreachable))";
    on_tick(made().more("(table $t 0 funcref)").body("on-timer", FINE).body(
        "on-ticks",
        format!("{grow} (i32.store8 (i32.const 8192) (i32.const 0)) (i32.store (i32.const 8196) (i32.const 1)) (i32.const 8192)"),
    ))
    .unwrap();
}

#[test]
fn w09_too_deep_a_recursion_is_told_as_that() {
    let direct = "(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))";
    fails(made().more(direct).body("on-ticks", "(call $down (i32.const 0))"), "recursed too deeply");
    let mutual = "(type $f (func (param i32) (result i32))) (table $t 2 2 funcref) (elem (i32.const 0) $a $b)
        (func $a (type $f) (i32.add (i32.const 1) (call_indirect $t (type $f) (local.get 0) (i32.const 1))))
        (func $b (type $f) (i32.add (i32.const 2) (call_indirect $t (type $f) (local.get 0) (i32.const 0))))";
    fails(made().more(mutual).body("on-ticks", "(call $a (i32.const 0))"), "recursed too deeply");
}

#[test]
fn w10_bulk_operations_are_stopped_between_two_of_them() {
    let fill = "(drop (memory.grow (i32.const 1022)))
        (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 67108864)) (br $l)) unreachable";
    fails(made().body("on-ticks", fill), "on_tick ran longer than 50 ms");
    let table =
        "(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000)) (br $l)) unreachable";
    fails(
        made().more("(table $t 10000 10000 funcref)").body("on-ticks", table),
        "on_tick ran longer than 50 ms",
    );
}

#[test]
fn w16_a_branch_table_of_a_million_targets_is_refused() {
    let body = format!("(func (block $b (br_table {} (i32.const 0))))", "$b ".repeat(1_000_000));
    let said = refusal(&wat::parse_str(format!("(component (core module {body}))")).unwrap()).reason;
    assert!(said.contains("bytes in one function: at most 262144"), "{said}");
}

#[test]
fn w17_a_thousand_instances_are_refused() {
    let text = format!("(component (core module $m) {})", "(core instance (instantiate $m))".repeat(1_000));
    let said = refusal(&wat::parse_str(text).unwrap()).reason;
    assert!(said.contains("core instances, all nesting multiplied out: at most 32"), "{said}");
}

#[test]
fn w18_a_thousand_levels_of_components_are_refused() {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..1_000 {
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        let mut left = component.len();
        while left >= 0x80 {
            outer.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        outer.push(left as u8);
        outer.extend(component);
        component = outer;
    }
    let said = refusal(&component).reason;
    assert!(said.contains("components within components: at most 4"), "{said}");
}

#[test]
fn w23_imports_that_only_look_like_ours_are_refused() {
    let import = |name: &str, now: &str| {
        wat::parse_str(format!(
            "(component (import \"{name}\" (instance (export \"now\" (func {now}))))
               (instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i)))"
        ))
        .unwrap()
    };
    for name in ["bulkhead:strategy/clock@0.2.0", "bulkhead:strategy/clock@1.0.0", "bulkhead:strategy/clock"]
    {
        let said = refusal(&import(name, "(result s64)"));
        assert!(said.reason.contains(name) && said.remedy.contains("sdk of that version"), "{said}");
    }
    let said = refusal(&import("bulkhead:strategy/clock@0.1.0", "(result u32)")).reason;
    assert!(said.contains("does not fit the world"), "{said}");
}

#[test]
fn w24_exports_that_are_missing_or_of_another_type_are_refused() {
    let export = |functions: &str| {
        wat::parse_str(format!(
            "(component (core module $m (func (export \"f\") (result i32) i32.const 1)) (core instance $i (instantiate $m))
               (func $f (result u32) (canon lift (core func $i \"f\")))
               (instance $guest {functions}) (export \"bulkhead:strategy/guest@0.1.0\" (instance $guest)))"
        ))
        .unwrap()
    };
    for functions in ["", "(export \"describe\" (func $f))", "(export \"Describe\" (func $f))"] {
        let said = refusal(&export(functions)).reason;
        assert!(said.contains("does not fit the world") || said.contains("not valid"), "{functions}: {said}");
    }
}

#[test]
fn w25_a_line_of_megabytes_is_refused_by_the_bound_of_one_call() {
    let body = "(drop (memory.grow (i32.const 64)))
        (call $log (i32.const 1) (i32.const 0) (i32.const 2097152)) (i32.const 8192)";
    fails(made().imports(LOG).body("on-ticks", body), "handed the host more than 1024 KiB in one call");
}

#[test]
fn w28_text_that_is_no_text_and_pointers_that_point_nowhere_are_caught() {
    let log = |at: u32, length: u32| {
        made()
            .imports(LOG)
            .more("(data (i32.const 2048) \"\\ff\\fe\") (data (i32.const 2050) \"\\ed\\a0\\80\") (data (i32.const 2060) \"a\\00b\")")
            .body(
                "on-ticks",
                format!("(call $log (i32.const 1) (i32.const {at}) (i32.const {length}))
                    (i32.store8 (i32.const 8192) (i32.const 0)) (i32.store (i32.const 8196) (i32.const 1)) (i32.const 8192)"),
            )
    };
    fails(log(2_048, 2), "invalid utf-8");
    fails(log(2_050, 3), "invalid utf-8");
    fails(log(0x7fff_0000, 10), "out of bounds");
    let level = made()
        .imports(LOG)
        .body("on-ticks", "(call $log (i32.const 9) (i32.const 0) (i32.const 1)) (i32.const 8192)");
    fails(level, "failed");
    let (_, step) = on_tick(log(2_060, 3)).unwrap();
    assert_eq!(lines(&step.traces), ["a\0b"], "a zero is a character: whoever writes the line escapes it");
}

#[test]
fn w37_a_stop_that_fails_is_over_and_never_entered_again() {
    let stop = |body: &str| {
        let program = program(made().imports(LOG).body("stop", body));
        let mut machine = started(&program).unwrap().0;
        let failure = machine.deliver(Event::Stop { now: tick(0).time }).unwrap_err();
        assert_eq!(machine.ticks(&[tick(1)]).unwrap_err(), failure);
        (failure.to_string(), lines(machine.last_words()).join("\n"))
    };
    let log = "(call $log (i32.const 1) (i32.const 1024) (i32.const 4))";
    let (said, last_words) = stop(&format!("{log} unreachable"));
    assert!(said.starts_with("stop hit unreachable code"), "{said}");
    assert_eq!(last_words, "made", "what it said until then is kept");
    assert_eq!(stop(LOOP).0, "stop ran longer than 60 ms and was stopped");
}

#[test]
fn w40_time_stands_still_within_a_handler() {
    let body = format!(
        "(local $begun i64) (local $left i32) (local.set $begun (call $now)) (local.set $left (i32.const 1000000))
         (loop $l (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $l (local.get $left)))
         (if (i64.ne (call $now) (local.get $begun)) (then unreachable)) {FINE}"
    );
    let program = program(made().imports(NOW).body("start", body));
    started(&program).unwrap();
}

#[test]
fn w43_handles_that_are_never_given_back_run_out_for_this_run_alone() {
    let get = r#"(import "wasi:cli/stdout@0.2.6" "get-stdout" (func $get (result i32)))"#;
    let body = "(loop $l (drop (call $get)) (br $l)) unreachable";
    fails(made().wasi("wasi:cli/stdout@0.2.6").imports(get).body("on-ticks", body), "failed");
}

#[test]
fn last_words_come_along_when_a_run_does_not_come_to_life() {
    let log = "(call $log (i32.const 1) (i32.const 1024) (i32.const 4))";
    let unstarted =
        started(&program(made().imports(LOG).body("start", format!("{log} unreachable")))).err().unwrap();
    assert!(unstarted.to_string().starts_with("start hit unreachable code"), "{unstarted}");
    assert_eq!(lines(&unstarted.last_words), ["made"]);
}
