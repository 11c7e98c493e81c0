//! The compile child and the authenticated cache, with this very binary as the child.
//!
//! Its own `main`, because the child must write nothing but code to standard output.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/bombs.rs"]
mod bombs;
#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/made.rs"]
mod made;

use bombs::{broad, memory_bomb, time_bomb};
use fixture::{engine, start};
use made::made;
use rustix::process::{Signal, getpid, kill_process};
use sandbox::{CompileLimits, Compiler, Engine, Limits, Refusal, compile_child_main};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const TESTS: &[(&str, fn())] = &[
    ("a component is compiled in a child and runs", a_component_is_compiled_in_a_child_and_runs),
    ("the second time it comes from the cache", the_second_time_it_comes_from_the_cache),
    ("a tampered file is compiled anew", a_tampered_file_is_compiled_anew),
    ("code of another key is not believed", code_of_another_key_is_not_believed),
    ("what is no strategy is not kept", what_is_no_strategy_is_not_kept),
    ("drafts of a crash are gone after the next start", drafts_of_a_crash_are_gone_after_the_next_start),
    ("a bomb that eats memory dies alone", a_bomb_that_eats_memory_dies_alone),
    ("a bomb that eats processor time is killed", a_bomb_that_eats_cpu_time_is_killed),
    ("a bomb that lasts is killed", a_bomb_that_lasts_is_killed),
    ("a compiler that keeps nothing has the same limits", a_compiler_that_keeps_nothing_has_the_same_limits),
    ("a child that the system kills is told from that", a_child_that_the_system_kills_is_told_from_that),
    ("a child that crashes is a fault of the host", a_child_that_crashes_is_a_fault_of_the_host),
    ("a missing child is a fault of the host", a_missing_child_is_a_fault_of_the_host),
    ("one component is compiled at a time", one_component_is_compiled_at_a_time),
    ("a child is confined before it reads", a_child_is_confined_before_it_reads),
    ("a child goes down with its host", a_child_goes_down_with_its_host),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args[at].parse::<u64>().unwrap();
    match args.first().map(String::as_str) {
        Some("compile-child") => return compile_child_main(&Limits::default(), &CompileLimits::default()),
        Some("bomb") => {
            let limits = CompileLimits {
                address_space_bytes: number(1) << 20,
                cpu_s: number(2),
                ..CompileLimits::default()
            };
            return compile_child_main(&broad(), &limits);
        }
        Some("killed") => kill_process(getpid(), Signal::KILL).unwrap(),
        Some("crash") => std::process::abort(),
        Some("alone") => return alone(Path::new(&args[1])),
        Some("host") => return host(),
        Some("sleep") => {
            std::thread::sleep(Duration::from_secs(60));
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

/// Says whether another one was here at the same time, as a refusal does.
fn alone(folder: &Path) -> ExitCode {
    let mark = folder.join("here");
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&mark);
    std::thread::sleep(Duration::from_millis(300));
    if made.is_ok() {
        fs::remove_file(&mark).unwrap();
    }
    eprintln!("{}", if made.is_ok() { "alone" } else { "not alone" });
    ExitCode::from(3)
}

/// Starts a compile child that reads what this process would, names it, and is gone once the child is confined.
#[allow(clippy::zombie_processes, reason = "that nobody waits for the child is what the test is about")]
fn host() -> ExitCode {
    let child = Command::new(std::env::current_exe().unwrap())
        .arg("compile-child")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it is confined", || status(child.id()).contains("NoNewPrivs:\t1"));
    println!("{}", child.id());
    ExitCode::SUCCESS
}

fn status(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not in a minute: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn compiler(folder: &Path, arg: &str, key: u8, wall_ms: u64) -> Compiler {
    let limits = CompileLimits { wall_ms, ..CompileLimits::default() };
    let program = PathBuf::from("/proc/self/exe");
    Compiler::new(program, vec![arg.to_owned()], folder.to_owned(), [key; 32], engine().clone(), limits)
}

/// What a child with these limits makes of a bomb that the gate was told to let through.
fn blown_up(bomb: &[u8], limits: CompileLimits) -> Refusal {
    let folder = tempfile::tempdir().unwrap();
    let words = [(limits.address_space_bytes >> 20).to_string(), limits.cpu_s.to_string()];
    let args = ["bomb".to_owned()].into_iter().chain(words).collect();
    let engine = Engine::unpooled(broad()).unwrap();
    let compiler =
        Compiler::new("/proc/self/exe".into(), args, folder.path().to_owned(), [1; 32], engine, limits);
    let refusal = compiler.compile(bomb).err().expect("it cannot be compiled");
    assert!(!folder.path().join("x").exists() && fs::read_dir(folder.path()).unwrap().next().is_none());
    refusal
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

fn what_is_no_strategy_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let silent = made().body("describe", "unreachable").component();
    let refused = compiler(folder.path(), "compile-child", 1, 30_000).compile(&silent).err().unwrap();
    assert!(refused.reason.contains("describe hit unreachable code"), "{refused}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "it was compiled and not kept");
}

fn drafts_of_a_crash_are_gone_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    compiler(folder.path(), "compile-child", 1, 30_000).compile(guests::ECHO).unwrap();
    fs::write(folder.path().join("half.17-0.new"), b"half").unwrap();
    let next = compiler(folder.path(), "sleep", 1, 10);
    cached(folder.path());
    next.compile(guests::ECHO).expect("what was whole is still there");
}

fn a_bomb_that_eats_memory_dies_alone() {
    let limits = CompileLimits { address_space_bytes: 1 << 30, ..CompileLimits::default() };
    let refused = blown_up(&memory_bomb(), limits);
    assert_eq!(refused.reason, "compiling needed more than 1024 MiB of memory and was stopped");
    let refused = engine().gate(&memory_bomb()).unwrap_err().reason;
    assert!(refused.contains("at most"), "and the gate lets none as far as that: {refused}");
}

fn a_bomb_that_eats_cpu_time_is_killed() {
    let refused = blown_up(&time_bomb(), CompileLimits { cpu_s: 1, ..CompileLimits::default() });
    assert_eq!(refused.reason, "compiling used more than 1 s of processor time and was stopped");
}

fn a_bomb_that_lasts_is_killed() {
    let refused = blown_up(&time_bomb(), CompileLimits { wall_ms: 500, ..CompileLimits::default() });
    assert_eq!(refused.reason, "compiling took longer than 500 ms and was stopped");
}

fn a_compiler_that_keeps_nothing_has_the_same_limits() {
    let uncached = |arg: &str, wall_ms| {
        let limits = CompileLimits { wall_ms, ..CompileLimits::default() };
        Compiler::uncached("/proc/self/exe".into(), vec![arg.to_owned()], engine().clone(), limits)
    };
    let program = uncached("compile-child", 30_000).compile(guests::ECHO).unwrap();
    program.start(start(&program, serde_json::json!({}))).unwrap();
    let refused = uncached("sleep", 500).compile(guests::ECHO).err().unwrap();
    assert_eq!(refused.reason, "compiling took longer than 500 ms and was stopped");
}

fn a_child_that_the_system_kills_is_told_from_that() {
    let folder = tempfile::tempdir().unwrap();
    let refused = compiler(folder.path(), "killed", 1, 30_000).compile(guests::ECHO).err().unwrap();
    assert_eq!(refused.reason, "the system ended the compiler, most likely for want of memory");
    assert!(refused.remedy.contains("nothing is wrong with the strategy"), "{refused}");
}

fn a_child_that_crashes_is_a_fault_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let refused = compiler(folder.path(), "crash", 1, 30_000).compile(guests::ECHO).err().unwrap();
    assert!(refused.reason.contains("signal 6") && refused.remedy.contains("fault of the host"), "{refused}");
}

fn one_component_is_compiled_at_a_time() {
    let (folder, marks) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let args = vec!["alone".to_owned(), marks.path().to_str().unwrap().to_owned()];
    let limits = CompileLimits::default();
    let compiler = Compiler::new(
        "/proc/self/exe".into(),
        args,
        folder.path().to_owned(),
        [1; 32],
        engine().clone(),
        limits,
    );
    let both = std::thread::scope(|scope| {
        [guests::ECHO, guests::SPIN, guests::TRAP]
            .map(|bytes| scope.spawn(|| compiler.compile(bytes).err().unwrap().reason))
            .map(|thread| thread.join().unwrap())
    });
    assert_eq!(both, ["alone", "alone", "alone"]);
}

fn a_child_is_confined_before_it_reads() {
    let mut child = Command::new("/proc/self/exe")
        .arg("compile-child")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let limits = || fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let limit = |name: &str| {
        let text = limits();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    wait_until("it is confined", || limit("Max open files") == "16" && limit("Max core file size") == "0");
    assert_eq!(limit("Max address space"), (1_536_u64 << 20).to_string());
    assert_eq!(limit("Max cpu time"), "20");
    assert_eq!(limit("Max file size"), (128_u64 << 20).to_string());
    assert!(status(child.id()).contains("NoNewPrivs:\t1"));
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let nice = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().to_owned();
    let own = fs::read_to_string("/proc/self/stat").unwrap();
    let own: i32 = own.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse().unwrap();
    assert_eq!(nice, (own + 10).min(19).to_string());
    drop(child.stdin.take());
    child.wait().unwrap();
}

fn a_child_goes_down_with_its_host() {
    let mut host = Command::new("/proc/self/exe")
        .arg("host")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Held open, so that the child waits for more and has no other reason to end.
    let input = host.stdin.take().unwrap();
    let mut said = String::new();
    host.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let pid: u32 = said.trim().parse().unwrap();
    host.wait().unwrap();
    wait_until("the child is gone", || {
        let status = status(pid);
        status.is_empty() || status.contains("State:\tZ")
    });
    drop(input);
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
