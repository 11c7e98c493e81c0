//! The same component over the same events: does it do the same?
//!
//! Every trace is compared: intents, log lines, amounts, stored values and timers, in their order.

use super::bound::Bound;
use super::error::ReplayError;
use super::feed::Fed;
use super::report::{At, Divergence, Replayed};
use super::tape::{Entry, Tape};
use super::{head, words};
use market::Timestamp;
use sandbox::{Program, Trace};
use std::time::Instant;
use tenant::{Recorded, RunState};

/// The event at hand, and what was done with it now.
struct Answered {
    number: u64,
    at: Timestamp,
    entry: Entry,
    traces: Vec<Trace>,
    /// Why the machine ended in it.
    failed: Option<String>,
}

/// A replay on its way.
struct Again<'a> {
    tape: &'a Tape<'a>,
    fed: Fed<'a>,
    report: Replayed,
    last: Option<Answered>,
    /// What the run did with the last event, where it left a trace.
    recorded: Vec<Trace>,
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
    let first = tape.start()?.now;
    let report = Replayed {
        run: head(recorded),
        identical: false,
        divergence: None,
        events: 0,
        ticks: 0,
        intents: 0,
        lines: 0,
        from: At(first),
        to: At(first),
        seconds: 0.0,
        times_real_time: 0.0,
        notes: Vec::new(),
    };
    let mut again = Again { tape, fed: Fed::new(program), report, last: None, recorded: Vec::new() };
    for entry in tape.entries() {
        bound.count()?;
        if !again.take(entry?, &recorded.sha256) {
            break;
        }
    }
    if again.report.divergence.is_none() {
        again.settle(None);
        again.end(recorded);
    }
    let mut report = again.report;
    report.identical = report.divergence.is_none();
    report.seconds = begun.elapsed().as_secs_f64();
    let recorded_s = report.to.0.micros_since(report.from.0) as f64 / 1e6;
    report.times_real_time = recorded_s / report.seconds.max(1e-9);
    Ok(report)
}

impl Again<'_> {
    /// False at the first divergence.
    fn take(&mut self, entry: Entry, sha256: &str) -> bool {
        if let Entry::Traces(traces) = entry {
            self.recorded.extend(traces);
            return true;
        }
        self.settle(Some(&entry));
        if self.report.divergence.is_some() {
            return false;
        }
        self.note_what_it_was_made_under(&entry, sha256);
        let traces = self.fed.hear(&entry);
        let report = &mut self.report;
        report.events += 1;
        report.ticks += u64::from(matches!(entry, Entry::Tick(_)));
        report.to = report.to.max(At(entry.time()));
        let failed = self.fed.take_failure();
        let (number, at) = (report.events, report.to.0);
        self.last = Some(Answered { number, at, entry, traces, failed });
        true
    }

    /// Compares what was done with the last event, now that everything recorded of it is known.
    fn settle(&mut self, next: Option<&Entry>) {
        let recorded = std::mem::take(&mut self.recorded);
        let Some(last) = self.last.take() else { return };
        // After a failure nothing but another start can follow.
        let goes_on = next.is_some_and(|entry| !matches!(entry, Entry::Start { .. }));
        let failed = last.failed.as_ref().filter(|_| goes_on || !recorded.is_empty());
        if recorded == last.traces && failed.is_none() {
            for trace in &last.traces {
                self.report.intents += u64::from(matches!(trace, Trace::Intent(_)));
                self.report.lines += u64::from(matches!(trace, Trace::Log { .. }));
            }
            if let Some(why) = last.failed {
                self.report.notes.push(format!("it failed in event {}: {why}", last.number));
            }
            return;
        }
        let worded = |traces: &[Trace]| traces.iter().map(words::trace).collect::<Vec<_>>();
        let mut now = worded(&last.traces);
        now.extend(last.failed.map(|why| format!("it failed: {why}")));
        self.report.divergence = Some(Divergence {
            event: last.number,
            at: At(last.at),
            what: self.tape.words(&last.entry),
            recorded: worded(&recorded),
            now,
        });
    }

    fn note_what_it_was_made_under(&mut self, entry: &Entry, sha256: &str) {
        let Entry::Start { component, engine, architecture, .. } = entry else { return };
        let notes = &mut self.report.notes;
        if component != sha256 {
            notes.push(format!(
                "event {}: it was recorded with the component {component}",
                self.report.events + 1
            ));
        }
        let (own, here) = (super::tape::engine(), std::env::consts::ARCH);
        if *engine != own {
            notes.push(format!("it was recorded under {engine} and replayed under {own}"));
        }
        if architecture != here {
            notes.push(format!(
                "it was recorded on {architecture} and replayed on {here}: bits of floats that are no number may differ"
            ));
        }
        notes.dedup();
    }

    fn end(&mut self, recorded: &Recorded) {
        let run = &recorded.run;
        let notes = &mut self.report.notes;
        if !run.state.is_final() {
            notes.push("the run has not ended: it was replayed as far as it is written down".to_owned());
        }
        if run.state == RunState::Failed && !notes.iter().any(|note| note.starts_with("it failed")) {
            let why = run.reason.as_deref().unwrap_or("no reason is known");
            notes.push(format!("the run failed then, and nothing failed now: {why}"));
        }
    }
}
