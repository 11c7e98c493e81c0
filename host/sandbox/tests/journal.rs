//! A recorded run is had again from its journal: the same answers, the same memory, and the first difference named.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{open, program, start, tick, ticks};
use market::Tick;
use sandbox::journal::{Beginning, Entry, Reader, Recorded, Recorder, Rerun, RerunError};
use sandbox::{Event, Machine, NoticeKind, Program, Step, Trace};
use serde_json::json;

/// A run that is recorded as a shard records it.
struct Recording {
    machine: Machine,
    recorder: Recorder,
    stretches: Vec<Recorded>,
}

impl Recording {
    fn start(program: &Program, params: serde_json::Value) -> Self {
        let beginning = Beginning::new(program, start(program, params));
        let mut recorder = Recorder::default();
        recorder.start(&beginning);
        let (machine, step) = program.start(beginning.start).unwrap();
        recorder.traces(&step.traces);
        Self { machine, recorder, stretches: Vec::new() }
    }

    fn ticks(&mut self, mut batch: &[Tick]) {
        while !batch.is_empty() {
            let (taken, step) = self.machine.ticks(batch).unwrap();
            self.recorder.ticks(&batch[..taken]);
            self.left(&step);
            batch = &batch[taken..];
        }
    }

    fn event(&mut self, event: Event) {
        self.recorder.event(&event);
        let step = self.machine.deliver(event).unwrap();
        self.left(&step);
    }

    fn left(&mut self, step: &Step) {
        self.recorder.traces(&step.traces);
        if !step.traces.is_empty() {
            self.stretches.push(self.recorder.take());
        }
    }

    fn entries(&mut self) -> Vec<(u64, Entry)> {
        self.stretches.push(self.recorder.take());
        let mut reader = Reader::new(1);
        let mut entries = Vec::new();
        for stretch in &self.stretches {
            entries.extend(reader.entries(&stretch.bytes).map(Result::unwrap));
        }
        entries
    }
}

fn notice() -> Event {
    Event::Notice { kind: NoticeKind::FeedLost, now: open().plus_seconds(50), text: "gone".to_owned() }
}

fn rerun(program: &Program, entries: &[(u64, Entry)]) -> Result<Machine, RerunError> {
    let mut rerun = Rerun::new(program);
    entries.iter().try_for_each(|(seq, entry)| rerun.take(*seq, entry))?;
    Ok(rerun.end()?.0)
}

/// A recording of a run that trades on every third tick, and the program.
fn traded() -> (Program, Recording) {
    let program = program(guests::ECHO);
    let mut recording = Recording::start(&program, json!({ "every": 3, "quiet": true }));
    recording.ticks(&ticks(40));
    recording.event(notice());
    recording.ticks(&[tick(60), tick(61)]);
    (program, recording)
}

#[test]
fn a_recorded_run_is_had_again_with_its_memory() {
    let (program, mut recording) = traded();
    let entries = recording.entries();
    let orders = |traces: &[Trace]| traces.iter().filter(|trace| matches!(trace, Trace::Intent(_))).count();
    let asked: usize =
        entries.iter().map(|(_, entry)| if let Entry::Traces(t) = entry { orders(t) } else { 0 }).sum();
    assert_eq!(asked, 14, "it traded");
    let mut again = rerun(&program, &entries).unwrap();
    assert_eq!(again.seen(), recording.machine.seen());
    // What only its memory holds shows in what it does next.
    for number in 70..80 {
        let tick = [tick(number)];
        assert_eq!(again.ticks(&tick).unwrap(), recording.machine.ticks(&tick).unwrap());
    }
}

