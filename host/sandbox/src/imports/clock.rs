//! The event's time, the session around it, the cursor within a batch, and timers.

use crate::bindings::bulkhead::strategy::clock::{Host, Hours};
use crate::machine::Desk;
use crate::step::Trace;
use market::Timestamp;

impl Host for Desk {
    fn now(&mut self) -> wasmtime::Result<i64> {
        Ok(self.view.now().micros())
    }

    fn reached(&mut self, index: u32) -> wasmtime::Result<()> {
        Ok(self.reach(index as usize)?)
    }

    fn session(&mut self) -> wasmtime::Result<Option<Hours>> {
        let session = self.view.session();
        Ok(session.map(|(open, close)| Hours { open: open.micros(), close: close.micros() }))
    }

    fn set_timer(&mut self, id: u64, at: i64) -> wasmtime::Result<bool> {
        self.traces.leave();
        let at = Timestamp::from_micros(at);
        let set = self.traces.room_for_record() && self.view.set_timer(id, at, self.limits.timers);
        if set {
            self.traces.push(Trace::TimerSet { id, at });
        }
        Ok(set)
    }

    fn cancel_timer(&mut self, id: u64) -> wasmtime::Result<()> {
        self.traces.leave();
        if self.view.end_timer(id) {
            self.traces.push(Trace::TimerCancel { id });
        }
        Ok(())
    }
}
