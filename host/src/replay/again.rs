//! The same component over the same events: does it do the same?
//!
//! Every trace is compared: intents, log lines, amounts, stored values and timers, in their order.

use super::bound::Bound;
use super::error::ReplayError;
use super::report::{At, Divergence, Replayed};
use super::tape::{Tape, time_of};
use super::{head, words};
use sandbox::journal::{Beginning, Entry, Rerun, RerunError};
use sandbox::{Program, Trace};
use std::time::Instant;
use tenant::{Recorded, RunState};

/// A replay on its way.
struct Again<'a> {
    tape: &'a Tape<'a>,
    rerun: Rerun,
    program: &'a Program,
    report: Replayed,
    /// The event at hand.
    last: Option<Entry>,
    /// The number and the words of a failure, until it is known whether the recording ends with it too.
    failed: Option<(u64, String)>,
}

/// Runs a recorded run again, up to its end or the first divergence.
///
/// # Errors
/// When the journal cannot be read, or the time is over.
pub fn again(
    recorded: &Recorded,
    tape: &Tape<'_>,
    program: &Program,
    bound: &mut Bound,
) -> Result<Replayed, ReplayError> {
    let begun = Instant::now();
    let first = At(tape.beginning()?.start.now);
    let mut again = Again {
        tape,
        rerun: Rerun::anywhere(program),
        program,
        report: nothing(recorded, first),
        last: None,
        failed: None,
    };
    for entry in tape.entries() {
        let (event, entry) = entry?;
        bound.count(entry.events())?;
        if !again.take(event, entry) {
            break;
        }
    }
    again.end(recorded);
    let mut report = again.report;
    report.identical = report.divergence.is_none();
    report.seconds = begun.elapsed().as_secs_f64();
    let recorded_s = report.to.0.micros_since(report.from.0) as f64 / 1e6;
    report.times_real_time = recorded_s / report.seconds.max(1e-9);
    Ok(report)
}

impl Again<'_> {
    /// False at the first divergence.
    fn take(&mut self, event: u64, entry: Entry) -> bool {
        if let Entry::Start(beginning) = &entry {
            self.note_failure();
            self.note_where(event, beginning);
        } else if self.failed.is_some() {
            self.diverge_by_failure();
            return false;
        }
        match self.rerun.take(event, &entry) {
            Ok(()) => {}
            Err(RerunError::Failed { seq, why }) => self.failed = Some((seq, why)),
            Err(error) => {
                self.diverge(&error);
                return false;
            }
        }
        self.count(event, &entry);
        if !matches!(entry, Entry::Traces(_)) {
            self.last = Some(entry);
        }
        true
    }

    fn count(&mut self, event: u64, entry: &Entry) {
        let report = &mut self.report;
        report.events = event;
        if let Entry::Ticks(ticks) = entry {
            report.ticks += ticks.len() as u64;
        }
        if let Entry::Traces(traces) = entry {
            for trace in traces {
                report.intents += u64::from(matches!(trace, Trace::Intent(_)));
                report.lines += u64::from(matches!(trace, Trace::Log { .. }));
            }
        }
        report.to = time_of(entry).map_or(report.to, |time| report.to.max(At(time)));
    }

    fn diverge(&mut self, error: &RerunError) {
        let worded = |traces: &[Trace]| traces.iter().map(words::trace).collect::<Vec<_>>();
        let (event, recorded, now) = match error {
            RerunError::Diverged(found) => (found.seq, worded(&found.recorded), worded(&found.made)),
            RerunError::Failed { seq, why } => (*seq, Vec::new(), vec![format!("it failed: {why}")]),
            RerunError::MadeElsewhere(_) | RerunError::NoStart => {
                (self.report.events, Vec::new(), vec![error.to_string()])
            }
        };
        self.report.divergence = Some(self.divergence(event, recorded, now));
    }

    /// The recording goes on behind the event in which it failed now.
    fn diverge_by_failure(&mut self) {
        if let Some((event, why)) = self.failed.take() {
            let now = vec![format!("it failed: {why}")];
            let recorded = vec!["it went on".to_owned()];
            self.report.divergence = Some(self.divergence(event, recorded, now));
        }
    }

    fn divergence(&self, event: u64, recorded: Vec<String>, now: Vec<String>) -> Divergence {
        let what = self.last.as_ref().map_or_else(String::new, |entry| self.tape.words(entry));
        let at = self.last.as_ref().and_then(time_of).map_or(self.report.to, At);
        Divergence { event, at, what, recorded, now }
    }

    fn note_failure(&mut self) {
        if let Some((event, why)) = self.failed.take() {
            self.report
                .notes
                .push(format!("it failed in event {event}, as the recording ends there too: {why}"));
        }
    }

    /// What it was recorded under, where that is not what it is replayed under.
    fn note_where(&mut self, event: u64, beginning: &Beginning) {
        if let Err(differs) = beginning.check(self.program) {
            let note =
                format!("from event {event} on {differs}: the answers may differ for that reason alone");
            self.report.notes.push(note);
        }
    }

    fn end(&mut self, recorded: &Recorded) {
        if self.report.divergence.is_some() {
            return;
        }
        let failed = self.failed.is_some();
        self.note_failure();
        if !failed && let Err(error) = self.rerun.settle() {
            self.diverge(&error);
            return;
        }
        let (run, notes) = (&recorded.run, &mut self.report.notes);
        if !run.state.is_final() {
            notes.push("the run has not ended: it was replayed as far as it is written down".to_owned());
        }
        if run.state == RunState::Failed && !failed {
            let why = run.reason.as_deref().unwrap_or("no reason is known");
            notes.push(format!("the run failed then, and nothing failed now: {why}"));
        }
    }
}

fn nothing(recorded: &Recorded, first: At) -> Replayed {
    Replayed {
        run: head(recorded),
        identical: false,
        divergence: None,
        events: 0,
        ticks: 0,
        intents: 0,
        lines: 0,
        from: first,
        to: first,
        seconds: 0.0,
        times_real_time: 0.0,
        notes: Vec::new(),
    }
}
