//! The command line: one variant a verb, one file each. Knows how to start things, not how they work.

mod check;
mod compile_child;
mod demo;
mod migrate;
mod serve;
mod simulate;
mod tenants;

use clap::{Parser, Subcommand};
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// What each exit code means; `--help` prints it.
const EXIT_CODES: &str = "\
Settings come from flags, then BULKHEAD_* variables, then the TOML file named by --config.

Exit codes:
  0  all went well (after SIGTERM or SIGINT too: runs put their things down, and the next start resumes them)
  1  it failed; standard error says why and what to do
  2  the command line is wrong
  3  `check` refused the component
  4  an address is already in use
  5  the data folder or its key cannot be used";

/// It worked.
pub(crate) const EXIT_FAILED: u8 = 1;
/// `check` said no.
pub(crate) const EXIT_REFUSED: u8 = 3;
/// A port is taken.
pub(crate) const EXIT_ADDRESS: u8 = 4;
/// The data folder or its key.
pub(crate) const EXIT_DATA: u8 = 5;

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
    /// Brings the database of a data folder up to date, and says what it did.
    Migrate(migrate::Migrate),
    /// Lists the tenants of a data folder, or sets the way that one's calls leave by.
    Tenants(tenants::TenantsList),
    /// Compiles one component from standard input. The host starts it; people do not.
    #[command(hide = true, name = "compile-child")]
    CompileChild,
}

/// A failure with the exit code it ends in.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) code: u8,
    pub(crate) error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for Exit {
    fn from(error: E) -> Self {
        Self { code: EXIT_FAILED, error: error.into() }
    }
}

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Demo(demo) => on_tokio(demo.run()),
            Command::Serve(serve) => on_tokio(serve.run()),
            Command::Simulate(simulate) => on_tokio(simulate.run()),
            Command::Check(check) => check.run(),
            Command::Migrate(migrate) => on_tokio(migrate.run()),
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

/// Diagnostics go to standard error; `BULKHEAD_LOG` filters them as `tracing` filters do.
pub(crate) fn start_diagnostics(json: bool) {
    let filter = EnvFilter::try_from_env("BULKHEAD_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = if json { builder.json().try_init() } else { builder.with_target(false).try_init() };
}

/// Says something on standard output. Whoever listened may be gone (`bulkhead demo | head`): no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn on_tokio(work: impl Future<Output = Result<(), Exit>>) -> Result<(), Exit> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
