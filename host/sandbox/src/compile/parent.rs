//! Starts the compile child, feeds it, watches the clock, and says in plain words what became of it.

use super::child::REFUSED;
use crate::failure::Refusal;
use crate::limits::CompileLimits;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(5);
const ERROR_TEXT_BYTES: u64 = 4 << 10;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIMPLER: &str = "make the strategy smaller: fewer and shorter functions, less generated code";
const HOST_FAULT: &str = "this is a fault of the host, not of the strategy: report it";

/// How to start one.
pub(super) struct Child {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) limits: CompileLimits,
}

struct Finished {
    status: Option<ExitStatus>,
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
        let finished = self.converse(&mut process, component);
        if finished.is_err() {
            end(&mut process);
        }
        finished
    }

    /// Feeds and reads on threads of their own, so that neither side waits for a full pipe.
    fn converse(&self, process: &mut Process, component: &[u8]) -> io::Result<Finished> {
        let closed = || io::Error::other("a pipe of the child is missing");
        let mut input = process.stdin.take().ok_or_else(closed)?;
        let output = process.stdout.take().ok_or_else(closed)?;
        let errors = process.stderr.take().ok_or_else(closed)?;
        let most = self.limits.output_bytes;
        thread::scope(|scope| {
            // A child that refuses early stops reading; its exit says why.
            scope.spawn(move || input.write_all(component));
            let code = scope.spawn(move || read(output, most));
            let text = scope.spawn(move || read(errors, ERROR_TEXT_BYTES));
            let status = wait(process, Duration::from_millis(self.limits.wall_ms))?;
            let code = code.join().unwrap_or_default();
            let text = String::from_utf8_lossy(&text.join().unwrap_or_default()).trim().to_owned();
            Ok(Finished { status, code, text })
        })
    }

    fn judge(&self, finished: Finished) -> Result<Vec<u8>, Refusal> {
        let limits = &self.limits;
        let Some(status) = finished.status else {
            let reason = format!("compiling took longer than {} s and was stopped", limits.wall_ms / 1_000);
            return Err(Refusal::new(reason, SIMPLER));
        };
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(finished.code),
            (Some(code), _) if code == i32::from(REFUSED) => Err(Refusal::new(
                finished.text,
                "build it for wasm32-wasip2 without experimental WebAssembly features",
            )),
            (_, Some(SIGXCPU | SIGKILL)) => {
                let reason =
                    format!("compiling used more than {} s of processor time and was stopped", limits.cpu_s);
                Err(Refusal::new(reason, SIMPLER))
            }
            (_, Some(_)) => {
                let mib = limits.address_space_bytes >> 20;
                let reason = format!("compiling needed more than {mib} MiB of memory and was stopped");
                Err(Refusal::new(reason, SIMPLER))
            }
            (code, None) => {
                let reason = format!("the compiler ended with {code:?}: {}", finished.text);
                Err(Refusal::new(reason, HOST_FAULT))
            }
        }
    }
}

fn read(pipe: impl Read, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is all there is; the exit code tells whether it counts.
    let _ = pipe.take(most).read_to_end(&mut bytes);
    bytes
}

/// The child's exit, or nothing when it had to be killed.
fn wait(process: &mut Process, wall: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + wall;
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            end(process);
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

fn end(process: &mut Process) {
    // It may be gone already, which is what is wanted.
    let _ = process.kill();
    let _ = process.wait();
}
