//! From the engine's errors to words for traders.

use super::{Broken, Call, Failure, HostPanic, OutOfTime, TEXT_BYTES, quoted};
use wasmtime::{Error, PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

/// The engine keeps the type of this error to itself; its words are all there is.
const HANDED_TOO_MUCH: &str = "fuel allocated for hostcalls";

/// What is known about a call that failed, beside the error itself.
pub(crate) struct Circumstances<'a> {
    pub(crate) call: Call,
    pub(crate) limit_ms: u64,
    pub(crate) wall_ms: u64,
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
    if let Some(panic) = error.downcast_ref::<HostPanic>() {
        return Failure::HostFault { call, reason: quoted(&panic.0, TEXT_BYTES) };
    }
    if let Some(broken) = error.downcast_ref::<Broken>() {
        return Failure::Protocol { call, reason: quoted(&broken.to_string(), TEXT_BYTES) };
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        let reason = format!("{error:#}; stop a run, or raise the limit on runs");
        return Failure::NoRoom { reason };
    }
    match error.downcast_ref::<OutOfTime>() {
        Some(OutOfTime::Cpu) => {
            return Failure::TimedOut { call, limit_ms: circumstances.limit_ms };
        }
        Some(OutOfTime::Wall) => return Failure::Starved { call, wall_ms: circumstances.wall_ms },
        None => {}
    }
    explain_fault(error, circumstances)
}

fn explain_fault(error: &Error, circumstances: &Circumstances<'_>) -> Failure {
    let call = circumstances.call;
    let aborted = error.downcast_ref::<Trap>() == Some(&Trap::UnreachableCodeReached);
    let panic = if aborted { panic_text(&circumstances.last_lines) } else { None };
    // An allocator that was refused memory aborts without a panic; whoever panics has something else to say.
    if let (true, None, Some(limit_mib)) = (aborted, &panic, circumstances.refused_memory_mib) {
        return Failure::OutOfMemory { call, limit_mib };
    }
    let reason = match panic {
        Some(text) => format!("panicked: {text}"),
        None if error.root_cause().to_string().contains(HANDED_TOO_MUCH) => {
            format!("handed the host more than {} KiB in one call", circumstances.hostcall_kib)
        }
        None => reason(error),
    };
    Failure::Trapped { call, reason: quoted(&reason, TEXT_BYTES) }
}

fn reason(error: &Error) -> String {
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return format!("ended the program with exit({status}): return from the handler instead");
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return format!("failed: {}", error.root_cause());
    };
    match trap {
        Trap::UnreachableCodeReached => "hit unreachable code (a panic or an abort)".to_owned(),
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

    fn explained(error: impl Into<Error>, refused: bool, lines: &[&str]) -> String {
        let circumstances = Circumstances {
            call: Call::Ticks,
            limit_ms: 50,
            wall_ms: 500,
            hostcall_kib: 1_024,
            refused_memory_mib: refused.then_some(64),
            last_lines: lines.to_vec(),
        };
        explain(&error.into(), &circumstances).to_string()
    }

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

    #[test]
    fn memory_is_blamed_only_for_an_abort_after_it_was_refused() {
        let unreachable = Trap::UnreachableCodeReached;
        assert_eq!(explained(unreachable, true, &[]), "on_tick asked for more than 64 MiB of memory");
        assert!(explained(unreachable, false, &[]).contains("unreachable"));
        let panicked = ["thread 'x' panicked at a.rs:1:1:", "I can do with less"];
        assert_eq!(
            explained(unreachable, true, &panicked),
            "on_tick panicked: I can do with less (at a.rs:1:1)"
        );
        assert_eq!(explained(Trap::IntegerDivisionByZero, true, &[]), "on_tick divided by zero");
    }

    #[test]
    fn time_is_told_as_the_guests_or_as_the_machines() {
        assert_eq!(explained(OutOfTime::Cpu, false, &[]), "on_tick ran longer than 50 ms and was stopped");
        assert!(explained(OutOfTime::Wall, false, &[]).contains("not done after 500 ms"));
    }

    #[test]
    fn a_guests_words_reach_nobodys_terminal_raw() {
        let lines = ["thread 'x' panicked at a.rs:1:1:", "\u{1b}]0;evil\u{7}"];
        let said = explained(Trap::UnreachableCodeReached, false, &lines);
        assert_eq!(said, "on_tick panicked: \\u{1b}]0;evil\\u{7} (at a.rs:1:1)");
    }
}
