//! The thread that moves an engine's epoch on, so that no guest can run for ever, and tells the time of it.

use crate::failure::EngineError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::Engine;

/// One epoch; deadlines are counted in these.
pub(crate) const PERIOD: Duration = Duration::from_millis(1);

/// The time of the last epoch: what a call can read for the price of one load.
pub(crate) struct Epochs {
    origin: Instant,
    last_ns: AtomicU64,
}

impl Epochs {
    /// When the epoch began, since the engine was made.
    pub(crate) fn last(&self) -> Duration {
        Duration::from_nanos(self.last_ns.load(Ordering::Relaxed))
    }

    /// This very moment, since the engine was made.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn mark(&self) {
        let now_ns = u64::try_from(self.now().as_nanos()).unwrap_or(u64::MAX);
        self.last_ns.store(now_ns, Ordering::Relaxed);
    }
}

impl Default for Epochs {
    fn default() -> Self {
        Self { origin: Instant::now(), last_ns: AtomicU64::new(0) }
    }
}

/// Starts the ticker. It holds the engine weakly, and ends when nothing else holds it.
pub(super) fn start(engine: &Engine, epochs: &Arc<Epochs>) -> Result<(), EngineError> {
    let (weak, epochs) = (engine.weak(), Arc::clone(epochs));
    let ticker = move || {
        while let Some(engine) = weak.upgrade() {
            epochs.mark();
            engine.increment_epoch();
            drop(engine);
            thread::sleep(PERIOD);
        }
    };
    let thread = thread::Builder::new().name("epoch-ticker".to_owned()).spawn(ticker);
    thread.map(drop).map_err(|error| EngineError::Ticker(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_its_engine() {
        let (engine, epochs) = (Engine::default(), Arc::new(Epochs::default()));
        start(&engine, &epochs).unwrap();
        while epochs.last().is_zero() {
            thread::sleep(PERIOD);
        }
        drop(engine);
        // The thread holds the other handle for as long as it lives.
        let begun = Instant::now();
        while Arc::strong_count(&epochs) > 1 {
            assert!(begun.elapsed() < Duration::from_secs(20), "the ticker outlives its engine");
            thread::sleep(PERIOD);
        }
    }
}
