//! The part of WASI that ordinary Rust `std` needs, without anything of the world outside.
//!
//! Time is the event's, randomness is seeded, there are no files, no environment, no arguments and no network. Streams and
//! polls are our own: wasmtime-wasi's wait on a tokio runtime, and nothing here may wait.

mod linker;
mod output;
mod poll;
mod streams;

pub(crate) use linker::link;
pub(crate) use output::Output;

use crate::limits::Limits;
use market::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock};

/// The interfaces that are linked, without their versions.
pub(crate) const INTERFACES: &[&str] = &[
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/wall-clock",
    "wasi:clocks/monotonic-clock",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// The guest's idea of WASI.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
    time: VirtualClock,
}

/// The event's time, in microseconds since the epoch.
#[derive(Clone, Default)]
struct VirtualClock(Arc<AtomicI64>);

/// The resource table, as our streams and polls see it.
pub(crate) struct Io<'a>(&'a mut ResourceTable);
struct HasIo;

impl HasData for HasIo {
    type Data<'a> = Io<'a>;
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

impl Wasi {
    pub(crate) fn new(seed: u64, output: &Output, limits: &Limits) -> Self {
        let time = VirtualClock::default();
        // Three streams of one seed: what one draws does not move the others.
        let stream = |number: u64| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(number);
            random
        };
        let ctx = WasiCtx::builder()
            .wall_clock(time.clone())
            .monotonic_clock(time.clone())
            .secure_random(stream(1))
            .insecure_random(stream(2))
            .insecure_random_seed(u128::from(seed))
            .max_random_size(limits.random_bytes)
            .stdout(output.stdout())
            .stderr(output.stderr())
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        Self { ctx, table, time }
    }

    pub(crate) fn set_time(&self, now: Timestamp) {
        self.time.0.store(now.micros(), Ordering::Relaxed);
    }
}

impl VirtualClock {
    fn micros(&self) -> u64 {
        self.0.load(Ordering::Relaxed).max(0).cast_unsigned()
    }
}

impl HostWallClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.micros())
    }
}

impl HostMonotonicClock for VirtualClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.micros().saturating_mul(1_000)
    }
}
