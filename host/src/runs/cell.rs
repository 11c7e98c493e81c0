//! One run on its shard: the machine, what it has yet to hear, its timers and its bars.
//!
//! Order updates go before timers, timers before the market. Knows no channel to the outside but its outlet.

use super::bars::Bars;
use super::mailbox::{Batch, Mailbox};
use super::told::{Counters, Slot, Tail, Told};
use market::{Candle, InstrumentToken, Tick, Timestamp};
use sandbox::journal::Recorder;
use sandbox::{Event, Failure, Machine, Step, Trace};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The journal is handed over by itself when it has grown to this, in bytes.
pub(super) const JOURNAL_PIECE_BYTES: usize = 256 << 10;

/// The journal of a run that does nothing is handed over this long after it was last. A crash takes back at most this and the
/// moment in which rows are gathered.
pub(super) const HAND_OVER: Duration = Duration::from_millis(200);

/// How long a run may hear what waits before the other runs of its shard have their turn. The call in which the time
/// runs out is finished.
const TURN: Duration = Duration::from_millis(5);

/// What one call can say to the run's task: its traces, and that it was the last.
const TOLD_PER_CALL: usize = 2;

/// What a run is opened with.
pub(super) struct Opening {
    pub(super) slot: Slot,
    /// Which tenant's feed it hears.
    pub(super) feed: u64,
    pub(super) tokens: Vec<InstrumentToken>,
    pub(super) machine: Machine,
    /// The time of the newest event it heard.
    pub(super) heard_at: Timestamp,
    pub(super) bars: Bars,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) recorder: Recorder,
    pub(super) counters: Arc<Counters>,
    pub(super) outlet: mpsc::Sender<Told>,
    /// What it is told before anything else, overdue timers and the first ticks among it.
    pub(super) first: Vec<Event>,
}

/// A run between two events.
pub(super) struct Cell {
    opening: Opening,
    mailbox: Mailbox,
    events: VecDeque<Event>,
    ticks: Taking<Tick>,
    candles: Taking<Candle>,
    finished: Vec<Candle>,
    /// The time of the last event given.
    heard_at: Timestamp,
    is_dropped: bool,
    /// When the journal was handed over last.
    handed_over: Instant,
    /// It has used up its share of the processor.
    is_waiting: bool,
    #[cfg(test)]
    panics: bool,
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
    /// The run's task lags, or the run has used up its share of the processor: nothing may be called yet.
    Blocked,
    /// The run is over.
    Over,
}

impl<T> Taking<T> {
    fn rest(&self) -> &[T] {
        &self.batch[self.taken..]
    }

    /// Takes so many from the front; all when nobody could say how many.
    fn take(&mut self, count: Option<usize>) -> &[T] {
        let begin = self.taken;
        let rest = self.batch.len() - begin;
        self.taken += count.unwrap_or(rest).min(rest);
        &self.batch[begin..self.taken]
    }
}

