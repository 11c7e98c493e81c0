//! The house rules, as tests: floors, lengths, first lines, banned names, where a broker id may be named.

mod floors;
mod text;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use text::{declared_name, functions, words};
use tree::{files, root, sources};

/// A file's longest length in lines.
const FILE_LINES_MAX: usize = 400;
/// A function's longest length in lines.
const FUNCTION_LINES_MAX: usize = 70;
/// `main.rs`.
const MAIN_LINES_MAX: usize = 60;
/// Words that say nothing about what a thing is.
const BANNED_NAMES: [&str; 6] = ["manager", "helper", "util", "common", "misc", "processor"];
/// What is written by hand beside Rust: folder and extension.
const OTHER_TEXTS: [(&str, &str); 8] = [
    ("host/ui/src", "svelte"),
    ("host/ui/src", "ts"),
    ("host/ui/src", "css"),
    ("tests", "mjs"),
    ("tests", "py"),
    ("tests", ""),
    (".ci", ""),
    ("wit", "wit"),
];

#[test]
fn every_file_opens_with_what_it_is_for_and_stays_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        let limit = if path.ends_with("src/main.rs") { MAIN_LINES_MAX } else { FILE_LINES_MAX };
        if !text.starts_with("//!") {
            wrong.push(format!("{path} does not open with //!"));
        }
        if lines > limit {
            wrong.push(format!("{path} has {lines} lines, more than {limit}"));
        }
        if path.ends_with("/mod.rs") {
            wrong.push(format!("{path}: use name.rs beside name/"));
        }
    }
    for (folder, extension) in OTHER_TEXTS {
        let found = files(folder, extension);
        assert!(!found.is_empty(), "{folder} holds no .{extension}");
        let long = found
            .iter()
            .map(|(path, text)| (path, text.lines().count()))
            .filter(|(_, n)| *n > FILE_LINES_MAX);
        wrong.extend(
            long.map(|(path, lines)| format!("{path} has {lines} lines, more than {FILE_LINES_MAX}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_stay_short() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in sources() {
        for (line, length) in functions(&text) {
            seen += 1;
            if length > FUNCTION_LINES_MAX {
                wrong.push(format!("{path}:{line} is a function of {length} lines"));
            }
        }
    }
    assert!(seen > 2_000, "only {seen} functions were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_say_what_a_thing_is() {
    let mut wrong = Vec::new();
    let banned = |word: &String| BANNED_NAMES.iter().any(|b| word == b || *word == format!("{b}s"));
    for (path, text) in sources() {
        let stem = Path::new(&path).file_stem().unwrap().to_string_lossy().to_lowercase();
        for name in text.lines().filter_map(declared_name).chain([stem]) {
            if words(&name).iter().any(banned) {
                wrong.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_broker_id_is_made_only_by_the_tenant_package() {
    for (path, text) in sources() {
        let outside =
            path.starts_with("host/src/") || path.starts_with("host/sandbox") || path.starts_with("sdk");
        assert!(!(outside && text.contains("BrokerId::")), "{path} makes a broker id");
    }
    let lib = std::fs::read_to_string(root().join("host/tenant/src/broker_id.rs")).unwrap();
    for door in ["FromStr", "Deserialize", "From<String>", "From<&str>"] {
        assert!(!lib.contains(&format!("{door} for BrokerId")), "BrokerId must not have {door}");
    }
    assert!(!lib.contains("Deserialize)]"), "BrokerId must not be deserialisable");
}

#[test]
fn no_guest_can_name_a_tenant() {
    for (path, text) in files("wit", "wit") {
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        for word in ["tenant", "account", "token-", "broker-id", "access-token", "api-key"] {
            assert!(!code.clone().any(|line| line.contains(word)), "{path} names {word}");
        }
    }
}

#[test]
fn unsafe_code_stands_in_one_place() {
    let mut places = BTreeMap::new();
    for (path, text) in sources() {
        let count =
            text.lines().filter(|line| line.contains("unsafe {") || line.contains("unsafe fn")).count();
        if count > 0 && !path.starts_with("tests/") {
            places.insert(path, count);
        }
    }
    let total: usize = places.values().sum();
    assert!(total <= 1, "unsafe stands in more than one place: {places:?}");
}

#[test]
fn a_test_that_cargo_leaves_out_is_run_by_a_suite_that_it_names() {
    let suites = std::fs::read_to_string(root().join("tests/run")).unwrap();
    for (path, text) in sources() {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if !line.trim_start().starts_with("#[ignore") {
                continue;
            }
            let name = lines.clone().find_map(declared_name).expect("an attribute stands before a test");
            assert!(line.contains("tests/run archive"), "{path}: {name} does not say which suite runs it");
            assert!(
                name.contains("azur") && suites.contains("--ignored azur"),
                "{path}: no suite runs {name}"
            );
        }
    }
}
