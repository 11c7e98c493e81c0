//! What no honest strategy has is refused before anything is compiled, each limit by its name.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::engine;
use sandbox::Refusal;
use std::time::{Duration, Instant};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn refused(component: &[u8]) -> Refusal {
    let begun = Instant::now();
    let refusal = engine().gate(component).expect_err("the gate must refuse it");
    // Generous, because this is a debug build on a shared machine; it would be minutes if it compiled.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    refusal
}

#[track_caller]
fn refused_for(text: &str, words: &str) {
    let refusal = refused(&wat(text));
    assert!(refusal.reason.contains(words), "{refusal}");
}

/// A core module inside a component.
fn module(body: &str) -> String {
    format!("(component (core module {body}))")
}

#[test]
fn strategies_pass_and_what_is_none_is_refused_with_reason_and_remedy() {
    for (name, bytes) in guests::ACCEPTED {
        engine().gate(bytes).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    }
    for (name, bytes) in guests::REFUSED {
        let refusal = engine().compile_in_process(bytes).err().unwrap_or_else(|| panic!("{name} passed"));
        assert!(!refusal.reason.is_empty() && !refusal.remedy.is_empty(), "{name}: {refusal}");
    }
}

#[test]
fn a_foreign_import_is_named() {
    let refusal = refused(guests::FOREIGN_IMPORT);
    assert!(refusal.reason.contains("wasi:sockets/tcp"), "{refusal}");
    assert!(refusal.remedy.contains("strategies have no network"), "{refusal}");
}

#[test]
fn a_core_module_is_named() {
    let refusal = refused(guests::NOT_COMPONENT);
    assert!(refusal.reason.contains("core WebAssembly module"), "{refusal}");
}

#[test]
fn another_world_is_named() {
    let refusal = refused(guests::WRONG_WORLD);
    assert!(refusal.reason.contains("bulkhead:strategy/guest"), "{refusal}");
}

#[test]
fn an_upload_of_more_than_four_mebibytes_is_refused() {
    let refusal = refused(&vec![0; (4 << 20) + 1]);
    assert!(refusal.reason.contains("4194305 bytes: at most 4194304"), "{refusal}");
}

#[test]
fn a_cut_file_is_damaged() {
    let refusal = refused(&guests::ECHO[..guests::ECHO.len() / 2]);
    assert!(refusal.reason.contains("damaged"), "{refusal}");
}

#[test]
fn twenty_thousand_functions_and_not_one_more() {
    refused_for(&module(&"(func)".repeat(20_001)), "20001 functions: at most 20000");
}

#[test]
fn a_function_of_more_than_256_kibibytes_is_refused() {
    refused_for(&module(&format!("(func {})", "nop ".repeat((256 << 10) + 1))), "bytes in one function");
}

#[test]
fn two_thousand_locals_and_not_one_more() {
    refused_for(&module(&format!("(func (local {}))", "i32 ".repeat(2_001))), "2001 locals in one function");
}

#[test]
fn a_thousand_data_segments_and_not_one_more() {
    let body = format!("(memory 1) {}", "(data (i32.const 0) \"x\")".repeat(1_001));
    refused_for(&module(&body), "1001 data segments");
}

#[test]
fn a_thousand_element_segments_and_globals_and_not_one_more() {
    let body = format!("(func $f) (table 1 funcref) {}", "(elem (i32.const 0) $f)".repeat(1_001));
    refused_for(&module(&body), "1001 element segments");
    refused_for(&module(&"(global i32 (i32.const 0))".repeat(1_001)), "1001 globals");
}

#[test]
fn sixteen_core_modules_and_not_one_more() {
    refused_for(&format!("(component {})", "(core module)".repeat(17)), "17 core modules: at most 16");
}

#[test]
fn nesting_ends_at_four() {
    let nested = format!("{}{}", "(component ".repeat(6), ")".repeat(6));
    refused_for(&nested, "5 components within components: at most 4");
}

#[test]
fn a_few_lines_that_multiply_out_to_millions_of_instances_are_refused() {
    // Each level instantiates the one before ten times: 10 × 10 × 10 × 10 modules from half a kilobyte.
    let level = |inner: &str, from: &str| {
        format!("(component {inner} {})", format!("(instance (instantiate {from}))").repeat(10))
    };
    let bottom = "(component $c (core module $m) (core instance (instantiate $m)))";
    let one = level(bottom, "$c").replacen("(component", "(component $d", 1);
    let two = level(&one, "$d");
    refused_for(&two, "instances, all nesting multiplied out: at most 64");
}

#[test]
fn memory_and_tables_are_bounded_from_the_start() {
    refused_for(&module("(memory 1025)"), "bytes of memory at the start");
    refused_for(&module("(table 10001 funcref)"), "10001 table entries at the start");
}

#[test]
fn custom_sections_are_bounded() {
    let body = format!("(@custom \"x\" \"{}\")", "y".repeat((1 << 20) + 1));
    refused_for(&module(&body), "bytes of custom sections");
}

#[test]
fn webassembly_that_the_engine_does_not_run_is_refused() {
    let guest = |body: &str| {
        let export = "(instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i))";
        wat(&format!("(component (core module {body}) {export})"))
    };
    let cases = [
        "(memory 1 1 shared)",
        "(memory i64 1)",
        "(memory 1) (memory 1)",
        "(func $f return_call $f)",
        "(tag)",
        "(type (struct))",
        "(func (result v128) (i32x4.relaxed_trunc_f32x4_s (v128.const i32x4 0 0 0 0)))",
    ];
    for body in cases {
        let refusal = refused(&guest(body));
        assert!(refusal.reason.contains("not valid"), "{body}: {refusal}");
    }
}

#[test]
fn an_export_of_another_shape_is_refused_when_it_is_linked() {
    let text = "(component (instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i)))";
    let refusal = engine().compile_in_process(&wat(text)).err().unwrap();
    assert!(refusal.reason.contains("does not fit the world"), "{refusal}");
}
