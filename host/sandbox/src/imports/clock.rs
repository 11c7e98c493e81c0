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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Start;
    use crate::limits::Limits;
    use std::sync::Arc;

    #[test]
    fn a_thousand_timers_and_not_one_more() {
        let mut desk = Desk::new(Start::nothing(), &Arc::new(Limits::default()));
        assert!((0..1_000).all(|id| desk.set_timer(id, 1).unwrap()));
        desk.traces.take();
        assert!(!desk.set_timer(1_000, 1).unwrap(), "in another event too");
        assert!(desk.set_timer(7, 2).unwrap(), "one that is set can be moved");
        desk.cancel_timer(8).unwrap();
        assert!(desk.set_timer(1_000, 1).unwrap(), "there is room for another");
        let set = desk.traces.take().into_iter().filter(|trace| matches!(trace, Trace::TimerSet { .. }));
        assert_eq!(set.count(), 2, "what was refused left nothing");
    }
}
