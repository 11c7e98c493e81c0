//! Small components that a compiler needs far too much for, and the limits that would let them through the gate.
#![allow(clippy::unwrap_used, reason = "a test that cannot set up should stop")]

use sandbox::Limits;

const GUEST: &str = "(instance $i) (export \"bulkhead:strategy/guest@0.1.0\" (instance $i))";

/// No limit of the gate that a bomb would meet.
pub(crate) fn broad() -> Limits {
    Limits {
        functions: u32::MAX,
        nesting_depth: u32::MAX,
        expanded_instances: u64::MAX,
        instances: usize::MAX,
        machines: 1,
        ..Limits::default()
    }
}

/// Each level instantiates the one inside ten times: a billion modules in half a kilobyte.
pub(crate) fn memory_bomb() -> Vec<u8> {
    let mut inner = "(component $c (core module $m (func)) (core instance (instantiate $m)))".to_owned();
    for _ in 0..8 {
        inner = format!("(component $c {inner} {})", "(instance (instantiate $c))".repeat(10));
    }
    let bomb = format!("(component {inner} {} {GUEST})", "(instance (instantiate $c))".repeat(10));
    wat::parse_str(bomb).unwrap()
}

/// So many functions that compiling them takes seconds.
pub(crate) fn time_bomb() -> Vec<u8> {
    wat::parse_str(format!("(component (core module {}) {GUEST})", "(func)".repeat(200_000))).unwrap()
}
