//! The account's request budgets.
//!
//! Orders over the limit are refused at once, because a late order is worse than none; withdrawals and reads wait for their
//! turn, but not for ever. Seconds and minutes roll, with room for requests that catch each other up on their way: the broker counts by
//! its own clock, and what it counts as too much is an order whose outcome nobody knows. Pure: the time comes in as an
//! argument, and the caller does the waiting.

mod rolling;

use crate::budget::Budget;
use crate::error::Error;
use crate::settings::RateLimits;
use market::Timestamp;
use rolling::Rolling;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which queue a request stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// A new or changed order.
    Order,
    /// A withdrawal. It counts as an order and goes before those that are asked for later.
    Withdrawal,
    Quote,
    Historical,
    Other,
}

/// One instant by both clocks: the steady one counts, the wall knows the date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) steady: Duration,
    pub(crate) wall: Timestamp,
}

/// The counters of one account.
#[derive(Debug)]
pub(crate) struct Throttle {
    read_wait: Duration,
    withdrawal_wait: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    orders: Orders,
    quotes: Rolling,
    historical: Rolling,
    others: Rolling,
}

#[derive(Debug)]
struct Orders {
    second: Rolling,
    minute: Rolling,
    day: Day,
}

/// How many orders one IST date has had.
#[derive(Debug)]
struct Day {
    limit: u32,
    midnight: Timestamp,
    used: u32,
}

impl Throttle {
    pub(crate) fn new(limits: RateLimits) -> Self {
        let jitter = Duration::from_millis(limits.jitter_ms.into());
        let (second, minute) = (Duration::from_secs(1) + jitter, Duration::from_secs(60) + jitter);
        let orders = Orders {
            second: Rolling::new(limits.orders_per_second, second),
            minute: Rolling::new(limits.orders_per_minute, minute),
            day: Day { limit: limits.orders_per_day, midnight: Timestamp::EPOCH, used: 0 },
        };
        let state = State {
            orders,
            quotes: Rolling::new(limits.quotes_per_second, second),
            historical: Rolling::new(limits.historical_per_second, second),
            others: Rolling::new(limits.others_per_second, second),
        };
        Self {
            read_wait: Duration::from_secs(limits.read_wait_s.into()),
            withdrawal_wait: Duration::from_secs(limits.withdrawal_wait_s.into()),
            state: Mutex::new(state),
        }
    }

    /// Takes one request out of its budget and says how long to wait before sending it. New orders never wait.
    pub(crate) fn take(&self, lane: Lane, now: Moment) -> Result<Duration, Error> {
        let mut state = self.state();
        let state = &mut *state;
        let (budget, rolling) = match lane {
            Lane::Order => return state.orders.take(now, Duration::ZERO),
            Lane::Withdrawal => return state.orders.take(now, self.withdrawal_wait),
            Lane::Quote => (Budget::Quotes, &mut state.quotes),
            Lane::Historical => (Budget::Historical, &mut state.historical),
            Lane::Other => (Budget::Others, &mut state.others),
        };
        let limit = rolling.limit();
        rolling.reserve(now.steady, self.read_wait).map_err(|retry_after| Error::OverLimit {
            budget,
            limit,
            retry_after,
        })
    }

    /// Counts orders that left before these counters began, as a restart finds them written down. A time that lies ahead,
    /// as after a clock was set back, counts as now.
    pub(crate) fn sent_before(&self, sent: &[Timestamp], as_of: Timestamp, now: Moment) {
        let mut state = self.state();
        state.orders.day.enter(now.wall);
        for at in sent {
            let ago = Duration::from_micros(u64::try_from(as_of.micros_since(*at)).unwrap_or(0));
            if let Some(steady) = now.steady.checked_sub(ago) {
                state.orders.second.count(steady);
                state.orders.minute.count(steady);
            }
            if at.date() == as_of.date() {
                state.orders.day.used = state.orders.day.used.saturating_add(1);
            }
        }
    }

    /// The counters stay sound even if a holder of the lock panicked: they are plain numbers.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orders {
    /// Counts an order in all three windows, or in none when one of them stays full for longer than it may wait.
    fn take(&mut self, now: Moment, longest: Duration) -> Result<Duration, Error> {
        self.day.enter(now.wall);
        let windows = [
            (Budget::OrdersPerSecond, self.second.limit(), self.second.free_in(now.steady, longest)),
            (Budget::OrdersPerMinute, self.minute.limit(), self.minute.wait(now.steady)),
            (Budget::OrdersPerDay, self.day.limit, self.day.wait(now.wall)),
        ];
        // The one that is full the longest says when.
        let fullest = windows.into_iter().max_by_key(|(_, _, wait)| *wait);
        let Some((budget, limit, wait)) = fullest else { return Ok(Duration::ZERO) };
        if wait > longest || limit == 0 {
            return Err(Error::OverLimit { budget, limit, retry_after: wait });
        }
        self.second.count(now.steady + wait);
        self.minute.count(now.steady + wait);
        self.day.used += 1;
        Ok(wait)
    }
}

impl Day {
    fn enter(&mut self, now: Timestamp) {
        let midnight = now.date().midnight();
        if self.midnight != midnight {
            (self.midnight, self.used) = (midnight, 0);
        }
    }

    fn wait(&self, now: Timestamp) -> Duration {
        if self.used < self.limit {
            return Duration::ZERO;
        }
        let rest_us = now.date().next().midnight().micros_since(now).max(1);
        Duration::from_micros(rest_us.unsigned_abs())
    }
}

#[cfg(test)]
mod tests;
