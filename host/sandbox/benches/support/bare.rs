//! The engine alone, without any layer of ours: what a benchmark divides by. The same bytes, settings and argument
//! types as a machine; of the host it has the two functions that `start` calls, everything else traps.
#![allow(dead_code, unused_imports, reason = "each benchmark uses its own part of it")]

use bindings::Strategy;
use bindings::bulkhead::strategy::manifest::Value;
use bindings::bulkhead::strategy::types::Instrument;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Store};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "strategy" });
}

pub(crate) use bindings::exports::bulkhead::strategy::guest::Batch;

/// A guest that can be instantiated.
pub(crate) struct Bare {
    engine: Engine,
    ready: InstancePre<()>,
}

pub(crate) fn engine() -> Engine {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::pooling());
    Engine::new(&config).unwrap()
}

impl Bare {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let engine = engine();
        let component = Component::from_binary(&engine, bytes).unwrap();
        let mut linker: Linker<()> = Linker::new(&engine);
        let mut clock = linker.instance("bulkhead:strategy/clock@0.1.0").unwrap();
        clock.func_wrap("now", |_, ()| Ok((0_i64,))).unwrap();
        let mut market = linker.instance("bulkhead:strategy/market@0.1.0").unwrap();
        market.func_wrap("instruments", |_, ()| Ok((Vec::<Instrument>::new(),))).unwrap();
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let ready = linker.instantiate_pre(&component).unwrap();
        Self { engine, ready }
    }

    pub(crate) fn instance(&self) -> (Store<()>, Strategy) {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.ready.instantiate(&mut store).unwrap();
        let strategy = Strategy::new(&mut store, &instance).unwrap();
        (store, strategy)
    }

    pub(crate) fn started(&self, params: &[(String, Value)]) -> (Store<()>, Strategy) {
        let (mut store, strategy) = self.instance();
        strategy.bulkhead_strategy_guest().call_start(&mut store, params).unwrap().unwrap();
        (store, strategy)
    }
}

/// Those of the guest `echo`.
pub(crate) fn echo_params(quiet: bool) -> Vec<(String, Value)> {
    let params = [
        ("instrument", Value::Instrument("NSE:INFY".to_owned())),
        ("every", Value::Integer(0)),
        ("quiet", Value::Toggle(quiet)),
        ("compare", Value::Toggle(false)),
    ];
    params.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
