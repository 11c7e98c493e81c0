//! One running strategy: an event goes in, the traces it left come out.
//!
//! After any failure the machine is dead: its store is dropped, and every further call answers with the same failure.

mod call;
mod columns;
mod deadline;
mod desk;
mod limiter;
mod meter;
mod share;
mod traces;
mod writes;

pub(crate) use deadline::{begin, finish, guarded, last_words};
pub(crate) use desk::Desk;
pub(crate) use meter::Meter;
pub(crate) use traces::cut;

use crate::bindings::Strategy;
use crate::convert;
use crate::event::{Event, Start};
use crate::failure::{Call, Failure, StartFailure};
use crate::manifest::{Hears, value_out};
use crate::program::Program;
use crate::step::{Step, Trace};
use crate::view::Seen;
use columns::Columns;
use market::{Candle, Tick};
use share::Share;
use std::time::{Duration, Instant};
use wasmtime::Store;

/// A strategy between two events.
pub struct Machine {
    life: Life,
    last_words: Vec<Trace>,
    share: Share,
    /// Processor time of a dead machine; a living one's stands in its store.
    spent: Duration,
}

enum Life {
    Alive(Box<Alive>),
    Dead(Failure),
}

pub(crate) struct Alive {
    store: Store<Desk>,
    strategy: Strategy,
    hears: Hears,
    columns: Columns,
}

impl Program {
    /// Makes a machine and hands it its first event.
    ///
    /// # Errors
    /// When the guest fails in it, or the host has no room; what it said until then comes along.
    pub fn start(&self, start: Start) -> Result<(Machine, Step), StartFailure> {
        Machine::start(self, start)
    }
}

impl Machine {
    fn start(program: &Program, start: Start) -> Result<(Self, Step), StartFailure> {
        let params = start.params.iter().map(|(name, value)| (name.clone(), value_out(value)));
        let params: Vec<_> = params.collect();
        let (store, strategy) = program.instantiate(start, Call::Start)?;
        let hears = program.manifest().hears;
        let alive = Alive { store, strategy, hears, columns: Columns::new() };
        let mut machine = Self {
            share: Share::new(alive.limits()),
            life: Life::Alive(Box::new(alive)),
            last_words: Vec::new(),
            spent: Duration::ZERO,
        };
        let started = machine.call(Call::Start, |alive| {
            let guest = alive.strategy.bulkhead_strategy_guest();
            guest.call_start(&mut alive.store, &params)
        });
        match started {
            Ok(step) => Ok((machine, step)),
            Err(failure) => Err(StartFailure { failure, last_words: machine.last_words }),
        }
    }

    /// Hands a batch of snapshots over, oldest first, at most 256 at a time, and answers how many were taken. The rest
    /// must be handed over again.
    ///
    /// # Errors
    /// When the run is over.
    pub fn ticks(&mut self, ticks: &[Tick]) -> Result<(usize, Step), Failure> {
        let alive = self.alive()?;
        let batch = &ticks[..ticks.len().min(alive.batch())];
        if batch.is_empty() || !alive.hears.ticks {
            let view = &mut alive.store.data_mut().view;
            view.take_ticks(batch);
            return Ok((batch.len(), self.nothing()?));
        }
        alive.columns.fill_ticks(batch);
        alive.store.data_mut().begin_ticks(batch);
        self.call_batch(Call::Ticks, |alive| {
            let guest = alive.strategy.bulkhead_strategy_guest();
            guest.call_on_ticks(&mut alive.store, alive.columns.batch())
        })
    }

    /// Hands a batch of finished bars over, under the same rule.
    ///
    /// # Errors
    /// When the run is over.
    pub fn candles(&mut self, candles: &[Candle]) -> Result<(usize, Step), Failure> {
        let alive = self.alive()?;
        let batch = &candles[..candles.len().min(alive.batch())];
        if batch.is_empty() || !alive.hears.candles {
            let view = &mut alive.store.data_mut().view;
            batch.iter().for_each(|candle| view.take_candle(*candle));
            return Ok((batch.len(), self.nothing()?));
        }
        alive.columns.fill_candles(batch);
        alive.store.data_mut().begin_candles(batch);
        self.call_batch(Call::Candles, |alive| {
            let guest = alive.strategy.bulkhead_strategy_guest();
            guest.call_on_candles(&mut alive.store, alive.columns.batch())
        })
    }

