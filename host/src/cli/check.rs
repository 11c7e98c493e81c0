//! `bulkhead check FILE.wasm`: what an upload would say.

use crate::exit::{EXIT_REFUSED, Exit};
use anyhow::{Context, anyhow};
use clap::Args;
use sandbox::{Engine, Limits, Manifest};
use std::path::PathBuf;

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
        let engine = Engine::new(Limits::default())?;
        let refused = |refusal: sandbox::Refusal| Exit {
            code: EXIT_REFUSED,
            error: anyhow!("{file} is refused.\n  reason: {}\n  remedy: {}", refusal.reason, refusal.remedy),
        };
        let program = engine.compile_in_process(&bytes).map_err(refused)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(program.manifest())?);
        } else {
            println!("{file} is good: {} bytes, sha256 {}", bytes.len(), hex::encode(program.sha256()));
            print(program.manifest());
        }
        Ok(())
    }
}

fn print(manifest: &Manifest) {
    println!("{} {}: {}", manifest.name, manifest.version, manifest.summary);
    if !manifest.instruments.is_empty() {
        println!("instruments: {}", manifest.instruments.join(", "));
    }
    for parameter in &manifest.parameters {
        let default = parameter
            .kind
            .default()
            .map_or_else(|| "must be given".to_owned(), |value| format!("default {}", value.to_json()));
        println!("parameter {}: {} ({default})", parameter.name, parameter.doc);
    }
}
