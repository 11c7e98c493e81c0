//! One run's task: from its start, through waiting for the broker, to its end.
//!
//! It stands between the shard, where the strategy runs, and the tenant, where everything is written down. Nothing
//! here waits for the shard while the shard waits for it.

use super::bars::Bars;
use super::cell::Opening;
use super::feeds::Seat;
use super::journal::Journal;
use super::prepare::{NotReady, Ready, prepare};
use super::sessions::next_change;
use super::shard::{Command, ShardHandle};
use super::told::{Ask, Counters, Slot, Told};
use super::{Inner, words};
use market::{Intent, Timestamp};
use sandbox::{Event, Failure, LogLevel, NoticeKind, Params, Program, Step, Trace};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tenant::{Cause, RunEvent, RunLine, RunRecord, RunState, StoreError, Tenant};
use tokio::sync::mpsc;

/// Messages from a shard that may wait for the run's task, in messages. Then the shard lets the run wait.
const TOLD_MAX: usize = 64;

/// The longest pause between two tries to reach the broker.
const WAIT_LONGEST: Duration = Duration::from_secs(15);

/// A wish to end a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// The trader asked for it.
    Stop { square_off: bool },
    /// The host goes down; the run will be started again with it.
    Suspend,
}

/// What a run is made of.
pub(super) struct Life {
    pub(super) inner: Arc<Inner>,
    pub(super) tenant: Tenant,
    pub(super) run: RunRecord,
    pub(super) program: Program,
    pub(super) params: Params,
    pub(super) counters: Arc<Counters>,
    pub(super) ends: mpsc::Receiver<End>,
    /// True when the host came back and found the run active.
    pub(super) again: bool,
}

/// How a run's time on its shard ended.
enum Ended {
    Asked { square_off: bool, outcome: Result<(), Failure> },
    Failed(String),
    Suspended,
}

/// A run that hears events.
struct Running<'a> {
    life: &'a mut Life,
    line: RunLine,
    shard: ShardHandle,
    slot: Slot,
    told: mpsc::Receiver<Told>,
    stopping: Option<bool>,
    /// Gives the subscriptions up when the run ends.
    _seat: Seat,
}

impl Life {
    /// Lives the run to its end and writes the end down.
    pub(super) async fn live(mut self) {
        let ended = match self.until_ready().await {
            Ok(ready) => self.run_it(ready).await,
            Err(ended) => ended,
        };
        match ended {
            Ended::Suspended => {}
            Ended::Failed(reason) => self.fail(&reason).await,
            Ended::Asked { square_off, outcome } => self.wind_down(square_off, outcome).await,
        }
    }

    async fn until_ready(&mut self) -> Result<Ready, Ended> {
        let mut pause = Duration::from_millis(500);
        let mut broker = self.tenant.broker_state();
        let mut said = String::new();
        loop {
            let session = self.inner.calendar.hours(self.inner.clock.now().date());
            let manifest = self.program.manifest();
            let tried =
                prepare(&self.tenant, &self.run, manifest, &self.params, &self.inner.clock, session).await;
            let why = match tried {
                Ok(ready) => return Ok(ready),
                Err(NotReady::Never(reason)) => return Err(Ended::Failed(reason)),
                Err(NotReady::Wait(why)) => why,
            };
            if why != said {
                self.set_state(RunState::WaitingForBroker, Some(&why)).await;
                said = why;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(WAIT_LONGEST),
                _ = broker.changed() => {}
                end = self.ends.recv() => return Err(self.ended_early(end)),
            }
        }
    }

    fn ended_early(&self, end: Option<End>) -> Ended {
        match end {
            Some(End::Stop { square_off }) => Ended::Asked { square_off, outcome: Ok(()) },
            Some(End::Suspend) | None => Ended::Suspended,
        }
    }

