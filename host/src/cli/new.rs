//! `bulkhead new NAME`: a strategy of one's own, ready to be tested and built.
//!
//! What it writes is one of the example strategies under another name, so that it cannot lag behind the sdk.

use crate::cli::terminal::say;
use crate::exit::Exit;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};

const MANIFEST: &str = include_str!("new/Cargo.toml.template");
const SOURCE: &str = include_str!("../../../example-strategies/sma-crossover/src/lib.rs");
/// What the example calls its strategy.
const SOURCE_TYPE: &str = "SmaCrossover";

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// Names that a package with this dependency cannot have.
const NAMES_TAKEN: [&str; 5] = ["sdk", "test", "core", "std", "self"];

#[derive(Debug, Args)]
pub(crate) struct New {
    /// Its name, such as my-strategy: a folder of that name is made here
    name: String,
    /// The sdk's folder in a checkout of Bulkhead [default: looked for above this folder and above this program]
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

impl New {
    pub(crate) fn run(self) -> Result<(), Exit> {
        check_name(&self.name)?;
        let sdk = match self.sdk {
            Some(folder) => given_sdk(&folder)?,
            None => found_sdk()?,
        };
        let folder = Path::new(&self.name);
        if folder.exists() {
            return Err(anyhow::anyhow!("{} exists already: choose another name", folder.display()).into());
        }
        write(&folder.join("Cargo.toml"), &manifest(&self.name, &sdk))?;
        write(&folder.join("src/lib.rs"), &source(&self.name))?;
        write(&folder.join(".gitignore"), "/target\n")?;
        say(&next_steps(&self.name));
        Ok(())
    }
}

fn check_name(name: &str) -> Result<()> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !starts_well || !is_plain || name.ends_with('-') || name.len() > NAME_CHARACTERS_MAX {
        bail!(
            "`{name}` is no name for a strategy: use up to {NAME_CHARACTERS_MAX} small letters, digits and hyphens, \
             beginning with a letter, such as my-strategy"
        );
    }
    if NAMES_TAKEN.contains(&name) {
        bail!("`{name}` is taken by Rust or the sdk: choose another name");
    }
    Ok(())
}

fn given_sdk(folder: &Path) -> Result<PathBuf> {
    if !is_sdk(folder) {
        bail!("{} is not the sdk: name the folder `sdk` of a checkout of Bulkhead", folder.display());
    }
    folder.canonicalize().with_context(|| format!("cannot use {}", folder.display()))
}

fn found_sdk() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell which folder this is")?;
    let program = std::env::current_exe().unwrap_or_default();
    let above = here.ancestors().chain(program.ancestors());
    let found = above.map(|folder| folder.join("sdk")).find(|folder| is_sdk(folder));
    found.context("the sdk is not above this folder: name it with --sdk FOLDER, the folder `sdk` of a checkout of Bulkhead")
}

fn is_sdk(folder: &Path) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
    manifest.is_ok_and(|text| text.contains("name = \"sdk\""))
}

fn manifest(name: &str, sdk: &Path) -> String {
    // TOML's basic strings escape as Rust's do.
    let sdk = sdk.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    MANIFEST.replace("{{name}}", name).replace("{{sdk}}", &sdk)
}

fn source(name: &str) -> String {
    SOURCE.replace(SOURCE_TYPE, &type_name(name))
}

/// `my-strategy` → `MyStrategy`.
fn type_name(name: &str) -> String {
    let upper = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(upper).collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    path.parent().map_or(Ok(()), std::fs::create_dir_all).with_context(failed)?;
    std::fs::write(path, text).with_context(failed)
}

fn next_steps(name: &str) -> String {
    let file = name.replace('-', "_");
    format!(
        "{name} is written: a moving-average cross to begin with. Next:\n\n  \
         cd {name}\n  \
         cargo test                                              # no host and no wasm needed\n  \
         rustup target add wasm32-wasip2\n  \
         cargo build --release --target wasm32-wasip2\n  \
         bulkhead check target/wasm32-wasip2/release/{file}.wasm\n\n\
         Then add that file on the page and start it."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cargo_would_refuse_are_refused_in_words() {
        for wrong in ["", "My-Strategy", "9lives", "a b", "a/b", "../up", "test", "trailing-", "sdk"] {
            let said = check_name(wrong).unwrap_err().to_string();
            assert!(said.contains(&format!("`{wrong}`")), "{said}");
        }
        for fine in ["my-strategy", "a", "orb15"] {
            check_name(fine).unwrap();
        }
    }

    #[test]
    fn the_source_bears_the_name_and_the_example_none() {
        let text = source("opening-range-15");
        assert!(text.contains("pub struct OpeningRange15") && text.contains("export!(OpeningRange15)"));
        assert!(!text.contains(SOURCE_TYPE));
        assert!(manifest("a", Path::new("/there/sdk")).contains("path = \"/there/sdk\""));
    }
}
