//! Small values that outlive a run.

use crate::bindings::bulkhead::strategy::state::{Host, StateError};
use crate::machine::Desk;
use crate::view::StoreError;

impl Host for Desk {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.view.state.get(&key).cloned())
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), StateError>> {
        self.traces.leave();
        let now = self.view.now();
        if let Err(full) = self.traces.room_for_write(&key, value.len(), now) {
            return Ok(Err(StateError::Full(full.to_string())));
        }
        let stored = self.view.state.set(&key, &value);
        if stored.is_ok() {
            self.traces.set(key, value, now);
        }
        Ok(stored.map_err(|error| state_error_out(&error)))
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<bool> {
        self.traces.leave();
        let there = self.view.state.delete(&key);
        if there {
            self.traces.delete(key, self.view.now());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Start;
    use crate::limits::Limits;
    use crate::step::Trace;
    use std::sync::Arc;

    fn desk() -> Desk {
        Desk::new(Start::nothing(), &Arc::new(Limits::default()))
    }

    #[test]
    fn w29_a_thousand_writes_of_the_largest_value_leave_a_quarter_of_a_mebibyte() {
        let mut desk = desk();
        let mut refused = 0;
        for number in 0..1_000 {
            let stored = desk.set(number.to_string(), vec![0; 64 << 10]).unwrap();
            refused += u32::from(matches!(stored, Err(StateError::Full(_))));
        }
        let traces = desk.traces.take();
        let bytes: usize = traces
            .iter()
            .map(|trace| match trace {
                Trace::StateSet { key, value } => key.len() + value.len(),
                _ => 0,
            })
            .sum();
        assert!(bytes <= 256 << 10 && refused == 997, "{bytes} bytes, {refused} refused");
        assert_eq!(desk.keys().unwrap().len(), 3, "what was refused cannot be read either");
        assert!(
            matches!(traces.last(), Some(Trace::Log { text, .. }) if text.starts_with("997 more records"))
        );
    }

    #[test]
    fn an_invalid_write_is_told_as_what_it_is_and_takes_no_room() {
        let mut desk = desk();
        let large = desk.set("key".to_owned(), vec![0; 65_537]).unwrap();
        assert!(matches!(large, Err(StateError::ValueTooLarge(_))));
        assert!(matches!(desk.set(String::new(), vec![1]).unwrap(), Err(StateError::InvalidKey(_))));
        assert_eq!(desk.traces.take(), []);
    }
}
