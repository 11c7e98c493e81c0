//! One run on its shard: the machine, what it has yet to hear, its timers and its bars.
//!
//! Order updates go before timers, timers before the market. Knows no channel to the outside but its outlet.

use super::bars::Bars;
use super::journal::Journal;
use super::mailbox::{Batch, Mailbox};
use super::told::{Counters, Slot, Told};
use market::{Candle, InstrumentToken, Tick, Timestamp};
use sandbox::{Event, Failure, Machine, Step, Trace};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Calls a run may make before the other runs of its shard have their turn.
const CALLS_PER_TURN: usize = 16;

/// What one call can say to the run's task: its traces, and that it was the last.
const TOLD_PER_CALL: usize = 2;

/// What a run is opened with.
pub(super) struct Opening {
    pub(super) slot: Slot,
    /// Which tenant's feed it hears.
    pub(super) feed: u64,
    pub(super) tokens: Vec<InstrumentToken>,
    pub(super) machine: Machine,
    pub(super) bars: Bars,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) journal: Journal,
    pub(super) counters: Arc<Counters>,
    pub(super) outlet: mpsc::Sender<Told>,
}

/// A run between two events.
pub(super) struct Cell {
    opening: Opening,
    mailbox: Mailbox,
    events: VecDeque<Event>,
    ticks: Taking<Tick>,
    candles: Taking<Candle>,
    finished: Vec<Candle>,
}

/// A batch that is being taken from the front.
#[derive(Default)]
struct Taking<T> {
    batch: Vec<T>,
    taken: usize,
}

/// How a turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing is left to hear.
    Idle,
    /// There is more; others first.
    More,
    /// The run's task lags: nothing may be called until it has caught up.
    Blocked,
    /// The run is over.
    Over,
}

impl<T> Taking<T> {
    fn rest(&self) -> &[T] {
        &self.batch[self.taken..]
    }
}

impl Cell {
    pub(super) fn new(opening: Opening) -> Self {
        Self {
            opening,
            mailbox: Mailbox::default(),
            events: VecDeque::new(),
            ticks: Taking { batch: Vec::new(), taken: 0 },
            candles: Taking { batch: Vec::new(), taken: 0 },
            finished: Vec::new(),
        }
    }

    pub(super) fn slot(&self) -> Slot {
        self.opening.slot
    }

    pub(super) fn feed(&self) -> u64 {
        self.opening.feed
    }

    pub(super) fn tokens(&self) -> &[InstrumentToken] {
        &self.opening.tokens
    }

    /// Takes one tick of a subscribed instrument in.
    pub(super) fn hear(&mut self, tick: &Tick) {
        self.opening.counters.heard(1);
        if !self.opening.bars.is_empty() {
            self.opening.bars.take(tick, &mut self.finished);
            self.post_finished();
        }
        self.mailbox.push_tick(*tick);
        self.count_dropped();
    }

    /// Ends bars whose time is over. True when there is something new to hear.
    pub(super) fn expire_bars(&mut self, now: Timestamp) -> bool {
        if self.opening.bars.is_empty() {
            return false;
        }
        self.opening.bars.expire(now, &mut self.finished);
        let any = !self.finished.is_empty();
        self.post_finished();
        any
    }