impl Cell {
    pub(super) fn new(mut opening: Opening) -> Self {
        let events = std::mem::take(&mut opening.first).into();
        let mailbox = Mailbox::new(opening.tokens.len());
        Self {
            heard_at: opening.heard_at,
            is_dropped: false,
            handed_over: Instant::now(),
            is_waiting: false,
            #[cfg(test)]
            panics: false,
            opening,
            mailbox,
            events,
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

    /// At the next turn the run hears nothing any more, and its task the rest of the journal.
    pub(super) fn ask_to_drop(&mut self) {
        self.is_dropped = true;
    }

    #[cfg(test)]
    pub(super) fn ask_to_panic(&mut self) {
        self.panics = true;
    }

    /// True while it has heard something that its task does not know of.
    pub(super) fn owes_journal(&self) -> bool {
        self.opening.recorder.bytes() > 0
    }

    /// Lets the run hear what waits, as long as its task keeps up.
    pub(super) fn turn(&mut self, now: Timestamp) -> Turn {
        let begun = Instant::now();
        self.hand_over_in_time(begun);
        if self.must_wait(begun) {
            return Turn::Blocked;
        }
        loop {
            if self.opening.outlet.capacity() < TOLD_PER_CALL {
                return if self.opening.outlet.is_closed() { Turn::Over } else { Turn::Blocked };
            }
            if self.is_dropped {
                let tail = self.tail();
                self.send(Told::Dropped { tail });
                return Turn::Over;
            }
            #[cfg(test)]
            assert!(!self.panics, "asked to fall over");
            match self.hear_next(now) {
                Turn::More if begun.elapsed() < TURN => {}
                other => return other,
            }
        }
    }

    /// What a run heard without doing anything is durable soon as well.
    fn hand_over_in_time(&mut self, now: Instant) {
        let is_time = now.duration_since(self.handed_over) >= HAND_OVER;
        if is_time && self.owes_journal() && self.opening.outlet.capacity() >= TOLD_PER_CALL {
            self.hand_over(Step { cause: self.heard_at, traces: Vec::new() });
        }
    }

    /// The host itself fell over in this run's turn: the run is over, and says so.
    pub(super) fn fell_over(&mut self, why: &str) {
        let why = format!(
            "the host fell over while it ran: {why}. This is a fault of the host, not of the strategy"
        );
        let tail = self.tail();
        self.send(Told::Failed { why, last_words: Vec::new(), tail });
    }

    /// One call into the machine, or none.
    /// True while the run has used up its share of the processor. Its end does not wait, and the task is told once.
    fn must_wait(&mut self, now: Instant) -> bool {
        let ends = self.is_dropped || self.events.iter().any(|event| matches!(event, Event::Stop { .. }));
        let waits = !ends && !self.opening.machine.must_wait(now).is_zero();
        if waits && !self.is_waiting && self.opening.outlet.capacity() > 0 {
            self.send(Told::Waits);
        }
        self.is_waiting = waits;
        waits
    }

    fn hear_next(&mut self, now: Timestamp) -> Turn {
        if let Some(event) = self.events.pop_front() {
            return self.deliver(event, now);
        }
        match self.due_timer(now) {
            Some(id) => self.deliver(Event::Timer { id, now }, now),
            None => self.hear_market(),
        }
    }

    fn deliver(&mut self, event: Event, now: Timestamp) -> Turn {
        let is_stop = matches!(event, Event::Stop { .. });
        self.opening.recorder.event(&event);
        self.heard_at = now;
        let outcome = self.opening.machine.deliver(event);
        if !is_stop {
            return self.tell(outcome);
        }
        let (ended, last_words) = match outcome {
            Ok(step) => {
                self.tell_step(step);
                (Ok(()), Vec::new())
            }
            Err(failure) => (Err(failure.to_string()), self.opening.machine.last_words().to_vec()),
        };
        let tail = self.tail();
        self.send(Told::Stopped { outcome: ended, last_words, tail });
        Turn::Over
    }

    fn hear_market(&mut self) -> Turn {
        if self.ticks.rest().is_empty() && self.candles.rest().is_empty() {
            (self.ticks.taken, self.candles.taken) = (0, 0);
            if self.mailbox.next(&mut self.ticks.batch, &mut self.candles.batch) == Batch::Empty {
                return Turn::Idle;
            }
        }
        if self.ticks.rest().is_empty() { self.hear_candles() } else { self.hear_ticks() }
    }

    fn hear_ticks(&mut self) -> Turn {
        let opening = &mut self.opening;
        let outcome = opening.machine.ticks(self.ticks.rest());
        let given = self.ticks.take(outcome.as_ref().ok().map(|(taken, _)| *taken));
        opening.recorder.ticks(given);
        opening.counters.heard(given.len() as u64);
        self.heard_at = given.last().map_or(self.heard_at, |tick| tick.time);
        self.tell(outcome.map(|(_, step)| step))
    }

    fn hear_candles(&mut self) -> Turn {
        let opening = &mut self.opening;
        let outcome = opening.machine.candles(self.candles.rest());
        let given = self.candles.take(outcome.as_ref().ok().map(|(taken, _)| *taken));
        opening.recorder.candles(given);
        let end = |candle: &Candle| candle.start.plus_seconds(candle.interval.seconds());
        self.heard_at = given.last().map_or(self.heard_at, end);
        self.tell(outcome.map(|(_, step)| step))
    }

    fn tell(&mut self, outcome: Result<Step, Failure>) -> Turn {
        match outcome {
            Ok(step) => {
                self.tell_step(step);
                Turn::More
            }
            Err(failure) => {
                let last_words = self.opening.machine.last_words().to_vec();
                let (why, tail) = (failure.to_string(), self.tail());
                self.send(Told::Failed { why, last_words, tail });
                Turn::Over
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
        self.opening.recorder.traces(&step.traces);
        if !step.traces.is_empty() || self.opening.recorder.bytes() >= JOURNAL_PIECE_BYTES {
            self.hand_over(step);
        }
    }

    /// What a call left, with the journal up to it.
    fn hand_over(&mut self, step: Step) {
        let tail = Tail { recorded: self.opening.recorder.take(), time: step.cause };
        self.handed_over = Instant::now();
        self.send(Told::Step { step, tail });
    }

    /// What the journal holds that was not handed over.
    fn tail(&mut self) -> Tail {
        Tail { recorded: self.opening.recorder.take(), time: self.heard_at }
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