    async fn run_it(&mut self, ready: Ready) -> Ended {
        let Ready { line, start } = ready;
        let started_at = start.now;
        let tokens: Vec<_> = start.instruments.iter().map(|instrument| instrument.token).collect();
        let mut journal = Journal::default();
        journal.start(&hex::encode(self.program.sha256()), &start);
        let program = self.program.clone();
        let outcome = tokio::task::spawn_blocking(move || program.start(start)).await;
        let (machine, step) = match outcome {
            Ok(Ok(started)) => started,
            Ok(Err(failure)) => return Ended::Failed(failure.to_string()),
            Err(panic) => return Ended::Failed(format!("the host could not start it: {panic}")),
        };
        let timers = timers_of(&step);
        let first = Told::Step { step, event_seq: journal.seq(), journal: journal.take() };
        let (number, slot) = self.inner.place();
        let shard = self.inner.shards[number].clone();
        let feed = self.inner.feeds.of(&self.tenant);
        let seat = feed.seat(slot, number, tokens.clone()).await;
        let (outlet, told) = mpsc::channel(TOLD_MAX);
        let manifest = self.program.manifest();
        let opening = Opening {
            slot,
            feed: feed.number(),
            tokens,
            machine,
            bars: Bars::new(manifest.intervals(&self.params)),
            timers,
            journal,
            counters: Arc::clone(&self.counters),
            outlet,
        };
        self.set_state(RunState::Running, None).await;
        let mut running = Running { life: self, line, shard, slot, told, stopping: None, _seat: seat };
        if let Err(error) = running.write(first).await {
            return Ended::Failed(format!("what it did could not be written down: {error}"));
        }
        running.shard.tell(Command::Open(Box::new(opening))).await;
        running.greet(started_at).await;
        running.go_on().await
    }

    async fn wind_down(&mut self, square_off: bool, outcome: Result<(), Failure>) {
        if square_off && let Err(error) = self.tenant.wind_down(&self.run.id, true).await {
            let reason = format!("its orders and positions could not be closed: {error}");
            self.say(LogLevel::Error, &reason);
        }
        let failed = outcome.err().map(|failure| format!("its last words failed: {failure}"));
        let left = if square_off { Ok(None) } else { words::left_standing(&self.tenant, &self.run.id).await };
        let left = left.unwrap_or_else(|error| Some(format!("whether orders stand is not known: {error}")));
        let reasons: Vec<_> = failed.into_iter().chain(left).collect();
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        self.set_state(RunState::Stopped, reason.as_deref()).await;
    }

    async fn fail(&mut self, reason: &str) {
        self.set_state(RunState::Failed, Some(reason)).await;
    }

    async fn set_state(&mut self, state: RunState, reason: Option<&str>) {
        match self.tenant.set_run_state(&self.run.id, state, reason).await {
            Ok(Some(record)) => self.run = record,
            Ok(None) => {}
            Err(error) => {
                // The tenant's log says every state; this one it could not be told.
                let run = &self.run.id;
                tracing::error!(broker_id = %self.tenant.broker_id(), run, "state {state} not written: {error:#}");
            }
        }
    }

    fn say(&self, level: LogLevel, text: &str) {
        words::say(&self.tenant, &self.run.id, level, text);
    }
}

