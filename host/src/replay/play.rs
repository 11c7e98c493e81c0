//! One version of a strategy over a recorded market, with a paper exchange of its own to answer it.
//!
//! Ticks, sessions, cash and notices come from the recording. Bars, timers and order updates are made anew, because they
//! follow from what this very version asks for. Knows no second version.

use super::books::Books;
use super::bound::Bound;
use super::error::ReplayError;
use super::report::Outcome;
use super::tape::end_of;
use super::venue::{PaperOrder, Venue};
use crate::runs::Bars;
use ledger::RateTable;
use market::{Candle, Interval, Tick, Timestamp};
use sandbox::journal::Entry;
use sandbox::{Event, Failure, Machine, Params, Program, Seen, Start, Step, Trace};
use std::collections::BTreeMap;

/// Order updates that may follow from one moment of the market. A strategy that asks for something in every answer would
/// never see the next tick; what is over waits for it.
const ANSWERS_MAX: usize = 1_000;

/// How a version went.
#[derive(Debug)]
pub(super) struct Played {
    /// Its orders, oldest first.
    pub(super) orders: Vec<PaperOrder>,
    /// What they came to.
    pub(super) outcome: Outcome,
    /// Market events that it was given.
    pub(super) events: u64,
    /// The time of the first and of the last.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// Why it did not come to the end.
    pub(super) failed: Option<String>,
}

/// Why a version went no further: by its own fault, or because the replay ends here.
enum Ended {
    Failed(Failure),
    Replay(ReplayError),
}

/// A version with everything around it.
struct Player<'a> {
    /// Asked before every step of the machine: one event of the recording may cause any number of them.
    bound: &'a mut Bound,
    program: &'a Program,
    params: &'a Params,
    intervals: Vec<Interval>,
    machine: Option<Machine>,
    venue: Venue,
    books: Books<'a>,
    bars: Bars,
    timers: BTreeMap<u64, Timestamp>,
    finished: Vec<Candle>,
    now: Timestamp,
    /// The number of the event at hand.
    events: u64,
    first: Option<Timestamp>,
    failed: Option<String>,
}

/// Plays a version over a recording.
///
/// # Errors
/// When the recording cannot be read, or the time is over.
pub(super) fn play<'a>(
    program: &'a Program,
    params: &'a Params,
    rates: &'a RateTable,
    recording: impl Iterator<Item = Result<(u64, Entry), ReplayError>>,
    bound: &'a mut Bound,
) -> Result<Played, ReplayError> {
    let intervals = program.manifest().intervals(params);
    let mut player = Player {
        bound,
        program,
        params,
        bars: Bars::new(intervals.clone()),
        intervals,
        machine: None,
        venue: Venue::default(),
        books: Books::new(rates, &[]),
        timers: BTreeMap::new(),
        finished: Vec::new(),
        now: Timestamp::EPOCH,
        events: 0,
        first: None,
        failed: None,
    };
    for entry in recording {
        let (number, entry) = entry?;
        player.bound.count(entry.events())?;
        match player.live(number, entry, rates) {
            Ok(()) => {}
            Err(Ended::Failed(failure)) => {
                player.failed.get_or_insert(failure.to_string());
                player.machine = None;
            }
            Err(Ended::Replay(error)) => return Err(error),
        }
    }
    Ok(player.played())
}

impl<'a> Player<'a> {
    fn live(&mut self, number: u64, entry: Entry, rates: &'a RateTable) -> Result<(), Ended> {
        self.events = number.saturating_sub(entry.events());
        match entry {
            Entry::Start(beginning) => {
                self.events += 1;
                self.start(beginning.start, rates)
            }
            Entry::Ticks(ticks) => ticks.iter().try_for_each(|tick| {
                self.events += 1;
                self.tick(tick)
            }),
            Entry::Candles(candles) => candles.iter().try_for_each(|candle| {
                self.events += 1;
                self.pass_to(end_of(candle))
            }),
            Entry::Event(event) => {
                self.events += 1;
                self.event(event)
            }
            // What the version that ran did is not what this one does.
            Entry::Traces(_) => Ok(()),
        }
    }

    /// The recorded beginning, with this version's parameters; a second one goes on with what this version has.
    fn start(&mut self, recorded: Start, rates: &'a RateTable) -> Result<(), Ended> {
        if self.failed.is_some() {
            return Ok(());
        }
        self.now = self.now.max(recorded.now);
        self.first.get_or_insert(recorded.now);
        self.venue.list(&recorded.instruments);
        self.venue.at(self.events, self.now);
        let before = self.machine.take().and_then(|machine| machine.seen());
        if before.is_none() {
            self.books = Books::new(rates, &recorded.positions);
        }
        recorded.instruments.iter().for_each(|one| self.books.name(one.token, &one.symbol));
        self.bars = Bars::new(self.intervals.clone());
        self.timers.clear();
        let start = begun(recorded, self.params.clone(), before);
        self.bound.look()?;
        match self.program.start(start) {
            Ok((machine, step)) => {
                self.machine = Some(machine);
                self.absorb(step)?;
                self.answer()
            }
            Err(failure) => Err(failure.failure.into()),
        }
    }

