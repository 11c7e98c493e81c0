//! `bulkhead new`: what it prints is what works, down to the check of the component.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn bulkhead(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulkhead"));
    command.args(arguments).current_dir(folder).output().expect("the binary starts")
}

/// Cargo in the new package, with what this workspace has fetched already and a target folder that outlives the test.
fn cargo(package: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).arg("--offline").current_dir(package);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-strategy");
    command.env("CARGO_TARGET_DIR", target).output().expect("cargo starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_new_strategy_tests_builds_and_passes_the_check_as_printed() {
    let folder = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sdk = root.join("sdk").display().to_string();
    let made = bulkhead(folder.path(), &["new", "my-strategy", "--sdk", &sdk]);
    assert!(made.status.success(), "{}", said(&made));
    for printed in ["cargo test", "cargo build --release --target wasm32-wasip2", "my_strategy.wasm"] {
        assert!(said(&made).contains(printed), "{}", said(&made));
    }
    let package = folder.path().join("my-strategy");
    std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let tested = cargo(&package, &["test"]);
    assert!(tested.status.success() && said(&tested).contains(" passed; 0 failed"), "{}", said(&tested));
    let built = cargo(&package, &["build", "--release", "--target", "wasm32-wasip2"]);
    assert!(built.status.success(), "{}", said(&built));
    let component = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("new-strategy/wasm32-wasip2/release/my_strategy.wasm")
        .display()
        .to_string();
    let checked = bulkhead(folder.path(), &["check", &component]);
    assert!(checked.status.success() && said(&checked).contains("my-strategy"), "{}", said(&checked));

    let again = bulkhead(folder.path(), &["new", "my-strategy", "--sdk", &sdk]);
    assert!(!again.status.success() && said(&again).contains("exists already"), "{}", said(&again));
}

#[test]
fn a_folder_that_is_not_the_sdk_is_named() {
    let folder = TempDir::new().unwrap();
    let wrong = bulkhead(folder.path(), &["new", "my-strategy", "--sdk", "."]);
    assert!(!wrong.status.success() && said(&wrong).contains("is not the sdk"), "{}", said(&wrong));
    assert!(!folder.path().join("my-strategy").exists(), "nothing is left half-made");
}
