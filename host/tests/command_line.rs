//! The command line as people meet it: the real binary, its words and its exit codes.
#![forbid(unsafe_code)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn bulkhead(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulkhead"));
    command.args(arguments).current_dir(folder).env_remove("BULKHEAD_CONFIG");
    command.output().expect("the binary starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn help_names_every_command_and_every_exit_code() {
    let folder = TempDir::new().unwrap();
    let output = bulkhead(folder.path(), &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for word in [
        "demo",
        "serve",
        "simulate",
        "check",
        "new",
        "replay",
        "migrate",
        "tenants",
        "Exit codes",
        "BULKHEAD_",
    ] {
        assert!(said(&output).contains(word), "{word} is missing from:\n{}", said(&output));
    }
    assert!(!said(&output).contains("compile-child"), "people do not start it");
}

#[test]
fn a_flag_nobody_knows_ends_in_two() {
    let folder = TempDir::new().unwrap();
    assert_eq!(bulkhead(folder.path(), &["serve", "--no-such-flag"]).status.code(), Some(2));
}

#[test]
fn check_says_what_a_component_is_or_why_it_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("good.wasm"), guests::SCALPER).unwrap();
    std::fs::write(folder.path().join("bad.wasm"), guests::FOREIGN_IMPORT).unwrap();
    let good = bulkhead(folder.path(), &["check", "good.wasm"]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    assert!(said(&good).contains("parameter quantity"), "{}", said(&good));
    let bad = bulkhead(folder.path(), &["check", "bad.wasm"]);
    assert_eq!(bad.status.code(), Some(3), "{}", said(&bad));
    assert!(said(&bad).contains("remedy:"), "{}", said(&bad));
    let missing = bulkhead(folder.path(), &["check", "missing.wasm"]);
    assert_eq!(missing.status.code(), Some(1), "{}", said(&missing));
}

#[test]
fn a_taken_port_names_the_flag_that_moves_it() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let simulator = bulkhead(folder.path(), &["demo", "--sim-listen", &address, "--listen", "127.0.0.1:0"]);
    assert_eq!(simulator.status.code(), Some(4), "{}", said(&simulator));
    assert!(said(&simulator).contains("--sim-listen"), "{}", said(&simulator));
    let page = bulkhead(folder.path(), &["demo", "--sim-listen", "127.0.0.1:0", "--listen", &address]);
    assert_eq!(page.status.code(), Some(4), "{}", said(&page));
    assert!(said(&page).contains("--listen"), "{}", said(&page));
}

#[test]
fn a_way_out_is_set_for_a_tenant_that_stands_and_in_one_way_only() {
    let folder = TempDir::new().unwrap();
    let nowhere = bulkhead(folder.path(), &["tenants", "egress", "UK0000", "--direct", "--data-dir", "data"]);
    assert_eq!(nowhere.status.code(), Some(5), "{}", said(&nowhere));
    assert!(said(&nowhere).contains("there is no database"), "{}", said(&nowhere));
    assert!(!folder.path().join("data").exists(), "a way out makes no folder");
    assert_eq!(bulkhead(folder.path(), &["migrate", "--data-dir", "data"]).status.code(), Some(0));
    let unknown = bulkhead(folder.path(), &["tenants", "egress", "UK0000", "--direct", "--data-dir", "data"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", said(&unknown));
    assert!(said(&unknown).contains("no tenant `UK0000`"), "{}", said(&unknown));
    let unchecked =
        bulkhead(folder.path(), &["tenants", "egress", "UK0000", "--check", "--data-dir", "data"]);
    assert_eq!(unchecked.status.code(), Some(1), "{}", said(&unchecked));
    assert!(said(&unchecked).contains("no tenant `UK0000`"), "{}", said(&unchecked));
    for wrong in [
        &["UK0000"][..],
        &["UK0000", "--direct", "--from", "127.0.0.2"],
        &["UK0000", "--check", "--direct"],
        &["UK0000", "--from", "here"],
    ] {
        let output = bulkhead(folder.path(), &[&["tenants", "egress"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", said(&output));
    }
}

#[test]
fn a_list_of_tenants_changes_nothing_and_says_where_none_can_be() {
    let folder = TempDir::new().unwrap();
    let empty = bulkhead(folder.path(), &["tenants", "--data-dir", "data"]);
    assert_eq!(empty.status.code(), Some(5), "{}", said(&empty));
    assert!(said(&empty).contains("there is no database"), "{}", said(&empty));
    assert!(!folder.path().join("data").exists(), "a list makes no folder");
    assert_eq!(bulkhead(folder.path(), &["migrate", "--data-dir", "data"]).status.code(), Some(0));
    let none = bulkhead(folder.path(), &["tenants", "--data-dir", "data"]);
    assert_eq!(none.status.code(), Some(0), "{}", said(&none));
    assert!(said(&none).contains("active runs"), "{}", said(&none));
}

#[test]
fn a_replay_says_what_it_does_not_find() {
    let folder = TempDir::new().unwrap();
    let nowhere = bulkhead(folder.path(), &["replay", "abc", "--data-dir", "data"]);
    assert_eq!(nowhere.status.code(), Some(5), "{}", said(&nowhere));
    assert!(said(&nowhere).contains("no host has run on this data folder"), "{}", said(&nowhere));
    assert!(!folder.path().join("data").exists(), "a replay makes no folder");
    assert_eq!(bulkhead(folder.path(), &["migrate", "--data-dir", "data"]).status.code(), Some(0));
    let unknown = bulkhead(folder.path(), &["replay", "abc", "--data-dir", "data"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", said(&unknown));
    assert!(said(&unknown).contains("no run `abc` was recorded in data"), "{}", said(&unknown));
    let nobody = bulkhead(folder.path(), &["replay", "abc", "--tenant", "UK0000", "--data-dir", "data"]);
    assert!(said(&nobody).contains("no tenant `UK0000` has ever signed in here"), "{}", said(&nobody));
    let list = bulkhead(folder.path(), &["replay", "--data-dir", "data"]);
    assert_eq!(list.status.code(), Some(0), "{}", said(&list));
    let no_place = bulkhead(folder.path(), &["replay", "abc", "--until", "noon", "--data-dir", "data"]);
    assert_eq!(no_place.status.code(), Some(2), "{}", said(&no_place));
    assert!(said(&no_place).contains("write 1200, 09:20:30"), "{}", said(&no_place));
}

#[test]
fn a_filter_of_diagnostics_that_is_none_is_an_error_in_words() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulkhead"));
    command.args(["tenants", "--data-dir", "data"]).current_dir(folder.path());
    let output = command.env("BULKHEAD_LOG", "tenant=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("BULKHEAD_LOG=`tenant=loud` is no filter"), "{}", said(&output));
}

#[test]
fn a_trading_calendar_that_contradicts_itself_names_its_file_and_its_fault() {
    let folder = TempDir::new().unwrap();
    let text = "[[special]]\ndate = \"2026-11-08\"\nsessions = [\"19:00-18:00\"]\n";
    std::fs::write(folder.path().join("calendar.toml"), text).unwrap();
    let arguments = ["tenants", "--data-dir", "data", "--calendar", "calendar.toml"];
    let output = bulkhead(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for word in ["calendar.toml is not a trading calendar", "must open before it closes"] {
        assert!(said(&output).contains(word), "{word}: {}", said(&output));
    }
}

#[test]
fn a_key_inside_the_data_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let arguments = ["migrate", "--data-dir", "data", "--key-file", "data/host.key"];
    let output = bulkhead(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
}
