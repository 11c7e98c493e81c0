//! What a run's beginning costs: a machine with its start event, beside a bare instance of the same bytes.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

#[path = "../tests/support/fixture.rs"]
mod fixture;

use divan::Bencher;
use fixture::{program, start};
use serde_json::json;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Store};

fn main() {
    divan::main();
}

#[divan::bench]
fn machine_and_start(bencher: Bencher<'_, '_>) {
    let program = program(guests::ECHO);
    let begin = start(&program, json!({}));
    bencher.with_inputs(|| begin.clone()).bench_values(|begin| program.start(begin).unwrap());
}

#[divan::bench]
fn bare_instance_of_the_same_bytes(bencher: Bencher<'_, '_>) {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::pooling());
    let engine = Engine::new(&config).unwrap();
    let component = Component::from_binary(&engine, guests::ECHO).unwrap();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let ready = linker.instantiate_pre(&component).unwrap();
    bencher.bench_local(|| {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        ready.instantiate(&mut store).unwrap();
        store
    });
}
