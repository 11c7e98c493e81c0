//! From an upload to a program: gate, cache, and a child process that may die in the host's place.
//!
//! A component of 600 bytes can eat gigabytes in the compiler, so compilation happens under the limits of a process
//! of its own. Knows nothing of who uploads.

mod cache;
mod child;
mod native;
mod parent;

pub use child::compile_child_main;

use crate::engine::Engine;
use crate::failure::Refusal;
use crate::limits::CompileLimits;
use crate::program::Program;
use cache::{Cache, Found};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use wasmtime::component::Component;

/// Compiles uploads, one at a time.
pub struct Compiler {
    engine: Engine,
    child: parent::Child,
    cache: Cache,
    turn: Mutex<()>,
}

impl Compiler {
    /// A compiler that starts `program` with `args` for each component that is not in the cache. The folder and its
    /// files are the host's own; `key` authenticates them.
    pub fn new(
        program: PathBuf,
        args: Vec<String>,
        cache_dir: PathBuf,
        key: [u8; 32],
        engine: Engine,
        limits: CompileLimits,
    ) -> Self {
        let cache = Cache::new(cache_dir, key, &engine);
        Self { engine, child: parent::Child { program, args, limits }, cache, turn: Mutex::new(()) }
    }

    /// Gate, cache, child, link. Blocks until its turn comes and the work is done.
    ///
    /// # Errors
    /// Why the component is no strategy, or could not be compiled within the limits.
    pub fn compile(&self, component: &[u8]) -> Result<Program, Refusal> {
        self.engine.gate(component)?;
        let compiled = match self.load(component) {
            Some(compiled) => compiled,
            None => self.compile_and_keep(component)?,
        };
        Program::link(&self.engine, &compiled, component)
    }

    fn load(&self, component: &[u8]) -> Option<Component> {
        match self.cache.find(component) {
            Found::Code(code) => native::load(self.engine.raw(), &code)
                .inspect_err(|error| {
                    tracing::warn!(error = format!("{error:#}"), "cached code does not load: compiling anew")
                })
                .ok(),
            Found::Nothing => None,
            Found::Tampered(path) => {
                tracing::warn!(path = %path.display(), "cached code is not what was written: compiling anew");
                None
            }
        }
    }

    fn compile_and_keep(&self, component: &[u8]) -> Result<Component, Refusal> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have compiled the same bytes while this one waited.
        if let Some(compiled) = self.load(component) {
            return Ok(compiled);
        }
        let code = self.child.run(component)?;
        if let Err(error) = self.cache.keep(component, &code) {
            tracing::warn!(error = %error, "compiled code could not be kept: it will be compiled again");
        }
        native::load(self.engine.raw(), &cache::Authentic::from_own_child(code)).map_err(|error| {
            Refusal::new(
                format!("the compiled component does not load: {error:#}"),
                "this is a fault of the host, not of the strategy: report it",
            )
        })
    }
}