#[test]
fn one_changed_answer_is_named_and_so_is_one_that_is_missing_or_too_many() {
    let (program, mut recording) = traded();
    let whole = recording.entries();
    let at = whole.iter().position(|(_, entry)| matches!(entry, Entry::Traces(_))).unwrap();
    let seq = whole[at].0;
    assert_eq!(seq, 4, "the third tick");
    let diverged = |entries: &[(u64, Entry)]| match rerun(&program, entries).err().expect("it differs") {
        RerunError::Diverged(divergence) => *divergence,
        other => panic!("{other}"),
    };
    let mut changed = whole.clone();
    let Entry::Traces(traces) = &mut changed[at].1 else { panic!("traces") };
    traces.pop();
    let found = diverged(&changed);
    assert_eq!((found.seq, found.made.len(), found.recorded.len()), (seq, 2, 1));
    let mut missing = whole.clone();
    missing.remove(at);
    assert_eq!(diverged(&missing).recorded, []);
    let mut too_many = whole.clone();
    too_many.insert(1, (1, Entry::Traces(vec![Trace::TimerCancel { id: 1 }])));
    let found = diverged(&too_many);
    assert_eq!((found.seq, found.made.len()), (1, 0));
    let cut = &whole[..at];
    assert_eq!(diverged(cut).seq, seq, "the last event was answered, and the answer is not there");
}

#[test]
fn one_changed_tick_makes_another_run() {
    let (program, mut recording) = traded();
    let mut entries = recording.entries();
    let Some((_, Entry::Ticks(ticks))) =
        entries.iter_mut().find(|(_, entry)| matches!(entry, Entry::Ticks(_)))
    else {
        panic!("ticks")
    };
    let third = ticks.last_mut().unwrap();
    third.time = third.time.plus_seconds(1);
    let said = rerun(&program, &entries).err().expect("it differs").to_string();
    assert!(said.starts_with("it went another way at event 4: recorded was"), "{said}");
}

#[test]
fn timers_that_stand_come_along() {
    let program = program(guests::PARITY);
    let mut recording = Recording::start(&program, json!({}));
    recording.ticks(&ticks(30));
    let entries = recording.entries();
    let mut rerun = Rerun::new(&program);
    entries.iter().try_for_each(|(seq, entry)| rerun.take(*seq, entry)).unwrap();
    let (machine, timers) = rerun.end().unwrap();
    let seen = machine.seen().unwrap();
    assert!(!timers.is_empty());
    assert_eq!(timers, seen.timers, "as the machine itself has them");
}

#[test]
fn a_recording_of_another_component_engine_or_architecture_is_not_run_again() {
    let (program, mut recording) = traded();
    let entries = recording.entries();
    let said = rerun(&fixture::program(guests::SCALPER), &entries).err().unwrap().to_string();
    assert!(said.contains("recorded under component"), "{said}");
    type Spoil = fn(&mut Beginning);
    let table: [(Spoil, &str); 2] = [
        (|beginning| beginning.engine = "wasmtime 1".to_owned(), "engine wasmtime 1"),
        (|beginning| beginning.architecture = "pdp11".to_owned(), "processor architecture pdp11"),
    ];
    for (spoil, words) in table {
        let mut entries = entries.clone();
        let Entry::Start(beginning) = &mut entries[0].1 else { panic!("a start") };
        spoil(beginning);
        let said = rerun(&program, &entries).err().unwrap().to_string();
        assert!(said.contains(words), "{said}");
    }
    let mut entries = entries;
    let Entry::Start(beginning) = &mut entries[0].1 else { panic!("a start") };
    beginning.build = "another build".to_owned();
    rerun(&program, &entries).unwrap();
}

#[test]
fn a_machine_that_fails_in_its_second_life_says_where() {
    let program = program(guests::TRAP);
    let mut recorder = Recorder::default();
    recorder.start(&Beginning::new(&program, start(&program, json!({}))));
    ticks(5).iter().for_each(|tick| recorder.ticks(std::slice::from_ref(tick)));
    let bytes = recorder.take().bytes;
    let entries: Vec<_> = Reader::new(1).entries(&bytes).map(Result::unwrap).collect();
    let said = rerun(&program, &entries).err().unwrap().to_string();
    assert!(said.contains("it failed at event 4: on_tick panicked"), "{said}");
    assert_eq!(rerun(&program, &[]).err().unwrap(), RerunError::NoStart);
}
