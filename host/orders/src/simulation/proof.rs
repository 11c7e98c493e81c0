//! Proof that the simulation sees: mistakes that are planted in the order core, each of which must be found.

use super::seeds::world_of;
use crate::planted::{Planted, plant};
use std::sync::Mutex;

/// Within so many seeds each mistake must be found.
const SEEDS_MAX: u64 = 1_000;

/// The first seed that finds a mistake, and the promise that it breaks.
fn found(mistake: Planted) -> Option<(u64, &'static str)> {
    plant(Some(mistake));
    let found = (1..=SEEDS_MAX).find_map(|seed| world_of(seed).err().map(|(_, broken)| (seed, broken.rule)));
    plant(None);
    // The mistake alone must be what broke it.
    found.filter(|(seed, _)| world_of(*seed).is_ok())
}

#[test]
fn every_planted_mistake_is_found_within_a_thousand_seeds() {
    let left = Mutex::new(Planted::ALL.to_vec());
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(mistake) = { left.lock().unwrap().pop() } {
                    match found(mistake) {
                        Some((seed, rule)) => println!("{mistake:?}: seed {seed} breaks {rule}"),
                        None => missed.lock().unwrap().push(mistake),
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not found within {SEEDS_MAX} seeds: {missed:?}");
}
