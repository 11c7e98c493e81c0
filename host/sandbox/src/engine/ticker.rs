//! The thread that moves an engine's epoch on, so that no guest can run for ever.

use crate::failure::EngineError;
use std::thread;
use std::time::Duration;
use wasmtime::Engine;

/// One epoch; deadlines are counted in these.
const PERIOD: Duration = Duration::from_millis(1);

/// Starts the ticker. It holds the engine weakly, and ends when nothing else holds it.
pub(super) fn start(engine: &Engine) -> Result<(), EngineError> {
    let weak = engine.weak();
    let ticker = move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(PERIOD);
        }
    };
    let thread = thread::Builder::new().name("epoch-ticker".to_owned()).spawn(ticker);
    thread.map(drop).map_err(|error| EngineError::Ticker(error.to_string()))
}
