//! The beginning of a run's time on a shard: with a new machine, or with the one it had.
//!
//! Knows how a machine is started; not when, and not what happens to it afterwards.

use super::bars::Bars;
use super::live::Wish;
use super::prepare::Ready;
use super::rebuild::Rebuilt;
use super::running::Ended;
use super::sessions::TradingDay;
use super::subject::Subject;
use super::told::Tail;
use market::{InstrumentToken, Timestamp};
use sandbox::journal::{Beginning, Recorder};
use sandbox::{Event, Machine, NoticeKind, Params, Program, Start, StartFailure, Step, Trace};
use std::collections::BTreeMap;
use tenant::{RunLine, StoreError};

/// Everything that a run has when it begins to hear.
pub(super) struct Begun {
    pub(super) line: RunLine,
    pub(super) machine: Machine,
    pub(super) tokens: Vec<InstrumentToken>,
    /// The time of the newest event it heard.
    pub(super) heard_at: Timestamp,
    pub(super) bars: Bars,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) recorder: Recorder,
    pub(super) day: TradingDay,
    /// What its start left, where it has just started.
    pub(super) first: Option<(Step, Tail)>,
    /// What it must be told before anything else.
    pub(super) told: Vec<Event>,
}

/// With a new machine. `again`: the run may have missed something since it heard last.
pub(super) async fn anew(
    subject: &Subject,
    program: &Program,
    params: &Params,
    ready: Ready,
    again: bool,
) -> Result<Begun, Ended> {
    let Ready { line, start } = ready;
    let (now, tokens) = (start.now, start.instruments.iter().map(|i| i.token).collect());
    let behind = last_event(subject).await.map_err(|error| Ended::Retry(error.to_string()))?;
    let mut recorder = Recorder::behind(behind);
    let beginning = Beginning::new(program, start);
    recorder.start(&beginning);
    let (machine, step) = start_machine(subject, program, beginning.start).await?;
    recorder.traces(&step.traces);
    let tail = Tail { recorded: recorder.take(), time: now };
    let text = "the host restarted; events may have been missed".to_owned();
    let restarted = Event::Notice { kind: NoticeKind::HostRestarted, now, text };
    Ok(Begun {
        line,
        machine,
        tokens,
        heard_at: now,
        bars: Bars::new(program.manifest().intervals(params)),
        timers: timers_of(&step),
        recorder,
        day: TradingDay::new(subject.inner.calendar.clone(), now),
        first: Some((step, tail)),
        told: again.then_some(restarted).into_iter().collect(),
    })
}

/// With the machine it had.
pub(super) fn as_it_was(subject: &Subject, rebuilt: Rebuilt) -> Begun {
    let Rebuilt { line, machine, tokens, bars, timers, recorder, known, changes, cash } = rebuilt;
    let mut day = TradingDay::new(subject.inner.calendar.clone(), known.day());
    let told = known.catch_up(changes, &mut day, cash, subject.inner.clock.now());
    Begun { line, machine, tokens, heard_at: known.heard_at, bars, timers, recorder, day, first: None, told }
}

/// The row would not have it run: it was asked to stop meanwhile, or closed.
pub(super) fn not_to_run(subject: &Subject) -> Ended {
    let wish = subject.claim.wish();
    if wish.stop || wish.suspend { asked(wish) } else { Ended::RowClosed }
}

/// What a wish that came before the run was ready makes of it.
pub(super) fn asked(wish: Wish) -> Ended {
    if wish.suspend { Ended::Suspended } else { Ended::Asked(Ok(())) }
}

/// Where the run's journal ends. What another task of it left a moment ago is durable then.
async fn last_event(subject: &Subject) -> Result<u64, StoreError> {
    subject.tenant.write_gathered_of(&subject.run).await?;
    subject.tenant.last_event(&subject.run.id).await
}

/// Off the tasks' threads, and no more of them at once than there are processors.
async fn start_machine(subject: &Subject, program: &Program, start: Start) -> Result<(Machine, Step), Ended> {
    let _turn = subject.inner.cores.acquire().await;
    let program = program.clone();
    match tokio::task::spawn_blocking(move || program.start(start)).await {
        Ok(Ok(started)) => Ok(started),
        Ok(Err(StartFailure { failure, last_words })) => {
            subject.say_last_words(last_words);
            Err(Ended::Failed(failure.to_string()))
        }
        Err(panic) => Err(Ended::Failed(format!("the host could not start it: {panic}"))),
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
