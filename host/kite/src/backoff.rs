//! How long to wait before the next attempt: longer each time, and never quite when others do.
//!
//! Pure: the chance in it comes from a seed, so that the same account always waits the same and two accounts differ.

use sha2::{Digest, Sha256};
use std::time::Duration;

/// Waits that double up to a longest one, each shortened by up to a half.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    step: Duration,
    seed: u64,
}

impl Backoff {
    /// Begins with `first`. The seed may be anything that tells accounts apart.
    pub fn new(first: Duration, longest: Duration, seed: &str) -> Self {
        let hash = Sha256::digest(seed);
        let seed = hash.first_chunk().copied().map_or(0, u64::from_be_bytes);
        Self { first, longest, step: first, seed }
    }

    /// How long to wait now: between half of the step and all of it.
    pub fn next_wait(&mut self) -> Duration {
        let step = self.step.min(self.longest);
        self.step = step.saturating_mul(2).min(self.longest);
        step - step.mul_f64(self.fraction() / 2.0)
    }

    /// It went well: the next wait is the first again.
    pub fn reset(&mut self) {
        self.step = self.first;
    }

    /// The next number in 0..1 (splitmix64).
    fn fraction(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn waits(seed: &str) -> Vec<Duration> {
        let mut backoff = Backoff::new(S, 30 * S, seed);
        (0..10).map(|_| backoff.next_wait()).collect()
    }

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_success() {
        let mut backoff = Backoff::new(S, 30 * S, "key");
        for step in [1, 2, 4, 8, 16, 30, 30, 30] {
            let wait = backoff.next_wait();
            assert!(wait <= step * S && wait > step * S / 2 - Duration::from_millis(1), "{step}: {wait:?}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= S);
    }

    #[test]
    fn two_accounts_do_not_wait_alike_and_one_always_does() {
        assert_eq!(waits("a"), waits("a"));
        assert!(waits("a").iter().zip(waits("b")).all(|(a, b)| *a != b));
    }
}
