//! A run that hears events: between its shard, where the strategy is called, and its tenant, where everything is written.
//!
//! Nothing here waits for the shard while the shard waits for it.

use super::live::Wish;
use super::sessions::TradingDay;
use super::shard::{Command, ShardHandle};
use super::subject::Subject;
use super::told::{Ask, Slot, Tail, Told};
use super::words;
use sandbox::journal::Recorded;
use sandbox::{Event, LogLevel, Step, Trace};
use std::time::{Duration, Instant};
use tenant::{Cause, RunEvent, RunLine, RunStep, StoreError};
use tokio::sync::mpsc;

/// How long a run that is put down may take to hand the rest of its steps over.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(3);

/// How long the log is quiet about a run that waits for its share of the processor, after it has said so.
const SAY_WAITS_AGAIN: Duration = Duration::from_secs(60);

/// How a run's time on its shard ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was asked to; the words of its failure where its last call failed.
    Asked(Result<(), String>),
    /// It failed, for this reason.
    Failed(String),
    /// It was put down with the host.
    Suspended,
    /// Its shard has ended under it: the host may start it again.
    ShardGone,
    /// The host may try again: this kept it from starting.
    Retry(String),
    /// It was started again too often.
    Quarantined(String),
    /// Somebody closed its row.
    RowClosed,
}

/// A run on its shard.
pub(super) struct Running<'a> {
    pub(super) subject: &'a Subject,
    pub(super) line: RunLine,
    pub(super) shard: ShardHandle,
    pub(super) slot: Slot,
    pub(super) told: mpsc::Receiver<Told>,
    pub(super) day: TradingDay,
    /// When the log last said that the run waits for its share of the processor.
    pub(super) said_waits_at: Option<Instant>,
}

impl Running<'_> {
    /// Hears until it is over.
    pub(super) async fn hear_out(mut self) -> Ended {
        let ended = self.go_on().await;
        // What is gathered of runs that are put down is written in one go when the database is closed.
        if matches!(ended, Ended::Suspended) {
            return ended;
        }
        if let Err(error) = self.line.settle().await {
            self.subject.not_written("the last steps", &error);
            self.subject.say(LogLevel::Error, &format!("its last steps could not be written down: {error}"));
        }
        ended
    }

    async fn go_on(&mut self) -> Ended {
        let mut known = Wish::default();
        loop {
            let now = self.subject.inner.clock.now();
            for change in self.day.due(now) {
                self.deliver(change).await;
            }
            let until = u64::try_from(self.day.next().micros_since(now)).unwrap_or(0).max(1_000);
            tokio::select! {
                told = self.told.recv() => match told {
                    Some(told) => {
                        if let Some(ended) = self.hear(told).await {
                            return ended;
                        }
                    }
                    None => return Ended::ShardGone,
                },
                Some(said) = self.line.events.recv() => self.pass_on(said).await,
                wish = self.subject.claim.more_than(known) => {
                    if wish.suspend {
                        return self.put_down().await;
                    }
                    if wish.stop && !known.stop {
                        self.deliver(Event::Stop { now: self.subject.inner.clock.now() }).await;
                    }
                    known = wish;
                }
                () = tokio::time::sleep(Duration::from_micros(until)) => {}
            }
        }
    }

    async fn hear(&mut self, told: Told) -> Option<Ended> {
        match told {
            Told::Step { step, tail } => {
                let error = self.write(step, tail).await.err()?;
                self.shard.tell(Command::Ask(self.slot, Ask::Drop)).await;
                Some(Ended::Failed(format!("what it did could not be written down: {error}")))
            }
            Told::Failed { why, last_words, tail } => {
                self.subject.say_last_words(last_words);
                self.write_tail(tail).await;
                let is_stopping = self.subject.claim.wish().stop;
                Some(if is_stopping { Ended::Asked(Err(why)) } else { Ended::Failed(why) })
            }
            Told::Stopped { outcome, last_words, tail } => {
                self.subject.say_last_words(last_words);
                self.write_tail(tail).await;
                Some(Ended::Asked(outcome))
            }
            Told::Waits => {
                self.say_that_it_waits();
                None
            }
            Told::Dropped { tail } => {
                self.write_tail(tail).await;
                Some(Ended::Suspended)
            }
        }
    }

    /// The host goes down: what the strategy has done so far is written, and nothing more asked of it.
    async fn put_down(&mut self) -> Ended {
        let handed_over = async {
            self.shard.tell(Command::Ask(self.slot, Ask::Drop)).await;
            while let Some(told) = self.told.recv().await {
                if let Some(ended) = self.hear(told).await {
                    return ended;
                }
            }
            Ended::Suspended
        };
        tokio::time::timeout(HAND_OVER_WITHIN, handed_over).await.unwrap_or(Ended::Suspended)
    }

    /// Writes everything a step left: in one commit where it asks for something, gathered with others where not.
    pub(super) async fn write(&self, step: Step, tail: Tail) -> Result<(), StoreError> {
        let mut written = RunStep { cause: Cause { time: step.cause, ..cause(tail) }, ..RunStep::default() };
        for trace in step.traces {
            match trace {
                Trace::Intent(intent) => written.intents.push(intent),
                Trace::Log { level, text } => self.subject.say(level, &text),
                Trace::Pnl { label, amount } => written.amounts.push((label, amount)),
                Trace::StateSet { key, value } => written.state.push((key, Some(value))),
                Trace::StateDelete { key } => written.state.push((key, None)),
                // Timers live on the shard.
                Trace::TimerSet { .. } | Trace::TimerCancel { .. } => {}
            }
        }
        self.line.write(written).await
    }

    async fn write_tail(&self, tail: Tail) {
        if tail.recorded.bytes.is_empty() {
            return;
        }
        let step = RunStep { cause: cause(tail), ..RunStep::default() };
        if let Err(error) = self.line.write(step).await {
            self.subject.not_written("the end of the journal", &error);
        }
    }

    fn say_that_it_waits(&mut self) {
        if self.said_waits_at.is_some_and(|at| at.elapsed() < SAY_WAITS_AGAIN) {
            return;
        }
        self.said_waits_at = Some(Instant::now());
        let text = "it has used up its share of the processor: what it must hear waits, older ticks give way to newer";
        self.subject.say(LogLevel::Warn, text);
    }

    async fn pass_on(&mut self, said: RunEvent) {
        let event = words::event(said, self.subject.inner.clock.now());
        self.deliver(event).await;
    }

    /// A shard that has ended says so by closing its end of the run's own channel, after what it said before.
    async fn deliver(&self, event: Event) {
        self.shard.tell(Command::Ask(self.slot, Ask::Deliver(event))).await;
    }
}

fn cause(Tail { recorded, time }: Tail) -> Cause {
    let Recorded { first_seq, last_seq, begins, bytes } = recorded;
    Cause { first_seq, event_seq: last_seq, time, begins, journal: bytes }
}
