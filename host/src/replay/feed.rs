//! A machine that is given a recording, event by event. What it answers, others compare.

use super::tape::Entry;
use sandbox::{Machine, Program, Seen, StartFailure, Trace};

/// A machine at a place in a recording.
pub(super) struct Fed<'a> {
    program: &'a Program,
    machine: Option<Machine>,
    failed: Option<String>,
}

impl<'a> Fed<'a> {
    /// Before the first event.
    pub(super) fn new(program: &'a Program) -> Self {
        Self { program, machine: None, failed: None }
    }

    /// Gives it one event; what it did is the answer. What a call did that failed is void, and after a failure nothing is
    /// done until a machine begins again.
    pub(super) fn hear(&mut self, entry: &Entry) -> Vec<Trace> {
        if let Entry::Start { start, .. } = entry {
            (self.machine, self.failed) = (None, None);
            match self.program.start((**start).clone()) {
                Ok((machine, step)) => {
                    self.machine = Some(machine);
                    return step.traces;
                }
                Err(StartFailure { failure, .. }) => {
                    self.failed = Some(failure.to_string());
                    return Vec::new();
                }
            }
        }
        let Some(machine) = &mut self.machine else { return Vec::new() };
        let step = match entry {
            Entry::Tick(tick) => machine.ticks(std::slice::from_ref(tick)).map(|(_, step)| step),
            Entry::Candle(candle) => machine.candles(std::slice::from_ref(candle)).map(|(_, step)| step),
            Entry::Event(event) => machine.deliver(event.clone()),
            Entry::Start { .. } | Entry::Traces(_) => return Vec::new(),
        };
        match step {
            Ok(step) => step.traces,
            Err(failure) => {
                self.failed = Some(failure.to_string());
                self.machine = None;
                Vec::new()
            }
        }
    }

    /// What it holds; none before its start and after its failure.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.machine.as_ref().and_then(Machine::seen)
    }

    /// Why the last event ended it, asked once.
    pub(super) fn take_failure(&mut self) -> Option<String> {
        if self.machine.is_some() { None } else { self.failed.take() }
    }

    /// Why it failed.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }
}
