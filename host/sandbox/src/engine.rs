//! The WebAssembly engine, its settings and its ticker. One for the whole process.

mod capacity;
mod config;
mod ticker;

pub(crate) use ticker::{Epochs, PERIOD};

use crate::bindings::{Strategy, StrategyPre};
use crate::event::Start;
use crate::failure::{EngineError, Refusal, TEXT_BYTES, quoted};
use crate::gate::{self, GateReport};
use crate::limits::Limits;
use crate::machine::{Desk, Meter};
use crate::wasi;
use std::sync::Arc;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Store, UpdateDeadline};

/// The engine this package is built on, as the manifest of the house names it.
const WASMTIME_VERSION: &str = "48.0.8";

/// Counts the times that what a guest sees of the same events changed: the view, the checks of a request, the words of an
/// answer. A recording of another number is not run again.
const HOST_WORDS: u32 = 1;

/// Compiles and runs strategies. Cheap to clone; the ticker thread stops when the last clone and the last machine are gone.
#[derive(Clone)]
pub struct Engine {
    engine: wasmtime::Engine,
    linker: Arc<Linker<Desk>>,
    limits: Arc<Limits>,
    epochs: Arc<Epochs>,
}

impl Engine {
    /// An engine with room for `limits.machines` machines, all of it reserved now.
    ///
    /// # Errors
    /// When the operating system cannot hold that many, or the engine cannot start.
    pub fn new(limits: Limits) -> Result<Self, EngineError> {
        capacity::check(&limits)?;
        let engine = config::pooled(&limits).map_err(|error| EngineError::NoPool {
            machines: limits.machines,
            reason: format!("{error:#}"),
        })?;
        let engine = Self::around(engine, limits)?;
        ticker::start(&engine.engine, &engine.epochs)?;
        Ok(engine)
    }

    /// An engine that reserves nothing and makes each machine on demand: slower to start a run, and without a promise
    /// that there is room. For a command that runs one, and for systems that give out no address space.
    ///
    /// # Errors
    /// When the engine cannot start.
    pub fn unpooled(limits: Limits) -> Result<Self, EngineError> {
        let engine = Self::for_compiling(limits)?;
        ticker::start(&engine.engine, &engine.epochs)?;
        Ok(engine)
    }

    /// An engine that compiles and never runs: it reserves nothing, so it fits under the compile child's limits.
    pub(crate) fn for_compiling(limits: Limits) -> Result<Self, EngineError> {
        let engine = wasmtime::Engine::new(&config::on_demand(&limits)).map_err(engine_error)?;
        Self::around(engine, limits)
    }

    fn around(engine: wasmtime::Engine, limits: Limits) -> Result<Self, EngineError> {
        let mut linker = Linker::new(&engine);
        Strategy::add_to_linker::<Desk, HasSelf<Desk>>(&mut linker, |desk| desk).map_err(engine_error)?;
        wasi::link(&mut linker).map_err(engine_error)?;
        let epochs = Arc::new(Epochs::default());
        Ok(Self { engine, linker: Arc::new(linker), limits: Arc::new(limits), epochs })
    }

    /// Of which kind it is: machines of engines with one name do the same with the same events.
    pub fn name(&self) -> String {
        let settings = crate::compile::settings(self.raw());
        let settings = hex::encode(&settings[..8]);
        format!("wasmtime {WASMTIME_VERSION} {settings}, host words {HOST_WORDS}")
    }

    /// The limits it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Looks an upload over without compiling it.
    ///
    /// # Errors
    /// The first thing that no honest strategy has.
    pub fn gate(&self, component: &[u8]) -> Result<GateReport, Refusal> {
        gate::check(component, &self.limits)
    }

    /// Machine code for a component that passed the gate. Runs inside the compile child.
    ///
    /// # Errors
    /// What the compiler does not accept.
    pub fn precompile(&self, component: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.gate(component)?;
        self.engine.precompile_component(component).map_err(|error| not_compiled(&error))
    }

    pub(crate) fn raw(&self) -> &wasmtime::Engine {
        &self.engine
    }

    pub(crate) fn link(&self, component: &Component) -> Result<StrategyPre<Desk>, Refusal> {
        let linked: wasmtime::Result<InstancePre<Desk>> = self.linker.instantiate_pre(component);
        linked.and_then(StrategyPre::new).map_err(|error| {
            Refusal::new(
                format!(
                    "the component does not fit the world `bulkhead:strategy/strategy@0.1.0`: {}",
                    quoted(&format!("{error:#}"), TEXT_BYTES)
                ),
                "build it against this host's WIT package, best with the sdk of the same version",
            )
        })
    }

    /// A store for one machine with this beginning.
    pub(crate) fn store(&self, start: Start) -> Store<Desk> {
        let mut desk = Desk::new(start, &self.limits);
        desk.meter = Meter::new(&self.epochs);
        let mut store = Store::new(&self.engine, desk);
        store.limiter(|desk| &mut desk.limiter);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        store.epoch_deadline_callback(|mut store| {
            Ok(UpdateDeadline::Continue(store.data_mut().meter.check()?))
        });
        store
    }
}

fn engine_error(error: wasmtime::Error) -> EngineError {
    EngineError::Engine(format!("{error:#}"))
}

pub(crate) fn not_compiled(error: &wasmtime::Error) -> Refusal {
    Refusal::new(
        format!("the component does not compile: {}", quoted(&format!("{error:#}"), TEXT_BYTES)),
        "build it for wasm32-wasip2 without experimental WebAssembly features",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_with_a_pool_and_one_without_are_of_one_kind() {
        let small = Limits { machines: 1, ..Limits::default() };
        let names = [
            Engine::new(small.clone()).unwrap().name(),
            Engine::unpooled(small.clone()).unwrap().name(),
            Engine::for_compiling(Limits { machines: 2, ..small }).unwrap().name(),
        ];
        assert_eq!(names[0], names[1], "a recording of the host is replayed by a command");
        assert_eq!(names[1], names[2]);
    }

    #[test]
    fn the_engine_is_the_one_that_the_manifest_names() {
        let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"\n")));
    }
}
