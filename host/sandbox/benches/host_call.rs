//! What one event costs: a machine's `ticks`, alone and in batches, beside the engine alone with the same guest,
//! a typed call that does nothing, and a native one.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

#[path = "support/bare.rs"]
mod bare;
#[path = "../tests/support/fixture.rs"]
mod fixture;

use bare::{Bare, Batch, echo_params};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fixture::{program, start, ticks};
use market::Tick;
use sandbox::Machine;
use serde_json::json;
use wasmtime::Store;
use wasmtime::component::{Component, Linker, TypedFunc};

fn main() {
    divan::main();
}

/// Takes every tick and leaves no trace.
fn quiet() -> Machine {
    let program = program(guests::ECHO);
    program.start(start(&program, json!({"quiet": true}))).unwrap().0
}

#[divan::bench(sample_size = 100)]
fn machine_one_tick(bencher: Bencher<'_, '_>) {
    let (mut machine, ticks) = (quiet(), ticks(1));
    bencher.bench_local(|| machine.ticks(black_box(&ticks)).unwrap());
}

#[divan::bench(sample_size = 20)]
fn machine_batch_of_256(bencher: Bencher<'_, '_>) {
    let (mut machine, ticks) = (quiet(), ticks(256));
    bencher.counter(ItemsCount::new(256_usize)).bench_local(|| machine.ticks(black_box(&ticks)).unwrap());
}

/// What our layers are measured against: the same guest and the same argument, called by the engine alone.
#[divan::bench(sample_size = 100)]
fn bare_one_tick(bencher: Bencher<'_, '_>) {
    bencher.bench_local(bare_call(1));
}

#[divan::bench(sample_size = 20)]
fn bare_batch_of_256(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(256_usize)).bench_local(bare_call(256));
}

fn bare_call(count: u32) -> impl FnMut() -> u32 {
    let (mut store, strategy) = Bare::new(guests::ECHO).started(&echo_params(true));
    let batch = Batch { count, columns: vec![1; 15 * count as usize] };
    move || {
        let guest = strategy.bulkhead_strategy_guest();
        guest.call_on_ticks(&mut store, black_box(&batch)).unwrap().unwrap()
    }
}

/// The floor: a typed call into a component that answers at once, four scalars in, one out.
#[divan::bench(sample_size = 100)]
fn bare_typed_call(bencher: Bencher<'_, '_>) {
    let engine = bare::engine();
    let text = r#"(component
        (core module $m (func (export "f") (param i32 i64 i64 i64) (result i32) i32.const 1))
        (core instance $i (instantiate $m))
        (func (export "f") (param "a" u32) (param "b" s64) (param "c" s64) (param "d" s64) (result u32)
            (canon lift (core func $i "f"))))"#;
    let component = Component::from_binary(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let call: TypedFunc<(u32, i64, i64, i64), (u32,)> = instance.get_typed_func(&mut store, "f").unwrap();
    bencher.bench_local(|| call.call(&mut store, black_box((1, 2, 3, 4))).unwrap());
}

trait Strategy {
    fn on_tick(&mut self, tick: &Tick) -> u32;
}

struct Native(u64);

impl Strategy for Native {
    fn on_tick(&mut self, tick: &Tick) -> u32 {
        self.0 = self.0.wrapping_add(tick.volume);
        1
    }
}

#[divan::bench]
fn native_dyn_call(bencher: Bencher<'_, '_>) {
    let mut strategy: Box<dyn Strategy> = black_box(Box::new(Native(0)));
    let ticks = ticks(1);
    bencher.bench_local(|| strategy.on_tick(black_box(&ticks[0])));
}
