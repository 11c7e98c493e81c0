//! A compiled strategy: instantiated as often as wanted, its manifest read once.

use crate::bindings::{Strategy, StrategyPre};
use crate::engine::{Engine, not_compiled};
use crate::event::Start;
use crate::failure::{Call, Failure, Refusal, StartFailure};
use crate::machine::{Desk, begin, finish, guarded, last_words};
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

    /// What its machines run in: the engine with its settings, and what the host's words mean to a guest.
    pub fn engine_name(&self) -> String {
        self.0.engine.name()
    }

    pub(crate) fn instantiate(
        &self,
        start: Start,
        call: Call,
    ) -> Result<(Store<Desk>, Strategy), StartFailure> {
        instantiate(&self.0.engine, &self.0.strategy, start, call)
    }
}

fn instantiate(
    engine: &Engine,
    strategy: &StrategyPre<Desk>,
    start: Start,
    call: Call,
) -> Result<(Store<Desk>, Strategy), StartFailure> {
    let mut store = engine.store(start);
    begin(&mut store, call);
    let instance = guarded(|| strategy.instantiate(&mut store));
    match finish(&mut store, call, instance) {
        Ok(instance) => Ok((store, instance)),
        Err(failure) => Err(StartFailure { failure, last_words: last_words(&mut store) }),
    }
}

fn describe(engine: &Engine, strategy: &StrategyPre<Desk>) -> Result<Manifest, Refusal> {
    let (mut store, strategy) = instantiate(engine, strategy, Start::nothing(), Call::Describe)
        .map_err(|ended| not_described(&ended.failure))?;
    begin(&mut store, Call::Describe);
    let told = guarded(|| strategy.bulkhead_strategy_guest().call_describe(&mut store));
    let told = finish(&mut store, Call::Describe, told).map_err(|failure| not_described(&failure))?;
    manifest::read(told)
}

fn not_described(failure: &Failure) -> Refusal {
    if failure.is_of_the_host() {
        let reason = format!("the host could not ask the strategy what it is: {failure}");
        return Refusal::new(reason, "nothing is wrong with the strategy: upload it again later");
    }
    Refusal::new(
        format!("the strategy could not say what it is: {failure}"),
        "`describe` must answer with nothing but constants; correct it and upload again",
    )
}
