//! Finds the `bulkhead` binary of the profile under test, building it once if need be.
//!
//! Cargo hands a binary's path only to tests of its own package, so this asks cargo for it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

static BINARY: LazyLock<PathBuf> = LazyLock::new(build);

/// Path of the binary, fresh.
pub fn bulkhead() -> &'static PathBuf {
    &BINARY
}

fn build() -> PathBuf {
    if let Some(given) = std::env::var_os("BULKHEAD_BINARY") {
        return PathBuf::from(given);
    }
    let profile_folder = std::env::current_exe()
        .ok()
        .and_then(|test| Some(test.parent()?.parent()?.to_path_buf()))
        .expect("a test runs from target/<profile>/deps");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // Building host's test of its command line builds the binary too, and with the features that a test of the whole
    // workspace has: `cargo build` would choose others and build everything below again.
    build.args(["test", "--quiet", "--workspace", "--no-run", "--test", "command_line"]);
    if profile_folder.ends_with("release") {
        build.arg("--release");
    }
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
    assert!(status.success(), "the bulkhead binary does not build");
    profile_folder.join("bulkhead")
}
