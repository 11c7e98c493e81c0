//! Many seeds, none of which may break a promise. Seeds that ever did run first.

use super::fault::Fault;
use super::plan::Plan;
use super::promise::Broken;
use super::shrink::shrink;
use super::world::{Tally, World};
use market::OrderState;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Seeds of one run of the tests, unless `BULKHEAD_SEEDS` says otherwise.
const SEEDS: u64 = 10_000;
/// How often a long run says how far it is.
const SEEDS_A_LINE: u64 = 50_000;
/// Threads that work through them.
const THREADS: usize = 2;
/// Steps of a failing world's story that are printed, the newest.
const STORY_STEPS_MAX: usize = 80;
/// Seeds that ever broke a promise, one a line, with the reason behind it.
const REGRESSIONS: &str = include_str!("regressions.txt");

/// What must have happened in a thousand seeds and more.
const SEEN: [&str; 13] = [
    "orders sent",
    "changes sent",
    "withdrawals sent",
    "calls that stayed",
    "exits",
    "trades booked",
    "crashes",
    "backups brought back",
    "sessions that died",
    "switches moved",
    "writes that failed",
    "orders settled by a person",
    "steps",
];
/// Every state that an order can be in.
const STATES: [&str; OrderState::ALL.len()] = {
    let mut words = [""; OrderState::ALL.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = OrderState::ALL[at].as_str();
        at += 1;
    }
    words
};

/// One seed: what happened, or what was broken.
pub(super) fn world_of(seed: u64) -> Result<Tally, (Plan, Broken)> {
    let plan = Plan::of(seed);
    let mut world = World::new(&plan);
    match world.run() {
        Ok(()) => Ok(world.tally),
        Err(broken) => Err((plan, broken)),
    }
}

fn number_from(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The failure of one seed in words: what broke, the smallest world in which it does, and its story.
fn in_words(plan: Plan, broken: Broken) -> String {
    let seed = plan.seed;
    let mut text = format!("seed {seed} breaks {broken}\n");
    let (plan, broken, story) = shrink(plan, broken);
    let _ = writeln!(text, "the smallest world that does: {broken}\nfaults: {:?}", plan.faults.names());
    for planned in &plan.acts {
        let _ = writeln!(text, "  {} {:?}", planned.at, planned.act);
    }
    for line in story.iter().skip(story.len().saturating_sub(STORY_STEPS_MAX)) {
        let _ = writeln!(text, "    {line}");
    }
    text + &format!(
        "run it alone: BULKHEAD_FIRST_SEED={seed} BULKHEAD_SEEDS=1 cargo test -p orders simulated"
    )
}

/// Works through seeds on a few threads; the lowest that fails, and everything that happened.
fn survey(first: u64, count: u64) -> (Option<(Plan, Broken)>, Tally) {
    let (next, stop, began) = (AtomicU64::new(first), AtomicBool::new(false), Instant::now());
    let found = Mutex::new((None::<(Plan, Broken)>, Tally::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut tally = Tally::new();
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    if seed > first && (seed - first).is_multiple_of(SEEDS_A_LINE) {
                        println!(
                            "{} of {count} seeds after {:.0} s",
                            seed - first,
                            began.elapsed().as_secs_f64()
                        );
                    }
                    match world_of(seed) {
                        Ok(more) => {
                            more.into_iter().for_each(|(what, n)| *tally.entry(what).or_default() += n)
                        }
                        Err(failure) => {
                            stop.store(true, Ordering::Relaxed);
                            let mut found = found.lock().unwrap();
                            let lowest = found.0.as_ref().is_none_or(|(plan, _)| seed < plan.seed);
                            if lowest {
                                found.0 = Some(failure);
                            }
                        }
                    }
                }
                let mut found = found.lock().unwrap();
                tally.into_iter().for_each(|(what, n)| *found.1.entry(what).or_default() += n);
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn seeds_that_ever_broke_a_promise_do_so_no_more() {
    for line in REGRESSIONS.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let seed = line.split_whitespace().next().and_then(|word| word.parse().ok());
        let seed = seed.unwrap_or_else(|| panic!("`{line}` begins with no seed"));
        if let Err((plan, broken)) = world_of(seed) {
            panic!("{}", in_words(plan, broken));
        }
    }
}

#[test]
fn ten_thousand_simulated_worlds_keep_every_promise() {
    let (first, count) = (number_from("BULKHEAD_FIRST_SEED", 1), number_from("BULKHEAD_SEEDS", SEEDS));
    let began = Instant::now();
    let (failure, tally) = survey(first, count);
    println!("{count} seeds from {first} in {:.1} s: {tally:?}", began.elapsed().as_secs_f64());
    if let Some((plan, broken)) = failure {
        panic!("{}", in_words(plan, broken));
    }
    // A simulation in which something never happens proves nothing of it.
    let never: Vec<_> = SEEN.iter().chain(&STATES).filter(|what| !tally.contains_key(**what)).collect();
    assert!(count < 1_000 || never.is_empty(), "never happened: {never:?}");
}

#[test]
fn the_same_seed_gives_the_same_world() {
    for seed in 1..=40 {
        let story = |seed| {
            let mut world = World::new(&Plan::of(seed));
            world.story = Some(Vec::new());
            let held = world.run();
            (held, world.story, world.tally)
        };
        assert_eq!(story(seed), story(seed), "seed {seed}");
    }
}

#[test]
fn every_kind_of_fault_is_part_of_many_worlds() {
    for fault in Fault::ALL {
        let worlds = (1..=1_000).filter(|seed| Plan::of(*seed).faults.has(*fault)).count();
        assert!(worlds > 100, "{fault:?} is part of {worlds} worlds of 1 000");
    }
}
