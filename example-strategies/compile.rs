//! For build scripts: compiles packages of this workspace to WebAssembly components and hands out their bytes.
//!
//! Shared by `example-strategies/build.rs` and `tests/guests/build.rs`. One target folder beside the outer one
//! serves both, so what they have in common is compiled once, and the outer build's lock is never waited for.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "guest";
/// A small shadow stack keeps an instance's dirty pages together; vectors are worth 1.3–3× to indicators.
const RUSTFLAGS: &str = "-Clink-arg=-zstack-size=65536 -Ctarget-feature=+simd128";
/// What the outer cargo sets for its own build and must not reach the inner one.
const OUTER: [&str; 9] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_MAKEFLAGS",
    "MAKEFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// What every component is made of beside its own source: dependencies and compiler too.
const SHARED: [&str; 7] =
    ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "wit", "sdk/Cargo.toml", "sdk/src", "sdk/macros"];

/// The root of the workspace, from a package of it.
pub(crate) fn workspace() -> PathBuf {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap_or_else(|| panic!("no Cargo.lock above {}", package.display())).to_owned()
}

/// Runs `cargo build` for the target with these arguments and answers the folder of the components.
pub(crate) fn build(arguments: &[&str]) -> PathBuf {
    ensure_target();
    let folder = target_folder();
    let mut cargo = Command::new(variable("CARGO"));
    for name in OUTER {
        cargo.env_remove(name);
    }
    cargo
        .current_dir(workspace())
        .env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", RUSTFLAGS)
        .args(["build", "--quiet", "--target", TARGET, "--profile", PROFILE, "--target-dir"])
        .arg(&folder)
        .args(arguments);
    let status = cargo.status().unwrap_or_else(|why| panic!("cannot run {cargo:?}: {why}"));
    assert!(status.success(), "the guests do not compile; to see why, run: {cargo:?}");
    folder.join(TARGET).join(PROFILE)
}

/// Says which files the components depend on.
pub(crate) fn watch(paths: &[&str]) {
    let root = workspace();
    for path in paths.iter().chain(&SHARED) {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
}

/// Writes `components.rs` into the output folder: one constant of bytes per component. The bytes are copied there too, so
/// that nothing of the outer build depends on the inner one's folder, which anybody may delete.
pub(crate) fn hand_out(components: &[(&str, PathBuf)]) {
    let folder = PathBuf::from(variable("OUT_DIR"));
    let mut source = String::new();
    for (name, path) in components {
        let copy = folder.join(format!("{name}.wasm"));
        std::fs::copy(path, &copy)
            .unwrap_or_else(|why| panic!("cannot copy {} to {}: {why}", path.display(), copy.display()));
        let constant = name.replace('-', "_").to_uppercase();
        let _ = writeln!(source, "/// The component `{name}`.");
        let _ = writeln!(source, "pub const {constant}: &[u8] = include_bytes!({copy:?});");
    }
    let output = folder.join("components.rs");
    std::fs::write(&output, source).unwrap_or_else(|why| panic!("cannot write {}: {why}", output.display()));
}

/// `target/guests` for debug and release builds alike.
fn target_folder() -> PathBuf {
    let output = PathBuf::from(variable("OUT_DIR"));
    let in_known_layout = output.ancestors().nth(2).is_some_and(|folder| folder.ends_with("build"));
    match output.ancestors().nth(4) {
        Some(target) if in_known_layout => target.join("guests"),
        _ => output.join("guests"),
    }
}

/// Installs the target where rustup can and it is missing.
fn ensure_target() {
    let rustc =
        Command::new(variable("RUSTC")).args(["--print", "target-libdir", "--target", TARGET]).output();
    let installed = rustc.is_ok_and(|answer| {
        let folder = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        answer.status.success() && Path::new(&folder).is_dir()
    });
    if installed {
        return;
    }
    let mut rustup = Command::new("rustup");
    rustup.current_dir(workspace()).args(["target", "add", TARGET]);
    let added = rustup.status().is_ok_and(|status| status.success());
    assert!(
        added,
        "strategies compile to {TARGET}, which is not installed and could not be added; \
         run this in the workspace and build again: rustup target add {TARGET}"
    );
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
