//! How often somebody may try to sign in: per remote address and per api key, in a sliding minute.
//!
//! Knows neither secrets nor tenants; who is over the limit is told when to come back.

use crate::web::error::Problem;
use axum::http::StatusCode;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Addresses and keys remembered at once; when they are more, the whole memory is cleared.
const REMEMBERED_MAX: usize = 20_000;

/// The longest key that is told from another, in bytes.
const KEY_BYTES_MAX: usize = 64;

/// Bounds on attempts.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Attempts from one remote address in a minute.
    pub per_address_per_minute: usize,
    /// Attempts with one api key in a minute.
    pub per_key_per_minute: usize,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self { per_address_per_minute: 120, per_key_per_minute: 30 }
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
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    limits: AttemptLimits,
    seen: Arc<Mutex<HashMap<Who, VecDeque<Instant>>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Address(IpAddr),
    Key(String),
}

impl Attempts {
    /// Counts an attempt.
    ///
    /// # Errors
    /// When address or key have had theirs.
    pub(crate) fn take(&self, remote: IpAddr, api_key: &str) -> Result<(), Spent> {
        self.take_at(remote, api_key, Instant::now())
    }

    fn take_at(&self, remote: IpAddr, api_key: &str, now: Instant) -> Result<(), Spent> {
        let key = api_key.chars().take(KEY_BYTES_MAX).collect();
        let AttemptLimits { per_address_per_minute, per_key_per_minute } = self.limits;
        let both = [(Who::Address(remote), per_address_per_minute), (Who::Key(key), per_key_per_minute)];
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED_MAX {
            seen.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < MINUTE));
        }
        if seen.len() >= REMEMBERED_MAX {
            seen.clear();
        }
        for (who, limit) in &both {
            let times = seen.entry(who.clone()).or_default();
            times.retain(|time| now.duration_since(*time) < MINUTE);
            if times.len() >= *limit {
                let left = times.front().map_or(MINUTE, |first| MINUTE - now.duration_since(*first));
                return Err(Spent { retry_after_s: left.as_secs().max(1) });
            }
        }
        for (who, _) in both {
            seen.entry(who).or_default().push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn ten_a_minute() -> Attempts {
        let limits = AttemptLimits { per_address_per_minute: 10, per_key_per_minute: 10 };
        Attempts { limits, ..Attempts::default() }
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn the_eleventh_attempt_of_an_address_waits_for_the_first_to_be_a_minute_old() {
        let (attempts, now) = (ten_a_minute(), Instant::now());
        for second in 0..10 {
            let key = format!("key-{second}");
            assert_eq!(attempts.take_at(address(1), &key, now + Duration::from_secs(second)), Ok(()));
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(attempts.take_at(address(1), "key", later), Err(Spent { retry_after_s: 50 }));
        assert_eq!(attempts.take_at(address(2), "key", later), Ok(()), "another address is free");
        assert_eq!(attempts.take_at(address(1), "key", now + MINUTE), Ok(()));
    }

    #[test]
    fn a_key_is_counted_over_all_addresses() {
        let (attempts, now) = (ten_a_minute(), Instant::now());
        for last in 0..10 {
            assert_eq!(attempts.take_at(address(last), "key", now), Ok(()));
        }
        assert!(attempts.take_at(address(99), "key", now).is_err());
        assert_eq!(attempts.take_at(address(99), "other", now), Ok(()), "a refused attempt counts nowhere");
    }
}
