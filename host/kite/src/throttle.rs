//! The account's request budgets in calendar windows.
//!
//! Orders over the limit are refused at once, because a late order is worse than none; reads wait for their turn, but not
//! for ever. Pure: the time comes in as an argument, and the caller does the waiting.

use crate::budget::Budget;
use crate::error::Error;
use crate::settings::RateLimits;
use market::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which queue a request stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Order,
    Quote,
    Historical,
    Other,
}

/// The counters of one account.
#[derive(Debug)]
pub(crate) struct Throttle {
    limits: RateLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    order_windows: [Window; 3],
    quotes: Window,
    historical: Window,
    others: Window,
}

/// How many requests one numbered window has had. For reads the window may lie ahead of now: its slots are promised.
#[derive(Debug, Default, Clone, Copy)]
struct Window {
    number: i64,
    used: u32,
}

impl Throttle {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Takes one request out of its budget and says how long to wait before sending it. Orders never wait.
    pub(crate) fn take(&self, lane: Lane, now: Timestamp) -> Result<Duration, Error> {
        let mut state = self.state();
        let limits = &self.limits;
        match lane {
            Lane::Order => take_order(&mut state.order_windows, limits, now).map(|()| Duration::ZERO),
            Lane::Quote => {
                state.quotes.reserve(Budget::Quotes, limits.quotes_per_second, limits.read_wait_s, now)
            }
            Lane::Historical => {
                let limit = limits.historical_per_second;
                state.historical.reserve(Budget::Historical, limit, limits.read_wait_s, now)
            }
            Lane::Other => {
                state.others.reserve(Budget::Others, limits.others_per_second, limits.read_wait_s, now)
            }
        }
    }

    /// The counters stay sound even if a holder of the lock panicked: they are plain numbers.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an order in all three windows, or in none when one of them is full.
fn take_order(windows: &mut [Window; 3], limits: &RateLimits, now: Timestamp) -> Result<(), Error> {
    let second = now.seconds();
    let day = now.date().midnight().seconds();
    let rules = [
        (Budget::OrdersPerSecond, limits.orders_per_second, second),
        (Budget::OrdersPerMinute, limits.orders_per_minute, second.div_euclid(60)),
        (Budget::OrdersPerDay, limits.orders_per_day, day),
    ];
    for (window, (budget, limit, number)) in windows.iter_mut().zip(rules) {
        window.enter(number);
        if window.used >= limit {
            return Err(Error::OverLimit { budget, limit });
        }
    }
    for window in windows {
        window.used += 1;
    }
    Ok(())
}

impl Window {
    fn enter(&mut self, number: i64) {
        if self.number != number {
            *self = Self { number, used: 0 };
        }
    }

    /// Promises the next free slot, at most `wait_s` seconds ahead.
    fn reserve(
        &mut self,
        budget: Budget,
        limit: u32,
        wait_s: u32,
        now: Timestamp,
    ) -> Result<Duration, Error> {
        let second = now.seconds();
        let furthest = second + i64::from(wait_s);
        // A window further ahead than any promise reaches means that the clock was set back.
        if self.number < second || self.number > furthest {
            self.enter(second);
        }
        let full = self.used >= limit;
        if full && (self.number >= furthest || limit == 0) {
            return Err(Error::OverLimit { budget, limit });
        }
        if full {
            self.enter(self.number + 1);
        }
        self.used += 1;
        let wait_us = Timestamp::from_seconds(self.number).micros_since(now).max(0);
        Ok(Duration::from_micros(wait_us.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_415_400);

    fn throttle() -> Throttle {
        Throttle::new(RateLimits::default())
    }

    fn orders(throttle: &Throttle, count: u32, at: Timestamp) -> u32 {
        (0..count).filter(|_| throttle.take(Lane::Order, at).is_ok()).count() as u32
    }

    #[test]
    fn the_eleventh_order_of_a_calendar_second_is_refused_and_the_next_second_is_free_again() {
        let throttle = throttle();
        assert_eq!(orders(&throttle, 11, NOON.plus_micros(999_999)), 10);
        let refused = throttle.take(Lane::Order, NOON).unwrap_err();
        assert_eq!(refused, Error::OverLimit { budget: Budget::OrdersPerSecond, limit: 10 });
        assert_eq!(refused.outcome(), crate::Outcome::DefiniteNo);
        assert_eq!(orders(&throttle, 11, NOON.plus_micros(1_000_000)), 10);
    }

    #[test]
    fn a_minute_and_a_day_have_their_own_limits() {
        let throttle = throttle();
        let minute: u32 = (0..60).map(|s| orders(&throttle, 10, NOON.plus_seconds(s))).sum();
        assert_eq!(minute, 400);
        let rest: u32 = (60..3_600).map(|s| orders(&throttle, 10, NOON.plus_seconds(s))).sum();
        assert_eq!(minute + rest, 5_000);
        let over = throttle.take(Lane::Order, NOON.plus_seconds(3_600)).unwrap_err();
        assert_eq!(over, Error::OverLimit { budget: Budget::OrdersPerDay, limit: 5_000 });
        assert_eq!(orders(&throttle, 1, NOON.date().next().midnight()), 1);
    }

    #[test]
    fn a_refused_order_counts_nowhere() {
        let throttle = throttle();
        assert_eq!(orders(&throttle, 1_000, NOON), 10);
        let rest: u32 = (1..60).map(|s| orders(&throttle, 10, NOON.plus_seconds(s))).sum();
        assert_eq!(rest, 390);
    }

    #[test]
    fn reads_wait_for_their_second_and_give_up_at_the_bound() {
        let throttle = Throttle::new(RateLimits { read_wait_s: 2, ..RateLimits::default() });
        let at = NOON.plus_micros(250_000);
        let waits: Vec<_> = (0..4).map(|_| throttle.take(Lane::Quote, at)).collect();
        assert_eq!(waits[0], Ok(Duration::ZERO));
        assert_eq!(waits[1], Ok(Duration::from_micros(750_000)));
        assert_eq!(waits[2], Ok(Duration::from_micros(1_750_000)));
        assert_eq!(waits[3], Err(Error::OverLimit { budget: Budget::Quotes, limit: 1 }));
    }

    #[test]
    fn reads_of_one_lane_do_not_hold_up_another() {
        let throttle = throttle();
        for lane in [Lane::Quote, Lane::Historical, Lane::Other, Lane::Order] {
            assert_eq!(throttle.take(lane, NOON), Ok(Duration::ZERO));
        }
    }

    #[test]
    fn a_clock_set_back_does_not_freeze_reads() {
        let throttle = throttle();
        throttle.take(Lane::Quote, NOON).unwrap();
        assert_eq!(throttle.take(Lane::Quote, NOON.plus_seconds(-3_600)), Ok(Duration::ZERO));
    }
}
