//! The project's files as text, for the tests of the house rules. Knows no rule.

use std::path::{Path, PathBuf};

/// Folders that are not ours.
const SKIPPED: [&str; 5] = ["target", "node_modules", "dist", ".cache", ".git"];

/// The workspace's folder.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every Rust file: its path from the root, and its text.
pub(super) fn sources() -> Vec<(String, String)> {
    ["host", "sdk", "example-strategies", "tests"]
        .into_iter()
        .flat_map(|folder| files(folder, "rs"))
        .collect()
}

/// Every file below a folder whose name ends so; an empty extension means no extension.
pub(super) fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!SKIPPED.iter().any(|name| path.ends_with(name))).then_some(path));
            } else if path.extension().map_or("", |found| found.to_str().unwrap_or("?")) == extension {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The manifest of a package.
pub(super) fn manifest(package: &str) -> toml::Table {
    let path = root().join(package).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap()
}

/// Names of one kind of dependencies, for every target: `dependencies`, `dev-dependencies`, `build-dependencies`.
pub(super) fn dependencies(package: &str, kind: &str) -> Vec<String> {
    let manifest = manifest(package);
    let of_targets = manifest.get("target").and_then(|targets| targets.as_table()).into_iter().flatten();
    let tables = of_targets.filter_map(|(_, target)| target.get(kind)).chain(manifest.get(kind));
    tables.filter_map(|table| table.as_table()).flat_map(|table| table.keys().cloned()).collect()
}
