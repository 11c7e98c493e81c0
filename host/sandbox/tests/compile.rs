//! The compile child and the authenticated cache, with this very binary as the child.
//!
//! Its own `main`, because the child must write nothing but code to standard output.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{engine, start};
use sandbox::{CompileLimits, Compiler, Limits, compile_child_main};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const TESTS: &[(&str, fn())] = &[
    ("a component is compiled in a child and runs", a_component_is_compiled_in_a_child_and_runs),
    ("the second time it comes from the cache", the_second_time_it_comes_from_the_cache),
    ("a tampered file is compiled anew", a_tampered_file_is_compiled_anew),
    ("code of another key is not believed", code_of_another_key_is_not_believed),
    ("a child past its memory dies alone", a_child_past_its_memory_dies_alone),
    ("a child past its CPU time is killed", a_child_past_its_cpu_time_is_killed),
    ("a child past its time is killed", a_child_past_its_time_is_killed),
    ("a missing child is a fault of the host", a_missing_child_is_a_fault_of_the_host),
];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("compile-child") => return compile_child_main(&Limits::default(), &CompileLimits::default()),
        Some("starve") => {
            let limits = CompileLimits { address_space_bytes: 1 << 20, ..CompileLimits::default() };
            return compile_child_main(&Limits::default(), &limits);
        }
        Some("toil") => {
            toil();
            let limits = CompileLimits { cpu_s: 1, ..CompileLimits::default() };
            return compile_child_main(&Limits::default(), &limits);
        }
        Some("sleep") => {
            std::thread::sleep(std::time::Duration::from_secs(60));
            return ExitCode::SUCCESS;
        }
        Some("--list") => return ExitCode::SUCCESS,
        _ => {}
    }
    for (name, test) in TESTS {
        println!("test {name} ...");
        test();
    }
    println!("test result: ok. {} passed", TESTS.len());
    ExitCode::SUCCESS
}

/// Uses up a second of processor time, however busy the machine is.
fn toil() {
    let used_ns = || -> u64 {
        let text = fs::read_to_string("/proc/self/schedstat").unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    };
    while used_ns() < 1_100_000_000 {}
}

fn compiler(folder: &Path, arg: &str, key: u8, wall_ms: u64) -> Compiler {
    let limits = CompileLimits { wall_ms, ..CompileLimits::default() };
    let program = std::env::current_exe().unwrap();
    Compiler::new(program, vec![arg.to_owned()], folder.to_owned(), [key; 32], engine().clone(), limits)
}

fn cached(folder: &Path) -> PathBuf {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn a_component_is_compiled_in_a_child_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let program = compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
    let (mut machine, _) = program.start(start(&program, serde_json::json!({}))).unwrap();
    assert_eq!(machine.ticks(&fixture::ticks(1)).unwrap().0, 1);
}

fn the_second_time_it_comes_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
    // This one could not compile: its child never answers.
    compiler(folder.path(), "sleep", 1, 10).compile(guests::ECHO).unwrap();
}

fn a_tampered_file_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
    let path = cached(folder.path());
    let genuine = fs::read(&path).unwrap();
    let mut forged = genuine.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    fs::write(&path, &forged).unwrap();
    compiler(folder.path(), "sleep", 1, 10).compile(guests::ECHO).err().expect("it is not believed");
    compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
    assert_ne!(fs::read(&path).unwrap(), forged, "the forged file is replaced");
    fs::write(&path, &genuine[..20]).unwrap();
    compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
}

fn code_of_another_key_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
    compiler(folder.path(), "sleep", 2, 10).compile(guests::ECHO).err().expect("another key, another cache");
}

fn a_child_past_its_memory_dies_alone() {
    let folder = tempfile::tempdir().unwrap();
    let refused = compiler(folder.path(), "starve", 1, 30_000).compile(guests::ECHO).err().unwrap();
    assert!(!refused.reason.is_empty() && fs::read_dir(folder.path()).unwrap().next().is_none(), "{refused}");
}

fn a_child_past_its_cpu_time_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let refused = compiler(folder.path(), "toil", 1, 30_000).compile(guests::ECHO).err().unwrap();
    assert_eq!(refused.reason, "compiling used more than 20 s of processor time and was stopped");
}

fn a_child_past_its_time_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let refused = compiler(folder.path(), "sleep", 1, 1_000).compile(guests::ECHO).err().unwrap();
    assert_eq!(refused.reason, "compiling took longer than 1 s and was stopped");
}

fn a_missing_child_is_a_fault_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let limits = CompileLimits::default();
    let missing = folder.path().join("nowhere");
    let compiler =
        Compiler::new(missing, Vec::new(), folder.path().to_owned(), [1; 32], engine().clone(), limits);
    let refused = compiler.compile(guests::ECHO).err().unwrap();
    assert!(
        refused.reason.contains("could not run") && refused.remedy.contains("fault of the host"),
        "{refused}"
    );
}
