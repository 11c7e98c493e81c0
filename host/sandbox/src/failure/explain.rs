//! From the engine's errors to words for traders.

use super::{Broken, Call, Failure};
use wasmtime::{Error, PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

/// The engine keeps the type of this error to itself; its words are all there is.
const HANDED_TOO_MUCH: &str = "fuel allocated for hostcalls";

/// What is known about a call that failed, beside the error itself.
pub(crate) struct Circumstances<'a> {
    pub(crate) call: Call,
    pub(crate) limit_ms: u64,
    /// The most a guest may hand over in one host call.
    pub(crate) hostcall_kib: u64,
    /// The guest was refused memory during this call; the limit in MiB.
    pub(crate) refused_memory_mib: Option<u64>,
    /// What the guest wrote to standard error or to the log during this call, line by line.
    pub(crate) last_lines: Vec<&'a str>,
}

/// The failure that an error of the engine means.
pub(crate) fn explain(error: &Error, circumstances: &Circumstances<'_>) -> Failure {
    let call = circumstances.call;
    if let Some(broken) = error.downcast_ref::<Broken>() {
        return Failure::Protocol { call, reason: broken.to_string() };
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        let reason = format!("{error:#}; stop a run, or raise the limit on runs");
        return Failure::NoRoom { reason };
    }
    if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
        return Failure::TimedOut { call, limit_ms: circumstances.limit_ms };
    }
    if let Some(limit_mib) = circumstances.refused_memory_mib {
        return Failure::OutOfMemory { call, limit_mib };
    }
    let cause = error.root_cause();
    if cause.to_string().contains(HANDED_TOO_MUCH) {
        let reason = format!("handed the host more than {} KiB in one call", circumstances.hostcall_kib);
        return Failure::Trapped { call, reason };
    }
    Failure::Trapped { call, reason: reason(error, &circumstances.last_lines) }
}

fn reason(error: &Error, last_lines: &[&str]) -> String {
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return format!("ended the program with exit({status}): return from the handler instead");
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return format!("failed: {}", error.root_cause());
    };
    match trap {
        Trap::UnreachableCodeReached => panic_text(last_lines).map_or_else(
            || "hit unreachable code (a panic or an abort)".to_owned(),
            |text| format!("panicked: {text}"),
        ),
        Trap::StackOverflow => "recursed too deeply: its call stack is exhausted".to_owned(),
        Trap::MemoryOutOfBounds => "reached outside its own memory".to_owned(),
        Trap::IntegerDivisionByZero => "divided by zero".to_owned(),
        Trap::IntegerOverflow | Trap::BadConversionToInteger => "overflowed in a conversion".to_owned(),
        other => format!("trapped: {other}"),
    }
}

/// The message of a Rust panic: `thread '…' panicked at src/lib.rs:3:5:` and the line after it.
fn panic_text(lines: &[&str]) -> Option<String> {
    let at = lines.iter().rposition(|line| line.contains("panicked at"))?;
    let place = lines[at].split_once("panicked at ").map_or("", |(_, place)| place.trim_end_matches(':'));
    match lines.get(at + 1).filter(|line| !line.starts_with("note:")) {
        Some(message) => Some(format!("{message} (at {place})")),
        None => Some(place.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_message_and_its_place() {
        let lines = [
            "before",
            "thread '<unnamed>' panicked at src/lib.rs:12:9:",
            "no price yet",
            "note: run with `RUST_BACKTRACE=1`",
        ];
        assert_eq!(panic_text(&lines).as_deref(), Some("no price yet (at src/lib.rs:12:9)"));
        assert_eq!(panic_text(&lines[..1]), None);
    }
}
