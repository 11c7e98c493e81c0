//! The binary: parse, run, exit code. Knows the command line and nothing below it.

#![forbid(unsafe_code)]

use clap::Parser;
use host::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::parse().run()
}
