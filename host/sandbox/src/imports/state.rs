//! Small values that outlive a run.

use crate::bindings::bulkhead::strategy::state::{Host, StateError};
use crate::machine::Desk;
use crate::step::Trace;
use crate::view::StoreError;

impl Host for Desk {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.view.state.get(&key).cloned())
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), StateError>> {
        self.traces.leave();
        if !self.traces.room_for_record() {
            let text = format!("more than {} writes from one event", self.limits.records_per_event);
            return Ok(Err(StateError::Full(text)));
        }
        let stored = self.view.state.set(&key, &value);
        if stored.is_ok() {
            self.traces.push(Trace::StateSet { key, value });
        }
        Ok(stored.map_err(|error| state_error_out(&error)))
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<bool> {
        self.traces.leave();
        let there = self.view.state.delete(&key);
        if there {
            self.traces.push(Trace::StateDelete { key });
        }
        Ok(there)
    }

    fn keys(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.view.state.keys())
    }
}

fn state_error_out(error: &StoreError) -> StateError {
    let text = error.to_string();
    match error {
        StoreError::InvalidKey { .. } => StateError::InvalidKey(text),
        StoreError::ValueTooLarge { .. } => StateError::ValueTooLarge(text),
        StoreError::TooManyKeys { .. } => StateError::TooManyKeys(text),
        StoreError::Full { .. } => StateError::Full(text),
    }
}
