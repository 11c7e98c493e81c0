//! What a run's beginning costs: a machine with its start event, beside the engine alone with the same bytes.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

#[path = "support/bare.rs"]
mod bare;
#[path = "../tests/support/fixture.rs"]
mod fixture;

use bare::{Bare, echo_params};
use divan::Bencher;
use fixture::{program, start};
use serde_json::json;

fn main() {
    divan::main();
}

#[divan::bench(sample_size = 20)]
fn machine_and_start(bencher: Bencher<'_, '_>) {
    let program = program(guests::ECHO);
    let begin = start(&program, json!({}));
    bencher.with_inputs(|| begin.clone()).bench_local_values(|begin| program.start(begin).unwrap());
}

#[divan::bench(sample_size = 20)]
fn bare_instance_and_start(bencher: Bencher<'_, '_>) {
    let bare = Bare::new(guests::ECHO);
    let params = echo_params(false);
    bencher.bench_local(|| bare.started(&params));
}

#[divan::bench(sample_size = 20)]
fn bare_instance(bencher: Bencher<'_, '_>) {
    let bare = Bare::new(guests::ECHO);
    bencher.bench_local(|| bare.instance());
}
