//! `bulkhead compile-child`: one component in, compiled code out, under hard limits. Nothing else is opened.

use std::process::ExitCode;

pub(crate) fn run() -> ExitCode {
    sandbox::compile_child_main(&sandbox::Limits::default(), &sandbox::CompileLimits::default())
}
