//! The house rules, as a test: floors, lengths, first lines, banned names, where a broker id may be named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file's longest length in lines.
const FILE_LINES_MAX: usize = 400;
/// A function's longest length in lines.
const FUNCTION_LINES_MAX: usize = 70;
/// `main.rs`.
const MAIN_LINES_MAX: usize = 60;
/// Words that say nothing about what a thing is.
const BANNED_NAMES: [&str; 6] = ["manager", "helper", "util", "common", "misc", "processor"];

/// Each package and the packages of ours it may name. Arrows only go down.
const FLOORS: [(&str, &[&str]); 11] = [
    ("host/market", &[]),
    ("host/ledger", &["market"]),
    ("host/kite", &["market"]),
    ("host/sandbox", &["market"]),
    ("host/exchange", &["market"]),
    ("host/kite-sim", &["market", "ledger", "exchange"]),
    ("host/tenant", &["market", "kite", "ledger"]),
    (
        "host",
        &["market", "kite", "ledger", "sandbox", "exchange", "kite-sim", "tenant", "example-strategies"],
    ),
    ("sdk", &["sdk-macros"]),
    ("sdk/macros", &[]),
    ("example-strategies", &[]),
];

#[test]
fn every_arrow_goes_down() {
    let ours: Vec<&str> = FLOORS.iter().map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
    for (package, allowed) in FLOORS {
        let text = std::fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let dependencies = manifest.get("dependencies").and_then(|table| table.as_table()).cloned();
        for name in dependencies.unwrap_or_default().keys().filter(|name| ours.contains(&name.as_str())) {
            assert!(allowed.contains(&name.as_str()), "{package} must not name {name}: arrows only go down");
        }
    }
}

#[test]
fn only_the_tenant_package_knows_sqlx_and_only_the_sandbox_knows_wasmtime() {
    for (library, owner) in [("sqlx", "host/tenant"), ("wasmtime", "host/sandbox")] {
        for (package, _) in FLOORS.iter().filter(|(package, _)| *package != owner) {
            let text = std::fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
            let manifest: toml::Table = text.parse().unwrap();
            let named = manifest.get("dependencies").is_some_and(|table| table.get(library).is_some());
            assert!(!named, "{package} names {library}, which only {owner} may");
        }
    }
}

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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_stay_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (line, length) in functions(&text) {
            if length > FUNCTION_LINES_MAX {
                wrong.push(format!("{path}:{line} is a function of {length} lines"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_say_what_a_thing_is() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let stem = Path::new(&path).file_stem().unwrap().to_string_lossy().to_lowercase();
        let declared = text.lines().filter_map(declared_name);
        for name in declared.chain([stem]) {
            let words = snake(&name);
            if words.split('_').any(|word| BANNED_NAMES.contains(&word)) {
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn sources() -> Vec<(String, String)> {
    ["host", "sdk", "example-strategies", "tests"]
        .into_iter()
        .flat_map(|folder| files(folder, "rs"))
        .collect()
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let skipped = ["target", "node_modules", "dist"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// First line (from 1) and length of every function, by indentation: rustfmt closes each at its own column.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function = [
            "fn ",
            "pub fn ",
            "async fn ",
            "pub async fn ",
            "pub(crate) fn ",
            "pub(crate) async fn ",
            "pub(super) fn ",
        ]
        .iter()
        .any(|opening| code.starts_with(opening));
        if is_function && !code.ends_with(';') && !code.ends_with('}') {
            let indent = line.len() - code.len();
            let closing = format!("{}}}", " ".repeat(indent));
            let end = lines[start..].iter().position(|line| *line == closing);
            found.push((start + 1, end.map_or(0, |end| end + 1)));
        }
    }
    found
}

fn declared_name(line: &str) -> Option<String> {
    let code = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
    let rest = ["fn ", "struct ", "enum ", "trait ", "mod ", "async fn "]
        .iter()
        .find_map(|k| code.strip_prefix(k))?;
    Some(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

fn snake(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    words
}
