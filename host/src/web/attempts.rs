//! How often somebody may fail to sign in within a minute: with one api key from one address, from one address, and
//! all together.
//!
//! No bound is on a key alone: whoever knows a trader's api key could lock the trader out with it. Knows neither secrets
//! nor tenants; who is over a bound is told when to come back.

use crate::web::error::Problem;
use crate::web::network::network;
use crate::web::tally::{Full, Number, Tally};
use axum::http::StatusCode;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The longest key that is told from another, in characters.
const KEY_CHARS_MAX: usize = 64;

/// Bounds on attempts that did not end in a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptLimits {
    /// With one api key from one address, in a minute.
    pub(crate) per_key_and_address_per_minute: usize,
    /// From one address, in a minute. An IPv6 address counts with its whole /64 network.
    pub(crate) per_address_per_minute: usize,
    /// From everywhere, in a minute. It also bounds what is remembered.
    pub(crate) all_per_minute: usize,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self { per_key_and_address_per_minute: 30, per_address_per_minute: 120, all_per_minute: 6_000 }
    }
}

/// Too many attempts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins were tried within a minute: try again in {retry_after_s} seconds")]
pub(crate) struct Spent {
    pub(crate) retry_after_s: u64,
}

impl From<Spent> for Problem {
    fn from(spent: Spent) -> Self {
        let detail = spent.to_string();
        Self::new(StatusCode::TOO_MANY_REQUESTS, "login-attempts", detail).retry_after(spent.retry_after_s)
    }
}

/// The attempts of the last minute. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    limits: AttemptLimits,
    seen: Arc<Mutex<Tally<Who, 2>>>,
}

/// One attempt. It counts as a failure unless it is said to have succeeded.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt {
    number: Number,
    seen: Arc<Mutex<Tally<Who, 2>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Address(IpAddr),
    KeyFrom(IpAddr, String),
}

impl Default for Attempts {
    fn default() -> Self {
        Self::new(AttemptLimits::default())
    }
}

impl Attempts {
    /// Nothing tried yet.
    pub(crate) fn new(limits: AttemptLimits) -> Self {
        Self { limits, seen: Arc::new(Mutex::new(Tally::new(limits.all_per_minute))) }
    }

    /// Counts an attempt, so that many at once cannot slip through before the first has failed.
    ///
    /// # Errors
    /// When a bound is reached.
    pub(crate) fn begin(&self, remote: IpAddr, api_key: &str) -> Result<Attempt, Spent> {
        self.begin_at(remote, api_key, Instant::now())
    }

    fn begin_at(&self, remote: IpAddr, api_key: &str, now: Instant) -> Result<Attempt, Spent> {
        let address = network(remote);
        let key = api_key.chars().take(KEY_CHARS_MAX).collect();
        let whose = [
            (Who::KeyFrom(address, key), self.limits.per_key_and_address_per_minute),
            (Who::Address(address), self.limits.per_address_per_minute),
        ];
        match lock(&self.seen).take(whose, now) {
            Ok(number) => Ok(Attempt { number, seen: Arc::clone(&self.seen) }),
            Err(Full { retry_after_s }) => Err(Spent { retry_after_s }),
        }
    }
}

impl Attempt {
    /// It ended in a session: it counts nowhere.
    pub(crate) fn succeeded(self) {
        lock(&self.seen).give_back(self.number);
    }
}

fn lock(seen: &Mutex<Tally<Who, 2>>) -> MutexGuard<'_, Tally<Who, 2>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn ten_a_minute() -> Attempts {
        let limits = AttemptLimits {
            per_key_and_address_per_minute: 10,
            per_address_per_minute: 15,
            all_per_minute: 1_000,
        };
        Attempts::new(limits)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn nobody_is_locked_out_by_what_others_try_with_their_key() {
        let (attempts, now) = (ten_a_minute(), Instant::now());
        for stranger in 0..50 {
            for _ in 0..10 {
                assert!(attempts.begin_at(address(stranger), "traders-key", now).is_ok());
            }
            assert!(attempts.begin_at(address(stranger), "traders-key", now).is_err());
        }
        assert!(attempts.begin_at(address(99), "traders-key", now).is_ok(), "the trader gets in");
    }

    #[test]
    fn an_address_that_tries_key_after_key_is_stopped() {
        let (attempts, now) = (ten_a_minute(), Instant::now());
        let begun = (0..100).filter(|n| attempts.begin_at(address(1), &format!("key-{n}"), now).is_ok());
        assert_eq!(begun.count(), 15);
    }

    #[test]
    fn signing_in_as_often_as_one_likes_uses_nothing_up() {
        let (attempts, now) = (ten_a_minute(), Instant::now());
        for _ in 0..100 {
            attempts.begin_at(address(1), "key", now).unwrap().succeeded();
        }
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_count_together() {
        let (attempts, now) = (ten_a_minute(), Instant::now());
        let from = |last: u16| format!("2001:db8:1:2::{last:x}").parse().unwrap();
        let begun = (0..100).filter(|last| attempts.begin_at(from(*last), "key", now).is_ok()).count();
        assert_eq!(begun, 10);
        assert!(attempts.begin_at("2001:db8:1:3::1".parse().unwrap(), "key", now).is_ok());
    }
}
