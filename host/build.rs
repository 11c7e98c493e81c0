//! Builds the web page and lists its files, so that they are embedded.
//!
//! A release build always builds `host/ui` with npm. A debug build embeds `host/ui/dist` when it is there and a page
//! of one paragraph otherwise, so that `cargo test` needs nothing but cargo. `BULKHEAD_SKIP_UI=1` does the same for a
//! release build. Knows nothing about what the page does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What the page is made from: a change in any of these builds it again.
const SOURCES: [&str; 8] = [
    "ui/package.json",
    "ui/package-lock.json",
    "ui/index.html",
    "ui/src",
    "ui/public",
    "ui/vite.config.ts",
    "ui/svelte.config.js",
    "ui/tsconfig.json",
];

/// The page of builds that have no other.
const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Bulkhead</title>\
<h1>Bulkhead</h1><p>This build carries no page. Build it with <code>npm ci &amp;&amp; npm run build</code> in \
<code>host/ui</code>, or use the API: <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p></html>\n";

/// What builds the page.
const NODE_NEEDED: &str = "Node.js 20.19 (or 22.12) or newer";

/// What to do without it.
const REMEDY: &str = "Install Node.js 20.19 (or 22.12) or newer (https://nodejs.org), or build without the page: \
BULKHEAD_SKIP_UI=1 cargo build --release";

fn main() {
    println!("cargo:rerun-if-env-changed=BULKHEAD_SKIP_UI");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    watch(&root);
    let dist = match page(&root) {
        Ok(dist) => dist,
        Err(message) => {
            eprintln!("\nerror: {message}\n");
            std::process::exit(1);
        }
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("page.rs"), table(&dist)).expect("the build folder can be written");
}

/// Every file of the page as a constant: its path and its bytes.
fn table(dist: &Path) -> String {
    let mut files = Vec::new();
    collect(dist, &mut files);
    files.sort();
    let line = |file: &PathBuf| {
        let name = file.strip_prefix(dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
        format!("    ({name:?}, include_bytes!({:?})),\n", file.display().to_string())
    };
    let lines: String = files.iter().map(line).collect();
    format!("/// The page's files by path.\nconst FILES: &[(&str, &[u8])] = &[\n{lines}];\n")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// A path that does not exist would count as changed for ever, so only what is there is watched. Where a debug build
/// finds no page, the whole folder is watched: the first build of the page must reach the binary.
fn watch(root: &Path) {
    println!("cargo:rerun-if-changed=build.rs");
    let built = if root.join("ui/dist").exists() { "ui/dist" } else { "ui" };
    for source in SOURCES.iter().copied().chain(debug_build().then_some(built)) {
        if root.join(source).exists() {
            println!("cargo:rerun-if-changed={source}");
        }
    }
}

fn page(root: &Path) -> Result<PathBuf, String> {
    let ui = root.join("ui");
    let dist = ui.join("dist");
    let skip = env::var_os("BULKHEAD_SKIP_UI").is_some_and(|value| value == "1");
    if !ui.join("package.json").exists() || skip || debug_build() {
        return if dist.join("index.html").exists() { Ok(dist) } else { placeholder() };
    }
    let_node_be_new_enough()?;
    // npm writes this file last, so a folder without it is what an interrupted install left.
    let installed = ui.join("node_modules/.package-lock.json");
    if !installed.exists() || newer(&ui.join("package-lock.json"), &installed) {
        npm(&ui, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(&ui, &["run", "build"])?;
    Ok(dist)
}

fn placeholder() -> Result<PathBuf, String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("page");
    fs::create_dir_all(&out).map_err(|error| format!("cannot make {}: {error}", out.display()))?;
    fs::write(out.join("index.html"), PLACEHOLDER).map_err(|error| error.to_string())?;
    Ok(out)
}

/// Asks first, because what npm says of an old Node.js is hard to understand.
fn let_node_be_new_enough() -> Result<(), String> {
    let asked = Command::new("node").arg("--version").output();
    let answer = asked.map_err(|error| {
        format!("the web page is built with Node.js, and `node --version` could not be started: {error}.\n{REMEDY}")
    })?;
    let found = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if is_new_enough(&found) {
        return Ok(());
    }
    Err(format!("the web page is built with {NODE_NEEDED}, and `node --version` says {found:?}.\n{REMEDY}"))
}

/// `v20.19.0` and later 20s, `v22.12.0` and everything above: what vite 8 asks for.
fn is_new_enough(version: &str) -> bool {
    let mut parts = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else { return false };
    match major {
        20 => minor >= 19,
        22 => minor >= 12,
        _ => major > 22,
    }
}

fn npm(ui: &Path, arguments: &[&str]) -> Result<(), String> {
    let line = format!("npm {}", arguments.join(" "));
    let status = Command::new("npm").args(arguments).current_dir(ui).status().map_err(|error| {
        format!("the web page is built with npm, and `{line}` could not be started: {error}.\n{REMEDY}")
    })?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{line}` failed in {} ({status}); what it said stands above.\n{REMEDY}", ui.display()))
}

fn newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    matches!((modified(file), modified(than)), (Some(a), Some(b)) if a > b)
}

fn debug_build() -> bool {
    env::var("PROFILE").is_ok_and(|profile| profile == "debug")
}
