//! What runs inside the compile child: limits first, then the component from standard input, code to standard output.
//!
//! It only ever compiles. Nothing it is given, by argument, environment or input, makes it load machine code.

use crate::engine::Engine;
use crate::limits::{CompileLimits, Limits};
use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use rustix::thread::set_no_new_privs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Exit code of a component that the compiler refused; the text stands on standard error.
pub(super) const REFUSED: u8 = 3;
/// Exit code of a child that could not do its work.
const BROKEN: u8 = 4;

/// Compiles the component on standard input under these limits, and writes the code to standard output.
pub fn compile_child_main(limits: &Limits, compile_limits: &CompileLimits) -> ExitCode {
    if let Err(error) = confine(compile_limits) {
        return end(BROKEN, &format!("the limits could not be set: {error}"));
    }
    let mut component = Vec::new();
    let most = limits.upload_bytes as u64 + 1;
    if let Err(error) = io::stdin().lock().take(most).read_to_end(&mut component) {
        return end(BROKEN, &format!("the component could not be read: {error}"));
    }
    let engine = match Engine::for_compiling(limits.clone()) {
        Ok(engine) => engine,
        Err(error) => return end(BROKEN, &error.to_string()),
    };
    match engine.precompile(&component) {
        Ok(code) => match io::stdout().lock().write_all(&code) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => end(BROKEN, &format!("the code could not be written: {error}")),
        },
        Err(refusal) => end(REFUSED, &refusal.reason),
    }
}

fn confine(limits: &CompileLimits) -> rustix::io::Result<()> {
    // A host that goes down takes its compiler along, and nothing started from here gains rights.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    set_no_new_privs(true)?;
    nice(i32::from(limits.nice))?;
    let set = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    set(Resource::As, limits.address_space_bytes)?;
    // The signal of the soft limit says what happened; that of the hard one is for a child that does not hear it.
    setrlimit(Resource::Cpu, Rlimit { current: Some(limits.cpu_s), maximum: Some(limits.cpu_s + 1) })?;
    set(Resource::Fsize, limits.output_bytes)?;
    set(Resource::Nofile, limits.open_files)?;
    set(Resource::Core, 0)
}

fn end(code: u8, text: &str) -> ExitCode {
    // When standard error is gone too, the exit code has to do.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(code)
}
