//! What passes between a run's task and its shard. Knows neither side.

use market::Timestamp;
use sandbox::journal::Recorded;
use sandbox::{Event, Step, Trace};
use std::sync::atomic::{AtomicU64, Ordering};

/// Names one run on its shard for as long as the process lives.
pub(super) type Slot = u64;

/// From a shard to a run's task.
#[derive(Debug)]
pub(super) enum Told {
    /// The traces of one call, with the journal up to and including its event; or the journal alone, when its turn has come.
    Step {
        /// What the strategy did.
        step: Step,
        /// Every event since the journal was last handed over.
        tail: Tail,
    },
    /// The machine is gone: it failed. Its log lines of that call come along; the rest of the call is void.
    Failed {
        /// Why, in words for the trader.
        why: String,
        /// Log lines of the call that failed.
        last_words: Vec<Trace>,
        /// The journal, up to and including what it failed at.
        tail: Tail,
    },
    /// The machine is gone: it was asked to stop.
    Stopped {
        /// How that went; the words of the failure where it failed.
        outcome: Result<(), String>,
        /// Log lines of the call, where it failed.
        last_words: Vec<Trace>,
        /// The journal, up to and including the stop.
        tail: Tail,
    },
    /// It has used up its share of the processor and waits until it has some again.
    Waits,
    /// The machine is gone: it was dropped without a word to it.
    Dropped {
        /// The journal, up to and including the last event it was given.
        tail: Tail,
    },
}

/// The journal since it was last handed over.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The events, with what was answered to them.
    pub(super) recorded: Recorded,
    /// The time of the last event.
    pub(super) time: Timestamp,
}

/// What a run's task asks of its shard.
#[derive(Debug)]
pub(super) enum Ask {
    /// Give it this event. `Event::Stop` ends the run.
    Deliver(Event),
    /// Drop the machine without a word to it, and hand the rest of its journal over.
    Drop,
    /// Fall over at the next turn, as a fault of the host would make it.
    #[cfg(test)]
    Panic,
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

    /// Ticks that the strategy was given.
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Ticks that gave way to newer ones.
    pub fn dropped_ticks(&self) -> u64 {
        self.dropped_ticks.load(Ordering::Relaxed)
    }
}