    /// Hands one other event over.
    ///
    /// # Errors
    /// When the run is over.
    pub fn deliver(&mut self, event: Event) -> Result<Step, Failure> {
        let alive = self.alive()?;
        let hears = alive.hears;
        let view = &mut alive.store.data_mut().view;
        match event {
            Event::Cash { amount } => view.set_cash(amount),
            Event::Session { now, hours } => view.set_session(now, hours),
            Event::Order(update) => {
                view.take_order(&update);
                if hears.orders {
                    let update = convert::update_out(&update);
                    return self.call(Call::Order, |alive| {
                        let guest = alive.strategy.bulkhead_strategy_guest();
                        guest.call_on_order(&mut alive.store, &update)
                    });
                }
            }
            Event::Timer { id, now } => {
                view.advance(now);
                // A timer that was cancelled or moved while it was on its way is not delivered.
                if view.end_timer(id) && hears.timers {
                    return self.call(Call::Timer, |alive| {
                        let guest = alive.strategy.bulkhead_strategy_guest();
                        guest.call_on_timer(&mut alive.store, id)
                    });
                }
            }
            Event::Notice { kind, now, text } => {
                view.advance(now);
                if hears.notices {
                    let notice = convert::notice_record(kind, now, text);
                    return self.call(Call::Notice, |alive| {
                        let guest = alive.strategy.bulkhead_strategy_guest();
                        guest.call_on_notice(&mut alive.store, &notice)
                    });
                }
            }
            Event::Stop { now } => {
                view.advance(now);
                return self.call(Call::Stop, |alive| {
                    let guest = alive.strategy.bulkhead_strategy_guest();
                    guest.call_stop(&mut alive.store)
                });
            }
        }
        self.nothing()
    }

    /// The log lines of the call that failed, for the trader's log; what else that call asked for is void.
    pub fn last_words(&self) -> &[Trace] {
        &self.last_words
    }

    /// What its guest could read now; none when it is dead.
    pub fn seen(&self) -> Option<Seen> {
        match &self.life {
            Life::Alive(alive) => Some(alive.store.data().view.seen()),
            Life::Dead(_) => None,
        }
    }

    /// Bytes of memory the guest holds now; zero when it is dead.
    pub fn memory_bytes(&self) -> usize {
        match &self.life {
            Life::Alive(alive) => alive.store.data().limiter.memory_bytes(),
            Life::Dead(_) => 0,
        }
    }

    /// Processor time that its calls have used so far, its beginning included.
    pub fn spent(&self) -> Duration {
        match &self.life {
            Life::Alive(alive) => alive.store.data().meter.spent(),
            Life::Dead(_) => self.spent,
        }
    }

    /// How long the run must wait before it is called again, so that it keeps to its share of the processor; zero
    /// when its turn may come now. What waits for it waits with it. Asked once a turn, not once a call.
    pub fn must_wait(&mut self, now: Instant) -> Duration {
        let spent = self.spent();
        self.share.wait(spent, now)
    }

    /// What it has used so far is not charged to its share: it only did again what it had done.
    pub(crate) fn forgive(&mut self) {
        let spent = self.spent();
        self.share.forgive(spent);
    }

    fn alive(&mut self) -> Result<&mut Alive, Failure> {
        match &mut self.life {
            Life::Alive(alive) => Ok(alive),
            Life::Dead(failure) => Err(failure.clone()),
        }
    }

    fn nothing(&mut self) -> Result<Step, Failure> {
        let cause = self.alive()?.store.data().view.now();
        Ok(Step { cause, traces: Vec::new() })
    }
}
