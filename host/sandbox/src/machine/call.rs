//! One call into the guest: deadline before, traces or a failure after.

use super::{Alive, Life, Machine};
use crate::failure::{Call, Circumstances, Failure, explain};
use crate::limits::Limits;
use crate::machine::Desk;
use crate::step::{Step, Trace};
use wasmtime::Store;

/// What a handler answers: its value or its own error, inside the engine's.
type Answer<T> = wasmtime::Result<Result<T, String>>;

impl Machine {
    pub(super) fn call(
        &mut self,
        call: Call,
        handler: impl FnOnce(&mut Alive) -> Answer<()>,
    ) -> Result<Step, Failure> {
        let alive = self.alive()?;
        alive.store.data_mut().begin_event();
        let outcome = alive.enter(call, handler).map(|()| alive.step());
        outcome.map_err(|failure| self.die(failure))
    }

    pub(super) fn call_batch(
        &mut self,
        call: Call,
        handler: impl FnOnce(&mut Alive) -> Answer<u32>,
    ) -> Result<(usize, Step), Failure> {
        let alive = self.alive()?;
        let outcome = alive.enter(call, handler).and_then(|taken| {
            let taken = taken as usize;
            let ended = alive.store.data_mut().end_batch(taken);
            ended.map_err(|broken| Failure::Protocol { call, reason: broken.to_string() })?;
            Ok((taken, alive.step()))
        });
        outcome.map_err(|failure| self.die(failure))
    }

    /// Drops the store, keeps what was said last.
    fn die(&mut self, failure: Failure) -> Failure {
        if let Life::Alive(alive) = &mut self.life {
            let traces = alive.step().traces;
            self.last_words = traces.into_iter().filter(|trace| matches!(trace, Trace::Log { .. })).collect();
        }
        self.life = Life::Dead(failure.clone());
        failure
    }
}

impl Alive {
    pub(super) fn limits(&self) -> &Limits {
        &self.store.data().limits
    }

    fn enter<T>(&mut self, call: Call, handler: impl FnOnce(&mut Self) -> Answer<T>) -> Result<T, Failure> {
        let limit_ms = begin(&mut self.store, call);
        let answer = handler(self);
        let answer = finish(&mut self.store, call, limit_ms, answer)?;
        answer.map_err(|text| Failure::Returned { call, text: bounded(text) })
    }

    fn step(&mut self) -> Step {
        let desk = self.store.data_mut();
        Step { cause: desk.view.now(), traces: desk.traces.take() }
    }
}

/// Sets the deadline of a call.
pub(crate) fn begin(store: &mut Store<Desk>, call: Call) -> u64 {
    let desk = store.data_mut();
    let limits = &desk.limits;
    let limit_ms = match call {
        Call::Describe | Call::Start => limits.start_ms,
        Call::Stop => limits.stop_ms,
        Call::Ticks | Call::Candles | Call::Order | Call::Timer | Call::Notice => limits.event_ms,
    };
    desk.limiter.begin_call();
    // The tick under way is not a whole one.
    store.set_epoch_deadline(limit_ms + 1);
    limit_ms
}

/// Collects the output of a call, and explains the engine's error if there is one.
pub(crate) fn finish<T>(
    store: &mut Store<Desk>,
    call: Call,
    limit_ms: u64,
    answer: wasmtime::Result<T>,
) -> Result<T, Failure> {
    let desk = store.data_mut();
    desk.end_output();
    answer.map_err(|error| {
        let circumstances = Circumstances {
            call,
            limit_ms,
            hostcall_kib: (desk.limits.hostcall_bytes >> 10) as u64,
            refused_memory_mib: desk.limiter.refused().then_some((desk.limits.memory_bytes >> 20) as u64),
            last_lines: desk.traces.lines(),
        };
        explain(&error, &circumstances)
    })
}

/// A guest's own words are shown, but not without end.
fn bounded(mut text: String) -> String {
    const LIMIT_BYTES: usize = 1_024;
    super::cut(&mut text, LIMIT_BYTES);
    text
}
