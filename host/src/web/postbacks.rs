//! How many postbacks came within a minute: counted before anything of one is read. Knows nothing of what one says.

use crate::web::error::Problem;
use crate::web::network::network;
use crate::web::tally::{Full, Tally};
use axum::http::StatusCode;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Postbacks from one address in a minute.
const PER_ADDRESS_PER_MINUTE: usize = 1_200;

/// Postbacks from everywhere in a minute. What is refused is learned from the ticker and the order book all the same.
const ALL_PER_MINUTE: usize = 6_000;

/// How many postbacks came lately: counted before anything of them is read. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Postbacks(Arc<Mutex<Tally<IpAddr, 1>>>);

impl Default for Postbacks {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Tally::new(ALL_PER_MINUTE))))
    }
}

impl Postbacks {
    /// Counts one more.
    ///
    /// # Errors
    /// When its sender, or everybody, has had its share.
    pub(crate) fn take(&self, remote: IpAddr, now: Instant) -> Result<(), Problem> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seen.take([(network(remote), PER_ADDRESS_PER_MINUTE)], now);
        taken.map(|_| ()).map_err(|Full { retry_after_s }| {
            let detail = format!("too many postbacks within a minute: try again in {retry_after_s} seconds");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "postbacks", detail).retry_after(retry_after_s)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_postbacks_is_refused_before_anything_is_read() {
        let (postbacks, now) = (Postbacks::default(), Instant::now());
        let flood: IpAddr = "203.0.113.9".parse().unwrap();
        let taken = (0..2_000).filter(|_| postbacks.take(flood, now).is_ok()).count();
        assert_eq!(taken, PER_ADDRESS_PER_MINUTE);
        assert!(postbacks.take("203.0.113.10".parse().unwrap(), now).is_ok(), "Kite's own still get in");
    }
}
