//! The command line: one variant a verb, one file each. Knows how to start things, not how they work.

mod audit;
mod check;
mod compile_child;
mod demo;
mod kill;
mod migrate;
mod new;
mod replay;
mod serve;
mod settle;
mod simulate;
mod tenants;
mod terminal;

use crate::exit::Exit;
use clap::{Parser, Subcommand};
use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

/// What each exit code means; `--help` prints it.
const EXIT_CODES: &str = "\
Settings come from flags, then BULKHEAD_* variables, then the TOML file named by --config.

Exit codes:
  0  all went well (after SIGTERM or SIGINT too: runs put their things down, and the next start resumes them)
  1  it failed; standard error says why and what to do
  2  the command line is wrong
  3  `check` refused the component
  4  an address is already in use
  5  the data folder or its key cannot be used
  6  `replay` went another way than the recording
  7  a second SIGTERM or SIGINT ended it at once: nothing is lost, and the next start compares everything with the broker
  8  `audit verify` found an entry that was altered, removed, inserted, moved or cut off";

/// Bulkhead hosts trading strategies compiled to WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "bulkhead", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A simulated broker and the host in one process, with two traders ready to sign in.
    Demo(demo::Demo),
    /// The host, against Zerodha or any server that speaks Kite Connect v3.
    Serve(serve::Serve),
    /// The Kite-compatible simulator alone.
    Simulate(simulate::Simulate),
    /// Checks a component as an upload would, and prints what it says of itself.
    Check(check::Check),
    /// Writes a strategy of your own to begin with, and says how to test and build it.
    New(new::New),
    /// Runs a recorded run again: is it the same, what would another version have done, how did an order come to be?
    Replay(Box<replay::Replay>),
    /// Brings the database of a data folder up to date, and says what it did.
    Migrate(migrate::Migrate),
    /// Stops everything that is sent, of the host, of a tenant or of a run, and closes what is held where that is wanted.
    Kill(kill::Kill),
    /// Says what became of an escalated order, which nobody could tell: the end of it for its run, with a reason.
    Settle(settle::Settle),
    /// Hands out what was done, by whom and when, and proves that nobody changed it.
    Audit(audit::Audit),
    /// Lists the tenants of a data folder, or sets the way that one's calls leave by.
    Tenants(tenants::TenantsList),
    /// Compiles one component from standard input. The host starts it; people do not.
    #[command(hide = true, name = "compile-child")]
    CompileChild,
}

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Demo(demo) => on_tokio(demo.run()),
            Command::Serve(serve) => on_tokio(serve.run()),
            Command::Simulate(simulate) => on_tokio(simulate.run()),
            Command::Check(check) => check.run(),
            Command::New(new) => new.run(),
            Command::Replay(replay) => on_tokio(replay.run()),
            Command::Migrate(migrate) => on_tokio(migrate.run()),
            Command::Kill(kill) => on_tokio(kill.run()),
            Command::Settle(settle) => on_tokio(settle.run()),
            Command::Audit(audit) => on_tokio(audit.run()),
            Command::Tenants(tenants) => on_tokio(tenants.run()),
            Command::CompileChild => return compile_child::run(),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(Exit { code, error }) => {
                eprintln!("bulkhead: {error:#}");
                ExitCode::from(code)
            }
        }
    }
}

/// How long threads that were lent out may take to come back when everything else has ended.
const THREADS_END_WITHIN: Duration = Duration::from_millis(500);

fn on_tokio(work: impl Future<Output = Result<(), Exit>>) -> Result<(), Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // A thread that is busy with something long, such as a compilation, does not keep an ended host alive.
    runtime.shutdown_timeout(THREADS_END_WITHIN);
    outcome
}
