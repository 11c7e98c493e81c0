//! So many requests in any stretch of time of a given length. Pure: the time comes in as an argument.

use std::collections::VecDeque;
use std::time::Duration;

/// The latest requests of one budget, those promised for later among them.
#[derive(Debug)]
pub(super) struct Rolling {
    limit: u32,
    span: Duration,
    /// When each left or may leave, oldest first; never more than `limit`.
    taken: VecDeque<Duration>,
}

impl Rolling {
    pub(super) fn new(limit: u32, span: Duration) -> Self {
        Self { limit, span, taken: VecDeque::new() }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// How long until there is room; zero when there is.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        if self.limit == 0 {
            return self.span;
        }
        let full = self.taken.len() >= self.limit as usize;
        let free_at =
            self.taken.front().filter(|_| full).map_or(Duration::ZERO, |oldest| *oldest + self.span);
        free_at.saturating_sub(now)
    }

    /// Counts one that leaves at `at`: now, or when it was promised. The oldest one is forgotten for it.
    pub(super) fn count(&mut self, at: Duration) {
        while self.taken.len() >= self.limit as usize && self.taken.pop_front().is_some() {}
        let place = self.taken.partition_point(|other| *other <= at);
        self.taken.insert(place, at);
    }

    /// How long until one may leave that may wait so long: who cannot wait takes a free place between those promised.
    pub(super) fn free_in(&self, now: Duration, longest: Duration) -> Duration {
        if longest.is_zero() { self.wait(now) } else { self.turn(now) }
    }

    /// How long until a place is free behind all that were promised.
    pub(super) fn turn(&self, now: Duration) -> Duration {
        let last = self.taken.back().copied().unwrap_or(Duration::ZERO);
        let wait = self.wait(now);
        if wait.is_zero() && last <= now {
            return Duration::ZERO;
        }
        wait.max((last + self.span / self.limit.max(1)).saturating_sub(now))
    }

    /// Promises the next free place and says how long to wait for it, or how long it would have been. Those who wait leave
    /// one after another, not all at the instant at which the crowd before them is forgotten.
    pub(super) fn reserve(&mut self, now: Duration, longest: Duration) -> Result<Duration, Duration> {
        let wait = self.turn(now);
        if wait > longest || self.limit == 0 {
            return Err(wait);
        }
        self.count(now + wait);
        Ok(wait)
    }
}
