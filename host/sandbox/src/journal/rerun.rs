//! A recorded run once more: its events to a machine, its answers compared.
//!
//! Whatever a strategy did is in the journal, and the same events give the same answers. Where they do not, the journal, the
//! engine or the host is not what it was, and the machine is not the run's.

use super::Entry;
use crate::event::Event;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::program::Program;
use crate::step::{Step, Trace};
use market::Timestamp;
use std::collections::BTreeMap;

/// How much of an answer is shown in an error, in bytes.
const SHOWN_BYTES: usize = 300;

/// The first event that was answered otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Divergence {
    /// The number of the event.
    pub seq: u64,
    /// What was recorded.
    pub recorded: Vec<Trace>,
    /// What came now.
    pub made: Vec<Trace>,
}

/// Why a recorded run cannot be had again.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RerunError {
    /// It went another way.
    #[error("it went another way at event {}: {}", .0.seq, first_difference(.0))]
    Diverged(Box<Divergence>),
    /// The machine failed, and the recording goes on.
    #[error("it failed at event {seq}: {why}")]
    Failed {
        /// The number of the event.
        seq: u64,
        /// Why, in words.
        why: String,
    },
    /// It was made by another component, engine or processor.
    #[error("{0}")]
    MadeElsewhere(String),
    /// There is nothing to begin with.
    #[error("the recording does not begin with a start")]
    NoStart,
}

/// A recorded run that is given its events again.
pub struct Rerun {
    program: Program,
    machine: Option<Machine>,
    timers: BTreeMap<u64, Timestamp>,
    /// What the last event was answered with, until the recording says so too.
    open: Option<(u64, Vec<Trace>)>,
    seq: u64,
    /// Made elsewhere is no reason not to try.
    anywhere: bool,
}

impl Rerun {
    /// With the component that made the recording.
    pub fn new(program: &Program) -> Self {
        let program = program.clone();
        Self { program, machine: None, timers: BTreeMap::new(), open: None, seq: 0, anywhere: false }
    }

    /// The same, whatever made the recording: for whoever wants to see how far it comes.
    pub fn anywhere(program: &Program) -> Self {
        Self { anywhere: true, ..Self::new(program) }
    }

    /// The next entry, with the number of the last event in it.
    ///
    /// # Errors
    /// The first difference; then there is nothing more to compare.
    pub fn take(&mut self, seq: u64, entry: &Entry) -> Result<(), RerunError> {
        if let Entry::Traces(recorded) = entry {
            return self.compare(seq, recorded);
        }
        // What the event before was answered with was not recorded.
        self.compare(self.seq, &[])?;
        self.seq = seq;
        let made = self.give(seq, entry)?;
        self.follow_timers(&made);
        if !made.is_empty() {
            self.open = Some((seq, made));
        }
        Ok(())
    }

    /// Nothing more is recorded: was the last answer?
    ///
    /// # Errors
    /// When it was not.
    pub fn settle(&mut self) -> Result<(), RerunError> {
        self.compare(self.seq, &[])
    }

    /// The machine as it was after the last event, and its timers.
    ///
    /// # Errors
    /// When its last answer was not recorded, or nothing was given.
    pub fn end(mut self) -> Result<(Machine, BTreeMap<u64, Timestamp>), RerunError> {
        self.settle()?;
        let mut machine = self.machine.ok_or(RerunError::NoStart)?;
        machine.forgive();
        Ok((machine, self.timers))
    }

    /// The machine, while it runs.
    pub fn machine(&self) -> Option<&Machine> {
        self.machine.as_ref()
    }

    fn compare(&mut self, seq: u64, recorded: &[Trace]) -> Result<(), RerunError> {
        let (seq, made) = self.open.take().unwrap_or((seq, Vec::new()));
        if made == recorded {
            return Ok(());
        }
        let divergence = Divergence { seq, recorded: recorded.to_vec(), made };
        Err(RerunError::Diverged(Box::new(divergence)))
    }

    fn give(&mut self, seq: u64, entry: &Entry) -> Result<Vec<Trace>, RerunError> {
        let failed = |failure: &Failure| RerunError::Failed { seq, why: failure.to_string() };
        if let Entry::Start(beginning) = entry {
            let made_here = beginning.check(&self.program).map_err(RerunError::MadeElsewhere);
            if !self.anywhere {
                made_here?;
            }
            self.timers.clear();
            let begun = self.program.start(beginning.start.clone());
            let (machine, step) = begun.map_err(|error| failed(&error.failure))?;
            self.machine = Some(machine);
            return Ok(step.traces);
        }
        let machine = self.machine.as_mut().ok_or(RerunError::NoStart)?;
        let made = match entry {
            Entry::Ticks(ticks) => in_turn(ticks, |ticks| machine.ticks(ticks)),
            Entry::Candles(candles) => in_turn(candles, |candles| machine.candles(candles)),
            Entry::Event(event) => {
                if let Event::Timer { id, .. } = event {
                    self.timers.remove(id);
                }
                machine.deliver(event.clone()).map(|step| step.traces)
            }
            Entry::Start(_) | Entry::Traces(_) => Ok(Vec::new()),
        };
        made.map_err(|failure| failed(&failure))
    }

    fn follow_timers(&mut self, made: &[Trace]) {
        for trace in made {
            match trace {
                Trace::TimerSet { id, at } => {
                    self.timers.insert(*id, *at);
                }
                Trace::TimerCancel { id } => {
                    self.timers.remove(id);
                }
                Trace::Intent(_)
                | Trace::Log { .. }
                | Trace::Pnl { .. }
                | Trace::StateSet { .. }
                | Trace::StateDelete { .. } => {}
            }
        }
    }
}

/// A batch as one call took it. A guest that takes less now answers in several steps, which are compared together.
fn in_turn<T>(
    mut batch: &[T],
    mut hand_over: impl FnMut(&[T]) -> Result<(usize, Step), Failure>,
) -> Result<Vec<Trace>, Failure> {
    let mut made = Vec::new();
    while !batch.is_empty() {
        let (taken, step) = hand_over(batch)?;
        made.extend(step.traces);
        batch = &batch[taken.clamp(1, batch.len())..];
    }
    Ok(made)
}

fn first_difference(divergence: &Divergence) -> String {
    let Divergence { recorded, made, .. } = divergence;
    let at = recorded.iter().zip(made).take_while(|(recorded, made)| recorded == made).count();
    let shown = |trace: Option<&Trace>| match trace {
        Some(trace) => crate::failure::quoted(&format!("{trace:?}"), SHOWN_BYTES),
        None => "nothing".to_owned(),
    };
    format!("recorded was {}, and now came {}", shown(recorded.get(at)), shown(made.get(at)))
}
