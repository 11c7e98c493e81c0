//! From an upload to a program: gate, cache, and a child process that may die in the host's place.
//!
//! A component of 600 bytes can eat gigabytes in the compiler, so compilation happens under the limits of a process
//! of its own. Knows nothing of who uploads.

mod cache;
mod child;
mod native;
mod parent;
mod wait;

pub(crate) use cache::{build_name, settings};
pub use child::compile_child_main;

use crate::engine::Engine;
use crate::failure::{HOST_FAULT, Refusal, TEXT_BYTES, quoted};
use crate::limits::CompileLimits;
use crate::program::Program;
use cache::{Authentic, Cache, Found};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use wasmtime::component::Component;

/// Compiles uploads, one at a time.
pub struct Compiler {
    engine: Engine,
    child: parent::Child,
    /// None where nothing is kept.
    cache: Option<Cache>,
    turn: Mutex<()>,
}

impl Compiler {
    /// A compiler that starts `program` with `args` for each component that is not in the cache. The folder and its
    /// files are this host's alone; `key` authenticates them. The program is best `/proc/self/exe`: the very build
    /// that runs, even when its file was replaced by a newer one.
    pub fn new(
        program: PathBuf,
        args: Vec<String>,
        cache_dir: PathBuf,
        key: [u8; 32],
        engine: Engine,
        limits: CompileLimits,
    ) -> Self {
        let cache = Some(Cache::new(cache_dir, key, &engine, &limits));
        Self { engine, child: parent::Child { program, args, limits }, cache, turn: Mutex::new(()) }
    }

    /// One that keeps nothing of what it compiles, for a command that compiles once.
    pub fn uncached(program: PathBuf, args: Vec<String>, engine: Engine, limits: CompileLimits) -> Self {
        Self { engine, child: parent::Child { program, args, limits }, cache: None, turn: Mutex::new(()) }
    }

    /// Gate, cache, child, link. Blocks until its turn comes and the work is done. What was compiled is kept once it
    /// has linked and said what it is.
    ///
    /// # Errors
    /// Why the component is no strategy, or could not be compiled within the limits.
    pub fn compile(&self, component: &[u8]) -> Result<Program, Refusal> {
        self.engine.gate(component)?;
        match self.load(component) {
            Some(compiled) => Program::link(&self.engine, &compiled, component),
            None => self.compile_and_keep(component),
        }
    }

    fn load(&self, component: &[u8]) -> Option<Component> {
        match self.cache.as_ref()?.find(component) {
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

    fn compile_and_keep(&self, component: &[u8]) -> Result<Program, Refusal> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have compiled the same bytes while this one waited.
        if let Some(compiled) = self.load(component) {
            return Program::link(&self.engine, &compiled, component);
        }
        let code = Authentic::from_own_child(self.child.run(component)?);
        let compiled = native::load(self.engine.raw(), &code).map_err(|error| not_loaded(&error))?;
        let program = Program::link(&self.engine, &compiled, component)?;
        if let Some(cache) = &self.cache
            && let Err(error) = cache.keep(component, &code)
        {
            tracing::warn!(error = %error, "compiled code could not be kept: it will be compiled again");
        }
        Ok(program)
    }
}

fn not_loaded(error: &wasmtime::Error) -> Refusal {
    let error = quoted(&format!("{error:#}"), TEXT_BYTES);
    // The host's side of all instances together; how much that is shows only in compiled code.
    let remedy = if error.contains("exceeds the configured maximum") {
        "make the strategy smaller: fewer functions, fewer instances"
    } else {
        HOST_FAULT
    };
    Refusal::new(format!("the compiled component does not load: {error}"), remedy)
}
