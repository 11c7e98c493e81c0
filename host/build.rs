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
    if !ui.join("node_modules").exists() || newer(&ui.join("package-lock.json"), &ui.join("node_modules")) {
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

fn npm(ui: &Path, arguments: &[&str]) -> Result<(), String> {
    let line = format!("npm {}", arguments.join(" "));
    let status = Command::new("npm").args(arguments).current_dir(ui).status().map_err(|error| {
        format!(
            "the web page is built with npm, and `{line}` could not be started: {error}.\n\
             Install Node.js 20 or newer (https://nodejs.org), or build without the page: BULKHEAD_SKIP_UI=1 cargo build --release"
        )
    })?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{line}` failed in {} ({status}); Node.js 20 or newer is needed", ui.display()))
}

fn newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    matches!((modified(file), modified(than)), (Some(a), Some(b)) if a > b)
}

fn debug_build() -> bool {
    env::var("PROFILE").is_ok_and(|profile| profile == "debug")
}
