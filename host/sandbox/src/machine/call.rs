//! One call of a machine into its guest: traces or a failure after.

use super::deadline::{begin, finish, guarded, last_words};
use super::{Alive, Life, Machine};
use crate::failure::{Call, Failure, TEXT_BYTES, quoted};
use crate::limits::Limits;
use crate::step::Step;

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
            self.last_words = last_words(&mut alive.store);
            self.spent = alive.store.data().meter.spent();
        }
        self.life = Life::Dead(failure.clone());
        failure
    }
}

impl Alive {
    pub(super) fn limits(&self) -> &Limits {
        &self.store.data().limits
    }

    /// Events that may be handed over at once. What a guest prints says nothing of the event it was printed in, so
    /// one that prints gets them singly: then each line has the cause it has.
    pub(super) fn batch(&self) -> usize {
        let desk = self.store.data();
        if desk.has_printed() { 1 } else { desk.limits.batch }
    }

    fn enter<T>(&mut self, call: Call, handler: impl FnOnce(&mut Self) -> Answer<T>) -> Result<T, Failure> {
        begin(&mut self.store, call);
        let answer = guarded(|| handler(self));
        let answer = finish(&mut self.store, call, answer)?;
        // A guest's own words are shown, but not without end.
        answer.map_err(|text| Failure::Returned { call, text: quoted(&text, TEXT_BYTES) })
    }

    fn step(&mut self) -> Step {
        let desk = self.store.data_mut();
        Step { cause: desk.view.now(), traces: desk.traces.take() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::event::Start;

    #[test]
    fn a_panic_of_the_host_ends_the_run_alone() {
        let engine = Engine::unpooled(Limits::default()).unwrap();
        let program = engine.compile_in_process(guests::SPIN).unwrap();
        let (mut machine, _) = program.start(Start::nothing()).unwrap();
        let failure = machine.call(Call::Timer, |_| panic!("index out of {}", "bounds")).unwrap_err();
        assert!(
            matches!(&failure, Failure::HostFault { call: Call::Timer, reason } if reason == "index out of bounds")
        );
        assert!(failure.is_of_the_host() && failure.to_string().contains("report it"), "{failure}");
        assert_eq!(machine.memory_bytes(), 0, "its store is gone");
        assert_eq!(machine.call(Call::Stop, |_| panic!("never reached")).unwrap_err(), failure);
    }
}
