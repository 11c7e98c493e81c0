//! What no honest strategy has is refused before anything is compiled, each limit by its name. Tests named `w…` carry the
//! numbers of the list of malicious components, as in `hostile.rs`.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::engine;
use sandbox::Refusal;
use std::time::{Duration, Instant};

/// The export without which the gate looks no further.
const GUEST: &str = "(instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i))";

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
fn w22_a_foreign_import_is_named() {
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
fn w21_a_cut_file_is_damaged() {
    let refusal = refused(&guests::ECHO[..guests::ECHO.len() / 2]);
    assert!(refusal.reason.contains("damaged"), "{refusal}");
}

#[test]
fn w12_twenty_thousand_functions_and_not_one_more() {
    refused_for(&module(&"(func)".repeat(20_001)), "20001 functions: at most 20000");
}

#[test]
fn w13_a_function_of_more_than_256_kibibytes_is_refused() {
    refused_for(&module(&format!("(func {})", "nop ".repeat((256 << 10) + 1))), "bytes in one function");
}

#[test]
fn w14_two_thousand_locals_and_not_one_more() {
    refused_for(&module(&format!("(func (local {}))", "i32 ".repeat(2_001))), "2001 locals in one function");
}

#[test]
fn w15_a_thousand_data_segments_and_not_one_more() {
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
fn w11_a_few_lines_that_multiply_out_to_millions_of_instances_are_refused() {
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
fn w20_custom_sections_are_bounded() {
    let body = format!("(@custom \"x\" \"{}\")", "y".repeat((1 << 20) + 1));
    refused_for(&module(&body), "bytes of custom sections");
}

#[test]
fn w45_webassembly_that_the_engine_does_not_run_is_refused() {
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
fn w19_types_sixteen_deep_and_not_deeper() {
    let chain = |levels: usize| {
        let more: String = (1..levels).map(|at| format!("(type $t{at} (list $t{}))", at - 1)).collect();
        format!("(component (type $t0 (list u8)) {more} {GUEST})")
    };
    engine().gate(&wat(&chain(16))).unwrap();
    refused_for(&chain(17), "types nested more than 16 deep");
    let more: String = (1..17).map(|at| format!("(type $t{at} (list $t{}))", at - 1)).collect();
    let inside = format!(
        "(component (type (instance (type $t0 (list u8)) {more} (export \"e\" (type (eq $t16))))) {GUEST})"
    );
    refused_for(&inside, "types nested more than 16 deep");
}

#[test]
fn w19_wide_types_are_refused_whatever_they_are() {
    let many = |each: &dyn Fn(usize) -> String| (0..129).map(each).collect::<String>();
    let fields = many(&|at| format!("(field \"f{at}\" u8)"));
    let cases = many(&|at| format!("(case \"c{at}\" u8)"));
    let names = many(&|at| format!(" \"n{at}\""));
    let params = many(&|at| format!("(param \"p{at}\" u8)"));
    for (ty, words) in [
        (format!("record {fields}"), "129 fields in one record: at most 128"),
        (format!("variant {cases}"), "129 cases in one variant: at most 128"),
        (format!("enum {names}"), "129 cases in one enumeration or set of flags: at most 128"),
        (format!("tuple {}", "u8 ".repeat(129)), "129 parts in one tuple: at most 128"),
        (format!("func {params}"), "129 parameters of one function: at most 128"),
    ] {
        refused_for(&format!("(component (type ({ty})) {GUEST})"), words);
    }
}

#[test]
fn w20_names_of_half_a_kibibyte_and_not_longer() {
    let long = "x".repeat(513);
    let words = "513 bytes in the name of one";
    for text in [
        format!("(component (import \"{long}\" (func)))"),
        format!("(component (instance $i) (export \"{long}\" (instance $i)))"),
        module(&format!("(import \"{long}\" \"f\" (func))")),
        module(&format!("(import \"m\" \"{long}\" (func))")),
        module(&format!("(func (export \"{long}\"))")),
        format!("(component (type (record (field \"{long}\" u8))) {GUEST})"),
        format!("(component (type (instance (export \"{long}\" (func)))) {GUEST})"),
    ] {
        let refusal = refused(&wat(&text));
        assert!(refusal.reason.contains(words) && refusal.reason.len() < 200, "{refusal}");
    }
}

#[test]
fn a_thousand_canonical_functions_and_not_one_more() {
    let lift = "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))";
    let functions = "(func (canon lift (core func $i \"f\")))".repeat(1_001);
    refused_for(&format!("(component {lift} {functions})"), "1001 canonical functions: at most 1000");
}

#[test]
fn text_passes_in_utf_8_alone() {
    let lift = "(core module $m (memory (export \"m\") 1) (func (export \"r\") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export \"f\") (param i32 i32))) (core instance $i (instantiate $m)) (alias core export $i \"m\" (core memory $m))";
    for encoding in ["utf16", "latin1+utf16"] {
        let function = format!(
            "(func (param \"a\" string) (canon lift (core func $i \"f\")
            string-encoding={encoding} (memory $m) (realloc (core func $i \"r\"))))"
        );
        let refusal = refused(&wat(&format!("(component {lift} {function})")));
        assert!(refusal.reason.contains("UTF-16") && refusal.remedy.contains("UTF-8"), "{refusal}");
    }
}

#[test]
fn core_instances_memories_and_tables_are_counted_with_all_nesting() {
    // Two levels: the inner component makes three modules, the outer one makes the inner eleven times.
    let inner = |module: &str| {
        format!("(component $c (core module $m {module}) {})", "(core instance (instantiate $m))".repeat(3))
    };
    let outer = |module: &str, times: usize| {
        format!("(component {} {})", inner(module), "(instance (instantiate $c))".repeat(times))
    };
    refused_for(&outer("", 11), "33 core instances, all nesting multiplied out: at most 32");
    refused_for(&outer("(table 1 funcref)", 3), "9 tables, all nesting multiplied out: at most 8");
    refused_for(&outer("(memory 1)", 1), "2 linear memories, all nesting multiplied out: at most 1");
}

#[test]
fn modules_passed_around_as_values_are_refused() {
    refused_for("(component (import \"m\" (core module)))", "modules around as values");
}

#[test]
fn an_export_of_another_shape_is_refused_when_it_is_linked() {
    let text = "(component (instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i)))";
    let refusal = engine().compile_in_process(&wat(text)).err().unwrap();
    assert!(refusal.reason.contains("does not fit the world"), "{refusal}");
}
