//! How often something was asked for in the last minute, by whom, against bounds. Knows no request and no clock.
//!
//! What is remembered is bounded by the bound on all together: nothing is ever cleared to make room.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How far back is counted.
const MINUTE: Duration = Duration::from_secs(60);

/// The bound on all is reached, or somebody's own: try again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) retry_after_s: u64,
}

/// Names one thing that was counted, so that it can be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(u64);

/// The last minute. Everything counted counts for `N` names at once.
#[derive(Debug)]
pub(crate) struct Tally<W, const N: usize> {
    all_per_minute: usize,
    recent: VecDeque<Counted<W, N>>,
    counts: HashMap<W, usize>,
    next: u64,
}

#[derive(Debug)]
struct Counted<W, const N: usize> {
    number: u64,
    at: Instant,
    whose: [W; N],
}

impl<W: Clone + Eq + Hash, const N: usize> Tally<W, N> {
    /// Nothing counted yet.
    pub(crate) fn new(all_per_minute: usize) -> Self {
        Self { all_per_minute, recent: VecDeque::new(), counts: HashMap::new(), next: 0 }
    }

    /// Counts once for each name, unless one of them has had its share. Who is refused is not counted.
    pub(crate) fn take(&mut self, whose: [(W, usize); N], now: Instant) -> Result<Number, Full> {
        self.forget(now);
        if self.recent.len() >= self.all_per_minute {
            return Err(self.wait(now, |_| true));
        }
        for (who, limit) in &whose {
            if self.counts.get(who).copied().unwrap_or(0) >= *limit {
                return Err(self.wait(now, |counted| counted.whose.contains(who)));
            }
        }
        let whose = whose.map(|(who, _)| who);
        for who in &whose {
            *self.counts.entry(who.clone()).or_default() += 1;
        }
        let number = self.next;
        self.next += 1;
        self.recent.push_back(Counted { number, at: now, whose });
        Ok(Number(number))
    }

    /// Takes back what was counted: it was no abuse.
    pub(crate) fn give_back(&mut self, Number(number): Number) {
        let place = self.recent.iter().position(|counted| counted.number == number);
        if let Some(counted) = place.and_then(|place| self.recent.remove(place)) {
            self.uncount(&counted);
        }
    }

    fn forget(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|oldest| now.saturating_duration_since(oldest.at) >= MINUTE) {
            if let Some(counted) = self.recent.pop_front() {
                self.uncount(&counted);
            }
        }
    }

    fn uncount(&mut self, counted: &Counted<W, N>) {
        for who in &counted.whose {
            if let Some(count) = self.counts.get_mut(who) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(who);
                }
            }
        }
    }

    fn wait(&self, now: Instant, mut is_theirs: impl FnMut(&Counted<W, N>) -> bool) -> Full {
        let oldest = self.recent.iter().find(|counted| is_theirs(counted));
        let left =
            oldest.map_or(MINUTE, |oldest| MINUTE.saturating_sub(now.saturating_duration_since(oldest.at)));
        Full { retry_after_s: left.as_secs().max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_of_two_waits_until_the_first_is_a_minute_old() {
        let (mut tally, start) = (Tally::new(100), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(tally.take([("a", 2)], at(0)).is_ok());
        assert!(tally.take([("a", 2)], at(10)).is_ok());
        assert_eq!(tally.take([("a", 2)], at(20)), Err(Full { retry_after_s: 40 }));
        assert!(tally.take([("b", 2)], at(20)).is_ok(), "somebody else has a share of their own");
        assert!(tally.take([("a", 2)], at(60)).is_ok());
    }

    #[test]
    fn what_is_given_back_was_never_counted() {
        let (mut tally, now) = (Tally::new(100), Instant::now());
        for _ in 0..50 {
            let number = tally.take([("a", 1)], now).unwrap();
            tally.give_back(number);
        }
        assert!(tally.counts.is_empty() && tally.recent.is_empty());
    }

    #[test]
    fn memory_holds_no_more_than_the_bound_on_all() {
        let (mut tally, now) = (Tally::new(10), Instant::now());
        let taken = (0..1_000).filter(|who| tally.take([(*who, 5)], now).is_ok()).count();
        assert_eq!((taken, tally.recent.len(), tally.counts.len()), (10, 10, 10));
        assert!(tally.take([(7, 5)], now + MINUTE).is_ok());
        assert_eq!(tally.counts.len(), 1, "a minute later nobody of before is remembered");
    }
}
