//! Starts the compile child, feeds it, watches the clock, and says in plain words what became of it.

use super::child::REFUSED;
use super::wait::{Ended, wait};
use crate::failure::{HOST_FAULT, Refusal, TEXT_BYTES, quoted};
use crate::limits::CompileLimits;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child as Process, Command, Stdio};
use std::thread;
use std::time::Duration;

/// What is read of what the child has to say; part of the format between the two.
const ERROR_TEXT_BYTES: u64 = 4 << 10;
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIMPLER: &str = "make the strategy smaller: fewer and shorter functions, less generated code";
/// What Rust's allocator says before it aborts.
const NO_MEMORY: &str = "memory allocation of";
const REBUILD: &str = "build it for wasm32-wasip2 without experimental WebAssembly features";
const LATER: &str = "nothing is wrong with the strategy: upload it again later; should that not help, the host \
                     needs more memory";

/// How to start one.
pub(super) struct Child {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) limits: CompileLimits,
}

struct Finished {
    ended: Ended,
    code: Vec<u8>,
    text: String,
}

impl Child {
    /// The machine code of a component.
    pub(super) fn run(&self, component: &[u8]) -> Result<Vec<u8>, Refusal> {
        let finished = self.start(component).map_err(|error| {
            Refusal::new(
                format!("the compiler `{}` could not run: {error}", self.program.display()),
                HOST_FAULT,
            )
        })?;
        self.judge(finished)
    }

    fn start(&self, component: &[u8]) -> io::Result<Finished> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        self.converse(&mut process, component)
    }

    /// Feeds and reads on threads of their own, so that neither side waits for a full pipe.
    fn converse(&self, process: &mut Process, component: &[u8]) -> io::Result<Finished> {
        let (input, output, errors) = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let most = self.limits.output_bytes;
        thread::scope(|scope| {
            // A child that refuses early stops reading; its exit says why.
            scope.spawn(move || input.map(|mut input| input.write_all(component)));
            let code = scope.spawn(move || read(output, most));
            let text = scope.spawn(move || read(errors, ERROR_TEXT_BYTES));
            // Ends the child in every case, so that the threads end too.
            let ended = wait(process, Duration::from_millis(self.limits.wall_ms))?;
            let code = code.join().unwrap_or_default();
            let text = String::from_utf8_lossy(&text.join().unwrap_or_default()).trim().to_owned();
            Ok(Finished { ended, code, text })
        })
    }

    fn judge(&self, finished: Finished) -> Result<Vec<u8>, Refusal> {
        let limits = &self.limits;
        let text = quoted(&finished.text, TEXT_BYTES);
        let Some(status) = finished.ended.status else {
            let reason = format!("compiling took longer than {} ms and was stopped", limits.wall_ms);
            return Err(Refusal::new(reason, SIMPLER));
        };
        let (reason, remedy) = match (status.code(), status.signal()) {
            (Some(0), _) => return Ok(finished.code),
            (Some(code), _) if code == i32::from(REFUSED) => (text, REBUILD),
            (_, Some(SIGXCPU)) => (self.too_long(), SIMPLER),
            (_, Some(SIGKILL)) if finished.ended.cpu >= Duration::from_secs(limits.cpu_s) => {
                (self.too_long(), SIMPLER)
            }
            // Nobody but the system, when it is short of memory, or an operator ends it like this.
            (_, Some(SIGKILL)) => {
                ("the system ended the compiler, most likely for want of memory".to_owned(), LATER)
            }
            (_, Some(SIGABRT)) if text.contains(NO_MEMORY) => {
                let mib = limits.address_space_bytes >> 20;
                (format!("compiling needed more than {mib} MiB of memory and was stopped"), SIMPLER)
            }
            (code, signal) => {
                let how =
                    signal.map_or_else(|| format!("code {code:?}"), |signal| format!("signal {signal}"));
                (format!("the compiler ended with {how}: {text}"), HOST_FAULT)
            }
        };
        Err(Refusal::new(reason, remedy))
    }

    fn too_long(&self) -> String {
        format!("compiling used more than {} s of processor time and was stopped", self.limits.cpu_s)
    }
}

fn read(pipe: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before an error is all there is; the exit code tells whether it counts.
        let _ = pipe.take(most).read_to_end(&mut bytes);
    }
    bytes
}
