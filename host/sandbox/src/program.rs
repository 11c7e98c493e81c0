//! A compiled strategy: instantiated as often as wanted, its manifest read once.

use crate::bindings::{Strategy, StrategyPre};
use crate::engine::{Engine, not_compiled};
use crate::event::Start;
use crate::failure::{Call, Failure, Refusal};
use crate::machine::{Desk, begin, finish};
use crate::manifest::{self, Manifest};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::Component;

/// A strategy that passed the gate, is compiled and has said what it is.
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    engine: Engine,
    strategy: StrategyPre<Desk>,
    manifest: Manifest,
    sha256: [u8; 32],
}

impl Engine {
    /// Gate, compile, link and describe in this very process: for tests and for the command that checks a file.
    ///
    /// # Errors
    /// Why the component is no strategy.
    pub fn compile_in_process(&self, component: &[u8]) -> Result<Program, Refusal> {
        self.gate(component)?;
        let compiled = Component::from_binary(self.raw(), component).map_err(|error| not_compiled(&error))?;
        Program::link(self, &compiled, component)
    }
}

impl Program {
    /// Links a compiled component and asks it what it is.
    pub(crate) fn link(engine: &Engine, component: &Component, bytes: &[u8]) -> Result<Self, Refusal> {
        let strategy = engine.link(component)?;
        let manifest = describe(engine, &strategy)?;
        let sha256 = Sha256::digest(bytes).into();
        Ok(Self(Arc::new(Inner { engine: engine.clone(), strategy, manifest, sha256 })))
    }

    /// What the strategy says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// SHA-256 of the component that was uploaded.
    pub fn sha256(&self) -> [u8; 32] {
        self.0.sha256
    }

    /// The same in hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex::encode(self.0.sha256)
    }

    pub(crate) fn instantiate(&self, start: Start, call: Call) -> Result<(Store<Desk>, Strategy), Failure> {
        instantiate(&self.0.engine, &self.0.strategy, start, call)
    }
}

fn instantiate(
    engine: &Engine,
    strategy: &StrategyPre<Desk>,
    start: Start,
    call: Call,
) -> Result<(Store<Desk>, Strategy), Failure> {
    let mut store = engine.store(Desk::new(start, engine.shared_limits()));
    let limit_ms = begin(&mut store, call);
    let instance = strategy.instantiate(&mut store);
    let instance = finish(&mut store, call, limit_ms, instance)?;
    Ok((store, instance))
}

fn describe(engine: &Engine, strategy: &StrategyPre<Desk>) -> Result<Manifest, Refusal> {
    let told =
        instantiate(engine, strategy, Start::nothing(), Call::Describe).and_then(|(mut store, strategy)| {
            let limit_ms = begin(&mut store, Call::Describe);
            let told = strategy.bulkhead_strategy_guest().call_describe(&mut store);
            finish(&mut store, Call::Describe, limit_ms, told)
        });
    let told = told.map_err(|failure| {
        let remedy = "`describe` must answer with nothing but constants; correct it and upload again";
        Refusal::new(format!("the strategy could not say what it is: {failure}"), remedy)
    })?;
    manifest::read(told)
}
