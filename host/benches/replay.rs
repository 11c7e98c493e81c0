//! How fast a recorded day runs again, a run, in events a second and in times of real time. Target: 1 000 × and more.
//!
//! Beside it, in the same run: the bare reading of the same journal (nothing but inflating and decoding), and a machine that is
//! given the same ticks from memory in whole batches, with no journal and no comparison.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

#[path = "../tests/support/day.rs"]
mod day;

use day::{Cast, Day, DayRun, Size};
use divan::Bencher;
use divan::counter::ItemsCount;
use host::replay::{self, Bound, Tape};
use sandbox::journal::Entry;
use sandbox::{Engine, Limits, Start};
use std::sync::{Mutex, OnceLock};

/// Half an hour of fifty instruments, to each of the programs once.
const SIZE: Size = Size { seconds: 1_800, instruments: 50, runs: 5 };

/// Where it is only shown that the benchmarks run.
const TINY: Size = Size { seconds: 60, instruments: 5, runs: 5 };

/// Said after divan's own table.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() {
    divan::main();
    let mut lines = REPORTS.lock().unwrap().clone();
    lines.sort();
    lines.dedup_by(|one, other| one.split_once(':').map(|it| it.0) == other.split_once(':').map(|it| it.0));
    lines.iter().for_each(|line| println!("{line}"));
}

fn runs() -> &'static [DayRun] {
    static DAY: OnceLock<Vec<DayRun>> = OnceLock::new();
    DAY.get_or_init(|| {
        let engine = Engine::unpooled(Limits::default()).unwrap();
        let cast = Cast::new(&engine);
        let size = if std::env::args().any(|it| it == "--test") { TINY } else { SIZE };
        Day::live(1, size, |number, symbol| cast.of(number, symbol)).runs
    })
}

const RUNS: [usize; 5] = [0, 1, 2, 3, 4];

/// Reading, the machine, and the comparison of every answer.
#[divan::bench(args = RUNS, sample_count = 5, sample_size = 1)]
fn replay(bencher: Bencher<'_, '_>, number: usize) {
    let run = &runs()[number];
    bencher.counter(ItemsCount::new(events(run))).bench_local(|| {
        let tape = Tape::of(&run.recorded);
        let report = replay::again(&run.recorded, &tape, &run.program, &mut Bound::none()).unwrap();
        assert!(report.identical);
        let name = &run.recorded.run.strategy_name;
        let line = format!("{name:<14}: replayed at {:.0} × real time", report.times_real_time);
        REPORTS.lock().unwrap().push(line);
    });
}

/// The same journal read and dropped.
#[divan::bench(args = RUNS, sample_count = 5, sample_size = 1)]
fn baseline_reading_alone(bencher: Bencher<'_, '_>, number: usize) {
    let run = &runs()[number];
    bencher.counter(ItemsCount::new(events(run))).bench_local(|| {
        Tape::of(&run.recorded).entries().map(|entry| entry.unwrap().1.events()).sum::<u64>()
    });
}

/// The same events from memory: what the machine alone takes.
#[divan::bench(args = RUNS, sample_count = 5, sample_size = 1)]
fn baseline_machine_alone(bencher: Bencher<'_, '_>, number: usize) {
    let run = &runs()[number];
    let entries: Vec<Entry> = Tape::of(&run.recorded).entries().map(|entry| entry.unwrap().1).collect();
    bencher.counter(ItemsCount::new(events(run))).bench_local(|| {
        let mut begun = None;
        for entry in &entries {
            match (entry, &mut begun) {
                (Entry::Start(beginning), _) => {
                    let start: Start = beginning.start.clone();
                    begun = run.program.start(start).ok().map(|(machine, _)| machine);
                }
                (Entry::Ticks(ticks), Some(machine)) => drop(machine.ticks(ticks).unwrap()),
                (Entry::Candles(candles), Some(machine)) => drop(machine.candles(candles).unwrap()),
                (Entry::Event(event), Some(machine)) => drop(machine.deliver(event.clone()).unwrap()),
                _ => {}
            }
        }
        begun.is_some()
    });
}

fn events(run: &DayRun) -> u64 {
    Tape::of(&run.recorded).entries().map(|entry| entry.unwrap().1.events()).sum()
}