    /// Takes an event in. It is never dropped.
    pub(super) fn post(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// When the next timer is due.
    pub(super) fn next_timer(&self) -> Option<Timestamp> {
        self.opening.timers.values().min().copied()
    }

    /// Lets the run hear what waits, as long as its task keeps up.
    pub(super) fn turn(&mut self, now: Timestamp) -> Turn {
        for _ in 0..CALLS_PER_TURN {
            if self.opening.outlet.capacity() < TOLD_PER_CALL {
                return if self.opening.outlet.is_closed() { Turn::Over } else { Turn::Blocked };
            }
            if let Some(event) = self.events.pop_front() {
                if self.deliver(event) == Turn::Over {
                    return Turn::Over;
                }
            } else if let Some(id) = self.due_timer(now) {
                if self.deliver(Event::Timer { id, now }) == Turn::Over {
                    return Turn::Over;
                }
            } else {
                match self.hear_market() {
                    Turn::More => {}
                    other => return other,
                }
            }
        }
        Turn::More
    }

    fn deliver(&mut self, event: Event) -> Turn {
        let is_stop = matches!(event, Event::Stop { .. });
        self.opening.journal.event(&event);
        let outcome = self.opening.machine.deliver(event);
        if !is_stop {
            return self.tell(outcome.map(|step| (0, step))).map_or(Turn::Over, |_| Turn::More);
        }
        let ended = match outcome {
            Ok(step) => {
                self.tell_step(step);
                Ok(())
            }
            Err(failure) => Err(failure),
        };
        self.send(Told::Stopped(ended));
        Turn::Over
    }

    fn hear_market(&mut self) -> Turn {
        if self.ticks.rest().is_empty() && self.candles.rest().is_empty() {
            (self.ticks.taken, self.candles.taken) = (0, 0);
            if self.mailbox.next(&mut self.ticks.batch, &mut self.candles.batch) == Batch::Empty {
                return Turn::Idle;
            }
        }
        let opening = &mut self.opening;
        if !self.ticks.rest().is_empty() {
            let outcome = opening.machine.ticks(self.ticks.rest());
            let taken = outcome.as_ref().map_or(self.ticks.rest().len(), |(taken, _)| *taken);
            let end = (self.ticks.taken + taken).min(self.ticks.batch.len());
            opening.journal.ticks(&self.ticks.batch[self.ticks.taken..end]);
            self.ticks.taken = end;
            return self.tell(outcome).map_or(Turn::Over, |_| Turn::More);
        }
        let outcome = opening.machine.candles(self.candles.rest());
        let taken = outcome.as_ref().map_or(self.candles.rest().len(), |(taken, _)| *taken);
        let end = (self.candles.taken + taken).min(self.candles.batch.len());
        opening.journal.candles(&self.candles.batch[self.candles.taken..end]);
        self.candles.taken = end;
        self.tell(outcome).map_or(Turn::Over, |_| Turn::More)
    }

    /// `None` when the run is over.
    fn tell(&mut self, outcome: Result<(usize, Step), Failure>) -> Option<()> {
        match outcome {
            Ok((_, step)) => {
                self.tell_step(step);
                Some(())
            }
            Err(failure) => {
                let last_words = self.opening.machine.last_words().to_vec();
                self.send(Told::Failed { failure, last_words });
                None
            }
        }
    }

    fn tell_step(&mut self, step: Step) {
        for trace in &step.traces {
            match trace {
                Trace::TimerSet { id, at } => {
                    self.opening.timers.insert(*id, *at);
                }
                Trace::TimerCancel { id } => {
                    self.opening.timers.remove(id);
                }
                Trace::Intent(_)
                | Trace::Log { .. }
                | Trace::Pnl { .. }
                | Trace::StateSet { .. }
                | Trace::StateDelete { .. } => {}
            }
        }
        if !step.traces.is_empty() || self.opening.journal.is_full() {
            let (event_seq, journal) = (self.opening.journal.seq(), self.opening.journal.take());
            self.send(Told::Step { step, event_seq, journal });
        }
    }

    /// There was room for everything a call can say when it was made; a task that is gone wants to hear nothing.
    fn send(&self, told: Told) {
        let _ = self.opening.outlet.try_send(told);
    }

    fn due_timer(&mut self, now: Timestamp) -> Option<u64> {
        let (&id, _) = self.opening.timers.iter().filter(|(_, at)| **at <= now).min_by_key(|(_, at)| **at)?;
        self.opening.timers.remove(&id);
        Some(id)
    }

    fn post_finished(&mut self) {
        for candle in self.finished.drain(..) {
            self.mailbox.push_candle(candle);
        }
    }

    fn count_dropped(&mut self) {
        let dropped = self.mailbox.take_dropped();
        if dropped > 0 {
            self.opening.counters.dropped(dropped);
        }
    }
}