impl Running<'_> {
    /// After a host restart the run hears that it may have missed something.
    async fn greet(&mut self, now: Timestamp) {
        if self.life.again {
            let text = "the host restarted; events may have been missed".to_owned();
            self.deliver(Event::Notice { kind: NoticeKind::HostRestarted, now, text }).await;
        }
    }

    async fn go_on(&mut self) -> Ended {
        loop {
            let (at, changes) = next_change(&self.life.inner.calendar, self.life.inner.clock.now());
            let until = Duration::from_micros(
                u64::try_from(at.micros_since(self.life.inner.clock.now())).unwrap_or(0).max(1_000),
            );
            tokio::select! {
                biased;
                told = self.told.recv() => match told {
                    Some(told) => {
                        if let Some(ended) = self.hear(told).await {
                            return ended;
                        }
                    }
                    None => return Ended::Failed("its shard has ended".to_owned()),
                },
                Some(said) = self.line.events.recv() => self.pass_on(said).await,
                end = self.life.ends.recv() => match end {
                    Some(End::Stop { square_off }) => self.ask_to_stop(square_off).await,
                    Some(End::Suspend) | None => {
                        self.shard.tell(Command::Ask(self.slot, Ask::Drop)).await;
                        return Ended::Suspended;
                    }
                },
                () = tokio::time::sleep(until) => {
                    for change in changes {
                        self.deliver(change).await;
                    }
                }
            }
        }
    }

    async fn hear(&mut self, told: Told) -> Option<Ended> {
        match told {
            Told::Step { .. } => match self.write(told).await {
                Ok(()) => None,
                Err(error) => {
                    self.shard.tell(Command::Ask(self.slot, Ask::Drop)).await;
                    Some(Ended::Failed(format!("what it did could not be written down: {error}")))
                }
            },
            Told::Failed { failure, last_words } => {
                for trace in last_words {
                    if let Trace::Log { level, text } = trace {
                        self.life.say(level, &text);
                    }
                }
                Some(match self.stopping {
                    Some(square_off) => Ended::Asked { square_off, outcome: Err(failure) },
                    None => Ended::Failed(failure.to_string()),
                })
            }
            Told::Stopped(outcome) => {
                Some(Ended::Asked { square_off: self.stopping.unwrap_or(false), outcome })
            }
        }
    }

    /// Writes a step down: orders first, because they are in a hurry, then the rest in the order made.
    async fn write(&mut self, told: Told) -> Result<(), StoreError> {
        let Told::Step { step, event_seq, journal } = told else { return Ok(()) };
        let (tenant, run) = (&self.life.tenant, &self.life.run);
        let mut intents: Vec<Intent> = Vec::new();
        let mut writes: Vec<(String, Option<Vec<u8>>)> = Vec::new();
        let mut amounts = Vec::new();
        for trace in step.traces {
            match trace {
                Trace::Intent(intent) => intents.push(intent),
                Trace::Log { level, text } => words::say(tenant, &run.id, level, &text),
                Trace::Pnl { label, amount } => amounts.push((label, amount)),
                Trace::StateSet { key, value } => writes.push((key, Some(value))),
                Trace::StateDelete { key } => writes.push((key, None)),
                // Timers live on the shard.
                Trace::TimerSet { .. } | Trace::TimerCancel { .. } => {}
            }
        }
        if !intents.is_empty() || !journal.is_empty() {
            self.line.submit(Cause { event_seq, time: step.cause, journal }, intents).await?;
        }
        if !writes.is_empty() {
            tenant.state_write(&run.strategy_id, writes).await?;
        }
        if !amounts.is_empty() {
            tenant.record_pnls(&run.id, amounts, step.cause).await?;
        }
        Ok(())
    }

    async fn pass_on(&mut self, said: RunEvent) {
        let event = words::event(said, self.life.inner.clock.now());
        self.deliver(event).await;
    }

    async fn ask_to_stop(&mut self, square_off: bool) {
        // The second wish adds to the first: a run that is stopping can still be asked to close its positions.
        let first = self.stopping.is_none();
        self.stopping = Some(self.stopping.unwrap_or(false) || square_off);
        if first {
            self.deliver(Event::Stop { now: self.life.inner.clock.now() }).await;
        }
    }

    async fn deliver(&self, event: Event) {
        self.shard.tell(Command::Ask(self.slot, Ask::Deliver(event))).await;
    }
}

/// The timers that `start` left behind; later ones the shard follows itself.
fn timers_of(step: &Step) -> BTreeMap<u64, Timestamp> {
    let mut timers = BTreeMap::new();
    for trace in &step.traces {
        match trace {
            Trace::TimerSet { id, at } => {
                timers.insert(*id, *at);
            }
            Trace::TimerCancel { id } => {
                timers.remove(id);
            }
            Trace::Intent(_)
            | Trace::Log { .. }
            | Trace::Pnl { .. }
            | Trace::StateSet { .. }
            | Trace::StateDelete { .. } => {}
        }
    }
    timers
}
