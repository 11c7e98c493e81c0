//! What passes between a run's task and its shard. Knows neither side.

use sandbox::{Event, Failure, Step, Trace};
use std::sync::atomic::{AtomicU64, Ordering};

/// Names one run on its shard for as long as the process lives.
pub(super) type Slot = u64;

/// From a shard to a run's task.
#[derive(Debug)]
pub(super) enum Told {
    /// The traces of one call, with the journal up to and including its event.
    Step {
        /// What the strategy did.
        step: Step,
        /// The number of the last event given.
        event_seq: u64,
        /// Every event since the journal was last handed over.
        journal: Vec<u8>,
    },
    /// The machine is gone: it failed. Its log lines of that call come along; the rest of the call is void.
    Failed {
        /// Why.
        failure: Failure,
        /// Log lines of the call that failed.
        last_words: Vec<Trace>,
    },
    /// The machine is gone: it was asked to stop, and this is how that went.
    Stopped(Result<(), Failure>),
}

/// What a run's task asks of its shard.
#[derive(Debug)]
pub(super) enum Ask {
    /// Give it this event. `Event::Stop` ends the run.
    Deliver(Event),
    /// Drop the machine without a word to it.
    Drop,
}

/// A run in numbers, shared between its shard and whoever asks.
#[derive(Debug, Default)]
pub struct Counters {
    ticks: AtomicU64,
    dropped_ticks: AtomicU64,
}

impl Counters {
    pub(super) fn heard(&self, ticks: u64) {
        self.ticks.fetch_add(ticks, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self, ticks: u64) {
        self.dropped_ticks.fetch_add(ticks, Ordering::Relaxed);
    }

    /// Ticks that reached the run.
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Ticks that gave way to newer ones.
    pub fn dropped_ticks(&self) -> u64 {
        self.dropped_ticks.load(Ordering::Relaxed)
    }
}
