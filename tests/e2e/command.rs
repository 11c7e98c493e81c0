//! Verbs of the command line beside a world's host.

use e2e::World;
use std::process::{Command, Output};

/// Runs `bulkhead` on the world's data folder to its end.
pub(crate) fn bulkhead(world: &World, arguments: &[&str]) -> Output {
    let (data, key) = (world.data_dir(), world.folder().join("host.key"));
    let mut command = Command::new(e2e::Process::binary());
    command.args(arguments).arg("--data-dir").arg(data).arg("--key-file").arg(key);
    command.arg("--kite-url").arg(world.sim_url("")).current_dir(world.folder());
    command.output().expect("the binary starts")
}
