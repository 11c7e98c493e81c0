//! `bulkhead check FILE.wasm`: what an upload would say.

use crate::exit::{EXIT_REFUSED, Exit};
use anyhow::{Context, anyhow};
use clap::Args;
use sandbox::{Engine, Limits, Manifest, quoted};
use std::path::PathBuf;

/// Longest line about one thing, in bytes.
const LINE_BYTES: usize = 4_096;

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The component.
    file: PathBuf,
    /// Print the manifest as JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<(), Exit> {
        let file = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| format!("cannot read {file}"))?;
        let engine = Engine::unpooled(Limits::default())?;
        let refused = |refusal: sandbox::Refusal| Exit {
            code: EXIT_REFUSED,
            error: anyhow!(
                "{file} is refused.\n  reason: {}\n  remedy: {}",
                quoted(&refusal.reason, LINE_BYTES),
                quoted(&refusal.remedy, LINE_BYTES)
            ),
        };
        let program = engine.compile_in_process(&bytes).map_err(refused)?;
        if self.json {
            println!("{}", escaped(&serde_json::to_string_pretty(program.manifest())?));
        } else {
            println!("{file} is good: {} bytes, sha256 {}", bytes.len(), hex::encode(program.sha256()));
            print(program.manifest());
        }
        Ok(())
    }
}

/// Nothing of what an author wrote reaches the terminal raw.
fn print(manifest: &Manifest) {
    let text = |text: &str| quoted(text, LINE_BYTES);
    println!("{} {}: {}", text(&manifest.name), text(&manifest.version), text(&manifest.summary));
    if !manifest.instruments.is_empty() {
        println!("instruments: {}", text(&manifest.instruments.join(", ")));
    }
    for parameter in &manifest.parameters {
        let default = parameter
            .kind
            .default()
            .map_or_else(|| "must be given".to_owned(), |value| format!("default {}", value.to_json()));
        println!("parameter {}: {} ({})", text(&parameter.name), text(&parameter.doc), text(&default));
    }
}

/// JSON means the same with every character but ASCII written as an escape.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || (character.is_ascii() && !character.is_ascii_control()) {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            escaped.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_meaning_and_moves_no_terminal() {
        let text = "₹\u{9b}2J\u{202e}\u{1f600}\u{1b}";
        let escaped = escaped(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(escaped.is_ascii() && !escaped.contains('\u{1b}'), "{escaped}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), [text]);
    }
}
