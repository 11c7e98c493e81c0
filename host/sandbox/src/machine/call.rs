//! One call of a machine into its guest: traces or a failure after.

use super::deadline::{begin, finish};
use super::{Alive, Life, Machine};
use crate::failure::{Call, Failure};
use crate::limits::Limits;
use crate::step::{Step, Trace};

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

/// A guest's own words are shown, but not without end.
fn bounded(mut text: String) -> String {
    const LIMIT_BYTES: usize = 1_024;
    super::cut(&mut text, LIMIT_BYTES);
    text
}