    fn tick(&mut self, tick: &Tick) -> Result<(), Ended> {
        self.pass_to(tick.time)?;
        self.bars.take(tick, &mut self.finished);
        self.hear_bars()?;
        self.venue.mark(tick);
        self.books.price(tick);
        if let Some(machine) = &mut self.machine {
            self.bound.look()?;
            let (_, step) = machine.ticks(std::slice::from_ref(tick))?;
            self.absorb(step)?;
        }
        self.venue.trade(tick.token, self.now);
        self.answer()
    }

    fn event(&mut self, event: Event) -> Result<(), Ended> {
        let at = match &event {
            Event::Order(update) => update.time,
            Event::Timer { now, .. }
            | Event::Notice { now, .. }
            | Event::Session { now, .. }
            | Event::Stop { now } => *now,
            Event::Cash { .. } => self.now,
        };
        self.pass_to(at)?;
        // Answers and timers are this version's own.
        if matches!(event, Event::Order(_) | Event::Timer { .. }) {
            return Ok(());
        }
        self.hear(event)
    }

    /// Time passes: what is due by then comes first.
    fn pass_to(&mut self, to: Timestamp) -> Result<(), Ended> {
        while let Some((id, at)) = self.due(to) {
            self.timers.remove(&id);
            self.now = self.now.max(at);
            self.venue.at(self.events, self.now);
            self.hear(Event::Timer { id, now: self.now })?;
        }
        self.now = self.now.max(to);
        self.venue.at(self.events, self.now);
        if !self.bars.is_empty() {
            self.bars.expire(self.now, &mut self.finished);
            self.hear_bars()?;
        }
        self.answer()
    }

    fn due(&self, by: Timestamp) -> Option<(u64, Timestamp)> {
        let due = self.timers.iter().filter(|(_, at)| **at <= by);
        due.min_by_key(|(id, at)| (**at, **id)).map(|(id, at)| (*id, *at))
    }

    fn hear_bars(&mut self) -> Result<(), Ended> {
        for candle in std::mem::take(&mut self.finished) {
            let Some(machine) = &mut self.machine else { return Ok(()) };
            self.bound.look()?;
            let (_, step) = machine.candles(std::slice::from_ref(&candle))?;
            self.absorb(step)?;
            self.answer()?;
        }
        Ok(())
    }

    fn hear(&mut self, event: Event) -> Result<(), Ended> {
        let Some(machine) = &mut self.machine else { return Ok(()) };
        self.bound.look()?;
        let step = machine.deliver(event)?;
        self.absorb(step)?;
        self.answer()
    }

    /// What a step asked for goes to the exchange.
    fn absorb(&mut self, step: Step) -> Result<(), Ended> {
        for trace in step.traces {
            match trace {
                Trace::Intent(intent) => self.venue.take(&intent, self.now),
                Trace::TimerSet { id, at } => {
                    self.timers.insert(id, at);
                }
                Trace::TimerCancel { id } => {
                    self.timers.remove(&id);
                }
                Trace::Log { .. }
                | Trace::Pnl { .. }
                | Trace::StateSet { .. }
                | Trace::StateDelete { .. } => {}
            }
        }
        Ok(self.bound.orders(self.venue.orders_placed())?)
    }

    /// The exchange's answers, and the answers to what is asked for in answer.
    fn answer(&mut self) -> Result<(), Ended> {
        for _ in 0..ANSWERS_MAX {
            for trade in self.venue.take_trades() {
                self.books.trade(&trade);
            }
            let Some(update) = self.venue.next_told() else { return Ok(()) };
            let Some(machine) = &mut self.machine else { return Ok(()) };
            self.bound.look()?;
            let step = machine.deliver(Event::Order(update))?;
            self.absorb(step)?;
        }
        Ok(())
    }

    fn played(mut self) -> Played {
        for trade in self.venue.take_trades() {
            self.books.trade(&trade);
        }
        Played {
            orders: self.venue.orders().cloned().collect(),
            outcome: self.books.outcome(),
            events: self.events,
            span: self.first.map(|first| (first, self.now)),
            failed: self.failed,
        }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ReplayError> for Ended {
    fn from(error: ReplayError) -> Self {
        Self::Replay(error)
    }
}

/// A recorded start for another machine.
fn begun(recorded: Start, params: Params, before: Option<Seen>) -> Start {
    let Some(before) = before else { return Start { params, ..recorded } };
    let last = before.orders.iter().map(|order| order.id).max().unwrap_or(0);
    Start {
        params,
        positions: before.positions,
        orders: before.orders,
        next_order_id: last + 1,
        state: before.state,
        today_realised: before.today_realised,
        ..recorded
    }
}
