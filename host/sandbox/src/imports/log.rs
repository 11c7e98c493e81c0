//! Lines for people.

use crate::bindings::bulkhead::strategy::log::{Host, Level};
use crate::machine::Desk;
use crate::step::LogLevel;

impl Host for Desk {
    fn write(&mut self, level: Level, text: String) -> wasmtime::Result<()> {
        self.traces.leave();
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.flush_output();
        self.traces.log(level, text);
        Ok(())
    }
}
